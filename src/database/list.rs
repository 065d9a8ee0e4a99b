//! Rows by a list of values, in a text that does not depend on how many there are.

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
    /// `boolean`
    Bool,
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
            Self::Bool => "boolean",
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
            Self::Bool => ArrayType::Bool,
        };
        Value::Array(kind, Some(Box::new(values)))
    }
}

/// How to find a tenant's rows by a list: `SELECT ... FROM {from} WHERE {condition}`, where `$1` is the tenant.
#[derive(Debug)]
pub struct Listed {
    /// The table, under its alias.
    pub from: String,
    /// What the rows have to meet.
    pub condition: String,
}

/// The rows of a table that have one of the values in a column; the list is bound as `$number`. Takes distinct ids,
/// texts and whole numbers. The text does not depend on how many there are, so its plan is kept.
///
/// On PostgreSQL each value is looked up for itself, behind a fence (`OFFSET 0`): a plan that was made while the table
/// was small would otherwise read all of the tenant's rows, and would be kept when it is large. On SQLite the list is
/// a text in JSON.
#[must_use]
pub fn listed(
    backend: DbBackend,
    (table, alias): (&str, &str),
    column: &str,
    number: usize,
    kind: Kind,
    values: Vec<Value>,
) -> (Listed, Value) {
    if backend == DbBackend::Postgres {
        let from = format!(
            "UNNEST(${number}::{}[]) AS wanted (value) CROSS JOIN LATERAL \
             (SELECT * FROM {table} WHERE tenant_id = $1 AND {column} = wanted.value OFFSET 0) AS {alias}",
            kind.postgres()
        );
        return (Listed { from, condition: "TRUE".into() }, kind.array(values));
    }
    let value = if kind == Kind::Uuid { "unhex(value)" } else { "value" };
    let list = serde_json::Value::Array(values.into_iter().filter_map(in_json).collect());
    let condition =
        format!("{alias}.tenant_id = $1 AND {alias}.{column} IN (SELECT {value} FROM json_each(${number}))");
    (Listed { from: format!("{table} AS {alias}"), condition }, list.to_string().into())
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
