//! What a token sees: its tenant's things, and only its customer's when it is bound to one.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Request, Response};
use chrono::DateTime;
use futures_util::StreamExt as _;
use serde_json::{Value as Json, json};

use crate::access::{Access, AccessConfig, Principal, Scope, create_tenant, testing};
use crate::accounts::catalogue::InstallCatalogue;
use crate::accounts::{AccountBy, NewOwner, OpenAccount, ProductBy};
use crate::api::context::Caller;
use crate::api::documents::Files;
use crate::api::limits::RequestId;
use crate::api::pagination::{EventSequence, Key as _};
use crate::api::{KontoSchema, executable};
use crate::customers::{CreateCustomer, CustomerBy, CustomerType};
use crate::documents::vault::Place;
use crate::documents::{Limits, Vault};
use crate::engine::Engine;
use crate::ledger::PaymentChannel;
use crate::payments::{Details, PlaceHold, PostPayment, Transfer};
use crate::primitives::{Clock, CustomerId, IdSource, Money, Origin, TenantId};
use crate::work::{Settings, Surroundings, found};

/// Two customers, Ada and Bo, with an account each; Ada was paid 100 and has passed 30 on to Bo.
struct Bank {
    _folder: testing::Folder,
    engine: Engine,
    schema: KontoSchema,
    tenant: TenantId,
    ada: CustomerId,
    bo: CustomerId,
    passed_on: String,
}

fn euro(amount: &str) -> Money {
    Money { amount: amount.parse().expect("a decimal"), currency: "EUR".parse().expect("a currency") }
}

fn named(number: &str) -> AccountBy {
    AccountBy::Number(number.into())
}

async fn open(engine: &Engine, origin: &Origin, name: &str) -> CustomerId {
    let new = CreateCustomer {
        type_: CustomerType::Person,
        number: None,
        external_reference: None,
        first_name: None,
        last_name: Some(name.into()),
        company_name: None,
        metadata: "{}".into(),
        profile: Default::default(),
        addresses: Vec::new(),
    };
    let customer = engine.run(origin, None, new).await.expect("a customer").value.id;
    let new = OpenAccount {
        product: ProductBy::Code("current".into()),
        owner: NewOwner::Existing(CustomerBy::Id(customer)),
        creditor: None,
        number: Some(name.into()),
        external_reference: None,
        credit_limit: None,
        migrated_balance: None,
        metadata: r#"{"colour":"blue"}"#.into(),
    };
    engine.run(origin, None, new).await.expect("an account");
    customer
}

impl Bank {
    async fn open() -> Self {
        let (folder, db) = testing::database().await;
        let clock = Clock::manual(DateTime::from_timestamp(1_780_000_000, 0).expect("a moment"));
        let ids = IdSource::seeded(clock.clone(), 1);
        let access = Access::start(db.clone(), clock.clone(), ids.clone(), AccessConfig::default());
        let access = access.await.expect("access control");
        let vault = Vault::new(Place::Folder("nowhere".into()));
        let files = Files::new(vault, Limits::default(), access, clock.clone());
        let engine = Engine::start(db, clock.clone(), ids.clone());
        let tx = engine.db.begin().await.expect("a transaction");
        let currency = "EUR".parse().expect("a currency");
        let settings = Settings { name: "Bank".into(), base_currency: currency, ..Settings::default() };
        let tenant = create_tenant(&tx, &clock, &ids, "bank", settings).await.expect("a tenant");
        let surroundings = Surroundings { clock: clock.clone(), ids: ids.clone() };
        found(&tx, &surroundings, tenant, InstallCatalogue { currency }).await.expect("products");
        tx.commit().await.expect("a commit");
        let origin = Origin::system(tenant);
        let ada = open(&engine, &origin, "ada").await;
        let bo = open(&engine, &origin, "bo").await;
        let bank = Self {
            _folder: folder,
            schema: executable(&engine, files).expect("the schema").schema,
            engine,
            tenant,
            ada,
            bo,
            passed_on: String::new(),
        };
        bank.pay("ada", "100").await;
        let passed_on = bank.transfer("30").await;
        Self { passed_on, ..bank }
    }

    async fn pay(&self, account: &str, amount: &str) {
        let payment = PostPayment {
            account: named(account),
            amount: euro(amount),
            channel: PaymentChannel::BankTransfer,
            counterparty: None,
            overpayment: None,
            details: Details::default(),
        };
        self.engine.run(&Origin::system(self.tenant), None, payment).await.expect("a payment");
    }

