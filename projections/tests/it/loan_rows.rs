//! A loan is read as its read model has it only where that is what its events come to.

use sqlx::PgPool;
use uuid::Uuid;

use crate::asking::Client;
use crate::book::varied;
use crate::loans::projected;

const LOANS: u128 = 70;

fn paths(head: i64) -> Vec<String> {
    let moments = [
        String::new(),
        "?effective_on=2025-02-14".to_owned(),
        "?effective_on=2025-03-20".to_owned(),
        "?effective_on=2026-12-31".to_owned(),
        format!("?known_at={}", head / 2),
        format!("?effective_on=2025-04-15&known_at={}", head - 40),
    ];
    let each = |number| moments.iter().map(move |moment| format!("{}{moment}", path(number)));
    (1..=LOANS).flat_map(each).collect()
}

fn path(number: u128) -> String {
    format!("/v1/loans/{}", Uuid::from_u128(number))
}

async fn answers(client: &Client, paths: &[String]) -> Vec<String> {
    let mut answers = Vec::with_capacity(paths.len());
    for path in paths {
        let reply = client.ask(path).await;
        answers.push(format!("{path}: {} {}", reply.status, reply.text));
    }
    answers
}

async fn execute(pool: &PgPool, statement: &str) {
    sqlx::raw_sql(statement).execute(pool).await.expect("the statement is right");
}

#[sqlx::test(migrations = false)]
async fn a_loan_as_its_read_model_has_it_is_what_its_events_come_to(pool: PgPool) {
    let (log, running, client) = projected(&pool, varied(LOANS)).await;
    running.stop().await;
    let paths = paths(log.head().await.unwrap().position);
    let as_projected = answers(&client, &paths).await;
    // Behind its back, so that it shows which answers are its own.
    let move_rows = |cents: i64| {
        format!(
            "update read_loans.standings set principal = principal + {cents}; \
             update read_loans.standing_changes set principal = principal + {cents}"
        )
    };
    execute(&pool, &move_rows(1)).await;
    let moved = answers(&client, &paths).await;
    let own = as_projected.iter().zip(&moved).filter(|(as_projected, moved)| as_projected != moved).count();
    assert!(own > paths.len() / 2, "{own} of {}", paths.len());
    execute(&pool, &move_rows(-1)).await;
    assert_eq!(answers(&client, &paths).await, as_projected);
    // Without it everything is derived.
    execute(&pool, "truncate read_loans.loans").await;
    for (as_projected, derived) in as_projected.iter().zip(answers(&client, &paths).await) {
        assert_eq!(*as_projected, derived);
    }
}

#[sqlx::test(migrations = false)]
async fn what_a_read_model_misses_or_does_without_is_derived(pool: PgPool) {
    let (_log, running, client) = projected(&pool, varied(21)).await;
    running.stop().await;
    // Three that were rejected: no day moves them.
    let paths: Vec<String> = [7, 14, 21].map(path).into();
    let before = answers(&client, &paths).await;
    execute(&pool, "update read_loans.standings set principal = principal + 1").await;
    let of = |number| Uuid::from_u128(number);
    // It has not got to the loan's last event.
    let behind =
        format!("update read_loans.standings set position = position - 1 where loan_id = '{}'", of(7));
    execute(&pool, &behind).await;
    // Somebody decided to do without an event.
    let discard = format!(
        "insert into projections.discarded_events (projection, position, stream_type, stream_id, sequence, event_type, \
         cause, reason, discarded_by, discarded_at) \
         values ('loans', 3, 'Loan', '{}', 3, 'LoanDisbursed', 'broken', 'hopeless', 'ana', now())",
        of(14)
    );
    execute(&pool, &discard).await;
    let after = answers(&client, &paths).await;
    assert_eq!(after[..2], before[..2]);
    assert_ne!(after[2], before[2]);
    // It does not answer.
    execute(&pool, "alter table read_loans.loans rename to elsewhere").await;
    assert_eq!(answers(&client, &paths).await, before);
}
