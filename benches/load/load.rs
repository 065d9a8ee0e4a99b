//! The requests: constant documents with variables that differ from request to request, and what their answers
//! count as. Whatever builds of Konto are measured must understand them.

use std::cell::Cell;
use std::fmt::Write as _;
use std::rc::Rc;

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value;

use crate::seed::{customer_number, number};

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
const CUSTOMER: &str = "mutation Create($input: CreateCustomerInput!) { createCustomer(input: $input) { __typename \
    ... on CreateCustomerSuccess { replayed customer { id number } } ... on Refusal { code message } } }";
const ACCOUNT: &str = "mutation Open($input: OpenAccountInput!) { openAccount(input: $input) { __typename \
    ... on OpenAccountSuccess { replayed account { id number } } ... on Refusal { code message } } }";
const UPDATE: &str = "mutation Update($input: UpdateAccountInput!) { updateAccount(input: $input) { __typename \
    ... on UpdateAccountSuccess { replayed account { id externalReference } } ... on Refusal { code message } } }";
const CLOSE: &str = "mutation Close($input: CloseAccountInput!) { closeAccount(input: $input) { __typename \
    ... on CloseAccountSuccess { replayed account { id status } } ... on Refusal { code message } } }";
const PAYMENT: &str = "mutation Pay($input: PostPaymentInput!) { postPayment(input: $input) { __typename \
    ... on PostPaymentSuccess { replayed entry { id } } ... on Refusal { code message } } }";
const CARD: &str = "mutation Card($input: AddCardInput!) { addCard(input: $input) { __typename \
    ... on AddCardSuccess { replayed card { id } } ... on Refusal { code message } } }";
const AUTHORISE: &str = "mutation Authorise($input: AuthoriseCardInput!) { authoriseCard(input: $input) { __typename \
    ... on AuthoriseCardSuccess { replayed hold { id status } } ... on Refusal { code message } } }";

/// Of a hundred requests of the mix, the transfers; the others open accounts.
pub const MIX_TRANSFERS: u64 = 80;

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
    /// A new person.
    CreateCustomer,
    /// A new account of a customer by chance.
    OpenAccount,
    /// A new person, then its account, in two requests; both count.
    OpenWithOwner,
    /// Another external reference and other metadata for an account by chance.
    UpdateAccount,
    /// The end of an empty account of the supply.
    CloseAccount,
    /// An authorisation with a limited card, the cards of the supply in turn.
    Authorise,
    /// The cards for it, on the accounts by place.
    SeedCards,
    /// Mostly [`Load::Spread`], the rest [`Load::OpenAccount`], by chance.
    Mix,
    /// The set-up's: customers, their accounts, and what those begin with, by place.
    SeedCustomers,
    SeedAccounts,
    SeedPayments,
}

/// What is there once: accounts to close, places to fill. The connections share it.
#[derive(Debug, Default)]
pub struct Supply {
    next: Cell<u64>,
    end: u64,
    ids: Vec<String>,
}

impl Supply {
    /// The places from 0 on, so many.
    pub fn places(count: u64) -> Rc<Self> {
        Rc::new(Self { end: count, ..Self::default() })
    }

    /// One for each id.
    pub fn ids(ids: Vec<String>) -> Rc<Self> {
        Rc::new(Self { end: ids.len() as u64, ids, ..Self::default() })
    }

    /// The same ones again and again.
    pub fn in_turn(ids: Vec<String>) -> Rc<Self> {
        Rc::new(Self { end: u64::MAX, ids, ..Self::default() })
    }

    fn take(&self) -> Option<u64> {
        let place = self.next.get();
        self.next.set(place + 1);
        (place < self.end).then_some(place)
    }

    fn id(&self, place: u64) -> &str {
        let place = usize::try_from(place).ok().map(|place| place % self.ids.len().max(1));
        place.and_then(|place| self.ids.get(place)).map_or("", String::as_str)
    }
}

/// What one request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Transfer,
    Batch(u64),
    Read,
    Customer,
    Account,
    Update,
    Close,
    Payment,
    Card,
    Authorise,
}

impl Request {
    fn document(self) -> &'static str {
        match self {
            Self::Transfer => TRANSFER,
            Self::Batch(_) => BATCH,
            Self::Read => READ,
            Self::Customer => CUSTOMER,
            Self::Account => ACCOUNT,
            Self::Update => UPDATE,
            Self::Close => CLOSE,
            Self::Payment => PAYMENT,
            Self::Card => CARD,
            Self::Authorise => AUTHORISE,
        }
    }

    /// The type that says that it was done. A read has none.
    fn success(self) -> &'static str {
        match self {
            Self::Transfer | Self::Batch(_) => "TransferSuccess",
            Self::Read => "",
            Self::Customer => "CreateCustomerSuccess",
            Self::Account => "OpenAccountSuccess",
            Self::Update => "UpdateAccountSuccess",
            Self::Close => "CloseAccountSuccess",
            Self::Payment => "PostPaymentSuccess",
            Self::Card => "AddCardSuccess",
            Self::Authorise => "AuthoriseCardSuccess",
        }
    }

    /// How much it does, when it is done.
    fn operations(self) -> u64 {
        if let Self::Batch(items) = self { items } else { 1 }
    }

    /// Whether each of its operations is an entry in the journal.
    fn books(self) -> bool {
        matches!(self, Self::Transfer | Self::Batch(_) | Self::Payment)
    }

    /// Whether its answer names a row that is looked for afterwards.
    fn names_a_row(self) -> bool {
        matches!(self, Self::Customer | Self::Account | Self::Update | Self::Close | Self::Card | Self::Authorise)
    }
}

