//! Requests to execute a command later: how they are accepted, where they wait, and what became of them.
//!
//! - [`Requests::accept`] is for whoever answers 202: when it returns, the command is durable and will be executed.
//! - [`TableQueue`] and [`KafkaQueue`] are for workers: batches of commands in the order of their streams, each taken
//!   until it is finished. A worker that dies leaves its batch to the next one.
//! - [`Requests::find`] says what became of a request; a finished one has the [`Answer`] that its caller would have
//!   been given at once.
//!
//! The commands wait in a table of the log's database, or in a topic of Kafka where there is one. Nothing here knows
//! what a command does.

mod answer;
mod batch;
mod command;
mod intake;
mod kafka_queue;
mod requests;
mod schema;
mod standing;
mod table_queue;
mod taken;
mod topic;

pub use answer::{Answer, Outcome, Status};
pub use batch::{Delivery, Finished};
pub use command::{QueuedCommand, RequestId, Undecodable};
pub use intake::NotAccepted;
pub use kafka_queue::{KafkaBatch, KafkaQueue};
pub use requests::{Request, Requests};
pub use schema::migrate;
pub use standing::Standing;
pub use table_queue::{TableBatch, TableQueue};
pub use topic::QueueError;
