//! One loan: its terms and how it stands on a day.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::component::Components;
use domain::loan::Status;
use domain::loan::facts::WriteOff;
use domain::loan::standing::days_past_due;
use domain::terms::Terms;
use domain::{Amount, Currency};
use event_store::Borrower;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::{Answer, AsOf, NotThere, ReadProblems, answer_of_stream};
use super::point_in_time::PointInTime;
use super::request::{IdInPath, Params, ReadHeaders, Reading};
use super::seen_loan::SeenLoan;
use super::{QueryState, State};
use crate::minor::exact;

/// A loan and how it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LoanView {
    pub(crate) id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) product: Option<String>,
    /// The version of the product that its terms were taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) product_version: Option<i32>,
    pub(crate) borrower: BorrowerView,
    pub(crate) currency: Currency,
    pub(crate) status: Status,
    /// What is owed, by component, late charges included: of one loan to the day on which it is seen, in a list to its
    /// last event. After a write-off what is still owed of it.
    pub(crate) balances: Balances,
    /// What was paid beyond everything owed.
    pub(crate) overpaid: Amount,
    /// What is kept for the borrower until the next due date.
    pub(crate) credit: Amount,
    /// What was received and neither reversed nor given back.
    pub(crate) received: Amount,
    /// Calendar days since the oldest due date that is late on the day, else 0.
    pub(crate) days_past_due: i64,
    /// The due date of the oldest installment that is not settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) oldest_due_on: Option<NaiveDate>,
    /// The first day on which that installment is late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) late_from: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) approved_amount: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) approved_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) disbursed_amount: Option<Amount>,
    /// The date of the first disbursement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) disbursed_on: Option<NaiveDate>,
    /// The date of the last restructuring.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) restructured_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) write_off: Option<WriteOffView>,
    /// When the application was rejected or withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) closed_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) closed_because: Option<String>,
    /// The terms as the loan's first event holds them.
    #[schema(value_type = Terms)]
    pub(crate) terms: Box<RawValue>,
    #[schema(value_type = Object)]
    pub(crate) metadata: Box<RawValue>,
    /// The sequence of the loan's last event: what `If-Match` takes.
    pub(crate) version: i64,
    /// The position of that event.
    pub(crate) position: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// Who borrows. Name and tax id are kept beside the log and are absent once forgotten.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BorrowerView {
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// An amount for each component.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct EachComponent {
    late_fee: Amount,
    late_interest: Amount,
    penalty: Amount,
    fee: Amount,
    interest: Amount,
    principal: Amount,
}

/// An amount for each component, and their sum.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct Balances {
    #[serde(flatten)]
    each: EachComponent,
    total: Amount,
}

/// What a write-off took off the books: all that was open on its date, by component.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct WriteOffView {
    on: NaiveDate,
    /// The sum of the components.
    amount: Amount,
    #[serde(flatten)]
    each: EachComponent,
    /// Interest that was accrued by then but not yet due, apart from `amount`.
    accrued_interest: Amount,
}

#[derive(Serialize, ToSchema)]
struct LoanFound {
    #[serde(flatten)]
    loan: LoanView,
    /// The terms in force on the day, where a restructuring replaced those of the first event.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Terms>)]
    current_terms: Option<Box<RawValue>>,
    /// The day on which it is seen.
    effective_on: NaiveDate,
    as_of: AsOf,
}

/// One loan as it stands on a day, by all that is known or was known at an earlier time.
#[utoipa::path(
    get, path = "/v1/loans/{id}", tag = "loans", operation_id = "find_loan",
    params(("id" = Uuid, Path, description = "The loan"), PointInTime, ReadHeaders),
    responses((status = 200, description = "The loan", body = LoanFound), NotThere, ReadProblems),
)]
pub(crate) async fn find(
    State(state): State<QueryState>,
    IdInPath(id): IdInPath,
    Params(point): Params<PointInTime>,
    reading: Reading,
) -> Answer {
    let today = state.booking_day.today();
    let effective_on = point.day(today)?;
    let known = state.known_of_loan(id, point.known_at, &reading).await?;
    let as_of = known.as_of;
    let (mut loan, current_terms) = match state.loan_as_projected(id, (point, effective_on), &known).await {
        Some(loan) => (loan, None),
        None => LoanView::derived(&state.derived_loan(id, effective_on, known).await?)?,
    };
    let borrowers = state.names(&[loan.borrower.id], &reading).await?;
    loan.borrower.name_from(&borrowers);
    let version = loan.version;
    let body = LoanFound { loan, current_terms, effective_on, as_of };
    Ok(answer_of_stream(&reading, as_of, today, version, body))
}

