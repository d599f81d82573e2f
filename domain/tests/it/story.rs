//! Random terms and random commands, backdated and reversed at will.

use chrono::Days;
use domain::loan::command::{AddedCharge, CreditKind, Restructure};
use domain::loan::{Loan, LoanCommand};
use domain::terms::{Every, Excess};
use proptest::prelude::*;
use proptest::sample::select;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::support::*;

/// What is tried, by the days since the disbursement; most is accepted, some is refused.
#[derive(Debug, Clone)]
pub(crate) enum Try {
    Pay { days: u64, cents: i64, how: How },
    Settle { days: u64 },
    Reverse { which: usize, days: u64 },
    Charge { days: u64, cents: i64, kind: AddedCharge },
    Waive { which: usize, days: u64, cents: Option<i64> },
    Credit { days: u64, cents: i64, kind: CreditKind },
    ChargeBack { which: usize, days: u64, cents: Option<i64> },
    Refund { days: u64, cents: i64 },
    Restructure { days: u64, mode: Mode },
    WriteOff { days: u64 },
    ReverseWriteOff { days: u64 },
    Recover { days: u64, cents: i64 },
    DisburseMore { days: u64, cents: i64 },
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum How {
    AsAgreed,
    Anticipating,
    With(Excess),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Mode {
    Replace,
    ReAge,
    ReAmortize,
}

/// Terms with every basis, excess and late charge; part of the principal is disbursed at first.
pub(crate) fn any_terms() -> impl Strategy<Value = Value> {
    let basis = select(vec!["plan", "plan", "plan", "daily_rest", "period_rest", "running_balance"]);
    let excess = select(vec!["next", "next", "last", "equal", "reduce_term", "reduce_installment", "credit"]);
    let late = select(vec![
        Value::Null,
        json!({}),
        json!({"interest": "compound", "interest_days": "actual", "grace_days": 3, "fee_base": "installment"}),
    ]);
    (plain_terms(), basis, excess, late).prop_filter_map(
        "these do not go together",
        |(mut terms, basis, excess, late)| {
            terms["interest_basis"] = json!(basis);
            terms["excess"] = json!(excess);
            if !late.is_null() {
                terms["late"] = late;
            }
            let request: domain::TermsRequest = serde_json::from_value(terms.clone()).expect("readable");
            request.check().is_ok().then_some(terms)
        },
    )
}

/// Terms whose payments can be decided on the rows alone.
pub(crate) fn plain_terms() -> impl Strategy<Value = Value> {
    let method = select(vec!["price", "sac", "flat", "interest_only", "sam"]);
    let day_count = select(vec!["30/360", "act/365"]);
    let compounding = select(vec!["nominal", "effective"]);
    let scope = select(vec!["installment", "loan"]);
    let order = select(vec![json!([]), json!(["principal"]), json!(["interest", "penalty", "fee"])]);
    let amounts = (10_000_i64..5_000_000, 0_i64..900, 1_u32..15);
    (method, day_count, compounding, scope, order, amounts).prop_map(
        |(method, day_count, compounding, scope, order, (cents, rate, installments))| {
            json!({
                "principal": Decimal::new(cents, 2).to_string(), "currency": "BRL", "method": method,
                "rate": {"value": Decimal::new(rate, 4).to_string(), "per": "month", "compounding": compounding},
                "day_count": day_count, "installments": installments, "every": {"months": 1},
                "allocation": order, "allocation_scope": scope,
            })
        },
    )
}

/// Payments, reversals and charges.
pub(crate) fn something_usual() -> impl Strategy<Value = Try> {
    let days = 0_u64..345;
    let kind = select(vec![AddedCharge::Penalty, AddedCharge::ServiceFee]);
    prop_oneof![
        7 => (days.clone(), 1_i64..700_000).prop_map(|(days, cents)| Try::Pay { days, cents, how: How::AsAgreed }),
        1 => days.clone().prop_map(|days| Try::Settle { days }),
        2 => (0_usize..20, days.clone()).prop_map(|(which, days)| Try::Reverse { which, days }),
        2 => (days, 1_i64..20_000, kind).prop_map(|(days, cents, kind)| Try::Charge { days, cents, kind }),
    ]
}

/// Everything that can be asked of a disbursed loan.
pub(crate) fn something() -> impl Strategy<Value = Try> {
    let days = 0_u64..345;
    let cents = 1_i64..700_000;
    let part = prop::option::of(1_i64..20_000);
    let how = select(vec![
        How::Anticipating,
        How::With(Excess::Next),
        How::With(Excess::Equal),
        How::With(Excess::ReduceTerm),
        How::With(Excess::ReduceInstallment),
        How::With(Excess::Credit),
    ]);
    let credit = select(vec![CreditKind::Goodwill, CreditKind::InterestWaiver]);
    let mode = select(vec![Mode::Replace, Mode::ReAge, Mode::ReAmortize]);
    prop_oneof![
        20 => something_usual(),
        3 => (days.clone(), cents.clone(), how).prop_map(|(days, cents, how)| Try::Pay { days, cents, how }),
        2 => (0_usize..20, days.clone(), part.clone())
            .prop_map(|(which, days, cents)| Try::Waive { which, days, cents }),
        2 => (days.clone(), 1_i64..50_000, credit).prop_map(|(days, cents, kind)| Try::Credit { days, cents, kind }),
        2 => (0_usize..20, days.clone(), part)
            .prop_map(|(which, days, cents)| Try::ChargeBack { which, days, cents }),
        2 => (days.clone(), 1_i64..10_000).prop_map(|(days, cents)| Try::Refund { days, cents }),
        1 => (days.clone(), mode).prop_map(|(days, mode)| Try::Restructure { days, mode }),
        1 => days.clone().prop_map(|days| Try::WriteOff { days }),
        1 => days.clone().prop_map(|days| Try::ReverseWriteOff { days }),
        2 => (days.clone(), cents.clone()).prop_map(|(days, cents)| Try::Recover { days, cents }),
        1 => (days, cents).prop_map(|(days, cents)| Try::DisburseMore { days, cents }),
    ]
}

/// The date so many days after the disbursement.
pub(crate) fn on(days: u64) -> String {
    day("2026-01-15").checked_add_days(Days::new(days)).expect("a date").to_string()
}

/// The command that is tried as number `number`; `None` where there is nothing to try it on.
pub(crate) fn command(given: &Given<Loan>, number: usize, tried: &Try) -> Option<LoanCommand> {
    let id = number as u128 + 100;
    let money = |cents: i64| Decimal::new(cents, 2).to_string();
    Some(match *tried {
        Try::Pay { days, cents, how } => match how {
            How::AsAgreed => pay(id, &on(days), &money(cents)),
            How::Anticipating => anticipate(id, &on(days), &money(cents)),
            How::With(excess) => pay_with(id, &on(days), &money(cents), excess),
        },
        Try::Settle { days } => {
            let quote = given.history().quote(day(&on(days))).ok()?;
            settle(id, &on(days), &quote.amount.to_string())
        }
        Try::Reverse { which, days } => undo(given, which, &on(days))?,
        Try::Charge { days, cents, kind } => charge(id, kind, &on(days), &money(cents)),
        Try::Waive { which, days, cents } => {
            waive(which as u128 + 100, &on(days), cents.map(money).as_deref())
        }
        Try::Credit { days, cents, kind } => credit(id, &on(days), &money(cents), kind),
        Try::ChargeBack { which, days, cents } => {
            charge_back(which as u128 + 100, &on(days), cents.map(money).as_deref())
        }
        Try::Refund { days, cents } => refund(id, &on(days), &money(cents)),
        Try::Restructure { days, mode } => restructure(&on(days), restructuring(days, mode)),
        Try::WriteOff { days } => write_off(&on(days)),
        Try::ReverseWriteOff { days } => reverse_write_off(&on(days)),
        Try::Recover { days, cents } => recover(id, &on(days), &money(cents)),
        Try::DisburseMore { days, cents } => disburse_more(id, &on(days), &money(cents)),
    })
}

/// The reversal that goes with what was recorded under the id.
fn undo(given: &Given<Loan>, which: usize, on: &str) -> Option<LoanCommand> {
    use domain::loan::facts::Purpose;
    let id = which as u128 + 100;
    let found = given.history().find_payment(payment(id))?;
    Some(match found.payment.purpose {
        Purpose::Repayment | Purpose::Settlement => reverse(id, on),
        Purpose::Credit(_) => reverse_credit(id, on),
        Purpose::Recovery => reverse_recovery(id, on),
    })
}

fn restructuring(days: u64, mode: Mode) -> Restructure {
    match mode {
        Mode::Replace => Restructure::Replace {
            terms: terms(json!({
                "principal": "1.00", "currency": "BRL", "method": "price",
                "rate": {"value": "0.01", "per": "month", "compounding": "effective"},
                "day_count": "act/365", "installments": 6, "every": {"months": 1},
            })),
            capitalize: vec![domain::component::Component::Interest],
        },
        Mode::ReAge => {
            Restructure::ReAge { installments: 5, every: Every::Months(1), first_due_on: day(&on(days + 20)) }
        }
        Mode::ReAmortize => Restructure::ReAmortize,
    }
}
