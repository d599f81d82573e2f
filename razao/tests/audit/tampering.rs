//! What the owner of the database can do to a sealed log, and what `razao verify` says of it.

use audit::checkpoint::Checkpoint;
use audit::hash::empty_root;
use audit::keys::Keys;
use razao::verify::pace::Pace;
use razao::verify::{Fault, check_log, check_tree};
use sqlx::PgPool;

use crate::book::Book;

/// Everything that is wrong.
async fn faults(book: &Book, anchors: &[(String, String)]) -> Vec<Fault> {
    let (head, mut found) = (book.log.head().await.unwrap().position, Vec::new());
    let pace = &mut Pace::new(None);
    check_log(&book.log, head, pace, |_| {}, &mut |fault| found.push(fault)).await.unwrap();
    let verifiers = book.verifiers();
    check_tree(&book.log, &verifiers, anchors, pace, |_| {}, &mut |fault| found.push(fault)).await.unwrap();
    found
}

async fn anchor(book: &Book) -> Vec<(String, String)> {
    let latest = book.log.latest_checkpoint().await.unwrap().unwrap();
    vec![("anchors, note 1".to_owned(), latest.note)]
}

#[sqlx::test(migrations = false)]
async fn a_log_that_nobody_touched_is_what_was_sealed(pool: PgPool) {
    let book = Book::sealed(&pool, 70).await;
    let anchors = anchor(&book).await;
    book.lend(71..=72).await;
    assert_eq!(faults(&book, &anchors).await, []);
    book.seal().await;
    assert_eq!(faults(&book, &anchors).await, []);
}

/// Who seals in the process that appends signs what was accepted, whatever became of it in the database since.
#[sqlx::test(migrations = false)]
async fn what_is_touched_before_it_is_sealed_is_told_too(pool: PgPool) {
    let book = Book::sealed(&pool, 2).await;
    book.lend(3..=3).await;
    book.tamper(
        "delete from events where position = 10; update events set payload = '{}' where position = 11",
    )
    .await;
    book.seal().await;
    let found = faults(&book, &[]).await;
    for fault in [Fault::EventRemoved { position: 10 }, Fault::EventChanged { position: 11 }] {
        assert!(found.contains(&fault), "{found:?}");
    }
}

#[sqlx::test(migrations = false)]
async fn a_change_of_any_column_is_told_with_its_position(pool: PgPool) {
    let book = Book::sealed(&pool, 2).await;
    for change in [
        "payload = replace(payload::text, '324.00', '324.01')::json",
        "payload = (payload::text || ' ')::json",
        "metadata = '{\"actor\": \"nobody\"}'",
        "event_type = 'LoanSettledEarly'",
        "event_version = '1.0'",
        "event_version = '2'",
        "aggregate_type = 'Entry'",
        "aggregate_id = '00000000-0000-0000-0000-000000000009'",
        "sequence = 44",
        "recorded_at = recorded_at + interval '1 microsecond'",
        "client = 'other'",
        "idempotency_key = 'free again'",
        "request_hash = '\\x00'",
        "command_events = 2",
        "client = null, idempotency_key = null, request_hash = null, command_events = null",
    ] {
        let row = "create table kept as select * from events where position = 4";
        book.tamper(&format!("{row}; update events set {change} where position = 4")).await;
        let found = faults(&book, &[]).await;
        assert!(found.contains(&Fault::EventChanged { position: 4 }), "{change}: {found:?}");
        let others =
            found.iter().filter(|fault| matches!(fault, Fault::EventChanged { position } if *position != 4));
        assert_eq!(others.count(), 0, "{change}: {found:?}");
        let back =
            "delete from events where position = 4; insert into events select * from kept; drop table kept";
        book.tamper(back).await;
        assert_eq!(faults(&book, &[]).await, [], "{change}");
    }
}

#[sqlx::test(migrations = false)]
async fn an_event_that_was_removed_is_told(pool: PgPool) {
    let book = Book::sealed(&pool, 2).await;
    book.tamper("delete from events where position = 6").await;
    let found = faults(&book, &[]).await;
    assert!(found.contains(&Fault::PositionsMissing { after: 5, before: 7 }), "{found:?}");
    assert!(found.contains(&Fault::EventRemoved { position: 6 }), "{found:?}");
}