    async fn transfer(&self, amount: &str) -> String {
        let transfer = Transfer {
            from: named("ada"),
            to: named("bo"),
            amount: euro(amount),
            message_to_sender: Some("to Bo".into()),
            message_to_receiver: None,
            details: Details { description: Some("a gift".into()), ..Details::default() },
        };
        let moved = self.engine.run(&Origin::system(self.tenant), None, transfer).await;
        moved.expect("a transfer").value.id.to_string()
    }

    fn request(&self, customer: Option<CustomerId>, scopes: &[Scope], query: &str) -> Request {
        let principal = Principal {
            tenant: self.tenant,
            client: "test".into(),
            customer,
            scopes: Arc::new(scopes.iter().copied().collect()),
            expires_at: i64::MAX / 2_000_000,
        };
        let caller = Caller::new(
            &self.engine,
            &Arc::new(crate::api::loaders::Hubs::new(&self.engine)),
            &principal,
            &RequestId("test".into()),
        );
        Request::new(query).data(caller)
    }

    async fn ask(&self, customer: Option<CustomerId>, query: &str) -> Json {
        let response = self.schema.execute(self.request(customer, &[Scope::Read, Scope::Audit], query)).await;
        assert_eq!(response.errors, Vec::new(), "{query}");
        response.data.into_json().expect("JSON")
    }

    async fn fault(&self, customer: Option<CustomerId>, scopes: &[Scope], query: &str) -> String {
        code(&self.schema.execute(self.request(customer, scopes, query)).await)
    }
}

fn code(response: &Response) -> String {
    let error = response.errors.first().unwrap_or_else(|| panic!("no fault in {:?}", response.data));
    let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code")).expect("a code");
    code.clone().into_json().expect("JSON").as_str().expect("a word").to_owned()
}

#[tokio::test]
async fn an_account_shows_all_that_it_is() {
    let bank = Bank::open().await;
    let seen = bank
        .ask(
            None,
            r#"{ account(by: {number: "ada"}) {
                __typename ... on CardAccount { number } ... on DepositAccount { currency } ... on Node { id }
                ...Amounts product { code family } owner { name } metadata status openedOn closedOn
                components { component amount { amount } }
                balanceAsOf(date: "2026-05-28") { amount } before: balanceAsOf(date: "2026-05-27") { amount }
                transactions(first: 1) {
                    nodes { kind amount { amount } balanceAfter { amount } description components { component amount { amount } } }
                    pageInfo { hasNextPage hasPreviousPage }
                }
                history { nodes { operation events { type } } }
                actions { action allowed reason }
            } }
            fragment Amounts on Account { balance { amount currency } available { amount } reserved { amount } }"#,
        )
        .await;
    let account = &seen["account"];
    assert_eq!(account["__typename"], "DepositAccount");
    assert_eq!(account["number"], Json::Null);
    assert_eq!(account["balance"], json!({ "amount": "70.00", "currency": "EUR" }));
    assert_eq!(account["balanceAsOf"]["amount"], "70.00");
    assert_eq!(account["before"]["amount"], "0.00");
    assert_eq!(account["metadata"], json!({ "colour": "blue" }));
    assert_eq!(account["components"][0], json!({ "component": "PRINCIPAL", "amount": { "amount": "70.00" } }));
    assert_eq!(
        account["transactions"],
        json!({
            "nodes": [{
                "kind": "TRANSFER", "amount": { "amount": "-30.00" }, "balanceAfter": { "amount": "70.00" },
                "description": "to Bo", "components": [{ "component": "PRINCIPAL", "amount": { "amount": "-30.00" } }],
            }],
            "pageInfo": { "hasNextPage": true, "hasPreviousPage": false },
        })
    );
    assert_eq!(
        account["history"]["nodes"],
        json!([
            { "operation": "transfer", "events": [{ "type": "ENTRY_POSTED" }] },
            { "operation": "postPayment", "events": [{ "type": "ENTRY_POSTED" }] },
            { "operation": "openAccount", "events": [{ "type": "ACCOUNT_OPENED" }] },
        ])
    );
    assert_eq!(
        account["actions"][0],
        json!({ "action": "TRANSFER", "allowed": false, "reason": "the token lacks the scope money" })
    );
    assert!(account["id"].as_str().is_some_and(|id| id.starts_with("acc_")));
}

