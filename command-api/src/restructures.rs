//! `POST /v1/loans/{id}/restructure`: what is outstanding is owed in another way; `?preview=true` only shows it.
#![expect(unused_qualifications, reason = "the derived schema of the body repeats the types of its fields")]

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, Uri};
use axum::response::IntoResponse;
use domain::Currency;
use domain::component::Component;
use domain::id::{LoanId, TransactionId};
use domain::loan::command::{Restructure, RestructureLoan};
use domain::loan::{Loan, LoanCommand};
use domain::staff::Operation;
use domain::terms::{DueDates, EveryRequest, TermsRequest};
use problems::{
    ALREADY_EXISTS, BEFORE_FIRST_FACT, CHARGE_AFTER_LAST_DUE_DATE, CUSTOM_DOES_NOT_ADD_UP,
    DUE_DATES_NOT_INCREASING, EXCESS_NOT_FOR_BASIS, FIRST_DUE_BEFORE_DISBURSEMENT, FUTURE_DATE, FieldProblem,
    GRACE_NOT_FOR_METHOD, GRACE_TOO_LONG, INVALID_AMOUNT, INVALID_FIELD, INVALID_PARAMETER, INVALID_TERMS,
    INVALID_VALUE, IOF_RATE_UNKNOWN, NEGATIVE_AMORTIZATION, NOT_ACTIVE, NOT_FOUND,
    PLAN_CANNOT_BE_DRAWN_AGAIN, Problem, SIMULATION_ONLY, UNKNOWN_COMPONENT, WRITTEN_OFF,
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::{OneOfBuilder, Ref};
use uuid::Uuid;

use crate::answer::LoanAnswer;
use crate::authority::{check_fields, execute_or_propose};
use crate::checks::{Checks, LONGEST_REASON};
use crate::claims::{self, TRANSACTION_ID};
use crate::endpoint::Endpoint;
use crate::fields::{Day, Object};
use crate::headers::{self, IDEMPOTENCY_KEY};
use crate::path::Ids;
use crate::refusals::fault_of;
use crate::serve::{Ended, Order, Received, measure, receive};
use crate::simulation_answer::SimulationAnswer;
use crate::simulations::{self, Simulation};
use crate::state::Shared;
use crate::terms::take;

pub(crate) static RESTRUCTURE: Endpoint = Endpoint::changing(
    "RestructureLoan",
    "restructure_loan",
    &[
        &NOT_FOUND,
        &NOT_ACTIVE,
        &WRITTEN_OFF,
        &ALREADY_EXISTS,
        &FUTURE_DATE,
        &BEFORE_FIRST_FACT,
        &INVALID_AMOUNT,
        &INVALID_VALUE,
        &INVALID_TERMS,
        &GRACE_TOO_LONG,
        &GRACE_NOT_FOR_METHOD,
        &DUE_DATES_NOT_INCREASING,
        &FIRST_DUE_BEFORE_DISBURSEMENT,
        &NEGATIVE_AMORTIZATION,
        &CHARGE_AFTER_LAST_DUE_DATE,
        &CUSTOM_DOES_NOT_ADD_UP,
        &SIMULATION_ONLY,
        &EXCESS_NOT_FOR_BASIS,
        &PLAN_CANNOT_BE_DRAWN_AGAIN,
        &IOF_RATE_UNKNOWN,
        &UNKNOWN_COMPONENT,
    ],
)
.limited_by(Operation::Restructure, "/v1/loans/{id}/restructure");

/// How what is outstanding is owed from a day on, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "on": "2026-04-06", "mode": "replace",
    "terms": {
        "method": "price", "rate": {"value": "0.0179", "per": "month", "compounding": "effective"},
        "day_count": "act/365", "installments": 9, "every": {"months": 1}
    },
    "capitalize": ["interest"], "reason": "longer term"
}))]
pub(crate) struct RestructureBody {
    /// Drawn by the server where absent.
    id: Option<Uuid>,
    /// The value date, not after today's booking day.
    on: Day,
    /// Default: replace.
    mode: Option<Mode>,
    /// Of `replace`: TERMS without `principal`, which is what is open. What is left out takes the default of a new
    /// loan, the currency that of this loan.
    #[schema(value_type = Option<TermsRequest>)]
    terms: Option<Object<TermsRequest>>,
    /// Of `replace`: the components whose open amounts join the principal. Default: none.
    #[schema(value_type = Option<Vec<Component>>)]
    capitalize: Option<Vec<String>>,
    /// Of `re_age`: how many new installments.
    #[schema(minimum = 1, maximum = 1200)]
    installments: Option<u32>,
    /// Of `re_age`: the time between their due dates. Default: one month.
    every: Option<EveryRequest>,
    /// Of `re_age`: the first due date, after `on`.
    first_due_on: Option<Day>,
    /// At most 500 characters.
    #[schema(max_length = 500)]
    reason: String,
}

