//! Given, when, then; and a loan to tell stories about.

use std::fmt::Debug;
use std::sync::Arc;

use chrono::NaiveDate;
use domain::component::Components;
use domain::decider::{Decider, DecisionDay, Undecided};
use domain::id::{BorrowerId, ChargeId, DisbursementId, PaymentId};
use domain::journal::{JournalLine, Side, loan_postings};
use domain::loan::command::{
    AddCharge, Apply, Approve, Close, Disburse, RecordRepayment, ReverseRepayment, SettleEarly,
};
use domain::loan::history::LoanHistory;
use domain::loan::{Loan, LoanCommand, LoanRefusal};
use domain::{Amount, Terms, TermsRequest};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use uuid::Uuid;

pub(crate) const TODAY: &str = "2026-12-31";

/// A stream that has these events.
#[derive(Debug, Clone)]
pub(crate) struct Given<D: Decider> {
    pub(crate) state: D,
    pub(crate) history: D::History,
    pub(crate) events: Vec<D::Event>,
    /// Up to when the books are closed.
    closed_through: Option<NaiveDate>,
}

pub(crate) struct When<D: Decider>(Result<Vec<D::Event>, D::Refusal>);

pub(crate) fn given<D: Decider>(events: impl IntoIterator<Item = D::Event>) -> Given<D> {
    let (state, history) = (D::default(), D::History::default());
    let mut given = Given { state, history, events: Vec::new(), closed_through: None };
    for event in events {
        given.happened(event);
    }
    given
}

impl<D: Decider> Given<D> {
    pub(crate) fn happened(&mut self, event: D::Event) {
        self.state.apply(&event);
        D::record(&mut self.history, &event);
        self.events.push(event);
    }

    /// And the books are closed up to this day.
    pub(crate) fn closed_through(mut self, closed: &str) -> Self {
        self.closed_through = Some(day(closed));
        self
    }

    fn day(&self) -> DecisionDay {
        DecisionDay { closed_through: self.closed_through, ..open_day() }
    }

    /// Decides as the store does: without the history first, with it where it is needed.
    pub(crate) fn decide(&self, command: &D::Command) -> Result<Vec<D::Event>, D::Refusal> {
        let decided = match self.state.decide(None, command, self.day()) {
            Err(Undecided::NeedsHistory) => self.state.decide(Some(&self.history), command, self.day()),
            decided => decided,
        };
        decided.map_err(|undecided| match undecided {
            Undecided::Refused(refusal) => refusal,
            Undecided::NeedsHistory => panic!("the history was given"),
        })
    }

    pub(crate) fn when(self, command: &D::Command) -> When<D> {
        When(self.decide(command))
    }

    /// And this was accepted.
    pub(crate) fn and(mut self, command: &D::Command) -> Self
    where
        D::Refusal: Debug,
    {
        for event in self.decide(command).expect("the command is accepted") {
            self.happened(event);
        }
        self
    }
}

