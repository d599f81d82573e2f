//! Principal, rates, rounding, fees and tax.

use rust_decimal::Decimal;

use super::super::{
    Charge, ChargeBase, ChargeDue, ChargeMoment, ChargeRequest, ChargeWorth, Disbursement, IofRatesRequest,
    IofRequest, RateRequest, Rounding, RoundingPlace, RoundingRequest, Tax, TermsRequest,
};
use super::Check;
use super::read::name;
use crate::amount::Amount;
use crate::currency::Currency;
use crate::iof::{IofPlace, IofRates, IofSource, IofTerms, Person};
use crate::rate::{Compounding, Rate, RatePeriod};
use crate::rounding::RoundingMode;

/// Spreadsheets, whose figures lenders reproduce, stop at 15.
const MOST_RATE_DECIMALS: u32 = 18;
const MOST_CHARGES: usize = 100;
/// 1.5 % a day is the ceiling of the law (Dec. 6.306/2007 art. 6).
const HIGHEST_DAILY_IOF: Decimal = Decimal::from_parts(15, 0, 0, false, 3);
const HIGHEST_ADDITIONAL_IOF: Decimal = Decimal::from_parts(1, 0, 0, false, 1);
const IOF_DAYS: u32 = 365;

impl Check {
    pub(super) fn principal(
        &mut self,
        request: &TermsRequest,
        currency: Currency,
        disbursements: Option<&[Disbursement]>,
    ) -> Option<Amount> {
        match (&request.principal, disbursements) {
            (Some(text), _) => self.positive_amount("/principal", text, currency),
            (None, Some([])) => None,
            (None, Some(disbursements)) => {
                let sum: Amount = disbursements.iter().map(|disbursement| disbursement.amount).sum();
                self.amount_read("/principal", currency.try_positive(sum.value()))
            }
            (None, None) => {
                self.refuse("/principal", "required", "principal is required");
                None
            }
        }
    }

    pub(super) fn rate_of_loan(&mut self, request: Option<&RateRequest>) -> Rate {
        let Some(request) = request else {
            self.refuse("/rate", "required", "rate is required");
            let (per, compounding) = (RatePeriod::default(), Compounding::default());
            return Rate { value: Decimal::ZERO, per, compounding };
        };
        self.rate("/rate", request)
    }

    pub(super) fn rate(&mut self, pointer: &str, request: &RateRequest) -> Rate {
        let per: RatePeriod = self.choice(&format!("{pointer}/per"), request.per.as_deref());
        let compounding: Compounding =
            self.choice(&format!("{pointer}/compounding"), request.compounding.as_deref());
        let pointer = format!("{pointer}/value");
        let value = if let Some(text) = &request.value {
            self.fraction(&pointer, text, Rate::highest(per))
        } else {
            self.refuse(pointer.as_str(), "required", format!("{} is required", name(&pointer)));
            None
        };
        Rate { value: value.unwrap_or_default(), per, compounding }
    }

    pub(super) fn rounding(&mut self, request: Option<&RoundingRequest>, currency: Currency) -> Rounding {
        let standard = RoundingRequest::default();
        let request = request.unwrap_or(&standard);
        let decimals = request.decimals.unwrap_or(currency.decimals());
        if decimals > currency.decimals() {
            let most = currency.decimals();
            let detail = format!("rounding.decimals {decimals} is more than {currency} has ({most})");
            self.refuse("/rounding/decimals", "too_many_decimals", detail);
        }
        let multiple_of = request
            .multiple_of
            .as_deref()
            .and_then(|text| self.positive_amount("/rounding/multiple_of", text, currency));
        if let Some(multiple) = multiple_of
            && multiple.value().normalize().scale() > decimals
        {
            let detail = format!("rounding.multiple_of {multiple} has more than {decimals} decimals");
            self.refuse("/rounding/multiple_of", "too_many_decimals", detail);
        }
        for (field, given) in
            [("rate_decimals", request.rate_decimals), ("factor_decimals", request.factor_decimals)]
        {
            self.at_most(&format!("/rounding/{field}"), given.unwrap_or(0), MOST_RATE_DECIMALS);
        }
        let places = match &request.places {
            Some(texts) => self.words("/rounding/places", texts),
            None => vec![RoundingPlace::Installment, RoundingPlace::Interest],
        };
        Rounding {
            decimals,
            mode: self.choice("/rounding/mode", request.mode.as_deref()),
            multiple_of,
            places: places.into_iter().collect(),
            remainder: self.choice("/rounding/remainder", request.remainder.as_deref()),
            rate_decimals: request.rate_decimals,
            factor_decimals: request.factor_decimals,
        }
    }

    pub(super) fn charges(&mut self, requests: &[ChargeRequest], currency: Currency) -> Vec<Charge> {
        if requests.len() > MOST_CHARGES {
            let detail = format!("charges are {}, more than {MOST_CHARGES}", requests.len());
            self.refuse("/charges", "out_of_range", detail);
            return Vec::new();
        }
        let charges = requests.iter().enumerate();
        charges
            .filter_map(|(at, request)| self.charge(&format!("/charges/{at}"), request, currency))
            .collect()
    }