impl LoanView {
    /// Counts the days past due on a day, by the oldest due date that is known.
    pub(crate) fn count_days_past_due(&mut self, day: NaiveDate) {
        self.days_past_due = days_past_due(self.oldest_due_on, self.late_from, day);
    }

    /// With the terms in force, where a restructuring replaced those of the first event.
    fn derived(seen: &SeenLoan) -> Result<(Self, Option<Box<RawValue>>), serde_json::Error> {
        let terms = seen.book.history.known().terms_on(seen.day);
        let in_force = terms.filter(|terms| **terms != seen.book.applied.terms);
        Ok((Self::of(seen)?, in_force.map(to_raw_value).transpose()?))
    }

    pub(crate) fn of(seen: &SeenLoan) -> Result<Self, serde_json::Error> {
        let (book, currency) = (&seen.book, seen.currency());
        let applied = &book.applied;
        let derived = seen.derived.as_ref();
        let approved = book.approved.as_ref().filter(|approved| approved.on <= seen.day);
        let closed = book.closed.as_ref().map(|(_, closed)| closed).filter(|closed| closed.on <= seen.day);
        let nothing = currency.zero();
        Ok(Self {
            id: book.id,
            external_id: applied.external_id.clone(),
            product: applied.product.clone(),
            product_version: applied.product_version.map(u32::cast_signed),
            borrower: BorrowerView::unnamed(applied.borrower_id.uuid()),
            currency,
            status: seen.status(),
            balances: Balances::of(seen.balances(), currency),
            overpaid: derived.map_or(nothing, |derived| exact(derived.overpaid, currency)),
            credit: derived.map_or(nothing, |derived| exact(derived.credit, currency)),
            received: seen.received(),
            days_past_due: derived.map_or(0, |derived| derived.days_past_due),
            oldest_due_on: derived.and_then(|derived| derived.oldest_due_on),
            late_from: derived.and_then(|derived| derived.late_from),
            approved_amount: approved.map(|approved| approved.principal),
            approved_on: approved.map(|approved| approved.on),
            disbursed_amount: derived.map(|_| seen.disbursed()),
            disbursed_on: derived.and_then(|_| book.disbursed_on()),
            restructured_on: seen.restructured_on(),
            write_off: derived
                .and_then(|derived| derived.write_off)
                .map(|write_off| WriteOffView::of(write_off, currency)),
            closed_on: closed.map(|closed| closed.on),
            closed_because: closed.and_then(|closed| closed.reason.clone()),
            terms: to_raw_value(&applied.terms)?,
            metadata: to_raw_value(&applied.metadata)?,
            version: book.last.sequence,
            position: book.last.position,
            created_at: book.applied_at,
            updated_at: book.last.recorded_at,
        })
    }
}

impl BorrowerView {
    pub(crate) const fn unnamed(id: Uuid) -> Self {
        Self { id, tax_id: None, name: None }
    }

    pub(crate) fn name_from(&mut self, borrowers: &HashMap<Uuid, Borrower>) {
        if let Some(borrower) = borrowers.get(&self.id) {
            self.tax_id = Some(borrower.tax_id.clone());
            self.name = Some(borrower.name.clone());
        }
    }
}

impl EachComponent {
    pub(crate) fn of(components: Components, currency: Currency) -> Self {
        let Components { late_fee, late_interest, penalty, fee, interest, principal } = components;
        let exact = |amount| exact(amount, currency);
        Self {
            late_fee: exact(late_fee),
            late_interest: exact(late_interest),
            penalty: exact(penalty),
            fee: exact(fee),
            interest: exact(interest),
            principal: exact(principal),
        }
    }
}

impl Balances {
    pub(crate) fn of(components: Components, currency: Currency) -> Self {
        let each = EachComponent::of(components, currency);
        Self { each, total: exact(components.total(), currency) }
    }
}

impl WriteOffView {
    pub(crate) fn of(write_off: WriteOff, currency: Currency) -> Self {
        let WriteOff { on, open, accrued_interest } = write_off;
        Self {
            on,
            amount: exact(open.total(), currency),
            each: EachComponent::of(open, currency),
            accrued_interest: exact(accrued_interest, currency),
        }
    }
}
