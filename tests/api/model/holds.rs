//! The rules of holds, of batches, and of closing an account with the transactions that bring it to zero.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::books::{Hold, LARGEST, Made, Model, Refusal, Says, Verdict, minor, money, no, owned, text};
use super::money::{Draft, Leg, Spread, bank_account, signed};
use super::rules::{Call, malformed, noted, required};

impl Model {
    pub fn place_hold(&mut self, call: &Call) -> Result<Made, Refusal> {
        let input = call.input;
        let account = self.account_by(&input["account"]).ok_or_else(|| no("NOT_FOUND", "account"))?;
        let (amount, currency) = self.positive(input)?;
        call.fresh()?;
        let expires_at: Option<DateTime<Utc>> = text(input, "expiresAt").map(|end| end.parse().expect("a moment"));
        if expires_at.is_some_and(|end| end <= self.now) {
            return Err(no("INVALID_INPUT", "expiresAt"));
        }
        let description = noted("description", text(input, "description"), 500)?;
        let reference = noted("reference", text(input, "reference"), 500)?;
        let it = &self.accounts[account];
        if it.currency != currency {
            return Err(no("CURRENCY_MISMATCH", "amount.currency"));
        }
        if it.status != "OPEN" {
            return Err(no("ACCOUNT_NOT_OPEN", "account").with(json!({ "status": it.status })));
        }
        if self.headroom(account) < amount {
            let facts = json!({ "account": it.id, "available": money(self.available(account), &currency) });
            return Err(no("INSUFFICIENT_FUNDS", "amount").with(facts));
        }
        if self.reserved(account) + amount > LARGEST {
            return Err(no("AMOUNT_OUT_OF_RANGE", "amount"));
        }
        self.holds.push(Hold {
            id: String::new(),
            account,
            amount,
            captured: 0,
            status: "OPEN",
            description: description.unwrap_or_else(|| "Reservation".into()),
            reference,
            placed_at: self.now,
            expires_at,
            closed_at: None,
        });
        let hold = self.holds.len() - 1;
        self.open_holds.insert(hold);
        self.log("hold.placed", Some(account), Says::Hold(hold, amount, "OPEN"));
        Ok(Made::Hold(hold))
    }

    fn is_open(&self, hold: usize) -> bool {
        let it = &self.holds[hold];
        it.status == "OPEN" && it.expires_at.is_none_or(|end| self.now < end)
    }

    pub fn capture_hold(&mut self, call: &Call) -> Result<Made, Refusal> {
        let input = call.input;
        if malformed(&input["to"], "acc_") {
            return Err(no("NOT_FOUND", "to"));
        }
        let hold = self.hold_by(&input["hold"]).ok_or_else(|| no("NOT_FOUND", "hold"))?;
        let to = match input["to"].is_null() {
            true => None,
            false => Some(self.account_by(&input["to"]).ok_or_else(|| no("NOT_FOUND", "to"))?),
        };
        let account = self.holds[hold].account;
        let currency = self.accounts[account].currency.clone();
        if !input["amount"].is_null() && input["amount"]["currency"] != currency.as_str() {
            return Err(no("CURRENCY_MISMATCH", "amount.currency"));
        }
        let amount = if input["amount"].is_null() { None } else { Some(self.positive(input)?.0) };
        call.fresh()?;
        if !self.is_open(hold) {
            return Err(no("HOLD_NOT_OPEN", "hold"));
        }
        let remaining = self.holds[hold].remaining();
        let amount = amount.unwrap_or(remaining);
        if amount > remaining {
            let facts = json!({ "remaining": money(remaining, &currency) });
            return Err(no("AMOUNT_OUT_OF_RANGE", "amount").with(facts));
        }
        let now = self.now;
        let it = self.touch_hold(hold);
        it.captured += amount;
        if it.captured == it.amount {
            (it.status, it.closed_at) = ("CAPTURED", Some(now));
        }
        let (status, description) = (it.status, it.description.clone());
        if status != "OPEN" {
            self.open_holds.remove(&hold);
        }
        let target = match to {
            None => Leg::Internal("SETTLEMENT_CARD".into(), amount),
            Some(to) => Leg::Account(to, amount, Spread::Flow, None),
        };
        let draft = Draft {
            kind: "PURCHASE",
            currency,
            description,
            value_date: None,
            external: Value::Null,
            metadata: json!({}),
            hold: Some(hold),
            legs: vec![Leg::Account(account, -amount, Spread::Reserved, None), target],
        };
        let mut names = vec![(account, "hold")];
        names.extend(to.map(|to| (to, "to")));
        let entry = self.post(draft, &names)?;
        self.log("hold.captured", Some(account), Says::Hold(hold, amount, status));
        self.close_the_empty(&names.iter().map(|(account, _)| *account).collect::<Vec<_>>());
        Ok(Made::Entry(entry))
    }

