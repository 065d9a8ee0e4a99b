//! Writes what a batch decided: one statement on PostgreSQL, a few on SQLite, however large the batch.

use chrono::NaiveDate;
use sea_orm::{DatabaseTransaction, DbBackend, DbErr, Value};

use super::books::{Books, Changes, Head};
use super::bulk::{self, Along, Bulk, Column, Mode};
use super::chart::Component;
use super::entry::{Entry, chain};
use super::order::{NewEvent, Verdict};
use super::position::Position;
use super::post::CHANNEL;
use crate::database::Kind;
use crate::primitives::{IdSource, TenantId};

const ENTRY: &[Column] = &[
    ("sequence", Kind::BigInt, false),
    ("id", Kind::Uuid, false),
    ("batch_number", Kind::BigInt, false),
    ("kind", Kind::Text, false),
    ("value_date", Kind::Date, false),
    ("booked_at_us", Kind::BigInt, false),
    ("description", Kind::Text, false),
    ("external_reference", Kind::Text, true),
    ("external_date", Kind::Date, true),
    ("external_poster", Kind::Text, true),
    ("external_code", Kind::Text, true),
    ("external_key", Kind::Text, true),
    ("idempotency_key", Kind::Text, true),
    ("reverses_id", Kind::Uuid, true),
    ("hold_id", Kind::Uuid, true),
    ("metadata", Kind::Text, false),
    ("hash", Kind::Bytes, false),
];

const POSTING: &[Column] = &[
    ("entry_sequence", Kind::BigInt, false),
    ("line", Kind::Int, false),
    ("ledger_account_id", Kind::Uuid, false),
    ("account_id", Kind::Uuid, true),
    ("amount_minor", Kind::BigInt, false),
    ("currency", Kind::Text, false),
    ("kind", Kind::Text, false),
    ("value_date", Kind::Date, false),
    ("booked_at_us", Kind::BigInt, false),
    ("account_amount_minor", Kind::BigInt, true),
    ("account_balance_after_minor", Kind::BigInt, true),
    ("message", Kind::Text, true),
];

const LEDGER_ACCOUNT: &[Column] = &[
    ("id", Kind::Uuid, false),
    ("account_id", Kind::Uuid, true),
    ("component", Kind::Text, true),
    ("role", Kind::Text, true),
    ("currency", Kind::Text, false),
    ("balance_minor", Kind::BigInt, false),
    ("status", Kind::Text, true),
    ("closed_on", Kind::Date, true),
    ("debt_rule", Kind::Text, true),
    ("repayment_order", Kind::Text, true),
    ("credit_limit_minor", Kind::BigInt, false),
    ("maximum_balance_minor", Kind::BigInt, true),
    ("reserved_minor", Kind::BigInt, false),
];

/// What changes of a row that exists: what it is never does.
const LEDGER_ACCOUNT_CHANGE: &[Column] = &[
    ("id", Kind::Uuid, false),
    ("balance_minor", Kind::BigInt, false),
    ("status", Kind::Text, true),
    ("closed_on", Kind::Date, true),
    ("credit_limit_minor", Kind::BigInt, false),
    ("reserved_minor", Kind::BigInt, false),
];

const LEDGER_ACCOUNT_UPDATE: &str = "(tenant_id, id) DO UPDATE SET balance_minor = excluded.balance_minor, \
     status = excluded.status, closed_on = excluded.closed_on, credit_limit_minor = excluded.credit_limit_minor, \
     reserved_minor = excluded.reserved_minor";

const HOLD: &[Column] = &[
    ("id", Kind::Uuid, false),
    ("account_id", Kind::Uuid, false),
    ("currency", Kind::Text, false),
    ("amount_minor", Kind::BigInt, false),
    ("captured_minor", Kind::BigInt, false),
    ("status", Kind::Text, false),
    ("description", Kind::Text, false),
    ("reference", Kind::Text, true),
    ("placed_at_us", Kind::BigInt, false),
    ("expires_at_us", Kind::BigInt, true),
    ("closed_at_us", Kind::BigInt, true),
];

