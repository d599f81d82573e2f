//! What the read models say of a loan or a month, for an auditor to compare with the events.

use audit::figures::{AccountInMonth, Line, LoanFigures, LoanStanding, MonthFigures, accounts, day_balances};
use chrono::NaiveDate;
use domain::component::Components;
use domain::journal::Side;
use domain::loan::Status;
use domain::{Amount, Currency};
use rust_decimal::Decimal;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::checkpoint;
use crate::error::ProjectionError;
use crate::minor::{from_minor, from_sum};
use crate::{journal, loans};

const STANDING: &str = "select s.status, l.currency, s.late_fee, s.late_interest, s.penalty, s.fee, s.interest, \
    s.principal, s.overpaid, s.credit, s.received, s.version, s.position \
    from read_loans.standings s join read_loans.loans l on l.id = s.loan_id where s.loan_id = $1";
const LINES: &str = "select position, booked_on, account, side, amount, currency from read_journal.journal_lines \
    where stream_id = $1 and position <= $2 order by position, line";
const OPENING: &str = "select account, currency, \
    sum(case when side = 'debit' then amount else -amount end) as balance \
    from read_journal.journal_lines where position < $1 group by account, currency order by account, currency";
const MONTH: &str = "select $1::bigint as position, booked_on, account, side, sum(amount) as amount, currency \
    from read_journal.journal_lines where position between $1 and $2 group by booked_on, account, side, currency";

/// How far the read models are that figures come from.
pub async fn figures_position(pool: &PgPool) -> Result<i64, ProjectionError> {
    let mut furthest = i64::MAX;
    for model in [&loans::READ_MODEL, &journal::READ_MODEL] {
        let checkpoint = checkpoint::find(pool, model.name).await?.ok_or(ProjectionError::NotMigrated)?;
        furthest = furthest.min(checkpoint.position);
    }
    Ok(furthest)
}

/// What they say of a loan, as they have it at least to [`figures_position`]. `None`: they know of no such loan.
pub async fn loan_figures(pool: &PgPool, loan: Uuid) -> Result<Option<LoanFigures>, ProjectionError> {
    let row = sqlx::query(STANDING).bind(loan).fetch_optional(pool).await?;
    let Some(row) = row else { return Ok(None) };
    let standing = standing(&row)?;
    let rows = sqlx::query(LINES).bind(loan).bind(standing.position).fetch_all(pool).await?;
    let lines = rows.iter().map(line).collect::<Result<Vec<_>, _>>()?;
    let balances = day_balances(&lines);
    Ok(Some(LoanFigures { loan: standing, lines, balances }))
}

/// What they say of the events at positions `first` to `last`.
pub async fn month_figures(pool: &PgPool, first: i64, last: i64) -> Result<MonthFigures, ProjectionError> {
    let rows = sqlx::query(OPENING).bind(first).fetch_all(pool).await?;
    let opening: Vec<(String, Currency, Amount)> = rows.iter().map(balance).collect::<Result<_, _>>()?;
    let rows = sqlx::query(MONTH).bind(first).bind(last).fetch_all(pool).await?;
    let lines = rows.iter().map(sum).collect::<Result<Vec<Line>, _>>()?;
    let accounts: Vec<AccountInMonth> = accounts(&opening, &lines);
    Ok(MonthFigures { accounts })
}

/// So many loans, by chance.
pub async fn sample_of_loans(pool: &PgPool, loans: u32) -> Result<Vec<Uuid>, ProjectionError> {
    const SAMPLE: &str = "select loan_id from read_loans.standings order by random() limit $1";
    let sample: Vec<(Uuid,)> = sqlx::query_as(SAMPLE).bind(i64::from(loans)).fetch_all(pool).await?;
    Ok(sample.into_iter().map(|(loan,)| loan).collect())
}

fn standing(row: &PgRow) -> Result<LoanStanding, sqlx::Error> {
    let currency = currency(row)?;
    let amount = |column| Ok::<_, sqlx::Error>(from_minor(row.try_get(column)?, currency));
    let status: &str = row.try_get("status")?;
    let status = Status::ALL.into_iter().find(|known| known.name() == status);
    Ok(LoanStanding {
        status: status.ok_or_else(|| unreadable("a status"))?,
        currency,
        balances: Components {
            late_fee: amount("late_fee")?,
            late_interest: amount("late_interest")?,
            penalty: amount("penalty")?,
            fee: amount("fee")?,
            interest: amount("interest")?,
            principal: amount("principal")?,
        },
        overpaid: amount("overpaid")?,
        credit: amount("credit")?,
        received: amount("received")?,
        version: row.try_get("version")?,
        position: row.try_get("position")?,
    })
}

fn line(row: &PgRow) -> Result<Line, sqlx::Error> {
    let currency = currency(row)?;
    line_of(row, currency, from_minor(row.try_get("amount")?, currency))
}

/// The same of many lines together.
fn sum(row: &PgRow) -> Result<Line, sqlx::Error> {
    let currency = currency(row)?;
    line_of(row, currency, from_sum(row.try_get::<Decimal, _>("amount")?, currency))
}

fn line_of(row: &PgRow, currency: Currency, amount: Amount) -> Result<Line, sqlx::Error> {
    let side: &str = row.try_get("side")?;
    let booked_on: NaiveDate = row.try_get("booked_on")?;
    Ok(Line {
        position: row.try_get("position")?,
        booked_on,
        account: row.try_get("account")?,
        side: if side == "debit" { Side::Debit } else { Side::Credit },
        amount,
        currency,
    })
}

fn balance(row: &PgRow) -> Result<(String, Currency, Amount), sqlx::Error> {
    let currency = currency(row)?;
    let balance = from_sum(row.try_get::<Decimal, _>("balance")?, currency);
    Ok((row.try_get("account")?, currency, balance))
}

fn currency(row: &PgRow) -> Result<Currency, sqlx::Error> {
    let code: &str = row.try_get("currency")?;
    code.parse().map_err(|_| unreadable("a currency"))
}

fn unreadable(what: &'static str) -> sqlx::Error {
    sqlx::Error::Decode(format!("{what} that is none").into())
}
