//! A run: the server, the model, and what is compared after each step.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use konto::ledger::verify;
use serde_json::{Value, json};

use super::books::{COMPONENTS, Made, Model, Product, Refusal, Verdict, minor, owned, text, units};
use super::dice::{Dice, Lacks, MUTATIONS, Outcomes, Step};
use super::show::{ACCOUNT, EVENT, names_a_field, selection};
use crate::app::{EventStream, Sent, TestApp, mutation};

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

pub struct World {
    story: Story,
    /// The clients, each with keys of its own.
    clients: [TestApp; 2],
    model: Model,
    dice: Dice,
    outcomes: Outcomes,
    /// Where the event log has been read to.
    cursor: Value,
    /// The events as they were read and found right.
    events: Vec<Value>,
    stream: Option<EventStream>,
    /// How many events the subscription has given, and its cursor.
    streamed: usize,
    stream_cursor: Value,
    /// What `verify` counted before this run: entries and events.
    before: (u64, u64),
}

impl World {
    /// A tenant of its own with a few customers, products and accounts.
    pub async fn begin(app: TestApp, seed: u64) -> Self {
        let foreign = strangers(&app.with_tenant("elsewhere").await).await;
        let mut model = Model::default();
        (model.now, model.products) = (app.clock().now(), catalogue(&app).await);
        let counted = count(&app).await;
        let mut world = Self {
            story: Story { seed, steps: 0, last: VecDeque::new() },
            clients: [app.clone(), app.with_client("others")],
            model,
            dice: Dice::new(seed, foreign),
            outcomes: Outcomes::new(),
            cursor: Value::Null,
            events: Vec::new(),
            stream: None,
            streamed: 0,
            stream_cursor: Value::Null,
            before: counted,
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

    fn app(&self) -> &TestApp {
        &self.clients[0]
    }

    /// Moves the clock now and then. Holds that lapse cannot be used from that moment on, swept or not.
    pub async fn time_passes(&mut self) {
        let seconds = match self.dice.chance(300) {
            _ if self.dice.chance(20) => 86_400 * (1 + u64::from(self.dice.chance(400)) * 3),
            _ if self.dice.chance(50) => 7_200,
            true => 37,
            false => return,
        };
        self.app().advance(Duration::from_secs(seconds));
        self.model.now = self.app().clock().now();
        let lapsed = self.model.lapsed();
        if let (Some(hold), true) = (lapsed.first(), self.dice.chance(500)) {
            let operation = if self.dice.chance(500) { "captureHold" } else { "releaseHold" };
            let key = format!("lapsed {}", self.story.steps);
            let input = json!({ "hold": self.model.holds[*hold].id, "idempotencyKey": key });
            self.ask(&Step { client: 0, operation, input }).await;
        }
        // Events come in the order in which the holds were swept.
        let engine = self.app().server().engine().await;
        while !self.model.lapsed().is_empty() {
            engine.expire_holds().await.expect("the database");
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
        self.story.note(format!("{} client {client}: {operation} {input}", self.story.steps));
        if *operation == "transferBatch" {
            return self.ask_batch(*client, input).await;
        }
        let verdict = self.model.decide(*client, operation, input);
        let answer = self.send(*client, operation, input).await;
        if let Ok((made, _)) = &verdict {
            assert!(answer.get("code").is_none(), "done, says the model; not so: {answer}");
            self.model.learn(made, &answer);
            if let Made::Account(place) = made {
                self.model.learn_account(*place, &answer["account"]);
            }
        }
        self.count(operation, &verdict);
        let expected = self.model.answer(operation, &verdict);
        self.story.note(format!("    {answer}"));
        assert_eq!(lines_sorted(answer), lines_sorted(expected), "{operation} {input}");
        verdict.into_iter().map(|(made, _)| made).collect()
    }

    /// The answer, without what is for people.
    async fn send(&self, client: usize, operation: &str, input: &Value) -> Value {
        let (query, variables) = mutation(operation, input.clone(), &selection(operation));
        let mut answer = self.clients[client].graphql(&query, variables).await.data()[operation].take();
        if answer["__typename"] == "Refusal" {
            return refusal(operation, &answer);
        }
        let name = answer.as_object_mut().and_then(|answer| answer.remove("__typename"));
        assert!(name.is_some_and(|name| name.as_str().is_some_and(|name| name.ends_with("Success"))), "{answer}");
        answer
    }

    async fn ask_batch(&mut self, client: usize, input: &Value) -> Vec<Made> {
        let answer = self.send(client, "transferBatch", input).await;
        let verdicts = match self.model.batch(client, input) {
            Ok(verdicts) => verdicts,
            Err(refusal) => {
                self.count("transferBatch", &Err(refusal.clone()));
                let expected = json!({ "code": refusal.code, "fields": refusal.fields, "facts": refusal.facts });
                assert_eq!(answer, expected, "{input}");
                return Vec::new();
            }
        };
        let refused = verdicts.iter().filter(|verdict| verdict.is_err()).count();
        assert_eq!(answer["refused"], refused, "{answer}");
        assert_eq!(answer["succeeded"], verdicts.len() - refused, "{answer}");
        let items = answer["items"].as_array().expect("items");
        assert_eq!(items.len(), verdicts.len());
        let mut made = Vec::new();
        for (index, (item, verdict)) in items.iter().zip(verdicts).enumerate() {
            let result = &item["result"];
            self.story.note(format!("    item {index}: the model says {verdict:?}, the answer {result}"));
            assert_eq!(
                (&item["index"], &item["idempotencyKey"]),
                (&json!(index), &input["items"][index]["idempotencyKey"])
            );
            self.count("transferBatch", &verdict);
            match verdict {
                Ok((it, replayed)) => {
                    assert_eq!(result["__typename"], "TransferSuccess", "{result}");
                    self.model.learn(&it, result);
                    let expected = self.model.answer("transfer", &Ok((it.clone(), replayed)));
                    for path in ["/entry/id", "/entry/sequence", "/from/id", "/to/id", "/replayed"] {
                        assert_eq!(result.pointer(path), expected.pointer(path), "{path}: {result}");
                    }
                    made.push(it);
                }
                Err(it) => {
                    let expected = json!({ "code": it.code, "fields": it.fields, "facts": it.facts });
                    assert_eq!(refusal("transferBatch", result), expected, "{input}");
                }
            }
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
                Made::Customer(_) | Made::Product(_) | Made::Period(_) => {}
            }
        }
        let named = ["account", "from", "to"].map(|name| self.model.account_by(&step.input[name]));
        accounts.extend(named.into_iter().flatten());
        for transaction in step.input["transactions"].as_array().into_iter().flatten() {
            accounts.extend(self.model.account_by(&transaction["target"]["transferTo"]));
        }
        for item in step.input["items"].as_array().into_iter().flatten() {
            accounts.extend(["from", "to"].iter().filter_map(|name| self.model.account_by(&item[name])));
        }
        accounts.extend(holds.iter().map(|hold| self.model.holds[*hold].account));
        accounts.sort_unstable();
        accounts.dedup();
        let ids: Vec<&str> = accounts.iter().map(|place| self.model.accounts[*place].id.as_str()).collect();
        // Events first: they tell the ids of the entries that an answer did not.
        let ids = json!(ids);
        self.read_events().await;
        assert_eq!(self.events.len(), self.model.events.len(), "events are missing after {step:?}");
        let query = format!("query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Account {{ {ACCOUNT} }} }} }}");
        let shown = self.app().ok(&query, json!({ "ids": ids })).await["nodes"].take();
        for (place, shown) in accounts.into_iter().zip(shown.as_array().expect("nodes")) {
            self.model.learn_account(place, shown);
            assert_eq!(*shown, self.model.account(place), "the account after {step:?}");
        }
    }

    /// Reads the event log on. Holds that were swept meanwhile lapse in the model, too.
    async fn read_events(&mut self) {
        let query = format!(
            "query($after: String) {{ events(first: 100, after: $after) {{
                nodes {{ cursor {EVENT} }} pageInfo {{ endCursor hasNextPage }} }} }}"
        );
        loop {
            let mut page = self.app().ok(&query, json!({ "after": self.cursor })).await["events"].take();
            for event in page["nodes"].as_array_mut().expect("nodes") {
                let cursor = event.as_object_mut().and_then(|event| event.remove("cursor")).expect("a cursor");
                if self.events.is_empty() {
                    self.stream_cursor = cursor;
                }
                self.hear(event.take());
            }
            if !page["pageInfo"]["endCursor"].is_null() {
                self.cursor = page["pageInfo"]["endCursor"].take();
            }
            if page["pageInfo"]["hasNextPage"] == false {
                return;
            }
        }
    }

    fn hear(&mut self, event: Value) {
        let place = self.events.len();
        if event["type"] == "hold.expired" && place == self.model.events.len() {
            let hold = self.model.hold_by(&event["payload"]["hold"]).expect("a hold of this tenant");
            assert!(self.model.lapsed().contains(&hold), "the hold's time is not over: {event}");
            self.model.lapse(hold);
        }
        assert!(place < self.model.events.len(), "the model knows of no such event: {event}");
        if let Some(entry) = self.model.events[place].entry {
            self.model.learn_entry(entry, &event["entry"]);
        }
        assert_eq!(event, self.model.event(place));
        self.events.push(event);
    }

    /// Everything: all accounts, customers and products, the trial balance, the books, and the subscription.
    pub async fn compare_everything(&mut self) {
        self.compare_lists().await;
        self.compare_trial_balance().await;
        self.drain_the_stream().await;
        let (entries, events) = count(self.app()).await;
        assert_eq!(entries - self.before.0, self.model.entries.len() as u64);
        assert_eq!(events - self.before.1, self.model.events.len() as u64);
        let query = "{ entries(first: 1) { nodes { sequence } } viewer { tenant { businessDate closedThrough } } }";
        let data = self.app().ok(query, json!({})).await;
        let last = data["entries"]["nodes"][0]["sequence"].as_str().map_or(0, |text| text.parse().expect("a number"));
        assert_eq!(last, self.model.entries.len());
        let tenant = json!({
            "businessDate": self.model.today().to_string(),
            "closedThrough": self.model.closed_through.map(|day| day.to_string()),
        });
        assert_eq!(data["viewer"]["tenant"], tenant);
    }

    async fn compare_lists(&mut self) {
        let mut seen = 0;
        let mut after = Value::Null;
        let query = format!(
            "query($after: String) {{ accounts(first: 50, after: $after) {{
                nodes {{ {ACCOUNT} }} pageInfo {{ endCursor hasNextPage }} }} }}"
        );
        loop {
            let mut page = self.app().ok(&query, json!({ "after": after })).await["accounts"].take();
            for account in page["nodes"].as_array().expect("nodes") {
                let place = self.model.account_by(&json!({ "id": account["id"] })).expect("an account of the model");
                assert_eq!(*account, self.model.account(place));
                seen += 1;
            }
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].take();
        }
        assert_eq!(seen, self.model.accounts.len());
    }

    async fn compare_trial_balance(&self) {
        let query = "{ trialBalance { balanced lines { code currency debit { amount } credit { amount } }
            totals { currency debit { amount } credit { amount } } } }";
        let shown = self.app().ok(query, json!({})).await["trialBalance"].take();
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

    /// The subscription has given the same events, in the same order, however often it had to be taken up again.
    async fn drain_the_stream(&mut self) {
        let query = format!("subscription($after: Cursor) {{ ledgerEvents(after: $after) {{ cursor {EVENT} }} }}");
        self.streamed = self.streamed.max(1);
        while self.streamed < self.events.len() {
            let mut stream = match self.stream.take() {
                Some(stream) => stream,
                None => self.app().events(&query, json!({ "after": self.stream_cursor })).await,
            };
            match stream.next().await {
                Sent::Next(mut result) if result["errors"].is_null() => {
                    let mut event = result["data"]["ledgerEvents"].take();
                    self.stream_cursor = event["cursor"].take();
                    event.as_object_mut().expect("an event").remove("cursor");
                    assert_eq!(event, self.events[self.streamed]);
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

fn dotted(path: &Value) -> String {
    let segments = path.as_array().expect("a path").iter().map(|segment| segment.as_str().expect("a segment"));
    segments.collect::<Vec<_>>().join(".")
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

/// Verifies all books; gives how many entries and events there are.
async fn count(app: &TestApp) -> (u64, u64) {
    let engine = app.server().engine().await;
    let checked = verify::verify(engine.db.reader()).await.expect("clean books");
    (checked.entries, checked.events)
}

/// Ids that a tenant does not have: another's, and some that nobody has.
async fn strangers(other: &TestApp) -> Vec<String> {
    let account = other.funded("10.00").await;
    let (entry, hold) = (other.pay_in(&account, "1.00").await, other.hold(&account, "1.00").await);
    let nobody = ["acc", "cus", "ent", "hld", "prd"].map(|prefix| format!("{prefix}_{}", "0".repeat(31) + "1"));
    [vec![account.id, account.owner, entry, hold], nobody.to_vec(), vec!["ent_?".into(), String::new()]].concat()
}

/// The products that every tenant starts with.
async fn catalogue(app: &TestApp) -> Vec<Product> {
    let query = "{ products(first: 100) { nodes { id code alias family workingMode currency debtRule repaymentOrder
        defaultCreditLimit { amount } maximumCreditLimit { amount } maximumBalance { amount } metadata } } }";
    let nodes = app.ok(query, json!({})).await["products"]["nodes"].take();
    let read = |node: &Value| {
        let field = |name: &str| owned(node, name).expect("a text");
        let currency = field("currency");
        let amount =
            |name: &str| text(&node[name], "amount").map(|text| minor(name, text, &currency).expect("an amount"));
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
    };
    nodes.as_array().expect("nodes").iter().map(read).collect()
}

fn place_of(component: &Value) -> usize {
    COMPONENTS.iter().position(|name| component == name).expect("a component")
}