const HOLD_UPDATE: &str = "(tenant_id, id) DO UPDATE SET captured_minor = excluded.captured_minor, \
     status = excluded.status, closed_at_us = excluded.closed_at_us";

const EVENT: &[Column] = &[
    ("sequence", Kind::BigInt, false),
    ("type", Kind::Text, false),
    ("occurred_at_us", Kind::BigInt, false),
    ("entry_sequence", Kind::BigInt, true),
    ("account_id", Kind::Uuid, true),
    ("customer_id", Kind::Uuid, true),
    ("payload", Kind::Text, false),
];

const IDEMPOTENCY_KEY: &[Column] = &[
    ("client", Kind::Text, false),
    ("key", Kind::Text, false),
    ("operation", Kind::Text, false),
    ("request_hash", Kind::Bytes, false),
    ("result", Kind::Text, false),
    ("created_at_us", Kind::BigInt, false),
];

const AUDITS: &str = "audit_record";
const KEYS: &str = "idempotency_key";

const AUDIT_RECORD: &[Column] = &[
    ("id", Kind::Uuid, false),
    ("occurred_at_us", Kind::BigInt, false),
    ("client", Kind::Text, false),
    ("customer_id", Kind::Uuid, true),
    ("request_id", Kind::Text, false),
    ("operation", Kind::Text, false),
    ("outcome", Kind::Text, false),
    ("code", Kind::Text, true),
    ("target", Kind::Text, true),
];

const BATCH: &[Column] = &[
    ("number", Kind::BigInt, false),
    ("first_sequence", Kind::BigInt, false),
    ("last_sequence", Kind::BigInt, false),
    ("committed_at_us", Kind::BigInt, false),
    ("previous_hash", Kind::Bytes, false),
    ("hash", Kind::Bytes, false),
];

const MOVE_HEAD: &str = "UPDATE ledger_head SET entry_sequence = $2, event_sequence = $3, batch_number = $4, \
     chain_hash = $5, closed_through = $6 WHERE tenant_id = $1";

/// The same, if it stands where it is thought to.
const MOVE_HEAD_FROM: &str = "UPDATE ledger_head SET entry_sequence = $2, event_sequence = $3, batch_number = $4, \
     chain_hash = $5, closed_through = $6 WHERE tenant_id = $1 AND entry_sequence = $7 AND event_sequence = $8 \
     AND batch_number = $9 AND chain_hash = $10 AND closed_through IS NOT DISTINCT FROM $11 \
     AND business_date IS NOT DISTINCT FROM $12 RETURNING tenant_id";

/// Whether it stands where it is thought to.
const HEAD_IS_AT: &str = "SELECT tenant_id FROM ledger_head WHERE tenant_id = $1 AND entry_sequence = $2 \
     AND event_sequence = $3 AND batch_number = $4 AND chain_hash = $5 AND closed_through IS NOT DISTINCT FROM $6 \
     AND business_date IS NOT DISTINCT FROM $7";

/// What is to be written of a batch.
#[derive(Debug)]
pub(super) struct Draft {
    tenant: TenantId,
    rows: Vec<Bulk>,
    moves: bool,
    /// The head as the batch leaves it.
    pub head: Head,
}

