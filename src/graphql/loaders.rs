//! Reading by key, many at once: fields that are resolved side by side share one statement, what one request has
//! read it does not read again, and requests that are under way together share statements ([`hub`]).
//!
//! A load waits in its own task for a few rounds of the scheduler, then whoever wakes first reads all that has
//! been asked for. Nothing here knows what a token may see: that is decided on what was loaded.

mod hub;

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use dataloader::BatchFn;
use dataloader::cached::Loader;

use hub::Hub;

use super::fault::Fault;
use crate::accounts::model::{Account, Product};
use crate::accounts::{self, AccountBy};
use crate::customers::{self, Customer};
use crate::engine::Engine;
use crate::ledger::journal::{self, ChartRow, Transaction, TransactionsOf};
use crate::ledger::{Entry, Hold, LedgerFault, Position};
use crate::primitives::{AccountId, CustomerId, EntryId, HoldId, LedgerAccountId, ProductId, TenantId};

/// Keys per statement.
const BATCH: usize = 1_000;

/// A table that is read by a key.
trait Table: Sized + Send + 'static {
    /// What a row is found by.
    type Key: Clone + Debug + Eq + Hash + Send + Sync + 'static;
    /// What is found.
    type Row: Clone + Send + Sync + 'static;

    /// Everything that is found, in any order.
    fn read(
        engine: &Engine,
        tenant: TenantId,
        keys: &[Self::Key],
    ) -> impl Future<Output = Result<Vec<(Self::Key, Self::Row)>, LedgerFault>> + Send;
}

/// What is known of one key.
type Known<R> = Result<Option<R>, Arc<LedgerFault>>;

struct Reader<T: Table> {
    hub: Hub<T>,
    tenant: TenantId,
}

impl<T: Table> BatchFn<T::Key, Known<T::Row>> for Reader<T> {
    async fn load(&mut self, keys: &[T::Key]) -> HashMap<T::Key, Known<T::Row>> {
        match self.hub.read(self.tenant, keys.to_vec()).await {
            Ok(mut rows) => keys.iter().map(|key| (key.clone(), Ok(rows.remove(key)))).collect(),
            Err(fault) => keys.iter().map(|key| (key.clone(), Err(fault.clone()))).collect(),
        }
    }
}

/// The rows of a table, by key, for one request.
struct ByKey<T: Table>(Loader<T::Key, Known<T::Row>, Reader<T>>);

impl<T: Table> ByKey<T> {
    fn new(hub: &Hub<T>, tenant: TenantId) -> Self {
        Self(Loader::new(Reader { hub: hub.clone(), tenant }).with_max_batch_size(BATCH))
    }

    async fn one(&self, key: T::Key) -> Result<Option<T::Row>, Fault> {
        loop {
            // The only error: another field had taken the key to read it, and was dropped before it had. Then
            // the key is nobody's, and asking again makes it ours.
            if let Ok(known) = self.0.try_load(key.clone()).await {
                return known.map_err(Fault::from);
            }
        }
    }
}

macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident: $key:ty => $row:ty = |$engine:ident, $tenant:ident, $keys:ident| $read:expr;)*) => {$(
        struct $table;

        impl Table for $table {
            type Key = $key;
            type Row = $row;

            async fn read(
                $engine: &Engine,
                $tenant: TenantId,
                $keys: &[$key],
            ) -> Result<Vec<($key, $row)>, LedgerFault> {
                Ok($read.into_iter().collect())
            }
        }
    )*};
}

