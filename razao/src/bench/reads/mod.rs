//! Reads of a large book, plain and on both axes of time, while commands arrive at a steady rate. How they grow with it is
//! known from a book of as many loans that has lived for a fifth of its events, which is asked for the same in turn.

mod book;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use chrono::{Days, NaiveDate};
use event_store::booking_day;
use fastrand::Rng;
use hdrhistogram::Histogram;
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
/// Each book is asked for a read in so many turns, of one book after the other: stalls of the machine meet both.
const TURNS: usize = 5;
/// How often a read is made at least in each turn, one after another, and for how long.
const TIMES: usize = 20;
const LONG_ENOUGH: Duration = Duration::from_secs(2);
/// The first ones of a turn find nothing in memory.
const NOT_COUNTED: usize = 3;
const ROLES: &str = "command-api,query-api,projections";
/// The loans that are read again and again.
const KEPT: usize = 1_000;
/// The loans on which commands arrive.
const COMMANDED: usize = 1_000;
/// A loan has so many events when its first repayment is made.
const LEAST_EVENTS: usize = 4;
const DATABASE: &str = "reads";
const YOUNG: &str = "young_reads";

pub(super) async fn measure(
    ground: &Ground,
    scale: Scale,
    (loans, events): (usize, usize),
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let today = booking_day(SystemTime::now().into());
    let young = if events / 5 >= loans * LEAST_EVENTS {
        Some(Lived::begin(ground, YOUNG, (loans, events / 5), today).await?)
    } else {
        None
    };
    let lived = Lived::begin(ground, DATABASE, (loans, events), today).await?;
    let pgbench = Pgbench::selecting(ground.home(), &lived.url).await?;
    figures.note(Figure::PgbenchSelect, pgbench.measure(scale.span).await?);
    let arriving = lived.arriving(scale).await?;
    let worked_out = (Figure::LoanReads, Figure::LoanReadsP99Ms);
    loan_reads(&lived.server, &lived.book.loans, scale, worked_out, figures).await?;
    arriving.end().await;
    if let Some(young) = &young {
        // So that it has been asked as much before as the other one.
        let arriving = young.arriving(scale).await?;
        closed_loop(readers(young.server.address, &young.book.loans).await?, scale.span).await?;
        arriving.end().await;
    }
    for read in ReadOf::ALL {
        let (mut of_young, mut of_lived) = (Taken::nothing(), Taken::nothing());
        for _ in 0..TURNS {
            if let Some(young) = &young {
                young.ask(read, scale, &mut of_young).await?;
            }
            lived.ask(read, scale, &mut of_lived).await?;
        }
        if young.is_some() {
            figures.note(Figure::YoungP99Ms(read), millis(&of_young.plain, 0.99));
            figures.note(Figure::YoungPastP99Ms(read), millis(&of_young.past, 0.99));
        }
        figures.note(Figure::PlainMs(read), millis(&of_lived.plain, 0.5));
        figures.note(Figure::PlainP99Ms(read), millis(&of_lived.plain, 0.99));
        figures.note(Figure::PastMs(read), millis(&of_lived.past, 0.5));
        figures.note(Figure::PastP99Ms(read), millis(&of_lived.past, 0.99));
    }
    if let Some(young) = young {
        young.server.stop().await?;
    }
    let lived = lived.serve_anew(ground).await?;
    let arriving = lived.arriving(scale).await?;
    let kept: Arc<[Uuid]> = lived.book.loans.iter().copied().rev().take(KEPT).collect();
    loan_reads(&lived.server, &kept, scale, (Figure::LoanReadsKept, Figure::LoanReadsKeptP99Ms), figures)
        .await?;
    arriving.end().await;
    commands(ground, lived, scale, figures).await?;
    ground.drop_copy(YOUNG).await?;
    ground.drop_copy(DATABASE).await
}

/// A book that has lived, and a server that has projected it.
struct Lived {
    url: String,
    book: ReadBook,
    /// Some of its loans, on which commands arrive.
    paid: Book,
    head: i64,
    server: Server,
}

