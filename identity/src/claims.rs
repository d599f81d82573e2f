//! What a token says of its subject.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Caller, Rejection, Role};

/// A longer name would be stored with every event.
const LONGEST_NAME: usize = 255;

#[derive(Deserialize)]
pub(crate) struct Claims {
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Which claim names the roles, and what they are called there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleMapping {
    /// A claim's name, or a path to it with dots: `roles`, `cognito:groups`, `realm_access.roles`. It holds an array of
    /// names, or one text with names parted by spaces.
    pub claim: String,
    /// Names of the issuer's, each with the role that it stands for. Empty: the issuer uses our names.
    pub names: BTreeMap<String, Role>,
}

impl Default for RoleMapping {
    fn default() -> Self {
        Self { claim: "roles".to_owned(), names: BTreeMap::new() }
    }
}

impl RoleMapping {
    /// Names that stand for no role are passed over: an issuer serves other programs too.
    fn roles(&self, claims: &Map<String, Value>) -> Arc<[Role]> {
        let named = names_in(find(claims, &self.claim));
        Role::ALL.into_iter().filter(|role| named.iter().any(|name| self.role(name) == Some(*role))).collect()
    }

    fn role(&self, name: &str) -> Option<Role> {
        if self.names.is_empty() { name.parse().ok() } else { self.names.get(name).copied() }
    }
}

impl Claims {
    /// Until when the token can be remembered as good, in seconds since 1970: 0, never, where it is no whole number.
    pub(crate) fn expires(&self) -> u64 {
        self.rest.get("exp").and_then(Value::as_u64).unwrap_or(0)
    }

    /// The lender that a claim names, if it names one and no other: a text, or an array with one text.
    pub(crate) fn lender(&self, claim: &str) -> Option<&str> {
        let named = find(&self.rest, claim)?;
        match named.as_array().map(Vec::as_slice) {
            None => named.as_str(),
            Some([only]) => only.as_str(),
            Some(_) => None,
        }
    }

    pub(crate) fn caller(&self, mapping: &RoleMapping) -> Result<Caller, Rejection> {
        let subject = self.name("sub")?.ok_or_else(|| Rejection::Claim("sub".to_owned()))?;
        let client = match self.name("azp")? {
            Some(client) => client,
            None => self.name("client_id")?.unwrap_or(subject),
        };
        Ok(Caller { subject: subject.into(), client: client.into(), roles: mapping.roles(&self.rest) })
    }

    fn name(&self, claim: &str) -> Result<Option<&str>, Rejection> {
        match self.rest.get(claim) {
            None => Ok(None),
            Some(Value::String(name)) if (1..=LONGEST_NAME).contains(&name.len()) => Ok(Some(name)),
            Some(_) => Err(Rejection::Claim(claim.to_owned())),
        }
    }
}

/// The claim of that very name; else along the dots.
fn find<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(path) {
        return Some(value);
    }
    let (first, rest) = path.split_once('.')?;
    find(claims.get(first)?.as_object()?, rest)
}

fn names_in(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(names)) => names.split_whitespace().collect(),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn caller(claims: Value, mapping: &RoleMapping) -> Result<Caller, Rejection> {
        serde_json::from_value::<Claims>(claims).unwrap().caller(mapping)
    }

    fn mapping(claim: &str, names: &[(&str, Role)]) -> RoleMapping {
        let names = names.iter().map(|(name, role)| ((*name).to_owned(), *role)).collect();
        RoleMapping { claim: claim.to_owned(), names }
    }

    #[test]
    fn roles_are_read_from_the_claim_that_the_mapping_names() {
        let claims = json!({
            "sub": "ana", "exp": 1, "roles": ["finance", "auditor", "finance", "cook", 7],
            "scope": "operator openid", "realm_access": { "roles": ["admin"] }, "https://lender/roles": "approver",
        });
        for (claim, roles) in [
            ("roles", &[Role::Finance, Role::Auditor][..]),
            ("scope", &[Role::Operator]),
            ("realm_access.roles", &[Role::Admin]),
            ("https://lender/roles", &[Role::Approver]),
            ("nothing.here", &[]),
        ] {
            let caller = caller(claims.clone(), &mapping(claim, &[])).unwrap();
            assert_eq!(&*caller.roles, roles, "{claim}");
        }
    }

    #[test]
    fn with_names_of_the_issuers_only_those_count() {
        let names = [("desk", Role::Operator), ("audit-firm", Role::Auditor)];
        let claims = json!({ "sub": "ana", "exp": 1, "roles": ["admin", "desk"] });
        assert_eq!(&*caller(claims, &mapping("roles", &names)).unwrap().roles, [Role::Operator]);
    }

    #[test]
    fn the_client_is_whom_the_token_was_given_to() {
        let client = |claims| caller(claims, &RoleMapping::default()).unwrap().client;
        assert_eq!(&*client(json!({ "sub": "s", "exp": 1, "azp": "a", "client_id": "c" })), "a");
        assert_eq!(&*client(json!({ "sub": "s", "exp": 1, "client_id": "c" })), "c");
        assert_eq!(&*client(json!({ "sub": "s", "exp": 1 })), "s");
    }

    #[test]
    fn a_token_is_of_one_lender_or_of_none() {
        let claims: Claims = serde_json::from_value(json!({
            "lender": "norte", "tenant": { "id": "sul" }, "one": ["norte"], "two": ["norte", "sul"], "none": [],
            "number": 7, "words": "norte sul",
        }))
        .unwrap();
        for (claim, lender) in [
            ("lender", Some("norte")),
            ("tenant.id", Some("sul")),
            ("one", Some("norte")),
            ("words", Some("norte sul")),
            ("two", None),
            ("none", None),
            ("number", None),
            ("tenant", None),
            ("missing", None),
        ] {
            assert_eq!(claims.lender(claim), lender, "{claim}");
        }
    }

    #[test]
    fn a_subject_has_a_name_of_sane_length() {
        for sub in [json!(null), json!(7), json!(""), json!("x".repeat(256))] {
            let refused = caller(json!({ "sub": sub, "exp": 1 }), &RoleMapping::default());
            assert_eq!(refused, Err(Rejection::Claim("sub".to_owned())));
        }
    }
}
