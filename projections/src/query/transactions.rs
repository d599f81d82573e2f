//! What happened to a loan, in the order of value dates.

use chrono::{DateTime, NaiveDate, Utc};
use domain::component::Components;
use domain::loan::event::Effect;
use domain::loan::facts::{CreditKind, Purpose, What};
use domain::{Amount, Currency};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::{Answer, List, NotThere, ReadProblems, answer};
use super::loan::EachComponent;
use super::point_in_time::{KnownAt, PointInTime};
use super::request::{IdInPath, Limit, Params, ReadHeaders, Reading, day};
use super::seen_loan::SeenFact;
use super::{QueryState, State};
use crate::minor::exact;

/// Money that came or went, or a credit in its place.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TransactionView {
    id: Uuid,
    /// `disbursement`, `repayment`, `settlement`, `credit`, `recovery`, `chargeback` or `refund`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The value date.
    on: NaiveDate,
    amount: Amount,
    currency: Currency,
    /// What it covers of each component, as it is spread now. Of a reversed one what it covered until then.
    allocation: EachComponent,
    /// What it adds to (below zero: takes from) what exceeds everything owed.
    overpaid: Amount,
    /// What it adds to what is kept for the borrower until the next due date.
    credit: Amount,
    /// The loan's principal after it.
    balance: Amount,
    /// Undone: it counts as if it had never been made.
    reversed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reversed_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reversal_reason: Option<String>,
    /// Of a credit: where it is taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    credit_kind: Option<CreditKind>,
    /// Of a chargeback: the repayment of which money was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    repayment: Option<Uuid>,
    /// Of a credit or a chargeback.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    /// The position of its event.
    position: i64,
    recorded_at: DateTime<Utc>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TransactionPage {
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 50)]
    limit: Limit,
    /// The `next` of the page before.
    after: Option<String>,
    /// The day on which the loan is seen: transactions dated after it are left out. Today by default.
    #[serde(default, deserialize_with = "day")]
    effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[param(inline, value_type = Option<KnownAt>)]
    known_at: Option<KnownAt>,
}

/// A loan's transactions by value date, then in the order of recording.
#[utoipa::path(
    get, path = "/v1/loans/{id}/transactions", tag = "loans", operation_id = "list_transactions",
    params(("id" = Uuid, Path, description = "The loan"), TransactionPage, ReadHeaders),
    responses(
        (status = 200, description = "A page of transactions", body = List<TransactionView>),
        NotThere, ReadProblems,
    ),
)]
pub(crate) async fn list(
    State(state): State<QueryState>,
    IdInPath(id): IdInPath,
    Params(page): Params<TransactionPage>,
    reading: Reading,
) -> Answer {
    let after = reading.place(page.after.as_deref(), read_place)?;
    let point = PointInTime { effective_on: page.effective_on, known_at: page.known_at };
    let seen = state.loan(id, point, &reading).await?;
    let (currency, as_of) = (seen.currency(), seen.as_of);
    let facts = seen.facts();
    let transactions = facts.iter().filter_map(|fact| TransactionView::of(fact, currency));
    let later = transactions.filter(|row| after.is_none_or(|after| (row.on, row.position) > after));
    let mut items: Vec<TransactionView> = later.take(page.limit.count() + 1).collect();
    let next = reading.page(page.limit, &mut items, |last| format!("{} {}", last.on, last.position));
    Ok(answer(&reading, as_of, state.booking_day.today(), List { items, next, as_of }))
}

fn read_place(place: &str) -> Option<(NaiveDate, i64)> {
    let (on, position) = place.split_once(' ')?;
    Some((on.parse().ok()?, position.parse().ok()?))
}

impl TransactionView {
    /// `None` where the fact is no transaction.
    pub(crate) fn of(seen: &SeenFact<'_>, currency: Currency) -> Option<Self> {
        let (kind, amount) = kind_and_amount(&seen.fact.what)?;
        let exact = |amount| exact(amount, currency);
        let record = seen.record;
        let reversal = record.reversal.as_ref();
        let effect = seen.effect.or(reversal.map(|reversal| &reversal.undone));
        let covered = effect.map_or(Components::NOTHING, Effect::components);
        let credit_kind = match &seen.fact.what {
            What::Payment(payment) => match payment.purpose {
                Purpose::Credit(kind) => Some(kind),
                _ => None,
            },
            _ => None,
        };
        let repayment = match &seen.fact.what {
            What::Chargeback { payment, .. } => Some(payment.uuid()),
            _ => None,
        };
        Some(Self {
            id: seen.id?,
            kind,
            on: seen.fact.on,
            amount: exact(amount),
            currency,
            allocation: EachComponent::of(covered, currency),
            overpaid: exact(effect.map_or(Amount::ZERO, |effect| effect.overpaid)),
            credit: exact(effect.map_or(Amount::ZERO, |effect| effect.credit)),
            balance: exact(seen.principal),
            reversed: seen.fact.reversed,
            reversed_on: reversal.map(|reversal| reversal.on),
            reversal_reason: reversal.map(|reversal| reversal.reason.clone()),
            credit_kind,
            repayment,
            reason: record.reason.clone(),
            external_id: record.external_id.clone(),
            position: record.position,
            recorded_at: record.recorded_at,
        })
    }
}

fn kind_and_amount(what: &What) -> Option<(&'static str, Amount)> {
    Some(match what {
        What::Disbursement { amount, .. } => ("disbursement", *amount),
        What::Payment(payment) => {
            let kind = match payment.purpose {
                Purpose::Repayment => "repayment",
                Purpose::Settlement => "settlement",
                Purpose::Credit(_) => "credit",
                Purpose::Recovery => "recovery",
            };
            (kind, payment.amount)
        }
        What::Chargeback { amount, .. } => ("chargeback", *amount),
        What::Refund { amount } => ("refund", *amount),
        What::Charge { .. } | What::Waiver { .. } | What::Restructure(_) | What::WriteOff => return None,
    })
}
