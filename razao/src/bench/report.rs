//! The table: every measure with its figure, what it is held against, and how it does.

use std::borrow::Cow;
use std::fmt::Write;

use super::figures::{Figure, Figures, Limit, ReadOf, Verdict};

/// One row of the table.
#[derive(Clone)]
struct Row {
    measure: Cow<'static, str>,
    figure: Figure,
    unit: &'static str,
    limit: Option<Limit>,
}

/// The answer times that belong to a rate.
fn p99_of(figure: Figure) -> Option<Figure> {
    match figure {
        Figure::Append => Some(Figure::AppendP99Ms),
        Figure::Http => Some(Figure::HttpP99Ms),
        Figure::HttpAllRoles => Some(Figure::HttpAllRolesP99Ms),
        Figure::Authenticated => Some(Figure::AuthenticatedP99Ms),
        Figure::LoanReads => Some(Figure::LoanReadsP99Ms),
        Figure::LoanReadsKept => Some(Figure::LoanReadsKeptP99Ms),
        Figure::PlainMs(read) => Some(Figure::PlainP99Ms(read)),
        Figure::PastMs(read) => Some(Figure::PastP99Ms(read)),
        _ => None,
    }
}

fn rows() -> Vec<Row> {
    let apart = [rows_of_lending(), rows_of_audit(), rows_of_reads(), rows_of_commands()];
    [rows_in_process(), rows_over_http(), rows_of_reading()].into_iter().chain(apart).flatten().collect()
}

const fn row(measure: &'static str, figure: Figure, unit: &'static str) -> Row {
    Row { measure: Cow::Borrowed(measure), figure, unit, limit: None }
}

impl Row {
    /// Held against another figure.
    fn times(self, of: Figure, must: f64, aim: f64) -> Self {
        Self { limit: Some(Limit::Times { of, must, aim }), ..self }
    }

    fn at_most_times(self, of: Figure, must: f64, aim: f64) -> Self {
        Self { limit: Some(Limit::AtMostTimes { of, must, aim }), ..self }
    }

    fn at_least(self, must: f64, aim: f64) -> Self {
        Self { limit: Some(Limit::AtLeast { must, aim }), ..self }
    }

    fn at_most(self, must: f64, aim: f64) -> Self {
        Self { limit: Some(Limit::AtMost { must, aim }), ..self }
    }
}

fn rows_of_commands() -> Vec<Row> {
    use Figure as F;
    vec![
        row("repayments over HTTP without a token, 64 connections", F::Anonymous, "/s"),
        row("the same with a token", F::Authenticated, "/s").times(F::Anonymous, 0.85, 0.95),
        row("bulks of 100 lines, 8 connections: lines", F::BulkLines, "/s").times(F::Authenticated, 3.0, 6.0),
        row("offered in a flood", F::FloodOffered, "/s"),
        row("accepted in the flood, against the peak", F::FloodAccepted, "/s").times(
            F::Authenticated,
            0.9,
            1.0,
        ),
        row("p99 of what is accepted, against that of the peak", F::FloodP99Ms, " ms").at_most_times(
            F::AuthenticatedP99Ms,
            3.0,
            1.5,
        ),
        row("time to refuse, median", F::FloodRefusedMs, " ms"),
        row("time to refuse, p99", F::FloodRefusedP99Ms, " ms").at_most(50.0, 5.0),
        row("10,000 idle connections: memory that they add", F::IdleMemoryMb, " MB").at_most(250.0, 80.0),
        row("p99 of 16 busy connections without them", F::WithoutIdleP99Ms, " ms"),
        row("the same beside them", F::BesideIdleP99Ms, " ms").at_most_times(F::WithoutIdleP99Ms, 1.5, 1.1),
    ]
}

