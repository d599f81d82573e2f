//! Every kind of problem there is. `docs/problems.md` is written from this list.

use crate::Kind;
pub use crate::lender::*;
pub use crate::plan::*;

pub(crate) const fn kind(
    code: &'static str,
    status: u16,
    title: &'static str,
    meaning: &'static str,
) -> Kind {
    Kind { code, status, title, meaning }
}

// 400: cannot be read
pub static MALFORMED_JSON: Kind = kind(
    "malformed_json",
    400,
    "The body is not JSON",
    "The body is no JSON text (RFC 8259), is empty, or is not UTF-8.",
);
pub static INVALID_FIELD: Kind = kind(
    "invalid_field",
    400,
    "A field cannot be read",
    "A field has the wrong type or form (a number where an amount as text is wanted, a date that does not exist, an unknown word), is missing, or is unknown. `errors` names it.",
);
pub static INVALID_PARAMETER: Kind = kind(
    "invalid_parameter",
    400,
    "A parameter cannot be read",
    "A query parameter, path segment or header has the wrong form, is unknown, or is out of its range. `errors` names it.",
);
pub static IDEMPOTENCY_KEY_MISSING: Kind = kind(
    "idempotency_key_missing",
    400,
    "The Idempotency-Key is missing",
    "Every command needs the header `Idempotency-Key` with 1 to 255 visible ASCII characters.",
);
pub static IDEMPOTENCY_KEY_INVALID: Kind = kind(
    "idempotency_key_invalid",
    400,
    "The Idempotency-Key cannot be read",
    "The header `Idempotency-Key` takes 1 to 255 visible ASCII characters, once.",
);

// 401, 403: who asks, and what they may
pub static UNAUTHENTICATED: Kind = kind(
    "unauthenticated",
    401,
    "The token says not who asks",
    "The request carries no bearer token, or one that is not accepted: expired, not yet valid, of another issuer, for another audience, or not signed by a key of the issuer's. `detail` says which. `docs/SECURITY.md` has what a token needs.",
);
pub static FORBIDDEN: Kind = kind(
    "forbidden",
    403,
    "This needs another role",
    "The token is good, but none of its roles may use this route. `detail` names the roles that may; `razao routes` prints them all.",
);

pub static OTHER_LENDER: Kind = kind(
    "other_lender",
    403,
    "The token is of no lender that answers here",
    "One server serves several lenders, and a claim of the token names the one that it is of. It names none, more than one, one that is not served here, or another than the one whose host was asked. `docs/SECURITY.md` says how a lender is chosen.",
);

// 404, 405, 412, 413, 415, 421
pub static MISDIRECTED: Kind = kind(
    "misdirected",
    421,
    "No lender answers at this host",
    "One server serves several lenders, each at hosts of its own, and the one that the request names (`Host`, or `:authority`) is none of them. The port does not count, nor do `Forwarded` and `X-Forwarded-Host`.",
);
pub static NOT_FOUND: Kind =
    kind("not_found", 404, "Not found", "There is no such path, or nothing with this id.");
pub static METHOD_NOT_ALLOWED: Kind =
    kind("method_not_allowed", 405, "Method not allowed", "The path exists but does not take this method.");
pub static PRECONDITION_FAILED: Kind = kind(
    "precondition_failed",
    412,
    "The version is another",
    "`If-Match` names another version than the stream has. Read it again and decide anew.",
);
pub static BODY_TOO_LARGE: Kind =
    kind("body_too_large", 413, "The body is too large", "A body may have 1 MiB at most.");
pub static UNSUPPORTED_MEDIA_TYPE: Kind = kind(
    "unsupported_media_type",
    415,
    "The body is not declared as JSON",
    "Commands take `Content-Type: application/json`.",
);
pub static REQUEST_TIMEOUT: Kind = kind(
    "request_timeout",
    408,
    "The request took too long to arrive",
    "The body did not arrive in time. Send it again, with the same Idempotency-Key.",
);

