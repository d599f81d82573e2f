//! One installment while it is served.

use std::rc::Rc;

use chrono::NaiveDate;

use crate::fractions::{Fraction, zero};
use crate::history::Fact;
use crate::parts::{FEE, INTEREST, PARTS, PRINCIPAL, Parts};
use crate::timeline::Timeline;

#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// The plan that it belongs to and its period there; a row of its own has none.
    pub(crate) line: Rc<Timeline>,
    pub(crate) period: Option<usize>,
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
    pub(crate) due_on: NaiveDate,
    pub(crate) due: Parts,
    pub(crate) paid: Parts,
    pub(crate) waived: Parts,
    pub(crate) tax: Fraction,
    pub(crate) charges: Vec<HandCharge>,
    pub(crate) capitalized: Fraction,
    /// What its period earns, where that is not the interest that falls due with it (grace).
    pub(crate) earns: Option<Fraction>,
    /// A of the row, or its part of principal, if it is drawn again.
    pub(crate) level: Fraction,
    /// Principal with which it begins, or began when last drawn inside its period.
    pub(crate) begins_with: Fraction,
    /// Inside its period: since when it is drawn anew, and the interest to that day.
    pub(crate) drawn_on: NaiveDate,
    pub(crate) accrued: Fraction,
    /// What of that bears interest in the rest of the period, and whether only releases cut it.
    pub(crate) bears: Fraction,
    pub(crate) is_redrawn: bool,
    /// What a settlement left in it for good: what is drawn later comes on top.
    pub(crate) fixed: Parts,
    /// As much of what is capitalized.
    pub(crate) fixed_capital: Fraction,
    /// Of its principal: joined by facts, not by the plan.
    pub(crate) joined: Fraction,
    pub(crate) in_advance: Fraction,
    pub(crate) late: Fraction,
    pub(crate) settled_on: Option<NaiveDate>,
    pub(crate) fined: bool,
    pub(crate) stretch: Stretch,
    pub(crate) periods_charged: usize,
}

/// The days with one open base for which late interest is being charged, and what those before came to.
#[derive(Debug, Clone)]
pub(crate) struct Stretch {
    pub(crate) from: NaiveDate,
    pub(crate) base: Option<[Fraction; 3]>,
    pub(crate) before: Fraction,
}

/// A charge entered by hand, or principal that joined (chargeback), which payments recorded before it on its
/// own day do not see.
#[derive(Debug, Clone)]
pub(crate) struct HandCharge {
    pub(crate) id: String,
    pub(crate) fact: usize,
    pub(crate) part: usize,
    pub(crate) amount: Fraction,
    pub(crate) due_on: NaiveDate,
    pub(crate) paid: Fraction,
    pub(crate) waived: Fraction,
}

impl HandCharge {
    /// A fee; the part is for the caller to say.
    pub(crate) fn new(fact: &Fact, at: usize, amount: &Fraction) -> Self {
        Self {
            id: fact.id.clone(),
            fact: at,
            part: FEE,
            amount: amount.clone(),
            due_on: fact.on,
            paid: zero(),
            waived: zero(),
        }
    }

    pub(crate) fn open(&self) -> Fraction {
        &self.amount - &self.paid - &self.waived
    }

    /// What is open of it as a charge of its own.
    pub(crate) fn remaining(&self) -> Self {
        Self { amount: self.open(), paid: zero(), waived: zero(), ..self.clone() }
    }
}

impl Row {
    pub(crate) fn blank(line: &Rc<Timeline>, period: Option<usize>, dates: [NaiveDate; 3]) -> Self {
        let [from, to, due_on] = dates;
        Self {
            line: Rc::clone(line),
            period,
            from,
            to,
            due_on,
            due: Parts::nothing(),
            paid: Parts::nothing(),
            waived: Parts::nothing(),
            tax: zero(),
            charges: Vec::new(),
            capitalized: zero(),
            earns: None,
            level: zero(),
            begins_with: zero(),
            drawn_on: from,
            accrued: zero(),
            bears: zero(),
            is_redrawn: false,
            fixed: Parts::nothing(),
            fixed_capital: zero(),
            joined: zero(),
            in_advance: zero(),
            late: zero(),
            settled_on: None,
            fined: false,
            stretch: Stretch { from: due_on, base: None, before: zero() },
            periods_charged: 0,
        }
    }

    pub(crate) fn open(&self, part: usize) -> Fraction {
        &self.due[part] - &self.paid[part] - &self.waived[part]
    }

    pub(crate) fn open_parts(&self) -> Parts {
        self.due.minus(&self.paid).minus(&self.waived)
    }

    pub(crate) fn open_total(&self) -> Fraction {
        self.open_parts().total()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open_total().is_positive()
    }

    /// Whether it stays as it is when rows are drawn again: its interest and the principal of the plan are paid, and it
    /// is none in grace, with which nothing falls due before what it defers is paid.
    pub(crate) fn is_done(&self, deferred_is_paid: bool) -> bool {
        let is_paid = self.open(INTEREST) == zero() && self.open(PRINCIPAL) == self.joined_open();
        is_paid && (self.earns.is_none() || !self.is_in_grace() || deferred_is_paid)
    }

