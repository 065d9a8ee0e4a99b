//! Receivables and claims: their lives, what is owed in the books, batches, and who sees them.

use serde_json::{Value, json};

use crate::app::{TestApp, euros, items};

/// A debtor who is a person.
fn person(reference: &str) -> Value {
    json!({
        "externalReference": reference, "firstName": "Ada", "lastName": "Lovelace",
        "contactPoints": [{ "kind": "EMAIL", "value": "ada@example.com" }],
    })
}

/// A claim with an account and a debtor of its own.
fn claim(reference: &str, amount: &str) -> Value {
    json!({
        "claimReference": reference, "primaryDebtor": person("D1"), "currency": "EUR", "amount": amount,
        "originalDueDate": "2026-03-31", "currentDueDate": "2026-04-30",
    })
}

fn with(mut input: Value, more: Value) -> Value {
    input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    input
}

/// What is read of claims in most tests.
const SHOWN: &str = "claim { reference status resolution amount { amount } totalFees { amount } begun managed }";

async fn done(app: &TestApp, name: &str, input: Value) -> Value {
    app.done(name, input, SHOWN).await["claim"].take()
}

/// The claim, and the balance of its account.
async fn show(app: &TestApp, reference: &str) -> (Value, String) {
    let query = "query($reference: String!) { claim(by: { reference: $reference }) { reference status resolution
        amount { amount } totalFees { amount } begun managed receivable { account { ... on ReceivableAccount {
        balance { amount } } } } } }";
    let mut claim = app.ok(query, json!({ "reference": reference })).await["claim"].take();
    let balance = claim["receivable"]["account"]["balance"]["amount"].as_str().expect("a balance").to_owned();
    claim.as_object_mut().expect("an object").remove("receivable");
    (claim, balance)
}

/// What a batch tells of its items.
fn items_of() -> String {
    items("")
}

