//! Settings: flags, then `RAZAO_…` in the environment, then a TOML file.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZero;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;
use std::time::Duration;

use chrono::NaiveDate;
use command_api::BulkLimits;
use event_store::BookingDay;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::Dict;
use kafka::KafkaSettings;
use projections::RetryPolicy;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::identification::mapping;
use crate::kafka_settings::{self, ClientSettings};
use crate::server::Tls;

mod apart;
mod flags;
mod lenders;
mod secrets;
#[cfg(test)]
mod tests;

/// How many commands a core keeps busy with, its database beside it: more only wait for each other. There are never fewer
/// than for two.
const COMMANDS_OF_A_CORE: usize = 32;

pub use flags::SettingFlags;
pub use lenders::{LenderBy, OneOfSeveral, Served, Several};

/// What a server runs by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub data_dir: PathBuf,
    pub listen: SocketAddr,
    pub database_url: Option<String>,
    pub read_database_url: Option<String>,
    pub replica_database_url: Option<String>,
    /// The replica is read while it is at most so far behind.
    pub replica_max_lag_ms: u64,
    pub redis_url: Option<String>,
    /// The most memory for answers, where there is no Redis; 0: none are kept.
    pub cache_bytes: u64,
    /// For how long an answer is kept.
    pub cache_lifetime_s: u64,
    pub today: Option<NaiveDate>,
    /// The issuer whose tokens are accepted; none: the development issuer's, and on loopback a request without.
    pub oidc_issuer: Option<String>,
    /// For whom tokens are to be (`aud`).
    pub oidc_audience: String,
    /// Which claim names the roles: its name, or a path to it with dots.
    pub oidc_roles_claim: String,
    /// The issuer's names, each with the role that it stands for; empty: the issuer uses our names.
    pub oidc_roles: BTreeMap<String, String>,
    /// How often the issuer's keys are read again, in seconds.
    pub oidc_refresh_s: u64,
    /// Whether every request needs a token, where there is no issuer too.
    pub require_token: bool,
    /// The server's certificate and those that vouch for it, as PEM; none: the server speaks plain HTTP.
    pub tls_cert: Option<PathBuf>,
    /// The certificate's key, as PEM.
    pub tls_key: Option<PathBuf>,
    /// How many connections are open at most.
    pub connections: usize,
    /// How many commands are under way at most; more are refused at once.
    pub commands_in_flight: usize,
    /// How many reads are.
    pub reads_in_flight: usize,
    /// How many lines of bulks are; more wait.
    pub bulk_lines_in_flight: usize,
    /// How long a request may take, in seconds.
    pub request_timeout_s: u64,
    /// How many requests, and lines of bulks, a second are taken from one subject; 0: any number.
    pub rate_per_client: u32,
    /// How many requests a second are taken from one address; 0: any number.
    pub rate_per_address: u32,
    /// The folder of the keys that sign checkpoints; none named: `audit-keys` in the data directory.
    pub audit_keys: Option<PathBuf>,
    /// Whether the role `reactions` seals the log.
    pub audit_seal: bool,
    /// The shortest time between two checkpoints.
    pub audit_seal_every_ms: u64,
    /// A file to which checkpoints are appended as anchors, best on another machine's disk.
    pub audit_anchor_file: Option<PathBuf>,
    /// The folder of a bucket of S3 in which checkpoints are kept as anchors, as `s3://BUCKET/FOLDER`.
    pub audit_anchor_url: Option<String>,
    /// The shortest time between two anchors.
    pub audit_anchor_every_s: u64,
    /// The most memory for folded states of loans, in bytes.
    pub state_cache_bytes: u64,
    pub kafka_brokers: Option<String>,
    /// What the names of all topics begin with.
    pub kafka_topic_prefix: String,
    /// How many partitions the topic of events has.
    pub kafka_partitions: i32,
    /// After so many events at the latest, records say that all of them came before.
    pub kafka_completeness_every: i64,
    /// Settings of librdkafka by their own names.
    pub kafka: ClientSettings,
    /// The read models that the role `projections` feeds, parted by commas; none named: all.
    pub projections: Option<String>,
    /// How many attempts an event that a read model cannot take is given before its stream is a dead letter.
    pub parked_attempts: u32,
    /// The wait after the second attempt; it doubles from one to the next.
    pub parked_first_wait_ms: u64,
    /// The longest wait between two attempts.
    pub parked_longest_wait_ms: u64,
    /// Whether the role `reactions` closes each day when it is over.
    pub close_days: bool,
    /// Where the role `reactions` writes each day's Parquet files; none named: nowhere.
    pub snapshot_dir: Option<PathBuf>,
    /// For how many days finished requests are kept.
    pub requests_kept_days: u32,
    /// How the lender of a request is chosen, where there are several.
    pub lender_by: Option<LenderBy>,
    /// Which claim of a token names its lender, where there are several: its name, or a path to it with dots.
    pub lender_claim: Option<String>,
    /// Where the metrics of several lenders are asked for: an address for operators alone.
    pub metrics_listen: Option<SocketAddr>,
    /// What differs from lender to lender, by their names; empty: there is one.
    pub lenders: BTreeMap<String, Dict>,
    /// Which of several lenders these settings are of.
    #[serde(skip)]
    pub lender: Option<OneOfSeveral>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_dir: default_data_dir(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            database_url: None,
            read_database_url: None,
            replica_database_url: None,
            replica_max_lag_ms: 2_000,
            redis_url: None,
            cache_bytes: 32 << 20,
            cache_lifetime_s: 60,
            today: None,
            oidc_issuer: None,
            oidc_audience: "razao".to_owned(),
            oidc_roles_claim: "roles".to_owned(),
            oidc_roles: BTreeMap::new(),
            oidc_refresh_s: 300,
            require_token: false,
            tls_cert: None,
            tls_key: None,
            connections: 16_384,
            commands_in_flight: COMMANDS_OF_A_CORE * available_parallelism().map_or(1, NonZero::get).max(2),
            reads_in_flight: 256,
            bulk_lines_in_flight: 1024,
            request_timeout_s: 30,
            rate_per_client: 0,
            rate_per_address: 0,
            audit_keys: None,
            audit_seal: true,
            audit_seal_every_ms: 500,
            audit_anchor_file: None,
            audit_anchor_url: None,
            audit_anchor_every_s: 60,
            state_cache_bytes: 64 << 20,
            kafka_brokers: None,
            kafka_topic_prefix: "razao".to_owned(),
            kafka_partitions: 6,
            kafka_completeness_every: 10_000,
            kafka: ClientSettings::default(),
            projections: None,
            parked_attempts: 10,
            parked_first_wait_ms: 2_000,
            parked_longest_wait_ms: 600_000,
            close_days: true,
            snapshot_dir: None,
            requests_kept_days: 7,
            lender_by: None,
            lender_claim: None,
            metrics_listen: None,
            lenders: BTreeMap::new(),
            lender: None,
        }
    }
}

