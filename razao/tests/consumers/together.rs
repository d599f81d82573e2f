//! Read models that one process feeds together: each by itself, in one group at a time, in whatever sets.

use std::time::Duration;

use projections::ProjectionStatus;
use razao::client::Client;
use sqlx::PgPool;
use tokio::time::Instant;

use crate::lender::Lender;
use crate::relay::Relay;

/// How long the read models may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn only(names: &'static str) -> [(&'static str, &'static str); 1] {
    [("RAZAO_PROJECTIONS", names)]
}

/// Posts entries, which waits for no read model.
async fn post_entries(lender: &Lender, count: u32) {
    let mut api = lender.start_on_the_log("command-api");
    let client = Client::new(&api.url().await);
    for _ in 0..count {
        let id = uuid::Uuid::now_v7();
        let body = serde_json::json!({
            "id": id, "on": "2025-03-03", "description": "till",
            "lines": [{"account": "assets:cash", "debit": "1.00"}, {"account": "income:tips", "credit": "1.00"}],
        });
        client.command("/v1/entries", &id.to_string(), &body).await.unwrap();
    }
    api.stop().await;
}

/// Waits until the read model of that name is as is wanted.
async fn until(lender: &Lender, name: &str, wanted: impl Fn(&ProjectionStatus) -> bool) {
    let patience = Instant::now() + PATIENCE;
    loop {
        let status = lender.status().await;
        let one = status.iter().find(|projection| projection.name == name).unwrap();
        if wanted(one) {
            return;
        }
        assert!(Instant::now() < patience, "not as wanted: {one:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn is_caught_up(projection: &ProjectionStatus) -> bool {
    projection.lag == 0
}

fn group(lender: &Lender, set: &str) -> String {
    lender.topic().replace(".events", &format!(".{set}"))
}

async fn relay(lender: &Lender) -> Relay {
    let mut relay = lender.start("relay");
    relay.says("leading: sending from here on").await;
    relay
}

#[sqlx::test(migrations = false)]
async fn one_whose_rows_the_database_refuses_leaves_the_others_be(pool: PgPool) {
    let lender = Lender::on(&pool).await;
    let relay = relay(&lender).await;
    let mut projector = lender.start("projections");
    let (_api, posting) = lender.post(41, 6).await;
    posting.await.unwrap();
    lender.caught_up().await;

    let rename = |from: &str, to: &str| format!("alter table read_journal.{from} rename to {to}");
    sqlx::raw_sql(&rename("journal_lines", "mislaid")).execute(&pool).await.unwrap();
    for _ in 0..2 {
        post_entries(&lender, 30).await;
        lender.until(|projection| (projection.name == "journal") != is_caught_up(projection)).await;
    }
    until(&lender, "journal", |journal| {
        journal.stopped_by.as_ref().is_some_and(|cause| cause.contains("journal_lines"))
    })
    .await;
    let others = lender.status().await.into_iter().filter(|projection| projection.name != "journal");
    for other in others {
        assert_eq!(other.stopped_by, None, "{other:?}");
    }

    sqlx::raw_sql(&rename("mislaid", "journal_lines")).execute(&pool).await.unwrap();
    lender.until(|projection| is_caught_up(projection) && projection.stopped_by.is_none()).await;
    lender.equals_its_rebuild().await;
    projector.says("projecting failed; trying again").await;
    projector.stop().await;
    relay.stop().await;
}

/// A set is changed by stopping the processes and starting them with another one, also when they are killed.
#[sqlx::test(migrations = false)]
async fn another_set_begins_where_each_read_model_is(pool: PgPool) {
    let lender = Lender::on(&pool).await;
    let relay = relay(&lender).await;
    let all = lender.start("projections");
    let (_api, posting) = lender.post(42, 6).await;
    posting.await.unwrap();
    lender.caught_up().await;
    all.stop().await;

    // From here on they are at different places.
    for (set, is_killed) in [("entries,journal", false), ("daily_balances,journal", true), ("journal", true)]
    {
        let some = lender.start_with("projections", &only(set));
        post_entries(&lender, 20).await;
        lender.until(|projection| !set.contains(projection.name) || is_caught_up(projection)).await;
        let mut names: Vec<_> = set.split(',').collect();
        names.sort_unstable();
        let expected = group(&lender, &names.join("+"));
        until(&lender, "journal", |journal| journal.group.as_ref() == Some(&expected)).await;
        if is_killed {
            some.kill().await;
        } else {
            some.stop().await;
        }
    }
    let behind = lender.status().await.into_iter().filter(|projection| !is_caught_up(projection));
    assert!(behind.count() >= 6, "only the journal has everything");

    let all = lender.start("projections");
    lender.equals_its_rebuild().await;
    for projection in lender.status().await {
        assert_eq!(projection.group, Some(group(&lender, "projections")));
    }
    all.stop().await;
    relay.stop().await;
}

/// Somebody starts a process for some read models beside one that feeds all.
#[sqlx::test(migrations = false)]
async fn of_two_sets_with_a_read_model_in_common_the_later_one_is_refused_it_and_told_so(pool: PgPool) {
    let lender = Lender::on(&pool).await;
    let relay = relay(&lender).await;
    let all = lender.start("projections");
    let (_api, posting) = lender.post(43, 6).await;
    posting.await.unwrap();
    lender.caught_up().await;

    let mut some = lender.start_with("projections", &only("entries,loans"));
    let told = format!("another group feeds it, {}", group(&lender, "projections"));
    some.says(&told).await;
    for name in ["entries", "loans"] {
        until(&lender, name, |one| one.refused.as_ref() == Some(&format!("{told}: {RULE}"))).await;
        until(&lender, name, |one| one.group == Some(group(&lender, "projections"))).await;
    }
    post_entries(&lender, 20).await;
    lender.caught_up().await;
    for projection in lender.status().await {
        assert_eq!(projection.stopped_by, None, "{projection:?}");
    }

    // The later one comes to it when the others are gone. Those are refused it then, and feed the rest.
    all.stop().await;
    for name in ["entries", "loans"] {
        let expected = group(&lender, "entries+loans");
        until(&lender, name, |one| one.group.as_ref() == Some(&expected) && one.refused.is_none()).await;
    }
    post_entries(&lender, 20).await;
    until(&lender, "entries", is_caught_up).await;
    let mut all = lender.start("projections");
    lender.caught_up().await;
    all.says("another group feeds it").await;
    some.kill().await;
    post_entries(&lender, 20).await;
    lender.equals_its_rebuild().await;
    for projection in lender.status().await {
        assert_eq!(projection.group, Some(group(&lender, "projections")));
    }
    all.stop().await;
    relay.stop().await;
}

const RULE: &str = "a read model is fed by the processes of one group";
