//! How a loan stands after its last event, and how it stood after each.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use domain::loan::Status;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::Traits;
use super::step::{ALWAYS, Books, FactId, Owed, Step};
use crate::copy::{CopyRows, storable};

const COLUMNS: &str = "loan_id, status, approved_amount, approved_on, disbursed_amount, disbursed_on, closed_on, \
    closed_because, late_fee, late_interest, penalty, fee, interest, principal, overpaid, credit, received, \
    recovered, restructured_on, written_off, write_off, oldest_due_on, late_from, version, position, updated_at";

const FIND: &str = "select * from standings where loan_id = any($1)";

const UNDONE: &str = "select distinct on (c.loan_id, c.fact_id) c.loan_id, c.fact_id, c.on_day \
    from unnest($1::uuid[], $2::uuid[]) as u (loan_id, fact_id) \
    join standing_changes c on c.loan_id = u.loan_id and c.fact_id = u.fact_id \
    order by c.loan_id, c.fact_id, c.position desc";

/// A loan's row: what the events up to one come to.
#[derive(Debug, Clone)]
struct LoanStanding {
    status: Cow<'static, str>,
    approved: Option<(i64, NaiveDate)>,
    disbursed: Option<(i64, NaiveDate)>,
    closed_on: Option<NaiveDate>,
    closed_because: Option<String>,
    owed: Owed,
    received: i64,
    recovered: i64,
    restructured_on: Option<NaiveDate>,
    written_off: i64,
    write_off: Option<String>,
    version: i64,
    position: i64,
    updated_at: DateTime<Utc>,
    /// The latest value date of its events.
    last_on: NaiveDate,
    /// Whether an event ever counted before an earlier one.
    disordered: bool,
}

/// Writes what the events of a page change, each loan's in their order.
pub(super) async fn write(
    steps: &BTreeMap<Uuid, Vec<Step>>,
    traits: &HashMap<Uuid, Traits>,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    let mut standing = load(steps, connection).await?;
    let undone = undone(steps, connection).await?;
    let mut history = CopyRows::new(29);
    let (mut new, mut moved) = (CopyRows::new(31), Vec::new());
    for (loan, steps) in steps {
        let known = standing.remove(loan);
        let is_new = steps[0].version == 1;
        if if is_new { !traits.contains_key(loan) } else { known.is_none() } {
            // Its application was discarded, so there is no loan that could stand anyhow.
            continue;
        }
        let mut row = known.unwrap_or_else(LoanStanding::of_nothing);
        for (index, step) in steps.iter().enumerate() {
            let counts_from = match step.fact {
                Some(FactId::Undoes(id)) => {
                    let here =
                        steps[..index].iter().rev().find(|step| step.fact == Some(FactId::Records(id)));
                    let original = here.map(|step| step.on).or_else(|| undone.get(&(*loan, id)).copied());
                    step.counts_from.min(original.unwrap_or(ALWAYS))
                }
                _ => step.counts_from,
            };
            row.apply(step, counts_from);
            row.encode(*loan, &mut history);
            let fact = match step.fact {
                Some(FactId::Records(id)) => Some(id),
                _ => None,
            };
            history.date(step.on).date(counts_from).uuid_or_null(fact);
        }
        if is_new {
            let Traits { borrower, currency, product } = &traits[loan];
            row.encode(*loan, &mut new);
            new.date(row.last_on).boolean(row.disordered);
            new.uuid(*borrower).text(*currency).text(product.as_deref());
        } else {
            moved.push((*loan, row));
        }
    }
    let copy =
        |table: &str, more: &str| format!("copy {table} ({COLUMNS}, {more}) from stdin (format binary)");
    history.write(connection, &copy("standing_changes", "on_day, counts_from, fact_id")).await?;
    new.write(connection, &copy("standings", "last_on, disordered, borrower_id, currency, product")).await?;
    update(&moved, connection).await
}

/// The rows of the loans that are there already.
async fn load(
    steps: &BTreeMap<Uuid, Vec<Step>>,
    connection: &mut PgConnection,
) -> Result<HashMap<Uuid, LoanStanding>, sqlx::Error> {
    // The first event of a loan brings its row about.
    let earlier = steps.iter().filter(|(_, steps)| steps[0].version > 1);
    let earlier: Vec<Uuid> = earlier.map(|(loan, _)| *loan).collect();
    if earlier.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query(FIND).bind(earlier).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get("loan_id")?, LoanStanding::read(row)?))).collect()
}

/// The value dates of facts of earlier pages that are undone.
async fn undone(
    steps: &BTreeMap<Uuid, Vec<Step>>,
    connection: &mut PgConnection,
) -> Result<HashMap<(Uuid, Uuid), NaiveDate>, sqlx::Error> {
    let undone = steps.iter().flat_map(|(loan, steps)| {
        steps.iter().filter_map(|step| match step.fact {
            Some(FactId::Undoes(id)) => Some((*loan, id)),
            _ => None,
        })
    });
    let (loans, facts): (Vec<Uuid>, Vec<Uuid>) = undone.unzip();
    if loans.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<(Uuid, Uuid, NaiveDate)> =
        sqlx::query_as(UNDONE).bind(loans).bind(facts).fetch_all(connection).await?;
    Ok(found.into_iter().map(|(loan, fact, on)| ((loan, fact), on)).collect())
}

