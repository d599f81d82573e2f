//! `razao verify`: what the log holds is whole, readable and balanced, it is what was sealed, and the read models are
//! what it comes to; with `--recalculate`, what it says of loans is what this version calculates; with `--pack`, the same
//! of an auditor's pack.

mod difference;
mod loans;
mod log;
pub mod pace;
mod pack;
mod read_models;
mod tree;

use std::io::Write;
use std::path::PathBuf;

use event_store::LogError;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

pub use difference::Difference;
pub use loans::recalculate;
pub use log::{Fault, check_log};
pub(crate) use pack::verifiers;
pub use pack::verify_pack;
pub use tree::check_tree;

use self::pace::Pace;
use crate::databases::Addresses;
use crate::failure::Failure;
use crate::rebuild::addresses;
use crate::running::bucket;
use crate::settings::Settings;

/// What a check looked at, and how much it found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    pub events: u64,
    pub loans: u64,
    pub found: u64,
}

/// How `razao verify` is to check.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct VerifyArgs {
    /// Recompute every loan with this version's calculation instead, and list every difference
    #[arg(long)]
    recalculate: bool,
    /// Check an auditor's pack instead, offline
    #[arg(long, value_name = "FILE", conflicts_with = "recalculate")]
    pack: Option<PathBuf>,
    /// A public key of the log, or a file with some [default: those of the server's keys]
    #[arg(long = "public-key", value_name = "KEY")]
    public_keys: Vec<String>,
    /// A file, or a bucket of S3, with checkpoints of the log
    #[arg(long, value_name = "FILE|s3://BUCKET/FOLDER")]
    anchor: Vec<String>,
    /// Compare so many loans of the read models with their events, in place of all rows of all read models
    #[arg(long, value_name = "LOANS")]
    sample: Option<u32>,
    /// Read so many events a second at most; 0: as many as can be
    #[arg(long, value_name = "EVENTS", default_value_t = 100_000)]
    rate: u64,
    /// Read log and tree from this replica of the log's database
    #[arg(long, value_name = "URL")]
    replica: Option<String>,
}

/// Prints what is found, a JSON object a line. Fails where anything is.
pub async fn verify(settings: &Settings, args: &VerifyArgs) -> anyhow::Result<()> {
    if let Some(pack) = &args.pack {
        return verify_pack(settings, pack, &args.public_keys);
    }
    if args.recalculate { verify_calculation(settings).await } else { verify_log(settings, args).await }
}

async fn verify_calculation(settings: &Settings) -> anyhow::Result<()> {
    let log = addresses(settings)?.connect_log().await?;
    let head = log.head().await.map_err(unreachable)?.position;
    let bar = progress_bar("recalculate", head)?;
    let progress = |events: u64| bar.set_position(events);
    let checked = recalculate(&log, head, progress, &mut |difference| print(&bar, &difference)).await;
    bar.finish_and_clear();
    log.close().await;
    let Checked { events, loans, found } = checked.map_err(unreachable)?;
    say(&format!("{events} events, {loans} loans: {found} differences"), found)
}

/// The log by itself, against its tree, and the read models against the log.
async fn verify_log(settings: &Settings, args: &VerifyArgs) -> anyhow::Result<()> {
    let anchors = anchors(&args.anchor).await?;
    let databases = addresses(settings)?.connect().await?;
    let replica = match &args.replica {
        Some(url) => Some(Addresses::named(url, "--replica")?.connect_log().await?),
        None => None,
    };
    let log = replica.as_ref().unwrap_or(&databases.log);
    let head = log.head().await.map_err(unreachable)?.position;
    let rate = Some(args.rate);
    let (mut total, mut said) = (0, Vec::new());

    let bar = progress_bar("log", head)?;
    let mut found = |fault: Fault| print(&bar, &fault);
    let checked = check_log(log, head, &mut Pace::new(rate), |at| bar.set_position(at), &mut found).await;
    bar.finish_and_clear();
    let Checked { events, loans, found } = checked.map_err(unreachable)?;
    total += found;
    said.push(format!("{events} events, {loans} loans: {found} faults"));

    let sealed = log.latest_checkpoint().await.map_err(unreachable)?.map_or(0, |latest| latest.size);
    if sealed > 0 || !anchors.is_empty() {
        let verifiers = verifiers(settings, &args.public_keys)?;
        let bar = progress_bar("tree", sealed)?;
        let mut found = |fault: Fault| print(&bar, &fault);
        let pace = &mut Pace::new(rate);
        let checked =
            check_tree(log, &verifiers, &anchors, pace, |at| bar.set_position(at), &mut found).await;
        bar.finish_and_clear();
        let Checked { events, found, .. } = checked.map_err(unreachable)?;
        total += found;
        said.push(format!("{events} events of {sealed} sealed: {found} faults"));
    } else {
        said.push("nothing is sealed".to_owned());
    }

    let (rows, found) = read_models::check(&databases, log, args.sample, args.rate).await?;
    total += found;
    said.push(format!("{rows} rows of read models: {found} faults"));
    databases.log.close().await;
    if let Some(replica) = replica {
        replica.close().await;
    }
    say(&said.join("\n"), total)
}

/// The notes of places of anchors, each with where it stands.
async fn anchors(places: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let mut anchors = Vec::new();
    for place in places {
        if place.starts_with("s3://") {
            let all = bucket(place)?.all().await;
            let all =
                all.map_err(|error| Failure::Unreachable(format!("{:#}", anyhow::Error::from(error))))?;
            if all.is_empty() {
                return Err(Failure::WrongUsage(format!("--anchor {place}: there is no anchor")));
            }
            anchors.extend(all);
            continue;
        }
        let text = std::fs::read_to_string(place);
        let text = text.map_err(|error| Failure::WrongUsage(format!("--anchor {place}: {error}")))?;
        let notes = audit::anchor::notes(&text).into_iter().enumerate();
        anchors.extend(notes.map(|(at, note)| (format!("{place}, note {}", at + 1), note.to_owned())));
    }
    Ok(anchors)
}

fn progress_bar(what: &str, length: i64) -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new(length.unsigned_abs()).with_message(what.to_owned());
    let style = "verify {msg:12} {wide_bar} {human_pos}/{human_len} events {per_sec} {eta}";
    bar.set_style(ProgressStyle::with_template(style)?);
    Ok(bar)
}

fn say(what: &str, found: u64) -> anyhow::Result<()> {
    eprintln!("{what}");
    if found > 0 {
        return Err(Failure::FoundAProblem(format!("{found} faults or differences were found")).into());
    }
    Ok(())
}

fn print(bar: &ProgressBar, found: &impl Serialize) {
    let line = serde_json::to_string(found).expect("what is found is plain data");
    bar.suspend(|| {
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    });
}

fn unreachable(error: LogError) -> anyhow::Error {
    match error {
        LogError::Unreadable { .. } => {
            Failure::FoundAProblem(format!("{:#}", anyhow::Error::from(error))).into()
        }
        error => Failure::Unreachable(format!("{:#}", anyhow::Error::from(error))).into(),
    }
}
