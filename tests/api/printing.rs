//! Printing: a tenant's brand and texts, their versions, and what they look like.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::app::{Account, TestApp, fresh_key};
use crate::documents::desk::{PDF, added};
use crate::instalments::{create, create_model};

/// A picture of one grey pixel.
const LOGO: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg==";

const BRAND: &str = "printBrand { version name address logo colour footer createdAt }";
const TEXT: &str = "printTemplate { kind language version title paragraphs closing createdAt }";
const PREVIEW: &str = "query($kind: PrintKind!, $language: PrintLanguage!) {
    previewPrint(kind: $kind, language: $language) { pages size sha256 base64 } }";

const PRINTED: &str = "replayed document { id name kind mediaType status sha256 subject base64 node { id } }";

/// A contract over 1,200 euros, and the account that pays it.
async fn contract(app: &TestApp) -> (Value, Account) {
    create_model(app, "CARD", json!({})).await;
    let card = app.account("credit-card").await;
    (create(app, &card, &json!({})).await, card)
}

async fn preview(app: &TestApp, kind: &str, language: &str) -> Value {
    app.ok(PREVIEW, json!({ "kind": kind, "language": language })).await["previewPrint"].take()
}

/// A document of the tenant's own, of a party.
async fn document(app: &TestApp, name: &str, media_type: &str, bytes: &[u8]) -> Value {
    let party = app.done("createParty", json!({ "name": "N" }), "party { id }").await["party"]["id"].take();
    added(app, json!({ "kind": "LOGO", "subject": party }), name, media_type, bytes).await["document"]["id"].take()
}

