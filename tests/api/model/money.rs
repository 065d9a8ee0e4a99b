//! The rules of what moves money: what an entry does to the components of an account, and what refuses it.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use super::books::{
    COMPONENTS, Entry, Event, LARGEST, Line, Made, Model, PRINCIPAL, Posting, Refusal, Says, minor, money, no, owned,
    text,
};
use super::rules::{Call, date, malformed, noted, reference, required};

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
    /// funds, limits.
    pub fn post(&mut self, draft: Draft, names: Names) -> Result<usize, Refusal> {
        if let Some(reference) = text(&draft.external, "reference") {
            let part = |name| owned(&draft.external, name).unwrap_or_default();
            let external = [reference.to_owned(), part("date"), part("poster")];
            if self.externals.contains(&external) {
                return Err(no("DUPLICATE_REFERENCE", "externalReference"));
            }
            self.take_external(external);
        }
        let value_date = self.value_date(draft.value_date)?;
        let mut accounts: Vec<usize> = draft.legs.iter().filter_map(Leg::account).collect();
        if accounts.len() == 2 && accounts[0] == accounts[1] {
            return Err(no("SAME_ACCOUNT", "to"));
        }
        if accounts.iter().any(|account| self.accounts[*account].currency != draft.currency) {
            return Err(no("CURRENCY_MISMATCH", "amount.currency"));
        }
        accounts.sort_by(|one, other| self.accounts[*one].id.cmp(&self.accounts[*other].id));
        for account in accounts {
            self.require_not_closed(account, names)?;
        }
        let mut postings = Vec::new();
        for leg in draft.legs {
            match leg {
                Leg::Internal(role, amount) => postings.push(self.move_internal(role, &draft.currency, amount)?),
                Leg::Account(account, amount, spread, message) => {
                    let parts = self.spread(account, amount, spread);
                    self.admit(account, &parts, spread != Spread::Reserved, names)?;
                    self.apply(account, &parts, message, &mut postings);
                }
            }
        }
        Ok(self.book(Entry {
            id: String::new(),
            kind: draft.kind,
            currency: draft.currency,
            value_date,
            booked_at: self.now,
            description: draft.description,
            external: draft.external,
            metadata: draft.metadata,
            postings,
            reverses: None,
            reversed_by: None,
            hold: draft.hold,
        }))
    }

    /// The mirror of an entry.
    pub fn reverse_entry(&mut self, call: &Call) -> Result<Made, Refusal> {
        let input = call.input;
        let original = self.entry_by(&input["entry"]).ok_or_else(|| no("NOT_FOUND", "entry"))?;
        required("reason", text(input, "reason").unwrap_or_default(), 500)?;
        let description = noted("description", text(input, "description"), 500)?;
        call.fresh()?;
        // The entry is all that the input names, so it is the field at fault whatever its accounts are refused for.
        let at_entry = |refusal: Refusal| Refusal { fields: vec!["entry".into()], ..refusal };
        let entry = self.entries[original].clone();
        if entry.kind == "REVERSAL" {
            return Err(no("INVALID_STATE", "entry"));
        }
        if let Some(by) = entry.reversed_by {
            return Err(no("ALREADY_REVERSED", "entry").with(json!({ "reversedBy": self.entries[by].id })));
        }
        let value_date = self.value_date(None).map_err(at_entry)?;
        let mut accounts = entry.accounts();
        accounts.sort_by(|one, other| self.accounts[*one].id.cmp(&self.accounts[*other].id));
        for account in &accounts {
            self.require_not_closed(*account, &[]).map_err(at_entry)?;
        }
        let mut postings = Vec::new();
        for line in entry.postings.iter().filter(|line| line.account.is_none()) {
            postings.push(self.move_internal(line.code.clone(), &entry.currency, -line.amount).map_err(at_entry)?);
        }
        let mut mirrored: Vec<(usize, [i128; 3])> = Vec::new();
        for account in accounts {
            let mut parts = [0; 3];
            for line in &entry.postings {
                if let Some((_, component)) = line.account.filter(|(owner, _)| *owner == account) {
                    parts[component] -= line.amount;
                }
            }
            mirrored.push((account, parts));
        }
        // Whoever pays is asked first.
        mirrored.sort_by_key(|(_, parts)| parts.iter().sum::<i128>());
        for (account, parts) in mirrored {
            // A debt comes back even past the limit; who may not owe must cover it.
            let needs_cover = !self.accounts[account].may_owe();
            self.admit(account, &parts, needs_cover, &[]).map_err(at_entry)?;
            self.apply(account, &parts, None, &mut postings);
        }
        let title: String = format!("Reversal: {}", entry.description).chars().take(500).collect();
        let place = self.book(Entry {
            id: String::new(),
            kind: "REVERSAL",
            value_date,
            booked_at: self.now,
            description: description.unwrap_or(title),
            external: Value::Null,
            metadata: json!({ "reason": input["reason"] }),
            postings,
            reverses: Some(original),
            reversed_by: None,
            hold: None,
            currency: entry.currency.clone(),
        });
        self.mark_reversed(original, place);
        self.close_the_empty(&entry.accounts());
        Ok(Made::Entry(place))
    }

    fn value_date(&self, wanted: Option<NaiveDate>) -> Result<NaiveDate, Refusal> {
        let today = self.today();
        let day = wanted.unwrap_or(today);
        if let Some(closed) = self.closed_through.filter(|closed| day <= *closed) {
            return Err(no("VALUE_DATE_OUT_OF_RANGE", "valueDate").with(json!({ "closedThrough": closed.to_string() })));
        }
        let (earliest, latest) = (today - Days::new(3_660), today + Days::new(366));
        if day < earliest || day > latest {
            let facts = json!({ "earliest": earliest.to_string(), "latest": latest.to_string() });
            return Err(no("VALUE_DATE_OUT_OF_RANGE", "valueDate").with(facts));
        }
        Ok(day)
    }

    fn require_not_closed(&self, account: usize, names: Names) -> Result<(), Refusal> {
        match self.accounts[account].status {
            "CLOSED" => Err(no("ACCOUNT_NOT_OPEN", &field_of(account, names)).with(json!({ "status": "CLOSED" }))),
            _ => Ok(()),
        }
    }

    /// What an amount does to the components.
    pub fn spread(&self, account: usize, amount: i128, spread: Spread) -> [i128; 3] {
        let it = &self.accounts[account];
        let mut parts = [0; 3];
        match spread {
            Spread::Settle => parts = it.parts.map(|part| -part),
            Spread::On(component) => parts[component] = amount,
            Spread::Charge(component) if it.may_owe() => parts[component] = amount,
            Spread::Flow if amount > 0 => {
                let mut left = amount;
                for component in it.order {
                    parts[component] = left.min((-it.parts[component]).max(0));
                    left -= parts[component];
                }
                parts[PRINCIPAL] += left;
            }
            _ => parts[PRINCIPAL] = amount,
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
            return lacking(0);
        }
        if let Some(maximum) = it.maximum
            && parts[PRINCIPAL] > 0
            && it.parts[PRINCIPAL] + parts[PRINCIPAL] > maximum
        {
            let facts = json!({ "maximumBalance": money(maximum, &it.currency) });
            return Err(no("LIMIT_EXCEEDED", &field_of(account, names)).with(facts));
        }
        let after: Vec<i128> = it.parts.iter().zip(parts).map(|(balance, part)| balance + part).collect();
        let out = after.iter().chain([&after.iter().sum()]).any(|balance| balance.abs() > LARGEST);
        if out { Err(no("AMOUNT_OUT_OF_RANGE", "amount")) } else { Ok(()) }
    }

    fn apply(&mut self, account: usize, parts: &[i128; 3], message: Option<String>, postings: &mut Vec<Posting>) {
        let entry = self.entries.len();
        let it = self.touch(account);
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

    fn move_internal(&mut self, role: String, currency: &str, amount: i128) -> Result<Posting, Refusal> {
        let balance = self.internals.entry((role.clone(), currency.to_owned())).or_default();
        *balance += amount;
        if i64::try_from(*balance).is_err() {
            return Err(no("AMOUNT_OUT_OF_RANGE", "amount"));
        }
        Ok(Posting { code: role, account: None, amount, message: None })
    }

    fn book(&mut self, entry: Entry) -> usize {
        assert_eq!(entry.postings.iter().map(|line| line.amount).sum::<i128>(), 0, "{entry:?}");
        for line in &entry.postings {
            let (debit, credit) = self.gross.entry((line.code.clone(), entry.currency.clone())).or_default();
            *(if line.amount < 0 { debit } else { credit }) += line.amount.abs();
        }
        let place = self.entries.len();
        let (entry_of, says) = (Some(place), Says::Fields(json!({})));
        self.entries.push(entry);
        let at = self.now;
        self.events.push(Event { type_: "entry.posted", at, entry: entry_of, account: None, customer: None, says });
        place
    }

    /// What the use cases check before the books are asked: the input alone.
    pub fn positive(&self, input: &Value) -> Result<(i128, String), Refusal> {
        let amount = signed(input)?;
        if amount.0 <= 0 { Err(no("AMOUNT_OUT_OF_RANGE", "amount")) } else { Ok(amount) }
    }

    fn named(&self, input: &Value, field: &str) -> Result<usize, Refusal> {
        self.account_by(&input[field]).ok_or_else(|| no("NOT_FOUND", field))
    }

    /// Books a movement between an account and one of the tenant's own.
    fn move_one(&mut self, account: usize, draft: Draft) -> Result<Made, Refusal> {
        let entry = self.post(draft, &[(account, "account")])?;
        self.close_the_empty(&[account]);
        Ok(Made::Entry(entry))
    }

    pub fn post_payment(&mut self, call: &Call) -> Result<Made, Refusal> {
        let input = call.input;
        let account = self.named(input, "account")?;
        let (amount, currency) = self.positive(input)?;
        let channel = text(input, "channel").expect("a channel");
        let mut draft = details(input, "PAYMENT", currency, "Payment", &[("channel", Some(channel.to_owned()))])?;
        let role = match channel {
            "BANK_TRANSFER" => "BANK",
            other => other,
        };
        draft.legs = vec![
            Leg::Internal(format!("SETTLEMENT_{role}"), -amount),
            Leg::Account(account, amount, Spread::Flow, None),
        ];
        call.fresh()?;
        self.move_one(account, draft)
    }

    pub fn disburse(&mut self, call: &Call) -> Result<Made, Refusal> {
        let input = call.input;
        let account = self.named(input, "account")?;
        let (amount, currency) = self.positive(input)?;
        let receiver = bank_account(input)?;
        let own = noted("ownMessage", text(input, "ownMessage"), 500)?;
        let told = noted("messageToReceiver", text(input, "messageToReceiver"), 500)?;
        let mut draft = details(input, "DISBURSEMENT", currency, "Disbursement", &[("messageToReceiver", told)])?;
        draft.metadata["receiver"] = receiver;
        draft.legs =
            vec![Leg::Account(account, -amount, Spread::Flow, own), Leg::Internal("SETTLEMENT_BANK".into(), amount)];
        call.fresh()?;
        self.move_one(account, draft)
    }

    pub fn transfer(&mut self, call: &Call) -> Result<Made, Refusal> {
        let input = call.input;
        for end in ["from", "to"] {
            if malformed(&input[end], "acc_") {
                return Err(no("NOT_FOUND", end));
            }
        }
        let (from, to) = (self.named(input, "from")?, self.named(input, "to")?);
        let (amount, currency) = self.positive(input)?;
        let told = noted("messageToSender", text(input, "messageToSender"), 500)?;
        let tell = noted("messageToReceiver", text(input, "messageToReceiver"), 500)?;
        let mut draft = details(input, "TRANSFER", currency, "Transfer", &[])?;
        draft.legs =
            vec![Leg::Account(from, -amount, Spread::Flow, told), Leg::Account(to, amount, Spread::Flow, tell)];
        call.fresh()?;
        let entry = self.post(draft, &[(from, "from"), (to, "to")])?;
        self.close_the_empty(&[from, to]);
        Ok(Made::Entry(entry))
    }

    pub fn post_adjustment(&mut self, call: &Call) -> Result<Made, Refusal> {
        let input = call.input;
        let account = self.named(input, "account")?;
        let (amount, currency) = signed(input)?;
        if amount == 0 {
            return Err(no("AMOUNT_OUT_OF_RANGE", "amount"));
        }
        let reason = text(input, "reason").unwrap_or_default();
        required("reason", reason, 500)?;
        let component = text(input, "component").unwrap_or("PRINCIPAL");
        let component = COMPONENTS.iter().position(|name| *name == component).expect("a component");
        let notes = [("reason", Some(reason.to_owned()))];
        let mut draft = details(input, "ADJUSTMENT", currency, "Balance adjustment", &notes)?;
        let own = Leg::Account(account, amount, Spread::On(component), None);
        let suspense = Leg::Internal("SUSPENSE".into(), -amount);
        draft.legs = if amount > 0 { vec![suspense, own] } else { vec![own, suspense] };
        call.fresh()?;
        self.move_one(account, draft)
    }

    pub fn post_charge(&mut self, call: &Call) -> Result<Made, Refusal> {
        let input = call.input;
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
        let mut draft = details(input, kind, currency, title, &[])?;
        draft.legs =
            vec![Leg::Account(account, -amount, Spread::Charge(component), None), Leg::Internal(role.into(), amount)];
        call.fresh()?;
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

/// The amount of an input in minor units, and its currency.
pub fn signed(input: &Value) -> Result<(i128, String), Refusal> {
    let currency = owned(&input["amount"], "currency").expect("a currency");
    Ok((minor("amount", text(&input["amount"], "amount").expect("an amount"), &currency)?, currency))
}

/// An IBAN, or a domestic number with its class. The model knows two that are right; all others are wrong.
pub fn bank_account(input: &Value) -> Result<Value, Refusal> {
    match (text(input, "iban"), text(input, "bankAccountNumber"), text(input, "bankAccountClass")) {
        (Some(_), Some(_), _) => Err(no("INVALID_INPUT", "bankAccountNumber")),
        (None, None, _) => Err(no("INVALID_INPUT", "iban")),
        (Some(_), None, Some(_)) => Err(no("INVALID_INPUT", "bankAccountClass")),
        (Some(crate::payments::IBAN), None, None) => Ok(json!({ "iban": crate::payments::IBAN })),
        (Some(_), None, None) => Err(no("INVALID_INPUT", "iban")),
        (None, Some(_), None) => Err(no("INVALID_INPUT", "bankAccountClass")),
        (None, Some("5050-1055"), Some("BANKGIRO")) => {
            Ok(json!({ "bankAccountNumber": "50501055", "bankAccountClass": "BANKGIRO" }))
        }
        (None, Some(_), Some(_)) => Err(no("INVALID_INPUT", "bankAccountNumber")),
    }
}

/// What every movement may carry, and what Konto notes with it.
fn details(
    input: &Value,
    kind: &'static str,
    currency: String,
    title: &str,
    notes: &[(&str, Option<String>)],
) -> Result<Draft, Refusal> {
    let mut metadata = super::rules::metadata(input);
    let reserved = ["reference", "channel", "receiver", "messageToReceiver", "reason"];
    if reserved.iter().any(|name| metadata.get(name).is_some()) {
        return Err(no("INVALID_INPUT", "metadata"));
    }
    for (name, note) in notes {
        if let Some(note) = note {
            metadata[name] = json!(note);
        }
    }
    if let Some(note) = noted("reference", text(input, "reference"), 500)? {
        metadata["reference"] = json!(note);
    }
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
        metadata,
        hold: None,
        legs: Vec::new(),
    })
}
