//! How the API shows what the model knows: the selections, and the JSON that must come back.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::books::{COMPONENTS, Entry, Event, Made, Model, Record, Refusal, Says, Verdict, money, shown};
use super::people::kind;
use crate::app::items;

/// Everything that the model knows of an account.
pub const ACCOUNT: &str = "id number externalReference status openedOn closedOn closureCode metadata currency debtRule
    creditLimit { amount } maximumBalance { amount } owner { id } product { id } creditor { id } components { component amount { amount } }
    balance { amount currency } reserved { amount } available { amount } pending { amount }
    transactions(first: 1, filter: { from: \"2026-01-01\" }) { nodes {
        entry { id } amount { amount } balanceAfter { amount } kind valueDate bookedAt description } }";
/// An account in the answer to a mutation.
const BRIEFLY: &str =
    "id status creditLimit { amount } balance { amount currency } reserved { amount } available { amount }
    pending { amount } components { component amount { amount } }";
const ENTRY: &str = "id sequence kind valueDate businessDate transactionDate bookedAt description metadata
    externalReference externalDate externalPoster externalCode reference channel reason messageToReceiver
    counterparty { name account accountClass bank } reverses { id } reversedBy { id } reversals { id } hold { id }
    postings { amount { amount currency } message account { id } ledgerAccount { code } }";
const HOLD: &str = "id account { id } amount { amount currency } captured { amount } remaining { amount }
    status description reference placedAt expiresAt closedAt";
const CUSTOMER: &str = "id number type externalReference firstName lastName companyName metadata";
const PARTY: &str = "id number externalReference name metadata";
/// Everything that the model knows of a product.
pub const PRODUCT: &str =
    "id code alias family workingMode currency debtRule repaymentOrder defaultCreditLimit { amount }
    maximumCreditLimit { amount } maximumBalance { amount } retired metadata";
/// Everything that an event says.
pub const EVENT: &str = "sequence type subject occurredAt entry { id } account { id } customer { id } payload";

/// What a mutation is asked for.
pub fn selection(operation: &str) -> String {
    let of = |what: &str| match what {
        "account" | "from" | "to" => format!("{what} {{ {BRIEFLY} }}"),
        "entry" | "reversed" => format!("{what} {{ {ENTRY} }}"),
        "hold" => format!("hold {{ {HOLD} }}"),
        "customer" => format!("customer {{ {CUSTOMER} }}"),
        "party" => format!("party {{ {PARTY} }}"),
        "product" => format!("product {{ {PRODUCT} }}"),
        other => other.to_owned(),
    };
    if let Some(item) = super::dice::of_batch(operation) {
        let success = format!("{}{}Success", item[..1].to_ascii_uppercase(), &item[1..]);
        let inner = selection(item);
        return items(&format!("... on {success} {{ {inner} }}"));
    }
    parts(operation).iter().map(|part| of(part)).collect::<Vec<_>>().join(" ") + " replayed"
}

/// The fields of a success, but for `replayed`.
pub fn parts(operation: &str) -> &'static [&'static str] {
    match operation {
        "createCustomer" | "updateCustomer" => &["customer"],
        "createParty" | "updateParty" => &["party"],
        "createProduct" | "updateProduct" => &["product"],
        "openAccount" | "updateAccount" | "requestAccountClosure" | "closeAccount" => &["account"],
        "closePeriod" => &["closedThrough"],
        "placeHold" | "releaseHold" => &["hold", "account"],
        "captureHold" => &["entry", "hold", "account"],
        "reverseEntry" => &["entry", "reversed"],
        "remitToParty" => &["entry"],
        "transfer" => &["entry", "from", "to"],
        _ => &["entry", "account"],
    }
}

impl Model {
    /// Takes the ids and numbers that the server made, from the answer that first tells them.
    pub fn learn(&mut self, made: &Made, answer: &Value) {
        let id = |what: &str| answer[what]["id"].as_str().expect("an id").to_owned();
        let number = |what: &str| answer[what]["number"].as_str().expect("a number").to_owned();
        match *made {
            Made::Customer(place) if self.customers[place].id.is_empty() => {
                let id = id("customer");
                assert!(id.starts_with("cus_") && self.customers.iter().all(|other| other.id != id), "{id}");
                self.customers[place].id = id;
                if self.customers[place].number.is_empty() {
                    self.customers[place].number = number("customer");
                }
            }
            Made::Party(place) if self.parties[place].id.is_empty() => {
                let id = id("party");
                assert!(id.starts_with("pty_") && self.parties.iter().all(|other| other.id != id), "{id}");
                self.parties[place].id = id;
                if self.parties[place].number.is_empty() {
                    self.parties[place].number = number("party");
                }
            }
            Made::Account(place) => self.learn_account(place, &answer["account"]),
            Made::Product(place) if self.products[place].id.is_empty() => {
                let id = id("product");
                assert!(id.starts_with("prd_") && self.products.iter().all(|other| other.id != id), "{id}");
                self.products[place].id = id;
            }
            Made::Hold(place) if self.holds[place].id.is_empty() => {
                let id = id("hold");
                assert!(id.starts_with("hld_") && self.holds.iter().all(|other| other.id != id), "{id}");
                self.holds[place].id = id;
            }
            Made::Entry(place) => self.learn_entry(place, &answer["entry"]),
            _ => {}
        }
    }

