//! Loads what a batch misses: of all tables in one statement, together with the head that it belongs to.
//!
//! Rows of several tables come as one union whose columns are places of a type (`u1`, `t3`, ...): each part says which of
//! its columns stands in which place. The head is read beside them, in the same snapshot; whoever decides on them makes
//! sure that the head still stands there when it writes, so nothing is locked.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sea_orm::{DbBackend, QueryResult, Value};
use uuid::Uuid;

use super::cache::{KeyOf, Remembered, SetKey, Slot, Wants};
use super::head::Head;
use super::row::{AnyRow, Column, Shape};
use super::settings::Settings;
use super::unit::Work;
use crate::database::{Kind, Listed, listed};
use crate::ledger::journal;
use crate::ledger::{Entry, LedgerFault};
use crate::primitives::{EntryId, TenantId};

/// The types of places, with the letters that name them.
const PLACES: [(Kind, char); 7] = [
    (Kind::Uuid, 'u'),
    (Kind::Text, 't'),
    (Kind::BigInt, 'i'),
    (Kind::Int, 'n'),
    (Kind::Date, 'd'),
    (Kind::Bytes, 'b'),
    (Kind::Bool, 'o'),
];

const HEAD: &[Column] = &[
    column("epoch", Kind::BigInt),
    column("command_sequence", Kind::BigInt),
    column("entry_sequence", Kind::BigInt),
    column("event_sequence", Kind::BigInt),
    column("batch_number", Kind::BigInt),
    column("last_booked_us", Kind::BigInt),
    column("chain_hash", Kind::Bytes),
    column("business_date", Kind::Date),
    column("day_ends_us", Kind::BigInt),
    column("day_open", Kind::Date),
    column("day_done", Kind::Date),
    column("clock_ahead_us", Kind::BigInt),
    column("settings", Kind::Text),
    column("closed_through", Kind::Date),
];

const KEY: &[Column] = &[
    column("client", Kind::Text),
    column("customer_id", Kind::Uuid),
    column("key", Kind::Text),
    column("request_hash", Kind::Bytes),
    column("target", Kind::Text),
    column("sequence", Kind::BigInt),
];

const EXTERNAL: &[Column] = &[column("external_key", Kind::Text), column("id", Kind::Uuid)];

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, nullable: true }
}

/// What came of a load.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub head: Head,
    rows: Vec<Arc<dyn AnyRow>>,
    keys: HashMap<KeyOf, Remembered>,
    externals: BTreeMap<String, EntryId>,
    entries: BTreeMap<EntryId, Entry>,
}

/// One SELECT of the union.
struct Part {
    columns: Vec<Column>,
    /// The columns' alias, and everything behind the list of columns.
    alias: &'static str,
    from: String,
    what: What,
}

/// What a part's rows are.
enum What {
    Head,
    Rows(Shape),
    Key,
    External,
    Entry,
    Posting,
}

/// The statement that loads what is wanted.
pub(super) struct Load {
    parts: Vec<Part>,
    binds: Vec<Value>,
    backend: DbBackend,
    tenant: TenantId,
}

impl Load {
    /// Of a tenant's rows.
    pub fn new(backend: DbBackend, tenant: TenantId, wants: &Wants) -> Self {
        let mut load = Self { parts: Vec::new(), binds: vec![tenant.0.into()], backend, tenant };
        let from = "ledger_head AS found WHERE tenant_id = $1".to_owned();
        load.parts.push(Part { columns: HEAD.to_vec(), alias: "found", from, what: What::Head });
        for (shape, ids) in wants.rows.values() {
            let ids = ids.iter().map(|id| (*id).into()).collect();
            load.rows(*shape, (shape.key)(), Kind::Uuid, ids, "");
        }
        for ((_, column), (shape, keys)) in &wants.uniques {
            let keys = keys.iter().map(|key| key.as_str().into()).collect();
            load.rows(*shape, column, Kind::Text, keys, "");
        }
        for set in wants.sets.values() {
            let owners = set.owners.iter().map(|id| (*id).into()).collect();
            load.rows(set.shape, set.owner, Kind::Uuid, owners, set.condition);
        }
        load.keys(wants);
        if !wants.externals.is_empty() {
            let keys = wants.externals.iter().map(|key| key.as_str().into()).collect();
            let from = load.listed("entry", "external_key", Kind::Text, keys);
            load.parts.push(Part { columns: EXTERNAL.to_vec(), alias: "found", from, what: What::External });
        }
        load.entries(wants);
        load
    }

