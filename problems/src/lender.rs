//! What refuses because of the lender's own rules: products and accounting periods.

use crate::Kind;
use crate::catalogue::kind;

pub static PRODUCT_UNKNOWN: Kind = kind(
    "product_unknown",
    422,
    "There is no such product",
    "An application names a product that was never defined. `POST /v1/products` defines it.",
);
pub static PRODUCT_RETIRED: Kind = kind(
    "product_retired",
    409,
    "The product was retired",
    "A retired product takes no new loans and no new versions, and is not retired again. Loans that have its terms keep them.",
);
pub static PRODUCT_CURRENCY: Kind = kind(
    "product_currency",
    409,
    "The product has another currency",
    "A product keeps its currency through all versions. Offer another currency under another name.",
);
pub static OUTSIDE_PRODUCT_LIMITS: Kind = kind(
    "outside_product_limits",
    422,
    "The terms are not within the product's limits",
    "The terms of an application, filled up from the product's current version, are not what its limits allow; `errors` names each field, the rule and the value.",
);

pub static PERIOD_NOT_OVER: Kind = kind(
    "period_not_over",
    422,
    "The month is not over",
    "A month can be closed from the booking day after its last day on.",
);
pub static PERIOD_CLOSED: Kind = kind(
    "period_closed",
    409,
    "The month is closed",
    "It was closed before, by itself or with a later month that was the first to be closed.",
);
pub static PERIOD_NOT_CLOSED: Kind =
    kind("period_not_closed", 409, "The month is not closed", "Only a closed month can be reopened.");
pub static PERIOD_OUT_OF_ORDER: Kind = kind(
    "period_out_of_order",
    409,
    "Another month comes first",
    "Months are closed one after another, and reopened from the last closed one back.",
);

pub static OWN_PROPOSAL: Kind = kind(
    "own_proposal",
    403,
    "The proposal is your own",
    "Nobody accepts or refuses what they proposed themselves. Another person does, or the proposer withdraws it.",
);
pub static NOT_OWN_PROPOSAL: Kind = kind(
    "not_own_proposal",
    403,
    "The proposal is somebody else's",
    "Only who made a proposal withdraws it. Others accept or refuse it.",
);
pub static ABOVE_APPROVAL_LIMIT: Kind = kind(
    "above_approval_limit",
    403,
    "More is at stake than you may decide on",
    "Who accepts a proposal needs a limit for its operation and currency that covers what is at stake by now. `POST /v1/staff/{subject}/limits` sets it.",
);
pub static OWN_LIMITS: Kind = kind(
    "own_limits",
    403,
    "These are your own limits",
    "Nobody sets the limits of their own. Another administrator does.",
);
pub static PROPOSAL_NOT_WAITING: Kind = kind(
    "proposal_not_waiting",
    409,
    "The proposal waits no longer",
    "It was accepted, refused or withdrawn before. `GET /v1/proposals/{id}` says which.",
);
pub static PROPOSAL_EXPIRED: Kind = kind(
    "proposal_expired",
    409,
    "The proposal has expired",
    "A proposal can be accepted for 30 days. Send the command again with a new `Idempotency-Key` to make another.",
);
