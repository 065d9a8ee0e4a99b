//! Decisions over the locked books. Pure: rows in, rows out, and nothing half done in between.
//!
//! Orders are decided one after the other, each on what its forerunners left. Whatever an order did before
//! it was refused is undone from an undo log, so that a refused order leaves its neighbours alone, and a
//! refused order of an all-or-nothing submission takes exactly its own submission with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use serde_json::json;

use super::books::{Audit, Books, Changes, Internal, KeyUse, LoggedEvent, Remembered};
use super::chart::{Component, InternalRole};
use super::entry::{AccountTotal, Draft, Entry, Leg, Posting, Side, Spread, TransactionKind};
use super::hold::{Hold, HoldStatus};
use super::order::{Action, Applied, NewEvent, NewHold, Order, Outcome, Submission, Verdict};
use super::position::{Position, Split};
use super::refusal::Refusal;
use crate::primitives::{AccountId, Currency, EntryId, HoldId, IdSource, LedgerAccountId, Minor};

/// How far from the business date a value date may lie: ten years back, one year ahead.
const VALUE_DATE_DAYS_BACK: u64 = 3_660;
const VALUE_DATE_DAYS_AHEAD: u64 = 366;

enum Undo {
    Position(AccountId, Option<Box<Position>>),
    Internal((InternalRole, Currency), Option<Internal>),
    Hold(HoldId, Option<Box<Hold>>),
    External(String),
    Reversed(EntryId),
    Key((Arc<str>, String)),
    ClosedThrough(Option<NaiveDate>),
}

struct Mark {
    undo: usize,
    entries: usize,
    events: usize,
    keys: usize,
}

/// A batch being decided.
pub struct Decider<'a> {
    books: &'a mut Books,
    ids: &'a IdSource,
    changes: Changes,
    undo: Vec<Undo>,
}

impl<'a> Decider<'a> {
    /// Begins on locked books.
    pub fn new(books: &'a mut Books, ids: &'a IdSource) -> Self {
        Self { books, ids, changes: Changes::default(), undo: Vec::new() }
    }

    /// Decides one submission; an answer per order.
    pub fn submission(&mut self, submission: &Submission) -> Vec<Outcome> {
        let start = self.mark();
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(submission.orders.len());
        for order in &submission.orders {
            let mark = self.mark();
            let outcome = self.order(order);
            if outcome.is_err() {
                self.roll_back(&mark);
            }
            outcomes.push(outcome);
        }
        if submission.atomic && outcomes.iter().any(Result::is_err) {
            self.roll_back(&start);
            for outcome in &mut outcomes {
                if outcome.is_ok() {
                    *outcome = Err(Refusal::BatchRefused);
                }
            }
        }
        for (order, outcome) in submission.orders.iter().zip(&outcomes) {
            let outcome = match (&order.action, outcome) {
                (Action::TurnedAway(verdict), _) => Err(*verdict),
                (_, Ok(applied)) => Ok(applied.result.clone()),
                (_, Err(refusal)) => Err(Verdict::Refused(refusal.code())),
            };
            self.changes.audits.push(Audit { origin: order.origin.clone(), operation: order.operation, outcome });
        }
        outcomes
    }

    /// What was decided. Ids that were touched and then undone are written again as they were.
    pub fn finish(self) -> Changes {
        self.changes
    }

    fn mark(&self) -> Mark {
        Mark {
            undo: self.undo.len(),
            entries: self.changes.entries.len(),
            events: self.changes.events.len(),
            keys: self.changes.keys.len(),
        }
    }

    fn roll_back(&mut self, mark: &Mark) {
        self.changes.entries.truncate(mark.entries);
        self.changes.events.truncate(mark.events);
        self.changes.keys.truncate(mark.keys);
        for undo in self.undo.drain(mark.undo..).rev() {
            match undo {
                Undo::Position(id, Some(before)) => {
                    self.books.positions.insert(id, *before);
                }
                Undo::Position(id, None) => {
                    self.books.positions.remove(&id);
                    self.changes.opened.remove(&id);
                    self.changes.positions.remove(&id);
                }
                Undo::Internal(key, Some(before)) => {
                    self.books.internals.insert(key, before);
                }
                Undo::Internal(key, None) => {
                    self.books.internals.remove(&key);
                    self.changes.internals.remove(&key);
                }
                Undo::Hold(id, Some(before)) => {
                    self.books.holds.insert(id, *before);
                }
                Undo::Hold(id, None) => {
                    self.books.holds.remove(&id);
                    self.changes.holds.remove(&id);
                }
                Undo::External(key) => {
                    self.books.externals.remove(&key);
                }
                Undo::Reversed(id) => {
                    self.books.reversed.remove(&id);
                }
                Undo::ClosedThrough(before) => self.books.head.closed_through = before,
                Undo::Key(key) => {
                    self.books.keys.remove(&key);
                }
            }
        }
    }

