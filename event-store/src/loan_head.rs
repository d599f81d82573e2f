//! Where a loan stands in the log: all that a read needs before it reads the events.

use chrono::{DateTime, Utc};
use domain::decider::Decider;
use domain::id::BorrowerId;
use domain::loan::Loan;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use crate::borrower::Borrower;
use crate::log::{Head, LogError};
use crate::reader::LogReader;

/// Where it is known who borrows.
const LOAN_HEADS: &str = "select h.position, case when h.position > 0 then h.recorded_at end as recorded_at, \
    last.position as last_position, last.sequence as last_sequence, wanted.borrower_id, b.tax_id, b.name \
    from event_head h cross join unnest($2::text[], $3::uuid[]) with ordinality as wanted (id, borrower_id, place) \
    left join lateral (select position, sequence from events \
        where aggregate_type = $1 and aggregate_id = wanted.id order by sequence desc limit 1) last on true \
    left join borrowers b on b.id = wanted.borrower_id order by wanted.place";

/// Who borrows is looked for in the first event where that is not known. What is no id in a damaged event is nobody's.
const LOAN_HEADS_AND_BORROWERS: &str = "select h.position, case when h.position > 0 then h.recorded_at end as recorded_at, \
    last.position as last_position, last.sequence as last_sequence, coalesce(wanted.borrower_id, of.id) as borrower_id, b.tax_id, b.name \
    from event_head h cross join unnest($2::text[], $3::uuid[]) with ordinality as wanted (id, borrower_id, place) \
    left join lateral (select position, sequence from events \
        where aggregate_type = $1 and aggregate_id = wanted.id order by sequence desc limit 1) last on true \
    left join lateral (select case when text ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then text::uuid end as id \
        from (select payload ->> 'borrower_id' as text from events \
            where wanted.borrower_id is null and aggregate_type = $1 and aggregate_id = wanted.id and sequence = 1) first) \
        of on true \
    left join borrowers b on b.id = coalesce(wanted.borrower_id, of.id) order by wanted.place";

/// How far a loan is at the end of the log.
#[derive(Debug, Clone)]
pub struct LoanHead {
    pub head: Head,
    /// The position and the sequence of the loan's last event, if it has any.
    pub last: Option<(i64, i64)>,
    /// The id of the borrower, and what is kept of them beside the log, unless it was forgotten.
    pub borrower: Option<(Uuid, Option<Borrower>)>,
}

/// A loan, and who borrows where that is known.
pub(crate) type WantedHead = (Uuid, Option<Uuid>);

#[derive(FromRow)]
struct LoanHeadRow {
    position: i64,
    recorded_at: Option<DateTime<Utc>>,
    last_position: Option<i64>,
    last_sequence: Option<i64>,
    borrower_id: Option<Uuid>,
    tax_id: Option<String>,
    name: Option<String>,
}

impl LogReader {
    /// Where the log ends now, how far a loan is by then, and who borrows.
    pub async fn loan_head(&self, id: Uuid) -> Result<LoanHead, LogError> {
        let wanted = (id, self.borrowers_of_loans.get(&id));
        let found = self.loan_heads.ask(wanted, |wanted| find(self.asking.clone(), wanted)).await;
        let found = if let Some(found) = found {
            found?
        } else {
            let found = find(self.pool.clone(), vec![wanted]).await?.pop();
            found.ok_or(sqlx::Error::RowNotFound)?
        };
        // A loan's first event is for ever.
        if let (None, Some((borrower_id, _))) = (wanted.1, &found.borrower) {
            self.borrowers_of_loans.insert(id, *borrower_id);
        }
        Ok(found)
    }
}

/// Of each, in their order, all as of one end of the log.
async fn find(pool: PgPool, wanted: Vec<WantedHead>) -> Result<Vec<LoanHead>, sqlx::Error> {
    let (ids, borrowers): (Vec<String>, Vec<Option<Uuid>>) =
        wanted.into_iter().map(|(id, borrower)| (id.to_string(), borrower)).unzip();
    let are_known = borrowers.iter().all(Option::is_some);
    let statement = if are_known { LOAN_HEADS } else { LOAN_HEADS_AND_BORROWERS };
    let query = sqlx::query_as(statement).bind(Loan::TYPE).bind(ids).bind(borrowers);
    let rows = query.fetch_all(&pool).await?;
    Ok(rows.into_iter().map(LoanHeadRow::read).collect())
}

impl LoanHeadRow {
    fn read(self) -> LoanHead {
        let Self { position, recorded_at, last_position, last_sequence, borrower_id, tax_id, name } = self;
        let borrower = borrower_id.map(|id| {
            let known = tax_id.zip(name);
            (id, known.map(|(tax_id, name)| Borrower { id: BorrowerId::new(id), tax_id, name }))
        });
        LoanHead { head: Head { position, recorded_at }, last: last_position.zip(last_sequence), borrower }
    }
}
