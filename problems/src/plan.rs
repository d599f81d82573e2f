//! The kinds that terms and plans are refused with (LENDING §16).

use crate::Kind;
use crate::catalogue::kind;

pub static NEGATIVE_AMORTIZATION: Kind = kind(
    "negative_amortization",
    422,
    "The installment is below the interest",
    "The agreed installment does not cover the interest of its period, so the debt would grow.",
);
pub static GRACE_TOO_LONG: Kind = kind(
    "grace_too_long",
    422,
    "The grace is too long",
    "The grace leaves no installment to repay the principal in, or covers more interest than principal.",
);
pub static GRACE_NOT_FOR_METHOD: Kind = kind(
    "grace_not_for_method",
    422,
    "The method takes no such grace",
    "Grace goes with price, sac, interest_only and flat; capitalized grace not with flat.",
);
pub static DUE_DATES_NOT_INCREASING: Kind = kind(
    "due_dates_not_increasing",
    422,
    "The due dates do not increase",
    "Every due date has to lie after the one before it.",
);
pub static FIRST_DUE_BEFORE_DISBURSEMENT: Kind = kind(
    "first_due_before_disbursement",
    422,
    "The first due date is too early",
    "The first installment falls due before the money goes out.",
);
pub static DISBURSEMENT_AFTER_LAST_DUE_DATE: Kind = kind(
    "disbursement_after_last_due_date",
    422,
    "The disbursement is too late",
    "A disbursement on or after the last due date cannot be repaid by the plan.",
);
pub static CHARGE_AFTER_LAST_DUE_DATE: Kind = kind(
    "charge_after_last_due_date",
    422,
    "The charge is due after the plan ends",
    "A charge in the terms that is due on a date has to fall into a period of the plan.",
);
pub static CUSTOM_DOES_NOT_ADD_UP: Kind = kind(
    "custom_does_not_add_up",
    422,
    "The custom plan does not add up",
    "The principals of a custom plan add up to the financed amount.",
);
pub static METHOD_NEEDS_ONE_DISBURSEMENT: Kind = kind(
    "method_needs_one_disbursement",
    422,
    "The method takes one disbursement",
    "sam, flat, bullet and custom take just one disbursement.",
);
pub static SIMULATION_ONLY: Kind = kind(
    "simulation_only",
    422,
    "For schedules only",
    "A plan with remainder `none` leaves a residue, so no loan can be agreed on it; a schedule can be calculated.",
);
pub static EXCESS_NOT_FOR_BASIS: Kind = kind(
    "excess_not_for_basis",
    422,
    "The interest basis takes no such excess",
    "daily_rest and period_rest take `excess` next, reduce_term and reduce_installment; running_balance always lowers the principal.",
);
pub static PLAN_CANNOT_BE_DRAWN_AGAIN: Kind = kind(
    "plan_cannot_be_drawn_again",
    422,
    "The plan cannot be drawn again",
    "reduce_term, reduce_installment and anticipations need price, sac or interest_only. Use settle for the others.",
);
pub static IOF_RATE_UNKNOWN: Kind = kind(
    "iof_rate_unknown",
    422,
    "The IOF rates of the date are not known",
    "The table of rates begins with 2015-01-22. Give `tax.iof.rates` for an earlier disbursement.",
);
pub static UNKNOWN_COMPONENT: Kind = kind(
    "unknown_component",
    422,
    "There is no such component",
    "An order of allocation names late_fee, late_interest, penalty, fee, interest and principal, each once at most.",
);

/// All of them. The code of each is that of the rule which refuses the terms.
pub static OF_TERMS: &[&Kind] = &[
    &NEGATIVE_AMORTIZATION,
    &GRACE_TOO_LONG,
    &GRACE_NOT_FOR_METHOD,
    &DUE_DATES_NOT_INCREASING,
    &FIRST_DUE_BEFORE_DISBURSEMENT,
    &DISBURSEMENT_AFTER_LAST_DUE_DATE,
    &CHARGE_AFTER_LAST_DUE_DATE,
    &CUSTOM_DOES_NOT_ADD_UP,
    &METHOD_NEEDS_ONE_DISBURSEMENT,
    &SIMULATION_ONLY,
    &EXCESS_NOT_FOR_BASIS,
    &PLAN_CANNOT_BE_DRAWN_AGAIN,
    &IOF_RATE_UNKNOWN,
    &UNKNOWN_COMPONENT,
];
