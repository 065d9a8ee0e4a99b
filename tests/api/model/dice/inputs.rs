//! The inputs that take more than a line.

use super::*;

impl Dice {
    pub(super) fn new_customer(&mut self, model: &Model) -> Value {
        let company = self.chance(300);
        let mut input = json!({ "type": if company { "COMPANY" } else { "PERSON" } });
        let wrong = self.chance(60);
        if company != wrong {
            input["companyName"] = json!(self.required("Dice Ltd"));
        } else {
            input["lastName"] = json!(self.required("Lovelace"));
            if self.chance(600) {
                input["firstName"] = json!(self.required("Ada"));
            }
        }
        if self.chance(400) {
            let taken = model.customers.choose(&mut self.rng).map(|customer| customer.number.clone());
            input["number"] = json!(self.reference(taken));
        }
        if self.chance(400) {
            let taken = model.customers.choose(&mut self.rng).and_then(|customer| customer.external.clone());
            input["externalReference"] = json!(self.reference(taken));
        }
        self.metadata(&mut input);
        input
    }

    pub(super) fn batch(&mut self, model: &Model, operation: &'static str) -> Value {
        let count = if self.chance(20) { 0 } else { self.rng.random_range(1..8) };
        let mut items = Vec::new();
        for _ in 0..count {
            let mut item = self.input(model, operation);
            item.insert("idempotencyKey".into(), json!(self.key()));
            items.push(item);
        }
        if items.len() > 1 && self.chance(30) {
            let key = items[0]["idempotencyKey"].clone();
            items[1].insert("idempotencyKey".into(), key);
        }
        let mut input = json!({ "items": items });
        if self.chance(800) {
            input["mode"] = json!(self.pick(&["EACH_ALONE", "ALL_OR_NOTHING", "ALL_OR_NOTHING", "SEQUENTIAL"]));
        }
        input
    }

    pub(super) fn new_party(&mut self, model: &Model) -> Value {
        let mut input = json!({ "name": self.required("Dice Collections") });
        if self.chance(400) {
            let taken = model.parties.choose(&mut self.rng).map(|party| party.number.clone());
            input["number"] = json!(self.reference(taken));
        }
        if self.chance(400) {
            let taken = model.parties.choose(&mut self.rng).and_then(|party| party.external.clone());
            input["externalReference"] = json!(self.reference(taken));
        }
        self.metadata(&mut input);
        input
    }

    /// A party by one of its names, or one that is none.
    fn party(&mut self, model: &Model) -> Value {
        match model.parties.choose(&mut self.rng) {
            Some(party) => self.name(&party.id, &party.number, party.external.as_deref()),
            None => json!({ "number": "nobody" }),
        }
    }

    /// Mostly of what is held for somebody.
    pub(super) fn remittance(&mut self, model: &Model) -> Value {
        let held = |party: usize, currency: &str| model.held_for(party, currency);
        let all = (0..model.parties.len()).flat_map(|party| ["EUR", "JPY", "KWD"].map(|currency| (party, currency)));
        let rich: Vec<_> = all.filter(|(party, currency)| held(*party, currency) > 0).collect();
        let (by, most, currency) = match rich.choose(&mut self.rng) {
            Some((party, currency)) if self.chance(900) => {
                let it = &model.parties[*party];
                (self.name(&it.id, &it.number, it.external.as_deref()), held(*party, currency), *currency)
            }
            _ => (self.party(model), 5_000, "EUR"),
        };
        let amount = if self.chance(100) { most + 1 } else { self.rng.random_range(1..=most) };
        let mut input =
            json!({ "party": by, "amount": { "amount": shown(amount, currency), "currency": currency }, "iban": IBAN });
        if self.chance(500) {
            let commission = if self.chance(100) { amount + 1 } else { self.rng.random_range(0..=amount) };
            let other = if self.chance(50) { "SEK" } else { currency };
            input["commission"] = json!({ "amount": shown(commission, currency), "currency": other });
        }
        self.details(model, &mut input, &["reference", "description", "messageToReceiver"]);
        input
    }

