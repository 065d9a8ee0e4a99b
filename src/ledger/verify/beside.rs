//! What is kept beside the journal: holds, the event log, and the guards of the accounts.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::ConnectionTrait;
use serde_json::Value as Json;
use uuid::Uuid;

use super::{LedgerFault, Replay, VerifyError, WINDOW};
use crate::ledger::chart::Component;
use crate::ledger::hold::HoldStatus;
use crate::ledger::journal;
use crate::ledger::position::{AccountStatus, DebtRule};
use crate::primitives::{AccountId, HoldId, Minor};

/// What the event log tells of an account.
#[derive(Default)]
pub(super) struct Told {
    opened: bool,
    closure_requested: bool,
    closed: bool,
    /// The last credit limit, as a decimal.
    credit_limit: Option<String>,
}

impl Told {
    fn status(&self) -> AccountStatus {
        match (self.closed, self.closure_requested) {
            (true, _) => AccountStatus::Closed,
            (false, true) => AccountStatus::PendingClose,
            (false, false) => AccountStatus::Open,
        }
    }

    fn hear(&mut self, type_: &str, payload: &Json) {
        match type_ {
            "account.closure_requested" => self.closure_requested = true,
            "account.closed" => self.closed = true,
            "account.opened" | "account.credit_limit_lowered" => {
                self.opened |= type_ == "account.opened";
                self.credit_limit = payload["creditLimit"].as_str().map(str::to_owned);
            }
            _ => {}
        }
    }
}

/// What the event log tells of a hold.
pub(super) struct ToldHold {
    account: AccountId,
    /// As placed, with the currency.
    amount: String,
    status: String,
}

