//! Documents of receivables: of exactly one of a claim and a product.

use serde_json::{Value, json};

use super::desk::{PDF, ask, fetch, file, form, text};
use crate::app::{Answer, TestApp, fresh_key};

async fn upload(app: &TestApp, mut input: Value) -> Value {
    if input["idempotencyKey"].is_null() {
        input["idempotencyKey"] = json!(fresh_key());
    }
    input["file"] = Value::Null;
    let query = "mutation($input: AddReceivableDocumentInput!) { addReceivableDocument(input: $input) { __typename
        ... on AddReceivableDocumentSuccess { replayed document { id name kind subject productReference mediaType downloadUrl } }
        ... on Refusal { code message fields { path message } } } }";
    let operations = json!({ "query": query, "variables": { "input": input } }).to_string();
    let map = json!({ "0": ["variables.input.file"] }).to_string();
    let parts = [text("operations", &operations), text("map", &map), file("0", "a.pdf", "application/pdf", PDF)];
    let answer = Answer::read(ask(app, form(&parts), &[("graphql-require-preflight", "1")]).await).await;
    answer.data()["addReceivableDocument"].take()
}

on_both_databases! {
    async fn a_file_is_of_a_claim_or_of_a_product_and_of_exactly_one(app: TestApp) {
        let account = json!({ "accountReference": "A1", "currency": "EUR", "products": [{ "productReference": "PR-1" }],
            "debtors": [{ "externalReference": "D1", "firstName": "Ada", "lastName": "Lovelace",
            "contactPoints": [{ "kind": "EMAIL", "value": "ada@example.com" }] }] });
        let receivable = app.done("createReceivable", account, "receivable { id }").await["receivable"]["id"].take();
        let claim = |reference: &str| json!({ "claimReference": reference, "amount": "10.00",
            "originalDueDate": "2026-03-31", "currentDueDate": "2026-04-30" });
        let on = |account: &str, mut claim: Value| { claim["accountReference"] = json!(account); claim };
        let made = app.done("createClaim", on("A1", claim("C1")), "claim { id }").await["claim"]["id"].take();
        let other = json!({ "accountReference": "A2", "currency": "EUR", "debtors": [{ "externalReference": "D1" }] });
        app.done("createReceivable", other, "receivable { id }").await;
        app.done("createClaim", on("A2", claim("C2")), "claim { id }").await;

        let key = fresh_key();
        let of_claim = json!({ "idempotencyKey": key, "accountReference": "A1", "documentType": "INVOICE", "claimReference": "C1" });
        let first = upload(&app, of_claim.clone()).await;
        assert_eq!((&first["document"]["subject"], &first["document"]["kind"], &first["document"]["productReference"]),
            (&made, &json!("INVOICE"), &Value::Null), "{first}");
        let (status, _, bytes) = fetch(&app, first["document"]["downloadUrl"].as_str().expect("a link")).await;
        assert_eq!((status, bytes.as_slice()), (200, PDF));
        let again = upload(&app, of_claim).await;
        assert_eq!((&again["replayed"], &again["document"]["id"]), (&json!(true), &first["document"]["id"]));

        let of_product = json!({ "accountReference": "A1", "documentType": "CSV", "productReference": "PR-1", "name": "b.pdf" });
        let second = upload(&app, of_product).await;
        assert_eq!((&second["document"]["subject"], &second["document"]["productReference"], &second["document"]["name"]),
            (&receivable, &json!("PR-1"), &json!("b.pdf")), "{second}");

        for (more, code, path) in [
            (json!({}), "INVALID_INPUT", "claimReference"),
            (json!({ "claimReference": "C1", "productReference": "PR-1" }), "INVALID_INPUT", "productReference"),
            (json!({ "claimReference": "C2" }), "NOT_FOUND", "claimReference"),
            (json!({ "claimReference": "C9" }), "NOT_FOUND", "claimReference"),
            (json!({ "productReference": "PR-9" }), "NOT_FOUND", "productReference"),
            (json!({ "claimReference": "C1", "accountReference": "A9" }), "NOT_FOUND", "accountReference"),
            (json!({ "claimReference": "C1", "documentType": "invoice" }), "INVALID_INPUT", "documentType"),
        ] {
            let mut input = json!({ "accountReference": "A1", "documentType": "INVOICE" });
            input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            let refused = upload(&app, input).await;
            assert_eq!((&refused["code"], &refused["fields"][0]["path"]), (&json!(code), &json!([path])), "{refused}");
        }
    }
}
