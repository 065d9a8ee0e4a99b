//! What a batch writes: one statement on PostgreSQL, a few on SQLite, however large it is.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use sea_orm::{DatabaseTransaction, DbErr, Value};
use uuid::Uuid;

use super::bulk::{self, Along, Bulk, Mode};
use super::cache::Slot;
use super::head::Head;
use super::row::{Column, Table};
use super::unit::{Ended, Record, Told, Work};
use crate::database::Kind;
use crate::ledger::entry::{self, Entry, chain};
use crate::ledger::journal;
use crate::primitives::TenantId;

/// The channel on which servers that share a PostgreSQL wake each other.
pub const CHANNEL: &str = "konto_events";

const COMMAND: [Column; 11] = [
    column("sequence", Kind::BigInt, false),
    column("occurred_at_us", Kind::BigInt, false),
    column("client", Kind::Text, false),
    column("customer_id", Kind::Uuid, true),
    column("request_id", Kind::Text, false),
    column("operation", Kind::Text, false),
    column("outcome", Kind::Text, false),
    column("code", Kind::Text, true),
    column("target", Kind::Text, true),
    column("key", Kind::Text, true),
    column("request_hash", Kind::Bytes, true),
];

const EVENT: [Column; 8] = [
    column("sequence", Kind::BigInt, false),
    column("command_sequence", Kind::BigInt, false),
    column("type", Kind::Text, false),
    column("occurred_at_us", Kind::BigInt, false),
    column("subject", Kind::Text, false),
    column("account_id", Kind::Uuid, true),
    column("customer_id", Kind::Uuid, true),
    column("payload", Kind::Text, false),
];

const BATCH: [Column; 6] = [
    column("number", Kind::BigInt, false),
    column("first_sequence", Kind::BigInt, false),
    column("last_sequence", Kind::BigInt, false),
    column("committed_at_us", Kind::BigInt, false),
    column("previous_hash", Kind::Bytes, false),
    column("hash", Kind::Bytes, false),
];

const fn column(name: &'static str, kind: Kind, nullable: bool) -> Column {
    Column { name, kind, nullable }
}

/// Moves the head: what every batch moves, and what hardly any does.
const MOVE_HEAD: &str = "UPDATE ledger_head SET command_sequence = $2, entry_sequence = $3, event_sequence = $4, \
     batch_number = $5, last_booked_us = $6, chain_hash = $7";
const MOVE_DAY: &str = ", business_date = $8, day_ends_us = $9, day_open = $10, day_done = $11, clock_ahead_us = $12, \
     settings = $13, closed_through = $14";

/// The order of a batch's tables.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// What is new, then what changes, table by table.
    Forward(Table, u8),
    /// What goes, the last table first.
    Backward(Reverse<Table>),
}

/// What is to be written of a batch.
#[derive(Debug)]
pub(super) struct Draft {
    tenant: TenantId,
    rows: Vec<Bulk>,
    from: Head,
    /// The head as the batch leaves it.
    pub head: Head,
}

impl Work {
    /// The rows of what was decided.
    pub(super) fn draft(&mut self) -> Draft {
        let from = self.head_before.take().unwrap_or_else(|| self.head.clone());
        let hashes: Vec<[u8; 32]> = self.entries.iter().map(|entry| entry.digest()).collect();
        let head = self.head_after(&hashes);
        let mut entries = Bulk::new("entry", journal::ENTRY.to_vec(), Mode::Insert);
        let mut postings = Bulk::new("posting", journal::POSTING.to_vec(), Mode::Insert);
        for (entry, hash) in self.entries.iter().zip(&hashes) {
            entries.row(entry_row(head.batch_number, entry, hash));
            posting_rows(entry, &mut postings);
        }
        let mut rows = self.changed_rows();
        rows.extend([entries, postings, events(&self.told, self.now), self.commands()]);
        if let (Some(first), Some(last)) = (self.entries.first(), self.entries.last()) {
            let mut batch = Bulk::new("batch", BATCH.to_vec(), Mode::Insert);
            batch.row([
                head.batch_number.into(),
                first.sequence.into(),
                last.sequence.into(),
                self.now.into(),
                from.chain_hash.clone().into(),
                head.chain_hash.clone().into(),
            ]);
            rows.push(batch);
        }
        Draft { tenant: self.tenant, rows, from, head }
    }

