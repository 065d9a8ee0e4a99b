//! A run: Konto, the model, and what is compared after each step.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::books::{COMPONENTS, Made, Model, Product, Refusal, Says, Verdict, minor, owned, text, units};
use super::dice::{Dice, Lacks, MUTATIONS, Outcomes, Step, of_batch};
use super::show::{names_a_field, refused};
use super::subject::{CLIENTS, Subject};
use crate::app::{FIRST_EVENTS, dotted};

/// The last steps, printed when the test fails.
struct Story {
    seed: u64,
    steps: usize,
    last: VecDeque<String>,
}

impl Drop for Story {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("KONTO_MODEL_SEED={} KONTO_MODEL_STEPS={}: the last steps", self.seed, self.steps);
            self.last.iter().for_each(|step| println!("{step}"));
        }
    }
}

impl Story {
    fn note(&mut self, what: String) {
        self.last.push_back(what);
        if self.last.len() > 12 {
            self.last.pop_front();
        }
    }
}

pub struct World<S> {
    story: Story,
    subject: S,
    model: Model,
    dice: Dice,
    outcomes: Outcomes,
    /// The events as they were read and found right.
    events: Vec<Value>,
    /// How many records of the audit trail were found right.
    audited: usize,
    /// When something was last booked: time in the books does not go back with the clock.
    booked: DateTime<Utc>,
}

impl<S: Subject> World<S> {
    /// A tenant of its own with a few customers, products and accounts.
    pub async fn begin(mut subject: S, seed: u64) -> Self {
        let foreign = subject.strangers().await;
        let mut model = Model::new(subject.tenant(), subject.clock().now());
        model.products = subject.products().await.iter().map(product).collect();
        // What every tenant begins with.
        for place in 0..model.products.len() {
            let code = model.products[place].code.clone();
            model.log("PRODUCT_CREATED", None, Says::Product(place, code));
        }
        assert_eq!(model.events.len() as u64, FIRST_EVENTS);
        let mut world = Self {
            story: Story { seed, steps: 0, last: VecDeque::new() },
            subject,
            model,
            dice: Dice::new(seed, foreign),
            outcomes: Outcomes::new(),
            events: Vec::new(),
            audited: 0,
            booked: DateTime::UNIX_EPOCH,
        };
        for (index, name) in ["Ada", "Bo", "Cai"].into_iter().enumerate() {
            let input = json!({ "type": "PERSON", "lastName": name, "idempotencyKey": format!("customer {index}") });
            world.take(Step { client: 0, operation: "createCustomer", input }).await;
        }
        for (currency, rule) in [("JPY", "NONE"), ("JPY", "LIMIT"), ("KWD", "LIMIT")] {
            let code = format!("{currency} {rule}");
            let mut input =
                json!({ "code": code, "alias": code, "family": "DEPOSIT", "currency": currency, "debtRule": rule });
            input["idempotencyKey"] = json!(code);
            if rule == "LIMIT" {
                input["defaultCreditLimit"] = json!("1000");
                input["repaymentOrder"] = json!(["PRINCIPAL", "INTEREST", "FEE"]);
            }
            world.take(Step { client: 0, operation: "createProduct", input }).await;
        }
        for (index, product) in (0..world.model.products.len()).enumerate() {
            let owner = world.model.customers[index % 3].id.clone();
            let code = world.model.products[product].code.clone();
            let mut input = json!({ "owner": { "id": owner }, "product": { "code": code } });
            input["idempotencyKey"] = json!(format!("account {index}"));
            world.take(Step { client: 0, operation: "openAccount", input }).await;
        }
        world.outcomes.clear();
        world
    }

    /// Moves the clock now and then, and sometimes back. Holds that lapse cannot be used from that moment on, swept or
    /// not.
    pub async fn time_passes(&mut self) {
        let seconds = match self.dice.chance(300) {
            _ if self.dice.chance(20) => 86_400 * (1 + i64::from(self.dice.chance(400)) * 3),
            _ if self.dice.chance(50) => 7_200,
            _ if self.dice.chance(20) => -20,
            true => 37,
            false => return,
        };
        let clock = self.subject.clock().clone();
        clock.set(clock.now() + TimeDelta::seconds(seconds));
        self.model.now = self.booked.max(clock.now());
        let heard = self.events.len();
        self.subject.run_days().await;
        self.read_events().await;
        if self.events.len() > heard {
            self.booked = self.model.now;
        }
        let lapsed = self.model.lapsed();
        if let (Some(hold), true) = (lapsed.first(), self.dice.chance(500)) {
            let operation = if self.dice.chance(500) { "captureHold" } else { "releaseHold" };
            let key = format!("lapsed {}", self.story.steps);
            let input = json!({ "hold": self.model.holds[*hold].id, "idempotencyKey": key });
            self.ask(&Step { client: 0, operation, input }).await;
        }
        // Events come in the order in which the holds were swept.
        while self.model.lapsed_by(clock.now()).next().is_some() {
            self.booked = self.model.now;
            self.subject.expire_holds().await;
            self.read_events().await;
        }
    }

