//! Where Kafka is and how one talks to it: the settings that whoever produces and consumes has in common, and its topics.
//!
//! [`KafkaSettings`] come from the operator; what a role's promises rest on cannot be set away.

mod partitioner;
mod said;
mod settings;
mod topic;
mod trouble;

pub use partitioner::partition_of;
pub use said::Said;
pub use settings::{KafkaSettings, SettingError};
pub use topic::{Found, TopicError};
pub use trouble::Trouble;
