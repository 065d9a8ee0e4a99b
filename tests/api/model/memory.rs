//! A tenant in memory: the model's inputs as commands, decided without a database, and shown as the API would.

mod commands;
mod rows;

use std::collections::{BTreeMap, HashMap};

use konto::accounts::catalogue::InstallCatalogue;
use konto::accounts::{Account, Product};
use konto::ledger::{Hold, HoldStatus};
use konto::payments::ExpireHold;
use konto::primitives::clock::from_micros;
use konto::primitives::{AccountId, Clock, EntryId, HoldId, IdSource, Origin, TenantId, text};
use konto::refused::{FieldProblem, Refused};
use konto::work::memory::Memory;
use konto::work::{Command, Done, Idempotency, Mode};
use serde_json::{Value, json};

use super::dice::of_batch;
use super::show::{moment, parts};
use super::subject::{CLIENTS, Subject, nobodies};
use rows::Shown;

/// A tenant in memory.
pub struct InMemory {
    tenant: TenantId,
    clock: Clock,
    memory: Memory,
    origins: [Origin; 2],
    /// The places of the entries that were booked last on each account.
    last: HashMap<AccountId, usize>,
    /// What reverses an entry, or parts of it.
    reversals: HashMap<EntryId, Vec<EntryId>>,
    /// Debits and credits by class and currency.
    gross: BTreeMap<(String, String), (i128, i128)>,
    /// How many entries those three know of.
    absorbed: usize,
    /// How many entries and events were given.
    given: (usize, usize),
}

impl InMemory {
    pub fn new(seed: u64) -> Self {
        // The same that servers under test have: digests of requests are keyed with it.
        if konto::sealing::ring().is_none() {
            konto::sealing::install(konto::sealing::KeyRing::for_show());
        }
        let clock = Clock::manual(crate::app::start_of_time());
        let tenant = TenantId(IdSource::seeded(clock.clone(), seed).next());
        let mut memory = Memory::new(tenant, clock.clone());
        let euro = "EUR".parse().expect("the euro");
        let installed = memory.run(&Origin::system(tenant), None, &InstallCatalogue { currency: euro });
        installed.expect("the catalogue");
        let origin = |client: &str| Origin { client: client.into(), ..Origin::system(tenant) };
        let (last, reversals, gross) = (HashMap::new(), HashMap::new(), BTreeMap::new());
        let origins = CLIENTS.map(origin);
        Self { tenant, clock, memory, origins, last, reversals, gross, absorbed: 0, given: (0, 0) }
    }

    /// Runs one command, under the input's key.
    fn one<C: Command + Clone>(
        &mut self,
        client: usize,
        operation: &str,
        input: &Value,
        command: fn(&Value) -> Result<C, Refused>,
    ) -> Value
    where
        C::Made: Shown,
    {
        let command = command(input).and_then(|command| Ok((keyed(input, &command)?, command)));
        let answer = match command {
            Ok((key, command)) => self.memory.run(&self.origins[client], Some(key), &command),
            Err(refused) => Err(self.turned_away(refused)),
        };
        self.absorb();
        match answer {
            Ok(done) => self.success(operation, &done),
            Err(refused) => refusal(&refused),
        }
    }

    /// Runs a batch, each item under its own key.
    fn many<C: Command + Clone>(
        &mut self,
        client: usize,
        operation: &str,
        input: &Value,
        command: fn(&Value) -> Result<C, Refused>,
    ) -> Value
    where
        C::Made: Shown,
    {
        let items = input["items"].as_array().expect("items");
        let keys: Vec<&Value> = items.iter().map(|item| &item["idempotencyKey"]).collect();
        if items.is_empty() {
            return refusal(&self.turned_away(Refused::invalid("items", "is empty")));
        }
        if let Some(index) = (1..keys.len()).find(|index| keys[..*index].contains(&keys[*index])) {
            return refusal(&self.turned_away(Refused::invalid("idempotencyKey", "twice").at("items", index)));
        }
        let mode = match input["mode"].as_str() {
            Some("ALL_OR_NOTHING") => Mode::AllOrNothing,
            Some("SEQUENTIAL") => Mode::Sequential,
            _ => Mode::EachAlone,
        };
        let commands = items.iter().map(|item| {
            let command = command(item)?;
            Ok((Some(keyed(item, &command)?), command))
        });
        let commands: Vec<Result<(Option<Idempotency>, C), Refused>> = commands.collect();
        let spoilt = mode == Mode::AllOrNothing && commands.iter().any(Result::is_err);
        let runnable = commands.iter().filter(|_| !spoilt).filter_map(|command| command.as_ref().ok()).cloned();
        let mut done = self.memory.run_all(&self.origins[client], runnable.collect(), mode).into_iter();
        self.absorb();
        let answers: Vec<Result<_, Refused>> = commands
            .into_iter()
            .map(|command| match command {
                Err(refused) => Err(self.turned_away(refused)),
                Ok(_) if spoilt => Err(self.turned_away(Refused::taken_along())),
                Ok(_) => done.next().expect("an answer per command"),
            })
            .collect();
        let succeeded = answers.iter().filter(|answer| answer.is_ok()).count();
        let shown: Vec<Value> = answers
            .iter()
            .zip(&keys)
            .enumerate()
            .map(|(index, (answer, key))| {
                let result = match answer {
                    Ok(done) => self.success(operation, done),
                    Err(refused) => refusal(&refused.clone().at("items", index)),
                };
                json!({ "index": index, "idempotencyKey": key, "result": result })
            })
            .collect();
        json!({ "__typename": "Success", "succeeded": succeeded, "refused": shown.len() - succeeded, "items": shown })
    }