    pub(super) fn party_change(&mut self, model: &Model) -> Value {
        let mut input = json!({ "party": self.party(model) });
        if self.chance(500) {
            input["name"] = if self.chance(80) { Value::Null } else { json!(self.required("Dice & Daughters")) };
        }
        if self.chance(400) {
            let taken = model.parties.choose(&mut self.rng).and_then(|party| party.external.clone());
            input["externalReference"] = if self.chance(300) { Value::Null } else { json!(self.reference(taken)) };
        }
        self.metadata_change(&mut input);
        input
    }

    /// Metadata that replace the former ones, or empty them.
    fn metadata_change(&mut self, input: &mut Value) {
        self.metadata(input);
        if self.chance(50) {
            input["metadata"] = Value::Null;
        }
    }

    pub(super) fn reversal(&mut self, model: &Model) -> Value {
        let recent = model.entries.len().saturating_sub(60)..model.entries.len();
        let entry = (!recent.is_empty()).then(|| self.rng.random_range(recent));
        // One that has begun to be reversed is tried again now and then.
        let begun = || model.entries.iter().rposition(|it| !it.reversals.is_empty() && it.gone != it.booked());
        let entry = if self.chance(200) { begun().or(entry) } else { entry };
        let mut input = json!({ "entry": self.id(entry.map(|entry| model.entries[entry].id.clone())) });
        input["reason"] = json!(self.required("dice"));
        if self.chance(200) {
            input["description"] = json!(self.note());
        }
        if let Some(entry) = entry.filter(|_| self.chance(500)) {
            let it = &model.entries[entry];
            let left = it.booked().iter().zip(&it.gone).map(|(amount, gone)| (amount - gone).max(0)).sum();
            input["amount"] = match it.accounts().first() {
                Some(account) => self.amount(model, *account, left),
                None => json!({ "amount": shown(left, &it.currency), "currency": it.currency }),
            };
        }
        if let Some(day) = self.value_date(model).filter(|_| self.chance(500)) {
            input["valueDate"] = json!(day.to_string());
        }
        input
    }

    pub(super) fn customer_change(&mut self, model: &Model) -> Value {
        let place = self.rng.random_range(0..model.customers.len());
        let it = &model.customers[place];
        let mut input = json!({ "customer": self.name(&it.id, &it.number, it.external.as_deref()) });
        match self.rng.random_range(0..8) {
            0 => input["firstName"] = Value::Null,
            1 => input["lastName"] = Value::Null,
            2 if it.is_company => input["companyName"] = json!(self.required("Dice & Sons")),
            3 => input["companyName"] = json!("Dice & Sons"),
            4 => {
                let taken = model.customers.choose(&mut self.rng).map(|customer| customer.number.clone());
                input["number"] = if self.chance(100) { Value::Null } else { json!(self.reference(taken)) };
            }
            _ => input["lastName"] = if it.is_company { Value::Null } else { json!("Byron") },
        }
        if self.chance(400) {
            let taken = model.customers.choose(&mut self.rng).and_then(|customer| customer.external.clone());
            input["externalReference"] = if self.chance(300) { Value::Null } else { json!(self.reference(taken)) };
        }
        self.metadata_change(&mut input);
        input
    }

    pub(super) fn new_product(&mut self, model: &Model) -> Value {
        let family = self.pick(&["DEPOSIT", "CARD", "LOAN", "VIRTUAL", "RECEIVABLE", "INVOICE"]);
        let currency = self.pick(&CURRENCIES);
        let rule = match family {
            "VIRTUAL" if !self.chance(100) => "NONE",
            "RECEIVABLE" => "UNLIMITED",
            _ => self.pick(&["NONE", "LIMIT", "LIMIT", "UNLIMITED"]),
        };
        let taken = model.products.choose(&mut self.rng).map(|product| product.code.clone());
        let mut input = json!({
            "code": self.reference(taken), "alias": self.required("Dice"), "family": family, "currency": currency,
            "debtRule": rule,
        });
        if family == "CARD" && !self.chance(50) {
            input["workingMode"] = json!(self.pick(&["PAY_LATER", "PAY_NOW", "PAY_BEFORE"]));
        }
        if self.chance(500) {
            let words = self.pick(&[
                ["PRINCIPAL", "INTEREST", "FEE"],
                ["INTEREST", "PRINCIPAL", "FEE"],
                ["FEE", "PRINCIPAL", "INTEREST"],
                ["INTEREST", "FEE", "PRINCIPAL"],
            ]);
            input["repaymentOrder"] = match self.chance(50) {
                true => json!(["FEE", "FEE", "PRINCIPAL"]),
                false => json!(words),
            };
        }
        if rule == "LIMIT" || self.chance(50) {
            input["defaultCreditLimit"] = self.limit(300_000, currency);
        }
        if self.chance(if rule == "LIMIT" { 600 } else { 20 }) {
            input["maximumCreditLimit"] = self.limit(400_000, currency);
        }
        if self.chance(300) {
            input["maximumBalance"] = self.limit(500_000, currency);
        }
        self.metadata(&mut input);
        input
    }

