//! Terms read from the JSON of a request, with the defaults of LENDING.md §1.

use chrono::NaiveDate;
use serde_json::Value;

use crate::calendar::{Calendar, date};
use crate::fractions::{Fraction, Mode, part, read, whole};
use crate::parts::{PARTS, part_named};

#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) principal: Option<Fraction>,
    pub(crate) method: String,
    pub(crate) custom: Vec<CustomRow>,
    pub(crate) rate: Rate,
    pub(crate) day_count: String,
    pub(crate) installments: u32,
    pub(crate) every: Every,
    pub(crate) first_due_on: Option<NaiveDate>,
    pub(crate) due_dates: Option<Vec<NaiveDate>>,
    pub(crate) roll: bool,
    pub(crate) calendar: Calendar,
    pub(crate) shift: String,
    pub(crate) unshifted: bool,
    pub(crate) grace_principal: usize,
    pub(crate) grace_interest: usize,
    pub(crate) grace_mode: String,
    pub(crate) agreed: Option<Fraction>,
    pub(crate) equal_periods: bool,
    pub(crate) rounding: Rounding,
    pub(crate) charges: Vec<Charge>,
    pub(crate) iof: Option<Iof>,
    pub(crate) basis: String,
    pub(crate) order: Vec<usize>,
    pub(crate) order_in_advance: Vec<usize>,
    pub(crate) scope_loan: bool,
    pub(crate) excess: String,
    pub(crate) late: Option<Late>,
    pub(crate) settlement: String,
    pub(crate) stop_after_days: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct CustomRow {
    pub(crate) due_on: NaiveDate,
    pub(crate) principal: Fraction,
    pub(crate) interest: Option<Fraction>,
}