    /// One more mutation. `late` in a run, what has not yet ended in every way is tried more often.
    pub async fn step(&mut self, late: bool) {
        let wanting = if late { self.wanting() } else { Vec::new() };
        let step = self.dice.next(&self.model, &wanting);
        self.take(step).await;
    }

    async fn take(&mut self, step: Step) {
        let made = self.ask(&step).await;
        self.compare_touched(&step, &made).await;
    }

    /// Sends a mutation and compares the answer. Gives what it made.
    async fn ask(&mut self, step: &Step) -> Vec<Made> {
        let Step { client, operation, input } = step;
        self.story.steps += 1;
        self.booked = self.model.now;
        self.story.note(format!("{} client {client}: {operation} {input}", self.story.steps));
        if let Some(item) = of_batch(operation) {
            return self.ask_batch(*client, operation, item, input).await;
        }
        let verdict = self.model.decide(*client, operation, input);
        let answer = self.send(*client, operation, input).await;
        if let Ok((made, _)) = &verdict {
            assert!(answer.get("code").is_none(), "done, says the model; not so: {answer}");
            self.model.learn(made, &answer);
        }
        self.count(operation, &verdict);
        let expected = self.model.answer(operation, &verdict);
        self.story.note(format!("    {verdict:?}"));
        assert_eq!(lines_sorted(answer), lines_sorted(expected), "{operation} {input}");
        verdict.into_iter().map(|(made, _)| made).collect()
    }

    /// The answer, without what is for people.
    async fn send(&mut self, client: usize, operation: &'static str, input: &Value) -> Value {
        bare(operation, self.subject.send(client, operation, input).await)
    }

    async fn ask_batch(
        &mut self,
        client: usize,
        operation: &'static str,
        item_of: &'static str,
        input: &Value,
    ) -> Vec<Made> {
        let mut answer = self.send(client, operation, input).await;
        let verdicts = match self.model.batch(client, (operation, item_of), input) {
            Ok(verdicts) => verdicts,
            Err(refusal) => {
                assert_eq!(answer, refused(&refusal), "{input}");
                self.count(operation, &Err(refusal));
                return Vec::new();
            }
        };
        let refusals = verdicts.iter().filter(|verdict| verdict.is_err()).count();
        assert_eq!(answer["refused"], refusals, "{answer}");
        assert_eq!(answer["succeeded"], verdicts.len() - refusals, "{answer}");
        let mut items = answer["items"].take();
        let items = items.as_array_mut().expect("items");
        assert_eq!(items.len(), verdicts.len());
        for (index, (item, verdict)) in items.iter().zip(&verdicts).enumerate() {
            let what = if verdict.is_ok() { &Value::Null } else { item };
            self.story.note(format!("    item {index}: the model says {verdict:?}, the answer {what}"));
        }
        for (item, verdict) in items.iter().zip(&verdicts) {
            if let Ok((made, _)) = verdict {
                assert_ne!(item["result"]["__typename"], "Refusal", "done, says the model; not so: {item}");
                self.model.learn(made, &item["result"]);
            }
        }
        let mut made = Vec::new();
        for (index, (item, verdict)) in items.iter_mut().zip(verdicts).enumerate() {
            let key = &input["items"][index]["idempotencyKey"];
            assert_eq!((&item["index"], &item["idempotencyKey"]), (&json!(index), key));
            let expected = match &verdict {
                Ok(_) => self.model.answer(item_of, &verdict),
                Err(refusal) => refused(refusal),
            };
            let within = if verdict.is_ok() { item_of } else { operation };
            assert_eq!(lines_sorted(bare(within, item["result"].take())), lines_sorted(expected), "{input}");
            self.count(operation, &verdict);
            made.extend(verdict.into_iter().map(|(made, _)| made));
        }
        made
    }

    fn count(&mut self, operation: &'static str, verdict: &Verdict) {
        let word = match verdict {
            Ok((_, false)) => "done",
            Ok((_, true)) => "replayed",
            Err(Refusal { code, .. }) => code,
        };
        *self.outcomes.entry(operation).or_default().entry(word.to_owned()).or_default() += 1;
    }

