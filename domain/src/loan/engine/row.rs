//! One installment while facts are taken in.

use chrono::{Days, NaiveDate};

use super::contract::Contract;
use crate::Amount;
use crate::calendar::Calendar;
use crate::component::{Component, Components};
use crate::terms::GraceMode;

#[derive(Debug, Clone)]
pub(super) struct LiveRow {
    /// Stays with the row, whatever is put in before it.
    pub(super) id: u32,
    /// The contract that it belongs to, and its period in the timeline of that; none for a row of its own.
    pub(super) contract: usize,
    pub(super) period: Option<usize>,
    pub(super) from: NaiveDate,
    /// The last day of its period.
    pub(super) to: NaiveDate,
    pub(super) due_on: NaiveDate,
    /// The due date moved to a business day: paid up to then it is on time (Lei 7.089/1983).
    pub(super) on_time_until: NaiveDate,
    pub(super) due: Components,
    pub(super) paid: Components,
    pub(super) waived: Components,
    pub(super) tax: Amount,
    pub(super) capitalized: Amount,
    /// Interest that its period earns, where that is not what falls due with it (grace).
    pub(super) earns: Option<Amount>,
    /// Principal at the start of its period, by the plan.
    pub(super) base: Amount,
    /// Principal in `due` that was paid ahead and came off the rows after it.
    pub(super) ahead: Amount,
    /// Interest in `due` that settled the period early: what runs afterwards comes on top.
    pub(super) interest_ahead: Amount,
    /// Of what is capitalized, what joined the principal that settled the loan early: that was repaid, and bears nothing more.
    pub(super) capital_ahead: Amount,
    /// What it earns is counted, or does not count any more.
    pub(super) counted: bool,
    /// Where its period was cut: interest up to then is settled apart.
    pub(super) cut: Option<Cut>,
    pub(super) late: LateState,
    /// The charges entered by hand in it, by their place in the list of charges, oldest first.
    pub(super) charges: Vec<usize>,
    pub(super) paid_in_advance: Amount,
    pub(super) paid_late: Amount,
    pub(super) settled_on: Option<NaiveDate>,
    /// Not there as long as nothing falls due with it.
    pub(super) gone: bool,
}

/// A day inside a period from which its interest follows another balance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    pub(super) on: NaiveDate,
    /// Interest of the period up to then.
    pub(super) accrued: Amount,
    /// What of it bears interest in the rest of the period (LENDING.md §3, spans).
    pub(super) bears: Amount,
    pub(super) balance: Amount,
    /// More was released, as a plan that knew of it would have it.
    pub(super) is_release: bool,
}

impl Cut {
    /// Where what accrued before was paid first, or falls due with the row: it bears nothing.
    pub(super) fn settling(on: NaiveDate, accrued: Amount, balance: Amount) -> Self {
        Self { on, accrued, bears: accrued.minus(accrued), balance, is_release: false }
    }
}

/// How far late charges have come.
#[derive(Debug, Clone, Copy)]
pub(super) struct LateState {
    /// The stretch with one open base began then.
    pub(super) since: NaiveDate,
    /// What `due.late_interest` holds of that stretch.
    pub(super) stretch: Amount,
    pub(super) fined: bool,
    /// Plan periods begun since the due date whose interest was charged (`contract_interest: period`).
    pub(super) periods: usize,
}

impl LiveRow {
    pub(super) fn new(
        id: u32,
        contract: usize,
        period: Option<usize>,
        dates: [NaiveDate; 3],
        calendar: &Calendar,
    ) -> Self {
        let [from, to, due_on] = dates;
        Self {
            id,
            contract,
            period,
            from,
            to,
            due_on,
            on_time_until: calendar.following(due_on),
            due: Components::NOTHING,
            paid: Components::NOTHING,
            waived: Components::NOTHING,
            tax: Amount::ZERO,
            capitalized: Amount::ZERO,
            earns: None,
            base: Amount::ZERO,
            ahead: Amount::ZERO,
            interest_ahead: Amount::ZERO,
            capital_ahead: Amount::ZERO,
            counted: false,
            cut: None,
            late: LateState { since: due_on, stretch: Amount::ZERO, fined: false, periods: 0 },
            charges: Vec::new(),
            paid_in_advance: Amount::ZERO,
            paid_late: Amount::ZERO,
            settled_on: None,
            gone: false,
        }
    }

    #[inline]
    pub(super) fn open_of(&self, component: Component) -> Amount {
        let (due, paid, waived) =
            (self.due.of(component), self.paid.of(component), self.waived.of(component));
        // Most parts of most rows are nothing, and comparing is cheaper than subtracting.
        if due == paid && waived.is_zero() {
            return Amount::ZERO;
        }
        due.minus(paid).minus(waived)
    }

    pub(super) fn open(&self) -> Components {
        let mut open = Components::NOTHING;
        for component in Component::ALL {
            *open.of_mut(component) = self.open_of(component);
        }
        open
    }

    pub(super) fn is_settled(&self) -> bool {
        Component::ALL.into_iter().all(|component| self.open_of(component).is_zero())
    }

    /// Nothing falls due with it, and nothing was ever paid of it.
    pub(super) fn is_nothing(&self) -> bool {
        self.due.is_nothing()
            && self.paid.is_nothing()
            && self.capitalized.is_zero()
            && self.settled_on.is_none()
    }

    /// Whether the interest of its period does not fall due with it.
    pub(super) fn is_in_grace(&self, contract: &Contract) -> bool {
        self.period.is_some_and(|period| period < contract.terms.grace.interest as usize)
    }

    /// Whether its period bears no interest at all.
    pub(super) fn is_free(&self, contract: &Contract) -> bool {
        contract.terms.grace.mode == GraceMode::Free && self.earns.is_some() && self.is_in_grace(contract)
    }

    /// Open principal, interest and fees: what late charges look at.
    pub(super) fn overdue_base(&self) -> Amount {
        [Component::Principal, Component::Interest, Component::Fee]
            .into_iter()
            .map(|component| self.open_of(component))
            .sum()
    }

    /// Whether `day` is late for it, after so many days of grace.
    pub(super) fn is_late(&self, day: NaiveDate, grace_days: u32) -> bool {
        day > self.on_time_until
            && self
                .on_time_until
                .checked_add_days(Days::new(u64::from(grace_days)))
                .is_some_and(|tolerated| day > tolerated)
    }
}
