//! Commands in production: with tokens, in bulks, when three times as much is offered as can be taken, and beside
//! thousands of connections that say nothing.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use event_store::booking_day;
use hdrhistogram::Histogram;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::Scale;
use super::book::Book;
use super::figures::{Figure, Figures};
use super::ground::{Ground, log_at};
use super::http::{self, CONNECTIONS, Payer};
use super::lending;
use super::load::{Caller, Load, Span, closed_loop, latencies, micros};
use super::server::{Server, razao};
use super::wire::Connection;
use crate::identification::development_token;
use crate::server::allow_files;
use crate::settings::Settings;

const LOANS: usize = 10_000;
const LINES: usize = 100;
const BULKS_ABREAST: usize = 8;
/// How many clients a flood has: each waits for its answer before it asks again, as clients do.
const FLOODING: usize = 1024;
/// How many times the peak they offer together.
const TIMES: f64 = 3.0;
const IDLE: usize = 10_000;
const BESIDE_IDLE: usize = 16;

pub(super) async fn measure(ground: &Ground, scale: Scale, figures: &mut Figures) -> anyhow::Result<()> {
    allow_files(IDLE + FLOODING);
    let today = booking_day(SystemTime::now().into());
    let url = ground.empty_database("commands").await?;
    let migrated = razao()?.args(["migrate", "--database-url", &url]).status().await?;
    anyhow::ensure!(migrated.success(), "the schema could not be made");
    let log = log_at(&url).await?;
    let loans: Arc<[Uuid]> = lending::book::lend(&log, LOANS, today).await?;
    log.close().await;
    let book = Book::of(loans, today);
    let home = ground.home().join("commands");
    std::fs::create_dir_all(&home)?;
    let settings = Settings { data_dir: home.clone(), ..Settings::default() };
    let token =
        development_token(&settings, "bench", &[identity::Role::Integrator], Duration::from_secs(3600))?;
    let data = home.display().to_string();
    let arguments = ["serve", "--roles", "command-api", "--database-url", &url, "--data-dir", &data];
    let server = Server::start(&home, &arguments).await?;
    let bench = Bench { server: &server, book: &book, token: &token, span: scale.span };
    http::measure(server.address, &book, Arc::clone(&book.loans), scale.span).await?; // all in memory
    for _ in 0..scale.rounds {
        bench.round(figures).await?;
    }
    server.stop().await?;
    ground.drop_copy("commands").await
}

struct Bench<'a> {
    server: &'a Server,
    book: &'a Book,
    token: &'a str,
    span: Span,
}

impl Bench<'_> {
    async fn round(&self, figures: &mut Figures) -> anyhow::Result<()> {
        let anonymous = closed_loop(self.payers(CONNECTIONS, None).await?, self.span).await?;
        figures.note(Figure::Anonymous, anonymous.a_second);
        let authenticated = closed_loop(self.payers(CONNECTIONS, Some(self.token)).await?, self.span).await?;
        figures.note(Figure::Authenticated, authenticated.a_second);
        figures.note(Figure::AuthenticatedP99Ms, p99_ms(&authenticated.latencies));
        let bulks = self.payers(BULKS_ABREAST, Some(self.token)).await?.into_iter().map(BulkPayer).collect();
        let bulks = closed_loop(bulks, self.span).await?;
        figures.note(Figure::BulkLines, bulks.a_second * LINES as f64);
        self.flood(authenticated.a_second, figures).await?;
        self.idle(figures).await
    }

    /// Three times the peak, offered by clients that are each on time as long as they are answered.
    async fn flood(&self, peak: f64, figures: &mut Figures) -> anyhow::Result<()> {
        let every = Duration::from_secs_f64(FLOODING as f64 / (peak * TIMES));
        let begin = Instant::now() + self.span.warm_up;
        let end = begin + self.span.measured;
        let mut clients = JoinSet::new();
        for (number, payer) in self.payers(FLOODING, Some(self.token)).await?.into_iter().enumerate() {
            let first = Instant::now() + every.mul_f64(number as f64 / FLOODING as f64);
            clients.spawn(offer(payer, (first, every), (begin, end)));
        }
        let (mut accepted, mut refused) = (latencies(), latencies());
        while let Some(client) = clients.join_next().await {
            let (of_client, refused_of_client) = client??;
            accepted.add(of_client)?;
            refused.add(refused_of_client)?;
        }
        let seconds = self.span.measured.as_secs_f64();
        figures.note(Figure::FloodOffered, (accepted.len() + refused.len()) as f64 / seconds);
        figures.note(Figure::FloodAccepted, accepted.len() as f64 / seconds);
        figures.note(Figure::FloodP99Ms, p99_ms(&accepted));
        figures.note(Figure::FloodRefusedMs, refused.value_at_quantile(0.5) as f64 / 1000.0);
        figures.note(Figure::FloodRefusedP99Ms, p99_ms(&refused));
        Ok(())
    }

    /// Connections that were used once and stay open.
    async fn idle(&self, figures: &mut Figures) -> anyhow::Result<()> {
        let without = self.beside().await?;
        figures.note(Figure::WithoutIdleP99Ms, p99_ms(&without.latencies));
        let before = self.server.memory()?.resident;
        let mut idle = Vec::with_capacity(IDLE);
        for _ in 0..IDLE {
            let mut connection = Connection::open(self.server.address).await?;
            connection.read("/health/live", 0).await?;
            idle.push(connection);
        }
        let added = self.server.memory()?.resident.saturating_sub(before);
        figures.note(Figure::IdleMemoryMb, added as f64 / 1e6);
        let beside = self.beside().await?;
        figures.note(Figure::BesideIdleP99Ms, p99_ms(&beside.latencies));
        drop(idle);
        Ok(())
    }

    async fn beside(&self) -> anyhow::Result<Load> {
        closed_loop(self.payers(BESIDE_IDLE, Some(self.token)).await?, self.span).await
    }

    async fn payers(&self, count: usize, token: Option<&str>) -> anyhow::Result<Vec<Payer>> {
        let payers = http::payers(self.server.address, self.book, &self.book.loans, count).await?;
        Ok(match token {
            Some(token) => payers.into_iter().map(|payer| payer.with_token(token)).collect(),
            None => payers,
        })
    }
}

/// Pays by bulks.
struct BulkPayer(Payer);

impl Caller for BulkPayer {
    async fn call(&mut self) -> anyhow::Result<()> {
        self.0.pay_in_bulk(LINES).await
    }
}

/// Asks again and again, at its times unless it still waits: how long the accepted and the refused took.
async fn offer(
    mut payer: Payer,
    (first, every): (Instant, Duration),
    (begin, end): (Instant, Instant),
) -> anyhow::Result<(Histogram<u64>, Histogram<u64>)> {
    let (mut accepted, mut refused) = (latencies(), latencies());
    let mut next = first;
    loop {
        tokio::time::sleep_until(next.into()).await;
        let asked = Instant::now();
        if asked >= end {
            return Ok((accepted, refused));
        }
        let answer = payer.try_to_pay().await?;
        let answered = Instant::now();
        next = (next + every).max(answered);
        if asked < begin || answered >= end {
            continue;
        }
        match answer.status {
            201 => accepted.saturating_record(micros(answered - asked)),
            503 => refused.saturating_record(micros(answered - asked)),
            status => anyhow::bail!("a repayment was answered with {status}"),
        }
    }
}

fn p99_ms(latencies: &Histogram<u64>) -> f64 {
    latencies.value_at_quantile(0.99) as f64 / 1000.0
}
