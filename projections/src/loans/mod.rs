//! Loans: how each stands, its plan, its charges and its transactions.

mod standing;
mod transaction;

use std::collections::HashMap;

use domain::component::Component;
use domain::loan::LoanEvent;
use domain::loan::event::{Applied, ChargeAdded, Disbursed};
use futures::FutureExt;
use futures::future::BoxFuture;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::copy::CopyRows;
use crate::event::{Event, Fact, StreamKind};
use crate::minor::to_minor;
use crate::read_model::{Changes, ReadModel, Table};
use standing::StandingChange;
use transaction::TransactionChanges;

pub(crate) static READ_MODEL: ReadModel = ReadModel {
    name: "loans",
    schema: "read_loans",
    tables: &[
        Table { name: "loans", key: "id" },
        Table { name: "standings", key: "loan_id" },
        Table { name: "installments", key: "loan_id, number" },
        Table { name: "charges", key: "loan_id, position" },
        Table { name: "transactions", key: "loan_id, id" },
    ],
    tables_sql: include_str!("schema.sql"),
    indexes_sql: include_str!("indexes.sql"),
    kinds: &[StreamKind::Loan],
    begin: || Box::new(LoanChanges::new()),
};

const COPY_LOANS: &str = "copy loans (id, position, borrower_id, currency, product, product_version, external_id, terms, \
    metadata, created_at) from stdin (format binary)";
const COPY_INSTALLMENTS: &str = "copy installments (loan_id, number, from_on, due_on, days, principal, interest, \
    fees, tax, total, balance, capitalized) from stdin (format binary)";
const COPY_CHARGES: &str = "copy charges (loan_id, id, added_on, kind, component, amount, due_on, installment, \
    position) from stdin (format binary)";

/// What a page changes.
struct LoanChanges {
    loans: CopyRows,
    installments: CopyRows,
    charges: CopyRows,
    standings: HashMap<Uuid, StandingChange>,
    transactions: TransactionChanges,
}

impl Changes for LoanChanges {
    fn fold(&mut self, event: &Event) {
        let Fact::Loan(fact) = &event.fact else { return };
        let loan = event.stream_id;
        match &**fact {
            LoanEvent::Applied(applied) => self.applied(event, applied),
            LoanEvent::Disbursed(disbursed) => self.planned(loan, disbursed),
            LoanEvent::ChargeAdded(charge) => self.charged(event, charge),
            _ => {}
        }
        self.transactions.fold(event, fact);
        self.standings.entry(loan).or_default().fold(event, fact);
    }

    fn write(self: Box<Self>, connection: &mut PgConnection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        async move {
            self.loans.write(connection, COPY_LOANS).await?;
            self.installments.write(connection, COPY_INSTALLMENTS).await?;
            self.charges.write(connection, COPY_CHARGES).await?;
            self.transactions.write(connection).await?;
            standing::write(&self.standings, connection).await
        }
        .boxed()
    }
}

impl LoanChanges {
    fn new() -> Self {
        Self {
            loans: CopyRows::new(10),
            installments: CopyRows::new(12),
            charges: CopyRows::new(9),
            standings: HashMap::new(),
            transactions: TransactionChanges::default(),
        }
    }

    fn applied(&mut self, event: &Event, applied: &Applied) {
        let terms = serde_json::to_string(&applied.terms).expect("terms are plain data");
        let metadata = serde_json::to_string(&applied.metadata).expect("metadata is JSON");
        self.loans
            .row()
            .uuid(event.stream_id)
            .bigint(event.position)
            .uuid(applied.borrower_id.uuid())
            .text(applied.terms.currency.code())
            .text(applied.product.as_deref())
            .int(applied.product_version)
            .text(applied.external_id.as_deref())
            .text(terms.as_str())
            .text(metadata.as_str())
            .instant(event.recorded_at);
    }

    fn planned(&mut self, loan: Uuid, disbursed: &Disbursed) {
        for row in &disbursed.installments {
            let amounts = [row.principal, row.interest, row.fees, row.tax, row.total, row.balance];
            self.installments
                .row()
                .uuid(loan)
                .int(row.number)
                .date(row.from)
                .date(row.due_on)
                .int(row.days)
                .bigints(amounts.map(|amount| to_minor(amount, disbursed.currency)))
                .bigint(row.capitalized.map(|amount| to_minor(amount, disbursed.currency)));
        }
    }

    fn charged(&mut self, event: &Event, charge: &ChargeAdded) {
        self.charges
            .row()
            .uuid(event.stream_id)
            .uuid(charge.charge_id.uuid())
            .date(charge.on)
            .text(charge.kind.name())
            .text(Component::name(charge.component))
            .bigint(to_minor(charge.amount, charge.currency))
            .date(charge.due_on)
            .int(charge.installment)
            .bigint(event.position);
    }
}
