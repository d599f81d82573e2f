//! Plans: the installments that follow from terms and disbursements (LENDING.md §2 to §8). Pure arithmetic.

mod bullet;
mod cents;
mod custom;
mod draft;
mod error;
mod fees;
mod flat;
mod interest_only;
mod parts;
mod plan;
mod present_value;
mod price;
mod sac;
mod sam;
mod servicing;
mod tax;
mod timeline;

pub use error::PlanError;
pub use plan::{Installment, Plan, PlanTax, TaxKind, Totals};
pub use present_value::{OpenRow, present_value};
pub use price::equal_installment;
pub(crate) use servicing::{
    LoanPlan, RestRow, RowFees, draw_for_servicing, draw_rest, fees_of_row, levels, tax_of_rows,
};
pub use timeline::{Period, Timeline};

pub use crate::terms::Disbursement;
use crate::terms::{Method, Remainder, Terms};
use draft::{Draft, Releases, Row};

/// Draws the plan of a schedule request. Where `rounding.places` leaves something exact, each shown figure is
/// rounded by itself and the figures of a row need not add up (LENDING.md §4).
pub fn draw(terms: &Terms, disbursements: &[Disbursement]) -> Result<Plan, PlanError> {
    draw_plan(terms, disbursements, For::Simulation)
}

/// Draws the plan of a loan: always fixed in cents that add up (LENDING.md §4).
pub fn draw_for_loan(terms: &Terms, disbursements: &[Disbursement]) -> Result<Plan, PlanError> {
    if terms.rounding.remainder == Remainder::None {
        return Err(PlanError::SimulationOnly);
    }
    draw_plan(terms, disbursements, For::Loan)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    Simulation,
    Loan,
}

fn draw_plan(terms: &Terms, disbursements: &[Disbursement], purpose: For) -> Result<Plan, PlanError> {
    let releases = Releases::of(terms, disbursements)?;
    let timeline = Timeline::try_new(terms, releases.first_on())?;
    let releases = releases.along(&timeline)?;
    let financed_fees = fees::financed(terms)?;
    let draft = Draft::new(terms, &timeline, &releases, financed_fees)?;
    let mut drawn = tax::draw_with_tax(draft)?;
    if purpose == For::Loan {
        cents::fix(&mut drawn)?;
    }
    plan::lay_out_with_cost(&drawn)
}

/// The rows of a draft by its method.
fn rows(draft: &Draft<'_>) -> Result<Vec<Row>, PlanError> {
    match draft.terms.method {
        Method::Price => price::rows(draft),
        Method::Sac => sac::rows(draft),
        Method::Sam => sam::rows(draft),
        Method::InterestOnly => interest_only::rows(draft),
        Method::Bullet => bullet::rows(draft),
        Method::Flat => flat::rows(draft),
        Method::Custom => custom::rows(draft),
    }
}
