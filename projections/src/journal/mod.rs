//! The journal: one row for each debit and each credit.

use domain::journal::Side;
use futures::FutureExt;
use futures::future::BoxFuture;
use sqlx::PgConnection;

use crate::copy::CopyRows;
use crate::event::{Event, StreamKind};
use crate::minor::to_minor;
use crate::read_model::{Changes, ReadModel, Table};

pub(crate) static READ_MODEL: ReadModel = ReadModel {
    name: "journal",
    schema: "read_journal",
    tables: &[Table { name: "journal_lines", key: "position, line" }],
    tables_sql: include_str!("schema.sql"),
    indexes_sql: include_str!("indexes.sql"),
    views_sql: include_str!("views.sql"),
    kinds: &[StreamKind::Loan, StreamKind::Entry, StreamKind::DayClose],
    begin: || Box::new(NewLines(CopyRows::new(9))),
};

const COPY: &str = "copy journal_lines (position, line, stream_id, account, currency, side, amount, booked_on, \
    value_date) from stdin (format binary)";

/// The lines of a page.
struct NewLines(CopyRows);

impl Changes for NewLines {
    fn fold(&mut self, event: &Event) {
        let lines = event
            .postings
            .iter()
            .flat_map(|posting| posting.lines.iter().map(move |line| (posting.booked_on, line)));
        for (number, (booked_on, line)) in (1..).zip(lines) {
            self.0
                .row()
                .bigint(event.position)
                .int(number)
                .uuid(event.stream_id)
                .text(line.account.as_str())
                .text(line.currency.code())
                .text(side_name(line.side))
                .bigint(to_minor(line.amount, line.currency))
                .date(booked_on)
                .date(event.value_date.unwrap_or(booked_on));
        }
    }

    fn write(self: Box<Self>, connection: &mut PgConnection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        self.0.write(connection, COPY).boxed()
    }
}

const fn side_name(side: Side) -> &'static str {
    match side {
        Side::Debit => "debit",
        Side::Credit => "credit",
    }
}
