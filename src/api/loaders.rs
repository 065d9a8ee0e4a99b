//! Reading by key, many at once: fields that are resolved side by side share one statement, what one request has
//! read it does not read again, and requests that are under way together share statements ([`hub`]).
//!
//! A load waits in its own task for a few rounds of the scheduler, then whoever wakes first reads all that has
//! been asked for. Nothing here knows what a token may see: that is decided on what was loaded.

mod hub;

use std::any::Any;
use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

use dataloader::BatchFn;
use dataloader::cached::Loader;
use futures_util::future::BoxFuture;

use hub::Hub;

use super::fault::Fault;
use crate::accounts::participants::{self, CustomerRole, Participant};
use crate::accounts::{self, Account, AccountBy};
use crate::cards::store::CardsOnAccount;
use crate::cards::{self, Card};
use crate::customers::addresses::{self, AddressBook};
use crate::customers::{self, Customer, CustomerIdentifier};
use crate::documents::{self, Document};
use crate::engine::{Engine, role_sources};
use crate::jobs::approvals::{self, Approval};
use crate::ledger::journal::{self, ChartRow, Standing, Transaction, TransactionsOf};
use crate::ledger::{Entry, LedgerFault};
use crate::primitives::{AccountId, CustomerId, EntryId, LedgerAccountId, TenantId};
use crate::work::{self, Recent, Row, Settings, read};

/// Keys per statement.
const BATCH: usize = 1_000;

