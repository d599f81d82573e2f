//! What the API document says of all reads alike: how days, accounts and read models are written, headers, problems.

use domain::journal::Account;
use domain::texts::DAY_PATTERN;
use problems::{
    INTERNAL, INVALID_FIELD, INVALID_PARAMETER, Kind, MALFORMED_JSON, NOT_YET_VISIBLE, REQUEST_TIMEOUT,
    STREAM_PARKED, UNAVAILABLE, describe,
};
use utoipa::PartialSchema;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, PathItem};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{OpenApi, RefOr, Response};

use crate::NAMES;

const TILE: &str = "/v1/audit/tiles/{path}";

/// What every read can be refused with, and what is done to dead letters.
const OF_ALL: &[&Kind] = &[&INVALID_PARAMETER, &INTERNAL, &UNAVAILABLE];
const OF_BODIES: &[&Kind] = &[&MALFORMED_JSON, &INVALID_FIELD, &REQUEST_TIMEOUT];
const OF_READS: &[&Kind] = &[&NOT_YET_VISIBLE, &STREAM_PARKED];

/// Completes the operations of all reads.
pub(super) fn complete(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            describe::list(operation, OF_ALL);
            // Those that name them already, each for its own reason.
            let named: Vec<_> = problems::ALL.iter().filter(|kind| names(operation, kind)).collect();
            describe::list(operation, named);
            if operation.request_body.is_some() {
                describe::list(operation, OF_BODIES);
            }
            operation.parameters.iter_mut().flatten().for_each(complete_parameter);
            if path == TILE {
                complete_tile(operation);
            }
        }
        if let Some(operation) = item.get.as_mut() {
            describe::list(operation, OF_READS);
            add_headers(operation);
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    item.get.as_mut().into_iter().chain(item.post.as_mut())
}

/// Whether the operation speaks of the problem, whose example is still to come.
fn names(operation: &Operation, kind: &Kind) -> bool {
    let response = operation.responses.responses.get(&kind.status.to_string());
    let code = format!("`{}`", kind.code);
    matches!(response, Some(RefOr::T(response)) if response.description.contains(&code))
}

fn complete_parameter(parameter: &mut Parameter) {
    let Some(RefOr::T(Schema::Object(schema))) = &mut parameter.schema else { return };
    let is_day = schema.format == Some(SchemaFormat::KnownFormat(KnownFormat::Date));
    match parameter.name.as_str() {
        _ if is_day => schema.pattern = Some(DAY_PATTERN.to_owned()),
        "account" => parameter.schema = Some(Account::schema()),
        "projection" => schema.enum_values = Some(NAMES.map(Into::into).to_vec()),
        _ => {}
    }
}

/// A tile is bytes, not text.
fn complete_tile(operation: &mut Operation) {
    let bytes = ObjectBuilder::new().schema_type(Type::String);
    let bytes = bytes.format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary))).build();
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(Response { content, .. }) = response else { continue };
        if let Some(content) = content.get_mut("application/octet-stream") {
            content.schema = Some(bytes.clone().into());
        }
    }
}

fn add_headers(operation: &mut Operation) {
    let position = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
    let position = HeaderBuilder::new().schema(position);
    let position =
        position.description(Some("The position of the last event that the answer knows.")).build();
    let tag = HeaderBuilder::new().schema(ObjectBuilder::new().schema_type(Type::String));
    let tag = tag
        .description(Some("What `If-None-Match` takes. Not on what changes while the log does not."))
        .build();
    for status in ["200", "304"] {
        if let Some(RefOr::T(response)) = operation.responses.responses.get_mut(status) {
            response.headers.insert("Razao-Position".to_owned(), position.clone());
            response.headers.insert("ETag".to_owned(), tag.clone());
        }
    }
}
