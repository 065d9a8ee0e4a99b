//! The log of events, entries in their places, and what it tells of the books.

use std::cmp::Ordering;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, QueryResult};
use serde_json::Value as Json;
use uuid::Uuid;

use super::entries::Logged;
use super::{Replay, VerifyError, WINDOW};
use crate::ledger::chart::Component;
use crate::ledger::event::{self, EventType};
use crate::ledger::hold::HoldStatus;
use crate::ledger::position::{AccountStatus, DebtRule, Position};
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, HoldId, Minor};

/// What the event log tells of an account.
#[derive(Default)]
pub(super) struct Told {
    opened: bool,
    closure_requested: bool,
    closed: bool,
    currency: Option<String>,
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

    fn hear(&mut self, type_: EventType, payload: &Json) {
        self.closure_requested |= type_ == event::ACCOUNT_CLOSURE_REQUESTED;
        self.closed |= type_ == event::ACCOUNT_CLOSED;
        if type_ == event::ACCOUNT_OPENED {
            self.opened = true;
            self.currency = payload["currency"].as_str().map(str::to_owned);
        }
        let tells_limit =
            [event::ACCOUNT_OPENED, event::ACCOUNT_CREDIT_LIMIT_LOWERED, event::ACCOUNT_CREDIT_LIMIT_RAISED]
                .contains(&type_);
        if tells_limit {
            self.credit_limit = payload["creditLimit"].as_str().map(str::to_owned);
        }
    }
}

/// What the event log tells of a hold.
pub(super) struct ToldHold {
    pub account: AccountId,
    /// As placed, or raised or reduced last, with the currency.
    pub amount: String,
    pub status: String,
    pub placed_at: Micros,
    pub closed_at: Option<Micros>,
}

/// A row of the log.
struct Event {
    sequence: i64,
    command: i64,
    occurred_at: Micros,
    word: String,
    /// If it is one of the books' own.
    type_: Option<EventType>,
    subject: String,
    account: Option<AccountId>,
    payload: Json,
}

/// How far the log was heard.
#[derive(Default)]
struct Heard {
    last: i64,
    /// The command that told or booked it.
    command: i64,
    entries: usize,
}

