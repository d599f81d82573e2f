//! `POST /v1/loans/{id}/simulate`: what would follow from commands, at any date. Nothing is stored, so it needs no key.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use axum::response::IntoResponse;
use chrono::NaiveDate;
use domain::Currency;
use domain::decider::{Decider, DecisionDay, Undecided, WholeStream};
use domain::id::LoanId;
use domain::loan::{Loan, LoanCommand, LoanEvent, LoanRefusal};
use event_store::{Claim, ExecuteError};
use problems::{
    ALREADY_EXISTS, DUPLICATE_EXTERNAL_ID, INTERNAL, INVALID_VALUE, NOT_FOUND, Problem, UNAVAILABLE,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::endpoint::Endpoint;
use crate::fields::{Day, Object};
use crate::path::Ids;
use crate::refusals::{ToProblem, fault_of, problem_of};
use crate::serve::{Order, refuse_query};
use crate::simulation_answer::{Seen, SimulationAnswer};
use crate::state::Shared;
use crate::{body, claims, headers, loan_commands};

/// So many keep an answer within a second on a long loan; thirty years have as many installments.
const MOST_COMMANDS: usize = 360;

/// No command: nothing comes of it. It names the operation in the document and in the log of faults.
pub(crate) static SIMULATE: Endpoint = Endpoint::changing(
    "SimulateLoan",
    "simulate_loan",
    &[&NOT_FOUND, &ALREADY_EXISTS, &DUPLICATE_EXTERNAL_ID, &INVALID_VALUE, &INTERNAL, &UNAVAILABLE],
);

/// What is asked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "commands": [
        {"path": "repayments", "body": {"on": "2026-08-15", "amount": "3000.00", "as": "anticipation"}}
    ],
    "effective_on": "2026-09-30"
}))]
pub(crate) struct SimulationBody {
    /// At most 360, in the order in which they would be given.
    #[schema(value_type = Vec<SimulatedCommand>)]
    commands: Vec<Object<SimulatedCommand>>,
    /// The day on which the loan is seen, which may be to come: facts dated after it are left out of what is shown of
    /// it. Default: the latest `on` of the commands, but no day before today's booking day.
    effective_on: Option<Day>,
}

/// A command as it would be sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SimulatedCommand {
    /// The path under the loan's, such as `repayments`.
    #[schema(
        pattern = "^(approve|reject|withdraw|disburse|settle|refunds|restructure|write-off(/reverse)?|recoveries|repayments|charges|credits|repayments/[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}/(reverse|chargeback)|(credits|recoveries)/[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}/reverse|charges/[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}/waive)$"
    )]
    path: String,
    /// The body that the path takes. Its `on` may be to come.
    #[schema(value_type = Object)]
    body: Box<RawValue>,
}

/// A loan on which commands are played without being given.
pub(crate) struct Simulation {
    loan: LoanId,
    /// How it is by now, and its version in the log.
    before: WholeStream<Loan>,
    version: i64,
    /// How it would be.
    after: WholeStream<Loan>,
    events: Vec<LoanEvent>,
    closed_through: Option<NaiveDate>,
}

/// Simulate commands to a loan: the schedule, balances, days past due, journal lines and events that would follow, at any
/// date. Nothing is stored.
#[utoipa::path(
    post,
    path = "/v1/loans/{id}/simulate",
    tag = "loans",
    params(("id" = LoanId, Path, description = "The loan's id")),
    request_body = SimulationBody,
    responses((status = 200, description = "What would follow", body = SimulationAnswer)),
)]
pub(crate) async fn simulate_loan(
    State(state): State<Arc<Shared>>,
    Ids(loan): Ids<LoanId>,
    request: Request,
) -> Response<Body> {
    simulate(&state, loan, request).await.map(Json).into_response()
}

async fn simulate(state: &Shared, loan: LoanId, request: Request) -> Result<SimulationAnswer, Problem> {
    let SimulationBody { commands, effective_on } = receive(state, request).await?;
    if commands.len() > MOST_COMMANDS {
        let detail = format!("`commands` are {}; {MOST_COMMANDS} is the most", commands.len());
        return Err(INVALID_VALUE.because(detail.clone()).at("/commands", "too_long", detail));
    }
    let mut simulation = Simulation::begin(&SIMULATE, state, loan).await?;
    let mut orders = Vec::with_capacity(commands.len());
    for (index, Object(SimulatedCommand { path, body })) in commands.into_iter().enumerate() {
        let order = loan_commands::read(loan, simulation.currency(), &path, body.get().as_bytes());
        orders.push(order.map_err(|problem| problem.under(&format!("/commands/{index}")))?);
    }
    refuse_taken(state, &orders).await?;
    let booking_day = state.booking_day.today();
    let simulating = state.calculations.run(move |waiting| {
        let mut today = booking_day;
        for (index, order) in orders.iter().enumerate() {
            waiting.check()?;
            // Time goes on as the commands come: each may be given on its own day.
            today = order.command.on().map_or(today, |on| on.max(today));
            simulation.play(&order.command, today).map_err(|problem| of_command(problem, index))?;
        }
        simulation.answer(effective_on.map_or(today, |Day(day)| day))
    });
    simulating.await
}

