//! Documents: uploaded with a request and by a link, fetched by a link and in Base64, kept and removed; the same in a folder
//! and in a store that speaks S3.

pub mod desk;
mod hostile;
mod of_receivables;
mod s3;

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{TestApp, fresh_key};
use crate::tidy::source::root;
use desk::{ALL, PDF, PNG, added, digest, fetch, link, send, upload};

on_both_databases! {
    async fn a_document_is_added_and_read_in_every_way(app: TestApp) {
        let account = app.funded("100.00").await;
        everything(&app, &account.id, &account.owner).await;
    }

    async fn a_request_that_is_repeated_adds_one_document(app: TestApp) {
        let owner = app.customer().await;
        let input = json!({ "idempotencyKey": fresh_key(), "kind": "LETTER", "subject": owner });
        let first = added(&app, input.clone(), "a.pdf", "application/pdf", PDF).await;
        let again = added(&app, input.clone(), "a.pdf", "application/pdf", PDF).await;
        assert_eq!((&first["replayed"], &again["replayed"]), (&json!(false), &json!(true)));
        assert_eq!(first["document"], again["document"]);
        // Another file is another request.
        let other = [PDF, b"x"].concat();
        let refused = upload(&app, input.clone(), "a.pdf", "application/pdf", &other).await.data()["addDocument"].take();
        assert_eq!(refused["code"], "IDEMPOTENCY_KEY_REUSED", "{refused}");
        let list = app.ok("{ documents { nodes { id } } }", json!({})).await;
        assert_eq!(list["documents"]["nodes"].as_array().map(Vec::len), Some(1));

        // Repeated after the document was removed, it does not bring the bytes back.
        let id = first["document"]["id"].clone();
        app.done("removeDocument", json!({ "document": id }), "replayed").await;
        let again = added(&app, input, "a.pdf", "application/pdf", PDF).await;
        assert_eq!((&again["replayed"], &again["document"]["status"]), (&json!(true), &json!("REMOVED")));
        assert_eq!(desk::files_in(&app.database().documents()), 1, "what was refused is left for the sweep, and nothing else");
    }

    async fn a_document_is_uploaded_by_its_link(app: TestApp) {
        let owner = app.customer().await;
        let input = json!({ "idempotencyKey": fresh_key(), "name": "pass.png", "kind": "ID", "subject": owner, "expiresIn": 60 });
        let selection = format!("document {{ {ALL} }} url expiresAt replayed");
        let made = app.done("createUploadLink", input.clone(), &selection).await;
        let document = &made["document"];
        assert_eq!((&document["status"], &document["sha256"], &document["downloadUrl"]), (&json!("EXPECTED"), &Value::Null, &Value::Null));
        assert_eq!(made["expiresAt"], "2026-04-15T09:31:00.000000Z");
        let url = made["url"].as_str().expect("a link").to_owned();
        // A repetition gives the same document, and a link to it.
        let again = app.done("createUploadLink", input.clone(), &selection).await;
        assert_eq!((&again["document"]["id"], &again["replayed"]), (&document["id"], &json!(true)));

        let (status, problem) = send(&app, &url, "image/png", PDF).await;
        assert_eq!((status, &problem["code"]), (422, &json!("MEDIA_TYPE_MISMATCH")), "{problem}");
        let (status, problem) = send(&app, &url, "image/png", b"").await;
        assert_eq!((status, &problem["code"]), (413, &json!("DOCUMENT_SIZE_REFUSED")), "{problem}");
        for _ in 0..2 {
            let (status, said) = send(&app, &url, "image/png", PNG).await;
            let expected = json!({ "id": document["id"], "mediaType": "image/png", "size": PNG.len(), "sha256": digest(PNG) });
            assert_eq!((status, said), (201, expected));
        }
        let (status, problem) = send(&app, &url, "image/png", &[PNG, b"x"].concat()).await;
        assert_eq!((status, &problem["code"]), (409, &json!("INVALID_STATE")), "{problem}");

        let kept = app.done("createUploadLink", input, &selection).await;
        assert_eq!((&kept["document"]["status"], &kept["document"]["mediaType"]), (&json!("KEPT"), &json!("image/png")));
        let (status, _, bytes) = fetch(&app, kept["document"]["downloadUrl"].as_str().expect("a link")).await;
        assert_eq!((status, bytes.as_slice()), (200, PNG));
        // Who uploaded it is whoever made the link.
        let id = document["id"].clone();
        let query = "query($id: ID!) { history(of: $id) { nodes { operation actor events { type } } } }";
        assert_eq!(app.ok(query, json!({ "id": id })).await["history"]["nodes"], json!([
            { "operation": "uploadDocument", "actor": "tests", "events": [{ "type": "DOCUMENT_ADDED" }] },
            { "operation": "createUploadLink", "actor": "tests", "events": [{ "type": "DOCUMENT_EXPECTED" }] },
        ]));
        app.advance(Duration::from_secs(60));
        let (status, problem) = send(&app, &url, "image/png", PNG).await;
        assert_eq!((status, &problem["code"]), (410, &json!("LINK_EXPIRED")));
    }

    async fn documents_are_seen_by_whoever_sees_what_they_belong_to(app: TestApp) {
        let (mine, theirs) = (app.funded("50.00").await, app.account("current").await);
        let shared = app.transfer(&mine, &theirs, "5.00").await;
        let party = app.done("createParty", json!({ "name": "N" }), "party { id }").await["party"]["id"].take();
        let add = async |subject: &Value| {
            let done = added(&app, json!({ "kind": "LETTER", "subject": subject }), "a.pdf", "application/pdf", PDF).await;
            done["document"]["id"].clone()
        };
        let of_mine = add(&json!(mine.id)).await;
        let of_theirs = add(&json!(theirs.id)).await;
        let of_shared = add(&json!(shared)).await;
        let of_party = add(&party).await;
        let bound = app.bound_to(&mine.owner);
        let find = "query($id: ID!) { document(id: $id) { id addedBy } node(id: $id) { id } history(of: $id) { nodes { sequence } } }";
        for (id, seen) in [(&of_mine, true), (&of_shared, true), (&of_theirs, false), (&of_party, false)] {
            let found = bound.ok(find, json!({ "id": id })).await;
            if seen {
                assert_eq!((&found["document"]["id"], &found["node"]["id"]), (id, id));
                assert_eq!(found["document"]["addedBy"], Value::Null, "who works at the bank is not the customer's to know");
                assert_eq!(found["history"]["nodes"].as_array().map(Vec::len), Some(1));
            } else {
                assert_eq!(found, json!({ "document": null, "node": null, "history": null }));
            }
        }
        let list = "query($filter: DocumentFilter) { documents(filter: $filter) { nodes { id } } }";
        let listed = async |filter: Value| bound.ok(list, json!({ "filter": filter })).await["documents"]["nodes"].take();
        assert_eq!(listed(Value::Null).await, json!([{ "id": of_mine }]));
        assert_eq!(listed(json!({ "subject": shared })).await, json!([{ "id": of_shared }]));
        assert_eq!(listed(json!({ "subject": theirs.id })).await, json!([]));
        assert_eq!(listed(json!({ "subject": party })).await, json!([]));
        // Somebody else's account does not exist.
        let input = json!({ "kind": "LETTER", "subject": theirs.id });
        let refused = upload(&bound, input, "a.pdf", "application/pdf", PDF).await.data()["addDocument"].take();
        assert_eq!((&refused["code"], &refused["fields"][0]["path"]), (&json!("NOT_FOUND"), &json!(["subject"])));
        bound.refused("createUploadLink", json!({ "name": "a", "kind": "A", "subject": theirs.id }), "NOT_FOUND", "subject").await;
        bound.fault("{ documentKinds { nodes { kind } } }", json!({}), "FORBIDDEN").await;
        bound.mutate("removeDocument", json!({ "document": of_mine }), "replayed").await.fault("FORBIDDEN");
    }

    async fn retention_and_legal_holds_keep_a_document(app: TestApp) {
        let owner = app.customer().await;
        let rule = async |days: Value, legal_hold: bool| {
            let input = json!({ "kind": "CONTRACT", "retentionDays": days, "legalHold": legal_hold });
            app.done("setDocumentKind", input, "documentKind { kind retentionDays legalHold }").await["documentKind"].take()
        };
        assert_eq!(rule(json!(10), false).await, json!({ "kind": "CONTRACT", "retentionDays": 10, "legalHold": false }));
        let made = added(&app, json!({ "kind": "CONTRACT", "subject": owner }), "a.pdf", "application/pdf", PDF).await;
        let (id, url) = (made["document"]["id"].clone(), link(&made));
        assert_eq!(made["document"]["retainUntil"], "2026-04-25");
        let remove = json!({ "document": id });
        let refused = app.refused("removeDocument", remove.clone(), "DOCUMENT_RETAINED", "document").await;
        assert_eq!(refused["message"], "the document has to be kept until 2026-04-25");
        let held = app.done("setDocumentLegalHold", json!({ "document": id, "legalHold": true }), "document { legalHold }").await;
        assert_eq!(held["document"]["legalHold"], true);
        app.advance(Duration::from_secs(11 * 24 * 3_600));
        app.refused("removeDocument", remove.clone(), "DOCUMENT_ON_LEGAL_HOLD", "document").await;
        app.done("setDocumentLegalHold", json!({ "document": id, "legalHold": false }), "replayed").await;
        rule(Value::Null, true).await;
        app.refused("removeDocument", remove.clone(), "DOCUMENT_ON_LEGAL_HOLD", "document").await;
        assert_eq!(app.ok("{ documentKinds { nodes { kind retentionDays legalHold } } }", json!({})).await["documentKinds"]["nodes"],
            json!([{ "kind": "CONTRACT", "retentionDays": null, "legalHold": true }]));
        rule(Value::Null, false).await;

        assert_eq!(desk::files_in(&app.database().documents()), 1);
        let removed = app.done("removeDocument", remove.clone(), "document { status removedAt name base64 downloadUrl }").await;
        let expected = json!({ "status": "REMOVED", "removedAt": "2026-04-26T09:30:00.000000Z", "name": "a.pdf", "base64": null, "downloadUrl": null });
        assert_eq!(removed["document"], expected);
        assert_eq!(desk::files_in(&app.database().documents()), 0, "its bytes are gone");
        app.refused("removeDocument", remove, "INVALID_STATE", "document").await;
        let (status, _, _) = fetch(&app, &url).await;
        assert_eq!(status, 410, "the link is long over");
    }

    async fn one_document_belongs_to_an_item_of_the_history_of_its_subject(app: TestApp) {
        let (account, other) = (app.funded("50.00").await, app.funded("50.00").await);
        let item = async |account: &crate::app::Account| {
            let query = "query($id: ID!) { history(of: $id, first: 1) { nodes { record operation documents { id status } } } }";
            app.ok(query, json!({ "id": account.id })).await["history"]["nodes"][0].take()
        };
        let paid = item(&account).await;
        assert_eq!((&paid["operation"], &paid["documents"]), (&json!("postPayment"), &json!([])));
        let input = |record: &Value| json!({ "kind": "RECEIPT", "subject": account.id, "historyItem": record });
        let made = added(&app, input(&paid["record"]), "a.pdf", "application/pdf", PDF).await;
        assert_eq!(made["document"]["historyItem"], paid["record"]);
        // It is the payment's, and its addition is an item of its own.
        let query = "query($id: ID!) { history(of: $id, first: 2) { nodes { operation documents { id } events { type payload } } } }";
        let nodes = app.ok(query, json!({ "id": account.id })).await["history"]["nodes"].take();
        assert_eq!((&nodes[0]["operation"], &nodes[0]["documents"]), (&json!("addDocument"), &json!([])));
        assert_eq!(nodes[0]["events"][0]["payload"]["document"], made["document"]["id"]);
        assert_eq!((&nodes[1]["operation"], &nodes[1]["documents"]), (&json!("postPayment"), &json!([{ "id": made["document"]["id"] }])));

        // It is reached through its own account and its own item, and through no others.
        let query = "query($id: ID!, $of: ID!) { document(id: $id, of: $of) { id } }";
        let elsewhere = item(&other).await["record"].take();
        for (of, is_there) in [(json!(account.id), true), (paid["record"].clone(), true), (json!(other.id), false), (elsewhere, false), (json!("?"), false)] {
            let found = app.ok(query, json!({ "id": made["document"]["id"], "of": of })).await["document"].take();
            assert_eq!(found.is_object(), is_there, "{of}");
        }
        let second = async |input: Value| upload(&app, input, "a.pdf", "application/pdf", PDF).await.data()["addDocument"].take();
        let refused = second(input(&paid["record"])).await;
        assert_eq!((&refused["code"], &refused["fields"][0]["path"]), (&json!("DUPLICATE_REFERENCE"), &json!(["historyItem"])));
        // The item of another account, of nothing, and no item at all.
        let foreign = item(&other).await["record"].take();
        for record in [foreign, json!("aud_00000000000000000000000000000000"), json!(account.id), json!("?")] {
            let refused = second(input(&record)).await;
            assert_eq!((&refused["code"], &refused["fields"][0]["path"]), (&json!("NOT_FOUND"), &json!(["historyItem"])), "{record}");
        }
        app.done("removeDocument", json!({ "document": made["document"]["id"] }), "replayed").await;
        let again = added(&app, input(&paid["record"]), "b.pdf", "application/pdf", PDF).await;
        let nodes = app.ok("query($id: ID!) { history(of: $id, filter: { operations: [\"postPayment\"] }) { nodes { documents { id status } } } }",
            json!({ "id": account.id })).await["history"]["nodes"].take();
        assert_eq!(nodes[0]["documents"], json!([
            { "id": made["document"]["id"], "status": "REMOVED" }, { "id": again["document"]["id"], "status": "KEPT" },
        ]));
    }

    async fn what_no_row_names_is_swept_and_what_is_missing_is_told(app: TestApp) {
        use konto::documents::sweep::{Swept, sweep};
        use konto::documents::vault::{Place, Vault};
        let owner = app.customer().await;
        let kept = added(&app, json!({ "kind": "A", "subject": owner }), "a.pdf", "application/pdf", PDF).await;
        let lost = added(&app, json!({ "kind": "A", "subject": owner }), "b.png", "image/png", PNG).await;
        let folder = app.database().documents();
        let tenant = folder.join(app.tenant_id().0.simple().to_string());
        std::fs::remove_dir_all(tenant.join(lost["document"]["sha256"].as_str().expect("a digest"))).expect("lost");
        let stray = tenant.join("0".repeat(64));
        std::fs::create_dir(&stray).expect("a folder");
        std::fs::write(stray.join("1".repeat(32)), b"stray").expect("a stray");
        let mut konto = std::process::Command::new(env!("CARGO_BIN_EXE_konto"));
        konto.args(["documents", "sweep", "--database-url", &app.database_url(), "--documents"]).arg(&folder);
        let output = konto.output().expect("konto");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert_eq!(said, "acme: 1 documents have lost their bytes\n1 documents are there; 0 strays removed, 1 too young to be removed\n");
        let engine = app.server().engine().await;
        let vault = Vault::new(Place::Folder(folder));
        let now = konto::primitives::Clock::system().micros();
        let swept = sweep(&engine.db, &vault, app.tenant_id(), now).await.expect("swept");
        assert_eq!(swept, Swept { kept: 1, removed: 0, young: 1, missing: 1 });
        let swept = sweep(&engine.db, &vault, app.tenant_id(), now + 25 * 3_600 * 1_000_000).await.expect("swept");
        assert_eq!(swept, Swept { kept: 1, removed: 1, young: 0, missing: 1 });
        assert_eq!(desk::files_in(&app.database().documents()), 1);
        let (status, _, bytes) = fetch(&app, &link(&kept)).await;
        assert_eq!((status, bytes.as_slice()), (200, PDF));
        // What is missing is our defect, and told as one.
        let (status, _, _) = fetch(&app, &link(&lost)).await;
        assert_eq!(status, 500);
    }

    async fn a_document_that_waits_for_a_second_person_keeps_its_bytes(app: TestApp) {
        use konto::documents::sweep::{Swept, sweep};
        use konto::documents::vault::{Place, Vault};
        let owner = app.customer().await;
        let rules = ["addDocument", "removeDocument"].map(|name| json!({ "operation": name }));
        app.done("setApprovalRules", json!({ "rules": rules }), "replayed").await;
        let input = |key: &str| json!({ "kind": "A", "subject": owner, "idempotencyKey": key });
        let mut waiting = Vec::new();
        for key in ["kept", "rejected"] {
            let answer = upload(&app, input(key), "a.pdf", "application/pdf", PDF).await.data()["addDocument"].take();
            assert_eq!(answer["code"], "APPROVAL_REQUIRED", "{answer}");
            let query = "{ approvals(filter: { states: [PENDING] }, first: 1) { nodes { id } } }";
            waiting.push(app.ok(query, json!({})).await["approvals"]["nodes"][0]["id"].take());
        }
        let checker = app.with_client("checker").with_scopes("read approve");
        checker.done("rejectApproval", json!({ "approval": waiting[1] }), "replayed").await;
        let engine = app.server().engine().await;
        let vault = Vault::new(Place::Folder(app.database().documents()));
        let later = konto::primitives::Clock::system().micros() + 25 * 3_600 * 1_000_000;
        let swept = sweep(&engine.db, &vault, app.tenant_id(), later).await.expect("swept");
        assert_eq!(swept, Swept { kept: 0, removed: 1, young: 1, missing: 0 });
        checker.done("approve", json!({ "approval": waiting[0] }), "replayed").await;
        let kept = added(&app, input("kept"), "a.pdf", "application/pdf", PDF).await;
        assert_eq!(kept["replayed"], true);
        let (status, _, bytes) = fetch(&app, &link(&kept)).await;
        assert_eq!((status, bytes.as_slice()), (200, PDF));
        // What is removed with the yes is gone from the store as well.
        let removal = json!({ "document": kept["document"]["id"] });
        let waits = app.refused("removeDocument", removal, "APPROVAL_REQUIRED", "").await;
        assert_eq!(desk::files_in(&app.database().documents()), 1);
        checker.done("approve", json!({ "approval": waits["facts"]["approval"] }), "replayed").await;
        assert_eq!(desk::files_in(&app.database().documents()), 0);
    }
}

