//! What the OpenAPI document says of every command alike: headers, and the problems that each can give.

use std::collections::BTreeSet;

use problems::{
    BODY_TOO_LARGE, CONFLICT, FORBIDDEN, IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_MISSING,
    IDEMPOTENCY_KEY_REUSED, INTERNAL, INVALID_FIELD, INVALID_PARAMETER, Kind, MALFORMED_JSON,
    PRECONDITION_FAILED, ProblemDetails, REQUEST_TIMEOUT, UNAVAILABLE, UNSUPPORTED_MEDIA_TYPE, describe,
};
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, OneOfBuilder, OpenApi, Ref, RefOr, Required, Response,
    ResponseBuilder, Schema,
};
use utoipa::{PartialSchema, ToSchema};

use crate::answer::ProposalAnswer;
use crate::bulk::BulkAnswer;
use crate::endpoint::Endpoint;
use crate::headers::{LONGEST_KEY, RESPOND_ASYNC};
use crate::later::AcceptedRequest;
use crate::{
    bulk, entries, loan_commands, loans, periods, products, proposals, request_status, schedules,
    simulations, staff,
};

/// Those that are not given to a loan that is there already.
static OTHER_COMMANDS: &[&Endpoint] = &[
    &loans::APPLY,
    &periods::CLOSE,
    &periods::REOPEN,
    &products::DEFINE,
    &products::RETIRE,
    &entries::POST,
    &entries::REVERSE,
    &proposals::ACCEPT,
    &proposals::REFUSE,
    &proposals::WITHDRAW,
    &staff::SET_LIMITS,
    &staff::SET_POLICY,
];

/// What every request with a body can be refused with.
const OF_BODIES: &[&Kind] = &[
    &MALFORMED_JSON,
    &INVALID_FIELD,
    &INVALID_PARAMETER,
    &REQUEST_TIMEOUT,
    &BODY_TOO_LARGE,
    &UNSUPPORTED_MEDIA_TYPE,
];

/// What every command can be refused with besides.
const OF_COMMANDS: &[&Kind] = &[
    &IDEMPOTENCY_KEY_MISSING,
    &IDEMPOTENCY_KEY_INVALID,
    &IDEMPOTENCY_KEY_REUSED,
    &PRECONDITION_FAILED,
    &CONFLICT,
    &INTERNAL,
    &UNAVAILABLE,
];

/// Completes the operations of all endpoints.
pub(crate) fn complete(openapi: &mut OpenApi) {
    let paths = openapi.paths.paths.values_mut();
    for operation in paths.filter_map(|item| item.post.as_mut()) {
        let id = operation.operation_id.clone().unwrap_or_default();
        let mut commands = OTHER_COMMANDS.iter().chain(loan_commands::ENDPOINTS);
        match commands.find(|endpoint| endpoint.operation == id) {
            Some(endpoint) => complete_command(operation, endpoint),
            None if id == schedules::OPERATION => {
                describe::list(operation, [OF_BODIES, schedules::PROBLEMS].concat().iter());
            }
            None if id == bulk::OPERATION => complete_bulk(operation),
            None if id == simulations::SIMULATE.operation => complete_simulation(operation),
            None => {}
        }
    }
    for operation in openapi.paths.paths.values_mut().filter_map(|item| item.get.as_mut()) {
        if operation.operation_id.as_deref() == Some(request_status::OPERATION) {
            describe::list(operation, request_status::PROBLEMS);
        }
    }
    let details = (ProblemDetails::name().into_owned(), ProblemDetails::schema());
    let accepted = (AcceptedRequest::name().into_owned(), AcceptedRequest::schema());
    let mut schemas = vec![details, accepted];
    AcceptedRequest::schemas(&mut schemas);
    ProblemDetails::schemas(&mut schemas);
    let components = ComponentsBuilder::from(openapi.components.take().unwrap_or_default());
    openapi.components = Some(components.schemas_from_iter(schemas).build());
}

