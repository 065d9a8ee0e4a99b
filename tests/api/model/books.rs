//! What the model remembers: plain lists and maps, amounts in whole minor units, and nothing of Konto's code.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};

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
    pub amount: i128,
    pub message: Option<String>,
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
    pub metadata: Value,
    pub postings: Vec<Posting>,
    pub reverses: Option<usize>,
    pub reversed_by: Option<usize>,
    pub hold: Option<usize>,
}

impl Entry {
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
}

#[derive(Clone, Debug)]
pub struct Event {
    pub type_: &'static str,
    pub at: DateTime<Utc>,
    pub entry: Option<usize>,
    pub account: Option<usize>,
    pub customer: Option<usize>,
    pub says: Says,
}

/// A client, and its key.
pub type Key = (usize, String);

/// Everything.
#[derive(Default)]
pub struct Model {
    pub now: DateTime<Utc>,
    pub closed_through: Option<NaiveDate>,
    pub customers: Vec<Customer>,
    pub products: Vec<Product>,
    pub accounts: Vec<Account>,
    pub holds: Vec<Hold>,
    /// The holds that reserve something.
    pub open_holds: BTreeSet<usize>,
    pub entries: Vec<Entry>,
    pub events: Vec<Event>,
    /// By role and currency.
    pub internals: BTreeMap<(String, String), i128>,
    /// Debits and credits by class and currency, as the trial balance shows them.
    pub gross: BTreeMap<(String, String), (i128, i128)>,
    pub keys: BTreeMap<Key, (String, Value, Made)>,
    /// Reference, date and poster of entries.
    pub externals: BTreeSet<[String; 3]>,
    undo: Vec<Undo>,
}

enum Undo {
    Account(usize, Box<Account>),
    Hold(usize, Box<Hold>),
    Reversed(usize),
    Key(Key),
    External([String; 3]),
}

/// Where the model stood before something was tried.
pub struct Mark {
    open_holds: BTreeSet<usize>,
    internals: BTreeMap<(String, String), i128>,
    gross: BTreeMap<(String, String), (i128, i128)>,
    entries: usize,
    events: usize,
    undo: usize,
}

impl Model {
    pub fn today(&self) -> NaiveDate {
        self.now.date_naive()
    }

    /// What the open holds of an account add up to.
    pub fn reserved(&self, account: usize) -> i128 {
        let holds = self.open_holds.iter().map(|hold| &self.holds[*hold]);
        holds.filter(|hold| hold.account == account).map(Hold::remaining).sum()
    }

