//! The read side: read models projected from the log, their rebuild, and the query API.
//!
//! - [`migrate`] creates the tables, [`run`] feeds them from the log or by Kafka, [`status`] says how far each is.
//! - [`router`] answers every read of the contract; [`QueryState`] is what it works with.
//! - [`Replica`] and [`AnswerCache`]: what makes reads cheaper, and may be gone at any time.
//! - [`redrive`] and [`discard`] deal with a [`DeadLetter`]: an event that a read model cannot take, and its stream.
//! - [`loan_figures`] and [`month_figures`]: what an auditor compares with the events.
//! - [`rebuild`] builds one anew while the old one serves; [`digest`] compares two byte for byte.
//! - [`replay`] builds all of them as they were at an earlier moment; [`compare`] names the rows that differ.
//!
//! Each read model is a folder: how events change it (`mod.rs`), its tables (`schema.sql`) and its statements. Its
//! rows can be thrown away at any time: everything in them follows from the log.

mod analysis;
mod apply;
mod building;
mod checkpoint;
mod consumer;
mod copy;
mod daily_balances;
mod digest;
mod entries;
mod error;
mod event;
mod figures;
mod follower;
mod hexadecimal;
mod journal;
mod loans;
mod migrate;
mod minor;
mod pages;
mod parking;
mod partitions;
mod periods;
mod place;
mod products;
mod proposals;
mod query;
mod read_model;
mod rebuild;
mod replay;
mod road;
mod run;
mod session;
mod staff;
mod telemetry;
mod verify;

pub use analysis::{DaySnapshot, SnapshotError, SnapshotFile, folder_of, write_snapshot};
pub use digest::{ReadModelDigest, TableDigest, digest};
pub use error::ProjectionError;
pub use figures::{figures_position, loan_figures, month_figures, sample_of_loans};
pub use migrate::migrate;
pub use parking::letters::{
    DeadLetter, DeadLetterFilter, DeadLetterState, DiscardedEvent, WaitingEvent, dead_letter, dead_letters,
    discarded_events,
};
pub use parking::redrive::{Redriven, StillParked, discard, redrive};
pub use parking::retry::RetryPolicy;
pub use partitions::PartitionStatus;
pub use query::{
    AnswerCache, NoRedisUrl, Operator, Owner, QueryState, Replica, api_document, check_reason, router,
};
pub use rebuild::{rebuild, rebuild_all};
pub use replay::{
    Compared, ComparedTable, Replay, ReplayError, RowDiffers, Side, Until, WantedReplay, compare,
    drop_replay, find_replay, replay, replays,
};
pub use run::{ProjectionStatus, Source, run, status};
pub use verify::{Comparison, RowDifference, compare_with_log};

/// The names of the read models, as `razao rebuild` takes them.
pub const NAMES: [&str; 8] =
    ["loans", "entries", "journal", "daily_balances", "products", "periods", "staff", "proposals"];

/// The read models of these names, each once; or the name that is none.
pub fn chosen<'n>(names: impl IntoIterator<Item = &'n str>) -> Result<Chosen, &'n str> {
    let mut models: Vec<&'static read_model::ReadModel> = Vec::new();
    for name in names {
        let model = read_model::find(name).ok_or(name)?;
        if models.iter().all(|chosen| chosen.name != model.name) {
            models.push(model);
        }
    }
    Ok(Chosen(models))
}

/// Read models that one process feeds.
#[derive(Clone)]
pub struct Chosen(Vec<&'static read_model::ReadModel>);

impl Default for Chosen {
    /// All of them.
    fn default() -> Self {
        Self(read_model::ALL.to_vec())
    }
}