on_both_databases! {
    async fn a_claim_is_created_and_owed_in_the_books(app: TestApp) {
        let input = with(claim("C1", "100.00"), json!({
            "fees": [{ "name": "Interest", "amount": "2.50" }, { "name": "Reminder", "amount": "5.00" }], "totalFees": "99.00",
            "productReference": "PR-1", "paymentReference": "PAY-1", "portfolioReference": "PF-1", "limitationDate": "2029-12-31",
            "scores": [{ "type": "INTERNAL", "text": "A" }, { "type": "EXTERNAL", "object": { "points": 7 } }, { "type": "BEHAVIORAL" }],
            "metadata": { "sourceSystem": "x" },
        }));
        let shown = "claim { id reference managed status amount { amount currency } totalFees { amount } fees { name amount { amount } }
            originalDueDate currentDueDate limitationDate daysPastDue productReference paymentReference portfolioReference
            scores { type text object } metadata begun debtor { name externalReference }
            receivable { reference currency debtors { externalReference } account { ... on ReceivableAccount { balance { amount } } } }
            actions { action allowed reason } history { nodes { operation events { type } } } }";
        let made = app.done("createClaim", input, shown).await["claim"].take();
        assert_eq!(made["fees"], json!([
            { "name": "Interest", "amount": { "amount": "2.50" } }, { "name": "Reminder", "amount": { "amount": "5.00" } },
        ]));
        assert_eq!((&made["totalFees"]["amount"], &made["status"], &made["managed"]), (&json!("7.50"), &json!("ACTIVE"), &json!(false)));
        assert_eq!(made["daysPastDue"], 15);
        assert_eq!(made["scores"], json!([
            { "type": "INTERNAL", "text": "A", "object": null }, { "type": "EXTERNAL", "text": null, "object": { "points": 7 } },
            { "type": "BEHAVIORAL", "text": null, "object": null },
        ]));
        assert_eq!(made["receivable"]["reference"], "C1");
        assert_eq!(made["receivable"]["account"]["balance"]["amount"], "-107.50");
        assert_eq!(made["debtor"], json!({ "name": "Ada Lovelace", "externalReference": "D1" }));
        assert_eq!(made["history"]["nodes"][0]["events"], json!([{ "type": "CLAIM_CREATED" }]));
        let recreate = json!({ "action": "RECREATE", "allowed": false, "reason": "the claim is ACTIVE" });
        assert!(made["actions"].as_array().expect("actions").contains(&recreate), "{made}");
        let query = "query($id: ID!) { node(id: $id) { id ... on Claim { reference } } claim(by: { id: $id }) { id } }";
        let found = app.ok(query, json!({ "id": made["id"] })).await;
        assert_eq!((&found["node"]["reference"], &found["claim"]["id"]), (&json!("C1"), &made["id"]));
        let sheet = app.ok("{ trialBalance { balanced } }", json!({})).await;
        assert_eq!(sheet["trialBalance"]["balanced"], true);
    }

    async fn references_are_reserved_and_what_is_missing_is_named(app: TestApp) {
        app.done("createClaim", claim("C1", "10.00"), SHOWN).await;
        let before = app.picture().await;
        for (more, code, path) in [
            (json!({}), "DUPLICATE_REFERENCE", "claimReference"),
            (json!({ "claimReference": "C2", "primaryDebtor": null }), "INVALID_INPUT", "primaryDebtor"),
            (json!({ "claimReference": "C2", "currency": null }), "INVALID_INPUT", "currency"),
            (json!({ "claimReference": "C2", "accountReference": "nowhere" }), "NOT_FOUND", "accountReference"),
            (json!({ "claimReference": "C2", "accountReference": "C1", "currency": "SEK" }), "CURRENCY_MISMATCH", "currency"),
            (json!({ "claimReference": "C2", "amount": "1.005" }), "INVALID_INPUT", "amount"),
            (json!({ "claimReference": "C2", "amount": "-1.00" }), "AMOUNT_OUT_OF_RANGE", "amount"),
            (json!({ "claimReference": "x".repeat(65) }), "INVALID_INPUT", "claimReference"),
            (json!({ "claimReference": "C2", "primaryDebtor": { "type": "COMPANY", "contactPoints": [{ "kind": "EMAIL", "value": "a@b.se" }] } }),
                "INVALID_INPUT", "primaryDebtor.companyName"),
            (json!({ "claimReference": "C2", "scores": [{ "type": "INTERNAL" }, { "type": "INTERNAL" }] }), "INVALID_INPUT", "scores.1.type"),
            (json!({ "claimReference": "C2", "scores": [{ "type": "INTERNAL", "text": "a", "object": {} }] }), "INVALID_INPUT", "scores.0.object"),
        ] {
            app.refused("createClaim", with(claim("C1", "10.00"), more), code, path).await;
        }
        assert_eq!(app.picture().await, before);
        done(&app, "deleteClaim", json!({ "claimReference": "C1" })).await;
        app.refused("createClaim", claim("C1", "10.00"), "DUPLICATE_REFERENCE", "claimReference").await;
    }

    async fn a_deleted_claim_begins_anew_with_fresh_data(app: TestApp) {
        done(&app, "createClaim", claim("C1", "10.00")).await;
        app.refused("recreateClaim", claim("C1", "20.00"), "INVALID_STATE", "claimReference").await;
        app.refused("recreateClaim", claim("C9", "20.00"), "NOT_FOUND", "claimReference").await;
        done(&app, "deleteClaim", json!({ "claimReference": "C1" })).await;
        assert_eq!(show(&app, "C1").await.1, "0.00");
        let listed = app.ok("{ claims { nodes { reference } } deleted: claims(filter: { status: DELETED }) { nodes { reference } } }", json!({})).await;
        assert_eq!((&listed["claims"]["nodes"], &listed["deleted"]["nodes"]), (&json!([]), &json!([{ "reference": "C1" }])));
        app.refused("deleteClaim", json!({ "claimReference": "C1" }), "INVALID_STATE", "claimReference").await;
        let again = done(&app, "recreateClaim", with(claim("C1", "20.00"), json!({ "primaryDebtor": null }))).await;
        assert_eq!((&again["status"], &again["begun"]), (&json!("ACTIVE"), &json!(2)));
        assert_eq!(show(&app, "C1").await.1, "-20.00");
    }

    async fn an_update_changes_what_it_names_and_the_status_by_its_options(app: TestApp) {
        done(&app, "createClaim", with(claim("C1", "10.00"), json!({ "totalFees": "1.00", "portfolioReference": "P" }))).await;
        let update = |more: Value| with(json!({ "claimReference": "C1" }), more);
        let shown = "claim { amount { amount } totalFees { amount } portfolioReference currentDueDate status }";
        let changed = app.done("updateClaim", update(json!({ "amount": "12.00", "currentDueDate": "2026-05-31" })), shown).await;
        assert_eq!(changed["claim"], json!({ "amount": { "amount": "12.00" }, "totalFees": { "amount": "1.00" },
            "portfolioReference": "P", "currentDueDate": "2026-05-31", "status": "ACTIVE" }));
        let emptied = app.done("updateClaim", update(json!({ "portfolioReference": null })), shown).await;
        assert_eq!(emptied["claim"]["portfolioReference"], Value::Null);
        for (more, code, path) in [
            (json!({ "amount": null }), "INVALID_INPUT", "amount"),
            (json!({ "currency": "SEK" }), "CURRENCY_MISMATCH", "currency"),
            (json!({ "keepStatus": true, "recomputeStatus": true }), "INVALID_INPUT", "recomputeStatus"),
            (json!({ "reason": "CLAIM_PAID", "amount": "1.00" }), "INVALID_INPUT", "amount"),
            (json!({ "claimReference": "C9" }), "NOT_FOUND", "claimReference"),
        ] {
            app.refused("updateClaim", update(more), code, path).await;
        }
        let zero = json!({ "amount": "0", "totalFees": "0" });
        assert_eq!(done(&app, "updateClaim", update(with(zero.clone(), json!({ "keepStatus": true })))).await["status"], "ACTIVE");
        assert_eq!(done(&app, "updateClaim", update(zero)).await["status"], "RESOLVED");
        assert_eq!(done(&app, "updateClaim", update(json!({ "amount": "5.00" }))).await["status"], "RESOLVED");
        assert_eq!(done(&app, "updateClaim", update(json!({ "recomputeStatus": true }))).await["status"], "ACTIVE");
        let paid = done(&app, "updateClaim", update(json!({ "reason": "CLAIM_PAID" }))).await;
        assert_eq!(paid, json!({ "reference": "C1", "status": "RESOLVED", "resolution": "CLAIM_PAID", "amount": { "amount": "0.00" },
            "totalFees": { "amount": "0.00" }, "begun": 1, "managed": false }));
        assert_eq!(show(&app, "C1").await.1, "0.00");
    }

    async fn an_import_creates_and_then_replaces(app: TestApp) {
        let first = done(&app, "importClaim", with(claim("C1", "10.00"), json!({ "totalFees": "2.00" }))).await;
        assert_eq!((&first["amount"]["amount"], &first["totalFees"]["amount"]), (&json!("10.00"), &json!("2.00")));
        let second = done(&app, "importClaim", claim("C1", "8.00")).await;
        assert_eq!((&second["amount"]["amount"], &second["totalFees"]["amount"]), (&json!("8.00"), &json!("0.00")));
        assert_eq!(show(&app, "C1").await.1, "-8.00");
        assert_eq!(done(&app, "importClaim", claim("C1", "0")).await["status"], "RESOLVED");
        assert_eq!(done(&app, "importClaim", claim("C1", "3.00")).await["status"], "RESOLVED");
        assert_eq!(done(&app, "importClaim", with(claim("C1", "3.00"), json!({ "recomputeStatus": true }))).await["status"], "ACTIVE");
        assert_eq!(done(&app, "importClaim", with(claim("C1", "0"), json!({ "keepStatus": true }))).await["status"], "ACTIVE");
        done(&app, "deleteClaim", json!({ "claimReference": "C1" })).await;
        app.refused("importClaim", claim("C1", "3.00"), "INVALID_STATE", "claimReference").await;
    }

    async fn resolving_changes_the_state_and_nothing_else(app: TestApp) {
        for (place, reason) in
            ["CLAIM_SOLD", "CLAIM_PAID", "FRAUDULENT", "CLAIM_DISCARDED", "CLAIM_DISCHARGED", "CLAIM_INVALIDATED"].into_iter().enumerate()
        {
            let reference = format!("C{place}");
            done(&app, "createClaim", claim(&reference, "10.00")).await;
            let resolve = json!({ "claimReference": reference, "reason": reason });
            let resolved = done(&app, "resolveClaim", resolve.clone()).await;
            assert_eq!((&resolved["status"], &resolved["resolution"], &resolved["amount"]["amount"]), (&json!("RESOLVED"), &json!(reason), &json!("10.00")));
            assert_eq!(show(&app, &reference).await.1, "-10.00");
            let refusal = app.refused("resolveClaim", resolve, "INVALID_STATE", "claimReference").await;
            assert_eq!(refusal["facts"]["status"], "RESOLVED");
        }
        app.refused("resolveClaim", json!({ "claimReference": "C99", "reason": "CLAIM_PAID" }), "NOT_FOUND", "claimReference").await;
    }

    async fn credits_and_debits_move_what_is_owed(app: TestApp) {
        done(&app, "createClaim", claim("C1", "10.00")).await;
        let by = |amount: &str| json!({ "claimReference": "C1", "amount": euros(amount), "originator": "DCA",
            "date": "2026-04-10T08:00:00Z", "description": "goodwill" });
        assert_eq!(done(&app, "creditClaim", by("4.00")).await["amount"]["amount"], "6.00");
        assert_eq!(done(&app, "debitClaim", by("1.00")).await["amount"]["amount"], "7.00");
        assert_eq!(show(&app, "C1").await.1, "-7.00");
        let refusal = app.refused("creditClaim", by("7.01"), "AMOUNT_OUT_OF_RANGE", "amount").await;
        assert_eq!(refusal["message"], "no more than 7.00 EUR is owed without the fees");
        let sek = with(by("1.00"), json!({ "amount": { "amount": "1.00", "currency": "SEK" } }));
        app.refused("creditClaim", sek.clone(), "CURRENCY_MISMATCH", "amount.currency").await;
        app.refused("debitClaim", sek, "CURRENCY_MISMATCH", "amount.currency").await;
        app.refused("creditClaim", with(by("1.00"), json!({ "date": "2030-01-01T00:00:00Z" })), "INVALID_INPUT", "date").await;
        let paid = done(&app, "creditClaim", by("7.00")).await;
        assert_eq!((&paid["status"], &paid["resolution"]), (&json!("RESOLVED"), &json!("CLAIM_PAID")));
        assert_eq!(done(&app, "debitClaim", by("2.00")).await["status"], "RESOLVED");
        assert_eq!(done(&app, "debitClaim", with(by("2.00"), json!({ "recomputeStatus": true }))).await["status"], "ACTIVE");
        let (shown, balance) = show(&app, "C1").await;
        assert_eq!((&shown["amount"]["amount"], balance.as_str()), (&json!("4.00"), "-4.00"));
        let entries = app.ok("{ entries(first: 1) { nodes { kind description } } }", json!({})).await;
        assert_eq!(entries["entries"]["nodes"][0], json!({ "kind": "RECEIVABLE", "description": "goodwill" }));
    }

    async fn batches_name_what_became_of_each(app: TestApp) {
        let item = |reference: &str, amount: &str| with(claim(reference, amount), json!({ "idempotencyKey": format!("k-{reference}-{amount}") }));
        let all = json!([item("C1", "1.00"), item("C1", "2.00"), item("C2", "1.005"), item("C3", "3.00")]);
        let shown = items("... on CreateClaimSuccess { claim { reference } }");
        let done = app.done("createClaimBatch", json!({ "items": all, "mode": "SEQUENTIAL" }), &shown).await;
        let results = done["items"].as_array().expect("items");
        let told: Vec<Value> = results.iter().map(|item| match item["result"]["code"].is_null() {
            true => item["result"]["claim"]["reference"].clone(),
            false => item["result"]["code"].clone(),
        }).collect();
        assert_eq!(told, [json!("C1"), json!("DUPLICATE_REFERENCE"), json!("INVALID_INPUT"), json!("C3")]);
        assert_eq!((&done["succeeded"], &done["refused"]), (&json!(2), &json!(2)));
        // One debtor, by reference, however many claims.
        let customers = app.ok("{ customers { nodes { externalReference } } }", json!({})).await;
        assert_eq!(customers["customers"]["nodes"].as_array().map(Vec::len), Some(1));
        let of = |reference: &str| json!({ "idempotencyKey": format!("r-{reference}"), "claimReference": reference, "reason": "CLAIM_SOLD" });
        let batch = json!({ "items": [of("C1"), of("C9"), of("C3")], "mode": "ALL_OR_NOTHING" });
        let none = app.done("resolveClaimBatch", batch, "succeeded refused").await;
        assert_eq!((&none["succeeded"], &none["refused"]), (&json!(0), &json!(3)));
        let rest = [
            ("recreateClaimBatch", item("C1", "5.00")), ("importClaimBatch", item("C3", "5.00")),
            ("updateClaimBatch", json!({ "idempotencyKey": "u", "claimReference": "C3", "amount": "6.00" })),
            ("creditClaimBatch", json!({ "idempotencyKey": "c", "claimReference": "C3", "amount": euros("1.00"), "originator": "CLIENT" })),
            ("debitClaimBatch", json!({ "idempotencyKey": "d", "claimReference": "C3", "amount": euros("2.00"), "originator": "CLIENT" })),
        ];
        app.done("deleteClaimBatch", json!({ "items": [{ "idempotencyKey": "x", "claimReference": "C1" }] }), "succeeded").await;
        for (name, item) in rest {
            let done = app.done(name, json!({ "items": [item] }), "succeeded refused").await;
            assert_eq!(done["succeeded"], 1, "{name}: {done}");
        }
        assert_eq!(show(&app, "C3").await.1, "-7.00");
        let waits = json!({ "items": [item("C7", "1.00")], "async": true });
        let job = app.done("createClaimBatch", waits, "job { id }").await["job"]["id"].take();
        assert!(job.is_string());
    }

    async fn an_account_has_debtors_and_its_claims_by_state(app: TestApp) {
        let input = json!({
            "accountReference": "A1", "currency": "EUR", "paymentReference": "PAY", "portfolioReference": "PF",
            "creditorReference": "NORDVIK", "debtors": [person("D1"), { "externalReference": "D2", "type": "COMPANY", "companyName": "Bergslagen",
            "contactPoints": [{ "kind": "EMAIL", "value": "a@example.com" }] }], "metadata": { "a": 1 }, "scores": [{ "type": "COLLECTION", "text": "9" }],
        });
        let shown = "receivable { id reference creditor { externalReference } debtors { externalReference } account { ... on ReceivableAccount { balance { amount } } } }";
        let made = app.done("createReceivable", input.clone(), shown).await["receivable"].take();
        assert_eq!(made["debtors"], json!([{ "externalReference": "D1" }, { "externalReference": "D2" }]));
        assert_eq!(made["creditor"]["externalReference"], "NORDVIK");
        app.refused("createReceivable", input, "DUPLICATE_REFERENCE", "accountReference").await;
        let bare = json!({ "accountReference": "A2", "currency": "SEK" });
        let bare = app.done("createReceivable", bare, shown).await["receivable"].take();
        assert_eq!(bare["account"], Value::Null);
        let on = |account: &str, reference: &str| with(claim(reference, "10.00"), json!({ "accountReference": account, "primaryDebtor": null, "currency": null }));
        app.refused("createClaim", on("A2", "C0"), "INVALID_INPUT", "primaryDebtor").await;
        for reference in ["C1", "C2", "C3"] {
            done(&app, "createClaim", on("A1", reference)).await;
        }
        done(&app, "resolveClaim", json!({ "claimReference": "C2", "reason": "CLAIM_SOLD" })).await;
        done(&app, "deleteClaim", json!({ "claimReference": "C3" })).await;
        let query = "{ receivable(by: { reference: \"A1\" }) { account { ... on ReceivableAccount { balance { amount } } }
            claims(first: 1) { nodes { reference metadata } pageInfo { hasNextPage endCursor } }
            active: claims(status: ACTIVE) { nodes { reference } } resolved: claims(status: RESOLVED) { nodes { reference } } } }";
        let found = app.ok(query, json!({})).await["receivable"].take();
        assert_eq!(found["claims"]["nodes"], json!([{ "reference": "C1", "metadata": { "a": 1 } }]));
        assert_eq!(found["claims"]["pageInfo"]["hasNextPage"], true);
        assert_eq!((&found["active"]["nodes"], &found["resolved"]["nodes"]), (&json!([{ "reference": "C1" }]), &json!([{ "reference": "C2" }])));
        assert_eq!(found["account"]["balance"]["amount"], "-20.00");
        let of_debtor = "query($debtor: String!) { receivables(filter: { debtorReference: $debtor }) { nodes { reference metadata
            paymentReference portfolioReference currency claims { nodes { reference } } debtors { externalReference } } } }";
        let all = app.ok(of_debtor, json!({ "debtor": "D2" })).await["receivables"]["nodes"].take();
        assert_eq!(all, json!([{ "reference": "A1", "metadata": { "a": 1 }, "paymentReference": "PAY", "portfolioReference": "PF", "currency": "EUR",
            "claims": { "nodes": [{ "reference": "C1" }, { "reference": "C2" }] },
            "debtors": [{ "externalReference": "D1" }, { "externalReference": "D2" }] }]));
        assert_eq!(app.ok(of_debtor, json!({ "debtor": "D9" })).await["receivables"]["nodes"], json!([]));
        let many = json!({ "items": [{ "idempotencyKey": "a", "accountReference": "A3", "currency": "EUR" }, { "idempotencyKey": "b", "accountReference": "A1", "currency": "EUR" }] });
        let many = app.done("createReceivableBatch", many, "succeeded refused").await;
        assert_eq!((&many["succeeded"], &many["refused"]), (&json!(1), &json!(1)));
    }

    async fn nothing_is_booked_past_the_claims_and_debtors_see_their_own(app: TestApp) {
        let shown = "claim { id debtor { id } receivable { id account { ... on ReceivableAccount { id } } } }";
        let made = app.done("createClaim", claim("C1", "10.00"), shown).await["claim"].take();
        let account = json!({ "id": made["receivable"]["account"]["id"] });
        let payment = json!({ "account": account, "amount": euros("1.00"), "channel": "CASH" });
        app.refused("postPayment", payment, "ACCOUNT_ITEMISED", "account").await;
        let hold = json!({ "account": account, "amount": euros("1.00") });
        app.refused("placeHold", hold, "ACCOUNT_ITEMISED", "account").await;
        let entry = app.ok("{ entries(first: 1) { nodes { id } } }", json!({})).await["entries"]["nodes"][0]["id"].take();
        app.refused("reverseEntry", json!({ "entry": entry, "reason": "X" }), "ACCOUNT_ITEMISED", "entry").await;
        let theirs = with(claim("C2", "5.00"), json!({ "primaryDebtor": person("D2") }));
        done(&app, "createClaim", theirs).await;
        let bound = app.bound_to(made["debtor"]["id"].as_str().expect("an id"));
        let seen = bound.ok("{ claims { nodes { reference metadata scores { type } receivable { id } } } receivables { nodes { id } } }", json!({})).await;
        assert_eq!(seen["claims"]["nodes"], json!([{ "reference": "C1", "metadata": null, "scores": [], "receivable": null }]));
        assert_eq!(seen["receivables"]["nodes"], json!([]));
        let query = "{ mine: claim(by: { reference: \"C1\" }) { id } other: claim(by: { reference: \"C2\" }) { id } on: receivable(by: { reference: \"C1\" }) { id } }";
        let seen = bound.ok(query, json!({})).await;
        assert_eq!((&seen["mine"]["id"], &seen["other"], &seen["on"]), (&made["id"], &Value::Null, &Value::Null));
    }

    async fn claims_go_along_with_a_merge_and_stand_in_the_way_of_an_erasure(app: TestApp) {
        let one = app.done("createClaim", claim("C1", "10.00"), "claim { debtor { id } }").await["claim"]["debtor"]["id"].take();
        let other = with(claim("C2", "5.00"), json!({ "accountReference": "C1", "primaryDebtor": person("D2") }));
        let other = app.done("createClaim", other, "claim { debtor { id } }").await["claim"]["debtor"]["id"].take();
        let refusal = app.refused("eraseCustomer", json!({ "customer": { "id": other } }), "CUSTOMER_HAS_OBLIGATIONS", "customer").await;
        assert!(refusal["message"].as_str().is_some_and(|message| message.contains("claim C2")), "{refusal}");
        let merge = json!({ "customer": { "id": other }, "into": { "id": one } });
        let waits = app.refused("mergeCustomers", merge, "APPROVAL_REQUIRED", "").await;
        let second = app.with_client("checker").with_scopes("read approve");
        second.done("approve", json!({ "approval": waits["facts"]["approval"] }), "approval { state }").await;
        let query = "{ claim(by: { reference: \"C2\" }) { debtor { id } receivable { debtors { id } } } }";
        let found = app.ok(query, json!({})).await["claim"].take();
        assert_eq!((&found["debtor"]["id"], &found["receivable"]["debtors"]), (&one, &json!([{ "id": one }])));
    }

    async fn an_account_is_changed_in_what_is_kept_with_it(app: TestApp) {
        let input = json!({ "accountReference": "A1", "currency": "EUR", "metadata": { "a": 1, "b": 2 },
            "products": [{ "productReference": "PR-1", "name": "Laptop" }] });
        app.done("createReceivable", input, "replayed").await;
        let on = |more: Value| with(json!({ "accountReference": "A1" }), more);
        let shown = "receivable { metadata paymentReference products { reference name type } scores { type text } pastScores { score { text } } debtors { externalReference name } }";
        let done = app.done("updateReceivable", on(json!({ "metadata": { "b": 3, "c": 4 }, "paymentReference": "PAY" })), shown).await;
        assert_eq!(done["receivable"]["metadata"], json!({ "a": 1, "b": 3, "c": 4 }));
        assert_eq!(done["receivable"]["paymentReference"], "PAY");
        app.done("addReceivableProduct", on(json!({ "productReference": "PR-2", "type": "Computer" })), shown).await;
        app.refused("addReceivableProduct", on(json!({ "productReference": "PR-2" })), "DUPLICATE_REFERENCE", "productReference").await;
        let done = app.done("updateReceivableProduct", on(json!({ "productReference": "PR-2", "name": "Desk", "type": null })), shown).await;
        assert_eq!(done["receivable"]["products"], json!([
            { "reference": "PR-1", "name": "Laptop", "type": null }, { "reference": "PR-2", "name": "Desk", "type": null } ]));
        app.refused("updateReceivableProduct", on(json!({ "productReference": "PR-9" })), "NOT_FOUND", "productReference").await;
        for text in ["A", "B"] {
            app.done("setReceivableScore", on(json!({ "type": "INTERNAL", "text": text })), shown).await;
        }
        let done = app.done("setReceivableScore", on(json!({ "type": "EXTERNAL" })), shown).await;
        assert_eq!(done["receivable"]["scores"], json!([{ "type": "INTERNAL", "text": "B" }, { "type": "EXTERNAL", "text": null }]));
        assert_eq!(done["receivable"]["pastScores"], json!([{ "score": { "text": null } }, { "score": { "text": "B" } }, { "score": { "text": "A" } }]));
        app.refused("setReceivableScore", on(json!({ "type": "INTERNAL", "text": "x", "object": {} })), "INVALID_INPUT", "object").await;
        let done = app.done("addReceivableDebtor", on(json!({ "debtor": person("D1") })), shown).await;
        assert_eq!(done["receivable"]["debtors"], json!([{ "externalReference": "D1", "name": "Ada Lovelace" }]));
        let renamed = on(json!({ "debtorReference": "D1", "lastName": "King" }));
        let done = app.done("updateReceivableDebtor", renamed, shown).await;
        assert_eq!(done["receivable"]["debtors"][0]["name"], "Ada King");
        app.refused("updateReceivableDebtor", on(json!({ "debtorReference": "D9", "lastName": "King" })), "NOT_FOUND", "debtorReference").await;
        let rest = [
            ("updateReceivableBatch", json!({ "metadata": {} })), ("addReceivableProductBatch", json!({ "productReference": "PR-3" })),
            ("updateReceivableProductBatch", json!({ "productReference": "PR-3", "code": "c" })),
            ("addReceivableDebtorBatch", json!({ "debtor": person("D2") })),
            ("updateReceivableDebtorBatch", json!({ "debtorReference": "D2", "firstName": "Eda" })),
            ("setReceivableScoreBatch", json!({ "type": "BEHAVIORAL", "text": "good" })),
        ];
        for (name, more) in rest {
            let items = json!({ "items": [with(on(more), json!({ "idempotencyKey": format!("k-{name}") })), { "idempotencyKey": format!("l-{name}"), "accountReference": "A9",
                "productReference": "X", "debtorReference": "X", "debtor": person("D3"), "type": "INTERNAL" }] });
            let wanted: Vec<&str> = match name {
                "updateReceivableBatch" => vec![],
                "addReceivableProductBatch" | "updateReceivableProductBatch" => vec!["productReference"],
                "addReceivableDebtorBatch" => vec!["debtor"],
                "updateReceivableDebtorBatch" => vec!["debtorReference"],
                _ => vec!["type"],
            };
            let mut items = items;
            items["items"][1].as_object_mut().expect("an object").retain(|key, _| wanted.contains(&key.as_str()) || key == "accountReference" || key == "idempotencyKey");
            let done = app.done(name, items, "succeeded refused").await;
            assert_eq!((&done["succeeded"], &done["refused"]), (&json!(1), &json!(1)), "{name}");
        }
    }

    async fn entries_make_and_move_managed_claims(app: TestApp) {
        let invoice = json!({ "ledgerEntryReference": "I1", "kind": "INVOICE", "amount": "100.00", "dueDate": "2026-03-31", "productReference": "PR-1" });
        let input = json!({ "accountReference": "A1", "currency": "EUR", "debtors": [person("D1")], "ledgerEntries": [invoice], "metadata": { "a": 1 } });
        app.done("createReceivable", input, "replayed").await;
        let (claim, balance) = show(&app, "A1/I1").await;
        assert_eq!((&claim["managed"], &claim["amount"]["amount"], balance.as_str()), (&json!(true), &json!("100.00"), "-100.00"));
        app.refused("creditClaim", json!({ "claimReference": "A1/I1", "amount": euros("1.00"), "originator": "DCA" }), "CLAIM_MANAGED", "claimReference").await;
        app.refused("updateClaim", json!({ "claimReference": "A1/I1", "amount": "1.00" }), "CLAIM_MANAGED", "claimReference").await;
        let of = |reference: &str, kind: &str, amount: &str, more: Value| {
            with(json!({ "idempotencyKey": format!("k-{reference}"), "accountReference": "A1", "ledgerEntryReference": reference, "kind": kind, "amount": amount }), more)
        };
        let items = json!({ "mode": "SEQUENTIAL", "items": [
            of("F1", "FEE", "10.00", json!({ "label": "COLLECTION_FEE", "target": "I1" })),
            of("P1", "PAYMENT", "60.00", json!({ "target": "I1", "provider": "trustly", "paymentReference": "PAY-1", "happenedAt": "2026-04-01T00:00:00Z" })),
            of("D1", "DISCOUNT", "5.00", json!({ "target": "F1" })),
            of("J1", "ADJUSTMENT", "-10.00", json!({ "label": "INVALID", "target": "I1", "dueDate": "2026-05-31" })),
            of("R1", "REPORTING", "77.00", json!({})),
            of("B1", "CHARGEBACK", "20.00", json!({ "target": "P1" })),
            of("X1", "DISCOUNT", "500.00", json!({ "target": "I1" })),
            of("I1", "INVOICE", "5.00", json!({ "dueDate": "2026-05-31" })),
        ] });
        let done = app.done("addReceivableEntryBatch", items, &items_of()).await;
        assert_eq!((&done["succeeded"], &done["refused"]), (&json!(6), &json!(2)));
        let codes: Vec<_> = done["items"].as_array().expect("items").iter().filter_map(|item| item["result"]["code"].as_str()).collect();
        assert_eq!(codes, ["AMOUNT_OUT_OF_RANGE", "DUPLICATE_REFERENCE"]);
        let (claim, balance) = show(&app, "A1/I1").await;
        assert_eq!((&claim["amount"]["amount"], &claim["totalFees"]["amount"], balance.as_str()), (&json!("50.00"), &json!("5.00"), "-55.00"));
        let pays = of("P2", "PAYMENT", "55.00", json!({ "target": "I1" }));
        let shown = "ledgerEntry { reference kind open { amount } target { reference } claim { reference status } entry { kind } }";
        let done = app.done("addReceivableEntry", pays, shown).await["ledgerEntry"].take();
        assert_eq!(done, json!({ "reference": "P2", "kind": "PAYMENT", "open": { "amount": "5.00" }, "target": { "reference": "I1" },
            "claim": { "reference": "A1/I1", "status": "ACTIVE" }, "entry": { "kind": "PAYMENT" } }));
        let pays = of("P3", "PAYMENT", "5.00", json!({ "target": "F1" }));
        assert_eq!(app.done("addReceivableEntry", pays, shown).await["ledgerEntry"]["claim"]["status"], "RESOLVED");
        let query = "{ receivable(by: { reference: \"A1\" }) { reference metadata currency account { ... on ReceivableAccount { balance { amount } } }
            ledgerEntries(first: 3) { nodes { reference kind amount { amount } open { amount } chargedBack { amount } label provider happenedAt metadata } pageInfo { hasNextPage } } } }";
        let found = app.ok(query, json!({})).await["receivable"].take();
        assert_eq!(found["account"]["balance"]["amount"], "5.00", "what was paid too much waits on the account");
        assert_eq!(found["ledgerEntries"]["nodes"][2], json!({ "reference": "P1", "kind": "PAYMENT", "amount": { "amount": "60.00" },
            "open": { "amount": "0.00" }, "chargedBack": { "amount": "20.00" }, "label": null, "provider": "trustly",
            "happenedAt": "2026-04-01T00:00:00.000000Z", "metadata": {} }));
        let sheet = app.ok("{ trialBalance { balanced } }", json!({})).await;
        assert_eq!(sheet["trialBalance"]["balanced"], true);
        app.refused("addReceivableEntry", of("Z", "FEE", "1.00", json!({ "label": "X", "target": "P1" })), "INVALID_INPUT", "target").await;
        app.refused("addReceivableEntry", of("Z", "CHARGEBACK", "1.00", json!({ "target": "nothing" })), "NOT_FOUND", "target").await;
    }

    async fn target_amounts_are_reached_and_each_claim_is_told_of_once(app: TestApp) {
        let entry = |reference: &str, kind: &str, amount: &str| json!({ "ledgerEntryReference": reference, "kind": kind, "amount": amount });
        let input = json!({ "accountReference": "A1", "currency": "EUR", "debtors": [person("D1")], "ledgerEntries": [
            with(entry("I1", "INVOICE", "100.00"), json!({ "dueDate": "2026-03-31" })),
            with(entry("F1", "FEE", "10.00"), json!({ "label": "COLLECTION_FEE", "target": "I1" })) ] });
        app.done("createReceivable", input, "replayed").await;
        let target = |reference: &str, amount: &str, reason: &str| {
            json!({ "ledgerEntryReference": reference, "amount": amount, "reason": reason, "metadata": { "from": "erp" } })
        };
        let set = |targets: Value| json!({ "accountReference": "A1", "ledgerEntries": targets });
        let targets = json!([target("I1", "60.00", "PAYMENT"), target("I1", "75.00", "CHARGEBACK"), target("F1", "0", "INVALID"), target("I1", "70.00", "WAIVED")]);
        let shown = "receivable { ledgerEntries(first: 10) { nodes { kind amount { amount } label metadata } } claims { nodes { history(first: 1) { nodes { events { type } } } } } }";
        let done = app.done("setReceivableAmounts", set(targets), shown).await["receivable"].take();
        let booked = done["ledgerEntries"]["nodes"].as_array().expect("nodes")[2..].to_vec();
        let one = |kind: &str, amount: &str, label: Value| json!({ "kind": kind, "amount": { "amount": amount }, "label": label, "metadata": { "from": "erp" } });
        assert_eq!(booked, [one("PAYMENT", "40.00", Value::Null), one("CHARGEBACK", "15.00", Value::Null),
            one("ADJUSTMENT", "-10.00", json!("INVALID")), one("ADJUSTMENT", "-5.00", json!("WAIVED"))]);
        assert_eq!(done["claims"]["nodes"][0]["history"]["nodes"][0]["events"], json!([{ "type": "CLAIM_UPDATED" }]));
        let (claim, balance) = show(&app, "A1/I1").await;
        assert_eq!((&claim["amount"]["amount"], &claim["totalFees"]["amount"], balance.as_str()), (&json!("70.00"), &json!("0.00"), "-70.00"));
        app.refused("setReceivableAmounts", set(json!([target("I1", "80.00", "PAYMENT")])), "AMOUNT_OUT_OF_RANGE", "ledgerEntries.0.amount").await;
        let refusal = app.refused("setReceivableAmounts", set(json!([target("I1", "99.00", "CHARGEBACK")])), "AMOUNT_OUT_OF_RANGE", "ledgerEntries.0.amount").await;
        assert_eq!(refusal["message"], "no more than 25.00 EUR was paid of it");
        app.refused("setReceivableAmounts", set(json!([target("I9", "1.00", "X")])), "NOT_FOUND", "ledgerEntries.0.ledgerEntryReference").await;
        let batch = with(set(json!([target("I1", "0", "PAYMENT")])), json!({ "idempotencyKey": "k" }));
        let done = app.done("setReceivableAmountsBatch", json!({ "items": [batch] }), "succeeded").await;
        assert_eq!(done["succeeded"], 1);
        assert_eq!(show(&app, "A1/I1").await.0["status"], "RESOLVED");
    }
}