/// The rows of what was decided.
pub(super) fn draft(backend: DbBackend, tenant: TenantId, books: &Books, changes: &Changes, ids: &IdSource) -> Draft {
    let batch_number = books.head.batch_number + i64::from(!changes.entries.is_empty());
    let hashes: Vec<[u8; 32]> = changes.entries.iter().map(|entry| entry.digest()).collect();
    let mut entries = Bulk::new("entry", ENTRY, Mode::Insert);
    let mut postings = Bulk::new("posting", POSTING, Mode::Insert);
    for (entry, hash) in changes.entries.iter().zip(&hashes) {
        entries.row(entry_row(batch_number, entry, hash));
        posting_rows(entry, &mut postings);
    }
    let (new_accounts, changed_accounts) = ledger_accounts(books, changes, backend);
    let mut rows = vec![entries, postings, new_accounts, changed_accounts, holds(books, changes)];
    rows.extend([events(books, changes), keys(books, changes), audits(books, changes, ids)]);
    let mut chain_hash = books.head.chain_hash.clone();
    if let (Some(first), Some(last)) = (changes.entries.first(), changes.entries.last()) {
        chain_hash = chain(&books.head.chain_hash, hashes.iter().copied()).to_vec();
        let mut batch = Bulk::new("batch", BATCH, Mode::Insert);
        batch.row([
            batch_number.into(),
            first.sequence.into(),
            last.sequence.into(),
            books.now.into(),
            books.head.chain_hash.clone().into(),
            chain_hash.clone().into(),
        ]);
        rows.push(batch);
    }
    let head = Head {
        entry_sequence: books.head.entry_sequence + length(&changes.entries),
        event_sequence: books.head.event_sequence + length(&changes.events),
        batch_number,
        chain_hash,
        business_date: books.head.business_date,
        closed_through: books.head.closed_through,
    };
    Draft { tenant, rows, moves: !changes.events.is_empty(), head }
}

impl Draft {
    /// Writes it under the lock of the head, moves the head and wakes other servers.
    ///
    /// # Errors
    /// The database's.
    pub async fn write(self, tx: &DatabaseTransaction) -> Result<(), DbErr> {
        if !self.moves && !self.writes_only(&[AUDITS, KEYS]) {
            return Err(DbErr::Custom("a batch changes the books and does not move their head".into()));
        }
        let along = self.moves.then(|| Along { sql: MOVE_HEAD, values: place(&self.head) });
        let told = self.told();
        bulk::execute(tx, self.tenant.0, self.rows, along, told).await
    }

    /// Whether [`Draft::guarded`] may write it: what changes the books has to move the head, which keeps others from
    /// changing them at the same time. Audit records change nothing.
    pub fn may_be_guarded(&self) -> bool {
        self.moves || self.writes_only(&[AUDITS])
    }

    fn writes_only(&self, tables: &[&str]) -> bool {
        self.rows.iter().all(|rows| rows.is_empty() || tables.contains(&rows.table()))
    }

    /// One statement for PostgreSQL that writes it if the head stands where it was decided from, moves the head, wakes
    /// other servers, and gives a row; if the head does not, it does nothing.
    pub fn guarded(self, from: &Head, date: Option<NaiveDate>) -> (String, Vec<Value>) {
        let mut values = if self.moves { place(&self.head) } else { Vec::new() };
        values.extend([
            from.entry_sequence.into(),
            from.event_sequence.into(),
            from.batch_number.into(),
            from.chain_hash.clone().into(),
            from.closed_through.into(),
            date.into(),
        ]);
        let sql = if self.moves { MOVE_HEAD_FROM } else { HEAD_IS_AT };
        let told = self.told();
        bulk::guarded(self.tenant.0, self.rows, Along { sql, values }, told)
    }

    /// Sent with the commit, so that nobody is woken for what is not there.
    fn told(&self) -> Option<(&'static str, String)> {
        self.moves.then(|| (CHANNEL, format!("{} {}", self.tenant.0, self.head.event_sequence)))
    }
}

fn place(head: &Head) -> Vec<Value> {
    vec![
        head.entry_sequence.into(),
        head.event_sequence.into(),
        head.batch_number.into(),
        head.chain_hash.clone().into(),
        head.closed_through.into(),
    ]
}

fn length<T>(items: &[T]) -> i64 {
    i64::try_from(items.len()).unwrap_or(i64::MAX)
}

