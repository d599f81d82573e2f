//! Settings of librdkafka, passed through by their own names. Some are secrets, so none is ever shown.

use std::collections::BTreeMap;
use std::fmt;

use figment::value::{Dict, Value};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// Settings that begin the same but are the program's own.
const OURS: [&str; 4] =
    ["kafka_brokers", "kafka_topic_prefix", "kafka_partitions", "kafka_completeness_every"];

/// The table `kafka` of the file, and what of the environment begins with `RAZAO_KAFKA_` and is not of the program:
/// `RAZAO_KAFKA_SASL_PASSWORD` is `sasl.password`.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ClientSettings(BTreeMap<String, String>);

impl ClientSettings {
    pub fn by_name(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// The same with others on top: what both name is as they say.
    #[must_use]
    pub(crate) fn with(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Takes over what the environment has, just as it is written there.
    pub(crate) fn extend_from(&mut self, environment: impl IntoIterator<Item = (String, String)>) {
        let variables = environment.into_iter().filter_map(|(name, value)| {
            let name = name.strip_prefix("RAZAO_")?.to_lowercase();
            Some((client_setting(&name)?, value))
        });
        self.0.extend(variables);
    }
}

/// The name that librdkafka has for a variable, without its `RAZAO_`, if it is one of librdkafka's.
pub(crate) fn client_setting(variable: &str) -> Option<String> {
    let variable = variable.to_lowercase();
    let name = variable.strip_prefix("kafka_").filter(|_| !OURS.contains(&variable.as_str()))?;
    Some(name.replace('_', "."))
}

impl fmt::Debug for ClientSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Takes `"sasl.password" = "…"` as well as `sasl.password = "…"`, which TOML takes for a table in a table.
impl<'de> Deserialize<'de> for ClientSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut settings = BTreeMap::new();
        flatten("", Dict::deserialize(deserializer)?, &mut settings)
            .map_err(|name| D::Error::custom(format!("kafka.{name} is neither a text nor a number")))?;
        Ok(Self(settings))
    }
}

fn flatten(prefix: &str, table: Dict, settings: &mut BTreeMap<String, String>) -> Result<(), String> {
    for (name, value) in table {
        let name = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        let text = match value {
            Value::Dict(_, table) => {
                flatten(&name, table, settings)?;
                continue;
            }
            Value::String(_, text) => text,
            Value::Bool(_, bool) => bool.to_string(),
            Value::Num(_, number) => match (number.to_i128(), number.to_f64()) {
                (Some(whole), _) => whole.to_string(),
                (None, Some(fraction)) => fraction.to_string(),
                (None, None) => return Err(name),
            },
            Value::Char(..) | Value::Empty(..) | Value::Array(..) => return Err(name),
        };
        settings.insert(name, text);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> ClientSettings {
        let mut settings = ClientSettings::default();
        settings.extend_from(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        settings
    }

    #[test]
    fn variables_become_names_of_librdkafka_and_keep_their_text() {
        let settings = environment(&[
            ("RAZAO_KAFKA_SECURITY_PROTOCOL", "SASL_SSL"),
            ("RAZAO_KAFKA_SASL_PASSWORD", "0042"),
            ("RAZAO_KAFKA_BROKERS", "localhost:9092"),
            ("RAZAO_LISTEN", "127.0.0.1:1"),
            ("KAFKA_OPTS", "-x"),
        ]);
        let expected = [("sasl.password", "0042"), ("security.protocol", "SASL_SSL")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(settings.by_name(), &BTreeMap::from(expected));
    }

    #[test]
    fn no_value_is_shown() {
        let settings = environment(&[("RAZAO_KAFKA_SASL_PASSWORD", "hunter2")]);
        assert_eq!(format!("{settings:?}"), r#"{"sasl.password"}"#);
    }
}
