//! A connection that somebody keeps, for statements that commit by themselves.

use std::time::{Duration, Instant};

use sea_orm::sea_query::ArrayType;
use sea_orm::sqlx::error::BoxDynError;
use sea_orm::sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, Arguments as _, AssertSqlSafe, ConnectOptions as _, Connection as _};
use sea_orm::{DbErr, QueryResult, RuntimeErr, Value};
use tokio::sync::OwnedSemaphorePermit;

use super::broke_off;
use super::connection_check::ConnectionCheck;
use super::session;
use crate::telemetry::spans;

/// One that was idle for so long is asked whether it still lives: what has broken off in between would be taken for an
/// answer to the next statement, of which nobody could tell then whether it was done.
const IDLE: Duration = Duration::from_millis(50);

/// A connection to PostgreSQL that is its owner's alone. The pools give a connection to whoever asks, and ask it for a
/// sign of life when it comes back: for someone who writes again and again that is a round trip each time, and a
/// connection each time that has the statement still to prepare or has long forgotten it.
#[derive(Debug)]
pub struct OwnConnection {
    connection: PgConnection,
    used: Instant,
    check: ConnectionCheck,
    _place: OwnedSemaphorePermit,
}

impl OwnConnection {
    pub(super) async fn open(
        options: &PgConnectOptions,
        place: OwnedSemaphorePermit,
        check: ConnectionCheck,
    ) -> Result<Self, sqlx::Error> {
        let mut connection = options.connect().await?;
        session::made_durable(&mut connection).await?;
        Ok(Self { connection, used: Instant::now(), check, _place: place })
    }

    /// Whether it can be used: one that was idle is asked, and after a failure of any connection every one.
    pub async fn lives(&mut self) -> bool {
        self.check.ask(&mut self.connection, self.used.elapsed(), IDLE).await.is_ok()
    }

    /// Runs a statement in a transaction of its own, and gives the rows that came back. `Ok` means that it has
    /// committed.
    ///
    /// # Errors
    /// The database's; of a lost connection, that it may have committed.
    pub async fn run(&mut self, sql: String, values: Vec<Value>) -> Result<Vec<QueryResult>, DbErr> {
        let mut arguments = PgArguments::default();
        for value in values {
            bind(&mut arguments, value).map_err(|error| DbErr::Custom(error.to_string()))?;
        }
        let kept = spans::exporting().then(|| sql.clone());
        let start = Instant::now();
        // To its end, which comes after the commit.
        let done = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch_all(&mut self.connection).await;
        self.used = Instant::now();
        if let Some(sql) = kept {
            spans::ran(&sql, start.elapsed(), done.is_err());
        }
        let rows = done.map_err(|error| {
            let error = DbErr::Exec(RuntimeErr::SqlxError(error.into()));
            if broke_off(&error) {
                self.check.failed();
            }
            error
        })?;
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }

    /// Says goodbye.
    pub async fn close(self) {
        // If it does not listen any more, it is gone all the same.
        let _ = self.connection.close().await;
    }
}

fn bind(arguments: &mut PgArguments, value: Value) -> Result<(), BoxDynError> {
    match value {
        Value::Uuid(value) => arguments.add(value),
        Value::String(value) => arguments.add(value),
        Value::BigInt(value) => arguments.add(value),
        Value::Int(value) => arguments.add(value),
        Value::ChronoDate(value) => arguments.add(value),
        Value::Bytes(value) => arguments.add(value),
        Value::Bool(value) => arguments.add(value),
        Value::Array(kind, Some(values)) => bind_array(arguments, &kind, *values),
        other => Err(format!("no argument of a batch is {other:?}").into()),
    }
}

fn bind_array(arguments: &mut PgArguments, kind: &ArrayType, values: Vec<Value>) -> Result<(), BoxDynError> {
    macro_rules! of {
        ($variant:ident) => {{
            let value = |value| match value {
                Value::$variant(value) => Ok(value),
                other => Err(format!("{other:?} in a list of another type")),
            };
            arguments.add(values.into_iter().map(value).collect::<Result<Vec<_>, _>>()?)
        }};
    }
    match kind {
        ArrayType::Uuid => of!(Uuid),
        ArrayType::String => of!(String),
        ArrayType::BigInt => of!(BigInt),
        ArrayType::Int => of!(Int),
        ArrayType::ChronoDate => of!(ChronoDate),
        ArrayType::Bytes => of!(Bytes),
        ArrayType::Bool => of!(Bool),
        other => Err(format!("no list of a batch is of {other:?}").into()),
    }
}
