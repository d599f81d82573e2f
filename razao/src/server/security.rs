//! What the API document says of tokens and roles.

use identity::permissions::{self, Permission};
use problems::{
    FORBIDDEN, IDENTITY_UNAVAILABLE, Kind, MISDIRECTED, OTHER_LENDER, OVERLOADED, RATE_LIMITED,
    UNAUTHENTICATED, UNAVAILABLE, describe,
};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, OpenApi, RefOr};

const SCHEME: &str = "bearer";

/// What every request can be refused with before it comes to what it asks for, `other_lender` and `misdirected` by a server
/// that has several lenders.
const AT_THE_DOOR: &[&Kind] = &[
    &UNAUTHENTICATED,
    &FORBIDDEN,
    &OTHER_LENDER,
    &MISDIRECTED,
    &RATE_LIMITED,
    &OVERLOADED,
    &IDENTITY_UNAVAILABLE,
    &UNAVAILABLE,
];

/// Names the scheme, and with each operation who may use it.
pub(super) fn describe(document: &mut OpenApi) {
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.bearer_format = Some("JWT".to_owned());
    let components = ComponentsBuilder::from(document.components.take().unwrap_or_default());
    document.components = Some(components.security_scheme(SCHEME, SecurityScheme::Http(bearer)).build());
    for (route, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            if let Some(permission) =
                permissions::find(method, route).filter(|found| *found != Permission::Open)
            {
                restrict(operation, permission);
            }
        }
    }
}

/// Each with its method. The API has no others.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let get = item.get.as_mut().map(|operation| ("GET", operation));
    get.into_iter().chain(item.post.as_mut().map(|operation| ("POST", operation)))
}

fn restrict(operation: &mut Operation, permission: Permission) {
    operation.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>(SCHEME, [])]);
    describe::list(operation, AT_THE_DOOR);
    let forbidden = FORBIDDEN.status.to_string();
    if let Some(RefOr::T(response)) = operation.responses.responses.get_mut(&forbidden) {
        // What else is refused so stays said.
        let code = format!("`{}`", FORBIDDEN.code);
        let others = response.description.replacen(&code, "", 1);
        let joint = if others.is_empty() { "" } else { "; " };
        let others = others.trim_matches([',', ';', ' ']);
        response.description = format!("{code}: this is for {permission}{joint}{others}");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::server::document;

    /// What the server answers that is no part of the API document.
    const OUTSIDE: [&str; 8] = [
        "GET /",
        "GET /docs",
        "GET /docs/",
        "GET /docs/{rest}",
        "GET /health/live",
        "GET /health/ready",
        "GET /metrics",
        "GET /openapi.json",
    ];

    fn documented((method, route, _): &permissions::Row) -> String {
        format!("{method} {}", permissions::as_documented(route))
    }

    #[test]
    fn the_table_of_permissions_has_each_route_once_and_no_other() {
        let mut document = document();
        let mut routes: BTreeSet<String> = OUTSIDE.map(str::to_owned).into();
        for (route, item) in &mut document.paths.paths {
            routes.extend(operations(item).map(|(method, _)| format!("{method} {route}")));
        }
        let rows: Vec<_> = permissions::TABLE.iter().map(documented).collect();
        let table: BTreeSet<String> = rows.iter().cloned().collect();
        assert_eq!(table.len(), rows.len(), "a route is listed twice");
        assert_eq!(table, routes);
    }

    #[test]
    fn only_what_is_named_here_is_open() {
        let open = permissions::TABLE.iter().filter(|(_, _, permission)| *permission == Permission::Open);
        let open: Vec<_> = open.map(documented).collect();
        assert_eq!(open, OUTSIDE);
        let said = include_str!("../../../docs/SECURITY.md");
        for route in OUTSIDE {
            assert!(
                said.contains(&format!("`{route}`")),
                "docs/SECURITY.md does not say why {route} is open"
            );
        }
    }

    /// Codes that no operation of the document can be refused with.
    const OF_NO_OPERATION: [&str; 2] = [
        "method_not_allowed", // the document has no such operation
        "bulk_undone",        // of lines of a bulk
    ];

    #[test]
    fn every_problem_is_listed_where_it_can_happen_and_no_other() {
        let document = serde_json::to_value(document()).unwrap();
        let mut listed: BTreeSet<String> = OF_NO_OPERATION.map(str::to_owned).into();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (status, response) in item.as_object().unwrap().values().flat_map(|operation| {
                operation["responses"]
                    .as_object()
                    .unwrap()
                    .iter()
                    .filter(|(status, _)| *status >= &"4".to_owned())
            }) {
                let content = &response["content"]["application/problem+json"];
                let Some(examples) = content["examples"].as_object() else {
                    // Of an atomic bulk, in its lines.
                    assert!(
                        response["content"]["application/x-ndjson"].is_object(),
                        "{path} {status} has no example"
                    );
                    continue;
                };
                for (code, example) in examples {
                    assert_eq!(example["value"]["status"].to_string(), *status, "{path} {code}");
                    listed.insert(code.clone());
                }
            }
        }
        let catalogue: BTreeSet<String> = problems::ALL.iter().map(|kind| kind.code.to_owned()).collect();
        assert_eq!(listed, catalogue);
    }

    #[test]
    fn the_document_in_the_repository_is_up_to_date() {
        let written: serde_json::Value =
            serde_json::from_str(include_str!("../../../schemas/openapi.json")).unwrap();
        assert!(written == serde_json::to_value(document()).unwrap(), "run `make schemas`");
    }

    #[test]
    fn operations_have_names_of_their_own_and_types_are_what_they_are_called() {
        let mut ids = BTreeSet::new();
        for item in document().paths.paths.values_mut() {
            for (_, operation) in operations(item) {
                let id = operation.operation_id.clone().expect("every operation has an id");
                assert!(ids.insert(id.clone()), "{id} names two operations");
            }
        }
        // Merging documents keeps one of two types that are called the same.
        let schemas = |document: OpenApi| document.components.unwrap_or_default().schemas;
        let (commands, reads) = (schemas(command_api::api_document()), schemas(projections::api_document()));
        for (name, schema) in commands {
            let other = reads.get(&name).unwrap_or(&schema);
            assert!(*other == schema, "{name} is one thing in commands and another in reads");
        }
    }
}
