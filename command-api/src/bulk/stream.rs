//! A bulk whose lines are each on their own: answered as they complete.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Bytes;
use futures::{Stream, StreamExt, stream};

use super::line::{self, Line};
use super::lines::{Lines, Read};
use super::order::{Order, Turn};
use super::{Bulk, Envelope};

/// The answers. Lines are read only while there is room for what they ask, and what they answer was taken.
pub(super) fn answers(
    bulk: Arc<Bulk>,
    lines: Lines,
    envelope: Envelope,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let abreast = bulk.limits.abreast;
    let envelope = Arc::new(envelope);
    let mut order = Order::default();
    stream::unfold(lines, |mut lines| async { lines.next().await.map(|read| (read, lines)) })
        .map(move |Read { number, text }| {
            let line = text.and_then(|text| Line::parse(&text));
            let turn = order.next(line.as_ref().ok().and_then(Line::subject));
            let (bulk, envelope) = (Arc::clone(&bulk), Arc::clone(&envelope));
            async move {
                match line {
                    Ok(line) => execute(&bulk, &envelope, number, &line, turn).await,
                    Err(problem) => line::refusal(number, problem).await,
                }
            }
        })
        .buffer_unordered(abreast)
        .ready_chunks(abreast)
        .map(|answers| Ok(Bytes::from(answers.concat())))
}

async fn execute(bulk: &Bulk, envelope: &Envelope, number: usize, line: &Line, mut turn: Turn) -> Vec<u8> {
    turn.come().await;
    let _room = bulk.in_flight.acquire().await;
    let response = line.send(bulk.lines.clone(), envelope, None).await;
    line::answer(number, response).await
}