    fn order(&mut self, order: &Order) -> Outcome {
        if let Some(replay) = self.replay(order)? {
            return Ok(replay);
        }
        let accounts = order.action.accounts();
        let mut applied = self.action(order)?;
        if let Some(result) = &order.result {
            applied.result.clone_from(result);
        }
        for event in &order.events {
            self.log(None, event.clone());
        }
        for account in accounts {
            self.close_if_nothing_holds_it_back(account)?;
        }
        self.remember(order, &applied.result);
        Ok(applied)
    }

    fn replay(&self, order: &Order) -> Result<Option<Applied>, Refusal> {
        let Some(idempotency) = &order.idempotency else { return Ok(None) };
        match self.books.keys.get(&(order.origin.client.clone(), idempotency.key.clone())) {
            None => Ok(None),
            Some(first) if first.request_hash != idempotency.request_hash => Err(Refusal::KeyReused),
            Some(first) => Ok(Some(Applied { result: first.result.clone(), entry: None, hold: None, replayed: true })),
        }
    }

    fn remember(&mut self, order: &Order, result: &str) {
        let Some(idempotency) = &order.idempotency else { return };
        let key = (order.origin.client.clone(), idempotency.key.clone());
        let remembered = Remembered { request_hash: idempotency.request_hash.to_vec(), result: result.to_owned() };
        self.books.keys.insert(key.clone(), remembered);
        self.undo.push(Undo::Key(key));
        self.changes.keys.push(KeyUse {
            client: order.origin.client.clone(),
            key: idempotency.key.clone(),
            operation: order.operation,
            request_hash: idempotency.request_hash,
            result: result.to_owned(),
        });
    }

    fn action(&mut self, order: &Order) -> Outcome {
        let key = order.idempotency.as_ref().map(|idempotency| idempotency.key.clone());
        match &order.action {
            Action::Post(draft) => self.post(draft, None, key).map(|entry| booked(entry, None)),
            Action::Reverse { original, description, metadata } => {
                self.reverse(original, description, metadata, key).map(|entry| booked(entry, None))
            }
            Action::PlaceHold(hold) => self.place(hold),
            Action::CaptureHold { hold, account, amount, to } => self.capture(*hold, *account, *amount, to, key),
            Action::EndHold { hold, account, expired } => self.end_hold(*hold, *account, *expired),
            Action::Open(position) => Ok(self.open(position)),
            Action::LowerCreditLimit(account, to) => {
                self.change_position(*account, |position| position.lower_credit_limit(*to))?;
                let position = self.position(*account)?;
                let limit = position.credit_limit.in_currency(position.currency).amount.to_string();
                self.log_account("account.credit_limit_lowered", *account, json!({ "creditLimit": limit }));
                Ok(of_account(*account))
            }
            Action::RequestClosure(account) => {
                self.change_position(*account, Position::request_closure)?;
                self.log_account("account.closure_requested", *account, json!({}));
                Ok(of_account(*account))
            }
            Action::Close(account) => {
                let today = self.books.head.business_date;
                self.change_position(*account, |position| position.close(today))?;
                self.log_account("account.closed", *account, json!({}));
                Ok(of_account(*account))
            }
            Action::ClosePeriod(through) => self.close_period(*through),
            Action::Record | Action::TurnedAway(_) => {
                Ok(Applied { result: String::new(), entry: None, hold: None, replayed: false })
            }
        }
    }

    /// Closes the books through a day: forward only, and never a day that is not over.
    fn close_period(&mut self, through: NaiveDate) -> Outcome {
        let head = &mut self.books.head;
        if let Some(closed_through) = head.closed_through.filter(|closed| through <= *closed) {
            return Err(Refusal::PeriodClosed { closed_through });
        }
        if through >= head.business_date {
            let latest = head.business_date - Days::new(1);
            let earliest = head.closed_through.map_or(NaiveDate::MIN, |closed| closed + Days::new(1));
            return Err(Refusal::ValueDateOutOfRange {
                earliest: earliest.max(latest - Days::new(VALUE_DATE_DAYS_BACK)),
                latest,
            });
        }
        self.undo.push(Undo::ClosedThrough(head.closed_through));
        head.closed_through = Some(through);
        let payload = json!({ "through": through.to_string() });
        self.log(None, NewEvent { type_: "period.closed", account: None, customer: None, payload });
        Ok(Applied { result: through.to_string(), entry: None, hold: None, replayed: false })
    }

