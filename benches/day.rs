//! How long a business day takes that does one trivial thing for each of 100,000 accounts, and what single transfers keep
//! of their rate meanwhile; before that, how long it takes to open them, with owner, address and card: the engine in this process, on a PostgreSQL beside it.
//!
//! `scripts/bench day` starts the database; `--accounts N` takes others than 100,000.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta};
use futures_util::future::{BoxFuture, join_all};
use konto::access::create_tenant;
use konto::accounts::commands::NewOwner;
use konto::accounts::products::CreateProduct;
use konto::accounts::store::ProductBy;
use konto::accounts::{self, Account, AccountBy, Family, WorkingMode};
use konto::cards::{NewCard, OpenAccount};
use konto::customers::addresses::{Content, NewAddress, PostalAddress};
use konto::customers::{CreateCustomer, CustomerType};
use konto::database::Database;
use konto::engine::Engine;
use konto::jobs::day::{BusinessDay, Step, step};
use konto::jobs::runner::{Days, Outcome};
use konto::ledger::position::{ItemOrder, RepaymentOrder};
use konto::ledger::{DebtRule, LedgerFault, PaymentChannel};
use konto::payments::{Details, PostPayment, Transfer};
use konto::primitives::{AccountId, Clock, IdSource, Money, Origin, TenantId};
use konto::work::{Decision, Idempotency, Mode, Settings, Stop, Wants, Work};
use sea_orm::{ConnectionTrait as _, Statement};

/// Accounts that transfers move money between.
const BUSY: usize = 10_000;
/// Callers of transfers.
const CALLERS: usize = 64;

/// Notes in an account that its day has passed: a row read, decided and written for each.
struct Note;

impl Step for Note {
    const NAME: &'static str = "note";

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        _day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let after = after.map_or(AccountId(uuid::Uuid::nil()), |key| key.parse().expect("a key of this step"));
            let sql = "SELECT id FROM account WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3";
            let page = i64::try_from(Self::PAGE).expect("a page");
            let values = [tenant.0.into(), after.0.into(), page.into()];
            let rows = db.reader().query_all_raw(Statement::from_sql_and_values(db.backend(), sql, values)).await?;
            rows.iter().map(|row| Ok(AccountId(row.try_get("", "id")?).to_string())).collect()
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        if let Ok(account) = key.parse::<AccountId>() {
            wants.row::<Account>(account);
        }
    }

    fn act(work: &mut Work, day: &BusinessDay, key: &str) -> Decision<()> {
        let account: AccountId = key.parse().map_err(|_| Stop::damaged("a key"))?;
        let note = format!("{{\"day\":\"{}\"}}", day.day);
        work.change::<Account, konto::refused::Refused>(account, |account| {
            account.metadata = note;
            Ok(())
        })
        .map(|_| ())
    }
}

#[tokio::main]
async fn main() {
    let accounts = std::env::args().skip_while(|arg| arg != "--accounts").nth(1);
    let accounts: usize = accounts.map_or(100_000, |count| count.parse().expect("a number of accounts"));
    let url = std::env::var("KONTO_BENCH_POSTGRES_URL").expect("scripts/bench day starts a PostgreSQL");
    let db = Database::open(&url).await.expect("the database");
    db.migrate().await.expect("its tables");
    let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).expect("a moment"));
    let engine =
        Engine::start_idle(db.clone(), clock.clone(), IdSource::seeded(clock.clone(), 1), vec![step::<Note>()]);
    let tenant = found(&engine).await;
    let days = engine.days().clone();
    assert_eq!(days.catch_up(tenant).await.expect("the first day"), Outcome::Done);
    fill(&engine, tenant, accounts).await;

    let transfers =
        Arc::new(Transfers { engine: engine.clone(), tenant, done: AtomicU64::new(0), stop: AtomicBool::new(false) });
    transfers.during(tokio::time::sleep(Duration::from_secs(3))).await;
    let alone = transfers.during(tokio::time::sleep(Duration::from_secs(10))).await;
    println!("transfers, {CALLERS} callers, nothing else: {:>8} a second", alone.rate());

    clock.set(clock.now() + TimeDelta::days(1));
    let begin = Instant::now();
    run(&days, tenant).await;
    println!("a day of {accounts} accounts alone:    {:>8} ms (30,000 aimed at)", begin.elapsed().as_millis());

    clock.set(clock.now() + TimeDelta::days(1));
    let beside = transfers.during(run(&days, tenant)).await;
    let kept = beside.rate() * 100 / alone.rate().max(1);
    println!("a day beside transfers:         {:>8} ms (30,000 aimed at)", beside.took.as_millis());
    println!("transfers meanwhile:            {:>8} a second, {kept} percent of alone (50 aimed at)", beside.rate());
    engine.stop().await;
}

async fn run(days: &Days, tenant: TenantId) {
    assert_eq!(days.catch_up(tenant).await.expect("a day"), Outcome::Done);
}

/// What was done in which time.
struct Done {
    count: u64,
    took: Duration,
}

impl Done {
    /// A second.
    fn rate(&self) -> u128 {
        u128::from(self.count) * 1_000_000 / self.took.as_micros().max(1)
    }
}

struct Transfers {
    engine: Engine,
    tenant: TenantId,
    done: AtomicU64,
    stop: AtomicBool,
}

