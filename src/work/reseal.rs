//! Sealing anew what older keys have sealed, so that they can be taken off the ring. What the texts say does not change,
//! so it is no command: running servers may go on, and a text that they change meanwhile is sealed with the newest key.

use sea_orm::{ConnectionTrait as _, Statement, Value};
use uuid::Uuid;

use crate::database::Database;
use crate::ledger::LedgerFault;
use crate::primitives::TenantId;
use crate::sealing::{KeyRing, SealedColumn};

/// Texts per transaction.
const PAGE: usize = 500;

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Texts that are sealed with the newest key now, and were not.
    pub anew: usize,
    /// Texts that do not open with any key of the ring.
    pub unopened: usize,
}

/// Seals anew what the newest key of a ring has not sealed.
///
/// # Errors
/// The database's. What was done until then is done.
pub async fn reseal(db: &Database, ring: &KeyRing, columns: &[SealedColumn]) -> Result<Resealed, LedgerFault> {
    let mut done = Resealed::default();
    for column in columns {
        let mut after = (Uuid::nil(), Uuid::nil());
        while let Some(next) = page(db, ring, column, after, &mut done).await? {
            after = next;
        }
    }
    Ok(done)
}

/// Does a page of a column; gives where the next begins.
async fn page(
    db: &Database,
    ring: &KeyRing,
    column: &SealedColumn,
    after: (Uuid, Uuid),
    done: &mut Resealed,
) -> Result<Option<(Uuid, Uuid)>, LedgerFault> {
    let SealedColumn { table, column: name, .. } = column;
    let tx = db.begin().await?;
    let statement = |sql: String, values: Vec<Value>| Statement::from_sql_and_values(db.backend(), sql, values);
    let found = tx
        .query_all_raw(statement(
            format!(
                "SELECT tenant_id, id, {name} AS text FROM {table} WHERE (tenant_id, id) > ($1, $2) \
                 AND {name} IS NOT NULL AND {name} <> '' AND {name} NOT LIKE $3 ORDER BY tenant_id, id LIMIT {PAGE}"
            ),
            vec![after.0.into(), after.1.into(), format!("{}%", column.current(ring)).into()],
        ))
        .await?;
    let mut last = None;
    for row in &found {
        let (tenant, id): (Uuid, Uuid) = (row.try_get("", "tenant_id")?, row.try_get("", "id")?);
        let text: String = row.try_get("", "text")?;
        last = Some((tenant, id));
        let Ok(sealed) = column.anew(ring, TenantId(tenant), id, &text) else {
            done.unopened += 1;
            continue;
        };
        // One that has changed meanwhile is sealed anew already.
        let update = format!("UPDATE {table} SET {name} = $1 WHERE tenant_id = $2 AND id = $3 AND {name} = $4");
        let values = vec![sealed.into(), tenant.into(), id.into(), text.into()];
        done.anew += usize::try_from(tx.execute_raw(statement(update, values)).await?.rows_affected()).unwrap_or(0);
    }
    tx.commit().await?;
    Ok(last)
}