impl LoanStanding {
    fn of_nothing() -> Self {
        Self {
            status: Cow::Borrowed(Status::Applied.name()),
            approved: None,
            disbursed: None,
            closed_on: None,
            closed_because: None,
            owed: Owed::default(),
            received: 0,
            recovered: 0,
            restructured_on: None,
            written_off: 0,
            write_off: None,
            version: 0,
            position: 0,
            updated_at: DateTime::UNIX_EPOCH,
            last_on: ALWAYS,
            disordered: false,
        }
    }

    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        let with_day = |amount: Option<i64>, day| Ok::<_, sqlx::Error>(amount.zip(row.try_get(day)?));
        let mut components = [0; 6];
        for (component, column) in components.iter_mut().zip(domain::component::Component::ALL) {
            *component = row.try_get(column.name())?;
        }
        Ok(Self {
            status: Cow::Owned(row.try_get("status")?),
            approved: with_day(row.try_get("approved_amount")?, "approved_on")?,
            disbursed: with_day(row.try_get("disbursed_amount")?, "disbursed_on")?,
            closed_on: row.try_get("closed_on")?,
            closed_because: row.try_get("closed_because")?,
            owed: Owed {
                components,
                overpaid: row.try_get("overpaid")?,
                credit: row.try_get("credit")?,
                oldest_due_on: row.try_get("oldest_due_on")?,
                late_from: row.try_get("late_from")?,
            },
            received: row.try_get("received")?,
            recovered: row.try_get("recovered")?,
            restructured_on: row.try_get("restructured_on")?,
            written_off: row.try_get("written_off")?,
            write_off: row.try_get("write_off")?,
            version: row.try_get("version")?,
            position: row.try_get("position")?,
            updated_at: row.try_get("updated_at")?,
            last_on: row.try_get("last_on")?,
            disordered: row.try_get("disordered")?,
        })
    }

    fn apply(&mut self, step: &Step, counts_from: NaiveDate) {
        if let Some(status) = step.status {
            self.status = Cow::Borrowed(status);
        }
        self.approved = step.approved.or(self.approved);
        if let Some((amount, on)) = step.disbursed {
            let (before, first) = self.disbursed.unwrap_or((0, on));
            self.disbursed = Some((before + amount, first.min(on)));
        }
        if let Some((on, because)) = &step.closed {
            self.closed_on = Some(*on);
            self.closed_because = because.as_deref().map(|text| storable(text).into_owned());
        }
        self.owed = step.owed.unwrap_or(self.owed);
        self.received += step.received;
        self.recovered += step.recovered;
        self.restructured_on = self.restructured_on.max(step.restructured_on);
        match &step.write_off {
            Some(Books::Carried) => (self.written_off, self.write_off) = (0, None),
            Some(Books::WrittenOff { amount, json }) => {
                (self.written_off, self.write_off) = (*amount, Some(json.clone()));
            }
            None => {}
        }
        self.disordered |= counts_from < self.last_on;
        self.last_on = self.last_on.max(step.on);
        (self.version, self.position, self.updated_at) = (step.version, step.position, step.recorded_at);
    }

    fn encode(&self, loan: Uuid, rows: &mut CopyRows) {
        rows.row()
            .uuid(loan)
            .text(&*self.status)
            .bigint(self.approved.map(|(amount, _)| amount))
            .date(self.approved.map(|(_, on)| on))
            .bigint(self.disbursed.map(|(amount, _)| amount))
            .date(self.disbursed.map(|(_, on)| on))
            .date(self.closed_on)
            .text(self.closed_because.as_deref())
            .bigints(self.owed.components)
            .bigint(self.owed.overpaid)
            .bigint(self.owed.credit)
            .bigint(self.received)
            .bigint(self.recovered)
            .date(self.restructured_on)
            .bigint(self.written_off)
            .text(self.write_off.as_deref())
            .date(self.owed.oldest_due_on)
            .date(self.owed.late_from)
            .bigint(self.version)
            .bigint(self.position)
            .instant(self.updated_at);
    }
}

async fn update(moved: &[(Uuid, LoanStanding)], connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    if moved.is_empty() {
        return Ok(());
    }
    let mut query = sqlx::query(include_str!("update_standings.sql"))
        .bind(moved.iter().map(|(loan, _)| *loan).collect::<Vec<_>>())
        .bind(each(moved, |row| &*row.status))
        .bind(each(moved, |row| row.approved.map(|(amount, _)| amount)))
        .bind(each(moved, |row| row.approved.map(|(_, on)| on)))
        .bind(each(moved, |row| row.disbursed.map(|(amount, _)| amount)))
        .bind(each(moved, |row| row.disbursed.map(|(_, on)| on)))
        .bind(each(moved, |row| row.closed_on))
        .bind(each(moved, |row| row.closed_because.as_deref()));
    for component in 0..6 {
        query = query.bind(each(moved, |row| row.owed.components[component]));
    }
    query
        .bind(each(moved, |row| row.owed.overpaid))
        .bind(each(moved, |row| row.owed.credit))
        .bind(each(moved, |row| row.received))
        .bind(each(moved, |row| row.recovered))
        .bind(each(moved, |row| row.restructured_on))
        .bind(each(moved, |row| row.written_off))
        .bind(each(moved, |row| row.write_off.as_deref()))
        .bind(each(moved, |row| row.owed.oldest_due_on))
        .bind(each(moved, |row| row.owed.late_from))
        .bind(each(moved, |row| row.version))
        .bind(each(moved, |row| row.position))
        .bind(each(moved, |row| row.updated_at))
        .bind(each(moved, |row| row.last_on))
        .bind(each(moved, |row| row.disordered))
        .execute(connection)
        .await?;
    Ok(())
}

fn each<'a, T>(moved: &'a [(Uuid, LoanStanding)], column: impl Fn(&'a LoanStanding) -> T) -> Vec<T> {
    moved.iter().map(|(_, row)| column(row)).collect()
}
