//! Loans by what they have in common.

use chrono::{Days, NaiveDate};
use domain::Currency;
use domain::id::BorrowerId;
use domain::loan::Status;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::answer::{Answer, List, ReadProblems, Refused, answer};
use super::loan::LoanView;
use super::loan_list::{Listed, Moment};
use super::loan_row::LoanRow;
use super::point_in_time::KnownAt;
use super::request::{Limit, Params, ReadHeaders, Reading, day};
use super::{QueryState, State};

/// A hundred years: no loan runs for longer.
const MOST_DAYS_PAST_DUE: u32 = 36_500;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LoanFilter {
    status: Option<Status>,
    /// The borrower's id, or their CPF or CNPJ, with punctuation or without.
    borrower: Option<String>,
    external_id: Option<String>,
    product: Option<String>,
    #[param(value_type = Option<Currency>)]
    currency: Option<Currency>,
    /// Only loans that are so many days past due on the day seen, or more.
    #[serde(default, deserialize_with = "days_past_due")]
    #[param(maximum = 36500)]
    days_past_due_from: Option<u32>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 50)]
    limit: Limit,
    /// The `next` of the page before.
    after: Option<String>,
    /// The day on which the loans are seen: what is dated after it is left out, charges apart. Today by default.
    #[serde(default, deserialize_with = "day")]
    effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[param(inline, value_type = Option<KnownAt>)]
    known_at: Option<KnownAt>,
}

/// Loans in the order of their applications.
#[utoipa::path(
    get, path = "/v1/loans", tag = "loans", operation_id = "list_loans",
    params(LoanFilter, ReadHeaders),
    responses((status = 200, description = "A page of loans", body = List<LoanView>), ReadProblems),
)]
pub(crate) async fn list(
    State(state): State<QueryState>,
    Params(filter): Params<LoanFilter>,
    reading: Reading,
) -> Answer {
    let after = reading.place(filter.after.as_deref(), |place| place.parse::<i64>().ok())?;
    let borrower = match &filter.borrower {
        Some(borrower) => Some(find_borrower(&state, borrower).await?),
        None => None,
    };
    let (mut snapshot, moment) = state.loans_at(filter.effective_on, filter.known_at, &reading).await?;
    let as_of = snapshot.as_of;
    let mut place = after.unwrap_or(0);
    let mut items: Vec<Listed> = Vec::new();
    loop {
        let more = filter.limit.and_one_more() - i64::try_from(items.len()).expect("at most a page");
        let mut query = moment.query()?;
        query.push(" and v.first_position > ").push_bind(place);
        filter.push(&mut query, borrower, &moment);
        query.push(" order by v.first_position limit ").push_bind(more);
        let rows = query.build().fetch_all(&mut *snapshot.transaction).await?;
        for row in &rows {
            let row = LoanRow::read(row, moment.day)?;
            place = row.first_position;
            let (listed, was_derived) = state.listed(row, &moment, as_of).await?;
            if !was_derived || filter.wants(&listed.view) {
                items.push(listed);
            }
        }
        // A derived one may not be what is wanted, so that a page takes several goes.
        if i64::try_from(rows.len()).is_ok_and(|found| found < more) || items.len() > filter.limit.count() {
            break;
        }
    }
    let next = reading.page(filter.limit, &mut items, |last| last.first_position.to_string());
    let ids: Vec<Uuid> = items.iter().map(Listed::borrower_id).collect();
    let borrowers = state.names(&ids, &reading).await?;
    let items = items.into_iter().map(|listed| listed.named_from(&borrowers)).collect();
    Ok(answer(&reading, as_of, state.booking_day.today(), List { items, next, as_of }))
}

impl LoanFilter {
    /// Adds what loans are wanted; of one that is to be derived only what never changes can be asked.
    fn push(&self, query: &mut QueryBuilder<'static, Postgres>, borrower: Option<Uuid>, moment: &Moment) {
        if let Some(position) = moment.known {
            query.push(" and v.first_position <= ").push_bind(position);
        }
        if let Some(borrower) = borrower {
            query.push(" and v.borrower_id = ").push_bind(borrower);
        }
        if let Some(external_id) = &self.external_id {
            query.push(" and v.external_id = ").push_bind(external_id.clone());
        }
        if let Some(product) = &self.product {
            query.push(" and v.product = ").push_bind(product.clone());
        }
        if let Some(currency) = self.currency {
            query.push(" and v.currency = ").push_bind(currency.code());
        }
        if let Some(status) = self.status {
            query.push(" and (v.is_to_be_derived or v.status = ").push_bind(status.name()).push(")");
        }
        if let Some(days) = self.days_past_due_from.filter(|days| *days > 0) {
            let due_by = moment.day.checked_sub_days(Days::new(u64::from(days)));
            let due_by = due_by.expect("a century before a day that is known is a day");
            query.push(" and (v.is_to_be_derived or v.oldest_due_on <= ").push_bind(due_by);
            query.push(" and v.late_from <= ").push_bind(moment.day).push(")");
        }
    }

    fn wants(&self, loan: &LoanView) -> bool {
        self.status.is_none_or(|status| status == loan.status)
            && self.days_past_due_from.is_none_or(|days| loan.days_past_due >= i64::from(days))
    }
}

fn days_past_due<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let days = u32::deserialize(deserializer)?;
    if days > MOST_DAYS_PAST_DUE {
        return Err(D::Error::custom(format!("{days} is more than {MOST_DAYS_PAST_DUE}")));
    }
    Ok(Some(days))
}

/// The id of a borrower who is named by it or by a tax id; one that is nobody's where the tax id is unknown.
pub(super) async fn find_borrower(state: &QueryState, named: &str) -> Result<Uuid, Refused> {
    if let Ok(id) = Uuid::try_parse(named) {
        return Ok(id);
    }
    let tax_id: String = named.chars().filter(char::is_ascii_alphanumeric).collect();
    let found = state.log.find_borrower(&tax_id.to_ascii_uppercase()).await?;
    Ok(found.map_or(Uuid::nil(), BorrowerId::uuid))
}