    pub fn release_hold(&mut self, call: &Call) -> Result<Made, Refusal> {
        let hold = self.hold_by(&call.input["hold"]).ok_or_else(|| no("NOT_FOUND", "hold"))?;
        call.fresh()?;
        if !self.is_open(hold) {
            return Err(no("HOLD_NOT_OPEN", "hold"));
        }
        self.end_hold(hold, "RELEASED", "hold.released");
        Ok(Made::Hold(hold))
    }

    /// `transferBatch`: an answer per item, or the refusal of it all.
    pub fn batch(&mut self, client: usize, input: &Value) -> Result<Vec<Verdict>, Refusal> {
        let items = input["items"].as_array().expect("items");
        if items.is_empty() || items.len() > 10_000 {
            return Err(no("LIMIT_EXCEEDED", "items"));
        }
        for (index, item) in items.iter().enumerate() {
            if items[..index].iter().any(|other| other["idempotencyKey"] == item["idempotencyKey"]) {
                return Err(no("INVALID_INPUT", &format!("items.{index}.idempotencyKey")));
            }
        }
        let mark = self.mark();
        let mut verdicts: Vec<Verdict> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let mark = self.mark();
            let verdict = self.keyed(client, "transferBatch", item);
            if verdict.is_err() {
                self.go_back(mark);
            }
            verdicts.push(verdict.map_err(|refusal| refusal.under(&format!("items.{index}"))));
        }
        let stages: Vec<Option<u8>> = verdicts
            .iter()
            .zip(items)
            .map(|(verdict, item)| verdict.as_ref().err().map(|it| stage(it, item)))
            .collect();
        let first = stages.iter().flatten().min().copied();
        if let Some(first) = first.filter(|_| input["allOrNothing"] == true) {
            self.go_back(mark);
            // What is wrong with the form of an item is found before the books are asked about the others.
            for (verdict, stage) in verdicts.iter_mut().zip(stages) {
                if stage != Some(first) {
                    *verdict = Err(no("BATCH_REFUSED", ""));
                }
            }
        }
        self.settle();
        Ok(verdicts)
    }

    pub fn close_account(&mut self, call: &Call) -> Result<Made, Refusal> {
        let input = call.input;
        if malformed(&input["account"], "acc_") {
            return Err(no("NOT_FOUND", "account"));
        }
        let none = Vec::new();
        let transactions = input["transactions"].as_array().unwrap_or(&none);
        for (index, transaction) in transactions.iter().enumerate() {
            check_form(transaction).map_err(|refusal| refusal.under(&format!("transactions.{index}")))?;
        }
        call.fresh()?;
        let code = text(input, "closureCode").expect("a code");
        required("closureCode", code, 64)?;
        let account = self.account_by(&input["account"]).ok_or_else(|| no("NOT_FOUND", "account"))?;
        let mut targets = Vec::new();
        for (index, transaction) in transactions.iter().enumerate() {
            let to = &transaction["target"]["transferTo"];
            let found = (!to.is_null()).then(|| self.account_by(to));
            if found == Some(None) {
                return Err(no("NOT_FOUND", &format!("transactions.{index}.target.transferTo")));
            }
            targets.push(found.flatten());
        }
        self.may_close(account, transactions.is_empty())?;
        // All amounts are looked at first, on what each leaves; then they are booked.
        let amounts = self.closing_amounts(account, transactions)?;
        for (index, (transaction, target)) in transactions.iter().zip(&targets).enumerate() {
            let draft = closing_draft(account, &self.accounts[account].currency, transaction, *target, amounts[index]);
            let booked = self.post(draft, &[(account, "account")]);
            booked.map_err(|refusal| at_target(refusal).under(&format!("transactions.{index}")))?;
            let mut touched = vec![account];
            touched.extend(*target);
            // The legs' order: whoever pays comes first, and a transfer is always from the account.
            self.close_the_empty(&touched);
        }
        let it = &self.accounts[account];
        if it.balance() == 0 && !it.is_empty() {
            let legs = vec![Leg::Account(account, 0, Spread::Settle, None)];
            self.post(closing_entry("ADJUSTMENT", &it.currency.clone(), "Components set off", legs), &[])?;
            self.close_the_empty(&[account]);
        }
        let it = &self.accounts[account];
        if !it.is_empty() {
            return Err(no("BALANCE_REMAINS", "account").with(json!({ "balance": money(it.balance(), &it.currency) })));
        }
        if it.status != "CLOSED" {
            let today = self.today();
            let it = self.touch(account);
            (it.status, it.closed_on) = ("CLOSED", Some(today));
            self.log_account("account.closed", account, json!({}));
        }
        self.touch(account).closure_code = Some(code.to_owned());
        self.log_account("account.closure_recorded", account, json!({ "closureCode": code }));
        Ok(Made::Account(account))
    }

    fn may_close(&self, account: usize, unsettled: bool) -> Result<(), Refusal> {
        let it = &self.accounts[account];
        if it.status == "CLOSED" {
            return Err(no("INVALID_STATE", "account").with(json!({ "status": "CLOSED" })));
        }
        let reserved = self.reserved(account);
        if reserved == 0 {
            return Ok(());
        }
        let mut refusal = no("HOLDS_REMAIN", "account").with(json!({ "reserved": money(reserved, &it.currency) }));
        if unsettled && it.balance() != 0 {
            refusal.fields.push("account".into());
            refusal.facts["balance"] = money(it.balance(), &it.currency);
        }
        Err(refusal)
    }

    /// The signed amounts of the closing transactions, each on what the one before left, and whether it takes all.
    fn closing_amounts(&mut self, account: usize, transactions: &[Value]) -> Result<Vec<(i128, bool)>, Refusal> {
        let before = self.accounts[account].parts;
        let mut amounts = Vec::new();
        let mut refused = None;
        for (index, transaction) in transactions.iter().enumerate() {
            match self.closing_amount(account, transaction) {
                Ok((amount, whole)) => {
                    let parts = self.spread(account, amount, if whole { Spread::Settle } else { Spread::Flow });
                    if let Err(refusal) = self.admit(account, &parts, true, &[(account, "account")]) {
                        refused = Some((index, refusal));
                        break;
                    }
                    for (balance, part) in self.accounts[account].parts.iter_mut().zip(parts) {
                        *balance += part;
                    }
                    amounts.push((amount, whole));
                }
                Err(refusal) => {
                    refused = Some((index, refusal));
                    break;
                }
            }
        }
        self.accounts[account].parts = before;
        match refused {
            None => Ok(amounts),
            Some((index, refusal)) => Err(refusal.under(&format!("transactions.{index}"))),
        }
    }

    fn closing_amount(&self, account: usize, transaction: &Value) -> Result<(i128, bool), Refusal> {
        let it = &self.accounts[account];
        let balance = it.balance();
        if balance == 0 {
            return Err(no("INVALID_INPUT", "amount"));
        }
        if balance < 0 && transaction["target"]["writeOff"].is_null() {
            return Err(no("INVALID_INPUT", "target"));
        }
        let amount = match &transaction["amount"] {
            Value::Null => balance.abs(),
            money if money["currency"] != it.currency.as_str() => return Err(no("INVALID_INPUT", "amount.currency")),
            money => minor("amount", text(money, "amount").expect("an amount"), &it.currency)?,
        };
        if amount <= 0 || amount > balance.abs() {
            return Err(no("INVALID_INPUT", "amount"));
        }
        Ok((if balance < 0 { amount } else { -amount }, amount == balance.abs()))
    }
}

