//! Rows and entries, as the API shows them.

use konto::accounts::{Account, Product};
use konto::customers::Customer;
use konto::ledger::entry::Posting;
use konto::ledger::rows::Internal;
use konto::ledger::{Component, Entry, Hold, Position};
use konto::parties::Party;
use konto::payments::ClosedThrough;
use konto::primitives::clock::from_micros;
use konto::primitives::{AccountId, EntryId, HoldId, Minor, Money};
use konto::work::memory::Memory;
use serde_json::{Value, json};

use super::InMemory;
use crate::model::show::moment;

/// What a command gives, as the parts of its answer.
pub trait Shown {
    fn show(&self, part: &str, of: &InMemory) -> Value;
}

/// An amount with its currency.
pub fn money(money: Money) -> Value {
    json!({ "amount": money.amount.to_string(), "currency": money.currency.code() })
}

/// The code of a line's ledger account, as the chart has it.
pub fn code(memory: &Memory, line: &Posting) -> String {
    match line.component() {
        Some(component) => format!("CUSTOMER_{}", component.word()),
        None => memory.get::<Internal>(line.ledger_account).expect("an internal account").role.word().to_owned(),
    }
}

fn stored(metadata: &str) -> Value {
    serde_json::from_str(metadata).expect("JSON")
}

impl InMemory {
    fn briefly(&self, account: AccountId) -> Value {
        let position = self.memory.get::<Position>(account).expect("a position");
        let today = self.memory.today();
        let amount = |minor: Minor| json!({ "amount": minor.in_currency(position.currency).amount.to_string() });
        let component = |component: &Component| json!({ "component": component.word(), "amount": amount(position.balances[component.index()]) });
        json!({
            "id": account.to_string(), "status": position.status.word(), "creditLimit": amount(position.credit_limit),
            "balance": money(position.balance().in_currency(position.currency)), "reserved": amount(position.reserved),
            "available": amount(position.available(today)), "pending": amount(position.pending(today)),
            "components": Component::ALL[..3].iter().map(component).collect::<Vec<_>>(),
        })
    }

    pub fn account(&self, id: AccountId) -> Value {
        let (account, position) = (self.memory.get::<Account>(id), self.memory.get::<Position>(id));
        let (account, position) = (account.expect("an account"), position.expect("a position"));
        let amount = |minor: Minor| json!({ "amount": minor.in_currency(position.currency).amount.to_string() });
        let line = self.last.get(&id).map(|place| {
            let entry = &self.memory.entries()[*place];
            let own = entry.postings.iter().filter(|line| line.account == Some(id));
            let (line, total) = own.filter_map(|line| Some((line, line.total?))).next().expect("a first line");
            json!({
                "entry": { "id": entry.id.to_string() }, "amount": amount(total.amount),
                "balanceAfter": amount(total.balance_after), "kind": entry.kind.word(),
                "valueDate": entry.value_date.to_string(), "bookedAt": moment(from_micros(entry.booked_at)),
                "description": line.message.as_ref().unwrap_or(&entry.description),
            })
        });
        let mut shown = self.briefly(id);
        let more = json!({
            "number": account.number, "externalReference": account.external_reference,
            "openedOn": account.opened_on.to_string(), "closedOn": position.closed_on.map(|day| day.to_string()),
            "closureCode": account.closure_code, "metadata": stored(&account.metadata),
            "currency": account.currency.code(), "debtRule": position.debt_rule.word(),
            "maximumBalance": position.maximum_balance.map(amount), "owner": { "id": account.owner.to_string() },
            "product": { "id": account.product.to_string() },
            "creditor": account.creditor.map(|party| json!({ "id": party.to_string() })),
            "transactions": { "nodes": line.into_iter().collect::<Vec<_>>() },
        });
        for (name, value) in more.as_object().expect("an object") {
            shown[name] = value.clone();
        }
        shown
    }

    fn entry(&self, id: EntryId) -> Value {
        let found = self.memory.entries().iter().rfind(|entry| entry.id == id);
        self.entry_row(found.expect("an entry"))
    }