/// Makes requests, and reads their answers.
pub struct Asker {
    load: Load,
    accounts: u64,
    supply: Option<Rc<Supply>>,
    random: SmallRng,
    head: String,
    run: String,
    keys: u64,
    text: String,
    body: String,
    /// What was asked last.
    request: Request,
    /// The customer that was made last, and has no account yet.
    owner: Option<String>,
}

/// What an answer counts as.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Operations that were done: transfers, reads, commands.
    pub done: u64,
    /// Entries that the journal must have for them.
    pub entries: u64,
    /// Transactions that came with a read.
    pub rows: u64,
    /// The id of what was made or changed.
    pub made: Option<String>,
    /// What else was answered, by kind.
    pub others: Vec<(String, u64)>,
}

impl Asker {
    /// `run` must be unique in the database: it begins the idempotency keys. With a supply, it ends with it.
    pub fn new(load: Load, accounts: u64, supply: Option<Rc<Supply>>, host: &str, token: &str, run: String) -> Self {
        let head = format!(
            "POST /graphql HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
            Content-Type: application/json\r\nAccept: application/graphql-response+json\r\nContent-Length: "
        );
        let random = SmallRng::seed_from_u64(rand::random());
        let (text, body) = (String::new(), String::new());
        Self { load, accounts, supply, random, head, run, keys: 0, text, body, request: Request::Read, owner: None }
    }

    /// The next request, whole; none when the supply is used up.
    pub fn ask(&mut self) -> Option<&[u8]> {
        let place = match &self.supply {
            Some(supply) => supply.take()?,
            None => 0,
        };
        self.request = self.choose();
        self.body.clear();
        let variable = if self.request == Request::Read { "by" } else { "input" };
        for part in ["{\"query\":\"", self.request.document(), "\",\"variables\":{\"", variable, "\":"] {
            self.body.push_str(part);
        }
        self.variables(place);
        self.body.push_str("}}");
        self.text.clear();
        self.text.push_str(&self.head);
        // Writing to a string does not fail.
        let _ = write!(self.text, "{}\r\n\r\n", self.body.len());
        self.text.push_str(&self.body);
        Some(self.text.as_bytes())
    }

    fn choose(&mut self) -> Request {
        match self.load {
            Load::Spread | Load::Hot => Request::Transfer,
            Load::Batch(items) => Request::Batch(items),
            Load::Read => Request::Read,
            Load::CreateCustomer | Load::SeedCustomers => Request::Customer,
            Load::OpenAccount | Load::SeedAccounts => Request::Account,
            Load::OpenWithOwner if self.owner.is_none() => Request::Customer,
            Load::OpenWithOwner => Request::Account,
            Load::UpdateAccount => Request::Update,
            Load::CloseAccount => Request::Close,
            Load::Authorise => Request::Authorise,
            Load::SeedCards => Request::Card,
            Load::Mix if self.random.random_range(0..100) < MIX_TRANSFERS => Request::Transfer,
            Load::Mix => Request::Account,
            Load::SeedPayments => Request::Payment,
        }
    }

    fn variables(&mut self, place: u64) {
        match self.request {
            Request::Transfer => self.transfer(),
            Request::Batch(items) => {
                self.body.push_str("{\"items\":[");
                for item in 0..items {
                    if item > 0 {
                        self.body.push(',');
                    }
                    self.transfer();
                }
                self.body.push_str("]}");
            }
            Request::Read => {
                let account = number(self.random.random_range(0..self.accounts));
                self.add(&format!("{{\"number\":\"{account}\"}}"));
            }
            Request::Customer => self.customer(place),
            Request::Account => self.account(place),
            Request::Update => {
                let account = number(self.random.random_range(0..self.accounts));
                self.key();
                let (run, key) = (self.run.clone(), self.keys);
                self.add(&format!(
                    ",\"account\":{{\"number\":\"{account}\"}},\"externalReference\":\"{run}-{key}\",\
                    \"metadata\":{{\"note\":\"{key}\"}}}}"
                ));
            }
            Request::Close => {
                self.key();
                let id = self.supply.as_ref().map_or(String::new(), |supply| supply.id(place).to_owned());
                self.add(&format!(",\"account\":{{\"id\":\"{id}\"}},\"closureCode\":\"BENCH\"}}"));
            }
            Request::Card => {
                self.key();
                self.add(&format!(
                    ",\"account\":{{\"number\":\"{}\"}},\"card\":{{\"main\":false,\"limits\":{{\"perDay\":\"1000000\",\
                    \"perMonth\":\"1000000\"}}}}}}",
                    number(place)
                ));
            }
            Request::Authorise => {
                self.key();
                let id = self.supply.as_ref().map_or(String::new(), |supply| supply.id(place).to_owned());
                self.add(&format!(
                    ",\"card\":{{\"id\":\"{id}\"}},\"amount\":{{\"amount\":\"1.00\",\"currency\":\"EUR\"}},\
                    \"pointOfSale\":{{\"merchant\":{{\"name\":\"A shop\",\"country\":\"SE\"}},\"channel\":\"POS\"}}}}"
                ));
            }
            Request::Payment => {
                // A million; the hot one has a thousand times that.
                let amount = if place == 0 { "1000000000.00" } else { "1000000.00" };
                self.key();
                self.add(&format!(
                    ",\"account\":{{\"number\":\"{}\"}},\"amount\":{{\"amount\":\"{amount}\",\"currency\":\"EUR\"}},\
                    \"channel\":\"BANK_TRANSFER\"}}",
                    number(place)
                ));
            }
        }
    }

