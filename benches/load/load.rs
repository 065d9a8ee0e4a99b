//! The requests: constant documents with variables that differ from request to request, and what their answers
//! count as.

use std::fmt::Write as _;

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value;

use crate::seed::number;

const TRANSFER: &str = "mutation Transfer($input: TransferInput!) { transfer(input: $input) { __typename \
    ... on TransferSuccess { replayed entry { id sequence } } ... on Refusal { code message } } }";
const BATCH: &str = "mutation Batch($input: TransferBatchInput!) { transferBatch(input: $input) { __typename \
    ... on TransferBatchSuccess { succeeded refused items { index result { __typename \
    ... on TransferSuccess { replayed entry { id } } ... on Refusal { code } } } } \
    ... on Refusal { code message } } }";
const READ: &str = "query Account($by: AccountBy!) { account(by: $by) { __typename id number status currency \
    balance { amount } available { amount } owner { id number name } \
    transactions(first: 20) { nodes { id kind amount { amount } balanceAfter { amount } valueDate bookedAt \
    description } pageInfo { hasNextPage endCursor } } } }";

/// What every connection of a scenario asks for, again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// A transfer between two accounts by chance.
    Spread,
    /// A transfer from or to the first account, in turn by chance.
    Hot,
    /// So many transfers by chance in one request.
    Batch(u64),
    /// One account by number, with its owner and its last 20 transactions.
    Read,
}

/// Makes requests, and reads their answers.
pub struct Asker {
    load: Load,
    accounts: u64,
    random: SmallRng,
    head: String,
    run: String,
    keys: u64,
    text: String,
    body: String,
}

/// What an answer counts as.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Operations that were done: transfers, reads.
    pub done: u64,
    /// Transactions that came with a read.
    pub rows: u64,
    /// What else was answered, by kind.
    pub others: Vec<(String, u64)>,
}

impl Asker {
    /// `run` must be unique in the database: it begins the idempotency keys.
    pub fn new(load: Load, accounts: u64, host: &str, token: &str, run: String, seed: u64) -> Self {
        let head = format!(
            "POST /graphql HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
            Content-Type: application/json\r\nAccept: application/graphql-response+json\r\nContent-Length: "
        );
        let random = SmallRng::seed_from_u64(seed);
        Self { load, accounts, random, head, run, keys: 0, text: String::new(), body: String::new() }
    }

    /// The next request, whole.
    pub fn ask(&mut self) -> &[u8] {
        self.body.clear();
        match self.load {
            Load::Spread | Load::Hot => {
                self.open(TRANSFER, "input");
                self.transfer();
            }
            Load::Batch(items) => {
                self.open(BATCH, "input");
                self.body.push_str("{\"items\":[");
                for item in 0..items {
                    if item > 0 {
                        self.body.push(',');
                    }
                    self.transfer();
                }
                self.body.push_str("]}");
            }
            Load::Read => {
                self.open(READ, "by");
                let account = self.random.random_range(0..self.accounts);
                self.body.push_str("{\"number\":\"");
                self.body.push_str(&number(account));
                self.body.push_str("\"}");
            }
        }
        self.body.push_str("}}");
        self.text.clear();
        self.text.push_str(&self.head);
        // Writing to a string does not fail.
        let _ = write!(self.text, "{}\r\n\r\n", self.body.len());
        self.text.push_str(&self.body);
        self.text.as_bytes()
    }

    fn open(&mut self, document: &str, variable: &str) {
        for part in ["{\"query\":\"", document, "\",\"variables\":{\"", variable, "\":"] {
            self.body.push_str(part);
        }
    }

    fn transfer(&mut self) {
        let other = self.random.random_range(1..self.accounts);
        let (from, to) = match self.load {
            Load::Hot if self.random.random() => (0, other),
            Load::Hot => (other, 0),
            _ => {
                let from = self.random.random_range(0..self.accounts);
                (from, (from + other) % self.accounts)
            }
        };
        self.keys += 1;
        let _ = write!(
            self.body,
            "{{\"idempotencyKey\":\"{}-{:08x}\",\"from\":{{\"number\":\"{}\"}},\"to\":{{\"number\":\"{}\"}},\
            \"amount\":{{\"amount\":\"1.00\",\"currency\":\"EUR\"}}}}",
            self.run,
            self.keys,
            number(from),
            number(to)
        );
    }

    /// What an answer counts as. Only a first success of a mutation counts as done.
    pub fn judge(&self, status: u16, body: &[u8]) -> Verdict {
        let replayed = || count(body, b"\"replayed\":true") > 0;
        match self.load {
            Load::Spread | Load::Hot if status == 200 && count(body, SUCCESS) == 1 && !replayed() => {
                Verdict { done: 1, ..Verdict::default() }
            }
            Load::Batch(items) if status == 200 && count(body, SUCCESS) == items && !replayed() => {
                Verdict { done: items, ..Verdict::default() }
            }
            Load::Read if status == 200 && count(body, b"\"errors\":") == 0 && count(body, b"\"number\":") >= 2 => {
                Verdict { done: 1, rows: count(body, b"\"balanceAfter\":"), ..Verdict::default() }
            }
            _ => otherwise(status, body),
        }
    }
}

const SUCCESS: &[u8] = b"\"__typename\":\"TransferSuccess\"";

/// How often one text is in the other.
fn count(body: &[u8], wanted: &[u8]) -> u64 {
    let (mut found, mut rest) = (0, body);
    // The first byte is a quotation mark, which is rare enough to look at each.
    while let Some(at) = rest.iter().position(|byte| *byte == wanted[0]) {
        rest = &rest[at..];
        if rest.starts_with(wanted) {
            found += 1;
        }
        rest = &rest[1..];
    }
    found
}

/// Whatever is not simply a success, by its kind.
fn otherwise(status: u16, body: &[u8]) -> Verdict {
    let Ok(answer) = serde_json::from_slice::<Value>(body) else {
        return Verdict { others: vec![(format!("HTTP {status} without JSON"), 1)], ..Verdict::default() };
    };
    if let Some(error) = answer["errors"].get(0) {
        let code = error["extensions"]["code"].as_str().unwrap_or("without a code");
        return Verdict { others: vec![(format!("fault {code} ({status})"), 1)], ..Verdict::default() };
    }
    let field = answer["data"].as_object().and_then(|data| data.values().next()).unwrap_or(&Value::Null);
    let items = field["items"].as_array();
    let results: Vec<&Value> = match items {
        Some(items) => items.iter().map(|item| &item["result"]).collect(),
        None => vec![field],
    };
    let mut verdict = Verdict::default();
    for result in results {
        match (result["__typename"].as_str(), result["replayed"].as_bool()) {
            (Some("TransferSuccess"), Some(false)) => verdict.done += 1,
            (Some("TransferSuccess"), _) => verdict.others.push(("replayed".into(), 1)),
            (Some("Refusal"), _) => {
                verdict.others.push((format!("refused {}", result["code"].as_str().unwrap_or("?")), 1));
            }
            (Some(other), _) => verdict.others.push((format!("{other}?"), 1)),
            (None, _) => verdict.others.push(("nothing found".into(), 1)),
        }
    }
    verdict
}
