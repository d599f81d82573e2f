//! Approval limits, and the commands that wait for a second person because of them.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::Request;
use command_api::{Actor, CommandState, Completion, Permits};
use domain::proposal::{Accept, Proposal, ProposalCommand};
use event_store::{BookingDay, CommandContext, Metadata, Streams};
use expect_test::expect;
use futures::future::join_all;
use problems::FORBIDDEN;
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::support::{Answer, Server, TODAY, application};

/// Somebody with every role.
async fn ask(server: &Server, who: &str, key: &str, path: &str, body: &str) -> Answer {
    ask_with(server, (who, Permits::new(|_, _| Ok(()))), key, path, body).await
}

async fn ask_with(
    server: &Server,
    (who, permits): (&str, Permits),
    key: &str,
    path: &str,
    body: &str,
) -> Answer {
    let request = Request::post(path)
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .extension(Actor { subject: who.into(), client: "desk".into(), roles: [].into(), oversees: false })
        .extension(permits);
    server.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

fn key() -> String {
    Uuid::now_v7().to_string()
}

async fn limit(server: &Server, who: &str, limits: &str) {
    let path = format!("/v1/staff/{who}/limits");
    let set = ask(server, "admin", &key(), &path, &format!(r#"{{"limits": {limits}}}"#)).await;
    assert_eq!(set.status, 200, "{}", set.body);
}

/// An application for 1000.00, where ana may approve 500.00, ben 999.99 and eva 1000.00.
async fn applied(server: &Server) -> String {
    limit(server, "ana", r#"{"approve": {"BRL": "500.00"}}"#).await;
    limit(server, "ben", r#"{"approve": {"BRL": "999.99"}}"#).await;
    limit(server, "eva", r#"{"approve": {"BRL": "1000.00"}}"#).await;
    format!("/v1/loans/{}", server.post("/v1/loans", &application("loan-1")).await.id())
}

async fn proposed(server: &Server, loan: &str) -> String {
    let proposed = ask(server, "ana", &key(), &format!("{loan}/approve"), r#"{"on": "2026-01-12"}"#).await;
    assert_eq!(proposed.status, 202, "{}", proposed.body);
    format!("/v1/proposals/{}", proposed.id())
}

fn types(answer: &Answer) -> String {
    let events = answer.json()["events"].as_array().unwrap().clone();
    events.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
}

async fn last_metadata(server: &Server, event_type: &str) -> Value {
    let sql = format!(
        "select metadata::text from events where event_type = '{event_type}' order by position desc limit 1"
    );
    serde_json::from_str(&server.text(&sql).await).unwrap()
}

#[sqlx::test(migrations = false)]
async fn above_its_senders_limit_a_command_waits_for_somebody_whose_limit_covers_it(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let server = Server::start(&options).await;
    let loan = applied(&server).await;
    let (path, body) = (format!("{loan}/approve"), r#"{"on": "2026-01-12"}"#);
    let first = ask(&server, "ana", "key-1", &path, body).await;
    assert_eq!(first.status, 202, "{}", first.body);
    let proposal = format!("/v1/proposals/{}", first.id());
    assert_eq!(first.headers["location"], proposal.as_str());
    let made = &first.json()["events"][0];
    expect!["ana approve ApproveLoan 1000.00 BRL 500.00 2026-07-30"].assert_eq(&format!(
        "{} {} {} {} {} {} {}",
        made["by"].as_str().unwrap(),
        made["operation"].as_str().unwrap(),
        made["command"].as_str().unwrap(),
        made["amount"].as_str().unwrap(),
        made["currency"].as_str().unwrap(),
        made["limit"].as_str().unwrap(),
        made["expires_on"].as_str().unwrap(),
    ));
    let repeated = ask(&server, "ana", "key-1", &path, body).await;
    assert_eq!((repeated.status.as_u16(), &repeated.body), (202, &first.body));
    assert_eq!(repeated.headers["idempotency-replayed"], "true");
    let mut told = String::new();
    let accept = format!("{proposal}/accept");
    let other = ask(&server, "ana", "key-1", &path, r#"{"on": "2026-01-13"}"#).await;
    writeln!(told, "the same key, another body: {}", other.problem()).unwrap();
    writeln!(told, "her own: {}", ask(&server, "ana", &key(), &accept, "{}").await.problem()).unwrap();
    writeln!(told, "a cent short: {}", ask(&server, "ben", &key(), &accept, "{}").await.problem()).unwrap();
    writeln!(told, "no limit: {}", ask(&server, "joe", &key(), &accept, "{}").await.problem()).unwrap();
    let accepted = ask(&server, "eva", "key-2", &accept, r#"{"reason": "seen the contract"}"#).await;
    writeln!(told, "enough: {} {}", accepted.status, types(&accepted)).unwrap();
    let again = ask(&server, "eva", "key-2", &accept, r#"{"reason": "seen the contract"}"#).await;
    assert_eq!((&again.body, again.headers.contains_key("idempotency-replayed")), (&accepted.body, true));
    writeln!(told, "twice: {}", ask(&server, "eva", &key(), &accept, "{}").await.problem()).unwrap();
    let late = ask(&server, "ana", &key(), &format!("{proposal}/withdraw"), "{}").await;
    writeln!(told, "withdrawn too late: {}", late.problem()).unwrap();
    writeln!(told, "approved twice: {}", ask(&server, "eva", &key(), &path, body).await.problem()).unwrap();
    expect![[r"
        the same key, another body: 422 idempotency_key_reused Idempotency-Key=idempotency_key_reused
        her own: 403 own_proposal
        a cent short: 403 above_approval_limit
        no limit: 403 above_approval_limit
        enough: 200 OK ProposalAccepted ProposalExecuted
        twice: 409 proposal_not_waiting
        withdrawn too late: 409 proposal_not_waiting
        approved twice: 409 not_applied
    "]]
    .assert_eq(&told);
    let executed = &accepted.json()["events"][1];
    assert_eq!(executed["stream_id"], loan.trim_start_matches("/v1/loans/"));
    let metadata = last_metadata(&server, "LoanApproved").await;
    assert_eq!(
        (&metadata["actor"], &metadata["accepted_by"], &metadata["idempotency_key"], &metadata["command"]),
        (&"ana".into(), &"eva".into(), &"key-1".into(), &"ApproveLoan".into())
    );
    assert_eq!(metadata["causation_id"], first.id());
    assert_eq!(last_metadata(&server, "ProposalAccepted").await["reason"], "seen the contract");
    let repeated = ask(&server, "ana", "key-1", &path, body).await;
    assert_eq!((repeated.status.as_u16(), &repeated.body), (202, &first.body), "as it was answered first");
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_could_not_be_read_again_is_not_proposed(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let loan = applied(&server).await;
    let id = loan.rsplit('/').next().unwrap();
    let escaped = format!("/v1/loans/%{:02x}{}/approve", id.as_bytes()[0], &id[1..]);
    let refused = ask(&server, "ana", &key(), &escaped, r#"{"on": "2026-01-12"}"#).await;
    assert_eq!(refused.problem(), "400 invalid_parameter id=invalid_parameter");
    // Who may decide alone may write it as they like.
    assert_eq!(ask(&server, "eva", &key(), &escaped, r#"{"on": "2026-01-12"}"#).await.status, 200);
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn up_to_their_limit_people_decide_alone(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let loan = applied(&server).await;
    let approved = ask(&server, "eva", &key(), &format!("{loan}/approve"), r#"{"on": "2026-01-12"}"#).await;
    assert_eq!((approved.status.as_u16(), types(&approved).as_str()), (200, "LoanApproved"));
    // Nobody has a limit for disbursements.
    let disbursed = ask(&server, "joe", &key(), &format!("{loan}/disburse"), r#"{"on": "2026-01-15"}"#).await;
    assert_eq!(disbursed.status, 200, "{}", disbursed.body);
    limit(&server, "ana", r#"{"write_off": {"BRL": "0.00"}, "reverse": {"BRL": "100.00"}}"#).await;
    let paid = |amount: &str| format!(r#"{{"on": "2026-02-15", "amount": "{amount}"}}"#);
    for (amount, status) in [("100.00", 200), ("100.01", 202)] {
        let paid = server.post(&format!("{loan}/repayments"), &paid(amount)).await;
        let id = paid.event("repayment_id");
        let reversal = r#"{"on": "2026-02-16", "reason": "posted twice"}"#;
        let path = format!("{loan}/repayments/{id}/reverse");
        assert_eq!(ask(&server, "ana", &key(), &path, reversal).await.status, status, "{amount}");
    }
    let write_off = r#"{"on": "2026-06-20", "reason": "not recoverable"}"#;
    let waits = ask(&server, "ana", &key(), &format!("{loan}/write-off"), write_off).await;
    assert_eq!(waits.status, 202, "{}", waits.body);
    // What cannot be done is refused at once, and waits for nobody.
    let other = format!("/v1/loans/{}", Uuid::from_u128(1));
    let unknown = ask(&server, "ana", &key(), &format!("{other}/write-off"), write_off).await;
    assert_eq!(unknown.problem(), "404 not_found");
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn the_policy_wants_two_for_entries_above_an_amount(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let policy = r#"{"second_person_above": {"entry": {"BRL": "10.00"}}}"#;
    assert_eq!(ask(&server, "admin", &key(), "/v1/approval-policy", policy).await.status, 200);
    limit(&server, "ana", r#"{"entry": {"BRL": "1000.00"}}"#).await;
    limit(&server, "ben", r#"{"entry": {"BRL": "1000.00"}}"#).await;
    let entry = |amount: &str| {
        format!(
            r#"{{"on": "2026-06-01", "description": "rent", "lines": [
                {{"account": "expenses:rent", "debit": "{amount}"}}, {{"account": "assets:cash", "credit": "{amount}"}}]}}"#
        )
    };
    assert_eq!(ask(&server, "ana", &key(), "/v1/entries", &entry("10.00")).await.status, 201);
    let waits = ask(&server, "ana", &key(), "/v1/entries", &entry("10.01")).await;
    assert_eq!((waits.status.as_u16(), waits.event("second_person_above").as_str()), (202, "10.00"));
    let accept = format!("/v1/proposals/{}/accept", waits.id());
    let accepted = ask(&server, "ben", &key(), &accept, "{}").await;
    assert_eq!(types(&accepted), "ProposalAccepted ProposalExecuted");
    assert_eq!(last_metadata(&server, "EntryPosted").await["accepted_by"], "ben");
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_the_state_forbids_by_then_fails_and_the_proposal_says_why(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let server = Server::start(&options).await;
    let loan = applied(&server).await;
    let proposal = proposed(&server, &loan).await;
    server.post(&format!("{loan}/withdraw"), r#"{"on": "2026-01-12"}"#).await;
    let accepted = ask(&server, "eva", &key(), &format!("{proposal}/accept"), "{}").await;
    assert_eq!(types(&accepted), "ProposalAccepted ProposalFailed");
    assert_eq!(accepted.json()["events"][1]["code"], "not_applied");
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_proposal_is_refused_by_another_and_withdrawn_by_its_maker(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let server = Server::start(&options).await;
    let loan = applied(&server).await;
    let (refused, withdrawn) = (proposed(&server, &loan).await, proposed(&server, &loan).await);
    let own = ask(&server, "ana", &key(), &format!("{refused}/refuse"), "{}").await;
    assert_eq!(own.problem(), "403 own_proposal");
    let refuse = ask(&server, "ben", &key(), &format!("{refused}/refuse"), r#"{"reason": "too much"}"#).await;
    assert_eq!((refuse.status.as_u16(), refuse.event("reason").as_str()), (200, "too much"));
    let other = ask(&server, "ben", &key(), &format!("{withdrawn}/withdraw"), "{}").await;
    assert_eq!(other.problem(), "403 not_own_proposal");
    let withdraw = ask(&server, "ana", &key(), &format!("{withdrawn}/withdraw"), "{}").await;
    assert_eq!((withdraw.status.as_u16(), types(&withdraw).as_str()), (200, "ProposalWithdrawn"));
    let unknown = format!("/v1/proposals/{}", Uuid::from_u128(9));
    for (path, expected) in [
        (refused, "409 proposal_not_waiting"),
        (withdrawn, "409 proposal_not_waiting"),
        (unknown, "404 not_found"),
    ] {
        let late = ask(&server, "eva", &key(), &format!("{path}/accept"), "{}").await;
        assert_eq!(late.problem(), expected);
    }
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_was_accepted_before_a_crash_is_executed_once(_: PgPoolOptions, options: PgConnectOptions) {
    let mut completion = None;
    let server = Server::start_with(&options, |log, day| {
        let state = CommandState::new(log, day, 1 << 20);
        completion = Some(Completion::new(state.clone()));
        state
    })
    .await;
    let completion = completion.unwrap();
    let loan = applied(&server).await;
    let proposal = proposed(&server, &loan).await;
    let id: Uuid = proposal.trim_start_matches("/v1/proposals/").parse().unwrap();
    let log = event_store::Log::connect(&options).await.unwrap();
    assert!(log.unconcluded_proposals(0).await.unwrap().proposals.is_empty());
    // The acceptance is durable, and the process that took it is gone.
    let amount = "1000.00".parse().unwrap();
    let amount = domain::Currency::Brl.try_amount(amount).unwrap();
    let accept = ProposalCommand::Accept(Accept { by: "eva".to_owned(), limit: Some(amount), amount });
    let context = CommandContext {
        today: TODAY.parse().unwrap(),
        key: None,
        expected_version: None,
        claims: Vec::new(),
        borrower: None,
        bundle: None,
        metadata: Metadata::default(),
    };
    let accepted = Streams::<Proposal>::new(log.clone(), 1 << 20).execute(id, &accept, &context).await;
    let left = log.unconcluded_proposals(0).await.unwrap();
    assert_eq!((left.proposals, left.concluded_through), (vec![id], accepted.unwrap().position - 1));
    for completed in join_all((0..8).map(|_| completion.complete(id))).await {
        completed.unwrap();
    }
    completion.complete(id).await.unwrap();
    let count = "select string_agg(event_type, ' ' order by position) from events where position > \
        (select min(position) from events where event_type = 'ProposalMade')";
    assert_eq!(server.text(count).await, "ProposalAccepted LoanApproved ProposalExecuted");
    let left = log.unconcluded_proposals(0).await.unwrap();
    assert!(left.proposals.is_empty() && left.concluded_through > 0);
    log.close().await;
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_second_person_has_the_role_of_the_command(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let loan = applied(&server).await;
    let proposal = proposed(&server, &loan).await;
    let no_approver = || {
        Permits::new(|route, _| if route.ends_with("/approve") { Err("approver".to_owned()) } else { Ok(()) })
    };
    for what in ["accept", "refuse"] {
        let path = format!("{proposal}/{what}");
        let refused = ask_with(&server, ("eva", no_approver()), &key(), &path, "{}").await;
        assert_eq!(refused.problem(), "403 forbidden");
        assert!(refused.body.contains("POST /v1/loans/{id}/approve is for approver"), "{}", refused.body);
    }
    let accepted = ask(&server, "eva", &key(), &format!("{proposal}/accept"), "{}").await;
    assert_eq!(accepted.status, 200);
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_field_can_be_for_fewer_than_its_route(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let loan = server.active_loan("loan-1").await;
    let no_finance = || Permits::new(|_, field| field.map_or(Ok(()), |_| Err("finance".to_owned())));
    let credit =
        |on: &str| format!(r#"{{"on": "{on}", "amount": "1.00", "kind": "goodwill", "reason": "sorry"}}"#);
    let path = format!("{loan}/credits");
    let may = ask_with(&server, ("ana", no_finance()), &key(), &path, &credit("2026-06-01")).await;
    assert_eq!(may.status, 201, "{}", may.body);
    let earlier = ask_with(&server, ("ana", no_finance()), &key(), &path, &credit("2026-05-31")).await;
    assert_eq!(earlier.problem(), format!("403 {} /on=forbidden", FORBIDDEN.code));
    assert!(earlier.body.contains("`on` in an earlier month is for finance"), "{}", earlier.body);
    assert_eq!(ask(&server, "ana", &key(), &path, &credit("2026-05-31")).await.status, 201);
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_became_a_correction_is_accepted_by_who_may_correct(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let server = Server::start(&options).await;
    let loan = server.active_loan("loan-1").await;
    limit(&server, "ana", r#"{"credit": {"BRL": "0.50"}}"#).await;
    limit(&server, "eva", r#"{"credit": {"BRL": "9.00"}}"#).await;
    let mut proposals = Vec::new();
    for on in ["2026-06-30", "2026-05-31"] {
        let credit = format!(r#"{{"on": "{on}", "amount": "1.00", "kind": "goodwill", "reason": "sorry"}}"#);
        let waits = ask(&server, "ana", &key(), &format!("{loan}/credits"), &credit).await;
        proposals.push(format!("/v1/proposals/{}/accept", waits.id()));
    }
    server.stop().await;
    let next_month =
        |log, _| CommandState::new(log, BookingDay::Fixed("2026-07-01".parse().unwrap()), 1 << 20);
    let server = Server::start_with(&options, next_month).await;
    let no_finance = || Permits::new(|_, field| field.map_or(Ok(()), |_| Err("finance".to_owned())));
    let refused = ask_with(&server, ("eva", no_finance()), &key(), &proposals[0], "{}").await;
    assert_eq!(refused.problem(), format!("403 {} /on=forbidden", FORBIDDEN.code));
    // Who asked for the other could correct then already.
    let accepted = ask_with(&server, ("eva", no_finance()), &key(), &proposals[1], "{}").await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    assert_eq!(ask(&server, "eva", &key(), &proposals[0], "{}").await.status, 200);
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn limits_are_amounts_of_their_currencies_and_set_by_others(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let server = Server::start(&options).await;
    let mut told = String::new();
    for limits in [
        r#"{"approve": {"BRL": "1.001"}}"#,
        r#"{"approve": {"BRL": "-1.00"}, "waive": {"JPY": "0.5"}}"#,
        r#"{"approve": {"XXX": "1.00"}}"#,
        r#"{"dance": {"BRL": "1.00"}}"#,
        r#"{"approve": "1.00"}"#,
        "null",
    ] {
        let body = format!(r#"{{"limits": {limits}}}"#);
        let refused = ask(&server, "admin", &key(), "/v1/staff/ana/limits", &body).await;
        writeln!(told, "{limits}: {}", refused.problem()).unwrap();
    }
    let own = ask(&server, "ana", &key(), "/v1/staff/ana/limits", r#"{"limits": {}}"#).await;
    writeln!(told, "her own: {}", own.problem()).unwrap();
    let blank = ask(&server, "ana", &key(), "/v1/staff/%20/limits", r#"{"limits": {}}"#).await;
    writeln!(told, "nobody's: {}", blank.problem()).unwrap();
    let policy = r#"{"second_person_above": {"approve": {"BRL": "1e9"}}}"#;
    let refused = ask(&server, "ana", &key(), "/v1/approval-policy", policy).await;
    writeln!(told, "a policy: {}", refused.problem()).unwrap();
    expect![[r#"
        {"approve": {"BRL": "1.001"}}: 422 invalid_amount /limits/approve/BRL=invalid_amount
        {"approve": {"BRL": "-1.00"}, "waive": {"JPY": "0.5"}}: 422 invalid_amount /limits/approve/BRL=invalid_amount /limits/waive/JPY=invalid_amount
        {"approve": {"XXX": "1.00"}}: 400 invalid_field /limits=unknown_word
        {"dance": {"BRL": "1.00"}}: 400 invalid_field /limits=unknown_word
        {"approve": "1.00"}: 400 invalid_field /limits=wrong_type
        null: 400 invalid_field /limits=wrong_type
        her own: 403 own_limits subject=own_limits
        nobody's: 422 invalid_value /subject=empty
        a policy: 400 invalid_field /second_person_above=invalid_form
    "#]]
    .assert_eq(&told);
    let set = ask(&server, "ana", &key(), "/v1/staff/auth0%7C42/limits", r#"{"limits": {}}"#).await;
    assert_eq!((set.status.as_u16(), set.event("subject").as_str()), (200, "auth0|42"));
    server.stop().await;
}