/// How early a batch finds out: from the item alone, from what it names, or from the books.
fn stage(refusal: &Refusal, item: &Value) -> u8 {
    let amount = signed(item).ok().map(|(amount, _)| amount);
    match refusal.code {
        "INVALID_INPUT" if refusal.fields[0].ends_with("idempotencyKey") => 1,
        "NOT_FOUND" if malformed(&item["from"], "acc_") || malformed(&item["to"], "acc_") => 1,
        "AMOUNT_OUT_OF_RANGE" if amount.is_some_and(|amount| amount > 0) => 3,
        "NOT_FOUND" | "INVALID_INPUT" | "AMOUNT_OUT_OF_RANGE" => 2,
        _ => 3,
    }
}

/// What can be said of a closing transaction without looking anything up.
fn check_form(transaction: &Value) -> Result<(), Refusal> {
    let target = &transaction["target"];
    if malformed(&target["transferTo"], "acc_") {
        return Err(no("NOT_FOUND", "target.transferTo"));
    }
    if !target["payout"].is_null() {
        bank_account(&target["payout"]).map_err(|refusal| refusal.under("target.payout"))?;
    }
    noted("description", text(transaction, "description"), 500)?;
    match target["writeOff"].is_null() {
        true => Ok(()),
        false => required("target.writeOff.reason", text(&target["writeOff"], "reason").unwrap_or_default(), 500),
    }
}

