//! Due dates, calendar and grace.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::super::{
    CalendarRequest, CustomRow, CustomRowRequest, DueDates, Every, EveryRequest, Grace, GraceMode,
    GraceRequest, MOST_INSTALLMENTS, Method, TermsRequest,
};
use super::Check;
use crate::calendar::{BaseCalendar, Calendar};
use crate::currency::Currency;

/// A hundred years, in each unit.
const MOST_MONTHS: u32 = 1200;
const MOST_WEEKS: u32 = 5200;
const MOST_DAYS: u32 = 36_500;
const MOST_ADAPTED_DAYS: usize = 1000;

impl Check {
    pub(super) fn due_dates(
        &mut self,
        request: &TermsRequest,
        method: Method,
        currency: Currency,
    ) -> Option<DueDates> {
        match (&request.custom, &request.due_dates) {
            (Some(rows), _) if method == Method::Custom => {
                self.no_rule_beside("custom", request);
                if request.due_dates.is_some() {
                    self.refuse("/due_dates", "inconsistent", "due_dates is given beside custom");
                }
                self.custom(rows, currency)
            }
            (Some(_), _) => {
                self.refuse("/custom", "inconsistent", "custom goes with method custom only");
                None
            }
            (None, _) if method == Method::Custom => {
                self.refuse("/custom", "required", "custom is required with method custom");
                None
            }
            (None, Some(texts)) => {
                self.no_rule_beside("due_dates", request);
                self.listed(texts)
            }
            (None, None) => self.rule(request),
        }
    }

    fn no_rule_beside(&mut self, chosen: &str, request: &TermsRequest) {
        let given = [
            ("installments", request.installments.is_some()),
            ("every", request.every.is_some()),
            ("first_due_on", request.first_due_on.is_some()),
        ];
        for (field, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
            let detail = format!("{field} is given beside {chosen}, which stands in its place");
            self.refuse(format!("/{field}"), "inconsistent", detail);
        }
    }

    fn rule(&mut self, request: &TermsRequest) -> Option<DueDates> {
        if let Some(count) = request.installments {
            self.between_one_and("/installments", count, MOST_INSTALLMENTS);
        } else {
            self.refuse("/installments", "required", "installments is required without due_dates or custom");
        }
        let every = match request.every {
            None => Every::Months(1),
            Some(EveryRequest::Months(months)) => {
                self.between_one_and("/every/months", months, MOST_MONTHS);
                Every::Months(months)
            }
            Some(EveryRequest::Weeks(weeks)) => {
                self.between_one_and("/every/weeks", weeks, MOST_WEEKS);
                Every::Weeks(weeks)
            }
            Some(EveryRequest::Days(days)) => {
                self.between_one_and("/every/days", days, MOST_DAYS);
                Every::Days(days)
            }
        };
        let first_due_on = request.first_due_on.as_deref().and_then(|text| self.date("/first_due_on", text));
        Some(DueDates::Regular { installments: request.installments?, every, first_due_on })
    }

    fn listed(&mut self, texts: &[String]) -> Option<DueDates> {
        if !self.count_fits("/due_dates", texts.len()) {
            return None;
        }
        let due_dates: Vec<_> = texts
            .iter()
            .enumerate()
            .filter_map(|(at, text)| self.date(&format!("/due_dates/{at}"), text))
            .collect();
        self.increasing(&due_dates, |at| format!("/due_dates/{at}"));
        Some(DueDates::Listed { due_dates })
    }

    fn custom(&mut self, requests: &[CustomRowRequest], currency: Currency) -> Option<DueDates> {
        if !self.count_fits("/custom", requests.len()) {
            return None;
        }
        let mut custom = Vec::with_capacity(requests.len());
        for (at, request) in requests.iter().enumerate() {
            let due_on = self.date(&format!("/custom/{at}/due_on"), &request.due_on);
            let principal = self.amount(&format!("/custom/{at}/principal"), &request.principal, currency);
            let interest = request
                .interest
                .as_deref()
                .and_then(|text| self.amount(&format!("/custom/{at}/interest"), text, currency));
            if let (Some(due_on), Some(principal)) = (due_on, principal) {
                custom.push(CustomRow { due_on, principal, interest });
            }
        }
        let dates: Vec<_> = custom.iter().map(|row| row.due_on).collect();
        self.increasing(&dates, |at| format!("/custom/{at}/due_on"));
        Some(DueDates::Custom { custom })
    }

