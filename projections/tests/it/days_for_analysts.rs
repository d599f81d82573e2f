//! A day's Parquet files say what was known at its end, whenever they are written, and all days together are the whole.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use projections::{SnapshotError, folder_of, write_snapshot};
use sqlx::PgPool;

use crate::asking::Client;
use crate::book::{day, varied};
use crate::log_on;
use crate::projecting::{caught_up, start};

type Row = BTreeMap<String, String>;

fn rows(folder: &Path, name: &str) -> Vec<Row> {
    let file = File::open(folder.join(format!("{name}.parquet"))).expect("the file is there");
    let reader = SerializedFileReader::new(file).expect("it is Parquet");
    let rows = reader.get_row_iter(None).expect("it has rows");
    let shown = |(name, field): (&String, &Field)| {
        let text = if let Field::Str(text) = field { text.clone() } else { field.to_string() };
        (name.clone(), text)
    };
    rows.map(|row| row.expect("a row").get_column_iter().map(shown).collect()).collect()
}

/// The same of a query, columns as text.
async fn queried(pool: &PgPool, query: &str) -> Vec<Vec<Option<String>>> {
    let rows: Vec<(Vec<Option<String>>,)> = sqlx::query_as(query).fetch_all(pool).await.expect("it is right");
    rows.into_iter().map(|(row,)| row).collect()
}

fn picked(rows: &[Row], columns: &[&str]) -> Vec<Vec<Option<String>>> {
    let value = |row: &Row, column: &&str| Some(row[*column].clone()).filter(|text| text != "null");
    rows.iter().map(|row| columns.iter().map(|column| value(row, column)).collect()).collect()
}

#[sqlx::test(migrations = false)]
async fn the_files_of_days_say_what_was_known_at_their_ends(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start(&pool, &log);
    let client = Client::new(&pool, &log);
    let out = tempfile::tempdir().unwrap();
    let (first, second) = (day("2025-03-01"), day("2025-03-02"));
    let mut pieces = varied(80).in_pieces_of(250).into_iter();
    pieces.next().unwrap().append(&pool).await;
    caught_up(&pool, &log).await;
    let end = log.head().await.unwrap().position;
    let early = write_snapshot(&pool, out.path(), first, (0, end)).await.unwrap().expect("it is new");
    let loans_then = client.ask("/v1/loans?limit=1000").await.json();
    for mut piece in pieces {
        piece.append(&pool).await;
    }
    caught_up(&pool, &log).await;
    let head = log.head().await.unwrap().position;
    write_snapshot(&pool, out.path(), second, (end, head)).await.unwrap().expect("it is new");
    let (of_first, of_second) = (folder_of(out.path(), first), folder_of(out.path(), second));
    assert!(of_first.ends_with("on=2025-03-01") && of_first.join("snapshot.json").is_file());

    // Written after everything that came since, the first day is the same.
    let later = tempfile::tempdir().unwrap();
    let again = write_snapshot(&pool, later.path(), first, (0, end)).await.unwrap();
    assert_eq!(again.as_ref(), Some(&early));
    for name in ["loans", "loan_changes", "flows", "journal_lines", "daily_balances"] {
        let again = rows(&folder_of(later.path(), first), name);
        assert!(!again.is_empty(), "{name}");
        assert_eq!(rows(&of_first, name), again, "{name}");
    }

    // Loans as the list had them.
    let listed = loans_then["items"].as_array().unwrap();
    let loans = rows(&of_first, "loans");
    assert_eq!(loans.len(), listed.len());
    for loan in listed {
        let row = loans.iter().find(|row| loan["id"] == row["loan_id"]).expect("it is in the file");
        assert_eq!(
            (&loan["status"], &loan["balances"]["principal"]),
            (&row["status"].as_str().into(), &row["principal"].as_str().into())
        );
        assert_eq!(loan["version"].to_string(), row["version"]);
    }

    // Both days together are the views.
    let both = |name: &str| [rows(&of_first, name), rows(&of_second, name)].concat();
    let lines = "select array[position::text, line::text, account, side, amount::numeric(18, 2)::text, booked_on::text] \
        from bi.journal_lines order by position, line";
    let columns = ["position", "line", "account", "side", "amount", "booked_on"];
    assert_eq!(as_dates(picked(&both("journal_lines"), &columns), 5), queried(&pool, lines).await);
    let balances = "select array[account, currency, closing::numeric(18, 2)::text, position::text] \
        from bi.daily_balances order by account, currency, booked_on";
    let last = rows(&of_second, "daily_balances");
    assert_eq!(
        picked(&last, &["account", "currency", "closing", "position"]),
        queried(&pool, balances).await
    );
    let flows = "select array[sum(disbursed)::text, sum(collected)::text, sum(written_off)::text, sum(recovered)::text] \
        from bi.flows";
    let sum = |column: &str| {
        let amounts =
            both("flows").into_iter().map(|row| row[column].parse::<rust_decimal::Decimal>().unwrap());
        Some(amounts.sum::<rust_decimal::Decimal>().to_string())
    };
    let sums = ["disbursed", "collected", "written_off", "recovered"].map(sum).to_vec();
    assert_eq!(vec![sums], queried(&pool, flows).await);
    running.stop().await;
}

/// A date of a file as Postgres writes it.
fn as_dates(mut rows: Vec<Vec<Option<String>>>, column: usize) -> Vec<Vec<Option<String>>> {
    for row in &mut rows {
        row[column] =
            row[column].as_ref().map(|shown| shown.split(' ').next().unwrap_or_default().to_owned());
    }
    rows
}

#[sqlx::test(migrations = false)]
async fn what_is_there_stays_and_what_is_not_ready_is_refused(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start(&pool, &log);
    varied(5).append(&pool).await;
    caught_up(&pool, &log).await;
    let head = log.head().await.unwrap().position;
    let (out, on) = (tempfile::tempdir().unwrap(), day("2025-03-01"));
    let refused = write_snapshot(&pool, out.path(), on, (0, head + 1)).await;
    assert!(matches!(refused, Err(SnapshotError::NotYet { reached, .. }) if reached == head), "{refused:?}");
    let (one, other) = tokio::join!(
        write_snapshot(&pool, out.path(), on, (0, head)),
        write_snapshot(&pool, out.path(), on, (0, head)),
    );
    assert_eq!([one.unwrap(), other.unwrap()].iter().flatten().count(), 1, "one of two writes it");
    assert!(write_snapshot(&pool, out.path(), on, (0, head)).await.unwrap().is_none());
    let left: Vec<_> =
        std::fs::read_dir(out.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["on=2025-03-01"]);
    let nowhere = Path::new("/proc/nowhere");
    let refused = write_snapshot(&pool, nowhere, on, (0, head)).await;
    assert!(matches!(refused, Err(SnapshotError::Unwritable { .. })), "{refused:?}");
    running.stop().await;
}
