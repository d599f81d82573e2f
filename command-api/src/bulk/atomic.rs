//! A bulk whose lines are stored together or not at all.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Response};
use axum::response::IntoResponse;
use event_store::Outcome;
use problems::{BODY_TOO_LARGE, BULK_UNDONE, IDEMPOTENCY_KEY_REUSED, INVALID_FIELD, Problem, UNAVAILABLE};

use super::line::{self, Line};
use super::lines::{Lines, Read};
use super::{Bulk, Envelope, ndjson};
use crate::headers::RAZAO_POSITION;

/// The most lines.
const MOST: usize = 1000;
/// The most bytes of all lines together.
const LARGEST: usize = 16 << 20;
/// How often all is decided anew after others were faster.
const ATTEMPTS: usize = 8;
/// How long one attempt may hold the streams that it touches.
const PATIENCE: Duration = Duration::from_secs(30);

/// By the number of the line.
type Answers = BTreeMap<usize, Response<Body>>;
/// The lines that can be tried, and those that cannot.
type Lined = (Vec<(usize, Line)>, Vec<(usize, Problem)>);

/// Executes the lines and answers them in their order.
pub(super) async fn answer(bulk: &Bulk, lines: Lines, envelope: &Envelope) -> Response<Body> {
    let (lines, refused) = match read(lines).await {
        Ok(read) => read,
        Err(problem) => return problem.into_response(),
    };
    if !refused.is_empty() {
        let refused = refused.into_iter().map(|(number, problem)| (number, problem.into_response()));
        return told(&lines, refused.collect()).await;
    }
    for attempts in 1.. {
        let attempt = tokio::time::timeout(PATIENCE, attempt(bulk, &lines, envelope, attempts > 1)).await;
        let Ok((answers, outcome)) = attempt else {
            return UNAVAILABLE.because("the lines could not be decided in time").into_response();
        };
        if outcome != Outcome::Moved || attempts == ATTEMPTS {
            return told(&lines, answers).await;
        }
    }
    unreachable!("the last attempt is told")
}

async fn read(mut lines: Lines) -> Result<Lined, Problem> {
    let (mut good, mut refused, mut bytes) = (Vec::new(), Vec::new(), 0);
    let mut keys = HashMap::new();
    while let Some(Read { number, text }) = lines.next().await {
        bytes += text.as_ref().map_or(0, Bytes::len);
        if good.len() + refused.len() == MOST || bytes > LARGEST {
            let detail =
                format!("with `atomic=true` a bulk has at most {MOST} lines, of {LARGEST} bytes together");
            return Err(BODY_TOO_LARGE.because(detail));
        }
        let line = text.and_then(|text| checked(&text)).and_then(|line| {
            let Some(key) = line.key() else { return Ok(line) };
            match keys.insert(key.clone(), number) {
                Some(first) => Err(IDEMPOTENCY_KEY_REUSED
                    .because(format!("line {first} has the same `idempotency_key`"))
                    .in_field("/idempotency_key")),
                None => Ok(line),
            }
        });
        match line {
            Ok(line) => good.push((number, line)),
            Err(problem) => refused.push((number, problem)),
        }
    }
    Ok((good, refused))
}

/// A line that can be stored together with others. What decisions of others rest on is not: it has to stand in the log
/// first. What only calculates would keep others waiting for nothing.
fn checked(text: &[u8]) -> Result<Line, Problem> {
    let line = Line::parse(text)?;
    let mut segments = line.path().split('/').skip(2);
    if !matches!(segments.next(), Some("loans" | "entries")) || line.is_only_shown() {
        let detail = "with `atomic=true` lines are commands on loans and entries that store something; whatever else they \
                      need comes before";
        return Err(INVALID_FIELD.because(detail).at("/path", "invalid_form", detail));
    }
    Ok(line)
}

/// Decides the lines one after another, each on what those before it leave, and stores them unless one is refused. The
/// answers of the lines up to that one.
async fn attempt(
    bulk: &Bulk,
    lines: &[(usize, Line)],
    envelope: &Envelope,
    is_again: bool,
) -> (Answers, Outcome) {
    let bundle = bulk.state.0.log.bundle().await;
    // Few bulks are repeats, so that is looked into only once something was in the way.
    let bundle = if is_again { bundle.looking_up_keys() } else { bundle };
    let mut joins = bundle.joins();
    let mut answers = Answers::new();
    let mut waiting = Vec::with_capacity(lines.len());
    let mut is_refused = false;
    for (number, line) in lines {
        let mut answer = Box::pin(line.send(bulk.lines.clone(), envelope, Some(bundle.clone())));
        tokio::select! {
            biased;
            response = &mut answer => {
                is_refused = !response.status().is_success();
                answers.insert(*number, response);
            }
            _ = joins.changed() => waiting.push((*number, answer)),
        }
        if is_refused {
            break;
        }
    }
    let outcome = if !is_refused {
        bundle.send().await
    } else if bundle.is_lost() {
        Outcome::Moved
    } else {
        Outcome::Refused
    };
    bundle.undo();
    for (number, answer) in waiting {
        answers.insert(number, answer.await);
    }
    (answers, outcome)
}

/// The answers as lines; lines without one are undone by another.
async fn told(lines: &[(usize, Line)], mut answers: Answers) -> Response<Body> {
    let is_blame = |response: &&Response<Body>| {
        !response.status().is_success() && response.status().as_u16() != BULK_UNDONE.status
    };
    let blamed = answers.iter().find(|(_, response)| is_blame(response));
    let blamed = blamed.map(|(number, response)| (*number, response.status()));
    let position =
        answers.values().filter_map(|response| response.headers().get(RAZAO_POSITION)?.to_str().ok());
    let position = position.filter_map(|position| position.parse::<i64>().ok()).max();
    for (number, _) in lines {
        answers.entry(*number).or_insert_with(|| {
            let first = blamed.map_or(0, |(first, _)| first);
            BULK_UNDONE
                .because(format!("it is stored only together with line {first}, which was refused"))
                .into_response()
        });
    }
    let mut text = Vec::new();
    for (number, response) in answers {
        text.extend(line::answer(number, response).await);
    }
    let mut response = ndjson(Body::from(text));
    match (blamed, position) {
        (Some((_, status)), _) => *response.status_mut() = status,
        (None, Some(position)) => {
            _ = response.headers_mut().insert(RAZAO_POSITION, HeaderValue::from(position));
        }
        (None, None) => {}
    }
    response
}