    /// What no command could be made of leaves a record, and time in the books has come that far. So does what can only
    /// be refused.
    fn turned_away(&mut self, refused: Refused) -> Refused {
        let nothing = ExpireHold { hold: HoldId(self.tenant.0) };
        let refusal = self.memory.run(&Origin::system(self.tenant), None, &nothing);
        refusal.expect_err("no hold has the id of a tenant");
        refused
    }

    fn success<M: Shown>(&self, operation: &str, done: &Done<std::sync::Arc<M>>) -> Value {
        let mut answer = json!({ "__typename": "Success", "replayed": done.receipt.replayed });
        for part in parts(operation) {
            answer[part] = done.value.show(part, self);
        }
        answer
    }

    /// Takes notice of what was booked.
    fn absorb(&mut self) {
        let absorbed = std::mem::replace(&mut self.absorbed, self.memory.entries().len());
        for (place, entry) in self.memory.entries().iter().enumerate().skip(absorbed) {
            for line in &entry.postings {
                if let Some(account) = line.account {
                    self.last.insert(account, place);
                }
                let class = (rows::code(&self.memory, line), line.currency.code().to_owned());
                let (debit, credit) = self.gross.entry(class).or_default();
                *(if line.amount.0 < 0 { debit } else { credit }) += i128::from(line.amount.0).abs();
            }
            if let Some(original) = entry.reverses {
                self.reversals.entry(original).or_default().push(entry.id);
            }
        }
    }
}

/// The caller's key.
fn keyed<C: Command>(input: &Value, command: &C) -> Result<Idempotency, Refused> {
    let key = input["idempotencyKey"].as_str().unwrap_or_default();
    text::required(key, 200).map_err(|problem| Refused::invalid("idempotencyKey", problem.to_string()))?;
    Ok(Idempotency::of(key.to_owned(), command))
}

/// A refusal, as the API shows it.
fn refusal(refused: &Refused) -> Value {
    let fields =
        refused.fields.iter().map(|FieldProblem { path, message }| json!({ "path": path, "message": message }));
    let facts = &refused.facts;
    let mut shown = serde_json::Map::new();
    let amounts = [
        ("available", facts.available),
        ("balance", facts.balance),
        ("reserved", facts.reserved),
        ("remaining", facts.remaining),
        ("limit", facts.limit),
    ];
    for (name, money) in amounts {
        shown.extend(money.map(|money| (name.to_owned(), rows::money(money))));
    }
    let texts = [
        ("account", facts.account.map(|id| id.to_string())),
        ("status", facts.status.map(str::to_owned)),
        ("closedThrough", facts.closed_through.map(|day| day.to_string())),
        ("earliest", facts.earliest.map(|day| day.to_string())),
        ("latest", facts.latest.map(|day| day.to_string())),
        ("reversedBy", facts.reversed_by.map(|id| id.to_string())),
    ];
    shown.extend(facts.maximum_count.map(|count| ("maximumCount".to_owned(), json!(count))));
    shown.extend(texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), json!(text?)))));
    let facts = if shown.is_empty() { Value::Null } else { Value::Object(shown) };
    json!({
        "__typename": "Refusal", "code": refused.code.word(), "message": refused.message, "facts": facts,
        "fields": fields.collect::<Vec<_>>(),
    })
}

/// Runs a mutation, or a batch of it.
macro_rules! dispatch {
    ($of:ident $operation:ident $client:ident $input:ident: $($name:literal => $command:ident,)*) => {
        match of_batch($operation).unwrap_or($operation) {
            $($name if of_batch($operation).is_some() => $of.many($client, $name, $input, commands::$command),
            $name => $of.one($client, $name, $input, commands::$command),)*
            other => panic!("no command for {other}"),
        }
    };
}

