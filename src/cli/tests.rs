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
    let origins = settings::allowed_origins("KONTO_ALLOWED_ORIGINS", "https://a.example, http://localhost:3000,")
        .expect("origins");
    assert_eq!(origins, ["https://a.example", "http://localhost:3000"]);
    let wrong = settings::allowed_origins("KONTO_ALLOWED_ORIGINS", "https://a.example/path")
        .expect_err("a wrong one")
        .to_string();
    assert_eq!(wrong, "KONTO_ALLOWED_ORIGINS: expected https://host[:port], got \"https://a.example/path\"");
    assert_eq!(settings::public_url(Some("https://a.example/")), Ok(Some("https://a.example".into())));
    assert_eq!(settings::public_url(Some("")), Ok(None));
    let wrong = settings::scopes("read,everything").expect_err("a wrong one").to_string();
    assert_eq!(
        wrong,
        "--scopes: expected some of read, money, psp, admin, subscribe, audit, bulk, approve, identifiers, got \"everything\""
    );
    assert_eq!(settings::scopes("read, money").map(|scopes| scopes.len()), Ok(2));
    assert!(settings::currency("euro").is_err() && settings::currency("EUR").is_ok());
}

#[test]
fn an_external_issuer_is_set_as_a_whole() {
    let parse = |args: &[&str]| {
        let args = serve(args);
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

#[test]
fn a_store_of_documents_is_a_folder_or_a_bucket_as_a_whole() {
    use crate::documents::vault::Place;
    let parse = |args: &[&str]| {
        let place = serve(args).documents.store.place().map_err(|setting| setting.to_string());
        place.map(|place| match place {
            None => "nothing".to_owned(),
            Some(Place::Folder(folder)) => folder.display().to_string(),
            Some(Place::S3(s3)) => format!("{:?} {} {} {} {}", s3.endpoint, s3.region, s3.bucket, s3.prefix, s3.key),
        })
    };
    assert_eq!(parse(&[]), Ok("nothing".into()));
    assert_eq!(parse(&["--documents", "/srv/documents"]), Ok("/srv/documents".into()));
    let keys = ["--documents-s3-key", "k", "--documents-s3-secret", "hunter2"];
    let bucket =
        |place: &'static str, more: &[&'static str]| parse(&[&["--documents", place], &keys[..], more].concat());
    assert_eq!(bucket("s3://b", &[]), Ok("None us-east-1 b  k".into()));
    let endpoint = ["--documents-s3-endpoint", "https://s3.example/", "--documents-s3-region", "eu-north-1"];
    assert_eq!(bucket("s3://b/a/c/", &endpoint), Ok("Some(\"https://s3.example\") eu-north-1 b a/c k".into()));
    for (wrong, name) in [
        (bucket("s3://", &[]), "KONTO_DOCUMENTS:"),
        (bucket("gs://b", &[]), "KONTO_DOCUMENTS:"),
        (bucket("s3://b", &["--documents-s3-endpoint", "s3.example"]), "KONTO_DOCUMENTS_S3_ENDPOINT:"),
        (bucket("s3://b", &["--documents-s3-region", ""]), "KONTO_DOCUMENTS_S3_REGION:"),
        (parse(&["--documents", "s3://b"]), "KONTO_DOCUMENTS_S3_KEY:"),
        (parse(&["--documents", "s3://b", "--documents-s3-key", "k"]), "KONTO_DOCUMENTS_S3_SECRET:"),
    ] {
        let message = wrong.expect_err(name);
        assert!(message.starts_with(name) && !message.contains("hunter2"), "{message}");
    }
    let limits = |args: &[&str]| serve(args).documents.limits().map_err(|setting| setting.to_string());
    assert_eq!(limits(&[]), Ok(crate::documents::Limits::default()));
    let set = limits(&["--documents-bytes", "2048", "--documents-types", "image/jpg, text/plain"]).expect("limits");
    assert_eq!((set.bytes, set.media_types), (2_048, vec!["image/jpeg".to_owned(), "text/plain".to_owned()]));
    assert!(limits(&["--documents-bytes", "1"]).is_err_and(|text| text.starts_with("KONTO_DOCUMENTS_BYTES:")));
    assert!(limits(&["--documents-types", "png"]).is_err_and(|text| text.starts_with("KONTO_DOCUMENTS_TYPES:")));
}

#[test]
fn documents_are_beside_the_database_when_nobody_says() {
    for (url, folder) in [
        ("sqlite://konto.db?mode=rwc", "konto-documents"),
        ("sqlite:///srv/books/bank.sqlite?mode=rwc", "/srv/books/bank-documents"),
        ("postgres://a@b/c", "konto-documents"),
    ] {
        assert_eq!(server::folder_beside(url), std::path::PathBuf::from(folder), "{url}");
    }
}

#[test]
fn what_is_sent_out_is_set_and_a_wrong_setting_is_named() {
    let parse = |args: &[&str]| serve(args).outbound.config().map_err(|setting| setting.to_string());
    let config = parse(&[]).expect("the defaults");
    assert!(!config.allow_private && config.relay.is_none());
    assert!(parse(&["--webhook-allow-private", "true"]).expect("a setting").allow_private);
    let relay = parse(&["--nats-url", "nats://a:4222,tls://u:p@b"]).expect("a relay").relay.expect("a relay");
    assert_eq!((relay.stream_of("acme"), relay.subject_of("acme", ">")), ("KONTO-acme".into(), "konto.acme.>".into()));
    assert!(relay.create && !format!("{relay:?}").contains("u:p"), "a password is not shown");
    let secret = "http://user:hunter2@host";
    for (args, named) in [
        (&["--webhook-allow-private", "maybe"][..], "KONTO_WEBHOOK_ALLOW_PRIVATE"),
        (&["--nats-url", secret], "KONTO_NATS_URL"),
        (&["--nats-url", "nats://a,,"], "KONTO_NATS_URL"),
        (&["--nats-credentials", "file"], "KONTO_NATS_URL"),
        (&["--nats-url", "nats://a", "--nats-stream", "a.b"], "KONTO_NATS_STREAM"),
        (&["--nats-url", "nats://a", "--nats-subject", "a..b"], "KONTO_NATS_SUBJECT"),
        (&["--nats-url", "nats://a", "--nats-subject", "a.>"], "KONTO_NATS_SUBJECT"),
        (&["--nats-url", "nats://a", "--nats-create-streams", "1"], "KONTO_NATS_CREATE_STREAMS"),
    ] {
        let wrong = parse(args).expect_err("a wrong one");
        assert!(wrong.starts_with(&format!("{named}: expected")) && !wrong.contains("hunter2"), "{wrong}");
    }
}

fn serve(args: &[&str]) -> Box<serve::ServeArgs> {
    match Cli::parse_from(["konto", "serve"].iter().chain(args)).command {
        Command::Serve(args) => args,
        _ => panic!("another command"),
    }
}

#[test]
fn limits_are_set_and_a_wrong_one_is_named() {
    let http = |args: &[&str]| serve(args).limits.http().map_err(|setting| setting.to_string());
    let base = http(&[]).expect("the defaults");
    assert_eq!(format!("{base:?}"), format!("{:?}", crate::http::HttpConfig::default()));
    let set = [
        ("--body-limit", "2000"),
        ("--bulk-body-limit", "3000"),
        ("--depth-limit", "7"),
        ("--complexity-limit", "8"),
        ("--alias-limit", "9"),
        ("--token-limit", "10"),
        ("--operation-seconds", "90"),
        ("--rate-per-second", "11"),
        ("--rate-burst", "12"),
        ("--in-flight-limit", "13"),
        ("--stream-limit", "14"),
        ("--connection-limit", "15"),
        ("--document-limit", "300"),
        ("--head-seconds", "16"),
        ("--write-seconds", "17"),
    ];
    let all: Vec<_> = set.iter().flat_map(|(flag, value)| [*flag, *value]).collect();
    let set_to = http(&all).expect("good ones");
    let limits = &set_to.limits;
    assert_eq!((set_to.body_bytes, set_to.bulk_body_bytes), (2_000, 3_000));
    assert_eq!((limits.depth, limits.complexity, limits.aliases, limits.tokens), (7, 8, 9, 10));
    let connection = &set_to.connection;
    let times = (connection.head_time.as_secs(), connection.write_time.as_secs());
    assert_eq!((connection.limit, limits.bytes, times), (15, 300, (16, 17)));
    assert_eq!((set_to.operation_time.as_secs(), set_to.bulk_operation_time.as_secs()), (90, 90));
    assert_eq!((set_to.rate.per_second, set_to.rate.burst, set_to.in_flight, set_to.streams), (11, 12, 13, 14));
    for (flag, _) in set {
        assert!(http(&[flag, ""]).is_ok(), "{flag}: empty is absent");
        let wrong = http(&[flag, "x"]).expect_err(flag);
        let name = format!("KONTO_{}: expected", flag[2..].to_uppercase().replace('-', "_"));
        assert!(wrong.starts_with(&name) && wrong.ends_with("got \"x\""), "{wrong}");
    }
    let wrong = http(&["--depth-limit", "33"]).expect_err("too deep");
    assert_eq!(wrong, "KONTO_DEPTH_LIMIT: expected a whole number from 1 to 32, got \"33\"");
    let wrong = http(&["--write-seconds", "10"]).expect_err("a stream may take as long");
    assert_eq!(wrong, "KONTO_WRITE_SECONDS: expected a whole number from 11 to 3600, got \"10\"");
    let wrong = http(&["--bulk-body-limit", "2000"]).expect_err("less than others");
    assert!(wrong.starts_with("KONTO_BULK_BODY_LIMIT: expected at least 262144"), "{wrong}");
    let wrong = http(&["--trusted-only", "yes"]).expect_err("no truth");
    assert_eq!(wrong, "KONTO_TRUSTED_ONLY: expected true or false, got \"yes\"");
}

#[test]
fn trusted_documents_come_from_a_folder() {
    let name = format!("konto-trusted-{}", unique());
    let folder = std::env::temp_dir().join(name);
    let path = folder.to_str().expect("text").to_owned();
    let read = |args: &[&str]| {
        let limits = serve(args).limits;
        limits.http().and_then(|http| limits.trusted(&http)).map_err(|setting| setting.to_string())
    };
    let missing = read(&["--trusted-documents", &path]).expect_err("no folder");
    assert!(missing.starts_with("KONTO_TRUSTED_DOCUMENTS: expected a folder"), "{missing}");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("notes.txt"), "not one").expect("a file");
    assert!(read(&["--trusted-documents", &path]).is_err(), "no document in it");
    std::fs::write(folder.join("a.graphql"), "{ a }\n").expect("a file");
    let found = read(&["--trusted-documents", &path, "--trusted-only", "true"]);
    std::fs::write(folder.join("long.graphql"), format!("{{ a }} #{}", "x".repeat(300))).expect("a file");
    let long =
        read(&["--trusted-documents", &path, "--document-limit", "300"]).expect_err("none of its callers could run it");
    assert!(long.starts_with("KONTO_DOCUMENT_LIMIT: expected at least 307, "), "{long}");
    std::fs::remove_dir_all(&folder).expect("cleared away");
    assert!(found.is_ok_and(|found| found.holds("{ a }\n") && !found.holds("not one")));
    assert!(read(&["--trusted-only", "true"]).is_err(), "nothing could be run");
    assert!(read(&[]).is_ok_and(|none| none.is_empty()));
}

