//! Conditions on lists of values, in a text that does not depend on how many there are.

use sea_orm::sea_query::ArrayType;
use sea_orm::{DbBackend, Value};

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

impl Kind {
    /// The type's name in PostgreSQL.
    #[must_use]
    pub fn postgres(self) -> &'static str {
        match self {
            Self::Uuid => "uuid",
            Self::Text => "text",
            Self::BigInt => "bigint",
            Self::Int => "integer",
            Self::Date => "date",
            Self::Bytes => "bytea",
        }
    }

    /// A list of such values, as one value.
    #[must_use]
    pub fn array(self, values: Vec<Value>) -> Value {
        let kind = match self {
            Self::Uuid => ArrayType::Uuid,
            Self::Text => ArrayType::String,
            Self::BigInt => ArrayType::BigInt,
            Self::Int => ArrayType::Int,
            Self::Date => ArrayType::ChronoDate,
            Self::Bytes => ArrayType::Bytes,
        };
        Value::Array(kind, Some(Box::new(values)))
    }
}

/// A condition on a column, with the one value to bind as `$number`: `column = ANY($n)` on PostgreSQL, a JSON list
/// on SQLite. Its text does not depend on how many values there are, so its plan is kept. Takes ids, texts and
/// whole numbers.
#[must_use]
pub fn any_of(backend: DbBackend, column: &str, number: usize, kind: Kind, values: Vec<Value>) -> (String, Value) {
    if backend == DbBackend::Postgres {
        // Indexes leave absent values out, and that a list holds none cannot be seen from its type.
        let condition = format!("{column} IS NOT NULL AND {column} = ANY(${number}::{}[])", kind.postgres());
        return (condition, kind.array(values));
    }
    let value = if kind == Kind::Uuid { "unhex(value)" } else { "value" };
    let list = serde_json::Value::Array(values.into_iter().filter_map(in_json).collect());
    (format!("{column} IN (SELECT {value} FROM json_each(${number}))"), list.to_string().into())
}

fn in_json(value: Value) -> Option<serde_json::Value> {
    match value {
        Value::Uuid(Some(id)) => Some(id.simple().to_string().into()),
        Value::String(Some(text)) => Some(text.into()),
        Value::BigInt(Some(number)) => Some(number.into()),
        // An absent value equals nothing.
        _ => None,
    }
}
