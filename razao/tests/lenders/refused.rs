//! Lenders that would share something are not served at all, by whatever names it is reached.

use std::path::Path;

use sqlx::{ConnectOptions, Connection, PgPool};
use tempfile::TempDir;

use crate::support;

const TODAY: &str = "2026-12-01";

/// Runs a command with settings: its exit code, and what it has to say.
async fn run(home: &TempDir, settings: &str, arguments: &[&str]) -> (i32, String) {
    let file = home.path().join("razao.toml");
    std::fs::write(&file, settings).unwrap();
    let mut command = support::razao();
    command.args(arguments).arg("--config").arg(&file).arg("--data-dir").arg(home.path().join("data"));
    let output = command.output().await.unwrap();
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
}

async fn serve(home: &TempDir, settings: &str) -> (i32, String) {
    let arguments = ["serve", "--roles", "query-api", "--listen", "127.0.0.1:0", "--today", TODAY];
    run(home, settings, &arguments).await
}

fn lenders(norte: &str, sul: &str) -> String {
    format!("lender_by = \"claim\"\n[lenders.norte]\n{norte}\n[lenders.sul]\n{sul}\n")
}

/// The same server by another name.
fn by_another_name(url: &str) -> String {
    assert!(url.contains("127.0.0.1"), "{url}");
    url.replace("127.0.0.1", "localhost")
}

#[sqlx::test(migrations = false)]
async fn one_database_is_not_two_lenders_by_two_names(pool: PgPool) {
    let home = tempfile::tempdir().unwrap();
    let url = pool.connect_options().to_url_lossy().to_string();
    let other = another_database(&pool).await;
    let twice = lenders(
        &format!("database_url = \"{url}\""),
        &format!("database_url = \"{}\"", by_another_name(&url)),
    );
    for lender in ["norte", "sul"] {
        let (code, said) = run(&home, &twice, &["migrate", "--lender", lender]).await;
        assert_eq!(code, 0, "{said}");
    }
    let (code, said) = serve(&home, &twice).await;
    assert!(code == 2 && said.contains("the lenders norte and sul share the log (by its id)"), "{said}");

    // Logs apart, but the read models of one are in the database of the other.
    let crossed = lenders(
        &format!("database_url = \"{url}\""),
        &format!("database_url = \"{other}\"\nread_database_url = \"{}\"", by_another_name(&url)),
    );
    let (code, said) = run(&home, &crossed, &["migrate", "--lender", "sul"]).await;
    assert_eq!(code, 0, "{said}");
    let (code, said) = serve(&home, &crossed).await;
    assert!(code == 2 && said.contains("the lenders norte and sul share a database"), "{said}");
    drop_database(&pool, &other).await;
}

#[sqlx::test(migrations = false)]
async fn one_key_does_not_sign_for_two_lenders(pool: PgPool) {
    let home = tempfile::tempdir().unwrap();
    let url = pool.connect_options().to_url_lossy().to_string();
    let other = another_database(&pool).await;
    let settings = lenders(&format!("database_url = \"{url}\""), &format!("database_url = \"{other}\""));
    for lender in ["norte", "sul"] {
        let (code, said) = run(&home, &settings, &["migrate", "--lender", lender]).await;
        assert_eq!(code, 0, "{said}");
    }
    let made = ["keys", "new", "--name", "ledger.example/norte", "--lender", "norte"];
    assert_eq!(run(&home, &settings, &made).await.0, 0);
    let keys = |lender: &str| home.path().join("data/lenders").join(lender).join("audit-keys");
    copy(&keys("norte"), &keys("sul"));
    let (code, said) = serve(&home, &settings).await;
    assert!(code == 2 && said.contains("share the name in the keys of audit_keys"), "{said}");
    std::fs::remove_dir_all(keys("sul")).unwrap();
    // A link is no folder of its own.
    std::os::unix::fs::symlink(keys("norte"), keys("sul")).unwrap();
    let (code, said) = serve(&home, &settings).await;
    assert!(code == 2 && said.contains("the lenders norte and sul share"), "{said}");
    drop_database(&pool, &other).await;
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

/// A database beside that of the test.
async fn another_database(pool: &PgPool) -> String {
    let name = format!("razao_other_{:016x}", fastrand::u64(..));
    sqlx::raw_sql(&format!("create database {name}")).execute(pool).await.unwrap();
    pool.connect_options().as_ref().clone().database(&name).to_url_lossy().to_string()
}

async fn drop_database(pool: &PgPool, url: &str) {
    let name = url.rsplit('/').next().unwrap().split('?').next().unwrap();
    let mut connection = pool.connect_options().connect().await.unwrap();
    sqlx::raw_sql(&format!("drop database {name} with (force)")).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