    fn listed(&mut self, table: &str, by: &str, kind: Kind, values: Vec<Value>) -> String {
        let (Listed { from, condition }, values) =
            listed(self.backend, (table, "found"), by, self.binds.len() + 1, kind, values);
        self.binds.push(values);
        format!("{from} WHERE {condition}")
    }

    fn rows(&mut self, shape: Shape, by: &str, kind: Kind, values: Vec<Value>, condition: &str) {
        let mut from = self.listed((shape.name)(), by, kind, values);
        if !condition.is_empty() {
            from.push_str(&format!(" AND ({condition})"));
        }
        self.parts.push(Part { columns: (shape.columns)(), alias: "found", from, what: What::Rows(shape) });
    }

    fn keys(&mut self, wants: &Wants) {
        let (bound, free): (Vec<&KeyOf>, Vec<&KeyOf>) =
            wants.keys.iter().partition(|(_, customer, _)| customer.is_some());
        for (keys, of_customers) in [(free, false), (bound, true)] {
            if keys.is_empty() {
                continue;
            }
            let from = self.used_keys(&keys, of_customers);
            self.parts.push(Part { columns: KEY.to_vec(), alias: "found", from, what: What::Key });
        }
    }

    /// Commands by client and key, and by customer where they were asked for with a customer's token.
    fn used_keys(&mut self, keys: &[&KeyOf], of_customers: bool) -> String {
        let number = self.binds.len() + 1;
        if self.backend == DbBackend::Postgres {
            let texts = |text: fn(&KeyOf) -> &str| Kind::Text.array(keys.iter().map(|key| text(key).into()).collect());
            let customers = keys.iter().map(|key| key.1.unwrap_or_default().into()).collect();
            self.binds.extend([texts(|key| &key.0), texts(|key| &key.2), Kind::Uuid.array(customers)]);
            let whose = if of_customers { "customer_id = wanted.customer" } else { "customer_id IS NULL" };
            return format!(
                "UNNEST(${number}::text[], ${}::text[], ${}::uuid[]) AS wanted (client, key, customer) CROSS JOIN LATERAL \
                 (SELECT * FROM command WHERE tenant_id = $1 AND client = wanted.client AND key = wanted.key AND {whose} \
                 OFFSET 0) AS found",
                number + 1,
                number + 2,
            );
        }
        let list = keys.iter().map(|(client, customer, key)| {
            let customer = customer.map(|customer| customer.simple().to_string());
            serde_json::json!([client, key, customer])
        });
        self.binds.push(serde_json::Value::Array(list.collect()).to_string().into());
        let whose = match of_customers {
            true => "found.customer_id = unhex(json_extract(wanted.value, '$[2]'))",
            false => "found.customer_id IS NULL",
        };
        format!(
            "json_each(${number}) AS wanted CROSS JOIN command AS found ON found.tenant_id = $1 \
             AND found.client = json_extract(wanted.value, '$[0]') AND found.key = json_extract(wanted.value, '$[1]') \
             AND {whose}"
        )
    }

    fn entries(&mut self, wants: &Wants) {
        if wants.entries.is_empty() {
            return;
        }
        let ids: Vec<Value> = wants.entries.iter().map(|id| id.0.into()).collect();
        let from = self.listed("entry", "id", Kind::Uuid, ids);
        // The lines of what the same list finds.
        let found = from.clone();
        self.parts.push(Part { columns: journal::ENTRY.to_vec(), alias: "found", from, what: What::Entry });
        let lines = match self.backend {
            DbBackend::Postgres => format!(
                "(SELECT found.sequence FROM {found}) AS e CROSS JOIN LATERAL (SELECT * FROM posting \
                 WHERE tenant_id = $1 AND entry_sequence = e.sequence OFFSET 0) AS line"
            ),
            _ => format!(
                "(SELECT found.sequence FROM {found}) AS e CROSS JOIN posting AS line ON line.tenant_id = $1 \
                 AND line.entry_sequence = e.sequence"
            ),
        };
        self.parts.push(Part { columns: journal::POSTING.to_vec(), alias: "line", from: lines, what: What::Posting });
    }

