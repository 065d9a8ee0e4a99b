//! Books to measure on, written by Konto's own code: its use cases' rows, its posting path, its hash chain.
//! Only the detours are left out (HTTP, one commit per account).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, anyhow, bail};
use konto::access::{Access, AccessConfig};
use konto::accounts::{self, Account, Product, ProductBy};
use konto::customers::{self, Customer, CustomerType};
use konto::database::Database;
use konto::denial::Failure;
use konto::ledger::entry::{Side, Spread};
use konto::ledger::order::{Action, Idempotency, Order, Submission};
use konto::ledger::post::Surroundings;
use konto::ledger::{Committer, Draft, InternalRole, Session, TransactionKind};
use konto::primitives::{AccountId, Clock, CustomerId, IdSource, Minor, Origin, TenantId};
use konto::server;
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

/// The OAuth client of the benchmark.
pub const CLIENT: &str = "bench";
/// Its secret. The server listens on 127.0.0.1 and goes with the run.
pub const SECRET: &str = "only-for-the-benchmark";
const TENANT: &str = "bench";

/// The number of an account, by its place.
pub fn number(place: u64) -> String {
    format!("{:012}", FIRST_NUMBER + place)
}

/// The number of the account at place 0.
pub const FIRST_NUMBER: u64 = 481_000_000_000;

/// Rows per transaction: of customers and accounts, and of orders.
const OPEN_AT_ONCE: u64 = 2_000;
const POST_AT_ONCE: u64 = 5_000;
/// How often it is told how far the history has come.
const TELL_EACH: u64 = 500_000;
/// What an account begins with, in cents: a million. The hot one has a thousand times that.
const OPENING: i64 = 100_000_000;

/// A database with a tenant, accounts and money.
pub struct Books {
    pub url: String,
    pub db: Database,
    pub tenant: TenantId,
    pub accounts: Vec<AccountId>,
    surroundings: Surroundings,
    committer: Committer,
    random: SmallRng,
    /// Begins its idempotency keys: the database may have been filled before.
    run: u32,
    requests: u64,
}

impl Books {
    /// Sets up an empty database: tables, tenant, products, client, accounts, opening balances.
    pub async fn open(url: &str, accounts: u64) -> anyhow::Result<Self> {
        let begin = Instant::now();
        let mut books = Self::connect(url).await?;
        let product =
            accounts::store::product(books.db.reader(), books.tenant, &ProductBy::Code("current".into())).await?;
        let product = product.context("the product 'current' is missing")?;
        let mut place = 0;
        while place < accounts {
            let end = (place + OPEN_AT_ONCE).min(accounts);
            books.open_accounts(&product, place..end).await?;
            place = end;
        }
        for begin in (0..accounts).step_by(POST_AT_ONCE as usize) {
            let end = (begin + POST_AT_ONCE).min(accounts);
            let orders = (begin..end).map(|place| books.opening(place)).collect();
            books.submit(orders).await?;
        }
        books.settle().await?;
        println!("  {accounts} accounts in {} ms", begin.elapsed().as_millis());
        Ok(books)
    }

    /// Opens what an earlier run kept, if it is what this one needs.
    pub async fn reopen(url: &str, accounts: u64, transactions: u64) -> anyhow::Result<Option<Self>> {
        let mut books = Self::connect(url).await?;
        let sql = "SELECT id FROM account WHERE tenant_id = $1 ORDER BY number";
        let statement = Statement::from_sql_and_values(books.db.backend(), sql, [books.tenant.0.into()]);
        let rows = books.db.reader().query_all_raw(statement).await?;
        let ids = rows.iter().map(|row| Ok(AccountId(row.try_get("", "id")?)));
        books.accounts = ids.collect::<Result<_, sea_orm::DbErr>>()?;
        let there = books.entries().await? * 2;
        let fits = books.accounts.len() as u64 == accounts && (accounts..transactions * 2).contains(&there);
        Ok(fits.then_some(books))
    }

