//! Persons as a whole: who takes part in what, two records of one, and what is left of one that was erased.

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use serde_json::{Value, json};

use super::{find, with};
use crate::app::{Account, TestApp, euros, fresh_key, numbered};

/// Where a text stands in the database, in any column of any table: `table: row`.
pub async fn grep(app: &TestApp, text: &str) -> Vec<String> {
    let db = app.database().open().await;
    let (connection, backend) = (db.reader(), db.backend());
    let all = async |sql: String| connection.query_all_raw(Statement::from_string(backend, sql)).await.expect("rows");
    let one = |row: &sea_orm::QueryResult| row.try_get_by_index::<String>(0).expect("a text");
    let tables = match backend {
        DbBackend::Postgres => "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()",
        _ => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    };
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut found = Vec::new();
    for table in all(tables.to_owned()).await.iter().map(one) {
        let rows = match backend {
            DbBackend::Postgres => format!("SELECT row_to_json(t)::text FROM \"{table}\" AS t"),
            _ => {
                let columns = all(format!("SELECT name FROM pragma_table_info('{table}')")).await;
                let quoted: Vec<String> = columns.iter().map(|row| format!("quote(\"{}\")", one(row))).collect();
                format!("SELECT {} FROM \"{table}\"", quoted.join(" || ' ' || "))
            }
        };
        for row in all(rows).await.iter().map(one) {
            let lower = row.to_lowercase();
            if lower.contains(&text.to_lowercase()) || lower.contains(&hex) {
                found.push(format!("{table}: {row}"));
            }
        }
    }
    found
}

const WHOLE: &str = "query($by: CustomerBy!) { customer(by: $by) { id name number birthDate languages roles mergedInto { id }
    contactPoints { value primary } identifiers { kind } accounts { nodes { number } } erasedAt erased kept { what until }
    participations { nodes { role accountNumber account { number } customer { id } } } } }";

async fn whole(app: &TestApp, by: &Value) -> Value {
    app.ok(WHOLE, json!({ "by": by })).await["customer"].take()
}

fn part(account: &Account, customer: &str, role: &str) -> Value {
    json!({ "account": account.by(), "customer": { "id": customer }, "role": role })
}

/// Merges, with the yes of a second person; gives the approval.
async fn merge(app: &TestApp, from: &str, into: &str) -> Value {
    let input = json!({ "customer": { "id": from }, "into": { "id": into } });
    let refused = app.refused("mergeCustomers", input, "APPROVAL_REQUIRED", "").await;
    let checker = app.with_client("checker").with_scopes("read approve");
    let input = json!({ "approval": refused["facts"]["approval"] });
    checker.done("approve", input, "approval { state result { id } refusal { code message fields { path } } }").await["approval"].take()
}

async fn close(app: &TestApp, account: &Account) {
    app.done("closeAccount", json!({ "account": account.by(), "closureCode": "END" }), "replayed").await;
}

