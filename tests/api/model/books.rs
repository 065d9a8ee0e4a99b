//! What the model remembers: plain lists and maps, amounts in whole minor units, and nothing of Konto's code.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};

pub use super::amounts::{minor, money, shown, units};

/// The largest amount and the largest balance, either side of zero.
pub const LARGEST: i128 = 100_000_000_000_000_000;
/// The components of an account, as they are shown.
pub const COMPONENTS: [&str; 3] = ["PRINCIPAL", "INTEREST", "FEE"];
/// The place of principal among them.
pub const PRINCIPAL: usize = 0;

/// A business answer that is no success.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// From the closed list.
    pub code: &'static str,
    /// The fields at fault, dotted.
    pub fields: Vec<String>,
    /// What may help, or null.
    pub facts: Value,
}

/// A refusal that one field is at fault for.
pub fn no(code: &'static str, field: &str) -> Refusal {
    let fields = if field.is_empty() { vec![] } else { vec![field.to_owned()] };
    Refusal { code, fields, facts: Value::Null }
}

impl Refusal {
    /// The same, with facts.
    pub fn with(self, facts: Value) -> Self {
        Self { facts, ..self }
    }

    /// The same, its fields below a path.
    pub fn under(mut self, path: &str) -> Self {
        for field in &mut self.fields {
            *field = format!("{path}.{field}");
        }
        self
    }
}

/// What a mutation made, or what it was about: the place in the model's lists.
#[derive(Clone, Debug, PartialEq)]
pub enum Made {
    Customer(usize),
    Party(usize),
    Product(usize),
    Account(usize),
    Entry(usize),
    Hold(usize),
    Period(String),
}

/// The answer to a mutation.
pub type Verdict = Result<(Made, bool), Refusal>;

#[derive(Clone, Debug)]
pub struct Customer {
    /// Empty until the answer has told it.
    pub id: String,
    /// Empty when the server makes it, until the answer has told it.
    pub number: String,
    pub is_company: bool,
    pub external: Option<String>,
    /// `firstName`, `lastName`, `companyName`.
    pub names: [Option<String>; 3],
    pub metadata: Value,
}

/// Whom money is owed to.
#[derive(Clone, Debug)]
pub struct Party {
    pub id: String,
    /// Empty when the server makes it, until the answer has told it.
    pub number: String,
    pub external: Option<String>,
    pub name: String,
    pub metadata: Value,
}

#[derive(Clone, Debug)]
pub struct Product {
    pub id: String,
    pub code: String,
    pub alias: String,
    pub family: String,
    pub mode: Option<String>,
    pub currency: String,
    pub rule: String,
    /// The components in the order in which a credit repays them.
    pub order: [usize; 3],
    pub default_limit: i128,
    pub maximum_limit: Option<i128>,
    pub maximum_balance: Option<i128>,
    pub retired: bool,
    pub metadata: Value,
}

/// A line of a statement.
#[derive(Clone, Debug)]
pub struct Line {
    pub entry: usize,
    pub amount: i128,
    pub after: i128,
    pub message: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Account {
    pub id: String,
    pub number: String,
    pub external: Option<String>,
    pub product: usize,
    pub owner: usize,
    pub creditor: Option<usize>,
    pub currency: String,
    pub opened_on: NaiveDate,
    pub closed_on: Option<NaiveDate>,
    pub closure_code: Option<String>,
    pub metadata: Value,
    pub status: &'static str,
    pub rule: String,
    pub order: [usize; 3],
    pub limit: i128,
    pub maximum: Option<i128>,
    pub parts: [i128; 3],
    /// Credits to principal, by the day on which they count; today and before they have arrived.
    pub arriving: BTreeMap<NaiveDate, i128>,
    /// The newest transaction.
    pub last: Option<Line>,
}

impl Account {
    pub fn balance(&self) -> i128 {
        self.parts.iter().sum()
    }

    pub fn is_empty(&self) -> bool {
        self.parts == [0; 3]
    }

