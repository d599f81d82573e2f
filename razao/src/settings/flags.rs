//! The settings that are flags too.

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;
use serde::Serialize;

/// The flags that are settings too. What is not given is looked for in the environment, then in the file.
#[derive(Debug, Clone, Default, Args, Serialize)]
pub struct SettingFlags {
    /// A TOML file with settings
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Which lender, where the settings name several
    #[arg(long, value_name = "NAME")]
    #[serde(skip)]
    pub lender: Option<String>,
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
