//! `razao replay`, `razao serve --replay` and `razao diff` beside a running server.

use std::process::Stdio;

use razao::client::Client;
use razao::embedded_postgres::find_running;
use serde_json::{Value, json};
use sqlx::ConnectOptions;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

use crate::lender::Lender;
use crate::support::razao;

/// The exit code, what is printed, each line as JSON, and what is said beside.
async fn run(data_dir: &str, arguments: &[&str]) -> (i32, Vec<Value>, String) {
    let output = razao().args(arguments).args(["--data-dir", data_dir]).output().await.unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let lines = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("panicked"), "{said}");
    (output.status.code().unwrap(), lines, said)
}

/// A server of a replay, and a client of it.
async fn serve(data_dir: &str, name: &str) -> (Child, Client) {
    let mut command = razao();
    command.args(["serve", "--roles", "query-api", "--replay", name, "--listen", "127.0.0.1:0"]);
    command.args(["--data-dir", data_dir]).stderr(Stdio::piped()).kill_on_drop(true);
    let mut process = command.spawn().unwrap();
    let mut said = BufReader::new(process.stderr.take().unwrap()).lines();
    while let Some(line) = said.next_line().await.unwrap() {
        let Some((_, address)) = line.split_once("http://") else { continue };
        let address: String = address.chars().take_while(|c| !['"', ' '].contains(c)).collect();
        tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
        return (process, Client::new(&format!("http://{address}")));
    }
    panic!("the server ended: {:?}", process.wait().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_books_of_an_earlier_moment_are_made_read_compared_and_dropped() {
    let mut lender = Lender::open().await;
    let loan = lender.eventful_loan().await;
    let data_dir = lender.data_dir();
    let balances = "/v1/trial-balance?on=2026-04-10";
    let then = lender.client.read(balances, None).await.unwrap();
    let end = then["as_of"]["position"].as_i64().unwrap();
    let instant = then["as_of"]["recorded_at"].as_str().unwrap().to_owned();
    lender.other_business().await;
    // So that the read models have all of it.
    lender.pack(&["--loan", &loan]).await;

    let (code, made, said) = run(&data_dir, &["replay", "--until", &instant, "--name", "before"]).await;
    assert_eq!((code, &made[0]["position"]), (0, &json!(end)), "{said}");
    let (mut process, client) = serve(&data_dir, "before").await;
    assert_eq!(client.read(balances, None).await.unwrap(), then);
    let loans = client.read("/v1/loans", None).await.unwrap();
    assert_eq!(loans["items"].as_array().unwrap().len(), 1);
    process.kill().await.unwrap();

    let (code, ..) = run(&data_dir, &["replay", "--until", "now", "--name", "now"]).await;
    assert_eq!(code, 0);
    let (code, differ, said) = run(&data_dir, &["diff", "live", "now"]).await;
    assert_eq!((code, differ), (0, Vec::new()), "{said}");
    let (code, differ, said) = run(&data_dir, &["diff", "before", "now", "--limit", "3"]).await;
    assert!(code == 1 && differ.len() > 3, "{said}");
    assert!(said.contains(&format!("loans: before is as of position {end}, now of ")), "{said}");
    let mut database = find_running(data_dir.as_ref()).unwrap().connect().await.unwrap();
    let tamper = format!("update read_loans.standings set received = received - 1 where loan_id = '{loan}'");
    sqlx::raw_sql(&tamper).execute(&mut database).await.unwrap();
    let (code, differ, _) = run(&data_dir, &["diff", "now", "live"]).await;
    assert_eq!((code, differ.len()), (1, 1));
    assert_eq!((&differ[0]["table"], &differ[0]["row"]), (&json!("standings"), &json!({"loan_id": loan})));
    let received = |side: &str| differ[0][side]["received"].as_str().unwrap().parse::<i64>().unwrap();
    assert_eq!(received("a"), received("b") + 1);

    let (_, listed, _) = run(&data_dir, &["replay", "list"]).await;
    assert_eq!(listed.iter().map(|one| &one["name"]).collect::<Vec<_>>(), ["before", "now"]);
    assert_eq!(run(&data_dir, &["replay", "drop", "before", "now"]).await.0, 0);
    assert_eq!(run(&data_dir, &["replay", "list"]).await.1, [Value::Null; 0]);
    lender.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_replayed_or_compared_ends_with_the_code_of_its_cause() {
    let mut lender = Lender::open().await;
    let loan = lender.eventful_loan().await;
    let data_dir = lender.data_dir();
    let nobody = "00000000-0000-0000-0000-000000000009";
    for (arguments, why) in [
        (&["replay"][..], "--until"),
        (&["replay", "--until", "yesterday"], "neither a position, nor an instant"),
        (&["replay", "--until", "0"], "the log begins at "),
        (&["replay", "--until", "2000-01-01T00:00:00Z"], "the log begins at "),
        (&["replay", "--until", "999"], "position 999 is in the future: the log ends at position "),
        (&["replay", "--until", "2199-01-01T00:00:00Z"], "is in the future"),
        (&["replay", "--until", "now", "--loan", nobody], "there is no loan"),
        (&["replay", "--until", "now", "--loan", "x"], "--loan"),
        (&["replay", "--until", "now", "--name", "live"], "the name `live`"),
        (&["replay", "drop", "other"], "there is no replay `other`"),
        (&["diff", "live", "other"], "there is no replay `other`"),
        (&["diff", "live"], "<B>"),
        (
            &["serve", "--roles", "query-api", "--replay", "other", "--listen", "127.0.0.1:0"],
            "no replay `other`",
        ),
        (
            &["serve", "--roles", "query-api,relay", "--replay", "other", "--listen", "127.0.0.1:0"],
            "only read",
        ),
    ] {
        let (code, _, said) = run(&data_dir, arguments).await;
        assert!(code == 2 && said.contains(why), "{arguments:?}: {code}: {said}");
    }
    assert_eq!(run(&data_dir, &["replay", "--until", "2", "--loan", &loan, "--name", "two"]).await.0, 0);
    let (code, _, said) = run(&data_dir, &["diff", "two", "live"]).await;
    assert!(code == 2 && said.contains("they have to differ in time alone"), "{said}");
    let (code, _, said) = run(&data_dir, &["replay", "--until", "3", "--name", "two"]).await;
    assert!(code == 2 && said.contains("there is a replay `two` already"), "{said}");
    lender.close().await;
    let (code, _, said) = run(&data_dir, &["replay", "list"]).await;
    assert!(code == 3 && said.contains("no razao runs on"), "{said}");
}