/// Variables that are read elsewhere, and so are no settings of this list.
const NOT_SETTINGS: [&str; 4] = ["log", "postgres_bin", "postgres_user", "token"];

impl Settings {
    /// Those of one lender: the only one, or the one that the flags name.
    pub fn load(flags: &SettingFlags) -> Result<Self, Failure> {
        match (Served::load(flags)?, &flags.lender) {
            (Served::One(settings), _) => Ok(*settings),
            // The one that is named.
            (Served::Several(mut several), Some(_)) => Ok(several.lenders.remove(0)),
            (Served::Several(several), None) => {
                let names = several.names();
                Err(Failure::WrongUsage(format!("--lender NAME has to say which: the settings name {names}")))
            }
        }
    }

    /// As they are written, before anybody looked what they come to.
    fn read(flags: &SettingFlags) -> Result<Self, Failure> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = &flags.config {
            if !file.is_file() {
                let file = file.display();
                return Err(Failure::WrongUsage(format!("--config {file}: there is no such file")));
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        let is_read_elsewhere =
            |name: &str| kafka_settings::client_setting(name).is_some() || secrets::is_file(name);
        let environment = Env::prefixed("RAZAO_")
            .ignore(&NOT_SETTINGS)
            .filter(move |name| !is_read_elsewhere(name.as_str()));
        let secrets = secrets::from_files(std::env::vars())?;
        let figment = figment.merge(environment);
        let figment = secrets.iter().fold(figment, |figment, (name, secret)| {
            if kafka_settings::client_setting(name).is_some() {
                return figment;
            }
            figment.merge(Serialized::default(name, secret))
        });
        let figment = figment.merge(Serialized::defaults(flags));
        let mut settings: Self = figment.extract().map_err(|error| Failure::WrongUsage(error.to_string()))?;
        settings.kafka.extend_from(std::env::vars().filter(|(name, _)| !secrets::is_file_variable(name)));
        settings
            .kafka
            .extend_from(secrets.into_iter().map(|(name, secret)| (format!("RAZAO_{name}"), secret)));
        Ok(settings)
    }

    fn checked(self) -> Result<Self, Failure> {
        if !self.listen.ip().is_loopback() && self.oidc_issuer.is_none() {
            let listen = self.listen;
            return Err(Failure::WrongUsage(format!(
                "listen {listen}: any address but loopback needs a token issuer (RAZAO_OIDC_ISSUER)"
            )));
        }
        if let (Some(today), Some(issuer)) = (self.today, &self.oidc_issuer) {
            return Err(Failure::WrongUsage(format!(
                "today {today}: a booking day of your choice is for trials, not for a server with the issuer {issuer}"
            )));
        }
        if self.oidc_refresh_s < 1 {
            return Err(Failure::WrongUsage("oidc_refresh_s is at least 1".to_owned()));
        }
        mapping(&self)?;
        self.check_limits()?;
        if self.kafka_partitions < 1 || self.kafka_completeness_every < 1 {
            return Err(Failure::WrongUsage(
                "kafka_partitions and kafka_completeness_every are at least 1".to_owned(),
            ));
        }
        if self.parked_attempts < 1 || self.parked_first_wait_ms > self.parked_longest_wait_ms {
            return Err(Failure::WrongUsage(format!(
                "parked_attempts is at least 1, and parked_first_wait_ms ({}) at most parked_longest_wait_ms ({})",
                self.parked_first_wait_ms, self.parked_longest_wait_ms
            )));
        }
        if self.replica_max_lag_ms < 200 || !(1..=86_400).contains(&self.cache_lifetime_s) {
            return Err(Failure::WrongUsage(format!(
                "replica_max_lag_ms ({}) is at least 200, and cache_lifetime_s ({}) from 1 to 86400",
                self.replica_max_lag_ms, self.cache_lifetime_s
            )));
        }
        self.chosen_projections()?;
        Ok(self)
    }

    fn check_limits(&self) -> Result<(), Failure> {
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            return Err(Failure::WrongUsage(
                "tls_cert and tls_key belong together: one is missing".to_owned(),
            ));
        }
        let least = [
            ("connections", self.connections as u64),
            ("commands_in_flight", self.commands_in_flight as u64),
            ("reads_in_flight", self.reads_in_flight as u64),
            ("bulk_lines_in_flight", self.bulk_lines_in_flight as u64),
            ("request_timeout_s", self.request_timeout_s),
        ];
        match least.iter().find(|(_, value)| *value == 0) {
            Some((name, _)) => Err(Failure::WrongUsage(format!("{name} is at least 1"))),
            None => Ok(()),
        }
    }

