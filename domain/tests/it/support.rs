//! Given, when, then; and a loan to tell stories about.

use std::fmt::Debug;
use std::sync::Arc;

use chrono::NaiveDate;
use domain::component::Components;
use domain::decider::{Decider, DecisionDay, Undecided};
use domain::id::{BorrowerId, ChargeId, DisbursementId, PaymentId, TransactionId};
use domain::journal::{JournalLine, Side, loan_postings};
use domain::loan::command::{
    AddCharge, AddedCharge, Apply, Approve, ChargeBack, Close, CreditKind, Disburse, Early, GrantCredit,
    RecordRecovery, RecordRepayment, Refund, Restructure, RestructureLoan, Reverse, SettleEarly, WaiveCharge,
    WriteOffLoan,
};
use domain::loan::history::LoanHistory;
use domain::loan::{Loan, LoanCommand, LoanRefusal};
use domain::terms::Excess;
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
}

pub(crate) struct When<D: Decider>(Result<Vec<D::Event>, D::Refusal>);

pub(crate) fn given<D: Decider>(events: impl IntoIterator<Item = D::Event>) -> Given<D> {
    let mut given = Given { state: D::default(), history: D::History::default(), events: Vec::new() };
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

    /// Decides as the store does: without the history first, with it where it is needed.
    pub(crate) fn decide(&self, command: &D::Command) -> Result<Vec<D::Event>, D::Refusal> {
        self.decide_on(command, DecisionDay::open(day(TODAY)))
    }

    pub(crate) fn decide_on(
        &self,
        command: &D::Command,
        today: DecisionDay,
    ) -> Result<Vec<D::Event>, D::Refusal> {
        let decided = match self.state.decide(None, command, today) {
            Err(Undecided::NeedsHistory) => self.state.decide(Some(&self.history), command, today),
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

    /// When this is asked while the books are closed through a day.
    pub(crate) fn when_closed_through(self, closed_through: &str, command: &D::Command) -> When<D> {
        When(self.decide_on(command, closed(closed_through)))
    }

    /// And this was accepted while the books were closed through a day.
    pub(crate) fn and_closed_through(mut self, closed_through: &str, command: &D::Command) -> Self
    where
        D::Refusal: Debug,
    {
        for event in self.decide_on(command, closed(closed_through)).expect("the command is accepted") {
            self.happened(event);
        }
        self
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

fn closed(through: &str) -> DecisionDay {
    DecisionDay { today: day(TODAY), closed_through: Some(day(through)) }
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
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

pub(crate) fn disburse_more(number: u128, on: &str, amount: &str) -> LoanCommand {
    let disbursement_id = DisbursementId::new(Uuid::from_u128(number));
    LoanCommand::Disburse(Disburse { disbursement_id, on: day(on), amount: Some(decimal(amount)) })
}

pub(crate) fn pay(number: u128, on: &str, amount: &str) -> LoanCommand {
    LoanCommand::RecordRepayment(repayment(number, on, amount))
}

pub(crate) fn anticipate(number: u128, on: &str, amount: &str) -> LoanCommand {
    let early = Early::Anticipation;
    LoanCommand::RecordRepayment(RecordRepayment { early, ..repayment(number, on, amount) })
}

pub(crate) fn pay_with(number: u128, on: &str, amount: &str, excess: Excess) -> LoanCommand {
    let excess = Some(excess);
    LoanCommand::RecordRepayment(RecordRepayment { excess, ..repayment(number, on, amount) })
}

fn repayment(number: u128, on: &str, amount: &str) -> RecordRepayment {
    RecordRepayment {
        repayment_id: payment(number),
        on: day(on),
        amount: decimal(amount),
        external_id: None,
        early: Early::Installment,
        excess: None,
    }
}

pub(crate) fn settle(number: u128, on: &str, amount: &str) -> LoanCommand {
    let (repayment_id, on, amount) = (payment(number), day(on), decimal(amount));
    LoanCommand::SettleEarly(SettleEarly { repayment_id, on, amount, external_id: None })
}

pub(crate) fn reverse(number: u128, on: &str) -> LoanCommand {
    LoanCommand::ReverseRepayment(undo(number, on))
}

pub(crate) fn reverse_credit(number: u128, on: &str) -> LoanCommand {
    LoanCommand::ReverseCredit(undo(number, on))
}

pub(crate) fn reverse_recovery(number: u128, on: &str) -> LoanCommand {
    LoanCommand::ReverseRecovery(undo(number, on))
}

fn undo(number: u128, on: &str) -> Reverse {
    Reverse { payment_id: payment(number), on: day(on), reason: "the Pix bounced".to_owned() }
}

pub(crate) fn credit(number: u128, on: &str, amount: &str, kind: CreditKind) -> LoanCommand {
    let (credit_id, on, amount) = (payment(number), day(on), decimal(amount));
    let reason = "customer care".to_owned();
    LoanCommand::GrantCredit(GrantCredit { credit_id, on, amount, kind, reason })
}

pub(crate) fn recover(number: u128, on: &str, amount: &str) -> LoanCommand {
    let (recovery_id, on, amount) = (payment(number), day(on), decimal(amount));
    LoanCommand::RecordRecovery(RecordRecovery { recovery_id, on, amount, external_id: None })
}

pub(crate) fn charge_back(number: u128, on: &str, amount: Option<&str>) -> LoanCommand {
    LoanCommand::ChargeBack(ChargeBack {
        chargeback_id: TransactionId::new(Uuid::from_u128(number + 1_000_000)),
        repayment_id: payment(number),
        on: day(on),
        amount: amount.map(decimal),
        reason: "disputed".to_owned(),
    })
}

pub(crate) fn refund(number: u128, on: &str, amount: &str) -> LoanCommand {
    let refund_id = TransactionId::new(Uuid::from_u128(number));
    LoanCommand::Refund(Refund { refund_id, on: day(on), amount: decimal(amount) })
}

pub(crate) fn write_off(on: &str) -> LoanCommand {
    LoanCommand::WriteOff(WriteOffLoan { on: day(on), reason: "not recoverable".to_owned() })
}

pub(crate) fn reverse_write_off(on: &str) -> LoanCommand {
    LoanCommand::ReverseWriteOff(WriteOffLoan { on: day(on), reason: "entered by mistake".to_owned() })
}

pub(crate) fn restructure(on: &str, restructure: Restructure) -> LoanCommand {
    LoanCommand::Restructure(RestructureLoan {
        restructure_id: TransactionId::new(Uuid::from_u128(77)),
        on: day(on),
        restructure,
        reason: "renegotiated".to_owned(),
    })
}

pub(crate) fn charge(number: u128, kind: AddedCharge, due_on: &str, amount: &str) -> LoanCommand {
    let charge_id = ChargeId::new(Uuid::from_u128(number));
    LoanCommand::AddCharge(AddCharge { charge_id, kind, amount: decimal(amount), due_on: day(due_on) })
}

pub(crate) fn waive(number: u128, on: &str, amount: Option<&str>) -> LoanCommand {
    LoanCommand::WaiveCharge(WaiveCharge {
        waiver_id: TransactionId::new(Uuid::from_u128(number + 2_000_000)),
        charge_id: ChargeId::new(Uuid::from_u128(number)),
        on: day(on),
        amount: amount.map(decimal),
        reason: "commercial decision".to_owned(),
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
        loan.rows.iter().map(|row| in_words(row.state.paid, Amount::ZERO)).collect()
    }

    /// What is due of each installment, as lines.
    pub(crate) fn due(&self) -> Vec<String> {
        let Loan::Disbursed(loan) = &self.state else { panic!("not disbursed") };
        let rows = loan.rows.iter().map(|row| row.state);
        rows.map(|row| format!("{} {}", row.due_on, in_words(row.due.minus(row.waived), Amount::ZERO)))
            .collect()
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

pub(crate) fn in_the_future(on: &str) -> LoanRefusal {
    LoanRefusal::FutureDate { on: day(on), today: day(TODAY) }
}
