//! Settings and flags: what is accepted, and how what is not is named.

use clap::CommandFactory as _;

use super::*;

#[test]
fn the_commands_are_well_formed_and_explained() {
    let command = Cli::command();
    command.clone().debug_assert();
    for sub in command.get_subcommands() {
        assert!(sub.get_about().is_some(), "{} has no help", sub.get_name());
        for argument in sub.get_arguments().filter(|argument| argument.get_id() != "help") {
            assert!(argument.get_help().is_some(), "{} {} has no help", sub.get_name(), argument.get_id());
        }
    }
}

#[test]
fn a_wrong_setting_is_named_with_what_was_expected() {
    let listen = |text: &str| settings::listen(text).err().map(|setting| setting.to_string());
    for good in ["127.0.0.1:8080", "localhost:0", "[::1]:80", "0.0.0.0:65535"] {
        assert_eq!(listen(good), None, "{good}");
    }
    for bad in ["x", "", ":80", "host:", "host:65536", "host:http"] {
        assert_eq!(listen(bad), Some(format!("KONTO_LISTEN: expected host:port, got \"{bad}\"")));
    }
    let secret = settings::database_url("mysql://root:hunter2@db").expect_err("a wrong one").to_string();
    assert!(secret.starts_with("KONTO_DATABASE_URL: expected") && !secret.contains("hunter2"), "{secret}");
    for good in ["sqlite://konto.db", "postgres://a@b/c", "postgresql://a@b/c"] {
        assert!(settings::database_url(good).is_ok(), "{good}");
    }
    let origins = settings::allowed_origins("https://a.example, http://localhost:3000,").expect("origins");
    assert_eq!(origins, ["https://a.example", "http://localhost:3000"]);
    let wrong = settings::allowed_origins("https://a.example/path").expect_err("a wrong one").to_string();
    assert_eq!(wrong, "KONTO_ALLOWED_ORIGINS: expected https://host[:port], got \"https://a.example/path\"");
    assert_eq!(settings::public_url(Some("https://a.example/")), Ok(Some("https://a.example".into())));
    assert_eq!(settings::public_url(Some("")), Ok(None));
    let wrong = settings::scopes("read,everything").expect_err("a wrong one").to_string();
    assert_eq!(wrong, "--scopes: expected some of read, money, admin, subscribe, audit, bulk, got \"everything\"");
    assert_eq!(settings::scopes("read, money").map(|scopes| scopes.len()), Ok(2));
    assert!(settings::currency("euro").is_err() && settings::currency("EUR").is_ok());
}

#[test]
fn an_external_issuer_is_set_as_a_whole() {
    let parse = |args: &[&str]| {
        let Command::Serve(args) = Cli::parse_from(["konto", "serve"].iter().chain(args)).command else {
            panic!("another command")
        };
        args.oidc.issuer().map(|issuer| issuer.map(|issuer| issuer.issuer)).map_err(|setting| setting.to_string())
    };
    assert_eq!(parse(&[]), Ok(None));
    let missing = parse(&["--oidc-issuer", "https://id.example"]).expect_err("a missing one");
    assert!(missing.starts_with("KONTO_OIDC_AUDIENCE: expected a value"), "{missing}");
    let whole = [
        "--oidc-issuer",
        "https://id.example",
        "--oidc-audience",
        "konto",
        "--oidc-jwks-url",
        "https://id.example/keys",
    ];
    assert_eq!(parse(&whole), Ok(Some("https://id.example".into())));
}
