//! Benchmarks: all in one run on one machine beside `pgbench`, so that every figure that counts is a ratio.
#![expect(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "rates and ratios of measurements are approximate by nature; no amount of money is here"
)]

mod append;
mod audit;
mod book;
mod by_kafka;
mod commands;
mod feed;
mod figures;
mod ground;
mod http;
mod lending;
mod load;
mod long_loan;
mod machine;
mod pgbench;
mod reads;
mod ready;
mod relay;
mod report;
mod rounds;
mod server;
mod stock;
mod threads;
mod visible;
mod wire;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;

use self::book::Book;
use self::figures::Figures;
use self::ground::Ground;
use self::load::Span;
use self::rounds::Rounds;
use self::server::Server;
use crate::failure::Failure;

/// Measure, beside `pgbench` on the same Postgres.
#[derive(Debug, Clone, clap::Args)]
pub struct BenchArgs {
    /// What to measure [default: spine, which is all of it].
    #[arg(value_enum)]
    pub what: Vec<Measurement>,
    /// One short round on a smaller log: to see that it runs, not how fast.
    #[arg(long)]
    pub quick: bool,
    /// How many rounds, one after the other: the table has the medians.
    #[arg(long, default_value_t = 3)]
    pub rounds: u32,
    /// A Postgres to measure on, where databases may be made [default: a private one for this run].
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// A Kafka to measure the relay and the read models that it feeds against; without one they are left out.
    #[arg(long, value_name = "BROKERS")]
    pub kafka: Option<String>,
    /// How many loans the book of `reads` has [default: 100,000; 1,000 with --quick].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    pub loans: Option<u32>,
    /// About how many events the book of `reads` has: at least four for each loan [default: fifty].
    #[arg(long, value_parser = clap::value_parser!(u32).range(4_000..))]
    pub events: Option<u32>,
    /// Of how many events `audit` asks for proofs.
    #[arg(long, default_value_t = 5_000_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub tree: u64,
    /// How many events the log of `audit` has [default: 1,000,000; 150,000 with --quick].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub log: Option<u32>,
    /// Write the table and the machine to a file, such as docs/BENCHMARKS.md.
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Measurement {
    /// Everything
    Spine,
    /// Commands in process, on many streams and on one
    Append,
    /// Repayments over HTTP, on many loans and on one, without and with read models
    Http,
    /// Stock cqrs-es and postgres-es doing the same
    Stock,
    /// A command on a long stream against one on a short stream
    LongLoan,
    /// All read models following the log; with --kafka fed by it too, with all that feeds them
    Feed,
    /// All read models built anew
    Rebuild,
    /// The relay from the log to Kafka, beside a bare producer (needs --kafka)
    Relay,
    /// From accepted to visible
    Visible,
    /// Starting with a large log, and memory under load
    Ready,
    /// The engine on a long loan, and closing a day over many loans; not part of the spine
    Lending,
    /// Sealing, checking, proofs and the export; not part of the spine
    Audit,
    /// Commands in production: with tokens, in bulks, in a flood, beside idle connections; not part of the spine
    Commands,
    /// Reads of a large book, plain and on both axes of time, while commands arrive; not part of the spine
    Reads,
}

/// How large and how long everything is.
#[derive(Debug, Clone, Copy)]
struct Scale {
    rounds: u32,
    span: Span,
    cold_commands: usize,
    fed_events: usize,
    large_log: usize,
    lent: usize,
    /// Commands a second that arrive while reads are measured.
    arriving: u64,
}

impl Scale {
    fn of(args: &BenchArgs) -> Self {
        let span = |warm_up, measured| Span {
            warm_up: Duration::from_millis(warm_up),
            measured: Duration::from_secs(measured),
        };
        if args.quick {
            let span = span(500, 2);
            return Self {
                rounds: 1,
                span,
                cold_commands: 50,
                fed_events: 20_000,
                large_log: 150_000,
                lent: 10_000,
                arriving: 20,
            };
        }
        let rounds = args.rounds.max(1);
        Self {
            rounds,
            span: span(1000, 10),
            cold_commands: 200,
            fed_events: 200_000,
            large_log: 1_000_000,
            lent: 100_000,
            arriving: 500,
        }
    }
}

/// Runs what is asked for and prints the table.
pub async fn bench(args: BenchArgs) -> anyhow::Result<()> {
    let scale = Scale::of(&args);
    let asked_for_all = args.what.is_empty() || args.what.contains(&Measurement::Spine);
    let is_asked = |what| asked_for_all || args.what.contains(&what);
    if args.what.contains(&Measurement::Relay) && args.kafka.is_none() {
        return Err(Failure::WrongUsage("relay needs --kafka BROKERS".to_owned()).into());
    }
    let busy = machine::busy();
    eprintln!("the load average before the run is {busy}: whatever else runs spoils the figures");
    let mut ground = Ground::prepare(args.database_url.as_deref())
        .await
        .map_err(|error| Failure::Unreachable(format!("there is no Postgres to measure on: {error:#}")))?;
    let mut figures = Figures::default();
    let postgres = ground.describe().await?;
    if args.what.contains(&Measurement::Lending) {
        eprintln!("lending");
        lending::measure(&ground, scale, &mut figures).await?;
    }
    if args.what.contains(&Measurement::Audit) {
        eprintln!("audit");
        let log = args.log.map_or(scale.large_log, |log| log as usize);
        audit::measure(&ground, scale, (log, args.tree), &mut figures).await?;
    }
    if args.what.contains(&Measurement::Reads) {
        eprintln!("reads");
        let loans = args.loans.unwrap_or(if args.quick { 1_000 } else { 100_000 }) as usize;
        let events = args.events.map_or(loans * 50, |events| events as usize);
        reads::measure(&ground, scale, (loans, events), &mut figures).await?;
    }
    if args.what.contains(&Measurement::Commands) {
        eprintln!("commands");
        commands::measure(&ground, scale, &mut figures).await?;
    }
    let apart = [Measurement::Lending, Measurement::Audit, Measurement::Reads, Measurement::Commands];
    let mut log = String::new();
    if args.what.is_empty() || args.what.iter().any(|what| !apart.contains(what)) {
        log = spine(&mut ground, scale, &is_asked, args.kafka.as_deref(), &mut figures).await?;
    }
    ground.clear().await?;

    let table = report::table(&figures);
    writeln!(std::io::stdout().lock(), "{table}")?;
    if let Some(file) = &args.write {
        let (rounds, seconds) = (scale.rounds, scale.span.measured.as_secs());
        let turns = audit::TURN.measured.as_secs();
        let rounds = format!(
            "- {rounds} round(s) of {seconds} s each, beside the sealer turns of {turns} s; load average before: {busy}\n"
        );
        let circumstances = format!("{}- PostgreSQL: {postgres}\n{rounds}{log}", machine::describe());
        write(file, &table, &circumstances)?;
    }
    Ok(())
}

/// Measures what is asked for of the spine, round by round; what there is to say of the large log.
async fn spine(
    ground: &mut Ground,
    scale: Scale,
    is_asked: &dyn Fn(Measurement) -> bool,
    kafka: Option<&str>,
    figures: &mut Figures,
) -> anyhow::Result<String> {
    eprintln!("the book: {} loans", book::LOANS);
    let book = post_book(ground).await?;
    for round in 1..=scale.rounds {
        eprintln!("round {round} of {}", scale.rounds);
        Rounds { ground, book: &book, scale, is_asked, kafka }.run(figures).await?;
    }
    if !is_asked(Measurement::Ready) {
        return Ok(String::new());
    }
    eprintln!("a log of {} events", scale.large_log);
    let ready = ready::measure(ground, &book, scale.large_log, scale.span).await?;
    for seconds in ready.seconds {
        figures.note(figures::Figure::ReadySeconds, seconds);
    }
    figures.note(figures::Figure::MemoryMb, ready.memory.most_resident as f64 / 1e6);
    let (events, resident) = (ready.events, ready.memory.resident / 1_000_000);
    Ok(format!("- large log: {events} events; resident after the load: {resident} MB\n"))
}

/// Posts the book through the command API of a server that runs for it.
async fn post_book(ground: &Ground) -> anyhow::Result<Book> {
    let url = ground.book_url();
    let migrated = server::razao()?.args(["migrate", "--database-url", &url]).status().await?;
    anyhow::ensure!(migrated.success(), "the schema could not be made");
    let server = Server::serve(ground.home(), "command-api", &url).await?;
    let book = Book::post(server.address).await?;
    server.stop().await?;
    Ok(book)
}

fn write(file: &Path, table: &str, circumstances: &str) -> anyhow::Result<()> {
    let text = format!(
        "# Benchmarks\n\n\
         `razao bench` measures everything in one run beside `pgbench` on the same Postgres. Server, Postgres and load\n\
         generator share the machine's cores, so what counts are the ratios; figures are medians of the rounds.\n\n\
         {circumstances}\n{table}"
    );
    std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))
}