    /// The head behind what was decided, whose entries have these digests.
    pub(super) fn head_after(&self, hashes: &[[u8; 32]]) -> Head {
        let from = &self.head;
        let chain_hash = match hashes {
            [] => from.chain_hash.clone(),
            hashes => chain(&from.chain_hash, hashes.iter().copied()).to_vec(),
        };
        Head {
            command_sequence: from.command_sequence + length(&self.records),
            entry_sequence: from.entry_sequence + length(&self.entries),
            event_sequence: from.event_sequence + length(&self.entries) + length(&self.told),
            batch_number: from.batch_number + i64::from(!hashes.is_empty()),
            last_booked: self.now,
            chain_hash,
            business_date: Some(self.day.date),
            day_ends: Some(self.day.ends),
            ..from.clone()
        }
    }

    /// Rows that are new, changed or gone. One that a refused command has touched stands as it stood, and is not written.
    fn changed_rows(&mut self) -> Vec<Bulk> {
        let mut tables: BTreeMap<Place, Bulk> = BTreeMap::new();
        let touched: Vec<((Table, Uuid), Slot)> = std::mem::take(&mut self.before).into_iter().collect();
        for ((table, id), before) in touched {
            let now = self.cache.row(table, id).cloned().flatten();
            let Some(row) = now.as_ref().or(before.as_ref()) else { continue };
            let (shape, key) = (row.shape(), row.shape().key);
            let mode = match (&before, &now) {
                (None, Some(_)) => (0, Mode::Insert),
                (Some(before), Some(now)) if before.says(&**now) => continue,
                (Some(_), Some(_)) => (1, Mode::Change(key())),
                _ => (2, Mode::Remove(key())),
            };
            let columns = || match mode.1 {
                Mode::Remove(key) => vec![Column { name: key, kind: Kind::Uuid, nullable: false }],
                _ => (shape.columns)(),
            };
            let bulk = || Bulk::new((shape.name)(), columns(), mode.1).changing(shape.changes);
            // What refers to a row comes after it, and goes before it.
            let place = match mode.0 {
                2 => Place::Backward(Reverse(table)),
                order => Place::Forward(table, order),
            };
            let rows = tables.entry(place).or_insert_with(bulk);
            match mode.1 {
                Mode::Remove(_) => rows.row([id.into()]),
                _ => rows.row(row.values(self.tenant)),
            }
        }
        tables.into_values().collect()
    }

    fn commands(&self) -> Bulk {
        let mut rows = Bulk::new("command", COMMAND.to_vec(), Mode::Insert);
        for (sequence, record) in (self.head.command_sequence + 1..).zip(&self.records) {
            let Record { origin, operation, ended, key } = record;
            let (outcome, code, target) = match ended {
                Ended::Done(target) => ("DONE", None, Some(target.clone()).filter(|target| !target.is_empty())),
                Ended::Replayed(target) => ("REPLAYED", None, Some(target.clone())),
                Ended::Refused(code) => ("REFUSED", Some(code.word()), None),
                Ended::Denied => ("DENIED", None, None),
            };
            rows.row([
                sequence.into(),
                self.now.into(),
                origin.client.as_ref().into(),
                origin.customer.map(|id| id.0).into(),
                origin.request_id.as_ref().into(),
                (*operation).into(),
                outcome.into(),
                code.into(),
                target.into(),
                key.as_ref().map(|key| key.key.clone()).into(),
                key.as_ref().map(|key| key.request_hash.to_vec()).into(),
            ]);
        }
        rows
    }
}

impl Draft {
    /// Writes it in a transaction that nobody else can write beside, and moves the head.
    ///
    /// # Errors
    /// The database's.
    pub async fn write(self, tx: &DatabaseTransaction) -> Result<(), DbErr> {
        let (sql, values) = self.moves();
        let along = Along { sql: format!("{sql} WHERE tenant_id = $1"), values };
        let told = self.tells();
        bulk::execute(tx, self.tenant.0, self.rows, Some(along), told).await
    }

    /// One statement for PostgreSQL that writes it if the head stands where it was decided from, moves the head, wakes
    /// other servers, and gives a row; if the head does not, it does nothing. Everybody who writes moves the number of
    /// commands, so no more has to be compared than that, who may write, and what an operator may set by hand.
    pub fn guarded(self) -> (String, Vec<Value>) {
        let (sql, mut values) = self.moves();
        let next = values.len() + 2;
        values.extend([self.from.command_sequence.into(), self.from.epoch.into(), self.from.business_date.into()]);
        let sql = format!(
            "{sql} WHERE tenant_id = $1 AND command_sequence = ${next} AND epoch = ${} \
             AND business_date IS NOT DISTINCT FROM ${} RETURNING tenant_id",
            next + 1,
            next + 2
        );
        let told = self.tells();
        bulk::guarded(self.tenant.0, self.rows, Along { sql, values }, told)
    }

