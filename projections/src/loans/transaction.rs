//! The transactions of a page: money that came or went, and what it changes in earlier ones.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::loan::LoanEvent;
use domain::loan::event::{Effect, FactKind, PaymentReversed};
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
    fn of(effect: &Effect, currency: Currency) -> Self {
        Self {
            components: components_to_minor(&effect.components(), currency),
            overpaid: to_minor(effect.overpaid, currency),
            json: serde_json::to_string(effect).expect("an effect is plain data"),
        }
    }
}

impl TransactionChanges {
    pub(super) fn fold(&mut self, event: &Event, fact: &LoanEvent) {
        if let Some(Transacted { id, kind, on, amount, currency }) = Transacted::of(fact) {
            let spread = fact.effect().map(|effect| Spread::of(effect, currency));
            let transaction = Transaction {
                kind,
                on,
                amount: to_minor(amount, currency),
                spread,
                external_id: fact.external_id().map(ToOwned::to_owned),
                position: event.position,
                recorded_at: event.recorded_at,
                reversal: None,
            };
            self.new.insert((event.stream_id, id), transaction);
        }
        if let LoanEvent::RepaymentReversed(reversed)
        | LoanEvent::CreditReversed(reversed)
        | LoanEvent::RecoveryReversed(reversed) = fact
        {
            self.reverse(event.stream_id, reversed);
        }
        self.rederive(event.stream_id, fact);
    }

    fn reverse(&mut self, loan: Uuid, reversed: &PaymentReversed) {
        let key = (loan, reversed.payment_id.uuid());
        let reversal = Reversal { on: reversed.on, reason: reversed.reason.clone() };
        match self.new.get_mut(&key) {
            Some(new) => new.reversal = Some(reversal),
            None => {
                self.reversed.insert(key, reversal);
            }
        }
    }

    /// Notes what the transactions that the event moved come to now.
    fn rederive(&mut self, loan: Uuid, fact: &LoanEvent) {
        let (Some(outcome), Some(currency)) = (fact.outcome(), fact.currency()) else { return };
        for moved in &outcome.rederived {
            let (Some(id), Some(after)) = (moved.id, &moved.after) else { continue };
            if !is_transaction(moved.kind) {
                continue;
            }
            let key = (loan, id);
            let spread = Spread::of(after, currency);
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
}

/// Money that came or went, or a credit in its place.
struct Transacted {
    id: Uuid,
    kind: &'static str,
    on: NaiveDate,
    amount: Amount,
    currency: Currency,
}

impl Transacted {
    fn of(fact: &LoanEvent) -> Option<Self> {
        let (id, kind, on, amount) = match fact {
            LoanEvent::Disbursed(event) => {
                (event.disbursement_id.uuid(), "disbursement", event.on, event.amount)
            }
            LoanEvent::RepaymentRecorded(event) => {
                (event.repayment_id.uuid(), "repayment", event.on, event.amount)
            }
            LoanEvent::SettledEarly(event) => {
                (event.repayment_id.uuid(), "settlement", event.on, event.amount)
            }
            LoanEvent::CreditGranted(event) => (event.credit_id.uuid(), "credit", event.on, event.amount),
            LoanEvent::RecoveryRecorded(event) => {
                (event.recovery_id.uuid(), "recovery", event.on, event.amount)
            }
            LoanEvent::RepaymentChargedBack(event) => {
                (event.chargeback_id.uuid(), "chargeback", event.on, event.amount)
            }
            LoanEvent::OverpaymentRefunded(event) => {
                (event.refund_id.uuid(), "refund", event.on, event.amount)
            }
            _ => return None,
        };
        Some(Self { id, kind, on, amount, currency: fact.currency()? })
    }
}

/// Charges, waivers, restructurings and write-offs are no transactions.
const fn is_transaction(kind: FactKind) -> bool {
    !matches!(kind, FactKind::Charge | FactKind::Waiver | FactKind::Restructure | FactKind::WriteOff)
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