    /// The number of an account comes with the first look at it.
    pub fn learn_account(&mut self, place: usize, account: &Value) {
        if self.accounts[place].id.is_empty() {
            let id = account["id"].as_str().expect("an id").to_owned();
            assert!(id.starts_with("acc_") && self.accounts.iter().all(|other| other.id != id), "{id}");
            self.accounts[place].id = id;
        }
        if let (true, Some(number)) = (self.accounts[place].number.is_empty(), account["number"].as_str()) {
            assert!(self.accounts.iter().all(|other| other.number != number), "{number} is another's");
            self.accounts[place].number = number.to_owned();
        }
    }

    /// A customer who was created with an account is told of by the log alone.
    pub fn learn_owner(&mut self, place: usize, event: &Value) {
        let it = &mut self.customers[place];
        if it.id.is_empty() {
            it.id = event["subject"].as_str().expect("an id").to_owned();
        }
        if it.number.is_empty() {
            it.number = event["payload"]["number"].as_str().expect("a number").to_owned();
        }
    }

    pub fn learn_entry(&mut self, place: usize, entry: &Value) {
        if self.entries[place].id.is_empty() {
            let id = entry["id"].as_str().expect("an id").to_owned();
            assert!(id.starts_with("ent_"), "{id}");
            self.entries[place].id = id;
        }
    }

    /// The answer to a mutation other than a batch, without what is for people.
    pub fn answer(&self, operation: &str, verdict: &Verdict) -> Value {
        let (made, replayed) = match verdict {
            Ok(done) => done,
            Err(refusal) => return refused(refusal),
        };
        let mut answer = json!({ "replayed": replayed });
        for part in parts(operation) {
            answer[part] = self.part(part, made);
        }
        answer
    }

    fn part(&self, part: &str, made: &Made) -> Value {
        let entry = |place: usize| &self.entries[place];
        let paying = |place: usize, sign: i128| {
            let net = |of: &usize| -> i128 {
                let lines = entry(place).postings.iter().filter(|line| line.account.is_some_and(|(it, _)| it == *of));
                lines.map(|line| line.amount).sum()
            };
            entry(place).accounts().into_iter().find(|account| net(account).signum() == sign).expect("an account")
        };
        match (part, made) {
            ("customer", Made::Customer(place)) => self.customer(*place),
            ("party", Made::Party(place)) => self.party(*place),
            ("product", Made::Product(place)) => self.product(*place),
            ("account", Made::Account(place)) => self.briefly(*place),
            ("hold", Made::Hold(place)) => self.hold(*place),
            ("account", Made::Hold(place)) => self.briefly(self.holds[*place].account),
            ("closedThrough", Made::Period(through)) => json!(through),
            ("entry", Made::Entry(place)) => self.entry(*place),
            ("reversed", Made::Entry(place)) => self.entry(entry(*place).reverses.expect("an original")),
            ("hold", Made::Entry(place)) => self.hold(entry(*place).hold.expect("a hold")),
            ("from", Made::Entry(place)) => self.briefly(paying(*place, -1)),
            ("to", Made::Entry(place)) => self.briefly(paying(*place, 1)),
            ("account", Made::Entry(place)) => match entry(*place).hold {
                Some(hold) => self.briefly(self.holds[hold].account),
                None => self.briefly(entry(*place).accounts()[0]),
            },
            other => panic!("nothing to show: {other:?}"),
        }
    }

    fn briefly(&self, place: usize) -> Value {
        let it = &self.accounts[place];
        let amount = |minor: i128| json!({ "amount": shown(minor, &it.currency) });
        let component =
            |component: usize| json!({ "component": COMPONENTS[component], "amount": amount(it.parts[component]) });
        json!({
            "id": it.id, "status": it.status, "creditLimit": amount(it.limit), "balance": money(it.balance(), &it.currency),
            "reserved": amount(self.reserved(place)), "available": amount(self.available(place)),
            "pending": amount(self.pending(place)),
            "components": [component(0), component(1), component(2)],
        })
    }