#[tokio::test]
async fn everything_with_an_id_is_found_by_it() {
    let bank = Bank::open().await;
    let hold =
        PlaceHold { account: named("ada"), amount: euro("5"), expires_at: None, description: None, reference: None };
    let origin = Origin::system(bank.tenant);
    bank.engine.run(&origin, None, hold).await.expect("a hold");
    let seen = bank
        .ask(
            None,
            r#"{
                account(by: {number: "ada"}) {
                    id product { id } owner { id } holds { nodes { id } }
                    transactions { nodes { id entry { id postings { ledgerAccount { id } } } } }
                }
                auditRecords { nodes { id } }
            }"#,
        )
        .await;
    let mut ids = Vec::new();
    gather(&seen, &mut ids);
    assert!(ids.len() > 10, "{ids:?}");
    let found = bank.ask(None, &format!("{{ nodes(ids: {}) {{ id }} }}", json!(ids))).await;
    let expected: Vec<Json> = ids.iter().map(|id| json!({ "id": id })).collect();
    assert_eq!(found["nodes"], Json::Array(expected));
    let strange = r#"{ nodes(ids: ["", "acc_", "acc_1", "xyz_1", "ent_00000000000000000000000000000000"]) { id } }"#;
    assert_eq!(bank.ask(None, strange).await["nodes"], json!([null, null, null, null, null]));

    // Bo, who got money from Ada, is shown what is his, and nothing else exists.
    let found = bank.ask(Some(bank.bo), &format!("{{ nodes(ids: {}) {{ id __typename }} }}", json!(ids))).await;
    let kinds: Vec<&str> =
        found["nodes"].as_array().expect("nodes").iter().filter_map(|node| node["__typename"].as_str()).collect();
    assert!(
        !kinds.is_empty() && kinds.iter().all(|kind| ["Product", "Entry", "LedgerAccount"].contains(kind)),
        "{kinds:?}"
    );
    assert!(kinds.iter().filter(|kind| **kind == "Entry").count() == 1, "{kinds:?}");
}

fn gather(json: &Json, ids: &mut Vec<String>) {
    match json {
        Json::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Json::String(id) if name == "id" && !ids.contains(id) => ids.push(id.clone()),
                    other => gather(other, ids),
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| gather(item, ids)),
        _ => {}
    }
}

#[tokio::test]
async fn a_bound_token_sees_one_customer() {
    let bank = Bank::open().await;
    let bo = Some(bank.bo);
    let everything = format!(
        r#"{{
            customers {{ nodes {{ name }} }}
            customer(by: {{id: "{ada}"}}) {{ name }}
            accounts {{ nodes {{ number }} }}
            hers: accounts(filter: {{owner: "{ada}"}}) {{ nodes {{ number }} }}
            account(by: {{number: "ada"}}) {{ number }}
            entries {{ nodes {{ kind postings {{ account {{ number }} amount {{ amount }} }} }} }}
            entry(id: "{entry}") {{ description }}
            events {{ nodes {{ type account {{ number }} customer {{ name }} entry {{ kind }} }} }}
            products(first: 1) {{ nodes {{ code }} }}
        }}"#,
        ada = bank.ada,
        entry = bank.passed_on,
    );
    let seen = bank.ask(bo, &everything).await;
    let expected = json!({
        "customers": { "nodes": [{ "name": "bo" }] },
        "customer": null,
        "accounts": { "nodes": [{ "number": "bo" }] },
        "hers": { "nodes": [] },
        "account": null,
        "entries": { "nodes": [
            { "kind": "TRANSFER", "postings": [{ "account": { "number": "bo" }, "amount": { "amount": "30.00" } }] },
        ] },
        "entry": { "description": "a gift" },
        "events": { "nodes": [
            { "type": "CUSTOMER_CREATED", "account": null, "customer": { "name": "bo" }, "entry": null },
            { "type": "ACCOUNT_OPENED", "account": { "number": "bo" }, "customer": null, "entry": null },
            { "type": "ENTRY_POSTED", "account": null, "customer": null, "entry": { "kind": "TRANSFER" } },
        ] },
        "products": { "nodes": [{ "code": "current" }] },
    });
    assert_eq!(seen, expected);
    let all = bank.ask(None, &everything).await;
    assert_eq!(all["entries"]["nodes"].as_array().map(Vec::len), Some(2));
    assert_eq!(all["customer"], json!({ "name": "ada" }));

    for forbidden in ["{ trialBalance { balanced } }", "{ ledgerAccounts { id } }", "{ auditRecords { nodes { id } } }"]
    {
        assert_eq!(bank.fault(bo, &[Scope::Read, Scope::Audit], forbidden).await, "FORBIDDEN");
    }
    let own = bank.ask(None, "{ ledgerAccounts { role account { id } balance { amount } } }").await;
    let bank_transfers = json!([{ "role": "SETTLEMENT_BANK", "account": null, "balance": { "amount": "-100.00" } }]);
    assert_eq!(own["ledgerAccounts"], bank_transfers);
    let query = r#"{ account(by: {number: "ada"}) { ledgerAccounts { code account { number } balance { amount } } } }"#;
    let rows = bank.ask(Some(bank.ada), query).await["account"]["ledgerAccounts"].take();
    let row = json!({ "code": "CUSTOMER_PRINCIPAL", "account": { "number": "ada" }, "balance": { "amount": "70.00" } });
    assert_eq!((&rows[0], rows.as_array().map(Vec::len)), (&row, Some(3)));
    let viewer = bank.ask(None, "{ viewer { tenant { businessDate closedThrough } } }").await;
    assert_eq!(viewer["viewer"]["tenant"], json!({ "businessDate": "2026-05-28", "closedThrough": null }));
    let books =
        "{ trialBalance { balanced totals { debit { amount } } lines { code debit { amount } credit { amount } } } }";
    let books = bank.ask(None, books).await;
    assert_eq!(books["trialBalance"]["balanced"], true);
    assert_eq!(books["trialBalance"]["totals"], json!([{ "debit": { "amount": "130.00" } }]));
}