    /// The mutations that have not yet succeeded, been replayed and been refused.
    pub fn wanting(&self) -> Vec<(&'static str, Lacks)> {
        let lacks = |(name, _): &(&'static str, usize)| {
            let of: Vec<&str> = self.outcomes.get(name).into_iter().flatten().map(|(word, _)| word.as_str()).collect();
            let lacks = match (of.contains(&"done"), of.contains(&"replayed")) {
                (false, _) => Lacks::Success,
                (true, false) => Lacks::Replay,
                (true, true) if of.len() == 2 => Lacks::Refusal,
                (true, true) => return None,
            };
            Some((*name, lacks))
        };
        MUTATIONS.iter().filter_map(lacks).collect()
    }

    /// Prints how what ended; gives how many were done, and how many there were.
    pub fn report(&self) -> (usize, usize) {
        let mut all = (0, 0);
        for (name, outcomes) in &self.outcomes {
            let sum: usize = outcomes.values().sum();
            let done = ["done", "replayed"].iter().filter_map(|word| outcomes.get(*word)).sum::<usize>();
            all = (all.0 + done, all.1 + sum);
            println!("{name:22} {done:6} of {sum:6} {outcomes:?}");
        }
        let (accounts, entries, events) = (self.model.accounts.len(), self.model.entries.len(), self.events.len());
        println!("{} of {} succeeded; {accounts} accounts, {entries} entries, {events} events", all.0, all.1);
        all
    }

    /// The accounts and holds that a mutation named or changed, and the event log.
    async fn compare_touched(&mut self, step: &Step, made: &[Made]) {
        let mut accounts: Vec<usize> = Vec::new();
        let mut holds: Vec<usize> = self.model.hold_by(&step.input["hold"]).into_iter().collect();
        for it in made {
            match it {
                Made::Account(place) => accounts.push(*place),
                Made::Hold(place) => holds.push(*place),
                Made::Entry(place) => accounts.extend(self.model.entries[*place].accounts()),
                Made::Customer(_) | Made::Party(_) | Made::Product(_) | Made::Period(_) => {}
            }
        }
        let named = ["account", "from", "to"].map(|name| self.model.account_by(&step.input[name]));
        accounts.extend(named.into_iter().flatten());
        for transaction in step.input["transactions"].as_array().into_iter().flatten() {
            accounts.extend(self.model.account_by(&transaction["target"]["transferTo"]));
        }
        for item in step.input["items"].as_array().into_iter().flatten() {
            accounts.extend(["account", "from", "to"].iter().filter_map(|name| self.model.account_by(&item[name])));
        }
        accounts.extend(holds.iter().map(|hold| self.model.holds[*hold].account));
        accounts.sort_unstable();
        accounts.dedup();
        let ids: Vec<&str> = accounts.iter().map(|place| self.model.accounts[*place].id.as_str()).collect();
        // Events first: they tell the ids of the entries that an answer did not.
        let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
        self.read_events().await;
        assert_eq!(self.events.len(), self.model.events.len(), "events are missing after {step:?}");
        let shown = self.subject.accounts(&ids).await;
        assert_eq!(shown.len(), accounts.len());
        for (place, shown) in accounts.into_iter().zip(shown) {
            self.model.learn_account(place, &shown);
            assert_eq!(shown, self.model.account(place), "the account after {step:?}");
        }
    }

    /// Reads the event log on. Holds that were swept meanwhile lapse in the model, too.
    async fn read_events(&mut self) {
        for event in self.subject.next_events().await {
            self.hear(event);
        }
    }

    fn hear(&mut self, event: Value) {
        let place = self.events.len();
        if event["type"] == "HOLD_EXPIRED" && place == self.model.events.len() {
            let hold = self.model.hold_by(&event["payload"]["hold"]).expect("a hold of this tenant");
            assert!(self.model.lapsed().contains(&hold), "the hold's time is not over: {event}");
            self.model.lapse(hold);
        }
        if event["type"] == "BUSINESS_DAY_DONE" {
            let says = Says::Own(event.clone());
            let at = self.model.now;
            let told = crate::model::books::Event { type_: "BUSINESS_DAY_DONE", at, entry: None, account: None, says };
            self.model.events.insert(place, told);
        }
        if event["type"] == "ACCOUNT_CLOSED" && place == self.model.events.len() {
            let account = self.model.account_by(&json!({ "id": event["subject"] })).expect("an account of this tenant");
            self.model.close_in_turn(&[account]);
        }
        assert!(place < self.model.events.len(), "the model knows of no such event: {event}");
        if let Some(entry) = self.model.events[place].entry {
            self.model.learn_entry(entry, &event["entry"]);
        }
        if let Says::Customer(place) = self.model.events[place].says {
            self.model.learn_owner(place, &event);
        }
        assert_eq!(event, self.model.event(place));
        self.events.push(event);
    }