/// What becomes of the installments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RestructureMode)]
enum Mode {
    /// Open principal, with the components in `capitalize`, becomes the principal of `terms`.
    #[default]
    Replace,
    /// All open principal moves to new installments.
    ReAge,
    /// Principal past due moves to the installments due on or after the date.
    ReAmortize,
}

/// The answer to a restructuring, or to its preview.
pub(crate) struct RestructureAnswer;

/// Restructure a loan: what is outstanding is owed by other installments from a day on. With `preview=true` nothing is
/// stored, no key is needed, and the answer is that of a simulation.
#[utoipa::path(
    post,
    path = "/v1/loans/{id}/restructure",
    tag = "loans",
    params(
        ("id" = LoanId, Path, description = "The loan's id"),
        ("preview" = Option<bool>, Query,
            description = "Show what would follow, seen on today's booking day, and store nothing")
    ),
    request_body = RestructureBody,
    responses(
        (status = 200, description = "Restructured: the event is LoanRestructured", body = RestructureAnswer)
    ),
)]
pub(crate) async fn restructure_loan(
    State(state): State<Arc<Shared>>,
    Ids(loan): Ids<LoanId>,
    mut request: Request,
) -> Response<Body> {
    match take_preview(&mut request) {
        Ok(true) => preview(&state, loan, request).await.map(Json).into_response(),
        Ok(false) => measure(&RESTRUCTURE, &state, restructure(&state, loan, request)).await,
        Err(problem) => problem.into_response(),
    }
}

async fn restructure(state: &Shared, loan: LoanId, request: Request) -> Result<Ended, Problem> {
    let Received { body, context, later, sent } =
        receive::<RestructureBody>(&RESTRUCTURE, state, request).await?;
    if let Some(later) = later {
        // More cannot be said without the loan's currency.
        body.refuse_fields_of_other_modes(body.mode.unwrap_or_default())?;
        return later.queue(&RESTRUCTURE, loan.uuid(), context).await.map(Ended::Queued);
    }
    let known = state.loans.state_for(loan.uuid(), &context).await;
    let known = known.map_err(|fault| fault_of(&RESTRUCTURE, &fault))?;
    let order = body.order(loan, known.currency())?;
    check_fields::<Loan>(&RESTRUCTURE, &order, &sent.permits, context.today)?;
    execute_or_propose(&RESTRUCTURE, state, &state.loans, (order, sent), context).await
}

async fn preview(state: &Shared, loan: LoanId, request: Request) -> Result<SimulationAnswer, Problem> {
    // It needs no key. What comes with it has to be what the command itself would take.
    if request.headers().contains_key(IDEMPOTENCY_KEY) {
        headers::idempotency_key(request.headers())?;
    }
    let expected_version = headers::expected_version(request.headers())?;
    let body: RestructureBody = simulations::receive(state, request).await?;
    let today = state.booking_day.today();
    let mut simulation = Simulation::begin(&RESTRUCTURE, state, loan).await?;
    simulation.check_version(&RESTRUCTURE, expected_version)?;
    let order = body.order(loan, simulation.currency())?;
    simulation.refuse_taken(&RESTRUCTURE, state, &order.claims).await?;
    let simulating = state.calculations.run(move |_| {
        simulation.play(&order.command, today)?;
        simulation.answer(today)
    });
    simulating.await
}

/// Whether the query asks for a preview; the command itself takes none.
fn take_preview(request: &mut Request) -> Result<bool, Problem> {
    let preview = match request.uri().query() {
        None | Some("") => return Ok(false),
        Some("preview=true") => true,
        Some("preview=false") => false,
        Some(query) => {
            let name = query.split(['=', '&']).next().unwrap_or_default();
            let detail = format!("the command takes `preview`, true or false, and nothing else: {query}");
            return Err(INVALID_PARAMETER.because(detail).in_field(name));
        }
    };
    let path = request.uri().path().parse::<Uri>();
    *request.uri_mut() = path.expect("the path of a URI is one");
    Ok(preview)
}