    /// The text and its values.
    pub fn statement(&self) -> (String, Vec<Value>) {
        let widths: Vec<usize> = PLACES
            .iter()
            .map(|(kind, _)| {
                let of_part = |part: &Part| part.columns.iter().filter(|column| column.kind == *kind).count();
                self.parts.iter().map(of_part).max().unwrap_or(0)
            })
            .collect();
        let postgres = self.backend == DbBackend::Postgres;
        let selects: Vec<String> = self
            .parts
            .iter()
            .enumerate()
            .map(|(number, part)| {
                let mut list = vec![format!("{number} AS part")];
                for ((kind, letter), width) in PLACES.iter().zip(&widths) {
                    let mut columns = part.columns.iter().filter(|column| column.kind == *kind);
                    for place in 0..*width {
                        list.push(match columns.next() {
                            Some(column) => format!("{}.{} AS {letter}{place}", part.alias, column.name),
                            None if postgres => format!("CAST(NULL AS {}) AS {letter}{place}", kind.postgres()),
                            None => format!("NULL AS {letter}{place}"),
                        });
                    }
                }
                format!("SELECT {} FROM {}", list.join(", "), part.from)
            })
            .collect();
        (selects.join(" UNION ALL "), self.binds.clone())
    }

    /// What the rows say.
    pub fn read(&self, rows: &[QueryResult]) -> Result<Loaded, LedgerFault> {
        let mut loaded = Loaded::default();
        let (mut head, mut lines) = (None, BTreeMap::<i64, BTreeMap<i32, _>>::new());
        for row in rows {
            let number: i32 = row.try_get("", "part")?;
            let part = usize::try_from(number).ok().and_then(|number| self.parts.get(number));
            let part = part.ok_or(LedgerFault::Inconsistent("part of a union"))?;
            let values = values(row, &part.columns)?;
            match &part.what {
                What::Head => head = Some(self::head(values)?),
                What::Rows(shape) => loaded.rows.push((shape.read)(self.tenant, values)?),
                What::Key => {
                    let (key, remembered) = remembered(values)?;
                    loaded.keys.insert(key, remembered);
                }
                What::External => {
                    let [external, id] = array(values)?;
                    if let (Some(external), Some(id)) = (text(external), uuid(id)) {
                        loaded.externals.insert(external, EntryId(id));
                    }
                }
                What::Entry => {
                    let entry = journal::entry_of(values)?;
                    loaded.entries.insert(entry.id, entry);
                }
                What::Posting => {
                    let (sequence, line, posting) = journal::posting_of(values)?;
                    lines.entry(sequence).or_default().insert(line, posting);
                }
            }
        }
        for entry in loaded.entries.values_mut() {
            entry.postings = lines.remove(&entry.sequence).unwrap_or_default().into_values().collect();
        }
        loaded.head = head.ok_or(LedgerFault::Inconsistent("a tenant without a head"))?;
        Ok(loaded)
    }
}

impl Work {
    /// Takes over what was loaded, and that the rest of what was wanted does not exist.
    pub(super) fn take_over(&mut self, wants: &Wants, loaded: Loaded) -> Result<(), LedgerFault> {
        // By their ids: a row that was wanted for itself as well comes more than once.
        let mut sets: HashMap<SetKey, BTreeMap<Uuid, Arc<dyn AnyRow>>> = HashMap::new();
        for row in &loaded.rows {
            for (name, owner) in row.owners() {
                sets.entry((row.shape().table, name, owner)).or_default().insert(row.key(), row.clone());
            }
        }
        let mut names: HashMap<(super::cache::IndexKey, String), Uuid> = HashMap::new();
        for row in &loaded.rows {
            names.extend(row.unique_keys().into_iter().map(|(index, key)| ((index.key(), key.to_owned()), row.key())));
        }
        for row in loaded.rows {
            // One that this batch has changed, or was known before, is known better.
            if self.cache.row(row.shape().table, row.key()).is_none() {
                self.cache.keep(row);
            }
        }
        for (table, (_, ids)) in &wants.rows {
            for id in ids {
                if self.cache.row(*table, *id).is_none() {
                    self.cache.set_row(*table, *id, Some(None as Slot));
                }
            }
        }
        for (index, (_, keys)) in &wants.uniques {
            for key in keys {
                let name = (*index, key.clone());
                let found = names.get(&name).copied();
                self.cache.know_unique(name, found);
            }
        }
        for ((table, name), wanted) in &wants.sets {
            for owner in &wanted.owners {
                let key = (*table, *name, *owner);
                let mut rows: Vec<_> = sets.remove(&key).unwrap_or_default().into_values().collect();
                if rows.len() > wanted.bound {
                    return Err(LedgerFault::Inconsistent("a set that is larger than it may be"));
                }
                (wanted.sort)(&mut rows, name);
                self.cache.set_set(key, Some(rows.iter().map(|row| row.key()).collect()));
            }
        }
        let mut keys = loaded.keys;
        for key in &wants.keys {
            if !self.cache.keys.knows(key) {
                let known = keys.remove(key);
                self.cache.keys.put(key.clone(), known);
            }
        }
        for external in &wants.externals {
            if !self.cache.externals.knows(external) {
                self.cache.externals.put(external.clone(), loaded.externals.get(external).copied());
            }
        }
        let mut entries = loaded.entries;
        for id in &wants.entries {
            if !self.cache.entries.knows(id) {
                self.cache.entries.put(*id, entries.remove(id).map(Arc::new));
            }
        }
        Ok(())
    }
}

