//! What happened to a loan, in the order of value dates.

use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use domain::component::Components;
use domain::loan::event::Effect;
use domain::{Amount, Currency};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::QueryState;
use super::answer::{Answer, List, NotThere, ReadProblems, answer};
use super::loan_book::{LoanBook, Transaction};
use super::request::{IdInPath, Limit, Params, ReadHeaders, Reading, decode_cursor};
use crate::loans;

/// Money that came or went, or a credit in its place.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TransactionView {
    id: Uuid,
    /// `disbursement`, `repayment`, `settlement`, `credit`, `recovery`, `chargeback` or `refund`.
    #[serde(rename = "type")]
    kind: String,
    /// The value date.
    on: NaiveDate,
    amount: Amount,
    currency: Currency,
    /// What it covers of each component, as it is spread now; what is zero is left out.
    allocation: Components,
    overpaid: Amount,
    /// The loan's principal after it.
    pub(crate) balance: Amount,
    /// Undone: it counts as if it had never been made.
    reversed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reversed_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reversal_reason: Option<String>,
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
}

/// A loan's transactions by value date, then in the order of recording.
#[utoipa::path(
    get, path = "/v1/loans/{id}/transactions", tag = "loans",
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
    let after = decode_cursor(page.after.as_deref(), read_place)?;
    let mut snapshot = state.snapshot(&loans::READ_MODEL, &reading).await?;
    let as_of = snapshot.as_of;
    let book = LoanBook::load(&state, &mut snapshot.transaction, id, as_of).await?;
    let all = book.transactions.iter().zip(book.principal_after());
    let later = all.filter(|(row, _)| after.is_none_or(|after| (row.on, row.position) > after));
    let mut rows: Vec<(&Transaction, Amount)> = later.take(page.limit.count() + 1).collect();
    let next = page.limit.page(&mut rows, |(last, _)| format!("{} {}", last.on, last.position));
    let items =
        rows.into_iter().map(|(row, balance)| TransactionView::of(row, balance, book.currency)).collect();
    Ok(answer(&reading, as_of, state.booking_day.today(), List { items, next, as_of }))
}

fn read_place(place: &str) -> Option<(NaiveDate, i64)> {
    let (on, position) = place.split_once(' ')?;
    Some((on.parse().ok()?, position.parse().ok()?))
}

impl TransactionView {
    pub(crate) fn of(row: &Transaction, balance: Amount, currency: Currency) -> Self {
        let allocation = row.allocation.as_ref();
        let reversal = row.reversal.as_ref();
        Self {
            id: row.id,
            kind: row.kind.clone(),
            on: row.on,
            amount: row.amount,
            currency,
            allocation: allocation.map_or(Components::NOTHING, Effect::components),
            overpaid: row.overpaid,
            balance,
            reversed: reversal.is_some(),
            reversed_on: reversal.map(|(on, _)| *on),
            reversal_reason: reversal.map(|(_, reason)| reason.clone()),
            external_id: row.external_id.clone(),
            position: row.position,
            recorded_at: row.recorded_at,
        }
    }
}
