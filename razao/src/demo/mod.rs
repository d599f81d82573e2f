//! Sample books, posted through the HTTP API like any client's commands.
//!
//! Ids and idempotency keys follow from the book, so posting one twice changes nothing: every command is replayed.

mod book;
mod borrower;
mod closing;
mod entries;
mod habit;
mod names;
mod pkdd99;
mod poster;
mod restaurants;
pub(crate) mod tax_id;

use chrono::NaiveDate;

use self::poster::Poster;
use crate::client::{Client, ClientError};
use crate::failure::Failure;

/// Post a reproducible sample book through the command API.
#[derive(Debug, Clone, clap::Args)]
pub struct DemoArgs {
    /// Which book to post.
    #[arg(long, value_enum, default_value_t = BookName::Restaurants)]
    pub book: BookName,
    /// Which of the made-up books of restaurants; the same seed gives the same book.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many loans the book of restaurants has. A larger book begins with the smaller one.
    #[arg(long, default_value_t = 300)]
    pub loans: u32,
    /// The last day of the book of restaurants [default: the server's booking day]. A book that the server has
    /// already keeps its days.
    #[arg(long, value_name = "DATE")]
    pub until: Option<NaiveDate>,
    /// The server to post to.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub server: String,
    /// The bearer token to show, where the server asks for one; it needs the roles integrator, operator, approver and
    /// finance.
    #[arg(long, env = "RAZAO_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// How many loans are posted at a time.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub connections: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum BookName {
    /// Two years of lending to restaurants, made up from the seed.
    Restaurants,
    /// The 682 real loans of a Czech bank that the PKDD'99 Discovery Challenge published.
    Pkdd99,
}

impl DemoArgs {
    /// The first book of restaurants, with so many loans.
    pub fn restaurants(server: String, loans: u32, token: Option<String>) -> Self {
        Self { book: BookName::Restaurants, seed: 1, loans, until: None, server, token, connections: 16 }
    }
}

/// Posts a book and prints how it stands. Fails where it does not tie out.
pub async fn demo(args: DemoArgs) -> anyhow::Result<()> {
    let poster =
        Poster::new(Client::new(&args.server).with_token(args.token.clone()), usize::from(args.connections));
    let outcome = match args.book {
        BookName::Restaurants => restaurants::post(&poster, &args).await,
        BookName::Pkdd99 => pkdd99::post(&poster).await,
    };
    let closing = outcome.map_err(|error| match error.downcast_ref() {
        Some(ClientError::Unreachable { .. }) => Failure::Unreachable(format!("{error:#}")).into(),
        _ => error,
    })?;
    closing.print(&poster)?;
    if !closing.ties_out() {
        return Err(Failure::FoundAProblem("the book does not tie out".to_owned()).into());
    }
    Ok(())
}
