//! From what a client sends to terms that hold every rule: all errors are collected, not only the first.

mod amounts;
mod dates;
mod read;
mod servicing;

use super::{
    Accrual, Disbursement, DisbursementRequest, DueDates, FieldError, InstallmentPeriods, Method, Remainder,
    Rounding, Terms, TermsRequest,
};
use crate::amount::Amount;
use crate::currency::Currency;
use crate::iof::IofCollection;

/// Days past due after which interest is no longer accrued by default (Res. CMN 4.966/2021 art. 3).
const DAYS_BEFORE_ACCRUAL_STOPS: u32 = 90;
/// Far longer than any loan; keeps sums of days small.
pub(super) const MOST_DAYS: u32 = 36_500;
const MOST_DISBURSEMENTS: usize = 120;

/// What was found so far.
#[derive(Default)]
pub(super) struct Check {
    errors: Vec<FieldError>,
}

impl TermsRequest {
    /// The terms of a loan, or everything that is wrong with them. Pointers start at the terms.
    pub fn check(self) -> Result<Terms, Vec<FieldError>> {
        let mut check = Check::default();
        let currency = check.currency(self.currency.as_deref());
        let terms = check.terms(&self, currency, None);
        check.refuse_residue(terms.as_ref());
        check.finish(terms)
    }
}

impl TermsRequest {
    /// The terms that replace those of a running loan, or everything that is wrong with them. Their principal is what
    /// is open on the day, so it stays at nothing here; without a `currency` they have `currency`.
    pub fn check_replacing(self, currency: Currency) -> Result<Terms, Vec<FieldError>> {
        let mut check = Check::default();
        let currency = match &self.currency {
            Some(_) => check.currency(self.currency.as_deref()),
            None => currency,
        };
        if self.principal.is_some() {
            let detail = "principal is what is open on the day, so the terms that replace others name none";
            check.refuse("/principal", "inconsistent", detail);
        }
        let terms = check.terms(&Self { principal: None, ..self }, currency, Some(&[]));
        check.refuse_residue(terms.as_ref());
        check.finish(terms)
    }

    /// The due dates that a request gives by `installments`, `every` and `first_due_on` alone, all that is wrong with
    /// them, or nothing where the first is left open.
    pub fn check_due_dates(&self) -> Result<Option<DueDates>, Vec<FieldError>> {
        let mut check = Check::default();
        let due = check.due_dates(self, Method::default(), Currency::default());
        if check.errors.is_empty() { Ok(due) } else { Err(check.errors) }
    }
}

