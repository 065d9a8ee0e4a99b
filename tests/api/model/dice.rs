//! What is tried next: mostly what should succeed, often enough what should not.

mod inputs;
mod spelling;

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, TimeDelta};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Map, Value, json};

use super::books::{LARGEST, Model, shown};
use crate::payments::IBAN;

/// Every mutation, and how often it is tried among the others.
pub const MUTATIONS: [(&str, usize); 25] = [
    ("captureHold", 10),
    ("closeAccount", 4),
    ("closePeriod", 2),
    ("createCustomer", 2),
    ("createCustomerBatch", 1),
    ("createParty", 2),
    ("createProduct", 2),
    ("disburse", 10),
    ("openAccount", 5),
    ("openAccountBatch", 2),
    ("placeHold", 12),
    ("postAdjustment", 6),
    ("postCharge", 7),
    ("postPayment", 16),
    ("postPaymentBatch", 3),
    ("releaseHold", 4),
    ("remitToParty", 5),
    ("requestAccountClosure", 2),
    ("reverseEntry", 9),
    ("transfer", 18),
    ("transferBatch", 6),
    ("updateAccount", 4),
    ("updateCustomer", 2),
    ("updateParty", 2),
    ("updateProduct", 2),
];

/// The mutation that the items of a batch are of.
pub fn of_batch(operation: &str) -> Option<&'static str> {
    let item = operation.strip_suffix("Batch")?;
    MUTATIONS.iter().find(|(name, _)| *name == item).map(|(name, _)| *name)
}

/// The currencies of the products.
const CURRENCIES: [&str; 3] = ["EUR", "JPY", "KWD"];

/// A mutation to try.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which of the clients.
    pub client: usize,
    pub operation: &'static str,
    pub input: Value,
}

/// How a mutation has not yet ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lacks {
    Success,
    Replay,
    Refusal,
}

/// How often each mutation ended how.
pub type Outcomes = BTreeMap<&'static str, BTreeMap<String, usize>>;

pub struct Dice {
    pub rng: StdRng,
    /// Ids that are somebody else's, or nobody's.
    pub foreign: Vec<String>,
    past: Vec<Step>,
    number: usize,
}

impl Dice {
    pub fn new(seed: u64, foreign: Vec<String>) -> Self {
        Self { rng: StdRng::seed_from_u64(seed), foreign, past: Vec::new(), number: 0 }
    }

    /// True so many times in a thousand.
    pub fn chance(&mut self, of_thousand: u32) -> bool {
        self.rng.random_range(0..1_000) < of_thousand
    }

    fn pick<T: Copy>(&mut self, some: &[T]) -> T {
        *some.choose(&mut self.rng).expect("something to pick")
    }

    fn fresh(&mut self, name: &str) -> String {
        self.number += 1;
        format!("{name}-{}", self.number)
    }

