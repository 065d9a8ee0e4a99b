//! The same in a store that speaks S3, on a process of its own; and a store that does not answer.

use konto::documents::vault::{Place, S3};
use serde_json::json;

use super::desk::{PDF, added, fetch, files_in, link, upload};
use super::everything;

/// The store of the tests: `KONTO_TEST_S3_URL` is `http://KEY:SECRET@HOST:PORT/BUCKET`. None when it is not set, which
/// `KONTO_TEST_REQUIRE=all` makes a failure.
fn store(prefix: &str) -> Option<S3> {
    let Ok(url) = std::env::var("KONTO_TEST_S3_URL") else {
        let required = std::env::var("KONTO_TEST_REQUIRE").is_ok_and(|what| what == "all");
        assert!(!required, "KONTO_TEST_REQUIRE is all, but KONTO_TEST_S3_URL is not set");
        eprintln!("skipped: KONTO_TEST_S3_URL is not set");
        return None;
    };
    let parts = url.split_once("://").and_then(|(scheme, rest)| {
        let (keys, rest) = rest.split_once('@')?;
        let (key, secret) = keys.split_once(':')?;
        let (host, bucket) = rest.split_once('/')?;
        Some((format!("{scheme}://{host}"), key.to_owned(), secret.to_owned(), bucket.to_owned()))
    });
    let (endpoint, key, secret, bucket) = parts.expect("KONTO_TEST_S3_URL is http://KEY:SECRET@HOST:PORT/BUCKET");
    Some(S3 { endpoint: Some(endpoint), region: "us-east-1".into(), bucket, prefix: prefix.into(), key, secret })
}

on_both_databases! {
    async fn documents_are_kept_in_a_store_that_speaks_s3(app: TestApp) {
        // A prefix of its own, so that tests do not see each other's.
        let Some(s3) = store(&format!("tests/{}", uuid::Uuid::now_v7().simple())) else { return };
        app.restart_with(|settings| settings.documents = Some(Place::S3(s3.clone()))).await;
        let account = app.funded("100.00").await;
        everything(&app, &account.id, &account.owner).await;

        // What no row names is swept there as well.
        use konto::documents::sweep::{Swept, sweep};
        let vault = konto::documents::Vault::new(Place::S3(s3));
        let engine = app.server().engine().await;
        let later = konto::primitives::Clock::system().micros() + 25 * 3_600 * 1_000_000;
        let swept = sweep(&engine.db, &vault, app.tenant_id(), later).await.expect("swept");
        assert_eq!(swept, Swept { kept: 1, removed: 0, young: 0, missing: 0 });
        assert_eq!(files_in(&app.database().documents()), 0);
    }

    async fn a_store_that_does_not_answer_adds_nothing_and_loses_nothing(app: TestApp) {
        let owner = app.customer().await;
        let made = added(&app, json!({ "kind": "A", "subject": owner }), "a.pdf", "application/pdf", PDF).await;
        // A folder that has become a file: nothing can be written below it or read from it.
        let folder = app.database().documents();
        let aside = folder.with_extension("aside");
        std::fs::rename(&folder, &aside).expect("moved");
        std::fs::write(&folder, b"in the way").expect("a file");
        let before = app.picture().await;
        let input = json!({ "idempotencyKey": "again", "kind": "A", "subject": owner });
        let fault = upload(&app, input.clone(), "b.pdf", "application/pdf", PDF).await.fault("UNAVAILABLE");
        assert_eq!(fault["extensions"]["retry"], "SAFE", "{fault}");
        assert_eq!(app.picture().await, before);
        let (status, headers, _) = fetch(&app, &link(&made)).await;
        assert!([500, 503].contains(&status), "{status} {headers:?}");

        std::fs::remove_file(&folder).expect("out of the way");
        std::fs::rename(&aside, &folder).expect("moved back");
        assert_eq!(fetch(&app, &link(&made)).await.2, PDF);
        added(&app, input, "b.pdf", "application/pdf", PDF).await;
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_used_is_told_at_the_start() {
    let nobody = S3 {
        endpoint: Some("http://127.0.0.1:1".into()),
        region: "us-east-1".into(),
        bucket: "documents".into(),
        prefix: String::new(),
        key: "key".into(),
        secret: "a-secret".into(),
    };
    assert!(!format!("{nobody:?}").contains("a-secret"));
    konto::access::install_tls();
    let file = tempfile::NamedTempFile::new().expect("a file");
    for place in [Place::S3(nobody), Place::Folder(file.path().to_owned())] {
        assert!(konto::documents::Vault::new(place.clone()).check().await.is_err(), "{place:?}");
    }
}
