//! A loan as its read model has it: as it stood after its last event.

use chrono::NaiveDate;
use domain::Currency;
use domain::component::{Component, Components};
use domain::loan::engine::CALCULATION;
use domain::loan::facts::WriteOff;
use domain::loan::{ByTime, Standing, Status};
use serde_json::value::RawValue;
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::loan::{Balances, BorrowerView, LoanView, WriteOffView};
use crate::minor::{components_from_minor, from_minor};

/// The calculation of which all rows are: what a later one derives may be otherwise, so from then on loans are derived, until
/// rows say by which calculation they were decided.
const OF_ROWS: u32 = 1;

pub(crate) struct LoanRow {
    pub(crate) first_position: i64,
    pub(crate) borrower_id: Uuid,
    /// Whether its facts came out of order, so that `view` is not how it stood.
    pub(crate) is_to_be_derived: bool,
    pub(crate) standing: Standing,
    pub(crate) by_time: ByTime,
    /// The latest value date in it.
    pub(crate) last_on: NaiveDate,
    pub(crate) view: LoanView,
}

impl LoanRow {
    /// Whether `view` is the loan as its events up to `last` come to it on `day`: nothing is missing, nothing came after,
    /// and time alone moved nothing since.
    pub(crate) fn is_all_of(&self, last: i64, day: NaiveDate) -> bool {
        let LoanView { external_id, product, closed_because, restructured_on, .. } = &self.view;
        // In a column the character 0 became this one.
        let is_changed = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains('\u{fffd}'));
        let texts_are_whole = ![external_id, product, closed_because].into_iter().any(is_changed);
        let is_plain = !self.is_to_be_derived && restructured_on.is_none() && texts_are_whole;
        CALCULATION == OF_ROWS
            && is_plain
            && self.view.position == last
            && self.last_on <= day
            && self.standing.holds_on(day, self.by_time)
    }

    pub(crate) fn read(row: &PgRow, today: NaiveDate) -> Result<Self, sqlx::Error> {
        let currency = read_currency(row)?;
        let amount = |column: &str| Ok::<_, sqlx::Error>(from_minor(row.try_get(column)?, currency));
        let amount_or_none = |column: &str| {
            let minor: Option<i64> = row.try_get(column)?;
            Ok::<_, sqlx::Error>(minor.map(|minor| from_minor(minor, currency)))
        };
        let standing = read_standing(row, currency)?;
        let borrower_id = row.try_get("borrower_id")?;
        let view = LoanView {
            id: row.try_get("id")?,
            external_id: row.try_get("external_id")?,
            product: row.try_get("product")?,
            product_version: row.try_get("product_version")?,
            borrower: BorrowerView::unnamed(borrower_id),
            currency,
            status: standing.status,
            balances: Balances::of(standing.balances, currency),
            overpaid: standing.overpaid,
            credit: standing.credit,
            received: amount("received")?,
            days_past_due: standing.days_past_due(today),
            oldest_due_on: standing.oldest_due_on,
            late_from: standing.late_from,
            approved_amount: amount_or_none("approved_amount")?,
            approved_on: row.try_get("approved_on")?,
            disbursed_amount: amount_or_none("disbursed_amount")?,
            disbursed_on: row.try_get("disbursed_on")?,
            restructured_on: row.try_get("restructured_on")?,
            write_off: read_write_off(row)?.map(|write_off| WriteOffView::of(write_off, currency)),
            closed_on: row.try_get("closed_on")?,
            closed_because: row.try_get("closed_because")?,
            terms: read_json(row, "terms")?,
            metadata: read_json(row, "metadata")?,
            version: row.try_get("version")?,
            position: row.try_get("position")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        };
        let (first_position, is_to_be_derived) =
            (row.try_get("first_position")?, row.try_get("is_to_be_derived")?);
        let (by_time, last_on) = (read_by_time(row)?, row.try_get("last_on")?);
        Ok(Self { first_position, borrower_id, is_to_be_derived, standing, by_time, last_on, view })
    }
}

/// The column `currency`.
pub(crate) fn read_currency(row: &PgRow) -> Result<Currency, sqlx::Error> {
    let code: &str = row.try_get("currency")?;
    code.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// A column of JSON text.
pub(crate) fn read_json(row: &PgRow, column: &str) -> Result<Box<RawValue>, sqlx::Error> {
    let text: String = row.try_get(column)?;
    RawValue::from_string(text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// The columns named like the components.
pub(crate) fn read_components(row: &PgRow, currency: Currency) -> Result<Components, sqlx::Error> {
    let mut minors = [0; 6];
    for (minor, component) in minors.iter_mut().zip(Component::ALL) {
        *minor = row.try_get(component.name())?;
    }
    Ok(components_from_minor(minors, currency))
}

/// The column `status`.
pub(crate) fn read_status(row: &PgRow) -> Result<Status, sqlx::Error> {
    status_named(row.try_get("status")?)
}

pub(crate) fn status_named(status: &str) -> Result<Status, sqlx::Error> {
    let status = Status::ALL.into_iter().find(|known| known.name() == status);
    status.ok_or_else(|| sqlx::Error::Decode("unknown status".into()))
}

fn read_by_time(row: &PgRow) -> Result<ByTime, sqlx::Error> {
    let by_time: &str = row.try_get("by_time")?;
    let by_time = ByTime::ALL.into_iter().find(|known| known.name() == by_time);
    by_time.ok_or_else(|| sqlx::Error::Decode("unknown effect of time".into()))
}

fn read_standing(row: &PgRow, currency: Currency) -> Result<Standing, sqlx::Error> {
    Ok(Standing {
        status: read_status(row)?,
        balances: read_components(row, currency)?,
        overpaid: from_minor(row.try_get("overpaid")?, currency),
        credit: from_minor(row.try_get("credit")?, currency),
        oldest_due_on: row.try_get("oldest_due_on")?,
        late_from: row.try_get("late_from")?,
    })
}

fn read_write_off(row: &PgRow) -> Result<Option<WriteOff>, sqlx::Error> {
    let text: Option<&str> = row.try_get("write_off")?;
    let write_off = text.map(serde_json::from_str).transpose();
    write_off.map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
