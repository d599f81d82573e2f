//! What the API document says of the problems of an operation.

use utoipa::ToSchema;
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use crate::{Kind, ProblemDetails};

const MEDIA_TYPE: &str = "application/problem+json";

/// Lists problems with an operation: one response a status, which names each code and shows an example of each. What
/// the operation says of a status already, it goes on saying.
pub fn list<'a>(operation: &mut Operation, kinds: impl IntoIterator<Item = &'a &'static Kind>) {
    for kind in kinds {
        let responses = &mut operation.responses.responses;
        let response = responses.entry(kind.status.to_string()).or_insert_with(|| RefOr::T(empty(kind)));
        if let RefOr::T(response) = response {
            add(response, kind);
        }
    }
}

fn empty(kind: &Kind) -> Response {
    let response = ResponseBuilder::new();
    if kind.status != 429 && kind.status != 503 {
        return response.build();
    }
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
    let header = HeaderBuilder::new().schema(seconds);
    let header = header.description(Some("Seconds until it makes sense to send it again.")).build();
    response.header("Retry-After", header).build()
}

fn add(response: &mut Response, kind: &'static Kind) {
    let code = format!("`{}`", kind.code);
    if response.description.is_empty() {
        response.description = code;
    } else if !response.description.contains(&code) {
        response.description = format!("{}, {code}", response.description);
    }
    let content = response.content.entry(MEDIA_TYPE.to_owned()).or_insert_with(|| {
        ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemDetails::name()))).build()
    });
    content.examples.entry(kind.code.to_owned()).or_insert_with(|| RefOr::T(example(kind)));
}

fn example(kind: &'static Kind) -> Example {
    let body =
        serde_json::to_value(kind.because(kind.meaning).body()).expect("problem details are plain data");
    ExampleBuilder::new().summary(kind.title).value(Some(body)).build()
}

#[cfg(test)]
mod tests {
    use utoipa::openapi::path::OperationBuilder;

    use super::*;
    use crate::{NOT_YET_VISIBLE, OVERLOADED, UNAVAILABLE};

    #[test]
    fn a_status_names_all_of_its_problems_once() {
        let said =
            ResponseBuilder::new().description("`unavailable`: the database cannot be reached").build();
        let mut operation = OperationBuilder::new().response("503", said).build();
        let kinds: [&'static Kind; 4] = [&UNAVAILABLE, &OVERLOADED, &NOT_YET_VISIBLE, &OVERLOADED];
        list(&mut operation, &kinds);
        let Some(RefOr::T(response)) = operation.responses.responses.get("503") else {
            panic!("the response is there");
        };
        assert_eq!(
            response.description,
            "`unavailable`: the database cannot be reached, `overloaded`, `not_yet_visible`"
        );
        let codes: Vec<&String> = response.content[MEDIA_TYPE].examples.keys().collect();
        assert_eq!(codes, ["not_yet_visible", "overloaded", "unavailable"]);
    }
}
