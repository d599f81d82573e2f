//! Where the cents of a loan come from and go to: from an amount due to the repayments that covered it, the rule that
//! made it, the journal lines and the events, and back.

use chrono::NaiveDate;
use domain::component::Component;
use domain::day_count::DayCount;
use domain::loan::engine::Row;
use domain::rate::Rate;
use domain::terms::{Late, Method, Terms};
use domain::{Amount, Currency};
use problems::{NOT_FOUND, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::{Answer, AsOf, NotThere, ReadProblems, answer};
use super::loan_trail::{FactMoved, ShareView, Trail, TrailEvent};
use super::point_in_time::{KnownAt, PointInTime};
use super::request::{IdInPath, Params, ReadHeaders, Reading, day, invalid};
use super::seen_loan::{SeenFact, SeenLoan};
use super::transactions::TransactionView;
use super::{QueryState, State};
use crate::minor::exact;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Explained {
    /// With `due`: explains what an installment has of this component.
    component: Option<Component>,
    /// The due date of the installment.
    #[serde(default, deserialize_with = "day")]
    due: Option<NaiveDate>,
    /// Explains what a transaction covers.
    transaction: Option<Uuid>,
    /// Explains the event at this position: its journal lines, and what it made of which transactions.
    position: Option<i64>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[param(inline, value_type = Option<KnownAt>)]
    known_at: Option<KnownAt>,
}

#[derive(Serialize, ToSchema)]
struct ExplainAnswer {
    #[serde(flatten)]
    explained: Explanation,
    as_of: AsOf,
}

#[derive(Serialize, ToSchema)]
#[serde(tag = "of", rename_all = "snake_case")]
enum Explanation {
    Installment(Box<InstallmentExplained>),
    Transaction(Box<TransactionExplained>),
    Event(Box<EventExplained>),
}

/// An amount of an installment.
#[derive(Serialize, ToSchema)]
struct InstallmentExplained {
    installment: u32,
    from: NaiveDate,
    due_on: NaiveDate,
    component: Component,
    currency: Currency,
    due: Amount,
    paid: Amount,
    waived: Amount,
    outstanding: Amount,
    rule: Rule,
    /// The events that set the amount due, each with its journal lines of the component.
    set_by: Vec<TrailEvent>,
    /// What was paid, by transaction: their sum is `paid`.
    covered_by: Vec<Covering>,
    /// What was taken off without payment.
    waived_by: Vec<Covering>,
}

/// What the amount follows from.
#[derive(Serialize, ToSchema)]
struct Rule {
    method: Method,
    rate: Rate,
    day_count: DayCount,
    /// Calendar days of the period.
    days: i64,
    /// The principal that is open in the period, by the plan as it stands.
    base: Amount,
    /// For late fees and late interest.
    #[serde(skip_serializing_if = "Option::is_none")]
    late: Option<Late>,
    /// The order in which a payment serves what is due.
    allocation: Vec<Component>,
}

/// What one transaction covers of the amount.
#[derive(Serialize, ToSchema)]
struct Covering {
    /// Absent where credit that was kept served it on its due date.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<Uuid>,
    on: NaiveDate,
    amount: Amount,
    /// The event that recorded it, and those that spread it anew since, with their journal lines of the component. A line
    /// is the sum over all installments that the event touched.
    events: Vec<TrailEvent>,
}

#[derive(Serialize, ToSchema)]
struct TransactionExplained {
    transaction: TransactionView,
    /// What it covers of which installment.
    covers: Vec<ShareView>,
    /// The event that recorded it, and those that spread it anew since, with all of their journal lines.
    events: Vec<TrailEvent>,
}

#[derive(Serialize, ToSchema)]
struct EventExplained {
    event: TrailEvent,
    /// What it made of the loan's transactions.
    facts: Vec<FactMoved>,
}

/// Explains an amount of an installment, a transaction or an event of a loan, as the loan stands today.
#[utoipa::path(
    get, path = "/v1/loans/{id}/explain", tag = "loans", operation_id = "explain_loan",
    params(("id" = Uuid, Path, description = "The loan"), Explained, ReadHeaders),
    responses((status = 200, description = "The explanation", body = ExplainAnswer), NotThere, ReadProblems),
)]
pub(crate) async fn find(
    State(state): State<QueryState>,
    IdInPath(id): IdInPath,
    Params(params): Params<Explained>,
    reading: Reading,
) -> Answer {
    params.check()?;
    let point = PointInTime { effective_on: None, known_at: params.known_at };
    let seen = state.loan(id, point, &reading).await?;
    let as_of = seen.as_of;
    let events = state.log.stream_up_to::<domain::loan::Loan>(id, as_of.position).await?;
    let trail = Trail { currency: seen.currency(), events };
    let explained = match (params.component.zip(params.due), params.transaction, params.position) {
        (Some((component, due)), ..) => {
            Explanation::Installment(Box::new(explain_installment(&seen, &trail, component, due)?))
        }
        (_, Some(transaction), _) => {
            Explanation::Transaction(Box::new(explain_transaction(&seen, &trail, transaction)?))
        }
        (.., position) => {
            let position = position.unwrap_or_default();
            let found = trail
                .at(position)
                .ok_or_else(|| NOT_FOUND.because(format!("the loan has no event at position {position}")))?;
            Explanation::Event(Box::new(EventExplained { event: found.0, facts: found.1 }))
        }
    };
    Ok(answer(&reading, as_of, state.booking_day.today(), ExplainAnswer { explained, as_of }))
}

