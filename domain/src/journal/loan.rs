//! The journal lines of a loan's events.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{
    Account, CASH, CREDIT_LOSSES, CREDITS, DEFERRED_INCOME, FEE_INCOME, GOODWILL, INTEREST_INCOME, IOF,
    JournalLine, LATE_FEE_INCOME, LATE_INTEREST_INCOME, LOAN_PRINCIPAL, OVERPAYMENTS, PENALTY_INCOME,
    Posting, RECOVERIES, Side,
};
use crate::component::{Component, Components};
use crate::iof::IofCollection;
use crate::loan::event::{Disbursed, DisbursementTax, Effect, Share};
use crate::loan::facts::CreditKind;
use crate::loan::{LoanEvent, Status};
use crate::{Amount, Currency};

/// The postings of a loan's event, by booking date: each balances. None where the event moves no money.
///
/// The event's own lines are booked on its value date, or on the first open day where that lies in a closed period. A
/// fact that it moved is corrected on that fact's date, or on the event's booking date where that is later: so nothing
/// is booked in a closed period, and every correction stands with its cause.
pub fn loan_postings(event: &LoanEvent) -> Vec<Posting> {
    let (Some(outcome), Some((_, booked_on)), Some(currency)) =
        (event.outcome(), event.days(), event.currency())
    else {
        return Vec::new();
    };
    let mut book = Book::default();
    let own = book.on(booked_on);
    own.itself(event);
    let is_off = outcome.standing.status == Status::WrittenOff;
    if let Some(effect) = event.effect() {
        // What kept credit paid of a loan that is written off, before some of it went back, was a recovery too.
        let gives_back = matches!(event, LoanEvent::OverpaymentRefunded(_)) && is_off;
        own.count(effect, Books::of(gives_back || matches!(event, LoanEvent::RecoveryRecorded(_))));
    }
    own.debit(&LOAN_PRINCIPAL, outcome.principal_added);
    own.receive(outcome.by_time.allocation, Books::On, |amount| amount);
    own.credit(&OVERPAYMENTS, outcome.by_time.overpaid);
    own.credit(&CREDITS, outcome.by_time.credit);
    own.credit(&DEFERRED_INCOME, outcome.deferred);
    own.credit(&IOF, outcome.tax);
    own.debit(&FEE_INCOME, outcome.tax);
    own.credit(&IOF, outcome.financed_tax);
    for moved in &outcome.rederived {
        let sums = book.on(moved.on.max(booked_on));
        if let Some(before) = &moved.before {
            sums.undo(before, Books::of(moved.written_off_before));
        }
        if let Some(after) = &moved.after {
            sums.count(after, Books::of(moved.written_off_after));
        }
    }
    let is_of_a_write_off = matches!(event, LoanEvent::WrittenOff(_) | LoanEvent::WriteOffReversed(_));
    let against = if is_of_a_write_off || is_off { &CREDIT_LOSSES } else { &INTEREST_INCOME };
    book.postings(currency, against)
}

/// The account that is credited when a component is received of a loan that is on the books.
pub fn account_of(component: Component) -> &'static Account {
    match component {
        Component::LateFee => &LATE_FEE_INCOME,
        Component::LateInterest => &LATE_INTEREST_INCOME,
        Component::Penalty => &PENALTY_INCOME,
        Component::Fee => &FEE_INCOME,
        Component::Interest => &INTEREST_INCOME,
        Component::Principal => &LOAN_PRINCIPAL,
    }
}

fn account_of_credit(kind: CreditKind) -> &'static Account {
    match kind {
        CreditKind::Goodwill => &GOODWILL,
        CreditKind::InterestWaiver => &INTEREST_INCOME,
    }
}

/// Whether the loan is on the books when a fact comes: what is received of one that was written off is a recovery.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Books {
    On,
    Off,
}

impl Books {
    const fn of(is_written_off: bool) -> Self {
        if is_written_off { Self::Off } else { Self::On }
    }
}

/// What one event books on each day.
#[derive(Default)]
struct Book(BTreeMap<NaiveDate, Sums>);