    fn charge(&mut self, pointer: &str, request: &ChargeRequest, currency: Currency) -> Option<Charge> {
        let kind = self.word(&format!("{pointer}/kind"), &request.kind);
        let due = self.charge_due(&format!("{pointer}/due"), &request.due);
        let worth = self.charge_worth(pointer, request, currency);
        let charge = Charge { kind: kind?, due: due?, worth: worth? };
        if let ChargeWorth::Share { base, .. } = charge.worth
            && !charge.due.knows(base)
        {
            let pointer = format!("{pointer}/base");
            let detail = format!(
                "{} {} is not known when due is {}",
                name(&pointer),
                request.base.as_deref().unwrap_or_default(),
                request.due
            );
            self.refuse(pointer, "inconsistent", detail);
        }
        Some(charge)
    }

    fn charge_due(&mut self, pointer: &str, text: &str) -> Option<ChargeDue> {
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            return self.date(pointer, text).map(ChargeDue::On);
        }
        match text {
            "disbursement" => Some(ChargeDue::At(ChargeMoment::Disbursement)),
            "financed" => Some(ChargeDue::At(ChargeMoment::Financed)),
            "installment" => Some(ChargeDue::At(ChargeMoment::Installment)),
            other => {
                let shown: String = other.chars().take(40).collect();
                let detail = format!(
                    "{} `{shown}` is none of disbursement, financed, installment and no date",
                    name(pointer)
                );
                self.refuse(pointer, "unknown_value", detail);
                None
            }
        }
    }

    fn charge_worth(
        &mut self,
        pointer: &str,
        request: &ChargeRequest,
        currency: Currency,
    ) -> Option<ChargeWorth> {
        match (&request.amount, &request.rate) {
            (Some(text), None) => {
                if request.base.is_some() {
                    let detail =
                        format!("{} goes with rate, not with amount", name(&format!("{pointer}/base")));
                    self.refuse(format!("{pointer}/base"), "inconsistent", detail);
                }
                let amount = self.amount(&format!("{pointer}/amount"), text, currency)?;
                Some(ChargeWorth::Amount { amount })
            }
            (None, Some(text)) => {
                let rate = self.fraction(&format!("{pointer}/rate"), text, Decimal::ONE);
                let base: ChargeBase = self.choice(&format!("{pointer}/base"), request.base.as_deref());
                Some(ChargeWorth::Share { rate: rate?, base })
            }
            (given, _) => {
                let how = if given.is_some() { "both" } else { "neither" };
                let detail = format!("{} has {how} of amount and rate, not one", name(pointer));
                self.refuse(pointer, "inconsistent", detail);
                None
            }
        }
    }

    pub(super) fn tax(&mut self, request: &IofRequest, mode_of_the_loan: RoundingMode) -> Option<Tax> {
        let person = request.person.as_deref().and_then(|text| self.word::<Person>("/tax/iof/person", text));
        let rates = request.rates.as_ref().and_then(|rates| self.iof_rates(rates));
        if request.person.is_none() && request.rates.is_none() {
            let detail = "tax.iof.person is required without tax.iof.rates";
            self.refuse("/tax/iof/person", "required", detail);
        }
        let round = match &request.round {
            Some(texts) => self.words("/tax/iof/round", texts),
            None => vec![IofPlace::Daily, IofPlace::Additional],
        };
        let mode = match request.mode.as_deref() {
            Some(text) => self.choice("/tax/iof/mode", Some(text)),
            None => mode_of_the_loan,
        };
        let cap_days = request.cap_days.unwrap_or(IOF_DAYS);
        self.at_most("/tax/iof/cap_days", cap_days, super::MOST_DAYS);
        let collected = self.choice("/tax/iof/collected", request.collected.as_deref());
        let financing = self.choice("/tax/iof/financing", request.financing.as_deref());
        let source = match (rates, person) {
            (Some(rates), person) => IofSource::Given { rates, person },
            (None, person) => IofSource::Table { person: person? },
        };
        let round = round.into_iter().collect();
        Some(Tax { iof: IofTerms { source, collected, financing, round, mode, cap_days } })
    }

    fn iof_rates(&mut self, request: &IofRatesRequest) -> Option<IofRates> {
        let daily = self.fraction("/tax/iof/rates/daily", &request.daily, HIGHEST_DAILY_IOF);
        let additional =
            self.fraction("/tax/iof/rates/additional", &request.additional, HIGHEST_ADDITIONAL_IOF);
        Some(IofRates { daily: daily?, additional: additional? })
    }
}

impl Charge {
    /// Whether it joins what is amortized.
    pub const fn is_financed(&self) -> bool {
        matches!(self.due, ChargeDue::At(ChargeMoment::Financed))
    }
}

impl ChargeDue {
    /// Whether `base` is known when the fee is charged: what is financed cannot depend on itself, and there
    /// is no installment to take a fraction of at the disbursement.
    const fn knows(self, base: ChargeBase) -> bool {
        match self {
            Self::At(ChargeMoment::Financed) => matches!(base, ChargeBase::Principal),
            Self::At(ChargeMoment::Disbursement) => {
                matches!(base, ChargeBase::Principal | ChargeBase::Financed)
            }
            Self::At(ChargeMoment::Installment) | Self::On(_) => true,
        }
    }
}
