//! `razao dead-letters`: what the read models could not take, beside a running server.

use std::io::Write;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use projections::{DeadLetterFilter, DeadLetterState, ProjectionError, Redriven};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::databases::Databases;
use crate::failure::Failure;
use crate::rebuild::addresses;
use crate::settings::{SettingFlags, Settings};

/// How many dead letters are read at once.
const PAGE: i64 = 1_000;

/// What to do about dead letters.
#[derive(Debug, Subcommand)]
pub enum DeadLetters {
    /// Print them as JSON, with how many events wait behind each
    List {
        #[command(flatten)]
        wanted: Wanted,
        #[command(flatten)]
        settings: SettingFlags,
    },
    /// Print one as JSON, with the events that wait
    Show {
        /// As `list` prints it
        id: Uuid,
        #[command(flatten)]
        settings: SettingFlags,
    },
    /// Apply the events that wait, in order, up to one that still cannot be taken
    Redrive {
        /// As `list` prints them
        #[arg(required_unless_present = "all")]
        ids: Vec<Uuid>,
        /// All that there are, or of a projection or state
        #[arg(long, conflicts_with = "ids")]
        all: bool,
        #[command(flatten)]
        wanted: Wanted,
        #[command(flatten)]
        settings: SettingFlags,
    },
    /// Do without an event in its read model, and apply those behind it; the log keeps it
    Discard {
        /// As `list` prints it
        id: Uuid,
        /// Why, for the auditor: 1 to 500 characters
        #[arg(long)]
        reason: String,
        /// Who decides so
        #[arg(long, value_name = "NAME", env = "USER")]
        by: String,
        #[command(flatten)]
        settings: SettingFlags,
    },
    /// Print as JSON what was discarded
    Discarded {
        #[command(flatten)]
        settings: SettingFlags,
    },
}

/// Which dead letters.
#[derive(Debug, Clone, Default, Args)]
pub struct Wanted {
    /// Only those of one projection
    #[arg(long, value_name = "NAME")]
    projection: Option<String>,
    /// Only those that are, or are no longer, tried again by themselves
    #[arg(long)]
    state: Option<State>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    Retrying,
    Dead,
}

/// Does what is asked for on the databases of the settings.
pub async fn run(what: DeadLetters) -> anyhow::Result<()> {
    match what {
        DeadLetters::List { wanted, settings } => {
            let databases = connect(&settings).await?;
            print(&all(&databases, wanted.filter()?).await?)
        }
        DeadLetters::Show { id, settings } => {
            let databases = connect(&settings).await?;
            let found = projections::dead_letter(&databases.read_pool, id).await?;
            let (letter, events) = found.ok_or_else(|| not_there(id))?;
            let mut shown = serde_json::to_value(letter)?;
            shown["events"] = serde_json::to_value(events)?;
            print(&shown)
        }
        DeadLetters::Redrive { ids, all: _, wanted, settings } => redrive(&settings, ids, wanted).await,
        DeadLetters::Discard { id, reason, by, settings } => {
            let reason = projections::check_reason(&reason);
            let reason = reason.map_err(|problem| Failure::WrongUsage(problem.detail().to_owned()))?;
            let databases = connect(&settings).await?;
            let (pool, log) = (&databases.read_pool, &databases.log);
            let discarded = projections::discard(pool, log, id, &reason, &by).await;
            let discarded = reached(discarded)?.ok_or_else(|| not_there(id))?;
            tell(id, &discarded)?;
            left(usize::from(discarded.still_parked.is_some()))
        }
        DeadLetters::Discarded { settings } => {
            let databases = connect(&settings).await?;
            let (mut discarded, mut after) = (Vec::new(), (0, String::new()));
            loop {
                let page =
                    projections::discarded_events(&databases.read_pool, (after.0, &after.1), PAGE).await?;
                let Some(last) = page.last() else { return print(&discarded) };
                after = (last.position, last.projection.clone());
                discarded.extend(page);
            }
        }
    }
}

/// One after the other, whatever comes of each.
async fn redrive(settings: &SettingFlags, ids: Vec<Uuid>, wanted: Wanted) -> anyhow::Result<()> {
    let databases = connect(settings).await?;
    let named = !ids.is_empty();
    let ids = if named {
        ids
    } else {
        all(&databases, wanted.filter()?).await?.into_iter().map(|letter| letter.id).collect()
    };
    let mut still_parked = 0;
    for id in ids {
        match reached(projections::redrive(&databases.read_pool, &databases.log, id).await)? {
            Some(redriven) => {
                still_parked += usize::from(redriven.still_parked.is_some());
                tell(id, &redriven)?;
            }
            None if named => return Err(not_there(id).into()),
            // It went on by itself meanwhile.
            None => {}
        }
    }
    left(still_parked)
}

/// Every dead letter that is wanted.
async fn all(
    databases: &Databases,
    filter: DeadLetterFilter,
) -> anyhow::Result<Vec<projections::DeadLetter>> {
    let mut letters = Vec::new();
    let mut after = None;
    loop {
        let page = projections::dead_letters(&databases.read_pool, &filter, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(letters) };
        after = Some(last.id);
        letters.extend(page);
    }
}

impl Wanted {
    fn filter(self) -> Result<DeadLetterFilter, Failure> {
        if let Some(unknown) = self.projection.as_deref().filter(|name| !projections::NAMES.contains(name)) {
            let names = projections::NAMES.join(", ");
            return Err(Failure::WrongUsage(format!("`{unknown}` is no projection: {names}")));
        }
        let state = self.state.map(|state| match state {
            State::Retrying => DeadLetterState::Retrying,
            State::Dead => DeadLetterState::Dead,
        });
        Ok(DeadLetterFilter { projection: self.projection, state })
    }
}

async fn connect(settings: &SettingFlags) -> anyhow::Result<Databases> {
    addresses(&Settings::load(settings)?)?.connect().await
}

fn reached(outcome: Result<Option<Redriven>, ProjectionError>) -> anyhow::Result<Option<Redriven>> {
    outcome.context("nothing was changed")
}

/// A line of JSON for each that was dealt with.
fn tell(id: Uuid, redriven: &Redriven) -> anyhow::Result<()> {
    let Redriven { projection, stream_type, stream_id, applied, still_parked } = redriven;
    let still_parked = still_parked.as_ref();
    let still_parked =
        still_parked.map(|still| json!({"id": still.id, "position": still.position, "cause": still.cause}));
    let line = json!({
        "id": id, "projection": projection, "stream_type": stream_type, "stream_id": stream_id,
        "applied": applied, "still_parked": still_parked,
    });
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}

fn left(still_parked: usize) -> anyhow::Result<()> {
    match still_parked {
        0 => Ok(()),
        1 => Err(Failure::FoundAProblem("1 stream is still parked".to_owned()).into()),
        more => Err(Failure::FoundAProblem(format!("{more} streams are still parked")).into()),
    }
}

fn not_there(id: Uuid) -> Failure {
    Failure::WrongUsage(format!("there is no dead letter {id}, or no longer"))
}

fn print(value: &impl Serialize) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{}", serde_json::to_string_pretty(value)?)?)
}
