//! Reading by key, many at once: fields that are resolved side by side share one statement, what one request has
//! read it does not read again, and requests that are under way together share statements ([`hub`]).
//!
//! A load waits in its own task for a few rounds of the scheduler, then whoever wakes first reads all that has
//! been asked for. Nothing here knows what a token may see: that is decided on what was loaded.

mod hub;

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Arc, OnceLock};

use dataloader::BatchFn;
use dataloader::cached::Loader;

use hub::Hub;

use super::fault::Fault;
use crate::accounts::model::{Account, Product};
use crate::accounts::{self, AccountBy};
use crate::customers::{self, Customer};
use crate::engine::Engine;
use crate::ledger::journal::{self, ChartRow, Transaction, TransactionsOf};
use crate::ledger::{Entry, Hold, LedgerFault, Position, Recent};
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
    ) -> impl Future<Output = Result<Rows<Self>, LedgerFault>> + Send;
}

/// Rows with the keys that they were found by.
type Rows<T> = Vec<(<T as Table>::Key, <T as Table>::Row)>;

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

/// Reads a table for one request.
type RequestLoader<T> = Loader<<T as Table>::Key, Known<<T as Table>::Row>, Reader<T>>;

/// The rows of a table, by key, for one request; made when it is first asked.
struct ByKey<T: Table> {
    hub: Hub<T>,
    tenant: TenantId,
    loader: OnceLock<RequestLoader<T>>,
}

impl<T: Table> ByKey<T> {
    fn new(hub: &Hub<T>, tenant: TenantId) -> Self {
        Self { hub: hub.clone(), tenant, loader: OnceLock::new() }
    }

    fn loader(&self) -> &RequestLoader<T> {
        self.loader.get_or_init(|| {
            let reader = Reader { hub: self.hub.clone(), tenant: self.tenant };
            Loader::new(reader).with_max_batch_size(BATCH)
        })
    }

    async fn one(&self, key: T::Key) -> Result<Option<T::Row>, Fault> {
        loop {
            // The only error: another field had taken the key to read it, and was dropped before it had. Then
            // the key is nobody's, and asking again makes it ours.
            if let Ok(known) = self.loader().try_load(key.clone()).await {
                return known.map_err(Fault::from);
            }
        }
    }

    async fn keep(&self, rows: impl Iterator<Item = (T::Key, T::Row)>) {
        self.loader().prime_many(rows.map(|(key, row)| (key, Ok(Some(row))))).await;
    }

    async fn forget(&self) {
        if let Some(loader) = self.loader.get() {
            loader.clear_all().await;
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
        journal::entries_by_id(engine.db.reader(), tenant, keys).await?.into_iter().map(|row| (row.id, row))
    };
    EntriesBySequence: i64 => Arc<Entry> = |engine, tenant, keys| {
        let rows = journal::entries_by_sequence(engine.db.reader(), tenant, keys).await?;
        rows.into_iter().map(|row| (row.sequence, row))
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

/// What all requests read through.
pub struct Hubs {
    recent: Recent,
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
            recent: engine.recent.clone(),
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
        self.customers.forget().await;
        self.products.forget().await;
        self.accounts.forget().await;
        self.positions.forget().await;
        self.entries.forget().await;
        self.entries_by_sequence.forget().await;
        self.reversals.forget().await;
        self.holds.forget().await;
        self.chart.forget().await;
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
        self.accounts.keep(rows.iter().map(|row| (row.id, row.clone()))).await;
    }

    /// Keeps customers that were found by something else than their ids.
    pub async fn keep_customers(&self, rows: &[Customer]) {
        self.customers.keep(rows.iter().map(|row| (row.id, row.clone()))).await;
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
        match self.hubs.recent.by_id(self.tenant, id) {
            Some(entry) => Ok(Some(entry)),
            None => self.entries.one(id).await,
        }
    }

    /// An entry by its sequence, whomever it touches.
    ///
    /// # Errors
    /// The database's.
    pub async fn entry_by_sequence(&self, sequence: i64) -> Result<Option<Arc<Entry>>, Fault> {
        match self.hubs.recent.by_sequence(self.tenant, sequence) {
            Some(entry) => Ok(Some(entry)),
            None => self.entries_by_sequence.one(sequence).await,
        }
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
