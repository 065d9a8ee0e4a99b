//! What most tests need before they begin.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::TestApp;

/// Events that a new tenant's log begins with, before anybody has asked for anything: its products.
pub const FIRST_EVENTS: u64 = 13;

static NEXT: AtomicU64 = AtomicU64::new(1);

/// An idempotency key that nobody has used.
pub fn fresh_key() -> String {
    numbered("key")
}

/// A name that no other call gives.
pub fn numbered(name: &str) -> String {
    format!("{name}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// An account that was opened for a test.
#[derive(Clone, Debug)]
pub struct Account {
    pub id: String,
    pub number: String,
    /// The customer's id.
    pub owner: String,
    pub currency: String,
}

impl Account {
    /// The account as an input names it.
    pub fn by(&self) -> Value {
        json!({ "id": self.id })
    }
}

/// An amount of euros as an input.
pub fn euros(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

/// What a history (`nodes { events { type ... } }`) tells, oldest first, but for what was booked.
pub fn told(history: &Value) -> Vec<Value> {
    let nodes = history["nodes"].as_array().expect("nodes");
    let events = nodes.iter().rev().flat_map(|node| node["events"].as_array().expect("events"));
    events.filter(|event| event["type"] != "ENTRY_POSTED").cloned().collect()
}

impl TestApp {
    /// A new person. Gives the id.
    pub async fn customer(&self) -> String {
        let input = json!({ "type": "PERSON", "firstName": "Ada", "lastName": "Lovelace" });
        let done = self.done("createCustomer", input, "customer { id }").await;
        done["customer"]["id"].as_str().expect("an id").to_owned()
    }

    /// A new account of a new customer.
    pub async fn account(&self, product: &str) -> Account {
        let owner = self.customer().await;
        self.account_of(&owner, product).await
    }

    /// A new account of a customer.
    pub async fn account_of(&self, owner: &str, product: &str) -> Account {
        let input = json!({ "product": { "code": product }, "owner": { "id": owner } });
        self.open(input).await
    }

    /// A new account from an input.
    pub async fn open(&self, input: Value) -> Account {
        let account =
            self.done("openAccount", input, "account { id number currency owner { id } }").await["account"].take();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        Account {
            id: text(&account["id"]),
            number: text(&account["number"]),
            owner: text(&account["owner"]["id"]),
            currency: text(&account["currency"]),
        }
    }

    /// A new current account with an amount on it.
    pub async fn funded(&self, amount: &str) -> Account {
        let account = self.account("current").await;
        self.pay_in(&account, amount).await;
        account
    }

    /// Money that comes in by bank transfer. Gives the entry's id.
    pub async fn pay_in(&self, account: &Account, amount: &str) -> String {
        let input = json!({
            "account": account.by(),
            "amount": { "amount": amount, "currency": account.currency },
            "channel": "BANK_TRANSFER",
        });
        let done = self.done("postPayment", input, "entry { id }").await;
        done["entry"]["id"].as_str().expect("an id").to_owned()
    }

    /// A transfer in the sender's currency. Gives the entry's id.
    pub async fn transfer(&self, from: &Account, to: &Account, amount: &str) -> String {
        let input = json!({
            "from": from.by(), "to": to.by(), "amount": { "amount": amount, "currency": from.currency },
        });
        let done = self.done("transfer", input, "entry { id }").await;
        done["entry"]["id"].as_str().expect("an id").to_owned()
    }

    /// A hold without an end. Gives its id.
    pub async fn hold(&self, account: &Account, amount: &str) -> String {
        let input = json!({ "account": account.by(), "amount": { "amount": amount, "currency": account.currency } });
        let done = self.done("placeHold", input, "hold { id }").await;
        done["hold"]["id"].as_str().expect("an id").to_owned()
    }

    /// `[balance, reserved, available]`.
    pub async fn amounts(&self, account: &Account) -> [String; 3] {
        let query = "query($by: AccountBy!) { account(by: $by) { balance { amount } reserved { amount } available { amount } } }";
        let found = self.ok(query, json!({ "by": account.by() })).await["account"].take();
        ["balance", "reserved", "available"].map(|name| found[name]["amount"].as_str().expect("an amount").to_owned())
    }

    /// The balance of an account.
    pub async fn balance(&self, account: &Account) -> String {
        let [balance, ..] = self.amounts(account).await;
        balance
    }

    /// The cursor of the last event; null when there is none. Whoever subscribes after it misses nothing, whenever
    /// the server gets to it.
    pub async fn last_cursor(&self) -> Value {
        let query =
            "query($after: String) { events(first: 100, after: $after) { pageInfo { hasNextPage endCursor } } }";
        let mut after = Value::Null;
        loop {
            let mut page = self.ok(query, json!({ "after": after })).await["events"]["pageInfo"].take();
            if !page["endCursor"].is_null() {
                after = page["endCursor"].take();
            }
            if page["hasNextPage"] == false {
                return after;
            }
        }
    }

    /// Everything that a refusal must leave as it is: the trial balance, how many entries and events there are,
    /// every account with its balances and status, every customer, product and party.
    pub async fn picture(&self) -> Value {
        let query = "{
            trialBalance { balanced totals { currency debit { amount } credit { amount } } lines { code debit { amount } credit { amount } } }
            entries(first: 1) { nodes { id sequence } }
            accounts(first: 100) { nodes { id number externalReference status creditLimit { amount } metadata
                balance { amount } reserved { amount } available { amount } holds(first: 5) { nodes { id status } } } }
            customers(first: 100) { nodes { id number externalReference metadata } }
            cards(first: 100) { nodes { id token status maskedNumber embossedName metadata limits { perDay { amount } } } }
            products(first: 100) { nodes { id code alias } }
            parties(first: 100) { nodes { id number externalReference name metadata } }
            documents(first: 100) { nodes { id status legalHold } }
            documentKinds(first: 100) { nodes { kind retentionDays legalHold } }
        }";
        let mut picture = self.ok(query, json!({})).await;
        let engine = self.server().engine().await;
        let last_event = konto::events::store::last_sequence(engine.db.reader(), self.tenant_id()).await;
        picture["lastEvent"] = json!(last_event.expect("a number"));
        picture
    }
}
