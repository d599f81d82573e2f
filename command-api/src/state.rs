//! What all commands share.

use std::sync::Arc;
use std::time::Duration;

use domain::entry::Entry;
use domain::loan::Loan;
use domain::period::Periods;
use domain::product::Product;
use domain::proposal::Proposal;
use domain::staff::Staff;
use event_store::{BookingDay, Log, Streams};
use requests::Requests;

use crate::calculations::Calculations;
use crate::meter::Meters;

/// How long a client may take to send a body.
const BODY_DEADLINE: Duration = Duration::from_secs(10);
/// Room for the one stream of the accounting periods.
const PERIODS_BYTES: u64 = 4096;
/// Room for the one stream of the limits of staff, however many there are.
const STAFF_BYTES: u64 = 8 << 20;
/// Room for proposals that are being decided.
const PROPOSALS_BYTES: u64 = 1 << 20;

/// The streams that commands go to, and the day on which they are booked. Clones share it.
#[derive(Clone)]
pub struct CommandState(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) log: Log,
    pub(crate) loans: Streams<Loan>,
    pub(crate) entries: Streams<Entry>,
    pub(crate) products: Streams<Product>,
    pub(crate) periods: Streams<Periods>,
    pub(crate) staff: Streams<Staff>,
    pub(crate) proposals: Streams<Proposal>,
    pub(crate) booking_day: BookingDay,
    pub(crate) body_deadline: Duration,
    /// Where commands may wait instead of being executed at once.
    pub(crate) requests: Option<Requests>,
    pub(crate) meters: Meters,
    pub(crate) calculations: Calculations,
}

impl CommandState {
    /// The states of loans take at most `cache_bytes` of memory, those of entries and of products an eighth
    /// more each.
    pub fn new(log: Log, booking_day: BookingDay, cache_bytes: u64) -> Self {
        Self::with_body_deadline(log, booking_day, cache_bytes, BODY_DEADLINE)
    }

    /// The same where a client has another time than ten seconds to send a body.
    pub fn with_body_deadline(
        log: Log,
        booking_day: BookingDay,
        cache_bytes: u64,
        body_deadline: Duration,
    ) -> Self {
        let loans = Streams::new(log.clone(), cache_bytes);
        let entries = Streams::new(log.clone(), cache_bytes / 8);
        let products = Streams::new(log.clone(), cache_bytes / 8);
        let periods = Streams::new(log.clone(), PERIODS_BYTES);
        let staff = Streams::new(log.clone(), STAFF_BYTES);
        let proposals = Streams::new(log.clone(), PROPOSALS_BYTES);
        let requests = None;
        Self(Arc::new(Shared {
            log,
            loans,
            entries,
            products,
            periods,
            staff,
            proposals,
            booking_day,
            body_deadline,
            requests,
            meters: Meters::default(),
            calculations: Calculations::default(),
        }))
    }

    /// The same where a command waits if its caller prefers that. Elsewhere the preference is passed over.
    #[must_use]
    pub fn with_requests(mut self, requests: Requests) -> Self {
        Arc::get_mut(&mut self.0).expect("nobody shares it yet").requests = Some(requests);
        self
    }
}
