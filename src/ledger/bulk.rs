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

use crate::database::Kind;

/// A column: its name, its type, and whether it may be absent.
pub type Column = (&'static str, Kind, bool);

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
    /// They are new, or are changed as the text after `ON CONFLICT` says.
    Upsert(&'static str),
    /// They exist: found by `id`, every other column is set. On PostgreSQL only: SQLite may read the whole table for
    /// each row of such a join, and an `Upsert` costs it no more.
    Update,
}

/// Rows of one table.
#[derive(Debug)]
pub struct Bulk {
    table: &'static str,
    columns: &'static [Column],
    mode: Mode,
    values: Vec<Value>,
}

impl Bulk {
    /// No rows yet.
    #[must_use]
    pub fn new(table: &'static str, columns: &'static [Column], mode: Mode) -> Self {
        Self { table, columns, mode, values: Vec::new() }
    }

    /// Adds a row: a value per column, in order.
    pub fn row<const N: usize>(&mut self, values: [Value; N]) {
        debug_assert_eq!(N, self.columns.len(), "a value per column of {}", self.table);
        self.values.extend(values);
    }

    /// Of which table.
    #[must_use]
    pub fn table(&self) -> &'static str {
        self.table
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
        self.columns.iter().map(|(name, ..)| *name).collect::<Vec<_>>().join(", ")
    }

    /// `a = u.a, b = u.b`, of all columns but the id.
    fn assignments(&self) -> String {
        let columns = self.columns.iter().map(|(name, ..)| *name).filter(|name| *name != "id");
        columns.map(|name| format!("{name} = u.{name}")).collect::<Vec<_>>().join(", ")
    }

    /// The tenant is a value of each row, and values have no numbers: SQLite searches the list of numbers from its start
    /// for every value that the driver binds.
    fn sqlite(&self, rows: usize) -> String {
        let (table, names) = (self.table, self.names());
        debug_assert_ne!(self.mode, Mode::Update, "an upsert on SQLite");
        let row = format!("(?{})", ", ?".repeat(self.columns.len()));
        let rows = vec![row; rows].join(", ");
        // A row that cannot be written fails the transaction. By default SQLite would first undo this statement's other
        // rows, and keep a journal of its own for that.
        format!("INSERT OR FAIL INTO {table} (tenant_id, {names}) VALUES {rows}{}", self.conflict())
    }

    /// The statement, whose binds are numbered from `first` on, and its values. If it is `guarded`, it writes nothing
    /// unless the part `head` has a row.
    fn postgres(self, first: usize, guarded: bool) -> (String, Vec<Value>) {
        let guard = if guarded { " FROM head" } else { "" };
        let (table, names) = (self.table, self.names());
        // Taken apart side by side in the list of what is selected, arrays need not be stored as rows first.
        let arrays = (first..).zip(self.columns);
        let arrays = arrays.map(|(n, (name, kind, _))| format!("UNNEST(${n}::{}[]) AS {name}", kind.postgres()));
        let arrays = arrays.collect::<Vec<_>>().join(", ");
        let select = self.columns.iter().map(select_column).collect::<Vec<_>>().join(", ");
        let rows = format!("SELECT {select} FROM (SELECT {arrays}{guard}) AS a");
        let sql = if self.mode == Mode::Update {
            let set = self.assignments();
            // Looked up row by row and then reached by place: no plan can read more than the rows that change. Who
            // holds the tenant's head is the only one who moves them.
            format!(
                "UPDATE {table} SET {set} FROM (SELECT old.ctid AS place, a.* FROM ({rows}) AS a CROSS JOIN LATERAL \
                 (SELECT ctid FROM {table} WHERE tenant_id = $1 AND id = a.id OFFSET 0) AS old) AS u \
                 WHERE {table}.ctid = u.place RETURNING 1"
            )
        } else {
            let conflict = self.conflict();
            format!("INSERT INTO {table} (tenant_id, {names}) SELECT $1, u.* FROM ({rows}) AS u{conflict}")
        };
        let width = self.columns.len();
        let mut arrays: Vec<Vec<Value>> = vec![Vec::with_capacity(self.values.len() / width); width];
        for (index, value) in self.values.into_iter().enumerate() {
            let (_, _, nullable) = self.columns[index % width];
            arrays[index % width].push(if nullable { or_sentinel(value) } else { value });
        }
        let values = arrays.into_iter().zip(self.columns);
        (sql, values.map(|(array, (_, kind, _))| kind.array(array)).collect())
    }

    fn conflict(&self) -> String {
        match self.mode {
            Mode::Upsert(action) => format!(" ON CONFLICT {action}"),
            Mode::Insert | Mode::Update => String::new(),
        }
    }
}

/// A statement about the head that goes with the rows: its text, where `$2` and the following are its values.
#[derive(Debug)]
pub struct Along {
    /// Takes the tenant as `$1`.
    pub sql: &'static str,
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
        (renumbered(sql, before), values.collect())
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
        self.parts.push(("head".into(), head.sql.to_owned()));
    }

    fn rows(&mut self, rows: Bulk, guarded: bool) {
        let name = format!("part_{}", self.parts.len());
        if rows.mode == Mode::Update {
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

fn select_column((name, kind, nullable): &Column) -> String {
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

    const NOTE: &[Column] = &[("id", Kind::BigInt, false), ("text", Kind::Text, true)];
    const MARK: &[Column] = &[("id", Kind::BigInt, false)];

    fn rows(notes: i64) -> Vec<Bulk> {
        let mut note = Bulk::new("note", NOTE, Mode::Insert);
        (0..notes).for_each(|id| note.row([id.into(), "x".into()]));
        let mut mark = Bulk::new("mark", MARK, Mode::Insert);
        mark.row([7_i64.into()]);
        vec![note, mark]
    }

    fn along() -> Along {
        Along { sql: "UPDATE head SET a = $2, b = $3 WHERE tenant_id = $1", values: vec![1.into(), 2.into()] }
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
