//! Where Kafka is, the names of its topics, and what its clients are started with.

use std::collections::BTreeMap;
use std::fmt;

use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;

/// A setting that librdkafka does not take, or that we need for ourselves: its name and why, never its value.
#[derive(Debug, thiserror::Error)]
#[error("Kafka setting {0}")]
pub struct SettingError(String);

/// Our own settings, and those that pass through to librdkafka.
#[derive(Clone)]
pub struct KafkaSettings {
    /// `HOST:PORT,…`
    pub brokers: String,
    /// What the names of all topics begin with.
    pub topic_prefix: String,
    /// How many partitions the topic of events has.
    pub partitions: i32,
    /// After so many events at the latest, records say that all of them came before.
    pub completeness_every: i64,
    /// Settings of librdkafka by their own names, such as `security.protocol`. Some are secrets.
    pub client: BTreeMap<String, String>,
}

/// What holds unless it is set otherwise.
const DEFAULTS: [(&str, &str); 7] = [
    ("client.id", "razao"),
    ("compression.type", "lz4"),
    // What waits while a request is under way makes a batch; there is no use in waiting for more.
    ("linger.ms", "0"),
    // A change of a long loan says what became of each installment.
    ("message.max.bytes", MOST_BYTES),
    // As much memory as events on their way may take.
    ("queue.buffering.max.kbytes", "65536"),
    // So that a broker that is back is soon found.
    ("reconnect.backoff.max.ms", "1000"),
    ("retry.backoff.max.ms", "1000"),
];
/// The largest message, and batch of messages, in bytes.
pub const MOST_BYTES: &str = "16777216";

/// What a producer promises rests on these.
const OURS: [(&str, &str); 5] = [
    ("acks", "all"),
    ("enable.idempotence", "true"),
    // What cannot be sent stops the producer, so that nothing overtakes it.
    ("enable.gapless.guarantee", "true"),
    // Nothing is given up, however long the brokers are away.
    ("message.timeout.ms", "0"),
    // As the Java client does it, so that others can tell where a key is.
    ("partitioner", "murmur2_random"),
];
/// Other names of the same, and what does not go together with them.
const NOT_TO_BE_SET: [&str; 6] = [
    "bootstrap.servers",
    "delivery.timeout.ms",
    "metadata.broker.list",
    "request.required.acks",
    "sticky.partitioning.linger.ms",
    "transactional.id",
];

impl KafkaSettings {
    /// The name of the topic of events.
    pub fn topic(&self) -> String {
        format!("{}.events", self.topic_prefix)
    }

    /// What a producer is started with: idempotent, acknowledged by all, nothing overtakes what cannot be sent.
    ///
    /// Fails for a setting that librdkafka does not know or take, or that is not the operator's to set.
    pub fn producer(&self) -> Result<ClientConfig, SettingError> {
        let mut config = ClientConfig::new();
        config.extend(DEFAULTS.map(owned));
        for (name, value) in &self.client {
            if OURS.iter().any(|(ours, _)| ours == name) || NOT_TO_BE_SET.contains(&name.as_str()) {
                return Err(SettingError(format!("{name}: the program sets it, and it cannot be set")));
            }
            config.set(name, value);
        }
        config.extend(OURS.map(owned));
        config.set("bootstrap.servers", &self.brokers);
        config.create_native_config()?;
        Ok(config)
    }
}

/// Never shows a value that passes through.
impl fmt::Debug for KafkaSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaSettings")
            .field("brokers", &self.brokers)
            .field("topic_prefix", &self.topic_prefix)
            .field("partitions", &self.partitions)
            .field("completeness_every", &self.completeness_every)
            .field("client", &self.client.keys())
            .finish()
    }
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// What librdkafka says of a setting, without a value that nobody should see.
impl From<KafkaError> for SettingError {
    fn from(error: KafkaError) -> Self {
        Self(match error {
            KafkaError::ClientConfig(_, _, name, _) if may_be_secret(&name) => {
                format!("{name}: librdkafka does not take its value")
            }
            KafkaError::ClientConfig(_, why, name, _) => format!("{name}: {why}"),
            KafkaError::ClientCreation(why) => format!("missing or of no use: {why}"),
            other => other.to_string(),
        })
    }
}

fn may_be_secret(name: &str) -> bool {
    ["password", "passphrase", "secret", ".pem", "oauthbearer.config"].iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(client: &[(&str, &str)]) -> KafkaSettings {
        KafkaSettings {
            brokers: "127.0.0.1:1".to_owned(),
            topic_prefix: "razao".to_owned(),
            partitions: 6,
            completeness_every: 10_000,
            client: client.iter().copied().map(owned).collect(),
        }
    }

    fn refusal(client: &[(&str, &str)]) -> String {
        with(client).producer().unwrap_err().to_string()
    }

    #[test]
    fn settings_of_librdkafka_pass_through() {
        let login =
            [("security.protocol", "SASL_SSL"), ("sasl.mechanism", "SCRAM-SHA-512"), ("linger.ms", "5")];
        let config = with(&login).producer().unwrap();
        assert_eq!(config.get("sasl.mechanism"), Some("SCRAM-SHA-512"));
        assert_eq!(config.get("linger.ms"), Some("5"), "a default gives way");
        assert_eq!(config.get("enable.idempotence"), Some("true"));
        let oidc = [("sasl.mechanism", "OAUTHBEARER"), ("sasl.oauthbearer.method", "oidc")];
        assert!(with(&oidc).producer().is_ok(), "librdkafka is built with OIDC");
    }

    #[test]
    fn a_setting_that_librdkafka_does_not_know_is_named() {
        let unknown = refusal(&[("sasl.pasword", "hunter2")]);
        assert!(unknown.contains("sasl.pasword") && !unknown.contains("hunter2"), "{unknown}");
        assert!(refusal(&[("security.protocol", "carrier pigeon")]).contains("security.protocol"));
    }

    #[test]
    fn what_a_producer_promises_cannot_be_set_away() {
        for (name, value) in [("acks", "1"), ("enable.idempotence", "false"), ("delivery.timeout.ms", "1")] {
            assert!(refusal(&[(name, value)]).contains(name));
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let settings = with(&[("sasl.password", "hunter2")]);
        let shown = format!("{settings:?} {:?}", settings.producer().unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
        let refused = refusal(&[("ssl.key.pem", "hun\0ter2")]);
        assert!(!refused.contains("ter2"), "{refused}");
    }
}
