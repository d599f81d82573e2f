//! What a daily balance is made of: the journal lines of the day and the events that they come from.

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use chrono::{DateTime, NaiveDate, Utc};
use domain::Currency;
use domain::journal::Account;
use event_store::StoredEventRow;
use problems::{NOT_FOUND, Problem};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::{Postgres, QueryBuilder};
use utoipa::ToSchema;

use super::account_lines::LineView;
use super::answer::{Answer, AsOf, NotThere, ReadProblems, Refused, answer};
use super::day_balance::{DailyBalance, Days, Key, Movement};
use super::events::EventMetadata;
use super::ledger::{Chosen, DayBy, Ledger};
use super::point_in_time::KnownAt;
use super::request::{Limit, Params, ReadHeaders, Reading, day, invalid, read_day};
use super::{QueryState, State};

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExplainedBalance {
    /// Needed where the account has several.
    #[param(value_type = Option<Currency>)]
    currency: Option<Currency>,
    /// Only what the loans of this product moved.
    product: Option<String>,
    /// Whether the day has what is booked on it, or what counts on it.
    #[serde(default)]
    #[param(inline, value_type = Option<DayBy>, default = "booked_on")]
    by: DayBy,
    /// Only what counts by the end of this day, by value date. All by default.
    #[serde(default, deserialize_with = "day")]
    effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[param(inline, value_type = Option<KnownAt>)]
    known_at: Option<KnownAt>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 50)]
    limit: Limit,
    /// The `next` of the page before.
    after: Option<String>,
}

/// A balance, and what moved it on its day. What its opening is made of, the days before explain.
#[derive(Serialize, ToSchema)]
struct BalanceExplained {
    #[serde(flatten)]
    balance: DailyBalance,
    /// In the order of recording: their debits and credits, over all pages, are those of the balance.
    lines: Vec<ExplainedLine>,
    /// What to send as `after` for the next page; null at the end.
    next: Option<String>,
    as_of: AsOf,
}

#[derive(Serialize, ToSchema)]
struct ExplainedLine {
    #[serde(flatten)]
    line: LineView,
    event: EventOfLine,
}

/// The event that a line comes from, without its payload.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EventOfLine {
    position: i64,
    /// `Loan`, `Entry` or `DayClose`.
    stream_type: String,
    stream_id: String,
    sequence: i64,
    #[serde(rename = "type")]
    event_type: String,
    recorded_at: DateTime<Utc>,
    #[schema(value_type = EventMetadata)]
    metadata: Box<RawValue>,
}

/// The account and the day in the path.
pub(crate) struct BalanceInPath(Account, NaiveDate);

impl<S: Send + Sync> FromRequestParts<S> for BalanceInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let texts = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((account, date)) = texts.map_err(|_| invalid("account", "the path is not UTF-8"))?;
        let account = Account::parse(&account).map_err(|error| invalid("account", error.to_string()))?;
        let day = read_day(&date).map_err(|wrong| invalid("date", wrong))?;
        Ok(Self(account, day))
    }
}

/// The journal lines, with their events, that a daily balance is made of.
#[utoipa::path(
    get, path = "/v1/balances/daily/{account}/{date}/explain", tag = "ledger", operation_id = "explain_daily_balance",
    params(
        ("account" = String, Path, description = "The account, such as `assets:cash`"),
        ("date" = NaiveDate, Path, description = "The day"),
        ExplainedBalance, ReadHeaders,
    ),
    responses((status = 200, description = "The balance, explained", body = BalanceExplained), NotThere, ReadProblems),
)]
pub(crate) async fn find(
    State(state): State<QueryState>,
    BalanceInPath(account, day): BalanceInPath,
    Params(params): Params<ExplainedBalance>,
    reading: Reading,
) -> Answer {
    let after = reading.place(params.after.as_deref(), read_place)?;
    // Sum and lines are of two read models, so they are taken at a position that both have.
    let known_at = match params.known_at {
        Some(known_at) => known_at,
        None => state.position_of_ledger(&reading).await?,
    };
    let mut ledger = state.ledger(params.effective_on, Some(known_at), &reading).await?;
    let as_of = ledger.snapshot.as_of;
    let currency = params.currency_of(&mut ledger, &account).await?;
    let balance = params.balance(&mut ledger, &account, currency, day).await?;
    let mut query = params.lines(&account, currency, day, as_of.position);
    let (position, line) = after.unwrap_or((0, 0));
    query.push(" and (j.position, j.line) > (").push_bind(position).push(", ").push_bind(line);
    query.push(") order by j.position, j.line limit ").push_bind(params.limit.and_one_more());
    let rows = query.build().fetch_all(&mut *ledger.snapshot.transaction).await?;
    let mut lines = rows.iter().map(LineView::read).collect::<Result<Vec<_>, _>>()?;
    let next = reading.page(params.limit, &mut lines, |last| format!("{} {}", last.position, last.line));
    let events = state.events_of(lines.iter().map(|line| line.position)).await?;
    let lines = lines.into_iter().map(|line| {
        let event = events.get(&line.position).cloned();
        let event = event.ok_or_else(|| sqlx::Error::Decode("a line without its event".into()))?;
        Ok::<_, Refused>(ExplainedLine { line, event })
    });
    let body = BalanceExplained { balance, lines: lines.collect::<Result<_, _>>()?, next, as_of };
    Ok(answer(&reading, as_of, state.booking_day.today(), body))
}

