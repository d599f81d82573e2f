//! Settings: flags, then `RAZAO_…` in the environment, then a TOML file.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::NaiveDate;
use clap::Args;
use event_store::BookingDay;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use kafka::KafkaSettings;
use projections::RetryPolicy;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::identification::mapping;
use crate::kafka_settings::{self, ClientSettings};

/// The flags that are settings too. What is not given is looked for in the environment, then in the file.
#[derive(Debug, Clone, Default, Args, Serialize)]
pub struct SettingFlags {
    /// A TOML file with settings
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Where everything is kept [default: .razao; /var/lib/razao for root in a directory closed to others]
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// The address to serve on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// A Postgres for the log, in place of the embedded one
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,
    /// Another Postgres for the read models
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_database_url: Option<String>,
    /// A streaming replica of the read models' Postgres, for reads
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replica_database_url: Option<String>,
    /// A Redis that keeps answers, in place of memory
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis_url: Option<String>,
    /// Kafka brokers to publish the log to, and to feed the read models by, as HOST:PORT,…
    #[arg(long = "kafka", value_name = "BROKERS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kafka_brokers: Option<String>,
    /// The read models that the role projections feeds, parted by commas [default: all]
    #[arg(long, value_name = "NAMES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projections: Option<String>,
    /// The token issuer (OIDC) whose tokens are accepted
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc_issuer: Option<String>,
    /// The folder of the keys that sign the log's checkpoints [default: audit-keys in the data directory]
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_keys: Option<PathBuf>,
    /// A booking day of your choice, for trials and tests
    #[arg(long, value_name = "DATE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub today: Option<NaiveDate>,
}

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
        }
    }
}

/// Variables that are read elsewhere, and so are no settings of this list.
const NOT_SETTINGS: [&str; 4] = ["log", "postgres_bin", "postgres_user", "token"];

impl Settings {
    pub fn load(flags: &SettingFlags) -> Result<Self, Failure> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = &flags.config {
            if !file.is_file() {
                let file = file.display();
                return Err(Failure::WrongUsage(format!("--config {file}: there is no such file")));
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        let environment = Env::prefixed("RAZAO_")
            .ignore(&NOT_SETTINGS)
            .filter(|name| kafka_settings::client_setting(name.as_str()).is_none());
        let figment = figment.merge(environment).merge(Serialized::defaults(flags));
        let mut settings: Self = figment.extract().map_err(|error| Failure::WrongUsage(error.to_string()))?;
        settings.kafka.extend_from(std::env::vars());
        settings.checked()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let file = std::env::temp_dir().join(format!("razao-settings-{}.toml", std::process::id()));
        std::fs::write(&file, "listen = \"127.0.0.1:9000\"\ndata_dir = \"/srv/razao\"\n").unwrap();
        let listen = Some("127.0.0.1:9001".parse().unwrap());
        let flags = SettingFlags { config: Some(file.clone()), listen, ..SettingFlags::default() };
        let settings = Settings::load(&flags).unwrap();
        std::fs::remove_file(file).unwrap();
        assert_eq!(settings.listen.port(), 9001);
        assert_eq!(settings.data_dir, PathBuf::from("/srv/razao"));
        assert_eq!(settings.state_cache_bytes, 64 << 20);
    }

    #[test]
    fn settings_of_librdkafka_are_a_table_of_the_file_however_it_is_written() {
        let file = std::env::temp_dir().join(format!("razao-kafka-{}.toml", std::process::id()));
        let text = "kafka_brokers = \"k:1\"\n[kafka]\nsasl.username = \"r\"\n\"linger.ms\" = 5\n";
        std::fs::write(&file, text).unwrap();
        let flags = SettingFlags { config: Some(file.clone()), ..SettingFlags::default() };
        let kafka = Settings::load(&flags).unwrap().kafka().expect("there are brokers");
        std::fs::remove_file(file).unwrap();
        let client: Vec<_> =
            kafka.client.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(client, [("linger.ms", "5"), ("sasl.username", "r")]);
        assert_eq!((kafka.brokers.as_str(), kafka.topic().as_str()), ("k:1", "razao.events"));
    }

    #[test]
    fn read_models_are_chosen_by_their_names() {
        let with =
            |names: &str| SettingFlags { projections: Some(names.to_owned()), ..SettingFlags::default() };
        assert!(Settings::load(&with("daily_balances, journal")).is_ok());
        let refused = Settings::load(&with("daily_balances,ballances")).unwrap_err();
        assert!(matches!(refused, Failure::WrongUsage(why) if why.contains("`ballances` is none of loans")));
    }

    #[test]
    fn an_address_that_others_can_reach_needs_an_issuer() {
        let flags = SettingFlags { listen: Some("0.0.0.0:8080".parse().unwrap()), ..SettingFlags::default() };
        let refused = Settings::load(&flags).unwrap_err();
        assert!(matches!(refused, Failure::WrongUsage(why) if why.contains("token issuer")));
        let issuer = Some("https://issuer.example".to_owned());
        assert!(Settings::load(&SettingFlags { oidc_issuer: issuer, ..flags }).is_ok());
    }

    #[test]
    fn a_server_with_an_issuer_has_the_clocks_day() {
        let issuer = Some("https://issuer.example".to_owned());
        let today = NaiveDate::from_ymd_opt(2026, 3, 2);
        let flags = SettingFlags { oidc_issuer: issuer, today, ..SettingFlags::default() };
        let refused = Settings::load(&flags).unwrap_err();
        assert!(matches!(refused, Failure::WrongUsage(why) if why.contains("today 2026-03-02")));
    }
}
