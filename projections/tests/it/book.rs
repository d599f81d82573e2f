//! A book of loans and entries for the tests: every event as it was decided, appended to the log as they are.

use std::sync::Arc;

use chrono::{Days, Months, NaiveDate};
use domain::Currency;
use domain::day_close::{self, BookAccruals, CloseDay, DayClose, DayCloseCommand, LoanAccrual};
use domain::decider::{Decider, DecisionDay};
use domain::entry::{Entry, EntryCommand, EntryEvent, Post, PostLine, Reverse};
use domain::id::{BorrowerId, ChargeId, DisbursementId, LoanId, PaymentId};
use domain::journal::{Account, Side};
use domain::loan::command::{
    AddCharge, AddedCharge, Apply, Approve, Close, Disburse, Early, ProductTaken, RecordRepayment,
    Reverse as ReversePayment, SettleEarly,
};
use domain::loan::{Loan, LoanCommand, LoanEvent, LoanHistory, Unreceived};
use domain::period::{self, Change, Month, PeriodCommand, Periods};
use domain::product::{Define, Offer, Product, ProductCommand, Retire};
use domain::staff::Staff;
use domain::terms::TermsRequest;
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::PgPool;
use uuid::Uuid;

/// The terms that every loan here is asked for on.
const TERMS: &str = include_str!("terms.json");

const APPEND: &str = include_str!("append.sql");

/// Events in the order in which they are to be recorded.
#[derive(Default)]
pub(crate) struct Book {
    stream_types: Vec<&'static str>,
    stream_ids: Vec<String>,
    sequences: Vec<i64>,
    event_types: Vec<&'static str>,
    payloads: Vec<String>,
}

/// A loan that is being written.
pub(crate) struct Borrowing {
    pub(crate) id: Uuid,
    pub(crate) loan: Loan,
    history: LoanHistory,
    version: i64,
    ids: u128,
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

pub(crate) fn decimal(text: &str) -> Decimal {
    text.parse().expect("a number")
}

impl Book {
    pub(crate) fn len(&self) -> usize {
        self.payloads.len()
    }

    /// The same events, so many at a time.
    pub(crate) fn in_pieces_of(self, events: usize) -> Vec<Self> {
        let mut rest = self;
        let mut pieces = Vec::new();
        while rest.len() > events {
            let later = rest.split_off(events);
            pieces.push(std::mem::replace(&mut rest, later));
        }
        pieces.push(rest);
        pieces
    }

    /// What `varied` adds to the first so many loans.
    pub(crate) fn after(mut self, loans: u128) -> Self {
        let events = varied(loans).len();
        self.split_off(events)
    }

    pub(crate) fn split_off(&mut self, events: usize) -> Self {
        Self {
            stream_types: self.stream_types.split_off(events),
            stream_ids: self.stream_ids.split_off(events),
            sequences: self.sequences.split_off(events),
            event_types: self.event_types.split_off(events),
            payloads: self.payloads.split_off(events),
        }
    }

    /// Appends all of it and begins anew.
    pub(crate) async fn append(&mut self, pool: &PgPool) {
        let book = std::mem::take(self);
        sqlx::query(APPEND)
            .bind(book.stream_types)
            .bind(book.stream_ids)
            .bind(book.sequences)
            .bind(book.event_types)
            .bind(book.payloads)
            .execute(pool)
            .await
            .expect("the events are appended");
    }

    /// A loan that was applied for.
    pub(crate) fn apply(&mut self, id: Uuid, product: &str) -> Borrowing {
        self.apply_with(id, product, TERMS)
    }

