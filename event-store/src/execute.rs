//! Running a command: load, decide, append, and again when a race was lost.
//!
//! Commands on one stream are decided one after another, each on the state that includes the events still on their
//! way into the log, so they share a transaction. When an append fails, all that built on it are decided again.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use domain::decider::{Decider, Undecided};
use domain::period::Periods;
use serde::{Serialize, Serializer};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::append::{AppendError, AppendRequest, Claim, Lineage, NewEvent};
use crate::attempt::{Appending, Attempt, Basis, Call};
use crate::borrower::Borrower;
use crate::bundle::Bundle;
use crate::cache::{Loaded, Slot, StateCache};
use crate::idempotency::{IdempotencyKey, Known};
use crate::log::{Log, LogError};
use crate::receipt::{Receipt, RecordedEvent};
use crate::snapshot::{self, Snapshot};

/// How often a command is decided anew after losing a race.
const ATTEMPTS: usize = 16;
/// How long a command waits to be admitted before the caller is told to come back.
const ADMISSION: Duration = Duration::from_secs(5);

/// The streams of one kind: runs their commands.
pub struct Streams<D: Decider> {
    pub(crate) log: Log,
    pub(crate) cache: StateCache<D>,
}

/// What comes with a command besides itself.
#[derive(Debug, Clone)]
pub struct CommandContext {
    /// The booking day. What is closed by then, the log knows.
    pub today: NaiveDate,
    pub key: Option<IdempotencyKey>,
    /// Refuse unless the stream is at this version.
    pub expected_version: Option<i64>,
    pub claims: Vec<Claim>,
    /// Stored with the events.
    pub borrower: Option<Borrower>,
    pub metadata: Metadata,
    /// What it is stored together with, or not at all.
    pub bundle: Option<Bundle>,
}

/// Who did it, by which command, and why: stored with each event, as texts alone, since stock readers of the table
/// know no other metadata.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Metadata {
    pub actor: String,
    /// What the actor was to the lender then; none where the program acts by itself. Stored with spaces between them.
    #[serde(skip_serializing_if = "no_roles", serialize_with = "as_one_text")]
    pub roles: Arc<[Cow<'static, str>]>,
    pub command: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<Arc<str>>,
    pub correlation_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<String>,
    /// Who accepted what the actor had proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The version of the rules that decided.
    pub engine: &'static str,
}

