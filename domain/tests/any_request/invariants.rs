//! What holds for any schedule request at all, said of its bytes; the fuzz target asks the same.

use domain::terms::{DueDates, MOST_INSTALLMENTS, Method, Remainder};
use domain::{
    Amount, FieldError, Plan, PlanError, ScheduleRequest, Terms, TermsRequest, draw, draw_for_loan,
};

/// More errors than this help nobody.
const MOST_ERRORS: usize = 100;

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Unreadable,
    /// A field breaks a rule.
    Refused,
    /// No plan follows from the terms.
    Undrawn,
    Drawn,
}

/// Reads, checks and draws what the bytes say, and panics where something does not hold.
pub(crate) fn hold_for(bytes: &[u8]) -> Outcome {
    if let Ok(request) = serde_json::from_slice::<TermsRequest>(bytes)
        && let Err(errors) = request.check()
    {
        says_what_is_wrong(&errors);
    }
    let Ok(request) = serde_json::from_slice::<ScheduleRequest>(bytes) else { return Outcome::Unreadable };
    let (terms, disbursements) = match request.check() {
        Ok(checked) => checked,
        Err(errors) => {
            says_what_is_wrong(&errors);
            return Outcome::Refused;
        }
    };
    let recorded = serde_json::to_string(&terms).expect("terms can be written");
    let read: Terms = serde_json::from_str(&recorded).expect("what was written can be read");
    assert_eq!(read, terms);
    match draw_for_loan(&terms, &disbursements) {
        Ok(plan) => repays_to_the_cent(&terms, &plan),
        Err(error) => names_field_and_rule(&error),
    }
    match draw(&terms, &disbursements) {
        Ok(plan) => {
            adds_up(&terms, &plan);
            Outcome::Drawn
        }
        Err(error) => {
            names_field_and_rule(&error);
            Outcome::Undrawn
        }
    }
}

fn says_what_is_wrong(errors: &[FieldError]) {
    assert!((1..=MOST_ERRORS).contains(&errors.len()), "{} errors", errors.len());
    for error in errors {
        assert!(error.pointer.starts_with('/') && !error.detail.is_empty(), "{error:?}");
        assert!(error.detail.len() < 500, "a detail repeats what was sent: {}", error.detail.len());
    }
}

fn names_field_and_rule(error: &PlanError) {
    assert!(error.pointer().starts_with('/') && !error.code().is_empty(), "{error:?}");
}

fn sum(plan: &Plan, figure: impl Fn(&domain::Installment) -> Amount) -> Amount {
    plan.installments.iter().map(figure).sum()
}

fn repays_to_the_cent(terms: &Terms, plan: &Plan) {
    let capitalized = sum(plan, |row| row.capitalized.unwrap_or(Amount::ZERO));
    assert_eq!(plan.totals.principal, plan.totals.financed.plus(capitalized));
    assert!(plan.totals.residue.is_zero());
    assert!(plan.installments.last().is_some_and(|row| row.balance.is_zero()));
    for row in &plan.installments {
        assert!(!row.principal.is_negative() && !row.interest.is_negative(), "{row:?}");
        assert_eq!(row.total, row.principal.plus(row.interest).plus(row.fees).plus(row.tax), "{row:?}");
    }
    adds_up(terms, plan);
}

fn adds_up(terms: &Terms, plan: &Plan) {
    let rows = if terms.method == Method::Bullet { 1 } else { due_dates(terms) };
    assert_eq!(plan.installments.len(), rows);
    assert!(rows <= MOST_INSTALLMENTS as usize);
    let places = terms.currency.decimals();
    for (at, row) in plan.installments.iter().enumerate() {
        assert_eq!(row.number as usize, at + 1);
        let figures = [row.principal, row.interest, row.fees, row.tax, row.total, row.balance];
        assert!(figures.iter().all(|figure| figure.value().scale() == places), "{row:?}");
    }
    for pair in plan.installments.windows(2) {
        assert!(pair[0].due_on <= pair[1].due_on && pair[0].from <= pair[1].from, "{pair:?}");
    }
    let totals = plan.totals;
    assert_eq!(totals.total, sum(plan, |row| row.total));
    assert_eq!(totals.principal, sum(plan, |row| row.principal));
    assert_eq!(totals.interest, sum(plan, |row| row.interest));
    assert!(!totals.released.is_negative() && !totals.withheld.is_negative());
    if terms.rounding.remainder != Remainder::None {
        assert!(totals.residue.is_zero(), "{totals:?}");
    }
}

fn due_dates(terms: &Terms) -> usize {
    match &terms.due {
        DueDates::Custom { custom } => custom.len(),
        DueDates::Listed { due_dates } => due_dates.len(),
        DueDates::Regular { installments, .. } => *installments as usize,
    }
}
