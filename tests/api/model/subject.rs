//! What is held against the model: Konto's API on a database ([`Api`]), or its commands in memory
//! ([`InMemory`](super::memory::InMemory)). Both answer in the words of the API.

use konto::ledger::verify;
use konto::primitives::Clock;
use serde_json::{Value, json};

use super::show::{ACCOUNT, EVENT, PRODUCT, selection};
use crate::app::{EventStream, FIRST_EVENTS, Sent, TestApp, mutation};

/// The names of the clients, each with keys of its own.
pub const CLIENTS: [&str; 2] = ["tests", "others"];

/// One tenant of a Konto.
pub trait Subject {
    fn tenant(&self) -> String;

    fn clock(&self) -> &Clock;

    /// Ids that the tenant does not have: another's, and some that nobody has.
    async fn strangers(&mut self) -> Vec<String>;

    /// All products, in the order in which they were created.
    async fn products(&mut self) -> Vec<Value>;

    /// A mutation's result, with all that the model knows of it.
    async fn send(&mut self, client: usize, operation: &'static str, input: &Value) -> Value;

    /// Accounts by their ids, in the same order.
    async fn accounts(&mut self, ids: &[String]) -> Vec<Value>;

    async fn all_accounts(&mut self) -> Vec<Value>;

    /// The events that were not given yet.
    async fn next_events(&mut self) -> Vec<Value>;

    /// The records of the clients in the audit trail that were not given yet, if there is one.
    async fn next_records(&mut self) -> Option<Vec<Value>>;

    /// Ends some of the holds whose time is over.
    async fn expire_holds(&mut self);

    /// Runs the days that have ended.
    async fn run_days(&mut self);

    async fn trial_balance(&mut self) -> Value;

    /// The business date, the last closed day, and how many entries there are.
    async fn state(&mut self) -> Value;

    /// Whatever else should agree with the events so far, and the number of entries.
    async fn check(&mut self, events: &[Value], entries: usize);
}

/// A tenant over the API.
pub struct Api {
    clients: [TestApp; 2],
    clock: Clock,
    /// Where the event log has been read to.
    cursor: Value,
    stream: Option<EventStream>,
    /// How many events the subscription has given, and its cursor.
    streamed: usize,
    stream_cursor: Value,
    /// The newest record of the audit trail that was read.
    record: Value,
    /// What `verify` counted before this run: entries and events.
    before: (u64, u64),
}

impl Api {
    pub async fn new(app: TestApp) -> Self {
        let clients = [app.clone(), app.with_client(CLIENTS[1])];
        let mut api = Self {
            clock: app.clock().clone(),
            clients,
            cursor: Value::Null,
            stream: None,
            streamed: 0,
            stream_cursor: Value::Null,
            record: Value::Null,
            before: (0, 0),
        };
        let installed = api.new_records().await;
        let first = json!({ "client": "system", "operation": "installCatalogue", "outcome": "DONE" });
        assert_eq!(installed.len(), 1, "{installed:?}");
        for name in ["client", "operation", "outcome"] {
            assert_eq!(installed[0][name], first[name], "{installed:?}");
        }
        api
    }

    fn app(&self) -> &TestApp {
        &self.clients[0]
    }

    /// All nodes of a list, oldest first, from a cursor on.
    async fn all(&self, list: &str, selection: &str, mut after: Value) -> (Vec<Value>, Value) {
        let query = format!(
            "query($after: String) {{ {list}(first: 100, after: $after) {{
                nodes {{ {selection} }} pageInfo {{ endCursor hasNextPage }} }} }}"
        );
        let mut nodes = Vec::new();
        loop {
            let mut page = self.app().ok(&query, json!({ "after": after })).await[list].take();
            nodes.append(page["nodes"].as_array_mut().expect("nodes"));
            if !page["pageInfo"]["endCursor"].is_null() {
                after = page["pageInfo"]["endCursor"].take();
            }
            if page["pageInfo"]["hasNextPage"] == false {
                return (nodes, after);
            }
        }
    }

    /// The records of the audit trail that were not read yet, oldest first.
    async fn new_records(&mut self) -> Vec<Value> {
        let query = "query($after: String) { auditRecords(first: 100, after: $after) {
            nodes { id client operation occurredAt outcome code target } pageInfo { endCursor hasNextPage } } }";
        let (mut records, mut after) = (Vec::new(), Value::Null);
        'pages: loop {
            let mut page = self.app().ok(query, json!({ "after": after })).await["auditRecords"].take();
            for record in page["nodes"].as_array_mut().expect("nodes") {
                if record["id"] == self.record {
                    break 'pages;
                }
                records.push(record.take());
            }
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].take();
        }
        if let Some(newest) = records.first() {
            self.record = newest["id"].clone();
        }
        records.reverse();
        records
    }

    /// Verifies all books; gives how many entries and events there are.
    async fn count(&self) -> (u64, u64) {
        let engine = self.app().server().engine().await;
        let checked = verify::verify(engine.db.reader()).await.expect("clean books");
        (checked.entries, checked.events)
    }

    /// The subscription gives the same events, in the same order, however often it has to be taken up again.
    async fn drain_the_stream(&mut self, events: &[Value]) {
        let query = format!("subscription($after: Cursor) {{ ledgerEvents(after: $after) {{ cursor {EVENT} }} }}");
        self.streamed = self.streamed.max(1);
        while self.streamed < events.len() {
            let mut stream = match self.stream.take() {
                Some(stream) => stream,
                None => self.app().events(&query, json!({ "after": self.stream_cursor })).await,
            };
            match stream.next().await {
                Sent::Next(mut result) if result["errors"].is_null() => {
                    let mut event = result["data"]["ledgerEvents"].take();
                    self.stream_cursor = event["cursor"].take();
                    event.as_object_mut().expect("an event").remove("cursor");
                    assert_eq!(event, events[self.streamed]);
                    self.streamed += 1;
                }
                // The clock has passed the end of the token. The stream ends, and is taken up again.
                Sent::Next(result) => {
                    assert_eq!(result["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{result}")
                }
                Sent::Complete => continue,
            }
            self.stream = Some(stream);
        }
    }
}

