//! Statements, bills and reminders are printed by themselves, and kept: what they were when they were made.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::accounts::show;
use crate::app::{Account, TestApp, euros, eventually};

const DOCUMENT: &str = "document { id name kind mediaType size status subject downloadUrl }";

fn plan() -> Value {
    json!({ "product": { "code": "revolving" }, "closureDay": 30, "paymentDays": 2, "minimumSharePct": "10", "minimumFloor": "50",
        "directDebitSharePct": "50", "statementFee": "1.00", "reminders": [{ "afterDays": 5, "fee": "5.00" }] })
}

async fn advance(app: &TestApp, to: &str) {
    app.done("advanceClock", json!({ "to": format!("{to}T10:00:00Z") }), "replayed").await;
}

/// The account with its bills and statements, once all that there is of it is printed.
async fn printed(app: &TestApp, account: &Account) -> Value {
    let shown = format!(
        "bills(first: 5) {{ nodes {{ id kind status {DOCUMENT} }} }} statements(first: 2) {{ nodes {{ id {DOCUMENT} }} }}"
    );
    let all = async || show(app, account, &shown).await;
    let is_printed = |found: &Value| {
        let of = |field: &str| found[field]["nodes"].as_array().expect("nodes").clone();
        let things = [of("bills"), of("statements")].concat();
        !things.is_empty() && things.iter().all(|thing| !thing["document"].is_null())
    };
    eventually("everything is printed", async || is_printed(&all().await)).await;
    all().await
}

async fn bytes(app: &TestApp, document: &Value) -> Vec<u8> {
    let found = app.ok("query($id: ID!) { document(id: $id) { base64 } }", json!({ "id": document["id"] })).await;
    STANDARD.decode(found["document"]["base64"].as_str().expect("bytes")).expect("Base64")
}

on_both_databases! {
    async fn each_step_of_the_cycle_has_its_document(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let payee = json!({ "product": { "code": "revolving" }, "payee": { "iban": "DE89370400440532013000", "name": "Bank" } });
        app.done("updateProduct", payee, "replayed").await;
        app.done("setBillingPlan", plan(), "replayed").await;
        let account = app.account("revolving").await;
        let spent = json!({ "account": account.by(), "amount": euros("600.00"), "iban": "SE3550000000054910000003" });
        app.done("disburse", spent, "replayed").await;
        advance(&app, "2026-05-01").await;
        let first = printed(&app, &account).await;
        let (bill, statement) = (&first["bills"]["nodes"][0], &first["statements"]["nodes"][0]);
        for (document, kind) in [(&bill["document"], "BILL"), (&statement["document"], "STATEMENT")] {
            assert_eq!((&document["kind"], &document["mediaType"], &document["status"]), (&json!(kind), &json!("application/pdf"), &json!("KEPT")));
            assert_eq!(document["subject"], json!(account.id));
            let pdf = bytes(&app, document).await;
            assert!(pdf.starts_with(b"%PDF-1."), "{kind}");
            let url = document["downloadUrl"].as_str().expect("a link");
            let fetched = app.http().get(app.url(url)).send().await.expect("an answer");
            assert_eq!(fetched.bytes().await.expect("bytes").to_vec(), pdf);
        }
        // What is printed stays, whatever the tenant's paper becomes; and is not printed again.
        let template = json!({ "kind": "BILL", "language": "EN", "title": "Other", "paragraphs": ["Other"], "closing": [] });
        app.done("setPrintTemplate", template, "replayed").await;
        advance(&app, "2026-05-10").await;
        let after = printed(&app, &account).await;
        let bills = after["bills"]["nodes"].as_array().expect("bills");
        let kinds: Vec<(&Value, &Value)> = bills.iter().map(|bill| (&bill["kind"], &bill["document"]["kind"])).collect();
        assert_eq!(kinds, [(&json!("REMINDER1"), &json!("REMINDER1")), (&json!("BILL"), &json!("BILL"))]);
        assert_eq!((&bills[1]["status"], &bills[1]["document"]["id"]), (&json!("CLOSED"), &bill["document"]["id"]), "open and closed alike");
        let list = "documents(first: 10) { nodes { kind } }";
        let of_account = show(&app, &account, list).await["documents"]["nodes"].as_array().map(Vec::len);
        assert_eq!(of_account, Some(3), "a statement, a bill and a reminder, each once");
        let found = app.ok("query($id: ID!) { bill(id: $id) { document { name } } }", json!({ "id": bill["id"] })).await;
        assert!(found["bill"]["document"]["name"].as_str().is_some_and(|name| name.starts_with("bill-") && name.ends_with("-1.pdf")));

        // The owner's token gets it, nobody else's does.
        let owner = app.bound_to(&account.owner);
        let query = "query($id: ID!) { document(id: $id) { id } }";
        assert_eq!(owner.ok(query, json!({ "id": bill["document"]["id"] })).await["document"]["id"], bill["document"]["id"]);
        let other = app.bound_to(&app.customer().await);
        assert_eq!(other.ok(query, json!({ "id": bill["document"]["id"] })).await["document"], Value::Null);
    }

    async fn a_reprint_is_printed_anew_and_stands_in_the_history_of_reprints(app: TestApp) {
        let app = app.with_sandbox("box").await;
        app.done("setBillingPlan", plan(), "replayed").await;
        let account = app.account("revolving").await;
        let spent = json!({ "account": account.by(), "amount": euros("600.00"), "iban": "SE3550000000054910000003" });
        app.done("disburse", spent, "replayed").await;
        advance(&app, "2026-05-01").await;
        let first = printed(&app, &account).await;
        let statement = first["statements"]["nodes"][0].clone();
        let asked = json!({ "statement": { "id": statement["id"] } });
        app.done("reprintStatement", asked, "replayed").await;
        let query = format!("query($id: ID!) {{ statement(by: {{ id: $id }}) {{ {DOCUMENT} reprints(first: 5) {{ nodes {{ requestedAt {DOCUMENT} }} }} }} }}");
        let reprints = async || {
            let found = app.ok(&query, json!({ "id": statement["id"] })).await["statement"].take();
            assert_eq!(found["document"]["id"], statement["document"]["id"], "the first print stays");
            found["reprints"]["nodes"].clone()
        };
        eventually("the copy is printed", async || !reprints().await[0]["document"].is_null()).await;
        let copies = reprints().await;
        assert_eq!(copies.as_array().map(Vec::len), Some(1));
        assert_ne!(copies[0]["document"]["id"], statement["document"]["id"]);
        assert!(bytes(&app, &copies[0]["document"]).await.starts_with(b"%PDF-1."));
    }
}
