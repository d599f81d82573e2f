//! The command line.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use chrono::NaiveDate;
use clap::builder::NonEmptyStringValueParser;
use clap::{Parser, Subcommand};

use crate::audit::{self, AuditCommand};
use crate::dead_letters::{self, DeadLetters};
use crate::keys::{self, KeysCommand};
use crate::replay::{self, DiffArgs, ReplayArgs};
use crate::settings::{Served, SettingFlags, Settings};
use crate::verify::VerifyArgs;
use crate::{close_day, identification, lenders, rebuild, roles, schedule, snapshot, up, verify};

/// An event-sourced ledger engine for lenders.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything in one process tree, with a private Postgres
    Up {
        #[command(flatten)]
        settings: SettingFlags,
        /// Load the demo book the first time
        #[arg(long)]
        demo: bool,
    },
    /// Run chosen roles against servers named by settings
    Serve {
        #[command(flatten)]
        settings: SettingFlags,
        /// Which: command-api, query-api, projections, relay, reactions
        #[arg(long, value_delimiter = ',', required = true)]
        roles: Vec<roles::Role>,
        /// Answer reads from this replay instead, as if the log ended there
        #[arg(long, value_name = "NAME")]
        replay: Option<String>,
    },
    /// Book the interest of a day that is over, and of the days missed before it
    CloseDay {
        #[command(flatten)]
        settings: SettingFlags,
        /// The day
        #[arg(long, value_name = "DATE")]
        on: NaiveDate,
    },
    /// Write a day's Parquet files for analysts
    Snapshot {
        #[command(flatten)]
        settings: SettingFlags,
        /// The day, which is over
        #[arg(long, value_name = "DATE")]
        on: NaiveDate,
        /// Where to: a folder for each day is made in it [default: `RAZAO_SNAPSHOT_DIR`]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Bring the schema up to date
    Migrate {
        #[command(flatten)]
        settings: SettingFlags,
    },
    /// Post a reproducible sample book through the command API
    Demo(crate::demo::DemoArgs),
    /// Measure
    Bench(crate::bench::BenchArgs),
    /// Print the API document (OpenAPI 3.1)
    Openapi,
    /// Calculate a schedule: reads a schedule request, prints the schedule as JSON
    Schedule {
        /// A file, or - for standard input
        #[arg(default_value = "-")]
        file: PathBuf,
    },
    /// Print who may use which route
    Routes,
    /// Make a token of the development issuer, for servers with the same data directory and no other issuer
    Token {
        #[command(flatten)]
        settings: SettingFlags,
        /// What the subject is: integrator, operator, approver, finance, auditor, admin
        #[arg(long = "role", value_name = "ROLE", value_delimiter = ',', required = true)]
        roles: Vec<identity::Role>,
        /// Who: the actor of the events that come of it
        #[arg(long, value_name = "WHO", value_parser = NonEmptyStringValueParser::new())]
        subject: String,
        /// For how many seconds it is good
        #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
        lifetime: u64,
    },
    /// Show how far each projection got
    Projections {
        #[command(flatten)]
        settings: SettingFlags,
    },
    /// Check the log, its tree and its read models: nothing is missing, changed or contradicts the rest
    Verify {
        #[command(flatten)]
        settings: SettingFlags,
        #[command(flatten)]
        args: Box<VerifyArgs>,
    },
    /// See, redrive or discard events that read models could not take
    #[command(subcommand)]
    DeadLetters(DeadLetters),
    /// Write what an auditor takes along
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Build the read models as they were at an earlier moment, beside those that serve
    Replay(Box<ReplayArgs>),
    /// Compare two replays, or one and the read models that serve, row by row
    Diff(DiffArgs),
    /// Make, show or rotate the keys that sign the log's checkpoints
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Build a read model anew beside the one that serves, then swap
    Rebuild {
        /// The projection's name, or `all`
        name: String,
        #[command(flatten)]
        settings: SettingFlags,
    },
}

/// Runs what the command line asks for.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Up { settings, demo } => match Served::load(&settings)? {
            Served::One(settings) => up::up(*settings, demo).await,
            Served::Several(several) => lenders::up(several, demo).await,
        },
        Command::Serve { settings, roles, replay: None } => match Served::load(&settings)? {
            Served::One(settings) => roles::serve(*settings, &roles).await,
            Served::Several(several) => lenders::serve(several, &roles).await,
        },
        Command::Serve { settings, roles, replay: Some(name) } => {
            roles::serve_replay(Settings::load(&settings)?, &roles, &name).await
        }
        Command::CloseDay { settings, on } => close_day::close_day(&Settings::load(&settings)?, on).await,
        Command::Snapshot { settings, on, out } => {
            snapshot::snapshot(&Settings::load(&settings)?, on, out).await
        }
        Command::Verify { settings, args } => verify::verify(&Settings::load(&settings)?, &args).await,
        Command::Migrate { settings } => roles::migrate(&Settings::load(&settings)?).await,
        Command::Demo(args) => crate::demo::demo(args).await,
        Command::Bench(args) => crate::bench::bench(args).await,
        Command::Openapi => crate::server::print_openapi(),
        Command::Schedule { file } => schedule::schedule(&file),
        Command::Routes => identification::print_routes(),
        Command::Token { settings, roles, subject, lifetime } => {
            let (settings, lifetime) = (Settings::load(&settings)?, Duration::from_secs(lifetime));
            let token = identification::development_token(&settings, &subject, &roles, lifetime)?;
            Ok(writeln!(std::io::stdout(), "{token}")?)
        }
        Command::Projections { settings } => rebuild::projections(&Settings::load(&settings)?).await,
        Command::Audit(what) => audit::run(what).await,
        Command::Replay(args) => replay::replay(*args).await,
        Command::Diff(args) => replay::diff(args).await,
        Command::Keys(what) => keys::run(what),
        Command::DeadLetters(what) => dead_letters::run(what).await,
        Command::Rebuild { name, settings } => rebuild::rebuild(&Settings::load(&settings)?, &name).await,
    }
}
