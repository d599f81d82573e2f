//! The parts of a pack: events as lines, proofs from tiles, figures.

use std::collections::{BTreeSet, HashMap};

use ::audit::figures::{LoanFigures, MonthFigures};
use ::audit::hash::{TreeHash, leaf_of_line};
use ::audit::pack::file::Parts;
use ::audit::pack::schemas::SCHEMAS;
use ::audit::pack::{EVENTS, EventProof, FIGURES, Header, LEAVES, PROOFS, RANGE, RangeProof, Subject};
use ::audit::proof::{Range, inclusion_ranges};
use ::audit::tile::{TileId, hash_of, roots_of, tiles_of};
use anyhow::{Context, bail};
use event_store::{Lines, Log, PublicEvent};
use serde::Serialize;

/// How many events are read, and tiles asked for, at once.
const PAGE: i64 = 5_000;
const TILES: usize = 500;

type Tiles = HashMap<TileId, Vec<TreeHash>>;

/// The events of a loan up to the one that its figures have last.
pub(super) async fn of_loan(
    log: &Log,
    subject: Subject,
    figures: &LoanFigures,
    size: u64,
) -> anyhow::Result<(Header, Parts)> {
    let Subject::Loan(loan) = subject else { bail!("a loan is needed") };
    let version = figures.loan.version;
    let lines = log.lines_of_stream(("Loan", &loan.to_string()), 0, version).await?;
    let positions: Vec<i64> = lines.iter().map(|(position, _)| position).collect();
    let (Some(&first), Some(&last)) = (positions.first(), positions.last()) else {
        bail!("the log has no event of loan {loan}");
    };
    let of = |position: &i64| -> Vec<Range> { inclusion_ranges(position.unsigned_abs() - 1, size) };
    let ranges = positions.iter().flat_map(of);
    let tiles = tiles(log, ranges.flat_map(|(from, to)| tiles_of(from, to)).collect()).await?;
    let mut proofs = Vec::new();
    for position in &positions {
        let hashes = of(position).into_iter().map(|range| hash_of(range, &|id| tiles.get(&id).cloned()));
        let hashes = hashes.collect::<Option<Vec<_>>>().context("tiles of the tree are missing")?;
        serde_json::to_writer(&mut proofs, &EventProof { position: *position, hashes })?;
        proofs.push(b'\n');
    }
    let mut parts = Parts::new();
    put_schemas(&mut parts, &lines)?;
    parts.insert(PROOFS.to_owned(), proofs);
    put_figures(&mut parts, figures)?;
    let header = Header { origin: String::new(), subject, events: lines.len() as u64, first, last };
    parts.insert(EVENTS.to_owned(), lines.into_text());
    Ok((header, parts))
}

/// All events of a range of positions.
pub(super) async fn of_month(
    log: &Log,
    (subject, first, last): (Subject, i64, i64),
    figures: &MonthFigures,
    size: u64,
) -> anyhow::Result<(Header, Parts)> {
    let (mut parts, mut events, mut leaves) = (Parts::new(), Vec::new(), String::new());
    let (mut at, mut count) = (first - 1, 0);
    while at < last {
        let lines = log.lines_after(at, PAGE.min(last - at), |_| true).await?;
        at = lines.looked_to().with_context(|| format!("the log ends after position {at}"))?;
        for (_, line) in lines.iter() {
            leaves.push_str(&leaf_of_line(line).to_string());
            leaves.push('\n');
        }
        count += lines.len() as u64;
        put_schemas(&mut parts, &lines)?;
        events.extend(lines.into_text());
    }
    let (before, after) = (first.unsigned_abs() - 1, last.unsigned_abs());
    let tiles = tiles(log, tiles_of(0, before).chain(tiles_of(after, size)).collect()).await?;
    let roots = |from, to| roots_of(from, to, &|id| tiles.get(&id).cloned());
    let (left, right) = roots(0, before).zip(roots(after, size)).context("tiles of the tree are missing")?;
    parts.insert(RANGE.to_owned(), serde_json::to_vec(&RangeProof { left, right })?);
    parts.insert(EVENTS.to_owned(), events);
    parts.insert(LEAVES.to_owned(), leaves.into_bytes());
    put_figures(&mut parts, figures)?;
    Ok((Header { origin: String::new(), subject, events: count, first, last }, parts))
}

fn put_figures(parts: &mut Parts, figures: &impl Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_vec_pretty(figures)?;
    text.push(b'\n');
    parts.insert(FIGURES.to_owned(), text);
    Ok(())
}

/// The schema of each event that occurs.
fn put_schemas(parts: &mut Parts, lines: &Lines) -> anyhow::Result<()> {
    let mut names = BTreeSet::new();
    for (_, line) in lines.iter() {
        let event: PublicEvent<'_> = serde_json::from_slice(line)?;
        names.insert(format!("{}.v{}.schema.json", event.event_type, event.version));
    }
    for (name, schema) in SCHEMAS.iter().filter(|(name, _)| names.contains(*name)) {
        parts.insert(format!("schemas/{name}"), schema.as_bytes().to_vec());
    }
    Ok(())
}

async fn tiles(log: &Log, ids: BTreeSet<TileId>) -> anyhow::Result<Tiles> {
    let wanted: Vec<(i32, i64)> = ids
        .iter()
        .map(|id| Ok((id.level.try_into()?, id.index.try_into()?)))
        .collect::<anyhow::Result<_>>()?;
    let mut tiles = Tiles::new();
    for some in wanted.chunks(TILES) {
        for tile in log.tiles(some).await? {
            let id = TileId { level: tile.level.try_into()?, index: tile.index.try_into()? };
            let hashes = tile.hashes.chunks(32).map(TreeHash::from_bytes).collect::<Option<Vec<_>>>();
            tiles.insert(id, hashes.context("a tile that is no row of hashes")?);
        }
    }
    Ok(tiles)
}
