use super::*;

#[test]
fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
    let file = std::env::temp_dir().join(format!("razao-settings-{}.toml", std::process::id()));
    std::fs::write(&file, "listen = \"127.0.0.1:9000\"\ndata_dir = \"/srv/razao\"\n").unwrap();
    let listen = Some("127.0.0.1:9001".parse().unwrap());
    let flags = SettingFlags { config: Some(file.clone()), listen, ..SettingFlags::default() };
    let settings = Settings::load(&flags).unwrap();
    std::fs::remove_file(file).unwrap();
    assert_eq!(settings.listen.port(), 9001);
    assert_eq!(settings.data_dir, PathBuf::from("/srv/razao"));
    assert_eq!(settings.state_cache_bytes, 64 << 20);
}

#[test]
fn settings_of_librdkafka_are_a_table_of_the_file_however_it_is_written() {
    let file = std::env::temp_dir().join(format!("razao-kafka-{}.toml", std::process::id()));
    let text = "kafka_brokers = \"k:1\"\n[kafka]\nsasl.username = \"r\"\n\"linger.ms\" = 5\n";
    std::fs::write(&file, text).unwrap();
    let flags = SettingFlags { config: Some(file.clone()), ..SettingFlags::default() };
    let kafka = Settings::load(&flags).unwrap().kafka().expect("there are brokers");
    std::fs::remove_file(file).unwrap();
    let client: Vec<_> = kafka.client.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(client, [("linger.ms", "5"), ("sasl.username", "r")]);
    assert_eq!((kafka.brokers.as_str(), kafka.topic().as_str()), ("k:1", "razao.events"));
}

#[test]
fn read_models_are_chosen_by_their_names() {
    let with = |names: &str| SettingFlags { projections: Some(names.to_owned()), ..SettingFlags::default() };
    assert!(Settings::load(&with("daily_balances, journal")).is_ok());
    let refused = Settings::load(&with("daily_balances,ballances")).unwrap_err();
    assert!(matches!(refused, Failure::WrongUsage(why) if why.contains("`ballances` is none of loans")));
}

#[test]
fn an_address_that_others_can_reach_needs_an_issuer() {
    let flags = SettingFlags { listen: Some("0.0.0.0:8080".parse().unwrap()), ..SettingFlags::default() };
    let refused = Settings::load(&flags).unwrap_err();
    assert!(matches!(refused, Failure::WrongUsage(why) if why.contains("token issuer")));
    let issuer = Some("https://issuer.example".to_owned());
    assert!(Settings::load(&SettingFlags { oidc_issuer: issuer, ..flags }).is_ok());
}

#[test]
fn a_server_with_an_issuer_has_the_clocks_day() {
    let issuer = Some("https://issuer.example".to_owned());
    let today = NaiveDate::from_ymd_opt(2026, 3, 2);
    let flags = SettingFlags { oidc_issuer: issuer, today, ..SettingFlags::default() };
    let refused = Settings::load(&flags).unwrap_err();
    assert!(matches!(refused, Failure::WrongUsage(why) if why.contains("today 2026-03-02")));
}

fn served(toml: &str) -> Result<Served, Failure> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), toml).unwrap();
    Served::load(&SettingFlags { config: Some(file.path().to_owned()), ..SettingFlags::default() })
}

fn several(toml: &str) -> Several {
    match served(toml).unwrap() {
        Served::Several(several) => several,
        Served::One(_) => panic!("one lender"),
    }
}

const COMMON: &str = "data_dir = \"/srv/razao\"\nlender_by = \"claim\"\noidc_issuer = \"https://issuer.example\"\n\
    kafka_brokers = \"k:1\"\nsnapshot_dir = \"/srv/lake\"\naudit_anchor_url = \"s3://anchors/all/\"\n\
    reads_in_flight = 32\n[oidc_roles]\n\"desk\" = \"operator\"\n[kafka]\nsasl.username = \"all\"\n";

