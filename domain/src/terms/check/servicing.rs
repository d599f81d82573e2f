//! What servicing will need: allocation, late charges, excess.

use rust_decimal::Decimal;

use super::super::late::ContractWord;
use super::super::{
    Excess, InterestBasis, Late, LateByMonth, LateDays, LateDaysRequest, LateInterest, LateRate, LateRequest,
    Method, RateOrWordRequest, Terms,
};
use super::read::name;
use super::{Check, MOST_DAYS};
use crate::component::Component;
use crate::rounding::RoundingMode;

/// 2 % (CDC art. 52 §1) and 1 % a month (STJ Súmula 379).
const STANDARD_FEE_RATE: Decimal = Decimal::from_parts(2, 0, 0, false, 2);
const STANDARD_RATE_PER_MONTH: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

impl Check {
    pub(super) fn allocation(&mut self, pointer: &str, named: Option<&[String]>) -> Vec<Component> {
        let before = self.errors.len();
        let components: Vec<Component> = self.words(pointer, named.unwrap_or_default());
        // LENDING.md §16 has a name of its own for a word that is none.
        for error in &mut self.errors[before..] {
            if error.code == "unknown_value" {
                error.code = "unknown_component";
            }
        }
        Component::complete_order(&components)
    }

    pub(super) fn late(
        &mut self,
        request: &LateRequest,
        basis: InterestBasis,
        mode_of_the_loan: RoundingMode,
    ) -> Late {
        let fee_rate = request
            .fee_rate
            .as_deref()
            .and_then(|text| self.fraction("/late/fee_rate", text, Decimal::ONE))
            .unwrap_or(STANDARD_FEE_RATE);
        let grace_days = request.grace_days.unwrap_or(0);
        self.at_most("/late/grace_days", grace_days, MOST_DAYS);
        let rounding = match request.rounding.as_deref() {
            Some(text) => self.choice("/late/rounding", Some(text)),
            None => mode_of_the_loan,
        };
        Late {
            fee_rate,
            fee_base: self.choice("/late/fee_base", request.fee_base.as_deref()),
            interest: self.late_interest(request, basis),
            interest_base: self.choice("/late/interest_base", request.interest_base.as_deref()),
            contract_interest: self.choice("/late/contract_interest", request.contract_interest.as_deref()),
            grace_days,
            rounding,
        }
    }

    fn late_interest(&mut self, request: &LateRequest, basis: InterestBasis) -> LateInterest {
        let by_month = [
            ("interest_rate_per_month", request.interest_rate_per_month.is_some()),
            ("interest", request.interest.is_some()),
            ("interest_days", request.interest_days.is_some()),
        ];
        let beside: Vec<_> =
            by_month.into_iter().filter(|(_, is_given)| *is_given).map(|(field, _)| field).collect();
        if let Some(own) = &request.interest_rate {
            for field in beside {
                let detail =
                    format!("late.{field} is given beside late.interest_rate, which stands in its place");
                self.refuse(format!("/late/{field}"), "inconsistent", detail);
            }
            return LateInterest::ByRate { interest_rate: self.late_rate(own) };
        }
        if basis == InterestBasis::RunningBalance && beside.is_empty() {
            return LateInterest::ByRate { interest_rate: LateRate::Word(ContractWord::Contract) };
        }
        let rate = request
            .interest_rate_per_month
            .as_deref()
            .and_then(|text| self.fraction("/late/interest_rate_per_month", text, Decimal::ONE));
        LateInterest::ByMonth(LateByMonth {
            interest_rate_per_month: rate.unwrap_or(STANDARD_RATE_PER_MONTH),
            interest: self.choice("/late/interest", request.interest.as_deref()),
            interest_days: self.late_days(request.interest_days.as_ref()),
        })
    }

    fn late_rate(&mut self, request: &RateOrWordRequest) -> LateRate {
        match request {
            RateOrWordRequest::Rate(rate) => LateRate::Own(self.rate("/late/interest_rate", rate)),
            RateOrWordRequest::Word(text) => {
                let word = self.word("/late/interest_rate", text);
                LateRate::Word(word.unwrap_or(ContractWord::Contract))
            }
        }
    }

    fn late_days(&mut self, request: Option<&LateDaysRequest>) -> LateDays {
        match request {
            None | Some(LateDaysRequest::Number(30)) => LateDays::Thirty,
            Some(LateDaysRequest::Word(text)) => self.choice("/late/interest_days", Some(text)),
            Some(LateDaysRequest::Number(other)) => {
                let detail = format!("{} {other} is neither 30 nor actual", name("/late/interest_days"));
                self.refuse("/late/interest_days", "unknown_value", detail);
                LateDays::Thirty
            }
        }
    }

    /// Which excess goes with which basis and method (LENDING.md §10, §16).
    pub(super) fn excess(&mut self, terms: &Terms) {
        let rests = matches!(terms.interest_basis, InterestBasis::DailyRest | InterestBasis::PeriodRest);
        if rests && !(terms.excess == Excess::Next || terms.excess.draws_again()) {
            let detail = "excess must be next, reduce_term or reduce_installment with a rest basis";
            self.refuse("/excess", "excess_not_for_basis", detail);
        }
        let redrawable = matches!(terms.method, Method::Price | Method::Sac | Method::InterestOnly);
        if terms.excess.draws_again() && !redrawable {
            let detail = "excess reduce_term or reduce_installment needs method price, sac or interest_only";
            self.refuse("/excess", "plan_cannot_be_drawn_again", detail);
        }
    }
}