#[derive(Debug, Clone)]
pub(crate) struct Rate {
    pub(crate) value: Fraction,
    pub(crate) per: String,
    pub(crate) effective: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Every {
    Months(u32),
    Days(u32),
}

#[derive(Debug, Clone)]
pub(crate) struct Rounding {
    pub(crate) decimals: u32,
    pub(crate) mode: Mode,
    pub(crate) multiple_of: Option<Fraction>,
    pub(crate) installment: bool,
    pub(crate) interest: bool,
    pub(crate) remainder: String,
    pub(crate) rate_decimals: Option<u32>,
    pub(crate) factor_decimals: Option<u32>,
}

#[derive(Debug, Clone)]
pub(crate) struct Charge {
    pub(crate) due: String,
    pub(crate) amount: Option<Fraction>,
    pub(crate) rate: Fraction,
    pub(crate) base: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Iof {
    pub(crate) person: String,
    pub(crate) rates: Option<(Fraction, Fraction)>,
    pub(crate) collected: String,
    pub(crate) series: bool,
    pub(crate) round: Vec<String>,
    pub(crate) mode: Mode,
    pub(crate) cap_days: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Late {
    pub(crate) fee_rate: Fraction,
    pub(crate) fee_base: String,
    pub(crate) monthly: Fraction,
    pub(crate) compound: bool,
    pub(crate) actual_days: bool,
    /// In place of those three: a rate, or the loan's own.
    pub(crate) by_rate: Option<Rate>,
    pub(crate) on_principal: bool,
    pub(crate) contract_interest: String,
    pub(crate) grace_days: u64,
    pub(crate) mode: Mode,
}

impl Terms {
    pub(crate) fn read(json: &Value) -> Self {
        let rounding = Rounding::read(&json["rounding"]);
        let grace = &json["grace"];
        let count = |value: &Value| usize::try_from(value.as_u64().unwrap_or(0)).expect("a small count");
        let basis = word(&json["interest_basis"], "plan");
        let rate = Rate::read(&json["rate"]);
        let order = order(&json["allocation"], &[]);
        Self {
            principal: amount(&json["principal"]),
            method: word(&json["method"], "price"),
            custom: list(&json["custom"]).iter().map(CustomRow::read).collect(),
            day_count: word(&json["day_count"], "act/365"),
            installments: u32::try_from(json["installments"].as_u64().unwrap_or(0)).expect("a small count"),
            every: Every::read(&json["every"]),
            first_due_on: json["first_due_on"].as_str().map(date),
            due_dates: json["due_dates"].as_array().map(|dates| dates.iter().map(day).collect()),
            roll: word(&json["month_end"], "clamp") == "roll",
            calendar: calendar(&json["calendar"]),
            shift: word(&json["due_date_shift"], "none"),
            unshifted: word(&json["accrue_to"], "shifted") == "unshifted",
            grace_principal: count(&grace["principal"]),
            grace_interest: count(&grace["interest"]),
            grace_mode: word(&grace["mode"], "capitalized"),
            agreed: amount(&json["installment_amount"]),
            equal_periods: word(&json["installment_periods"], "actual") == "equal",
            charges: list(&json["charges"]).iter().map(Charge::read).collect(),
            iof: json["tax"]["iof"].as_object().map(|_| Iof::read(&json["tax"]["iof"], rounding.mode)),
            order_in_advance: self::order(&json["allocation_in_advance"], &order),
            order,
            scope_loan: word(&json["allocation_scope"], "installment") == "loan",
            excess: word(&json["excess"], "next"),
            late: json["late"].as_object().map(|_| Late::read(&json["late"], &basis, &rate, rounding.mode)),
            settlement: word(&json["settlement"], "present_value"),
            stop_after_days: json["accrual"]["stop_after_days"].as_i64().unwrap_or(90),
            basis,
            rate,
            rounding,
        }
    }

    pub(crate) fn show(&self, value: &Fraction) -> Fraction {
        self.rounding.round(value)
    }
}

impl CustomRow {
    fn read(json: &Value) -> Self {
        Self {
            due_on: day(&json["due_on"]),
            principal: read(text(&json["principal"])),
            interest: amount(&json["interest"]),
        }
    }
}

impl Rate {
    pub(crate) fn read(json: &Value) -> Self {
        Self {
            value: read(text(&json["value"])),
            per: word(&json["per"], "month"),
            effective: word(&json["compounding"], "effective") == "effective",
        }
    }
}

impl Every {
    pub(crate) fn read(json: &Value) -> Self {
        let number = |field: &str| json[field].as_u64().map(|number| u32::try_from(number).expect("small"));
        match (number("months"), number("weeks"), number("days")) {
            (Some(months), ..) => Self::Months(months),
            (_, Some(weeks), _) => Self::Days(weeks * 7),
            (.., Some(days)) => Self::Days(days),
            _ => Self::Months(1),
        }
    }
}

impl Rounding {
    fn read(json: &Value) -> Self {
        let places = json["places"].as_array();
        let rounds = |place: &str| places.is_none_or(|places| places.iter().any(|named| named == place));
        let number = |field: &str| json[field].as_u64().map(|number| u32::try_from(number).expect("small"));
        Self {
            decimals: number("decimals").unwrap_or(2),
            mode: Mode::named(&word(&json["mode"], "half_even")),
            multiple_of: amount(&json["multiple_of"]),
            installment: rounds("installment"),
            interest: rounds("interest"),
            remainder: word(&json["remainder"], "last"),
            rate_decimals: number("rate_decimals"),
            factor_decimals: number("factor_decimals"),
        }
    }

    pub(crate) fn round(&self, value: &Fraction) -> Fraction {
        crate::fractions::rounded(value, self.decimals, self.mode)
    }

    /// An interest amount while computing.
    pub(crate) fn interest(&self, value: Fraction) -> Fraction {
        if self.interest { self.round(&value) } else { value }
    }

    /// An installment, or a part of principal, while computing.
    pub(crate) fn installment(&self, value: Fraction) -> Fraction {
        let value = if self.installment { self.round(&value) } else { value };
        self.multiple(value)
    }

    pub(crate) fn multiple(&self, value: Fraction) -> Fraction {
        match &self.multiple_of {
            None => value,
            Some(multiple) => crate::fractions::rounded(&(value / multiple), 0, self.mode) * multiple,
        }
    }

    pub(crate) fn cent(&self) -> Fraction {
        Fraction::new(1.into(), crate::fractions::ten_to(self.decimals))
    }
}

impl Charge {
    fn read(json: &Value) -> Self {
        Self {
            due: text(&json["due"]).to_owned(),
            amount: amount(&json["amount"]),
            rate: amount(&json["rate"]).unwrap_or_else(crate::fractions::zero),
            base: word(&json["base"], "principal"),
        }
    }
}

impl Iof {
    fn read(json: &Value, mode: Mode) -> Self {
        let rates = &json["rates"];
        let round = json["round"].as_array().map_or_else(
            || vec!["daily".to_owned(), "additional".to_owned()],
            |places| places.iter().map(|place| text(place).to_owned()).collect(),
        );
        Self {
            person: word(&json["person"], ""),
            rates: amount(&rates["daily"]).map(|daily| (daily, read(text(&rates["additional"])))),
            collected: word(&json["collected"], "financed"),
            series: word(&json["financing"], "fixed_point") == "series",
            round,
            mode: json["mode"].as_str().map_or(mode, Mode::named),
            cap_days: json["cap_days"].as_i64().unwrap_or(365),
        }
    }
}

impl Late {
    fn read(json: &Value, basis: &str, contract: &Rate, mode: Mode) -> Self {
        let own = &json["interest_rate"];
        let by_month = ["interest_rate_per_month", "interest", "interest_days"];
        let by_rate = if own.is_object() {
            Some(Rate::read(own))
        } else if own.is_string() {
            Some(contract.clone())
        } else if basis == "running_balance" && by_month.iter().all(|field| json[field].is_null()) {
            Some(contract.clone())
        } else {
            None
        };
        Self {
            fee_rate: amount(&json["fee_rate"]).unwrap_or_else(|| part(2, 100)),
            fee_base: word(&json["fee_base"], "overdue"),
            monthly: amount(&json["interest_rate_per_month"]).unwrap_or_else(|| part(1, 100)),
            compound: word(&json["interest"], "simple") == "compound",
            actual_days: json["interest_days"] == "actual",
            by_rate,
            on_principal: word(&json["interest_base"], "installment") == "principal",
            contract_interest: word(&json["contract_interest"], "none"),
            grace_days: json["grace_days"].as_u64().unwrap_or(0),
            mode: json["rounding"].as_str().map_or(mode, Mode::named),
        }
    }

    /// Months of late interest in so many days.
    pub(crate) fn months(&self, days: i64) -> Fraction {
        if self.actual_days { whole(days * 12) / whole(365) } else { part(days, 30) }
    }
}

pub(crate) fn word(json: &Value, default: &str) -> String {
    json.as_str().unwrap_or(default).to_owned()
}

pub(crate) fn text(json: &Value) -> &str {
    json.as_str().unwrap_or_else(|| panic!("no text: {json}"))
}

pub(crate) fn amount(json: &Value) -> Option<Fraction> {
    json.as_str().map(read)
}

pub(crate) fn day(json: &Value) -> NaiveDate {
    date(text(json))
}

pub(crate) fn list(json: &Value) -> &[Value] {
    json.as_array().map_or(&[], Vec::as_slice)
}

fn calendar(json: &Value) -> Calendar {
    if let Some(base) = json.as_str() {
        return Calendar::named(base);
    }
    Calendar {
        base: word(&json["base"], "br-bank"),
        add: list(&json["add"]).iter().map(day).collect(),
        remove: list(&json["remove"]).iter().map(day).collect(),
    }
}

/// What an order leaves out comes first, in the default order.
fn order(json: &Value, default: &[usize]) -> Vec<usize> {
    if json.is_null() && !default.is_empty() {
        return default.to_vec();
    }
    let named: Vec<usize> = list(json).iter().map(|name| part_named(text(name))).collect();
    let left_out = (0..PARTS.len()).filter(|part| !named.contains(part));
    left_out.chain(named.iter().copied()).collect()
}
