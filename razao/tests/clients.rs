//! The typed clients against the built server: a loan's life by each, as a lender's engineer would write it.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use razao_client::models::{
    ApplicationBody, BorrowerOfLoan, BulkAnswer, Compounding, Currency, DayCount, DisbursementBody,
    EventView, LoanEvent, Method, OutcomeBody, RatePeriod, RateRequest, RepaymentBody, RequestStatus,
    SequencedLoanEvent, StatementItem, Status, TermsRequest,
};
use razao_client::{
    Client, Error, FindLoanQuery, FindStatementQuery, Format, Line, ListEventsQuery, ListLoansQuery,
    ListTransactionsQuery, OPERATIONS, Outcome,
};
use rust_decimal::Decimal;
use serde_json::Value;
use support::Server;
use tokio::process::Command;
use uuid::Uuid;

const TODAY: &str = "2026-03-10";

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().unwrap()
}

fn money(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn application() -> ApplicationBody {
    let terms = TermsRequest {
        principal: Some(money("12000.00")),
        currency: Some(Currency::Brl),
        method: Some(Method::Price),
        installments: Some(12),
        rate: Some(RateRequest {
            value: Some(money("0.0199")),
            per: Some(RatePeriod::Month),
            compounding: Some(Compounding::Effective),
        }),
        day_count: Some(DayCount::N30_360),
        ..TermsRequest::default()
    };
    let borrower = BorrowerOfLoan::new("Cantina da Praça Ltda", "11.222.333/0001-81");
    ApplicationBody { external_id: Some("proposal-1".to_owned()), ..ApplicationBody::new(borrower, terms) }
}

/// A loan that was disbursed.
async fn active(client: &Client) -> Uuid {
    let loan = client.apply_for_loan("apply", &application()).await.unwrap().done().unwrap().id;
    let outcome = OutcomeBody::new(day("2026-01-12"));
    client.approve_loan(loan, "approve", &outcome).await.unwrap().done().unwrap();
    let disbursed = client.disburse_loan(loan, "disburse", &DisbursementBody::new(day("2026-01-15"))).await;
    assert!(matches!(disbursed.unwrap().outcome, Outcome::Executed(_)));
    loan
}

fn receipt(on: &str) -> RepaymentBody {
    RepaymentBody::new(money("1134.23"), day(on))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_lives_through_the_rust_client() {
    let mut server = Server::on(Some(TODAY));
    server.start().await;
    let client = Client::new(server.address()).unwrap();
    let loan = active(&client).await;
    a_repayment_is_done_once_and_seen_at_once(&client, loan).await;
    refusals_are_typed(&client, loan).await;
    lists_go_on_by_themselves_and_come_as_files(&client, loan).await;
    what_waits_in_the_queue_is_asked_for_later(&client, loan).await;
    many_commands_go_in_one_request(&client, loan).await;
    server.stop().await;
}

async fn a_repayment_is_done_once_and_seen_at_once(client: &Client, loan: Uuid) {
    let first = client.record_repayment(loan, "receipt-1", &receipt("2026-02-15")).await.unwrap();
    let again = client.record_repayment(loan, "receipt-1", &receipt("2026-02-15")).await.unwrap();
    assert_eq!((first.replayed, again.replayed), (false, true));
    let answer = first.done().unwrap();
    assert_eq!(answer, again.done().unwrap());
    let [SequencedLoanEvent { sequence: 4, event: LoanEvent::LoanRepaymentRecorded(recorded) }] =
        &answer.events[..]
    else {
        panic!("{:?}", answer.events)
    };
    assert_eq!(recorded.amount, money("1134.23"));
    assert_eq!(client.position(), Some(answer.position));

    let found = client.find_loan(loan, &FindLoanQuery::default()).await.unwrap();
    assert_eq!((found.status.clone(), found.version), (Status::Active, 4));
    let statement = client.find_statement(loan, &FindStatementQuery::default()).await.unwrap();
    let last = statement.lines.iter().rev().find_map(|line| match &line.what {
        StatementItem::Transaction(transaction) => Some(transaction.amount),
        _ => None,
    });
    assert_eq!(last, Some(money("1134.23")));
}

async fn refusals_are_typed(client: &Client, loan: Uuid) {
    let refused = client.record_repayment(loan, "receipt-2", &receipt("2026-04-15")).await.unwrap_err();
    let problem = refused.problem().unwrap();
    assert_eq!((problem.status, problem.code.as_str()), (422, "future_date"));
    assert_eq!(problem.errors[0].pointer, "/on");
    let stale = client.record_repayment(loan, "receipt-3", &receipt("2026-03-01")).if_version(1).await;
    assert_eq!(stale.unwrap_err().code(), Some("precondition_failed"));
    let repeated = client.record_repayment(loan, "receipt-1", &receipt("2026-03-01")).await.unwrap_err();
    assert_eq!(repeated.code(), Some("idempotency_key_reused"));
    let unknown = client.find_loan(Uuid::nil(), &FindLoanQuery::default()).await.unwrap_err();
    assert!(unknown.is_not_found());
    // What cannot be sent is told before it is.
    let wrong = client.record_repayment(loan, "receipt\n", &receipt("2026-03-01")).await.unwrap_err();
    assert!(matches!(wrong, Error::Setup(_)), "{wrong}");
    assert!(Client::new("localhost:8080").is_err());
}

async fn lists_go_on_by_themselves_and_come_as_files(client: &Client, loan: Uuid) {
    let query = ListEventsQuery { limit: Some(1), ..ListEventsQuery::default() };
    let events: Vec<EventView> = client.list_events(&query).items().try_collect().await.unwrap();
    assert_eq!(events.iter().map(|event| event.position).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let query = ListTransactionsQuery { limit: Some(1), ..ListTransactionsQuery::default() };
    assert_eq!(client.list_transactions(loan, &query).items().count().await, 2);
    let loans = client.list_loans(&ListLoansQuery::default()).download(Format::Csv).await.unwrap();
    assert_eq!(loans.name.as_deref(), Some("loans.csv"));
    let csv = String::from_utf8(loans.bytes().await.unwrap()).unwrap();
    assert!(csv.contains(&loan.to_string()), "{csv}");
    let statement = client.find_statement(loan, &FindStatementQuery::default());
    let statement = statement.download(Format::Pdf).await.unwrap().bytes().await.unwrap();
    assert!(statement.starts_with(b"%PDF-"));
}

async fn what_waits_in_the_queue_is_asked_for_later(client: &Client, loan: Uuid) {
    let queued = client.record_repayment(loan, "receipt-4", &receipt("2026-03-02")).later().await.unwrap();
    let Outcome::Queued(request) = &queued.outcome else { panic!("{queued:?}") };
    let patience = Instant::now() + Duration::from_secs(60);
    while client.show_request(request.id).await.unwrap().status == RequestStatus::Queued {
        assert!(Instant::now() < patience, "the request is not executed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(matches!(queued.done(), Err(Error::Waits { .. })));
}

async fn many_commands_go_in_one_request(client: &Client, loan: Uuid) {
    let lines = |keys: [&str; 2]| {
        let path = format!("/v1/loans/{loan}/repayments");
        keys.map(|key| Line::new(path.clone(), key, &RepaymentBody::new(money("1.00"), day("2026-03-03"))))
    };
    let answers = client.send_bulk(stream::iter(lines(["bulk-1", "receipt-1"]))).await.unwrap();
    let answers: Vec<BulkAnswer> = answers.try_collect().await.unwrap();
    let problems: Vec<String> =
        answers.iter().filter_map(BulkAnswer::problem).map(|problem| problem.code).collect();
    assert_eq!((answers.len(), problems), (2, vec!["idempotency_key_reused".to_owned()]));
    let atomic = client.send_bulk_atomically(&lines(["bulk-2", "receipt-1"])).await.unwrap();
    assert!(!atomic.is_stored);
    assert_eq!(atomic.lines.iter().map(|line| line.status).collect::<Vec<_>>(), [424, 422]);
    assert!(client.send_bulk_atomically(&lines(["bulk-3", "bulk-4"])).await.unwrap().is_stored);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_outlives_a_server_that_is_killed() {
    let mut server = Server::on(Some(TODAY));
    server.start().await;
    let address = server.address();
    let client = Client::new(&address).unwrap();
    let loan = active(&client).await;
    server.kill().await;
    let sending = tokio::spawn(async move {
        let sent = client.record_repayment(loan, "receipt", &receipt("2026-02-15")).await;
        (sent, client)
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!sending.is_finished(), "the client waits for the server");
    server.start_at(&address).await;
    let (sent, client) = sending.await.unwrap();
    sent.unwrap().done().unwrap();
    assert_eq!(client.find_loan(loan, &FindLoanQuery::default()).await.unwrap().version, 4);
    server.stop().await;
}

#[test]
fn both_clients_have_every_operation_of_the_document() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let document = std::fs::read(root.join("schemas/openapi.json")).unwrap();
    let document: Value = serde_json::from_slice(&document).unwrap();
    let mut told = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            told.insert((id, method.to_uppercase(), path.clone()));
        }
    }
    let known = |(id, method, path): &(&str, &str, &str)| {
        ((*id).to_owned(), (*method).to_owned(), (*path).to_owned())
    };
    assert_eq!(OPERATIONS.iter().map(known).collect::<BTreeSet<_>>(), told);
    let python = std::fs::read_to_string(root.join("clients/python/razao_client/operations.py")).unwrap();
    let bulk = std::fs::read_to_string(root.join("clients/python/razao_client/client.py")).unwrap();
    for (id, method, path) in &told {
        assert!(python.contains(&format!(r#""{id}": ("{method}", "{path}")"#)), "python: {id}");
        let defined = format!("    def {id}(");
        assert!(python.contains(&defined) || bulk.contains(&defined), "python: {id}");
    }
}

#[test]
fn what_is_written_from_the_document_is_up_to_date() {
    let (written, root) = (tempfile::tempdir().unwrap(), Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    let mut script = std::process::Command::new("python3");
    script.arg("scripts/clients/write.py").arg(written.path()).current_dir(&root);
    assert!(script.env("PYTHONDONTWRITEBYTECODE", "1").status().unwrap().success());
    for file in [
        "rust/src/operations.rs",
        "rust/src/models/answers.rs",
        "rust/src/models/events.rs",
        "rust/src/models/requests.rs",
        "python/razao_client/models.py",
        "python/razao_client/operations.py",
    ] {
        let read = |folder: &Path| std::fs::read_to_string(folder.join(file)).unwrap();
        assert!(
            read(written.path()) == read(&root.join("clients")),
            "clients/{file} is out of date: run scripts/write-clients.sh"
        );
    }
}

/// Where the Python client is installed, with what its tests need.
async fn python() -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/python-client-home.sh");
    let output = Command::new(script).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim()).join("bin/python")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_lives_through_the_python_client() {
    let python = python().await;
    let mut server = Server::on(Some(TODAY));
    server.start().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients/python");
    for arguments in [&["-m", "mypy", "razao_client", "tests"][..], &["-m", "pytest", "-q", "tests"]] {
        let mut command = Command::new(&python);
        command.args(arguments).current_dir(&folder).env("TEST_SERVER", server.address());
        let output = command.env("PYTHONDONTWRITEBYTECODE", "1").output().await.unwrap();
        let (said, errors) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?}:\n{said}\n{errors}");
    }
    server.stop().await;
}
