//! What the API document says of tokens and roles.

use identity::permissions::{self, Permission};
use problems::{FORBIDDEN, Kind, OVERLOADED, ProblemDetails, RATE_LIMITED, UNAUTHENTICATED};
use utoipa::ToSchema;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};

const SCHEME: &str = "bearer";

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
    let mut refuse = |kind: &'static Kind, description: String| {
        let status = kind.status.to_string();
        if let Some(RefOr::T(there)) = operation.responses.responses.get_mut(&status) {
            // What else is refused so stays said.
            there.description = format!("{description}; {}", there.description);
        } else {
            operation.responses.responses.insert(status, RefOr::T(refusal(kind, description)));
        }
    };
    refuse(&UNAUTHENTICATED, format!("`{}`", UNAUTHENTICATED.code));
    refuse(&FORBIDDEN, format!("`{}`: this is for {permission}", FORBIDDEN.code));
    refuse(&RATE_LIMITED, format!("`{}`", RATE_LIMITED.code));
    let unavailable = OVERLOADED.status.to_string();
    if let Some(RefOr::T(response)) = operation.responses.responses.get_mut(&unavailable) {
        also_overloaded(response);
    } else {
        let response = refusal(&OVERLOADED, format!("`{}`", OVERLOADED.code));
        operation.responses.responses.insert(unavailable, RefOr::T(response));
    }
}

/// Adds to a response that is given for other reasons too.
fn also_overloaded(response: &mut Response) {
    response.description = format!("{}, `{}`", response.description, OVERLOADED.code);
    for content in response.content.values_mut() {
        if !content.examples.is_empty() {
            let example =
                ExampleBuilder::new().summary(OVERLOADED.title).value(Some(example_of(&OVERLOADED)));
            content.examples.insert(OVERLOADED.code.to_owned(), RefOr::T(example.build()));
        }
    }
}

fn refusal(kind: &'static Kind, description: String) -> Response {
    let schema = Ref::from_schema_name(ProblemDetails::name());
    let content = ContentBuilder::new().schema(Some(schema)).example(Some(example_of(kind))).build();
    let response =
        ResponseBuilder::new().description(description).content("application/problem+json", content);
    if kind.status != RATE_LIMITED.status && kind.status != OVERLOADED.status {
        return response.build();
    }
    let seconds = ObjectBuilder::new().schema_type(Type::Integer);
    let after = HeaderBuilder::new().schema(seconds);
    let after = after.description(Some("Seconds until it makes sense to send it again.")).build();
    response.header("Retry-After", after).build()
}

fn example_of(kind: &'static Kind) -> serde_json::Value {
    serde_json::to_value(kind.because(kind.meaning).body()).expect("problem details are plain data")
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
}