fn complete_command(operation: &mut Operation, endpoint: &Endpoint) {
    let parameters = operation.parameters.get_or_insert_default();
    // A preview stores nothing.
    let has_preview = parameters.iter().any(|parameter| parameter.name == "preview");
    let (required, but) =
        if has_preview { (Required::False, " Needed, but for a preview.") } else { (Required::True, "") };
    let key = format!(
        "Names the command: a repeat with the same body is answered as the first was. Visible ASCII characters. \
         Keys do not expire.{but}"
    );
    let form = text().min_length(Some(1)).max_length(Some(LONGEST_KEY)).pattern(Some("^[!-~]+$"));
    parameters.push(header_parameter("Idempotency-Key", required, &key, form));
    parameters.push(header_parameter(
        "If-Match",
        Required::False,
        "The version that the caller has seen, as in `\"3\"`, or the `ETag` of the loan or the entry as it was read, which \
         begins with it; refused with 412 when it is another by now.",
        text().pattern(Some(r#"^"[0-9]{1,18}(/[!#-~]*)?"$"#)),
    ));
    parameters.push(header_parameter(
        "X-Request-Id",
        Required::False,
        "Stored with the events as their correlation id; drawn by the server where absent.",
        text(),
    ));
    parameters.push(header_parameter(
        "Prefer",
        Required::False,
        "With `respond-async` (RFC 7240) the command waits in a queue: it is answered with 202 once it is durable, and \
         `GET /v1/requests/{id}` says what became of it. Commands of one loan are executed in the order in which they \
         were accepted. What can be refused without looking at the loan is refused at once.",
        text(),
    ));
    operation.responses.responses.insert("202".to_owned(), RefOr::T(accepted_response(endpoint)));
    let answered = operation.responses.responses.get_mut(endpoint.status.as_str());
    if let Some(RefOr::T(answer)) = answered {
        add_headers(answer, endpoint);
    }
    // The table of permissions may keep a field of it for fewer.
    let of_limited: &[&Kind] = if endpoint.is_limited() { &[&FORBIDDEN] } else { &[] };
    describe::list(operation, [OF_BODIES, OF_COMMANDS, of_limited, endpoint.problems].concat().iter());
}

/// What a command that waits is answered.
fn accepted_response(endpoint: &Endpoint) -> Response {
    let queued = Ref::from_schema_name(AcceptedRequest::name());
    let (description, schema) = if endpoint.is_limited() {
        let proposed = Ref::from_schema_name(ProposalAnswer::name());
        let description = "Accepted, to be executed: the answer where the caller prefers `respond-async`. Or it waits as \
            a proposal for a second person, where it is above its sender's approval limit: the event is ProposalMade";
        (description, RefOr::T(Schema::from(OneOfBuilder::new().item(queued).item(proposed).build())))
    } else {
        ("Accepted, to be executed: the answer where the caller prefers `respond-async`", RefOr::Ref(queued))
    };
    ResponseBuilder::new()
        .description(description)
        .content("application/json", ContentBuilder::new().schema(Some(schema)).build())
        .header("Location", header(Type::String, "Where to ask what became of it."))
        .header("Preference-Applied", header(Type::String, &format!("`{RESPOND_ASYNC}`")))
        .build()
}

/// The whole is refused with problems. What an atomic bulk is refused for stands in its lines, and the status is that of
/// the line to blame.
fn complete_bulk(operation: &mut Operation) {
    describe::list(operation, bulk::PROBLEMS);
    let commands = OTHER_COMMANDS.iter().chain(loan_commands::ENDPOINTS);
    let of_lines = commands.flat_map(|endpoint| endpoint.problems).chain(OF_BODIES).chain(OF_COMMANDS);
    let statuses: BTreeSet<u16> = of_lines.map(|kind| kind.status).chain([FORBIDDEN.status]).collect();
    for status in statuses {
        let responses = &mut operation.responses.responses;
        let response = responses.entry(status.to_string()).or_insert_with(|| RefOr::T(Response::default()));
        if let RefOr::T(response) = response {
            let line = ContentBuilder::new().schema(Some(Ref::from_schema_name(BulkAnswer::name()))).build();
            response.content.insert("application/x-ndjson".to_owned(), line);
            let joint = if response.description.is_empty() { "" } else { "; " };
            response.description += joint;
            response.description +=
                "with `atomic=true`, as lines: what a line was refused with, so that none is stored";
        }
    }
}

/// What is simulated can be refused with all that its commands can.
fn complete_simulation(operation: &mut Operation) {
    let mut kinds = vec![OF_BODIES, simulations::SIMULATE.problems];
    kinds.extend(loan_commands::ENDPOINTS.iter().map(|endpoint| endpoint.problems));
    describe::list(operation, kinds.concat().iter());
}

fn add_headers(answer: &mut Response, endpoint: &Endpoint) {
    let mut add = |name: &str, kind: Type, description: &str| {
        answer.headers.insert(name.to_owned(), header(kind, description));
    };
    add("Razao-Position", Type::Integer, "The position of the last event, as in the body.");
    add("ETag", Type::String, "The version after the command, as in `\"3\"`.");
    add(
        "Idempotency-Replayed",
        Type::String,
        "`true` where an earlier command with the same key is answered again.",
    );
    if endpoint.location.is_some() {
        add("Location", Type::String, "Where it can be read.");
    }
}

fn header(kind: Type, description: &str) -> Header {
    let schema = ObjectBuilder::new().schema_type(kind);
    HeaderBuilder::new().schema(schema).description(Some(description)).build()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn header_parameter(name: &str, required: Required, description: &str, form: ObjectBuilder) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some(description))
        .schema(Some(form))
        .build()
}