#[test]
fn a_lender_is_as_is_said_for_all_but_for_what_must_not_be_shared() {
    let several = several(&format!(
        "{COMMON}[lenders.norte]\ndatabase_url = \"postgres://db/norte\"\n\
         [lenders.sul]\ndatabase_url = \"postgres://db/sul\"\nreads_in_flight = 8\nkafka_topic_prefix = \"sul\"\n\
         oidc_roles.mesa = \"operator\"\nkafka.\"sasl.username\" = \"sul\"\naudit_keys = \"/srv/keys\"\n"
    ));
    let [norte, sul] = &several.lenders[..] else { panic!("two lenders") };
    assert_eq!((norte.reads_in_flight, sul.reads_in_flight), (32, 8));
    assert_eq!(norte.data_dir, PathBuf::from("/srv/razao/lenders/norte"));
    assert_eq!(norte.audit_keys(), PathBuf::from("/srv/razao/lenders/norte/audit-keys"));
    assert_eq!(sul.audit_keys(), PathBuf::from("/srv/keys"));
    assert_eq!(norte.snapshot_dir, Some(PathBuf::from("/srv/lake/norte")));
    assert_eq!(norte.audit_anchor_url.as_deref(), Some("s3://anchors/all/norte"));
    let topics = [norte, sul].map(|lender| lender.kafka().unwrap().topic());
    assert_eq!(topics, ["razao.norte.events", "sul.events"]);
    let logins = [norte, sul].map(|lender| lender.kafka.by_name()["sasl.username"].clone());
    assert_eq!(logins, ["all", "sul"]);
    assert_eq!(sul.oidc_roles.keys().collect::<Vec<_>>(), ["mesa"], "roles of another issuer are none");
    let claims = [norte, sul].map(|lender| lender.lender.clone().unwrap().claim.unwrap().lender);
    assert_eq!(claims, ["norte", "sul"]);
    assert_eq!(norte.home(), Path::new("/srv/razao"));
    assert!(norte.lenders.is_empty() && norte.require_token);
}

#[test]
fn a_lenders_secrets_may_be_in_files() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "postgres://u:p@db/norte\n").unwrap();
    let table = format!("database_url_file = \"{}\"\n", secret.path().display());
    let several = several(&format!("lender_by = \"claim\"\n[lenders.norte]\n{table}"));
    assert_eq!(several.lenders[0].database_url.as_deref(), Some("postgres://u:p@db/norte"));
    let both = format!("lender_by = \"claim\"\n[lenders.norte]\ndatabase_url = \"postgres://db/a\"\n{table}");
    let Err(Failure::WrongUsage(why)) = served(&both) else { panic!("both are said") };
    assert!(why.contains("[lenders.norte]") && why.contains("both said"), "{why}");
}

/// Settings of lenders that are refused, each with a part of what is said.
fn refused(cases: &[(String, &str)]) {
    for (toml, said) in cases {
        let Err(Failure::WrongUsage(why)) = served(toml) else { panic!("this is not refused:\n{toml}") };
        assert!(why.contains(said), "{why}\ndoes not say: {said}\n{toml}");
    }
}

const ONE: &str = "lender_by = \"claim\"\n[lenders.norte]\n";

fn by_claim(norte: &str, sul: &str) -> String {
    format!("lender_by = \"claim\"\n[lenders.norte]\n{norte}\n[lenders.sul]\n{sul}\n")
}

fn by_host(common: &str, norte: &str, sul: &str) -> String {
    format!(
        "lender_by = \"host\"\n{common}\n[lenders.norte]\nhosts = [\"n.example\"]\n{norte}\n\
         [lenders.sul]\nhosts = [\"s.example\"]\n{sul}\n"
    )
}

fn hosts(host: &str) -> String {
    format!("lender_by = \"host\"\n[lenders.norte]\nhosts = [\"{host}\"]\n")
}

fn named(name: &str) -> String {
    format!("lender_by = \"claim\"\n[lenders.\"{name}\"]\n")
}

#[test]
fn how_lenders_are_told_apart_has_to_be_said_once_for_all() {
    refused(&[
        ("[lenders.norte]\n".to_owned(), "lender_by: with lenders"),
        ("lender_by = \"mood\"\n[lenders.norte]\n".to_owned(), "mood"),
        ("lender_by = \"claim\"\n".to_owned(), "lender_by: this is for several lenders"),
        ("lender_claim = \"tenant\"\n".to_owned(), "lender_claim: this is for several lenders"),
        ("metrics_listen = \"127.0.0.1:1\"\n".to_owned(), "metrics_listen: this is for several lenders"),
        (format!("lender_claim = \"sub\"\n{ONE}"), "lender_claim: `sub` names no lender"),
        (format!("lender_claim = \"roles\"\n{ONE}"), "lender_claim: `roles` names no lender"),
        (format!("database_url = \"postgres://db/x\"\n{ONE}"), "database_url: lenders do not share it"),
        (format!("audit_anchor_file = \"/srv/x\"\n{ONE}"), "audit_anchor_file: lenders do not share it"),
    ]);
}

