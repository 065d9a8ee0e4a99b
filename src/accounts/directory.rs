//! Which account a name means, from memory where it has been asked before.
//!
//! An account keeps its id, its number and its owner for life and is never deleted, so what was once read stays
//! true and nothing has to be told when to forget. A tenant's own reference may change: it is read every time.

use std::collections::{HashMap, HashSet};

use super::{Account, AccountBy, store};
use crate::denial::{Denial, Failure};
use crate::engine::Engine;
use crate::ledger::LedgerFault;
use crate::ledger::names::Name;
use crate::primitives::{AccountId, Origin};

impl AccountBy {
    /// The name that is good for life, if it is one.
    fn lasting(&self) -> Option<Name> {
        match self {
            Self::Id(id) => Some(Name::Id(*id)),
            Self::Number(number) => Some(Name::Number(number.as_str().into())),
            Self::ExternalReference(_) => None,
        }
    }
}

fn known(engine: &Engine, origin: &Origin, by: &AccountBy) -> Option<AccountId> {
    let (account, owner) = engine.names.get(origin.tenant, by.lasting()?)?;
    origin.customer.is_none_or(|own| own == owner).then_some(account)
}

/// The accounts that the names mean, as far as the origin sees them: one statement for all that are not known.
///
/// # Errors
/// The database's.
pub(crate) async fn find(
    engine: &Engine,
    origin: &Origin,
    names: &[&AccountBy],
) -> Result<Vec<Option<AccountId>>, LedgerFault> {
    let mut found: Vec<Option<AccountId>> = names.iter().map(|by| known(engine, origin, by)).collect();
    let missing = names.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|(by, _)| (*by).clone());
    let missing: Vec<AccountBy> = missing.collect::<HashSet<_>>().into_iter().collect();
    if missing.is_empty() {
        return Ok(found);
    }
    let accounts = store::find_many(engine.db.reader(), origin.tenant, origin.customer, &missing).await?;
    let by_name: HashMap<AccountBy, &Account> =
        accounts.iter().flat_map(|account| account.names().map(move |name| (name, account))).collect();
    for (found, by) in found.iter_mut().zip(names).filter(|(found, _)| found.is_none()) {
        if let Some(account) = by_name.get(*by) {
            if let Some(name) = by.lasting() {
                engine.names.keep(origin.tenant, name, (account.id, account.owner));
            }
            *found = Some(account.id);
        }
    }
    Ok(found)
}

/// The account that an input field names, if the origin sees it.
///
/// # Errors
/// `NOT_FOUND` for the field.
pub(crate) async fn require(
    engine: &Engine,
    origin: &Origin,
    field: &str,
    by: &AccountBy,
) -> Result<AccountId, Failure> {
    let found = find(engine, origin, &[by]).await?.into_iter().next().flatten();
    found.ok_or_else(|| Denial::not_found(field, "account").into())
}
