//! SELECTs put together condition by condition, and cut into pages by key.

use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, Value};

use super::entry::TransactionKind;
use super::fault::LedgerFault;
use crate::primitives::TenantId;
use crate::primitives::clock::Micros;

/// A page over an ordered list: `after` and `before` are exclusive; `backward` takes the page from the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Page<K> {
    /// Beyond this key, in the list's order.
    pub after: Option<K>,
    /// Up to this key.
    pub before: Option<K>,
    /// How many rows at most.
    pub limit: u64,
    /// From the end of the list.
    pub backward: bool,
}

/// A SELECT over one tenant, put together condition by condition with numbered binds.
#[derive(Clone)]
pub(crate) struct Query {
    sql: String,
    binds: Vec<Value>,
    reversed: bool,
}

impl Query {
    /// `start` ends where the tenant's bind goes.
    pub(crate) fn new(start: &str, tenant: TenantId) -> Self {
        Self { sql: format!("{start}$1"), binds: vec![tenant.0.into()], reversed: false }
    }

    /// `AND condition $n`.
    pub(crate) fn and(&mut self, condition: &str, value: Value) {
        self.binds.push(value);
        self.sql.push_str(&format!(" AND {condition}${}", self.binds.len()));
    }

    /// `AND condition`, as it stands. May open a bracket that [`Query::close`] closes.
    pub(crate) fn and_raw(&mut self, condition: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
    }

    /// `AND column LIKE %text%`: the engines' own case folding knows ASCII only, so both sides are folded by us.
    pub(crate) fn contains(&mut self, column: &str, text: &str) {
        let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        self.binds.push(format!("%{escaped}%").into());
        self.sql.push_str(&format!(" AND {column} LIKE ${} ESCAPE '\\'", self.binds.len()));
    }

    /// A list of values, written so that both engines take it.
    pub(crate) fn any(&mut self, column: &str, values: Vec<Value>) {
        if values.is_empty() {
            self.sql.push_str("1 = 0");
            return;
        }
        let first = self.binds.len() + 1;
        let binds = (first..first + values.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
        self.sql.push_str(&format!("{column} IN ({binds})"));
        self.binds.extend(values);
    }

    /// `AND`, and that a column has one of these values.
    pub(crate) fn and_any(&mut self, column: &str, values: Vec<Value>) {
        self.and_raw("");
        self.any(column, values);
    }

    /// Text behind all conditions.
    pub(crate) fn end(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    /// A closing bracket.
    pub(crate) fn close(&mut self) {
        self.sql.push(')');
    }

    pub(crate) fn booked(&mut self, from: Option<Micros>, before: Option<Micros>, kinds: &[TransactionKind]) {
        if let Some(from) = from {
            self.and("booked_at_us >= ", from.into());
        }
        if let Some(before) = before {
            self.and("booked_at_us < ", before.into());
        }
        self.kinds(kinds);
    }

    /// Only these kinds; all when there are none.
    pub(crate) fn kinds(&mut self, kinds: &[TransactionKind]) {
        if !kinds.is_empty() {
            self.and_any("kind", kinds.iter().map(|kind| kind.word().into()).collect());
        }
    }

    /// Orders by a key that is unique in the list and cuts a page out of it.
    pub(crate) fn page(
        &mut self,
        key: &str,
        newest_first: bool,
        after: Option<Value>,
        before: Option<Value>,
        backward: bool,
        limit: u64,
    ) {
        let (beyond, until) = if newest_first { ("<", ">") } else { (">", "<") };
        if let Some(after) = after {
            self.and(&format!("{key} {beyond} "), after);
        }
        if let Some(before) = before {
            self.and(&format!("{key} {until} "), before);
        }
        let descending = newest_first != backward;
        let order = if descending { "DESC" } else { "ASC" };
        self.reversed = backward;
        self.sql.push_str(&format!(" ORDER BY {key} {order} LIMIT {limit}"));
    }

    /// Puts text before and behind everything.
    pub(crate) fn around(&mut self, before: &str, behind: &str) {
        self.sql = format!("{before}{}{behind}", self.sql);
    }

    /// A value to bind; gives its number.
    pub(crate) fn bind(&mut self, value: Value) -> usize {
        self.binds.push(value);
        self.binds.len()
    }

    /// The rows, in the list's order whichever end the page was cut from.
    pub(crate) async fn all(self, db: &impl ConnectionTrait) -> Result<Vec<QueryResult>, LedgerFault> {
        let backend: DbBackend = db.get_database_backend();
        let mut rows = db.query_all_raw(Statement::from_sql_and_values(backend, self.sql, self.binds)).await?;
        if self.reversed {
            rows.reverse();
        }
        Ok(rows)
    }
}