    pub fn may_owe(&self) -> bool {
        self.rule != "NONE"
    }
}

#[derive(Clone, Debug)]
pub struct Hold {
    pub id: String,
    pub account: usize,
    pub amount: i128,
    pub captured: i128,
    pub status: &'static str,
    pub description: String,
    pub reference: Option<String>,
    pub placed_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
}

impl Hold {
    pub fn remaining(&self) -> i128 {
        if self.status == "OPEN" { self.amount - self.captured } else { 0 }
    }
}

#[derive(Clone, Debug)]
pub struct Posting {
    /// As in the chart.
    pub code: String,
    pub account: Option<(usize, usize)>,
    /// Whose it is, where it is no account's and not the tenant's.
    pub party: Option<usize>,
    pub amount: i128,
    pub message: Option<String>,
}

/// What Konto notes of an entry, or what was told of it.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub reference: Option<String>,
    pub channel: Option<String>,
    pub reason: Option<String>,
    /// As it is shown, or null.
    pub counterparty: Value,
    pub message_to_receiver: Option<String>,
    pub transaction_date: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub id: String,
    pub kind: &'static str,
    pub currency: String,
    pub value_date: NaiveDate,
    pub booked_at: DateTime<Utc>,
    pub description: String,
    /// The input's object, or null.
    pub external: Value,
    pub facts: Facts,
    pub metadata: Value,
    pub postings: Vec<Posting>,
    pub reverses: Option<usize>,
    /// Of each line, how much has been taken back.
    pub gone: Vec<i128>,
    pub reversals: Vec<usize>,
    pub hold: Option<usize>,
}

impl Entry {
    /// What it did by itself, line by line: without what follows from what accounts owe to parties, then and when it is
    /// reversed. Of each party the first line has what is left.
    pub fn booked(&self) -> Vec<i128> {
        let own = |(place, line): (usize, &Posting)| match line.party {
            None => line.amount,
            party if self.postings[..place].iter().any(|before| before.party == party) => 0,
            party => self.postings.iter().filter(|line| line.party == party).map(|line| line.amount).sum(),
        };
        self.postings.iter().enumerate().map(own).collect()
    }

    /// The accounts that it touches, each once, in the order of the lines.
    pub fn accounts(&self) -> Vec<usize> {
        let mut accounts = Vec::new();
        for (account, _) in self.postings.iter().filter_map(|posting| posting.account) {
            if !accounts.contains(&account) {
                accounts.push(account);
            }
        }
        accounts
    }
}

/// What an event says.
#[derive(Clone, Debug)]
pub enum Says {
    Fields(Value),
    /// Of a hold: how much, and its state then.
    Hold(usize, i128, &'static str),
    Product(usize, String),
    Customer(usize),
    Party(usize),
    /// What Konto tells of its own work, as it was told.
    Own(Value),
}

#[derive(Clone, Debug)]
pub struct Event {
    pub type_: &'static str,
    pub at: DateTime<Utc>,
    pub entry: Option<usize>,
    pub account: Option<usize>,
    pub says: Says,
}

/// What the audit trail says of a mutation, or of an item of a batch.
#[derive(Clone, Debug)]
pub struct Record {
    pub client: usize,
    pub operation: &'static str,
    pub at: DateTime<Utc>,
    pub outcome: &'static str,
    pub code: Option<&'static str>,
    pub target: Option<Made>,
}

/// A client, and its key.
pub type Key = (usize, String);

/// Everything.
#[derive(Default)]
pub struct Model {
    /// The tenant's id.
    pub tenant: String,
    /// The time in the books: it does not go back when the clock does.
    pub now: DateTime<Utc>,
    pub closed_through: Option<NaiveDate>,
    pub customers: Vec<Customer>,
    pub parties: Vec<Party>,
    pub products: Vec<Product>,
    pub accounts: Vec<Account>,
    pub holds: Vec<Hold>,
    /// The holds that reserve something.
    pub open_holds: BTreeSet<usize>,
    pub entries: Vec<Entry>,
    pub events: Vec<Event>,
    pub records: Vec<Record>,
    /// By role and currency.
    pub internals: BTreeMap<(String, String), i128>,
    /// Debits and credits by class and currency, as the trial balance shows them.
    pub gross: BTreeMap<(String, String), (i128, i128)>,
    /// What each key stands for: the request in the one form that all its spellings share, and what it made.
    pub keys: BTreeMap<Key, (Value, Made)>,
    /// Reference, date and poster of entries.
    pub externals: BTreeSet<[String; 3]>,
    undo: Vec<Undo>,
}

enum Undo {
    Account(usize, Box<Account>),
    Hold(usize, Box<Hold>),
    Reversed(usize, Vec<i128>),
    Key(Key),
    External([String; 3]),
    OpenHold(usize, bool),
    Internal((String, String), i128),
}

/// Where the model stood before something was tried.
pub struct Mark {
    entries: usize,
    events: usize,
    undo: usize,
    /// Customers, accounts and holds: what a mutation makes before it may still be refused.
    made: [usize; 4],
}

impl Model {
    pub fn new(tenant: String, now: DateTime<Utc>) -> Self {
        Self { tenant, now, ..Self::default() }
    }

    pub fn today(&self) -> NaiveDate {
        self.now.date_naive()
    }