#[tokio::test]
async fn wrong_settings_are_named_before_a_database_is_made() {
    let file = std::env::temp_dir().join(format!("konto-{}.db", unique()));
    let url = format!("sqlite://{}?mode=rwc", file.display());
    let jwks =
        ["--oidc-issuer", "https://id.example", "--oidc-audience", "konto", "--oidc-jwks-url", "http://id.example"];
    let taken = ["--oidc-issuer", "konto", "--oidc-audience", "konto", "--oidc-jwks-url", "https://id.example"];
    for (args, name) in [
        (&["--bootstrap-client", "acme:web:short"][..], "KONTO_BOOTSTRAP_CLIENT: "),
        (&["--bootstrap-client", "Acme!:web:a-long-secret"], "KONTO_BOOTSTRAP_CLIENT: "),
        (&jwks, "KONTO_OIDC_JWKS_URL: "),
        (&taken, "KONTO_OIDC_ISSUER: "),
    ] {
        let args = [&["--database-url", &url, "--listen", "127.0.0.1:0"], args].concat();
        let error = serve::run(*serve(&args)).await.expect_err(name);
        assert!(error.is::<Setting>() && error.to_string().starts_with(name), "{error}");
        assert!(!file.exists(), "{name}");
    }
    let plain = url.replace("?mode=rwc", "");
    let error = serve::run(*serve(&["--database-url", &plain, "--listen", "127.0.0.1:0"])).await.expect_err("no file");
    assert!(
        error.to_string().starts_with("KONTO_DATABASE_URL: ") && error.to_string().contains("?mode=rwc"),
        "{error}"
    );
    assert!(!file.exists());
}

fn unique() -> String {
    use crate::primitives::{Clock, IdSource};
    IdSource::random(Clock::system()).next().simple().to_string()
}
