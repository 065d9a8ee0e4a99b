//! A few hundred random mutations: whatever was done or refused, what must hold holds.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::accounts::show;
use crate::app::{Account, TestApp, euros};
use crate::payments::{payout, statements::cents};

const STEPS: usize = 300;
const PRODUCTS: [&str; 7] =
    ["current", "current-overdraft", "revolving", "credit-card", "prepaid-card", "receivable", "virtual"];

/// What has been made so far, to choose from.
struct World {
    dice: StdRng,
    owner: String,
    accounts: Vec<Account>,
    holds: Vec<String>,
    entries: Vec<String>,
    outcomes: BTreeMap<String, usize>,
}

impl World {
    fn amount(&mut self) -> String {
        let cents: i64 = match self.dice.random_range(0..10) {
            0 => self.dice.random_range(-100..=0),
            1..=6 => self.dice.random_range(1..=20_000),
            _ => self.dice.random_range(1..=400_000),
        };
        format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
    }

    fn account(&mut self) -> Account {
        let recent = self.accounts.len().saturating_sub(10);
        self.accounts[recent..].choose(&mut self.dice).expect("accounts").clone()
    }

    fn word(&mut self, words: &[&str]) -> String {
        (*words.choose(&mut self.dice).expect("words")).to_owned()
    }

    fn hold(&mut self) -> String {
        self.holds.choose(&mut self.dice).cloned().unwrap_or_else(|| "hld_0".into())
    }

    /// The next mutation.
    fn next(&mut self) -> (&'static str, Value) {
        let (account, other, amount) = (self.account(), self.account(), self.amount());
        let by = account.by();
        match self.dice.random_range(0..100) {
            0..20 => {
                let channel = self.word(&["BANK_TRANSFER", "CARD", "CASH", "PSP"]);
                let mut input = json!({ "account": by, "amount": euros(&amount), "channel": channel });
                if self.dice.random_bool(0.3) {
                    input["valueDate"] =
                        json!(format!("2026-0{}-{:02}", self.dice.random_range(1..=6), self.dice.random_range(1..=28)));
                }
                ("postPayment", input)
            }
            20..40 => ("transfer", json!({ "from": by, "to": other.by(), "amount": euros(&amount) })),
            40..50 => ("disburse", payout(&account, &amount)),
            50..58 => ("placeHold", json!({ "account": by, "amount": euros(&amount) })),
            58..66 => {
                let mut input = json!({ "hold": self.hold() });
                if self.dice.random_bool(0.6) {
                    input["amount"] = euros(&amount);
                }
                if self.dice.random_bool(0.3) {
                    input["to"] = by;
                }
                ("captureHold", input)
            }
            66..70 => ("releaseHold", json!({ "hold": self.hold() })),
            70..80 => {
                let kind = self.word(&["INTEREST", "LATE_FEE", "REMINDER_FEE"]);
                ("postCharge", json!({ "account": by, "kind": kind, "amount": euros(&amount) }))
            }
            80..84 => {
                let component = self.word(&["PRINCIPAL", "INTEREST", "FEE"]);
                (
                    "postAdjustment",
                    json!({ "account": by, "amount": euros(&amount), "component": component, "reason": "dice" }),
                )
            }
            84..92 => {
                let entry = self.entries.choose(&mut self.dice).cloned().unwrap_or_else(|| "ent_0".into());
                ("reverseEntry", json!({ "entry": entry, "reason": "dice" }))
            }
            92..93 => ("requestAccountClosure", json!({ "account": by })),
            93..95 => {
                let target = match self.dice.random_range(0..3) {
                    0 => json!({ "transferTo": other.by() }),
                    1 => json!({ "payout": { "iban": crate::payments::IBAN } }),
                    _ => json!({ "writeOff": { "reason": "dice" } }),
                };
                (
                    "closeAccount",
                    json!({ "account": by, "closureCode": "DICE", "transactions": [{ "target": target }] }),
                )
            }
            95..96 => ("updateAccount", json!({ "account": by, "creditLimit": amount })),
            _ => {
                let product = self.word(&PRODUCTS);
                ("openAccount", json!({ "product": { "code": product }, "owner": { "id": self.owner } }))
            }
        }
    }

    /// Takes note of what came of a mutation.
    fn note(&mut self, name: &str, result: &Value) {
        let outcome = result["code"].as_str().unwrap_or("done");
        *self.outcomes.entry(format!("{name} {outcome}")).or_default() += 1;
        let text = |value: &Value| value["id"].as_str().map(str::to_owned);
        self.entries.extend(text(&result["entry"]));
        self.holds.extend(text(&result["hold"]).filter(|_| name == "placeHold"));
        if let (Some(id), "openAccount") = (text(&result["account"]), name) {
            let number = result["account"]["number"].as_str().expect("a number").to_owned();
            self.accounts.push(Account { id, number, owner: self.owner.clone(), currency: "EUR".into() });
        }
    }
}

fn selection(name: &str) -> &'static str {
    match name {
        "placeHold" | "releaseHold" => "hold { id }",
        "openAccount" => "account { id number }",
        "updateAccount" | "requestAccountClosure" | "closeAccount" => "account { id }",
        _ => "entry { id }",
    }
}

