//! The audit endpoints of a real server, as somebody sees them who trusts nothing but the public key.

use audit::checkpoint::Checkpoint;
use audit::hash::{TreeHash, entry, leaf, leaf_of_line};
use audit::keys::Keys;
use audit::note::Verifier;
use audit::proof::{proves_consistency, proves_inclusion};
use razao::client::Client;
use serde_json::{Value, json};

use crate::support::Server;

struct Auditor {
    client: Client,
    http: reqwest::Client,
    keys: Vec<Verifier>,
}

impl Auditor {
    async fn get(&self, path: &str, headers: &[(&str, String)]) -> (u16, Vec<u8>) {
        let mut request = self.http.get(format!("{}{path}", self.client.server()));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.bytes().await.unwrap().to_vec())
    }

    async fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path, &[]).await;
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    /// The status and the code of a problem.
    async fn problem(&self, path: &str) -> (u16, String) {
        let (status, body) = self.get(path, &[]).await;
        let problem: Value = serde_json::from_slice(&body).unwrap();
        (status, problem["code"].as_str().unwrap().to_owned())
    }

    /// The checkpoint that has the event at a position.
    async fn checkpoint(&self, position: i64) -> Checkpoint {
        let wait = [("Razao-Min-Position", position.to_string()), ("Razao-Max-Wait-Ms", "10000".to_owned())];
        let (status, note) = self.get("/v1/audit/checkpoint", &wait).await;
        assert_eq!(status, 200);
        Checkpoint::open(std::str::from_utf8(&note).unwrap(), &self.keys).unwrap()
    }

    async fn post_entries(&self, numbers: std::ops::Range<u32>) -> i64 {
        let mut position = 0;
        for number in numbers {
            let lines = json!([
                {"account": "expenses:bank", "debit": "9.90"}, {"account": "assets:cash", "credit": "9.90"}
            ]);
            let entry = json!({"on": "2026-03-02", "description": format!("fee {number}"), "lines": lines});
            let posted =
                self.client.command("/v1/entries", &format!("entry-{number}"), &entry).await.unwrap();
            position = posted.position;
        }
        position
    }

    async fn lines(&self) -> Vec<Vec<u8>> {
        let ndjson = [("Accept", "application/x-ndjson".to_owned())];
        let (_, body) = self.get("/v1/events", &ndjson).await;
        body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
    }
}