impl Subject for InMemory {
    fn tenant(&self) -> String {
        self.tenant.to_string()
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    async fn strangers(&mut self) -> Vec<String> {
        nobodies()
    }

    async fn products(&mut self) -> Vec<Value> {
        let mut products = self.memory.rows::<Product>();
        products.sort_by_key(|product| product.ordinal);
        products.iter().map(|product| product.show("product", self)).collect()
    }

    async fn send(&mut self, client: usize, operation: &'static str, input: &Value) -> Value {
        dispatch! { self operation client input:
            "createCustomer" => create_customer,
            "updateCustomer" => update_customer,
            "createParty" => create_party,
            "updateParty" => update_party,
            "createProduct" => create_product,
            "updateProduct" => update_product,
            "openAccount" => open_account,
            "updateAccount" => update_account,
            "requestAccountClosure" => request_account_closure,
            "closeAccount" => close_account,
            "closePeriod" => close_period,
            "placeHold" => place_hold,
            "captureHold" => capture_hold,
            "releaseHold" => release_hold,
            "reverseEntry" => reverse_entry,
            "transfer" => transfer,
            "postPayment" => post_payment,
            "disburse" => disburse,
            "remitToParty" => remit_to_party,
            "postAdjustment" => post_adjustment,
            "postCharge" => post_charge,
        }
    }

    async fn accounts(&mut self, ids: &[String]) -> Vec<Value> {
        ids.iter().map(|id| self.account(id.parse().expect("an account's id"))).collect()
    }

    async fn all_accounts(&mut self) -> Vec<Value> {
        self.memory.rows::<Account>().iter().map(|account| self.account(account.id)).collect()
    }

    async fn next_events(&mut self) -> Vec<Value> {
        let (entries, events) = self.given;
        let booked = self.memory.entries()[entries..].iter().map(|entry| {
            let event = json!({
                "sequence": entry.event_sequence.to_string(), "type": "ENTRY_POSTED", "subject": entry.id.to_string(),
                "occurredAt": moment(from_micros(entry.booked_at)), "payload": {},
                "entry": { "id": entry.id.to_string() }, "account": null, "customer": null,
            });
            (entry.event_sequence, event)
        });
        let told = self.memory.events()[events..].iter().map(|logged| {
            let event = &logged.event;
            let id = |id: Option<String>| id.map(|id| json!({ "id": id }));
            let shown = json!({
                "sequence": logged.sequence.to_string(), "type": event.type_.word(), "subject": event.subject,
                "occurredAt": moment(from_micros(logged.at)), "payload": event.payload, "entry": null,
                "account": id(event.account.map(|id| id.to_string())),
                "customer": id(event.customer.map(|id| id.to_string())),
            });
            (logged.sequence, shown)
        });
        let mut all: Vec<(i64, Value)> = booked.chain(told).collect();
        all.sort_by_key(|(sequence, _)| *sequence);
        self.given = (self.memory.entries().len(), self.memory.events().len());
        all.into_iter().map(|(_, event)| event).collect()
    }

    async fn next_records(&mut self) -> Option<Vec<Value>> {
        None
    }

    /// They tell nothing that the model knows of.
    async fn run_days(&mut self) {}

    async fn expire_holds(&mut self) {
        let now = self.clock.micros();
        let lapsed = |hold: &Hold| hold.status == HoldStatus::Open && hold.expires_at.is_some_and(|end| end <= now);
        let holds = self.memory.rows::<Hold>().into_iter().filter(|hold| lapsed(hold));
        let expiries = holds.map(|hold| (None, ExpireHold { hold: hold.id })).collect();
        for answer in self.memory.run_all(&Origin::system(self.tenant), expiries, Mode::EachAlone) {
            answer.expect("its time is over");
        }
    }

    async fn trial_balance(&mut self) -> Value {
        let mut totals: BTreeMap<&str, (i128, i128)> = BTreeMap::new();
        let side = |sum: i128, currency: &str| json!({ "amount": super::books::shown(sum, currency) });
        let mut lines = Vec::new();
        for ((code, currency), (debit, credit)) in &self.gross {
            let (debits, credits) = totals.entry(currency).or_default();
            (*debits, *credits) = (*debits + debit, *credits + credit);
            let (debit, credit) = (side(*debit, currency), side(*credit, currency));
            lines.push(json!({ "code": code, "currency": currency, "debit": debit, "credit": credit }));
        }
        let totals = totals.iter().map(|(currency, (debit, credit))| {
            json!({ "currency": currency, "debit": side(*debit, currency), "credit": side(*credit, currency) })
        });
        json!({ "balanced": true, "lines": lines, "totals": totals.collect::<Vec<_>>() })
    }

    async fn state(&mut self) -> Value {
        json!({
            "businessDate": self.memory.today().to_string(),
            "closedThrough": self.memory.head().closed_through.map(|day| day.to_string()),
            "entries": self.memory.entries().len(),
        })
    }

    async fn check(&mut self, events: &[Value], entries: usize) {
        let head = self.memory.head();
        assert_eq!(head.entry_sequence, i64::try_from(entries).expect("a number"));
        assert_eq!(head.event_sequence, i64::try_from(events.len()).expect("a number"));
    }
}
