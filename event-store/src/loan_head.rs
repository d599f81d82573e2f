//! Where a loan stands in the log, in one statement: all that a read needs before it reads the events.

use chrono::{DateTime, Utc};
use domain::decider::Decider;
use domain::id::BorrowerId;
use domain::loan::Loan;
use uuid::Uuid;

use crate::borrower::Borrower;
use crate::log::{Head, LogError};
use crate::reader::LogReader;

/// What is no id in a damaged event is nobody's.
const LOAN_HEAD: &str = "select h.position, case when h.position > 0 then h.recorded_at end, last.position, \
    of.id, b.tax_id, b.name from event_head h \
    left join lateral (select position from events \
        where aggregate_type = $1 and aggregate_id = $2 order by sequence desc limit 1) last on true \
    left join lateral (select case when text ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then text::uuid end as id \
        from (select payload ->> 'borrower_id' as text from events \
            where aggregate_type = $1 and aggregate_id = $2 and sequence = 1) first) of on true \
    left join borrowers b on b.id = of.id";

/// How far a loan is at the end of the log.
#[derive(Debug, Clone)]
pub struct LoanHead {
    pub head: Head,
    /// The position of the loan's last event, if it has any.
    pub last: Option<i64>,
    /// The id of the borrower, and what is kept of them beside the log, unless it was forgotten.
    pub borrower: Option<(Uuid, Option<Borrower>)>,
}

type LoanHeadRow =
    (i64, Option<DateTime<Utc>>, Option<i64>, Option<Uuid>, Option<String>, Option<String>);

impl LogReader {
    /// Where the log ends now, how far a loan is by then, and who borrows.
    pub async fn loan_head(&self, id: Uuid) -> Result<LoanHead, LogError> {
        let found = sqlx::query_as(LOAN_HEAD).bind(Loan::TYPE).bind(id.to_string());
        let (position, recorded_at, last, borrower_id, tax_id, name): LoanHeadRow =
            found.fetch_one(&self.pool).await?;
        let borrower = borrower_id.map(|id| {
            let known = tax_id.zip(name);
            (id, known.map(|(tax_id, name)| Borrower { id: BorrowerId::new(id), tax_id, name }))
        });
        Ok(LoanHead { head: Head { position, recorded_at }, last, borrower })
    }
}