    /// How much more can be taken; below zero when an account is further down than it may go.
    pub fn headroom(&self, account: usize) -> i128 {
        let it = &self.accounts[account];
        let funds = it.parts[PRINCIPAL] - self.reserved(account);
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

    pub fn mark_reversed(&mut self, entry: usize, by: usize) {
        self.undo.push(Undo::Reversed(entry));
        self.entries[entry].reversed_by = Some(by);
    }

    pub fn take_external(&mut self, external: [String; 3]) {
        self.undo.push(Undo::External(external.clone()));
        self.externals.insert(external);
    }

    pub fn remember(&mut self, key: Key, operation: &str, input: &Value, made: &Made) {
        self.undo.push(Undo::Key(key.clone()));
        self.keys.insert(key, (operation.to_owned(), input.clone(), made.clone()));
    }

    pub fn mark(&self) -> Mark {
        Mark {
            open_holds: self.open_holds.clone(),
            internals: self.internals.clone(),
            gross: self.gross.clone(),
            entries: self.entries.len(),
            events: self.events.len(),
            undo: self.undo.len(),
        }
    }

    /// As if nothing had been tried.
    pub fn go_back(&mut self, mark: Mark) {
        (self.open_holds, self.internals, self.gross) = (mark.open_holds, mark.internals, mark.gross);
        self.events.truncate(mark.events);
        for undo in self.undo.drain(mark.undo..).rev() {
            match undo {
                Undo::Account(account, before) => self.accounts[account] = *before,
                Undo::Hold(hold, before) => self.holds[hold] = *before,
                Undo::Reversed(entry) => self.entries[entry].reversed_by = None,
                Undo::Key(key) => {
                    self.keys.remove(&key);
                }
                Undo::External(external) => {
                    self.externals.remove(&external);
                }
            }
        }
        self.entries.truncate(mark.entries);
    }

    /// What was done stays done.
    pub fn settle(&mut self) {
        self.undo.clear();
    }

    pub fn log(&mut self, type_: &'static str, account: Option<usize>, says: Says) {
        self.events.push(Event { type_, at: self.now, entry: None, account, customer: None, says });
    }

    pub fn log_account(&mut self, type_: &'static str, account: usize, fields: Value) {
        self.log(type_, Some(account), Says::Fields(fields));
    }

    /// Closes the accounts that only waited to be empty.
    pub fn close_the_empty(&mut self, accounts: &[usize]) {
        for account in accounts {
            let it = &self.accounts[*account];
            if it.status == "PENDING_CLOSE" && it.is_empty() && self.reserved(*account) == 0 {
                let today = self.today();
                let it = self.touch(*account);
                (it.status, it.closed_on) = ("CLOSED", Some(today));
                self.log_account("account.closed", *account, json!({}));
            }
        }
    }

    /// The open holds whose time is over.
    pub fn lapsed(&self) -> Vec<usize> {
        let over = |hold: &&usize| self.holds[**hold].expires_at.is_some_and(|end| end <= self.now);
        self.open_holds.iter().filter(over).copied().collect()
    }

    /// Time has ended a hold, and somebody has noticed.
    pub fn lapse(&mut self, hold: usize) {
        self.end_hold(hold, "EXPIRED", "hold.expired");
        self.settle();
    }

    pub fn end_hold(&mut self, hold: usize, status: &'static str, event: &'static str) {
        let (freed, now) = (self.holds[hold].remaining(), self.now);
        let account = self.holds[hold].account;
        let it = self.touch_hold(hold);
        (it.status, it.closed_at) = (status, Some(now));
        self.open_holds.remove(&hold);
        self.log(event, Some(account), Says::Hold(hold, freed, status));
        self.close_the_empty(&[account]);
    }
}

/// The one name that a one-of input gives.
fn one_of(by: &Value) -> Option<(&str, &str)> {
    let (name, value) = by.as_object()?.iter().find(|(_, value)| !value.is_null())?;
    Some((name.as_str(), value.as_str().filter(|value| !value.is_empty())?))
}

/// How many decimals a currency has.
pub fn exponent(currency: &str) -> usize {
    match currency {
        "EUR" | "SEK" => 2,
        "JPY" => 0,
        "KWD" => 3,
        other => panic!("the model knows no {other}"),
    }
}

/// An amount as it is shown: all decimals of the currency.
pub fn shown(minor: i128, currency: &str) -> String {
    let (sign, digits) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs().to_string());
    let decimals = exponent(currency);
    if decimals == 0 {
        return format!("{sign}{digits}");
    }
    let digits = format!("{digits:0>width$}", width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    format!("{sign}{whole}.{fraction}")
}

/// An amount with its currency.
pub fn money(minor: i128, currency: &str) -> Value {
    json!({ "amount": shown(minor, currency), "currency": currency })
}

/// A decimal of an input in minor units.
pub fn minor(field: &str, decimal: &str, currency: &str) -> Result<i128, Refusal> {
    match units(decimal, currency) {
        None => Err(no("INVALID_INPUT", field)),
        Some(minor) if minor.abs() > LARGEST => Err(no("AMOUNT_OUT_OF_RANGE", field)),
        Some(minor) => Ok(minor),
    }
}

/// A decimal in minor units, however many; none when it has more decimals than the currency.
pub fn units(decimal: &str, currency: &str) -> Option<i128> {
    let (negative, digits) = decimal.strip_prefix('-').map_or((false, decimal), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let decimals = exponent(currency);
    if fraction.len() > decimals {
        return None;
    }
    let minor: i128 = format!("{whole}{fraction:0<decimals$}").parse().expect("digits");
    Some(if negative { -minor } else { minor })
}

/// A field of an input; null counts as absent.
pub fn text<'a>(input: &'a Value, name: &str) -> Option<&'a str> {
    input[name].as_str()
}

pub fn owned(input: &Value, name: &str) -> Option<String> {
    text(input, name).map(str::to_owned)
}