    /// How the head moves, and to where.
    fn moves(&self) -> (String, Vec<Value>) {
        let Self { head, from, .. } = self;
        let mut values = vec![
            head.command_sequence.into(),
            head.entry_sequence.into(),
            head.event_sequence.into(),
            head.batch_number.into(),
            head.last_booked.into(),
            head.chain_hash.clone().into(),
        ];
        let day = |head: &Head| {
            let Head { business_date, day_ends, day_open, day_done, clock_ahead, closed_through, .. } = head;
            (*business_date, *day_ends, *day_open, *day_done, *clock_ahead, *closed_through)
        };
        if day(head) == day(from) && head.settings == from.settings {
            return (MOVE_HEAD.to_owned(), values);
        }
        values.extend([
            head.business_date.into(),
            head.day_ends.into(),
            head.day_open.into(),
            head.day_done.into(),
            head.clock_ahead.into(),
            head.settings.to_text().into(),
            head.closed_through.into(),
        ]);
        (format!("{MOVE_HEAD}{MOVE_DAY}"), values)
    }

    /// Sent with the commit, so that nobody is woken for what is not there.
    fn tells(&self) -> Option<(&'static str, String)> {
        let moves = self.head.event_sequence != self.from.event_sequence;
        moves.then(|| (CHANNEL, format!("{} {}", self.tenant.0, self.head.event_sequence)))
    }
}

fn length<T>(items: &[T]) -> i64 {
    i64::try_from(items.len()).unwrap_or(i64::MAX)
}

fn entry_row(batch_number: i64, entry: &Entry, hash: &[u8; 32]) -> [Value; 24] {
    let external = entry.external.as_ref();
    [
        entry.sequence.into(),
        entry.id.0.into(),
        entry.event_sequence.into(),
        entry.command.into(),
        batch_number.into(),
        entry.kind.word().into(),
        entry.value_date.into(),
        entry.business_date.into(),
        entry.transaction_date.into(),
        entry.booked_at.into(),
        entry.description.clone().into(),
        external.map(|external| external.reference.clone()).into(),
        external.and_then(|external| external.date).into(),
        external.and_then(|external| external.poster.clone()).into(),
        external.and_then(|external| external.code.clone()).into(),
        external.map(entry::ExternalReference::key).into(),
        entry.reverses.map(|id| id.0).into(),
        entry.hold.map(|id| id.0).into(),
        entry.facts.clone().into(),
        entry.personal.clone().into(),
        entry.seal.and_then(|seal| seal.salt).map(|salt| salt.to_vec()).into(),
        entry.seal.map(|seal| seal.hash.to_vec()).into(),
        entry.metadata.clone().into(),
        hash.to_vec().into(),
    ]
}

fn posting_rows(entry: &Entry, rows: &mut Bulk) {
    for (line, posting) in (1_i32..).zip(&entry.postings) {
        let internal = posting.account.is_none().then_some(posting.ledger_account.0);
        rows.row([
            entry.sequence.into(),
            line.into(),
            posting.account.map(|id| id.0).into(),
            posting.component().map(|component| component.word()).into(),
            internal.into(),
            posting.amount.0.into(),
            posting.currency.code().into(),
            entry.kind.word().into(),
            entry.value_date.into(),
            entry.booked_at.into(),
            entry.authorised_on().into(),
            posting.total.map(|total| total.amount.0).into(),
            posting.total.map(|total| total.balance_after.0).into(),
            posting.message.clone().into(),
        ]);
    }
}

fn events(told: &[Told], now: i64) -> Bulk {
    let mut rows = Bulk::new("event", EVENT.to_vec(), Mode::Insert);
    for Told { sequence, command, event } in told {
        rows.row([
            (*sequence).into(),
            (*command).into(),
            event.type_.word().into(),
            now.into(),
            event.subject.clone().into(),
            event.account.map(|id| id.0).into(),
            event.customer.map(|id| id.0).into(),
            event.payload.to_string().into(),
        ]);
    }
    rows
}