    /// The next mutation. `wanting` are those that have not yet ended in every way, with one that lacks: they are
    /// tried more often.
    pub fn next(&mut self, model: &Model, wanting: &[(&'static str, Lacks)]) -> Step {
        if !self.past.is_empty() && self.chance(60) {
            // The same once more, whatever came of it: as it was written, or in another spelling.
            let step = self.past.choose(&mut self.rng).expect("a past").clone();
            return if self.chance(500) { self.respelled(step) } else { step };
        }
        let (operation, lacks) = match wanting.is_empty() || self.chance(700) {
            false => self.pick(wanting),
            true => (self.operation(model), Lacks::Success),
        };
        if lacks == Lacks::Replay {
            let past: Vec<&Step> = self.past.iter().filter(|step| step.operation == operation).collect();
            if let Some(step) = past.choose(&mut self.rng) {
                return (*step).clone();
            }
        }
        let mut input = Value::Object(self.input(model, operation));
        match of_batch(operation) {
            Some(_) => {}
            None if lacks == Lacks::Refusal => input["idempotencyKey"] = json!(" "),
            None => input["idempotencyKey"] = json!(self.key()),
        }
        let step = Step { client: usize::from(self.chance(100)), operation, input };
        self.past.push(step.clone());
        step
    }

    fn operation(&mut self, model: &Model) -> &'static str {
        if model.accounts.iter().filter(|account| account.status == "OPEN").count() < 25 {
            return self.pick(&["openAccount", "openAccount", "openAccountBatch", "createCustomer", "postPayment"]);
        }
        let mut at = self.rng.random_range(0..MUTATIONS.iter().map(|(_, weight)| weight).sum());
        for (operation, weight) in MUTATIONS {
            if at < weight {
                return operation;
            }
            at -= weight;
        }
        unreachable!("the weights are summed up");
    }

    /// A key: new, or one that somebody used, or none.
    fn key(&mut self) -> String {
        if self.chance(4) {
            return self.pick(&["", "  "]).to_owned();
        }
        if self.chance(15) {
            let used = self.past.choose(&mut self.rng).and_then(|step| step.input["idempotencyKey"].as_str());
            if let Some(key) = used {
                return key.to_owned();
            }
        }
        self.fresh("key")
    }

    fn input(&mut self, model: &Model, operation: &str) -> Map<String, Value> {
        let input = match operation {
            batch if of_batch(batch).is_some() => self.batch(model, of_batch(batch).expect("a batch")),
            "createCustomer" => self.new_customer(model),
            "createParty" => self.new_party(model),
            "updateParty" => self.party_change(model),
            "updateCustomer" => self.customer_change(model),
            "createProduct" => self.new_product(model),
            "updateProduct" => self.product_change(model),
            "openAccount" => self.new_account(model),
            "updateAccount" => self.account_change(model),
            "requestAccountClosure" => {
                let account = self.account(model, None);
                json!({ "account": self.naming(model, account) })
            }
            "closeAccount" => self.closure(model),
            "closePeriod" => {
                let today = model.today();
                let first = model.closed_through.unwrap_or(today - Days::new(30)) + Days::new(1);
                let through = match self.chance(700) {
                    true => first.min(today - Days::new(1)),
                    false => today + TimeDelta::days(self.rng.random_range(-60..3)),
                };
                json!({ "through": through.to_string() })
            }
            "placeHold" => self.new_hold(model),
            "captureHold" => self.capture(model),
            "releaseHold" => {
                let hold = self.hold(model);
                json!({ "hold": self.id(hold.map(|hold| model.holds[hold].id.clone())) })
            }
            "reverseEntry" => self.reversal(model),
            "transfer" => Value::Object(self.transfer(model)),
            "postPayment" => {
                let account = self.claim(model, 200, |it| it.parts[0] < 0);
                let channels = ["BANK_TRANSFER", "DIRECT_DEBIT", "CARD", "PSP", "CASH", "INTERNAL"];
                let mut input = json!({ "account": self.naming(model, account), "channel": self.pick(&channels) });
                input["amount"] = self.amount(model, account, 400_000);
                self.details(model, &mut input, &["reference", "description"]);
                if self.chance(120) {
                    // What is yet to come.
                    let day = model.today() + TimeDelta::days(self.rng.random_range(1..9));
                    input["valueDate"] = json!(day.to_string());
                }
                if self.chance(150) {
                    input["transactionDate"] = json!("2026-04-11");
                }
                if self.chance(250) {
                    let mut payer = json!({});
                    for (part, text) in [("name", "Ada"), ("account", IBAN), ("bank", "SWEDSESS")] {
                        if self.chance(600) {
                            payer[part] = json!(if self.chance(50) { self.note() } else { text.to_owned() });
                        }
                    }
                    input["counterparty"] = payer;
                }
                input
            }
            "remitToParty" => self.remittance(model),
            "disburse" => {
                let account = self.account(model, None);
                let mut input = json!({ "account": self.naming(model, account) });
                input["amount"] = self.amount(model, account, model.available(account));
                self.bank_account(&mut input);
                self.details(model, &mut input, &["reference", "ownMessage", "messageToReceiver", "receiverName"]);
                input
            }
            "postAdjustment" => {
                let account = self.claim(model, 500, |it| it.may_owe());
                let is_claim = model.accounts[account].creditor.is_some();
                let component = if is_claim { "PRINCIPAL" } else { self.pick(&["PRINCIPAL", "INTEREST", "FEE"]) };
                let mut input = json!({ "account": self.naming(model, account), "component": component });
                let most = if is_claim { 300_000 } else { 20_000 };
                input["amount"] = self.amount(model, account, model.available(account).min(most));
                if self.chance(if is_claim { 900 } else { 400 }) {
                    let amount = input["amount"]["amount"].as_str().expect("an amount").to_owned();
                    input["amount"]["amount"] =
                        json!(amount.strip_prefix('-').map_or(format!("-{amount}"), str::to_owned));
                }
                input["reason"] = json!(self.required("a slip"));
                self.details(model, &mut input, &["description"]);
                input
            }
            "postCharge" => {
                let account = self.account(model, None);
                let kinds =
                    ["INTEREST", "ADMINISTRATION_FEE", "BILLING_FEE", "COLLECTION_FEE", "LATE_FEE", "REMINDER_FEE"];
                let mut input = json!({ "account": self.naming(model, account), "kind": self.pick(&kinds) });
                let most = if model.accounts[account].may_owe() { 5_000 } else { model.available(account).min(5_000) };
                input["amount"] = self.amount(model, account, most);
                self.details(model, &mut input, &["description"]);
                input
            }
            other => panic!("nothing is tried of {other}"),
        };
        match input {
            Value::Object(fields) => fields,
            other => panic!("no input: {other}"),
        }
    }

    // What things are called.

    /// An account: mostly one that takes money, of a currency if it matters.
    pub fn account(&mut self, model: &Model, currency: Option<&str>) -> usize {
        let any = self.chance(40);
        let fits = |place: &usize| {
            let it = &model.accounts[*place];
            any || (it.status != "CLOSED" && currency.is_none_or(|currency| it.currency == currency))
        };
        let places: Vec<usize> = (0..model.accounts.len()).filter(fits).collect();
        places.choose(&mut self.rng).copied().unwrap_or_else(|| self.rng.random_range(0..model.accounts.len()))
    }

    /// An account that belongs to a party, in so many of a thousand cases; or any.
    fn claim(&mut self, model: &Model, chance: u32, fits: impl Fn(&super::books::Account) -> bool) -> usize {
        let is_claim = |place: &usize| {
            let it = &model.accounts[*place];
            it.creditor.is_some() && it.status == "OPEN" && fits(it)
        };
        let claims: Vec<usize> = (0..model.accounts.len()).filter(is_claim).collect();
        match claims.choose(&mut self.rng) {
            Some(claim) if self.chance(chance) => *claim,
            _ => self.account(model, None),
        }
    }

    fn naming(&mut self, model: &Model, account: usize) -> Value {
        let it = &model.accounts[account];
        self.name(&it.id, &it.number, it.external.as_deref())
    }

    fn name(&mut self, id: &str, number: &str, external: Option<&str>) -> Value {
        if self.chance(25) {
            return match self.rng.random_range(0..5) {
                0 => json!({ "number": "nobody" }),
                1 => json!({ "externalReference": "no\u{0}body" }),
                2 => json!({ "id": "acc_?" }),
                _ => json!({ "id": self.foreign.choose(&mut self.rng).expect("ids") }),
            };
        }
        match (self.rng.random_range(0..10), external) {
            (0..3, Some(external)) => json!({ "externalReference": external }),
            (0..4, _) => json!({ "number": number }),
            _ => json!({ "id": id }),
        }
    }

    fn id(&mut self, id: Option<String>) -> String {
        match id {
            Some(id) if !self.chance(25) => id,
            _ => self.foreign.choose(&mut self.rng).expect("ids").clone(),
        }
    }

    // Amounts, days and texts.

    fn money(&mut self, minor: i128, currency: &str) -> Value {
        let mut amount = shown(minor, currency);
        if amount.contains('.') && self.chance(200) {
            amount = amount.trim_end_matches('0').trim_end_matches('.').to_owned();
        }
        json!({ "amount": amount, "currency": currency })
    }

    /// An amount that fits below `most`, where there is anything; or now and then one that does not.
    fn amount(&mut self, model: &Model, account: usize, most: i128) -> Value {
        let currency = model.accounts[account].currency.clone();
        if self.chance(15) {
            let other = self.pick(&["EUR", "JPY", "KWD", "SEK"]);
            return self.money(100, other);
        }
        let small = most.clamp(1, 50_000);
        let minor = match self.rng.random_range(0..1_000) {
            0..10 => 0,
            10..20 => -self.rng.random_range(1..1_000),
            20..35 => return json!({ "amount": "1.0001", "currency": currency }),
            35..45 => most.max(0) + 1,
            45..75 => most.clamp(1, LARGEST),
            75..77 => LARGEST,
            77..80 => LARGEST + 1,
            80..100 => self.rng.random_range(1..1_000_000),
            _ => self.rng.random_range(1..=small),
        };
        self.money(minor, &currency)
    }

    /// A limit: a decimal alone.
    fn limit(&mut self, most: i128, currency: &str) -> Value {
        let minor = match self.rng.random_range(0..20) {
            0 => -1,
            1 => return json!("0.00001"),
            2 => LARGEST * 10,
            3 => most + 1,
            4 => 0,
            _ => self.rng.random_range(0..=most.clamp(0, 500_000)),
        };
        json!(shown(minor, currency))
    }

    fn value_date(&mut self, model: &Model) -> Option<NaiveDate> {
        let today = model.today();
        let first = model.closed_through.map_or(20, |closed| (today - closed).num_days() - 1).clamp(0, 20);
        Some(match self.rng.random_range(0..100) {
            0..12 => today - TimeDelta::days(self.rng.random_range(0..=first)),
            12..15 => today + TimeDelta::days(self.rng.random_range(0..=366)),
            15 => model.closed_through?,
            16 => today + TimeDelta::days(self.pick(&[366, 367, -3_660, -3_661])),
            _ => return None,
        })
    }

    /// A text for people: too long or blank now and then.
    fn note(&mut self) -> String {
        match self.rng.random_range(0..40) {
            0 => "x".repeat(501),
            1 => " ".into(),
            2 => "ö".repeat(500),
            _ => self.fresh("note"),
        }
    }

    fn required(&mut self, text: &str) -> String {
        if self.chance(30) { self.pick(&["", " \n"]).to_owned() } else { text.to_owned() }
    }

    fn reference(&mut self, taken: Option<String>) -> String {
        match (self.rng.random_range(0..30), taken) {
            (0, _) => String::new(),
            (1, _) => " spaced".into(),
            (2, _) => "x".repeat(65),
            (3..6, Some(taken)) => taken,
            _ => self.fresh("ref"),
        }
    }

    /// What every movement may carry.
    fn details(&mut self, model: &Model, input: &mut Value, notes: &[&str]) {
        if let Some(day) = self.value_date(model) {
            input["valueDate"] = json!(day.to_string());
        }
        for note in notes {
            if self.chance(150) {
                input[*note] = json!(self.note());
            }
        }
        if self.chance(120) {
            let taken = model.externals.iter().nth(self.rng.random_range(0..=model.externals.len())).cloned();
            let mut external = json!({ "reference": self.reference(taken.as_ref().map(|it| it[0].clone())) });
            // A reference that is taken is another one under another date or poster.
            let [_, date, poster] = taken.unwrap_or_default();
            if !date.is_empty() || self.chance(200) {
                external["date"] = json!(if date.is_empty() { "2026-04-01" } else { date.as_str() });
            }
            if !poster.is_empty() || self.chance(200) {
                external["poster"] = json!(if poster.is_empty() { "dice" } else { poster.as_str() });
            }
            if self.chance(200) {
                external["code"] = json!("42");
            }
            input["externalReference"] = external;
        }
        self.metadata(input);
        if self.chance(8) {
            // No name is reserved.
            input["metadata"] = json!({ "reason": "mine", "channel": null });
        }
    }

    fn metadata(&mut self, input: &mut Value) {
        if self.chance(100) {
            input["metadata"] = json!({ "n": self.rng.random_range(0..1_000_000), "of": ["dice", null] });
        }
    }

    fn bank_account(&mut self, into: &mut Value) {
        let (iban, number, class) = match self.rng.random_range(0..40) {
            0 => (None, None, None),
            1 => (Some("SE3550000000054910000004"), None, None),
            15..18 => (Some("SE35 5000 0000 0549 1000 0003"), None, None),
            2 => (Some(IBAN), Some("5050-1055"), None),
            3 => (Some(IBAN), None, Some("BANKGIRO")),
            4 => (None, Some("5050-1055"), None),
            5 => (None, Some("5050-1056"), Some("BANKGIRO")),
            6..15 => (None, Some("5050-1055"), Some("BANKGIRO")),
            _ => (Some(IBAN), None, None),
        };
        for (name, value) in [("iban", iban), ("bankAccountNumber", number), ("bankAccountClass", class)] {
            if let Some(value) = value {
                into[name] = json!(value);
            }
        }
    }
}

/// Whether an account could pay anything.
fn can_pay(model: &Model, account: usize) -> bool {
    model.available(account) > 0
}