fn entry_row(batch_number: i64, entry: &Entry, hash: &[u8; 32]) -> [Value; 17] {
    let external = entry.external.as_ref();
    [
        entry.sequence.into(),
        entry.id.0.into(),
        batch_number.into(),
        entry.kind.word().into(),
        entry.value_date.into(),
        entry.booked_at.into(),
        entry.description.clone().into(),
        external.map(|external| external.reference.clone()).into(),
        external.and_then(|external| external.date).into(),
        external.and_then(|external| external.poster.clone()).into(),
        external.and_then(|external| external.code.clone()).into(),
        external.map(super::entry::ExternalReference::key).into(),
        entry.idempotency_key.clone().into(),
        entry.reverses.map(|id| id.0).into(),
        entry.hold.map(|id| id.0).into(),
        entry.metadata.clone().into(),
        hash.to_vec().into(),
    ]
}

fn posting_rows(entry: &Entry, rows: &mut Bulk) {
    for (line, posting) in (1_i32..).zip(&entry.postings) {
        rows.row([
            entry.sequence.into(),
            line.into(),
            posting.ledger_account.0.into(),
            posting.account.map(|id| id.0).into(),
            posting.amount.0.into(),
            posting.currency.code().into(),
            entry.kind.word().into(),
            entry.value_date.into(),
            entry.booked_at.into(),
            posting.total.map(|total| total.amount.0).into(),
            posting.total.map(|total| total.balance_after.0).into(),
            posting.message.clone().into(),
        ]);
    }
}

/// Rows that are new, and rows that change. One that is as it was read is not written: most entries touch one
/// component of an account.
fn ledger_accounts(books: &Books, changes: &Changes, backend: DbBackend) -> (Bulk, Bulk) {
    let postgres = backend == DbBackend::Postgres;
    let mode = if postgres { Mode::Insert } else { Mode::Upsert(LEDGER_ACCOUNT_UPDATE) };
    let mut new = Bulk::new("ledger_account", LEDGER_ACCOUNT, mode);
    let mut changed = Bulk::new("ledger_account", LEDGER_ACCOUNT_CHANGE, Mode::Update);
    for account in changes.opened.union(&changes.positions) {
        let Some(position) = books.positions.get(account) else { continue };
        // An account that was opened is inserted even if there is one: then the database says so.
        let loaded = books.loaded.positions.get(account).filter(|_| !changes.opened.contains(account));
        for component in Component::ALL {
            match loaded {
                None => new.row(new_row(position, *component)),
                Some(before) if same(before, position, *component) => {}
                Some(_) if postgres => changed.row(changed_row(position, *component)),
                Some(_) => new.row(new_row(position, *component)),
            }
        }
    }
    for key @ (role, currency) in &changes.internals {
        // One that a refused order touched stands where it stood.
        let before = books.loaded.internals.get(key);
        let Some(internal) = books.internals.get(key).filter(|now| before != Some(now)) else { continue };
        if postgres && !internal.new {
            let (status, closed_on) = (Value::String(None), Value::ChronoDate(None));
            let balance = internal.balance.into();
            changed.row([internal.id.0.into(), balance, status, closed_on, 0_i64.into(), 0_i64.into()]);
        } else {
            new.row([
                internal.id.0.into(),
                Value::Uuid(None),
                Value::String(None),
                role.word().into(),
                currency.code().into(),
                internal.balance.into(),
                Value::String(None),
                Value::ChronoDate(None),
                Value::String(None),
                Value::String(None),
                0_i64.into(),
                Value::BigInt(None),
                0_i64.into(),
            ]);
        }
    }
    (new, changed)
}

fn same(before: &Position, after: &Position, component: Component) -> bool {
    before.balances[component.index()] == after.balances[component.index()]
        && (component != Component::Principal || same_guard(before, after))
}

