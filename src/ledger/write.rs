//! Writes what a batch decided: a fixed number of statements, however large the batch.

use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbErr, Statement, Value};

use super::books::{Books, Changes};
use super::bulk::{Bulk, Column, Kind, OnConflict};
use super::chart::Component;
use super::entry::{Entry, chain};
use super::order::{NewEvent, Verdict};
use super::position::Position;
use crate::primitives::{IdSource, TenantId};

const ENTRY: &[Column] = &[
    ("tenant_id", Kind::Uuid, false),
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
    ("tenant_id", Kind::Uuid, false),
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
    ("tenant_id", Kind::Uuid, false),
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

/// An existing row takes the new balance and the new guard; what it is never changes.
const LEDGER_ACCOUNT_UPDATE: &str = "(tenant_id, id) DO UPDATE SET balance_minor = excluded.balance_minor, \
     status = excluded.status, closed_on = excluded.closed_on, credit_limit_minor = excluded.credit_limit_minor, \
     reserved_minor = excluded.reserved_minor";

const HOLD: &[Column] = &[
    ("tenant_id", Kind::Uuid, false),
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
    ("tenant_id", Kind::Uuid, false),
    ("sequence", Kind::BigInt, false),
    ("type", Kind::Text, false),
    ("occurred_at_us", Kind::BigInt, false),
    ("entry_sequence", Kind::BigInt, true),
    ("account_id", Kind::Uuid, true),
    ("customer_id", Kind::Uuid, true),
    ("payload", Kind::Text, false),
];

const IDEMPOTENCY_KEY: &[Column] = &[
    ("tenant_id", Kind::Uuid, false),
    ("client", Kind::Text, false),
    ("key", Kind::Text, false),
    ("operation", Kind::Text, false),
    ("request_hash", Kind::Bytes, false),
    ("result", Kind::Text, false),
    ("created_at_us", Kind::BigInt, false),
];

const AUDIT_RECORD: &[Column] = &[
    ("tenant_id", Kind::Uuid, false),
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
    ("tenant_id", Kind::Uuid, false),
    ("number", Kind::BigInt, false),
    ("first_sequence", Kind::BigInt, false),
    ("last_sequence", Kind::BigInt, false),
    ("committed_at_us", Kind::BigInt, false),
    ("previous_hash", Kind::Bytes, false),
    ("hash", Kind::Bytes, false),
];

/// Writes the changes and moves the head. Gives the sequence of the last event.
///
/// # Errors
/// The database's.
pub(super) async fn write(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    books: &Books,
    changes: Changes,
    ids: &IdSource,
) -> Result<i64, DbErr> {
    let batch_number = books.head.batch_number + i64::from(!changes.entries.is_empty());
    let hashes: Vec<[u8; 32]> = changes.entries.iter().map(|entry| entry.digest()).collect();
    let mut entries = Bulk::new("entry", ENTRY, OnConflict::Fail);
    let mut postings = Bulk::new("posting", POSTING, OnConflict::Fail);
    for (entry, hash) in changes.entries.iter().zip(&hashes) {
        entries.row(entry_row(tenant, batch_number, entry, hash));
        posting_rows(tenant, entry, &mut postings);
    }
    entries.execute(tx).await?;
    postings.execute(tx).await?;
    ledger_accounts(tenant, books, &changes).execute(tx).await?;
    holds(tenant, books, &changes).execute(tx).await?;
    let event_sequence = books.head.event_sequence + length(&changes.events);
    events(tenant, books, &changes).execute(tx).await?;
    keys(tenant, books, &changes).execute(tx).await?;
    audits(tenant, books, &changes, ids).execute(tx).await?;
    let mut chain_hash = books.head.chain_hash.clone();
    if let (Some(first), Some(last)) = (changes.entries.first(), changes.entries.last()) {
        chain_hash = chain(&books.head.chain_hash, hashes.iter().copied()).to_vec();
        let mut batch = Bulk::new("batch", BATCH, OnConflict::Fail);
        batch.row([
            tenant.0.into(),
            batch_number.into(),
            first.sequence.into(),
            last.sequence.into(),
            books.now.into(),
            books.head.chain_hash.clone().into(),
            chain_hash.clone().into(),
        ]);
        batch.execute(tx).await?;
    }
    if event_sequence != books.head.event_sequence {
        let entry_sequence = books.head.entry_sequence + length(&changes.entries);
        let sequences = [entry_sequence, event_sequence, batch_number];
        move_head(tx, tenant, sequences, chain_hash, books.head.closed_through).await?;
    }
    Ok(event_sequence)
}

async fn move_head(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    [entry_sequence, event_sequence, batch_number]: [i64; 3],
    chain_hash: Vec<u8>,
    closed_through: Option<chrono::NaiveDate>,
) -> Result<(), DbErr> {
    let sql = "UPDATE ledger_head SET entry_sequence = $1, event_sequence = $2, batch_number = $3, chain_hash = $4, \
               closed_through = $5 WHERE tenant_id = $6";
    let values: [Value; 6] = [
        entry_sequence.into(),
        event_sequence.into(),
        batch_number.into(),
        chain_hash.into(),
        closed_through.into(),
        tenant.0.into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

fn length<T>(items: &[T]) -> i64 {
    i64::try_from(items.len()).unwrap_or(i64::MAX)
}

fn entry_row(tenant: TenantId, batch_number: i64, entry: &Entry, hash: &[u8; 32]) -> [Value; 18] {
    let external = entry.external.as_ref();
    [
        tenant.0.into(),
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

fn posting_rows(tenant: TenantId, entry: &Entry, rows: &mut Bulk) {
    for (line, posting) in (1_i32..).zip(&entry.postings) {
        rows.row([
            tenant.0.into(),
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

fn ledger_accounts(tenant: TenantId, books: &Books, changes: &Changes) -> Bulk {
    let mut rows = Bulk::new("ledger_account", LEDGER_ACCOUNT, OnConflict::Update(LEDGER_ACCOUNT_UPDATE));
    for account in changes.opened.union(&changes.positions) {
        if let Some(position) = books.positions.get(account) {
            position_rows(tenant, position, books.loaded.get(account), &mut rows);
        }
    }
    for key @ (role, currency) in &changes.internals {
        if let Some(internal) = books.internals.get(key) {
            rows.row([
                tenant.0.into(),
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
    rows
}

/// The guard stands on the PRINCIPAL row; the other components carry a balance only. A row that is as it
/// was when it was locked is not written: most entries touch one component of an account.
fn position_rows(tenant: TenantId, position: &Position, loaded: Option<&Position>, rows: &mut Bulk) {
    for component in Component::ALL {
        let guard = *component == Component::Principal;
        let same_balance =
            |before: &Position| before.balances[component.index()] == position.balances[component.index()];
        if loaded.is_some_and(|before| same_balance(before) && (!guard || same_guard(before, position))) {
            continue;
        }
        let text = |word: String| if guard { Value::from(word) } else { Value::String(None) };
        let number = |number: i64| Value::from(if guard { number } else { 0 });
        rows.row([
            tenant.0.into(),
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
        ]);
    }
}

fn same_guard(before: &Position, after: &Position) -> bool {
    (before.status, before.credit_limit, before.reserved) == (after.status, after.credit_limit, after.reserved)
}

fn holds(tenant: TenantId, books: &Books, changes: &Changes) -> Bulk {
    let mut rows = Bulk::new("hold", HOLD, OnConflict::Update(HOLD_UPDATE));
    for hold in changes.holds.iter().filter_map(|id| books.holds.get(id)) {
        rows.row([
            tenant.0.into(),
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

fn events(tenant: TenantId, books: &Books, changes: &Changes) -> Bulk {
    let mut rows = Bulk::new("event", EVENT, OnConflict::Fail);
    for (sequence, logged) in (books.head.event_sequence + 1..).zip(&changes.events) {
        let NewEvent { type_, account, customer, payload } = &logged.event;
        rows.row([
            tenant.0.into(),
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

fn keys(tenant: TenantId, books: &Books, changes: &Changes) -> Bulk {
    let mut rows = Bulk::new("idempotency_key", IDEMPOTENCY_KEY, OnConflict::Fail);
    for key in &changes.keys {
        rows.row([
            tenant.0.into(),
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

fn audits(tenant: TenantId, books: &Books, changes: &Changes, ids: &IdSource) -> Bulk {
    let mut rows = Bulk::new("audit_record", AUDIT_RECORD, OnConflict::Fail);
    for audit in &changes.audits {
        let (outcome, code, target) = match &audit.outcome {
            Ok(target) => ("DONE", None, Some(target.clone()).filter(|target| !target.is_empty())),
            Err(Verdict::Refused(code)) => ("REFUSED", Some(code.word().to_owned()), None),
            Err(Verdict::Denied) => ("DENIED", None, None),
        };
        rows.row([
            tenant.0.into(),
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
