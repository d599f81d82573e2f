//! Durable repayments over HTTP: the server as a process of its own, kept-alive connections in a closed loop.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use fastrand::Rng;
use serde_json::json;
use uuid::Uuid;

use super::book::Book;
use super::load::{Caller, Load, Span, calls_each, closed_loop};
use super::wire::{Answer, Connection};

pub(super) const CONNECTIONS: usize = 64;

/// A client that pays a little on one loan after another.
pub(super) struct Payer {
    connection: Connection,
    loans: Arc<[Uuid]>,
    rng: Rng,
    /// The next loan in turn, when each is to be paid on once.
    turn: Option<usize>,
    run: Uuid,
    sent: u64,
    body: String,
}

impl Payer {
    pub(super) async fn connect(
        server: SocketAddr,
        book: &Book,
        loans: &Arc<[Uuid]>,
        number: usize,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            connection: Connection::open(server).await?,
            loans: Arc::clone(loans),
            rng: Rng::with_seed(number as u64),
            turn: None,
            run: Uuid::now_v7(),
            sent: 0,
            body: json!({ "on": book.today, "amount": "1.00" }).to_string(),
        })
    }

    /// The same with a token.
    pub(super) fn with_token(self, token: &str) -> Self {
        Self { connection: self.connection.with_token(token), ..self }
    }

    /// Pays on a loan: which, and the answer.
    pub(super) async fn pay(&mut self) -> anyhow::Result<(Uuid, Answer)> {
        let (loan, path, key) = self.next();
        Ok((loan, self.connection.command(&path, &key, &self.body).await?))
    }

    /// Pays on a loan, unless that is refused.
    pub(super) async fn try_to_pay(&mut self) -> anyhow::Result<Answer> {
        let (_, path, key) = self.next();
        Ok(self.connection.try_command(&path, &key, &self.body).await?)
    }

    /// Pays on so many loans by one bulk.
    pub(super) async fn pay_in_bulk(&mut self, lines: usize) -> anyhow::Result<()> {
        let mut bulk = String::with_capacity(lines * 256);
        for _ in 0..lines {
            let (_, path, key) = self.next();
            writeln!(bulk, r#"{{"path":"{path}","idempotency_key":"{key}","body":{}}}"#, self.body)?;
        }
        let accepted = self.connection.bulk(&bulk).await?;
        anyhow::ensure!(accepted == lines, "{accepted} of {lines} lines were accepted");
        Ok(())
    }

    /// The next loan, with the path of the command and its key.
    fn next(&mut self) -> (Uuid, String, String) {
        let index = match &mut self.turn {
            Some(turn) => {
                *turn += CONNECTIONS;
                (*turn - CONNECTIONS) % self.loans.len()
            }
            None => self.rng.usize(..self.loans.len()),
        };
        let loan = self.loans[index];
        self.sent += 1;
        let key = format!("{}-{}", self.run.simple(), self.sent);
        (loan, format!("/v1/loans/{loan}/repayments"), key)
    }
}

impl Caller for Payer {
    async fn call(&mut self) -> anyhow::Result<()> {
        self.pay().await?;
        Ok(())
    }
}

/// Measures repayments on the given loans, each of them in memory before.
pub(super) async fn measure(
    server: SocketAddr,
    book: &Book,
    loans: Arc<[Uuid]>,
    span: Span,
) -> anyhow::Result<Load> {
    let mut in_turn = payers(server, book, &loans, CONNECTIONS).await?;
    for (number, payer) in in_turn.iter_mut().enumerate() {
        payer.turn = Some(number);
    }
    calls_each(in_turn, loans.len().div_ceil(CONNECTIONS)).await?;
    closed_loop(payers(server, book, &loans, CONNECTIONS).await?, span).await
}

pub(super) async fn payers(
    server: SocketAddr,
    book: &Book,
    loans: &Arc<[Uuid]>,
    count: usize,
) -> anyhow::Result<Vec<Payer>> {
    let mut payers = Vec::with_capacity(count);
    for number in 0..count {
        payers.push(Payer::connect(server, book, loans, number).await?);
    }
    Ok(payers)
}