fn no_roles(roles: &Arc<[Cow<'static, str>]>) -> bool {
    roles.is_empty()
}

fn as_one_text<S: Serializer>(roles: &[Cow<'static, str>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&roles.join(" "))
}

/// Why a command was not executed. Nothing of it is stored.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError<Refusal: std::error::Error + 'static> {
    #[error(transparent)]
    Refused(Refusal),
    #[error("the stream is at version {actual}, not at {expected}")]
    VersionMismatch { expected: i64, actual: i64 },
    #[error("the idempotency key was used for another request")]
    KeyReused,
    #[error("taken: {0:?}")]
    Claimed(Vec<Claim>),
    /// The borrower's tax id is known under another id: look it up again.
    #[error("the borrower is known")]
    BorrowerKnown,
    #[error("other commands on the stream were faster, {ATTEMPTS} times")]
    LostRace,
    #[error("too many commands wait")]
    Busy,
    /// It was good, but is stored only together with another that was refused.
    #[error("another command that it belongs together with was refused")]
    Undone,
    #[error("the log is unavailable: {0}")]
    Unavailable(String),
    #[error(transparent)]
    Log(#[from] LogError),
}

impl Metadata {
    /// As it is stored with each event.
    pub(crate) fn text(&self) -> Arc<str> {
        serde_json::to_string(self).expect("metadata is plain text").into()
    }
}

impl<D: Decider> Streams<D> {
    /// Streams whose states take at most `cache_bytes` of memory.
    pub fn new(log: Log, cache_bytes: u64) -> Self {
        Self { log, cache: StateCache::new(cache_bytes) }
    }

    /// Executes a command exactly once by its key: the receipt says what is durable now.
    pub async fn execute(
        &self,
        id: Uuid,
        command: &D::Command,
        context: &CommandContext,
    ) -> Result<Receipt, ExecuteError<D::Refusal>> {
        if let Some(bundle) = &context.bundle {
            return self.execute_in(bundle, id, command, context).await;
        }
        let admitted = tokio::time::timeout(ADMISSION, self.log.admission.acquire()).await;
        let _admitted = admitted.map_err(|_| ExecuteError::Busy)?;
        let metadata = context.metadata.text();
        let mut whole = false;
        // How far the stream was in the log when that was asked: a refusal rests on no less.
        let mut seen = None;
        // Kept for all attempts: what was loaded for this command is there for it, whatever the cache lets go of.
        let slot = self.cache.slot(id);
        for _ in 0..ATTEMPTS {
            let closing = self.log.closing().await?;
            let call = Call { command, context, metadata: &metadata, closing };
            let attempt = if whole {
                self.attempt_whole(id, &slot, &call).await?
            } else {
                let _shared = slot.gate.read().await;
                self.attempt(id, &slot, None, &call)
            };
            match attempt {
                Attempt::Load => self.load(id, &slot).await?,
                Attempt::Appending(appending) => {
                    if let Some(receipt) = self.finish(appending, context).await? {
                        return Ok(receipt);
                    }
                }
                Attempt::Refused(Undecided::NeedsHistory, _) => whole = true,
                Attempt::Refused(Undecided::Refused(refusal), basis) => {
                    if let Some(answer) = self.refuse(id, &slot, &basis, &mut seen, context).await? {
                        return answer.ok_or(ExecuteError::Refused(refusal));
                    }
                }
                Attempt::VersionMismatch { expected, basis } => {
                    let actual = basis.version;
                    if let Some(answer) = self.refuse(id, &slot, &basis, &mut seen, context).await? {
                        return answer.ok_or(ExecuteError::VersionMismatch { expected, actual });
                    }
                }
            }
        }
        Err(ExecuteError::LostRace)
    }

    /// The answer to a command that was accepted before under the same key. To be asked before a refusal is told
    /// that was not decided here.
    pub async fn repeated(
        &self,
        context: &CommandContext,
    ) -> Result<Option<Receipt>, ExecuteError<D::Refusal>> {
        self.replay(context).await
    }

    /// Decides on the state in memory and queues what follows.
    pub(crate) fn attempt(
        &self,
        id: Uuid,
        slot: &Slot<D>,
        history: Option<&D::History>,
        call: &Call<'_, D>,
    ) -> Attempt<D> {
        let mut place = slot.lock();
        let Some(loaded) = place.as_mut().filter(|loaded| !loaded.lineage.is_void()) else {
            return Attempt::Load;
        };
        if let Some(expected) = call.context.expected_version
            && expected != loaded.version
        {
            return Attempt::VersionMismatch { expected, basis: Basis::of(loaded) };
        }
        let events = match loaded.state.decide(history, call.command, call.day()) {
            Ok(events) => events,
            Err(undecided) => return Attempt::Refused(undecided, Basis::of(loaded)),
        };
        Attempt::Appending(self.queue(id, loaded, &events, call))
    }

    /// The same with the history of the whole stream, which nobody may lengthen meanwhile.
    async fn attempt_whole(
        &self,
        id: Uuid,
        slot: &Arc<Slot<D>>,
        call: &Call<'_, D>,
    ) -> Result<Attempt<D>, ExecuteError<D::Refusal>> {
        let _alone = slot.gate.write().await;
        let lineage = slot.lock().as_ref().map(|loaded| Arc::clone(&loaded.lineage));
        if let Some(lineage) = lineage {
            self.wait_until_durable(id, &lineage).await;
        }
        let (folded, history) = self.log.load_whole::<D>(id).await?;
        self.cache.fill(id, slot, folded);
        Ok(self.attempt(id, slot, Some(&history), call))
    }

    async fn load(&self, id: Uuid, slot: &Arc<Slot<D>>) -> Result<(), LogError> {
        let _alone = slot.gate.write().await;
        if slot.lock().as_ref().is_some_and(|loaded| !loaded.lineage.is_void()) {
            return Ok(()); // another command loaded it meanwhile
        }
        let folded = self.log.load::<D>(id).await?;
        self.cache.fill(id, slot, folded);
        Ok(())
    }

    /// Applies the events to the state and sends them on their way into the log.
    fn queue(
        &self,
        id: Uuid,
        loaded: &mut Loaded<D>,
        events: &[D::Event],
        call: &Call<'_, D>,
    ) -> Appending<D> {
        use cqrs_es::DomainEvent;
        let Call { context, metadata, closing, .. } = call;
        let expected = loaded.version;
        let mut recorded = Vec::with_capacity(events.len());
        let mut new = Vec::with_capacity(events.len());
        for event in events {
            loaded.state.apply(event);
            loaded.version += 1;
            let payload = serde_json::to_string(event).expect("events are plain data");
            let event_type = event.event_type();
            new.push(NewEvent {
                event_type: event_type.clone(),
                event_version: event.event_version(),
                payload: payload.clone(),
                metadata: Arc::clone(metadata),
            });
            recorded.push(RecordedEvent { sequence: loaded.version, event_type, payload });
        }
        let stream_name = id.to_string();
        let (sender, answer) = oneshot::channel();
        loaded.lineage.queued();
        let request = AppendRequest {
            stream_type: D::TYPE,
            stream_id: id,
            stream_name: stream_name.clone(),
            expected,
            events: new,
            decided_under: (D::TYPE != Periods::TYPE).then_some(closing.version),
            key: context.key.clone(),
            claims: context.claims.clone(),
            borrower: context.borrower.clone(),
            lineage: Arc::clone(&loaded.lineage),
            answer: sender,
        };
        match &context.bundle {
            Some(bundle) => bundle.join(request),
            None => self.log.appends.push(request),
        }
        let grew_past_mark = loaded.version / snapshot::EVERY > expected / snapshot::EVERY;
        let receipt = Receipt {
            stream_id: stream_name,
            version: loaded.version,
            position: 0,
            recorded_at: chrono::DateTime::UNIX_EPOCH,
            events: recorded,
            replayed: false,
        };
        Appending { answer, receipt, snapshot: grew_past_mark.then(|| loaded.state.clone()) }
    }

    /// Waits for the append. `None`: the race was lost, decide again.
    pub(crate) async fn finish(
        &self,
        appending: Appending<D>,
        context: &CommandContext,
    ) -> Result<Option<Receipt>, ExecuteError<D::Refusal>> {
        let Appending { answer, mut receipt, snapshot } = appending;
        let stopped = || ExecuteError::Unavailable("the server is stopping".to_owned());
        match answer.await.map_err(|_| stopped())? {
            Ok(appended) => {
                let events = i64::try_from(receipt.events.len()).expect("a command has few events");
                receipt.position = appended.first_position + events - 1;
                receipt.recorded_at = appended.recorded_at;
                if D::TYPE == Periods::TYPE {
                    self.log.closing.forget();
                }
                if let Some(state) = snapshot {
                    self.keep(&receipt, state);
                }
                Ok(Some(receipt))
            }
            // A repeat that is sent in parallel may lose the race to its first sending.
            Err(AppendError::Conflict | AppendError::Repeated) => self.replay(context).await,
            Err(AppendError::PeriodsMoved) => {
                self.log.closing.forget();
                self.replay(context).await
            }
            Err(AppendError::Claimed) => Err(ExecuteError::Claimed(self.log.taken(&context.claims).await?)),
            Err(AppendError::BorrowerKnown) => Err(ExecuteError::BorrowerKnown),
            Err(AppendError::Undone) => Err(ExecuteError::Undone),
            Err(AppendError::Unavailable(cause) | AppendError::Rejected(cause)) => {
                Err(ExecuteError::Unavailable(cause))
            }
        }
    }

    /// Before a refusal is told, what it was decided on must be durable and all that the log has; and a repeat is
    /// answered as one.
    /// `None`: decide again. `Some(None)`: it is refused.
    async fn refuse(
        &self,
        id: Uuid,
        slot: &Slot<D>,
        Basis { version, lineage }: &Basis,
        seen: &mut Option<i64>,
        context: &CommandContext,
    ) -> Result<Option<Option<Receipt>>, ExecuteError<D::Refusal>> {
        if !self.wait_until_durable(id, lineage).await {
            return Ok(None);
        }
        let in_log = match *seen {
            Some(in_log) => in_log,
            None => *seen.insert(self.log.version_of(D::TYPE, id).await?),
        };
        if in_log > *version {
            slot.abandon_before(in_log);
            return Ok(None);
        }
        Ok(Some(self.replay(context).await?))
    }

    /// The answer of an earlier command with the same key.
    pub(crate) async fn replay(
        &self,
        context: &CommandContext,
    ) -> Result<Option<Receipt>, ExecuteError<D::Refusal>> {
        let Some(key) = &context.key else { return Ok(None) };
        match self.log.look_up(key).await? {
            Known::No => Ok(None),
            Known::Repeat(receipt) => Ok(Some(receipt)),
            Known::OtherRequest => Err(ExecuteError::KeyReused),
        }
    }

    /// Waits for all that was decided on a state; false when some of it failed.
    pub(crate) async fn wait_until_durable(&self, id: Uuid, lineage: &Arc<Lineage>) -> bool {
        if !lineage.is_durable() {
            let (sender, answer) = oneshot::channel();
            lineage.queued();
            self.log.appends.push(AppendRequest {
                stream_type: D::TYPE,
                stream_id: id,
                stream_name: String::new(),
                expected: 0,
                events: Vec::new(),
                decided_under: None,
                key: None,
                claims: Vec::new(),
                borrower: None,
                lineage: Arc::clone(lineage),
                answer: sender,
            });
            let _ = answer.await;
        }
        !lineage.is_void()
    }

    fn keep(&self, receipt: &Receipt, state: D) {
        self.log.snapshots.offer(Snapshot {
            stream_type: D::TYPE,
            stream_id: Uuid::parse_str(&receipt.stream_id).expect("made from a UUID"),
            version: receipt.version,
            shape: D::SNAPSHOT_VERSION,
            serialize: Box::new(move || serde_json::to_string(&state)),
        });
    }
}
