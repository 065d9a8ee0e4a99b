//! The explorer: a page that needs nothing but this server, and gives nobody a token for nothing.

use serde_json::{Value, json};

on_both_databases! {
    async fn the_page_and_its_assets_come_compressed_and_under_a_strict_policy(app: TestApp) {
        for (path, kind) in [
            ("/", "text/html; charset=utf-8"),
            ("/assets/explorer.js", "text/javascript; charset=utf-8"),
            ("/assets/explorer.css", "text/css; charset=utf-8"),
            ("/assets/graphql.worker.js", "text/javascript; charset=utf-8"),
            ("/assets/favicon.svg", "image/svg+xml"),
        ] {
            let response = app.http().get(app.url(path)).send().await.expect("an answer");
            assert_eq!(response.status(), 200, "{path}");
            let headers = response.headers().clone();
            let header =
                |name: &str| headers.get(name).map(|value| value.to_str().expect("a text")).unwrap_or_default();
            assert_eq!((header("content-type"), header("content-encoding")), (kind, "gzip"), "{path}");
            let policy = header("content-security-policy");
            assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{policy}");
            assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-eval"), "{policy}");
            assert_eq!(header("x-content-type-options"), "nosniff");
            let etag = header("etag").to_owned();
            assert!(response.bytes().await.expect("a body").starts_with(b"\x1f\x8b"), "{path}");
            let again = app.http().get(app.url(path)).header("if-none-match", &etag).send().await.expect("an answer");
            assert_eq!(again.status(), 304, "{path}");
        }
        assert_eq!(app.http().get(app.url("/assets/other.js")).send().await.expect("an answer").status(), 404);
    }

    async fn its_configuration_holds_the_operations_and_no_token(app: TestApp) {
        let response = app.http().get(app.url("/explorer/config.json")).send().await.expect("an answer");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let config: Value = response.json().await.expect("JSON");
        assert_eq!((&config["token"], &config["tokenUrl"]), (&Value::Null, &json!("/oauth2/token")));
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/web/operations");
        let files = std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path());
        let saved = files.filter(|path| path.extension().is_some_and(|extension| extension == "graphql")).count();
        assert_eq!(config["operations"].as_array().map(Vec::len), Some(saved));
    }
}
