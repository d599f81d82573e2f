//! Secrets from files: `RAZAO_DATABASE_URL_FILE` names a file in place of `RAZAO_DATABASE_URL` itself, as containers and
//! service managers hand them out. So they are in no list of processes and in no environment that is inherited.

use crate::failure::Failure;
use crate::kafka_settings::client_setting;

/// Settings that may hold a secret; librdkafka's are all taken for one.
pub(super) const SECRETS: [&str; 4] =
    ["database_url", "read_database_url", "replica_database_url", "redis_url"];
const SUFFIX: &str = "_file";

/// Whether a variable, without its `RAZAO_`, names the file of a secret.
pub(super) fn is_file(name: &str) -> bool {
    secret_of(name).is_some()
}

pub(super) fn is_file_variable(name: &str) -> bool {
    name.strip_prefix("RAZAO_").is_some_and(is_file)
}

/// What the files hold, by the names of the settings. An end of line at the end is none of the secret.
pub(super) fn from_files(
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Vec<(String, String)>, Failure> {
    let environment: Vec<_> = environment.into_iter().collect();
    let mut secrets = Vec::new();
    for (variable, file) in &environment {
        let Some(name) = variable.strip_prefix("RAZAO_").and_then(secret_of) else { continue };
        let itself = format!("RAZAO_{}", name.to_uppercase());
        if environment.iter().any(|(other, _)| *other == itself) {
            return Err(Failure::WrongUsage(format!(
                "{variable} and {itself} are both set: one of them is enough"
            )));
        }
        let secret = std::fs::read_to_string(file)
            .map_err(|error| Failure::WrongUsage(format!("{variable}: {file} cannot be read: {error}")))?;
        secrets.push((name, secret.trim_end_matches(['\r', '\n']).to_owned()));
    }
    Ok(secrets)
}

fn secret_of(name: &str) -> Option<String> {
    let name = name.to_lowercase();
    let secret = name.strip_suffix(SUFFIX)?;
    (SECRETS.contains(&secret) || client_setting(secret).is_some()).then(|| secret.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_stands_for_the_secret_itself() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "postgres://u:p@db/razao\n").unwrap();
        let variable = |name: &str| (name.to_owned(), file.display().to_string());
        let read = |variables: &[&str]| from_files(variables.iter().map(|name| variable(name)));
        let secrets =
            read(&["RAZAO_DATABASE_URL_FILE", "RAZAO_KAFKA_SASL_PASSWORD_FILE", "RAZAO_AUDIT_ANCHOR_FILE"])
                .unwrap();
        let expected = ["database_url", "kafka_sasl_password"]
            .map(|name| (name.to_owned(), "postgres://u:p@db/razao".to_owned()));
        assert_eq!(secrets, expected);
        let both = read(&["RAZAO_DATABASE_URL_FILE", "RAZAO_DATABASE_URL"]).unwrap_err();
        assert!(matches!(both, Failure::WrongUsage(why) if why.contains("both set")));
        for secret in SECRETS {
            let variable = format!("RAZAO_{}_FILE", secret.to_uppercase());
            assert_eq!(read(&[&variable]).unwrap()[0].0, secret);
        }
        let missing = [("RAZAO_DATABASE_URL_FILE".to_owned(), "/nowhere".to_owned())];
        assert!(matches!(from_files(missing), Err(Failure::WrongUsage(why)) if why.contains("/nowhere")));
    }
}