#[tokio::test]
async fn scopes_and_arguments_are_checked() {
    let bank = Bank::open().await;
    let account =
        |field: &str| format!(r#"{{ account(by: {{number: "ada"}}) {{ {field} {{ nodes {{ __typename }} }} }} }}"#);
    for (scopes, query, expected) in [
        (&[Scope::Money][..], "{ viewer { client } }".to_owned(), "FORBIDDEN"),
        (&[Scope::Read], "{ auditRecords { nodes { id } } }".into(), "FORBIDDEN"),
        (&[Scope::Read], "{ accounts(first: -1) { nodes { id } } }".into(), "BAD_REQUEST"),
        (&[Scope::Read], "{ accounts(first: 101) { nodes { id } } }".into(), "BAD_REQUEST"),
        (&[Scope::Read], r#"{ accounts(after: "x") { nodes { id } } }"#.into(), "BAD_REQUEST"),
        (&[Scope::Read], r#"{ events(filter: {types: []}) { nodes { type } } }"#.into(), "BAD_REQUEST"),
        (&[Scope::Read], account(r#"history(filter: {operations: []})"#), "BAD_REQUEST"),
        (&[Scope::Read], account("transactions(first: 1, last: 1)"), "BAD_REQUEST"),
        (&[Scope::Read], account(r#"transactions(filter: {month: "2026-13"})"#), "BAD_REQUEST"),
        (&[Scope::Read], account(r#"transactions(filter: {month: "2026-05", from: "2026-05-01"})"#), "BAD_REQUEST"),
    ] {
        assert_eq!(bank.fault(None, scopes, &query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn pages_go_through_the_whole_list_both_ways() {
    let bank = Bank::open().await;
    for amount in ["1", "2", "3"] {
        bank.pay("ada", amount).await;
    }
    let page = async |arguments: &str| {
        let query = format!(
            r#"{{ account(by: {{number: "ada"}}) {{ transactions({arguments}) {{
                edges {{ node {{ amount {{ amount }} }} }} pageInfo {{ startCursor endCursor hasNextPage hasPreviousPage }}
            }} }} }}"#
        );
        let list = bank.ask(None, &query).await["account"]["transactions"].take();
        let edges = list["edges"].as_array().expect("edges");
        let amounts: Vec<String> =
            edges.iter().map(|edge| edge["node"]["amount"]["amount"].as_str().expect("an amount").into()).collect();
        (amounts.join(" "), list["pageInfo"].clone())
    };
    let (first, info) = page("first: 2").await;
    assert_eq!((first.as_str(), &info["hasNextPage"]), ("3.00 2.00", &json!(true)));
    let (second, info) = page(&format!("first: 2, after: {}", info["endCursor"])).await;
    assert_eq!((second.as_str(), &info["hasPreviousPage"]), ("1.00 -30.00", &json!(true)));
    let (last, end) = page(&format!("first: 2, after: {}", info["endCursor"])).await;
    assert_eq!((last.as_str(), &end["hasNextPage"]), ("100.00", &json!(false)));
    let (back, _) = page(&format!("last: 1, before: {}", end["startCursor"])).await;
    assert_eq!(back, "-30.00");
    assert_eq!(page("last: 2").await.0, "-30.00 100.00");
}

#[tokio::test]
async fn streams_go_on_from_a_cursor_and_show_what_the_token_sees() {
    let bank = Bank::open().await;
    let follow = |customer, query: &str| {
        let request = bank.request(customer, &[Scope::Subscribe], query);
        Box::pin(bank.schema.execute_stream(request))
    };
    let events = bank.ask(None, "{ events(first: 1) { pageInfo { endCursor } } }").await;
    let start = &events["events"]["pageInfo"]["endCursor"];
    let query = format!(
        "subscription {{ ledgerEvents(after: {start}) {{ type cursor entry {{ postings {{ account {{ number }} }} }} }} }}"
    );
    let mut his = follow(Some(bank.bo), &query);
    let mut types = Vec::new();
    for _ in 0..3 {
        let response = his.next().await.expect("an event");
        assert_eq!(response.errors, Vec::new());
        let event = response.data.into_json().expect("JSON")["ledgerEvents"].take();
        types.push((event["type"].as_str().expect("a type").to_owned(), event["entry"].clone()));
    }
    let postings = json!({ "postings": [{ "account": { "number": "bo" } }] });
    assert_eq!(types[2], ("ENTRY_POSTED".into(), postings));

    let mut balance = follow(
        Some(bank.ada),
        r#"subscription { balanceChanged(accounts: [{number: "ada"}]) {
        balance { amount } available { amount } account { balance { amount } } transaction { amount { amount } } } }"#,
    );
    let mut large = follow(None, r#"subscription { ledgerEvents(filter: {minimumAmount: "50"}) { entry { kind } } }"#);
    let poll = Duration::from_millis(200);
    let found = balance.next().await.expect("how it stands").data.into_json().expect("JSON")["balanceChanged"].take();
    assert_eq!((&found["balance"]["amount"], &found["transaction"]), (&json!("70.00"), &Json::Null));
    assert!(tokio::time::timeout(poll, balance.next()).await.is_err(), "nothing happened yet");
    assert!(tokio::time::timeout(poll, large.next()).await.is_err(), "nothing happened yet");
    bank.pay("ada", "7").await;
    for amount in ["77.00", "137.00"] {
        let change = balance.next().await.expect("a change").data.into_json().expect("JSON")["balanceChanged"].take();
        assert_eq!(change["balance"]["amount"], amount);
        assert_eq!(change["account"]["balance"]["amount"], amount, "what was loaded for the last event is forgotten");
        if amount == "77.00" {
            bank.pay("ada", "60").await;
        }
    }
    let event = large.next().await.expect("an event").data.into_json().expect("JSON");
    assert_eq!(event, json!({ "ledgerEvents": { "entry": { "kind": "PAYMENT" } } }));

    let mut hers =
        follow(Some(bank.bo), r#"subscription { balanceChanged(accounts: [{number: "ada"}]) { balance { amount } } }"#);
    assert_eq!(code(&hers.next().await.expect("a fault")), "BAD_REQUEST");
    let beyond = EventSequence(1_000_000).cursor().to_text();
    let mut beyond = follow(None, &format!(r#"subscription {{ ledgerEvents(after: "{beyond}") {{ type }} }}"#));
    assert_eq!(code(&beyond.next().await.expect("a fault")), "BAD_REQUEST");
    let mut unknown = follow(None, r#"subscription { ledgerEvents(filter: {types: []}) { type } }"#);
    assert_eq!(code(&unknown.next().await.expect("a fault")), "BAD_REQUEST");
    let unsubscribed = bank.request(None, &[Scope::Read], "subscription { ledgerEvents { type } }");
    let mut stream = Box::pin(bank.schema.execute_stream(unsubscribed));
    assert_eq!(code(&stream.next().await.expect("a fault")), "FORBIDDEN");
}