    fn count_fits(&mut self, pointer: &str, count: usize) -> bool {
        let fits = (1..=MOST_INSTALLMENTS as usize).contains(&count);
        if !fits {
            let field = pointer.trim_start_matches('/');
            let detail = format!("{field} lists {count} installments, not between 1 and {MOST_INSTALLMENTS}");
            self.refuse(pointer, "out_of_range", detail);
        }
        fits
    }

    fn increasing(&mut self, dates: &[NaiveDate], pointer: impl Fn(usize) -> String) {
        for (at, pair) in dates.windows(2).enumerate() {
            if pair[1] <= pair[0] {
                let pointer = pointer(at + 1);
                let field = super::read::name(&pointer);
                let detail = format!("{field} {} does not come after {}", pair[1], pair[0]);
                self.refuse(pointer, "due_dates_not_increasing", detail);
            }
        }
    }

    fn between_one_and(&mut self, pointer: &str, value: u32, most: u32) {
        if !(1..=most).contains(&value) {
            let field = super::read::name(pointer);
            let detail = format!("{field} {value} does not lie between 1 and {most}");
            self.refuse(pointer, "out_of_range", detail);
        }
    }

    pub(super) fn calendar(&mut self, request: Option<&CalendarRequest>) -> Calendar {
        let adapted = match request {
            None => return Calendar::default(),
            Some(CalendarRequest::Named(name)) => {
                return Calendar::Named(self.choice("/calendar", Some(name)));
            }
            Some(CalendarRequest::Adapted(adapted)) => adapted,
        };
        let base: BaseCalendar = self.choice("/calendar/base", adapted.base.as_deref());
        let add = self.days("/calendar/add", &adapted.add);
        let remove = self.days("/calendar/remove", &adapted.remove);
        if let Some(both) = add.intersection(&remove).next() {
            let detail = format!("calendar.remove {both} is named by calendar.add too");
            self.refuse("/calendar/remove", "inconsistent", detail);
        }
        Calendar::Adapted { base, add, remove }
    }

    fn days(&mut self, pointer: &str, texts: &[String]) -> BTreeSet<NaiveDate> {
        if texts.len() > MOST_ADAPTED_DAYS {
            let field = super::read::name(pointer);
            let detail = format!("{field} lists {} days, more than {MOST_ADAPTED_DAYS}", texts.len());
            self.refuse(pointer, "out_of_range", detail);
            return BTreeSet::new();
        }
        let dates = texts.iter().enumerate();
        dates.filter_map(|(at, text)| self.date(&format!("{pointer}/{at}"), text)).collect()
    }

    pub(super) fn grace(
        &mut self,
        request: Option<&GraceRequest>,
        method: Method,
        due: Option<&DueDates>,
    ) -> Grace {
        let Some(request) = request else { return Grace::default() };
        let grace = Grace {
            principal: request.principal.unwrap_or(0),
            interest: request.interest.unwrap_or(0),
            mode: self.choice("/grace/mode", request.mode.as_deref()),
        };
        if grace.principal == 0 && grace.interest == 0 {
            return grace;
        }
        if matches!(method, Method::Sam | Method::Bullet | Method::Custom) {
            let detail = "grace goes with methods price, sac, interest_only and flat only";
            self.refuse("/grace", "grace_not_for_method", detail);
        }
        if method == Method::Flat && grace.interest > 0 && grace.mode == GraceMode::Capitalized {
            let detail = "grace.mode capitalized does not go with method flat, whose interest follows the amount financed";
            self.refuse("/grace/mode", "grace_not_for_method", detail);
        }
        if grace.interest > grace.principal {
            let detail =
                format!("grace.interest {} is more than grace.principal {}", grace.interest, grace.principal);
            self.refuse("/grace/interest", "grace_too_long", detail);
        }
        let installments = match due {
            Some(DueDates::Regular { installments, .. }) => Some(*installments),
            Some(DueDates::Listed { due_dates }) => u32::try_from(due_dates.len()).ok(),
            Some(DueDates::Custom { .. }) | None => None,
        };
        if let Some(installments) = installments
            && grace.principal >= installments
        {
            let detail = format!(
                "grace.principal {} leaves none of {installments} installments to repay principal",
                grace.principal
            );
            self.refuse("/grace/principal", "grace_too_long", detail);
        }
        grace
    }
}
