//! Lists and statements as files.

use axum::http::StatusCode;
use sqlx::PgPool;

use crate::asking::Client;
use crate::book::varied;
use crate::loans::projected;
use crate::read_back;

const CSV: (&str, &str) = ("Accept", "text/csv");
const PDF: (&str, &str) = ("Accept", "application/pdf");
const XLSX: (&str, &str) = ("Accept", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");

async fn records(client: &Client, path: &str) -> (Vec<String>, Vec<csv::StringRecord>) {
    let reply = client.ask_with(path, &[CSV]).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    assert_eq!(reply.headers["content-type"], "text/csv; charset=utf-8");
    let mut reader = csv::Reader::from_reader(reply.text.as_bytes());
    let columns = reader.headers().expect("columns").iter().map(ToOwned::to_owned).collect();
    (columns, reader.records().collect::<Result<_, _>>().expect("rows"))
}

#[sqlx::test(migrations = false)]
async fn a_list_is_downloaded_whole_however_many_pages_it_has(pool: PgPool) {
    let (_log, running, client) = projected(&pool, varied(80)).await;
    let (columns, rows) = records(&client, "/v1/accounts/assets:cash/lines").await;
    let (lines,): (i64,) =
        sqlx::query_as("select count(*) from read_journal.journal_lines where account = 'assets:cash'")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert!(lines > 100);
    assert_eq!(i64::try_from(rows.len()).unwrap(), lines);
    assert_eq!(columns[..4], ["booked_on", "value_date", "side", "amount"]);
    let page = client.ask_with("/v1/accounts/assets:cash/lines?limit=7", &[CSV]).await;
    assert_eq!(page.text.lines().count(), 8);
    let next = page.headers["razao-next"].to_str().unwrap();
    let after = format!("/v1/accounts/assets:cash/lines?limit=7&after={next}");
    let second = client.ask_with(&after, &[CSV]).await;
    assert_eq!(second.status, StatusCode::OK, "{}", second.text);
    assert_eq!(second.text.lines().nth(1), Some(rows[7].iter().collect::<Vec<_>>().join(",").as_str()));
    let (head,): (i64,) = sqlx::query_as("select position from event_head").fetch_one(&pool).await.unwrap();
    let (_, events) = records(&client, "/v1/events").await;
    assert_eq!(i64::try_from(events.len()).unwrap(), head);
    let (columns, loans) = records(&client, "/v1/loans").await;
    assert_eq!(loans.len(), 80);
    assert!(columns.iter().any(|column| column == "balances.principal"), "{columns:?}");
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn each_statement_and_list_comes_as_a_file_and_all_else_as_json(pool: PgPool) {
    let (_log, running, client) = projected(&pool, varied(10)).await;
    let loan = "/v1/loans/00000000-0000-0000-0000-000000000001";
    for path in [
        "/v1/loans",
        "/v1/entries",
        "/v1/accounts",
        "/v1/trial-balance",
        "/v1/balances/daily",
        "/v1/loans/00000000-0000-0000-0000-000000000001/statement",
        "/v1/loans/00000000-0000-0000-0000-000000000001/schedule",
        "/v1/loans/00000000-0000-0000-0000-000000000001/transactions",
        "/v1/loans/00000000-0000-0000-0000-000000000001/accruals",
    ] {
        let (columns, rows) = records(&client, path).await;
        assert!(columns.len() > 2 && !rows.is_empty(), "{path}: {columns:?}");
        let tag = client.ask_with(path, &[CSV]).await.headers["etag"].to_str().unwrap().to_owned();
        for known in [tag.clone(), format!("\"another\", W/{tag}"), "*".to_owned()] {
            let again = client.ask_with(path, &[CSV, ("If-None-Match", &known)]).await;
            assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""), "{path}");
            assert_eq!(again.headers["etag"], tag, "{path}");
            assert_eq!(again.headers["vary"], "accept", "{path}");
            assert!(again.headers.contains_key("razao-position"), "{path}");
        }
        let sheet = client.bytes(path, XLSX).await;
        assert_eq!(&sheet[..4], b"PK\x03\x04", "{path}");
    }
    for path in [loan, "/v1/portfolio"] {
        let reply = client.ask_with(path, &[CSV]).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.headers["content-type"]),
            (200, &"application/json".parse().unwrap())
        );
    }
    let refused = client.ask_with("/v1/loans?limt=1", &[CSV]).await;
    assert_eq!(refused.json()["errors"][0]["pointer"], "limt");
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_statement_is_a_pdf_in_the_language_asked_for(pool: PgPool) {
    let (_log, running, client) = projected(&pool, varied(10)).await;
    let loan = "/v1/loans/00000000-0000-0000-0000-000000000001";
    let path = format!("{loan}/statement");
    let json = client.ask(&path).await.json();
    let (headers, file) = client.file(&path, &[PDF]).await;
    assert_eq!(headers["content-type"], "application/pdf");
    let name = "loans-00000000-0000-0000-0000-000000000001-statement.pdf";
    assert_eq!(headers["content-disposition"], format!("attachment; filename=\"{name}\""));
    assert_eq!(headers["razao-position"], json["as_of"]["position"].to_string());
    let text = read_back::text(&file);
    let position = format!("event {},", json["as_of"]["position"]);
    for said in ["00000000-0000-0000-0000-000000000001", "contract-1", "BRL", &position, "Page 1 of 1"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let lines = json["lines"].as_array().unwrap();
    let installments = lines.iter().filter(|line| line["what"]["kind"] == "installment").count();
    assert_eq!(text.matches("\nInstallment ").count(), installments, "{text}");
    let again = client.file(&path, &[PDF]).await;
    assert_eq!((&again.0["etag"], &again.1), (&headers["etag"], &file), "the same answer is the same file");
    let (portuguese, file) = client.file(&path, &[PDF, ("Accept-Language", "pt-BR")]).await;
    assert_eq!(portuguese["content-language"], "pt-BR");
    assert_eq!(portuguese["vary"], "accept, accept-language");
    assert_ne!(portuguese["etag"], headers["etag"]);
    assert!(read_back::text(&file).contains("\nParcela "));
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_is_no_statement_is_no_pdf(pool: PgPool) {
    let (_log, running, client) = projected(&pool, varied(1)).await;
    for path in ["/v1/loans", "/v1/loans/00000000-0000-0000-0000-000000000001/schedule"] {
        let reply = client.ask_with(path, &[PDF]).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.headers["content-type"]),
            (200, &"application/json".parse().unwrap()),
            "{path}"
        );
    }
    let statement = |id: &str| format!("/v1/loans/{id}/statement");
    for (path, code) in [
        (statement("00000000-0000-0000-0000-00000000ffff"), "not_found"),
        (statement("one"), "invalid_parameter"),
        (statement("00000000-0000-0000-0000-000000000001") + "?limit=1", "invalid_parameter"),
    ] {
        assert_eq!(client.ask_with(&path, &[PDF]).await.json()["code"], code, "{path}");
    }
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_borrower_is_named_until_forgotten_and_the_tag_tells(pool: PgPool) {
    let (_log, running, client) = projected(&pool, varied(1)).await;
    let loan = "/v1/loans/00000000-0000-0000-0000-000000000001";
    let path = format!("{loan}/statement");
    let borrower = client.ask(loan).await.json()["borrower"]["id"].as_str().unwrap().to_owned();
    let mut tags = Vec::new();
    for (statement, name) in [
        (
            format!("insert into borrowers (id, tax_id, name) values ('{borrower}', '1', 'João')"),
            Some("João"),
        ),
        ("delete from borrowers".to_owned(), None),
    ] {
        sqlx::query(&statement).execute(&pool).await.unwrap();
        let (headers, file) = client.file(&path, &[PDF]).await;
        let text = read_back::text(&file);
        assert_eq!(text.contains("\nBorrower\n"), name.is_some(), "{text}");
        assert!(name.is_none_or(|name| text.contains(name)), "{text}");
        let tag = headers["etag"].to_str().unwrap().to_owned();
        let known = client.ask_with(&path, &[PDF, ("If-None-Match", &tag)]).await;
        assert_eq!((known.status.as_u16(), known.text.as_str()), (304, ""));
        assert_eq!(known.headers["vary"], "accept, accept-language");
        tags.push(tag);
    }
    assert_ne!(tags[0], tags[1]);
    running.stop().await;
}
