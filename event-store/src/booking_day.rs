//! The booking day: the date of now in São Paulo, or a day of one's choice for trials.

use std::time::SystemTime;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::America::Sao_Paulo;

/// Where the booking day comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BookingDay {
    /// The day that it is in São Paulo: 02:30 UTC belongs to the day before.
    #[default]
    OfTheClock,
    Fixed(NaiveDate),
}

impl BookingDay {
    pub fn today(self) -> NaiveDate {
        match self {
            Self::OfTheClock => booking_day(SystemTime::now().into()),
            Self::Fixed(day) => day,
        }
    }
}

/// The accounting day of an instant.
pub fn booking_day(instant: DateTime<Utc>) -> NaiveDate {
    instant.with_timezone(&Sao_Paulo).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_past_two_utc_belongs_to_the_day_before() {
        let instant = "2026-03-02T02:30:00Z".parse().unwrap();
        assert_eq!(booking_day(instant).to_string(), "2026-03-01");
    }

    #[test]
    fn the_summer_time_of_earlier_years_is_known() {
        let instant = "2018-12-02T02:30:00Z".parse().unwrap();
        assert_eq!(booking_day(instant).to_string(), "2018-12-02");
    }
}
