//! Durable repayments over HTTP: the server as a process of its own, kept-alive connections in a closed loop.

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

    /// Pays on a loan: which, and the answer.
    pub(super) async fn pay(&mut self) -> anyhow::Result<(Uuid, Answer)> {
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
        let path = format!("/v1/loans/{loan}/repayments");
        Ok((loan, self.connection.command(&path, &key, &self.body).await?))
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
