//! The rules of holds, of batches, and of closing an account with the transactions that bring it to zero.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::books::{Facts, Hold, LARGEST, Made, Model, Refusal, Says, Verdict, minor, money, no, owned, text};
use super::money::{Draft, Leg, Spread, bank_account};
use super::request::check_form;
use super::rules::{noted, required};

impl Model {
    pub fn place_hold(&mut self, input: &Value) -> Result<Made, Refusal> {
        let account = self.account_by(&input["account"]).ok_or_else(|| no("NOT_FOUND", "account"))?;
        let (amount, currency) = self.positive(input)?;
        let expires_at: Option<DateTime<Utc>> = text(input, "expiresAt").map(|end| end.parse().expect("a moment"));
        if expires_at.is_some_and(|end| end <= self.now) {
            return Err(no("INVALID_INPUT", "expiresAt"));
        }
        let description = noted("description", text(input, "description"), 500)?;
        let reference = noted("reference", text(input, "reference"), 500)?;
        let it = &self.accounts[account];
        if it.currency != currency {
            return Err(no("CURRENCY_MISMATCH", "amount.currency").with(json!({ "account": it.id })));
        }
        if it.status != "OPEN" {
            return Err(no("ACCOUNT_NOT_OPEN", "account").with(json!({ "account": it.id, "status": it.status })));
        }
        if self.headroom(account) < amount {
            let facts = json!({ "account": it.id, "available": money(self.available(account), &currency) });
            return Err(no("INSUFFICIENT_FUNDS", "amount").with(facts));
        }
        if self.reserved(account) + amount > LARGEST {
            return Err(no("AMOUNT_OUT_OF_RANGE", "amount").with(json!({ "limit": money(LARGEST, &currency) })));
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
        self.set_open(hold, true);
        self.log("HOLD_PLACED", Some(account), Says::Hold(hold, amount, "OPEN"));
        Ok(Made::Hold(hold))
    }

    fn is_open(&self, hold: usize) -> bool {
        let it = &self.holds[hold];
        it.status == "OPEN" && it.expires_at.is_none_or(|end| self.now < end)
    }

    /// What it is instead: time ends a hold before anybody has noted it.
    fn not_open(&self, hold: usize) -> Refusal {
        let status = if self.holds[hold].status == "OPEN" { "EXPIRED" } else { self.holds[hold].status };
        no("HOLD_NOT_OPEN", "hold").with(json!({ "status": status }))
    }

    pub fn capture_hold(&mut self, input: &Value) -> Result<Made, Refusal> {
        let hold = self.hold_by(&input["hold"]).ok_or_else(|| no("NOT_FOUND", "hold"))?;
        let to = match input["to"].is_null() {
            true => None,
            false => Some(self.account_by(&input["to"]).ok_or_else(|| no("NOT_FOUND", "to"))?),
        };
        let account = self.holds[hold].account;
        let currency = self.accounts[account].currency.clone();
        if !input["amount"].is_null() && input["amount"]["currency"] != currency.as_str() {
            let facts = json!({ "account": self.accounts[account].id });
            return Err(no("CURRENCY_MISMATCH", "amount.currency").with(facts));
        }
        let amount = if input["amount"].is_null() { None } else { Some(self.positive(input)?.0) };
        if !self.is_open(hold) {
            return Err(self.not_open(hold));
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
        // It was authorised when the hold was placed.
        let authorised = Some(it.placed_at.date_naive().to_string());
        let facts = Facts { reference: it.reference.clone(), transaction_date: authorised, ..Facts::default() };
        if status != "OPEN" {
            self.set_open(hold, false);
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
            facts,
            metadata: json!({}),
            hold: Some(hold),
            legs: vec![Leg::Account(account, -amount, Spread::Reserved, None), target],
        };
        let mut names = vec![(account, "hold")];
        names.extend(to.map(|to| (to, "to")));
        let entry = self.post(draft, &names)?;
        self.log("HOLD_CAPTURED", Some(account), Says::Hold(hold, amount, status));
        Ok(Made::Entry(entry))
    }

    pub fn release_hold(&mut self, input: &Value) -> Result<Made, Refusal> {
        let hold = self.hold_by(&input["hold"]).ok_or_else(|| no("NOT_FOUND", "hold"))?;
        if !self.is_open(hold) {
            return Err(self.not_open(hold));
        }
        self.end_hold(hold, "RELEASED", "HOLD_RELEASED");
        Ok(Made::Hold(hold))
    }

    /// A batch of a mutation: an answer per item, or the refusal of it all.
    pub fn batch(
        &mut self,
        client: usize,
        (batch, operation): (&'static str, &'static str),
        input: &Value,
    ) -> Result<Vec<Verdict>, Refusal> {
        let verdicts = self.batch_verdicts(client, operation, input);
        self.settle();
        let refused = match verdicts {
            Ok(verdicts) => return Ok(self.record_items(client, (batch, operation), input, verdicts)),
            Err(refused) => refused,
        };
        self.record(client, batch, &Err(refused.clone()));
        Err(refused)
    }

    /// What was decided is recorded as what it is; then what did not come so far, as the batch's.
    fn record_items(
        &mut self,
        client: usize,
        (batch, operation): (&'static str, &'static str),
        input: &Value,
        verdicts: Vec<(Verdict, bool)>,
    ) -> Vec<Verdict> {
        for (verdict, _) in verdicts.iter().filter(|(_, decided)| *decided) {
            self.record(client, operation, verdict);
        }
        for (verdict, _) in verdicts.iter().filter(|(_, decided)| !*decided) {
            self.record(client, batch, verdict);
        }
        assert_eq!(verdicts.len(), input["items"].as_array().expect("items").len());
        verdicts.into_iter().map(|(verdict, _)| verdict).collect()
    }

    /// Each item's verdict, and whether it came to a decision.
    fn batch_verdicts(
        &mut self,
        client: usize,
        operation: &'static str,
        input: &Value,
    ) -> Result<Vec<(Verdict, bool)>, Refusal> {
        let items = input["items"].as_array().expect("items");
        if items.is_empty() {
            return Err(no("INVALID_INPUT", "items"));
        }
        if items.len() > 10_000 {
            return Err(no("LIMIT_EXCEEDED", "items").with(json!({ "maximumCount": 10_000 })));
        }
        for (index, item) in items.iter().enumerate() {
            if items[..index].iter().any(|other| other["idempotencyKey"] == item["idempotencyKey"]) {
                return Err(no("INVALID_INPUT", &format!("items.{index}.idempotencyKey")));
            }
        }
        let has_form = |item: &Value| {
            let key = text(item, "idempotencyKey").unwrap_or_default();
            check_form(operation, item).and_then(|()| required("idempotencyKey", key, 200)).is_ok()
        };
        let (together, taken_along) = (input["mode"] == "ALL_OR_NOTHING", || no("BATCH_REFUSED", ""));
        // Where one has no form, the books are not asked about the others.
        let spoilt = together && !items.iter().all(has_form);
        let mark = self.mark();
        let mut verdicts: Vec<(Verdict, bool)> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            if spoilt && has_form(item) {
                verdicts.push((Err(taken_along()), false));
                continue;
            }
            let mark = self.mark();
            let verdict = self.keyed(client, operation, item);
            if verdict.is_err() {
                self.go_back(mark);
            }
            verdicts.push((verdict.map_err(|refusal| refusal.under(&format!("items.{index}"))), has_form(item)));
        }
        if together && verdicts.iter().any(|(verdict, _)| verdict.is_err()) {
            self.go_back(mark);
            for (verdict, _) in verdicts.iter_mut().filter(|(verdict, _)| verdict.is_ok()) {
                *verdict = Err(taken_along());
            }
        }
        Ok(verdicts)
    }

    pub fn close_account(&mut self, input: &Value) -> Result<Made, Refusal> {
        let none = Vec::new();
        let transactions = input["transactions"].as_array().unwrap_or(&none);
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
        for (index, (transaction, target)) in transactions.iter().zip(&targets).enumerate() {
            let below = |refusal: Refusal| refusal.under(&format!("transactions.{index}"));
            let amount = self.closing_amount(account, transaction).map_err(below)?;
            let mut draft = closing_draft(account, &self.accounts[account].currency, transaction, *target, amount);
            self.share_the_loss(account, &mut draft);
            // The legs' order: whoever pays comes first, and a transfer is always from the account.
            let booked = self.post(draft, &[(account, "account")]);
            booked.map_err(|refusal| below(at_target(refusal)))?;
        }
        let it = &self.accounts[account];
        if it.balance() == 0 && !it.is_empty() {
            let legs = vec![Leg::Account(account, 0, Spread::Settle, None)];
            let netting = self.post(closing_entry("ADJUSTMENT", &it.currency.clone(), "Components set off", legs), &[]);
            netting.map_err(|refusal| Refusal { fields: vec!["account".into()], ..refusal })?;
        }
        let it = &self.accounts[account];
        let coming = self.pending(account);
        if !it.is_empty() || coming != 0 {
            let left = if it.balance() == 0 { -coming } else { it.balance() };
            let facts = json!({ "account": it.id, "balance": money(left, &it.currency) });
            return Err(no("BALANCE_REMAINS", "account").with(facts));
        }
        if it.status != "CLOSED" {
            let today = self.today();
            let it = self.touch(account);
            (it.status, it.closed_on) = ("CLOSED", Some(today));
            self.log_account("ACCOUNT_CLOSED", account, json!({}));
        }
        self.touch(account).closure_code = Some(code.to_owned());
        self.log_account("ACCOUNT_CLOSURE_RECORDED", account, json!({ "closureCode": code }));
        Ok(Made::Account(account))
    }

    /// Of a debt that is written off, a party bears what is owed to it.
    fn share_the_loss(&self, account: usize, draft: &mut Draft) {
        let it = &self.accounts[account];
        let (Some(party), [Leg::Internal(role, loss), Leg::Account(_, amount, spread, _)]) =
            (it.creditor, &draft.legs[..])
        else {
            return;
        };
        if role == "WRITE_OFF" {
            let (role, loss) = (role.clone(), *loss);
            let parts = self.spread(account, *amount, *spread, self.today());
            let part = parts[super::books::PRINCIPAL].min((-it.parts[super::books::PRINCIPAL]).max(0));
            let shares = [Leg::Party(party, -part), Leg::Internal(role, loss + part)];
            let has_share = |leg: &Leg| !matches!(leg, Leg::Party(_, 0) | Leg::Internal(_, 0));
            draft.legs.splice(0..1, shares.into_iter().filter(has_share));
        }
    }

    fn may_close(&self, account: usize, unsettled: bool) -> Result<(), Refusal> {
        let it = &self.accounts[account];
        if it.status == "CLOSED" {
            return Err(no("INVALID_STATE", "account").with(json!({ "account": it.id, "status": "CLOSED" })));
        }
        let reserved = self.reserved(account);
        if reserved == 0 {
            return Ok(());
        }
        let facts = json!({ "account": it.id, "reserved": money(reserved, &it.currency) });
        let mut refusal = no("HOLDS_REMAIN", "account").with(facts);
        if unsettled && it.balance() != 0 {
            refusal.fields.push("account".into());
            refusal.facts["balance"] = money(it.balance(), &it.currency);
        }
        Err(refusal)
    }

    /// The signed amount of a closing transaction, on what the one before has left, and whether it takes all.
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

/// The other account of a closing transaction goes by the field that named it.
fn at_target(refusal: Refusal) -> Refusal {
    match refusal.code {
        "AMOUNT_OUT_OF_RANGE" | "INSUFFICIENT_FUNDS" => refusal,
        _ => Refusal { fields: vec!["target.transferTo".into()], ..refusal },
    }
}

fn closing_entry(kind: &'static str, currency: &str, description: &str, legs: Vec<Leg>) -> Draft {
    let (currency, description) = (currency.to_owned(), description.to_owned());
    let (external, facts, metadata) = (Value::Null, Facts::default(), json!({}));
    Draft { kind, currency, description, value_date: None, external, facts, metadata, hold: None, legs }
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
    let description = blank_is_absent(owned(transaction, "description")).or(reason.clone());
    let legs = if amount < 0 { vec![own, other] } else { vec![other, own] };
    let mut draft = closing_entry(kind, currency, &description.unwrap_or_else(|| title.to_owned()), legs);
    if kind == "DISBURSEMENT" {
        draft.facts.counterparty = bank_account(&transaction["target"]["payout"]).expect("a bank account");
    }
    draft.facts.reason = reason;
    draft
}