impl Transfers {
    /// Moves money as long as something else takes.
    async fn during(self: &Arc<Self>, what: impl Future<Output = ()>) -> Done {
        self.stop.store(false, Ordering::Relaxed);
        let before = self.done.load(Ordering::Relaxed);
        let callers: Vec<_> = (0..CALLERS).map(|caller| tokio::spawn(self.clone().call(caller))).collect();
        let begin = Instant::now();
        what.await;
        let (took, count) = (begin.elapsed(), self.done.load(Ordering::Relaxed) - before);
        self.stop.store(true, Ordering::Relaxed);
        join_all(callers).await;
        Done { count, took }
    }

    async fn call(self: Arc<Self>, caller: usize) {
        let origin = Origin::system(self.tenant);
        let mut at = caller * 1_000_003;
        while !self.stop.load(Ordering::Relaxed) {
            at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (from, to) = ((at >> 20) % BUSY, (at >> 40) % BUSY);
            let transfer = Transfer {
                from: AccountBy::Number(format!("A{from}")),
                to: AccountBy::Number(format!("A{}", if from == to { (to + 1) % BUSY } else { to })),
                amount: euros("0.01"),
                message_to_receiver: None,
                message_to_sender: None,
                details: Details::default(),
            };
            let key = Idempotency::of(format!("t-{caller}-{at}"), &transfer);
            self.engine.run(&origin, Some(key), transfer).await.expect("a transfer");
            self.done.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn found(engine: &Engine) -> TenantId {
    let tx = engine.db.begin().await.expect("a transaction");
    let settings = Settings { name: "Day".into(), sandbox: true, ..Settings::default() };
    let code = format!("day-{}", std::process::id());
    let tenant = create_tenant(&tx, engine.clock(), engine.ids(), &code, settings).await.expect("a tenant");
    tx.commit().await.expect("a commit");
    tenant
}

/// Accounts with an owner, his address and a card each, and money on those that move it.
async fn fill(engine: &Engine, tenant: TenantId, accounts: usize) {
    let origin = Origin::system(tenant);
    let product = CreateProduct {
        code: "plain".into(),
        alias: "plain".into(),
        family: Family::Card,
        working_mode: Some(WorkingMode::PayNow),
        currency: euros("0").currency,
        debt_rule: DebtRule::None,
        repayment_order: RepaymentOrder::DEFAULT,
        item_order: ItemOrder::DEFAULT,
        recurring: None,
        default_credit_limit: None,
        maximum_credit_limit: None,
        maximum_balance: None,
        charity: None,
        prepaid: None,
        authorisation_days: None,
        reference: None,
        payee: None,
        metadata: "{}".into(),
    };
    engine.run(&origin, None, product).await.expect("a product");
    let begin = Instant::now();
    for first in (0..accounts).step_by(5_000) {
        let numbers = first..accounts.min(first + 5_000);
        let items = numbers.map(|n| (None, opening(n))).collect();
        for answer in engine.run_all(&origin, items, Mode::EachAlone).await {
            answer.expect("an account");
        }
    }
    println!(
        "{accounts} accounts with owner, address and card: {:>5} ms (120,000 aimed at)",
        begin.elapsed().as_millis()
    );
    let pay = |n: usize| PostPayment {
        account: AccountBy::Number(format!("A{n}")),
        amount: euros("1000"),
        channel: PaymentChannel::BankTransfer,
        counterparty: None,
        overpayment: None,
        details: Details::default(),
    };
    let items = (0..accounts.min(BUSY)).map(|n| (None, pay(n))).collect();
    for answer in engine.run_all(&origin, items, Mode::EachAlone).await {
        answer.expect("a payment");
    }
}

fn euros(amount: &str) -> Money {
    Money { amount: amount.parse().expect("a decimal"), currency: "EUR".parse().expect("a currency") }
}

fn opening(n: usize) -> OpenAccount {
    let postal = PostalAddress {
        street_name: Some("Storgatan".into()),
        town_name: Some(format!("Town {n}")),
        country: "SE".into(),
        ..PostalAddress::default()
    };
    let address = NewAddress {
        label: "MAIN_POSTAL_ADDRESS".into(),
        content: Content::Postal(Box::new(postal)),
        usages: Vec::new(),
        entity_reference: None,
        external_reference: None,
        starts_on: None,
        ends_on: None,
    };
    let owner = CreateCustomer {
        type_: CustomerType::Person,
        number: Some(format!("C{n}")),
        external_reference: None,
        first_name: Some("Ada".into()),
        last_name: Some("Lovelace".into()),
        company_name: None,
        metadata: "{}".into(),
        profile: Default::default(),
        addresses: vec![address],
    };
    let account = accounts::OpenAccount {
        product: ProductBy::Code("plain".into()),
        owner: NewOwner::Created(Box::new(owner)),
        creditor: None,
        number: Some(format!("A{n}")),
        external_reference: None,
        credit_limit: None,
        migrated_balance: None,
        metadata: "{}".into(),
    };
    let card = NewCard {
        token: None,
        main: true,
        holder: None,
        number: None,
        expiry: None,
        embossed_name: None,
        limits: None,
        metadata: "{}".into(),
    };
    OpenAccount { account, card: Some(card) }
}