    /// What a fact does not see: charges of its own day that were recorded after it.
    pub(crate) fn hidden(&self, part: usize, (on, fact): (NaiveDate, usize)) -> Fraction {
        let hidden = self.charges.iter().filter(|x| x.part == part && x.due_on == on && x.fact > fact);
        hidden.map(HandCharge::open).sum::<Fraction>().min(self.open(part))
    }

    /// Joins an amount to a part; it is a charge of that part, or principal.
    pub(crate) fn join(&mut self, charge: HandCharge) {
        self.due[charge.part] += &charge.amount;
        if charge.part == PRINCIPAL {
            self.joined += &charge.amount;
        }
        self.charges.push(charge);
        self.charges.sort_by_key(|charge| (charge.due_on, charge.fact));
        self.settled_on = None;
    }

    /// Books a payment of a part: the charges entered by hand first, the oldest of them first.
    pub(crate) fn pay(&mut self, part: usize, amount: &Fraction, seen_by: (NaiveDate, usize)) {
        self.paid[part] += amount;
        let mut left = amount.clone();
        for charge in &mut self.charges {
            let is_hidden = charge.due_on == seen_by.0 && charge.fact > seen_by.1;
            if charge.part == part && !is_hidden && part != PRINCIPAL {
                let share = left.clone().min(charge.open());
                charge.paid += &share;
                left -= share;
            }
        }
    }

    /// Open amounts of the charges entered by hand that fall due by a day.
    pub(crate) fn charges_open(&self, by: NaiveDate, part: usize, seen_by: (NaiveDate, usize)) -> Fraction {
        let hidden = |x: &HandCharge| x.due_on == seen_by.0 && x.fact > seen_by.1;
        let due = self.charges.iter().filter(|x| x.part == part && x.due_on <= by && !hidden(x));
        due.filter(|x| x.part != PRINCIPAL).map(HandCharge::open).sum()
    }

    /// Of its open principal, what joins it only after a fact.
    pub(crate) fn joins_later(&self, seer: (NaiveDate, usize)) -> Fraction {
        let joins = self.charges.iter().filter(|x| x.part == PRINCIPAL && (x.due_on, x.fact) > seer);
        joins.map(|x| &x.amount).sum::<Fraction>().min(self.open(PRINCIPAL))
    }

    /// Interest that joins the principal with it, after a day.
    pub(crate) fn capitalizes_after(&self, day: NaiveDate) -> Fraction {
        if self.due_on > day { self.capitalized.clone() } else { zero() }
    }

    /// Of its open principal, what facts joined to it: it is paid after the principal of the plan.
    pub(crate) fn joined_open(&self) -> Fraction {
        self.joined.clone().min(self.open(PRINCIPAL))
    }

    /// The interest of its whole period.
    pub(crate) fn earned(&self) -> Fraction {
        self.earns.clone().unwrap_or_else(|| self.due[INTEREST].clone())
    }

    /// Interest of its period up to a day in it, on a balance since it was last cut.
    pub(crate) fn interest_on(&self, balance: &Fraction, day: NaiveDate) -> Fraction {
        let since = self.drawn_on.max(self.from);
        if self.is_free() || day <= since {
            return self.accrued.clone();
        }
        &self.accrued + self.line.terms.show(&((balance + &self.bears) * self.line.factor(since, day)))
    }

    /// Cuts its period on a day, from which interest runs on another balance; with effective compounding also on the
    /// interest before (§3).
    pub(crate) fn cut(&mut self, on: NaiveDate, more: &Fraction) {
        let accrued = self.interest_on(&self.begins_with, on);
        self.bears = if self.line.terms.rate.effective { accrued.clone() } else { zero() };
        self.accrued = accrued;
        self.begins_with += more;
        self.drawn_on = on;
    }

    /// Whether its period bears no interest at all.
    pub(crate) fn is_free(&self) -> bool {
        let terms = &self.line.terms;
        self.earns.is_some() && terms.grace_mode == "free" && self.is_in_grace()
    }

    pub(crate) fn is_in_grace(&self) -> bool {
        self.period.is_some_and(|k| k < self.line.terms.grace_interest)
    }

    /// Whether a payment on the day is late: after the due date moved to a business day.
    pub(crate) fn is_late(&self, day: NaiveDate) -> bool {
        day > self.line.terms.calendar.following(self.due_on)
    }

    /// Nothing of the plan is left in it, but for what is drawn from fees that nobody owes any more.
    pub(crate) fn is_void(&self) -> bool {
        let parts = (0..PARTS.len()).filter(|part| *part != FEE);
        self.charges.is_empty()
            && self.paid.total() == zero()
            && parts.map(|part| &self.due[part]).sum::<Fraction>() == zero()
    }
}