on_both_databases! {
    async fn every_kind_is_printed_in_every_language_before_anything_is_set(app: TestApp) {
        assert_eq!(app.ok(&format!("{{ {BRAND} }}"), json!({})).await["printBrand"], Value::Null);
        for kind in ["BILL", "REMINDER1", "REMINDER2", "COLLECTION", "STATEMENT", "CONTRACT", "PLAN", "LETTER"] {
            for language in ["EN", "DE", "SV"] {
                let printed = preview(&app, kind, language).await;
                assert_eq!(printed["pages"], 1, "{kind} {language}");
                let bytes = STANDARD.decode(printed["base64"].as_str().expect("Base64")).expect("Base64");
                assert!(bytes.starts_with(b"%PDF-"), "{kind} {language}");
                assert_eq!(printed["size"], json!(bytes.len().to_string()));
            }
        }
        let twice = (preview(&app, "BILL", "DE").await, preview(&app, "BILL", "DE").await);
        assert_eq!(twice.0, twice.1, "the same data give the same bytes");
    }

    async fn a_brand_is_set_and_its_versions_are_kept(app: TestApp) {
        let logo = document(&app, "logo.png", "image/png", &STANDARD.decode(LOGO).expect("Base64")).await;
        let plain = preview(&app, "BILL", "EN").await["sha256"].take();
        let input = json!({
            "idempotencyKey": fresh_key(), "name": "Nordlicht Finanz GmbH", "address": ["Hafenstraße 7", "20457 Hamburg"],
            "logo": logo, "colour": "#004A78", "footer": ["HRB 123456"],
        });
        let set = app.done("setPrintBrand", input.clone(), &format!("{BRAND} replayed")).await;
        let expected = json!({
            "version": 1, "name": "Nordlicht Finanz GmbH", "address": ["Hafenstraße 7", "20457 Hamburg"], "logo": logo,
            "colour": "#004A78", "footer": ["HRB 123456"], "createdAt": "2026-04-15T09:30:00.000000Z",
        });
        assert_eq!((&set["printBrand"], &set["replayed"]), (&expected, &json!(false)));
        assert_eq!(app.done("setPrintBrand", input, "replayed").await["replayed"], true);
        let branded = preview(&app, "BILL", "EN").await["sha256"].take();
        assert_ne!(branded, plain);

        let bare = app.done("setPrintBrand", json!({ "name": "Nordlicht" }), BRAND).await["printBrand"].take();
        assert_eq!((&bare["version"], &bare["logo"], &bare["address"], &bare["colour"]), (&json!(2), &Value::Null, &json!([]), &json!("#223344")));
        // What says the same makes no version.
        assert_eq!(app.done("setPrintBrand", json!({ "name": "Nordlicht" }), BRAND).await["printBrand"]["version"], 2);
        assert_eq!(app.ok(&format!("{{ {BRAND} }}"), json!({})).await["printBrand"], bare);
        let all = app.ok("{ printBrands { nodes { version name } } }", json!({})).await["printBrands"]["nodes"].take();
        assert_eq!(all, json!([{ "version": 1, "name": "Nordlicht Finanz GmbH" }, { "version": 2, "name": "Nordlicht" }]));

        // A logo that is gone is left out, and nothing stops.
        app.done("setPrintBrand", json!({ "name": "Nordlicht", "logo": logo }), "replayed").await;
        app.done("removeDocument", json!({ "document": logo }), "replayed").await;
        assert_eq!(preview(&app, "BILL", "EN").await["pages"], 1);
        app.refused("setPrintBrand", json!({ "name": "N", "logo": logo }), "INVALID_STATE", "logo").await;
    }

    async fn a_brand_that_cannot_be_printed_is_refused(app: TestApp) {
        for (input, field) in [
            (json!({ "name": "" }), "name"),
            (json!({ "name": "x".repeat(71) }), "name"),
            (json!({ "name": "N\nN" }), "name"),
            (json!({ "name": "N", "colour": "004A78" }), "colour"),
            (json!({ "name": "N", "colour": "#00" }), "colour"),
            (json!({ "name": "N", "colour": "#00ää" }), "colour"),
            (json!({ "name": "N", "colour": "#FFFFFF" }), "colour"),
            (json!({ "name": "N", "address": ["a", "b", "c", "d", "e", "f", "g"] }), "address"),
            (json!({ "name": "N", "address": ["a", ""] }), "address.1"),
            (json!({ "name": "N", "footer": ["a", "b", "c", "d", "e"] }), "footer"),
            (json!({ "name": "N", "footer": ["x".repeat(151)] }), "footer.0"),
        ] {
            app.refused("setPrintBrand", input, "INVALID_INPUT", field).await;
        }
        for nothing in ["doc_1", "doc_00000000000000000000000000000000", ""] {
            app.refused("setPrintBrand", json!({ "name": "N", "logo": nothing }), "NOT_FOUND", "logo").await;
        }
        let letter = document(&app, "a.pdf", "application/pdf", PDF).await;
        app.refused("setPrintBrand", json!({ "name": "N", "logo": letter }), "INVALID_INPUT", "logo").await;
        // It begins as a picture does, and is none.
        let broken = document(&app, "a.png", "image/png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").await;
        app.refused("setPrintBrand", json!({ "name": "N", "logo": broken }), "INVALID_INPUT", "logo").await;
        assert_eq!(app.ok("{ printBrands { nodes { version } } }", json!({})).await["printBrands"]["nodes"], json!([]));
    }

    async fn a_text_is_set_and_its_versions_are_kept(app: TestApp) {
        let current = "query($kind: PrintKind!, $language: PrintLanguage!) {
            printTemplate(kind: $kind, language: $language) { version title paragraphs closing createdAt } }";
        let bill = json!({ "kind": "BILL", "language": "SV" });
        let default = app.ok(current, bill.clone()).await["printTemplate"].take();
        assert_eq!((&default["version"], &default["title"], &default["createdAt"]), (&json!(0), &json!("Faktura {{ number }}"), &Value::Null));
        let before = preview(&app, "BILL", "SV").await["sha256"].take();
        let input = json!({
            "kind": "BILL", "language": "SV", "title": "Räkning {{ number }}",
            "paragraphs": ["Hej {{ customer }}!", "{% if due_on %}Betala {{ amount }} senast {{ due_on }}.{% endif %}"],
        });
        let set = app.done("setPrintTemplate", input.clone(), TEXT).await["printTemplate"].take();
        assert_eq!((&set["kind"], &set["language"], &set["version"], &set["closing"]), (&json!("BILL"), &json!("SV"), &json!(1), &json!([])));
        assert_ne!(preview(&app, "BILL", "SV").await["sha256"], before);
        app.done("setPrintTemplate", input, "replayed").await;
        let input = json!({ "kind": "BILL", "language": "SV", "title": "Två", "paragraphs": [], "closing": ["{{ sender }}"] });
        let set = app.done("setPrintTemplate", input, TEXT).await["printTemplate"].take();
        assert_eq!((&set["version"], &set["closing"]), (&json!(2), &json!(["{{ sender }}"])));
        let input = json!({ "kind": "LETTER", "language": "EN", "title": "One", "paragraphs": [] });
        app.done("setPrintTemplate", input, "replayed").await;
        assert_eq!(app.ok(current, bill.clone()).await["printTemplate"]["title"], "Två");

        let list = "query($filter: PrintTemplateFilter, $first: Int, $after: String) { printTemplates(filter: $filter, first: $first, after: $after) {
            nodes { kind version } pageInfo { hasNextPage endCursor } } }";
        let all = app.ok(list, json!({})).await["printTemplates"]["nodes"].take();
        assert_eq!(all, json!([{ "kind": "BILL", "version": 1 }, { "kind": "BILL", "version": 2 }, { "kind": "LETTER", "version": 1 }]));
        let some = app.ok(list, json!({ "filter": bill, "first": 1 })).await["printTemplates"].take();
        assert_eq!((&some["nodes"], &some["pageInfo"]["hasNextPage"]), (&json!([{ "kind": "BILL", "version": 1 }]), &json!(true)));
        let rest = app.ok(list, json!({ "filter": bill, "after": some["pageInfo"]["endCursor"] })).await["printTemplates"]["nodes"].take();
        assert_eq!(rest, json!([{ "kind": "BILL", "version": 2 }]));
        app.fault(list, json!({ "filter": { "kind": "BILL" } }), "BAD_REQUEST").await;
    }

    async fn a_text_that_cannot_be_filled_in_is_refused_with_its_line(app: TestApp) {
        let with = |title: &str, paragraph: &str| {
            json!({ "kind": "BILL", "language": "EN", "title": title, "paragraphs": ["Fine", paragraph], "closing": [] })
        };
        for (input, field, message) in [
            (with("", "x"), "title", "must not be empty"),
            (with("{{ reference }}", "x"), "title", ""),
            (with(&"x".repeat(501), "x"), "title", ""),
            (with("a", ""), "paragraphs.1", ""),
            (with("a", "one\ntwo {{ nobody }}"), "paragraphs.1", "(line 2)"),
            (with("a", "{% for x in y %}"), "paragraphs.1", "(line 1)"),
            (with("a", "one\n\n{% set x = 1 %}"), "paragraphs.1", "(line 3)"),
            (with("a", "{{ amount ~ amount }}"), "paragraphs.1", "(line 1)"),
            (with("a", "{{ customer"), "paragraphs.1", "(line 1)"),
        ] {
            let refused = app.refused("setPrintTemplate", input, "INVALID_INPUT", field).await;
            let said = refused["message"].as_str().expect("a message");
            assert!(said.contains(message), "{said}: {message}");
        }
        let many = json!({ "kind": "BILL", "language": "EN", "title": "a", "paragraphs": vec!["x"; 21] });
        app.refused("setPrintTemplate", many, "INVALID_INPUT", "paragraphs").await;
        let list = app.ok("{ printTemplates { nodes { version } } }", json!({})).await["printTemplates"]["nodes"].take();
        assert_eq!(list, json!([]));
    }

    async fn a_tenants_paper_is_its_own(app: TestApp) {
        app.done("setPrintBrand", json!({ "name": "Nordlicht" }), "replayed").await;
        let other = app.with_tenant("other").await;
        assert_eq!(other.ok("{ printBrand { name } printBrands { nodes { name } } }", json!({})).await,
            json!({ "printBrand": null, "printBrands": { "nodes": [] } }));
        let customer = app.customer().await;
        let bound = app.bound_to(&customer);
        for question in ["printBrand { name }", "printBrands { nodes { name } }", "printTemplates { nodes { title } }",
            "printTemplate(kind: BILL, language: EN) { title }", "previewPrint(kind: BILL, language: EN) { pages }"] {
            bound.fault(&format!("{{ {question} }}"), json!({}), "FORBIDDEN").await;
        }
        bound.mutate("setPrintBrand", json!({ "name": "Mine" }), "replayed").await.fault("FORBIDDEN");
    }

    async fn a_contract_and_its_plan_are_printed_and_kept_once(app: TestApp) {
        let (contract, card) = contract(&app).await;
        let print = async |kind: &str, language: Value| {
            let input = json!({ "subject": contract, "kind": kind, "language": language });
            app.done("printDocument", input, PRINTED).await["document"].take()
        };
        let made = print("CONTRACT", json!("DE")).await;
        assert_eq!((&made["name"], &made["kind"], &made["mediaType"], &made["subject"], &made["status"]),
            (&json!("contract.pdf"), &json!("CONTRACT"), &json!("application/pdf"), &contract, &json!("KEPT")));
        let bytes = STANDARD.decode(made["base64"].as_str().expect("Base64")).expect("Base64");
        assert!(bytes.starts_with(b"%PDF-1.7"));
        assert_eq!(made["node"]["id"], contract);
        // Printed again it is the same document; in another language, or as a plan, another.
        assert_eq!(print("CONTRACT", json!("DE")).await, made);
        let english = print("CONTRACT", Value::Null).await;
        let plan = print("PLAN", json!("SV")).await;
        assert_eq!((&english["kind"], &plan["kind"]), (&json!("CONTRACT"), &json!("PLAN")));
        let list = "query($id: ID!, $kind: String) { instalmentContract(by: { id: $id }) { documents(kind: $kind) { nodes { id } } history { nodes { operation } } } }";
        let found = app.ok(list, json!({ "id": contract })).await["instalmentContract"].take();
        assert_eq!(found["documents"]["nodes"], json!([{ "id": made["id"] }, { "id": english["id"] }, { "id": plan["id"] }]));
        assert_eq!(found["history"]["nodes"][0]["operation"], "printDocument");
        let found = app.ok(list, json!({ "id": contract, "kind": "PLAN" })).await["instalmentContract"]["documents"]["nodes"].take();
        assert_eq!(found, json!([{ "id": plan["id"] }]));

        // Its customer sees it, and nobody else's does.
        let find = "query($id: ID!) { document(id: $id) { id } }";
        assert_eq!(app.bound_to(&card.owner).ok(find, json!({ "id": made["id"] })).await["document"]["id"], made["id"]);
        let other = app.customer().await;
        assert_eq!(app.bound_to(&other).ok(find, json!({ "id": made["id"] })).await["document"], Value::Null);

        // Other paper is another document; what was printed stays.
        app.done("setPrintBrand", json!({ "name": "Nordlicht" }), "replayed").await;
        assert_ne!(print("CONTRACT", json!("DE")).await["id"], made["id"]);
        assert_eq!(app.ok(find, json!({ "id": made["id"] })).await["document"]["id"], made["id"]);

        // One that was removed is printed anew.
        let plan = print("PLAN", json!("EN")).await;
        app.done("removeDocument", json!({ "document": plan["id"] }), "replayed").await;
        let again = print("PLAN", json!("EN")).await;
        assert_eq!((&again["status"], &again["sha256"]), (&json!("KEPT"), &plan["sha256"]));
        assert_ne!(again["id"], plan["id"]);
    }

    async fn a_request_to_print_that_is_repeated_prints_once(app: TestApp) {
        let (contract, _) = contract(&app).await;
        let input = json!({ "idempotencyKey": fresh_key(), "subject": contract, "kind": "PLAN" });
        let first = app.done("printDocument", input.clone(), PRINTED).await;
        let again = app.done("printDocument", input, PRINTED).await;
        assert_eq!((&first["replayed"], &again["replayed"]), (&json!(false), &json!(true)));
        assert_eq!(first["document"], again["document"]);
        let list = app.ok("{ documents { nodes { id } } }", json!({})).await["documents"]["nodes"].take();
        assert_eq!(list, json!([{ "id": first["document"]["id"] }]));
    }

    async fn what_cannot_be_printed_is_refused(app: TestApp) {
        let (contract, card) = contract(&app).await;
        for kind in ["BILL", "REMINDER1", "STATEMENT", "LETTER"] {
            app.refused("printDocument", json!({ "subject": contract, "kind": kind }), "INVALID_INPUT", "kind").await;
        }
        app.refused("printDocument", json!({ "subject": card.id, "kind": "CONTRACT" }), "INVALID_INPUT", "subject").await;
        for nothing in ["icn_1", "icn_00000000000000000000000000000000", ""] {
            app.refused("printDocument", json!({ "subject": nothing, "kind": "CONTRACT" }), "NOT_FOUND", "subject").await;
        }
        let theirs = app.with_tenant("other").await;
        theirs.refused("printDocument", json!({ "subject": contract, "kind": "CONTRACT" }), "NOT_FOUND", "subject").await;
        let bound = app.bound_to(&card.owner);
        bound.mutate("printDocument", json!({ "subject": contract, "kind": "CONTRACT" }), "replayed").await.fault("FORBIDDEN");
        assert_eq!(app.ok("{ documents { nodes { id } } }", json!({})).await["documents"]["nodes"], json!([]));
    }
}
