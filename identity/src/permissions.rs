//! The one table of who may do what. `razao routes` prints it; a test holds it to the API document.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use crate::{Caller, Role};
use Permission::{Anyone, Open, Roles};
use Role::{Admin, Approver, Auditor, Finance, Integrator, Operator};

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Everybody, without a token.
    Open,
    /// Whoever has a token of the issuer, whatever its roles.
    Anyone,
    /// Whoever has one of these.
    Roles(&'static [Role]),
}

impl Permission {
    pub fn allows(self, caller: &Caller) -> bool {
        match self {
            Open | Anyone => true,
            Roles(roles) => roles.iter().any(|role| caller.has(*role)),
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Open => f.write_str("everybody"),
            Anyone => f.write_str("anyone with a token"),
            Roles([]) => f.write_str("nobody"),
            Roles(roles) => f.write_str(&roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ")),
        }
    }
}

/// Everybody with a role: they work with loans, or look after them.
const READERS: Permission = Roles(&Role::ALL);
/// What comes in from a lender's own systems, day by day.
const POSTERS: Permission = Roles(&[Integrator, Operator]);
/// What mends or gives away what was posted.
const CORRECTORS: Permission = Roles(&[Operator, Finance]);
/// What needs somebody who answers for it.
const DECIDERS: Permission = Roles(&[Approver]);
const BOOKKEEPERS: Permission = Roles(&[Finance]);
/// Who may see every event, with who caused it.
const WITNESSES: Permission = Roles(&[Integrator, Finance, Auditor, Admin]);
const CARETAKERS: Permission = Roles(&[Admin]);
const CARETAKERS_AND_WITNESSES: Permission = Roles(&[Auditor, Admin]);

/// Those who may be the second pair of eyes: people.
const SECOND_PERSONS: Permission = Roles(&[Operator, Approver, Finance]);

/// A method and a route of the API document, and who may use it.
pub type Row = (&'static str, &'static str, Permission);

/// Every route there is. What is not here is open to nobody: see the test.
pub static TABLE: &[Row] = &[
    // What is open stands in docs/SECURITY.md too, with why.
    ("GET", "/", Open),
    ("GET", "/docs", Open),
    ("GET", "/docs/", Open),
    ("GET", "/docs/{*rest}", Open),
    ("GET", "/health/live", Open),
    ("GET", "/health/ready", Open),
    ("GET", "/metrics", Open),
    ("GET", "/openapi.json", Open),
    // A loan's life.
    ("POST", "/v1/loans", POSTERS),
    ("POST", "/v1/loans/{id}/approve", DECIDERS),
    ("POST", "/v1/loans/{id}/reject", DECIDERS),
    ("POST", "/v1/loans/{id}/withdraw", POSTERS),
    ("POST", "/v1/loans/{id}/disburse", POSTERS),
    ("POST", "/v1/loans/{id}/repayments", POSTERS),
    ("POST", "/v1/loans/{id}/repayments/{repayment}/chargeback", CORRECTORS),
    ("POST", "/v1/loans/{id}/repayments/{repayment}/reverse", CORRECTORS),
    ("POST", "/v1/loans/{id}/settle", POSTERS),
    ("POST", "/v1/loans/{id}/refunds", CORRECTORS),
    ("POST", "/v1/loans/{id}/charges", POSTERS),
    ("POST", "/v1/loans/{id}/charges/{charge}/waive", CORRECTORS),
    ("POST", "/v1/loans/{id}/credits", CORRECTORS),
    ("POST", "/v1/loans/{id}/credits/{credit}/reverse", CORRECTORS),
    ("POST", "/v1/loans/{id}/restructure", DECIDERS),
    ("POST", "/v1/loans/{id}/write-off", DECIDERS),
    ("POST", "/v1/loans/{id}/write-off/reverse", DECIDERS),
    ("POST", "/v1/loans/{id}/recoveries", POSTERS),
    ("POST", "/v1/loans/{id}/recoveries/{recovery}/reverse", CORRECTORS),
    // Each line by the path that it names.
    ("POST", "/v1/bulk", READERS),
    // What stores nothing.
    ("POST", "/v1/loans/{id}/simulate", READERS),
    ("POST", "/v1/schedules", READERS),
    ("GET", "/v1/requests/{id}", READERS),
    // The books.
    ("POST", "/v1/entries", Roles(&[Integrator, Finance])),
    ("POST", "/v1/entries/{id}/reverse", BOOKKEEPERS),
    ("POST", "/v1/periods/{month}/close", BOOKKEEPERS),
    ("POST", "/v1/periods/{month}/reopen", BOOKKEEPERS),
    // Who may decide up to how much, and what waits for a second person. Who accepts a command has its role, too.
    ("GET", "/v1/staff", READERS),
    ("POST", "/v1/staff/{subject}/limits", CARETAKERS),
    ("POST", "/v1/approval-policy", CARETAKERS),
    ("GET", "/v1/proposals", READERS),
    ("GET", "/v1/proposals/{id}", READERS),
    ("POST", "/v1/proposals/{id}/accept", SECOND_PERSONS),
    ("POST", "/v1/proposals/{id}/refuse", SECOND_PERSONS),
    ("POST", "/v1/proposals/{id}/withdraw", Roles(&[Integrator, Operator, Approver, Finance])),
    // The offer.
    ("POST", "/v1/products", CARETAKERS),
    ("POST", "/v1/products/{product}/retire", CARETAKERS),
    // Reads.
    ("GET", "/v1/accounts", READERS),
    ("GET", "/v1/accounts/{account}/lines", READERS),
    ("GET", "/v1/balances/daily", READERS),
    ("GET", "/v1/balances/daily/{account}/{date}/explain", READERS),
    ("GET", "/v1/entries", READERS),
    ("GET", "/v1/entries/{id}", READERS),
    ("GET", "/v1/loans", READERS),
    ("GET", "/v1/loans/{id}", READERS),
    ("GET", "/v1/loans/{id}/accruals", READERS),
    ("GET", "/v1/loans/{id}/explain", READERS),
    ("GET", "/v1/loans/{id}/schedule", READERS),
    ("GET", "/v1/loans/{id}/settlement-quote", READERS),
    ("GET", "/v1/loans/{id}/statement", READERS),
    ("GET", "/v1/loans/{id}/transactions", READERS),
    ("GET", "/v1/periods", READERS),
    ("GET", "/v1/portfolio", READERS),
    ("GET", "/v1/products", READERS),
    ("GET", "/v1/products/{product}", READERS),
    ("GET", "/v1/projections", READERS),
    ("GET", "/v1/trial-balance", READERS),
    // Events, with who caused them.
    ("GET", "/v1/audit/checkpoint", WITNESSES),
    ("GET", "/v1/audit/proofs/consistency", WITNESSES),
    ("GET", "/v1/audit/proofs/inclusion", WITNESSES),
    ("GET", "/v1/audit/tiles/{*path}", WITNESSES),
    ("GET", "/v1/events", WITNESSES),
    ("GET", "/v1/entries/{id}/history", WITNESSES),
    ("GET", "/v1/loans/{id}/history", WITNESSES),
    ("GET", "/v1/proposals/{id}/history", WITNESSES),
    // Care.
    ("GET", "/v1/dead-letters", CARETAKERS_AND_WITNESSES),
    ("GET", "/v1/dead-letters/{id}", CARETAKERS_AND_WITNESSES),
    ("GET", "/v1/discarded-events", CARETAKERS_AND_WITNESSES),
    ("POST", "/v1/dead-letters/{id}/discard", CARETAKERS),
    ("POST", "/v1/dead-letters/{id}/redrive", CARETAKERS),
];

/// A field of a command's route, when it counts, and who of those who may use the route may use it then.
pub type FieldRow = (&'static str, &'static str, &'static str, Permission);

/// Corrections dated in a month before the booking day's change figures that were reported: they are for who answers
/// for the books.
pub static FIELDS: &[FieldRow] = &[
    ("/v1/loans/{id}/repayments/{repayment}/chargeback", "on", EARLIER_MONTH, BOOKKEEPERS),
    ("/v1/loans/{id}/repayments/{repayment}/reverse", "on", EARLIER_MONTH, BOOKKEEPERS),
    ("/v1/loans/{id}/refunds", "on", EARLIER_MONTH, BOOKKEEPERS),
    ("/v1/loans/{id}/charges/{charge}/waive", "on", EARLIER_MONTH, BOOKKEEPERS),
    ("/v1/loans/{id}/credits", "on", EARLIER_MONTH, BOOKKEEPERS),
    ("/v1/loans/{id}/credits/{credit}/reverse", "on", EARLIER_MONTH, BOOKKEEPERS),
    ("/v1/loans/{id}/recoveries/{recovery}/reverse", "on", EARLIER_MONTH, BOOKKEEPERS),
];

const EARLIER_MONTH: &str = "in an earlier month";

/// Who may use a field of a `POST` that the table of fields names.
pub fn find_field(route: &str, field: &str) -> Option<Permission> {
    FIELDS.iter().find(|(of, name, ..)| *of == route && *name == field).map(|(.., permission)| *permission)
}

/// The table by route, then by method.
static BY_ROUTE: LazyLock<HashMap<String, HashMap<&str, Permission>>> = LazyLock::new(|| {
    let mut by_route: HashMap<String, HashMap<&str, Permission>> = HashMap::new();
    for (method, route, permission) in TABLE {
        for route in [(*route).to_owned(), as_documented(route)] {
            by_route.entry(route).or_default().insert(method, *permission);
        }
    }
    by_route
});

/// Who may use a route, as its method and its path with the names of its parameters.
pub fn find(method: &str, route: &str) -> Option<Permission> {
    BY_ROUTE.get(route)?.get(method).copied()
}

/// Whether a route is in the table, with whatever method.
pub(crate) fn has(route: &str) -> bool {
    BY_ROUTE.contains_key(route)
}

/// A route as the API document writes it, which knows no parameter of several segments.
pub fn as_documented(route: &str) -> String {
    route.replace("{*", "{")
}