    pub(super) fn product_change(&mut self, model: &Model) -> Value {
        let it = model.products.choose(&mut self.rng).expect("products").clone();
        let mut input = json!({ "product": match self.rng.random_range(0..20) {
            0 => json!({ "code": "nothing" }),
            1 => json!({ "id": self.foreign.choose(&mut self.rng).expect("ids") }),
            2..8 => json!({ "id": it.id }),
            _ => json!({ "code": it.code }),
        } });
        match self.rng.random_range(0..6) {
            0 => input["alias"] = json!(self.required("Other dice")),
            1 => input["retired"] = json!(self.chance(300)),
            2 if self.chance(100) => {
                let name = self.pick(&["alias", "retired", "defaultCreditLimit"]);
                input[name] = Value::Null;
            }
            2 => input["defaultCreditLimit"] = self.limit(300_000, &it.currency),
            3 => input["maximumCreditLimit"] = self.limit(400_000, &it.currency),
            4 => {
                input["maximumBalance"] = if self.chance(500) { Value::Null } else { self.limit(500_000, &it.currency) }
            }
            _ => input["metadata"] = if self.chance(200) { Value::Null } else { json!({ "changed": true }) },
        }
        input
    }

    pub(super) fn new_account(&mut self, model: &Model) -> Value {
        let usable: Vec<usize> =
            (0..model.products.len()).filter(|place| !model.products[*place].retired || self.chance(100)).collect();
        let product = &model.products[self.pick(&usable)];
        let by = match self.rng.random_range(0..40) {
            0 => json!({ "code": "nothing" }),
            1..10 => json!({ "id": product.id }),
            _ => json!({ "code": product.code }),
        };
        let owner = if self.chance(150) {
            json!({ "create": self.new_customer(model) })
        } else {
            let owner = model.customers.choose(&mut self.rng).expect("customers");
            self.name(&owner.id, &owner.number, owner.external.as_deref())
        };
        let mut input = json!({ "product": by, "owner": owner });
        if self.chance(200) {
            input["creditor"] = self.party(model);
        }
        if self.chance(200) {
            let taken = model.accounts.choose(&mut self.rng).map(|account| account.number.clone());
            input["number"] = json!(self.reference(taken));
        }
        if self.chance(400) {
            let taken = model.accounts.choose(&mut self.rng).and_then(|account| account.external.clone());
            input["externalReference"] = json!(self.reference(taken));
        }
        if (product.rule == "LIMIT" && self.chance(400)) || self.chance(30) {
            let most = product.maximum_limit.unwrap_or(300_000);
            input["creditLimit"] = self.limit(most, &product.currency);
        }
        self.metadata(&mut input);
        input
    }

    pub(super) fn account_change(&mut self, model: &Model) -> Value {
        let account = self.account(model, None);
        let it = &model.accounts[account];
        let mut input = json!({ "account": self.naming(model, account) });
        if self.chance(500) {
            let taken = model.accounts.choose(&mut self.rng).and_then(|account| account.external.clone());
            input["externalReference"] = if self.chance(200) { Value::Null } else { json!(self.reference(taken)) };
        }
        if self.chance(400) {
            input["creditLimit"] = self.limit(it.limit, &it.currency);
        }
        if self.chance(200) {
            input["creditor"] = if self.chance(300) { Value::Null } else { self.party(model) };
        }
        self.metadata_change(&mut input);
        input
    }

