//! Where Kafka is and how one talks to it: the settings that whoever produces and consumes has in common.
//!
//! [`KafkaSettings`] come from the operator; what a role's promises rest on cannot be set away.

mod partitioner;
mod settings;
mod trouble;

pub use partitioner::partition_of;
pub use settings::{KafkaSettings, MOST_BYTES, SettingError};
pub use trouble::Trouble;
