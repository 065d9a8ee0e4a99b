//! The rules of what moves money: what an entry does to the components of an account, and what refuses it.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use super::books::{
    COMPONENTS, Entry, Event, Facts, LARGEST, Line, Made, Model, PRINCIPAL, Posting, Refusal, Says, minor, money, no,
    owned, text,
};
use super::rules::{date, noted, reference, required};

/// How an amount is spread over the components of an account.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spread {
    /// A credit repays, a debit takes principal.
    Flow,
    /// One component, whatever it is.
    On(usize),
    /// Owed on a component where the account may owe, taken from its funds where it may not.
    Charge(usize),
    /// Principal that a hold had reserved.
    Reserved,
    /// All components to zero.
    Settle,
}

/// One end of a movement.
#[derive(Clone, Debug)]
pub enum Leg {
    Internal(String, i128),
    Account(usize, i128, Spread, Option<String>),
}

/// An entry to be.
pub struct Draft {
    pub kind: &'static str,
    pub currency: String,
    pub description: String,
    pub value_date: Option<NaiveDate>,
    pub external: Value,
    pub facts: Facts,
    pub metadata: Value,
    pub hold: Option<usize>,
    pub legs: Vec<Leg>,
}

/// The fields that named the accounts.
pub type Names<'a> = &'a [(usize, &'a str)];

fn field_of(account: usize, names: Names) -> String {
    names.iter().find(|(place, _)| *place == account).map_or("account", |(_, name)| name).to_owned()
}

impl Model {
    /// Books a draft, or refuses it: duplicate reference, amount, value date, same account, currency, status,
    /// funds, limits. Accounts that only waited to be empty are closed by what empties them.
    pub fn post(&mut self, draft: Draft, names: Names) -> Result<usize, Refusal> {
        if let Some(reference) = text(&draft.external, "reference") {
            let part = |name| owned(&draft.external, name).unwrap_or_default();
            let external = [reference.to_owned(), part("date"), part("poster")];
            if self.externals.contains(&external) {
                return Err(no("DUPLICATE_REFERENCE", "externalReference"));
            }
            self.take_external(external);
        }
        let value_date = self.value_date(draft.value_date, None)?;
        let mut accounts: Vec<usize> = draft.legs.iter().filter_map(Leg::account).collect();
        if accounts.len() == 2 && accounts[0] == accounts[1] {
            return Err(no("SAME_ACCOUNT", "to"));
        }
        accounts.sort_by(|one, other| self.accounts[*one].id.cmp(&self.accounts[*other].id));
        if let Some(account) = accounts.iter().find(|account| self.accounts[**account].currency != draft.currency) {
            let facts = json!({ "account": self.accounts[*account].id });
            return Err(no("CURRENCY_MISMATCH", "amount.currency").with(facts));
        }
        for account in &accounts {
            self.require_not_closed(*account, names)?;
        }
        let mut postings = Vec::new();
        for leg in draft.legs {
            match leg {
                Leg::Internal(role, amount) => postings.push(self.move_internal(role, &draft.currency, amount)?),
                Leg::Account(account, amount, spread, message) => {
                    let parts = self.spread(account, amount, spread, value_date);
                    self.admit(account, &parts, spread != Spread::Reserved, names)?;
                    self.apply(account, &parts, value_date, message, &mut postings);
                }
            }
        }
        let entry = self.book(Entry {
            id: String::new(),
            kind: draft.kind,
            currency: draft.currency,
            value_date,
            booked_at: self.now,
            description: draft.description,
            external: draft.external,
            facts: draft.facts,
            metadata: draft.metadata,
            gone: vec![0; postings.len()],
            postings,
            reverses: None,
            reversals: Vec::new(),
            hold: draft.hold,
        });
        self.close_the_empty(&accounts);
        Ok(entry)
    }

    /// When an entry counts: not before what it reverses, if it reverses something.
    pub fn value_date(&self, wanted: Option<NaiveDate>, original: Option<NaiveDate>) -> Result<NaiveDate, Refusal> {
        let today = self.today();
        let day = wanted.unwrap_or(original.map_or(today, |original| original.max(today)));
        if let Some(closed) = self.closed_through.filter(|closed| day <= *closed) {
            return Err(no("VALUE_DATE_OUT_OF_RANGE", "valueDate").with(json!({ "closedThrough": closed.to_string() })));
        }
        let (earliest, latest) = (original.unwrap_or(today - Days::new(3_660)), today + Days::new(366));
        if day < earliest || day > latest {
            let facts = json!({ "earliest": earliest.to_string(), "latest": latest.to_string() });
            return Err(no("VALUE_DATE_OUT_OF_RANGE", "valueDate").with(facts));
        }
        Ok(day)
    }

    pub fn require_not_closed(&self, account: usize, names: Names) -> Result<(), Refusal> {
        let it = &self.accounts[account];
        if it.status == "CLOSED" {
            let facts = json!({ "account": it.id, "status": "CLOSED" });
            return Err(no("ACCOUNT_NOT_OPEN", &field_of(account, names)).with(facts));
        }
        Ok(())
    }

    /// What an amount does to the components.
    pub fn spread(&self, account: usize, amount: i128, spread: Spread, value_date: NaiveDate) -> [i128; 3] {
        let it = &self.accounts[account];
        let mut parts = [0; 3];
        let comes_later = amount > 0 && value_date > self.today();
        match spread {
            Spread::Settle => parts = it.parts.map(|part| -part),
            Spread::On(component) => parts[component] = amount,
            Spread::Charge(component) if it.may_owe() => parts[component] = amount,
            Spread::Flow if amount > 0 && !comes_later => parts = repay(it.order, it.parts, amount),
            _ => parts[PRINCIPAL] = amount,
        }
        self.settled(account, parts, value_date)
    }

    /// No money beside a debt: no component but principal is left with a credit (it repays what else is owed, and the
    /// rest becomes funds), and free funds repay interest and fees, unless the entry's own credit is still to come.
    pub fn settled(&self, account: usize, mut parts: [i128; 3], counts_from: NaiveDate) -> [i128; 3] {
        let it = &self.accounts[account];
        let mut after: [i128; 3] = std::array::from_fn(|component| it.parts[component] + parts[component]);
        let mut credit = 0;
        for component in 1..3 {
            if parts[component] != 0 && after[component] > 0 {
                credit += after[component];
                parts[component] -= after[component];
                after[component] = 0;
            }
        }
        let more = repay(it.order, after, credit);
        for component in 0..3 {
            parts[component] += more[component];
            after[component] += more[component];
        }
        if counts_from > self.today() && parts[PRINCIPAL] > 0 {
            return parts;
        }
        let mut free = (after[PRINCIPAL] - self.pending(account) - self.reserved(account)).max(0);
        for component in it.order.into_iter().filter(|component| *component != PRINCIPAL) {
            let taken = free.min((-after[component]).max(0));
            parts[component] += taken;
            parts[PRINCIPAL] -= taken;
            free -= taken;
        }
        parts
    }

    /// Whether the account takes it: funds, debts, the maximum, the range of balances.
    pub fn admit(&self, account: usize, parts: &[i128; 3], cover: bool, names: Names) -> Result<(), Refusal> {
        let it = &self.accounts[account];
        let lacking = |available: i128| {
            let facts = json!({ "account": it.id, "available": money(available, &it.currency) });
            Err(no("INSUFFICIENT_FUNDS", "amount").with(facts))
        };
        if cover && parts[PRINCIPAL] < 0 && self.headroom(account) < -parts[PRINCIPAL] {
            return lacking(self.available(account));
        }
        let owes_apart = (1..3).any(|component| parts[component] < 0 && it.parts[component] + parts[component] < 0);
        if owes_apart && !it.may_owe() {
            return lacking(self.available(account));
        }
        if let Some(maximum) = it.maximum
            && parts[PRINCIPAL] > 0
            && it.parts[PRINCIPAL] + parts[PRINCIPAL] > maximum
        {
            let facts = json!({ "account": it.id, "limit": money(maximum, &it.currency) });
            return Err(no("LIMIT_EXCEEDED", &field_of(account, names)).with(facts));
        }
        let after: Vec<i128> = it.parts.iter().zip(parts).map(|(balance, part)| balance + part).collect();
        let out = after.iter().chain([&after.iter().sum()]).any(|balance| balance.abs() > LARGEST);
        let facts = || json!({ "limit": money(LARGEST, &it.currency) });
        if out { Err(no("AMOUNT_OUT_OF_RANGE", "amount").with(facts())) } else { Ok(()) }
    }

    pub fn apply(
        &mut self,
        account: usize,
        parts: &[i128; 3],
        value_date: NaiveDate,
        message: Option<String>,
        postings: &mut Vec<Posting>,
    ) {
        let (entry, today) = (self.entries.len(), self.today());
        let it = self.touch(account);
        if value_date > today && parts[PRINCIPAL] > 0 {
            *it.arriving.entry(value_date).or_default() += parts[PRINCIPAL];
        }
        for (balance, part) in it.parts.iter_mut().zip(parts) {
            *balance += part;
        }
        let (amount, after) = (parts.iter().sum(), it.balance());
        it.last = Some(Line { entry, amount, after, message: message.clone() });
        let mut message = message;
        for (component, part) in parts.iter().enumerate().filter(|(_, part)| **part != 0) {
            let code = format!("CUSTOMER_{}", COMPONENTS[component]);
            postings.push(Posting {
                code,
                account: Some((account, component)),
                amount: *part,
                message: message.take(),
            });
        }
    }

    pub fn move_internal(&mut self, role: String, currency: &str, amount: i128) -> Result<Posting, Refusal> {
        if i64::try_from(self.add_to_internal(&role, currency, amount)).is_err() {
            return Err(no("AMOUNT_OUT_OF_RANGE", "amount").with(json!({ "limit": money(LARGEST, currency) })));
        }
        Ok(Posting { code: role, account: None, amount, message: None })
    }

    pub fn book(&mut self, entry: Entry) -> usize {
        assert_eq!(entry.postings.iter().map(|line| line.amount).sum::<i128>(), 0, "{entry:?}");
        self.add_to_gross(&entry, 1);
        let place = self.entries.len();
        let (entry_of, says) = (Some(place), Says::Fields(json!({})));
        self.entries.push(entry);
        let at = self.now;
        self.events.push(Event { type_: "ENTRY_POSTED", at, entry: entry_of, account: None, says });
        place
    }

    /// What the use cases check before the books are asked: the input alone.
    pub fn positive(&self, input: &Value) -> Result<(i128, String), Refusal> {
        let amount = signed(input)?;
        if amount.0 <= 0 { Err(no("AMOUNT_OUT_OF_RANGE", "amount")) } else { Ok(amount) }
    }

    pub fn named(&self, input: &Value, field: &str) -> Result<usize, Refusal> {
        self.account_by(&input[field]).ok_or_else(|| no("NOT_FOUND", field))
    }

    /// Books a movement between an account and one of the tenant's own.
    fn move_one(&mut self, account: usize, draft: Draft) -> Result<Made, Refusal> {
        self.post(draft, &[(account, "account")]).map(Made::Entry)
    }

    pub fn post_payment(&mut self, input: &Value) -> Result<Made, Refusal> {
        let account = self.named(input, "account")?;
        let (amount, currency) = self.positive(input)?;
        let channel = text(input, "channel").expect("a channel");
        let payer = counterparty(&input["counterparty"])?;
        let mut draft = details(input, "PAYMENT", currency, "Payment")?;
        (draft.facts.channel, draft.facts.counterparty) = (Some(channel.to_owned()), payer);
        draft.facts.transaction_date = owned(input, "transactionDate");
        let role = match channel {
            "BANK_TRANSFER" => "BANK",
            other => other,
        };
        draft.legs = vec![
            Leg::Internal(format!("SETTLEMENT_{role}"), -amount),
            Leg::Account(account, amount, Spread::Flow, None),
        ];
        self.move_one(account, draft)
    }

    pub fn disburse(&mut self, input: &Value) -> Result<Made, Refusal> {
        let account = self.named(input, "account")?;
        let (amount, currency) = self.positive(input)?;
        let own = noted("ownMessage", text(input, "ownMessage"), 500)?;
        let name = noted("receiverName", text(input, "receiverName"), 500)?;
        let told = noted("messageToReceiver", text(input, "messageToReceiver"), 500)?;
        let mut draft = details(input, "DISBURSEMENT", currency, "Disbursement")?;
        draft.facts.counterparty = bank_account(input)?;
        draft.facts.counterparty["name"] = json!(name);
        draft.facts.message_to_receiver = told;
        draft.legs =
            vec![Leg::Account(account, -amount, Spread::Flow, own), Leg::Internal("SETTLEMENT_BANK".into(), amount)];
        self.move_one(account, draft)
    }

    pub fn transfer(&mut self, input: &Value) -> Result<Made, Refusal> {
        let (from, to) = (self.named(input, "from")?, self.named(input, "to")?);
        let (amount, currency) = self.positive(input)?;
        let told = noted("messageToSender", text(input, "messageToSender"), 500)?;
        let tell = noted("messageToReceiver", text(input, "messageToReceiver"), 500)?;
        let mut draft = details(input, "TRANSFER", currency, "Transfer")?;
        draft.legs =
            vec![Leg::Account(from, -amount, Spread::Flow, told), Leg::Account(to, amount, Spread::Flow, tell)];
        self.post(draft, &[(from, "from"), (to, "to")]).map(Made::Entry)
    }

    pub fn post_adjustment(&mut self, input: &Value) -> Result<Made, Refusal> {
        let account = self.named(input, "account")?;
        let (amount, currency) = signed(input)?;
        if amount == 0 {
            return Err(no("AMOUNT_OUT_OF_RANGE", "amount"));
        }
        let reason = text(input, "reason").unwrap_or_default();
        required("reason", reason, 500)?;
        let component = text(input, "component").unwrap_or("PRINCIPAL");
        let component = COMPONENTS.iter().position(|name| *name == component).expect("a component");
        let mut draft = details(input, "ADJUSTMENT", currency, "Balance adjustment")?;
        draft.facts.reason = Some(reason.to_owned());
        let own = Leg::Account(account, amount, Spread::On(component), None);
        let suspense = Leg::Internal("SUSPENSE".into(), -amount);
        draft.legs = if amount > 0 { vec![suspense, own] } else { vec![own, suspense] };
        self.move_one(account, draft)
    }

    pub fn post_charge(&mut self, input: &Value) -> Result<Made, Refusal> {
        let account = self.named(input, "account")?;
        let (amount, currency) = self.positive(input)?;
        let (kind, component, role, title) = match text(input, "kind").expect("a kind") {
            "INTEREST" => ("INTEREST", 1, "INTEREST_INCOME", "Interest"),
            "LATE_FEE" => ("LATE_FEE", 2, "FEE_INCOME", "Late fee"),
            "REMINDER_FEE" => ("REMINDER_FEE", 2, "FEE_INCOME", "Reminder fee"),
            "BILLING_FEE" => ("BILLING_FEE", 2, "FEE_INCOME", "Billing fee"),
            "COLLECTION_FEE" => ("COLLECTION_FEE", 2, "FEE_INCOME", "Collection fee"),
            "ADMINISTRATION_FEE" => ("ADMINISTRATION_FEE", 2, "FEE_INCOME", "Administration fee"),
            other => panic!("the model charges no {other}"),
        };
        let mut draft = details(input, kind, currency, title)?;
        draft.legs =
            vec![Leg::Account(account, -amount, Spread::Charge(component), None), Leg::Internal(role.into(), amount)];
        self.move_one(account, draft)
    }
}

impl Leg {
    fn account(&self) -> Option<usize> {
        match self {
            Self::Account(account, ..) => Some(*account),
            Self::Internal(..) => None,
        }
    }
}

/// Each debt in the order, and the rest is funds.
fn repay(order: [usize; 3], owed: [i128; 3], amount: i128) -> [i128; 3] {
    let (mut parts, mut left) = ([0; 3], amount);
    for component in order {
        parts[component] = left.min((-owed[component]).max(0));
        left -= parts[component];
    }
    parts[PRINCIPAL] += left;
    parts
}

/// Who paid, as it is shown: null where nothing was said.
fn counterparty(input: &Value) -> Result<Value, Refusal> {
    let part = |name: &str| noted(&format!("counterparty.{name}"), text(input, name).map(str::trim), 500);
    let (name, account, bank) = (part("name")?, part("account")?, part("bank")?);
    if [&name, &account, &bank].into_iter().all(Option::is_none) {
        return Ok(Value::Null);
    }
    Ok(json!({ "name": name, "account": account, "accountClass": null, "bank": bank }))
}

/// The amount of an input in minor units, and its currency.
pub fn signed(input: &Value) -> Result<(i128, String), Refusal> {
    let currency = owned(&input["amount"], "currency").expect("a currency");
    Ok((minor("amount", text(&input["amount"], "amount").expect("an amount"), &currency)?, currency))
}

/// An IBAN, or a domestic number with its class, as the counterparty of an entry. The model knows one of each that is
/// right, with and without spaces; all others are wrong.
pub fn bank_account(input: &Value) -> Result<Value, Refusal> {
    match (text(input, "iban"), text(input, "bankAccountNumber"), text(input, "bankAccountClass")) {
        (Some(_), Some(_), _) => Err(no("INVALID_INPUT", "bankAccountNumber")),
        (None, None, _) => Err(no("INVALID_INPUT", "iban")),
        (Some(_), None, Some(_)) => Err(no("INVALID_INPUT", "bankAccountClass")),
        (Some(iban), None, None) if iban.replace(' ', "") == crate::payments::IBAN => {
            Ok(json!({ "name": null, "account": crate::payments::IBAN, "accountClass": null, "bank": null }))
        }
        (Some(_), None, None) => Err(no("INVALID_INPUT", "iban")),
        (None, Some(_), None) => Err(no("INVALID_INPUT", "bankAccountClass")),
        (None, Some("5050-1055" | "50501055"), Some("BANKGIRO")) => {
            Ok(json!({ "name": null, "account": "50501055", "accountClass": "BANKGIRO", "bank": null }))
        }
        (None, Some(_), Some(_)) => Err(no("INVALID_INPUT", "bankAccountNumber")),
    }
}

/// What every movement may carry.
fn details(input: &Value, kind: &'static str, currency: String, title: &str) -> Result<Draft, Refusal> {
    let noted_reference = noted("reference", text(input, "reference"), 500)?;
    for part in ["reference", "poster", "code"] {
        reference(&format!("externalReference.{part}"), text(&input["externalReference"], part))?;
    }
    let description = noted("description", text(input, "description"), 500)?.unwrap_or_else(|| title.to_owned());
    Ok(Draft {
        kind,
        currency,
        description,
        value_date: date(input, "valueDate"),
        external: input["externalReference"].clone(),
        facts: Facts { reference: noted_reference, ..Facts::default() },
        metadata: super::rules::metadata(input),
        hold: None,
        legs: Vec::new(),
    })
}
