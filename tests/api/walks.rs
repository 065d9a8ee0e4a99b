//! A day of each system that teams come from, walked through as they would, against a `konto serve` of its own on both
//! databases; in the end `konto verify` has to find the books clean.

use serde_json::{Value, json};

use crate::app::{Engine, TestDatabase, euros, mutation};
use crate::faults::served::{Client, Folder, Served, on_database, verify};
use crate::payments::IBAN;

/// Somebody at a desk of the house.
struct Desk(Client);

impl Desk {
    /// What a question is answered with.
    async fn ask(&self, query: &str, variables: Value) -> Value {
        self.0.data(query, variables).await
    }

    /// The success of a mutation that must succeed.
    async fn done(&self, name: &str, input: Value, selection: &str) -> Value {
        let result = self.answer(name, input.clone(), selection).await;
        let success = result["__typename"].as_str().is_some_and(|name| name.ends_with("Success"));
        assert!(success, "{name} {input}: {result}");
        result
    }

    /// The code of the refusal of a mutation that must be refused.
    async fn refused(&self, name: &str, input: Value) -> String {
        let result = self.answer(name, input.clone(), "replayed").await;
        assert_eq!(result["__typename"], "Refusal", "{name} {input}: {result}");
        result["code"].as_str().expect("a code").to_owned()
    }

    async fn answer(&self, name: &str, input: Value, selection: &str) -> Value {
        let (query, variables) = mutation(name, input, selection);
        self.ask(&query, variables).await[name].take()
    }

    /// Some fields of the account with a number.
    async fn account(&self, number: &str, selection: &str) -> Value {
        let query = format!("query($number: String!) {{ account(by: {{ number: $number }}) {{ {selection} }} }}");
        self.ask(&query, json!({ "number": number })).await["account"].take()
    }

