//! Reads of a large book, plain and on both axes of time, while commands arrive at a steady rate.

mod book;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use chrono::{Days, NaiveDate};
use event_store::booking_day;
use fastrand::Rng;
use tokio::task::JoinHandle;
use uuid::Uuid;

use self::book::ReadBook;
use super::Scale;
use super::book::Book;
use super::figures::{Figure, Figures, ReadOf};
use super::ground::{Ground, log_at};
use super::http::{self, payers};
use super::load::{Caller, Load, closed_loop, latencies, micros};
use super::pgbench::Pgbench;
use super::server::{Server, razao};
use super::wire::Connection;

/// As many clients as read one loan after another.
const READERS: usize = 64;
/// How often each read is made, one after another: at least, and at most if that takes no longer than this.
const TIMES: usize = 100;
const MOST_TIMES: usize = 1_000;
const LONG_ENOUGH: Duration = Duration::from_secs(5);
/// The first ones find nothing in memory.
const NOT_COUNTED: usize = 3;
const ROLES: &str = "command-api,query-api,projections";
/// The loans that are read again and again.
const KEPT: usize = 1_000;
/// The loans on which commands arrive.
const COMMANDED: usize = 1_000;

pub(super) async fn measure(
    ground: &Ground,
    scale: Scale,
    (loans, events): (usize, usize),
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let today = booking_day(SystemTime::now().into());
    let url = ground.empty_database("reads").await?;
    let migrated = razao()?.args(["migrate", "--database-url", &url]).status().await?;
    anyhow::ensure!(migrated.success(), "the schema could not be made");
    let log = log_at(&url).await?;
    let begun = Instant::now();
    eprintln!("  a book of {loans} loans and about {events} events");
    let book = book::live(&log, loans, events, today).await?;
    let head = log.head().await?.position;
    log.close().await;
    eprintln!("  {head} events after {:.0?}", begun.elapsed());
    // What is worked out is measured first.
    let server = Server::serve_with(ground.home(), ROLES, &url, &[("RAZAO_CACHE_BYTES", "0")]).await?;
    let bar = book::progress("projected", head.unsigned_abs());
    server.caught_up_showing(|position| bar.set_position(position.unsigned_abs())).await?;
    bar.finish();
    ground.vacuum("reads").await?;
    eprintln!("  they are projected after {:.0?}", begun.elapsed());
    let pgbench = Pgbench::selecting(ground.home(), &url).await?;
    figures.note(Figure::PgbenchSelect, pgbench.measure(scale.span).await?);
    let paid = Book::of(book.loans.iter().copied().take(COMMANDED).collect(), today);
    let arriving = arriving(server.address, &paid, scale.arriving).await?;
    loan_reads(&server, &book.loans, scale, (Figure::LoanReads, Figure::LoanReadsP99Ms), figures).await?;
    for read in ReadOf::ALL {
        let path = path_of(read, &book, today);
        let sign = if path.contains('?') { '&' } else { '?' };
        let earlier =
            format!("{path}{sign}effective_on={}&known_at={}", today - Days::new(200), head * 9 / 10);
        let (plain, past) = in_turn(server.address, [&path, &earlier]).await?;
        figures.note(Figure::PlainMs(read), plain.0);
        figures.note(Figure::PlainP99Ms(read), plain.1);
        figures.note(Figure::PastMs(read), past.0);
        figures.note(Figure::PastP99Ms(read), past.1);
    }
    arriving.abort();
    let _ = arriving.await;
    server.stop().await?;
    let server = Server::serve(ground.home(), ROLES, &url).await?;
    server.caught_up().await?;
    let arriving = self::arriving(server.address, &paid, scale.arriving).await?;
    let kept: Arc<[Uuid]> = book.loans.iter().copied().rev().take(KEPT).collect();
    loan_reads(&server, &kept, scale, (Figure::LoanReadsKept, Figure::LoanReadsKeptP99Ms), figures).await?;
    arriving.abort();
    let _ = arriving.await;
    commands(ground, &url, server, &paid, scale, figures).await?;
    ground.drop_copy("reads").await
}

/// Loans read one after another on many connections.
async fn loan_reads(
    server: &Server,
    loans: &Arc<[Uuid]>,
    scale: Scale,
    (rate, p99): (Figure, Figure),
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let read = readers(server.address, loans).await?;
    let Load { a_second, latencies } = closed_loop(read, scale.span).await?;
    figures.note(rate, a_second);
    figures.note(p99, latencies.value_at_quantile(0.99) as f64 / 1e3);
    Ok(())
}