impl Subject for Api {
    fn tenant(&self) -> String {
        self.app().tenant_id().to_string()
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    async fn strangers(&mut self) -> Vec<String> {
        let other = self.app().with_tenant("elsewhere").await;
        let account = other.funded("10.00").await;
        let (entry, hold) = (other.pay_in(&account, "1.00").await, other.hold(&account, "1.00").await);
        self.before = self.count().await;
        [vec![account.id, account.owner, entry, hold], nobodies()].concat()
    }

    async fn products(&mut self) -> Vec<Value> {
        self.all("products", PRODUCT, Value::Null).await.0
    }

    async fn send(&mut self, client: usize, operation: &'static str, input: &Value) -> Value {
        let (query, variables) = mutation(operation, input.clone(), &selection(operation));
        self.clients[client].graphql(&query, variables).await.data()[operation].take()
    }

    async fn accounts(&mut self, ids: &[String]) -> Vec<Value> {
        let query = format!("query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Account {{ {ACCOUNT} }} }} }}");
        let mut data = self.app().ok(&query, json!({ "ids": ids })).await;
        std::mem::take(data["nodes"].as_array_mut().expect("nodes"))
    }

    async fn all_accounts(&mut self) -> Vec<Value> {
        self.all("accounts", ACCOUNT, Value::Null).await.0
    }

    async fn next_events(&mut self) -> Vec<Value> {
        let (mut events, cursor) = self.all("events", &format!("cursor {EVENT}"), self.cursor.clone()).await;
        for event in &mut events {
            let cursor = event.as_object_mut().and_then(|event| event.remove("cursor")).expect("a cursor");
            if self.stream_cursor.is_null() {
                self.stream_cursor = cursor;
            }
        }
        self.cursor = cursor;
        events
    }

    async fn next_records(&mut self) -> Option<Vec<Value>> {
        let mut records = self.new_records().await;
        // What Konto does by itself.
        let own = ["expireHold", "startDay", "runBusinessDayStep", "takeLease", "releaseLease"];
        let is_own = |record: &Value| own.iter().any(|operation| record["operation"] == *operation);
        records.retain(|record| record["client"] != "system" || !is_own(record));
        records.iter_mut().filter_map(Value::as_object_mut).for_each(|record| _ = record.remove("id"));
        Some(records)
    }

    async fn expire_holds(&mut self) {
        self.app().server().engine().await.expire_holds().await.expect("the database");
    }

    async fn run_days(&mut self) {
        let engine = self.app().server().engine().await;
        let outcome = engine.days().catch_up(self.app().tenant_id()).await.expect("the database");
        assert_eq!(outcome, konto::jobs::runner::Outcome::Done);
    }

    async fn trial_balance(&mut self) -> Value {
        let query = "{ trialBalance { balanced lines { code currency debit { amount } credit { amount } }
            totals { currency debit { amount } credit { amount } } } }";
        self.app().ok(query, json!({})).await["trialBalance"].take()
    }

    async fn state(&mut self) -> Value {
        let query = "{ entries(first: 1) { nodes { sequence } } viewer { tenant { businessDate closedThrough } } }";
        let mut data = self.app().ok(query, json!({})).await;
        let last = data["entries"]["nodes"][0]["sequence"].as_str();
        let last: usize = last.map_or(0, |text| text.parse().expect("a number"));
        let mut state = data["viewer"]["tenant"].take();
        state["entries"] = json!(last);
        state
    }

    async fn check(&mut self, events: &[Value], entries: usize) {
        self.drain_the_stream(events).await;
        let (counted, told) = self.count().await;
        assert_eq!(counted - self.before.0, entries as u64);
        assert_eq!(told - self.before.1, events.len() as u64 - FIRST_EVENTS);
    }
}

/// Ids that nobody has, and texts that are no ids.
pub fn nobodies() -> Vec<String> {
    let nobody = |prefix: &str| format!("{prefix}_{}", "0".repeat(31) + "1");
    let nobodies = ["acc", "cus", "ent", "hld", "prd", "pty"].map(nobody);
    [nobodies.to_vec(), vec!["ent_?".into(), String::new()]].concat()
}
