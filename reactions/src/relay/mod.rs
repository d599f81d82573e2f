//! The relay: publishes the log to Kafka, so that the log itself is the outbox.
//!
//! One relay leads, the others stand by. The leader sends every event after its checkpoint in the order of positions,
//! and moves the checkpoint once all of them, and a record that says so, were acknowledged. After a crash, or a fault
//! of Kafka, the next leader begins at the checkpoint again: nothing is lost, some is sent twice. However many senders
//! there are, the first copies of the events of a partition are in order, because each of them begins where everything
//! before had arrived, and sends without gaps.

mod deliveries;
mod leader;
mod producer;
mod reader;

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use event_store::Log;
use kafka::KafkaSettings;
use tokio_util::sync::CancellationToken;

use crate::error::RelayError;
use crate::session::{Place, Session};
use crate::telemetry;
use leader::Leader;
use producer::Kafka;

/// How often one that stands by tries to lead.
const STANDBY: Duration = Duration::from_millis(500);
/// How long one waits after an error and the next.
const PATIENCE: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(200))
    .with_max_delay(Duration::from_secs(10))
    .with_jitter()
    .without_max_times();

/// Publishes the log to Kafka.
pub struct Relay {
    log: Log,
    settings: KafkaSettings,
    stop: CancellationToken,
}

impl Relay {
    pub fn new(log: Log, settings: KafkaSettings, stop: CancellationToken) -> Self {
        Self { log, settings, stop }
    }

    /// Whether Kafka can be worked with. An error that [`RelayError::is_of_settings`] does not go away by itself.
    pub async fn check(&self) -> Result<(), RelayError> {
        Kafka::connect(&self.settings).await?.close().await;
        Ok(())
    }

    /// Leads or stands by until it is stopped; then finishes what is on its way. Starts over after errors.
    pub async fn run(self) {
        let mut patience = PATIENCE.build();
        while !self.stop.is_cancelled() {
            let led = self.lead(&mut patience).await;
            telemetry::record_lead(false);
            if let Err(error) = led {
                telemetry::record_error();
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(%error, cause, "the relay failed; trying again");
                let _ =
                    tokio::time::timeout(patience.next().unwrap_or_default(), self.stop.cancelled()).await;
            }
        }
    }

    /// Stands by until it leads, then leads until it is stopped.
    async fn lead(&self, patience: &mut ExponentialBackoff) -> Result<(), RelayError> {
        let topic = self.settings.topic();
        let mut session = Session::open(&self.log).await?;
        let mut stands_by = false;
        while !session.try_lead(&topic).await? {
            if !stands_by {
                tracing::info!(topic, "another relay leads; standing by");
                stands_by = true;
            }
            let _ = tokio::time::timeout(STANDBY, self.stop.cancelled()).await;
            if self.stop.is_cancelled() {
                session.close().await;
                return Ok(());
            }
        }
        let kafka = session.kept_alive(Kafka::connect(&self.settings)).await?;
        let led = self.lead_with(session, &kafka, patience).await;
        kafka.close().await;
        led
    }

    async fn lead_with(
        &self,
        mut session: Session,
        kafka: &Kafka,
        patience: &mut ExponentialBackoff,
    ) -> Result<(), RelayError> {
        let place = Place { topic: self.settings.topic(), cluster: kafka.cluster.clone() };
        let mut position = session.position(&place).await?;
        if !kafka.has_topic {
            self.start_over(&mut session, &place, position).await?;
            position = 0;
        }
        let head = session.head().await?;
        if head < position {
            return Err(RelayError::LogEndsBefore { head, sent: position });
        }
        kafka.begin_after(position, self.settings.partitions);
        tracing::info!(
            topic = place.topic,
            cluster = place.cluster,
            position,
            "leading: sending from here on"
        );
        telemetry::record_lead(true);
        telemetry::record_checkpoint(position);
        let place = (place, self.log.id().await?);
        let leader = Leader::new(session, kafka, place, position, self.settings.completeness_every);
        leader.lead(&self.log, &self.stop, patience).await
    }

    /// Creates the topic, to which everything has to be sent.
    async fn start_over(
        &self,
        session: &mut Session,
        place: &Place,
        position: i64,
    ) -> Result<(), RelayError> {
        let topic = &place.topic;
        if position > 0 {
            tracing::warn!(topic, position, "the topic is gone; sending the log from the beginning");
        }
        // First, so that a crash in between loses nothing.
        session.reset(place).await?;
        let made = async { Ok(self.settings.ensure_topic(topic, &[]).await?) };
        session.kept_alive(made).await?;
        tracing::info!(topic, partitions = self.settings.partitions, "created the topic");
        Ok(())
    }
}