/// A table that is read by a key.
trait Table: Sized + Send + 'static {
    /// What a row is found by.
    type Key: Clone + Debug + Eq + Hash + Send + Sync + 'static;
    /// What is found.
    type Row: Clone + Send + Sync + 'static;

    /// Rounds of the scheduler that the first key waits for others: what comes later takes a statement of its own.
    const ROUNDS: usize = 10;

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
            Loader::new(reader).with_max_batch_size(BATCH).with_yield_count(T::ROUNDS)
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
    ($(
        $(#[$doc:meta])*
        $table:ident: $key:ty => $row:ty $(, $rounds:literal rounds)? = |$engine:ident, $tenant:ident, $keys:ident| $read:expr;
    )*) => {$(
        struct $table;

        impl Table for $table {
            type Key = $key;
            type Row = $row;

            $(const ROUNDS: usize = $rounds;)?

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

/// A table that is read by its rows' own ids: one `impl` of [`Row`] is all that it takes.
struct ById<R>(PhantomData<R>);

impl<R: Row> Table for ById<R> {
    type Key = R::Id;
    type Row = R;

    async fn read(engine: &Engine, tenant: TenantId, keys: &[R::Id]) -> Result<Vec<(R::Id, R)>, LedgerFault> {
        let rows = read::by_ids::<R>(engine.db.reader(), tenant, keys).await?;
        Ok(rows.into_iter().map(|row| (row.id(), row)).collect())
    }
}

tables! {
    Positions: AccountId => Standing = |engine, tenant, keys| {
        let accounts = keys.iter().copied().collect();
        journal::positions(engine.db.reader(), engine.clock(), tenant, accounts).await?
    };
    Entries: EntryId => Arc<Entry> = |engine, tenant, keys| {
        journal::entries_by_id(engine.db.reader(), tenant, keys).await?.into_iter().map(|row| (row.id, row))
    };
    EntriesBySequence: i64 => Arc<Entry> = |engine, tenant, keys| {
        let rows = journal::entries_by_sequence(engine.db.reader(), tenant, keys).await?;
        rows.into_iter().map(|row| (row.sequence, row))
    };
    /// What reverses entries, in the order in which it was booked.
    Reversals: EntryId => Arc<Vec<Arc<Entry>>> = |engine, tenant, keys| {
        let mut of: HashMap<EntryId, Vec<Arc<Entry>>> = HashMap::new();
        for row in journal::reversals_of(engine.db.reader(), tenant, keys).await? {
            of.entry(row.reverses.unwrap_or(row.id)).or_default().push(row);
        }
        of.into_iter().map(|(original, rows)| (original, Arc::new(rows)))
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
    /// The documents of items of the history, by the items' commands.
    DocumentsOfItems: i64 => Arc<Vec<Document>> = |engine, tenant, keys| {
        let mut of: HashMap<i64, Vec<Document>> = HashMap::new();
        for row in documents::store::of_items(engine.db.reader(), tenant, keys).await? {
            of.entry(row.history_sequence).or_default().push(row);
        }
        of.into_iter().map(|(command, rows)| (command, Arc::new(rows)))
    };
    /// Pages of accounts' cards.
    Cards: CardsOnAccount => Arc<Vec<Card>> = |engine, tenant, keys| {
        let pages = cards::store::on_accounts(engine.db.reader(), tenant, keys).await?;
        pages.into_iter().map(|(key, rows)| (key, Arc::new(rows)))
    };
    /// The main cards in force, by their accounts.
    MainCards: AccountId => Card = |engine, tenant, keys| {
        let rows = cards::store::main_of(engine.db.reader(), tenant, keys).await?;
        rows.into_iter().map(|card| (card.account, card))
    };
    /// What the tenant has decided about itself.
    OfTenant: () => Arc<Settings> = |engine, tenant, keys| {
        let settings = engine.present(tenant).await?.head.settings;
        keys.iter().map(move |key| (*key, settings.clone()))
    };
    /// The numbers by which states know customers, by customer.
    Identifiers: CustomerId => Arc<Vec<CustomerIdentifier>> = |engine, tenant, keys| {
        let mut of: HashMap<CustomerId, Vec<CustomerIdentifier>> = HashMap::new();
        for row in customers::store::identifiers(engine.db.reader(), tenant, keys).await? {
            of.entry(row.customer).or_default().push(row);
        }
        of.into_iter().map(|(customer, rows)| (customer, Arc::new(rows)))
    };
    /// The roles of customers.
    Roles: CustomerId => Arc<Vec<CustomerRole>> = |engine, tenant, keys| {
        let found = participants::store::roles(engine.db.reader(), tenant, &role_sources(), keys).await?;
        found.into_iter().map(|(customer, roles)| (customer, Arc::new(roles)))
    };
    /// Who takes part in accounts, by account.
    Participants: AccountId => Arc<Vec<Participant>> = |engine, tenant, keys| {
        let mut of: HashMap<AccountId, Vec<Participant>> = HashMap::new();
        for row in participants::store::of_accounts(engine.db.reader(), tenant, keys).await? {
            of.entry(row.account).or_default().push(row);
        }
        of.into_iter().map(|(account, rows)| (account, Arc::new(rows)))
    };
    /// All addresses of customers, and the business date. The customers of a page are read before, and a hundred of them ask
    /// in several rounds.
    Addresses: CustomerId => Arc<AddressBook>, 40 rounds = |engine, tenant, keys| {
        let books = addresses::store::of_customers(engine.db.reader(), engine.clock(), tenant, keys).await?;
        books.into_iter().map(|(customer, book)| (customer, Arc::new(book)))
    };
    /// What commands waited for before they were done, by the commands.
    ApprovalsOfItems: i64 => Approval = |engine, tenant, keys| {
        let rows = approvals::store::of_commands(engine.db.reader(), tenant, keys).await?;
        rows.into_iter().filter_map(|row| Some((row.done_by?, row)))
    };
    Chart: LedgerAccountId => ChartRow = |engine, tenant, keys| {
        journal::chart_rows(engine.db.reader(), tenant, keys).await?.into_iter().map(|row| (row.id, row))
    };
}

/// Something for each table of rows, made when it is first asked for.
type PerTable<T> = [OnceLock<T>; work::Table::COUNT];

/// What all requests read through.
pub struct Hubs {
    engine: Engine,
    recent: Recent,
    rows: PerTable<Arc<dyn Any + Send + Sync>>,
    positions: Hub<Positions>,
    entries: Hub<Entries>,
    entries_by_sequence: Hub<EntriesBySequence>,
    reversals: Hub<Reversals>,
    documents: Hub<DocumentsOfItems>,
    cards: Hub<Cards>,
    main_cards: Hub<MainCards>,
    settings: Hub<OfTenant>,
    identifiers: Hub<Identifiers>,
    roles: Hub<Roles>,
    participants: Hub<Participants>,
    addresses: Hub<Addresses>,
    approvals: Hub<ApprovalsOfItems>,
    chart: Hub<Chart>,
    named: Hub<Named>,
    transactions: Hub<Transactions>,
}

impl Hubs {
    /// Hubs that nobody asks yet.
    #[must_use]
    pub fn new(engine: &Engine) -> Self {
        Self {
            engine: engine.clone(),
            recent: engine.recent.clone(),
            rows: std::array::from_fn(|_| OnceLock::new()),
            positions: Hub::new(engine),
            entries: Hub::new(engine),
            entries_by_sequence: Hub::new(engine),
            reversals: Hub::new(engine),
            documents: Hub::new(engine),
            cards: Hub::new(engine),
            main_cards: Hub::new(engine),
            settings: Hub::new(engine),
            identifiers: Hub::new(engine),
            roles: Hub::new(engine),
            participants: Hub::new(engine),
            addresses: Hub::new(engine),
            approvals: Hub::new(engine),
            chart: Hub::new(engine),
            named: Hub::new(engine),
            transactions: Hub::new(engine),
        }
    }

    fn rows<R: Row>(&self) -> Hub<ById<R>> {
        let hub = self.rows[R::TABLE as usize].get_or_init(|| Arc::new(Hub::<ById<R>>::new(&self.engine)));
        hub.downcast_ref::<Hub<ById<R>>>().cloned().unwrap_or_else(|| Hub::new(&self.engine))
    }
}

/// A loader whose table is forgotten.
trait AnyLoader: Any + Send + Sync {
    fn any(&self) -> &(dyn Any + Send + Sync);
    fn forget_all(&self) -> BoxFuture<'_, ()>;
}

impl<T: Table> AnyLoader for ByKey<T> {
    fn any(&self) -> &(dyn Any + Send + Sync) {
        self
    }

    fn forget_all(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.forget())
    }
}

/// One request's loaders.
pub struct Loaders {
    hubs: Arc<Hubs>,
    tenant: TenantId,
    rows: PerTable<Box<dyn AnyLoader>>,
    positions: ByKey<Positions>,
    entries: ByKey<Entries>,
    entries_by_sequence: ByKey<EntriesBySequence>,
    reversals: ByKey<Reversals>,
    documents: ByKey<DocumentsOfItems>,
    cards: ByKey<Cards>,
    main_cards: ByKey<MainCards>,
    settings: ByKey<OfTenant>,
    identifiers: ByKey<Identifiers>,
    roles: ByKey<Roles>,
    participants: ByKey<Participants>,
    addresses: ByKey<Addresses>,
    approvals: ByKey<ApprovalsOfItems>,
    chart: ByKey<Chart>,
}

impl Loaders {
    /// Loaders that know nothing yet.
    #[must_use]
    pub fn new(hubs: &Arc<Hubs>, tenant: TenantId) -> Self {
        Self {
            hubs: hubs.clone(),
            tenant,
            rows: std::array::from_fn(|_| OnceLock::new()),
            positions: ByKey::new(&hubs.positions, tenant),
            entries: ByKey::new(&hubs.entries, tenant),
            entries_by_sequence: ByKey::new(&hubs.entries_by_sequence, tenant),
            reversals: ByKey::new(&hubs.reversals, tenant),
            documents: ByKey::new(&hubs.documents, tenant),
            cards: ByKey::new(&hubs.cards, tenant),
            main_cards: ByKey::new(&hubs.main_cards, tenant),
            settings: ByKey::new(&hubs.settings, tenant),
            identifiers: ByKey::new(&hubs.identifiers, tenant),
            roles: ByKey::new(&hubs.roles, tenant),
            participants: ByKey::new(&hubs.participants, tenant),
            addresses: ByKey::new(&hubs.addresses, tenant),
            approvals: ByKey::new(&hubs.approvals, tenant),
            chart: ByKey::new(&hubs.chart, tenant),
        }
    }

    fn by_id<R: Row>(&self) -> Result<&ByKey<ById<R>>, Fault> {
        let loader = self.rows[R::TABLE as usize]
            .get_or_init(|| Box::new(ByKey::<ById<R>>::new(&self.hubs.rows::<R>(), self.tenant)));
        let loader = loader.any().downcast_ref::<ByKey<ById<R>>>();
        loader.ok_or_else(|| Fault::internal(&"two tables in one place"))
    }

    /// A row by its id, whoever may see it.
    ///
    /// # Errors
    /// The database's.
    pub async fn row<R: Row>(&self, id: R::Id) -> Result<Option<R>, Fault> {
        self.by_id::<R>()?.one(id).await
    }

    /// Keeps rows that were found by something else than their ids.
    pub async fn keep<R: Row>(&self, rows: &[R]) {
        if let Ok(loader) = self.by_id::<R>() {
            loader.keep(rows.iter().map(|row| (row.id(), row.clone()))).await;
        }
    }

    /// An account by any of its names, whoever owns it.
    ///
    /// # Errors
    /// The database's.
    pub async fn account_named(&self, by: AccountBy) -> Result<Option<Account>, Fault> {
        let mut found = self.hubs.named.read(self.tenant, vec![by.clone()]).await?;
        let Some((account, owner)) = found.remove(&by) else { return Ok(None) };
        self.keep(&[owner]).await;
        self.keep(std::slice::from_ref(&account)).await;
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
        for loader in self.rows.iter().filter_map(OnceLock::get) {
            loader.forget_all().await;
        }
        self.positions.forget().await;
        self.entries.forget().await;
        self.entries_by_sequence.forget().await;
        self.reversals.forget().await;
        self.documents.forget().await;
        self.cards.forget().await;
        self.main_cards.forget().await;
        self.settings.forget().await;
        self.identifiers.forget().await;
        self.roles.forget().await;
        self.participants.forget().await;
        self.addresses.forget().await;
        self.approvals.forget().await;
        self.chart.forget().await;
    }

    /// An account in the books.
    ///
    /// # Errors
    /// The database's.
    pub async fn position(&self, account: AccountId) -> Result<Option<Standing>, Fault> {
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

    /// The entries that reverse another, in the order in which they were booked.
    ///
    /// # Errors
    /// The database's.
    pub async fn reversals(&self, original: EntryId) -> Result<Arc<Vec<Arc<Entry>>>, Fault> {
        Ok(self.reversals.one(original).await?.unwrap_or_default())
    }

    /// The documents of an item of the history, whoever may see them.
    ///
    /// # Errors
    /// The database's.
    pub async fn documents_of_item(&self, command: i64) -> Result<Arc<Vec<Document>>, Fault> {
        Ok(self.documents.one(command).await?.unwrap_or_default())
    }

    /// A page of an account's cards, in the order in which they were added.
    ///
    /// # Errors
    /// The database's.
    pub async fn cards(&self, page: CardsOnAccount) -> Result<Arc<Vec<Card>>, Fault> {
        let rows = self.cards.one(page).await?.unwrap_or_default();
        self.keep(&rows).await;
        Ok(rows)
    }

    /// The main card in force of an account.
    ///
    /// # Errors
    /// The database's.
    pub async fn main_card(&self, account: AccountId) -> Result<Option<Card>, Fault> {
        self.main_cards.one(account).await
    }

    /// What the tenant has decided about itself.
    ///
    /// # Errors
    /// The database's.
    pub async fn settings(&self) -> Result<Arc<Settings>, Fault> {
        self.settings.one(()).await?.ok_or_else(|| Fault::internal(&"a tenant without settings"))
    }

    /// The numbers by which states know a customer, whoever may see them.
    ///
    /// # Errors
    /// The database's.
    pub async fn identifiers(&self, customer: CustomerId) -> Result<Arc<Vec<CustomerIdentifier>>, Fault> {
        Ok(self.identifiers.one(customer).await?.unwrap_or_default())
    }

    /// The roles of a customer.
    ///
    /// # Errors
    /// The database's.
    pub async fn roles(&self, customer: CustomerId) -> Result<Arc<Vec<CustomerRole>>, Fault> {
        Ok(self.roles.one(customer).await?.unwrap_or_default())
    }

    /// Who takes part in an account beside its owner, whoever may see it.
    ///
    /// # Errors
    /// The database's.
    pub async fn participants(&self, account: AccountId) -> Result<Arc<Vec<Participant>>, Fault> {
        Ok(self.participants.one(account).await?.unwrap_or_default())
    }

    /// A customer's addresses, whoever may see them; none where there is none.
    ///
    /// # Errors
    /// The database's.
    pub async fn addresses(&self, customer: CustomerId) -> Result<Option<Arc<AddressBook>>, Fault> {
        self.addresses.one(customer).await
    }

    /// The second person's yes that an item of the history was done by, whoever may see it.
    ///
    /// # Errors
    /// The database's.
    pub async fn approval_of_item(&self, command: i64) -> Result<Option<Approval>, Fault> {
        self.approvals.one(command).await
    }

    /// A row of the chart.
    ///
    /// # Errors
    /// The database's.
    pub async fn chart_row(&self, id: LedgerAccountId) -> Result<Option<ChartRow>, Fault> {
        self.chart.one(id).await
    }
}
