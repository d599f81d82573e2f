use std::fmt::Write as _;

use expect_test::expect;
use futures::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::Server;

fn fee(on: &str) -> String {
    format!(
        r#"{{"on": "{on}", "description": "bank fee", "lines": [
            {{"account": "expenses:bank", "debit": "9.90"}}, {{"account": "assets:cash", "credit": "9.90"}}]}}"#
    )
}

/// The value date of a fee, and the day on which its event books it.
async fn booked(server: &Server, on: &str) -> String {
    let answer = server.post("/v1/entries", &fee(on)).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let event = answer.json()["events"][0].clone();
    format!("{} {}", event["on"].as_str().unwrap(), event["booked_on"].as_str().unwrap_or("open"))
}

async fn close(server: &Server, month: &str) {
    let closed = server.post(&format!("/v1/periods/{month}/close"), r#"{"reason": "signed"}"#).await;
    assert_eq!(closed.status, 200, "{}", closed.body);
}

#[sqlx::test(migrations = false)]
async fn a_month_is_closed_and_reopened(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let path = "/v1/periods/2026-03/close";
    let closed = server.post_as("k1", path, r#"{"reason": " signed "}"#).await;
    expect![[r#"
        200 OK
        content-type: application/json
        etag: "1"
        razao-position: 1

        {
          "events": [
            {
              "closed_through": "2026-03-31",
              "month": "2026-03",
              "on": "2026-06-30",
              "reason": "signed",
              "sequence": 1,
              "type": "PeriodClosed"
            }
          ],
          "id": "ID-1",
          "position": 1,
          "version": 1
        }
    "#]]
    .assert_eq(&closed.shown());
    assert_eq!(booked(&server, "2026-03-31").await, "2026-03-31 2026-04-01");
    assert_eq!(booked(&server, "2026-04-01").await, "2026-04-01 open");

    let repeat = server.post_as("k1", path, r#"{"reason": " signed "}"#).await;
    assert_eq!((repeat.status.as_u16(), &repeat.body), (200, &closed.body));
    assert_eq!(repeat.headers["idempotency-replayed"], "true");

    let reopened = server.post("/v1/periods/2026-03/reopen", "{}").await;
    assert_eq!(reopened.event("type"), "PeriodReopened");
    assert_eq!(reopened.event("closed_through"), "2026-02-28");
    assert_eq!(booked(&server, "2026-03-31").await, "2026-03-31 open");
    assert_eq!(booked(&server, "2026-02-28").await, "2026-02-28 2026-03-01");
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_a_period_is_refused_for(_: PgPoolOptions, options: PgConnectOptions) {
    let server = Server::start(&options).await;
    let mut report = String::new();
    let not_closed = server.post("/v1/periods/2026-02/reopen", "{}").await;
    writeln!(report, "reopened before any was closed: {}", not_closed.problem()).unwrap();
    close(&server, "2026-02").await;
    close(&server, "2026-03").await;
    let stored = server.stored().await;
    for (what, path) in [
        ("closed again", "2026-03/close"),
        ("closed with a later one", "2025-01/close"),
        ("not the next", "2026-05/close"),
        ("the month of today's last day", "2026-06/close"),
        ("a month to come", "2026-12/close"),
        ("reopened while open", "2026-04/reopen"),
        ("reopened before a later one", "2026-02/reopen"),
        ("no month", "2026-13/close"),
        ("a day", "2026-03-01/close"),
    ] {
        let answer = server.post(&format!("/v1/periods/{path}"), "{}").await;
        writeln!(report, "{what}: {}", answer.problem()).unwrap();
    }
    let long = format!(r#"{{"reason": "{}"}}"#, "r".repeat(501));
    let answer = server.post("/v1/periods/2026-04/close", &long).await;
    writeln!(report, "a long reason: {}", answer.problem()).unwrap();
    expect![[r"
        reopened before any was closed: 409 period_not_closed month=period_not_closed
        closed again: 409 period_closed month=period_closed
        closed with a later one: 409 period_closed month=period_closed
        not the next: 409 period_out_of_order month=period_out_of_order
        the month of today's last day: 422 period_not_over month=period_not_over
        a month to come: 422 period_not_over month=period_not_over
        reopened while open: 409 period_not_closed month=period_not_closed
        reopened before a later one: 409 period_out_of_order month=period_out_of_order
        no month: 400 invalid_parameter month=invalid_parameter
        a day: 400 invalid_parameter month=invalid_parameter
        a long reason: 422 invalid_value /reason=too_long
    "]]
    .assert_eq(&report);
    assert_eq!(server.stored().await, stored, "a refused command stores nothing");
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_close_holds_at_once_for_another_server(_: PgPoolOptions, options: PgConnectOptions) {
    let (one, other) = (Server::start(&options).await, Server::start(&options).await);
    assert_eq!(booked(&other, "2026-01-15").await, "2026-01-15 open");
    close(&one, "2026-01").await;
    assert_eq!(booked(&other, "2026-01-15").await, "2026-01-15 2026-02-01");
    close(&other, "2026-02").await;
    assert_eq!(booked(&one, "2026-01-15").await, "2026-01-15 2026-03-01");
    assert_eq!(one.post("/v1/periods/2026-02/reopen", "{}").await.status, 200);
    assert_eq!(booked(&other, "2026-02-15").await, "2026-02-15 open");
    one.stop().await;
    other.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_repayment_of_a_closed_month_is_booked_on_the_first_open_day(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let server = Server::start(&options).await;
    let loan = server.active_loan("loan-1").await;
    close(&server, "2026-03").await;
    let repayments = format!("{loan}/repayments");
    let late = server.post(&repayments, r#"{"on": "2026-02-15", "amount": "346.75"}"#).await;
    assert_eq!(late.status, 201, "{}", late.body);
    assert_eq!((late.event("on").as_str(), late.event("booked_on").as_str()), ("2026-02-15", "2026-04-01"));
    let open = server.post(&repayments, r#"{"on": "2026-04-15", "amount": "100.00"}"#).await;
    assert_eq!(open.json()["events"][0].get("booked_on"), None);
    server.stop().await;
}

/// Whatever is recorded after a close is booked after the closed days, with two servers that write all the while.
#[sqlx::test(migrations = false)]
async fn nothing_is_booked_in_a_month_after_it_was_closed(_: PgPoolOptions, options: PgConnectOptions) {
    let servers = [Server::start(&options).await, Server::start(&options).await];
    let posting = (0..200).map(|number| {
        let server = &servers[number % 2];
        async move {
            let on = format!("2026-0{}-15", 1 + number % 5);
            booked(server, &on).await
        }
    });
    let closing = async {
        for month in ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05"] {
            close(&servers[1], month).await;
            tokio::task::yield_now().await;
        }
    };
    let (days, ()) = tokio::join!(join_all(posting), closing);
    assert_eq!(days.len(), 200);
    let late = "select count(*)::text from events e, lateral (
            select max((p.payload ->> 'closed_through')::date) as day from events p
             where p.event_type = 'PeriodClosed' and p.position < e.position) closed
         where e.event_type = 'EntryPosted'
           and coalesce(e.payload ->> 'booked_on', e.payload ->> 'on')::date <= closed.day";
    assert_eq!(servers[0].text(late).await, "0");
    assert_eq!(servers[0].stored().await.0, 205);
    for server in servers {
        server.stop().await;
    }
}
