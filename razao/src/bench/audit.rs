//! The auditor's side: what sealing costs and how fast it is, checking, proofs of a large tree, and the export.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use ::audit::checkpoint::Checkpoint;
use ::audit::hash::leaf;
use ::audit::keys::Keys;
use ::audit::tile::Edge;
use anyhow::Context;
use event_store::{Log, StoredTile, booking_day};
use projections::{Until, WantedReplay};
use reactions::Sealer;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::book::Book;
use super::figures::{Figure, Figures};
use super::ground::{Ground, log_at, pool_at};
use super::load::{Span, latencies, micros};
use super::server::{Server, razao};
use super::{Scale, append, lending};
use crate::verify::pace::Pace;
use crate::verify::{check_tree, recalculate};

/// The loans on which commands are measured.
const LOANS: usize = 10_000;
const PROOFS: usize = 5_000;
/// How often commands are measured twice beside the sealer and twice without, in a round.
const TURNS: usize = 2;
pub(super) const TURN: Span = Span { warm_up: Duration::from_millis(500), measured: Duration::from_secs(3) };
/// How often the memory of the server is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// On a log of so many events, and on the tree of one of so many.
pub(super) async fn measure(
    ground: &Ground,
    scale: Scale,
    (events, tree): (usize, u64),
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let today = booking_day(SystemTime::now().into());
    let url = ground.empty_database("audit").await?;
    let migrated = razao()?.args(["migrate", "--database-url", &url]).status().await?;
    anyhow::ensure!(migrated.success(), "the schema could not be made");
    let keys = Keys::create(&ground.home().join("keys"), "bench.example/log")?;
    let folder = ground.home().join("keys");
    let log = log_at(&url).await?;
    let loans: Arc<[Uuid]> = lending::book::lend(&log, LOANS, today).await?;
    let book = Book::of(loans, today);
    for _ in 0..scale.rounds {
        beside_commands(&log, &book, &folder, figures).await?;
    }
    append::fill(&log, &book, book.loans.clone(), events).await?;
    figures.note(Figure::Sealing, sealing(&log, &folder).await?);
    let (began, mut faults) = (Instant::now(), 0);
    let checked =
        check_tree(&log, &keys.verifiers(), &[], &mut Pace::new(None), |_| {}, &mut |_| faults += 1).await?;
    anyhow::ensure!(faults == 0, "the log is not what was sealed");
    figures.note(Figure::CheckTree, checked.events as f64 / began.elapsed().as_secs_f64());
    let head = log.head().await?.position;
    let began = Instant::now();
    let checked = recalculate(&log, head, |_| {}, &mut |_| {}).await?;
    figures.note(Figure::Recalculate, checked.events as f64 / began.elapsed().as_secs_f64());
    log.close().await;
    export(ground.home(), &url, head, figures).await?;
    refold(ground.home(), &url, figures).await?;
    ground.drop_copy("audit").await?;
    proofs(ground, &keys, tree, figures).await
}

/// Commands without a sealer and with one, turn by turn, in an order that a trend favours neither by: the machine's own ups and
/// downs last longer than a turn, and a log that grows makes commands slower. A turn with a sealer begins with all sealed, since
/// what came without it is not to be made up for beside commands that are measured, and it has to keep up.
async fn beside_commands(log: &Log, book: &Book, keys: &Path, figures: &mut Figures) -> anyhow::Result<()> {
    for is_sealed in [false, true, true, false].repeat(TURNS) {
        if is_sealed {
            sealing(log, keys).await?;
        }
        let stop = CancellationToken::new();
        let sealing = is_sealed.then(|| tokio::spawn(sealer(log, keys, 500).run(stop.clone())));
        let load = append::measure(log, book, book.loans.clone(), TURN).await?;
        if let Some(sealing) = sealing {
            let behind = log.head().await?.position - sealed(log).await?;
            anyhow::ensure!(behind as f64 <= load.a_second, "the sealer is {behind} events behind");
            stop.cancel();
            sealing.await?;
        }
        let figure = if is_sealed { Figure::CommandsSealed } else { Figure::CommandsUnsealed };
        figures.note(figure, load.a_second);
    }
    Ok(())
}

fn sealer(log: &Log, keys: &Path, every_ms: u64) -> Sealer {
    Sealer {
        log: log.clone(),
        keys: keys.to_owned(),
        every: Duration::from_millis(every_ms),
        anchors: Vec::new(),
    }
}

/// The events that the latest checkpoint has.
async fn sealed(log: &Log) -> anyhow::Result<i64> {
    Ok(log.latest_checkpoint().await?.map_or(0, |latest| latest.size))
}

