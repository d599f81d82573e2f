//! Lending: the engine on a long loan, and closing a day over many loans, alone and beside commands.

pub(super) mod book;
mod engine;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use chrono::{Days, NaiveDate};
use event_store::booking_day;
use sqlx::{Connection, PgConnection};
use tokio::process::Child;

use super::Scale;
use super::book::Book;
use super::figures::{Figure, Figures};
use super::ground::{Ground, log_at};
use super::http;
use super::load::Span;
use super::server::{Memory, Server, memory_of, razao};

/// The days that are left to be closed while commands are measured beside it.
const DAYS_LEFT: u64 = 40;
/// The loans on which commands are measured.
const COMMANDED: usize = 10_000;
/// How often one looks at the memory of a process.
const LOOK: Duration = Duration::from_millis(20);

const LOANS_BOOKED: &str = "select coalesce(sum(json_array_length(payload -> 'loans')), 0)::bigint \
    from events where event_type = 'AccrualsBooked'";

pub(super) async fn measure(ground: &Ground, scale: Scale, figures: &mut Figures) -> anyhow::Result<()> {
    for (events, figure) in
        [(250, Figure::Derive250Ms), (500, Figure::Derive500Ms), (1000, Figure::Derive1000Ms)]
    {
        let times = engine::measure(events)?;
        figures.note(figure, times.derive);
        if events == 1000 {
            figures.note(Figure::QuoteMs, times.quote);
            figures.note(Figure::QuoteHeldMs, times.quote_held);
        }
    }
    let today = booking_day(SystemTime::now().into());
    eprintln!("  lending {} times", scale.lent);
    let url = ground.empty_database("lending").await?;
    let migrated = razao()?.args(["migrate", "--database-url", &url]).status().await?;
    anyhow::ensure!(migrated.success(), "the schema could not be made");
    let log = log_at(&url).await?;
    let loans = book::lend(&log, scale.lent, today).await?;
    log.close().await;
    ground.vacuum("lending").await?;
    closing_alone(&url, scale.lent, today, figures).await?;
    let book = Book::of(loans.iter().copied().take(COMMANDED).collect(), today);
    commands_beside(ground.home(), &url, &book, scale.span, figures).await?;
    ground.drop_copy("lending").await
}

/// The first close, the second, which looks ahead, and one of the days after it.
async fn closing_alone(
    url: &str,
    lent: usize,
    today: NaiveDate,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let closes = [Figure::FirstClose, Figure::SecondClose, Figure::LaterClose];
    for (nth, figure) in (0..).zip(closes) {
        let (seconds, memory) = closed(close_day(url, today - Days::new(DAYS_LEFT + 2 - nth))?).await?;
        figures.note(figure, lent as f64 / seconds);
        figures.note(Figure::CloseMemoryMb, memory.most_resident as f64 / 1e6);
    }
    Ok(())
}

/// Commands without a close, then while day after day is closed.
async fn commands_beside(
    home: &Path,
    url: &str,
    book: &Book,
    span: Span,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let server = Server::serve(home, "command-api", url).await?;
    http::measure(server.address, book, book.loans.clone(), span).await?;
    let alone = http::measure(server.address, book, book.loans.clone(), span).await?;
    figures.note(Figure::CommandsAlone, alone.a_second);
    let (booked, began) = (loans_booked(url).await?, Instant::now());
    let mut closing = close_day(url, book.today)?;
    let beside = http::measure(server.address, book, book.loans.clone(), span).await?;
    anyhow::ensure!(closing.try_wait()?.is_none(), "the close ended before the measurement");
    let seconds = began.elapsed().as_secs_f64();
    closing.kill().await?;
    figures.note(Figure::CommandsBesideClose, beside.a_second);
    figures.note(Figure::CloseBesideCommands, (loans_booked(url).await? - booked) as f64 / seconds);
    let again = http::measure(server.address, book, book.loans.clone(), span).await?;
    figures.note(Figure::CommandsAlone, again.a_second);
    server.stop().await
}

/// How many loans all closes so far booked.
async fn loans_booked(url: &str) -> anyhow::Result<i64> {
    let mut connection = PgConnection::connect(url).await?;
    let (loans,) = sqlx::query_as(LOANS_BOOKED).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(loans)
}

fn close_day(url: &str, on: NaiveDate) -> anyhow::Result<Child> {
    let mut command = razao()?;
    command.args(["close-day", "--database-url", url, "--on", &on.to_string()]);
    Ok(command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn()?)
}

/// The seconds that a close takes, and its memory.
async fn closed(mut closing: Child) -> anyhow::Result<(f64, Memory)> {
    let began = Instant::now();
    let pid = closing.id().context("the close runs")?;
    let mut memory = None;
    let status = loop {
        if let Ok(now) = memory_of(pid) {
            memory = Some(now);
        }
        if let Ok(status) = tokio::time::timeout(LOOK, closing.wait()).await {
            break status?;
        }
    };
    anyhow::ensure!(status.success(), "the day was not closed: {status}");
    Ok((began.elapsed().as_secs_f64(), memory.context("the close was too short to be seen")?))
}
