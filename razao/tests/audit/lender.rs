//! A server with some loans, packs of it, and what both verifiers say of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Output;

use audit::keys::Keys;
use audit::pack::NOTE;
use audit::pack::file::{List, Parts, write};
use razao::client::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::{Server, razao};

const TODAY: &str = "2026-04-10";

/// A server with some loans, and packs of it.
pub(crate) struct Lender {
    pub(crate) server: Server,
    pub(crate) client: Client,
    pub(crate) home: TempDir,
}

/// What a verifier says: its exit code, and each finding as `fault part line position figure`.
pub(crate) type Verdict = (i32, BTreeSet<String>);

impl Lender {
    pub(crate) async fn open() -> Self {
        let mut server = Server::on(Some(TODAY));
        let client = server.start().await;
        Self { server, client, home: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn data_dir(&self) -> String {
        self.server.data_dir().display().to_string()
    }

    fn keys(&self) -> PathBuf {
        self.server.data_dir().join("audit-keys")
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let key = format!("{path} {body}");
        let hash = audit::pack::file::sha256(key.as_bytes());
        let accepted = self.client.command(path, &hash, &body).await.unwrap();
        json!({"id": accepted.id, "position": accepted.position})
    }

    /// Lends on terms that bring every kind of line, and answers the loan's id.
    async fn lend(&self, name: &str) -> String {
        let borrower = json!({"tax_id": "11.222.333/0001-81", "name": "Cantina da Praça Ltda"});
        let terms = json!({
            "principal": "1200.00", "currency": "BRL", "method": "price",
            "rate": {"value": "0.02", "per": "month", "compounding": "nominal"}, "day_count": "30/360",
            "installments": 4, "every": {"months": 1},
            "late": {"fee_rate": "0.02", "interest_rate_per_month": "0.01"}
        });
        let metadata = json!({"name": name});
        let loan =
            self.post("/v1/loans", json!({"borrower": borrower, "terms": terms, "metadata": metadata})).await;
        let id = loan["id"].as_str().unwrap().to_owned();
        self.post(&format!("/v1/loans/{id}/approve"), json!({"on": "2026-01-15"})).await;
        self.post(&format!("/v1/loans/{id}/disburse"), json!({"on": "2026-01-15"})).await;
        id
    }

    /// A loan to which much happens.
    pub(crate) async fn eventful_loan(&self) -> String {
        let id = self.lend("eventful").await;
        let at = |path: &str| format!("/v1/loans/{id}/{path}");
        let paid = json!({"on": "2026-02-20", "amount": "320.00"});
        let paid = self.client.command(&at("repayments"), "first", &paid).await;
        let first = paid.unwrap().events[0]["repayment_id"].as_str().unwrap().to_owned();
        self.post(&at("charges"), json!({"kind": "penalty", "amount": "10.00", "due_on": "2026-03-15"}))
            .await;
        self.post(&at("repayments"), json!({"on": "2026-03-15", "amount": "325.00"})).await;
        // Before the others by value date, so that they are derived again.
        self.post(&at("repayments"), json!({"on": "2026-02-10", "amount": "50.00"})).await;
        self.post(
            &at(&format!("repayments/{first}/reverse")),
            json!({"on": "2026-04-01", "reason": "bounced"}),
        )
        .await;
        self.post(&at("write-off"), json!({"on": "2026-04-02", "reason": "insolvent"})).await;
        self.post(&at("recoveries"), json!({"on": "2026-04-03", "amount": "100.00"})).await;
        id
    }

    /// An overpaid and an early settled loan, a plain entry and its reversal.
    pub(crate) async fn other_business(&self) {
        let id = self.lend("overpaid").await;
        self.post(&format!("/v1/loans/{id}/repayments"), json!({"on": "2026-02-15", "amount": "5000.00"}))
            .await;
        let lines = json!([
            {"account": "expenses:bank", "debit": "9.90"}, {"account": "assets:cash", "credit": "9.90"}
        ]);
        let entry = json!({"on": "2026-03-02", "description": "bank fee", "lines": lines});
        let entry = self.post("/v1/entries", entry).await;
        let path = format!("/v1/entries/{}/reverse", entry["id"].as_str().unwrap());
        self.post(&path, json!({"on": "2026-03-03", "reason": "twice"})).await;
    }

    pub(crate) async fn pack(&self, of: &[&str]) -> PathBuf {
        let file = self.home.path().join(format!("{}.razao", of.concat().replace('-', "")));
        let mut arguments = vec!["audit", "pack", "--out", file.to_str().unwrap()];
        let data_dir = self.data_dir();
        arguments.extend(["--data-dir", &data_dir]);
        arguments.extend(of);
        self.server.run(&arguments).await;
        file
    }

    pub(crate) async fn close(&mut self) {
        self.server.stop().await;
    }

    pub(crate) fn public_key(&self) -> String {
        Keys::load(&self.keys()).unwrap().verifiers()[0].to_string()
    }

    pub(crate) async fn verdict(&self, pack: &Path) -> Verdict {
        both(pack, &self.public_key()).await
    }

    /// The verdict on the pack with other parts, which somebody without the key put together.
    pub(crate) async fn verdict_on(&self, parts: &Parts) -> Verdict {
        let file = self.home.path().join("tampered.razao");
        let mut archive = tar::Builder::new(std::fs::File::create(&file).unwrap());
        for (name, bytes) in parts {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, name, bytes.as_slice()).unwrap();
        }
        archive.into_inner().unwrap();
        self.verdict(&file).await
    }

    /// The verdict on other parts that the lender himself signed: what then still contradicts the tree.
    pub(crate) async fn verdict_on_signed(&self, parts: &Parts) -> Verdict {
        let file = self.home.path().join("signed.razao");
        let note = String::from_utf8(parts[NOTE].clone()).unwrap();
        let list = List::parse(&note[..=note.rfind("\n\n").unwrap()]).unwrap();
        let mut parts = parts.clone();
        parts.remove(NOTE);
        let signers = Keys::load(&self.keys()).unwrap().signers();
        write(std::fs::File::create(&file).unwrap(), &list.header, &parts, &signers).unwrap();
        self.verdict(&file).await
    }
}

/// Both verdicts on a pack, which have to be the same.
pub(crate) async fn both(pack: &Path, key: &str) -> Verdict {
    let ours = razao().args(["verify", "--public-key", key, "--pack"]).arg(pack).output().await.unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools/verify_pack.py");
    let theirs = Command::new("python3").arg(script).arg(pack).arg(key).output().await.unwrap();
    let (ours, theirs) = (verdict(&ours), verdict(&theirs));
    assert_eq!(ours, theirs, "both verifiers say the same");
    ours
}

pub(crate) fn verdict(output: &Output) -> Verdict {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let why = String::from_utf8_lossy(&output.stderr).into_owned();
    let code = output.status.code().expect("it ended by itself");
    assert!(code < 2 && !why.contains("panicked"), "{code}: {said}{why}");
    let findings = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let named = findings.filter(|finding| finding.get("fault").is_some()).map(|finding| {
        let words = ["fault", "part", "line", "position", "figure"].map(|name| match &finding[name] {
            Value::Null => "-".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        words.join(" ")
    });
    (code, named.collect())
}

/// What both say of a pack that nobody touched.
pub(crate) const SOUND: (i32, BTreeSet<String>) = (0, BTreeSet::new());