impl Check {
    /// A loan owes all of its principal.
    fn refuse_residue(&mut self, terms: Option<&Terms>) {
        if terms.is_some_and(|terms| terms.rounding.remainder == Remainder::None) {
            let detail = "rounding.remainder none leaves a residue, which a loan must not";
            self.refuse("/rounding/remainder", "simulation_only", detail);
        }
    }

    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T, Vec<FieldError>> {
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ => Err(self.errors),
        }
    }

    pub(super) fn disbursements(
        &mut self,
        requests: &[DisbursementRequest],
        currency: Currency,
    ) -> Vec<Disbursement> {
        if requests.is_empty() {
            self.refuse("/disbursements", "required", "disbursements must name at least one");
        }
        if requests.len() > MOST_DISBURSEMENTS {
            let detail =
                format!("disbursements are {}, more than {MOST_DISBURSEMENTS} at once", requests.len());
            self.refuse("/disbursements", "out_of_range", detail);
            return Vec::new();
        }
        let mut disbursements = Vec::with_capacity(requests.len());
        for (at, request) in requests.iter().enumerate() {
            let on = self.date(&format!("/disbursements/{at}/on"), &request.on);
            let amount =
                self.positive_amount(&format!("/disbursements/{at}/amount"), &request.amount, currency);
            if let (Some(on), Some(amount)) = (on, amount) {
                disbursements.push(Disbursement { on, amount });
            }
        }
        disbursements
    }

    /// The terms, given what is disbursed if that is known. `None` only where an error was noted.
    pub(super) fn terms(
        &mut self,
        request: &TermsRequest,
        currency: Currency,
        disbursements: Option<&[Disbursement]>,
    ) -> Option<Terms> {
        let principal = self.principal(request, currency, disbursements);
        let method = self.choice("/method", request.method.as_deref());
        let rate = self.rate_of_loan(request.rate.as_ref());
        let due = self.due_dates(request, method, currency);
        let calendar = self.calendar(request.calendar.as_ref());
        let installment_amount = request
            .installment_amount
            .as_deref()
            .map(|text| self.positive_amount("/installment_amount", text, currency));
        let rounding = self.rounding(request.rounding.as_ref(), currency);
        let grace = self.grace(request.grace.as_ref(), method, due.as_ref());
        let charges = self.charges(request.charges.as_deref().unwrap_or_default(), currency);
        let tax = request.tax.as_ref().map(|tax| self.tax(&tax.iof, rounding.mode));
        let interest_basis = self.choice("/interest_basis", request.interest_basis.as_deref());
        let allocation = self.allocation("/allocation", request.allocation.as_deref());
        let in_advance = request.allocation_in_advance.as_deref();
        let allocation_in_advance = match in_advance {
            Some(_) => self.allocation("/allocation_in_advance", in_advance),
            None => allocation.clone(),
        };
        let late = request.late.as_ref().map(|late| self.late(late, interest_basis, rounding.mode));
        let terms = Terms {
            principal: principal.unwrap_or(currency.zero()),
            currency,
            method,
            due: due.unwrap_or(DueDates::Listed { due_dates: Vec::new() }),
            rate,
            day_count: self.choice("/day_count", request.day_count.as_deref()),
            month_end: self.choice("/month_end", request.month_end.as_deref()),
            calendar,
            due_date_shift: self.choice("/due_date_shift", request.due_date_shift.as_deref()),
            accrue_to: self.choice("/accrue_to", request.accrue_to.as_deref()),
            grace,
            installment_amount: installment_amount.flatten(),
            installment_periods: self.choice("/installment_periods", request.installment_periods.as_deref()),
            rounding,
            charges,
            tax: tax.flatten(),
            interest_basis,
            allocation,
            allocation_in_advance,
            allocation_scope: self.choice("/allocation_scope", request.allocation_scope.as_deref()),
            excess: self.choice("/excess", request.excess.as_deref()),
            late,
            settlement: self.choice("/settlement", request.settlement.as_deref()),
            accrual: self.accrual(request),
        };
        if self.errors.is_empty() {
            self.together(&terms, disbursements);
        }
        self.errors.is_empty().then_some(terms)
    }

    fn accrual(&mut self, request: &TermsRequest) -> Accrual {
        let given = request.accrual.as_ref().and_then(|accrual| accrual.stop_after_days);
        let stop_after_days = given.unwrap_or(DAYS_BEFORE_ACCRUAL_STOPS);
        self.at_most("/accrual/stop_after_days", stop_after_days, MOST_DAYS);
        Accrual { stop_after_days }
    }

    /// Rules between fields that are right each by itself.
    fn together(&mut self, terms: &Terms, disbursements: Option<&[Disbursement]>) {
        let price_only = "goes with method price only";
        if terms.installment_amount.is_some() && terms.method != Method::Price {
            self.refuse("/installment_amount", "inconsistent", format!("installment_amount {price_only}"));
        }
        if terms.installment_periods == InstallmentPeriods::Equal {
            if terms.method != Method::Price {
                let detail = format!("installment_periods equal {price_only}");
                self.refuse("/installment_periods", "inconsistent", detail);
            } else if !matches!(terms.due, DueDates::Regular { .. }) {
                let detail = "installment_periods equal needs due dates by every, not due_dates";
                self.refuse("/installment_periods", "inconsistent", detail);
            }
        }
        self.excess(terms);
        self.decimals_of_the_plan(terms, disbursements.unwrap_or_default());
        if let Some(disbursements) = disbursements {
            self.amounts_disbursed(terms, disbursements);
        }
        self.custom_sum(terms);
    }

    fn amounts_disbursed(&mut self, terms: &Terms, disbursements: &[Disbursement]) {
        let sum: Amount = disbursements.iter().map(|disbursement| disbursement.amount).sum();
        if sum > terms.principal {
            let detail = format!("disbursements add up to {sum}, more than principal {}", terms.principal);
            self.refuse("/disbursements", "inconsistent", detail);
        }
    }

    /// A plan in whole reais has no place for cents.
    fn decimals_of_the_plan(&mut self, terms: &Terms, disbursements: &[Disbursement]) {
        let Rounding { decimals, .. } = terms.rounding;
        let named = [("/principal".to_owned(), terms.principal)].into_iter();
        let disbursed = disbursements
            .iter()
            .enumerate()
            .map(|(at, disbursement)| (format!("/disbursements/{at}/amount"), disbursement.amount));
        let rows = match &terms.due {
            DueDates::Custom { custom } => custom.as_slice(),
            _ => &[],
        };
        let listed =
            rows.iter().enumerate().map(|(at, row)| (format!("/custom/{at}/principal"), row.principal));
        for (pointer, amount) in named.chain(disbursed).chain(listed) {
            if amount.value().normalize().scale() > decimals {
                let detail = format!(
                    "{} {amount} has more decimals than rounding.decimals gives the plan ({decimals})",
                    read::name(&pointer)
                );
                self.refuse(pointer, "too_many_decimals", detail);
            }
        }
    }

    /// What is financed beyond the principal is known only once the plan is drawn; where nothing is, the sum
    /// is checked here.
    fn custom_sum(&mut self, terms: &Terms) {
        let DueDates::Custom { custom } = &terms.due else { return };
        // What replaces other terms has its principal only on the day.
        if terms.principal.is_zero() {
            return;
        }
        let taxed = terms.tax.as_ref().is_some_and(|tax| tax.iof.collected == IofCollection::Financed);
        if taxed || terms.charges.iter().any(super::Charge::is_financed) {
            return;
        }
        let sum: Amount = custom.iter().map(|row| row.principal).sum();
        if sum != terms.principal {
            let detail = format!("custom adds up to {sum}, not to the principal {}", terms.principal);
            self.refuse("/custom", "custom_does_not_add_up", detail);
        }
    }
}
