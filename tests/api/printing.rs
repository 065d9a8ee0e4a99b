//! Printing: a tenant's brand and texts, their versions, and what they look like.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::app::{TestApp, fresh_key};
use crate::documents::desk::{PDF, added};

/// A picture of one grey pixel.
const LOGO: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg==";

const BRAND: &str = "printBrand { version name address logo colour footer createdAt }";
const TEXT: &str = "printTemplate { kind language version title paragraphs closing createdAt }";
const PREVIEW: &str = "query($kind: PrintKind!, $language: PrintLanguage!) {
    previewPrint(kind: $kind, language: $language) { pages size sha256 base64 } }";

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
}
