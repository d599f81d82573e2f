//! What the OpenAPI document says of every command alike: headers, and the problems that each can give.

use std::collections::BTreeMap;

use problems::{
    BODY_TOO_LARGE, CONFLICT, FORBIDDEN, IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_MISSING,
    IDEMPOTENCY_KEY_REUSED, INTERNAL, INVALID_FIELD, INVALID_PARAMETER, Kind, MALFORMED_JSON,
    PRECONDITION_FAILED, ProblemDetails, REQUEST_TIMEOUT, UNAVAILABLE, UNSUPPORTED_MEDIA_TYPE,
};
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, OneOfBuilder, OpenApi, Ref, RefOr, Required, Response,
    ResponseBuilder, Schema,
};
use utoipa::{PartialSchema, ToSchema};

use crate::answer::ProposalAnswer;
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
            None if id == schedules::OPERATION => add_problems(operation, &[OF_BODIES, schedules::PROBLEMS]),
            None if id == bulk::OPERATION => add_problems(operation, &[bulk::PROBLEMS]),
            None if id == simulations::SIMULATE.operation => complete_simulation(operation),
            None => {}
        }
    }
    for operation in openapi.paths.paths.values_mut().filter_map(|item| item.get.as_mut()) {
        if operation.operation_id.as_deref() == Some(request_status::OPERATION) {
            add_problems(operation, &[request_status::PROBLEMS]);
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
    parameters.push(header_parameter(
        "Idempotency-Key",
        Required::True,
        "Names the command: a repeat with the same body is answered as the first was. Visible ASCII characters. \
         Keys do not expire.",
        Some(LONGEST_KEY),
    ));
    parameters.push(header_parameter(
        "If-Match",
        Required::False,
        "The version that the caller has seen, as in `\"3\"`, or the `ETag` of the loan or the entry as it was read, which \
         begins with it; refused with 412 when it is another by now.",
        None,
    ));
    parameters.push(header_parameter(
        "X-Request-Id",
        Required::False,
        "Stored with the events as their correlation id; drawn by the server where absent.",
        None,
    ));
    parameters.push(header_parameter(
        "Prefer",
        Required::False,
        "With `respond-async` (RFC 7240) the command waits in a queue: it is answered with 202 once it is durable, and \
         `GET /v1/requests/{id}` says what became of it. Commands of one loan are executed in the order in which they \
         were accepted. What can be refused without looking at the loan is refused at once.",
        None,
    ));
    operation.responses.responses.insert("202".to_owned(), RefOr::T(accepted_response(endpoint)));
    let answered = operation.responses.responses.get_mut(endpoint.status.as_str());
    if let Some(RefOr::T(answer)) = answered {
        add_headers(answer, endpoint);
    }
    // The table of permissions may keep a field of it for fewer.
    let of_limited: &[&Kind] = if endpoint.is_limited() { &[&FORBIDDEN] } else { &[] };
    add_problems(operation, &[OF_BODIES, OF_COMMANDS, of_limited, endpoint.problems]);
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

/// What is simulated can be refused with all that its commands can.
fn complete_simulation(operation: &mut Operation) {
    let mut kinds = vec![OF_BODIES, simulations::SIMULATE.problems];
    kinds.extend(loan_commands::ENDPOINTS.iter().map(|endpoint| endpoint.problems));
    add_problems(operation, &kinds);
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

/// Adds a response for each status, with an example of each kind of problem.
fn add_problems(operation: &mut Operation, kinds: &[&[&'static Kind]]) {
    let mut by_status: BTreeMap<u16, Vec<&'static Kind>> = BTreeMap::new();
    for kind in kinds.iter().copied().flatten() {
        let listed = by_status.entry(kind.status).or_default();
        if !listed.contains(kind) {
            listed.push(kind);
        }
    }
    for (status, kinds) in by_status {
        operation.responses.responses.insert(status.to_string(), RefOr::T(problem_response(status, &kinds)));
    }
}

fn problem_response(status: u16, kinds: &[&'static Kind]) -> Response {
    let codes: Vec<String> = kinds.iter().map(|kind| format!("`{}`", kind.code)).collect();
    let schema = Ref::from_schema_name(ProblemDetails::name());
    let examples = kinds.iter().map(|kind| (kind.code, example(kind)));
    let content = ContentBuilder::new().schema(Some(schema)).examples_from_iter(examples).build();
    let response =
        ResponseBuilder::new().description(codes.join(", ")).content("application/problem+json", content);
    let retry_after = || header(Type::Integer, "Seconds until it makes sense to send it again.");
    if status == 503 { response.header("Retry-After", retry_after()).build() } else { response.build() }
}

fn example(kind: &'static Kind) -> Example {
    let body =
        serde_json::to_value(kind.because(kind.meaning).body()).expect("problem details are plain data");
    ExampleBuilder::new().summary(kind.title).value(Some(body)).build()
}

fn header(kind: Type, description: &str) -> Header {
    let schema = ObjectBuilder::new().schema_type(kind);
    HeaderBuilder::new().schema(schema).description(Some(description)).build()
}

fn header_parameter(name: &str, required: Required, description: &str, longest: Option<usize>) -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String).max_length(longest);
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}
