//! Files and links that are not what they say, too large, of the wrong form, changed or late.

use std::time::Duration;

use serde_json::{Value, json};

use super::desk::{PDF, PNG, added, adding, ask, fetch, file, files_in, form, link, send, text, upload};
use crate::app::TestApp;

const ASKED: &[(&str, &str)] = &[("graphql-require-preflight", "1")];

/// The status of a request with files, and the code of its fault.
async fn refused(app: &TestApp, body: Vec<u8>, headers: &[(&str, &str)]) -> (u16, Value) {
    let response = ask(app, body, headers).await;
    let status = response.status().as_u16();
    let body: Value = response.json().await.expect("JSON");
    (status, body["errors"][0]["extensions"]["code"].clone())
}

on_both_databases! {
    async fn a_file_that_is_not_what_it_says_is_refused_by_its_field(app: TestApp) {
        let owner = app.customer().await;
        app.restart_with(|settings| settings.document_limits.bytes = 1_000).await;
        let before = app.picture().await;
        let input = |more: Value| {
            let mut input = json!({ "kind": "LETTER", "subject": owner });
            input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            input
        };
        let none = json!({});
        for (more, name, media_type, bytes, code, field) in [
            (&none, "a.png", "image/png", PDF, "MEDIA_TYPE_MISMATCH", "file"),
            (&json!({ "mediaType": "image/png" }), "a.pdf", "application/pdf", PDF, "MEDIA_TYPE_MISMATCH", "file"),
            (&json!({ "mediaType": "png" }), "a.pdf", "application/pdf", PDF, "INVALID_INPUT", "mediaType"),
            (&none, "a.html", "text/html", b"<html><script>alert(1)</script>", "MEDIA_TYPE_REFUSED", "file"),
            (&none, "a.txt", "text/plain", b"<html><script>alert(1)</script>", "MEDIA_TYPE_MISMATCH", "file"),
            (&none, "a.exe", "application/octet-stream", b"MZ\x90\0\x03\0\0\0", "MEDIA_TYPE_REFUSED", "file"),
            (&none, "a.pdf", "application/pdf", b"", "DOCUMENT_SIZE_REFUSED", "file"),
            (&none, "", "application/pdf", PDF, "INVALID_INPUT", "name"),
            (&json!({ "name": "a/b" }), "a.pdf", "application/pdf", PDF, "INVALID_INPUT", "name"),
            (&json!({ "kind": "a letter" }), "a.pdf", "application/pdf", PDF, "INVALID_INPUT", "kind"),
            (&json!({ "subject": "acc_00000000000000000000000000000000" }), "a.pdf", "application/pdf", PDF, "NOT_FOUND", "subject"),
            (&json!({ "subject": "?" }), "a.pdf", "application/pdf", PDF, "NOT_FOUND", "subject"),
            (&json!({ "idempotencyKey": "" }), "a.pdf", "application/pdf", PDF, "INVALID_INPUT", "idempotencyKey"),
        ] {
            let result = upload(&app, input(more.clone()), name, media_type, bytes).await.data()["addDocument"].take();
            assert_eq!((&result["code"], &result["fields"][0]["path"][0]), (&json!(code), &json!(field)), "{more} {name}: {result}");
        }
        for (more, code, field) in [
            (json!({ "expiresIn": 0 }), "INVALID_INPUT", "expiresIn"),
            (json!({ "expiresIn": 3_601 }), "INVALID_INPUT", "expiresIn"),
            (json!({ "name": "" }), "INVALID_INPUT", "name"),
            (json!({ "kind": "" }), "INVALID_INPUT", "kind"),
        ] {
            let mut input = input(json!({ "name": "a.pdf" }));
            input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            app.refused("createUploadLink", input, code, field).await;
        }
        // Too large for anything: nothing was executed, whoever sends it.
        let large = vec![b'a'; 1_001];
        upload(&app, input(none.clone()), "a.txt", "text/plain", &large[1..]).await.data();
        let operations = json!({ "query": adding(), "variables": { "input": { "file": null } } }).to_string();
        let body = form(&[text("operations", &operations), text("map", "{\"0\": [\"variables.input.file\"]}"), file("0", "a", "text/plain", &large)]);
        assert_eq!(refused(&app, body, ASKED).await, (413, json!("OVER_LIMIT")));
        let id = app.done("createUploadLink", input(json!({ "name": "a.txt" })), "url").await["url"].take();
        let (status, problem) = send(&app, id.as_str().expect("a link"), "text/plain", &large).await;
        assert_eq!((status, &problem["code"]), (413, &json!("DOCUMENT_SIZE_REFUSED")));
        let after = app.picture().await;
        assert_eq!(after["accounts"], before["accounts"]);
        assert_eq!(files_in(&app.database().documents()), 2, "what was turned away early was not stored: one is kept, one has no key");
    }

    async fn a_form_that_is_none_is_told_and_changes_nothing(app: TestApp) {
        let owner = app.customer().await;
        let input = json!({ "idempotencyKey": "a", "kind": "LETTER", "subject": owner, "file": null });
        let operations = json!({ "query": adding(), "variables": { "input": input } }).to_string();
        let map = "{\"0\": [\"variables.input.file\"]}";
        let whole = || [text("operations", &operations), text("map", map), file("0", "a.pdf", "application/pdf", PDF)];
        let before = app.picture().await;
        // A page of another host can send a form, but not with such a header, nor with a token.
        assert_eq!(refused(&app, form(&whole()), &[]).await, (415, json!("BAD_REQUEST")));
        assert_eq!(refused(&app, form(&whole()), &[("graphql-require-preflight", "")]).await, (415, json!("BAD_REQUEST")));
        assert_eq!(refused(&app.without_token(), form(&whole()), ASKED).await, (401, json!("UNAUTHENTICATED")));
        let with = |map: &'static str| form(&[text("operations", &operations), text("map", map), file("0", "a", "application/pdf", PDF)]);
        let two = |name: &str| {
            let [operations, map, first] = whole();
            form(&[operations, map, first, file(name, "b", "image/png", PNG)])
        };
        let mut cut = form(&whole());
        cut.truncate(cut.len() - 20);
        let many = r#"{"0": ["variables.a"], "1": ["variables.a"], "2": ["variables.a"], "3": ["variables.a"], "4": ["variables.a"]}"#;
        for (what, body, status) in [
            ("nothing", Vec::new(), 400),
            ("no form", b"hello".to_vec(), 400),
            ("no parts", form(&[]), 400),
            ("no map", form(&[text("operations", &operations)]), 400),
            ("another order", form(&[text("map", map), text("operations", &operations)]), 400),
            ("a file that is missing", form(&[text("operations", &operations), text("map", map)]), 400),
            ("a file twice", two("0"), 400),
            ("a file without a place", two("1"), 400),
            ("broken off", cut, 400),
            ("no JSON", form(&[text("operations", "{"), text("map", map)]), 400),
            ("a map of another form", with("[]"), 400),
            ("a map without a list", with("{\"0\": \"variables.input.file\"}"), 400),
            ("an empty list", with("{\"0\": []}"), 400),
            ("a path to nowhere", with("{\"0\": [\"variables.nothing.file\"]}"), 400),
            ("a path out of the variables", with("{\"0\": [\"query\"]}"), 400),
            ("a path to all variables", with("{\"0\": [\"variables\"]}"), 400),
            ("a path to a value", with("{\"0\": [\"variables.input.kind\"]}"), 400),
            ("too many files", with(many), 413),
        ] {
            let (answered, code) = refused(&app, body, ASKED).await;
            let expected = if status == 413 { "OVER_LIMIT" } else { "BAD_REQUEST" };
            assert_eq!((answered, &code), (status, &json!(expected)), "{what}");
        }
        // A file cannot be written down in JSON: there is none in the request.
        let mut forged = input.clone();
        (forged["file"], forged["name"]) = (json!("konto-upload:0"), json!("a.pdf"));
        let variables = json!({ "input": forged });
        let result = app.ok(&adding(), variables).await["addDocument"].take();
        assert_eq!((&result["code"], &result["fields"][0]["path"]), (&json!("INVALID_INPUT"), &json!(["file"])));
        forged["file"] = json!("a.pdf");
        app.fault(&adding(), json!({ "input": forged }), "BAD_REQUEST").await;
        assert_eq!(app.picture().await, before);
        assert_eq!(files_in(&app.database().documents()), 0);
        // With every header that browsers ask for first.
        for name in ["graphql-require-preflight", "apollo-require-preflight", "x-apollo-operation-name"] {
            let response = ask(&app, form(&whole()), &[(name, "x")]).await;
            assert_eq!(response.status(), 200, "{name}");
        }
    }

    async fn a_link_that_was_changed_or_is_late_is_refused(app: TestApp) {
        let owner = app.customer().await;
        let made = added(&app, json!({ "kind": "A", "subject": owner }), "a.pdf", "application/pdf", PDF).await;
        let url = link(&made);
        let upload = app.done("createUploadLink", json!({ "name": "b", "kind": "A", "subject": owner }), "url").await["url"].take();
        let upload = upload.as_str().expect("a link").to_owned();
        let problem = async |link: &str| {
            let (status, headers, body) = fetch(&app, link).await;
            assert_eq!(headers["cache-control"], "no-store");
            let body: Value = serde_json::from_slice(&body).expect("JSON");
            (status, body["code"].clone())
        };
        let (path, token) = url.rsplit_once('/').expect("a path");
        for place in (0..token.len()).step_by(7) {
            let other = if token.as_bytes()[place] == b'A' { "B" } else { "A" };
            let changed = format!("{path}/{}{other}{}", &token[..place], &token[place + 1..]);
            assert_eq!(problem(&changed).await, (403, json!("LINK_INVALID")), "{place}");
        }
        for wrong in ["/documents/x".to_owned(), format!("{url}A"), url[..url.len() - 1].to_owned(), upload.clone()] {
            assert_eq!(problem(&wrong).await, (403, json!("LINK_INVALID")), "{wrong}");
        }
        // A link for one thing is none for the other.
        let (status, said) = send(&app, &url, "application/pdf", PDF).await;
        assert_eq!((status, &said["code"]), (403, &json!("LINK_INVALID")));
        let removed = app.http().delete(app.url(&url)).send().await.expect("an answer");
        assert_eq!(removed.status(), 405);
        // What a link of another server, and of an older key, says is believed; and after a restart.
        app.server().access().await.rotate_keys().await.expect("a new key");
        assert_eq!(fetch(&app, &url).await.0, 200);
        app.restart().await;
        assert_eq!(fetch(&app, &url).await.0, 200);
        let short = "query($id: ID!, $s: Int!) { document(id: $id) { downloadUrl(expiresIn: $s) } }";
        let variables = |seconds: i32| json!({ "id": made["document"]["id"], "s": seconds });
        for seconds in [0, -1, 3_601] {
            app.fault(short, variables(seconds), "BAD_REQUEST").await;
        }
        let brief = app.ok(short, variables(1)).await["document"]["downloadUrl"].as_str().expect("a link").to_owned();
        assert_eq!(fetch(&app, &brief).await.0, 200);
        app.advance(Duration::from_secs(1));
        assert_eq!(problem(&brief).await, (410, json!("LINK_EXPIRED")));
        app.advance(Duration::from_secs(299));
        assert_eq!(problem(&url).await, (410, json!("LINK_EXPIRED")));
        let (status, said) = send(&app, &upload, "application/pdf", PDF).await;
        assert_eq!((status, &said["code"]), (410, &json!("LINK_EXPIRED")));
    }

    async fn a_second_server_takes_the_links_of_the_first(app: TestApp) {
        let Some(second) = app.second_server().await else { return };
        let owner = app.customer().await;
        let made = added(&app, json!({ "kind": "A", "subject": owner }), "a.pdf", "application/pdf", PDF).await;
        assert_eq!(fetch(&second, &link(&made)).await.2, PDF);
    }
}
