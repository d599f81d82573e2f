//! What a loan's events say and what its facts come to now, told apart cent by cent.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::Amount;
use domain::component::Components;
use domain::decider::WholeStream;
use domain::loan::Loan;
use domain::loan::engine::Row;
use domain::loan::event::{Effect, FactKind, InstallmentState, Rederived, Share};
use serde::Serialize;
use uuid::Uuid;

/// One amount that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub loan: Uuid,
    /// The fact that comes to something else: its number in the order of recording, from 1. Absent where it is the
    /// loan as it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fact: Option<Fact>,
    /// Such as `installment 3: covered interest`.
    pub what: String,
    pub recorded: String,
    pub recalculated: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Fact {
    pub number: u32,
    pub kind: FactKind,
    pub on: NaiveDate,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
}

/// Amounts by what they are.
type Amounts = BTreeMap<(u32, String), Amount>;

impl Difference {
    /// Of a loan whose events cannot follow each other.
    pub(super) fn contradiction(loan: Uuid) -> Self {
        Self::in_words(loan, "events", "contradict each other".to_owned())
    }

    fn in_words(loan: Uuid, what: &str, recalculated: String) -> Self {
        let (what, recorded) = (what.to_owned(), String::new());
        Self { loan, fact: None, what, recorded, recalculated }
    }
}

/// Every difference of a loan: of its facts, then of its installments.
pub(super) fn of_loan(loan: Uuid, whole: &WholeStream<Loan>) -> Vec<Difference> {
    let Loan::Disbursed(servicing) = &whole.state else { return Vec::new() };
    let (derived, moved) = match whole.history.rederive() {
        Ok(rederived) => rederived,
        Err(error) => return vec![Difference::in_words(loan, "calculation", error.to_string())],
    };
    let mut differences: Vec<Difference> = moved.iter().flat_map(|moved| of_fact(loan, moved)).collect();
    let standing = &servicing.standing;
    let rows = servicing.rows.iter().map(|row| row.state);
    let recorded = amounts_of_loan(rows, standing.overpaid, standing.credit);
    let recalculated = amounts_of_loan(derived.rows.iter().map(Row::state), derived.overpaid, derived.credit);
    differences.extend(between(loan, None, &recorded, &recalculated));
    differences
}

fn of_fact(loan: Uuid, moved: &Rederived) -> Vec<Difference> {
    let fact = Fact { number: moved.fact, kind: moved.kind, on: moved.on, id: moved.id };
    let [mut recorded, mut recalculated] =
        [&moved.before, &moved.after].map(|effect| amounts_of(effect.as_ref()));
    if moved.kind == FactKind::Charge {
        // A charge has no balance of its own to show.
        for amounts in [&mut recorded, &mut recalculated] {
            amounts.retain(|(_, what), _| what != "balance");
        }
    }
    between(loan, Some(fact), &recorded, &recalculated)
}

fn between(loan: Uuid, fact: Option<Fact>, recorded: &Amounts, recalculated: &Amounts) -> Vec<Difference> {
    let mut all: Vec<&(u32, String)> = recorded.keys().chain(recalculated.keys()).collect();
    all.sort_unstable();
    all.dedup();
    let of = |amounts: &Amounts, key| amounts.get(key).copied().unwrap_or(Amount::ZERO);
    let pairs = all.into_iter().map(|key| (key, of(recorded, key), of(recalculated, key)));
    pairs
        .filter(|(_, recorded, recalculated)| !recorded.minus(*recalculated).is_zero())
        .map(|((installment, what), recorded, recalculated)| Difference {
            loan,
            fact,
            what: if *installment == 0 { what.clone() } else { format!("installment {installment}: {what}") },
            recorded: recorded.to_string(),
            recalculated: recalculated.to_string(),
        })
        .collect()
}

fn amounts_of(effect: Option<&Effect>) -> Amounts {
    let mut amounts = Amounts::new();
    let Some(effect) = effect else { return amounts };
    let mut add = |shares: &[Share], verb: &str| {
        for share in shares {
            add_components(&mut amounts, share.installment, verb, share.allocation);
        }
    };
    add(&effect.shares, "covered");
    add(&effect.waived, "waived");
    for applied in &effect.applied {
        add(&applied.shares, "covered by credit");
    }
    let mut note = |what: &str, amount| amounts.insert((0, what.to_owned()), amount);
    note("overpaid", effect.overpaid);
    note("credit", effect.credit);
    note("balance", effect.balance);
    if let Some(outlay) = effect.outlay {
        note("joins the principal", outlay.principal);
        note("withheld", outlay.withheld);
        note("tax", outlay.tax);
    }
    if let Some(write_off) = effect.write_off {
        note("accrued interest written off", write_off.accrued_interest);
        add_components(&mut amounts, 0, "written off", write_off.open);
    }
    amounts
}

fn amounts_of_loan(
    rows: impl Iterator<Item = InstallmentState>,
    overpaid: Amount,
    credit: Amount,
) -> Amounts {
    let mut amounts = Amounts::new();
    for (number, row) in (1..).zip(rows) {
        add_components(&mut amounts, number, "due", row.due);
        add_components(&mut amounts, number, "paid", row.paid);
        add_components(&mut amounts, number, "waived", row.waived);
        amounts.insert((number, "tax".to_owned()), row.tax);
    }
    amounts.insert((0, "overpaid".to_owned()), overpaid);
    amounts.insert((0, "credit".to_owned()), credit);
    amounts
}

fn add_components(amounts: &mut Amounts, installment: u32, verb: &str, components: Components) {
    for (component, amount) in components.iter().filter(|(_, amount)| !amount.is_zero()) {
        let sum =
            amounts.entry((installment, format!("{verb} {}", component.name()))).or_insert(Amount::ZERO);
        *sum = sum.plus(amount);
    }
}