on_both_databases! {
    async fn roles_follow_from_links(app: TestApp) {
        let account = app.account("current").await;
        let other = app.customer().await;
        let roles = async |id: &str| whole(&app, &json!({ "id": id })).await["roles"].take();
        assert_eq!(json!([roles(&account.owner).await, roles(&other).await]), json!([["OWNER"], []]));
        for role in ["GUARANTOR", "CO_OWNER", "PAYER", "DEBTOR"] {
            app.done("addAccountParticipant", part(&account, &other, role), "account { participants { role } }").await;
        }
        app.done("addAccountParticipant", part(&account, &account.owner, "PAYER"), "replayed").await;
        assert_eq!(roles(&other).await, json!(["CO_OWNER", "PAYER", "DEBTOR", "GUARANTOR"]));
        assert_eq!(roles(&account.owner).await, json!(["OWNER", "PAYER"]));
        // One customer is an owner, too.
        app.account_of(&other, "savings").await;
        assert_eq!(roles(&other).await, json!(["OWNER", "CO_OWNER", "PAYER", "DEBTOR", "GUARANTOR"]));
        let query = "query($by: AccountBy!) { account(by: $by) { participants { role customer { id } accountNumber since } } }";
        let shown = app.ok(query, json!({ "by": account.by() })).await["account"]["participants"].take();
        assert_eq!(shown.as_array().expect("a list").len(), 5);
        assert_eq!(json!([shown[0]["role"], shown[0]["customer"]["id"], shown[0]["accountNumber"]]), json!(["GUARANTOR", other, account.number]));
        // Whoever holds a card in force is a cardholder, on whoever's account.
        let card = json!({ "account": account.by(), "card": { "main": false, "token": "t-1", "holder": { "id": other } } });
        let card = app.done("addCard", card, "card { id }").await["card"]["id"].take();
        assert_eq!(roles(&other).await, json!(["OWNER", "CO_OWNER", "CARDHOLDER", "PAYER", "DEBTOR", "GUARANTOR"]));
        app.done("deleteCard", json!({ "card": { "id": card } }), "replayed").await;
        assert_eq!(roles(&other).await, json!(["OWNER", "CO_OWNER", "PAYER", "DEBTOR", "GUARANTOR"]));
        // Both sides.
        let theirs = whole(&app, &json!({ "id": other })).await["participations"]["nodes"].take();
        assert_eq!(theirs[1], json!({ "role": "CO_OWNER", "accountNumber": account.number, "account": { "number": account.number }, "customer": { "id": other } }));
        app.done("removeAccountParticipant", part(&account, &other, "GUARANTOR"), "replayed").await;
        app.refused("removeAccountParticipant", part(&account, &other, "GUARANTOR"), "NOT_FOUND", "role").await;
        assert_eq!(roles(&other).await, json!(["OWNER", "CO_OWNER", "PAYER", "DEBTOR"]));
        let history = "query($id: ID!) { history(of: $id) { nodes { operation } } }";
        let told = app.ok(history, json!({ "id": account.id })).await["history"]["nodes"][0].take();
        assert_eq!(told["operation"], "removeAccountParticipant");
    }

    async fn nobody_takes_part_twice_or_in_what_is_closed_or_beside_oneself(app: TestApp) {
        let account = app.account("current").await;
        let other = app.customer().await;
        app.done("addAccountParticipant", part(&account, &other, "PAYER"), "replayed").await;
        let closed = app.account("current").await;
        close(&app, &closed).await;
        let before = app.picture().await;
        for (input, code, field) in [
            (part(&account, &other, "PAYER"), "DUPLICATE_REFERENCE", "role"),
            (part(&account, &account.owner, "CO_OWNER"), "PARTICIPANT_REFUSED", "role"),
            (part(&account, &account.owner, "GUARANTOR"), "PARTICIPANT_REFUSED", "role"),
            (part(&closed, &other, "CO_OWNER"), "PARTICIPANT_REFUSED", "account"),
            (part(&account, "cus_00000000000000000000000000000000", "PAYER"), "NOT_FOUND", "customer"),
            (json!({ "account": { "number": "x" }, "customer": { "id": other }, "role": "PAYER" }), "NOT_FOUND", "account"),
        ] {
            app.refused("addAccountParticipant", input, code, field).await;
        }
        assert_eq!(app.picture().await, before);
        for _ in 0..19 {
            let next = app.customer().await;
            app.done("addAccountParticipant", part(&account, &next, "PAYER"), "replayed").await;
        }
        let refused = app.refused("addAccountParticipant", part(&account, &app.customer().await, "PAYER"), "PARTICIPANT_REFUSED", "account").await;
        assert_eq!(refused["facts"]["maximumCount"], 20);
    }

    async fn whoever_takes_part_sees_that_and_no_more(app: TestApp) {
        let account = app.funded("100.00").await;
        let other = app.customer().await;
        app.done("addAccountParticipant", part(&account, &other, "CO_OWNER"), "replayed").await;
        let theirs = app.bound_to(&other);
        let seen = whole(&theirs, &json!({ "id": other })).await;
        assert_eq!(seen["participations"]["nodes"], json!([{ "role": "CO_OWNER", "accountNumber": account.number, "account": null, "customer": { "id": other } }]));
        assert_eq!(seen["roles"], json!(["CO_OWNER"]));
        let query = "query($by: AccountBy!) { account(by: $by) { id participants { role customer { id } } } }";
        assert_eq!(theirs.ok(query, json!({ "by": account.by() })).await["account"], Value::Null);
        assert_eq!(whole(&theirs, &json!({ "id": account.owner })).await, Value::Null);
        // The owner sees that somebody does.
        let owner = app.bound_to(&account.owner);
        let seen = owner.ok(query, json!({ "by": account.by() })).await["account"]["participants"].take();
        assert_eq!(seen, json!([{ "role": "CO_OWNER", "customer": null }]));
        theirs.mutate("addAccountParticipant", part(&account, &other, "PAYER"), "replayed").await.fault("FORBIDDEN");
    }

    async fn two_records_of_a_person_become_one(app: TestApp) {
        let new = |last: &str, more: Value| with(json!({ "type": "PERSON", "firstName": "Ada", "lastName": last }), more);
        let stays = app.done("createCustomer", new("Lovelace", json!({ "languages": ["en"], "identifiers": [{ "country": "SE", "value": "19811228-9874" }],
            "contactPoints": [{ "kind": "EMAIL", "value": "ada@example.com" }] })), "customer { id }").await["customer"]["id"].as_str().expect("an id").to_owned();
        let goes = app.done("createCustomer", new("Byron", json!({ "number": "OLD-1", "externalReference": "crm-old", "languages": ["sv", "en"], "birthDate": "1981-12-28",
            "identifiers": [{ "country": "DE", "value": "36574261809" }],
            "contactPoints": [{ "kind": "EMAIL", "value": "ada@example.com" }, { "kind": "EMAIL", "value": "byron@example.com", "primary": true }, { "kind": "PHONE", "value": "+46701234567" }] })), "customer { id }").await["customer"]["id"].as_str().expect("an id").to_owned();
        let (one, two, third) = (app.account_of(&stays, "current").await, app.account_of(&goes, "savings").await, app.funded("10.00").await);
        app.pay_in(&two, "25.00").await;
        for (account, customer, role) in [(&third, &goes, "PAYER"), (&third, &stays, "PAYER"), (&third, &goes, "GUARANTOR"), (&one, &goes, "CO_OWNER"), (&two, &stays, "CO_OWNER"), (&two, &stays, "PAYER")] {
            app.done("addAccountParticipant", part(account, customer, role), "replayed").await;
        }
        let card = json!({ "account": third.by(), "card": { "main": false, "token": "moved-1", "holder": { "id": goes } } });
        app.done("addCard", card, "replayed").await;
        let block = json!({ "on": { "customer": { "id": goes } }, "kind": "DEBITS", "reasonCode": "SANCTIONS" });
        let block = app.done("placeBlock", block, "block { id }").await["block"]["id"].take();
        let address = json!({ "label": "MAIN_POSTAL_ADDRESS", "content": { "postal": { "townName": "Gävle", "country": "SE" } } });
        app.done("createAddress", json!({ "customer": { "id": goes }, "address": address }), "replayed").await;
        let document = json!({ "name": "letter.txt", "kind": "LETTER", "subject": goes });
        let document = app.done("createUploadLink", document, "document { id }").await["document"]["id"].take();
        let approved = merge(&app, &goes, &stays).await;
        assert_eq!(json!([approved["state"], approved["result"]["id"]]), json!(["APPROVED", stays]), "{approved}");
        let after = whole(&app, &json!({ "id": stays })).await;
        assert_eq!(json!([after["name"], after["birthDate"], after["languages"], after["accounts"]["nodes"]]),
            json!(["Ada Lovelace", "1981-12-28", ["en", "sv"], [{ "number": one.number }, { "number": two.number }]]));
        assert_eq!(after["contactPoints"], json!([{ "value": "ada@example.com", "primary": true }, { "value": "byron@example.com", "primary": false }, { "value": "+46701234567", "primary": true }]));
        assert_eq!(after["identifiers"], json!([{ "kind": "SE_PERSONNUMMER" }, { "kind": "DE_IDNR" }]));
        let parts: Vec<Value> = after["participations"]["nodes"].as_array().expect("parts").iter().map(|part| json!([part["accountNumber"], part["role"]])).collect();
        assert_eq!(parts, [json!([third.number, "PAYER"]), json!([third.number, "GUARANTOR"]), json!([two.number, "PAYER"])], "nobody takes part twice, nor beside itself");
        let found = app.ok("query($id: ID!) { document(id: $id) { subject } }", json!({ "id": document })).await;
        assert_eq!(found["document"]["subject"], json!(stays));
        // What stopped the one stops the other on all of its accounts.
        app.pay_in(&one, "5.00").await;
        for account in [&one, &two] {
            let transfer = json!({ "from": account.by(), "to": third.by(), "amount": euros("1.00") });
            app.refused("transfer", transfer, "ACCOUNT_BLOCKED", "from").await;
        }
        app.refused("eraseCustomer", json!({ "customer": { "id": stays } }), "CUSTOMER_HAS_OBLIGATIONS", "customer").await;
        app.done("liftBlock", json!({ "block": block, "reason": "over" }), "replayed").await;
        app.transfer(&one, &third, "1.00").await;
        let held = "query($by: CustomerBy!) { customer(by: $by) { roles cards { nodes { token } } addresses { nodes { label } } } }";
        let held = app.ok(held, json!({ "by": { "id": stays } })).await["customer"].take();
        assert_eq!(held, json!({ "roles": ["OWNER", "CARDHOLDER", "PAYER", "GUARANTOR"], "cards": { "nodes": [{ "token": "moved-1" }] }, "addresses": { "nodes": [{ "label": "MAIN_POSTAL_ADDRESS" }] } }));
        // The other is still there under each of its names, and says where it went.
        for by in [json!({ "id": goes }), json!({ "number": "OLD-1" }), json!({ "externalReference": "crm-old" })] {
            let gone = whole(&app, &by).await;
            assert_eq!(json!([gone["id"], gone["name"], gone["mergedInto"]["id"], gone["accounts"]["nodes"], gone["identifiers"], gone["roles"]]),
                json!([goes, "Ada Byron", stays, [], [], []]));
            let refused = app.refused("updateCustomer", json!({ "customer": by, "firstName": "X" }), "CUSTOMER_MERGED", "customer").await;
            assert_eq!(refused["facts"]["customer"], json!(stays));
            let opening = json!({ "product": { "code": "current" }, "owner": by });
            app.refused("openAccount", opening, "CUSTOMER_MERGED", "owner").await;
        }
        assert_eq!(find(&app, json!({ "identifier": { "country": "DE", "value": "36574261809" } })).await["id"], json!(stays));
        // Its money is the survivor's, and its token sees it.
        assert_eq!(app.bound_to(&stays).balance(&two).await, "25.00");
        let query = "query($by: AccountBy!) { account(by: $by) { id } }";
        assert_eq!(app.bound_to(&goes).ok(query, json!({ "by": two.by() })).await["account"], Value::Null);
        let present = app.ok("{ customers(first: 100, filter: { present: true }) { nodes { id } } }", json!({})).await;
        assert!(!present.to_string().contains(&goes));
        crate::faults::served::verify(&app.database_url()).await;
    }

    async fn a_merge_takes_two_persons_and_one_customer(app: TestApp) {
        let new = async |input: Value| app.done("createCustomer", input, "customer { id }").await["customer"]["id"].as_str().expect("an id").to_owned();
        let person = |more: Value| with(json!({ "type": "PERSON", "lastName": "Lovelace" }), more);
        let one = new(person(json!({ "birthDate": "1981-12-28", "identifiers": [{ "country": "SE", "value": "19811228-9874" }] }))).await;
        let born = new(person(json!({ "birthDate": "1981-12-29" }))).await;
        let numbered = new(person(json!({ "identifiers": [{ "country": "SE", "value": "670919-9530" }] }))).await;
        let company = new(json!({ "type": "COMPANY", "companyName": "Engines" })).await;
        let same = new(person(json!({}))).await;
        let before = app.picture().await;
        let input = |from: &str, into: &str| json!({ "customer": { "id": from }, "into": { "id": into } });
        for (input, code, field) in [
            (input(&one, &one), "INVALID_INPUT", "into"),
            (input(&born, &one), "NOT_THE_SAME_CUSTOMER", "into"),
            (input(&numbered, &one), "NOT_THE_SAME_CUSTOMER", "into"),
            (input(&company, &one), "NOT_THE_SAME_CUSTOMER", "into"),
            (input("cus_00000000000000000000000000000000", &one), "NOT_FOUND", "customer"),
            (input(&one, "cus_00000000000000000000000000000000"), "NOT_FOUND", "into"),
        ] {
            let refused = app.refused("mergeCustomers", input, code, field).await;
            assert!(!refused.to_string().contains("1981"), "{refused}");
        }
        assert_eq!(app.picture().await, before);
        // Whoever asks for it is not the one who says yes, whatever the rules are.
        app.done("setApprovalRules", json!({ "rules": [] }), "replayed").await;
        let asked = with(input(&same, &one), json!({ "idempotencyKey": fresh_key() }));
        let waiting = app.refused("mergeCustomers", asked.clone(), "APPROVAL_REQUIRED", "").await["facts"]["approval"].take();
        app.refused("approve", json!({ "approval": waiting }), "APPROVAL_BY_MAKER", "approval").await;
        let checker = app.with_client("checker").with_scopes("read approve");
        checker.done("rejectApproval", json!({ "approval": waiting, "comment": "two persons" }), "replayed").await;
        app.refused("mergeCustomers", asked, "APPROVAL_NOT_GIVEN", "").await;
        assert_eq!(whole(&app, &json!({ "id": same })).await["mergedInto"], Value::Null);
        assert_eq!(merge(&app, &same, &one).await["state"], "APPROVED");
        app.refused("mergeCustomers", input(&same, &one), "CUSTOMER_MERGED", "customer").await;
        app.refused("mergeCustomers", input(&one, &same), "CUSTOMER_MERGED", "into").await;
    }

    async fn a_merge_of_very_many_accounts_is_refused(app: TestApp) {
        let (many, other) = (app.customer().await, app.customer().await);
        let items: Vec<Value> = (0..201)
            .map(|_| json!({ "idempotencyKey": fresh_key(), "product": { "code": "current" }, "owner": { "id": many } }))
            .collect();
        for items in items.chunks(100) {
            app.done("openAccountBatch", json!({ "items": items }), &crate::app::items("")).await;
        }
        let input = json!({ "customer": { "id": many }, "into": { "id": other } });
        let refused = app.refused("mergeCustomers", input, "TOO_MANY_TO_MERGE", "customer").await;
        assert_eq!(refused["facts"]["maximumCount"], 200);
    }

    async fn nobody_is_erased_who_has_something_open(app: TestApp) {
        let open = app.funded("100.00").await;
        let debtor = app.account_of(&open.owner, "credit-card").await;
        app.done("disburse", json!({ "account": debtor.by(), "amount": euros("30.00"), "iban": "SE3550000000054910000003" }), "replayed").await;
        app.hold(&open, "5.00").await;
        let others = app.account("current").await;
        app.done("addAccountParticipant", part(&others, &open.owner, "GUARANTOR"), "replayed").await;
        let before = app.picture().await;
        let refused = app.refused("eraseCustomer", json!({ "customer": { "id": open.owner } }), "CUSTOMER_HAS_OBLIGATIONS", "customer").await;
        let reasons: Vec<&str> = refused["fields"].as_array().expect("fields").iter().map(|field| field["message"].as_str().expect("a text")).collect();
        let expected = [
            format!("account {} is OPEN", open.number),
            format!("account {} has 5.00 EUR reserved", open.number),
            format!("account {} is OPEN", debtor.number),
            format!("account {} owes 30.00 EUR", debtor.number),
            format!("it is GUARANTOR of account {}, which is OPEN", others.number),
        ];
        assert_eq!(reasons, expected);
        assert_eq!(app.picture().await, before);
        app.refused("eraseCustomer", json!({ "customer": { "number": "nobody" } }), "NOT_FOUND", "customer").await;
    }

    async fn what_is_personal_goes_and_the_books_stay(app: TestApp) {
        let secret = |what: &str| format!("Zyxomma-{what}");
        let (first, last) = (secret("first"), secret("last"));
        let input = json!({ "type": "PERSON", "firstName": first, "middleName": secret("mid"), "lastName": last, "number": "E-1", "externalReference": secret("crm"),
            "birthDate": "1981-12-28", "languages": ["fo"], "metadata": { "note": secret("note") }, "idempotencyKey": fresh_key(),
            "identifiers": [{ "country": "SE", "value": "19811228-9874" }],
            "contactPoints": [{ "kind": "EMAIL", "value": "zyxomma@example.com" }, { "kind": "PHONE", "value": "+46709876543" }] });
        let id = app.done("createCustomer", input.clone(), "customer { id }").await["customer"]["id"].as_str().expect("an id").to_owned();
        let double = app.done("createCustomer", json!({ "type": "PERSON", "lastName": secret("double") }), "customer { id }").await["customer"]["id"].as_str().expect("an id").to_owned();
        assert_eq!(merge(&app, &double, &id).await["state"], "APPROVED");
        let account = app.open(json!({ "product": { "code": "current" }, "owner": { "id": id }, "metadata": { "note": secret("account") } })).await;
        let other = app.account("current").await;
        let payment = json!({ "account": account.by(), "amount": euros("100.00"), "channel": "BANK_TRANSFER", "idempotencyKey": fresh_key(),
            "counterparty": { "name": secret("employer"), "account": "SE3550000000054910000003" } });
        let entry = app.done("postPayment", payment.clone(), "entry { id }").await["entry"]["id"].take();
        app.done("transfer", json!({ "from": account.by(), "to": other.by(), "amount": euros("60.00"), "messageToSender": secret("own"), "messageToReceiver": secret("message") }), "replayed").await;
        let block = json!({ "on": { "account": account.by() }, "kind": "CREDITS", "reasonCode": "X", "reason": secret("blocked") });
        let block = app.done("placeBlock", block, "block { id }").await["block"]["id"].take();
        app.done("liftBlock", json!({ "block": block, "reason": secret("lifted") }), "replayed").await;
        let card = json!({ "token": "erased-1", "main": true, "embossedName": "ZYXOMMA PRINTED" });
        app.done("addCard", json!({ "account": account.by(), "card": card }), "replayed").await;
        app.done("closeAccount", json!({ "account": account.by(), "closureCode": "END", "transactions": [{ "target": { "transferTo": other.by() } }] }), "replayed").await;
        let rest = app.balance(&other).await;
        let address = json!({ "label": "MAIN_POSTAL_ADDRESS", "externalReference": secret("address"), "content": { "postal": { "streetName": secret("street"), "townName": secret("town"), "country": "SE" } } });
        app.done("createAddress", json!({ "customer": { "id": id }, "address": address }), "replayed").await;
        let document = |kind: &str| json!({ "name": secret("letter.txt"), "kind": kind, "subject": id });
        app.done("createUploadLink", document("LETTER"), "replayed").await;
        // What went into actions on the account, what came out, and what a job of one was refused for.
        for (code, text) in [("gives", "#{ said: input.text }"), ("says", "refuse(input.text)"), ("throws", "throw input.text")] {
            let action = json!({ "code": code, "kind": "SCRIPT", "binding": "ACCOUNT", "script": text });
            app.done("createCustomAction", action, "replayed").await;
            for background in [false, true] {
                let input = json!({ "action": { "code": code }, "account": account.by(), "input": { "text": secret("action") }, "async": background });
                app.done("runAction", input, "replayed").await;
            }
        }
        let runs = "query($f: ActionRunFilter) { actionRuns(filter: $f) { nodes { state input output refusal { code } failure { kind } } } }";
        let of_account = json!({ "f": { "account": account.id } });
        crate::app::eventually("the runs", || async {
            let found = app.ok(runs, of_account.clone()).await["actionRuns"]["nodes"].take();
            let over = |run: &&Value| ["DONE", "REFUSED", "FAILED"].iter().any(|state| run["state"] == *state);
            found.as_array().expect("runs").iter().filter(over).count() == 6
        })
        .await;
        let before = app.ok("{ trialBalance { balanced lines { code debit { amount } credit { amount } } } entries(first: 1) { nodes { sequence } } }", json!({})).await;
        let found = grep(&app, "Zyxomma").await;
        assert!(found.len() > 6, "there is something to erase: {found:?}");

        let erase = json!({ "customer": { "id": id }, "idempotencyKey": fresh_key() });
        let shown = "replayed erased kept { what why until } customer { id name number mergedInto { id } }";
        let done = app.done("eraseCustomer", erase.clone(), shown).await;
        assert_eq!(done["erased"], json!(["NAMES", "BIRTH_DATE", "LANGUAGES", "CONTACT_POINTS", "IDENTIFIERS", "EXTERNAL_REFERENCE", "METADATA", "ADDRESSES", "ENTRY_TEXTS", "REMARKS", "CARDS", "DOCUMENTS", "ACTION_RUNS"]));
        let kept: Vec<Value> = done["kept"].as_array().expect("kept").iter().map(|kept| json!([kept["what"], kept["until"]])).collect();
        assert_eq!(kept, [json!(["ENTRIES", "2036-12-31"]), json!(["NUMBER", null]), json!(["AUDIT_TRAIL", null]), json!(["ACTION_RUNS", null])]);
        assert_eq!(done["customer"]["name"], "");

        // Nothing of it is left in any table, nor in any answer.
        for text in ["Zyxomma", "19811228", "8112289874", "+46709876543", "SE3550000000054910000003", "1981-12-28"] {
            assert_eq!(grep(&app, text).await, Vec::<String>::new(), "{text}");
        }
        let everything = "query($by: AccountBy!, $id: ID!, $entry: ID!) {
            history(of: $id) { nodes { operation events { type payload } } } customers(first: 100) { nodes { name number externalReference metadata } }
            events(first: 100) { nodes { type payload } } entry(id: $entry) { id description counterparty { name account } postings { message } }
            account(by: $by) { number owner { name } metadata transactions(first: 20) { nodes { description counterparty { name } } } }
            auditRecords(first: 100) { nodes { operation target } } documents { nodes { name status } } }";
        let all = app.ok(everything, json!({ "by": account.by(), "id": id, "entry": entry })).await;
        assert!(!all.to_string().contains("Zyxomma"), "{all}");
        assert_eq!(all["entry"]["counterparty"], Value::Null);
        let left = app.ok(runs, of_account).await["actionRuns"]["nodes"].take();
        let states: Vec<&Value> = left.as_array().expect("runs").iter().map(|run| &run["state"]).collect();
        assert_eq!(json!(states), json!(["FAILED", "FAILED", "REFUSED", "REFUSED", "DONE", "DONE"]), "that they were stays");
        assert_eq!(left[0], json!({ "state": "FAILED", "input": {}, "output": null, "refusal": null, "failure": null }));
        let offered = app.ok("query($by: AccountBy!) { account(by: $by) { actions { action allowed reason } } }", json!({ "by": account.by() })).await;
        let offered = offered["account"]["actions"].as_array().expect("actions").clone();
        assert!(offered.iter().any(|offer| offer["action"] == "UPDATE_ACCOUNT" && offer["allowed"] == false && offer["reason"].is_string()));
        // Repetitions give what there is now.
        for (name, input) in [("createCustomer", input), ("postPayment", payment)] {
            let shown = if name == "postPayment" { "replayed entry { counterparty { name } }" } else { "replayed customer { name }" };
            let again = app.done(name, input, shown).await;
            assert!(again["replayed"] == true && !again.to_string().contains("Zyxomma"), "{again}");
        }
        let again = app.done("eraseCustomer", erase, shown).await;
        assert_eq!(json!([again["replayed"], again["erased"], again["kept"]]), json!([true, done["erased"], done["kept"]]));

        // The books are what they were.
        let after = app.ok("{ trialBalance { balanced lines { code debit { amount } credit { amount } } } entries(first: 1) { nodes { sequence } } }", json!({})).await;
        assert_eq!(after, before);
        assert_eq!(app.balance(&other).await, rest);
        crate::faults::served::verify(&app.database_url()).await;

        // There is nobody to do anything with any more.
        let by = json!({ "id": id });
        for (name, input, field) in [
            ("updateCustomer", json!({ "customer": by, "firstName": "X" }), "customer"),
            ("openAccount", json!({ "product": { "code": "current" }, "owner": by }), "owner"),
            ("eraseCustomer", json!({ "customer": by }), "customer"),
            ("addAccountParticipant", part(&other, &id, "PAYER"), "customer"),
            ("mergeCustomers", json!({ "customer": { "id": other.owner }, "into": by }), "into"),
            ("updateAccount", json!({ "account": account.by(), "metadata": { "note": "again" } }), "account"),
            ("updateAccount", json!({ "account": account.by(), "externalReference": "again" }), "account"),
            ("runAction", json!({ "action": { "code": "gives" }, "account": account.by(), "input": { "text": "again" } }), "account"),
            ("updateCard", json!({ "card": { "token": "erased-1" }, "metadata": { "note": "again" } }), "card"),
        ] {
            app.refused(name, input, "CUSTOMER_ERASED", field).await;
        }
        app.refused("eraseCustomer", json!({ "customer": { "id": double } }), "CUSTOMER_ERASED", "customer").await;
        assert_eq!(find(&app, json!({ "identifier": { "country": "SE", "value": "19811228-9874" } })).await, Value::Null);
        // The number is free for whoever comes.
        app.done("createCustomer", json!({ "type": "PERSON", "lastName": numbered("New"), "identifiers": [{ "country": "SE", "value": "19811228-9874" }] }), "replayed").await;
    }

    async fn what_is_under_way_is_waited_for(app: TestApp) {
        let account = app.account("current").await;
        let receiver = crate::webhooks::receiver::Receiver::start().await;
        receiver.answers(|_| crate::webhooks::receiver::Reply::Status(503));
        let action = json!({ "code": "call", "kind": "WEBHOOK", "binding": "ACCOUNT", "url": receiver.url() });
        app.done("createCustomAction", action, "replayed").await;
        let input = json!({ "action": { "code": "call" }, "account": account.by(), "input": {}, "async": true });
        let run = app.done("runAction", input, "run { id }").await["run"]["id"].take();
        let state = "query($id: ID!) { actionRun(id: $id) { state } }";
        crate::app::eventually("it waits", || async { app.ok(state, json!({ "id": run })).await["actionRun"]["state"] == "WAITING" }).await;
        close(&app, &account).await;
        let refused = app.refused("eraseCustomer", json!({ "customer": { "id": account.owner } }), "CUSTOMER_HAS_OBLIGATIONS", "customer").await;
        let reason = format!("run {} of a custom action on account {} is WAITING", run.as_str().expect("an id"), account.number);
        assert_eq!(refused["fields"][0]["message"], reason);
        receiver.answers(|_| crate::webhooks::receiver::Reply::Status(204));
        app.advance(std::time::Duration::from_secs(10));
        crate::app::eventually("it is done", || async { app.ok(state, json!({ "id": run })).await["actionRun"]["state"] == "DONE" }).await;
        app.done("eraseCustomer", json!({ "customer": { "id": account.owner } }), "replayed").await;
    }

    async fn credentials_go_with_the_record_that_stays_and_end_with_the_person(app: TestApp) {
        let secret = "a-secret-of-the-tests";
        let (goes, stays, unbound) = (app.customer().await, app.customer().await, numbered("unbound"));
        let (of_one, of_other) = (numbered("one"), numbered("other"));
        app.create_client(&of_one, secret, "read", Some(&goes)).await;
        app.create_client(&of_other, secret, "read", Some(&stays)).await;
        app.create_client(&unbound, secret, "read", None).await;
        let ask = async |id: &str, more: &[(&str, &str)]| {
            let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
            app.ask_token(&[&form[..], more].concat()).await
        };
        let who = async |id: &str| {
            let (status, body) = ask(id, &[]).await;
            assert_eq!(status, 200, "{body}");
            let bound = app.with_token(body["access_token"].as_str().expect("a token"));
            bound.ok("{ viewer { customer { id } } }", json!({})).await["viewer"]["customer"]["id"].take()
        };
        assert_eq!(who(&of_one).await, json!(goes));
        assert_eq!(merge(&app, &goes, &stays).await["state"], "APPROVED");
        // The same person signs in as before, and is who it is now.
        assert_eq!((who(&of_one).await, who(&of_other).await), (json!(stays), json!(stays)));
        assert_eq!(ask(&unbound, &[("customer", &goes)]).await.0, 400);
        assert_eq!(ask(&unbound, &[("customer", &stays)]).await.0, 200);
        app.done("eraseCustomer", json!({ "customer": { "id": stays } }), "replayed").await;
        for id in [&of_one, &of_other] {
            let (status, body) = ask(id, &[]).await;
            assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
        }
        assert_eq!(ask(&unbound, &[("customer", &stays)]).await.0, 400);
        assert_eq!(ask(&unbound, &[]).await.0, 200);
    }

    async fn documents_that_have_to_be_kept_are_named(app: TestApp) {
        let id = app.customer().await;
        app.done("setDocumentKind", json!({ "kind": "CONTRACT", "legalHold": true }), "replayed").await;
        let file = crate::documents::contract(&app, &id).await;
        let done = app.done("eraseCustomer", json!({ "customer": { "id": id } }), "erased kept { what why }").await;
        assert_eq!(done["erased"], json!(["NAMES"]));
        assert_eq!(done["kept"][0]["what"], "DOCUMENTS");
        let found = app.ok("query($id: ID!) { document(id: $id) { status } }", json!({ "id": file })).await;
        assert_eq!(found["document"]["status"], "KEPT");
    }
}