    fn entry_row(&self, entry: &Entry) -> Value {
        let (noted, personal, external) = (entry.noted(), entry.personal(), entry.external.as_ref());
        let id = |id: &EntryId| json!({ "id": id.to_string() });
        let reversals = self.reversals.get(&entry.id).map(Vec::as_slice).unwrap_or_default();
        let line = |line: &Posting| {
            json!({
                "amount": money(line.amount.in_currency(line.currency)), "message": line.message,
                "ledgerAccount": { "code": code(&self.memory, line) },
                "account": line.account.map(|account| json!({ "id": account.to_string() })),
            })
        };
        json!({
            "id": entry.id.to_string(), "sequence": entry.sequence.to_string(), "kind": entry.kind.word(),
            "valueDate": entry.value_date.to_string(), "bookedAt": moment(from_micros(entry.booked_at)),
            "businessDate": entry.business_date.to_string(),
            "transactionDate": entry.transaction_date.map(|day| day.to_string()),
            "description": entry.description, "metadata": stored(&entry.metadata),
            "externalReference": external.map(|external| &external.reference),
            "externalDate": external.and_then(|external| external.date).map(|day| day.to_string()),
            "externalPoster": external.and_then(|external| external.poster.as_ref()),
            "externalCode": external.and_then(|external| external.code.as_ref()),
            "reference": noted.reference, "channel": noted.channel.map(|channel| channel.word()),
            "reason": noted.reason, "messageToReceiver": personal.message_to_receiver,
            "counterparty": personal.counterparty.map(|other| json!({
                "name": other.name, "account": other.account, "accountClass": other.account_class, "bank": other.bank,
            })),
            "reverses": entry.reverses.as_ref().map(id), "reversedBy": reversals.last().map(id),
            "reversals": reversals.iter().map(id).collect::<Vec<_>>(),
            "hold": entry.hold.map(|hold| json!({ "id": hold.to_string() })),
            "postings": entry.postings.iter().map(line).collect::<Vec<_>>(),
        })
    }

    fn hold(&self, id: HoldId) -> Value {
        let hold = self.memory.get::<Hold>(id).expect("a hold");
        let amount = |minor: Minor| json!({ "amount": minor.in_currency(hold.currency).amount.to_string() });
        let at = |at: i64| moment(from_micros(at));
        json!({
            "id": hold.id.to_string(), "account": { "id": hold.account.to_string() },
            "amount": money(hold.amount.in_currency(hold.currency)), "captured": amount(hold.captured),
            "remaining": amount(hold.remaining()), "status": hold.status.word(), "description": hold.description,
            "reference": hold.reference, "placedAt": at(hold.placed_at), "expiresAt": hold.expires_at.map(at),
            "closedAt": hold.closed_at.map(at),
        })
    }
}

impl Shown for Customer {
    fn show(&self, _: &str, of: &InMemory) -> Value {
        let it = of.memory.get::<Self>(self.id).expect("a customer");
        json!({
            "id": it.id.to_string(), "number": it.number, "type": it.type_.word(),
            "externalReference": it.external_reference, "firstName": it.first_name, "lastName": it.last_name,
            "companyName": it.company_name, "metadata": stored(&it.metadata),
        })
    }
}

impl Shown for Party {
    fn show(&self, _: &str, of: &InMemory) -> Value {
        let it = of.memory.get::<Self>(self.id).expect("a party");
        json!({
            "id": it.id.to_string(), "number": it.number, "externalReference": it.external_reference, "name": it.name,
            "metadata": stored(&it.metadata),
        })
    }
}

impl Shown for Product {
    fn show(&self, _: &str, of: &InMemory) -> Value {
        let it = of.memory.get::<Self>(self.id).expect("a product");
        let amount = |minor: Minor| json!({ "amount": minor.in_currency(it.currency).amount.to_string() });
        json!({
            "id": it.id.to_string(), "code": it.code, "alias": it.alias, "family": it.family.word(),
            "workingMode": it.working_mode.map(|mode| mode.word()), "currency": it.currency.code(),
            "debtRule": it.debt_rule.word(), "metadata": stored(&it.metadata), "retired": it.retired,
            "repaymentOrder": it.repayment_order.0.map(|component| component.word()),
            "defaultCreditLimit": amount(it.default_credit_limit),
            "maximumCreditLimit": it.maximum_credit_limit.map(amount), "maximumBalance": it.maximum_balance.map(amount),
        })
    }
}

impl Shown for Account {
    fn show(&self, _: &str, of: &InMemory) -> Value {
        of.briefly(self.id)
    }
}

impl Shown for Hold {
    fn show(&self, part: &str, of: &InMemory) -> Value {
        if part == "hold" { of.hold(self.id) } else { of.briefly(self.account) }
    }
}

impl Shown for ClosedThrough {
    fn show(&self, _: &str, _: &InMemory) -> Value {
        json!(self.0.to_string())
    }
}

impl Shown for Entry {
    fn show(&self, part: &str, of: &InMemory) -> Value {
        let end = |is_end: fn(i64) -> bool| {
            let lines = self.postings.iter().filter_map(|line| Some((line.account?, line.total?.amount.0)));
            lines.filter(|(_, amount)| is_end(*amount)).map(|(account, _)| account).next().expect("an account")
        };
        match part {
            "entry" => of.entry_row(self),
            "reversed" => of.entry(self.reverses.expect("an original")),
            "hold" => of.hold(self.hold.expect("a hold")),
            "from" => of.briefly(end(|amount| amount < 0)),
            "to" => of.briefly(end(|amount| amount > 0)),
            "account" => match self.hold {
                Some(hold) => of.briefly(of.memory.get::<Hold>(hold).expect("a hold").account),
                None => of.briefly(end(|_| true)),
            },
            other => panic!("an entry has no {other}"),
        }
    }
}
