//! The history of anything that has an id: the commands that touched it, newest first.
//!
//! What a command did to a thing is in the log: its events about the thing, and for an account and an entry what was
//! booked. Log and commands rise together, so the place of a command's first trace in the log is the item's key, and a page
//! is read from the indexes that the log has already: of subjects, of accounts, of an account's postings.

use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

use super::{Event, store};
use crate::ledger::LedgerFault;
use crate::ledger::audit::{self, AuditRecord};
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, ApprovalRulesId, EntryId, TenantId};

/// Whose history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryOf {
    /// An account's: its events, and what was booked on it.
    Account(AccountId),
    /// An entry's: itself, and what reverses it.
    Entry(EntryId),
    /// The tenant's own: its settings, its clock, its periods, and the rules of what waits for a second person.
    Tenant(TenantId),
    /// That of anything else, by its id.
    Thing(String),
}

/// Which part of a history.
#[derive(Clone, Debug, Default)]
pub struct HistoryFilter {
    /// At or after.
    pub from: Option<Micros>,
    /// Before.
    pub before: Option<Micros>,
    /// Only these operations; all when empty.
    pub operations: Vec<String>,
    /// Only what was done in this request.
    pub group: Option<String>,
    /// Only these commands, by their place in the audit trail; all when empty.
    pub commands: Vec<i64>,
}

/// A command that touched the thing.
#[derive(Clone, Debug)]
pub struct HistoryItem {
    /// The place in the log of the first that it did to it: the item's place in the history.
    pub place: i64,
    /// Who did it, and when.
    pub record: AuditRecord,
    /// What it did to the thing, in order.
    pub events: Vec<Event>,
}

/// A trace that a command left on the thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Trace {
    place: i64,
    command: i64,
}

/// The parts of the log that a history is put together of, each newest first.
struct Parts {
    backend: DbBackend,
    binds: Vec<Value>,
    parts: Vec<String>,
}

/// Where a part reads from, and what its columns are called there.
struct Source<'a> {
    from: &'a str,
    row: &'a str,
    place: &'a str,
    at: &'a str,
    order: &'a str,
}

const EVENTS: Source<'static> =
    Source { from: "event l", row: "l", place: "l.sequence", at: "l.occurred_at_us", order: "l.sequence" };
const ENTRIES: Source<'static> =
    Source { from: "entry l", row: "l", place: "l.event_sequence", at: "l.booked_at_us", order: "l.sequence" };
const POSTINGS: Source<'static> = Source {
    from: "posting p JOIN entry l ON l.tenant_id = p.tenant_id AND l.sequence = p.entry_sequence",
    row: "p",
    place: "l.event_sequence",
    at: "p.booked_at_us",
    order: "p.entry_sequence",
};

impl Parts {
    fn bind(&mut self, value: Value) -> String {
        self.binds.push(value);
        format!("${}", self.binds.len())
    }

    /// What holds for all parts, with the names of one.
    fn add(&mut self, source: &Source<'_>, which: &str, filter: &HistoryFilter, below: Option<i64>, limit: u64) {
        let Source { from, row, place, at, order } = *source;
        let mut from = from.to_owned();
        let mut conditions = format!("{row}.tenant_id = $1 AND {which}");
        if !filter.operations.is_empty() || filter.group.is_some() {
            from.push_str(" JOIN command c ON c.tenant_id = l.tenant_id AND c.sequence = l.command_sequence");
            if !filter.operations.is_empty() {
                let operations: Vec<String> =
                    filter.operations.iter().map(|operation| self.bind(operation.as_str().into())).collect();
                conditions.push_str(&format!(" AND c.operation IN ({})", operations.join(", ")));
            }
            if let Some(group) = &filter.group {
                let group = self.bind(group.as_str().into());
                conditions.push_str(&format!(" AND c.request_id = {group}"));
            }
        }
        if !filter.commands.is_empty() {
            let commands: Vec<String> = filter.commands.iter().map(ToString::to_string).collect();
            conditions.push_str(&format!(" AND l.command_sequence IN ({})", commands.join(", ")));
        }
        if let Some(moment) = filter.from {
            let moment = self.bind(moment.into());
            conditions.push_str(&format!(" AND {at} >= {moment}"));
        }
        if let Some(moment) = filter.before {
            let moment = self.bind(moment.into());
            conditions.push_str(&format!(" AND {at} < {moment}"));
        }
        if let Some(below) = below {
            let below = self.bind(below.into());
            // Entries are found by their own sequence, which rises with their place in the log.
            conditions.push_str(&match order == place {
                true => format!(" AND {place} < {below}"),
                false => format!(
                    " AND {order} <= COALESCE((SELECT n.sequence FROM entry n WHERE n.tenant_id = $1 AND \
                     n.event_sequence < {below} ORDER BY n.event_sequence DESC LIMIT 1), 0)"
                ),
            });
        }
        self.parts.push(format!(
            "SELECT * FROM (SELECT {place} AS place, l.command_sequence AS command_sequence FROM {from} WHERE {conditions} \
             ORDER BY {order} DESC LIMIT {limit}) AS part{}",
            self.parts.len()
        ));
    }

    /// The events of the thing's documents: these are about the document.
    fn add_documents(&mut self, of: &str, filter: &HistoryFilter, below: Option<i64>, limit: u64) {
        let subject = match self.backend {
            DbBackend::Postgres => "'doc_' || replace(CAST(d.id AS text), '-', '')",
            _ => "'doc_' || lower(hex(d.id))",
        };
        let from = format!("document d JOIN event l ON l.tenant_id = d.tenant_id AND l.subject = {subject}");
        let which = format!("d.subject = {of}");
        self.add(&Source { from: &from, row: "d", ..EVENTS }, &which, filter, below, limit);
    }
}

