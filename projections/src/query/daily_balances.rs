//! The balances of accounts day by day, days without movement included.

use chrono::{Days, NaiveDate};
use domain::Currency;
use domain::journal::Account;
use serde::Deserialize;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::answer::{Answer, AsOf, List, NotThere, ReadProblems, Refused, answer};
use super::day_balance::{DailyBalance, Days as Wanted, Key, Movement, read_place};
use super::ledger::{Chosen, DayBy, Ledger};
use super::loan_movements::Scope;
use super::point_in_time::{KnownAt, in_known_years};
use super::request::{Limit, Params, ReadHeaders, Reading, day, invalid};
use super::{QueryState, State};

/// How far back the first day is by default.
const DAYS_BACK: Days = Days::new(30);
/// The longest range: ten years.
const MOST_DAYS: i64 = 3_653;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DailyBalancesOf {
    /// Only this account.
    account: Option<String>,
    /// Only what the loans of this product moved.
    product: Option<String>,
    /// Only what this loan moved.
    loan: Option<Uuid>,
    /// Only what the loans of this borrower moved: the id, or a CPF or CNPJ, with punctuation or without.
    borrower: Option<String>,
    /// 30 days before `to` by default.
    #[serde(default, deserialize_with = "day")]
    from: Option<NaiveDate>,
    /// Today by default. At most ten years after `from`.
    #[serde(default, deserialize_with = "day")]
    to: Option<NaiveDate>,
    /// Only this currency.
    #[param(value_type = Option<Currency>)]
    currency: Option<Currency>,
    /// Whether a day has what is booked on it, or what counts on it.
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

/// Opening and closing balances with the movements of each day, by account, currency and day: of the whole book, or of
/// what the loans of a product or a borrower, or one loan moved. The interest that closing a day accrues is booked for
/// all loans together, so it is in the whole book only.
#[utoipa::path(
    get, path = "/v1/balances/daily", tag = "ledger", operation_id = "list_daily_balances",
    params(DailyBalancesOf, ReadHeaders),
    responses((status = 200, description = "A page of balances", body = List<DailyBalance>), NotThere, ReadProblems),
)]
pub(crate) async fn list(
    State(state): State<QueryState>,
    Params(params): Params<DailyBalancesOf>,
    reading: Reading,
) -> Answer {
    let today = state.booking_day.today();
    let wanted = params.wanted(today, &reading)?;
    let (mut items, as_of) = match params.scope()? {
        Some(scope) => params.of_loans(&state, &scope, &wanted, &reading).await?,
        None => params.of_accounts(&state, &wanted, &reading).await?,
    };
    let next = reading
        .page(params.limit, &mut items, |last| format!("{} {} {}", last.account, last.currency, last.date));
    Ok(answer(&reading, as_of, today, List { items, next, as_of }))
}

impl DailyBalancesOf {
    fn wanted(&self, today: NaiveDate, reading: &Reading) -> Result<Wanted, Refused> {
        let after = reading.place(self.after.as_deref(), read_place)?;
        let to = self.to.unwrap_or(today);
        in_known_years("to", to)?;
        let from = self.from.or_else(|| to.checked_sub_days(DAYS_BACK)).unwrap_or(to);
        in_known_years("from", from)?;
        if from > to {
            return Err(invalid("from", format!("{from} is after `to`, {to}")).into());
        }
        if (to - from).num_days() > MOST_DAYS {
            return Err(invalid("to", format!("{to} is more than ten years after `from`, {from}")).into());
        }
        if let Some(account) = &self.account {
            Account::parse(account).map_err(|error| invalid("account", error.to_string()))?;
        }
        Ok(Wanted { from, to, after, limit: self.limit.count() })
    }

    /// Whose loans it is about; none: those of a product, or the whole book.
    fn scope(&self) -> Result<Option<Scope<'_>>, Refused> {
        let both = |name, other| Err(invalid(name, format!("not together with `{other}`")).into());
        match (self.loan, &self.borrower, &self.product) {
            (Some(_), Some(_), _) => both("borrower", "loan"),
            (Some(_), _, Some(_)) => both("product", "loan"),
            (_, Some(_), Some(_)) => both("product", "borrower"),
            (Some(loan), ..) => Ok(Some(Scope::Loan(loan))),
            (_, Some(borrower), _) => Ok(Some(Scope::Borrower(borrower))),
            _ => Ok(None),
        }
    }

    async fn of_loans(
        &self,
        state: &QueryState,
        scope: &Scope<'_>,
        wanted: &Wanted,
        reading: &Reading,
    ) -> Result<(Vec<DailyBalance>, AsOf), Refused> {
        if let Some(day) = self.effective_on {
            in_known_years("effective_on", day)?;
        }
        let (lines, as_of) = state.loan_lines(scope, self.known_at, reading).await?;
        let chosen = lines.iter().filter(|line| {
            self.account.as_ref().is_none_or(|account| *account == line.account)
                && self.currency.is_none_or(|currency| currency == line.currency)
                && self.effective_on.is_none_or(|day| line.value_date <= day)
        });
        let movements: Vec<Movement> = chosen.map(|line| line.movement(self.by)).collect();
        let mut keys: Vec<Key> = movements.iter().map(Movement::key).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.retain(|key| wanted.after.as_ref().is_none_or(|(after, _)| key >= after));
        Ok((wanted.balances(&keys, movements)?, as_of))
    }

    async fn of_accounts(
        &self,
        state: &QueryState,
        wanted: &Wanted,
        reading: &Reading,
    ) -> Result<(Vec<DailyBalance>, AsOf), Refused> {
        let mut ledger = state.ledger(self.effective_on, self.known_at, reading).await?;
        let keys = self.keys(&mut ledger, wanted).await?;
        let (accounts, currencies): (Vec<String>, Vec<String>) = keys.iter().cloned().unzip();
        let chosen = Chosen { keys: Some((&accounts, &currencies)), ..self.chosen() };
        let mut query = QueryBuilder::default();
        ledger.push_days(&mut query, chosen, self.by, (wanted.from, wanted.to));
        let movements = query.build_query_as().fetch_all(&mut *ledger.snapshot.transaction).await?;
        Ok((wanted.balances(&keys, movements)?, ledger.snapshot.as_of))
    }

    /// The accounts of this page: no more than it has room for.
    async fn keys(&self, ledger: &mut Ledger, wanted: &Wanted) -> Result<Vec<Key>, sqlx::Error> {
        let days = usize::try_from((wanted.to - wanted.from).num_days() + 1).unwrap_or(usize::MAX);
        let room = i64::try_from(wanted.limit / days + 2).expect("at most a thousand");
        let from =
            wanted.after.as_ref().map(|((account, currency), _)| (account.as_str(), currency.as_str()));
        let mut query = QueryBuilder::new("select account, currency from ");
        ledger.push_sums(&mut query, &Chosen { from, ..self.chosen() });
        query.push(" m group by account, currency order by account, currency limit ").push_bind(room);
        query.build_query_as().fetch_all(&mut *ledger.snapshot.transaction).await
    }

    fn chosen(&self) -> Chosen<'_> {
        Chosen {
            account: self.account.as_deref(),
            currency: self.currency,
            product: self.product.as_deref(),
            effective_on: self.effective_on,
            ..Chosen::default()
        }
    }
}