    fn open(&mut self, position: &Position) -> Applied {
        let account = position.account;
        self.undo.push(Undo::Position(account, None));
        self.books.positions.insert(account, position.clone());
        self.changes.opened.insert(account);
        let limit = position.credit_limit.in_currency(position.currency);
        let payload = json!({ "creditLimit": limit.amount.to_string(), "currency": limit.currency.code() });
        self.log_account("account.opened", account, payload);
        of_account(account)
    }

    fn close_if_nothing_holds_it_back(&mut self, account: AccountId) -> Result<(), Refusal> {
        if self.position(account)?.can_close_itself() {
            let today = self.books.head.business_date;
            self.change_position(account, |position| position.close(today))?;
            self.log_account("account.closed", account, json!({}));
        }
        Ok(())
    }

    fn post(&mut self, draft: &Draft, hold: Option<HoldId>, key: Option<String>) -> Result<Arc<Entry>, Refusal> {
        for account in draft.accounts() {
            self.position(account)?;
        }
        if let Some(external) = &draft.external {
            self.take_external(external.key())?;
        }
        for leg in draft.legs() {
            let (Leg::Account { amount, .. } | Leg::Internal { amount, .. }) = leg;
            let netting = matches!(leg, Leg::Account { spread: Spread::Settle, .. });
            if (amount.0 == 0 && !netting) || amount.0.unsigned_abs() > Minor::LARGEST.unsigned_abs() {
                return Err(Refusal::AmountOutOfRange);
            }
        }
        let value_date = self.value_date(draft.value_date)?;
        let mut accounts: Vec<AccountId> = draft.accounts().collect();
        accounts.sort_unstable();
        if accounts.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Refusal::SameAccount);
        }
        for account in &accounts {
            if self.position(*account)?.currency != draft.currency {
                return Err(Refusal::CurrencyMismatch(*account));
            }
        }
        for account in &accounts {
            self.position(*account)?.require_not_closed()?;
        }
        let mut postings = Vec::with_capacity(draft.legs().len());
        // Debits first: a refusal for lack of funds comes before one for a limit of the receiver.
        for leg in draft.legs() {
            match leg {
                Leg::Internal { role, amount } => postings.push(self.internal(*role, draft.currency, *amount)?),
                Leg::Account { account, amount, spread, message } => {
                    let split = self.position(*account)?.spread(*amount, *spread)?;
                    if split.iter().map(|part| part.0).sum::<i64>() != amount.0 {
                        return Err(Refusal::Unbalanced);
                    }
                    self.account_lines(*account, &split, message.clone(), &mut postings)?;
                }
            }
        }
        self.book(Entry {
            sequence: 0,
            id: EntryId(self.ids.next()),
            kind: draft.kind,
            value_date,
            booked_at: self.books.now,
            description: draft.description.clone(),
            external: draft.external.clone(),
            idempotency_key: key,
            reverses: None,
            hold,
            metadata: draft.metadata.clone(),
            postings,
        })
    }

    fn reverse(
        &mut self,
        original: &Entry,
        description: &str,
        metadata: &str,
        key: Option<String>,
    ) -> Result<Arc<Entry>, Refusal> {
        for account in original.postings.iter().filter_map(|line| line.account) {
            self.position(account)?;
        }
        if original.kind == TransactionKind::Reversal {
            return Err(Refusal::ReversalOfReversal);
        }
        if let Some(by) = self.books.reversed.get(&original.id) {
            return Err(Refusal::AlreadyReversed { by: *by });
        }
        let value_date = self.value_date(None)?;
        let mut postings = Vec::with_capacity(original.postings.len());
        let mut mirrored: BTreeMap<AccountId, Split> = BTreeMap::new();
        for line in &original.postings {
            match line.account {
                Some(account) => {
                    let position = self.position(account)?;
                    let place = position.rows.iter().position(|row| *row == line.ledger_account);
                    let index = place.ok_or(Refusal::AccountNotFound(account))?;
                    mirrored.entry(account).or_default()[index].0 -= line.amount.0;
                }
                None => postings.push(self.internal_row(line.ledger_account, line.currency, line.amount.negated())?),
            }
        }
        for account in mirrored.keys() {
            self.position(*account)?.require_not_closed()?;
        }
        // Debits first, as for other entries: funds come before limits.
        let mut mirrored: Vec<(AccountId, Split)> = mirrored.into_iter().collect();
        mirrored.sort_by_key(|(_, split)| split.iter().map(|part| part.0).sum::<i64>());
        for (account, split) in mirrored {
            self.position(account)?.admit_reversal(&split)?;
            self.account_lines(account, &split, None, &mut postings)?;
        }
        let id = EntryId(self.ids.next());
        self.books.reversed.insert(original.id, id);
        self.undo.push(Undo::Reversed(original.id));
        self.book(Entry {
            sequence: 0,
            id,
            kind: TransactionKind::Reversal,
            value_date,
            booked_at: self.books.now,
            description: description.to_owned(),
            external: None,
            idempotency_key: key,
            reverses: Some(original.id),
            hold: None,
            metadata: metadata.to_owned(),
            postings,
        })
    }

    fn place(&mut self, new: &NewHold) -> Outcome {
        let position = self.position(new.account)?;
        if new.amount.0 <= 0 {
            return Err(Refusal::AmountOutOfRange);
        }
        if position.currency != new.currency {
            return Err(Refusal::CurrencyMismatch(new.account));
        }
        self.change_position(new.account, |position| position.reserve(new.amount))?;
        let hold = Hold {
            id: HoldId(self.ids.next()),
            account: new.account,
            currency: new.currency,
            amount: new.amount,
            captured: Minor::ZERO,
            status: HoldStatus::Open,
            description: new.description.clone(),
            reference: new.reference.clone(),
            placed_at: self.books.now,
            expires_at: new.expires_at,
            closed_at: None,
        };
        self.keep_hold(hold.clone(), "hold.placed", new.amount);
        Ok(of_hold(hold))
    }

    fn capture(
        &mut self,
        id: HoldId,
        account: AccountId,
        amount: Option<Minor>,
        to: &Side,
        key: Option<String>,
    ) -> Outcome {
        let mut hold = self.hold(id, account)?;
        if let Side::Account(to, ..) = to {
            self.position(*to)?;
        }
        let amount = hold.capture(amount, self.books.now)?;
        self.change_position(account, |position| {
            position.reserved = Minor(position.reserved.0 - amount.0);
            Ok(())
        })?;
        let from = Side::Account(account, Spread::Reserved, None);
        let draft = Draft::new(TransactionKind::Purchase, hold.currency, hold.description.clone());
        let entry = self.post(&draft.moving(from, to.clone(), amount), Some(id), key)?;
        self.keep_hold(hold.clone(), "hold.captured", amount);
        Ok(booked(entry, Some(hold)))
    }

    fn end_hold(&mut self, id: HoldId, account: AccountId, expired: bool) -> Outcome {
        let mut hold = self.hold(id, account)?;
        let (status, event) =
            if expired { (HoldStatus::Expired, "hold.expired") } else { (HoldStatus::Released, "hold.released") };
        let freed = hold.end(status, self.books.now)?;
        self.change_position(account, |position| {
            position.reserved = Minor(position.reserved.0 - freed.0);
            Ok(())
        })?;
        self.keep_hold(hold.clone(), event, freed);
        Ok(of_hold(hold))
    }

    fn keep_hold(&mut self, hold: Hold, event: &'static str, amount: Minor) {
        let before = self.books.holds.get(&hold.id).cloned().map(Box::new);
        self.undo.push(Undo::Hold(hold.id, before));
        self.changes.holds.insert(hold.id);
        let amount = amount.in_currency(hold.currency);
        let payload = json!({
            "hold": hold.id.to_string(),
            "amount": amount.amount.to_string(),
            "currency": amount.currency.code(),
            "status": hold.status.word(),
        });
        self.log_account(event, hold.account, payload);
        self.books.holds.insert(hold.id, hold);
    }

    fn hold(&self, id: HoldId, account: AccountId) -> Result<Hold, Refusal> {
        self.position(account)?;
        let hold = self.books.holds.get(&id).filter(|hold| hold.account == account);
        hold.cloned().ok_or(Refusal::HoldNotFound)
    }

    fn position(&self, account: AccountId) -> Result<&Position, Refusal> {
        self.books.positions.get(&account).ok_or(Refusal::AccountNotFound(account))
    }

    fn change_position(
        &mut self,
        account: AccountId,
        change: impl FnOnce(&mut Position) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let position = self.books.positions.get_mut(&account).ok_or(Refusal::AccountNotFound(account))?;
        let before = position.clone();
        change(position)?;
        self.undo.push(Undo::Position(account, Some(Box::new(before))));
        self.changes.positions.insert(account);
        Ok(())
    }

    fn account_lines(
        &mut self,
        account: AccountId,
        split: &Split,
        message: Option<String>,
        postings: &mut Vec<Posting>,
    ) -> Result<(), Refusal> {
        self.change_position(account, |position| {
            position.apply(split);
            Ok(())
        })?;
        let position = self.position(account)?;
        let amount = Minor(split.iter().map(|part| part.0).sum());
        let mut total = Some(AccountTotal { amount, balance_after: position.balance() });
        let mut message = message;
        for component in Component::ALL {
            let part = split[component.index()];
            if part != Minor::ZERO {
                postings.push(Posting {
                    ledger_account: position.rows[component.index()],
                    account: Some(account),
                    amount: part,
                    currency: position.currency,
                    total: total.take(),
                    message: message.take(),
                });
            }
        }
        Ok(())
    }

    fn internal(&mut self, role: InternalRole, currency: Currency, amount: Minor) -> Result<Posting, Refusal> {
        let key = (role, currency);
        let before = self.books.internals.get(&key).copied();
        let internal =
            before.unwrap_or_else(|| Internal { id: LedgerAccountId(self.ids.next()), balance: 0, new: true });
        let balance = internal.balance.checked_add(amount.0).ok_or(Refusal::AmountOutOfRange)?;
        self.undo.push(Undo::Internal(key, before));
        self.books.internals.insert(key, Internal { balance, ..internal });
        self.changes.internals.insert(key);
        Ok(Posting { ledger_account: internal.id, account: None, amount, currency, total: None, message: None })
    }

    fn internal_row(&mut self, row: LedgerAccountId, currency: Currency, amount: Minor) -> Result<Posting, Refusal> {
        let role = self.books.internals.iter().find(|(_, internal)| internal.id == row).map(|((role, _), _)| *role);
        self.internal(role.ok_or(Refusal::Unbalanced)?, currency, amount)
    }

    fn take_external(&mut self, key: String) -> Result<(), Refusal> {
        if !self.books.externals.insert(key.clone()) {
            return Err(Refusal::DuplicateExternalReference);
        }
        self.undo.push(Undo::External(key));
        Ok(())
    }

    fn value_date(&self, wanted: Option<NaiveDate>) -> Result<NaiveDate, Refusal> {
        let head = &self.books.head;
        let date = wanted.unwrap_or(head.business_date);
        let earliest = head.business_date - Days::new(VALUE_DATE_DAYS_BACK);
        let latest = head.business_date + Days::new(VALUE_DATE_DAYS_AHEAD);
        if let Some(closed_through) = head.closed_through.filter(|closed| date <= *closed) {
            return Err(Refusal::PeriodClosed { closed_through });
        }
        if date < earliest || date > latest {
            return Err(Refusal::ValueDateOutOfRange { earliest, latest });
        }
        Ok(date)
    }

    fn book(&mut self, mut entry: Entry) -> Result<Arc<Entry>, Refusal> {
        let count = i64::try_from(self.changes.entries.len()).map_err(|_| Refusal::AmountOutOfRange)?;
        entry.sequence = self.books.head.entry_sequence + count + 1;
        let entry = entry.checked()?;
        self.changes.entries.push(entry.clone());
        let event = NewEvent { type_: "entry.posted", account: None, customer: None, payload: json!({}) };
        self.log(Some(entry.sequence), event);
        Ok(entry)
    }

    fn log(&mut self, entry_sequence: Option<i64>, event: NewEvent) {
        self.changes.events.push(LoggedEvent { entry_sequence, event });
    }

    fn log_account(&mut self, type_: &'static str, account: AccountId, payload: serde_json::Value) {
        self.log(None, NewEvent { type_, account: Some(account), customer: None, payload });
    }
}

fn booked(entry: Arc<Entry>, hold: Option<Hold>) -> Applied {
    Applied { result: entry.id.to_string(), entry: Some(entry), hold, replayed: false }
}

fn of_account(account: AccountId) -> Applied {
    Applied { result: account.to_string(), entry: None, hold: None, replayed: false }
}

fn of_hold(hold: Hold) -> Applied {
    Applied { result: hold.id.to_string(), entry: None, hold: Some(hold), replayed: false }
}
