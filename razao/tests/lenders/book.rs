//! What only one of the lenders has, by everything that it can be asked for.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::deployment::Deployment;

/// As many entries as a tile of the tree shows that only this lender has so many events.
const ENTRIES: usize = 120;

/// Whatever a path or a body can name.
#[derive(Debug, Clone)]
pub(crate) struct Things {
    pub(crate) loan: String,
    written_off: String,
    repayment: String,
    charge: String,
    credit: String,
    recovery: String,
    pub(crate) entry: String,
    proposal: String,
    pub(crate) request: String,
    dead_letter: String,
    product: String,
    subject: String,
    account: String,
    month: String,
    external_id: String,
    tax_id: String,
    position: u64,
}

impl Things {
    /// Things that are nowhere.
    pub(crate) fn nowhere() -> Self {
        let id = || Uuid::now_v7().to_string();
        Self {
            loan: id(),
            written_off: id(),
            repayment: id(),
            charge: id(),
            credit: id(),
            recovery: id(),
            entry: id(),
            proposal: id(),
            request: id(),
            dead_letter: id(),
            product: "outra".to_owned(),
            subject: "ninguem".to_owned(),
            account: "expenses:nada".to_owned(),
            month: "2026-01".to_owned(),
            external_id: id(),
            tax_id: "33.000.167/0001-01".to_owned(),
            position: 110,
        }
    }

    /// What a lender has, of every kind.
    pub(crate) async fn of(deployment: &Deployment, lender: &str) -> Self {
        let nowhere = Self::nowhere();
        let mut things = Self {
            product: "segredo".to_owned(),
            subject: "segredo-ana".to_owned(),
            account: "expenses:segredo".to_owned(),
            tax_id: "11.222.333/0001-81".to_owned(),
            position: 105,
            ..nowhere
        };
        let post = async |path: String, body: Value| deployment.post(lender, &path, &body).await;
        post("/v1/products".to_owned(), json!({"name": things.product})).await;
        let lines: Vec<String> = (0..ENTRIES).map(|_| things.entry_line()).collect();
        let bulk = deployment.ask(lender, "POST", "/v1/bulk?atomic=true").lines(lines.concat()).send().await;
        assert_eq!(bulk.status, 200, "{}", bulk.text);

        things.lend(deployment, lender, &things.loan).await;
        things.lend(deployment, lender, &things.written_off).await;
        let at = |loan: &str, path: &str| format!("/v1/loans/{loan}/{path}");
        let loan = things.loan.clone();
        let paid = json!({"id": things.repayment, "on": "2026-02-15", "amount": "320.00"});
        post(at(&loan, "repayments"), paid).await;
        let charge =
            json!({"id": things.charge, "kind": "penalty", "amount": "10.00", "due_on": "2026-11-30"});
        post(at(&loan, "charges"), charge).await;
        let credit = json!({
            "id": things.credit, "on": "2026-03-02", "amount": "5.00", "kind": "goodwill", "reason": "kindness"
        });
        post(at(&loan, "credits"), credit).await;
        let off = json!({"on": "2026-06-20", "reason": "insolvent"});
        post(at(&things.written_off, "write-off"), off).await;
        let recovered = json!({"id": things.recovery, "on": "2026-06-25", "amount": "30.00"});
        post(at(&things.written_off, "recoveries"), recovered).await;
        let (path, body) = ("/v1/entries", things.entry(Some(&things.entry)));
        post(path.to_owned(), body).await;
        things.request = things.queue(deployment, lender).await;
        // From here on approvals are for those who have limits.
        let limits = json!({"limits": {"approve": {"BRL": "1.00"}}});
        let by_another = deployment.ask_as(lender, "bia", "POST", "/v1/staff/segredo-ana/limits");
        assert_eq!(by_another.body(&limits).send().await.status, 200);
        let waiting = post("/v1/loans".to_owned(), things.application(None)).await.id();
        let approval = deployment.ask_as(lender, "segredo-ana", "POST", &at(&waiting, "approve"));
        let proposed = approval.body(&json!({"on": "2026-01-12"})).send().await;
        assert_eq!(proposed.status, 202, "{}", proposed.text);
        things.proposal = proposed.id();
        things
    }

    async fn lend(&self, deployment: &Deployment, lender: &str, loan: &str) {
        let mut application = self.application(Some(loan));
        if loan == self.loan {
            application["external_id"] = json!(self.external_id);
        }
        deployment.post(lender, "/v1/loans", &application).await;
        for verb in ["approve", "disburse"] {
            deployment.post(lender, &format!("/v1/loans/{loan}/{verb}"), &json!({"on": "2026-01-15"})).await;
        }
    }