    pub(super) fn new_hold(&mut self, model: &Model) -> Value {
        let account = self.account(model, None);
        let mut input = json!({ "account": self.naming(model, account) });
        input["amount"] = self.amount(model, account, model.available(account).min(20_000));
        if self.chance(700) {
            let minutes = if self.chance(30) { -self.rng.random_range(0..3) } else { self.rng.random_range(1..4_000) };
            let end = model.now + TimeDelta::minutes(minutes);
            input["expiresAt"] = json!(end.to_rfc3339_opts(chrono::SecondsFormat::Micros, true));
        }
        for name in ["description", "reference"] {
            if self.chance(200) {
                input[name] = json!(self.note());
            }
        }
        input
    }

    /// A hold: mostly an open one.
    pub(super) fn hold(&mut self, model: &Model) -> Option<usize> {
        let open: Vec<usize> = model.open_holds.iter().copied().collect();
        match open.is_empty() || self.chance(100) {
            true if model.holds.is_empty() => None,
            true => Some(self.rng.random_range(0..model.holds.len())),
            false => Some(self.pick(&open)),
        }
    }

    pub(super) fn capture(&mut self, model: &Model) -> Value {
        let hold = self.hold(model);
        let mut input = json!({ "hold": self.id(hold.map(|hold| model.holds[hold].id.clone())) });
        let account = hold.map_or(0, |hold| model.holds[hold].account);
        if self.chance(600) {
            input["amount"] = self.amount(model, account, hold.map_or(1, |hold| model.holds[hold].remaining()));
        }
        if self.chance(300) {
            let to = self.account(model, Some(&model.accounts[account].currency));
            input["to"] = self.naming(model, to);
        }
        input
    }

    pub(super) fn transfer(&mut self, model: &Model) -> Map<String, Value> {
        // A few tries to find somebody who has something.
        let from = (0..4).map(|_| self.account(model, None)).find(|account| can_pay(model, *account));
        let from = from.unwrap_or_else(|| self.account(model, None));
        let to = (0..3).map(|_| self.account(model, Some(&model.accounts[from].currency))).find(|to| *to != from);
        let to = to.unwrap_or(from);
        let mut input = json!({ "from": self.naming(model, from), "to": self.naming(model, to) });
        input["amount"] = self.amount(model, from, model.available(from));
        self.details(model, &mut input, &["reference", "messageToSender", "messageToReceiver"]);
        match input {
            Value::Object(fields) => fields,
            other => panic!("no input: {other}"),
        }
    }

    pub(super) fn closure(&mut self, model: &Model) -> Value {
        let places: Vec<usize> = (0..6).map(|_| self.account(model, None)).collect();
        let account = places.iter().copied().find(|account| model.reserved(*account) == 0).unwrap_or(places[0]);
        let it = &model.accounts[account];
        let code = if self.chance(20) { self.pick(&["", " "]).to_owned() } else { "DICE".to_owned() };
        let mut input = json!({ "account": self.naming(model, account), "closureCode": code });
        let mut transactions = Vec::new();
        if it.balance() != 0 && self.chance(300) {
            let mut part = self.closing(model, account);
            part["amount"] = self.amount(model, account, it.balance().abs() - 1);
            transactions.push(part);
        }
        if it.balance() != 0 && !self.chance(80) || self.chance(30) {
            transactions.push(self.closing(model, account));
        }
        if !transactions.is_empty() || self.chance(500) {
            input["transactions"] = json!(transactions);
        }
        input
    }

    fn closing(&mut self, model: &Model, account: usize) -> Value {
        let owes = model.accounts[account].balance() < 0 && !self.chance(50);
        let target = match self.rng.random_range(0..4) {
            _ if owes => json!({ "writeOff": { "reason": self.required("given up") } }),
            0 => json!({ "writeOff": { "reason": self.required("a trifle") } }),
            1 => {
                let mut payout = json!({});
                self.bank_account(&mut payout);
                json!({ "payout": payout })
            }
            _ => {
                let to = self.account(model, Some(&model.accounts[account].currency));
                json!({ "transferTo": self.naming(model, to) })
            }
        };
        let mut transaction = json!({ "target": target });
        if self.chance(200) {
            transaction["description"] = json!(self.note());
        }
        transaction
    }
}
