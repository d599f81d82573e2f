//! Loans: the application, and how each stands after its last event. What happened to one is read from its events.

mod flows;
mod standing;
mod step;

use std::collections::{BTreeMap, HashMap};

use domain::loan::event::Applied;
use domain::loan::{ByTime, LoanEvent};
use futures::FutureExt;
use futures::future::BoxFuture;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::copy::CopyRows;
use crate::event::{Event, Fact, StreamKind};
use crate::read_model::{Changes, ReadModel, Table};
pub(crate) use step::ALWAYS;
use step::Step;

pub(crate) static READ_MODEL: ReadModel = ReadModel {
    name: "loans",
    schema: "read_loans",
    tables: &[
        Table { name: "loans", key: "id" },
        Table { name: "standings", key: "loan_id" },
        Table { name: "standing_changes", key: "loan_id, position" },
        Table { name: "flows", key: "size, block, currency, product, on_day" },
    ],
    tables_sql: include_str!("schema.sql"),
    indexes_sql: include_str!("indexes.sql"),
    views_sql: include_str!("views.sql"),
    kinds: &[StreamKind::Loan],
    begin: || Box::new(LoanChanges::new()),
};

const COPY_LOANS: &str = "copy loans (id, position, borrower_id, currency, product, product_version, external_id, terms, \
    metadata, created_at, by_time) from stdin (format binary)";

/// What a page changes.
struct LoanChanges {
    loans: CopyRows,
    /// What everything about each new loan is told apart by.
    traits: HashMap<Uuid, Traits>,
    /// Each loan's, in their order.
    steps: BTreeMap<Uuid, Vec<Step>>,
}

/// What of a loan never changes and others look for.
struct Traits {
    borrower: Uuid,
    currency: &'static str,
    product: Option<String>,
}

impl Changes for LoanChanges {
    fn fold(&mut self, event: &Event) {
        let Fact::Loan(fact) = &event.fact else { return };
        if let LoanEvent::Applied(applied) = &**fact {
            self.applied(event, applied);
        }
        self.steps.entry(event.stream_id).or_default().push(Step::of(event, fact));
    }

    fn write(self: Box<Self>, connection: &mut PgConnection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        async move {
            self.loans.write(connection, COPY_LOANS).await?;
            standing::write(&self.steps, &self.traits, connection).await?;
            flows::write(&self.steps, connection).await
        }
        .boxed()
    }
}

impl LoanChanges {
    fn new() -> Self {
        Self { loans: CopyRows::new(11), traits: HashMap::new(), steps: BTreeMap::new() }
    }

    fn applied(&mut self, event: &Event, applied: &Applied) {
        let terms = serde_json::to_string(&applied.terms).expect("terms are plain data");
        let metadata = serde_json::to_string(&applied.metadata).expect("metadata is JSON");
        let (borrower, currency) = (applied.borrower_id.uuid(), applied.terms.currency.code());
        let traits = Traits { borrower, currency, product: applied.product.clone() };
        self.traits.insert(event.stream_id, traits);
        self.loans
            .row()
            .uuid(event.stream_id)
            .bigint(event.position)
            .uuid(borrower)
            .text(currency)
            .text(applied.product.as_deref())
            .int(applied.product_version)
            .text(applied.external_id.as_deref())
            .text(terms.as_str())
            .text(metadata.as_str())
            .instant(event.recorded_at)
            .text(ByTime::of(&applied.terms).name());
    }
}
