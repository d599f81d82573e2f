//! The sealer goes on where it was, whatever happens to it, and stops where something is not as it was signed.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use audit::checkpoint::Checkpoint;
use audit::hash::leaf_of_line;
use audit::keys::Keys;
use audit::range::Peaks;
use reactions::{Anchors, Place, SealError, Sealer};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::book::Book;

/// Every checkpoint is signed and has the root that the lines of the events come to.
async fn check_every_checkpoint(book: &Book) -> usize {
    let lines = book.log.lines_after(0, i64::MAX, |_| true).await.unwrap();
    let leaves: Vec<_> = lines.iter().map(|(_, line)| leaf_of_line(line)).collect();
    let (mut peaks, mut last) = (Peaks::default(), 0);
    let checkpoints = book.log.checkpoints_after(0, 1_000_000).await.unwrap();
    for stored in &checkpoints {
        assert_eq!(stored.previous, last);
        let opened = Checkpoint::open(&stored.note, &book.verifiers()).unwrap();
        let size = usize::try_from(stored.size).unwrap();
        for leaf in &leaves[usize::try_from(last).unwrap()..size] {
            peaks.push(*leaf);
        }
        assert_eq!((opened.size, opened.root), (peaks.size(), peaks.root()));
        last = stored.size;
    }
    checkpoints.len()
}

#[sqlx::test(migrations = false)]
async fn sealers_that_die_and_compete_sign_one_tree(pool: PgPool) {
    let book = Book::open(&pool).await;
    // Each is dropped at some moment after the log was sealed a little further, as a kill would; two at a time.
    let is_written = AtomicBool::new(false);
    let writing = async {
        book.lend(1..=150).await;
        is_written.store(true, Ordering::SeqCst);
    };
    let killing = async {
        let mut lives = 0;
        while !is_written.load(Ordering::SeqCst) {
            let before = book.sealed_to().await;
            let stop = CancellationToken::new();
            let sealers = [1, 2].map(|_| tokio::spawn(book.sealer().run(stop.clone())));
            while book.sealed_to().await == before && !is_written.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            tokio::time::sleep(Duration::from_millis(lives % 7)).await;
            sealers.iter().for_each(tokio::task::JoinHandle::abort);
            lives += 1;
        }
    };
    tokio::join!(writing, killing);
    assert_eq!(book.seal().await, 600);
    assert!(check_every_checkpoint(&book).await > 1);
}

#[sqlx::test(migrations = false)]
async fn a_new_key_signs_at_once_and_the_one_before_signs_along(pool: PgPool) {
    let book = Book::sealed(&pool, 1).await;
    let before = book.verifiers();
    Keys::rotate(&book.keys()).unwrap();
    book.lend(2..=2).await;
    book.seal().await;
    let note = book.log.latest_checkpoint().await.unwrap().unwrap().note;
    assert_eq!(Checkpoint::open(&note, &before).unwrap().size, 8);
    assert_eq!(Checkpoint::open(&note, &book.verifiers()[..1]).unwrap().size, 8);
    check_every_checkpoint(&book).await;
}

/// The sealer refuses to sign anything more, whatever is appended: why.
async fn refuses(book: &Book, sealer: Sealer) -> String {
    let before = book.log.latest_checkpoint().await.unwrap();
    book.lend(50..=50).await;
    let sealing = tokio::time::timeout(Duration::from_secs(60), sealer.seal()).await;
    let why = match sealing.expect("it refuses within a minute") {
        Err(SealError::Contradiction(why)) => why,
        Err(other) => panic!("{other}"),
        Ok(never) => match never {},
    };
    assert_eq!(book.log.latest_checkpoint().await.unwrap(), before);
    why
}

#[sqlx::test(migrations = false)]
async fn nothing_is_signed_on_tiles_that_changed(pool: PgPool) {
    let book = Book::sealed(&pool, 2).await;
    book.tamper("update audit_tiles set hashes = overlay(hashes placing '\\x00'::bytea from 1 for 1)").await;
    let why = refuses(&book, book.sealer()).await;
    assert!(why.contains("the tiles do not have the root"), "{why}");
}

#[sqlx::test(migrations = false)]
async fn nothing_is_signed_over_a_gap(pool: PgPool) {
    let book = Book::sealed(&pool, 2).await;
    book.lend(3..=3).await;
    book.tamper("delete from events where position = 10").await;
    let why = refuses(&book, book.sealer_elsewhere().await).await;
    assert!(why.contains("no event at position 10"), "{why}");
}

#[sqlx::test(migrations = false)]
async fn nothing_is_signed_on_a_checkpoint_of_another_key(pool: PgPool) {
    let book = Book::sealed(&pool, 2).await;
    let elsewhere = tempfile::tempdir().unwrap();
    Keys::create(elsewhere.path(), "lender.example/log").unwrap();
    let why = refuses(&book, Sealer { keys: elsewhere.path().to_owned(), ..book.sealer() }).await;
    assert!(why.contains("no known key signed it"), "{why}");
}

/// Of how many events the last anchor of a file is.
fn last_anchor(file: &Path, book: &Book) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    let note = audit::anchor::notes(&text).pop()?;
    Some(Checkpoint::open(note, &book.verifiers()).ok()?.size)
}

#[sqlx::test(migrations = false)]
async fn nothing_is_signed_that_an_anchor_contradicts(pool: PgPool) {
    let book = Book::sealed(&pool, 2).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("anchors");
    let anchors = Anchors { place: Place::File(file.clone()), every: Duration::ZERO };
    let with_anchors = || Sealer { anchors: vec![anchors.clone()], ..book.sealer() };
    book.lend(3..=3).await;
    let stop = CancellationToken::new();
    let sealing = tokio::spawn(with_anchors().run(stop.clone()));
    let written = async {
        while last_anchor(&file, &book).is_none_or(|size| size <= 8) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), written)
        .await
        .expect("an anchor is written within a minute");
    stop.cancel();
    sealing.await.unwrap();
    // The database is that of before, as a restored backup is.
    book.tamper("delete from audit_checkpoints where size > 8").await;
    let why = refuses(&book, with_anchors()).await;
    assert!(why.contains("was the log restored?"), "{why}");
}