    /// What the open holds of an account add up to.
    pub fn reserved(&self, account: usize) -> i128 {
        let holds = self.open_holds.iter().map(|hold| &self.holds[*hold]);
        holds.filter(|hold| hold.account == account).map(Hold::remaining).sum()
    }

    /// What is booked already, and counts from a later day on.
    pub fn pending(&self, account: usize) -> i128 {
        let today = self.today();
        self.accounts[account].arriving.iter().filter(|(day, _)| **day > today).map(|(_, amount)| amount).sum()
    }

    /// How much more can be taken; below zero when an account is further down than it may go.
    pub fn headroom(&self, account: usize) -> i128 {
        let it = &self.accounts[account];
        let funds = it.parts[PRINCIPAL] - self.pending(account) - self.reserved(account);
        match (it.status, it.rule.as_str()) {
            ("CLOSED", _) => 0,
            ("PENDING_CLOSE", _) => funds,
            (_, "UNLIMITED") => LARGEST,
            _ => funds + it.limit,
        }
    }

    pub fn available(&self, account: usize) -> i128 {
        self.headroom(account).max(0)
    }

    /// Looks an account up by one of its names.
    pub fn account_by(&self, by: &Value) -> Option<usize> {
        let (name, value) = one_of(by)?;
        self.accounts.iter().rposition(|account| match name {
            "id" => account.id == value,
            "number" => account.number == value,
            _ => account.external.as_deref() == Some(value),
        })
    }

    pub fn customer_by(&self, by: &Value) -> Option<usize> {
        let (name, value) = one_of(by)?;
        self.customers.iter().rposition(|customer| match name {
            "id" => customer.id == value,
            "number" => customer.number == value,
            _ => customer.external.as_deref() == Some(value),
        })
    }

    pub fn party_by(&self, by: &Value) -> Option<usize> {
        let (name, value) = one_of(by)?;
        self.parties.iter().rposition(|party| match name {
            "id" => party.id == value,
            "number" => party.number == value,
            _ => party.external.as_deref() == Some(value),
        })
    }

    pub fn product_by(&self, by: &Value) -> Option<usize> {
        let (name, value) = one_of(by)?;
        self.products.iter().rposition(|product| if name == "id" { product.id == value } else { product.code == value })
    }

    pub fn hold_by(&self, id: &Value) -> Option<usize> {
        self.holds.iter().rposition(|hold| Some(hold.id.as_str()) == id.as_str())
    }

    pub fn entry_by(&self, id: &Value) -> Option<usize> {
        self.entries.iter().rposition(|entry| Some(entry.id.as_str()) == id.as_str())
    }

    /// The account, to be changed; as it was is kept for the case that it comes to nothing.
    pub fn touch(&mut self, account: usize) -> &mut Account {
        self.undo.push(Undo::Account(account, Box::new(self.accounts[account].clone())));
        &mut self.accounts[account]
    }

    pub fn touch_hold(&mut self, hold: usize) -> &mut Hold {
        self.undo.push(Undo::Hold(hold, Box::new(self.holds[hold].clone())));
        &mut self.holds[hold]
    }

    pub fn mark_reversed(&mut self, entry: usize, by: usize, taken: &[i128]) {
        let it = &mut self.entries[entry];
        self.undo.push(Undo::Reversed(entry, it.gone.clone()));
        it.reversals.push(by);
        it.gone.iter_mut().zip(taken).for_each(|(gone, part)| *gone += part);
    }

    pub fn set_open(&mut self, hold: usize, open: bool) {
        let was = if open { !self.open_holds.insert(hold) } else { self.open_holds.remove(&hold) };
        self.undo.push(Undo::OpenHold(hold, was));
    }

    /// Adds to the balance of one of the tenant's own accounts; gives what it is then.
    pub fn add_to_internal(&mut self, role: &str, currency: &str, amount: i128) -> i128 {
        let row = (role.to_owned(), currency.to_owned());
        let balance = self.internals.entry(row.clone()).or_default();
        self.undo.push(Undo::Internal(row, *balance));
        *balance += amount;
        *balance
    }

    /// Adds an entry to the debits and credits, or takes it off again.
    pub fn add_to_gross(&mut self, entry: &Entry, sign: i128) {
        for line in &entry.postings {
            let class = (line.code.clone(), entry.currency.clone());
            let (debit, credit) = self.gross.entry(class.clone()).or_default();
            *(if line.amount < 0 { &mut *debit } else { &mut *credit }) += sign * line.amount.abs();
            if (*debit, *credit) == (0, 0) {
                self.gross.remove(&class);
            }
        }
    }

    pub fn take_external(&mut self, external: [String; 3]) {
        self.undo.push(Undo::External(external.clone()));
        self.externals.insert(external);
    }

