//! `razao replay` and `razao diff`: the read models as they were, beside those that serve.

use std::io::Write;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use projections::{Compared, Replay, ReplayError, RowDiffers, Side, Until, WantedReplay};
use sqlx::PgPool;
use uuid::Uuid;

use crate::failure::Failure;
use crate::rebuild::addresses;
use crate::settings::{SettingFlags, Settings};

/// `razao replay`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ReplayArgs {
    #[command(subcommand)]
    what: Option<ReplayCommand>,
    /// Up to where: an instant, a position of the log, or `now`
    #[arg(long, value_name = "INSTANT|POSITION", required = true)]
    until: Option<Until>,
    /// Only the events of this loan
    #[arg(long, value_name = "ID")]
    loan: Option<Uuid>,
    /// What it is to be called [default: one that says up to where, and of which loan]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    settings: SettingFlags,
}

#[derive(Debug, Subcommand)]
enum ReplayCommand {
    /// Print every replay, a JSON object a line
    List {
        #[command(flatten)]
        settings: SettingFlags,
    },
    /// Remove replays
    Drop {
        /// Which
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
        #[command(flatten)]
        settings: SettingFlags,
    },
}

/// `razao diff`
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// A replay's name, or `live` for the read models that serve
    a: String,
    /// What it is compared with: another one
    b: String,
    /// Print so many rows of each table at most
    #[arg(long, value_name = "ROWS", default_value_t = 100, value_parser = clap::value_parser!(i64).range(0..))]
    limit: i64,
    #[command(flatten)]
    settings: SettingFlags,
}

/// Runs what is asked for.
pub async fn replay(args: ReplayArgs) -> anyhow::Result<()> {
    match args.what {
        Some(ReplayCommand::List { settings }) => list(&Settings::load(&settings)?).await,
        Some(ReplayCommand::Drop { names, settings }) => drop_all(&Settings::load(&settings)?, &names).await,
        None => {
            let until = args.until.expect("clap asks for it");
            let wanted = WantedReplay { name: args.name, until, loan: args.loan };
            make(&Settings::load(&args.settings)?, &wanted).await
        }
    }
}

/// Prints each row that differs, a JSON object a line. Fails where one does.
pub async fn diff(args: DiffArgs) -> anyhow::Result<()> {
    let databases = addresses(&Settings::load(&args.settings)?)?.connect().await?;
    let pool = &databases.read_pool;
    let (a, b) = (side(pool, &args.a).await?, side(pool, &args.b).await?);
    let compared = projections::compare(pool, (&a, &b), args.limit, |row| print(&row)).await;
    databases.log.close().await;
    sum_up(&a, &b, &compared.map_err(in_words)?)
}

/// The replay that a server is to read, as its settings name it.
pub(crate) async fn find(pool: &PgPool, name: &str) -> Result<Replay, Failure> {
    projections::find_replay(pool, name).await.map_err(in_words)
}

async fn make(settings: &Settings, wanted: &WantedReplay) -> anyhow::Result<()> {
    let databases = addresses(settings)?.connect().await?;
    let bar = ProgressBar::new(0).with_message("replay");
    bar.set_style(ProgressStyle::with_template("{msg:16} {wide_bar} {pos}/{len} {per_sec} {eta}")?);
    let progress = |position: i64, goal: i64| {
        bar.set_length(goal.unsigned_abs());
        bar.set_position(position.unsigned_abs());
    };
    let made = projections::replay(&databases.read_pool, &databases.log, wanted, progress).await;
    bar.finish_and_clear();
    databases.log.close().await;
    let made = made.map_err(in_words)?;
    writeln!(std::io::stdout().lock(), "{}", serde_json::to_string(&made)?)?;
    eprintln!("read it with: razao serve --roles query-api --replay {} --listen 127.0.0.1:8081", made.name);
    Ok(())
}

async fn list(settings: &Settings) -> anyhow::Result<()> {
    let databases = addresses(settings)?.connect().await?;
    let replays = projections::replays(&databases.read_pool).await;
    databases.log.close().await;
    let mut out = std::io::stdout().lock();
    for replay in replays.map_err(in_words)? {
        writeln!(out, "{}", serde_json::to_string(&replay)?)?;
    }
    Ok(())
}

async fn drop_all(settings: &Settings, names: &[String]) -> anyhow::Result<()> {
    let databases = addresses(settings)?.connect().await?;
    for name in names {
        projections::drop_replay(&databases.read_pool, name).await.map_err(in_words)?;
    }
    databases.log.close().await;
    Ok(())
}

async fn side(pool: &PgPool, name: &str) -> Result<Side, Failure> {
    Side::find(pool, name).await.map_err(in_words)
}

fn print(row: &RowDiffers) {
    let line = serde_json::to_string(row).expect("a row is plain data");
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn sum_up(a: &Side, b: &Side, compared: &Compared) -> anyhow::Result<()> {
    for (read_model, of_a, of_b) in &compared.positions {
        eprintln!("{read_model}: {a} is as of position {of_a}, {b} of {of_b}");
    }
    for table in compared.tables.iter().filter(|table| table.differ > 0) {
        let (of_a, of_b) = table.rows;
        let (name, differ) = (table.table, table.differ);
        eprintln!("{name}: {differ} rows differ; {a} has {of_a}, {b} has {of_b}");
    }
    let (rows, differ) = (compared.rows(), compared.differ());
    eprintln!("{rows} rows of {} tables: {differ} differ", compared.tables.len());
    if differ > 0 {
        return Err(Failure::FoundAProblem(format!("{a} and {b} differ")).into());
    }
    Ok(())
}

fn in_words(error: ReplayError) -> Failure {
    let is_of_what_was_asked = error.is_of_what_was_asked();
    let words = format!("{:#}", anyhow::Error::from(error));
    if is_of_what_was_asked { Failure::WrongUsage(words) } else { Failure::Unreachable(words) }
}