    /// Balance, what is reserved, and what is available.
    async fn amounts(&self, number: &str) -> [String; 3] {
        let selection = "balance { amount } reserved { amount } available { amount }";
        let account = self.account(number, selection).await;
        ["balance", "reserved", "available"].map(|name| text(&account[name]["amount"]))
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Walks a day at a desk, stops the server as a crash would, and verifies the books.
async fn day(engine: Engine, walk: impl AsyncFn(&Desk)) {
    on_database(engine, async |database: TestDatabase| {
        let folder = Folder::new();
        let url = database.url();
        let mut served = Served::start(&url, &folder).await;
        walk(&Desk(Client::of(&served).await)).await;
        served.kill();
        verify(&url).await;
    })
    .await;
}

/// Makes of `async fn name(desk: &Desk) { ... }` the tests `name::sqlite` and `name::postgres`.
macro_rules! walks {
    ($($(#[$attribute:meta])* async fn $name:ident($desk:ident: &Desk) $body:block)*) => {$(
        $(#[$attribute])*
        mod $name {
            use super::*;

            async fn walk($desk: &Desk) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                day(Engine::Sqlite, walk).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                day(Engine::Postgres, walk).await;
            }
        }
    )*};
}

walks! {
    /// Accounts of every family for a creditor: opened with their owner, read, changed, used, looked back on, closed.
    async fn a_day_at_a_house_that_comes_from_aptic(desk: &Desk) {
        desk.done("createParty", json!({ "name": "Nordvik Energi", "number": "NE", "externalReference": "CR-77" }), "replayed").await;
        let owner = json!({ "create": { "type": "PERSON", "firstName": "Eva", "lastName": "Ek", "number": "10001", "externalReference": "eva" } });
        let mut number = 0;
        for (product, type_name) in [
            ("current", "DepositAccount"),
            ("investment", "InvestmentAccount"),
            ("leasing", "LeasingAccount"),
            ("revolving", "RevolvingCreditAccount"),
            ("virtual", "VirtualAccount"),
        ] {
            number += 1;
            let owner = if number == 1 { owner.clone() } else { json!({ "externalReference": "eva" }) };
            let input = json!({
                "product": { "code": product }, "owner": owner, "creditor": { "externalReference": "CR-77" },
                "number": format!("90{number}"), "externalReference": format!("guid-{number}"),
            });
            let made = "account { id __typename record owner { number } creditor { number } ledgerAccounts { id } }";
            let account = desk.done("openAccount", input, made).await["account"].take();
            assert_eq!(account["__typename"], type_name);
            assert_eq!((&account["owner"]["number"], &account["creditor"]["number"]), (&json!("10001"), &json!("NE")));
            let query = "query($id: ID!) { account(by: { id: $id }) { number status product { alias } } }";
            let read = desk.ask(query, json!({ "id": account["id"] })).await["account"].take();
            assert_eq!((&read["number"], &read["status"]), (&json!(format!("90{number}")), &json!("OPEN")));
        }
        desk.done("updateAccount", json!({ "account": { "number": "904" }, "creditLimit": "1500", "metadata": { "branch": "Malmö" } }), "replayed").await;

        // Money comes in, moves between the families, and goes out.
        let pay = json!({ "account": { "number": "901" }, "amount": euros("1000.00"), "channel": "BANK_TRANSFER", "reference": "R-1" });
        desk.done("postPayment", pay, "replayed").await;
        for to in ["902", "905"] {
            let input = json!({ "from": { "number": "901" }, "to": { "number": to }, "amount": euros("200.00"),
                "messageToSender": "set aside", "messageToReceiver": "from the deposit", "reference": "R-2" });
            desk.done("transfer", input, "replayed").await;
        }
        let out = json!({ "account": { "number": "904" }, "amount": euros("300.00"), "iban": IBAN, "ownMessage": "drawn", "messageToReceiver": "your credit" });
        desk.done("disburse", out.clone(), "replayed").await;
        assert_eq!(desk.amounts("904").await, ["-300.00", "0.00", "1200.00"]);
        let mut much = out;
        much["amount"] = euros("1200.01");
        assert_eq!(desk.refused("disburse", much).await, "INSUFFICIENT_FUNDS");
        assert_eq!(desk.amounts("901").await, ["600.00", "0.00", "600.00"]);

        // Looked back on: what was booked today, and what was done, by operation.
        let today = desk.account("901", "transactions(first: 10) { nodes { kind amount { amount } description } }").await;
        let kinds: Vec<String> = today["transactions"]["nodes"].as_array().expect("nodes").iter().map(|it| text(&it["kind"])).collect();
        assert_eq!(kinds, ["TRANSFER", "TRANSFER", "PAYMENT"]);
        let done = desk.account("904", "history(filter: { operations: [\"updateAccount\", \"disburse\"] }) { nodes { operation group } }").await;
        let operations: Vec<String> = done["history"]["nodes"].as_array().expect("nodes").iter().map(|it| text(&it["operation"])).collect();
        assert_eq!(operations, ["disburse", "updateAccount"]);

        // Closed: by guid with a lookup that has to agree, and by lookup alone.
        let rest = json!([{ "target": { "payout": { "iban": IBAN } } }]);
        let wrong = json!({ "account": { "externalReference": "guid-2" }, "lookup": { "family": "DEPOSIT" } });
        assert_eq!(desk.refused("closeAccount", wrong).await, "LOOKUP_MISMATCH");
        for (account, family) in [("guid-2", "INVESTMENT"), ("guid-5", "VIRTUAL")] {
            let lookup = json!({ "customer": { "number": "10001" }, "creditor": { "externalReference": "CR-77" }, "family": family });
            let input = json!({ "account": { "externalReference": account }, "lookup": lookup, "closureCode": "MOVED", "transactions": rest });
            let closed = desk.done("closeAccount", input, "account { status closureCode }").await;
            assert_eq!(closed["account"], json!({ "status": "CLOSED", "closureCode": "MOVED" }));
        }
        let lookup = |family: &str| json!({ "customer": { "externalReference": "eva" }, "family": family });
        assert_eq!(desk.refused("closeAccount", json!({ "lookup": lookup("LOAN") })).await, "NOT_FOUND");
        assert_eq!(desk.refused("closeAccount", json!({ "lookup": { "customer": { "externalReference": "eva" } } })).await, "AMBIGUOUS_LOOKUP");
        let repaid = json!([{ "target": { "transferTo": { "number": "904" } }, "amount": euros("300.00") }, { "target": { "payout": { "iban": IBAN } } }]);
        for (family, transactions) in [("DEPOSIT", repaid), ("LEASING", json!([])), ("REVOLVING_CREDIT", json!([]))] {
            let input = json!({ "lookup": lookup(family), "closureCode": "END", "transactions": transactions });
            let closed = desk.done("closeAccount", input, "account { status balance { amount } }").await;
            assert_eq!(closed["account"], json!({ "status": "CLOSED", "balance": { "amount": "0.00" } }), "{family}");
        }
    }

    /// A credit account with its financial overview, found in every way, used, paid and closed when it can be.
    async fn a_day_at_a_house_that_comes_from_payex(desk: &Desk) {
        let product = json!({ "code": "kontokredit", "alias": "kontokredit1", "family": "CARD", "workingMode": "PAY_LATER",
            "currency": "SEK", "debtRule": "LIMIT", "defaultCreditLimit": "2000", "maximumCreditLimit": "5000", "maximumBalance": "50000" });
        desk.done("createProduct", product, "replayed").await;
        let owner = json!({ "create": { "type": "PERSON", "firstName": "Ulla", "lastName": "Berg", "number": "kund-1" } });
        let input = json!({ "product": { "code": "kontokredit" }, "owner": owner, "number": "5001" });
        desk.done("openAccount", input, "replayed").await;
        let other = json!({ "product": { "code": "kontokredit" }, "owner": { "create": { "type": "PERSON", "lastName": "Dahl", "number": "kund-2" } }, "number": "5002" });
        desk.done("openAccount", other, "replayed").await;

        let list = "query($filter: AccountFilter, $first: Int, $after: String, $last: Int, $before: String) {
            accounts(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
                nodes { number } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
        let found = async |variables: Value| {
            let page = desk.ask(list, variables).await["accounts"].take();
            let numbers: Vec<String> = page["nodes"].as_array().expect("nodes").iter().map(|it| text(&it["number"])).collect();
            (numbers.join(" "), page["pageInfo"].clone())
        };
        for (filter, numbers) in [
            (json!({}), "5001 5002"),
            (json!({ "number": "5001" }), "5001"),
            (json!({ "customer": { "number": "kund-2" } }), "5002"),
            (json!({ "customer": { "number": "kund-2" }, "number": "5001" }), ""),
        ] {
            assert_eq!(found(json!({ "filter": filter })).await.0, numbers, "{filter}");
        }
        let (numbers, first) = found(json!({ "first": 1 })).await;
        assert_eq!((numbers.as_str(), &first["hasNextPage"]), ("5001", &json!(true)));
        let (numbers, second) = found(json!({ "first": 1, "after": first["endCursor"] })).await;
        assert_eq!((numbers.as_str(), &second["hasPreviousPage"]), ("5002", &json!(true)));
        assert_eq!(found(json!({ "last": 1, "before": second["startCursor"] })).await.0, "5001");

        // Its cards: a main one of the owner's, an extra one of somebody else's, replaced and taken away.
        let main = json!({ "account": { "number": "5001" }, "card": { "token": "tok-1", "main": true, "maskedNumber": "453210******4321" } });
        desk.done("addCard", main, "card { token holder { number } }").await;
        let extra = json!({ "account": { "number": "5001" }, "card": { "token": "tok-2", "main": false, "holder": { "number": "kund-2" } } });
        desk.done("addCard", extra.clone(), "replayed").await;
        assert_eq!(desk.refused("addCard", extra).await, "DUPLICATE_CARD_TOKEN");
        desk.done("replaceCard", json!({ "card": { "token": "tok-1" }, "token": "tok-3" }), "replayed").await;
        desk.done("deleteCard", json!({ "card": { "token": "tok-2" } }), "replayed").await;
        let cards = "... on CardAccount { mainCard { token } cards { nodes { token status } } }";
        assert_eq!(desk.account("5001", cards).await["mainCard"]["token"], "tok-3");

        // Reserved and captured; paid by more than is owed, as far as the ceiling goes.
        let kronor = |amount: &str| json!({ "amount": amount, "currency": "SEK" });
        let hold = json!({ "account": { "number": "5001" }, "amount": kronor("350.00"), "description": "ICA Maxi" });
        let hold = desk.done("placeHold", hold, "hold { id }").await["hold"]["id"].take();
        assert_eq!(desk.amounts("5001").await, ["0.00", "350.00", "1650.00"]);
        desk.done("captureHold", json!({ "hold": hold, "amount": kronor("300.00") }), "replayed").await;
        desk.done("releaseHold", json!({ "hold": hold }), "replayed").await;
        let fee = json!({ "account": { "number": "5001" }, "amount": kronor("20.00"), "kind": "BILLING_FEE" });
        desk.done("postCharge", fee, "replayed").await;
        let overview = desk
            .account(
                "5001",
                "status currency creditLimit { amount } balance { amount } reserved { amount } available { amount }
                maxPaymentAmount { amount } product { code alias } owner { number } openedOn
                actions { action allowed reason }
                transactions { nodes { kind amount { amount } description date } }",
            )
            .await;
        assert_eq!(overview["balance"]["amount"], "-320.00");
        assert_eq!(overview["available"]["amount"], "1700.00", "fees leave available credit untouched");
        assert_eq!(overview["maxPaymentAmount"]["amount"], "50320.00");
        assert_eq!(overview["product"], json!({ "code": "kontokredit", "alias": "kontokredit1" }));
        assert_eq!(overview["transactions"]["nodes"][1]["description"], "ICA Maxi");
        let month = text(&overview["transactions"]["nodes"][0]["date"])[..7].to_owned();
        let listed = desk.ask("query($month: String!) { account(by: { number: \"5001\" }) { transactions(filter: { month: $month }) { nodes { kind } } } }", json!({ "month": month })).await;
        assert!(!listed["account"]["transactions"]["nodes"].as_array().expect("nodes").is_empty());

        // The limit goes down here and nowhere up; closing waits for the debt.
        desk.done("updateAccount", json!({ "account": { "number": "5001" }, "creditLimit": "1000" }), "replayed").await;
        assert_eq!(desk.refused("updateAccount", json!({ "account": { "number": "5001" }, "creditLimit": "1001" })).await, "CREDIT_LIMIT_INCREASE_NOT_ALLOWED");
        let asked = desk.done("requestAccountClosure", json!({ "account": { "number": "5001" } }), "account { status }").await;
        assert_eq!(asked["account"]["status"], "PENDING_CLOSE");
        let payment = |amount: &str| json!({ "account": { "number": "5001" }, "amount": kronor(amount), "channel": "PSP", "externalReference": { "reference": "psp-1" } });
        assert_eq!(desk.refused("postPayment", payment("50320.01")).await, "LIMIT_EXCEEDED");
        desk.done("postPayment", payment("320.00"), "replayed").await;
        assert_eq!(desk.refused("postPayment", payment("320.00")).await, "DUPLICATE_REFERENCE");
        assert_eq!(desk.account("5001", "status").await["status"], "CLOSED");
    }

    /// The three working modes: billed later, settled now, paid before; adjusted, reversed, and never below zero where
    /// that is the rule.
    async fn a_day_at_a_house_that_comes_from_worldline(desk: &Desk) {
        let owner = json!({ "create": { "type": "COMPANY", "companyName": "Rederiet AB", "number": "issuer-7", "externalReference": "ext-7" } });
        for (place, product) in ["credit-card", "debit-card", "prepaid-card"].into_iter().enumerate() {
            let owner = if place == 0 { owner.clone() } else { json!({ "externalReference": "ext-7" }) };
            let input = json!({ "product": { "code": product }, "owner": owner, "number": format!("70{place}"), "externalReference": format!("acc-{place}") });
            let mode = "account { ... on CardAccount { workingMode } }";
            let opened = desk.done("openAccount", input, mode).await;
            assert_eq!(opened["account"]["workingMode"], ["PAY_LATER", "PAY_NOW", "PAY_BEFORE"][place]);
        }
        // The owner's addresses, by the platform's reference or the issuer's own.
        let postal = |town: &str| json!({ "postal": { "streetName": "Kajen", "buildingNumber": "7", "townName": town, "country": "SE" } });
        let main = json!({ "customer": { "externalReference": "ext-7" }, "address": { "label": "MAIN_POSTAL_ADDRESS", "content": postal("Gävle"),
            "externalReference": "adr-1", "usages": [{ "name": "STATEMENT_SENDING", "service": "ACCOUNT_SERVICE" }] } });
        desk.done("createAddress", main, "replayed").await;
        let depot = json!({ "customer": { "number": "issuer-7" }, "address": { "label": "DEPOT", "content": postal("Luleå"), "externalReference": "adr-2" } });
        let depot = desk.done("createAddress", depot, "address { id }").await["address"]["id"].take();
        let usage = json!({ "name": "STATEMENT_SENDING", "service": "ACCOUNT_SERVICE" });
        let moved = desk.done("addAddressUsage", json!({ "address": { "id": depot }, "usage": usage }), "address { usages { name } }").await;
        assert_eq!(moved["address"]["usages"], json!([{ "name": "STATEMENT_SENDING" }]), "a usage is one address's at a time");
        desk.done("invalidateAddress", json!({ "address": { "externalReference": "adr-1" } }), "replayed").await;
        let owner = desk.ask("{ customer(by: { number: \"issuer-7\" }) { addresses { nodes { externalReference invalid usages { name } } } } }", json!({})).await;
        assert_eq!(owner["customer"]["addresses"]["nodes"], json!([
            { "externalReference": "adr-1", "invalid": true, "usages": [] },
            { "externalReference": "adr-2", "invalid": false, "usages": [{ "name": "STATEMENT_SENDING" }] },
        ]));
        // By the platform's reference or the issuer's own.
        let query = "{ one: account(by: { number: \"701\" }) { id } other: account(by: { externalReference: \"acc-1\" }) { id } }";
        let both = desk.ask(query, json!({})).await;
        assert_eq!(both["one"]["id"], both["other"]["id"]);

        // The prepaid one is loaded for a fee, and unloaded; only what is paid beforehand is.
        let terms = json!({ "load": { "fee": "1.00", "perDay": "100" }, "unload": { "feePercent": "5" }, "feesGoBack": true });
        desk.done("updateProduct", json!({ "product": { "code": "prepaid-card" }, "prepaid": terms }), "replayed").await;
        let moved = |amount: &str, number: &str| json!({ "account": { "number": number }, "amount": euros(amount), "channel": "CASH",
            "externalReference": { "reference": format!("load-{amount}"), "date": "2026-04-15", "poster": "ISSUER" } });
        let booked = "entry { kind externalReference } fee { description } account { balance { amount } }";
        let loaded = desk.done("loadAccount", moved("70.00", "702"), booked).await;
        assert_eq!(loaded["entry"], json!({ "kind": "LOAD", "externalReference": "load-70.00" }));
        assert_eq!((&loaded["fee"]["description"], &loaded["account"]["balance"]["amount"]), (&json!("Load fee"), &json!("69.00")));
        assert_eq!(desk.refused("loadAccount", moved("70.00", "702")).await, "LIMIT_EXCEEDED");
        assert_eq!(desk.refused("loadAccount", moved("5.00", "700")).await, "ACCOUNT_NOT_PREPAID");
        let unloaded = desk.done("unloadAccount", moved("20.00", "702"), "entry { id } account { balance { amount } }").await;
        assert_eq!(unloaded["account"]["balance"]["amount"], "48.00");
        desk.done("reverseEntry", json!({ "entry": unloaded["entry"]["id"], "reason": "REVERSAL_ON_DEMAND" }), "fee { kind }").await;
        assert_eq!(desk.amounts("702").await[0], "69.00");
        let unload = json!({ "account": { "number": "702" }, "amount": euros("18.09"), "channel": "CASH" });
        desk.done("unloadAccount", unload, "replayed").await;
        assert_eq!(desk.amounts("702").await[0], "50.01", "what was unloaded, and 5 percent of it");
        let rest = json!({ "account": { "number": "702" }, "amount": euros("0.01"), "kind": "ADMINISTRATION_FEE" });
        desk.done("postCharge", rest, "replayed").await;
        for (number, most) in [("700", "3000.00"), ("701", "1000.00"), ("702", "50.00")] {
            let hold = |amount: &str| json!({ "account": { "number": number }, "amount": euros(amount) });
            let over = format!("{}.01", most.trim_end_matches(".00"));
            assert_eq!(desk.refused("placeHold", hold(&over)).await, "INSUFFICIENT_FUNDS", "{number}");
            let placed = desk.done("placeHold", hold("40.00"), "hold { id }").await["hold"]["id"].take();
            desk.done("captureHold", json!({ "hold": placed }), "replayed").await;
        }
        assert_eq!(desk.amounts("702").await, ["10.00", "0.00", "10.00"]);
        // A card, blocked for an evening, and what was bought with it paid to the scheme: nothing stands there at the end.
        let card = json!({ "account": { "number": "702" }, "card": { "main": true, "token": "wor-1" } });
        desk.done("addCard", card, "replayed").await;
        let by_card = |amount: &str| json!({ "card": { "token": "wor-1" }, "amount": euros(amount) });
        desk.done("blockCard", json!({ "card": { "token": "wor-1" }, "reasonCode": "MISLAID" }), "replayed").await;
        assert_eq!(desk.refused("authoriseCard", by_card("4.00")).await, "CARD_BLOCKED");
        desk.done("unblockCard", json!({ "card": { "token": "wor-1" }, "reason": "found" }), "replayed").await;
        let hold = desk.done("authoriseCard", by_card("4.00"), "hold { id }").await["hold"]["id"].take();
        let cleared = json!({ "of": { "authorisation": hold }, "amount": euros("4.00"), "last": true });
        let bought = desk.done("clearCard", cleared, "entry { id }").await["entry"]["id"].take();
        desk.done("refundCard", json!({ "of": { "purchase": bought }, "amount": euros("4.00") }), "replayed").await;
        desk.done("purchaseByCard", by_card("6.00"), "entry { id }").await;
        let settled = |amount: &str| json!({ "amount": euros(amount), "reference": "SETTLE-1" });
        assert_eq!(desk.refused("settleCardScheme", settled("6.01")).await, "AMOUNT_OUT_OF_RANGE");
        desk.done("settleCardScheme", settled("6.00"), "replayed").await;
        assert_eq!(desk.refused("settleCardScheme", settled("0.01")).await, "AMOUNT_OUT_OF_RANGE", "the scheme's account is at zero");
        desk.done("loadAccount", json!({ "account": { "number": "702" }, "amount": euros("7.00") }), "replayed").await;
        assert_eq!(desk.amounts("702").await[0], "10.00");
        let adjust = |number: &str, amount: &str| json!({ "account": { "externalReference": number }, "amount": euros(amount), "reason": "goodwill",
            "externalReference": { "reference": "op-1", "date": "2026-04-15", "poster": format!("desk-{number}") } });
        assert_eq!(desk.refused("postAdjustment", adjust("acc-2", "-10.01")).await, "INSUFFICIENT_FUNDS", "a prepaid balance is never negative");
        let entry = desk.done("postAdjustment", adjust("acc-0", "15.00"), "entry { id }").await["entry"]["id"].take();
        assert_eq!(desk.refused("postAdjustment", adjust("acc-0", "15.00")).await, "DUPLICATE_REFERENCE");
        assert_eq!(desk.amounts("700").await[0], "-25.00");
        desk.done("reverseEntry", json!({ "entry": entry, "reason": "by mistake" }), "replayed").await;
        assert_eq!(desk.amounts("700").await[0], "-40.00");
        for number in ["700", "701"] {
            let pay = json!({ "account": { "number": number }, "amount": euros("40.00"), "channel": "DIRECT_DEBIT" });
            desk.done("postPayment", pay, "replayed").await;
            assert_eq!(desk.amounts(number).await[0], "0.00");
        }
    }
}
