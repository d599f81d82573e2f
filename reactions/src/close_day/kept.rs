//! What is kept of a loan's interest: day by day for as long as nothing happens to it.

use chrono::NaiveDate;
use domain::loan::{Unreceived, UnreceivedAhead};
use domain::{Amount, Currency};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What it is kept under. The number is that of its shape, and of the calculation.
pub(super) const NAME: &str = "interest of days 1";
/// The most days that are derived at once.
const MOST_DAYS: u32 = 16;
/// A loan to which nothing happened for so long is likely to stay as it is.
const QUIET_DAYS: i64 = 2;

/// Interest from a day on. One that was not disbursed by then has none.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptInterest {
    from: NaiveDate,
    currency: Currency,
    is_written_off: bool,
    /// In the smallest unit of the currency.
    interest: Vec<i64>,
}

impl KeptInterest {
    /// `None` where the amounts are too large to be kept.
    pub(super) fn of(from: NaiveDate, currency: Currency, ahead: &UnreceivedAhead) -> Option<Self> {
        let minor = |amount: &Amount| {
            let mut value = amount.value();
            value.rescale(currency.decimals());
            value.mantissa().to_i64()
        };
        let interest = ahead.interest.iter().map(minor).collect::<Option<_>>()?;
        Some(Self { from, currency, is_written_off: ahead.is_written_off, interest })
    }

    pub(super) fn read(value: &str) -> Option<Self> {
        serde_json::from_str(value).ok()
    }

    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).expect("plain data")
    }

    /// The interest of a day, where it is kept.
    pub(super) fn on(&self, day: NaiveDate) -> Option<(Currency, Unreceived)> {
        let place = usize::try_from((day - self.from).num_days()).ok()?;
        let minor = *self.interest.get(place)?;
        let interest = Amount::from_checked(Decimal::new(minor, self.currency.decimals()));
        Some((self.currency, Unreceived { interest, is_written_off: self.is_written_off }))
    }

    /// Whether it says anything of a day to come.
    pub(super) const fn is_ahead(&self) -> bool {
        self.interest.len() > 1
    }

    /// How many days are derived when this comes to its end, the last fact of the loan being so many days old. One day
    /// at first: what happened to a loan yesterday may happen to it tomorrow. Then as many as differ from loan to loan,
    /// so that they do not all end on the same day.
    pub(super) fn days_after(kept: Option<&Self>, quiet_days: i64, loan: Uuid) -> u32 {
        match kept {
            None if quiet_days < QUIET_DAYS => 1,
            None => 2 + u32::from(loan.as_bytes()[15]) % (MOST_DAYS - 1),
            Some(_) => MOST_DAYS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn what_is_kept_is_read_day_by_day() {
        let amount =
            |text: &str| Currency::Brl.try_amount(text.parse().expect("a decimal")).expect("an amount");
        let ahead =
            UnreceivedAhead { interest: vec![amount("1.20"), amount("-0.05")], is_written_off: false };
        let kept = KeptInterest::of(day("2026-02-27"), Currency::Brl, &ahead).expect("it is kept");
        let kept = KeptInterest::read(&kept.text()).expect("it is read");
        let of = |on| kept.on(day(on)).map(|(_, unreceived)| unreceived.interest);
        assert_eq!(of("2026-02-26"), None);
        assert_eq!(of("2026-02-27"), Some(amount("1.20")));
        assert_eq!(of("2026-02-28"), Some(amount("-0.05")));
        assert_eq!(of("2026-03-01"), None);
    }

    #[test]
    fn a_loan_that_stays_quiet_is_derived_for_more_days() {
        let ended = KeptInterest {
            from: day("2026-02-27"),
            currency: Currency::Brl,
            is_written_off: false,
            interest: vec![0; 7],
        };
        let loan = Uuid::from_u128(200);
        assert_eq!(KeptInterest::days_after(None, 0, loan), 1);
        assert_eq!(KeptInterest::days_after(None, QUIET_DAYS - 1, loan), 1);
        assert_eq!(KeptInterest::days_after(None, QUIET_DAYS, loan), 7);
        assert_eq!(KeptInterest::days_after(Some(&ended), 90, loan), MOST_DAYS);
        let all = (0..=255).map(|last| KeptInterest::days_after(None, 90, Uuid::from_u128(last)));
        assert!(all.clone().min() == Some(2) && all.max() == Some(MOST_DAYS));
    }
}
