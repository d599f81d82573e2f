//! Approval limits and proposals, as they are written into a book and read.

use domain::Currency;
use domain::decider::{Decider, DecisionDay};
use domain::proposal::{Accept, End, Executed, Failed, Made, Outcome, Proposal, ProposalCommand};
use domain::staff::{self, Limits, Operation, SetLimits, SetPolicy, Staff, StaffCommand};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::book::{Book, day, decimal};
use crate::loans::projected;

fn limits(amount: &str) -> Limits {
    let amount = Currency::Brl.try_amount(decimal(amount)).expect("an amount");
    Limits::default().with(Operation::Approve, Currency::Brl, amount)
}

impl Book {
    /// Limits of one more person, taken away from every third, and the policy. So it was done `before` times.
    pub(crate) fn set_limits(&mut self, staff: &mut Staff, before: u128) {
        let person = |number: u128, limits| {
            let reason = number.is_multiple_of(2).then(|| "committee".to_owned());
            let subject = format!("person {number}");
            StaffCommand::SetLimits(SetLimits { by: "admin".to_owned(), subject, limits, reason })
        };
        let gone = if before % 3 == 1 { Limits::default() } else { limits("70.00") };
        let policy = SetPolicy { second_person_above: limits(&format!("{before}.00")), reason: None };
        let commands = [
            person(before, limits("50.00")),
            StaffCommand::SetPolicy(policy),
            person(before.saturating_sub(1), gone),
        ];
        let first = i64::try_from(before).expect("few people") * 3 + 1;
        for (sequence, command) in (first..).zip(commands) {
            let today = DecisionDay::open(day("2025-06-20"));
            for event in staff.decide(None, &command, today).expect("the command is accepted") {
                staff.apply(&event);
                self.push("Staff", staff::STREAM, sequence, event.name(), &event);
            }
        }
    }

    /// A proposal that ends in one of four ways, or waits.
    pub(crate) fn propose(&mut self, number: u128) {
        let amount = Currency::Brl.try_amount(decimal("80.00")).expect("an amount");
        let made = Made {
            by: format!("person {}", number % 3),
            client: "desk".to_owned(),
            idempotency_key: format!("key-{number}"),
            operation: if number.is_multiple_of(2) { Operation::Approve } else { Operation::WriteOff },
            command: "ApproveLoan".to_owned(),
            path: format!("/v1/loans/{}/approve", Uuid::from_u128(number)),
            body: json!({"on": "2025-06-20"}).as_object().expect("an object").clone(),
            expected_version: None,
            amount,
            currency: Currency::Brl,
            limit: None,
            second_person_above: None,
            on: day("2025-06-20"),
            expires_on: day("2025-06-20"),
        };
        let accept = Accept { by: "eva".to_owned(), limit: Some(amount), amount };
        let end = |by: &str| End { by: by.to_owned(), reason: None };
        let mut commands = vec![ProposalCommand::Make(Box::new(made.clone()))];
        let executed = Executed { stream_id: Uuid::from_u128(number), version: 2, position: 7 };
        let failed = Failed { code: "not_applied".to_owned(), detail: "withdrawn".to_owned() };
        commands.extend(match number % 5 {
            0 => {
                vec![ProposalCommand::Accept(accept), ProposalCommand::Conclude(Outcome::Executed(executed))]
            }
            1 => vec![ProposalCommand::Accept(accept), ProposalCommand::Conclude(Outcome::Failed(failed))],
            2 => vec![ProposalCommand::Refuse(end("eva"))],
            3 => vec![ProposalCommand::Withdraw(end(&made.by))],
            _ => Vec::new(),
        });
        let (mut proposal, id) = (Proposal::default(), Uuid::from_u128((3 << 96) + number));
        for (sequence, command) in (1..).zip(commands) {
            let today = DecisionDay::open(day("2025-06-20"));
            for event in proposal.decide(None, &command, today).expect("the command is accepted") {
                proposal.apply(&event);
                self.push("Proposal", id, sequence, event.name(), &event);
            }
        }
    }
}

fn field<'a>(items: &'a Value, name: &str) -> Vec<&'a str> {
    items.as_array().expect("a list").iter().map(|item| item[name].as_str().expect("a text")).collect()
}

#[sqlx::test(migrations = false)]
async fn limits_are_listed_by_person_with_the_policy(pool: PgPool) {
    let (mut book, mut staff) = (Book::default(), Staff::default());
    for before in 0..3 {
        book.set_limits(&mut staff, before);
    }
    let (_log, running, client) = projected(&pool, book).await;
    let all = client.ask("/v1/staff").await.json();
    assert_eq!(field(&all["items"], "subject"), ["person 1", "person 2"], "person 0 has none any more");
    assert_eq!(all["items"][0]["limits"], json!({"approve": {"BRL": "70.00"}}));
    assert_eq!(all["policy"]["second_person_above"], json!({"approve": {"BRL": "2.00"}}));
    let page = client.ask("/v1/staff?limit=1").await.json();
    let next = page["next"].as_str().expect("another page");
    let rest = client.ask(&format!("/v1/staff?limit=1&after={next}")).await.json();
    assert_eq!((field(&rest["items"], "subject"), rest["next"].is_null()), (vec!["person 2"], true));
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn nobody_has_limits_at_first(pool: PgPool) {
    let (_log, running, client) = projected(&pool, Book::default()).await;
    let staff = client.ask("/v1/staff").await.json();
    assert_eq!((&staff["items"], staff["policy"].is_null()), (&json!([]), true));
    assert_eq!(client.ask("/v1/proposals").await.json()["items"], json!([]));
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn proposals_are_found_by_where_they_are_and_who_made_them(pool: PgPool) {
    let mut book = Book::default();
    for number in 0..10 {
        book.propose(number);
    }
    let (_log, running, client) = projected(&pool, book).await;
    for (filter, statuses) in [
        ("status=executed", &["executed"; 2][..]),
        ("status=failed&operation=approve", &["failed"]),
        ("status=withdrawn", &["withdrawn"; 2]),
        ("proposed_by=person%200&limit=2", &["executed", "withdrawn"]),
        ("proposed_by=nobody", &[]),
    ] {
        let found = client.ask(&format!("/v1/proposals?{filter}")).await.json();
        assert_eq!(field(&found["items"], "status"), statuses, "{filter}");
    }
    // Whether a proposal still waits, or has expired, is a matter of the day.
    let open = client.ask("/v1/proposals?status=expired").await.json();
    let waiting = client.ask("/v1/proposals?status=waiting").await.json();
    let count = |list: &Value| list["items"].as_array().map_or(0, Vec::len);
    assert_eq!(count(&open) + count(&waiting), 2);
    let one = client.ask(&format!("/v1/proposals/{}", Uuid::from_u128((3 << 96) + 1))).await.json();
    assert_eq!((&one["failed"]["code"], &one["made"]["amount"]), (&"not_applied".into(), &"80.00".into()));
    assert_eq!((&one["accepted"]["by"], &one["version"]), (&"eva".into(), &3.into()));
    let history = format!("/v1/proposals/{}/history", Uuid::from_u128((3 << 96) + 2));
    let events = client.ask(&history).await.json();
    assert_eq!(field(&events["items"], "type"), ["ProposalMade", "ProposalRefused"]);
    assert_eq!(client.ask(&format!("/v1/proposals/{}", Uuid::from_u128(1))).await.status, 404);
    assert_eq!(client.ask("/v1/proposals?status=lost").await.status, 400);
    running.stop().await;
}
