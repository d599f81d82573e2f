//! How a loan stands after a page of its events.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::Currency;
use domain::loan::event::{Closed, Effect, FactKind, WriteOff};
use domain::loan::{LoanEvent, Standing, Status};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::copy::{CopyRows, storable};
use crate::event::Event;
use crate::minor::{components_to_minor, to_minor};

const COPY: &str = "copy standings (loan_id, status, approved_amount, approved_on, disbursed_amount, disbursed_on, \
    closed_on, closed_because, late_fee, late_interest, penalty, fee, interest, principal, overpaid, credit, \
    received, recovered, restructured_on, written_off, write_off, oldest_due_on, late_from, version, position, updated_at) from stdin (format binary)";

/// What the events of a page set. `None`: they left it as it was.
#[derive(Default)]
pub(super) struct StandingChange {
    /// The loan came into being in this page, so its row has to be added.
    is_new: bool,
    status: &'static str,
    approved: Option<(i64, NaiveDate)>,
    /// What was disbursed in this page, and its first date.
    disbursed: Option<(i64, NaiveDate)>,
    closed: Option<(NaiveDate, Option<String>)>,
    owed: Option<Owed>,
    received: i64,
    recovered: i64,
    restructured_on: Option<NaiveDate>,
    /// Where the page says which write-off stands.
    write_off: Option<Books>,
    version: i64,
    position: i64,
    updated_at: DateTime<Utc>,
}

/// What is owed since the last event that moved money.
#[derive(Clone, Copy, Default)]
struct Owed {
    components: [i64; 6],
    overpaid: i64,
    credit: i64,
    oldest_due_on: Option<NaiveDate>,
    late_from: Option<NaiveDate>,
}

/// Whether a loan is on the books, or what a write-off took off them.
enum Books {
    Carried,
    WrittenOff { amount: i64, json: String },
}

impl StandingChange {
    pub(super) fn fold(&mut self, event: &Event, fact: &LoanEvent) {
        self.version = event.sequence;
        self.position = event.position;
        self.updated_at = event.recorded_at;
        match fact {
            LoanEvent::Applied(_) => {
                self.is_new = true;
                self.status = Status::Applied.name();
            }
            LoanEvent::Approved(approved) => {
                self.status = Status::Approved.name();
                self.approved = Some((to_minor(approved.principal, approved.currency), approved.on));
            }
            LoanEvent::Rejected(closed) => self.close(Status::Rejected, closed),
            LoanEvent::Withdrawn(closed) => self.close(Status::Withdrawn, closed),
            LoanEvent::Disbursed(disbursed) => {
                let amount = to_minor(disbursed.amount, disbursed.currency);
                let (before, on) = self.disbursed.unwrap_or((0, disbursed.on));
                self.disbursed = Some((before + amount, on.min(disbursed.on)));
            }
            _ => {}
        }
        if let (Some(outcome), Some(currency)) = (fact.outcome(), fact.currency()) {
            self.received += to_minor(fact.cash_received(), currency);
            self.stand(&outcome.standing, currency);
            for moved in outcome.rederived.iter().filter(|moved| moved.kind == FactKind::WriteOff) {
                self.write_off(moved.after.as_ref(), currency);
            }
            self.follow(fact, currency);
        }
    }

    /// What an event changes besides what is owed.
    fn follow(&mut self, fact: &LoanEvent, currency: Currency) {
        match fact {
            LoanEvent::RecoveryRecorded(_) | LoanEvent::RecoveryReversed(_) => {
                self.recovered += to_minor(fact.cash_received(), currency);
            }
            LoanEvent::Restructured(event) => {
                self.restructured_on = self.restructured_on.max(Some(event.on));
            }
            LoanEvent::WrittenOff(event) => self.write_off(Some(&event.effect), currency),
            LoanEvent::WriteOffReversed(_) => self.write_off(None, currency),
            _ => {}
        }
    }

    fn write_off(&mut self, effect: Option<&Effect>, currency: Currency) {
        let write_off = effect.and_then(|effect| effect.write_off);
        self.write_off = Some(write_off.map_or(Books::Carried, |write_off: WriteOff| Books::WrittenOff {
            amount: to_minor(write_off.open.total(), currency),
            json: serde_json::to_string(&write_off).expect("a write-off is plain data"),
        }));
    }

    fn close(&mut self, status: Status, closed: &Closed) {
        self.status = status.name();
        self.closed = Some((closed.on, closed.reason.clone()));
    }