    pub fn account(&self, place: usize) -> Value {
        let it = &self.accounts[place];
        let amount = |minor: i128| json!({ "amount": shown(minor, &it.currency) });
        let line = it.last.as_ref().map(|line| {
            let entry = &self.entries[line.entry];
            json!({
                "entry": { "id": entry.id }, "amount": amount(line.amount), "balanceAfter": amount(line.after),
                "kind": entry.kind, "valueDate": entry.value_date.to_string(), "bookedAt": moment(entry.booked_at),
                "description": line.message.as_ref().unwrap_or(&entry.description),
            })
        });
        let mut account = self.briefly(place);
        let more = json!({
            "number": it.number, "externalReference": it.external, "openedOn": it.opened_on.to_string(),
            "closedOn": it.closed_on.map(|day| day.to_string()), "closureCode": it.closure_code, "metadata": it.metadata,
            "currency": it.currency, "debtRule": it.rule, "maximumBalance": it.maximum.map(amount),
            "owner": { "id": self.customers[it.owner].id }, "product": { "id": self.products[it.product].id },
            "creditor": it.creditor.map(|party| json!({ "id": self.parties[party].id })),
            "transactions": { "nodes": line.into_iter().collect::<Vec<_>>() },
        });
        for (name, value) in more.as_object().expect("an object") {
            account[name] = value.clone();
        }
        account
    }

    fn entry(&self, place: usize) -> Value {
        let it = &self.entries[place];
        let of = |other: &usize| json!({ "id": self.entries[*other].id });
        let Entry { external, facts, .. } = it;
        let line = |line: &super::books::Posting| {
            json!({
                "amount": money(line.amount, &it.currency), "message": line.message, "ledgerAccount": { "code": line.code },
                "account": line.account.map(|(account, _)| json!({ "id": self.accounts[account].id })),
            })
        };
        json!({
            "id": it.id, "sequence": (place + 1).to_string(), "kind": it.kind, "valueDate": it.value_date.to_string(),
            "bookedAt": moment(it.booked_at), "description": it.description, "metadata": it.metadata,
            "externalReference": external["reference"], "externalDate": external["date"],
            "externalPoster": external["poster"], "externalCode": external["code"],
            "businessDate": it.booked_at.date_naive().to_string(), "transactionDate": facts.transaction_date,
            "reference": facts.reference, "channel": facts.channel, "reason": facts.reason,
            "counterparty": facts.counterparty, "messageToReceiver": facts.message_to_receiver,
            "reverses": it.reverses.as_ref().map(of), "reversedBy": it.reversals.last().map(of),
            "reversals": it.reversals.iter().map(of).collect::<Vec<_>>(),
            "hold": it.hold.map(|hold| json!({ "id": self.holds[hold].id })),
            "postings": it.postings.iter().map(line).collect::<Vec<_>>(),
        })
    }

    fn hold(&self, place: usize) -> Value {
        let it = &self.holds[place];
        let account = &self.accounts[it.account];
        let amount = |minor: i128| json!({ "amount": shown(minor, &account.currency) });
        json!({
            "id": it.id, "account": { "id": account.id }, "amount": money(it.amount, &account.currency),
            "captured": amount(it.captured), "remaining": amount(it.remaining()), "status": it.status,
            "description": it.description, "reference": it.reference, "placedAt": moment(it.placed_at),
            "expiresAt": it.expires_at.map(moment), "closedAt": it.closed_at.map(moment),
        })
    }

    fn customer(&self, place: usize) -> Value {
        let it = &self.customers[place];
        json!({
            "id": it.id, "number": it.number, "type": kind(it.is_company), "externalReference": it.external,
            "firstName": it.names[0], "lastName": it.names[1], "companyName": it.names[2], "metadata": it.metadata,
        })
    }

    fn party(&self, place: usize) -> Value {
        let it = &self.parties[place];
        json!({
            "id": it.id, "number": it.number, "externalReference": it.external, "name": it.name, "metadata": it.metadata,
        })
    }

    fn product(&self, place: usize) -> Value {
        let it = &self.products[place];
        let amount = |minor: i128| json!({ "amount": shown(minor, &it.currency) });
        json!({
            "id": it.id, "code": it.code, "alias": it.alias, "family": it.family, "workingMode": it.mode,
            "currency": it.currency, "debtRule": it.rule, "metadata": it.metadata, "retired": it.retired,
            "repaymentOrder": it.order.map(|component| COMPONENTS[component]),
            "defaultCreditLimit": amount(it.default_limit), "maximumCreditLimit": it.maximum_limit.map(amount),
            "maximumBalance": it.maximum_balance.map(amount),
        })
    }