    /// The tables, the tenant with its products, and the client.
    async fn connect(url: &str) -> anyhow::Result<Self> {
        let db = Database::open(url).await?;
        db.migrate().await?;
        let clock = Clock::system();
        let ids = IdSource::random(clock.clone());
        let access = Access::start(db.clone(), clock.clone(), ids.clone(), AccessConfig::default()).await?;
        let spec = format!("{TENANT}:{CLIENT}:{SECRET}");
        let tenant = server::bootstrap(&access, &clock, &ids, &spec).await?.tenant;
        let surroundings = Surroundings { clock, ids };
        let committer = Committer::new(db.clone(), surroundings.clone(), Arc::new(|_, _, _| ()));
        let random = SmallRng::seed_from_u64(1);
        Ok(Self {
            url: url.to_owned(),
            db,
            tenant,
            accounts: Vec::new(),
            surroundings,
            committer,
            random,
            run: rand::random(),
            requests: 0,
        })
    }

    fn origin(&mut self) -> Origin {
        self.requests += 1;
        let request_id = format!("seed-{:08}", self.requests).into();
        Origin { tenant: self.tenant, client: CLIENT.into(), customer: None, request_id }
    }

    /// New customers with an account each, as `createCustomer` and `openAccount` would write them.
    async fn open_accounts(&mut self, product: &Product, places: std::ops::Range<u64>) -> anyhow::Result<()> {
        let Surroundings { clock, ids } = self.surroundings.clone();
        let (mut owners, mut accounts, mut orders) = (Vec::new(), Vec::new(), Vec::new());
        for place in places {
            let owner = Customer {
                id: CustomerId(ids.next()),
                number: format!("C{:010}", place + 1),
                external_reference: None,
                type_: CustomerType::Person,
                first_name: Some("Maria".into()),
                last_name: Some(format!("Sjöberg {place}")),
                company_name: None,
                metadata: "{}".into(),
                created_at: clock.micros(),
            };
            let account = Account {
                id: AccountId(ids.next()),
                number: number(place),
                external_reference: None,
                product: product.id,
                owner: owner.id,
                family: product.family,
                currency: product.currency,
                opened_on: clock.today(),
                closure_code: None,
                metadata: "{}".into(),
                created_at: clock.micros(),
            };
            let mut record = Order::new(&self.origin(), "createCustomer", Action::Record);
            record.result = Some(owner.id.to_string());
            record.events.push(customers::event("customer.created", &owner));
            record.idempotency = Some(Idempotency::new(format!("seed-customer-{place}"), "createCustomer", ""));
            let position = accounts::position(&ids, &account, product, product.default_credit_limit);
            let mut open = Order::new(&self.origin(), "openAccount", Action::Open(Box::new(position)));
            open.idempotency = Some(Idempotency::new(format!("seed-account-{place}"), "openAccount", ""));
            orders.extend([record, open]);
            self.accounts.push(account.id);
            owners.push(owner);
            accounts.push(account);
        }
        let tx = self.db.begin().await?;
        customers::store::insert_many(&tx, self.tenant, &owners).await.map_err(failed)?;
        accounts::store::insert_many(&tx, self.tenant, &accounts).await.map_err(failed)?;
        let session = Session::open(&tx, &self.surroundings, self.tenant, BTreeSet::new()).await?;
        let finished = session.finish(&[Submission { orders, atomic: true }]).await?;
        if let Some(refusal) = finished.outcomes.iter().flatten().find_map(|outcome| outcome.as_ref().err()) {
            bail!("an account was refused: {refusal:?}");
        }
        tx.commit().await?;
        Ok(())
    }

    fn opening(&mut self, place: u64) -> Order {
        let amount = Minor(if place == 0 { OPENING * 1_000 } else { OPENING });
        let to = Side::Account(self.account(place), Spread::Flow, None);
        let draft = Draft::new(TransactionKind::Payment, euro(), "Payment".into());
        let draft = draft.moving(Side::Internal(InternalRole::SettlementBank), to, amount);
        self.order("postPayment", draft)
    }