    fn stand(&mut self, standing: &Standing, currency: Currency) {
        self.status = standing.status.name();
        self.owed = Some(Owed {
            components: components_to_minor(&standing.balances, currency),
            overpaid: to_minor(standing.overpaid, currency),
            credit: to_minor(standing.credit, currency),
            oldest_due_on: standing.oldest_due_on,
            late_from: standing.late_from,
        });
    }

    fn encode(&self, loan: Uuid, rows: &mut CopyRows) {
        let owed = self.owed.unwrap_or_default();
        rows.row()
            .uuid(loan)
            .text(self.status)
            .bigint(self.approved.map(|(amount, _)| amount))
            .date(self.approved.map(|(_, on)| on))
            .bigint(self.disbursed.map(|(amount, _)| amount))
            .date(self.disbursed.map(|(_, on)| on))
            .date(self.closed.as_ref().map(|(on, _)| *on))
            .text(self.closed_because().as_deref())
            .bigints(owed.components)
            .bigint(owed.overpaid)
            .bigint(owed.credit)
            .bigint(self.received)
            .bigint(self.recovered)
            .date(self.restructured_on)
            .bigint(self.written_off().unwrap_or(0))
            .text(self.write_off_json())
            .date(owed.oldest_due_on)
            .date(owed.late_from)
            .bigint(self.version)
            .bigint(self.position)
            .instant(self.updated_at);
    }

    /// The sum of the write-off, where the page says which stands; 0 where none does.
    fn written_off(&self) -> Option<i64> {
        self.write_off.as_ref().map(|books| match books {
            Books::Carried => 0,
            Books::WrittenOff { amount, .. } => *amount,
        })
    }

    fn write_off_json(&self) -> Option<&str> {
        match self.write_off.as_ref()? {
            Books::Carried => None,
            Books::WrittenOff { json, .. } => Some(json),
        }
    }

    fn closed_because(&self) -> Option<Cow<'_, str>> {
        self.closed.as_ref()?.1.as_deref().map(storable)
    }
}

pub(super) async fn write(
    changes: &HashMap<Uuid, StandingChange>,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    let mut new = CopyRows::new(26);
    let mut moved = Vec::with_capacity(changes.len());
    for (loan, change) in changes {
        if change.is_new { change.encode(*loan, &mut new) } else { moved.push((*loan, change)) }
    }
    new.write(connection, COPY).await?;
    update(&moved, connection).await
}

async fn update(moved: &[(Uuid, &StandingChange)], connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    if moved.is_empty() {
        return Ok(());
    }
    let mut query = sqlx::query(include_str!("update_standings.sql"))
        .bind(moved.iter().map(|(loan, _)| *loan).collect::<Vec<_>>())
        .bind(each(moved, |change| change.status))
        .bind(each(moved, |change| change.approved.map(|(amount, _)| amount)))
        .bind(each(moved, |change| change.approved.map(|(_, on)| on)))
        .bind(each(moved, |change| change.disbursed.map(|(amount, _)| amount)))
        .bind(each(moved, |change| change.disbursed.map(|(_, on)| on)))
        .bind(each(moved, |change| change.closed.as_ref().map(|(on, _)| *on)))
        .bind(each(moved, StandingChange::closed_because));
    for component in 0..6 {
        query = query.bind(each(moved, |change| change.owed.map(|owed| owed.components[component])));
    }
    query
        .bind(each(moved, |change| change.owed.map(|owed| owed.overpaid)))
        .bind(each(moved, |change| change.owed.map(|owed| owed.credit)))
        .bind(each(moved, |change| change.received))
        .bind(each(moved, |change| change.recovered))
        .bind(each(moved, |change| change.restructured_on))
        .bind(each(moved, StandingChange::written_off))
        .bind(each(moved, StandingChange::write_off_json))
        .bind(each(moved, |change| change.owed.and_then(|owed| owed.oldest_due_on)))
        .bind(each(moved, |change| change.owed.and_then(|owed| owed.late_from)))
        .bind(each(moved, |change| change.version))
        .bind(each(moved, |change| change.position))
        .bind(each(moved, |change| change.updated_at))
        .execute(connection)
        .await?;
    Ok(())
}

fn each<'a, T>(moved: &[(Uuid, &'a StandingChange)], column: impl Fn(&'a StandingChange) -> T) -> Vec<T> {
    moved.iter().map(|(_, change)| column(change)).collect()
}