    pub(crate) fn apply_with(&mut self, id: Uuid, product: &str, terms: &str) -> Borrowing {
        let terms: TermsRequest = serde_json::from_str(terms).expect("the terms can be read");
        let terms = Arc::new(terms.check().expect("the terms are acceptable"));
        let borrower_id = BorrowerId::new(Uuid::from_u128(id.as_u128() + (1 << 64)));
        let mut borrowing =
            Borrowing { id, loan: Loan::default(), history: LoanHistory::default(), version: 0, ids: 0 };
        let apply = Apply {
            borrower_id,
            external_id: Some(format!("contract-{}", id.as_u128())),
            product: Some(ProductTaken { name: product.to_owned(), version: 1 }),
            terms,
            metadata: serde_json::Map::new(),
        };
        self.command(&mut borrowing, &LoanCommand::Apply(apply));
        borrowing
    }

    /// A loan of 1,200.00 in twelve installments of 100.00 and 10.00 interest, due from a month after `on`.
    pub(crate) fn lend(&mut self, id: Uuid, product: &str, on: NaiveDate) -> Borrowing {
        let mut borrowing = self.apply(id, product);
        self.approve(&mut borrowing, on);
        let disbursement_id = DisbursementId::new(borrowing.next_id());
        let disburse = Disburse { disbursement_id, on, amount: None };
        self.command(&mut borrowing, &LoanCommand::Disburse(disburse));
        borrowing
    }

    pub(crate) fn approve(&mut self, borrowing: &mut Borrowing, on: NaiveDate) {
        self.command(borrowing, &LoanCommand::Approve(Approve { on, reason: None }));
    }

    pub(crate) fn reject(&mut self, borrowing: &mut Borrowing, on: NaiveDate) {
        let reason = Some("score".to_owned());
        self.command(borrowing, &LoanCommand::Reject(Close { on, reason }));
    }

    pub(crate) fn repay(&mut self, borrowing: &mut Borrowing, on: NaiveDate, amount: &str) -> PaymentId {
        let repayment_id = PaymentId::new(borrowing.next_id());
        let external_id = Some(format!("E{}", repayment_id.uuid().simple()));
        let repayment = RecordRepayment {
            repayment_id,
            on,
            amount: decimal(amount),
            external_id,
            early: Early::Installment,
            excess: None,
        };
        self.command(borrowing, &LoanCommand::RecordRepayment(repayment));
        repayment_id
    }

    pub(crate) fn reverse(&mut self, borrowing: &mut Borrowing, repayment_id: PaymentId, on: NaiveDate) {
        let reason = "bounced".to_owned();
        let reverse = ReversePayment { payment_id: repayment_id, on, reason };
        self.command(borrowing, &LoanCommand::ReverseRepayment(reverse));
    }

    pub(crate) fn charge(&mut self, borrowing: &mut Borrowing, amount: &str, due_on: NaiveDate) {
        let charge_id = ChargeId::new(borrowing.next_id());
        let (kind, amount) = (AddedCharge::Penalty, decimal(amount));
        self.command(borrowing, &LoanCommand::AddCharge(AddCharge { charge_id, kind, amount, due_on }));
    }

    pub(crate) fn settle(&mut self, borrowing: &mut Borrowing, on: NaiveDate) {
        let quote = borrowing.history.quote(on).expect("only a disbursed loan is settled");
        let amount = quote.amount.value();
        let repayment_id = PaymentId::new(borrowing.next_id());
        let settle = SettleEarly { repayment_id, on, amount, external_id: None };
        self.command(borrowing, &LoanCommand::SettleEarly(settle));
    }

    /// A plain entry of a day in a closed period.
    pub(crate) fn post_late(&mut self, id: Uuid, on: NaiveDate, closed_through: NaiveDate) {
        let day = DecisionDay { today: NaiveDate::MAX, closed_through: Some(closed_through) };
        self.entry(id, day, [rent(on, "50.00")]);
    }

    /// A plain entry, and its reversal where a day is named for it.
    pub(crate) fn post(&mut self, id: Uuid, on: NaiveDate, amount: &str, reversed_on: Option<NaiveDate>) {
        let reversal =
            reversed_on.map(|on| EntryCommand::Reverse(Reverse { on, reason: "twice".to_owned() }));
        self.entry(id, DecisionDay::open(NaiveDate::MAX), [rent(on, amount)].into_iter().chain(reversal));
    }

