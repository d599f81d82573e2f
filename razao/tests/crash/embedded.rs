//! `razao up`, which is killed with all that it has, or loses its Postgres.

use std::time::Duration;

use razao::embedded_postgres::find_running;
use sqlx::PgPool;
use tokio::sync::watch;

use crate::checks::{check_books, check_log, check_resending};
use crate::load::{Load, TODAY, until_accepting};
use crate::rounds_and_moments;
use crate::support::Server;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_every_kill_exactly_once() {
    let (rounds, mut rng) = rounds_and_moments(4);
    let mut server = Server::on(Some(TODAY));
    let client = server.start().await;
    let (address, addresses) = watch::channel(client.clone());
    let load = Load::start(&client, &addresses, &mut rng, 0).await;
    for round in 0..rounds {
        tokio::time::sleep(Duration::from_millis(rng.u64(100..1500))).await; // the random moment
        if round % 2 == 0 {
            eprintln!("round {round}: kill -9 the server");
            server.kill().await;
            address.send_replace(server.start().await);
        } else {
            eprintln!("round {round}: kill -9 the Postgres");
            server.kill_postgres();
            let client = address.borrow().clone();
            until_accepting(&client, round).await;
        }
    }
    tokio::time::sleep(Duration::from_millis(500)).await; // some more load after the last restart
    let sent = load.end().await;

    let client = address.borrow().clone();
    check_log(&client, &sent).await;
    check_resending((&client, &client), &sent).await;
    let head = check_books(&client).await;
    check_rebuilds(&server, head).await;
    server.stop().await;
}

/// Every read model holds just what a rebuild from the log gives, byte for byte.
async fn check_rebuilds(server: &Server, head: i64) {
    let options = find_running(&server.data_dir()).expect("the embedded Postgres runs");
    let pool = PgPool::connect_with(options).await.unwrap();
    for name in projections::NAMES {
        let live = projections::digest(&pool, name).await.unwrap();
        assert_eq!(live.position, head, "{name} holds the whole log");
        server.run(&["rebuild", name, "--data-dir", server.data_dir().to_str().unwrap()]).await;
        let rebuilt = projections::digest(&pool, name).await.unwrap();
        assert_eq!(live, rebuilt, "{name}");
    }
    pool.close().await;
}
