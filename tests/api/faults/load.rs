//! Writers that keep book of what they sent and what came back, subscribers that resume, and what must hold
//! between the two and the database.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use konto::primitives::{EntryId, HoldId};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use rust_decimal::Decimal;
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::served::{Client, Got, PATIENCE};
use crate::app::{TestDatabase, mutation};

/// What each account begins with, in cents.
const FUNDS: i64 = 100_000_000;

/// A mutation under way: sent once, or as often as it takes.
#[derive(Clone, Debug)]
pub struct Request {
    name: &'static str,
    input: Value,
    /// Its key, or those of its items in their order.
    keys: Vec<String>,
    /// What it moves when it is done: account, cents.
    moves: Vec<(String, i64)>,
}

/// What a key did: the entry's id or the hold's, and whether it had been done before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    pub id: String,
    pub replayed: bool,
}

/// What came of a request: an answer per key.
#[derive(Clone, Debug)]
pub enum Reply {
    Done(Vec<Done>),
    Fault(Value),
    Lost,
}

impl Request {
    fn new(name: &'static str, mut input: Value, key: String, moves: Vec<(String, i64)>) -> Self {
        input["idempotencyKey"] = json!(key);
        Self { name, input, keys: vec![key], moves }
    }

    /// A transfer of cents between two accounts.
    pub fn transfer(key: String, from: &str, to: &str, cents: i64) -> Self {
        let input = json!({ "from": { "id": from }, "to": { "id": to }, "amount": euros(cents) });
        Self::new("transfer", input, key, vec![(from.to_owned(), -cents), (to.to_owned(), cents)])
    }

    fn batch(transfers: Vec<Self>) -> Self {
        let items: Vec<Value> = transfers.iter().map(|one| one.input.clone()).collect();
        let keys = transfers.iter().flat_map(|one| one.keys.clone()).collect();
        let moves = transfers.into_iter().flat_map(|one| one.moves).collect();
        Self { name: "transferBatch", input: json!({ "items": items }), keys, moves }
    }

    /// Sends it. A refusal is a failure of the test: there is money enough, and nothing is sent twice but the same.
    pub async fn send(&self, client: &Client) -> Reply {
        let selection = match self.name {
            "placeHold" | "releaseHold" => "replayed hold { id }",
            "transferBatch" => {
                "items { result { __typename ... on TransferSuccess { replayed entry { id } } ... on Refusal { code } } }"
            }
            _ => "replayed entry { id }",
        };
        let (query, variables) = mutation(self.name, self.input.clone(), selection);
        let mut data = match client.ask(&query, &variables).await {
            Got::Data(data) => data,
            Got::Fault(fault) => return Reply::Fault(fault),
            Got::Lost => return Reply::Lost,
        };
        let result = data[self.name].take();
        let done = match result["items"].as_array() {
            Some(items) => items.iter().map(|item| done(&item["result"])).collect(),
            None => vec![done(&result)],
        };
        Reply::Done(done)
    }
}

fn done(result: &Value) -> Done {
    let id = [&result["entry"]["id"], &result["hold"]["id"]].into_iter().find_map(Value::as_str);
    let id = id.unwrap_or_else(|| panic!("refused: {result}")).to_owned();
    Done { id, replayed: result["replayed"].as_bool().expect("whether it is a replay") }
}

fn euros(cents: i64) -> Value {
    json!({ "amount": Decimal::new(cents, 2).to_string(), "currency": "EUR" })
}

/// What was sent, and what is known of it.
#[derive(Default)]
struct Book {
    acknowledged: Vec<(Request, Vec<Done>)>,
    /// With the fault, if one was answered.
    open: Vec<(Request, Option<Value>)>,
    /// Every key that is known to have been done, with what it made.
    settled: BTreeMap<String, String>,
    /// What each account must have, in cents.
    balances: BTreeMap<String, i64>,
}

/// Accounts that money moves between, and the book about it. Cloning shares the book.
#[derive(Clone)]
pub struct World {
    pub accounts: Arc<Vec<String>>,
    book: Arc<Mutex<Book>>,
    next: Arc<AtomicU64>,
}

/// What has been noted since the last [`World::settle`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub acknowledged: usize,
    pub faults: usize,
    pub lost: usize,
}

