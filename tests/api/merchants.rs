//! Merchants: what is cleared for them, what they are paid for it, and from each payment back to its transactions.

use serde_json::{Value, json};

use crate::app::{TestApp, euros, fresh_key};

/// All that is shown of a payment.
const PAYMENT: &str = "payment { id state gross { amount } fee { amount } net { amount } transactionCount from through paidOn
    entry { id kind description postings { amount { amount } ledgerAccount { code } } }
    transactions { nodes { kind amount { amount } fee { amount } net { amount } bookedOn entry { id pointOfSale { merchant { id } } } } } }";

/// A merchant's contract with a fee of 1.5 percent and 10 cents; its id and its party's.
async fn contract(app: &TestApp, cycle: &str) -> (String, String) {
    let party = app.done("createParty", json!({ "name": "Books & Co" }), "party { id }").await["party"]["id"].take();
    let input = json!({ "party": { "id": party }, "merchantId": "M-4711", "name": "Books by the market", "currency": "EUR",
        "feePct": "1.5", "feeFixed": "0.10", "cycle": cycle, "iban": "SE35 5000 0000 0549 1000 0003" });
    let shown = "contract { id merchantId feePct feeFixed { amount } cycle bankAccount endedOn openPayment { id } party { id } }";
    let made = app.done("createMerchantContract", input, shown).await["contract"].take();
    assert_eq!(
        (&made["merchantId"], &made["feePct"], &made["feeFixed"]["amount"]),
        (&json!("M-4711"), &json!("1.5"), &json!("0.10"))
    );
    assert_eq!((&made["bankAccount"], &made["openPayment"]), (&json!("SE3550000000054910000003"), &Value::Null));
    (made["id"].as_str().expect("an id").to_owned(), party.as_str().expect("an id").to_owned())
}

/// A card with 100.00 behind it.
async fn card(app: &TestApp) -> Value {
    let account = app.funded("100.00").await;
    let token = fresh_key();
    let card = json!({ "token": token, "main": true, "maskedNumber": "453210******4321" });
    app.done("addCard", json!({ "account": account.by(), "card": card }), "replayed").await;
    json!({ "token": token })
}

fn at(merchant: &str) -> Value {
    json!({ "channel": "POS", "merchant": { "id": merchant, "name": "Books" } })
}

async fn buy(app: &TestApp, card: &Value, merchant: &str, amount: &str) -> String {
    let input = json!({ "card": card, "amount": euros(amount), "pointOfSale": at(merchant) });
    let done = app.done("purchaseByCard", input, "entry { id }").await;
    done["entry"]["id"].as_str().expect("an id").to_owned()
}

async fn settled(app: &TestApp, contract: &str) -> Value {
    app.done("settleMerchant", json!({ "contract": contract }), PAYMENT).await["payment"].take()
}

fn transaction(kind: &str, amount: &str, fee: &str, net: &str) -> Value {
    json!({ "kind": kind, "amount": { "amount": amount }, "fee": { "amount": fee }, "net": { "amount": net } })
}

/// Of the transactions of a payment, what they come to.
fn sums(payment: &Value) -> Vec<Value> {
    let nodes = payment["transactions"]["nodes"].as_array().expect("transactions");
    let sum = |node: &Value| json!({ "kind": node["kind"], "amount": node["amount"], "fee": node["fee"], "net": node["net"] });
    nodes.iter().map(sum).collect()
}

