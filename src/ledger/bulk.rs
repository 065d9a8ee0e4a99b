//! Many rows in one statement, on both engines.
//!
//! PostgreSQL takes one array per column (`UNNEST`), so that the text of the statement, and with it its plan,
//! is the same for one row and for ten thousand. SQLite takes `VALUES` lists, cut at its bind limit. Arrays
//! cannot carry NULL through the driver, so an absent value travels as the column's sentinel (a nil UUID, a
//! lone control character, the smallest integer, the first day of 4713 BC) and becomes NULL inside the
//! statement; no stored value is ever one of those. An empty text is one that callers may well send.

use chrono::NaiveDate;
use sea_orm::sea_query::ArrayType;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement, Value};
use uuid::Uuid;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `uuid`
    Uuid,
    /// `text`
    Text,
    /// `bigint`
    BigInt,
    /// `integer`
    Int,
    /// `date`
    Date,
    /// `bytea`
    Bytes,
}

/// A column: its name, its type, and whether it may be absent.
pub type Column = (&'static str, Kind, bool);

/// SQLite's default limit of bound values is 32,766.
const SQLITE_BINDS: usize = 30_000;

/// What happens on a key that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConflict {
    /// It is an error.
    Fail,
    /// The text after `ON CONFLICT`.
    Update(&'static str),
}

/// Rows for one table.
#[derive(Debug)]
pub struct Bulk {
    table: &'static str,
    columns: &'static [Column],
    on_conflict: OnConflict,
    values: Vec<Value>,
}

impl Bulk {
    /// No rows yet.
    #[must_use]
    pub fn new(table: &'static str, columns: &'static [Column], on_conflict: OnConflict) -> Self {
        Self { table, columns, on_conflict, values: Vec::new() }
    }

    /// Adds a row: a value per column, in order.
    pub fn row<const N: usize>(&mut self, values: [Value; N]) {
        debug_assert_eq!(N, self.columns.len(), "a value per column of {}", self.table);
        self.values.extend(values);
    }

    /// Writes the rows.
    ///
    /// # Errors
    /// The database's.
    pub async fn execute(self, tx: &DatabaseTransaction) -> Result<(), DbErr> {
        if self.values.is_empty() {
            return Ok(());
        }
        if tx.get_database_backend() == DbBackend::Postgres {
            let (sql, values) = self.postgres();
            tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
            return Ok(());
        }
        let width = self.columns.len();
        let per_statement = (SQLITE_BINDS / width) * width;
        for chunk in self.values.chunks(per_statement) {
            let sql = self.sqlite(chunk.len() / width);
            tx.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, chunk.to_vec())).await?;
        }
        Ok(())
    }

    fn names(&self) -> String {
        self.columns.iter().map(|(name, ..)| *name).collect::<Vec<_>>().join(", ")
    }

    fn conflict(&self) -> String {
        match self.on_conflict {
            OnConflict::Fail => String::new(),
            OnConflict::Update(action) => format!(" ON CONFLICT {action}"),
        }
    }

    fn sqlite(&self, rows: usize) -> String {
        let row = format!("({})", vec!["?"; self.columns.len()].join(", "));
        let rows = vec![row; rows].join(", ");
        format!("INSERT INTO {} ({}) VALUES {rows}{}", self.table, self.names(), self.conflict())
    }

    fn postgres(self) -> (String, Vec<Value>) {
        let select = self.columns.iter().map(select_column).collect::<Vec<_>>().join(", ");
        let arrays = (1..).zip(self.columns).map(|(n, (_, kind, _))| format!("${n}::{}[]", postgres_type(*kind)));
        let sql = format!(
            "INSERT INTO {} ({}) SELECT {select} FROM UNNEST({}) AS u ({}){}",
            self.table,
            self.names(),
            arrays.collect::<Vec<_>>().join(", "),
            self.names(),
            self.conflict(),
        );
        let width = self.columns.len();
        let mut arrays: Vec<Vec<Value>> = vec![Vec::with_capacity(self.values.len() / width); width];
        for (index, value) in self.values.into_iter().enumerate() {
            let (_, _, nullable) = self.columns[index % width];
            arrays[index % width].push(if nullable { or_sentinel(value) } else { value });
        }
        let values = arrays.into_iter().zip(self.columns);
        let values =
            values.map(|(array, (_, kind, _))| Value::Array(array_type(*kind), Some(Box::new(array)))).collect();
        (sql, values)
    }
}

/// `column = ANY($n)` on PostgreSQL, `column IN (?, ...)` on SQLite, with the values to bind. `first` is the
/// number of the first bind.
#[must_use]
pub fn any_of(backend: DbBackend, column: &str, first: usize, kind: Kind, values: Vec<Value>) -> (String, Vec<Value>) {
    if backend == DbBackend::Postgres {
        let array = Value::Array(array_type(kind), Some(Box::new(values)));
        return (format!("{column} = ANY(${first}::{}[])", postgres_type(kind)), vec![array]);
    }
    let binds = (first..first + values.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
    (format!("{column} IN ({binds})"), values)
}

fn select_column((name, kind, nullable): &Column) -> String {
    if !nullable {
        return format!("u.{name}");
    }
    let sentinel = match kind {
        Kind::Uuid => "'00000000-0000-0000-0000-000000000000'::uuid",
        Kind::Text => "chr(1)",
        Kind::BigInt => "(-9223372036854775808)::bigint",
        Kind::Int => "(-2147483648)::integer",
        Kind::Date => "'4713-01-01 BC'::date",
        Kind::Bytes => "''::bytea",
    };
    format!("NULLIF(u.{name}, {sentinel})")
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

fn postgres_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Uuid => "uuid",
        Kind::Text => "text",
        Kind::BigInt => "bigint",
        Kind::Int => "integer",
        Kind::Date => "date",
        Kind::Bytes => "bytea",
    }
}

fn array_type(kind: Kind) -> ArrayType {
    match kind {
        Kind::Uuid => ArrayType::Uuid,
        Kind::Text => ArrayType::String,
        Kind::BigInt => ArrayType::BigInt,
        Kind::Int => ArrayType::Int,
        Kind::Date => ArrayType::ChronoDate,
        Kind::Bytes => ArrayType::Bytes,
    }
}