#[test]
fn a_lenders_table_has_a_good_name_and_what_is_a_lenders() {
    refused(&[
        (named("Norte"), "[lenders.Norte] a lender's name begins"),
        (named("norte/sul"), "a lender's name begins"),
        (named(".."), "a lender's name begins"),
        (named("norte-"), "a lender's name begins"),
        (named(&"n".repeat(41)), "a lender's name begins"),
        (format!("{ONE}colour = \"red\"\n"), "colour"),
        (format!("{ONE}listen = \"127.0.0.1:1\"\n"), "[lenders.norte] listen: this is of the whole process"),
        (format!("{ONE}tls_key = \"x\"\n"), "tls_key: this is of the whole process"),
        (format!("{ONE}connections = 3\n"), "connections: this is of the whole process"),
        (format!("{ONE}hosts = [\"n.example\"]\n"), "hosts: lender_by is `claim`"),
        (format!("{ONE}reads_in_flight = 0\n"), "[lenders.norte] reads_in_flight is at least 1"),
        (format!("{ONE}kafka = 3\n"), "[lenders.norte]"),
        ("lender_by = \"host\"\n[lenders.norte]\n".to_owned(), "hosts: lender_by is `host`"),
        (hosts("n.example:80"), "is no host"),
        (hosts("a@n.example"), "is no host"),
        (hosts(""), "is no host"),
        (
            by_host("listen = \"0.0.0.0:80\"", "oidc_issuer = \"https://issuer.example\"", ""),
            "[lenders.sul] listen 0.0.0.0:80: any address but loopback needs a token issuer",
        ),
    ]);
}

#[test]
fn lenders_that_would_share_something_are_refused() {
    let database = |url: &str| format!("database_url = \"{url}\"");
    let topics = |brokers: &str| format!("kafka_brokers = \"{brokers}\"\nkafka_topic_prefix = \"t\"");
    refused(&[
        (
            by_host("", "", "").replace("s.example", "N.EXAMPLE"),
            "norte and sul share by hosts the host n.example",
        ),
        (
            by_claim(&database("postgres://a:p@db/one"), &database("postgres://b:q@DB:5432/one")),
            "the lenders norte and sul share by database_url the same database",
        ),
        (
            by_claim(&database("postgres://db/one"), "read_database_url = \"postgres://db/one\""),
            "share by database_url and read_database_url the same database",
        ),
        (
            by_claim("audit_keys = \"/k\"", "audit_keys = \"/x/../k/sul\""),
            "share by audit_keys the same folder",
        ),
        (
            by_claim("snapshot_dir = \"/s\"", "snapshot_dir = \"/s/\""),
            "share by snapshot_dir the same folder",
        ),
        (by_claim("data_dir = \"/d\"", "data_dir = \"/d\""), "share by data_dir the same folder"),
        (
            by_claim("audit_anchor_file = \"/f\"", "audit_anchor_file = \"/f\""),
            "share by audit_anchor_file the file /f",
        ),
        (
            by_claim("audit_anchor_url = \"s3://b/f\"", "audit_anchor_url = \"s3://b/f/g\""),
            "share by audit_anchor_url the same folder of a bucket",
        ),
        (by_claim(&topics("a:1"), &topics("b:1")), "share by kafka_topic_prefix topics that begin with `t`"),
    ]);
    assert!(served(&by_claim(&database("postgres://db/one"), &database("postgres://db/two"))).is_ok());
}

#[test]
fn by_host_tokens_are_of_one_lender_by_their_issuer_their_audience_or_a_claim() {
    let issuer = "oidc_issuer = \"https://issuer.example\"";
    let said = "share by oidc_issuer and oidc_audience tokens of https://issuer.example for `razao`";
    refused(&[(by_host(issuer, "", ""), said), (by_host("", issuer, issuer), said)]);
    for good in [
        by_host(issuer, "oidc_audience = \"norte\"", "oidc_audience = \"sul\""),
        by_host(&format!("{issuer}\nlender_claim = \"tenant\""), "", ""),
        by_host("", issuer, "oidc_issuer = \"https://another.example\""),
        by_host("", "", ""),
        format!("{issuer}\n{}", by_claim("", "")),
    ] {
        assert!(matches!(served(&good), Ok(Served::Several(_))), "{:?}\n{good}", served(&good));
    }
}