tables! {
    Customers: CustomerId => Customer = |engine, tenant, keys| {
        customers::store::by_ids(engine.db.reader(), tenant, keys).await?.into_iter().map(|row| (row.id, row))
    };
    Products: ProductId => Product = |engine, tenant, keys| {
        accounts::store::products_by_id(engine.db.reader(), tenant, keys).await?.into_iter().map(|row| (row.id, row))
    };
    Accounts: AccountId => Account = |engine, tenant, keys| {
        let names: Vec<AccountBy> = keys.iter().map(|id| AccountBy::Id(*id)).collect();
        accounts::store::find_many(engine.db.reader(), tenant, None, &names).await?.into_iter().map(|row| (row.id, row))
    };
    Positions: AccountId => Position = |engine, tenant, keys| {
        journal::positions(engine.db.reader(), tenant, keys.iter().copied().collect()).await?
    };
    Entries: EntryId => Arc<Entry> = |engine, tenant, keys| {
        let (kept, others) = split(keys, |key| engine.recent.by_id(tenant, key));
        let read = journal::entries_by_id(engine.db.reader(), tenant, &others).await?;
        kept.into_iter().chain(read).map(|row| (row.id, row))
    };
    EntriesBySequence: i64 => Arc<Entry> = |engine, tenant, keys| {
        let (kept, others) = split(keys, |key| engine.recent.by_sequence(tenant, key));
        let read = journal::entries_by_sequence(engine.db.reader(), tenant, &others).await?;
        kept.into_iter().chain(read).map(|row| (row.sequence, row))
    };
    Reversals: EntryId => Arc<Entry> = |engine, tenant, keys| {
        let rows = journal::reversals_of(engine.db.reader(), tenant, keys).await?;
        rows.into_iter().filter_map(|row| row.reverses.map(|original| (original, row)))
    };
    Holds: HoldId => Hold = |engine, tenant, keys| {
        journal::holds(engine.db.reader(), tenant, keys.iter().copied().collect()).await?
    };
    /// Accounts by their names, each with its owner: who asks for the one mostly asks for the other.
    Named: AccountBy => (Account, Customer) = |engine, tenant, keys| {
        accounts::store::find_with_owners(engine.db.reader(), tenant, keys).await?
    };
    /// Pages of transactions.
    Transactions: TransactionsOf => Arc<Vec<Transaction>> = |engine, tenant, keys| {
        let pages = journal::transactions_of(engine.db.reader(), tenant, keys).await?;
        pages.into_iter().map(|(key, rows)| (key, Arc::new(rows)))
    };
    Chart: LedgerAccountId => ChartRow = |engine, tenant, keys| {
        journal::chart_rows(engine.db.reader(), tenant, keys).await?.into_iter().map(|row| (row.id, row))
    };
}

/// What is in memory, and the keys of what is not.
fn split<K: Copy, R>(keys: &[K], known: impl Fn(K) -> Option<R>) -> (Vec<R>, Vec<K>) {
    let (mut rows, mut others) = (Vec::new(), Vec::new());
    for key in keys {
        match known(*key) {
            Some(row) => rows.push(row),
            None => others.push(*key),
        }
    }
    (rows, others)
}

/// What all requests read through.
pub struct Hubs {
    customers: Hub<Customers>,
    products: Hub<Products>,
    accounts: Hub<Accounts>,
    positions: Hub<Positions>,
    entries: Hub<Entries>,
    entries_by_sequence: Hub<EntriesBySequence>,
    reversals: Hub<Reversals>,
    holds: Hub<Holds>,
    chart: Hub<Chart>,
    named: Hub<Named>,
    transactions: Hub<Transactions>,
}

impl Hubs {
    /// Hubs that nobody asks yet.
    #[must_use]
    pub fn new(engine: &Engine) -> Self {
        Self {
            customers: Hub::new(engine),
            products: Hub::new(engine),
            accounts: Hub::new(engine),
            positions: Hub::new(engine),
            entries: Hub::new(engine),
            entries_by_sequence: Hub::new(engine),
            reversals: Hub::new(engine),
            holds: Hub::new(engine),
            chart: Hub::new(engine),
            named: Hub::new(engine),
            transactions: Hub::new(engine),
        }
    }
}

/// One request's loaders.
pub struct Loaders {
    hubs: Arc<Hubs>,
    tenant: TenantId,
    customers: ByKey<Customers>,
    products: ByKey<Products>,
    accounts: ByKey<Accounts>,
    positions: ByKey<Positions>,
    entries: ByKey<Entries>,
    entries_by_sequence: ByKey<EntriesBySequence>,
    reversals: ByKey<Reversals>,
    holds: ByKey<Holds>,
    chart: ByKey<Chart>,
}