    /// A command that waited, and what became of it.
    async fn queue(&self, deployment: &Deployment, lender: &str) -> String {
        let later = deployment.ask(lender, "POST", "/v1/entries").with("prefer", "respond-async");
        let accepted = later.body(&self.entry(None)).send().await;
        assert_eq!(accepted.status, 202, "{}", accepted.text);
        let location = accepted.header("location");
        while deployment.read(lender, &location).await["status"] != "done" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        location.rsplit('/').next().unwrap().to_owned()
    }

    pub(crate) fn application(&self, id: Option<&str>) -> Value {
        let mut application = json!({
            "borrower": {"tax_id": self.tax_id, "name": "Cantina Segredo Ltda"},
            "terms": {
                "principal": "1200.00", "currency": "BRL", "method": "price", "day_count": "30/360", "installments": 4,
                "rate": {"value": "0.02", "per": "month", "compounding": "nominal"}, "every": {"months": 1}
            },
        });
        if let Some(id) = id {
            application["id"] = json!(id);
        }
        application
    }

    pub(crate) fn entry(&self, id: Option<&str>) -> Value {
        let lines = json!([
            {"account": self.account, "debit": "9.90"}, {"account": "assets:cash", "credit": "9.90"}
        ]);
        let mut entry = json!({"on": "2026-03-02", "description": "Segredo", "lines": lines});
        if let Some(id) = id {
            entry["id"] = json!(id);
        }
        entry
    }

    fn entry_line(&self) -> String {
        let key = Uuid::now_v7().to_string();
        json!({"path": "/v1/entries", "idempotency_key": key, "body": self.entry(None)}).to_string() + "\n"
    }

    /// The path of a route that names these things, and parameters that do.
    pub(crate) fn path(&self, route: &str) -> String {
        let of_written_off = route.contains("/recover") || route.ends_with("/write-off/reverse");
        let id = match route.split('/').nth(2).unwrap() {
            "loans" if of_written_off => &self.written_off,
            "loans" => &self.loan,
            "entries" => &self.entry,
            "proposals" => &self.proposal,
            "requests" => &self.request,
            _ => &self.dead_letter,
        };
        let tile = format!("0/000.p/{}", self.position);
        let named = [
            ("{id}", id),
            ("{repayment}", &self.repayment),
            ("{charge}", &self.charge),
            ("{credit}", &self.credit),
            ("{recovery}", &self.recovery),
            ("{product}", &self.product),
            ("{subject}", &self.subject),
            ("{account}", &self.account),
            ("{month}", &self.month),
            ("{date}", &"2026-03-02".to_owned()),
            ("{*path}", &tile),
        ];
        let path = named.iter().fold(route.to_owned(), |path, (name, value)| path.replace(name, value));
        let (account, position, size) = (&self.account, self.position, self.position + 2);
        let query = match route {
            "/v1/balances/daily" => format!("?account={account}&from=2026-01-01&to=2026-11-30"),
            "/v1/audit/proofs/inclusion" => format!("?position={position}&size={size}"),
            "/v1/audit/proofs/consistency" => format!("?from={position}&to={size}"),
            "/v1/loans/{id}/explain" => format!("?transaction={}", self.repayment),
            "/v1/loans/{id}/settlement-quote" => "?on=2026-12-01".to_owned(),
            "/v1/loans" | "/v1/entries" => format!("?external_id={}", self.external_id),
            "/v1/events" => format!("?stream={}", self.loan),
            _ => String::new(),
        };
        format!("{path}{query}")
    }

    /// A text without the names of these things, and without what changes from one answer to the next.
    pub(crate) fn unnamed(&self, text: &str) -> String {
        let mut named = [
            &self.loan,
            &self.written_off,
            &self.repayment,
            &self.charge,
            &self.credit,
            &self.recovery,
            &self.entry,
            &self.proposal,
            &self.request,
            &self.dead_letter,
            &self.product,
            &self.subject,
            &self.account,
            &self.month,
            &self.external_id,
        ];
        // One may be a part of another.
        named.sort_by_key(|name| std::cmp::Reverse(name.len()));
        let text = named.iter().fold(text.to_owned(), |text, name| text.replace(name.as_str(), "NAME"));
        // The id of what has a name follows from that.
        let part_of_id = |c: char| c.is_ascii_hexdigit() || c == '-';
        let parts = text.split_inclusive(|c| !part_of_id(c)).map(|part| {
            let word = part.trim_end_matches(|c| !part_of_id(c));
            if Uuid::try_parse(word).is_ok() { part.replace(word, "NAME") } else { part.to_owned() }
        });
        parts.collect::<String>().replace(|c: char| c.is_ascii_digit(), "#")
    }

    /// What nobody but this lender's people may be told.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let digits: String = self.tax_id.chars().filter(char::is_ascii_digit).collect();
        let ids =
            [&self.loan, &self.written_off, &self.entry, &self.proposal, &self.request, &self.external_id];
        let words = ["Segredo", "segredo", &self.tax_id, &digits].map(str::to_owned);
        ids.into_iter().cloned().chain(words).collect()
    }
}