/// Writers at work. Dropped, they stop by themselves.
pub struct Writers {
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Writers {
    /// No more requests; those under way are finished.
    pub async fn stop(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for task in std::mem::take(&mut self.tasks) {
            tokio::time::timeout(PATIENCE, task).await.expect("an end in time").expect("a writer");
        }
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl World {
    /// Eight accounts with money on them.
    pub async fn found(client: &Client) -> Self {
        let made = mutation(
            "createCustomer",
            json!({ "type": "PERSON", "firstName": "Ada", "lastName": "Lovelace", "idempotencyKey": "founder" }),
            "customer { id }",
        );
        let owner = client.data(&made.0, made.1).await["createCustomer"]["customer"]["id"].take();
        let world = Self { accounts: Arc::default(), book: Arc::default(), next: Arc::default() };
        let mut accounts = Vec::new();
        for n in 0..8 {
            let input = json!({ "product": { "code": "current" }, "owner": { "id": owner }, "idempotencyKey": format!("open-{n}") });
            let (query, variables) = mutation("openAccount", input, "account { id }");
            let mut opened = client.data(&query, variables).await;
            let Value::String(id) = opened["openAccount"]["account"]["id"].take() else { panic!("{opened}") };
            let payment = world.payment(format!("fund-{n}"), &id, FUNDS);
            let Reply::Done(done) = payment.send(client).await else { panic!("no funds") };
            world.acknowledge(payment, done);
            accounts.push(id);
        }
        Self { accounts: Arc::new(accounts), ..world }
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A key that no other call gives.
    pub fn key(&self) -> String {
        format!("k{}", self.next.fetch_add(1, Ordering::Relaxed))
    }

    fn payment(&self, key: String, account: &str, cents: i64) -> Request {
        let input = json!({ "account": { "id": account }, "amount": euros(cents), "channel": "BANK_TRANSFER" });
        Request::new("postPayment", input, key, vec![(account.to_owned(), cents)])
    }

    fn acknowledge(&self, request: Request, done: Vec<Done>) {
        assert_eq!(request.keys.len(), done.len(), "{request:?}");
        self.book().acknowledged.push((request, done));
    }

    /// Notes what came of a request that was sent for the first time.
    pub fn note(&self, request: Request, reply: Reply) {
        match reply {
            Reply::Done(done) => {
                assert!(done.iter().all(|done| !done.replayed), "{request:?} was new: {done:?}");
                self.acknowledge(request, done);
            }
            Reply::Fault(fault) => self.book().open.push((request, Some(fault))),
            Reply::Lost => self.book().open.push((request, None)),
        }
    }

    /// What has been noted since it was settled last.
    pub fn counts(&self) -> Counts {
        let book = self.book();
        let faults = book.open.iter().filter(|(_, fault)| fault.is_some()).count();
        Counts { acknowledged: book.acknowledged.len(), faults, lost: book.open.len() - faults }
    }

    /// The faults that have been noted since it was settled last.
    pub fn faults(&self) -> Vec<Value> {
        self.book().open.iter().filter_map(|(_, fault)| fault.clone()).collect()
    }

    /// Starts writers, each at one of the clients in turn.
    pub fn write(&self, clients: &[Client], writers: usize, seed: u64) -> Writers {
        let stop = Arc::new(AtomicBool::new(false));
        let tasks = (0..writers).map(|n| {
            let (world, client, stop) = (self.clone(), clients[n % clients.len()].clone(), stop.clone());
            let rng = StdRng::seed_from_u64(seed.wrapping_mul(1_000).wrapping_add(n as u64));
            tokio::spawn(world.writer(client, rng, stop))
        });
        let tasks = tasks.collect();
        Writers { stop, tasks }
    }

    async fn writer(self, client: Client, mut rng: StdRng, stop: Arc<AtomicBool>) {
        let mut holds: Vec<(String, String, i64)> = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let (request, hold) = self.compose(&mut rng, &mut holds);
            let reply = request.send(&client).await;
            match (&reply, hold) {
                (Reply::Done(done), Some((account, cents))) => holds.push((done[0].id.clone(), account, cents)),
                (Reply::Done(_), None) => {}
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
            self.note(request, reply);
        }
    }

    /// The next request of a writer. Half of the money goes over the first account, so that there is a fight for it.
    fn compose(&self, rng: &mut StdRng, holds: &mut Vec<(String, String, i64)>) -> (Request, Option<(String, i64)>) {
        let cents = rng.random_range(1..500);
        match rng.random_range(0..10) {
            0..4 => (self.some_transfer(rng), None),
            4 | 5 => (self.payment(self.key(), &self.accounts[rng.random_range(0..self.accounts.len())], cents), None),
            6 => (Request::batch((0..rng.random_range(2..8)).map(|_| self.some_transfer(rng)).collect()), None),
            7 if !holds.is_empty() => {
                let (hold, account, cents) = holds.swap_remove(rng.random_range(0..holds.len()));
                (Request::new("captureHold", json!({ "hold": hold }), self.key(), vec![(account, -cents)]), None)
            }
            8 if !holds.is_empty() => {
                let (hold, ..) = holds.swap_remove(rng.random_range(0..holds.len()));
                (Request::new("releaseHold", json!({ "hold": hold }), self.key(), Vec::new()), None)
            }
            _ => {
                let account = self.accounts[rng.random_range(0..self.accounts.len())].clone();
                let key = self.key();
                let input = json!({ "account": { "id": account }, "amount": euros(cents), "description": key });
                (Request::new("placeHold", input, key, Vec::new()), Some((account, cents)))
            }
        }
    }

    /// A transfer that has not been sent.
    pub fn some_transfer(&self, rng: &mut StdRng) -> Request {
        let from = if rng.random() { 0 } else { rng.random_range(1..self.accounts.len()) };
        let to = (from + rng.random_range(1..self.accounts.len())) % self.accounts.len();
        Request::transfer(self.key(), &self.accounts[from], &self.accounts[to], rng.random_range(1..500))
    }

    /// Sends again everything since the last time, and holds the answers and the database against the book: what was
    /// acknowledged is there once and answered again; what was not is there once or not at all, all of a request
    /// or nothing, and is done once after it was sent again.
    pub async fn settle(&self, client: &Client, database: &TestDatabase) -> Counts {
        let counts = self.counts();
        let (acknowledged, open) = {
            let mut book = self.book();
            (std::mem::take(&mut book.acknowledged), std::mem::take(&mut book.open))
        };
        let before = Rows::read(database).await;
        for (request, first) in &acknowledged {
            for (key, done) in request.keys.iter().zip(first) {
                before.has_once(request, key, done);
            }
        }
        for (request, fault) in &open {
            let there: BTreeSet<usize> = request.keys.iter().map(|key| before.times(request.name, key)).collect();
            assert!(there.len() == 1 && there.iter().all(|times| *times <= 1), "{there:?} {request:?} {fault:?}");
        }
        let all = acknowledged.into_iter().map(|(request, first)| (request, Some(first)));
        let all = all.chain(open.into_iter().map(|(request, _)| (request, None)));
        let again: Vec<_> = stream::iter(all)
            .map(|(request, first)| async move {
                let Reply::Done(done) = request.send(client).await else { panic!("not done: {request:?}") };
                (request, first, done)
            })
            .buffer_unordered(16)
            .collect()
            .await;
        let after = Rows::read(database).await;
        for (request, first, again) in again {
            for (place, (key, done)) in request.keys.iter().zip(&again).enumerate() {
                after.has_once(&request, key, done);
                if let Some(first) = &first {
                    assert_eq!((&done.id, done.replayed), (&first[place].id, true), "{request:?}");
                } else {
                    assert!(done.replayed || before.times(request.name, key) == 0, "{request:?} was done");
                }
                assert!(self.book().settled.insert(key.clone(), done.id.clone()).is_none(), "{key} twice");
            }
            for (account, cents) in request.moves {
                *self.book().balances.entry(account).or_default() += cents;
            }
        }
        counts
    }

    /// Holds everything against the database and the API: no entry or hold that nobody asked for, and on each account
    /// what was moved to it less what was moved away.
    pub async fn check(&self, client: &Client, database: &TestDatabase) {
        let rows = Rows::read(database).await;
        let made: BTreeSet<&String> = rows.entries.keys().chain(rows.holds.keys()).collect();
        let (settled, expected) = {
            let book = self.book();
            (book.settled.clone(), book.balances.clone())
        };
        let unasked: Vec<_> = made.into_iter().filter(|key| !settled.contains_key(*key)).collect();
        assert!(unasked.is_empty(), "nobody asked for {unasked:?}");
        assert_eq!(rows.events_without_a_hold, 0, "a hold was placed or released other than once");
        let query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Account { id balance { amount } } } }";
        let found = client.data(query, json!({ "ids": *self.accounts })).await;
        let balances: BTreeMap<String, i64> =
            found["nodes"].as_array().expect("accounts").iter().map(balance).collect();
        assert_eq!(balances, expected);
    }

    /// The last event of the log.
    pub async fn head(&self, database: &TestDatabase) -> i64 {
        let db = database.open().await;
        let row = db
            .reader()
            .query_one_raw(Statement::from_string(db.backend(), "SELECT MAX(event_sequence) AS head FROM ledger_head"));
        let head = row.await.expect("an answer").expect("a row").try_get("", "head").expect("a number");
        db.reader().clone().close().await.expect("closed");
        head
    }
}

fn balance(account: &Value) -> (String, i64) {
    let amount: Decimal = account["balance"]["amount"].as_str().expect("an amount").parse().expect("a number");
    let cents = (amount * Decimal::from(100)).to_string().parse::<Decimal>().expect("a number").normalize();
    (account["id"].as_str().expect("an id").to_owned(), cents.to_string().parse().expect("whole cents"))
}

/// What the database has, read past Konto.
struct Rows {
    /// The ids of the entries by idempotency key.
    entries: BTreeMap<String, Vec<String>>,
    /// The ids of the holds by description, which is the key that placed them.
    holds: BTreeMap<String, Vec<String>>,
    /// How often a key is remembered.
    keys: BTreeMap<String, usize>,
    /// Holds that do not have one event each for what became of them, less or more.
    events_without_a_hold: i64,
}

impl Rows {
    async fn read(database: &TestDatabase) -> Self {
        let db = database.open().await;
        let query = async |sql: &str| {
            let rows = db.reader().query_all_raw(Statement::from_string(db.backend(), sql)).await;
            rows.unwrap_or_else(|error| panic!("{sql}: {error}"))
        };
        let (mut entries, mut holds, mut keys) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let by_key = "SELECT command.key, entry.id FROM entry JOIN command \
                      ON command.tenant_id = entry.tenant_id AND command.sequence = entry.command_sequence";
        for row in query(by_key).await {
            let key: Option<String> = row.try_get("", "key").expect("a key");
            let id: Uuid = row.try_get("", "id").expect("an id");
            entries.entry(key.unwrap_or_default()).or_insert_with(Vec::new).push(EntryId(id).to_string());
        }
        for row in query("SELECT description, id FROM hold").await {
            let id: Uuid = row.try_get("", "id").expect("an id");
            let key = row.try_get("", "description").expect("a description");
            holds.entry(key).or_insert_with(Vec::new).push(HoldId(id).to_string());
        }
        for row in query("SELECT key FROM command WHERE key IS NOT NULL").await {
            *keys.entry(row.try_get("", "key").expect("a key")).or_default() += 1;
        }
        let stray = "SELECT (SELECT COUNT(*) FROM hold) - (SELECT COUNT(*) FROM event WHERE type = 'HOLD_PLACED') AS a, \
                     (SELECT COUNT(*) FROM hold WHERE status = 'RELEASED') - (SELECT COUNT(*) FROM event WHERE type = 'HOLD_RELEASED') AS b";
        let stray = query(stray).await;
        let number = |name: &str| stray[0].try_get::<i64>("", name).expect("a number").abs();
        let events_without_a_hold = number("a") + number("b");
        db.reader().clone().close().await.expect("closed");
        Self { entries, holds, keys, events_without_a_hold }
    }

    /// How often what the key asks for is there.
    fn times(&self, name: &str, key: &str) -> usize {
        match name {
            "placeHold" => self.holds.get(key).map_or(0, Vec::len),
            // Leaves no row of its own: the key tells.
            "releaseHold" => self.keys.get(key).copied().unwrap_or_default(),
            _ => self.entries.get(key).map_or(0, Vec::len),
        }
    }

    #[track_caller]
    fn has_once(&self, request: &Request, key: &str, done: &Done) {
        assert_eq!((self.times(request.name, key), self.keys.get(key)), (1, Some(&1)), "{key} of {request:?}");
        let found = match request.name {
            "placeHold" => self.holds.get(key),
            "releaseHold" => None,
            _ => self.entries.get(key),
        };
        assert!(found.is_none_or(|found| found[0] == done.id), "{key} of {request:?}: {found:?}, not {done:?}");
    }
}