impl RestructureBody {
    /// `currency` is the loan's, where it is known; a loan of which it is not refuses anyway.
    pub(crate) fn order(
        self,
        loan: LoanId,
        currency: Option<Currency>,
    ) -> Result<Order<LoanCommand>, Problem> {
        let mode = self.mode.unwrap_or_default();
        self.refuse_fields_of_other_modes(mode)?;
        let mut checks = Checks::default();
        let reason = checks.text("/reason", self.reason, LONGEST_REASON);
        let restructure = match mode {
            Mode::Replace => {
                let Object(terms) = self.terms.unwrap_or(Object(TermsRequest::default()));
                let terms = terms.check_replacing(currency.unwrap_or_default());
                let terms = take(terms, "/terms", &mut checks)?;
                let capitalize = components(self.capitalize.unwrap_or_default(), &mut checks);
                terms.map(|terms| Restructure::Replace { terms: Arc::new(terms), capitalize })
            }
            Mode::ReAge => {
                let rows = TermsRequest {
                    installments: self.installments,
                    every: self.every,
                    first_due_on: self.first_due_on.map(|Day(day)| day.to_string()),
                    ..TermsRequest::default()
                };
                take(rows.check_due_dates(), "", &mut checks)?.flatten().and_then(|due| re_aged(&due))
            }
            Mode::ReAmortize => Some(Restructure::ReAmortize),
        };
        checks.done()?;
        let restructure = restructure.expect("what a check refuses is among its findings");
        let restructure_id = TransactionId::new(self.id.unwrap_or_else(Uuid::now_v7));
        let claims = claims::of([(TRANSACTION_ID, Some(restructure_id.to_string()))]);
        let (on, why) = (self.on.0, Some(reason.clone()));
        let command = LoanCommand::Restructure(RestructureLoan { restructure_id, on, restructure, reason });
        Ok(Order { stream: loan.uuid(), command, claims, reason: why })
    }

    /// Each mode has its fields: one that another mode would take is as unknown to it as any.
    fn refuse_fields_of_other_modes(&self, mode: Mode) -> Result<(), Problem> {
        let fields = [
            ("terms", Mode::Replace, self.terms.is_some(), true),
            ("capitalize", Mode::Replace, self.capitalize.is_some(), false),
            ("installments", Mode::ReAge, self.installments.is_some(), true),
            ("every", Mode::ReAge, self.every.is_some(), false),
            ("first_due_on", Mode::ReAge, self.first_due_on.is_some(), true),
        ];
        let wrong = fields.into_iter().filter_map(|(name, of, is_given, is_required)| {
            let (code, detail) = match (of == mode, is_given) {
                (false, true) => {
                    ("unknown_field", format!("unknown field `{name}`, which is of another mode"))
                }
                (true, false) if is_required => ("missing", format!("missing field `{name}`")),
                _ => return None,
            };
            Some(FieldProblem { pointer: format!("/{name}"), code: code.to_owned(), detail })
        });
        let wrong: Vec<FieldProblem> = wrong.collect();
        let Some(first) = wrong.first() else { return Ok(()) };
        Err(INVALID_FIELD.because(first.detail.clone()).with_errors(wrong))
    }
}

fn re_aged(due: &DueDates) -> Option<Restructure> {
    match *due {
        DueDates::Regular { installments, every, first_due_on } => {
            Some(Restructure::ReAge { installments, every, first_due_on: first_due_on? })
        }
        DueDates::Listed { .. } | DueDates::Custom { .. } => None,
    }
}

fn components(names: Vec<String>, checks: &mut Checks) -> Vec<Component> {
    let mut components = Vec::with_capacity(names.len().min(Component::ALL.len()));
    for (index, name) in names.into_iter().enumerate() {
        let pointer = format!("/capitalize/{index}");
        match Component::ALL.into_iter().find(|component| component.name() == name) {
            Some(component) if components.contains(&component) => {
                checks.refuse(&pointer, "repeated", format!("`capitalize` names {name} twice"));
            }
            Some(component) => components.push(component),
            None => {
                let detail =
                    "`capitalize` takes late_fee, late_interest, penalty, fee, interest and principal";
                checks.refuse(&pointer, UNKNOWN_COMPONENT.code, detail.to_owned());
            }
        }
    }
    components
}

impl utoipa::PartialSchema for RestructureAnswer {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        OneOfBuilder::new()
            .item(Ref::from_schema_name(LoanAnswer::name()))
            .item(Ref::from_schema_name(SimulationAnswer::name()))
            .into()
    }
}

impl ToSchema for RestructureAnswer {}
