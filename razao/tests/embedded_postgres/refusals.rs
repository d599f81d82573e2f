//! What is refused, with words that help, and without harm to what is there.

use super::*;

#[tokio::test]
async fn a_directory_in_use_is_refused_and_its_server_not_disturbed() {
    let (_above, data_dir) = data_dir();
    let postgres = start(&data_dir).await;
    let refused = refusal(&data_dir, Settings::from_environment()).await;
    assert!(
        refused.to_string().contains(&format!("in use by the razao process {}", std::process::id())),
        "{refused}"
    );
    book(&postgres.connect_options(), 100).await;
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_directory_in_which_a_server_ran_is_never_removed() {
    let (_above, data_dir) = data_dir();
    let suspect = data_dir.join("postgres.init-0123");
    fs::create_dir_all(&suspect).unwrap();
    fs::write(suspect.join("postmaster.opts"), "").unwrap();
    let refused = refusal(&data_dir, Settings::from_environment()).await;
    assert!(matches!(refused, EmbeddedPostgresError::UnexpectedDatabase { .. }), "{refused}");
    assert!(suspect.join("postmaster.opts").exists());
}

#[tokio::test]
async fn files_that_are_no_database_are_refused_and_kept() {
    let (_above, data_dir) = data_dir();
    let precious = data_dir.join("postgres/precious");
    fs::create_dir_all(precious.parent().unwrap()).unwrap();
    fs::write(&precious, "").unwrap();
    let refused = refusal(&data_dir, Settings::from_environment()).await;
    assert!(matches!(refused, EmbeddedPostgresError::NotADatabase { .. }), "{refused}");
    assert!(precious.exists());
}

#[tokio::test]
async fn another_major_version_is_refused_with_both_named() {
    let (_above, data_dir) = data_dir();
    fs::create_dir_all(data_dir.join("postgres")).unwrap();
    fs::write(data_dir.join("postgres/PG_VERSION"), "9.6\n").unwrap();
    let refused = refusal(&data_dir, Settings::from_environment()).await;
    let EmbeddedPostgresError::OtherMajorVersion { made_with, found, .. } = &refused else {
        panic!("{refused}");
    };
    assert_eq!(made_with, "9.6");
    assert!(
        found.starts_with("PostgreSQL 1") && refused.to_string().contains("made by PostgreSQL 9.6"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_directory_without_programs_is_refused_as_such() {
    let (above, data_dir) = data_dir();
    let settings = Settings { bin_dir: Some(above.path().to_owned()), ..Settings::default() };
    let refused = refusal(&data_dir, settings).await;
    assert!(matches!(refused, EmbeddedPostgresError::UnusableBinDir { .. }), "{refused}");
}

#[tokio::test]
async fn a_directory_that_the_servers_user_cannot_reach_is_refused_with_a_remedy() {
    if !geteuid().is_root() {
        return;
    }
    // Nowhere under the system's temporary directory, where razao opens the way by itself.
    let private = private(Path::new("/var/lib"));
    let refused = refusal(&private.path().join("data"), Settings::from_environment()).await;
    assert!(matches!(refused, EmbeddedPostgresError::OutOfReach { .. }), "{refused}");
    assert!(refused.to_string().contains("`chmod o+x "), "{refused}");
    assert_eq!(private.path().metadata().unwrap().mode() & 0o777, 0o700);
}
