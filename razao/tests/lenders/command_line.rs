//! The commands beside a running server of several lenders: each says which lender, and has to do with no other.

use serde_json::Value;

use crate::book::Things;
use crate::deployment::{By, Deployment, TODAY};

/// Every command that is of one lender.
const COMMANDS: &[&[&str]] = &[
    &["projections"],
    &["verify"],
    &["verify", "--recalculate"],
    &["rebuild", "loans"],
    &["replay", "--until", "now"],
    &["replay", "list"],
    &["diff", "live", "live"],
    &["dead-letters", "list"],
    &["dead-letters", "discarded"],
    &["keys", "list"],
    &["migrate"],
    &["token", "--role", "auditor", "--subject", "ana"],
    &["close-day", "--on", "2026-11-30", "--today", TODAY],
    &["snapshot", "--on", "2026-06-30", "--out", "/nowhere"],
];

#[tokio::test(flavor = "multi_thread")]
async fn a_command_says_which_lender_and_is_of_no_other() {
    let deployment = Deployment::start_alone(By::Claim).await;
    let things = Things::nowhere();
    deployment.post("sul", "/v1/loans", &things.application(Some(&things.loan))).await;
    for _ in 0..4 {
        deployment.post("sul", "/v1/entries", &things.entry(None)).await;
    }
    deployment.settled("sul").await;
    let (config, data) = (deployment.server.settings_file(), deployment.server.data_dir());
    let with = |what: &[&str], lender: Option<&str>| {
        let mut arguments: Vec<String> = what.iter().map(|&word| word.to_owned()).collect();
        arguments.extend(["--config".to_owned(), config.display().to_string()]);
        arguments.extend(["--data-dir".to_owned(), data.display().to_string()]);
        arguments.extend(lender.into_iter().flat_map(|lender| ["--lender".to_owned(), lender.to_owned()]));
        arguments
    };
    let out = data.join("out");
    let out = out.to_str().unwrap();
    for command in COMMANDS {
        let (code, said) = deployment.server.fail(&with(command, None)).await;
        assert!(code == 2 && said.contains("norte, sul"), "{command:?}: {code} {said}");
        let (code, said) = deployment.server.fail(&with(command, Some("oeste"))).await;
        assert!(code == 2 && said.contains("norte, sul"), "{command:?}: {code} {said}");
    }
    let run =
        async |command: &[&str], lender: &str| deployment.server.run(&with(command, Some(lender))).await;
    let positions = async |lender: &str| {
        let all: Vec<Value> = serde_json::from_str(&run(&["projections"], lender).await).unwrap();
        all.iter().map(|one| one["position"].as_i64().unwrap()).max().unwrap()
    };
    assert_eq!((positions("norte").await, positions("sul").await), (0, 5));
    for lender in ["norte", "sul"] {
        run(&["verify"], lender).await;
        run(&["rebuild", "all"], lender).await;
    }
    let keys = async |lender: &str| -> Value {
        serde_json::from_str(&run(&["keys", "list"], lender).await).unwrap()
    };
    let (norte, sul) = (keys("norte").await, keys("sul").await);
    assert!(norte[0]["log"] != sul[0]["log"] && norte[0]["public_key"] != sul[0]["public_key"]);
    let token = run(&["token", "--role", "auditor", "--subject", "eva"], "sul").await;
    let bearer = format!("Bearer {}", token.trim());
    let read = deployment.anybody("GET", "/v1/events").with("authorization", &bearer).send().await;
    assert_eq!((read.status, read.json()["items"].as_array().unwrap().len()), (200, 5));
    let packed = with(&["audit", "pack", "--loan", &things.loan, "--out", out], Some("norte"));
    let (_, said) = deployment.server.fail(&packed).await;
    assert!(!said.contains("Segredo"), "{said}");
    run(&["audit", "pack", "--loan", &things.loan, "--out", out], "sul").await;
    deployment.stop().await;
}

#[tokio::test]
async fn who_has_one_lender_names_none() {
    let home = tempfile::tempdir().unwrap();
    let run = async |settings: &str, arguments: &[&str]| {
        let file = home.path().join("razao.toml");
        std::fs::write(&file, settings).unwrap();
        let mut command = crate::support::razao();
        let output = command.args(arguments).arg("--config").arg(&file).output().await.unwrap();
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = run("", &["projections", "--lender", "norte"]).await;
    assert!(code == 2 && said.contains("the settings name no lenders"), "{said}");
    let several = "lender_by = \"claim\"\n[lenders.norte]\n[lenders.sul]\n";
    let (code, said) = run(several, &["up", "--demo", "--listen", "127.0.0.1:0"]).await;
    assert!(code == 2 && said.contains("--demo"), "{said}");
    let (code, said) = run(several, &["serve", "--roles", "query-api", "--listen", "127.0.0.1:0"]).await;
    assert!(code == 2 && said.contains("[lenders.norte] database_url names no database"), "{said}");
}