/// Events a second, of all that is not sealed yet.
async fn sealing(log: &Log, keys: &Path) -> anyhow::Result<f64> {
    let head = log.head().await?.position;
    let before = sealed(log).await?;
    let (began, stop) = (Instant::now(), CancellationToken::new());
    let sealing = tokio::spawn(sealer(log, keys, 0).run(stop.clone()));
    while sealed(log).await? < head {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = began.elapsed();
    stop.cancel();
    sealing.await?;
    Ok((head - before) as f64 / took.as_secs_f64())
}

/// The whole log as NDJSON, and the memory that it takes the server.
async fn export(home: &Path, url: &str, head: i64, figures: &mut Figures) -> anyhow::Result<()> {
    let server = Server::serve(home, "query-api", url).await?;
    let before = server.memory()?.resident;
    let request = reqwest::Client::new().get(format!("http://{}/v1/events", server.address));
    let began = Instant::now();
    let mut response = request.header("Accept", "application/x-ndjson").send().await?.error_for_status()?;
    let (mut lines, mut most, mut looked) = (0_i64, before, began);
    while let Some(chunk) = response.chunk().await? {
        lines += chunk.iter().map(|byte| i64::from(*byte == b'\n')).sum::<i64>();
        if looked.elapsed() >= LOOK {
            looked = Instant::now();
            most = most.max(server.memory()?.resident);
        }
    }
    anyhow::ensure!(lines == head, "{lines} events of {head} came");
    figures.note(Figure::Export, lines as f64 / began.elapsed().as_secs_f64());
    figures.note(Figure::ExportMemoryMb, (most - before) as f64 / 1e6);
    server.stop().await
}

/// Loans and balances, folded again and compared with the read models; then all of them rebuilt, and replayed.
async fn refold(home: &Path, url: &str, figures: &mut Figures) -> anyhow::Result<()> {
    let server = Server::serve(home, "query-api,projections", url).await?;
    let position = server.caught_up().await?;
    server.stop().await?;
    let (log, pool) = (log_at(url).await?, pool_at(url, 4).await?);
    let began = Instant::now();
    let compared =
        projections::compare_with_log(&pool, &log, &["loans", "daily_balances"], None, |_, _| {}).await?;
    let differences = compared.differences;
    anyhow::ensure!(differences.is_empty(), "the read models are not what the log comes to: {differences:?}");
    figures.note(Figure::Refold, position as f64 / began.elapsed().as_secs_f64());
    let began = Instant::now();
    projections::rebuild_all(&pool, &log, |_, _| {}).await?;
    figures.note(Figure::RebuildAll, position as f64 / began.elapsed().as_secs_f64());
    let began = Instant::now();
    let wanted = WantedReplay { name: None, until: Until::Now, loan: None };
    let replay = projections::replay(&pool, &log, &wanted, |_, _| {}).await?;
    figures.note(Figure::Replay, position as f64 / began.elapsed().as_secs_f64());
    anyhow::ensure!(replay.position == position, "the replay ends at {}", replay.position);
    pool.close().await;
    log.close().await;
    Ok(())
}

/// Inclusion proofs over HTTP, one after another, of a tree without events.
async fn proofs(ground: &Ground, keys: &Keys, tree: u64, figures: &mut Figures) -> anyhow::Result<()> {
    let url = ground.empty_database("proofs").await?;
    let migrated = razao()?.args(["migrate", "--database-url", &url]).status().await?;
    anyhow::ensure!(migrated.success(), "the schema could not be made");
    let pool = pool_at(&url, 1).await?;
    // A checkpoint is refused beyond the events of a log, and a tree of so many would need as many.
    sqlx::query("update event_head set position = $1").bind(i64::try_from(tree)?).execute(&pool).await?;
    pool.close().await;
    let log = log_at(&url).await?;
    grow(&log, keys, tree).await?;
    let server = Server::serve(ground.home(), "query-api", &url).await?;
    let (http, mut rng, mut took) = (reqwest::Client::new(), fastrand::Rng::with_seed(7), latencies());
    for _ in 0..PROOFS {
        let position = rng.u64(1..=tree);
        let path = format!("http://{}/v1/audit/proofs/inclusion?position={position}", server.address);
        let began = Instant::now();
        let proof = http.get(path).send().await?.error_for_status()?.bytes().await?;
        took.saturating_record(micros(began.elapsed()));
        anyhow::ensure!(!proof.is_empty(), "an empty proof");
    }
    figures.note(Figure::ProofP99Ms, took.value_at_quantile(0.99) as f64 / 1000.0);
    server.stop().await?;
    log.close().await;
    ground.drop_copy("proofs").await
}

/// A tree of so many leaves, whatever they are of.
async fn grow(log: &Log, keys: &Keys, leaves: u64) -> anyhow::Result<()> {
    let (mut edge, mut tiles, mut sealed) = (Edge::default(), Vec::new(), 0);
    let stored = |id: ::audit::tile::TileId, hashes: &[::audit::hash::TreeHash]| StoredTile {
        level: i32::try_from(id.level).expect("below 8"),
        index: i64::try_from(id.index).expect("few tiles"),
        hashes: hashes.iter().flat_map(|hash| hash.0).collect(),
    };
    for number in 0..leaves {
        edge.push(leaf(&number.to_be_bytes()), &mut |id, hashes| tiles.push(stored(id, hashes)));
        if tiles.len() < 500 && edge.size() < leaves {
            continue;
        }
        let full = std::mem::take(&mut tiles);
        let edge_tiles = edge.partial().map(|(id, hashes)| stored(id, hashes));
        let all: Vec<StoredTile> = full.into_iter().chain(edge_tiles).collect();
        let checkpoint = Checkpoint { origin: keys.origin(), size: edge.size(), root: edge.root() };
        let size = i64::try_from(edge.size()).context("a size")?;
        let is_sealed = log.seal(&all, (sealed, size), &checkpoint.sign(&keys.signers())).await?;
        anyhow::ensure!(is_sealed, "the tree was not sealed from {sealed} to {size}");
        sealed = size;
    }
    Ok(())
}