    pub fn remember(&mut self, key: Key, request: Value, made: &Made) {
        self.undo.push(Undo::Key(key.clone()));
        self.keys.insert(key, (request, made.clone()));
    }

    pub fn mark(&self) -> Mark {
        Mark {
            entries: self.entries.len(),
            events: self.events.len(),
            undo: self.undo.len(),
            made: [self.customers.len(), self.parties.len(), self.accounts.len(), self.holds.len()],
        }
    }

    /// As if nothing had been tried.
    pub fn go_back(&mut self, mark: Mark) {
        self.events.truncate(mark.events);
        for undo in self.undo.drain(mark.undo..).rev() {
            match undo {
                Undo::Account(account, before) => self.accounts[account] = *before,
                Undo::Hold(hold, before) => self.holds[hold] = *before,
                Undo::Reversed(entry, gone) => {
                    self.entries[entry].gone = gone;
                    self.entries[entry].reversals.pop();
                }
                Undo::Key(key) => {
                    self.keys.remove(&key);
                }
                Undo::External(external) => {
                    self.externals.remove(&external);
                }
                Undo::OpenHold(hold, true) => _ = self.open_holds.insert(hold),
                Undo::OpenHold(hold, false) => _ = self.open_holds.remove(&hold),
                Undo::Internal(row, before) => _ = self.internals.insert(row, before),
            }
        }
        while self.entries.len() > mark.entries {
            let entry = self.entries.pop().expect("an entry");
            self.add_to_gross(&entry, -1);
        }
        let [customers, parties, accounts, holds] = mark.made;
        self.customers.truncate(customers);
        self.parties.truncate(parties);
        self.accounts.truncate(accounts);
        self.holds.truncate(holds);
    }

    /// What was done stays done.
    pub fn settle(&mut self) {
        self.undo.clear();
    }

    pub fn log(&mut self, type_: &'static str, account: Option<usize>, says: Says) {
        self.events.push(Event { type_, at: self.now, entry: None, account, says });
    }

    pub fn log_account(&mut self, type_: &'static str, account: usize, fields: Value) {
        self.log(type_, Some(account), Says::Fields(fields));
    }

    /// Closes the accounts that only waited to be empty, in the order of their ids.
    pub fn close_the_empty(&mut self, accounts: &[usize]) {
        let mut accounts = accounts.to_vec();
        accounts.sort_by(|one, other| self.accounts[*one].id.cmp(&self.accounts[*other].id));
        self.close_in_turn(&accounts);
    }

    /// The same, in this order.
    pub fn close_in_turn(&mut self, accounts: &[usize]) {
        for account in accounts {
            let it = &self.accounts[*account];
            if it.status == "PENDING_CLOSE"
                && it.is_empty()
                && self.pending(*account) == 0
                && self.reserved(*account) == 0
            {
                let today = self.today();
                let it = self.touch(*account);
                (it.status, it.closed_on) = ("CLOSED", Some(today));
                self.log_account("ACCOUNT_CLOSED", *account, json!({}));
            }
        }
    }

    /// The open holds whose time is over.
    pub fn lapsed(&self) -> Vec<usize> {
        self.lapsed_by(self.now).collect()
    }

    /// Those whose time is over at a moment.
    pub fn lapsed_by(&self, moment: DateTime<Utc>) -> impl Iterator<Item = usize> {
        let over = move |hold: &&usize| self.holds[**hold].expires_at.is_some_and(|end| end <= moment);
        self.open_holds.iter().filter(over).copied()
    }

    /// Time has ended a hold, and somebody has noticed.
    pub fn lapse(&mut self, hold: usize) {
        self.end_hold(hold, "EXPIRED", "HOLD_EXPIRED");
        self.settle();
    }

    pub fn end_hold(&mut self, hold: usize, status: &'static str, event: &'static str) {
        let (freed, now) = (self.holds[hold].remaining(), self.now);
        let account = self.holds[hold].account;
        let it = self.touch_hold(hold);
        (it.status, it.closed_at) = (status, Some(now));
        self.set_open(hold, false);
        self.log(event, Some(account), Says::Hold(hold, freed, status));
        self.close_the_empty(&[account]);
    }
}

/// The one name that a one-of input gives.
fn one_of(by: &Value) -> Option<(&str, &str)> {
    let (name, value) = by.as_object()?.iter().find(|(_, value)| !value.is_null())?;
    Some((name.as_str(), value.as_str().filter(|value| !value.is_empty())?))
}

/// A field of an input; null counts as absent.
pub fn text<'a>(input: &'a Value, name: &str) -> Option<&'a str> {
    input[name].as_str()
}

pub fn owned(input: &Value, name: &str) -> Option<String> {
    text(input, name).map(str::to_owned)
}
