//! Names of accounts, in memory: what stands for an account for life, and whose it is.

use std::sync::Arc;

use quick_cache::sync::Cache;

use crate::primitives::{AccountId, CustomerId, TenantId};

/// Names to remember, about 130 bytes each. What does not fit is read again.
const CAPACITY: usize = 200_000;

/// What an account is called for life.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Name {
    /// Its id.
    Id(AccountId),
    /// Its number.
    Number(Box<str>),
}

/// Names that are known. Cloning shares them.
#[derive(Clone, Debug)]
pub struct Names(Arc<Cache<(TenantId, Name), (AccountId, CustomerId)>>);

impl Default for Names {
    fn default() -> Self {
        Self(Arc::new(Cache::new(CAPACITY)))
    }
}

impl Names {
    /// The account that a name means, and its owner.
    #[must_use]
    pub fn get(&self, tenant: TenantId, name: Name) -> Option<(AccountId, CustomerId)> {
        self.0.get(&(tenant, name))
    }

    /// Keeps a name that was read from the database: what is there stays there.
    pub fn keep(&self, tenant: TenantId, name: Name, account: (AccountId, CustomerId)) {
        self.0.insert((tenant, name), account);
    }
}