fn hashes(proof: &Value) -> Vec<TreeHash> {
    serde_json::from_value(proof["hashes"].clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_served_proves_itself_across_a_kill() {
    let mut server = Server::on(Some("2026-03-10"));
    let client = server.start().await;
    let keys = Keys::load(&server.data_dir().join("audit-keys")).unwrap().verifiers();
    let auditor = Auditor { client, http: reqwest::Client::new(), keys };
    assert_eq!(auditor.problem("/v1/audit/checkpoint").await, (503, "not_yet_visible".to_owned()));
    let last = auditor.post_entries(0..150).await;
    let first = auditor.checkpoint(last).await;
    auditor.post_entries(150..200).await;
    server.kill().await;
    let auditor = Auditor { client: server.start().await, ..auditor };
    let last = auditor.post_entries(200..300).await;
    let second = auditor.checkpoint(last).await;
    assert!(first.size < second.size && second.size == last.unsigned_abs());

    let path = format!("/v1/audit/proofs/consistency?from={}&to={}", first.size, second.size);
    let proof = hashes(&auditor.json(&path).await);
    assert!(proves_consistency((first.size, first.root), &proof, (second.size, second.root)));
    let lines = auditor.lines().await;
    assert_eq!(lines.len(), usize::try_from(last).unwrap());
    for (position, size) in [(1, second.size), (150, second.size), (300, second.size), (7, first.size)] {
        let path = format!("/v1/audit/proofs/inclusion?position={position}&size={size}");
        let proof = auditor.json(&path).await;
        let leaf = leaf_of_line(&lines[position - 1]);
        assert_eq!(proof["leaf_hash"], json!(leaf), "{}", String::from_utf8_lossy(&lines[position - 1]));
        let root = if size == first.size { first.root } else { second.root };
        assert!(proves_inclusion((proof["index"].as_u64().unwrap(), leaf), &hashes(&proof), (size, root)));
        assert_eq!(proof["index"], json!(position - 1));
    }
    check_tiles(&auditor, &lines, &second).await;
    check_refusals(&auditor).await;
    check_lines(&auditor, &lines).await;
    server.stop().await;
}

/// A client of tlog-tiles comes to the same.
async fn check_tiles(auditor: &Auditor, lines: &[Vec<u8>], checkpoint: &Checkpoint) {
    let tiles = "/v1/audit/tiles";
    let (status, note) = auditor.get(&format!("{tiles}/checkpoint"), &[]).await;
    assert_eq!(status, 200);
    assert_eq!(Checkpoint::open(std::str::from_utf8(&note).unwrap(), &auditor.keys).unwrap(), *checkpoint);
    let (_, full) = auditor.get(&format!("{tiles}/tile/0/000"), &[]).await;
    let (_, partial) = auditor.get(&format!("{tiles}/tile/0/001.p/44"), &[]).await;
    let leaves: Vec<u8> = lines.iter().flat_map(|line| leaf_of_line(line).0).collect();
    assert_eq!([full, partial].concat(), leaves);
    // A smaller tree's partial tile is the beginning of it.
    let (_, earlier) = auditor.get(&format!("{tiles}/tile/0/000.p/7"), &[]).await;
    assert_eq!(earlier, leaves[..7 * 32]);
    let (_, entries) = auditor.get(&format!("{tiles}/tile/entries/001.p/44"), &[]).await;
    let expected = lines[256..].iter().flat_map(|line| [[0, 32].as_slice(), &entry(line)].concat());
    assert_eq!(entries, expected.collect::<Vec<u8>>());
    assert_eq!(leaf(&entries[2..34]), leaf_of_line(&lines[256]));
    let (status, above) = auditor.get(&format!("{tiles}/tile/1/000.p/1"), &[]).await;
    assert_eq!((status, above.len()), (200, 32));
    for none in
        ["tile/0/001", "tile/0/002.p/1", "tile/1/000", "tile/0/1", "tile/0/001.p/45", "nothing", "tile/0"]
    {
        let problem = auditor.problem(&format!("{tiles}/{none}")).await;
        assert_eq!(problem, (404, "not_found".to_owned()), "{none}");
    }
}

/// A proof of what never was.
async fn check_refusals(auditor: &Auditor) {
    let proofs = "/v1/audit/proofs";
    for (path, status, code) in [
        ("inclusion?position=301", 404, "not_found"),
        ("inclusion?position=0", 400, "invalid_parameter"),
        ("inclusion?position=-1", 400, "invalid_parameter"),
        ("inclusion?position=5&size=301", 400, "invalid_parameter"),
        ("inclusion?position=5&size=0", 400, "invalid_parameter"),
        ("inclusion?position=5&size=4", 400, "invalid_parameter"),
        ("inclusion", 400, "invalid_parameter"),
        ("consistency?from=0&to=5", 400, "invalid_parameter"),
        ("consistency?from=6&to=5", 400, "invalid_parameter"),
        ("consistency?from=6&to=18446744073709551615", 400, "invalid_parameter"),
        ("consistency?from=6&to=301", 400, "invalid_parameter"),
    ] {
        assert_eq!(auditor.problem(&format!("{proofs}/{path}")).await, (status, code.to_owned()), "{path}");
    }
}

/// The log is given whole and can be taken up anywhere, filtered or not.
async fn check_lines(auditor: &Auditor, lines: &[Vec<u8>]) {
    let ndjson = [("Accept", "application/x-ndjson".to_owned())];
    let (_, rest) = auditor.get("/v1/events?after=290", &ndjson).await;
    let expected: Vec<u8> = lines[290..].iter().flat_map(|line| [line.as_slice(), b"\n"].concat()).collect();
    assert_eq!(rest, expected);
    let (_, two) = auditor.get("/v1/events?after=5&limit=2&type=EntryPosted", &ndjson).await;
    assert_eq!(
        two,
        lines[5..7].iter().flat_map(|line| [line.as_slice(), b"\n"].concat()).collect::<Vec<u8>>()
    );
    let (_, none) = auditor.get("/v1/events?type=LoanApplied", &ndjson).await;
    assert!(none.is_empty());
    let page = auditor.json("/v1/events?after=298").await;
    let last: Value = serde_json::from_slice(&lines[299]).unwrap();
    assert_eq!((&page["items"][1], &page["next"]), (&last, &Value::Null));
    assert_eq!(last["idempotency"]["key"], "entry-299");
    let metadata = &last["metadata"];
    assert_eq!(
        (&metadata["actor"], &metadata["idempotency_key"]),
        (&json!("local-developer"), &json!("entry-299"))
    );
    // Without a token, on loopback: whoever it is has every role.
    let every = identity::Role::ALL.map(identity::Role::name);
    assert_eq!(metadata["roles"], every.join(" "));
}