on_both_databases! {
    async fn a_payment_leads_to_the_transactions_behind_it(app: TestApp) {
        let (contract, party) = contract(&app, "BY_HAND").await;
        app.refused("settleMerchant", json!({ "contract": contract }), "NOTHING_TO_SETTLE", "contract").await;
        let card = card(&app).await;
        let first = buy(&app, &card, "M-4711", "20.00").await;
        buy(&app, &card, "M-OTHER", "5.00").await;
        // Authorised and cleared in two messages, and a part of it given back by the merchant.
        let hold = json!({ "card": card, "amount": euros("10.00"), "pointOfSale": at("M-4711") });
        let hold = app.done("authoriseCard", hold, "hold { id }").await["hold"]["id"].take();
        let cleared = app.done("clearCard", json!({ "of": { "authorisation": hold }, "amount": euros("10.00"), "last": true }), "entry { id }").await;
        let cleared = cleared["entry"]["id"].clone();
        app.done("refundCard", json!({ "of": { "purchase": cleared }, "amount": euros("4.00") }), "replayed").await;
        let payment = settled(&app, &contract).await;
        assert_eq!(sums(&payment), [
            transaction("REFUND", "-4.00", "0.00", "-4.00"),
            transaction("PURCHASE", "10.00", "0.25", "9.75"),
            transaction("PURCHASE", "20.00", "0.40", "19.60"),
        ]);
        assert_eq!((&payment["gross"]["amount"], &payment["fee"]["amount"], &payment["net"]["amount"]), (&json!("26.00"), &json!("0.65"), &json!("25.35")));
        assert_eq!((&payment["state"], &payment["transactionCount"], &payment["paidOn"]), (&json!("PAID"), &json!(3), &json!("2026-04-15")));
        assert_eq!((&payment["transactions"]["nodes"][2]["entry"]["id"], &payment["transactions"]["nodes"][2]["entry"]["pointOfSale"]["merchant"]["id"]), (&json!(first), &json!("M-4711")));
        let mut postings: Vec<String> = payment["entry"]["postings"].as_array().expect("postings").iter()
            .map(|line| format!("{} {}", line["ledgerAccount"]["code"].as_str().expect("a code"), line["amount"]["amount"].as_str().expect("an amount")))
            .collect();
        postings.sort();
        assert_eq!(postings, ["FEE_INCOME 0.65", "SCHEME_SETTLEMENT -26.00", "SETTLEMENT_BANK 25.35"]);
        app.refused("settleMerchant", json!({ "contract": contract }), "NOTHING_TO_SETTLE", "contract").await;
        // What is reversed afterwards is taken off the next payment, with its fee; more than is bought, and it waits.
        app.done("reverseEntry", json!({ "entry": first, "reason": "not delivered" }), "replayed").await;
        let open = "query($c: ID!) { merchantPayments(filter: { contract: $c, state: OPEN }) { nodes { net { amount } } } }";
        let found = app.ok(open, json!({ "c": contract })).await["merchantPayments"]["nodes"].take();
        assert_eq!(found, json!([{ "net": { "amount": "-19.60" } }]));
        app.refused("settleMerchant", json!({ "contract": contract }), "NOTHING_TO_SETTLE", "contract").await;
        buy(&app, &card, "M-4711", "30.00").await;
        let second = settled(&app, &contract).await;
        assert_eq!(sums(&second), [transaction("PURCHASE", "30.00", "0.55", "29.45"), transaction("REVERSAL", "-20.00", "-0.40", "-19.60")]);
        assert_eq!((&second["gross"]["amount"], &second["net"]["amount"]), (&json!("10.00"), &json!("9.85")));
        // By payment, contract entity and period.
        let by = "query($f: MerchantTransactionFilter) { merchantTransactions(filter: $f) { nodes { amount { amount } payment { id } } } }";
        for (filter, count) in [
            (json!({ "payment": payment["id"] }), 3),
            (json!({ "contract": contract }), 5),
            (json!({ "party": party, "kinds": ["PURCHASE"] }), 3),
            (json!({ "contract": contract, "from": "2026-04-15", "through": "2026-04-15" }), 5),
            (json!({ "contract": contract, "through": "2026-04-14" }), 0),
        ] {
            let found = app.ok(by, json!({ "f": filter })).await["merchantTransactions"]["nodes"].take();
            assert_eq!(found.as_array().map(Vec::len), Some(count), "{filter}");
        }
        let listed = "query($f: MerchantPaymentFilter) { merchantPayments(filter: $f) { nodes { id } } }";
        for (filter, ids) in [
            (json!({ "party": party }), json!([{ "id": second["id"] }, { "id": payment["id"] }])),
            (json!({ "contract": contract, "from": "2026-04-15", "through": "2026-04-15", "state": "PAID" }), json!([{ "id": second["id"] }, { "id": payment["id"] }])),
            (json!({ "contract": contract, "from": "2026-04-16" }), json!([])),
        ] {
            assert_eq!(app.ok(listed, json!({ "f": filter })).await["merchantPayments"]["nodes"], ids, "{filter}");
        }
        let node = "query($id: ID!) { node(id: $id) { ... on MerchantPayment { net { amount } contract { id } history { nodes { operation } } } } }";
        let node = app.ok(node, json!({ "id": payment["id"] })).await["node"].take();
        assert_eq!(node, json!({ "net": { "amount": "25.35" }, "contract": { "id": contract }, "history": { "nodes": [{ "operation": "settleMerchant" }] } }));
        // It is the tenant's business.
        let bound = app.bound_to(&app.customer().await);
        assert_eq!(bound.ok(listed, json!({ "f": {} })).await["merchantPayments"]["nodes"], json!([]));
        assert_eq!(bound.ok("query($id: ID!) { node(id: $id) { id } }", json!({ "id": payment["id"] })).await["node"], Value::Null);
    }

    async fn a_merchant_is_paid_by_its_cycle(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let (contract, _) = contract(&app, "WEEKLY").await;
        let card = card(&app).await;
        buy(&app, &card, "M-4711", "20.00").await;
        let until = |day: &str| json!({ "to": format!("{day}T10:00:00Z") });
        let payments = "{ merchantPayments { nodes { state net { amount } from through paidOn } } }";
        app.done("advanceClock", until("2026-04-19"), "replayed").await;
        assert_eq!(app.ok(payments, json!({})).await["merchantPayments"]["nodes"][0]["state"], "OPEN");
        buy(&app, &card, "M-4711", "10.00").await;
        app.done("advanceClock", until("2026-04-21"), "replayed").await;
        let paid = app.ok(payments, json!({})).await["merchantPayments"]["nodes"].take();
        assert_eq!(paid.as_array().map(Vec::len), Some(1));
        assert_eq!((&paid[0]["state"], &paid[0]["net"]["amount"], &paid[0]["from"]), (&json!("PAID"), &json!("29.35"), &json!("2026-04-15")));
        // An ended contract takes nothing more, and what is settled with the schemes already is paid by nobody else.
        buy(&app, &card, "M-4711", "5.00").await;
        app.done("settleCardScheme", json!({ "amount": euros("5.00") }), "replayed").await;
        app.refused("settleMerchant", json!({ "contract": contract }), "SCHEME_SETTLEMENT_TOO_LOW", "contract").await;
        let done = app.done("endMerchantContract", json!({ "contract": contract }), "contract { endedOn openPayment { gross { amount } } }").await;
        assert_eq!(done["contract"], json!({ "endedOn": "2026-04-21", "openPayment": { "gross": { "amount": "5.00" } } }));
        buy(&app, &card, "M-4711", "7.00").await;
        let payment = settled(&app, &contract).await;
        assert_eq!(payment["gross"]["amount"], "5.00");
        app.refused("endMerchantContract", json!({ "contract": contract }), "INVALID_STATE", "contract").await;
        let days = app.ok("{ businessDays(first: 100) { nodes { state } } }", json!({})).await.to_string();
        assert!(!days.contains("FAILED"), "{days}");
    }

    async fn a_contract_that_cannot_be_is_refused_by_name(app: TestApp) {
        let (_, party) = contract(&app, "DAILY").await;
        let fine = json!({ "party": { "id": party }, "merchantId": "M-2", "name": "Second", "currency": "EUR", "feePct": "1", "iban": "SE3550000000054910000003" });
        for (field, value, code, path) in [
            ("party", json!({ "number": "no" }), "NOT_FOUND", "party"),
            ("merchantId", json!(" "), "INVALID_INPUT", "merchantId"),
            ("merchantId", json!("M-4711"), "DUPLICATE_REFERENCE", "merchantId"),
            ("name", json!(""), "INVALID_INPUT", "name"),
            ("feePct", json!("100.5"), "INVALID_INPUT", "feePct"),
            ("feeFixed", json!("0.001"), "INVALID_INPUT", "feeFixed"),
            ("feeFixed", json!("-1"), "INVALID_INPUT", "feeFixed"),
            ("iban", json!("SE00"), "INVALID_INPUT", "iban"),
        ] {
            let mut input = fine.clone();
            input[field] = value;
            app.refused("createMerchantContract", input, code, path).await;
        }
        app.done("createMerchantContract", fine, "replayed").await;
        for name in ["settleMerchant", "endMerchantContract"] {
            app.refused(name, json!({ "contract": "mct_1" }), "NOT_FOUND", "contract").await;
        }
        let listed = app.ok("query($p: ID!) { merchantContracts(filter: { party: $p, ended: false }) { nodes { merchantId payments { nodes { id } } } } }", json!({ "p": party })).await;
        assert_eq!(listed["merchantContracts"]["nodes"], json!([{ "merchantId": "M-2", "payments": { "nodes": [] } }, { "merchantId": "M-4711", "payments": { "nodes": [] } }]));
    }
}