/// What was done to a thing, newest first: at most so many items, beyond a place.
///
/// # Errors
/// [`LedgerFault`].
pub async fn page(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    of: &HistoryOf,
    filter: &HistoryFilter,
    after: Option<i64>,
    limit: u64,
) -> Result<Vec<HistoryItem>, LedgerFault> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut found, mut below): (Vec<Trace>, Option<i64>) = (Vec::new(), after);
    loop {
        // A command leaves more than one trace at times: what was asked for may take another round.
        let chunk = traces(db, tenant, of, filter, below, 2 * limit).await?;
        let is_last = chunk.len() < 2 * most;
        below = chunk.last().map(|trace| trace.place).or(below);
        found.extend(chunk);
        let commands = found.chunk_by(|one, other| one.command == other.command).count();
        // The last of them may go on, so it has to be one more than is asked for.
        if is_last || commands > most {
            break;
        }
    }
    let items: Vec<&[Trace]> = found.chunk_by(|one, other| one.command == other.command).take(most).collect();
    let commands: Vec<i64> = items.iter().filter_map(|traces| traces.first()).map(|trace| trace.command).collect();
    let places: Vec<i64> = items.iter().flat_map(|traces| traces.iter().map(|trace| trace.place)).collect();
    let mut records = audit::records_by_sequence(db, tenant, &commands).await?;
    let mut events = store::at(db, tenant, &places).await?.into_iter().rev().peekable();
    let mut history = Vec::with_capacity(items.len());
    for traces in items {
        let [.., first] = traces else { continue };
        let record = records.remove(&first.command).ok_or(LedgerFault::Inconsistent("command of an event"))?;
        let mut own = Vec::with_capacity(traces.len());
        while let Some(event) = events.next_if(|event| event.command == first.command) {
            own.push(event);
        }
        own.reverse();
        history.push(HistoryItem { place: first.place, record, events: own });
    }
    Ok(history)
}

/// Whether a command touched a thing. What it did stays done, so the answer holds for ever.
///
/// # Errors
/// [`LedgerFault`].
pub async fn touches(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    of: &HistoryOf,
    command: i64,
) -> Result<bool, LedgerFault> {
    let Some(record) = audit::records_by_sequence(db, tenant, &[command]).await?.remove(&command) else {
        return Ok(false);
    };
    // Of the same moment are the commands of one batch, or of a few: no more than these is looked through.
    let filter = HistoryFilter {
        from: Some(record.occurred_at),
        before: Some(record.occurred_at.saturating_add(1)),
        operations: vec![record.operation],
        group: Some(record.request_id),
        commands: Vec::new(),
    };
    let mut below = None;
    loop {
        let chunk = traces(db, tenant, of, &filter, below, 1_000).await?;
        if chunk.iter().any(|trace| trace.command == command) {
            return Ok(true);
        }
        match chunk.last() {
            Some(last) if chunk.len() == 1_000 => below = Some(last.place),
            _ => return Ok(false),
        }
    }
}

async fn traces(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    of: &HistoryOf,
    filter: &HistoryFilter,
    below: Option<i64>,
    limit: u64,
) -> Result<Vec<Trace>, LedgerFault> {
    let backend = db.get_database_backend();
    let mut parts = Parts { backend, binds: vec![tenant.0.into()], parts: Vec::new() };
    match of {
        HistoryOf::Account(account) => {
            let id = parts.bind(account.0.into());
            parts.add(&EVENTS, &format!("l.account_id = {id}"), filter, below, limit);
            let which = format!("p.account_id = {id} AND p.account_amount_minor IS NOT NULL");
            parts.add(&POSTINGS, &which, filter, below, limit);
        }
        HistoryOf::Entry(entry) => {
            let id = parts.bind(entry.0.into());
            let subject = parts.bind(entry.to_string().into());
            parts.add(&ENTRIES, &format!("l.id = {id}"), filter, below, limit);
            parts.add(&ENTRIES, &format!("l.reverses_id = {id}"), filter, below, limit);
            parts.add_documents(&subject, filter, below, limit);
        }
        HistoryOf::Tenant(tenant) => {
            for subject in [tenant.to_string(), ApprovalRulesId(tenant.0).to_string()] {
                let subject = parts.bind(subject.into());
                parts.add(&EVENTS, &format!("l.subject = {subject}"), filter, below, limit);
            }
        }
        HistoryOf::Thing(thing) => {
            let subject = parts.bind(thing.as_str().into());
            parts.add(&EVENTS, &format!("l.subject = {subject}"), filter, below, limit);
            parts.add_documents(&subject, filter, below, limit);
        }
    }
    let Parts { binds, parts, .. } = parts;
    let sql = format!(
        "SELECT place, command_sequence FROM ({}) AS traces ORDER BY place DESC LIMIT {limit}",
        parts.join(" UNION ALL ")
    );
    let rows = db.query_all_raw(Statement::from_sql_and_values(backend, sql, binds)).await?;
    let trace = |row: &sea_orm::QueryResult| {
        Ok(Trace { place: row.try_get("", "place")?, command: row.try_get("", "command_sequence")? })
    };
    rows.iter().map(trace).collect()
}
