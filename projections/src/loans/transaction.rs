//! Disbursements, repayments and settlements of a page, and what it changes in earlier ones.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::loan::LoanEvent;
use domain::loan::event::{Allocation, Disbursed, RepaymentRecorded, RepaymentReversed, SettledEarly};
use domain::{Amount, Currency};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::copy::{CopyRows, storable};
use crate::event::Event;
use crate::minor::{components_to_minor, to_minor};

const COPY: &str = "copy transactions (loan_id, id, type, value_date, amount, late_fee, late_interest, penalty, fee, \
    interest, principal, overpaid, allocation, external_id, reversed_on, reversal_reason, position, recorded_at) \
    from stdin (format binary)";

/// A loan's id and one of its transactions'.
type Key = (Uuid, Uuid);

#[derive(Default)]
pub(super) struct TransactionChanges {
    new: HashMap<Key, Transaction>,
    reversed: HashMap<Key, Reversal>,
    reallocated: HashMap<Key, Spread>,
}

struct Transaction {
    kind: &'static str,
    on: NaiveDate,
    amount: i64,
    spread: Option<Spread>,
    external_id: Option<String>,
    position: i64,
    recorded_at: DateTime<Utc>,
    reversal: Option<Reversal>,
}

struct Reversal {
    on: NaiveDate,
    reason: String,
}

/// How a payment is allocated: by component, and as the event's JSON.
struct Spread {
    components: [i64; 6],
    overpaid: i64,
    json: String,
}

impl Spread {
    fn of(allocation: &Allocation, currency: Currency) -> Self {
        Self {
            components: components_to_minor(&allocation.components(), currency),
            overpaid: to_minor(allocation.overpaid, currency),
            json: serde_json::to_string(allocation).expect("an allocation is plain data"),
        }
    }
}

impl TransactionChanges {
    pub(super) fn disburse(&mut self, event: &Event, disbursed: &Disbursed) {
        let id = disbursed.disbursement_id.uuid();
        let amount = (disbursed.amount, disbursed.currency);
        self.add(event, id, "disbursement", disbursed.on, amount);
    }

    pub(super) fn repay(&mut self, event: &Event, repayment: &RepaymentRecorded) {
        let id = repayment.repayment_id.uuid();
        let amount = (repayment.amount, repayment.currency);
        let added = self.add(event, id, "repayment", repayment.on, amount);
        added.spread = Some(Spread::of(&repayment.spread(), repayment.currency));
        added.external_id.clone_from(&repayment.external_id);
    }

    pub(super) fn settle(&mut self, event: &Event, settlement: &SettledEarly) {
        let id = settlement.repayment_id.uuid();
        let amount = (settlement.amount, settlement.currency);
        let added = self.add(event, id, "settlement", settlement.on, amount);
        added.spread = Some(Spread::of(&settlement.spread(), settlement.currency));
    }

    pub(super) fn reverse(&mut self, loan: Uuid, reversed: &RepaymentReversed) {
        let key = (loan, reversed.repayment_id.uuid());
        let reversal = Reversal { on: reversed.on, reason: reversed.reason.clone() };
        match self.new.get_mut(&key) {
            Some(new) => new.reversal = Some(reversal),
            None => {
                self.reversed.insert(key, reversal);
            }
        }
    }

    /// Notes how the payments that the event moved are spread now.
    pub(super) fn reallocate(&mut self, loan: Uuid, fact: &LoanEvent) {
        let currency = match fact {
            LoanEvent::ChargeAdded(event) => event.currency,
            LoanEvent::RepaymentRecorded(event) => event.currency,
            LoanEvent::SettledEarly(event) => event.currency,
            LoanEvent::RepaymentReversed(event) => event.currency,
            _ => return,
        };
        for moved in fact.reallocated() {
            let key = (loan, moved.repayment_id.uuid());
            let spread = Spread::of(&moved.after, currency);
            match self.new.get_mut(&key) {
                Some(new) => new.spread = Some(spread),
                None => {
                    self.reallocated.insert(key, spread);
                }
            }
        }
    }

    pub(super) async fn write(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let mut rows = CopyRows::new(18);
        for (key, transaction) in &self.new {
            transaction.encode(*key, &mut rows);
        }
        rows.write(connection, COPY).await?;
        reverse(&self.reversed, connection).await?;
        reallocate(&self.reallocated, connection).await
    }

    fn add(
        &mut self,
        event: &Event,
        id: Uuid,
        kind: &'static str,
        on: NaiveDate,
        (amount, currency): (Amount, Currency),
    ) -> &mut Transaction {
        let transaction = Transaction {
            kind,
            on,
            amount: to_minor(amount, currency),
            spread: None,
            external_id: None,
            position: event.position,
            recorded_at: event.recorded_at,
            reversal: None,
        };
        self.new.entry((event.stream_id, id)).insert_entry(transaction).into_mut()
    }
}

impl Transaction {
    fn encode(&self, (loan, id): Key, rows: &mut CopyRows) {
        let spread = self.spread.as_ref();
        let reversal = self.reversal.as_ref();
        rows.row()
            .uuid(loan)
            .uuid(id)
            .text(self.kind)
            .date(self.on)
            .bigint(self.amount)
            .bigints(spread.map_or([0; 6], |spread| spread.components))
            .bigint(spread.map_or(0, |spread| spread.overpaid))
            .text(spread.map(|spread| spread.json.as_str()))
            .text(self.external_id.as_deref())
            .date(reversal.map(|reversal| reversal.on))
            .text(reversal.map(|reversal| reversal.reason.as_str()))
            .bigint(self.position)
            .instant(self.recorded_at);
    }
}

async fn reverse(
    reversed: &HashMap<Key, Reversal>,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    if reversed.is_empty() {
        return Ok(());
    }
    sqlx::query(include_str!("reverse_transactions.sql"))
        .bind(reversed.keys().map(|(loan, _)| *loan).collect::<Vec<_>>())
        .bind(reversed.keys().map(|(_, id)| *id).collect::<Vec<_>>())
        .bind(reversed.values().map(|reversal| reversal.on).collect::<Vec<_>>())
        .bind(reversed.values().map(|reversal| storable(&reversal.reason)).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

async fn reallocate(
    reallocated: &HashMap<Key, Spread>,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    if reallocated.is_empty() {
        return Ok(());
    }
    let mut query = sqlx::query(include_str!("reallocate_transactions.sql"))
        .bind(reallocated.keys().map(|(loan, _)| *loan).collect::<Vec<_>>())
        .bind(reallocated.keys().map(|(_, id)| *id).collect::<Vec<_>>());
    for component in 0..6 {
        let column = reallocated.values().map(|spread| spread.components[component]);
        query = query.bind(column.collect::<Vec<_>>());
    }
    query
        .bind(reallocated.values().map(|spread| spread.overpaid).collect::<Vec<_>>())
        .bind(reallocated.values().map(|spread| spread.json.as_str()).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}
