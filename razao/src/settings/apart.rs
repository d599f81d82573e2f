//! What two lenders of one deployment must not share, as far as settings tell.

use std::path::{Component, Path, PathBuf};

use sqlx::postgres::PgConnectOptions;

use super::Settings;
use super::lenders::name_of;
use crate::failure::Failure;

/// Something that is of one lender alone, and by which setting it is.
struct Own {
    setting: &'static str,
    what: What,
}

#[derive(PartialEq, Eq)]
enum What {
    Database(String),
    Folder(PathBuf),
    File(PathBuf),
    /// A folder of a bucket.
    Bucket(String),
    Topics(String),
    Host(String),
    /// Who makes its tokens, and for whom.
    Tokens(String, String),
}

/// Refuses two lenders of which one could read or write what is of the other.
pub(super) fn check(lenders: &[Settings]) -> Result<(), Failure> {
    let owned: Vec<_> = lenders
        .iter()
        .map(|lender| Ok((name_of(lender), owned_by(lender)?)))
        .collect::<Result<_, Failure>>()?;
    for (at, (name, of_one)) in owned.iter().enumerate() {
        for (other, of_other) in &owned[at + 1..] {
            let pairs = of_one.iter().flat_map(|own| of_other.iter().map(move |others| (own, others)));
            if let Some((own, others)) =
                pairs.into_iter().find(|(own, others)| own.what.overlaps(&others.what))
            {
                return Err(shared((name, own), (other, others)));
            }
        }
    }
    Ok(())
}

fn shared((name, own): (&str, &Own), (other, others): (&str, &Own)) -> Failure {
    let setting = if own.setting == others.setting {
        own.setting.to_owned()
    } else {
        format!("{} and {}", own.setting, others.setting)
    };
    let what = match &own.what {
        // An address may have a password in it.
        What::Database(_) => "the same database".to_owned(),
        What::Folder(_) => "the same folder, or one in the other".to_owned(),
        What::File(file) => format!("the file {}", file.display()),
        What::Bucket(_) => "the same folder of a bucket, or one in the other".to_owned(),
        What::Topics(prefix) => format!("topics that begin with `{prefix}`"),
        What::Host(host) => format!("the host {host}"),
        What::Tokens(issuer, audience) => format!(
            "tokens of {issuer} for `{audience}`, so that those of one would be good at the host of the other: \
             give each an audience or an issuer of its own, or set lender_claim"
        ),
    };
    Failure::WrongUsage(format!("the lenders {name} and {other} share by {setting} {what}"))
}

fn owned_by(lender: &Settings) -> Result<Vec<Own>, Failure> {
    let mut owned = Vec::new();
    let mut own = |setting, what| owned.push(Own { setting, what });
    for (setting, url) in [
        ("database_url", &lender.database_url),
        ("read_database_url", &lender.read_database_url),
        ("replica_database_url", &lender.replica_database_url),
    ] {
        if let Some(url) = url {
            own(setting, What::Database(database_of(name_of(lender), setting, url)?));
        }
    }
    own("data_dir", What::Folder(normal(&lender.data_dir)));
    own("audit_keys", What::Folder(normal(&lender.audit_keys())));
    if let Some(folder) = &lender.snapshot_dir {
        own("snapshot_dir", What::Folder(normal(folder)));
    }
    if let Some(file) = &lender.audit_anchor_file {
        own("audit_anchor_file", What::File(normal(file)));
    }
    if let Some(url) = &lender.audit_anchor_url {
        own("audit_anchor_url", What::Bucket(format!("{}/", url.trim_end_matches('/'))));
    }
    // Brokers of two names may be of one cluster.
    if lender.kafka_brokers.is_some() {
        own("kafka_topic_prefix", What::Topics(lender.kafka_topic_prefix.clone()));
    }
    let Some(one) = &lender.lender else { return Ok(owned) };
    for host in &one.hosts {
        own("hosts", What::Host(host.clone()));
    }
    // The keys of development issuers are in the data directories.
    if let (None, Some(issuer)) = (&one.claim, &lender.oidc_issuer) {
        let tokens = What::Tokens(issuer.clone(), lender.oidc_audience.clone());
        own("oidc_issuer and oidc_audience", tokens);
    }
    Ok(owned)
}

/// Where a database is, whoever logs in there.
fn database_of(lender: &str, setting: &str, url: &str) -> Result<String, Failure> {
    let options: PgConnectOptions = url.parse().map_err(|error| {
        Failure::WrongUsage(format!("[lenders.{lender}] {setting} is no Postgres URL: {error}"))
    })?;
    let socket = options.get_socket().map(|socket| socket.display().to_string());
    let server = socket.unwrap_or_else(|| options.get_host().to_ascii_lowercase());
    // Postgres takes the user's name for that of a database that is not named.
    let database = options.get_database().unwrap_or_else(|| options.get_username());
    Ok(format!("{server}:{}/{database}", options.get_port()))
}

impl What {
    fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Folder(one), Self::Folder(other)) => one.starts_with(other) || other.starts_with(one),
            (Self::Bucket(one), Self::Bucket(other)) => one.starts_with(other) || other.starts_with(one),
            (Self::Folder(folder), Self::File(file)) | (Self::File(file), Self::Folder(folder)) => {
                file.starts_with(folder)
            }
            (one, other) => one == other,
        }
    }
}

/// A path from the root on, without steps back.
fn normal(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    absolute.components().fold(PathBuf::new(), |mut normal, part| {
        match part {
            Component::ParentDir => _ = normal.pop(),
            Component::CurDir => {}
            part => normal.push(part),
        }
        normal
    })
}
