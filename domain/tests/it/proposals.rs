//! Proposals: what needs a second person waits for one.

use std::sync::Arc;

use domain::Currency;
use domain::decider::DecisionDay;
use domain::proposal::{
    Accept, Accepted, End, Ended, Executed, Failed, Made, Outcome, Proposal, ProposalCommand, ProposalEvent,
    ProposalRefusal,
};
use domain::staff::Operation;
use serde_json::json;
use uuid::Uuid;

use crate::support::*;

fn made() -> Made {
    Made {
        by: "ana".to_owned(),
        client: "desk".to_owned(),
        idempotency_key: "key-1".to_owned(),
        operation: Operation::Approve,
        command: "ApproveLoan".to_owned(),
        path: "/v1/loans/018f0000-0000-7000-8000-000000000001/approve".to_owned(),
        body: json!({"on": "2026-01-12"}).as_object().expect("an object").clone(),
        expected_version: Some(1),
        amount: brl("80000.00"),
        currency: Currency::Brl,
        limit: Some(brl("50000.00")),
        second_person_above: None,
        on: day(TODAY),
        expires_on: day(TODAY),
    }
}

pub(crate) fn make() -> ProposalCommand {
    ProposalCommand::Make(Box::new(made()))
}

pub(crate) fn accept(by: &str, limit: Option<&str>) -> ProposalCommand {
    ProposalCommand::Accept(Accept { by: by.to_owned(), limit: limit.map(brl), amount: brl("80000.00") })
}

pub(crate) fn end(by: &str) -> End {
    End { by: by.to_owned(), reason: Some("not now".to_owned()) }
}

pub(crate) fn executed() -> ProposalCommand {
    let stream_id = Uuid::from_u128(1);
    ProposalCommand::Conclude(Outcome::Executed(Executed { stream_id, version: 2, position: 7 }))
}

pub(crate) fn failed() -> ProposalCommand {
    let (code, detail) = ("not_applied".to_owned(), "the loan is withdrawn".to_owned());
    ProposalCommand::Conclude(Outcome::Failed(Failed { code, detail }))
}

fn waiting() -> Given<Proposal> {
    given([]).and(&make())
}

#[test]
fn it_waits_for_thirty_days() {
    let expires_on = day("2027-01-30");
    given::<Proposal>([]).when(&make()).then([ProposalEvent::Made(Arc::new(Made { expires_on, ..made() }))]);
    let accepts = accept("ben", Some("100000.00"));
    let on = |date| DecisionDay::open(day(date));
    assert!(waiting().decide_on(&accepts, on("2027-01-30")).is_ok());
    let refusal = ProposalRefusal::Expired { expired_on: expires_on, today: day("2027-01-31") };
    assert_eq!(waiting().decide_on(&accepts, on("2027-01-31")), Err(refusal));
    // Who made it may tidy up at any time.
    assert!(waiting().decide_on(&ProposalCommand::Withdraw(end("ana")), on("2027-01-31")).is_ok());
}

#[test]
fn another_person_whose_limit_covers_it_accepts_it() {
    let up_to = brl("80000.00");
    waiting().when(&accept("ben", Some("80000.00"))).then([ProposalEvent::Accepted(Accepted {
        by: "ben".to_owned(),
        on: day(TODAY),
        amount: up_to,
        up_to,
    })]);
}

#[test]
fn nobody_accepts_or_refuses_their_own() {
    waiting()
        .when(&accept("ana", Some("100000.00")))
        .refused(&ProposalRefusal::Own { by: "ana".to_owned(), what: "accept" });
    waiting()
        .when(&ProposalCommand::Refuse(end("ana")))
        .refused_in_words("ana made the proposal, and cannot refuse it");
}

#[test]
fn nobody_accepts_beyond_their_limit() {
    waiting()
        .when(&accept("ben", Some("79999.99")))
        .refused_in_words("80000.00 is at stake, and ben may accept up to 79999.99");
    waiting()
        .when(&accept("ben", None))
        .refused_in_words("80000.00 is at stake, and ben may accept nothing of this kind");
}

#[test]
fn it_is_refused_by_another_and_withdrawn_by_who_made_it() {
    let ended = |by: &str| Ended { by: by.to_owned(), on: day(TODAY), reason: Some("not now".to_owned()) };
    waiting().when(&ProposalCommand::Refuse(end("ben"))).then([ProposalEvent::Refused(ended("ben"))]);
    waiting().when(&ProposalCommand::Withdraw(end("ana"))).then([ProposalEvent::Withdrawn(ended("ana"))]);
    waiting().when(&ProposalCommand::Withdraw(end("ben"))).refused(&ProposalRefusal::NotOwn);
}

#[test]
fn what_was_decided_is_not_decided_again() {
    let accepted = waiting().and(&accept("ben", Some("80000.00")));
    let refusal = |word| ProposalRefusal::NotWaiting(word);
    accepted.clone().when(&accept("eva", Some("80000.00"))).refused(&refusal("accepted"));
    accepted.clone().when(&ProposalCommand::Withdraw(end("ana"))).refused(&refusal("accepted"));
    let refused = waiting().and(&ProposalCommand::Refuse(end("ben")));
    refused.when(&accept("eva", Some("80000.00"))).refused(&refusal("refused"));
    accepted.and(&executed()).when(&accept("eva", Some("80000.00"))).refused(&refusal("executed"));
    waiting().when(&make()).refused(&ProposalRefusal::AlreadyExists);
    given::<Proposal>([]).when(&accept("eva", Some("1.00"))).refused(&ProposalRefusal::Unknown);
}

#[test]
fn what_was_accepted_is_concluded_once() {
    let accepted = waiting().and(&accept("ben", Some("80000.00")));
    accepted.clone().when(&failed()).accepted();
    accepted.and(&executed()).when(&executed()).refused(&ProposalRefusal::NotAccepted);
    waiting().when(&executed()).refused(&ProposalRefusal::NotAccepted);
}