impl<D: Decider> When<D>
where
    D::Refusal: Debug + PartialEq,
{
    pub(crate) fn then(self, expected: impl IntoIterator<Item = D::Event>) {
        assert_eq!(self.0.expect("accepted"), expected.into_iter().collect::<Vec<_>>());
    }

    pub(crate) fn accepted(self) -> D::Event {
        let mut events = self.0.expect("accepted");
        assert_eq!(events.len(), 1);
        events.remove(0)
    }

    pub(crate) fn refused(self, expected: &D::Refusal) {
        assert_eq!(&self.0.expect_err("refused"), expected);
    }

    /// The refusal in the words that a caller reads.
    pub(crate) fn refused_in_words(self, expected: &str) {
        assert_eq!(self.0.expect_err("refused").to_string(), expected);
    }
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// Today, with all of the books open.
pub(crate) fn open_day() -> DecisionDay {
    DecisionDay::open(day(TODAY))
}

pub(crate) fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

pub(crate) fn brl(text: &str) -> Amount {
    domain::Currency::Brl.try_amount(decimal(text)).expect("an amount")
}

pub(crate) fn payment(number: u128) -> PaymentId {
    PaymentId::new(Uuid::from_u128(number))
}

/// Terms from a contract's JSON.
pub(crate) fn terms(request: Value) -> Arc<Terms> {
    let request: TermsRequest = serde_json::from_value(request).expect("terms in the contract's form");
    Arc::new(request.check().expect("acceptable terms"))
}

/// BRL 1,200.00 in four installments of 300.00 principal and 24.00, 18.00, 12.00 and 6.00 interest.
pub(crate) fn four_installments() -> Value {
    json!({
        "principal": "1200.00", "currency": "BRL", "method": "sac",
        "rate": {"value": "0.02", "per": "month", "compounding": "nominal"}, "day_count": "30/360",
        "installments": 4, "every": {"months": 1}
    })
}

pub(crate) fn apply_for(request: Value) -> LoanCommand {
    LoanCommand::Apply(Apply {
        borrower_id: BorrowerId::new(Uuid::from_u128(7)),
        external_id: None,
        product: None,
        terms: terms(request),
        metadata: Map::new(),
    })
}

pub(crate) fn approve(on: &str) -> LoanCommand {
    LoanCommand::Approve(Approve { on: day(on), reason: None })
}

pub(crate) fn reject(on: &str) -> LoanCommand {
    LoanCommand::Reject(Close { on: day(on), reason: None })
}

pub(crate) fn withdraw(on: &str) -> LoanCommand {
    LoanCommand::Withdraw(Close { on: day(on), reason: None })
}

pub(crate) fn disburse(on: &str) -> LoanCommand {
    disburse_part(on, None)
}

pub(crate) fn disburse_part(on: &str, amount: Option<&str>) -> LoanCommand {
    let disbursement_id = DisbursementId::new(Uuid::from_u128(1));
    LoanCommand::Disburse(Disburse { disbursement_id, on: day(on), amount: amount.map(decimal) })
}

pub(crate) fn pay(number: u128, on: &str, amount: &str) -> LoanCommand {
    let (repayment_id, on, amount) = (payment(number), day(on), decimal(amount));
    LoanCommand::RecordRepayment(RecordRepayment { repayment_id, on, amount, external_id: None })
}

pub(crate) fn settle(number: u128, on: &str, amount: &str) -> LoanCommand {
    let (repayment_id, on, amount) = (payment(number), day(on), decimal(amount));
    LoanCommand::SettleEarly(SettleEarly { repayment_id, on, amount })
}

pub(crate) fn reverse(number: u128, on: &str) -> LoanCommand {
    let reason = "the Pix bounced".to_owned();
    LoanCommand::ReverseRepayment(ReverseRepayment { repayment_id: payment(number), on: day(on), reason })
}

pub(crate) fn charge(number: u128, kind: &str, due_on: &str, amount: &str) -> LoanCommand {
    use domain::component::Component;
    LoanCommand::AddCharge(AddCharge {
        charge_id: ChargeId::new(Uuid::from_u128(number)),
        kind: kind.to_owned(),
        component: if kind == "penalty" { Component::Penalty } else { Component::Fee },
        amount: decimal(amount),
        due_on: day(due_on),
    })
}

/// A loan with these terms, disbursed on 15 January 2026.
pub(crate) fn disbursed(request: Value) -> Given<Loan> {
    given([]).and(&apply_for(request)).and(&approve("2026-01-10")).and(&disburse("2026-01-15"))
}

impl Given<Loan> {
    /// What is open of each component, and what is overpaid, as one line.
    pub(crate) fn stands(&self) -> String {
        let Loan::Disbursed(loan) = &self.state else { return format!("{:?}", self.state.status()) };
        let standing = &loan.standing;
        format!("{} {}", standing.status, in_words(standing.balances, standing.overpaid))
    }

    /// What was paid of each installment, as lines.
    pub(crate) fn paid(&self) -> Vec<String> {
        let Loan::Disbursed(loan) = &self.state else { panic!("not disbursed") };
        loan.rows.iter().map(|row| in_words(row.paid, Amount::ZERO)).collect()
    }

    pub(crate) fn history(&self) -> &LoanHistory {
        &self.history
    }

    /// The accounts of the whole stream: debits less credits.
    pub(crate) fn accounts(&self) -> Vec<String> {
        let postings = self.events.iter().flat_map(loan_postings);
        sums(postings.flat_map(|posting| posting.lines))
    }
}

pub(crate) fn sums(lines: impl Iterator<Item = JournalLine>) -> Vec<String> {
    let mut accounts = std::collections::BTreeMap::new();
    for line in lines {
        let sum = accounts.entry(line.account.to_string()).or_insert(Amount::ZERO);
        *sum = match line.side {
            Side::Debit => sum.plus(line.amount),
            Side::Credit => sum.minus(line.amount),
        };
    }
    let moved = accounts.into_iter().filter(|(_, sum)| !sum.is_zero());
    moved.map(|(account, sum)| format!("{account} {sum}")).collect()
}

pub(crate) fn in_words(components: Components, overpaid: Amount) -> String {
    let open = components.iter().filter(|(_, amount)| !amount.is_zero());
    let mut words: Vec<_> =
        open.map(|(component, amount)| format!("{} {amount}", component.name())).collect();
    if !overpaid.is_zero() {
        words.push(format!("overpaid {overpaid}"));
    }
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}

/// The refusal of a loan that is in this status.
pub(crate) fn not_active(status: domain::loan::Status, verb: &'static str) -> LoanRefusal {
    LoanRefusal::NotActive { status, verb }
}
