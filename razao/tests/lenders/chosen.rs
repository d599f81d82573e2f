//! Who is asked: by the host and nothing else, or by the token and nothing else.

use identity::{LenderClaim, Role};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::deployment::{By, Deployment};

const LOANS: &str = "/v1/loans";

/// The first line of what is answered to the very bytes of a request.
async fn raw(deployment: &Deployment, target: &str, head: &str) -> (u16, String) {
    let address = deployment.server.address().replace("http://", "");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {target} HTTP/1.1\r\n{head}connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

fn claim(lender: &str) -> LenderClaim {
    LenderClaim { claim: "lender".to_owned(), lender: lender.to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_one_host_that_a_request_names_chooses_and_nothing_else() {
    let deployment = Deployment::start(By::Host).await;
    let (norte, sul) =
        (deployment.token("norte", "ana", &Role::ALL), deployment.token("sul", "ana", &Role::ALL));
    let get = async |host: &str, token: &str, more: &[(&str, &str)]| {
        let asked = deployment.anybody("GET", LOANS).with("host", host);
        let asked = asked.with("authorization", &format!("Bearer {token}"));
        more.iter().fold(asked, |asked, (name, value)| asked.with(name, value)).send().await.told()
    };
    for host in ["norte.example", "NORTE.example:8443", "norte.example.NET"] {
        assert_eq!(get(host, &norte, &[]).await, "200 -", "{host}");
    }
    // A token is good at the host of its lender only.
    assert_eq!(get("sul.example", &sul, &[]).await, "200 -");
    assert_eq!(get("sul.example", &norte, &[]).await, "401 unauthenticated");
    assert_eq!(get("norte.example", &sul, &[]).await, "401 unauthenticated");
    // What anybody can add says nothing.
    let forwarded = [("x-forwarded-host", "norte.example"), ("forwarded", "host=norte.example")];
    assert_eq!(get("sul.example", &norte, &forwarded).await, "401 unauthenticated");
    assert_eq!(get("sul.example", &sul, &forwarded).await, "200 -");
    for host in ["elsewhere.example", "127.0.0.1", "norte.example.", "sub.norte.example", "norte"] {
        assert_eq!(get(host, &norte, &[]).await, "421 misdirected", "{host}");
    }

    let head = |hosts: &[&str]| {
        let hosts: String = hosts.iter().flat_map(|host| ["host: ", host, "\r\n"]).collect();
        format!("{hosts}authorization: Bearer {norte}\r\n")
    };
    for (target, hosts, status) in [
        (LOANS, &["norte.example"][..], 200),
        (LOANS, &["norte.example", "sul.example"], 400),
        (LOANS, &["sul.example", "norte.example"], 400),
        (LOANS, &["norte.example", "norte.example"], 400),
        (LOANS, &["sul.example@norte.example"], 400),
        (LOANS, &["norte.example, sul.example"], 400),
        (LOANS, &[], 400),
        ("http://norte.example/v1/loans", &["norte.example"], 200),
        ("http://sul.example/v1/loans", &["norte.example"], 400),
        ("http://norte.example/v1/loans", &["sul.example"], 400),
        ("http://sul.example/v1/loans", &["sul.example"], 401),
        ("//sul.example/v1/loans", &["norte.example"], 404),
    ] {
        let (found, answer) = raw(&deployment, target, &head(hosts)).await;
        assert_eq!(found, status, "{target} {hosts:?}: {answer}");
    }
    deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_one_lender_that_a_good_token_names_is_asked() {
    let deployment = Deployment::start(By::Claim).await;
    let get = async |token: &str, host: &str| {
        let asked = deployment.anybody("GET", LOANS).with("host", host);
        asked.with("authorization", &format!("Bearer {token}")).send().await.told()
    };
    let says = |signed_by: &str, lender: Option<&str>| {
        let claim = lender.map(claim);
        deployment.token_that_says(signed_by, claim.as_ref(), "ana", &Role::ALL)
    };
    let norte = says("norte", Some("norte"));
    // Whatever the host says.
    for host in ["norte.example", "sul.example", "127.0.0.1"] {
        assert_eq!(get(&norte, host).await, "200 -");
    }
    // Signed by one lender's issuer, it is not the other's.
    assert_eq!(get(&says("norte", Some("sul")), "sul").await, "401 unauthenticated");
    // Good, but of nobody here.
    for nobody in [None, Some("oeste"), Some("Norte"), Some("norte sul"), Some("")] {
        assert_eq!(get(&says("norte", nobody), "norte").await, "403 other_lender", "{nobody:?}");
    }
    // Not good, so it is not said whether there is such a lender.
    let forged = |token: &str| format!("{}x", &token[..token.len() - 1]);
    for lender in [Some("norte"), Some("oeste"), None] {
        assert_eq!(get(&forged(&says("norte", lender)), "norte").await, "401 unauthenticated", "{lender:?}");
    }
    for nonsense in ["nonsense", "a.b.c", ""] {
        assert_eq!(get(nonsense, "norte").await, "401 unauthenticated");
    }
    let (status, answer) = raw(&deployment, LOANS, "host: norte.example\r\n").await;
    assert!(status == 401 && answer.contains("www-authenticate: Bearer\r\n"), "{answer}");
    let two = format!("host: n\r\nauthorization: Bearer {norte}\r\nauthorization: Bearer {norte}\r\n");
    assert_eq!(raw(&deployment, LOANS, &two).await.0, 401);
    deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_the_same_for_all_is_open_and_says_nothing_of_any() {
    for by in [By::Host, By::Claim] {
        let deployment = Deployment::start(by).await;
        for path in ["/health/live", "/health/ready", "/openapi.json", "/docs/", "/"] {
            let answer = deployment.anybody("GET", path).send().await;
            assert_eq!(answer.status, 200, "{path}");
            assert!(!answer.text.contains("norte"), "{path}: {}", answer.text);
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        }
        // Nobody who reaches the lenders' address reads figures of any.
        let metrics = deployment.anybody("GET", "/metrics").send().await;
        assert!([401, 421].contains(&metrics.status), "{}", metrics.text);
        let own = deployment.ask("norte", "GET", "/metrics").send().await;
        assert_eq!(own.told(), "404 not_found");
        assert_eq!(own.header("x-content-type-options"), "nosniff");
        deployment.stop().await;
    }
}
