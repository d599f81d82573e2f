//! Several lenders in one deployment: a table each, of which everything that it does not say is as it is said for all.
//!
//! What must not be shared is never taken over: it is derived from the lender's name, or has to be said for each.

use std::path::PathBuf;

use axum::http::uri::Authority;
use figment::Figment;
use figment::providers::Serialized;
use figment::value::{Dict, Value};
use identity::LenderClaim;
use serde::{Deserialize, Serialize};

use super::secrets::SECRETS;
use super::{SettingFlags, Settings, apart};
use crate::failure::Failure;
use crate::kafka_settings::ClientSettings;

/// The longest name: it is a part of names of databases, topics and folders.
const LONGEST_NAME: usize = 40;
const DEFAULT_CLAIM: &str = "lender";
/// What is of the process, and so of no lender.
const OF_THE_PROCESS: [&str; 9] = [
    "listen",
    "tls_cert",
    "tls_key",
    "connections",
    "projections",
    "lender_by",
    "lender_claim",
    "metrics_listen",
    "lenders",
];
/// Claims that say something else.
const TAKEN_CLAIMS: [&str; 8] = ["iss", "sub", "aud", "exp", "nbf", "iat", "azp", "client_id"];

/// By what a request's lender is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LenderBy {
    /// The host that it names.
    Host,
    /// A claim of its token.
    Claim,
}

/// Which of several lenders settings are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOfSeveral {
    pub name: String,
    /// Where it answers, in lower case; none where the claim chooses.
    pub hosts: Vec<String>,
    /// What its tokens have to say, where they have to.
    pub claim: Option<LenderClaim>,
    /// The data directory of the whole deployment, in which the lender's own is.
    pub home: PathBuf,
}

impl OneOfSeveral {
    /// The name of its database, where the private Postgres has one for each.
    pub fn private_database(&self) -> String {
        format!("razao_{}", self.name)
    }
}

/// Whom a deployment serves.
#[derive(Debug, Clone, PartialEq)]
pub enum Served {
    One(Box<Settings>),
    Several(Several),
}

/// Several lenders.
#[derive(Debug, Clone, PartialEq)]
pub struct Several {
    /// What is of the process.
    pub common: Box<Settings>,
    pub by: LenderBy,
    /// One for each, in the order of their names.
    pub lenders: Vec<Settings>,
}

impl Served {
    /// From the flags, the environment and the file: of several lenders only one, where the flags name it.
    pub fn load(flags: &SettingFlags) -> Result<Self, Failure> {
        let settings = Settings::read(flags)?;
        if settings.lenders.is_empty() {
            return only_one(settings, flags.lender.as_deref());
        }
        let mut several = several(settings)?;
        if let Some(wanted) = &flags.lender {
            let names = several.names();
            several.lenders.retain(|lender| name_of(lender) == wanted);
            if several.lenders.is_empty() {
                return wrong(format!("--lender {wanted}: the settings name {names}, and no other"));
            }
        }
        Ok(Self::Several(several))
    }
}

impl Several {
    /// The names of the lenders, in a line.
    pub(super) fn names(&self) -> String {
        self.lenders.iter().map(name_of).collect::<Vec<_>>().join(", ")
    }
}

/// The name of the lender that settings are of; empty where there is only one.
pub(super) fn name_of(settings: &Settings) -> &str {
    settings.lender.as_ref().map_or("", |lender| &lender.name)
}

fn only_one(settings: Settings, wanted: Option<&str>) -> Result<Served, Failure> {
    if let Some(wanted) = wanted {
        return wrong(format!("--lender {wanted}: the settings name no lenders ([lenders.NAME])"));
    }
    let said = [
        ("lender_by", settings.lender_by.is_some()),
        ("lender_claim", settings.lender_claim.is_some()),
        ("metrics_listen", settings.metrics_listen.is_some()),
    ];
    if let Some((name, _)) = said.iter().find(|(_, is_said)| *is_said) {
        return wrong(format!(
            "{name}: this is for several lenders, and the settings name none ([lenders.NAME])"
        ));
    }
    Ok(Served::One(Box::new(settings.checked()?)))
}

/// One settings for each lender, which share nothing that they must not share.
fn several(common: Settings) -> Result<Several, Failure> {
    let Some(by) = common.lender_by else {
        return wrong("lender_by: with lenders, `host` or `claim` says by what one is chosen".to_owned());
    };
    let cannot_be_shared = [
        ("database_url", common.database_url.is_some()),
        ("read_database_url", common.read_database_url.is_some()),
        ("replica_database_url", common.replica_database_url.is_some()),
        ("audit_anchor_file", common.audit_anchor_file.is_some()),
    ];
    if let Some((name, _)) = cannot_be_shared.iter().find(|(_, is_said)| *is_said) {
        return wrong(format!("{name}: lenders do not share it; each says its own in [lenders.NAME]"));
    }
    let claim = common.lender_claim.as_deref();
    let is_taken = |claim: &&str| TAKEN_CLAIMS.contains(claim) || *claim == common.oidc_roles_claim;
    if let Some(claim) = claim.filter(|claim| claim.is_empty() || is_taken(claim)) {
        return wrong(format!("lender_claim: `{claim}` names no lender"));
    }
    let lenders = common.lenders.iter().map(|(name, table)| {
        one_of_several(&common, by, name, table.clone()).map_err(|failure| of_lender(name, &failure))
    });
    let lenders = lenders.collect::<Result<Vec<_>, _>>()?;
    apart::check(&lenders)?;
    Ok(Several { common: Box::new(common), by, lenders })
}

