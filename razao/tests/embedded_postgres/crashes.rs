//! Whatever is killed, at whatever moment: committed data stays, and the next start works.

use super::*;

#[tokio::test]
async fn a_killed_server_comes_back_with_what_was_committed() {
    let (_above, data_dir) = data_dir();
    let postgres = start(&data_dir).await;
    book(&postgres.connect_options(), 100).await;
    // A session deep in a computation does not notice that its main process is gone, and holds shared memory.
    let mut busy = connect(&postgres).await;
    let endless = tokio::spawn(async move {
        busy.execute("select sum(a * b) from generate_series(1, 1000000) a, generate_series(1, 1000000) b")
            .await
            .err()
    });
    let mut watcher = connect(&postgres).await;
    eventually("the computation runs", async || {
        let running = "select true from pg_stat_activity where state = 'active' and query like 'select sum%'";
        sqlx::query_scalar::<_, bool>(running).fetch_optional(&mut watcher).await.unwrap()
    })
    .await;

    for amount in [200, 300] {
        let killed = eventually("the server runs", async || postgres.pid()).await;
        kill(pid_of(killed), Signal::SIGKILL).unwrap();
        eventually("another server runs", async || postgres.pid().filter(|pid| *pid != killed)).await;
        book(&postgres.connect_options(), amount).await;
    }
    assert_eq!(booked(&mut connect(&postgres).await).await, [100, 200, 300]);
    assert!(endless.await.unwrap().is_some());
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_cannot_come_back_can_still_be_stopped() {
    let (_above, data_dir) = data_dir();
    let postgres = start(&data_dir).await;
    let broken = data_dir.join("postgres/postgresql.conf");
    fs::write(&broken, "no such setting").unwrap();
    kill(pid_of(postgres.pid().unwrap()), Signal::SIGKILL).unwrap();
    eventually("the server tries to start", async || {
        fs::read_to_string(postgres.log_path()).unwrap().contains("syntax error").then_some(())
    })
    .await;
    assert_eq!(postgres.pid(), None);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn what_a_killed_razao_left_running_is_taken_over() {
    let (_above, data_dir) = data_dir();
    let mut other = another_razao(&data_dir);
    let options = eventually("the other razao's server runs", async || {
        let options = find_running(&data_dir)?;
        PgConnection::connect_with(&options).await.is_ok().then_some(options)
    })
    .await;
    book(&options, 100).await;
    let refused = refusal(&data_dir, Settings::from_environment()).await;
    assert!(
        matches!(&refused, EmbeddedPostgresError::InUse { pid, .. } if *pid == other.id().to_string()),
        "{refused}"
    );

    other.kill().unwrap();
    other.wait().unwrap();
    assert!(find_running(&data_dir).is_some(), "the server should outlive its razao");
    let postgres = start(&data_dir).await;
    assert_eq!(booked(&mut connect(&postgres).await).await, [100]);
    let log = fs::read_to_string(postgres.log_path()).unwrap();
    assert!(
        log.contains("received fast shutdown request") && !log.contains("not properly shut down"),
        "{log}"
    );
    postgres.stop().await.unwrap();
}

/// Runs the next test in a process of its own, which can be killed.
fn another_razao(data_dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crashes::another_razao_runs_until_killed"])
        .env("RAZAO_TEST_DATA_DIR", data_dir)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn another_razao_runs_until_killed() {
    let Some(data_dir) = std::env::var_os("RAZAO_TEST_DATA_DIR") else {
        return;
    };
    let _postgres = start(Path::new(&data_dir)).await;
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_dropped_server_stops_and_frees_its_directory() {
    let (_above, data_dir) = data_dir();
    let postgres = start(&data_dir).await;
    let log = postgres.log_path().to_owned();
    drop(postgres);
    eventually("the server stops", async || {
        fs::read_to_string(&log).unwrap().contains("database system is shut down").then_some(())
    })
    .await;
    let again = eventually("the directory is free", async || {
        EmbeddedPostgres::start(&data_dir, Settings::from_environment()).await.ok()
    })
    .await;
    again.stop().await.unwrap();
}

#[tokio::test]
async fn an_interrupted_first_start_is_done_again() {
    let (_above, data_dir) = data_dir();
    let half_made = data_dir.join("postgres.init-0123/base");
    fs::create_dir_all(&half_made).unwrap();
    fs::write(data_dir.join("postgres.init-0123/PG_VERSION"), "15").unwrap();
    fs::create_dir(data_dir.join("postgres")).unwrap();
    let postgres = start(&data_dir).await;
    assert!(!half_made.exists());
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_razao_killed_in_its_first_start_leaves_no_obstacle() {
    let (_above, data_dir) = data_dir();
    let mut other = another_razao(&data_dir);
    eventually("the first start is half way", async || {
        let mut entries = data_dir.read_dir().ok()?.flatten();
        entries.any(|entry| entry.path().join("pg_wal").exists()).then_some(())
    })
    .await;
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(!data_dir.join("postgres").exists());

    let postgres = start(&data_dir).await;
    book(&postgres.connect_options(), 100).await;
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn stale_lock_files_whose_number_went_to_another_process_are_no_obstacle() {
    let (_above, data_dir) = data_dir();
    start(&data_dir).await.stop().await.unwrap();
    let cluster = data_dir.join("postgres");
    // Of the same user as the server, because PostgreSQL itself ignores the processes of others.
    let mut stranger = Command::new("sleep");
    if geteuid().is_root() {
        stranger.uid(cluster.metadata().unwrap().uid());
    }
    let mut stranger = stranger.arg("600").spawn().unwrap();
    for lock in [cluster.join("postmaster.pid"), data_dir.join("run/.s.PGSQL.5432.lock")] {
        fs::write(lock, format!("{}\n{}\n", stranger.id(), cluster.display())).unwrap();
    }

    let postgres = start(&data_dir).await;
    assert_eq!(stranger.try_wait().unwrap(), None, "the stranger should live on");
    postgres.stop().await.unwrap();
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}