/// Ids that would be taken when their command comes: by events, or by a command before it.
async fn refuse_taken(state: &Shared, orders: &[Order<LoanCommand>]) -> Result<(), Problem> {
    let claims: Vec<Claim> = orders.iter().flat_map(|order| &order.claims).cloned().collect();
    let taken = state.log.find_taken(&claims).await.map_err(|fault| fault_of(&SIMULATE, &fault))?;
    let mut taken: HashSet<Claim> = taken.into_iter().collect();
    for (index, order) in orders.iter().enumerate() {
        let (again, new): (Vec<Claim>, Vec<Claim>) =
            order.claims.iter().cloned().partition(|claim| taken.contains(claim));
        if !again.is_empty() {
            return Err(of_command(claims::taken(&again), index));
        }
        taken.extend(new);
    }
    Ok(())
}

/// The problem of what the command at `index` asks for.
fn of_command(problem: Problem, index: usize) -> Problem {
    let place = format!("/commands/{index}");
    if problem.names_fields() { problem.under(&format!("{place}/body")) } else { problem.in_field(place) }
}

/// Reads a body that no key comes with.
pub(crate) async fn receive<B: DeserializeOwned>(state: &Shared, request: Request) -> Result<B, Problem> {
    refuse_query(&request)?;
    headers::declares_json(request.headers())?;
    let bytes = body::read(request, state.body_deadline).await?;
    body::parse(&bytes)
}

impl Simulation {
    /// The loan as the log has it now.
    pub(crate) async fn begin(
        endpoint: &'static Endpoint,
        state: &Shared,
        loan: LoanId,
    ) -> Result<Self, Problem> {
        let fault = |fault| fault_of(endpoint, &fault);
        let (before, version) = state.loans.whole(loan.uuid()).await.map_err(fault)?;
        if before.state == Loan::Unknown {
            return Err(LoanRefusal::Unknown.to_problem(loan.uuid()));
        }
        let closed_through = state.log.closed_through().await.map_err(fault)?;
        let after = before.clone();
        Ok(Self { loan, before, version, after, events: Vec::new(), closed_through })
    }

    /// Refuses another version than the caller has seen, if they say which.
    pub(crate) fn check_version(
        &self,
        endpoint: &'static Endpoint,
        expected: Option<i64>,
    ) -> Result<(), Problem> {
        let Some(expected) = expected.filter(|expected| *expected != self.version) else { return Ok(()) };
        let mismatch = ExecuteError::<LoanRefusal>::VersionMismatch { expected, actual: self.version };
        Err(problem_of(endpoint, self.loan.uuid(), mismatch))
    }

    pub(crate) fn currency(&self) -> Option<Currency> {
        self.before.state.currency()
    }

    /// Refuses ids that an event bears already.
    pub(crate) async fn refuse_taken(
        &self,
        endpoint: &'static Endpoint,
        state: &Shared,
        claims: &[Claim],
    ) -> Result<(), Problem> {
        let taken = state.log.find_taken(claims).await.map_err(|fault| fault_of(endpoint, &fault))?;
        if taken.is_empty() { Ok(()) } else { Err(claims::taken(&taken)) }
    }

    /// Does what the command asks for, as if it were given on `today`.
    pub(crate) fn play(&mut self, command: &LoanCommand, today: NaiveDate) -> Result<(), Problem> {
        let WholeStream { state, history } = &mut self.after;
        let day = DecisionDay { today, closed_through: self.closed_through };
        let events = state.decide(Some(history), command, day).map_err(|undecided| match undecided {
            Undecided::Refused(refusal) => refusal.to_problem(self.loan.uuid()),
            Undecided::NeedsHistory => unreachable!("the history is there"),
        })?;
        for event in events {
            state.apply(&event);
            Loan::record(history, &event);
            self.events.push(event);
        }
        Ok(())
    }

    /// What followed, seen on a day.
    pub(crate) fn answer(self, day: NaiveDate) -> Result<SimulationAnswer, Problem> {
        let before = Seen::on(self.loan, &self.before, day)?;
        let after = Seen::on(self.loan, &self.after, day)?;
        Ok(SimulationAnswer::new(self.loan, self.version, (&before, &after), &self.events))
    }
}