impl<C: ConnectionTrait> Replay<'_, C> {
    /// The event log; gives its last event.
    pub(super) async fn events(&mut self) -> Result<i64, VerifyError> {
        let head: i64 = self.head().await?.try_get("", "event_sequence")?;
        let mut heard = Heard::default();
        let mut read = i64::MIN;
        loop {
            let sql = "SELECT sequence, command_sequence, type, occurred_at_us, subject, account_id, payload FROM event \
                       WHERE tenant_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
            let rows = self.rows(sql, &[read, WINDOW]).await?;
            for row in &rows {
                let event = self.event(row)?;
                read = event.sequence;
                self.entries_until(&mut heard, event.sequence)?;
                match event.sequence.cmp(&(heard.last + 1)) {
                    Ordering::Equal => self.hear(&mut heard, &event)?,
                    Ordering::Less => {
                        let what = format!("event {} has no place in the log", event.sequence);
                        return Err(self.differs(event.account, None, what));
                    }
                    Ordering::Greater => {
                        let what = format!("the event log has a gap: event {} is missing", heard.last + 1);
                        return Err(self.differs(None, None, what));
                    }
                }
            }
            if rows.is_empty() {
                break;
            }
        }
        self.reading = (None, None);
        self.entries_until(&mut heard, i64::MAX)?;
        if let Some(Logged { event, .. }) = self.logged.get(heard.entries) {
            let what = format!("the event log has a gap: event {} is missing, before {event}", heard.last + 1);
            return Err(self.differs(None, None, what));
        }
        if heard.last != head {
            let what = format!("the event log has {} events, the head says {head}", heard.last);
            return Err(self.differs(None, None, what));
        }
        Ok(heard.last)
    }

    /// The entries that stand in the log next, up to an event.
    fn entries_until(&self, heard: &mut Heard, event: i64) -> Result<(), VerifyError> {
        while let Some(entry) = self.logged.get(heard.entries)
            && entry.event == heard.last + 1
            && entry.event <= event
        {
            if entry.command < heard.command {
                let what = "the entry stands in the log behind what a later command has told";
                return Err(self.differs(None, Some(entry.sequence), what));
            }
            if let Some(closed) = self.closed_through.filter(|closed| entry.value_date <= *closed) {
                let what = format!("the entry is valued in a period that was closed before, through {closed}");
                return Err(self.differs(None, Some(entry.sequence), what));
            }
            *heard = Heard { last: entry.event, command: entry.command, entries: heard.entries + 1 };
        }
        Ok(())
    }

    fn event(&mut self, row: &QueryResult) -> Result<Event, VerifyError> {
        let account: Option<Uuid> = row.try_get("", "account_id")?;
        let account = account.map(AccountId);
        self.reading = (account, None);
        let sequence: i64 = row.try_get("", "sequence")?;
        let (word, payload): (String, String) = (row.try_get("", "type")?, row.try_get("", "payload")?);
        let Some(payload) = serde_json::from_str::<Json>(&payload).ok().filter(Json::is_object) else {
            let what = format!("the payload of event {sequence} is not a JSON object");
            return Err(self.differs(account, None, what));
        };
        Ok(Event {
            sequence,
            command: row.try_get("", "command_sequence")?,
            occurred_at: row.try_get("", "occurred_at_us")?,
            type_: event::TYPES.iter().copied().find(|type_| type_.word() == word),
            word,
            subject: row.try_get("", "subject")?,
            account,
            payload,
        })
    }

    fn hear(&mut self, heard: &mut Heard, event: &Event) -> Result<(), VerifyError> {
        let fault = self.is_of_command(event.command, event.occurred_at).err().or_else(|| {
            (event.command < heard.command).then(|| "it stands behind what a later command has done".into())
        });
        if let Some(fault) = fault.or_else(|| self.is_told_wrongly(event)) {
            let what = format!("event {} is {}: {fault}", event.sequence, event.word);
            return Err(self.differs(event.account, None, what));
        }
        *heard = Heard { last: event.sequence, command: event.command, entries: heard.entries };
        let Some(type_) = event.type_ else { return Ok(()) };
        if type_ == event::PERIOD_CLOSED {
            self.closed_through = through(event);
        }
        let Some(account) = event.account else { return Ok(()) };
        self.told.entry(account).or_default().hear(type_, &event.payload);
        self.hear_of_hold(account, type_, event);
        Ok(())
    }

    /// What is wrong with an event of the books' own: what it has to name, and in which order.
    fn is_told_wrongly(&self, event: &Event) -> Option<String> {
        let type_ = event.type_?;
        if type_ == event::ENTRY_POSTED {
            return Some("an entry is its own event".into());
        }
        if type_ == event::PERIOD_CLOSED {
            let later = through(event).is_some_and(|day| self.closed_through.is_none_or(|closed| day > closed));
            let own = event.subject == self.tenant.to_string();
            return (!later || !own).then(|| "its day is none or was closed before, or it is another tenant's".into());
        }
        let Some(account) = event.account else { return Some("it names no account".into()) };
        let own = if is_of_hold(type_) {
            let Some(hold) = hold_of(event) else { return Some("it names no hold".into()) };
            hold.to_string()
        } else {
            account.to_string()
        };
        (event.subject != own).then(|| "it is about something else than it names".into())
    }

    fn hear_of_hold(&mut self, account: AccountId, type_: EventType, event: &Event) {
        if !is_of_hold(type_) {
            return;
        }
        let text = |name: &str| event.payload[name].as_str().unwrap_or_default();
        let Some(id) = hold_of(event) else { return };
        let status = text("status").to_owned();
        if type_ == event::HOLD_PLACED {
            let amount = format!("{} {}", text("amount"), text("currency"));
            let placed_at = event.occurred_at;
            self.told_holds.insert(id, ToldHold { account, amount, status, placed_at, closed_at: None });
        } else if let Some(told) = self.told_holds.get_mut(&id) {
            told.closed_at = (status != HoldStatus::Open.word()).then_some(event.occurred_at);
            told.status = status;
            if [event::HOLD_RAISED, event::HOLD_REDUCED].contains(&type_) {
                told.amount = format!("{} {}", text("holdAmount"), text("currency"));
            }
        }
    }

    /// The guards of the accounts against what the event log tells of them.
    pub(super) fn positions_as_told(&mut self) -> Result<(), VerifyError> {
        for (account, position) in &self.positions {
            let told = self.told.remove(account).unwrap_or_default();
            if let Some(what) = guard(position, &told) {
                return Err(self.differs(Some(*account), None, what));
            }
        }
        match self.told.iter().find(|(_, told)| told.opened) {
            None => Ok(()),
            Some((account, _)) => {
                Err(self.differs(Some(*account), None, "the event log tells of an account that is not in the books"))
            }
        }
    }

    /// The last closed day.
    pub(super) async fn periods_as_told(&self) -> Result<(), VerifyError> {
        let closed: Option<NaiveDate> = self.head().await?.try_get("", "closed_through")?;
        if closed == self.closed_through {
            return Ok(());
        }
        let shown = |day: Option<NaiveDate>| day.map_or("no day".into(), |day| day.to_string());
        let what = format!(
            "the books are closed through {}, the event log says {}",
            shown(closed),
            shown(self.closed_through)
        );
        Err(self.differs(None, None, what))
    }
}

