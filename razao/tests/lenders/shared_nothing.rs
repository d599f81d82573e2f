//! What two lenders could share, if only by having it in one process: keys of commands, names, caches, tags, cursors,
//! queues, trees, figures and limits.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::book::Things;
use crate::deployment::{By, Deployment};

const LENDERS: [&str; 2] = ["norte", "sul"];

/// The id of the log that a checkpoint is of, with the tree's size.
async fn checkpoint(deployment: &Deployment, lender: &str, size: i64) -> (String, String) {
    loop {
        let note = deployment.ask(lender, "GET", "/v1/audit/checkpoint").send().await;
        let mut lines = note.text.lines();
        let (origin, sealed) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        if note.status == 200 && sealed.parse::<i64>().unwrap() >= size {
            return (origin.to_owned(), note.text.clone());
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_one_id_one_borrower_and_one_external_id_are_each_lenders_own() {
    let deployment = Deployment::start(By::Claim).await;
    let things = Things::nowhere();
    let mut application = things.application(Some(&things.loan));
    application["external_id"] = json!("contract-1");
    let entry = things.entry(Some(&things.entry));
    for lender in LENDERS {
        for (path, key, body) in [("/v1/loans", "key-1", &application), ("/v1/entries", "key-2", &entry)] {
            let answer = deployment.ask(lender, "POST", path).keyed(key, body).send().await;
            assert_eq!(answer.status, 201, "{lender}: {}", answer.text);
            assert!(!answer.headers.contains_key("idempotency-replayed"), "{lender}");
        }
        let again = deployment.ask(lender, "POST", "/v1/loans").keyed("key-1", &application).send().await;
        assert_eq!((again.status, again.header("idempotency-replayed").as_str()), (201, "true"));
    }
    // What becomes of one is nothing to the other.
    let reject = format!("/v1/loans/{}/reject", things.loan);
    deployment.post("norte", &reject, &json!({"on": "2026-01-15"})).await;
    for (lender, status) in [("norte", "rejected"), ("sul", "applied")] {
        deployment.settled(lender).await;
        let loan = deployment.read(lender, &format!("/v1/loans/{}", things.loan)).await;
        assert_eq!(loan["status"], status, "{lender}");
    }
    deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_cursors_and_kept_answers_are_of_one_log() {
    let deployment = Deployment::start(By::Claim).await;
    let things = Things::nowhere();
    // Both logs end at the same position, and hold other names.
    for lender in LENDERS {
        for number in 0..3 {
            let mut entry = things.entry(None);
            entry["description"] = json!(format!("{lender} {number}"));
            deployment.post(lender, "/v1/entries", &entry).await;
        }
        deployment.settled(lender).await;
    }
    let ask = |lender: &str| deployment.ask(lender, "GET", "/v1/entries?limit=1");
    // Asked again and again, an answer comes from where answers are kept.
    let mut tags = Vec::new();
    for _ in 0..3 {
        for lender in LENDERS {
            let answer = ask(lender).send().await;
            assert!(answer.text.contains(&format!("{lender} ")), "{}", answer.text);
            assert_eq!(answer.json()["as_of"]["position"], 3);
            tags.push(answer.header("etag"));
        }
    }
    let (of_norte, of_sul) = (tags[0].clone(), tags[1].clone());
    assert!(of_norte != of_sul && tags.chunks(2).all(|pair| *pair == [of_norte.clone(), of_sul.clone()]));
    for lender in LENDERS {
        let (own, other) = if lender == "norte" { (&of_norte, &of_sul) } else { (&of_sul, &of_norte) };
        assert_eq!(ask(lender).with("if-none-match", own).send().await.status, 304);
        assert_eq!(ask(lender).with("if-none-match", other).send().await.status, 200);
    }
    let next = async |lender: &str| ask(lender).send().await.json()["next"].as_str().unwrap().to_owned();
    let (norte, sul) = (next("norte").await, next("sul").await);
    let after = async |cursor: &str| {
        deployment.ask("norte", "GET", &format!("/v1/entries?limit=1&after={cursor}")).send().await.told()
    };
    assert_eq!(after(&norte).await, "200 -");
    assert_eq!(after(&sul).await, "400 invalid_parameter");
    deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_on_within_the_process_stays_with_whose_it_is() {
    let deployment = Deployment::start(By::Host).await;
    let things = Things::nowhere();
    deployment.post("sul", "/v1/loans", &things.application(Some(&things.loan))).await;
    // Lines of a bulk, which never see the listener again.
    let approve = |path: &str| {
        let path = format!("{path}/v1/loans/{}/approve", things.loan);
        json!({"path": path, "idempotency_key": "key", "body": {"on": "2026-01-15"}}).to_string() + "\n"
    };
    for (path, status, together) in [
        ("", 404, 404),
        ("//sul.example", 404, 400),
        ("http://sul.example", 400, 400),
        ("sul.example", 400, 400),
    ] {
        let bulk = deployment.ask("norte", "POST", "/v1/bulk").lines(approve(path)).send().await;
        assert_eq!(bulk.json()["status"], status, "{path}: {}", bulk.text);
        let atomic =
            deployment.ask("norte", "POST", "/v1/bulk?atomic=true").lines(approve(path)).send().await;
        assert_eq!(atomic.json()["status"], together, "{path}: {}", atomic.text);
    }
    // A command that waits, and is executed by nobody but the lender's own workers.
    let later = deployment.ask("sul", "POST", &format!("/v1/loans/{}/approve", things.loan));
    let queued = later.with("prefer", "respond-async").body(&json!({"on": "2026-01-15"})).send().await;
    assert_eq!(queued.status, 202, "{}", queued.text);
    let request = queued.header("location");
    while deployment.read("sul", &request).await["status"] != "done" {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(deployment.ask("norte", "GET", &request).send().await.told(), "404 not_found");
    assert_eq!(deployment.settled("sul").await, 2);
    assert_eq!(deployment.settled("norte").await, 0);
    deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_lender_signs_a_tree_of_its_own() {
    let deployment = Deployment::start(By::Claim).await;
    let entry = Things::nowhere().entry(None);
    for _ in 0..5 {
        deployment.post("sul", "/v1/entries", &entry).await;
    }
    deployment.post("norte", "/v1/entries", &entry).await;
    let (sul, note_of_sul) = checkpoint(&deployment, "sul", 5).await;
    let (norte, note_of_norte) = checkpoint(&deployment, "norte", 1).await;
    assert_ne!(sul, norte);
    let signature = |note: &str| note.lines().last().unwrap().rsplit(' ').next().unwrap().to_owned();
    assert_ne!(signature(&note_of_sul), signature(&note_of_norte));
    let proof = async |lender: &str, of: &str| {
        deployment.ask(lender, "GET", &format!("/v1/audit/proofs/{of}")).send().await
    };
    assert_eq!(proof("sul", "inclusion?position=4&size=5").await.status, 200);
    let refused = proof("norte", "inclusion?position=4&size=5").await;
    assert!(refused.status >= 400, "{}", refused.text);
    let (of_sul, of_norte) = (
        proof("sul", "inclusion?position=1&size=1").await,
        proof("norte", "inclusion?position=1&size=1").await,
    );
    assert_ne!(of_sul.json()["leaf_hash"], of_norte.json()["leaf_hash"]);
    // Who has tokens of both and one cache does not get one's tiles for the other's.
    let tile = deployment.ask("sul", "GET", "/v1/audit/tiles/0/000.p/5").send().await;
    assert_eq!(tile.status, 200, "{}", tile.text);
    assert!(tile.header("cache-control").starts_with("private"));
    assert_eq!(tile.header("vary"), "authorization");
    let origins = LENDERS.map(|lender| {
        let keys = audit::keys::Keys::load(&deployment.data_dir_of(lender).join("audit-keys")).unwrap();
        keys.origin()
    });
    assert_eq!(origins, [norte, sul]);
    deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_told_apart_and_to_operators_only() {
    let deployment = Deployment::start(By::Host).await;
    for _ in 0..3 {
        deployment.post("sul", "/v1/entries", &Things::nowhere().entry(None)).await;
    }
    deployment.settled("sul").await;
    // By the queue and by a bulk, which are somebody else's threads.
    let queued = deployment.ask("sul", "POST", "/v1/entries").with("prefer", "respond-async");
    assert_eq!(queued.body(&Things::nowhere().entry(None)).send().await.status, 202);
    let line = json!({"path": "/v1/entries", "idempotency_key": "k", "body": Things::nowhere().entry(None)});
    deployment.ask("norte", "POST", "/v1/bulk").lines(format!("{line}\n")).send().await;
    while deployment.settled("sul").await < 4 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let accepted = |text: &str, lender: &str| -> Option<u64> {
        let named = |line: &&str| {
            let labels = [
                format!("lender=\"{lender}\""),
                "command=\"PostEntry\"".to_owned(),
                "outcome=\"accepted\"".to_owned(),
            ];
            line.starts_with("razao_commands_total{")
                && labels.iter().all(|label| line.contains(label.as_str()))
        };
        text.lines().find(named)?.rsplit(' ').next()?.parse().ok()
    };
    let metrics = deployment.operator("/metrics").await.text;
    assert_eq!((accepted(&metrics, "norte"), accepted(&metrics, "sul")), (Some(1), Some(4)), "{metrics}");
    let unlabelled = |line: &&str| line.starts_with("razao_") && !line.contains("lender=");
    let of_nobody: Vec<&str> = metrics.lines().filter(unlabelled).collect();
    let is_of_the_process = |line: &&&str| line.starts_with("razao_connections");
    assert!(of_nobody.iter().all(|line| is_of_the_process(&line)), "{of_nobody:?}");
    let mut types: Vec<&str> = metrics.lines().filter(|line| line.starts_with("# TYPE")).collect();
    let all = types.len();
    types.dedup();
    assert_eq!(types.len(), all, "a metric is written twice");
    let ready = deployment.operator("/health/ready").await;
    assert_eq!((ready.status, ready.text.as_str()), (200, "norte ready\nsul ready\n"));
    assert_eq!(deployment.operator("/v1/loans").await.status, 404);
    // The log says whose each line is, here of who has no role.
    for lender in LENDERS {
        let bearer = format!("Bearer {}", deployment.token(lender, "nobody", &[]));
        let asked = deployment.anybody("GET", "/v1/loans").with("host", &format!("{lender}.example"));
        assert_eq!(asked.with("authorization", &bearer).send().await.told(), "403 forbidden");
    }
    let log = std::fs::read_to_string(deployment.server.log_path()).unwrap();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let refused = lines.filter(|line| line["fields"]["message"] == "access refused");
    let of: Vec<Value> = refused.map(|line| line["span"]["lender"].clone()).collect();
    assert_eq!(of, LENDERS.map(|lender| json!(lender)));
    deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_one_lender_is_refused_to_that_lender() {
    let deployment =
        Deployment::start_with(By::Claim, "", "rate_per_client = 5\nreads_in_flight = 1\n").await;
    let flood = async |lender: &str| {
        let asked = (0..60).map(|_| deployment.ask(lender, "GET", "/v1/entries").send());
        let answers = futures::future::join_all(asked).await;
        answers.into_iter().filter(|answer| answer.status != 200).count()
    };
    let (norte, sul) = tokio::join!(flood("norte"), flood("sul"));
    assert!(norte >= 50, "{norte} were refused");
    assert_eq!(sul, 0, "who floods is not sul");
    deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_ids_are_as_unknown_as_those_of_others() {
    // What `every_route` compares is worth something only if it compares what differs.
    let (one, other) = (Things::nowhere(), Things::nowhere());
    let told =
        |things: &Things| things.unnamed(&format!("there is no loan {} as of {}", things.loan, Uuid::nil()));
    assert_eq!(told(&one), told(&other));
    assert_ne!(one.path("/v1/loans/{id}"), other.path("/v1/loans/{id}"));
}
