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
