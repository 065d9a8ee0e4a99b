//! Many rows in one statement, on both engines.
//!
//! PostgreSQL takes one array per column (`UNNEST`), so that the text of the statement, and with it its plan,
//! is the same for one row and for ten thousand; and it takes all tables of a batch in one statement of many
//! parts ([`execute`]), which is one round trip. SQLite takes `VALUES` lists whose lengths are powers of two, so that
//! a few texts, prepared once, serve every number of rows. Arrays cannot carry NULL through the driver, so an
//! absent value travels as the column's sentinel (a nil UUID, a lone control character, the smallest integer, the
//! first day of 4713 BC) and becomes NULL inside the statement; no stored value is ever one of those. An empty
//! text is one that callers may well send.
//!
//! Every table has `tenant_id`, which is no column here. PostgreSQL takes it once, as `$1`.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbBackend, DbErr, Statement, Value};
use uuid::Uuid;

use super::row::Column;
use crate::database::Kind;

/// SQLite's default limit of bound values is 32,766; long lists gain nothing over several shorter ones.
const SQLITE_BINDS: usize = 4_096;

/// So few rows are written at once. The numbers of rows of each table make a text of their own, which is prepared and
/// kept: a few dozens of small batches recur.
const SQLITE_AT_ONCE: usize = 16;