    fn entry(&mut self, id: Uuid, day: DecisionDay, commands: impl IntoIterator<Item = EntryCommand>) {
        let mut entry = Entry::default();
        for (sequence, command) in (1..).zip(commands) {
            let events = entry.decide(None, &command, day).expect("the entry is accepted");
            for event in events {
                entry.apply(&event);
                let name = match event {
                    EntryEvent::Posted(_) => "EntryPosted",
                    EntryEvent::Reversed(_) => "EntryReversed",
                };
                self.push("Entry", id, sequence, name, &event);
            }
        }
    }

    /// A product in two versions, that may be retired after.
    pub(crate) fn offer(&mut self, number: u128, is_retired: bool) {
        let bounds = r#"{"principal": {"least": "100.00", "most": "5000.00"}}"#;
        let limits = serde_json::from_str(bounds).expect("limits");
        let offer = Offer::check(None, &TermsRequest::default(), limits).expect("a good offer");
        let define = ProductCommand::Define(Box::new(Define { name: format!("product {number}"), offer }));
        let retire = ProductCommand::Retire(Retire { reason: Some("replaced".to_owned()) });
        let mut commands = vec![define.clone(), define];
        commands.extend(is_retired.then_some(retire));
        let (mut product, id) = (Product::default(), Uuid::from_u128((2 << 96) + number));
        for (sequence, command) in (1..).zip(commands) {
            let today = DecisionDay::open(day("2025-06-20"));
            for event in product.decide(None, &command, today).expect("the command is accepted") {
                product.apply(&event);
                self.push("Product", id, sequence, event.name(), &event);
            }
        }
    }

    /// The next month is closed, reopened and closed again. So it was done `before` times.
    pub(crate) fn close_and_reopen(&mut self, periods: &mut Periods, before: u128) {
        let before = u32::try_from(before).expect("few months");
        let first = day("2020-01-01").checked_add_months(Months::new(before)).expect("a date");
        let change =
            Change { month: Month::of(first), reason: (before % 2 == 0).then(|| "signed".to_owned()) };
        let close = PeriodCommand::Close(change.clone());
        let commands = [close.clone(), PeriodCommand::Reopen(change), close];
        for (sequence, command) in (i64::from(before) * 3 + 1..).zip(commands) {
            let today = DecisionDay::open(day("2199-12-31"));
            for event in periods.decide(None, &command, today).expect("the command is accepted") {
                periods.apply(&event);
                self.push("Periods", period::STREAM, sequence, event.name(), &event);
            }
        }
    }

    /// The close of a day on which one loan earned interest, and what another had earned was lost.
    pub(crate) fn close_day(&mut self, on: NaiveDate) {
        let amount = |text| Currency::Brl.try_amount(decimal(text)).expect("an amount");
        let interest = |number, before: Option<&LoanAccrual>, interest, is_written_off| {
            let now = Unreceived { interest: amount(interest), is_written_off };
            let loan = LoanId::new(Uuid::from_u128(number));
            LoanAccrual::between(loan, Currency::Brl, before, now).expect("there is interest")
        };
        let earned = interest(2, None, "9.90", false);
        let loans = [interest(1, None, "4.20", false), interest(2, Some(&earned), "9.90", true)];
        let book = |chunk, loan| BookAccruals { on, chunk, position: 1, loans: vec![loan] };
        let mut close = DayClose::default();
        for (sequence, command) in (1..).zip([
            DayCloseCommand::Book(book(1, loans[0])),
            DayCloseCommand::Book(book(2, loans[1])),
            DayCloseCommand::Close(CloseDay { on, chunks: 2, position: 1 }),
        ]) {
            let today = DecisionDay { today: NaiveDate::MAX, closed_through: Some(day("2025-01-31")) };
            for event in close.decide(None, &command, today).expect("the command is accepted") {
                close.apply(&event);
                self.push("DayClose", day_close::stream(on), sequence, event.name(), &event);
            }
        }
    }

