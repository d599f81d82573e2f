//! What a stored event books, and whether it balances.

use std::collections::BTreeMap;

use domain::Amount;
use domain::day_close::{DayClose, DayCloseEvent};
use domain::decider::{Decider, StoredEvent};
use domain::entry::{Entry, EntryEvent};
use domain::journal::{self, Posting, Side};
use domain::loan::{Loan, LoanEvent};
use domain::period::{PeriodEvent, Periods};
use domain::product::{Product, ProductEvent};
use domain::proposal::{Proposal, ProposalEvent};
use domain::staff::{Staff, StaffEvent};
use event_store::StoredEventRow;

/// What an event books. Of a kind of stream that this version does not know nothing can be said.
pub fn postings(row: &StoredEventRow) -> Result<Vec<Posting>, serde_json::Error> {
    let (event_type, payload) = (&row.event_type, row.current_payload()?);
    Ok(match row.aggregate_type.as_str() {
        Loan::TYPE => journal::loan_postings(&LoanEvent::read(event_type, &payload)?),
        Entry::TYPE => vec![journal::entry_posting(&EntryEvent::read(event_type, &payload)?)],
        DayClose::TYPE => {
            let event = DayCloseEvent::read(event_type, &payload)?;
            journal::day_close_posting(&event).into_iter().collect()
        }
        Product::TYPE => ProductEvent::read(event_type, &payload).map(|_| Vec::new())?,
        Staff::TYPE => StaffEvent::read(event_type, &payload).map(|_| Vec::new())?,
        Proposal::TYPE => ProposalEvent::read(event_type, &payload).map(|_| Vec::new())?,
        Periods::TYPE => PeriodEvent::read(event_type, &payload).map(|_| Vec::new())?,
        _ => Vec::new(),
    })
}

/// Whether debits equal credits, in each currency.
pub fn balances(posting: &Posting) -> bool {
    let mut sums: BTreeMap<&str, Amount> = BTreeMap::new();
    for line in &posting.lines {
        let amount = if line.side == Side::Debit { line.amount } else { line.amount.negated() };
        let sum = sums.entry(line.currency.code()).or_insert(Amount::ZERO);
        *sum = sum.plus(amount);
    }
    sums.values().all(|sum| sum.is_zero())
}