/// Commands as fast as they are answered, with all read models attached and with none.
async fn commands(
    ground: &Ground,
    url: &str,
    with_all: Server,
    paid: &Book,
    scale: Scale,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let all = http::measure(with_all.address, paid, paid.loans.clone(), scale.span).await?;
    figures.note(Figure::CommandsWithReads, all.a_second);
    with_all.stop().await?;
    let alone = Server::serve(ground.home(), "command-api", url).await?;
    let none = http::measure(alone.address, paid, paid.loans.clone(), scale.span).await?;
    figures.note(Figure::CommandsWithoutReads, none.a_second);
    alone.stop().await
}

fn path_of(read: ReadOf, book: &ReadBook, today: NaiveDate) -> String {
    let loan = book.loans[0];
    let year = today - Days::new(365);
    match read {
        ReadOf::Loan => format!("/v1/loans/{loan}"),
        ReadOf::Loans => "/v1/loans".to_owned(),
        ReadOf::Schedule => format!("/v1/loans/{loan}/schedule"),
        ReadOf::Transactions => format!("/v1/loans/{loan}/transactions"),
        ReadOf::LongLoan => format!("/v1/loans/{}", book.long),
        ReadOf::LongStatement => format!("/v1/loans/{}/statement", book.long),
        ReadOf::Accounts => "/v1/accounts".to_owned(),
        ReadOf::Lines => format!("/v1/accounts/assets:cash/lines?from={year}"),
        ReadOf::YearOfBalances => {
            format!("/v1/balances/daily?account=assets:cash&from={year}&to={today}&limit=400")
        }
        ReadOf::TrialBalance => "/v1/trial-balance".to_owned(),
        ReadOf::Portfolio => "/v1/portfolio".to_owned(),
    }
}

/// Two reads in turn, so that both meet the same circumstances: median and p99 of each in milliseconds.
async fn in_turn(server: SocketAddr, paths: [&str; 2]) -> anyhow::Result<((f64, f64), (f64, f64))> {
    let mut connection = Connection::open(server).await?;
    let mut taken = [latencies(), latencies()];
    let begun = Instant::now();
    for time in 0..MOST_TIMES + NOT_COUNTED {
        if time >= TIMES + NOT_COUNTED && begun.elapsed() > LONG_ENOUGH {
            break;
        }
        for (path, taken) in paths.iter().zip(&mut taken) {
            let asked = Instant::now();
            connection.read(path, 0).await?;
            if time >= NOT_COUNTED {
                taken.saturating_record(micros(asked.elapsed()));
            }
        }
    }
    let [plain, past] = taken.map(|taken| {
        let millis = |quantile| taken.value_at_quantile(quantile) as f64 / 1e3;
        (millis(0.5), millis(0.99))
    });
    Ok((plain, past))
}

/// Repayments at a steady rate until they are broken off.
async fn arriving(server: SocketAddr, book: &Book, a_second: u64) -> anyhow::Result<JoinHandle<()>> {
    let mut payers = payers(server, book, &book.loans, 8).await?;
    Ok(tokio::spawn(async move {
        let every = Duration::from_micros(1_000_000 * payers.len() as u64 / a_second);
        let mut paying = tokio::task::JoinSet::new();
        for mut payer in payers.drain(..) {
            paying.spawn(async move {
                let mut turn = tokio::time::interval(every);
                loop {
                    turn.tick().await;
                    if let Err(error) = payer.call().await {
                        eprintln!("  a command failed: {error:#}");
                    }
                }
            });
        }
        while paying.join_next().await.is_some() {}
    }))
}

struct Reader {
    connection: Connection,
    loans: Arc<[Uuid]>,
    rng: Rng,
}

impl Caller for Reader {
    async fn call(&mut self) -> anyhow::Result<()> {
        let loan = self.loans[self.rng.usize(..self.loans.len())];
        self.connection.read(&format!("/v1/loans/{loan}"), 0).await?;
        Ok(())
    }
}

async fn readers(server: SocketAddr, loans: &Arc<[Uuid]>) -> anyhow::Result<Vec<Reader>> {
    let mut readers = Vec::with_capacity(READERS);
    for number in 0..READERS {
        let (connection, loans) = (Connection::open(server).await?, Arc::clone(loans));
        readers.push(Reader { connection, loans, rng: Rng::with_seed(number as u64) });
    }
    Ok(readers)
}