    pub(crate) fn command(&mut self, borrowing: &mut Borrowing, command: &LoanCommand) {
        let today = DecisionDay::open(day("2026-06-30"));
        let events = borrowing.loan.decide(Some(&borrowing.history), command, today);
        for event in events.expect("the command is accepted") {
            self.record(borrowing, &event);
        }
    }

    fn record(&mut self, borrowing: &mut Borrowing, event: &LoanEvent) {
        borrowing.loan.apply(event);
        borrowing.history.record(event);
        borrowing.version += 1;
        self.push("Loan", borrowing.id, borrowing.version, event.name(), event);
    }

    pub(crate) fn push(
        &mut self,
        stream_type: &'static str,
        id: Uuid,
        sequence: i64,
        event_type: &'static str,
        event: &impl Serialize,
    ) {
        self.stream_types.push(stream_type);
        self.stream_ids.push(id.to_string());
        self.sequences.push(sequence);
        self.event_types.push(event_type);
        self.payloads.push(serde_json::to_string(event).expect("events are plain data"));
    }
}

impl Borrowing {
    pub(crate) fn next_id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128((self.id.as_u128() << 32) + self.ids)
    }
}

fn rent(on: NaiveDate, amount: &str) -> EntryCommand {
    let line = |account: &str, side| PostLine {
        account: Account::parse(account).expect("an account"),
        side,
        amount: decimal(amount),
    };
    EntryCommand::Post(Post {
        on,
        description: "Rent".to_owned(),
        currency: Currency::Brl,
        lines: vec![line("expenses:rent", Side::Debit), line("assets:cash", Side::Credit)],
        external_id: None,
    })
}

/// Loans, entries, products and periods with every kind of event, as many as go with `loans` loans.
pub(crate) fn varied(loans: u128) -> Book {
    let mut book = Book::default();
    let (mut periods, mut staff) = (Periods::default(), Staff::default());
    for number in 1..=loans {
        if number % 9 == 4 {
            book.set_limits(&mut staff, number / 9);
        }
        if number % 6 == 4 {
            book.propose(number);
        }
        if number % 10 == 3 {
            book.offer(number, number % 20 == 3);
        }
        if number % 12 == 5 {
            book.close_and_reopen(&mut periods, number / 12);
        }
        if number % 12 == 8 {
            book.close_day(day("2025-01-20") + Days::new(u64::try_from(number).expect("few loans")));
        }
        let id = Uuid::from_u128(number);
        let on = day("2025-01-10")
            .checked_add_days(Days::new(u64::try_from(number % 28).expect("below 28")))
            .expect("a date");
        let later = |months| on.checked_add_months(Months::new(months)).expect("a date");
        if number % 7 == 0 {
            let mut refused = book.apply(id, "working_capital");
            book.reject(&mut refused, on);
            continue;
        }
        let mut loan = book.lend(id, if number % 2 == 0 { "working_capital" } else { "equipment" }, on);
        let first = book.repay(&mut loan, later(1), "110.00");
        let second = book.repay(&mut loan, later(3), "150.00");
        match number % 7 {
            1 => book.reverse(&mut loan, first, later(3)),
            // Dated before the second, which it moves.
            2 => drop(book.repay(&mut loan, later(2), "60.00")),
            3 => book.charge(&mut loan, "7.50", later(2)),
            4 => book.settle(&mut loan, later(4)),
            6 => book.trouble(&mut loan, number / 7, second, later),
            5 => {
                book.repay(&mut loan, later(4), "2000.00");
                book.reverse(&mut loan, second, later(5));
            }
            _ => book.charge(&mut loan, "5.00", later(14)),
        }
        book.post(Uuid::from_u128((1 << 96) + number), on, "50.00", (number % 3 == 0).then(|| later(1)));
    }
    book
}