    /// An event as it must be shown.
    pub fn event(&self, place: usize) -> Value {
        let Event { type_, at, entry, account, says } = &self.events[place];
        if let Says::Own(event) = says {
            return event.clone();
        }
        let mut customer = None;
        let of_account = || account.map_or(&self.tenant, |account| &self.accounts[account].id);
        let (subject, payload) = match says {
            Says::Fields(fields) | Says::Own(fields) => (of_account(), fields.clone()),
            Says::Product(product, code) => {
                let id = &self.products[*product].id;
                (id, json!({ "product": id, "code": code }))
            }
            Says::Customer(place) => {
                let it = &self.customers[*place];
                customer = Some(json!({ "id": it.id }));
                (&it.id, json!({ "number": it.number, "type": kind(it.is_company) }))
            }
            Says::Party(place) => {
                let it = &self.parties[*place];
                (&it.id, json!({ "party": it.id, "number": it.number }))
            }
            Says::Hold(hold, amount, status) => {
                let currency = &self.accounts[self.holds[*hold].account].currency;
                let (id, amount) = (&self.holds[*hold].id, shown(*amount, currency));
                (id, json!({ "hold": id, "amount": amount, "currency": currency, "status": status }))
            }
        };
        let subject = entry.map_or(subject, |entry| &self.entries[entry].id);
        json!({
            "sequence": (place + 1).to_string(), "type": type_, "subject": subject, "occurredAt": moment(*at),
            "payload": payload, "entry": entry.map(|entry| json!({ "id": self.entries[entry].id })),
            "account": account.map(|account| json!({ "id": self.accounts[account].id })), "customer": customer,
        })
    }

    /// A record of the audit trail, as it must be shown.
    pub fn audited(&self, record: &Record, clients: &[&str]) -> Value {
        let target = record.target.as_ref().map(|made| match made {
            Made::Customer(place) => &self.customers[*place].id,
            Made::Party(place) => &self.parties[*place].id,
            Made::Product(place) => &self.products[*place].id,
            Made::Account(place) => &self.accounts[*place].id,
            Made::Entry(place) => &self.entries[*place].id,
            Made::Hold(place) => &self.holds[*place].id,
            Made::Period(through) => through,
        });
        json!({
            "client": clients[record.client], "operation": record.operation, "occurredAt": moment(record.at),
            "outcome": record.outcome, "code": record.code, "target": target,
        })
    }
}

/// A refusal without what is for people.
pub fn refused(refusal: &Refusal) -> Value {
    json!({ "code": refusal.code, "fields": refusal.fields, "facts": refusal.facts })
}

pub fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The schema as it is checked in.
pub fn schema() -> &'static str {
    static SCHEMA: OnceLock<String> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql")).expect("the schema")
    })
}

/// The fields of an input that may be null.
pub fn optional_fields(type_: &str) -> Vec<String> {
    let fields = typed_fields(type_).into_iter();
    fields.filter(|(_, of)| !of.ends_with('!')).map(|(field, _)| field).collect()
}

/// The fields of a type of the schema, each with the name of its own type.
pub fn fields(type_: &str) -> Vec<(String, String)> {
    let plain = |of: String| of.trim_matches(['[', ']', '!']).to_owned();
    typed_fields(type_).into_iter().map(|(field, of)| (field, plain(of))).collect()
}

/// The same, with the types as they are written. Looked up once.
fn typed_fields(type_: &str) -> Vec<(String, String)> {
    type Fields = BTreeMap<String, Vec<(String, String)>>;
    static KNOWN: Mutex<Fields> = Mutex::new(Fields::new());
    let known = || KNOWN.lock().expect("nobody panics with it");
    if let Some(fields) = known().get(type_) {
        return fields.clone();
    }
    let fields = read_fields(type_);
    known().insert(type_.to_owned(), fields.clone());
    fields
}

fn read_fields(type_: &str) -> Vec<(String, String)> {
    let start = ["input", "type"].iter().find_map(|word| schema().split_once(&format!("\n{word} {type_} ")));
    let body = start.and_then(|(_, rest)| rest.split_once("\n}")).map(|(body, _)| body);
    let body = body.unwrap_or_else(|| panic!("the schema has no {type_}"));
    let name = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let mut fields = Vec::new();
    for line in body.lines().filter_map(|line| line.strip_prefix("  ")) {
        let field = line.split([':', '(']).next().unwrap_or_default();
        if !field.is_empty() && name(field) {
            let of = line.rsplit_once(": ").map_or("", |(_, of)| of.split(" = ").next().unwrap_or_default());
            fields.push((field.to_owned(), of.to_owned()));
        }
    }
    fields
}

/// Whether a path of a refusal names a field that the input can have.
pub fn names_a_field(operation: &str, path: &str) -> bool {
    let mut of = format!("{}{}Input", operation[..1].to_ascii_uppercase(), &operation[1..]);
    for segment in path.split('.').filter(|segment| segment.parse::<usize>().is_err()) {
        match fields(&of).into_iter().find(|(field, _)| field == segment) {
            Some((_, inner)) => of = inner,
            None => return false,
        }
    }
    true
}
