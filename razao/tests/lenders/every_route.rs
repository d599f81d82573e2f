//! Every route of the table of permissions, asked by one lender for what is the other's.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use identity::permissions::{Permission, TABLE, as_documented};
use serde_json::{Value, json};

use crate::book::Things;
use crate::deployment::{Answer, By, Deployment};

/// What closing and opening months does depends on the months before, so they are asked for by themselves.
const OF_MONTHS: &str = "{month}";

/// The examples of the API document, by route.
static BODIES: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let document = serde_json::to_value(razao::server::document()).unwrap();
    let schemas = &document["components"]["schemas"];
    let mut bodies = BTreeMap::new();
    for (route, item) in document["paths"].as_object().unwrap() {
        let content = &item["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let Some(name) = content.as_str().and_then(|name| name.rsplit('/').next()) else { continue };
        bodies.insert(route.clone(), schemas[name]["example"].clone());
    }
    bodies
});

/// What is sent to a route, about these things where it is about any.
fn body(route: &str, things: &Things) -> Value {
    match route {
        "/v1/loans" => things.application(None),
        "/v1/entries" => things.entry(None),
        "/v1/products" => json!({"name": "oferta do norte"}),
        "/v1/approval-policy" => json!({"second_person_above": {}}),
        "/v1/staff/{subject}/limits" => json!({"limits": {}}),
        "/v1/dead-letters/{id}/discard" => json!({"reason": "none of ours"}),
        "/v1/schedules" => json!({"disbursements": []}),
        "/v1/bulk" => json!({"path": things.path("/v1/loans/{id}/approve"), "body": {"on": "2026-01-15"}}),
        route => BODIES.get(&as_documented(route)).cloned().unwrap_or(Value::Null),
    }
}

async fn ask(deployment: &Deployment, (method, route): (&str, &str), things: &Things) -> Answer {
    let body = body(route, things);
    let asked = deployment.ask("norte", method, &things.path(route));
    match (method, route) {
        ("POST", "/v1/bulk") => asked.lines(format!("{body}\n")).send().await,
        ("POST", _) => asked.body(&body).send().await,
        _ => asked.send().await,
    }
}

/// Asks each route for what is sul's and for what is nowhere: both are answered alike, and nothing of sul's is said.
async fn try_to_cross_by_every_route(by: By) {
    let deployment = Deployment::start(by).await;
    let of_sul = Things::of(&deployment, "sul").await;
    deployment.settled("sul").await;
    let asked: Vec<_> = TABLE
        .iter()
        .filter(|(_, route, permission)| *permission != Permission::Open && !route.contains(OF_MONTHS))
        .map(|(method, route, _)| (*method, *route))
        .collect();
    // First what tells something: what is posted then has the names of what is sul's in it.
    let (reads, commands): (Vec<_>, Vec<_>) = asked.into_iter().partition(|(method, _)| *method == "GET");
    assert!(reads.len() > 30 && commands.len() > 30, "{reads:?} {commands:?}");
    for list in ["/v1/loans", "/v1/entries", "/v1/events"] {
        nothing_is_told(&of_sul, list, &deployment.ask("norte", "GET", list).send().await);
    }
    for (method, route) in reads {
        let there = alike(&deployment, (method, route), &of_sul).await;
        nothing_is_told(&of_sul, &of_sul.path(route), &there);
        if route.contains('{') && !route.contains("dead-letters") {
            let own = deployment.ask("sul", "GET", &of_sul.path(route)).send().await;
            assert_eq!(own.status, 200, "sul itself finds {}: {}", of_sul.path(route), own.text);
        }
    }
    for route in commands {
        alike(&deployment, route, &of_sul).await;
    }
    months_are_closed_by_whose_they_are(&deployment).await;
    deployment.stop().await;
}

/// What norte is answered about what is sul's, which is what it is answered about what is nowhere.
async fn alike(deployment: &Deployment, (method, route): (&str, &str), of_sul: &Things) -> Answer {
    let nowhere = Things::nowhere();
    let there = ask(deployment, (method, route), of_sul).await;
    let other = ask(deployment, (method, route), &nowhere).await;
    assert_eq!(there.status, other.status, "{method} {route}: {}\n{}", there.text, other.text);
    if there.status >= 400 {
        let (text, other) = (of_sul.unnamed(&there.text), nowhere.unnamed(&other.text));
        assert_eq!(text, other, "{method} {route}");
        let was_asked = ![400, 415].contains(&there.status);
        assert!(was_asked || !route.contains('{'), "{method} {route} was not asked: {text}");
    }
    there
}

/// But what was asked for, which may be said again.
fn nothing_is_told(of_sul: &Things, asked_for: &str, answer: &Answer) {
    let told =
        |secret: &String| answer.text.contains(secret.as_str()) && !asked_for.contains(secret.as_str());
    let told: Vec<_> = of_sul.secrets().into_iter().filter(told).collect();
    assert!(told.is_empty(), "{asked_for} tells {told:?}: {}", answer.text);
}

async fn months_are_closed_by_whose_they_are(deployment: &Deployment) {
    let month = |verb: &str| format!("/v1/periods/2025-12/{verb}");
    deployment.post("sul", &month("close"), &json!({})).await;
    let reopened = deployment.ask("norte", "POST", &month("reopen")).body(&json!({})).send().await;
    assert_eq!(reopened.told(), "409 period_not_closed");
    deployment.settled("sul").await;
    let items = |periods: &Value| periods["items"].as_array().unwrap().len();
    assert_eq!(items(&deployment.read("sul", "/v1/periods").await), 1);
    assert_eq!(items(&deployment.read("norte", "/v1/periods").await), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn by_no_route_does_a_lender_get_at_another_where_hosts_choose() {
    try_to_cross_by_every_route(By::Host).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_no_route_does_a_lender_get_at_another_where_tokens_choose() {
    try_to_cross_by_every_route(By::Claim).await;
}
