//! Proposals that were accepted and are not concluded: a crash may have come between.

use uuid::Uuid;

use crate::log::{Log, LogError};

/// The type is no parameter, so that the index of just these events serves.
const UNCONCLUDED: &str = "select e.position, e.aggregate_id from events e \
    where e.event_type = 'ProposalAccepted' and e.position > $1 \
      and not exists (select from events later where later.aggregate_type = e.aggregate_type \
                         and later.aggregate_id = e.aggregate_id and later.sequence > e.sequence) \
    order by e.position limit 100";

const LAST_ACCEPTED: &str =
    "select coalesce(max(position), 0) from events where event_type = 'ProposalAccepted'";

/// What is still to be executed, and from where on to look the next time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unconcluded {
    pub proposals: Vec<Uuid>,
    /// All that was accepted up to here is concluded.
    pub concluded_through: i64,
}

impl Log {
    /// The proposals that were accepted after a position and that nothing was noted of since.
    pub async fn unconcluded_proposals(&self, after: i64) -> Result<Unconcluded, LogError> {
        let (last,): (i64,) = sqlx::query_as(LAST_ACCEPTED).fetch_one(&self.pool).await?;
        let rows: Vec<(i64, String)> = sqlx::query_as(UNCONCLUDED).bind(after).fetch_all(&self.pool).await?;
        let concluded_through = rows.first().map_or(last.max(after), |(first, _)| first - 1);
        let proposals = rows.iter().filter_map(|(_, id)| Uuid::parse_str(id).ok()).collect();
        Ok(Unconcluded { proposals, concluded_through })
    }
}