    fn add(&mut self, text: &str) {
        self.body.push_str(text);
    }

    /// Begins an input, with a key of its own.
    fn key(&mut self) {
        self.keys += 1;
        let _ = write!(self.body, "{{\"idempotencyKey\":\"{}-{:08x}\"", self.run, self.keys);
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
        self.key();
        let _ = write!(
            self.body,
            ",\"from\":{{\"number\":\"{}\"}},\"to\":{{\"number\":\"{}\"}},\
            \"amount\":{{\"amount\":\"1.00\",\"currency\":\"EUR\"}}}}",
            number(from),
            number(to)
        );
    }

    fn customer(&mut self, place: u64) {
        self.key();
        let name = if self.load == Load::SeedCustomers { place } else { self.keys };
        self.add(&format!(",\"type\":\"PERSON\",\"firstName\":\"Maria\",\"lastName\":\"Sjöberg {name}\""));
        if self.load == Load::SeedCustomers {
            self.add(&format!(",\"number\":\"{}\"", customer_number(place)));
        }
        self.body.push('}');
    }

    fn account(&mut self, place: u64) {
        self.key();
        let owner = match (self.load, self.owner.take()) {
            (Load::SeedAccounts, _) => format!("{{\"number\":\"{}\"}}", customer_number(place)),
            (_, Some(id)) => format!("{{\"id\":\"{id}\"}}"),
            (_, None) => format!("{{\"number\":\"{}\"}}", customer_number(self.random.random_range(0..self.accounts))),
        };
        self.add(&format!(",\"product\":{{\"code\":\"current\"}},\"owner\":{owner}"));
        if self.load == Load::SeedAccounts {
            self.add(&format!(",\"number\":\"{}\"", number(place)));
        }
        self.body.push('}');
    }

    /// What an answer counts as. Only a first success of a mutation counts as done.
    pub fn judge(&mut self, status: u16, body: &[u8]) -> Verdict {
        let request = self.request;
        let operations = request.operations();
        if request == Request::Read {
            return match status == 200 && count(body, b"\"errors\":") == 0 && count(body, b"\"number\":") >= 2 {
                true => Verdict { done: 1, rows: count(body, b"\"balanceAfter\":"), ..Verdict::default() },
                false => otherwise(request, status, body),
            };
        }
        let success = format!("\"__typename\":\"{}\"", request.success());
        let first = status == 200 && count(body, success.as_bytes()) == operations;
        if !first || count(body, b"\"replayed\":true") > 0 {
            return otherwise(request, status, body);
        }
        let made = if request.names_a_row() { first_id(body) } else { None };
        if self.load == Load::OpenWithOwner && request == Request::Customer {
            self.owner.clone_from(&made);
        }
        let entries = if request.books() { operations } else { 0 };
        Verdict { done: operations, entries, made, ..Verdict::default() }
    }
}

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

/// The first id in an answer.
fn first_id(body: &[u8]) -> Option<String> {
    const BEFORE: &[u8] = b"\"id\":\"";
    let at = body.windows(BEFORE.len()).position(|part| part == BEFORE)? + BEFORE.len();
    let id = body[at..].split(|byte| *byte == b'"').next()?;
    String::from_utf8(id.to_vec()).ok()
}

/// Whatever is not simply a success, by its kind.
fn otherwise(request: Request, status: u16, body: &[u8]) -> Verdict {
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
            (Some(name), Some(false)) if name == request.success() => {
                verdict.done += 1;
                verdict.entries += u64::from(request.books());
            }
            (Some(name), _) if name == request.success() => verdict.others.push(("replayed".into(), 1)),
            (Some("Refusal"), _) => {
                verdict.others.push((format!("refused {}", result["code"].as_str().unwrap_or("?")), 1));
            }
            (Some(other), _) => verdict.others.push((format!("{other}?"), 1)),
            (None, _) => verdict.others.push(("nothing found".into(), 1)),
        }
    }
    verdict
}