/// What is done with the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They are new; a key that exists is an error.
    Insert,
    /// They exist: found by this column, every other one is set. SQLite may read the whole table for each row of such a
    /// join, and gets an insertion that changes what is there: so these are whole rows.
    Change(&'static str),
    /// They exist, and go: found by this column, which is the only one.
    Remove(&'static str),
}

/// Rows of one table.
#[derive(Debug)]
pub struct Bulk {
    table: &'static str,
    columns: Vec<Column>,
    /// Columns that cannot change, of rows that do: they are left as they are.
    fixed: Vec<&'static str>,
    mode: Mode,
    values: Vec<Value>,
}

impl Bulk {
    /// No rows yet.
    #[must_use]
    pub fn new(table: &'static str, columns: Vec<Column>, mode: Mode) -> Self {
        Self { table, columns, fixed: Vec::new(), mode, values: Vec::new() }
    }

    /// The same, of rows in which only some columns can change.
    #[must_use]
    pub fn changing(mut self, changes: fn(&str) -> bool) -> Self {
        let (Mode::Change(key) | Mode::Remove(key)) = self.mode else { return self };
        let fixed = |name: &&str| *name != key && !changes(name);
        self.fixed = self.columns.iter().map(|column| column.name).filter(fixed).collect();
        self
    }

    /// Adds a row: a value per column, in order.
    pub fn row(&mut self, values: impl IntoIterator<Item = Value>) {
        self.values.extend(values);
        debug_assert_eq!(self.values.len() % self.columns.len(), 0, "a value per column of {}", self.table);
    }

    fn len(&self) -> usize {
        self.values.len() / self.columns.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    fn names(&self) -> String {
        self.columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
    }

    /// `a = u.a, b = u.b`, of all columns that can change.
    fn assignments(&self, key: &str, from: &str) -> String {
        let changing = |name: &&str| *name != key && !self.fixed.contains(name);
        let columns = self.columns.iter().map(|column| column.name).filter(changing);
        columns.map(|name| format!("{name} = {from}.{name}")).collect::<Vec<_>>().join(", ")
    }

    /// The tenant is a value of each row, and values have no numbers: SQLite searches the list of numbers from its start
    /// for every value that the driver binds.
    fn sqlite(&self, rows: usize) -> String {
        let (table, names) = (self.table, self.names());
        let row = format!("(?{})", ", ?".repeat(self.columns.len()));
        let rows = vec![row; rows].join(", ");
        let conflict = match self.mode {
            Mode::Insert => String::new(),
            Mode::Change(key) => {
                let set = self.assignments(key, "excluded");
                format!(" ON CONFLICT (tenant_id, {key}) DO UPDATE SET {set}")
            }
            Mode::Remove(key) => {
                return format!("DELETE FROM {table} WHERE (tenant_id, {key}) IN (VALUES {rows})");
            }
        };
        // A row that cannot be written fails the transaction. By default SQLite would first undo this statement's other
        // rows, and keep a journal of its own for that.
        format!("INSERT OR FAIL INTO {table} (tenant_id, {names}) VALUES {rows}{conflict}")
    }

    /// The statement, whose binds are numbered from `first` on, and its values. If it is `guarded`, it writes nothing
    /// unless the part `head` has a row.
    fn postgres(self, first: usize, guarded: bool) -> (String, Vec<Value>) {
        let guard = if guarded { " FROM head" } else { "" };
        let (table, names) = (self.table, self.names());
        let written = |column: &&Column| !self.fixed.contains(&column.name);
        // Taken apart side by side in the list of what is selected, arrays need not be stored as rows first.
        let arrays = (first..).zip(self.columns.iter().filter(written));
        let arrays = arrays
            .map(|(number, column)| format!("UNNEST(${number}::{}[]) AS {}", column.kind.postgres(), column.name))
            .collect::<Vec<_>>()
            .join(", ");
        let select = self.columns.iter().filter(written).map(select_column).collect::<Vec<_>>().join(", ");
        let rows = format!("SELECT {select} FROM (SELECT {arrays}{guard}) AS a");
        // No column is called `row_place`. Looked up row by row and then reached by place: no plan can read more than the rows that change. Who holds the
        // tenant's head is the only one who moves them.
        let places = |key: &str| {
            format!(
                "(SELECT old.ctid AS row_place, a.* FROM ({rows}) AS a CROSS JOIN LATERAL \
                 (SELECT ctid FROM {table} WHERE tenant_id = $1 AND {key} = a.{key} OFFSET 0) AS old) AS u \
                 WHERE {table}.ctid = u.row_place RETURNING 1"
            )
        };
        let sql = match self.mode {
            Mode::Insert => format!("INSERT INTO {table} (tenant_id, {names}) SELECT $1, u.* FROM ({rows}) AS u"),
            Mode::Change(key) => {
                format!("UPDATE {table} SET {} FROM {}", self.assignments(key, "u"), places(key))
            }
            Mode::Remove(key) => format!("DELETE FROM {table} USING {}", places(key)),
        };
        let width = self.columns.len();
        let mut arrays: Vec<Vec<Value>> = vec![Vec::with_capacity(self.values.len() / width); width];
        for (index, value) in self.values.into_iter().enumerate() {
            let column = self.columns[index % width];
            arrays[index % width].push(if column.nullable { or_sentinel(value) } else { value });
        }
        let arrays = arrays.into_iter().zip(&self.columns);
        let arrays = arrays.filter(|(_, column)| !self.fixed.contains(&column.name));
        (sql, arrays.map(|(array, column)| column.kind.array(array)).collect())
    }

    /// Whether rows that exist are looked for: fewer found than there are is an error.
    fn finds(&self) -> bool {
        matches!(self.mode, Mode::Change(_) | Mode::Remove(_))
    }
}

/// A statement about the head that goes with the rows: its text, where `$2` and the following are its values.
#[derive(Debug)]
pub struct Along {
    /// Takes the tenant as `$1`.
    pub sql: String,
    /// From `$2` on.
    pub values: Vec<Value>,
}

/// Writes all rows: in one statement on PostgreSQL, few at once and many table by table on SQLite. `along` is done with them; `told` is
/// sent to those who listen on the channel, on PostgreSQL, when the transaction commits.
///
/// # Errors
/// The database's.
pub async fn execute(
    tx: &DatabaseTransaction,
    tenant: Uuid,
    rows: Vec<Bulk>,
    along: Option<Along>,
    told: Option<(&str, String)>,
) -> Result<(), DbErr> {
    let rows = rows.into_iter().filter(|rows| !rows.is_empty());
    if tx.get_database_backend() == DbBackend::Postgres {
        return match postgres(tenant, rows, along, told) {
            Some(statement) => tx.execute_raw(statement).await.map(|_| ()),
            None => Ok(()),
        };
    }
    let statements = sqlite(tenant, rows.collect(), along);
    for (sql, values) in statements {
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    }
    Ok(())
}

/// What to execute on SQLite: of few rows all at once, for each statement is handed to the connection's own thread and
/// waited for; of many rows a chunk after the other.
fn sqlite(tenant: Uuid, rows: Vec<Bulk>, along: Option<Along>) -> Vec<(String, Vec<Value>)> {
    let mut statements = Vec::new();
    let few = rows.iter().map(Bulk::len).sum::<usize>() <= SQLITE_AT_ONCE;
    for mut rows in rows {
        let width = rows.columns.len();
        let mut values = std::mem::take(&mut rows.values).into_iter();
        let mut chunk = if few { values.len() / width } else { 1 << (SQLITE_BINDS / (width + 1)).ilog2() };
        while values.len() > 0 {
            while chunk > values.len() / width {
                chunk /= 2;
            }
            let mut binds = Vec::with_capacity(chunk * (width + 1));
            for _ in 0..chunk {
                binds.push(tenant.into());
                binds.extend(values.by_ref().take(width));
            }
            statements.push((rows.sqlite(chunk), binds));
        }
    }
    let before = if few { statements.iter().map(|(_, values)| values.len()).sum() } else { 0 };
    statements.extend(along.map(|Along { sql, values }| {
        let values = std::iter::once(tenant.into()).chain(values);
        (renumbered(&sql, before), values.collect())
    }));
    if few && statements.len() > 1 {
        let (texts, values): (Vec<_>, Vec<_>) = statements.into_iter().unzip();
        return vec![(texts.join("; "), values.into_iter().flatten().collect())];
    }
    statements
}

/// A statement whose values come after so many others. Those without numbers count by themselves.
fn renumbered(sql: &str, before: usize) -> String {
    let mut parts = sql.split('$');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let (number, rest) = part.split_at(end);
        let number = before + number.parse::<usize>().unwrap_or_default();
        text.push_str(&format!("${number}{rest}"));
    }
    text
}

/// All of it in one statement for PostgreSQL that writes only if `guard` gives a row, and gives a row itself if it has.
#[must_use]
pub fn guarded(tenant: Uuid, rows: Vec<Bulk>, guard: Along, told: Option<(&str, String)>) -> (String, Vec<Value>) {
    let mut parts = Parts::new(tenant);
    parts.head(guard);
    rows.into_iter().filter(|rows| !rows.is_empty()).for_each(|rows| parts.rows(rows, true));
    let last = match told {
        Some(told) => parts.tell(told),
        None => "SELECT 1".into(),
    };
    let last = format!("{last}{} FROM head", parts.checks());
    parts.end(&last)
}

fn postgres(
    tenant: Uuid,
    rows: impl Iterator<Item = Bulk>,
    along: Option<Along>,
    told: Option<(&str, String)>,
) -> Option<Statement> {
    let mut parts = Parts::new(tenant);
    if let Some(along) = along {
        parts.head(along);
    }
    rows.for_each(|rows| parts.rows(rows, false));
    let last = match told {
        Some(told) => {
            let tell = parts.tell(told);
            format!("{tell}{}", parts.checks())
        }
        // The last part can be no part of the list: it is the statement.
        None => parts.parts.pop()?.1,
    };
    let (sql, values) = parts.end(&last);
    Some(Statement::from_sql_and_values(DbBackend::Postgres, sql, values))
}

/// The parts of a statement, by their names, and all of its values.
struct Parts {
    values: Vec<Value>,
    parts: Vec<(String, String)>,
    /// Of parts that change rows which exist: how many.
    changed: Vec<(String, i64)>,
}

impl Parts {
    fn new(tenant: Uuid) -> Self {
        Self { values: vec![tenant.into()], parts: Vec::new(), changed: Vec::new() }
    }

    /// Comes first: its binds are numbered in its text.
    fn head(&mut self, head: Along) {
        self.values.extend(head.values);
        self.parts.push(("head".into(), head.sql));
    }

    fn rows(&mut self, rows: Bulk, guarded: bool) {
        let name = format!("part_{}", self.parts.len());
        if rows.finds() {
            self.changed.push((name.clone(), i64::try_from(rows.len()).unwrap_or(i64::MAX)));
        }
        let (sql, values) = rows.postgres(self.values.len() + 1, guarded);
        self.values.extend(values);
        self.parts.push((name, sql));
    }

    /// Columns that fail the statement (a division by zero) unless every row that was to change has: one that somebody
    /// else has replaced is not found by its place, and would be left out without a word.
    fn checks(&mut self) -> String {
        let mut checks = String::new();
        for (name, rows) in std::mem::take(&mut self.changed) {
            self.values.push(rows.into());
            let bind = self.values.len();
            checks.push_str(&format!(", 1 / CASE WHEN (SELECT count(*) FROM {name}) = ${bind} THEN 1 ELSE 0 END"));
        }
        checks
    }

    /// What tells those who listen.
    fn tell(&mut self, (channel, message): (&str, String)) -> String {
        self.values.extend([channel.into(), message.into()]);
        format!("SELECT pg_notify(${}, ${})", self.values.len() - 1, self.values.len())
    }

    fn end(self, last: &str) -> (String, Vec<Value>) {
        let parts: Vec<String> = self.parts.iter().map(|(name, sql)| format!("{name} AS ({sql})")).collect();
        let sql = if parts.is_empty() { last.to_owned() } else { format!("WITH {} {last}", parts.join(", ")) };
        (sql, self.values)
    }
}

fn select_column(Column { name, kind, nullable }: &Column) -> String {
    if !nullable {
        return format!("a.{name}");
    }
    let sentinel = match kind {
        Kind::Uuid => "'00000000-0000-0000-0000-000000000000'::uuid",
        Kind::Text => "chr(1)",
        Kind::BigInt => "(-9223372036854775808)::bigint",
        Kind::Int => "(-2147483648)::integer",
        Kind::Date => "'4713-01-01 BC'::date",
        Kind::Bytes => "''::bytea",
        // No column of ours is a truth that may be absent.
        Kind::Bool => return format!("a.{name}"),
    };
    format!("NULLIF(a.{name}, {sentinel}) AS {name}")
}

fn or_sentinel(value: Value) -> Value {
    match value {
        Value::Uuid(None) => Value::Uuid(Some(Uuid::nil())),
        Value::String(None) => Value::String(Some("\u{1}".into())),
        Value::BigInt(None) => Value::BigInt(Some(i64::MIN)),
        Value::Int(None) => Value::Int(Some(i32::MIN)),
        Value::ChronoDate(None) => Value::ChronoDate(NaiveDate::from_ymd_opt(-4_712, 1, 1)),
        Value::Bytes(None) => Value::Bytes(Some(Vec::new())),
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: Column = Column { name: "id", kind: Kind::BigInt, nullable: false };
    const TEXT: Column = Column { name: "text", kind: Kind::Text, nullable: true };
    const FIXED: Column = Column { name: "fixed", kind: Kind::Text, nullable: false };

    fn rows(notes: i64) -> Vec<Bulk> {
        let mut note = Bulk::new("note", vec![ID, TEXT], Mode::Insert);
        (0..notes).for_each(|id| note.row([id.into(), "x".into()]));
        let mut mark = Bulk::new("mark", vec![ID], Mode::Insert);
        mark.row([7_i64.into()]);
        vec![note, mark]
    }

    #[test]
    fn rows_that_change_are_found_by_their_key_and_keep_what_is_fixed() {
        let change = || {
            let mut rows = Bulk::new("note", vec![ID, FIXED, TEXT], Mode::Change("id")).changing(|name| name == "text");
            rows.row([1_i64.into(), "a".into(), "b".into()]);
            rows
        };
        let (sql, values) = change().postgres(2, true);
        assert_eq!(
            sql,
            "UPDATE note SET text = u.text FROM (SELECT old.ctid AS row_place, a.* FROM (SELECT a.id, NULLIF(a.text, chr(1)) \
             AS text FROM (SELECT UNNEST($2::bigint[]) AS id, UNNEST($3::text[]) AS text FROM head) AS a) AS a CROSS JOIN \
             LATERAL (SELECT ctid FROM note WHERE tenant_id = $1 AND id = a.id OFFSET 0) AS old) AS u \
             WHERE note.ctid = u.row_place RETURNING 1"
        );
        assert_eq!(values.len(), 2);
        assert_eq!(
            change().sqlite(1),
            "INSERT OR FAIL INTO note (tenant_id, id, fixed, text) VALUES (?, ?, ?, ?) ON CONFLICT (tenant_id, id) \
             DO UPDATE SET text = excluded.text"
        );
    }

    fn along() -> Along {
        Along { sql: "UPDATE head SET a = $2, b = $3 WHERE tenant_id = $1".into(), values: vec![1.into(), 2.into()] }
    }

    #[test]
    fn few_rows_are_one_text_whose_values_count_on() {
        let statements = sqlite(Uuid::nil(), rows(2), Some(along()));
        let [(sql, values)] = &statements[..] else { panic!("{statements:?}") };
        assert_eq!(
            sql,
            "INSERT OR FAIL INTO note (tenant_id, id, text) VALUES (?, ?, ?), (?, ?, ?); \
             INSERT OR FAIL INTO mark (tenant_id, id) VALUES (?, ?); \
             UPDATE head SET a = $10, b = $11 WHERE tenant_id = $9"
        );
        assert_eq!(values.len(), 11);
        assert_eq!(values[8..], [Uuid::nil().into(), 1.into(), 2.into()]);
    }

    #[test]
    fn many_rows_go_by_powers_of_two() {
        let statements = sqlite(Uuid::nil(), rows(21), Some(along()));
        let lengths: Vec<usize> = statements.iter().map(|(_, values)| values.len()).collect();
        assert_eq!(lengths, [16 * 3, 4 * 3, 3, 2, 3]);
        assert_eq!(statements.last().expect("the head").0, along().sql);
        let values: Vec<&Value> = statements.iter().take(3).flat_map(|(_, values)| values).collect();
        let ids: Vec<&Value> = values.iter().skip(1).step_by(3).copied().collect();
        assert_eq!(ids, (0..21_i64).map(Value::from).collect::<Vec<_>>().iter().collect::<Vec<_>>());
    }

    #[test]
    fn nothing_is_no_statement() {
        assert!(sqlite(Uuid::nil(), Vec::new(), None).is_empty());
        assert_eq!(sqlite(Uuid::nil(), Vec::new(), Some(along())).len(), 1);
    }
}