/// What is debited (above zero) or credited (below) of each account, net.
#[derive(Default)]
struct Sums(BTreeMap<&'static str, Amount>);

impl Book {
    fn on(&mut self, day: NaiveDate) -> &mut Sums {
        self.0.entry(day).or_default()
    }

    /// What income became principal, or was received as principal, is left over on its day: it is booked `against`.
    fn postings(self, currency: Currency, against: &'static Account) -> Vec<Posting> {
        let postings = self.0.into_iter().map(|(booked_on, mut sums)| {
            sums.balance(against);
            Posting { booked_on, lines: sums.lines(currency) }
        });
        postings.filter(|posting| !posting.lines.is_empty()).collect()
    }
}

impl Sums {
    /// Where the money of an event comes from or goes to.
    fn itself(&mut self, event: &LoanEvent) {
        match event {
            LoanEvent::Disbursed(event) => self.disburse(event),
            LoanEvent::RepaymentRecorded(event) => self.debit(&CASH, event.amount),
            LoanEvent::SettledEarly(event) => self.debit(&CASH, event.amount),
            LoanEvent::RecoveryRecorded(event) => self.debit(&CASH, event.amount),
            LoanEvent::CreditGranted(event) => self.debit(account_of_credit(event.kind), event.amount),
            LoanEvent::RepaymentChargedBack(event) => self.credit(&CASH, event.amount),
            LoanEvent::OverpaymentRefunded(event) => self.credit(&CASH, event.amount),
            LoanEvent::RepaymentReversed(event)
            | LoanEvent::CreditReversed(event)
            | LoanEvent::RecoveryReversed(event) => {
                self.credit(event.credit.map_or(&CASH, account_of_credit), event.amount);
                self.undo(&event.undone, Books::of(event.written_off_before));
            }
            // No money goes out from which a tax could be kept back.
            LoanEvent::Restructured(event) => self.tax(event.tax, false),
            LoanEvent::WriteOffReversed(event) => self.undo(&event.undone, Books::On),
            // Neither what is charged nor what is waived moves money, and what is written off is in the effect.
            LoanEvent::ChargeAdded(_)
            | LoanEvent::ChargeWaived(_)
            | LoanEvent::WrittenOff(_)
            | LoanEvent::Applied(_)
            | LoanEvent::Approved(_)
            | LoanEvent::Rejected(_)
            | LoanEvent::Withdrawn(_) => {}
        }
    }

    fn disburse(&mut self, event: &Disbursed) {
        self.credit(&CASH, event.released);
        self.credit(&FEE_INCOME, event.fees);
        self.tax(event.tax, true);
    }

    /// The state's, whether it joined the principal, was kept back, or was paid apart.
    fn tax(&mut self, tax: Option<DisbursementTax>, is_kept_back: bool) {
        let Some(tax) = tax else { return };
        match tax.collected {
            IofCollection::Financed => self.credit(&IOF, tax.amount),
            IofCollection::Withheld if is_kept_back => self.credit(&IOF, tax.amount),
            IofCollection::Withheld | IofCollection::Cash => {
                self.debit(&CASH, tax.amount);
                self.credit(&IOF, tax.amount);
            }
            // It is in the fees of the installments, and owed to the state as they are received.
            IofCollection::Installment => {}
        }
    }

    fn count(&mut self, effect: &Effect, books: Books) {
        self.add(effect, books, |amount| amount);
    }

    fn undo(&mut self, effect: &Effect, books: Books) {
        self.add(effect, books, Amount::negated);
    }

    fn add(&mut self, effect: &Effect, books: Books, signed: fn(Amount) -> Amount) {
        let received = |shares: &[Share]| {
            shares.iter().fold(Components::NOTHING, |sum, share| sum.plus(share.allocation))
        };
        let mut all = received(&effect.shares);
        for credit in &effect.applied {
            let applied = received(&credit.shares);
            self.debit(&CREDITS, signed(applied.total()));
            all = all.plus(applied);
        }
        self.receive(all, books, signed);
        self.credit(&OVERPAYMENTS, signed(effect.overpaid));
        self.credit(&CREDITS, signed(effect.credit));
        if let Some(write_off) = &effect.write_off {
            self.debit(&CREDIT_LOSSES, signed(write_off.open.principal));
            self.credit(&LOAN_PRINCIPAL, signed(write_off.open.principal));
        }
    }

    fn receive(&mut self, components: Components, books: Books, signed: fn(Amount) -> Amount) {
        for (component, amount) in components.iter() {
            self.credit(
                if books == Books::Off { &RECOVERIES } else { account_of(component) },
                signed(amount),
            );
        }
    }

    fn debit(&mut self, account: &'static Account, amount: Amount) {
        if !amount.is_zero() {
            let sum = self.0.entry(account.as_str()).or_insert(amount.minus(amount));
            *sum = sum.plus(amount);
        }
    }

    fn credit(&mut self, account: &'static Account, amount: Amount) {
        self.debit(account, amount.negated());
    }

    fn balance(&mut self, against: &'static Account) {
        let left: Amount = self.0.values().copied().sum();
        self.credit(against, left);
    }

    fn lines(self, currency: Currency) -> Vec<JournalLine> {
        let moved = self.0.into_iter().filter(|(_, sum)| !sum.is_zero());
        moved
            .map(|(account, sum)| JournalLine {
                account: Account(Cow::Borrowed(account)),
                side: if sum.is_negative() { Side::Credit } else { Side::Debit },
                amount: sum.abs(),
                currency,
            })
            .collect()
    }
}
