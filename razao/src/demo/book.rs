//! The story of one loan of the book of restaurants, as far as it follows from the book alone.

use chrono::{Datelike, Days, NaiveDate};
use fastrand::Rng;
use serde_json::{Value, json};
use uuid::Uuid;

use super::borrower::restaurant;
use super::habit::Habit;
use super::names::{chances, id, one_of};

/// How far back the book reaches.
pub(super) const DAYS_OF_BOOK: u64 = 730;

/// One loan from its application on.
pub(super) struct Story {
    /// The loan's name in the book: its id and all its keys follow from it.
    pub(super) name: String,
    pub(super) loan: Uuid,
    pub(super) application: Value,
    pub(super) fate: Fate,
}

/// What becomes of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It waits for a decision.
    Open,
    Rejected {
        on: NaiveDate,
        reason: &'static str,
    },
    Withdrawn {
        approved_on: Option<NaiveDate>,
        on: NaiveDate,
        reason: &'static str,
    },
    /// It is approved and not yet disbursed.
    Approved {
        on: NaiveDate,
    },
    Disbursed {
        approved_on: NaiveDate,
        on: NaiveDate,
        habit: Habit,
    },
}

/// What the lender offers, all on the same terms: a principal of 10,000.00 to 150,000.00 at 1.49 % to 2.99 % a month.
pub(super) const PRODUCTS: [&str; 3] = ["capital-de-giro", "equipamentos", "reforma"];

const REJECTIONS: [&str; 3] =
    ["renda insuficiente", "restrição cadastral", "tempo de atividade abaixo do mínimo"];
const WITHDRAWALS: [&str; 3] = ["cliente desistiu", "taxa acima do esperado", "obteve crédito em outra casa"];

/// The definition of a product of the book.
pub(super) fn product(name: &str) -> Value {
    json!({
        "name": name,
        "currency": "BRL",
        "terms": { "rate": { "per": "month", "compounding": "effective" }, "every": { "months": 1 } },
        "limits": {
            "principal": { "least": "10000.00", "most": "150000.00" },
            "rate.value": { "least": "0.0149", "most": "0.0299" },
            "installments": { "least": 6, "default": 12, "most": 24 },
            "method": { "allowed": ["price", "sac", "flat"], "default": "price" },
            "day_count": { "allowed": ["30/360", "act/365"], "default": "30/360" },
        },
    })
}

impl Story {
    /// The story of loan `number` of the book `book`, whose last day is `until`.
    pub(super) fn of(book: &str, number: u32, until: NaiveDate) -> Self {
        let name = format!("{book}-loan-{number}");
        let mut rng = chances(&name);
        // One restaurant in seven comes back for a second loan.
        let borrower = restaurant(&format!("{book}-borrower-{}", number - number / 8));
        let fate = Fate::draw(&mut rng, until);
        let disbursed_on = match &fate {
            Fate::Disbursed { on, .. } => *on,
            _ => until,
        };
        let application = json!({
            "id": id(&name),
            "borrower": borrower,
            "product": one_of(&mut rng, &PRODUCTS),
            "external_id": name,
            "terms": terms(&mut rng, disbursed_on),
        });
        Self { loan: id(&name), name, application, fate }
    }
}

impl Fate {
    fn draw(rng: &mut Rng, until: NaiveDate) -> Self {
        let outcome = rng.u8(..100);
        // What waits for a decision or for its money has not waited for long.
        let days_ago = if outcome < 6 { 8..=20 } else { 12..=DAYS_OF_BOOK };
        let applied_on = until - Days::new(rng.u64(days_ago));
        let decided_on = applied_on + Days::new(rng.u64(0..=3));
        let later = decided_on + Days::new(rng.u64(0..=4));
        match outcome {
            0..=2 => Self::Open,
            3..=5 => Self::Approved { on: decided_on },
            6..=13 => Self::Rejected { on: decided_on, reason: one_of(rng, &REJECTIONS) },
            14..=16 => {
                Self::Withdrawn { approved_on: None, on: decided_on, reason: one_of(rng, &WITHDRAWALS) }
            }
            17..=18 => {
                let approved_on = Some(decided_on);
                Self::Withdrawn { approved_on, on: later, reason: one_of(rng, &WITHDRAWALS) }
            }
            _ => Self::Disbursed { approved_on: decided_on, on: later, habit: Habit::draw(rng) },
        }
    }
}

fn terms(rng: &mut Rng, disbursed_on: NaiveDate) -> Value {
    let method = one_of(rng, &["price", "price", "price", "sac", "sac", "flat"]);
    let day_count = one_of(rng, &["30/360", "act/365"]);
    let principal = rng.u32(20..=300) * 500;
    let rate = rng.u32(149..=299);
    let installments = one_of(rng, &[&6, &10, &12, &12, &18, &24]);
    let mut terms = json!({
        "principal": format!("{principal}.00"),
        "currency": "BRL",
        "method": method,
        "rate": { "value": format!("0.0{rate:03}"), "per": "month", "compounding": "effective" },
        "day_count": day_count,
        "installments": installments,
        "every": { "months": 1 },
    });
    // Every third lender's agreement has a fixed day: the 10th, at least twenty days on.
    if rng.u8(..3) == 0 {
        terms["first_due_on"] = json!(next_tenth(disbursed_on + Days::new(20)));
    }
    terms
}

fn next_tenth(day: NaiveDate) -> NaiveDate {
    day.iter_days().find(|day| day.day() == 10).expect("every month has a tenth")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_story_is_the_same_each_time_it_is_told() {
        let tell = || Story::of("demo-1", 17, day("2026-03-02"));
        assert_eq!(tell().application, tell().application);
        assert_eq!(tell().fate, tell().fate);
    }

    #[test]
    fn nothing_is_decided_after_the_last_day() {
        let until = day("2026-03-02");
        for number in 0..500 {
            let on = match Story::of("demo-1", number, until).fate {
                Fate::Open => until,
                Fate::Rejected { on, .. }
                | Fate::Withdrawn { on, .. }
                | Fate::Approved { on }
                | Fate::Disbursed { on, .. } => on,
            };
            assert!(on <= until, "loan {number}: {on}");
        }
    }

    #[test]
    fn every_fate_occurs() {
        let until = day("2026-03-02");
        let fates: Vec<Fate> = (0..300).map(|number| Story::of("demo-1", number, until).fate).collect();
        let occurs = |is: fn(&Fate) -> bool| assert!(fates.iter().any(is));
        occurs(|fate| matches!(fate, Fate::Open));
        occurs(|fate| matches!(fate, Fate::Rejected { .. }));
        occurs(|fate| matches!(fate, Fate::Withdrawn { approved_on: None, .. }));
        occurs(|fate| matches!(fate, Fate::Withdrawn { approved_on: Some(_), .. }));
        occurs(|fate| matches!(fate, Fate::Approved { .. }));
        occurs(|fate| matches!(fate, Fate::Disbursed { .. }));
    }
}