/// The values of a part's columns, in their order.
fn values(row: &QueryResult, columns: &[Column]) -> Result<Vec<Value>, LedgerFault> {
    let mut next = [0_usize; PLACES.len()];
    let mut values = Vec::with_capacity(columns.len());
    for column in columns {
        let kind = PLACES.iter().position(|(kind, _)| *kind == column.kind).unwrap_or(1);
        let place = format!("{}{}", PLACES[kind].1, next[kind]);
        next[kind] += 1;
        values.push(match column.kind {
            Kind::Uuid => row.try_get::<Option<Uuid>>("", &place)?.into(),
            Kind::Text => row.try_get::<Option<String>>("", &place)?.into(),
            Kind::BigInt => row.try_get::<Option<i64>>("", &place)?.into(),
            Kind::Int => row.try_get::<Option<i32>>("", &place)?.into(),
            Kind::Date => row.try_get::<Option<chrono::NaiveDate>>("", &place)?.into(),
            Kind::Bytes => row.try_get::<Option<Vec<u8>>>("", &place)?.into(),
            Kind::Bool => row.try_get::<Option<bool>>("", &place)?.into(),
        });
    }
    Ok(values)
}

fn head(values: Vec<Value>) -> Result<Head, LedgerFault> {
    let [epoch, command, entry, event, batch, booked, chain, date, ends, open, done, ahead, settings, closed] =
        array(values)?;
    let settings = Settings::from_text(&text(settings).unwrap_or_default());
    Ok(Head {
        epoch: number(epoch)?,
        command_sequence: number(command)?,
        entry_sequence: number(entry)?,
        event_sequence: number(event)?,
        batch_number: number(batch)?,
        last_booked: number(booked)?,
        chain_hash: bytes(chain)?,
        business_date: self::date(date),
        day_ends: match ends {
            Value::BigInt(ends) => ends,
            _ => None,
        },
        day_open: self::date(open),
        day_done: self::date(done),
        clock_ahead: number(ahead)?,
        settings: settings.map_err(|_| LedgerFault::Inconsistent("settings of a tenant"))?.into(),
        closed_through: self::date(closed),
    })
}

fn remembered(values: Vec<Value>) -> Result<(KeyOf, Remembered), LedgerFault> {
    let [client, customer, key, hash, result, sequence] = array(values)?;
    let customer = uuid(customer);
    let client = text(client).ok_or(LedgerFault::Inconsistent("client of a key"))?;
    let key = text(key).ok_or(LedgerFault::Inconsistent("key of a command"))?;
    let (request_hash, result, sequence) = (bytes(hash)?, text(result).unwrap_or_default(), number(sequence)?);
    let remembered = Remembered { request_hash, result, sequence };
    Ok(((client.into(), customer, key), remembered))
}

pub(crate) fn array<const N: usize>(values: Vec<Value>) -> Result<[Value; N], LedgerFault> {
    values.try_into().map_err(|_| LedgerFault::Inconsistent("number of columns"))
}

pub(crate) fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => text,
        _ => None,
    }
}

pub(crate) fn uuid(value: Value) -> Option<Uuid> {
    match value {
        Value::Uuid(id) => id,
        _ => None,
    }
}

pub(crate) fn number(value: Value) -> Result<i64, LedgerFault> {
    match value {
        Value::BigInt(Some(number)) => Ok(number),
        _ => Err(LedgerFault::Inconsistent("a number is missing")),
    }
}

pub(crate) fn bytes(value: Value) -> Result<Vec<u8>, LedgerFault> {
    match value {
        Value::Bytes(Some(bytes)) => Ok(bytes),
        _ => Err(LedgerFault::Inconsistent("bytes are missing")),
    }
}

pub(crate) fn date(value: Value) -> Option<chrono::NaiveDate> {
    match value {
        Value::ChronoDate(date) => date,
        _ => None,
    }
}
