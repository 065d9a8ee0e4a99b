//! Which keys a database was filled with, so that a server with others says so and does not start: what is sealed would
//! not open, and what has to be unique would be looked for in vain.
//!
//! The first server that has keys leaves a proof of each that it uses. Every start holds its ring against the proofs; a
//! key that is put in front leaves its own. Once everything is sealed anew, the proofs of the former keys go.

use sea_orm::{ConnectionTrait, DbErr, Statement, Value};
use uuid::Uuid;

use crate::database::Database;
use crate::primitives::TenantId;
use crate::sealing::{KeyRing, Proof, SealedColumn, Unopened};

/// What the proof of the key of look-ups is called; those of the others have a prefix.
const LOOKUP: &str = "lookup";
const KEY: &str = "key:";

/// Why the keys of a server are not those of its database.
#[derive(Debug, thiserror::Error)]
pub enum WrongKeys {
    /// It has none, and the database was filled with some.
    #[error(
        "KONTO_DATA_KEYS: the database was filled with data keys, and none is set: set those, and KONTO_LOOKUP_KEY"
    )]
    Missing,
    /// A key is not on the ring.
    #[error(
        "KONTO_DATA_KEYS: the database was filled with a key {0}, which is not among them: put it back behind the newest"
    )]
    Unknown(String),
    /// A key has another's id.
    #[error("KONTO_DATA_KEYS: the key {0} is not the one that the database was filled with under this id")]
    Another(String),
    /// What was looked up by another key is not found by this one.
    #[error("KONTO_LOOKUP_KEY: it is not the key that the database was filled with")]
    Lookup,
    /// The database's.
    #[error("the database: {0}")]
    Database(#[from] DbErr),
}

/// Holds the keys of a server against those that its database was filled with, and leaves proofs of what is new.
///
/// # Errors
/// [`WrongKeys`].
pub async fn check(db: &Database, ring: Option<&KeyRing>, columns: &[SealedColumn]) -> Result<(), WrongKeys> {
    let tx = db.begin().await?;
    let proofs = proofs(&*tx).await?;
    let Some(ring) = ring else {
        let filled = !proofs.is_empty() || has_sealed(&*tx, columns).await?;
        return if filled { Err(WrongKeys::Missing) } else { Ok(()) };
    };
    if proofs.is_empty() {
        // Filled before there were proofs, perhaps.
        for column in columns {
            check_sample(&*tx, ring, column).await?;
        }
    }
    hold_against(ring, &proofs)?;
    let newest = format!("{KEY}{}", ring.newest());
    for (name, proof) in [(LOOKUP.to_owned(), Proof::of_lookup(ring)), (newest, Proof::of_newest(ring))] {
        if proofs.iter().any(|(known, _)| *known == name) {
            continue;
        }
        let sql = "INSERT INTO data_key (name, proof) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
        tx.execute_raw(statement(&*tx, sql, vec![name.into(), proof.into()])).await?;
    }
    // Another server may have been first, with keys of its own.
    hold_against(ring, &self::proofs(&*tx).await?)?;
    tx.commit().await?;
    Ok(())
}

/// Takes away the proofs of all keys but the newest, once nothing is sealed with them any more.
///
/// # Errors
/// The database's.
pub async fn forget_older(db: &Database, ring: &KeyRing) -> Result<(), DbErr> {
    let tx = db.begin().await?;
    let sql = "DELETE FROM data_key WHERE name <> $1 AND name <> $2";
    let newest = format!("{KEY}{}", ring.newest());
    tx.execute_raw(statement(&*tx, sql, vec![LOOKUP.into(), newest.into()])).await?;
    tx.commit().await
}

/// Takes away the proof of a key that is lost, and with it the hope for what it has sealed.
///
/// # Errors
/// The database's.
pub async fn give_up(db: &Database, id: &str) -> Result<bool, DbErr> {
    let tx = db.begin().await?;
    let sql = "DELETE FROM data_key WHERE name = $1";
    let gone = tx.execute_raw(statement(&*tx, sql, vec![format!("{KEY}{id}").into()])).await?;
    tx.commit().await?;
    Ok(gone.rows_affected() > 0)
}

fn hold_against(ring: &KeyRing, proofs: &[(String, String)]) -> Result<(), WrongKeys> {
    for (name, proof) in proofs {
        match name.strip_prefix(KEY) {
            Some(id) => Proof::holds(ring, proof).map_err(|problem| of_key(id, problem))?,
            None if *proof != Proof::of_lookup(ring) => return Err(WrongKeys::Lookup),
            None => {}
        }
    }
    Ok(())
}

fn of_key(id: &str, problem: Unopened) -> WrongKeys {
    match problem {
        Unopened::NoKeys | Unopened::UnknownKey => WrongKeys::Unknown(id.to_owned()),
        Unopened::Damaged => WrongKeys::Another(id.to_owned()),
    }
}

fn statement(db: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}

async fn proofs(db: &impl ConnectionTrait) -> Result<Vec<(String, String)>, DbErr> {
    // The key of look-ups last: that of the seals is the likelier one to be told of.
    let rows = db.query_all_raw(statement(db, "SELECT name, proof FROM data_key ORDER BY name", vec![])).await?;
    rows.iter().map(|row| Ok((row.try_get("", "name")?, row.try_get("", "proof")?))).collect()
}

/// Whether something is sealed that is never kept as it is.
async fn has_sealed(db: &impl ConnectionTrait, columns: &[SealedColumn]) -> Result<bool, DbErr> {
    for SealedColumn { table, column, .. } in columns.iter().filter(|column| !column.marked) {
        let sql = format!("SELECT 1 AS one FROM {table} WHERE {column} <> '' LIMIT 1");
        if db.query_one_raw(statement(db, &sql, vec![])).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Opens one of the texts of a column, and looks it up.
async fn check_sample(db: &impl ConnectionTrait, ring: &KeyRing, column: &SealedColumn) -> Result<(), WrongKeys> {
    let SealedColumn { table, column: name, .. } = column;
    let (what, hash) = column.lookup.unwrap_or(("''", "''"));
    let like = if column.marked { "sealed:%" } else { "_%" };
    let sql = format!(
        "SELECT tenant_id, id, {name} AS text, {what} AS what, {hash} AS hash FROM {table} WHERE {name} LIKE $1 LIMIT 1"
    );
    let Some(row) = db.query_one_raw(statement(db, &sql, vec![like.into()])).await? else { return Ok(()) };
    let (tenant, id): (Uuid, Uuid) = (row.try_get("", "tenant_id")?, row.try_get("", "id")?);
    let (text, what, hash): (String, String, String) =
        (row.try_get("", "text")?, row.try_get("", "what")?, row.try_get("", "hash")?);
    let tenant = TenantId(tenant);
    let key = || text.rsplit(':').next().and_then(|text| text.split('.').next()).unwrap_or_default().to_owned();
    let opened = column.opened(ring, tenant, id, &text).map_err(|problem| of_key(&key(), problem))?;
    match opened {
        Some(opened) if column.lookup.is_some() && ring.lookup(tenant, &what, &opened) != hash => {
            Err(WrongKeys::Lookup)
        }
        _ => Ok(()),
    }
}