    /// Everything: all accounts, the trial balance, the audit trail, and whatever else there is to look at.
    pub async fn compare_everything(&mut self) {
        let mut seen = 0;
        for account in self.subject.all_accounts().await {
            let place = self.model.account_by(&json!({ "id": account["id"] })).expect("an account of the model");
            assert_eq!(account, self.model.account(place));
            seen += 1;
        }
        assert_eq!(seen, self.model.accounts.len());
        self.compare_trial_balance().await;
        self.compare_audit_trail().await;
        let state = json!({
            "businessDate": self.model.today().to_string(),
            "closedThrough": self.model.closed_through.map(|day| day.to_string()),
            "entries": self.model.entries.len(),
        });
        assert_eq!(self.subject.state().await, state);
        self.subject.check(&self.events, self.model.entries.len()).await;
    }

    async fn compare_audit_trail(&mut self) {
        let Some(records) = self.subject.next_records().await else { return };
        assert_eq!(self.audited + records.len(), self.model.records.len(), "records are missing");
        for (record, expected) in records.into_iter().zip(&self.model.records[self.audited..]) {
            assert_eq!(record, self.model.audited(expected, &CLIENTS));
        }
        self.audited = self.model.records.len();
    }

    async fn compare_trial_balance(&mut self) {
        let shown = self.subject.trial_balance().await;
        assert_eq!(shown["balanced"], true);
        let mut lines: BTreeMap<(String, String), (i128, i128)> = BTreeMap::new();
        let amounts = |line: &Value| {
            let currency = owned(line, "currency").expect("a currency");
            let of = |side: &str| units(text(&line[side], "amount").expect("an amount"), &currency).expect("an amount");
            let sum = (of("debit"), of("credit"));
            (currency, sum)
        };
        for line in shown["lines"].as_array().expect("lines") {
            let (currency, sums) = amounts(line);
            if sums != (0, 0) {
                lines.insert((owned(line, "code").expect("a code"), currency), sums);
            }
        }
        assert_eq!(lines, self.model.gross);
        for total in shown["totals"].as_array().expect("totals") {
            let (currency, (debit, credit)) = amounts(total);
            let all: i128 = lines.iter().filter(|((_, of), _)| *of == currency).map(|(_, (debit, _))| debit).sum();
            assert_eq!((debit, credit), (all, all), "{total}");
        }
    }
}

/// An answer, without what is for people.
fn bare(operation: &str, mut answer: Value) -> Value {
    if answer["__typename"] == "Refusal" {
        return refusal(operation, &answer);
    }
    let name = answer.as_object_mut().and_then(|answer| answer.remove("__typename"));
    assert!(name.is_some_and(|name| name.as_str().is_some_and(|name| name.ends_with("Success"))), "{answer}");
    answer
}

/// A refusal without what is for people. Each path names a field that the input has.
fn refusal(operation: &str, answer: &Value) -> Value {
    assert!(answer["message"].as_str().is_some_and(|message| !message.is_empty()), "{answer}");
    let fields: Vec<String> =
        answer["fields"].as_array().expect("fields").iter().map(|field| dotted(&field["path"])).collect();
    for field in &fields {
        assert!(names_a_field(operation, field), "{operation} has no field {field}: {answer}");
    }
    json!({ "code": answer["code"], "fields": fields, "facts": answer["facts"] })
}

/// The same, the lines of entries in an order that does not matter.
fn lines_sorted(mut answer: Value) -> Value {
    for part in ["entry", "reversed"] {
        if let Some(lines) = answer.pointer_mut(&format!("/{part}/postings")).and_then(Value::as_array_mut) {
            lines.sort_by_key(Value::to_string);
        }
    }
    answer
}

/// A product that was there before the model.
fn product(node: &Value) -> Product {
    let field = |name: &str| owned(node, name).expect("a text");
    let currency = field("currency");
    let amount = |name: &str| text(&node[name], "amount").map(|text| minor(name, text, &currency).expect("an amount"));
    let order: Vec<usize> = node["repaymentOrder"].as_array().expect("an order").iter().map(place_of).collect();
    Product {
        id: field("id"),
        code: field("code"),
        alias: field("alias"),
        family: field("family"),
        mode: owned(node, "workingMode"),
        rule: field("debtRule"),
        order: order.try_into().expect("three components"),
        default_limit: amount("defaultCreditLimit").expect("a limit"),
        maximum_limit: amount("maximumCreditLimit"),
        maximum_balance: amount("maximumBalance"),
        retired: false,
        metadata: node["metadata"].clone(),
        currency,
    }
}

fn place_of(component: &Value) -> usize {
    COMPONENTS.iter().position(|name| component == name).expect("a component")
}