fn is_of_hold(type_: EventType) -> bool {
    let change = [event::HOLD_RAISED, event::HOLD_REDUCED, event::HOLD_CAPTURED].contains(&type_);
    change || [event::HOLD_PLACED, event::HOLD_RELEASED, event::HOLD_EXPIRED].contains(&type_)
}

fn hold_of(event: &Event) -> Option<HoldId> {
    event.payload["hold"].as_str().and_then(|id| id.parse().ok())
}

fn through(event: &Event) -> Option<NaiveDate> {
    event.payload["through"].as_str().and_then(|day| day.parse().ok())
}

/// What is wrong with an account's guard.
fn guard(position: &Position, told: &Told) -> Option<String> {
    let (status, expected) = (position.status.word(), told.status());
    let closed = expected == AccountStatus::Closed;
    let is_empty = Component::ALL.iter().all(|component| position.balances[component.index()] == Minor::ZERO);
    let limit = position.credit_limit.0;
    let credit_limit = position.credit_limit.in_currency(position.currency).amount.to_string();
    if !told.opened {
        Some("the event log does not tell of the account's opening".into())
    } else if told.currency.as_deref() != Some(position.currency.code()) {
        let said = told.currency.as_deref().unwrap_or("nothing");
        Some(format!("the account is kept in {}, the event log says {said}", position.currency))
    } else if position.status != expected {
        Some(format!("the account is {status}, the event log says {}", expected.word()))
    } else if closed != position.closed_on.is_some() {
        Some(format!("the account is {status}, with {} closing day", if closed { "no" } else { "a" }))
    } else if closed && !(is_empty && position.reserved == Minor::ZERO) {
        Some("the account is CLOSED, and still has a balance or a hold".into())
    } else if limit < 0 {
        Some(format!("the credit limit of {limit} is negative"))
    } else if limit != 0 && position.debt_rule == DebtRule::None {
        Some(format!("a credit limit of {limit} on an account that may not owe"))
    } else if told.credit_limit.as_deref() != Some(&credit_limit) {
        let said = told.credit_limit.as_deref().unwrap_or("nothing");
        Some(format!("the credit limit is {credit_limit}, the event log says {said}"))
    } else {
        None
    }
}
