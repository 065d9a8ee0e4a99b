//! What Konto's connections to PostgreSQL are told when they are opened, and what the database has to be.

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, Error as Driver};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbErr};

/// What is relied on, whatever is the default of the server, the database or the role. The driver adds UTF-8, the time
/// zone UTC and ISO dates.
///
/// Conflicts are kept out by locks and by looking again, under READ COMMITTED: under more, whoever waited for a lock
/// would be sent away as a lost race. Backslashes in SQL are backslashes.
///
/// `default_transaction_read_only` is not among them: who sets it stops the writing, before a move to another server
/// as a rule, and what is written in spite of it is lost there.
const RELIED_ON: [(&str, &str); 2] =
    [("default_transaction_isolation", "read committed"), ("standard_conforming_strings", "on")];

/// How statements are planned that find their rows by a key, which are all but those of a [`REPORT`]: one plan is right
/// however many rows there are, and it is to be made once. A plan from the days when a table was small must not read
/// the whole of it later (measured: 200 ms for a row of two million, by a plan that was made at a hundred), planning a
/// batch's write anew costs several times what running it does, and compiling it more than that.
const BY_KEY: [(&str, &str); 3] =
    [("enable_seqscan", "off"), ("plan_cache_mode", "force_generic_plan"), ("jit", "off")];

/// What a transaction begins with that reads a large part of a table: it is planned for what is there now, and through
/// no index that only makes it slower (measured: 620 ms through one, 280 ms without, for sums over two million rows).
pub const REPORT: &str = "SET LOCAL enable_seqscan = on; SET LOCAL plan_cache_mode = force_custom_plan";

/// Options under which connections are opened as they should be. What the URL says besides stays.
pub fn told(options: PgConnectOptions) -> PgConnectOptions {
    options.options(RELIED_ON).options(BY_KEY)
}

/// Makes a connection's commits wait for the disk, if they would not: what was answered as done has to be kept. What
/// waits for more or for others (`remote_apply`, `local`) is the operator's choice.
///
/// # Errors
/// The database's.
pub async fn made_durable(connection: &mut PgConnection) -> Result<(), Driver> {
    let sql =
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";
    sqlx::raw_sql(sql).execute(connection).await.map(|_| ())
}

/// Looks that a database can keep every text, and counts its characters as Konto does.
///
/// # Errors
/// A database whose encoding is not UTF-8, and the database's own.
pub async fn checked(db: &DatabaseConnection) -> Result<(), DbErr> {
    let sql = "SELECT current_setting('server_encoding') AS encoding, current_database()::text AS name";
    let row = db.query_one_raw(sea_orm::Statement::from_string(db.get_database_backend(), sql)).await?;
    let row = row.ok_or_else(|| DbErr::Custom("the database does not tell its encoding".into()))?;
    let (encoding, name): (String, String) = (row.try_get("", "encoding")?, row.try_get("", "name")?);
    if encoding == "UTF8" {
        return Ok(());
    }
    Err(DbErr::Custom(format!(
        "the encoding of the database {name} is {encoding}, and Konto needs UTF8: make one with \
         CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"
    )))
}