/// A contract of something's. Gives its id.
pub async fn contract(app: &TestApp, subject: &str) -> String {
    let made = added(app, json!({ "kind": "CONTRACT", "subject": subject }), "a.pdf", "application/pdf", PDF).await;
    made["document"]["id"].as_str().expect("an id").to_owned()
}

/// All that can be done with a document, whatever store it is in.
pub async fn everything(app: &TestApp, account: &str, owner: &str) {
    let name = "Kvitto \"å\" 50%.pdf";
    let made =
        added(app, json!({ "kind": "RECEIPT", "subject": account, "name": name }), "x.pdf", "application/pdf", PDF)
            .await;
    let mut document = made["document"].clone();
    let (id, url) = (document["id"].take(), link(&made));
    let expected = json!({
        "id": null, "status": "KEPT", "name": name, "mediaType": "application/pdf", "size": PDF.len().to_string(),
        "sha256": digest(PDF), "kind": "RECEIPT", "subject": account, "retainUntil": null, "legalHold": false,
        "addedBy": "tests", "createdAt": "2026-04-15T09:30:00.000000Z", "removedAt": null,
        "historyItem": document["historyItem"], "downloadUrl": document["downloadUrl"], "node": { "id": account },
    });
    assert_eq!(document, expected);
    assert!(id.as_str().expect("an id").starts_with("doc_"));

    let (status, headers, bytes) = fetch(app, &url).await;
    assert_eq!((status, bytes.as_slice()), (200, PDF));
    let said =
        |name: &str| headers.get(name).map(|value| value.to_str().expect("a text").to_owned()).unwrap_or_default();
    assert_eq!(said("content-type"), "application/pdf");
    assert_eq!(said("content-length"), PDF.len().to_string());
    assert_eq!(
        said("content-disposition"),
        "attachment; filename=\"Kvitto ___ 50_.pdf\"; filename*=UTF-8''Kvitto%20%22%C3%A5%22%2050%25.pdf"
    );
    // Whatever part is asked for, the whole comes.
    assert_eq!(said("accept-ranges"), "none");
    let part = app.http().get(app.url(&url)).header("range", "bytes=0-3").send().await.expect("an answer");
    assert_eq!((part.status().as_u16(), part.bytes().await.expect("bytes").as_ref()), (200, PDF));
    assert_eq!((said("x-content-type-options"), said("cache-control")), ("nosniff".into(), "private, no-store".into()));
    assert_eq!(said("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(said("etag"), format!("\"{}\"", digest(PDF)));
    assert!(said("repr-digest").starts_with("sha-256=:"));
    let known = app.http().get(app.url(&url)).header("if-none-match", said("etag")).send().await.expect("an answer");
    assert_eq!(known.status(), 304);
    let head = app.http().head(app.url(&url)).send().await.expect("an answer");
    assert_eq!(head.status(), 200);
    assert_eq!(head.headers()["content-length"], &*PDF.len().to_string());

    let query = "query($id: ID!) { document(id: $id) { base64 } node(id: $id) { ... on Document { name } } }";
    let found = app.ok(query, json!({ "id": id })).await;
    assert_eq!(found["document"]["base64"], desk::base64(PDF));
    assert_eq!(found["node"]["name"], name);

    // Larger than a part of an upload to a store, so that it goes there in several.
    let large: Vec<u8> = PDF.iter().copied().chain((0..7 * 1024 * 1024_u32).map(|n| n.to_le_bytes()[1])).collect();
    let made =
        added(app, json!({ "kind": "STATEMENT", "subject": owner }), "large.pdf", "application/pdf", &large).await;
    let (status, _, bytes) = fetch(app, &link(&made)).await;
    assert!(status == 200 && bytes == large, "{status}: {} bytes", bytes.len());
    app.fault(query, json!({ "id": made["document"]["id"] }), "OVER_LIMIT").await;

    let list = "query($filter: DocumentFilter, $after: String) { documents(filter: $filter, first: 1, after: $after) {
        nodes { kind } pageInfo { hasNextPage endCursor } } }";
    let first = app.ok(list, json!({})).await["documents"].take();
    assert_eq!((&first["nodes"], &first["pageInfo"]["hasNextPage"]), (&json!([{ "kind": "RECEIPT" }]), &json!(true)));
    let rest = app.ok(list, json!({ "after": first["pageInfo"]["endCursor"] })).await["documents"].take();
    assert_eq!((&rest["nodes"], &rest["pageInfo"]["hasNextPage"]), (&json!([{ "kind": "STATEMENT" }]), &json!(false)));
    for (filter, expected) in [
        (json!({ "subject": owner }), json!([{ "kind": "STATEMENT" }])),
        (json!({ "kind": "RECEIPT" }), json!([{ "kind": "RECEIPT" }])),
        (json!({ "kind": "OTHER" }), json!([])),
        (json!({ "status": "REMOVED" }), json!([])),
        (json!({ "subject": "?" }), json!([])),
    ] {
        assert_eq!(app.ok(list, json!({ "filter": filter })).await["documents"]["nodes"], expected, "{filter}");
    }
    let gone = json!({ "document": id });
    app.done("removeDocument", gone, "replayed").await;
    let (status, _, body) = fetch(app, &url).await;
    let problem: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!((status, &problem["code"]), (410, &json!("DOCUMENT_REMOVED")));
}

#[test]
fn the_servers_own_defaults_are_documented() {
    let guide = std::fs::read_to_string(root().join("docs/documents.md")).expect("docs/documents.md");
    for media_type in konto::documents::media::USUAL {
        assert!(guide.contains(media_type), "{media_type} is taken by default, and docs/documents.md does not say so");
    }
    for code in konto::documents::refusals::CODES {
        assert!(guide.contains(code.word()), "{} is not in docs/documents.md", code.word());
    }
}