impl<C: ConnectionTrait> Replay<'_, C> {
    /// The reserved amounts against the open holds, then each hold against its captures.
    pub(super) async fn holds(&mut self) -> Result<(), VerifyError> {
        let holds = self.rows("SELECT * FROM hold WHERE tenant_id = $1 ORDER BY account_id, id", &[]).await?;
        let mut open: BTreeMap<AccountId, i128> = BTreeMap::new();
        for row in &holds {
            let account = AccountId(row.try_get("", "account_id")?);
            self.reading = (Some(account), None);
            let (amount, captured): (i64, i64) = (row.try_get("", "amount_minor")?, row.try_get("", "captured_minor")?);
            let status: String = row.try_get("", "status")?;
            let sum = open.entry(account).or_default();
            if status == HoldStatus::Open.word() {
                *sum += i128::from(amount) - i128::from(captured);
            }
        }
        let sql = "SELECT account_id, reserved_minor FROM ledger_account \
                   WHERE tenant_id = $1 AND component = 'PRINCIPAL' ORDER BY account_id";
        for row in self.rows(sql, &[]).await? {
            let account = AccountId(row.try_get("", "account_id")?);
            self.reading = (Some(account), None);
            let reserved: i64 = row.try_get("", "reserved_minor")?;
            let sum = open.remove(&account).unwrap_or(0);
            if i128::from(reserved) != sum {
                let what = format!("{reserved} is reserved, the open holds sum to {sum}");
                return Err(self.differs(Some(account), None, what));
            }
        }
        if let Some(account) = open.keys().next() {
            return Err(self.differs(Some(*account), None, "a hold on an account that does not exist"));
        }
        for row in &holds {
            let id = HoldId(row.try_get("", "id")?);
            let account = AccountId(row.try_get("", "account_id")?);
            self.reading = (Some(account), None);
            let (amount, captured): (i64, i64) = (row.try_get("", "amount_minor")?, row.try_get("", "captured_minor")?);
            let word: String = row.try_get("", "status")?;
            let status = HoldStatus::from_word(&word).ok_or(LedgerFault::Inconsistent("status of a hold"))?;
            let closed_at: Option<i64> = row.try_get("", "closed_at_us")?;
            let captures = self.captures.remove(&id).unwrap_or_default();
            let taken = captures.taken.get(&account).copied().unwrap_or(0);
            let what = if i128::from(captured) != taken {
                format!("{captured} of hold {id} is captured, its captures sum to {taken}")
            } else if captured < 0 || captured > amount || (status == HoldStatus::Captured) != (captured == amount) {
                format!("hold {id} is {word}, with {captured} of {amount} captured")
            } else if (status == HoldStatus::Open) != closed_at.is_none() {
                let time = if closed_at.is_some() { "a" } else { "no" };
                format!("hold {id} is {word}, with {time} closing time")
            } else {
                continue;
            };
            return Err(self.differs(Some(account), None, what));
        }
        self.reading = (None, None);
        match self.captures.first_key_value() {
            None => Ok(()),
            Some((id, captures)) => {
                let from = captures.taken.iter().find(|(_, taken)| **taken > 0).map(|(account, _)| *account);
                let what = format!("the entry captures hold {id}, which does not exist");
                Err(self.differs(from, Some(captures.first), what))
            }
        }
    }

    /// The event log; gives how many events it has.
    pub(super) async fn events(&mut self) -> Result<i64, VerifyError> {
        let sql = "SELECT COUNT(*) AS events, COALESCE(MAX(sequence), 0) AS last, COUNT(entry_sequence) AS entries, \
                   COUNT(DISTINCT entry_sequence) AS distinct_entries, \
                   COALESCE(MIN(entry_sequence), 1) AS first_entry, COALESCE(MAX(entry_sequence), 0) AS last_entry \
                   FROM event WHERE tenant_id = $1";
        let rows = self.rows(sql, &[]).await?;
        let row = rows.first().ok_or(LedgerFault::Inconsistent("no events"))?;
        let (events, last): (i64, i64) = (row.try_get("", "events")?, row.try_get("", "last")?);
        let (entries, distinct): (i64, i64) = (row.try_get("", "entries")?, row.try_get("", "distinct_entries")?);
        let head: i64 = self.head().await?.try_get("", "event_sequence")?;
        if events != last || last != head {
            let what = format!("the event log has {events} events, its last is {last}, the head says {head}");
            return Err(self.differs(None, None, what));
        }
        let ends: (i64, i64) = (row.try_get("", "first_entry")?, row.try_get("", "last_entry")?);
        if entries != distinct || entries != self.last || ends != (1, self.last) {
            let what = format!("the event log tells of {distinct} entries of {}", self.last);
            return Err(self.differs(None, None, what));
        }
        let mut heard = 0;
        while heard < last {
            let sql = "SELECT sequence, type, entry_sequence, account_id, payload FROM event \
                       WHERE tenant_id = $1 AND sequence > $2 AND sequence <= $3 ORDER BY sequence";
            let rows = self.rows(sql, &[heard, heard + WINDOW]).await?;
            let expected = (last - heard).min(WINDOW);
            for row in &rows {
                self.event(row)?;
            }
            if i64::try_from(rows.len()).unwrap_or(-1) != expected {
                return Err(self.differs(None, None, format!("the event log has a gap after event {heard}")));
            }
            heard += expected;
        }
        self.reading = (None, None);
        Ok(events)
    }

    fn event(&mut self, row: &sea_orm::QueryResult) -> Result<(), VerifyError> {
        let account: Option<Uuid> = row.try_get("", "account_id")?;
        let account = account.map(AccountId);
        self.reading = (account, None);
        let entry: Option<i64> = row.try_get("", "entry_sequence")?;
        self.reading = (account, entry);
        let sequence: i64 = row.try_get("", "sequence")?;
        let (type_, payload): (String, String) = (row.try_get("", "type")?, row.try_get("", "payload")?);
        if (type_ == "entry.posted") != entry.is_some() {
            let of = if entry.is_some() { "an" } else { "no" };
            return Err(self.differs(account, entry, format!("event {sequence} is {type_}, with {of} entry")));
        }
        let Ok(payload) = serde_json::from_str::<Json>(&payload) else {
            return Err(self.differs(account, entry, format!("the payload of event {sequence} is not JSON")));
        };
        if let Some(account) = account {
            self.told.entry(account).or_default().hear(&type_, &payload);
            self.hear_of_hold(account, &type_, &payload);
        }
        Ok(())
    }

    fn hear_of_hold(&mut self, account: AccountId, type_: &str, payload: &Json) {
        let text = |name: &str| payload[name].as_str().unwrap_or_default();
        let Ok(id) = text("hold").parse::<HoldId>() else { return };
        let status = text("status").to_owned();
        match (type_, self.told_holds.get_mut(&id)) {
            ("hold.placed", _) => {
                let amount = format!("{} {}", text("amount"), text("currency"));
                self.told_holds.insert(id, ToldHold { account, amount, status });
            }
            ("hold.captured" | "hold.released" | "hold.expired", Some(told)) => told.status = status,
            _ => {}
        }
    }

    /// The holds against what the event log tells of them.
    pub(super) async fn holds_as_told(&mut self) -> Result<(), VerifyError> {
        for row in self.rows("SELECT * FROM hold WHERE tenant_id = $1 ORDER BY account_id, id", &[]).await? {
            let (id, account) = (HoldId(row.try_get("", "id")?), AccountId(row.try_get("", "account_id")?));
            self.reading = (Some(account), None);
            let status: String = row.try_get("", "status")?;
            let amount = Minor(row.try_get("", "amount_minor")?).in_currency(journal::currency(&row)?).to_string();
            let what = match self.told_holds.remove(&id) {
                None => format!("the event log does not tell of hold {id}"),
                Some(told) if told.account != account => {
                    format!("hold {id} is on another account than the event log says")
                }
                Some(told) if told.amount != amount => {
                    format!("hold {id} is of {amount}, the event log says {}", told.amount)
                }
                Some(told) if told.status != status => {
                    format!("hold {id} is {status}, the event log says {}", told.status)
                }
                Some(_) => continue,
            };
            return Err(self.differs(Some(account), None, what));
        }
        self.reading = (None, None);
        match self.told_holds.first_key_value() {
            None => Ok(()),
            Some((id, told)) => {
                let what = format!("the event log tells of hold {id}, which does not exist");
                Err(self.differs(Some(told.account), None, what))
            }
        }
    }

    /// The guards of the accounts against what the event log tells of them.
    pub(super) async fn positions(&mut self) -> Result<(), VerifyError> {
        let sql = "SELECT account_id, component, balance_minor FROM ledger_account WHERE tenant_id = $1 \
                   AND account_id IS NOT NULL";
        let mut with_balance: BTreeSet<AccountId> = BTreeSet::new();
        let mut components: BTreeMap<AccountId, Vec<Component>> = BTreeMap::new();
        for row in self.rows(sql, &[]).await? {
            let account = AccountId(row.try_get("", "account_id")?);
            self.reading = (Some(account), None);
            let (component, balance): (String, i64) =
                (row.try_get("", "component")?, row.try_get("", "balance_minor")?);
            let component = Component::from_word(&component).ok_or(LedgerFault::Inconsistent("component"))?;
            components.entry(account).or_default().push(component);
            if balance != 0 {
                with_balance.insert(account);
            }
        }
        let sql = "SELECT * FROM ledger_account WHERE tenant_id = $1 AND component = 'PRINCIPAL' ORDER BY account_id";
        for row in self.rows(sql, &[]).await? {
            let account = AccountId(row.try_get("", "account_id")?);
            self.reading = (Some(account), None);
            let told = self.told.remove(&account).unwrap_or_default();
            let empty = !with_balance.contains(&account);
            let own = components.remove(&account).unwrap_or_default();
            if let Some(missing) = Component::ALL.iter().find(|component| !own.contains(component)) {
                let what = format!("the account has no {} in the books", missing.word());
                return Err(self.differs(Some(account), None, what));
            }
            if let Some(what) = guard(&row, &told, empty)? {
                return Err(self.differs(Some(account), None, what));
            }
        }
        self.reading = (None, None);
        match self.told.iter().find(|(_, told)| told.opened) {
            None => Ok(()),
            Some((account, _)) => {
                Err(self.differs(Some(*account), None, "the event log tells of an account that is not in the books"))
            }
        }
    }
}