    /// How much of bulks is under way at a time.
    pub fn bulk_limits(&self) -> BulkLimits {
        let in_flight = self.bulk_lines_in_flight;
        BulkLimits { abreast: BulkLimits::default().abreast.min(in_flight), in_flight }
    }

    /// The certificate that the server shows, if any.
    pub fn tls(&self) -> Result<Option<Tls>, Failure> {
        let (Some(certificate), Some(key)) = (&self.tls_cert, &self.tls_key) else { return Ok(None) };
        Tls::load(certificate, key).map(Some).map_err(|error| Failure::WrongUsage(format!("TLS: {error}")))
    }

    /// When a read model tries again what it could not take.
    pub fn retry_policy(&self) -> RetryPolicy {
        RetryPolicy {
            attempts: self.parked_attempts,
            first_wait: Duration::from_millis(self.parked_first_wait_ms),
            longest_wait: Duration::from_millis(self.parked_longest_wait_ms),
        }
    }

    /// The read models that this process feeds, if it feeds any.
    pub fn chosen_projections(&self) -> Result<projections::Chosen, Failure> {
        let Some(names) = &self.projections else { return Ok(projections::Chosen::default()) };
        projections::chosen(names.split(',').map(str::trim)).map_err(|name| {
            let names = projections::NAMES.join(", ");
            Failure::WrongUsage(format!("projections: `{name}` is none of {names}"))
        })
    }

    /// The Kafka to which the log is published, and by which the read models are fed, if any.
    pub fn kafka(&self) -> Option<KafkaSettings> {
        Some(KafkaSettings {
            brokers: self.kafka_brokers.clone()?,
            topic_prefix: self.kafka_topic_prefix.clone(),
            partitions: self.kafka_partitions,
            completeness_every: self.kafka_completeness_every,
            client: self.kafka.by_name().clone(),
        })
    }

    /// The data directory of the whole deployment.
    pub fn home(&self) -> &Path {
        self.lender.as_ref().map_or(&self.data_dir, |lender| &lender.home)
    }

    /// The folder of the keys that sign checkpoints.
    pub fn audit_keys(&self) -> PathBuf {
        self.audit_keys.clone().unwrap_or_else(|| self.data_dir.join("audit-keys"))
    }

    pub fn booking_day(&self) -> BookingDay {
        self.today.map_or(BookingDay::OfTheClock, BookingDay::Fixed)
    }
}

/// `.razao`; but root runs Postgres as another user, who cannot get into, say, a clone under `/root`.
fn default_data_dir() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let open = |folder: &Path| folder.metadata().is_ok_and(|folder| folder.permissions().mode() & 0o001 != 0);
    if nix::unistd::geteuid().is_root() && !here.ancestors().all(open) {
        return PathBuf::from("/var/lib/razao");
    }
    PathBuf::from(".razao")
}