fn rows_in_process() -> Vec<Row> {
    use Figure as F;
    vec![
        row("`pgbench`: one row of the same size per commit, 32 clients", F::Pgbench, "/s"),
        row("`append`: commands in process over 10,000 streams, 32 callers", F::Append, "/s").times(
            F::Pgbench,
            1.5,
            2.5,
        ),
        row("the same on one single stream", F::AppendOneStream, "/s").times(F::Append, 0.9, 1.0),
        row("stock `CqrsFramework`, the same commands", F::Stock, "/s"),
        row("stock `CqrsFramework`, one stream", F::StockOneStream, "/s"),
        row("`append` against the stock framework", F::Append, "/s").times(F::Stock, 5.0, 8.0),
        row("one stream against the stock framework", F::AppendOneStream, "/s").times(
            F::StockOneStream,
            5.0,
            8.0,
        ),
        row("a command on a loan with 10 events, nothing in memory", F::ShortLoanMs, " ms"),
        row("a command on a loan with 10,000 events, nothing in memory", F::LongLoanMs, " ms").at_most_times(
            F::ShortLoanMs,
            5.0,
            2.0,
        ),
    ]
}

fn rows_over_http() -> Vec<Row> {
    use Figure as F;
    let spread = row("repayments over HTTP on 10,000 loans, 64 connections", F::Http, "/s");
    let one = row("the same on one single loan", F::HttpOneLoan, "/s");
    let followed = row("repayments over HTTP with every read model following", F::HttpAllRoles, "/s");
    let one_followed =
        row("the same on one single loan, every read model following", F::HttpAllRolesOneLoan, "/s");
    vec![
        spread.times(F::Pgbench, 0.7, 1.3),
        one.times(F::Http, 0.8, 1.0),
        followed.times(F::Pgbench, 0.7, 1.3),
        one_followed.times(F::HttpAllRoles, 0.8, 1.0),
    ]
}

fn rows_of_reading() -> Vec<Row> {
    use Figure as F;
    let memory = row("most memory of the server under load, Postgres aside", F::MemoryMb, " MB");
    vec![
        row("feed to all read models, events", F::Feed, "/s").times(F::Http, 1.0, 3.0),
        row("rebuild of every read model, events", F::Rebuild, "/s").times(F::Feed, 1.5, 5.0),
        row("relay from the log to Kafka, acknowledged by all, events", F::Relay, "/s").times(
            F::BareProducer,
            0.5,
            0.9,
        ),
        row("a bare producer of the same messages", F::BareProducer, "/s"),
        row("one of their keys and values, without headers", F::BareValues, "/s"),
        row("most memory of the relay", F::RelayMemoryMb, " MB").at_most(120.0, 50.0),
        row("all read models from Kafka, events", F::FeedByKafka, "/s").times(F::Feed, 0.8, 1.0),
        row("catching up by Kafka after a stop, events", F::CaughtUpByKafka, "/s")
            .at_least(5_000.0, 20_000.0),
        row("repayments over HTTP while relay and projections run apart", F::HttpByKafka, "/s").times(
            F::HttpAllRoles,
            0.8,
            1.0,
        ),
        row("accepted to visible by Kafka at 500 commands/s, p50", F::VisibleByKafkaP50Ms, " ms"),
        row("accepted to visible by Kafka at 500 commands/s, p99", F::VisibleByKafkaP99Ms, " ms")
            .at_most(100.0, 15.0),
        row("most memory of the role command-api", F::CommandApiMb, " MB").at_most(120.0, 50.0),
        row("most memory of the role query-api", F::QueryApiMb, " MB").at_most(120.0, 50.0),
        row("most memory of the role projections, by Kafka", F::ProjectionsMb, " MB").at_most(120.0, 50.0),
        row("most memory of the role relay beside them", F::RelayMb, " MB").at_most(120.0, 50.0),
        row("accepted to visible at 500 commands/s, p50", F::VisibleP50Ms, " ms"),
        row("accepted to visible at 500 commands/s, p99", F::VisibleP99Ms, " ms").at_most(50.0, 5.0),
        row("`razao up` ready with a large log", F::ReadySeconds, " s").at_most(5.0, 2.0),
        memory.at_most(200.0, 60.0),
    ]
}