// 409: the state forbids it, or a race was lost
pub static ALREADY_EXISTS: Kind = kind(
    "already_exists",
    409,
    "The id is taken",
    "Something with the id that the client sent exists already.",
);
pub static DUPLICATE_EXTERNAL_ID: Kind = kind(
    "duplicate_external_id",
    409,
    "The external id is taken",
    "An `external_id` is unique among a lender's loans, receipts and entries, each kind by itself.",
);
pub static NOT_APPLIED: Kind = kind(
    "not_applied",
    409,
    "The loan is no open application",
    "Only an application that is neither approved nor closed can be approved or rejected; one that is approved can still be withdrawn.",
);
pub static NOT_APPROVED: Kind = kind(
    "not_approved",
    409,
    "The loan is not approved",
    "Only an approved loan can be disbursed, up to the amount approved.",
);
pub static NOT_ACTIVE: Kind = kind(
    "not_active",
    409,
    "The loan is not active",
    "Only a disbursed loan that still owes something takes repayments, credits, settlements, restructuring and a write-off. What is dated before it was settled is still taken.",
);
pub static WRITTEN_OFF: Kind = kind(
    "written_off",
    409,
    "The loan is written off",
    "What comes in after a write-off is a recovery: use `recoveries`. What is dated before the write-off is still taken.",
);
pub static NOT_WRITTEN_OFF: Kind = kind(
    "not_written_off",
    409,
    "The loan is not written off",
    "Recoveries, and undoing a write-off, need a loan that is written off by their date.",
);
pub static NOTHING_UNPAID: Kind = kind(
    "nothing_unpaid",
    409,
    "Nothing of it is unpaid",
    "All of the charge was paid or waived by that date.",
);
pub static ALREADY_REVERSED: Kind = kind(
    "already_reversed",
    409,
    "Already reversed",
    "The payment, write-off or entry was reversed before, or the repayment was charged back.",
);
pub static STILL_PARKED: Kind = kind(
    "still_parked",
    409,
    "The event still cannot be applied",
    "The event that parks the stream still cannot be read, or its rows are still refused: nothing changed. `detail` has the cause. Mend that, or discard the event with a reason.",
);
pub static CONFLICT: Kind = kind(
    "conflict",
    409,
    "Another command was faster",
    "Other commands changed the same stream again and again while this one was tried. Send it again, with the same Idempotency-Key.",
);

// 422: read, but a rule refuses it
pub static IDEMPOTENCY_KEY_REUSED: Kind = kind(
    "idempotency_key_reused",
    422,
    "The Idempotency-Key belongs to another request",
    "The key was accepted with another path or body. Use a new key for a new command.",
);
pub static INVALID_AMOUNT: Kind = kind(
    "invalid_amount",
    422,
    "The amount is not acceptable",
    "An amount has to be above zero, at most 1,000,000,000,000, with no more decimals than its currency has. A chargeback takes back no more than the repayment, a waiver no more than is unpaid.",
);
pub static INVALID_TERMS: Kind = kind(
    "invalid_terms",
    422,
    "The terms are not acceptable",
    "The terms of the loan or schedule break a rule, or several; `errors` names each field, the rule and the value.",
);
pub static INVALID_VALUE: Kind = kind(
    "invalid_value",
    422,
    "A value is not acceptable",
    "A field was read but breaks a rule that is documented with it; `errors` names it.",
);
pub static INVALID_TAX_ID: Kind = kind(
    "invalid_tax_id",
    422,
    "The tax id is none",
    "`tax_id` is a CPF or CNPJ with right check digits (IN RFB 2.229/2024 for letters in a CNPJ).",
);
pub static FUTURE_DATE: Kind = kind(
    "future_date",
    422,
    "The date is in the future",
    "`on` may not be after the booking day in America/Sao_Paulo.",
);
pub static BEFORE_FIRST_FACT: Kind = kind(
    "before_first_fact",
    422,
    "The date is too early",
    "The date lies before the fact that the command builds on: the approval, the disbursement, the payment, the write-off or the entry.",
);
pub static MORE_THAN_APPROVED: Kind = kind(
    "more_than_approved",
    422,
    "More than was approved",
    "The disbursement exceeds what was approved and not yet disbursed.",
);
pub static NOT_THE_SETTLEMENT_AMOUNT: Kind = kind(
    "not_the_settlement_amount",
    422,
    "Not the settlement amount",
    "An early settlement pays exactly the quote of its day: see `GET /v1/loans/{id}/settlement-quote`.",
);
pub static REFUND_EXCEEDS_OVERPAYMENT: Kind = kind(
    "refund_exceeds_overpayment",
    422,
    "More than was overpaid",
    "A refund gives back at most what is overpaid on its date.",
);
pub static UNBALANCED: Kind = kind(
    "unbalanced",
    422,
    "The entry does not balance",
    "The debits and the credits of an entry have the same sum.",
);