/// The other account of a closing transaction goes by the field that named it.
fn at_target(refusal: Refusal) -> Refusal {
    match refusal.code {
        "AMOUNT_OUT_OF_RANGE" | "INSUFFICIENT_FUNDS" => refusal,
        _ => Refusal { fields: vec!["target.transferTo".into()], ..refusal },
    }
}

fn closing_entry(kind: &'static str, currency: &str, description: &str, legs: Vec<Leg>) -> Draft {
    let (currency, description) = (currency.to_owned(), description.to_owned());
    let (external, metadata) = (Value::Null, json!({}));
    Draft { kind, currency, description, value_date: None, external, metadata, hold: None, legs }
}

fn closing_draft(
    account: usize,
    currency: &str,
    transaction: &Value,
    target: Option<usize>,
    (amount, whole): (i128, bool),
) -> Draft {
    let blank_is_absent = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let reason = owned(&transaction["target"]["writeOff"], "reason");
    let (kind, title, other) = match (target, &reason) {
        (Some(to), _) => ("TRANSFER", "Closing transfer", Leg::Account(to, -amount, Spread::Flow, None)),
        (_, Some(_)) => ("WRITE_OFF", "Closing write-off", Leg::Internal("WRITE_OFF".into(), -amount)),
        _ => ("DISBURSEMENT", "Closing payout", Leg::Internal("SETTLEMENT_BANK".into(), -amount)),
    };
    let own = Leg::Account(account, amount, if whole { Spread::Settle } else { Spread::Flow }, None);
    let description = blank_is_absent(owned(transaction, "description")).or(blank_is_absent(reason));
    let legs = if amount < 0 { vec![own, other] } else { vec![other, own] };
    let mut draft = closing_entry(kind, currency, &description.unwrap_or_else(|| title.to_owned()), legs);
    if kind == "DISBURSEMENT" {
        let receiver = bank_account(&transaction["target"]["payout"]).expect("a bank account");
        draft.metadata = json!({ "receiver": receiver });
    }
    draft
}
