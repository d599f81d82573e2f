//! How borrowers pay: what follows from a plan and a habit, in the order of the value dates.

use chrono::{Days, NaiveDate};
use fastrand::Rng;
use rust_decimal::Decimal;
use serde::Deserialize;

/// How a borrower pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Habit {
    Punctual,
    /// A few days before the due date.
    Early,
    /// Up to three weeks late, about every other time.
    Late,
    /// In two parts, the second one late.
    InParts,
    /// Some Pix bounce; most of these are paid again.
    Bounces,
    /// The same command is sent twice.
    SendsTwice,
    /// Settles the whole loan early, after this many installments.
    SettlesAfter(usize),
    /// Pays no more after this many installments.
    StopsAfter(usize),
}

/// An installment as the disbursement agreed it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Installment {
    pub(super) number: u32,
    pub(super) due_on: NaiveDate,
    principal: Decimal,
    interest: Decimal,
    #[serde(default)]
    fees: Decimal,
    #[serde(default)]
    tax: Decimal,
}

/// Something that a borrower does. Payments are named within their loan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Pay { payment: String, on: NaiveDate, amount: Decimal, twice: bool },
    Bounce { payment: String, on: NaiveDate },
    Settle { on: NaiveDate },
}

impl Habit {
    pub(super) fn draw(rng: &mut Rng) -> Self {
        match rng.u8(..100) {
            0..=39 => Self::Punctual,
            40..=49 => Self::Early,
            50..=64 => Self::Late,
            65..=72 => Self::InParts,
            73..=79 => Self::Bounces,
            80..=85 => Self::SendsTwice,
            86..=92 => Self::SettlesAfter(rng.usize(1..=5)),
            _ => Self::StopsAfter(rng.usize(1..=6)),
        }
    }

    /// What the borrower does about a plan by the day `until`.
    pub(super) fn steps(self, plan: &[Installment], rng: &mut Rng, until: NaiveDate) -> Vec<Step> {
        let mut steps = Vec::new();
        for (index, due) in plan.iter().enumerate() {
            match self {
                Self::StopsAfter(installments) if index >= installments => break,
                Self::SettlesAfter(installments) if index >= installments => {
                    steps.push(Step::Settle { on: due.due_on - Days::new(rng.u64(3..=15)) });
                    break;
                }
                _ => self.pay(due, rng, &mut steps),
            }
        }
        // What lies in the future has not happened yet; nor has anything that would follow from it.
        let happened = steps.iter().position(|step| step.on() > until).unwrap_or(steps.len());
        steps.truncate(happened);
        steps
    }

    fn pay(self, due: &Installment, rng: &mut Rng, steps: &mut Vec<Step>) {
        let payment = due.number.to_string();
        let (on, amount) = (due.due_on, due.total());
        let pay = |payment: &str, on, amount| {
            let (payment, twice) = (payment.to_owned(), self == Self::SendsTwice);
            Step::Pay { payment, on, amount, twice }
        };
        match self {
            Self::Punctual | Self::SendsTwice | Self::SettlesAfter(_) | Self::StopsAfter(_) => {
                steps.push(pay(&payment, on, amount));
            }
            Self::Early => steps.push(pay(&payment, on - Days::new(rng.u64(0..=4)), amount)),
            Self::Late => {
                let days = if rng.bool() { 0 } else { rng.u64(1..=21) };
                steps.push(pay(&payment, on + Days::new(days), amount));
            }
            Self::InParts => {
                let first = (amount * Decimal::new(rng.i64(3..=7), 1)).round_dp(2);
                steps.push(pay(&format!("{payment}-a"), on, first));
                steps.push(pay(&format!("{payment}-b"), on + Days::new(rng.u64(2..=18)), amount - first));
            }
            Self::Bounces => {
                steps.push(pay(&payment, on, amount));
                let fate = rng.u8(..8);
                if fate < 2 {
                    let bounced_on = on + Days::new(rng.u64(1..=3));
                    steps.push(Step::Bounce { payment: payment.clone(), on: bounced_on });
                    if fate == 0 {
                        let again_on = bounced_on + Days::new(rng.u64(0..=5));
                        steps.push(pay(&format!("{payment}-again"), again_on, amount));
                    }
                }
            }
        }
    }
}

impl Installment {
    pub(super) fn total(&self) -> Decimal {
        self.principal + self.interest + self.fees + self.tax
    }
}

impl Step {
    fn on(&self) -> NaiveDate {
        match self {
            Self::Pay { on, .. } | Self::Bounce { on, .. } | Self::Settle { on } => *on,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Months;

    use super::*;

    fn plan() -> Vec<Installment> {
        let first: NaiveDate = "2025-01-10".parse().unwrap();
        let dues = (0..12).map(|k| Installment {
            number: k + 1,
            due_on: first + Months::new(k),
            principal: Decimal::new(100_000, 2),
            interest: Decimal::new(3_333, 2),
            fees: Decimal::ZERO,
            tax: Decimal::ZERO,
        });
        dues.collect()
    }

    fn every_habit() -> impl Iterator<Item = (Habit, Rng)> {
        (0..200).map(|seed| {
            let mut rng = Rng::with_seed(seed);
            (Habit::draw(&mut rng), rng)
        })
    }

    #[test]
    fn everyone_acts_in_the_order_of_the_days() {
        for (habit, mut rng) in every_habit() {
            let steps = habit.steps(&plan(), &mut rng, NaiveDate::MAX);
            assert!(steps.is_sorted_by_key(Step::on), "{habit:?}: {steps:?}");
        }
    }

    #[test]
    fn parts_add_up_to_the_installment() {
        let steps = Habit::InParts.steps(&plan()[..1], &mut Rng::with_seed(1), NaiveDate::MAX);
        let paid: Decimal = steps
            .iter()
            .map(|step| if let Step::Pay { amount, .. } = step { *amount } else { Decimal::ZERO })
            .sum();
        assert_eq!(paid, plan()[0].total());
    }

    #[test]
    fn nothing_happens_after_the_last_day() {
        let until: NaiveDate = "2025-06-15".parse().unwrap();
        for (habit, mut rng) in every_habit() {
            assert!(habit.steps(&plan(), &mut rng, until).iter().all(|step| step.on() <= until));
        }
    }
}