impl Lived {
    /// On a database of its own. Nothing is kept of answers: what is worked out is measured first.
    async fn begin(
        ground: &Ground,
        database: &str,
        (loans, events): (usize, usize),
        today: NaiveDate,
    ) -> anyhow::Result<Self> {
        let url = ground.empty_database(database).await?;
        let migrated = razao()?.args(["migrate", "--database-url", &url]).status().await?;
        anyhow::ensure!(migrated.success(), "the schema could not be made");
        let log = log_at(&url).await?;
        let begun = Instant::now();
        eprintln!("  a book of {loans} loans and about {events} events");
        let book = book::live(&log, loans, events, today).await?;
        let head = log.head().await?.position;
        log.close().await;
        eprintln!("  {head} events after {:.0?}", begun.elapsed());
        let server = Server::serve_with(ground.home(), ROLES, &url, &[("RAZAO_CACHE_BYTES", "0")]).await?;
        let bar = book::progress("projected", head.unsigned_abs());
        server.caught_up_showing(|position| bar.set_position(position.unsigned_abs())).await?;
        bar.finish();
        ground.vacuum(database).await?;
        eprintln!("  they are projected after {:.0?}", begun.elapsed());
        let paid = Book::of(book.loans.iter().copied().take(COMMANDED).collect(), today);
        Ok(Self { url, book, paid, head, server })
    }

    /// Another server, which keeps answers.
    async fn serve_anew(self, ground: &Ground) -> anyhow::Result<Self> {
        self.server.stop().await?;
        let server = Server::serve(ground.home(), ROLES, &self.url).await?;
        server.caught_up().await?;
        Ok(Self { server, ..self })
    }

    /// One turn of a read while commands arrive, plain and on both axes of time.
    async fn ask(&self, read: ReadOf, scale: Scale, taken: &mut Taken) -> anyhow::Result<()> {
        let today = self.paid.today;
        let path = path_of(read, &self.book, today);
        let sign = if path.contains('?') { '&' } else { '?' };
        let (day, position) = (today - Days::new(200), self.head * 9 / 10);
        let earlier = format!("{path}{sign}effective_on={day}&known_at={position}");
        let arriving = self.arriving(scale).await?;
        let asked =
            in_turn(self.server.address, [(&path, &mut taken.plain), (&earlier, &mut taken.past)]).await;
        arriving.end().await;
        asked
    }

    async fn arriving(&self, scale: Scale) -> anyhow::Result<Arriving> {
        arriving(self.server.address, &self.paid, scale.arriving).await
    }
}

/// How long a read took, plain and on both axes of time.
struct Taken {
    plain: Histogram<u64>,
    past: Histogram<u64>,
}

impl Taken {
    fn nothing() -> Self {
        Self { plain: latencies(), past: latencies() }
    }
}

fn millis(taken: &Histogram<u64>, quantile: f64) -> f64 {
    taken.value_at_quantile(quantile) as f64 / 1e3
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
    figures.note(p99, millis(&latencies, 0.99));
    Ok(())
}

/// Commands as fast as they are answered, with all read models attached and with none.
async fn commands(ground: &Ground, lived: Lived, scale: Scale, figures: &mut Figures) -> anyhow::Result<()> {
    let Lived { url, paid, server: with_all, .. } = lived;
    let all = http::measure(with_all.address, &paid, paid.loans.clone(), scale.span).await?;
    figures.note(Figure::CommandsWithReads, all.a_second);
    with_all.stop().await?;
    let alone = Server::serve(ground.home(), "command-api", &url).await?;
    let none = http::measure(alone.address, &paid, paid.loans.clone(), scale.span).await?;
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

/// Two reads in turn, so that both meet the same circumstances.
async fn in_turn(server: SocketAddr, mut reads: [(&str, &mut Histogram<u64>); 2]) -> anyhow::Result<()> {
    let mut connection = Connection::open(server).await?;
    for _ in 0..NOT_COUNTED {
        for (path, _) in &reads {
            connection.read(path, 0).await?;
        }
    }
    let begun = Instant::now();
    let mut times = 0;
    while times < TIMES || begun.elapsed() < LONG_ENOUGH {
        for (path, taken) in &mut reads {
            let asked = Instant::now();
            connection.read(path, 0).await?;
            taken.saturating_record(micros(asked.elapsed()));
        }
        times += 1;
    }
    Ok(())
}

/// Repayments at a steady rate until they are broken off.
struct Arriving(JoinHandle<()>);

impl Arriving {
    async fn end(self) {
        self.0.abort();
        let _ = self.0.await;
    }
}

async fn arriving(server: SocketAddr, book: &Book, a_second: u64) -> anyhow::Result<Arriving> {
    let mut payers = payers(server, book, &book.loans, 8).await?;
    Ok(Arriving(tokio::spawn(async move {
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
    })))
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
