//! A typed client of the API of Razão, the ledger engine for lenders.
//!
//! ```no_run
//! use razao_client::models::RepaymentBody;
//! use razao_client::Client;
//!
//! # async fn repay(loan: uuid::Uuid) -> Result<(), Box<dyn std::error::Error>> {
//! let razao = Client::builder("http://127.0.0.1:8080").token("…").build()?;
//! let receipt = RepaymentBody::new("1134.23".parse()?, "2026-02-15".parse()?);
//! let repaid = razao.record_repayment(loan, "receipt-4711", &receipt).await?.done()?;
//! let loan = razao.find_loan(loan, &Default::default()).await?; // knows of the repayment
//! println!("{} at version {}", loan.balances.total, repaid.version);
//! # Ok(())
//! # }
//! ```
//!
//! - **Commands** ([`Command`]) take the key under which they are done once, however often they are sent. So the client
//!   sends them again by itself where the connection breaks, the server is busy, or a race was lost.
//! - **Reads** ([`Read`]) know of all that this client was answered before: it remembers the highest position, and asks
//!   for it with `Razao-Min-Position`. Lists go on page by page ([`Read::items`]), and come as files ([`Read::download`]).
//! - **Refusals** are problems with a stable code and the fields to blame ([`Problem`]).
//! - **Money** is [`rust_decimal::Decimal`], as text on the wire.
//!
//! The types in [`models`] and the operations of [`Client`] are written from the API document of the server. Words and
//! events that a later server may say are kept as `Other`.

mod bulk;
mod call;
mod client;
mod command;
mod error;
pub mod models;
mod operations;
mod plain;
mod question;
mod read;
mod retry;

pub use bulk::{BulkAnswers, Line};
pub use client::{Builder, Client};
pub use command::{Command, Done, Outcome};
pub use error::{Error, FieldProblem, Problem};
pub use operations::*;
pub use plain::Plain;
pub use question::Question;
pub use read::{Download, Format, Page, Paged, Read};
pub use retry::Patience;