/// What is wrong with an account's guard.
fn guard(row: &sea_orm::QueryResult, told: &Told, empty: bool) -> Result<Option<String>, LedgerFault> {
    let (status, rule): (String, String) = (row.try_get("", "status")?, row.try_get("", "debt_rule")?);
    let rule = DebtRule::from_word(&rule).ok_or(LedgerFault::Inconsistent("debt rule of an account"))?;
    let (limit, reserved): (i64, i64) = (row.try_get("", "credit_limit_minor")?, row.try_get("", "reserved_minor")?);
    let closed_on: Option<chrono::NaiveDate> = row.try_get("", "closed_on")?;
    let expected = told.status();
    let closed = expected == AccountStatus::Closed;
    let credit_limit = Minor(limit).in_currency(journal::currency(row)?).amount.to_string();
    Ok(if !told.opened {
        Some("the event log does not tell of the account's opening".into())
    } else if status != expected.word() {
        Some(format!("the account is {status}, the event log says {}", expected.word()))
    } else if closed != closed_on.is_some() {
        Some(format!("the account is {status}, with {} closing day", if closed { "no" } else { "a" }))
    } else if closed && !(empty && reserved == 0) {
        Some("the account is CLOSED, and still has a balance or a hold".into())
    } else if limit < 0 {
        Some(format!("the credit limit of {limit} is negative"))
    } else if limit != 0 && rule == DebtRule::None {
        Some(format!("a credit limit of {limit} on an account that may not owe"))
    } else if told.credit_limit.as_deref() != Some(&credit_limit) {
        let said = told.credit_limit.as_deref().unwrap_or("nothing");
        Some(format!("the credit limit is {credit_limit}, the event log says {said}"))
    } else {
        None
    })
}
