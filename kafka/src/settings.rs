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

/// A setting of librdkafka: its name and its value.
type Setting = (&'static str, &'static str);

/// What holds unless it is set otherwise.
const DEFAULTS: [Setting; 3] = [
    ("client.id", "razao"),
    // So that a broker that is back is soon found.
    ("reconnect.backoff.max.ms", "1000"),
    ("retry.backoff.max.ms", "1000"),
];
const PRODUCER_DEFAULTS: [Setting; 4] = [
    ("compression.type", "lz4"),
    // What is given at once makes a batch, not what was given by the time that its sender wakes.
    ("linger.ms", "2"),
    // A change of a long loan says what became of each installment.
    ("message.max.bytes", MOST_BYTES),
    // As much memory as events on their way may take.
    ("queue.buffering.max.kbytes", "65536"),
];
const CONSUMER_DEFAULTS: [Setting; 7] = [
    // One that is killed is missed after so long.
    ("session.timeout.ms", "10000"),
    ("heartbeat.interval.ms", "3000"),
    // As much memory as messages that wait may take, and those of one answer of a broker, of each partition and before they
    // are unpacked: several times as much after that.
    ("queued.max.messages.kbytes", "1024"),
    ("fetch.message.max.bytes", "131072"),
    // So long one does not look whether what waits is below that again: by default a second, in which all of it is long
    // taken and nothing more comes.
    ("fetch.queue.backoff.ms", "5"),
    ("fetch.error.backoff.ms", "100"),
    // So that a topic or a partition that comes into being is soon seen.
    ("topic.metadata.refresh.interval.ms", "10000"),
];
/// The largest message, and batch of messages, in bytes.
pub(crate) const MOST_BYTES: &str = "16777216";

/// What a producer promises rests on these.
const PRODUCER_OURS: [Setting; 5] = [
    ("acks", "all"),
    ("enable.idempotence", "true"),
    // What cannot be sent stops the producer, so that nothing overtakes it.
    ("enable.gapless.guarantee", "true"),
    // Nothing is given up, however long the brokers are away.
    ("message.timeout.ms", "0"),
    // As the Java client does it, so that others can tell where a key is.
    ("partitioner", "murmur2_random"),
];
/// And what a consumer promises on these.
const CONSUMER_OURS: [Setting; 8] = [
    // The place is committed with the rows that were written, in their database.
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    // Where a place is no more, one begins with what is there; what is missing then shows in the proofs.
    ("auto.offset.reset", "earliest"),
    // Only what changes hands is interrupted.
    ("group.protocol", "classic"),
    ("partition.assignment.strategy", "cooperative-sticky"),
    ("check.crcs", "true"),
    ("enable.partition.eof", "false"),
    // A topic with the wrong number of partitions would be made.
    ("allow.auto.create.topics", "false"),
];
/// Other names of the same, and what does not go together with them.
const NOT_TO_BE_SET: [&str; 9] = [
    "auto.commit.enable",
    "bootstrap.servers",
    "delivery.timeout.ms",
    "group.id",
    "group.remote.assignor",
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

    /// The name of the topic in which commands wait.
    pub fn command_topic(&self) -> String {
        format!("{}.commands", self.topic_prefix)
    }

    /// The name of the topic of dead letters.
    pub fn dead_letter_topic(&self) -> String {
        format!("{}.dead-letters", self.topic_prefix)
    }

    /// The group in which the consumers for one purpose share the partitions.
    pub fn group(&self, purpose: &str) -> String {
        format!("{}.{purpose}", self.topic_prefix)
    }

    /// What a producer is started with: idempotent, acknowledged by all, nothing overtakes what cannot be sent.
    ///
    /// Fails for a setting that librdkafka does not know or take, or that is not the operator's to set.
    pub fn producer(&self) -> Result<ClientConfig, SettingError> {
        self.client(&PRODUCER_DEFAULTS, &PRODUCER_OURS)
    }

    /// What a consumer of a group is started with: it takes partitions over one by one, and keeps its place elsewhere
    /// than with Kafka.
    pub fn consumer(&self, group: &str) -> Result<ClientConfig, SettingError> {
        let mut config = self.client(&CONSUMER_DEFAULTS, &CONSUMER_OURS)?;
        config.set("group.id", group);
        config.create_native_config()?;
        Ok(config)
    }

    fn client(&self, defaults: &[Setting], ours: &[Setting]) -> Result<ClientConfig, SettingError> {
        let mut config = ClientConfig::new();
        config.extend(DEFAULTS.iter().chain(defaults).copied().map(owned));
        for (name, value) in &self.client {
            let is_ours = PRODUCER_OURS.iter().chain(&CONSUMER_OURS).any(|(ours, _)| ours == name);
            if is_ours || NOT_TO_BE_SET.contains(&name.as_str()) {
                return Err(SettingError(format!("{name}: the program sets it, and it cannot be set")));
            }
            config.set(name, value);
        }
        config.extend(ours.iter().copied().map(owned));
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
    fn what_a_consumer_promises_cannot_be_set_away_and_its_patience_can() {
        let patient = with(&[("session.timeout.ms", "6000"), ("linger.ms", "5")]);
        let config = patient.consumer(&patient.group("journal")).unwrap();
        assert_eq!(config.get("session.timeout.ms"), Some("6000"));
        assert_eq!(config.get("group.id"), Some("razao.journal"));
        for name in ["group.id", "enable.auto.commit", "auto.offset.reset", "partition.assignment.strategy"] {
            assert!(with(&[(name, "x")]).consumer("g").unwrap_err().to_string().contains(name));
            assert!(refusal(&[(name, "x")]).contains(name));
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