fn rows_of_lending() -> Vec<Row> {
    use Figure as F;
    let derive = "a loan of 360 installments with 1,000 events, derived after the oldest";
    let beside = row("the same while day after day is closed", F::CommandsBesideClose, "/s");
    vec![
        row(derive, F::Derive1000Ms, " ms").at_most(5.0, 2.0),
        row("the same with 500 events", F::Derive500Ms, " ms"),
        row("the same with 250 events", F::Derive250Ms, " ms"),
        row("what settles that of 1,000 events, from its facts", F::QuoteMs, " ms").at_most(1.0, 0.5),
        row("the same from the loan held in memory", F::QuoteHeldMs, " ms").at_most(1.0, 0.5),
        row("`close-day` the first time, loans", F::FirstClose, "/s").at_least(20_000.0, 50_000.0),
        row("the same the second time, which looks ahead for most", F::SecondClose, "/s"),
        row("the same on a later day, on which nothing happened", F::LaterClose, "/s")
            .at_least(20_000.0, 50_000.0),
        row("most memory of `close-day`, Postgres aside", F::CloseMemoryMb, " MB").at_most(200.0, 60.0),
        row("repayments over HTTP on 10,000 of these loans", F::CommandsAlone, "/s"),
        beside.times(F::CommandsAlone, 0.9, 0.95),
        row("loans closed beside them", F::CloseBesideCommands, "/s"),
    ]
}

fn rows_of_audit() -> Vec<Row> {
    use Figure as F;
    vec![
        row("commands in process without the sealer", F::CommandsUnsealed, "/s"),
        row("the same with it", F::CommandsSealed, "/s").times(F::CommandsUnsealed, 0.95, 1.0),
        row("sealing, events", F::Sealing, "/s").times(F::CommandsUnsealed, 2.0, 10.0),
        row("`verify`: tree and gaps, events", F::CheckTree, "/s").at_least(200_000.0, 400_000.0),
        row("`verify`: loans and balances folded again and compared, events", F::Refold, "/s")
            .at_least(50_000.0, 150_000.0),
        row("`verify --recalculate`, events", F::Recalculate, "/s"),
        row("inclusion proof over HTTP, p99", F::ProofP99Ms, " ms").at_most(10.0, 2.0),
        row("export as NDJSON, events", F::Export, "/s").at_least(100_000.0, 300_000.0),
        row("memory that the export takes more", F::ExportMemoryMb, " MB").at_most(50.0, 20.0),
        row("rebuild of every read model, events", F::RebuildAll, "/s"),
        row("replay of all of it into a scratch schema, events", F::Replay, "/s").times(
            F::RebuildAll,
            0.8,
            1.0,
        ),
    ]
}

/// Each read, plain and on both axes of time.
const NAMED: [(ReadOf, &str, &str); 11] = [
    (ReadOf::Loan, "a loan", "a loan, as it stood and was known"),
    (ReadOf::Loans, "50 loans of the list", "50 loans, as they stood and were known"),
    (ReadOf::Schedule, "a schedule", "a schedule, as it stood and was known"),
    (ReadOf::Transactions, "transactions", "transactions, as they stood and were known"),
    (ReadOf::LongLoan, "the long loan", "the long loan, as it stood and was known"),
    (ReadOf::LongStatement, "its statement", "its statement, as it stood and was known"),
    (ReadOf::Accounts, "accounts", "accounts, as they stood and were known"),
    (ReadOf::Lines, "an account's lines", "an account's lines, as they stood and were known"),
    (ReadOf::YearOfBalances, "a year of daily balances", "a year of daily balances, as it was known"),
    (ReadOf::TrialBalance, "the trial balance", "the trial balance, as it stood and was known"),
    (ReadOf::Portfolio, "the portfolio", "the portfolio, as it stood and was known"),
];

fn rows_of_reads() -> Vec<Row> {
    use Figure as F;
    let mut rows = vec![
        row("`pgbench`: one row by key, 32 clients", F::PgbenchSelect, "/s"),
        row("`GET /v1/loans/{id}`, nothing cached, 64 connections", F::LoanReads, "/s").times(
            F::PgbenchSelect,
            0.25,
            0.5,
        ),
        row("the same on 1,000 loans whose answers are kept", F::LoanReadsKept, "/s").times(
            F::PgbenchSelect,
            0.5,
            1.0,
        ),
        row(
            "a statement of 360 installments and 1,000 transactions, p99",
            F::PlainP99Ms(ReadOf::LongStatement),
            " ms",
        )
        .at_most(50.0, 10.0),
        row("a year of daily balances of one account, p99", F::PlainP99Ms(ReadOf::YearOfBalances), " ms")
            .at_most(20.0, 5.0),
        row("the portfolio as of a past day, p99", F::PastP99Ms(ReadOf::Portfolio), " ms")
            .at_most(500.0, 50.0),
        row("the trial balance as of a past day, p99", F::PastP99Ms(ReadOf::TrialBalance), " ms")
            .at_most(500.0, 50.0),
        row("commands with all read models attached", F::CommandsWithReads, "/s").times(
            F::CommandsWithoutReads,
            0.6,
            0.9,
        ),
        row("commands without", F::CommandsWithoutReads, "/s"),
    ];
    for (read, plain, past) in NAMED {
        rows.push(row(plain, F::PlainMs(read), " ms"));
        rows.push(row(past, F::PastMs(read), " ms").at_most_times(F::PlainMs(read), 3.0, 1.5));
    }
    for (read, plain, past) in NAMED {
        for (named, p99, young) in [
            (plain, F::PlainP99Ms(read), F::YoungP99Ms(read)),
            (past, F::PastP99Ms(read), F::YoungPastP99Ms(read)),
        ] {
            let grows = Row {
                measure: format!("p99 of {named}, against a fifth of the events").into(),
                ..row("", p99, " ms")
            };
            rows.push(grows.at_most_times(young, 1.5, 1.1));
        }
    }
    rows
}

