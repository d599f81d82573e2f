//! `razao keys`: the keys that sign the log's checkpoints, as files.

use std::io::Write;

use audit::keys::{Keys, KeysError};
use clap::Subcommand;
use serde_json::json;
use uuid::Uuid;

use crate::failure::Failure;
use crate::settings::{SettingFlags, Settings};

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make the first key of a log, and print the public one
    New {
        /// The name of the log, best a URL without its scheme, such as ledger.example.com/main
        #[arg(long)]
        name: String,
        #[command(flatten)]
        settings: SettingFlags,
    },
    /// Print the public keys as JSON, the youngest first
    List {
        #[command(flatten)]
        settings: SettingFlags,
    },
    /// Add a key, which signs from now on; the one before signs along until the next rotation
    Rotate {
        #[command(flatten)]
        settings: SettingFlags,
    },
}

/// Runs a subcommand.
pub fn run(what: KeysCommand) -> anyhow::Result<()> {
    let keys = match what {
        KeysCommand::New { name, settings } => Keys::create(&Settings::load(&settings)?.audit_keys(), &name),
        KeysCommand::List { settings } => Keys::load(&Settings::load(&settings)?.audit_keys()),
        KeysCommand::Rotate { settings } => Keys::rotate(&Settings::load(&settings)?.audit_keys()),
    };
    let keys = keys.map_err(|error| Failure::WrongUsage(in_words(&error)))?;
    let list: Vec<_> = keys
        .verifiers()
        .iter()
        .enumerate()
        .map(|(age, key)| {
            let use_of = if age == 0 {
                "signs"
            } else if age < keys.signing() {
                "signs_along"
            } else {
                "retired"
            };
            json!({"log": key.name(), "id": key.id_text(), "use": use_of, "public_key": key.to_string()})
        })
        .collect();
    Ok(writeln!(std::io::stdout().lock(), "{}", serde_json::to_string_pretty(&list)?)?)
}

/// Makes the first key of `razao up`, where there is none: its log's name is of nobody else.
pub fn make_first(settings: &Settings) -> anyhow::Result<()> {
    let folder = settings.audit_keys();
    if !matches!(Keys::load(&folder), Err(KeysError::None(_))) {
        return Ok(());
    }
    let id = Uuid::new_v4().simple().to_string();
    let keys = Keys::create(&folder, &format!("localhost/razao/{}", &id[..8]));
    let keys = keys.map_err(|error| Failure::WrongUsage(in_words(&error)))?;
    tracing::info!(log = keys.origin(), folder = %folder.display(), "made the key that signs the log's checkpoints");
    Ok(())
}

/// An error with its cause.
pub(crate) fn in_words(error: &KeysError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}
