//! IOF, the federal tax on credit: its rates by date and the tax of repaid principal (LENDING.md §7; Decreto
//! 6.306/2007).

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::amount::Amount;
use crate::exact::{OutOfRange, add, mul};
use crate::rounding::RoundingMode;

/// How the tax of a loan is found and who pays it when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IofTerms {
    #[serde(flatten)]
    pub source: IofSource,
    pub collected: IofCollection,
    pub financing: IofFinancing,
    /// What is rounded for each installment.
    pub round: BTreeSet<IofPlace>,
    pub mode: RoundingMode,
    /// Days after which the daily rate stops (art. 7 §1: 365).
    pub cap_days: u32,
}

/// Where the rates come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum IofSource {
    /// Given with the terms, in place of the table.
    Given {
        rates: IofRates,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        person: Option<Person>,
    },
    /// The table of decrees, by who borrows and when.
    Table { person: Person },
}

/// Fractions of the principal: for each day, and once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IofRates {
    pub daily: Decimal,
    pub additional: Decimal,
}

/// Who borrows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Person {
    /// A natural person.
    Natural,
    /// A company.
    Legal,
    /// A company under Simples Nacional.
    Simples,
    /// An individual microentrepreneur.
    Mei,
}

/// Who pays the tax when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IofCollection {
    /// It joins what is amortized.
    #[default]
    Financed,
    /// It is kept back from the release.
    Withheld,
    /// It is paid apart on the day of the disbursement.
    Cash,
    /// It falls due with the installments.
    Installment,
}

/// How a financed tax, which is a tax on itself too, is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IofFinancing {
    /// Drawn again until the tax stands still.
    #[default]
    FixedPoint,
    /// I + I²/P
    Series,
}

/// What can be rounded for each installment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IofPlace {
    Daily,
    Additional,
    /// Their sum.
    Row,
}

/// Principal of one disbursement that an installment repays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RepaidPart {
    pub principal: Decimal,
    /// Calendar days since the disbursement.
    pub days: i64,
    pub rates: IofRates,
}

/// Year, month, day.
type Day = (i32, u32, u32);

/// A line of the table: what held from a day on.
struct Line {
    from: Day,
    natural: Decimal,
    legal: Decimal,
    small: Decimal,
    /// Of legal and simples.
    additional: Decimal,
    /// Of natural and mei.
    additional_of_persons: Decimal,
    /// While it stood withdrawn, both days included, the line before it holds.
    withdrawn: Option<[Day; 2]>,
}

/// Simples and mei pay the lower rate up to this principal (Dec. 6.306/2007 art. 7 VI).
const SMALL_CREDIT: Decimal = Decimal::from_parts(30_000, 0, 0, false, 0);

const fn ten_millionths(rate: u32) -> Decimal {
    Decimal::from_parts(rate, 0, 0, false, 7)
}

const fn line(from: Day, natural: u32, legal: u32, small: u32, additional: u32) -> Line {
    Line {
        from,
        natural: ten_millionths(natural),
        legal: ten_millionths(legal),
        small: ten_millionths(small),
        additional: ten_millionths(additional),
        additional_of_persons: ten_millionths(additional),
        withdrawn: None,
    }
}

/// The decrees that changed the rates, oldest first. Those of 2025 stood suspended from the decree of
/// Congress to the Supreme Court's decision (Dec. Leg. 176/2025; ADC 96).
const TABLE: [Line; 7] = [
    // Dec. 8.392/2015
    line((2015, 1, 22), 820, 410, 137, 38_000),
    // Dec. 10.305, 10.551 and 10.572/2020, with a gap between two of them
    Line { withdrawn: Some([(2020, 11, 27), (2020, 12, 14)]), ..line((2020, 4, 3), 0, 0, 0, 0) },
    line((2021, 1, 1), 820, 410, 137, 38_000),
    // Dec. 10.797/2021
    line((2021, 9, 20), 1118, 559, 137, 38_000),
    line((2022, 1, 1), 820, 410, 137, 38_000),
    // Dec. 12.466/2025
    Line {
        additional: ten_millionths(95_000),
        withdrawn: Some([(2025, 6, 27), (2025, 7, 16)]),
        ..line((2025, 5, 23), 820, 820, 274, 38_000)
    },
    // Dec. 12.499/2025
    Line { withdrawn: Some([(2025, 6, 27), (2025, 7, 16)]), ..line((2025, 6, 11), 820, 820, 274, 38_000) },
];

impl Line {
    fn holds(&self, on: Day) -> bool {
        let withdrawn = self.withdrawn.is_some_and(|[first, last]| first <= on && on <= last);
        self.from <= on && !withdrawn
    }
}

/// The rates for `person` on the day of a disbursement, `principal` being that of the loan; `None` before the
/// table.
pub fn rates_on(person: Person, on: NaiveDate, principal: Amount) -> Option<IofRates> {
    let day = (on.year(), on.month(), on.day());
    let line = TABLE.iter().rev().find(|line| line.holds(day))?;
    // Above the limit simples and mei count as legal.
    let person = match person {
        Person::Simples | Person::Mei if principal.value() > SMALL_CREDIT => Person::Legal,
        person => person,
    };
    Some(match person {
        Person::Natural => IofRates { daily: line.natural, additional: line.additional_of_persons },
        Person::Legal => IofRates { daily: line.legal, additional: line.additional },
        Person::Simples => IofRates { daily: line.small, additional: line.additional },
        Person::Mei => IofRates { daily: line.small, additional: line.additional_of_persons },
    })
}

/// Σ r(debit balance of the day·daily + increase·additional) of revolving credit, without cap (art. 7 I a).
pub fn tax_of_daily_balances(
    debit_balances: &[Amount],
    rates: IofRates,
    decimals: u32,
    mode: RoundingMode,
) -> Result<Decimal, OutOfRange> {
    let (mut total, mut before) = (Decimal::ZERO, Decimal::ZERO);
    for balance in debit_balances.iter().map(|balance| balance.value()) {
        let increase = (balance - before).max(Decimal::ZERO);
        let tax = add(mul(balance, rates.daily)?, mul(increase, rates.additional)?)?;
        total = add(total, mode.round(tax, decimals))?;
        before = balance;
    }
    Ok(total)
}

impl IofTerms {
    /// The rates for principal disbursed on a day; `None` where the table does not reach back and none are
    /// given.
    pub fn rates_on(&self, on: NaiveDate, principal: Amount) -> Option<IofRates> {
        match self.source {
            IofSource::Given { rates, .. } => Some(rates),
            IofSource::Table { person } => rates_on(person, on, principal),
        }
    }

    /// The tax of one installment: principal·min(days, cap)·daily + principal·additional, rounded where
    /// `round` says.
    pub fn tax_of_row(&self, parts: &[RepaidPart], decimals: u32) -> Result<Decimal, OutOfRange> {
        let (mut daily, mut additional) = (Decimal::ZERO, Decimal::ZERO);
        for part in parts {
            let days = Decimal::from(part.days.clamp(0, i64::from(self.cap_days)));
            daily = add(daily, mul(mul(part.principal, part.rates.daily)?, days)?)?;
            additional = add(additional, mul(part.principal, part.rates.additional)?)?;
        }
        let rounded = |place, value| {
            if self.round.contains(&place) { self.mode.round(value, decimals) } else { value }
        };
        let sum = add(rounded(IofPlace::Daily, daily), rounded(IofPlace::Additional, additional))?;
        Ok(rounded(IofPlace::Row, sum))
    }
}
