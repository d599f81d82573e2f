//! Where the last events of most loans are, before a day or a position of the past.

use chrono::{Days, NaiveDate};
use sqlx::postgres::PgArguments;
use sqlx::{Arguments, PgConnection};

use super::answer::AsOf;
use super::loan_list::{LAST_DAY, Moment};
use crate::loans::ALWAYS;

/// About the latest day by a position, for some events are recorded late; and what percentage of all pages some 200 are.
const LATEST: &str = "select \
    (select max(on_day) from \
        (select on_day from standing_changes where position <= $1 order by position desc limit 100) c), \
    least(100, 20000.0 * current_setting('block_size')::int / greatest(pg_relation_size('standings'), 1))::real";
/// Some loans: how many, their events, those since they were disbursed, which mostly was the third, and on how many days they
/// had them; and about where the log ends by them.
const PACE: &str = "select count(*), coalesce(sum(version), 0)::bigint, coalesce(max(position), 0), \
    coalesce(sum(greatest(version - 3, 0)), 0)::bigint, coalesce(sum(last_on - disbursed_on), 0)::bigint \
    from standings tablesample system ($1) repeatable (0) where disbursed_on is not null";

/// The changes among which most loans' last ones are. Which they are decides how long a portfolio takes, never what it says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Window {
    /// Those after a position, where what was known then is dated by the day: the last is the last, whatever its day.
    After(i64),
    /// Those from a day on, where much that was known is dated later. The last is the last of a loan whose events came in the
    /// order of their days.
    From(NaiveDate),
}

impl Window {
    pub(crate) async fn of(
        connection: &mut PgConnection,
        moment: &Moment,
        as_of: AsOf,
    ) -> Result<Self, sqlx::Error> {
        let known = as_of.position;
        let (latest, percentage): (Option<NaiveDate>, f32) =
            sqlx::query_as(LATEST).bind(known).fetch_one(&mut *connection).await?;
        let (loans, events, end, later, days): (i64, i64, i64, i64, i64) =
            sqlx::query_as(PACE).bind(percentage).fetch_one(&mut *connection).await?;
        let day = moment.effective_on.unwrap_or(LAST_DAY);
        Ok(match latest {
            // Nothing is known of their pace: all are looked up.
            _ if events == 0 => Self::After(known),
            Some(latest) if latest > day => {
                let days = a_third_more(days / later.max(1) + 1);
                Self::From(day.checked_sub_days(Days::new(days.unsigned_abs())).unwrap_or(ALWAYS))
            }
            _ => Self::After(known - a_third_more(end.saturating_mul(loans) / events)),
        })
    }

    /// What the statement that looks into it takes.
    pub(crate) fn arguments(&self, moment: &Moment) -> Result<PgArguments, sqlx::Error> {
        let (from, after) = match *self {
            Self::After(position) => (ALWAYS, position),
            Self::From(day) => (day, 0),
        };
        let mut arguments = moment.arguments()?;
        arguments.add(from).map_err(sqlx::Error::Encode)?;
        arguments.add(after).map_err(sqlx::Error::Encode)?;
        arguments.add(self.needs_order()).map_err(sqlx::Error::Encode)?;
        Ok(arguments)
    }

    /// Whether it says nothing of loans whose events came out of the order of their days.
    pub(crate) const fn needs_order(&self) -> bool {
        matches!(self, Self::From(_))
    }
}

const fn a_third_more(usual: i64) -> i64 {
    usual.saturating_add(usual / 3)
}