impl ExplainedBalance {
    fn chosen<'a>(&'a self, account: &'a Account, currency: Option<Currency>) -> Chosen<'a> {
        Chosen {
            account: Some(account.as_str()),
            currency,
            product: self.product.as_deref(),
            effective_on: self.effective_on,
            ..Chosen::default()
        }
    }

    async fn currency_of(&self, ledger: &mut Ledger, account: &Account) -> Result<Currency, Refused> {
        if let Some(currency) = self.currency {
            return Ok(currency);
        }
        let mut query = QueryBuilder::new("select distinct currency from ");
        ledger.push_sums(&mut query, &self.chosen(account, None));
        query.push(" m order by currency");
        let known: Vec<(String,)> =
            query.build_query_as().fetch_all(&mut *ledger.snapshot.transaction).await?;
        match &known[..] {
            [] => Err(NOT_FOUND.because(format!("nothing was ever booked on the account {account}")).into()),
            [(only,)] => Ok(only.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?),
            several => {
                let several: Vec<&str> = several.iter().map(|(currency,)| currency.as_str()).collect();
                let detail = format!("the account has several: {}", several.join(", "));
                Err(invalid("currency", detail).into())
            }
        }
    }

    async fn balance(
        &self,
        ledger: &mut Ledger,
        account: &Account,
        currency: Currency,
        day: NaiveDate,
    ) -> Result<DailyBalance, Refused> {
        let mut query = QueryBuilder::default();
        ledger.push_days(&mut query, self.chosen(account, Some(currency)), self.by, (day, day));
        let movements: Vec<Movement> =
            query.build_query_as().fetch_all(&mut *ledger.snapshot.transaction).await?;
        let key: Key = (account.as_str().to_owned(), currency.code().to_owned());
        let days = Days { from: day, to: day, after: None, limit: 1 };
        let mut balances = days.balances(&[key], movements)?;
        Ok(balances.pop().expect("one day of one account has one balance"))
    }

    /// The lines of the day, as they were known.
    fn lines(
        &self,
        account: &Account,
        currency: Currency,
        day: NaiveDate,
        known: i64,
    ) -> QueryBuilder<'static, Postgres> {
        let mut query = QueryBuilder::new(
            "select j.booked_on, j.value_date, j.side, j.amount, j.currency, j.stream_id, j.position, j.line \
             from journal_lines j \
             left join loan_products p on p.loan_id = j.stream_id where j.account = ",
        );
        query.push_bind(account.as_str().to_owned()).push(" and j.currency = ").push_bind(currency.code());
        query.push(" and j.position <= ").push_bind(known);
        match self.by {
            DayBy::BookedOn => drop(query.push(" and j.booked_on = ").push_bind(day)),
            DayBy::ValueDate => {
                query.push(" and j.value_date = ").push_bind(day);
                // Two conditions, so that each has its index.
                query.push(" and (j.booked_on = ").push_bind(day).push(" or j.value_date <> j.booked_on)");
            }
        }
        if let Some(product) = &self.product {
            query.push(" and p.product = ").push_bind(product.clone());
        }
        if let Some(effective_on) = self.effective_on {
            query.push(" and j.value_date <= ").push_bind(effective_on);
        }
        query
    }
}

impl QueryState {
    /// The events at these positions.
    pub(crate) async fn events_of(
        &self,
        positions: impl Iterator<Item = i64>,
    ) -> Result<HashMap<i64, EventOfLine>, Refused> {
        let mut positions: Vec<i64> = positions.collect();
        positions.dedup();
        let events = self.log.stored_at(&positions).await?;
        events.into_iter().map(|event| Ok((event.position, EventOfLine::of(event)?))).collect()
    }
}

impl EventOfLine {
    fn of(event: StoredEventRow) -> Result<Self, serde_json::Error> {
        Ok(Self {
            position: event.position,
            stream_type: event.aggregate_type,
            stream_id: event.aggregate_id,
            sequence: event.sequence,
            event_type: event.event_type,
            recorded_at: event.recorded_at,
            metadata: RawValue::from_string(event.metadata)?,
        })
    }
}

fn read_place(place: &str) -> Option<(i64, i32)> {
    let (position, line) = place.split_once(' ')?;
    Some((position.parse().ok()?, line.parse().ok()?))
}