/// The guard stands on the PRINCIPAL row; the other components carry a balance only.
fn new_row(position: &Position, component: Component) -> [Value; 13] {
    let guard = component == Component::Principal;
    let text = |word: String| if guard { Value::from(word) } else { Value::String(None) };
    let number = |number: i64| Value::from(if guard { number } else { 0 });
    [
        position.rows[component.index()].0.into(),
        position.account.0.into(),
        component.word().into(),
        Value::String(None),
        position.currency.code().into(),
        position.balances[component.index()].0.into(),
        text(position.status.word().into()),
        Value::ChronoDate(position.closed_on.filter(|_| guard)),
        text(position.debt_rule.word().into()),
        text(position.repayment_order.to_text()),
        number(position.credit_limit.0),
        Value::BigInt(position.maximum_balance.filter(|_| guard).map(|maximum| maximum.0)),
        number(position.reserved.0),
    ]
}

fn changed_row(position: &Position, component: Component) -> [Value; 6] {
    let guard = component == Component::Principal;
    [
        position.rows[component.index()].0.into(),
        position.balances[component.index()].0.into(),
        Value::from(guard.then(|| position.status.word())),
        Value::ChronoDate(position.closed_on.filter(|_| guard)),
        (if guard { position.credit_limit.0 } else { 0 }).into(),
        (if guard { position.reserved.0 } else { 0 }).into(),
    ]
}

fn same_guard(before: &Position, after: &Position) -> bool {
    (before.status, before.credit_limit, before.reserved) == (after.status, after.credit_limit, after.reserved)
}

fn holds(books: &Books, changes: &Changes) -> Bulk {
    let mut rows = Bulk::new("hold", HOLD, Mode::Upsert(HOLD_UPDATE));
    let touched = changes.holds.iter().filter_map(|id| Some((books.loaded.holds.get(id), books.holds.get(id)?)));
    for (_, hold) in touched.filter(|(before, now)| *before != Some(now)) {
        rows.row([
            hold.id.0.into(),
            hold.account.0.into(),
            hold.currency.code().into(),
            hold.amount.0.into(),
            hold.captured.0.into(),
            hold.status.word().into(),
            hold.description.clone().into(),
            hold.reference.clone().into(),
            hold.placed_at.into(),
            hold.expires_at.into(),
            hold.closed_at.into(),
        ]);
    }
    rows
}

fn events(books: &Books, changes: &Changes) -> Bulk {
    let mut rows = Bulk::new("event", EVENT, Mode::Insert);
    for (sequence, logged) in (books.head.event_sequence + 1..).zip(&changes.events) {
        let NewEvent { type_, account, customer, payload } = &logged.event;
        rows.row([
            sequence.into(),
            (*type_).into(),
            books.now.into(),
            logged.entry_sequence.into(),
            account.map(|id| id.0).into(),
            customer.map(|id| id.0).into(),
            payload.to_string().into(),
        ]);
    }
    rows
}

fn keys(books: &Books, changes: &Changes) -> Bulk {
    let mut rows = Bulk::new(KEYS, IDEMPOTENCY_KEY, Mode::Insert);
    for key in &changes.keys {
        rows.row([
            key.client.as_ref().into(),
            key.key.clone().into(),
            key.operation.into(),
            key.request_hash.to_vec().into(),
            key.result.clone().into(),
            books.now.into(),
        ]);
    }
    rows
}

fn audits(books: &Books, changes: &Changes, ids: &IdSource) -> Bulk {
    let mut rows = Bulk::new(AUDITS, AUDIT_RECORD, Mode::Insert);
    for audit in &changes.audits {
        let (outcome, code, target) = match &audit.outcome {
            Ok(target) => ("DONE", None, Some(target.clone()).filter(|target| !target.is_empty())),
            Err(Verdict::Refused(code)) => ("REFUSED", Some(code.word().to_owned()), None),
            Err(Verdict::Denied) => ("DENIED", None, None),
        };
        rows.row([
            ids.next().into(),
            books.now.into(),
            audit.origin.client.as_ref().into(),
            audit.origin.customer.map(|id| id.0).into(),
            audit.origin.request_id.as_ref().into(),
            audit.operation.into(),
            outcome.into(),
            code.into(),
            target.into(),
        ]);
    }
    rows
}
