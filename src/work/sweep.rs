//! What is done with a decision to rows that no command looks at, or that are too many to be looked at one by one: by
//! statements of its own, in the decision's transaction, once that is written. Nothing may be decided by what they change;
//! what is remembered of the tenant is forgotten then.

use sea_orm::{ConnectionTrait as _, DatabaseTransaction, Statement, Value};

use crate::ledger::{LedgerFault, erase};
use crate::primitives::{AccountId, CustomerId, TenantId};

/// Something that is done so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweep {
    /// What is personal in an account's entries goes: messages, and the other sides of payments.
    EraseEntries(AccountId),
    /// What went into the runs of custom actions on an account goes, and what came out. That they were, by whom, and what
    /// they made stays. The items of their jobs tell what a run was refused for as well.
    EraseRuns(AccountId),
    /// Clients that are bound to a customer get no more tokens.
    DisableClients(CustomerId),
    /// Clients that are bound to the one customer are bound to the other.
    BindClients(CustomerId, CustomerId),
}

const ITEMS_OF_RUNS: &str = "UPDATE job_item SET refusal = NULL WHERE tenant_id = $1 AND refusal IS NOT NULL AND job_id IN \
     (SELECT job_id FROM action_run WHERE tenant_id = $1 AND account_id = $2 AND job_id IS NOT NULL)";
const RUNS: &str = "UPDATE action_run SET input = '{}', output = NULL, refusal = NULL, failure = NULL \
     WHERE tenant_id = $1 AND account_id = $2";
const DISABLE: &str = "UPDATE client SET disabled = TRUE WHERE tenant_id = $1 AND customer_id = $2";
const BIND: &str = "UPDATE client SET customer_id = $3 WHERE tenant_id = $1 AND customer_id = $2";

/// Does what was decided, in its order.
///
/// # Errors
/// The database's.
pub(super) async fn sweep(tx: &DatabaseTransaction, tenant: TenantId, sweeps: &[Sweep]) -> Result<(), LedgerFault> {
    let entries = sweeps.iter().filter_map(|sweep| match sweep {
        Sweep::EraseEntries(account) => Some(*account),
        _ => None,
    });
    erase::erase_of_accounts(tx, tenant, &entries.collect::<Vec<_>>()).await?;
    for one in sweeps {
        let (statements, values): (&[&str], Vec<Value>) = match one {
            // All at once, above.
            Sweep::EraseEntries(_) => continue,
            Sweep::EraseRuns(account) => (&[ITEMS_OF_RUNS, RUNS], vec![account.0.into()]),
            Sweep::DisableClients(customer) => (&[DISABLE], vec![customer.0.into()]),
            Sweep::BindClients(from, into) => (&[BIND], vec![from.0.into(), into.0.into()]),
        };
        for sql in statements {
            let values = std::iter::once(tenant.0.into()).chain(values.iter().cloned());
            tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), *sql, values)).await?;
        }
    }
    Ok(())
}