impl Loaders {
    /// Loaders that know nothing yet.
    #[must_use]
    pub fn new(hubs: &Arc<Hubs>, tenant: TenantId) -> Self {
        Self {
            hubs: hubs.clone(),
            tenant,
            customers: ByKey::new(&hubs.customers, tenant),
            products: ByKey::new(&hubs.products, tenant),
            accounts: ByKey::new(&hubs.accounts, tenant),
            positions: ByKey::new(&hubs.positions, tenant),
            entries: ByKey::new(&hubs.entries, tenant),
            entries_by_sequence: ByKey::new(&hubs.entries_by_sequence, tenant),
            reversals: ByKey::new(&hubs.reversals, tenant),
            holds: ByKey::new(&hubs.holds, tenant),
            chart: ByKey::new(&hubs.chart, tenant),
        }
    }

    /// An account by any of its names, whoever owns it.
    ///
    /// # Errors
    /// The database's.
    pub async fn account_named(&self, by: AccountBy) -> Result<Option<Account>, Fault> {
        let mut found = self.hubs.named.read(self.tenant, vec![by.clone()]).await?;
        let Some((account, owner)) = found.remove(&by) else { return Ok(None) };
        self.keep_customers(&[owner]).await;
        self.keep_accounts(std::slice::from_ref(&account)).await;
        Ok(Some(account))
    }

    /// A page of an account's transactions, newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn transactions(&self, page: TransactionsOf) -> Result<Arc<Vec<Transaction>>, Fault> {
        let mut found = self.hubs.transactions.read(self.tenant, vec![page.clone()]).await?;
        Ok(found.remove(&page).unwrap_or_default())
    }

    /// Forgets what changes: before each event of a subscription, which is one request that goes on for hours.
    pub async fn forget(&self) {
        self.customers.0.clear_all().await;
        self.products.0.clear_all().await;
        self.accounts.0.clear_all().await;
        self.positions.0.clear_all().await;
        self.entries.0.clear_all().await;
        self.entries_by_sequence.0.clear_all().await;
        self.reversals.0.clear_all().await;
        self.holds.0.clear_all().await;
        self.chart.0.clear_all().await;
    }

    /// A customer.
    ///
    /// # Errors
    /// The database's.
    pub async fn customer(&self, id: CustomerId) -> Result<Option<Customer>, Fault> {
        self.customers.one(id).await
    }

    /// A product.
    ///
    /// # Errors
    /// The database's.
    pub async fn product(&self, id: ProductId) -> Result<Option<Product>, Fault> {
        self.products.one(id).await
    }

    /// An account, whoever owns it.
    ///
    /// # Errors
    /// The database's.
    pub async fn account(&self, id: AccountId) -> Result<Option<Account>, Fault> {
        self.accounts.one(id).await
    }

    /// Keeps accounts that were found by something else than their ids.
    pub async fn keep_accounts(&self, rows: &[Account]) {
        self.accounts.0.prime_many(rows.iter().map(|row| (row.id, Ok(Some(row.clone()))))).await;
    }

    /// Keeps customers that were found by something else than their ids.
    pub async fn keep_customers(&self, rows: &[Customer]) {
        self.customers.0.prime_many(rows.iter().map(|row| (row.id, Ok(Some(row.clone()))))).await;
    }

    /// An account in the books.
    ///
    /// # Errors
    /// The database's.
    pub async fn position(&self, account: AccountId) -> Result<Option<Position>, Fault> {
        self.positions.one(account).await
    }

    /// An entry, whomever it touches.
    ///
    /// # Errors
    /// The database's.
    pub async fn entry(&self, id: EntryId) -> Result<Option<Arc<Entry>>, Fault> {
        self.entries.one(id).await
    }

    /// An entry by its sequence, whomever it touches.
    ///
    /// # Errors
    /// The database's.
    pub async fn entry_by_sequence(&self, sequence: i64) -> Result<Option<Arc<Entry>>, Fault> {
        self.entries_by_sequence.one(sequence).await
    }

    /// The entry that reverses another.
    ///
    /// # Errors
    /// The database's.
    pub async fn reversal(&self, original: EntryId) -> Result<Option<Arc<Entry>>, Fault> {
        self.reversals.one(original).await
    }

    /// A hold, whoever's account it is on.
    ///
    /// # Errors
    /// The database's.
    pub async fn hold(&self, id: HoldId) -> Result<Option<Hold>, Fault> {
        self.holds.one(id).await
    }

    /// A row of the chart.
    ///
    /// # Errors
    /// The database's.
    pub async fn chart_row(&self, id: LedgerAccountId) -> Result<Option<ChartRow>, Fault> {
        self.chart.one(id).await
    }
}
