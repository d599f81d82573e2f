//! How soon `razao up` is ready with a large log, and how much memory the server takes under load.

use super::append::fill;
use super::book::Book;
use super::ground::{Ground, log_at};
use super::http;
use super::load::Span;
use super::server::{Memory, Server};

/// How often `razao up` is started.
const STARTS: usize = 3;

/// Seconds until ready, one for each start, and the memory after the load.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    pub(super) events: i64,
    pub(super) seconds: Vec<f64>,
    pub(super) memory: Memory,
}

/// Fills the book itself up to `events`, lets the read models catch up, and starts the server on it.
pub(super) async fn measure(
    ground: &mut Ground,
    book: &Book,
    events: usize,
    span: Span,
) -> anyhow::Result<Ready> {
    let url = ground.book_url();
    let log = log_at(&url).await?;
    let there = usize::try_from(log.head().await?.position)?;
    fill(&log, book, book.loans.clone(), events.saturating_sub(there)).await?;
    log.close().await;
    let server = Server::serve(ground.home(), "projections,query-api", &url).await?;
    let events = server.caught_up().await?;
    server.stop().await?;

    let data_dir = ground.data_dir().to_string_lossy().into_owned();
    let mut arguments = vec!["up", "--data-dir", &data_dir];
    if ground.is_private() {
        ground.stop_postgres().await?;
    } else {
        arguments.extend(["--database-url", &url]);
    }
    let mut seconds = Vec::new();
    for _ in 1..STARTS {
        let server = Server::start(ground.home(), &arguments).await?;
        seconds.push(server.ready_after.as_secs_f64());
        server.stop().await?;
    }
    let server = Server::start(ground.home(), &arguments).await?;
    seconds.push(server.ready_after.as_secs_f64());
    http::measure(server.address, book, book.loans.clone(), span).await?;
    let memory = server.memory()?;
    server.stop().await?;
    Ok(Ready { events, seconds, memory })
}