/// The measured rows as a Markdown table.
pub(super) fn table(figures: &Figures) -> String {
    let mut table =
        String::from("| measure | figure (spread) | ratio | must | aim | |\n|---|---:|---:|---:|---:|---|\n");
    for row in rows() {
        let Some(median) = figures.median(row.figure) else { continue };
        if row.limit.is_some_and(|limit| figures.verdict(row.figure, limit).is_none()) {
            continue;
        }
        let verdict = row.limit.and_then(|limit| figures.verdict(row.figure, limit));
        let (ratio, must, aim) = row.limit.map(|limit| limit_cells(figures, &row, limit)).unwrap_or_default();
        let spread = figures.spread(row.figure).filter(|(least, most)| least < most);
        let spread = spread.map(|(least, most)| format!(" ({} – {})", number(least), number(most)));
        let p99 = p99_of(row.figure).and_then(|figure| figures.median(figure));
        let p99 = p99.map(|millis| format!(", p99 {millis:.1} ms"));
        let verdict = match verdict {
            Some(Verdict::Aim) => "aim",
            Some(Verdict::Pass) => "pass",
            Some(Verdict::Miss) => "**miss**",
            None => "",
        };
        let _ = writeln!(
            table,
            "| {} | {}{}{}{} | {ratio} | {must} | {aim} | {verdict} |",
            row.measure,
            number(median),
            row.unit,
            spread.unwrap_or_default(),
            p99.unwrap_or_default(),
        );
    }
    table
}

fn limit_cells(figures: &Figures, row: &Row, limit: Limit) -> (String, String, String) {
    match limit {
        Limit::Times { of, must, aim } => {
            let ratio = figures.ratio(row.figure, of).unwrap_or_default();
            (format!("{ratio:.2} ×"), format!("{must} ×"), format!("{aim} ×"))
        }
        Limit::AtMostTimes { of, must, aim } => {
            let ratio = figures.ratio(row.figure, of).unwrap_or_default();
            (format!("{ratio:.2} ×"), format!("≤ {must} ×"), format!("≤ {aim} ×"))
        }
        Limit::AtMost { must, aim } => {
            (String::new(), format!("≤ {must}{}", row.unit), format!("≤ {aim}{}", row.unit))
        }
        Limit::AtLeast { must, aim } => {
            let at_least = |value| format!("≥ {}{}", number(value), row.unit);
            (String::new(), at_least(must), at_least(aim))
        }
    }
}

/// Whole above a hundred, with thousands parted; else with two decimals.
fn number(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let parted = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    parted.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_were_not_measured_are_left_out() {
        let mut figures = Figures::default();
        figures.note(Figure::Pgbench, 16_300.0);
        figures.note(Figure::Append, 40_750.0);
        figures.note(Figure::AppendP99Ms, 2.25);
        expect_test::expect![[r"
            | measure | figure (spread) | ratio | must | aim | |
            |---|---:|---:|---:|---:|---|
            | `pgbench`: one row of the same size per commit, 32 clients | 16,300/s |  |  |  |  |
            | `append`: commands in process over 10,000 streams, 32 callers | 40,750/s, p99 2.2 ms | 2.50 × | 1.5 × | 2.5 × | aim |
        "]]
        .assert_eq(&table(&figures));
    }
}