// 500, 503
pub static BULK_UNDONE: Kind = kind(
    "bulk_undone",
    424,
    "Another line of the bulk was refused",
    "With `atomic=true` all lines are stored or none. This one could have been; the line that has another status says why none was. Mend it and send the whole again, with the same keys.",
);
pub static RATE_LIMITED: Kind = kind(
    "rate_limited",
    429,
    "Too many requests of one client",
    "The client, by its token or its address, sends more than the server is set to take from one. Send it again after `Retry-After` seconds, with the same Idempotency-Key.",
);

pub static INTERNAL: Kind = kind(
    "internal",
    500,
    "Something is wrong on our side",
    "A fault of the server. The log has its cause; the command may or may not have been taken: send it again with the same Idempotency-Key.",
);
pub static UNAVAILABLE: Kind = kind(
    "unavailable",
    503,
    "Not available now",
    "The database or the queue of commands cannot be reached, or too much waits. Send it again after `Retry-After` seconds, with the same Idempotency-Key.",
);
pub static OVERLOADED: Kind = kind(
    "overloaded",
    503,
    "The server has more to do than it can",
    "As many requests, or calculations, are under way as the server is set to take, so this one was refused and did nothing. Send it again after `Retry-After` seconds, with the same Idempotency-Key.",
);
pub static IDENTITY_UNAVAILABLE: Kind = kind(
    "identity_unavailable",
    503,
    "Nobody can be told apart now",
    "The keys of the token issuer could not be read yet, or not for a day, so no token can be verified. Send it again after `Retry-After` seconds.",
);
pub static NOT_YET_VISIBLE: Kind = kind(
    "not_yet_visible",
    503,
    "The read model is behind",
    "The read model did not reach `Razao-Min-Position` in time. Ask again after `Retry-After` seconds.",
);

pub static STREAM_PARKED: Kind = kind(
    "stream_parked",
    503,
    "What was asked for waits for an event to be dealt with",
    "The read model could not take an event of this stream, so what it holds of it is not up to date; it says nothing rather than something old. The event is tried again by itself, `GET /v1/dead-letters` shows it.",
);

/// All of them.
pub static ALL: &[&Kind] = &[
    &MALFORMED_JSON,
    &INVALID_FIELD,
    &INVALID_PARAMETER,
    &IDEMPOTENCY_KEY_MISSING,
    &IDEMPOTENCY_KEY_INVALID,
    &UNAUTHENTICATED,
    &FORBIDDEN,
    &OTHER_LENDER,
    &OWN_PROPOSAL,
    &NOT_OWN_PROPOSAL,
    &ABOVE_APPROVAL_LIMIT,
    &OWN_LIMITS,
    &NOT_FOUND,
    &METHOD_NOT_ALLOWED,
    &REQUEST_TIMEOUT,
    &ALREADY_EXISTS,
    &DUPLICATE_EXTERNAL_ID,
    &NOT_APPLIED,
    &NOT_APPROVED,
    &NOT_ACTIVE,
    &WRITTEN_OFF,
    &NOT_WRITTEN_OFF,
    &NOTHING_UNPAID,
    &ALREADY_REVERSED,
    &PRODUCT_RETIRED,
    &PRODUCT_CURRENCY,
    &PERIOD_CLOSED,
    &PERIOD_NOT_CLOSED,
    &PERIOD_OUT_OF_ORDER,
    &PROPOSAL_NOT_WAITING,
    &PROPOSAL_EXPIRED,
    &STILL_PARKED,
    &CONFLICT,
    &PRECONDITION_FAILED,
    &BODY_TOO_LARGE,
    &UNSUPPORTED_MEDIA_TYPE,
    &MISDIRECTED,
    &IDEMPOTENCY_KEY_REUSED,
    &INVALID_AMOUNT,
    &INVALID_TERMS,
    &INVALID_VALUE,
    &INVALID_TAX_ID,
    &FUTURE_DATE,
    &BEFORE_FIRST_FACT,
    &MORE_THAN_APPROVED,
    &NOT_THE_SETTLEMENT_AMOUNT,
    &REFUND_EXCEEDS_OVERPAYMENT,
    &UNBALANCED,
    &PRODUCT_UNKNOWN,
    &OUTSIDE_PRODUCT_LIMITS,
    &PERIOD_NOT_OVER,
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
    &INTERNAL,
    &BULK_UNDONE,
    &RATE_LIMITED,
    &UNAVAILABLE,
    &OVERLOADED,
    &IDENTITY_UNAVAILABLE,
    &NOT_YET_VISIBLE,
    &STREAM_PARKED,
];