    fn account(&self, place: u64) -> AccountId {
        self.accounts[usize::try_from(place).unwrap_or(usize::MAX)]
    }

    fn order(&mut self, operation: &'static str, draft: Draft) -> Order {
        let mut order = Order::new(&self.origin(), operation, Action::Post(draft));
        let key = format!("seed-{:08x}-{:012x}", self.run, self.requests);
        order.idempotency = Some(Idempotency::new(key.clone(), operation, &key));
        order
    }

    async fn submit(&self, orders: Vec<Order>) -> anyhow::Result<()> {
        let outcomes = self.committer.submit(self.tenant, Submission { orders, atomic: false }).await;
        let outcomes = outcomes.map_err(|fault| anyhow!("{fault}"))?;
        match outcomes.into_iter().find_map(Result::err) {
            Some(refusal) => bail!("a posting was refused: {refusal:?}"),
            None => Ok(()),
        }
    }

    /// Adds transfers between accounts by chance until the journal has so many transactions of accounts; an
    /// entry between two accounts makes two. Gives how many there are.
    pub async fn grow(&mut self, transactions: u64) -> anyhow::Result<u64> {
        let begin = Instant::now();
        let before = self.entries().await?;
        // Each account's opening is an entry with one of them.
        let openings = self.accounts.len() as u64;
        let wanted = (transactions.saturating_sub(openings)).div_ceil(2) + openings;
        let mut entries = before;
        while entries < wanted {
            let orders: Vec<Order> = (0..POST_AT_ONCE.min(wanted - entries)).map(|_| self.transfer()).collect();
            self.submit(orders).await?;
            entries = (entries + POST_AT_ONCE).min(wanted);
            if (entries - before).is_multiple_of(TELL_EACH) {
                println!("  {} of {} entries", entries - before, wanted - before);
            }
        }
        let loaded = begin.elapsed();
        self.settle().await?;
        let there = entries * 2 - openings;
        if entries > before {
            let per_second = u128::from(entries - before) * 1_000 / loaded.as_millis().max(1);
            println!(
                "  {} entries in {} s ({per_second}/s): {there} transactions of {openings} accounts",
                entries - before,
                loaded.as_secs(),
            );
        }
        Ok(there)
    }

    fn transfer(&mut self) -> Order {
        let accounts = self.accounts.len();
        let from = self.random.random_range(0..accounts);
        let to = (from + self.random.random_range(1..accounts)) % accounts;
        let [from, to] = [from, to].map(|place| Side::Account(self.accounts[place], Spread::Flow, None));
        let draft = Draft::new(TransactionKind::Transfer, euro(), "Transfer".into());
        self.order("transfer", draft.moving(from, to, Minor(100)))
    }

    /// How many entries the tenant's journal has.
    pub async fn entries(&self) -> anyhow::Result<u64> {
        let sql = "SELECT entry_sequence FROM ledger_head WHERE tenant_id = $1";
        let statement = Statement::from_sql_and_values(self.db.backend(), sql, [self.tenant.0.into()]);
        let row = self.db.reader().query_one_raw(statement).await?.context("no head")?;
        Ok(u64::try_from(row.try_get::<i64>("", "entry_sequence")?)?)
    }

    /// What a database that has been running for a while has behind it: statistics, a written log.
    async fn settle(&self) -> anyhow::Result<()> {
        match self.db.backend() {
            DbBackend::Postgres => self.db.reader().execute_unprepared("VACUUM (ANALYZE)").await?,
            _ => self.db.reader().execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?,
        };
        Ok(())
    }
}

fn euro() -> konto::primitives::Currency {
    "EUR".parse().expect("the euro")
}

fn failed(failure: Failure) -> anyhow::Error {
    match failure {
        Failure::Denied(denial) => anyhow!("{}", denial.message),
        Failure::Fault(fault) => anyhow!("{fault}"),
    }
}
