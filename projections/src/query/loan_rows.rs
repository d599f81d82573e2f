//! One loan as its read model has it: asked for with the loans that are read at the same time, and believed only where it
//! has all that the log has of the loan and time alone moved nothing since.
//!
//! So it is never older than an answer says, however far the read model is. Whatever else there is to know of a loan is
//! derived from its events.

use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use domain::decider::Decider;
use domain::loan::Loan;
use event_store::Together;
use futures::future::join;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use super::QueryState;
use super::breaker::{Breaker, Broken};
use super::loan::LoanView;
use super::loan_row::LoanRow;
use super::point_in_time::PointInTime;
use super::seen_loan::KnownLoan;
use crate::loans;

/// How long one waits for it before the loan is derived from its events.
const PATIENCE: Duration = Duration::from_millis(500);
const CONNECTIONS: u32 = 2;

/// What somebody decided to do without is in no row, though later events of the loan are.
const AS_PROJECTED: &str = concat!(
    "select v.*, wanted.place from unnest($1::uuid[]) with ordinality as wanted (id, place) join (",
    include_str!("loan_columns.sql"),
    ") v on v.id = wanted.id where not exists (select from projections.discarded_events d \
       where d.projection = 'loans' and d.stream_id = wanted.id::text)"
);
const AS_IT_STOOD: &str = concat!(
    "select v.* from (",
    include_str!("seen_loan_columns.sql"),
    ") v where v.id = $3 and not exists (select from projections.discarded_events d \
       where d.projection = 'loans' and d.stream_id = $3::text)"
);

/// Where the rows are. Clones share it.
#[derive(Clone)]
pub(crate) struct LoanRows {
    pool: PgPool,
    together: Arc<Together<Uuid, Option<LoanRow>>>,
    breaker: Breaker,
}

impl LoanRows {
    /// Of the database of the read models, or a copy of it. Connects when it is first asked.
    pub(crate) fn new(options: &PgConnectOptions) -> Self {
        let timeout = format!("{}ms", PATIENCE.as_millis());
        let schema = loans::READ_MODEL.schema;
        let options = options.clone().options([("search_path", schema), ("statement_timeout", &timeout)]);
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .test_before_acquire(false)
            .connect_lazy_with(options);
        Self { pool, together: Arc::default(), breaker: Breaker::new("loan_rows") }
    }

    /// As it is now, or stood on a day as it was known at a position. `None`: there is none, or the read model does not
    /// answer in time; where that happens often, it is left alone for a while.
    async fn find(&self, (id, day): (Uuid, NaiveDate), position: i64, is_now: bool) -> Option<LoanRow> {
        let asking = async { if is_now { self.last(id).await } else { self.seen(id, day, position).await } };
        let asking = async {
            let in_time = tokio::time::timeout(PATIENCE, asking).await;
            in_time.unwrap_or_else(|_| Err(Arc::new(sqlx::Error::PoolTimedOut)))
        };
        match self.breaker.call(asking).await {
            Ok(row) => row,
            Err(Broken::Open) => None,
            Err(Broken::Failed(error)) => {
                tracing::warn!(%error, "a loan is derived from its events: its read model does not answer");
                None
            }
        }
    }

    /// After its last event that the read model has.
    async fn last(&self, id: Uuid) -> Result<Option<LoanRow>, Arc<sqlx::Error>> {
        let ask_all = |ids| find(self.pool.clone(), ids);
        self.together.ask(id, ask_all).await.unwrap_or(Ok(None))
    }

    /// After the last event up to a position that is dated by the day.
    async fn seen(
        &self,
        id: Uuid,
        day: NaiveDate,
        position: i64,
    ) -> Result<Option<LoanRow>, Arc<sqlx::Error>> {
        let row = sqlx::query(AS_IT_STOOD).bind(day).bind(position).bind(id);
        let row = row.fetch_optional(&self.pool).await?;
        Ok(row.map(|row| LoanRow::read(&row, day)).transpose()?)
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

async fn find(pool: PgPool, ids: Vec<Uuid>) -> Result<Vec<Option<LoanRow>>, sqlx::Error> {
    let mut found: Vec<Option<LoanRow>> = ids.iter().map(|_| None).collect();
    for row in sqlx::query(AS_PROJECTED).bind(ids).fetch_all(&pool).await? {
        let place: i64 = row.try_get("place")?;
        let place = usize::try_from(place - 1).expect("ordinality counts from 1");
        found[place] = Some(LoanRow::read(&row, NaiveDate::MIN)?);
    }
    Ok(found)
}

impl QueryState {
    /// A loan as its read model has it, where that is what its events come to on the day. `None`: derive it from them.
    pub(crate) async fn loan_as_projected(
        &self,
        id: Uuid,
        (point, day): (PointInTime, NaiveDate),
        known: &KnownLoan,
    ) -> Option<LoanView> {
        if self.place.replay().is_some() {
            return None;
        }
        let position = known.as_of.position;
        let last = async {
            match known.last {
                Some(last) => Some(last),
                None => self.log.last_by(Loan::TYPE, id, position).await.ok()?,
            }
        };
        let is_now = point.known_at.is_none() && day >= self.booking_day.today();
        let (last, row) = join(last, self.loan_rows.find((id, day), position, is_now)).await;
        let last = last?;
        let mut row = row.filter(|row| row.is_all_of(last, day))?;
        row.view.count_days_past_due(day);
        Some(row.view)
    }
}
