//! `razao audit`: what an auditor takes along.

mod pack;
mod parts;

use std::path::PathBuf;

use ::audit::pack::parse_month;
use chrono::NaiveDate;
use clap::{Args, Subcommand};
use uuid::Uuid;

use crate::settings::{SettingFlags, Settings};

#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Write the events of a loan or a month, with all that it takes to check them offline, to a file
    Pack {
        #[command(flatten)]
        of: PackOf,
        /// The file
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        #[command(flatten)]
        settings: SettingFlags,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct PackOf {
    /// A loan
    #[arg(long, value_name = "ID")]
    loan: Option<Uuid>,
    /// What was recorded in a month, in São Paulo
    #[arg(long, value_name = "YYYY-MM", value_parser = month)]
    month: Option<NaiveDate>,
}

fn month(text: &str) -> Result<NaiveDate, String> {
    parse_month(text).ok_or_else(|| "a month is written YYYY-MM".to_owned())
}

/// Runs a subcommand.
pub async fn run(what: AuditCommand) -> anyhow::Result<()> {
    let AuditCommand::Pack { of, out, settings } = what;
    pack::write(&Settings::load(&settings)?, &of, &out).await
}