/// Checks one account against its own transactions and holds.
async fn check(app: &TestApp, account: &Account) {
    let shown = show(app, account, "status debtRule creditLimit { amount } balance { amount } reserved { amount } available { amount } pending { amount }
        components { component amount { amount } } balanceAsOf(date: \"2027-12-31\") { amount }
        transactions(first: 100, filter: { from: \"2026-01-01\" }) { nodes { amount { amount } balanceAfter { amount } components { amount { amount } } } pageInfo { hasNextPage } }
        holds(first: 100, status: OPEN) { nodes { remaining { amount } } }").await;
    let of = |name: &str| cents(&shown[name]["amount"]);
    let (balance, reserved, available, limit) = (of("balance"), of("reserved"), of("available"), of("creditLimit"));
    let pending = of("pending");
    let components: Vec<i64> = shown["components"]
        .as_array()
        .expect("components")
        .iter()
        .map(|part| cents(&part["amount"]["amount"]))
        .collect();
    assert_eq!(components.iter().sum::<i64>(), balance, "{shown:#}");
    assert_eq!(of("balanceAsOf"), balance, "{shown:#}");
    let open: i64 =
        shown["holds"]["nodes"].as_array().expect("holds").iter().map(|hold| cents(&hold["remaining"]["amount"])).sum();
    assert_eq!(open, reserved, "{shown:#}");

    let transactions = shown["transactions"]["nodes"].as_array().expect("transactions");
    let newest = transactions.first().map_or(0, |it| cents(&it["balanceAfter"]["amount"]));
    assert_eq!(newest, balance, "{shown:#}");
    if shown["transactions"]["pageInfo"]["hasNextPage"] == false {
        let mut sum = 0;
        for transaction in transactions.iter().rev() {
            sum += cents(&transaction["amount"]["amount"]);
            assert_eq!(cents(&transaction["balanceAfter"]["amount"]), sum, "{shown:#}");
            let parts = transaction["components"].as_array().expect("components").iter();
            assert_eq!(
                parts.map(|part| cents(&part["amount"]["amount"])).sum::<i64>(),
                cents(&transaction["amount"]["amount"])
            );
        }
        assert_eq!(sum, balance, "{shown:#}");
    }

    // A credit in one component settles the others: only funds are ever left.
    assert!(components[1..].iter().all(|part| *part <= 0), "{shown:#}");
    let free = components[0] - pending - reserved;
    let expected = match (shown["status"].as_str().expect("a status"), shown["debtRule"].as_str().expect("a rule")) {
        ("CLOSED", _) => {
            assert!(balance == 0 && reserved == 0 && components == [0, 0, 0], "{shown:#}");
            Some(0)
        }
        ("PENDING_CLOSE", _) => {
            assert!(reserved != 0 || components != [0, 0, 0], "{shown:#}");
            Some(free.max(0))
        }
        (_, "UNLIMITED") => None,
        (_, "NONE") => {
            assert!(free >= 0 && components[1..].iter().all(|part| *part >= 0), "{shown:#}");
            Some(free)
        }
        _ => Some((free + limit).max(0)),
    };
    assert!(expected.is_none_or(|expected| expected == available), "{expected:?} {shown:#}");
}

on_both_databases! {
    async fn random_mutations_keep_what_must_hold(app: TestApp) {
        let seed = std::env::var("KONTO_TEST_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok())
            .unwrap_or_else(rand::random::<u64>);
        println!("KONTO_TEST_SEED={seed}");
        let owner = app.customer().await;
        let mut world = World {
            dice: StdRng::seed_from_u64(seed),
            owner: owner.clone(),
            accounts: Vec::new(),
            holds: Vec::new(),
            entries: Vec::new(),
            outcomes: BTreeMap::new(),
        };
        for product in PRODUCTS {
            world.accounts.push(app.account_of(&owner, product).await);
        }
        for step in 0..STEPS {
            let (name, input) = world.next();
            let result = app.mutate(name, input, selection(name)).await.data()[name].take();
            world.note(name, &result);
            if step % 50 == 49 {
                for account in &world.accounts {
                    check(&app, account).await;
                }
                let balance = app
                    .ok("{ trialBalance { balanced totals { debit { amount } credit { amount } } } }", json!({}))
                    .await;
                assert_eq!(balance["trialBalance"]["balanced"], true);
                let total = &balance["trialBalance"]["totals"][0];
                assert_eq!(total["debit"], total["credit"]);
            }
        }
        let done: usize =
            world.outcomes.iter().filter(|(name, _)| name.ends_with(" done")).map(|(_, count)| count).sum();
        println!("{done} of {STEPS} were done: {:?}", world.outcomes);
        assert!(done > STEPS / 10, "{:?}", world.outcomes);
        let data = app.ok("{ entries(first: 1) { nodes { sequence } } }", json!({})).await;
        let last: usize = data["entries"]["nodes"][0]["sequence"].as_str().expect("a text").parse().expect("a number");
        assert!(last >= world.entries.len(), "{last}");
    }
}