fn one_of_several(common: &Settings, by: LenderBy, name: &str, mut table: Dict) -> Result<Settings, Failure> {
    check_name(name)?;
    let hosts = hosts(by, table.remove("hosts"))?;
    let client = match table.remove("kafka") {
        Some(kafka) => kafka.deserialize::<ClientSettings>().map_err(|error| in_words(&error))?,
        None => ClientSettings::default(),
    };
    secrets_from_files(&mut table)?;
    if let Some(setting) = table.keys().find(|setting| OF_THE_PROCESS.contains(&setting.as_str())) {
        return wrong(format!("{setting}: this is of the whole process, and of no lender"));
    }
    let mut own = derived(common, name);
    own.kafka = own.kafka.with(client);
    if table.contains_key("oidc_roles") {
        // What another lender's issuer calls roles is nothing to this one's.
        own.oidc_roles.clear();
    }
    let figment = Figment::from(Serialized::defaults(own)).merge(Serialized::defaults(table));
    let mut settings: Settings = figment.extract().map_err(|error| in_words(&error))?;
    let claim = match by {
        LenderBy::Claim => Some(common.lender_claim.as_deref().unwrap_or(DEFAULT_CLAIM)),
        LenderBy::Host => common.lender_claim.as_deref(),
    };
    let claim = claim.map(|claim| LenderClaim { claim: claim.to_owned(), lender: name.to_owned() });
    // Without a token nobody knows whom a request is for.
    settings.require_token |= by == LenderBy::Claim;
    let home = common.data_dir.clone();
    settings.lender = Some(OneOfSeveral { name: name.to_owned(), hosts, claim, home });
    settings.checked()
}

/// What is said for all, with what must not be shared derived from a lender's name.
fn derived(common: &Settings, name: &str) -> Settings {
    let below = |folder: &PathBuf| folder.join(name);
    Settings {
        data_dir: common.data_dir.join("lenders").join(name),
        audit_keys: common.audit_keys.as_ref().map(below),
        snapshot_dir: common.snapshot_dir.as_ref().map(below),
        audit_anchor_url: common
            .audit_anchor_url
            .as_ref()
            .map(|url| format!("{}/{name}", url.trim_end_matches('/'))),
        kafka_topic_prefix: format!("{}.{name}", common.kafka_topic_prefix),
        lender_by: None,
        lender_claim: None,
        metrics_listen: None,
        lenders: std::collections::BTreeMap::new(),
        ..common.clone()
    }
}

fn check_name(name: &str) -> Result<(), Failure> {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_name = (1..=LONGEST_NAME).contains(&name.len())
        && name.chars().all(is_part)
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('-');
    if is_name {
        return Ok(());
    }
    wrong(format!(
        "a lender's name begins with a letter and has 1 to {LONGEST_NAME} lower-case letters, digits and dashes"
    ))
}

/// The hosts at which a lender answers, in lower case.
fn hosts(by: LenderBy, said: Option<Value>) -> Result<Vec<String>, Failure> {
    let said = match said {
        Some(hosts) => hosts.deserialize::<Vec<String>>().map_err(|error| in_words(&error))?,
        None => Vec::new(),
    };
    match by {
        LenderBy::Claim if !said.is_empty() => {
            return wrong("hosts: lender_by is `claim`, so hosts say nothing".to_owned());
        }
        LenderBy::Host if said.is_empty() => {
            return wrong("hosts: lender_by is `host`, so a lender has one at least".to_owned());
        }
        _ => {}
    }
    said.into_iter().map(|host| checked_host(&host)).collect()
}

fn checked_host(host: &str) -> Result<String, Failure> {
    let authority = host.parse::<Authority>().ok().filter(|authority| authority.host() == host);
    match authority {
        Some(authority) => Ok(authority.host().to_ascii_lowercase()),
        None => wrong(format!("hosts: `{host}` is no host: a name or an address, without a port")),
    }
}

/// Puts what files hold into the place of their names, which are those of the settings with `_file` behind.
fn secrets_from_files(table: &mut Dict) -> Result<(), Failure> {
    for secret in SECRETS {
        let variable = format!("{secret}_file");
        let Some(file) = table.remove(&variable) else { continue };
        let Some(file) = file.as_str() else {
            return wrong(format!("{variable}: this is no path"));
        };
        if table.contains_key(secret) {
            return wrong(format!("{variable} and {secret} are both said: one of them is enough"));
        }
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::WrongUsage(format!("{variable}: {file} cannot be read: {error}")))?;
        table.insert(secret.to_owned(), Value::from(text.trim_end_matches(['\r', '\n'])));
    }
    Ok(())
}

fn of_lender(name: &str, failure: &Failure) -> Failure {
    Failure::WrongUsage(format!("[lenders.{name}] {failure}"))
}

fn in_words(error: &figment::Error) -> Failure {
    Failure::WrongUsage(error.to_string())
}

fn wrong<T>(why: String) -> Result<T, Failure> {
    Err(Failure::WrongUsage(why))
}
