//! Erasing what is personal in entries: the one statement that touches rows of the journal once they are written.
//!
//! It takes the personal facts, the messages on the lines and the secret that they were sealed with. The seal's hash
//! stays, and with it the entry's digest and the chain: without the secret nothing can be guessed back from it, and
//! [`super::verify`] accepts it as erased. Nothing that decides a posting changes, and neither does what an entry says
//! to the books. A copy of the entry that a server remembers still has it all: whoever erases has those forgotten.

use sea_orm::{ConnectionTrait as _, DatabaseTransaction, Statement, Value};

use super::fault::LedgerFault;
use crate::database::{Kind, Listed, listed};
use crate::primitives::{AccountId, EntryId, TenantId};

/// Entries per statement.
const LIST: usize = 10_000;

/// Erases what is personal in a tenant's entries; those that it does not have, or that have nothing, are left out.
/// Gives how many entries were erased.
///
/// To be called in a transaction of the tenant's worker, with the record of the command that asked for it: it changes
/// nothing that decides, but there is no other writer of a tenant's rows.
///
/// # Errors
/// The database's.
pub async fn erase(tx: &DatabaseTransaction, tenant: TenantId, entries: &[EntryId]) -> Result<u64, LedgerFault> {
    let backend = tx.get_database_backend();
    let mut erased = 0;
    for ids in entries.chunks(LIST) {
        let ids: Vec<Value> = ids.iter().map(|id| id.0.into()).collect();
        let (Listed { from, condition }, ids) = listed(backend, ("entry", "found"), "id", 2, Kind::Uuid, ids);
        let found = format!("SELECT found.sequence FROM {from} WHERE {condition} AND found.personal_hash IS NOT NULL");
        let messages = format!(
            "UPDATE posting SET message = NULL WHERE tenant_id = $1 AND entry_sequence IN ({found}) AND message IS NOT NULL"
        );
        let facts = format!(
            "UPDATE entry SET personal = NULL, personal_salt = NULL WHERE tenant_id = $1 AND sequence IN ({found}) \
             AND personal_salt IS NOT NULL"
        );
        let statement = |sql: String| Statement::from_sql_and_values(backend, sql, [tenant.0.into(), ids.clone()]);
        tx.execute_raw(statement(messages)).await?;
        erased += tx.execute_raw(statement(facts)).await?.rows_affected();
    }
    Ok(erased)
}

/// Erases what is personal in all entries that touch these accounts, however many they are. Gives how many were erased.
///
/// What is personal in an entry is sealed as a whole: where it touches another customer's account as well, what it said
/// there of the erased one's side goes with the rest.
///
/// To be called as [`erase`] is.
///
/// # Errors
/// The database's.
pub async fn erase_of_accounts(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    accounts: &[AccountId],
) -> Result<u64, LedgerFault> {
    let backend = tx.get_database_backend();
    let mut erased = 0;
    for ids in accounts.chunks(LIST) {
        let ids: Vec<Value> = ids.iter().map(|id| id.0.into()).collect();
        let (Listed { from, condition }, ids) = listed(backend, ("posting", "line"), "account_id", 2, Kind::Uuid, ids);
        let found = format!("SELECT line.entry_sequence FROM {from} WHERE {condition}");
        let messages = format!(
            "UPDATE posting SET message = NULL WHERE tenant_id = $1 AND entry_sequence IN ({found}) AND message IS NOT NULL"
        );
        let facts = format!(
            "UPDATE entry SET personal = NULL, personal_salt = NULL WHERE tenant_id = $1 AND sequence IN ({found}) \
             AND personal_salt IS NOT NULL"
        );
        let statement = |sql: String| Statement::from_sql_and_values(backend, sql, [tenant.0.into(), ids.clone()]);
        tx.execute_raw(statement(messages)).await?;
        erased += tx.execute_raw(statement(facts)).await?.rows_affected();
    }
    Ok(erased)
}
