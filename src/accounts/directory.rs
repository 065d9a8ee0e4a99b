//! Which account a name means, from memory where it has been asked before.
//!
//! An account keeps its id, its number and its owner for life and is never deleted, so what was once read stays
//! true and nothing has to be told when to forget. A tenant's own reference may change: it is read every time.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use quick_cache::sync::Cache;

use super::{Account, AccountBy, store};
use crate::denial::{Denial, Failure};
use crate::engine::Engine;
use crate::ledger::LedgerFault;
use crate::primitives::{AccountId, CustomerId, Origin, TenantId};

/// Names to remember, about 130 bytes each. What does not fit is read again.
const CAPACITY: usize = 200_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Name {
    Id(AccountId),
    Number(Box<str>),
}

impl Name {
    fn of(by: &AccountBy) -> Option<Self> {
        match by {
            AccountBy::Id(id) => Some(Self::Id(*id)),
            AccountBy::Number(number) => Some(Self::Number(number.as_str().into())),
            AccountBy::ExternalReference(_) => None,
        }
    }
}

/// Names of accounts that are known. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Directory(Arc<Cache<(TenantId, Name), (AccountId, CustomerId)>>);

impl Default for Directory {
    fn default() -> Self {
        Self(Arc::new(Cache::new(CAPACITY)))
    }
}

impl Directory {
    fn get(&self, origin: &Origin, by: &AccountBy) -> Option<AccountId> {
        let (account, owner) = self.0.get(&(origin.tenant, Name::of(by)?))?;
        origin.customer.is_none_or(|own| own == owner).then_some(account)
    }

    fn keep(&self, tenant: TenantId, by: &AccountBy, account: &Account) {
        if let Some(name) = Name::of(by) {
            self.0.insert((tenant, name), (account.id, account.owner));
        }
    }
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
    let mut found: Vec<Option<AccountId>> = names.iter().map(|by| engine.directory.get(origin, by)).collect();
    let missing = names.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|(by, _)| (*by).clone());
    let missing: Vec<AccountBy> = missing.collect::<HashSet<_>>().into_iter().collect();
    if missing.is_empty() {
        return Ok(found);
    }
    let accounts = store::find_many(engine.db.reader(), origin.tenant, origin.customer, &missing).await?;
    let mut by_name: HashMap<AccountBy, &Account> = HashMap::with_capacity(accounts.len() * 3);
    for account in &accounts {
        by_name.insert(AccountBy::Id(account.id), account);
        by_name.insert(AccountBy::Number(account.number.clone()), account);
        if let Some(reference) = &account.external_reference {
            by_name.insert(AccountBy::ExternalReference(reference.clone()), account);
        }
    }
    for (found, by) in found.iter_mut().zip(names).filter(|(found, _)| found.is_none()) {
        if let Some(account) = by_name.get(*by) {
            engine.directory.keep(origin.tenant, by, account);
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