impl Explained {
    /// Exactly one thing is explained.
    fn check(&self) -> Result<(), Problem> {
        match (self.component, self.due) {
            (Some(_), None) => return Err(invalid("due", "it is needed with `component`")),
            (None, Some(_)) => return Err(invalid("component", "it is needed with `due`")),
            _ => {}
        }
        let asked = [
            ("component", self.component.is_some()),
            ("transaction", self.transaction.is_some()),
            ("position", self.position.is_some()),
        ];
        let mut asked = asked.into_iter().filter(|(_, is_asked)| *is_asked);
        match (asked.next(), asked.next()) {
            (None, _) => Err(invalid(
                "component",
                "ask for `component` and `due`, for `transaction` or for `position`",
            )),
            (Some((first, _)), Some((second, _))) => {
                Err(invalid(second, format!("not together with `{first}`")))
            }
            _ => Ok(()),
        }
    }
}

fn explain_installment(
    seen: &SeenLoan,
    trail: &Trail,
    component: Component,
    due: NaiveDate,
) -> Result<InstallmentExplained, Problem> {
    let row = seen.rows().iter().find(|row| row.due_on == due);
    let row = row.ok_or_else(|| NOT_FOUND.because(format!("no installment falls due on {due}")))?;
    let currency = seen.currency();
    let exact = |amount| exact(amount, currency);
    let (due, paid, waived) = (row.due.of(component), row.paid.of(component), row.waived.of(component));
    let facts = seen.facts();
    let covering = |share: fn(&domain::loan::event::Effect) -> &Vec<domain::loan::event::Share>| {
        let covering = facts.iter().filter_map(|fact| {
            let shares = share(seen.derived_effect(fact)?).iter();
            let mine = shares.filter(|share| share.installment == row.number);
            let amount: Amount = mine.map(|share| share.allocation.of(component)).sum();
            (!amount.is_zero()).then(|| Covering {
                transaction: fact.id,
                on: fact.fact.on,
                amount: exact(amount),
                events: trail.of_fact(fact.record.position, fact.number(), Some(component)),
            })
        });
        covering.collect::<Vec<_>>()
    };
    let mut covered_by = covering(|effect| &effect.shares);
    covered_by.extend(credit_applied(seen, &facts, row, component));
    Ok(InstallmentExplained {
        installment: row.number,
        from: row.from,
        due_on: row.due_on,
        component,
        currency,
        due: exact(due),
        paid: exact(paid),
        waived: exact(waived),
        outstanding: exact(due.minus(waived).minus(paid)),
        rule: Rule::of(seen, row, component),
        set_by: trail.of_dues(row.number, component),
        covered_by,
        waived_by: covering(|effect| &effect.waived),
    })
}

/// What credit that was kept served of an installment, on its due date.
fn credit_applied(seen: &SeenLoan, facts: &[SeenFact<'_>], row: &Row, component: Component) -> Vec<Covering> {
    let by_facts = facts.iter().filter_map(|fact| seen.derived_effect(fact));
    let by_facts = by_facts.flat_map(|effect| &effect.applied);
    let by_time = seen.derived.iter().flat_map(|derived| &derived.applied);
    let applied = by_facts.chain(by_time).filter_map(|applied| {
        let mine = applied.shares.iter().filter(|share| share.installment == row.number);
        let amount: Amount = mine.map(|share| share.allocation.of(component)).sum();
        let amount = exact(amount, seen.currency());
        let covering = Covering { transaction: None, on: applied.on, amount, events: Vec::new() };
        (!amount.is_zero()).then_some(covering)
    });
    applied.collect()
}

fn explain_transaction(
    seen: &SeenLoan,
    trail: &Trail,
    transaction: Uuid,
) -> Result<TransactionExplained, Problem> {
    let facts = seen.facts();
    let fact = facts.iter().find(|fact| fact.id == Some(transaction));
    let shown = fact.and_then(|fact| Some((fact, TransactionView::of(fact, seen.currency())?)));
    let not_there = || NOT_FOUND.because(format!("the loan has no transaction {transaction}"));
    let (fact, view) = shown.ok_or_else(not_there)?;
    let shares = seen.derived_effect(fact).into_iter().flat_map(|effect| &effect.shares);
    let covers = shares.flat_map(|share| {
        let row = seen.rows().iter().find(|row| row.number == share.installment);
        let parts = share.allocation.iter().filter(|(_, amount)| !amount.is_zero());
        let views = parts.map(|(component, amount)| ShareView {
            installment: share.installment,
            due_on: row.map(|row| row.due_on),
            component,
            amount: exact(amount, seen.currency()),
        });
        views.collect::<Vec<_>>()
    });
    Ok(TransactionExplained {
        transaction: view,
        covers: covers.collect(),
        events: trail.of_fact(fact.record.position, fact.number(), None),
    })
}

impl Rule {
    fn of(seen: &SeenLoan, row: &Row, component: Component) -> Self {
        let terms: &Terms = seen.book.history.known().terms_on(row.from).unwrap_or(&seen.book.applied.terms);
        let is_late = matches!(component, Component::LateFee | Component::LateInterest);
        let base = row.balance.plus(row.due.principal).minus(row.capitalized);
        Self {
            method: terms.method,
            rate: terms.rate,
            day_count: terms.day_count,
            days: (row.due_on - row.from).num_days(),
            base: exact(base, seen.currency()),
            late: terms.late.clone().filter(|_| is_late),
            allocation: terms.allocation.clone(),
        }
    }
}
