//! How a server begins and ends: an address that somebody else listens on is said before anything is started or made, and
//! whoever closes the terminal ends it as cleanly as SIGTERM does.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

mod support;

use std::net::TcpListener;
use std::process::Command;

use nix::sys::signal::Signal;
use support::Server;

#[test]
fn a_taken_address_is_named_and_nothing_is_made() {
    let home = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = home.path().join("data");
    let mut up = Command::new(env!("CARGO_BIN_EXE_razao"));
    let output = up.args(["up", "--listen", &address, "--data-dir"]).arg(&data).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(!data.exists());
}

#[tokio::test]
async fn a_closed_terminal_ends_the_server_cleanly() {
    let mut server = Server::on(None);
    server.start().await;
    server.stop_by(Signal::SIGHUP).await;
    assert!(server.log().contains("SIGHUP: draining"));
    assert!(server.log().contains("the embedded PostgreSQL has stopped"));
}
