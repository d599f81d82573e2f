//! `razao verify` beside a running server: nothing is wrong, and then somebody tampers with log, tree and read models.

use std::path::Path;

use audit::anchor::notes;
use razao::embedded_postgres::find_running;
use serde_json::{Value, json};
use sqlx::{ConnectOptions, PgConnection};

use crate::lender::Lender;
use crate::support::razao;

/// The exit code, and what is printed as wrong.
async fn verify(data_dir: &str, more: &[&str]) -> (i32, Vec<Value>) {
    let output = razao().args(["verify", "--data-dir", data_dir]).args(more).output().await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let code = output.status.code().unwrap();
    assert!(code < 2, "{}", String::from_utf8_lossy(&output.stderr));
    (code, said.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

async fn tamper(connection: &mut PgConnection, statements: &str) {
    sqlx::raw_sql("set session_replication_role = replica").execute(&mut *connection).await.unwrap();
    sqlx::raw_sql(statements).execute(connection).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_is_what_it_says_until_somebody_tampers_with_it() {
    let mut lender = Lender::open().await;
    let loan = lender.eventful_loan().await;
    lender.other_business().await;
    // So that all is sealed and in the read models.
    let pack = lender.pack(&["--loan", &loan]).await;
    let data_dir = lender.data_dir();
    let anchor = anchor_of(&pack);
    assert_eq!(verify(&data_dir, &["--anchor", &anchor]).await, (0, Vec::new()));
    assert_eq!(verify(&data_dir, &["--sample", "10", "--rate", "0"]).await, (0, Vec::new()));

    // A replica is one that nothing can be written into.
    let replica = find_running(Path::new(&data_dir)).unwrap();
    let replica = replica.options([("default_transaction_read_only", "on")]).to_url_lossy().to_string();
    assert_eq!(verify(&data_dir, &["--replica", &replica, "--rate", "5000"]).await, (0, Vec::new()));

    let mut database = find_running(Path::new(&data_dir)).unwrap().connect().await.unwrap();
    let read_models = "update read_loans.standings set principal = principal + 1 where loan_id = '$'; \
        delete from read_journal.journal_lines where position = 3 and line = 1; \
        insert into read_entries.entries select gen_random_uuid(), entered_on, booked_on, description, currency, lines, \
        external_id, reversed_on, reversed_booked_on, reversal_reason, version, first_position + 1000, position, created_at, \
        updated_at from read_entries.entries; \
        update read_balances.daily_balances set debits = debits + 1 where account = 'assets:cash' and booked_on = '2026-02-20'";
    let read_models = read_models.replace('$', &loan).replace("reversed_booked_on", "reversal_booked_on");
    tamper(&mut database, &read_models).await;
    let (code, found) = verify(&data_dir, &[]).await;
    let named: Vec<String> = found
        .iter()
        .map(|fault| {
            let text = |name| fault[name].as_str().unwrap();
            format!("{} {} {}", text("table"), text("row"), text("cause")).replace('"', "")
        })
        .collect();
    assert_eq!(code, 1);
    let standing = format!("standings ({loan}) it has other values");
    for expected in [
        standing.as_str(),
        "journal_lines (3,1) it is missing",
        "daily_balances (assets:cash,BRL,2026-02-20,2026-02-20,) it has other values",
    ] {
        assert!(named.iter().any(|name| name == expected), "no `{expected}` in {named:?}");
    }
    assert!(
        named.iter().any(|name| name.starts_with("entries") && name.ends_with("it is of no event")),
        "{named:?}"
    );
    assert_eq!(named.len(), 4, "{named:?}");
    let (code, found) = verify(&data_dir, &["--sample", "10"]).await;
    let tables: Vec<&Value> = found.iter().map(|fault| &fault["table"]).collect();
    assert_eq!((code, tables), (1, vec![&json!("standings"), &json!("journal_lines")]));

    tamper(&mut database, "update events set metadata = '{}' where position = 2").await;
    let (_, found) = verify(&data_dir, &["--sample", "0"]).await;
    assert_eq!(found, [json!({"fault": "event_changed", "position": 2})]);
    lender.close().await;
}

/// The checkpoint of a pack as a file of anchors.
fn anchor_of(pack: &Path) -> String {
    let parts = audit::pack::file::read(std::fs::File::open(pack).unwrap()).unwrap();
    let note = String::from_utf8(parts["checkpoint"].clone()).unwrap();
    assert_eq!(notes(&note).len(), 1);
    let file = pack.with_extension("anchor");
    std::fs::write(&file, note).unwrap();
    file.display().to_string()
}