#[sqlx::test(migrations = false)]
async fn an_event_that_was_put_in_is_told(pool: PgPool) {
    let book = Book::sealed(&pool, 2).await;
    let put_in = "update events set position = position + 1000 where position > 4; \
        update events set position = position - 999 where position > 1000; \
        insert into events select aggregate_type, '00000000-0000-0000-0000-000000000009', sequence, event_type, \
        event_version, payload, metadata, 5, recorded_at, null, null, null, null from events where position = 1; \
        update event_head set position = position + 1";
    book.tamper(put_in).await;
    let found = faults(&book, &[]).await;
    let changed: Vec<_> = found.iter().filter(|fault| matches!(fault, Fault::EventChanged { .. })).collect();
    // What moved is at other positions than it was sealed at.
    assert_eq!(changed.first(), Some(&&Fault::EventChanged { position: 5 }));
    assert_eq!(changed.len(), 4, "{found:?}");
}

#[sqlx::test(migrations = false)]
async fn events_that_changed_places_are_told(pool: PgPool) {
    let book = Book::sealed(&pool, 2).await;
    let swap = "update events set position = 1000 where position = 3; \
        update events set position = 3 where position = 7; update events set position = 7 where position = 1000";
    book.tamper(swap).await;
    let expected = [Fault::EventChanged { position: 3 }, Fault::EventChanged { position: 7 }];
    assert_eq!(faults(&book, &[]).await, expected);
}

#[sqlx::test(migrations = false)]
async fn a_log_that_was_cut_off_is_told(pool: PgPool) {
    let book = Book::sealed(&pool, 2).await;
    let anchors = anchor(&book).await;
    book.tamper("delete from events where position > 6; update event_head set position = 6").await;
    let found = faults(&book, &[]).await;
    assert_eq!(found, [Fault::EventRemoved { position: 7 }, Fault::EventRemoved { position: 8 }]);
    // With the tree and its checkpoints cut off as well only those who have an anchor can tell.
    book.tamper("delete from audit_checkpoints; delete from audit_tiles").await;
    book.seal().await;
    assert_eq!(faults(&book, &[]).await, []);
    let found = faults(&book, &anchors).await;
    assert!(matches!(&found[..], [Fault::CheckpointWrong { size: 8, .. }]), "{found:?}");
}

#[sqlx::test(migrations = false)]
async fn a_log_whose_tree_was_made_anew_is_told_by_its_anchor(pool: PgPool) {
    let book = Book::sealed(&pool, 2).await;
    let anchors = anchor(&book).await;
    let change = "update events set payload = replace(payload::text, '324.00', '324.01')::json where position = 4; \
        delete from audit_checkpoints; delete from audit_tiles";
    book.tamper(change).await;
    book.seal().await;
    assert_eq!(faults(&book, &[]).await, []);
    let found = faults(&book, &anchors).await;
    assert!(matches!(&found[..], [Fault::CheckpointWrong { size: 8, .. }]), "{found:?}");
}

#[sqlx::test(migrations = false)]
async fn what_was_done_to_the_tree_is_told(pool: PgPool) {
    let book = Book::sealed(&pool, 70).await;
    book.tamper("update audit_tiles set hashes = overlay(hashes placing '\\x00'::bytea from 33 for 1) where level = 0 and index = 0").await;
    let found = faults(&book, &[]).await;
    assert!(found.contains(&Fault::EventChanged { position: 2 }), "{found:?}");
    assert!(found.contains(&Fault::TileChanged { tile: "1/000".to_owned() }), "{found:?}");
    assert!(found.iter().any(|fault| matches!(fault, Fault::CheckpointWrong { size: 280, .. })), "{found:?}");
    book.tamper("delete from audit_tiles where level = 0 and index = 1").await;
    let found = faults(&book, &[]).await;
    assert!(found.contains(&Fault::LeafMissing { position: 257 }), "{found:?}");
}

#[sqlx::test(migrations = false)]
async fn a_checkpoint_that_the_keys_did_not_sign_is_told(pool: PgPool) {
    let book = Book::sealed(&pool, 2).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let other = Keys::create(elsewhere.path(), "lender.example/log").unwrap();
    let forged = Checkpoint { origin: other.origin(), size: 8, root: empty_root() }.sign(&other.signers());
    let wrong_log = Keys::create(&elsewhere.path().join("other"), "other.example/log").unwrap();
    let of_another =
        Checkpoint { origin: wrong_log.origin(), size: 8, root: empty_root() }.sign(&wrong_log.signers());
    let anchors = [("forged".to_owned(), forged.clone()), ("of another".to_owned(), of_another)];
    let found = faults(&book, &anchors).await;
    let place = |fault: &Fault| match fault {
        Fault::CheckpointWrong { place, .. } => place.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(found.iter().map(place).collect::<Vec<_>>(), ["forged", "of another"]);
    book.tamper(&format!("update audit_checkpoints set note = '{forged}' where size = 8")).await;
    let found = faults(&book, &[]).await;
    assert!(matches!(&found[..], [Fault::CheckpointWrong { size: 8, .. }]), "{found:?}");
}
