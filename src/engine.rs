//! The running Konto: what everybody is handed who runs a command or reads.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts;
use crate::accounts::participants::RoleSource;
use crate::actions::{self, Actions};
use crate::billing;
use crate::cards;
use crate::collections;
use crate::customers;
use crate::database::Database;
use crate::debits;
use crate::documents;
use crate::dues;
use crate::events::outbound::{Leases, Outbound, OutboundConfig, Surface};
use crate::events::{Feed, webhooks};
use crate::identification::{self, Identifications};
use crate::instalments;
use crate::insurance;
use crate::investments;
use crate::jobs::approvals::{self, TheHouse};
use crate::jobs::day::{AnyStep, step};
use crate::jobs::queue::{self, JobKind, runner::Jobs};
use crate::jobs::runner::{Chore, Days};
use crate::jobs::{self, lease};
use crate::journeys;
use crate::leasing;
use crate::ledger::event::EventType;
use crate::ledger::{self, Entry, LedgerFault};
use crate::mandates;
use crate::merchants;
use crate::messages;
use crate::mirrors::{self, Mirrors};
use crate::pages;
use crate::parties;
use crate::payments;
use crate::payments::chores::{CloseEmptied, ExpireHolds};
use crate::payments::credit_transfers::steps::{SendCreditTransfers, SimulateCreditTransfers};
use crate::payments::providers::{self, Providers};
use crate::payments::simulator::SimulateRails;
use crate::persons;
use crate::primitives::{AccountId, Clock, IdSource, LeaseId, Minor, Origin, ProductId, TenantId};
use crate::printing;
use crate::purchases;
use crate::recurring;
use crate::refused::{self, RefusalCode};
use crate::sealing::SealedColumn;
use crate::work::present::{self, Present};
use crate::work::{
    Answer, Command, Decision, Idempotency, Mode, Priority, Recent, Stored, Surroundings, Verdict, Work, WorkMetrics,
    Workers, read,
};

/// How long the background may take to come to an end.
const STOPPING: Duration = Duration::from_secs(5);

/// The steps of a business day, in the order in which they are run.
#[must_use]
pub fn steps() -> Vec<Arc<dyn AnyStep>> {
    vec![
        step::<SendCreditTransfers>(),
        step::<SimulateRails>(),
        step::<insurance::ChargePremiums>(),
        step::<insurance::TurnContracts>(),
        step::<investments::ExpireBids>(),
        step::<merchants::SettleMerchants>(),
        step::<SimulateCreditTransfers>(),
        step::<instalments::PostInstalments>(),
        step::<billing::steps::OpenCycles>(),
        step::<billing::steps::CloseCycles>(),
        step::<billing::steps::IssueStatements>(),
        step::<billing::steps::SendReminders>(),
        step::<billing::steps::AgeDebts>(),
        step::<leasing::steps::BillLeases>(),
        step::<leasing::steps::CheckTerminations>(),
        step::<recurring::SchedulePaymentOrders>(),
        step::<recurring::ExecutePaymentOrders>(),
        step::<collections::JudgePromises>(),
        step::<journeys::StartJourneys>(),
        step::<journeys::RunJourneys>(),
        step::<CloseEmptied>(),
        step::<accounts::references::GiveReferences>(),
        step::<accounts::applications::ExpireApplications>(),
        step::<debits::steps::SendDirectDebits>(),
        step::<debits::steps::SimulateDirectDebits>(),
        step::<debits::steps::ReleaseDirectDebits>(),
        step::<purchases::TurnPurchases>(),
        step::<mandates::expiry::ExpireMandates>(),
    ]
}

/// What is to be done during the day.
#[must_use]
pub fn chores() -> Vec<Arc<dyn Chore>> {
    vec![Arc::new(ExpireHolds)]
}

/// Every code that the domains refuse with, in the order of the domains.
#[must_use]
pub fn refusal_codes() -> Vec<RefusalCode> {
    [
        refused::CODES.to_vec(),
        ledger::refusal::CODES.to_vec(),
        jobs::refusal_codes(),
        customers::refusals::CODES.to_vec(),
        customers::addresses::refusals::CODES.to_vec(),
        accounts::refusals::CODES.to_vec(),
        cards::refusals::CODES.to_vec(),
        mandates::refusals::CODES.to_vec(),
        insurance::refusals::CODES.to_vec(),
        investments::refusals::CODES.to_vec(),
        mirrors::refusals::CODES.to_vec(),
        merchants::refusals::CODES.to_vec(),
        providers::refusals::CODES.to_vec(),
        collections::refusals::CODES.to_vec(),
        billing::refusals::CODES.to_vec(),
        debits::refusals::CODES.to_vec(),
        instalments::refusals::CODES.to_vec(),
        leasing::refusals::CODES.to_vec(),
        purchases::refusals::CODES.to_vec(),
        identification::refusals::CODES.to_vec(),
        documents::refusals::CODES.to_vec(),
        messages::refusals::CODES.to_vec(),
        journeys::refusals::CODES.to_vec(),
        actions::refusals::CODES.to_vec(),
    ]
    .concat()
}

/// Every command that can be stored, to be run later or once a second person has said yes, in the order of the domains.
#[must_use]
pub fn commands() -> Vec<Stored> {
    [
        webhooks::COMMANDS,
        jobs::COMMANDS,
        jobs::settings::COMMANDS,
        approvals::COMMANDS,
        parties::COMMANDS,
        customers::COMMANDS,
        customers::addresses::COMMANDS,
        accounts::COMMANDS,
        payments::COMMANDS,
        recurring::COMMANDS,
        cards::COMMANDS,
        mandates::COMMANDS,
        insurance::COMMANDS,
        investments::COMMANDS,
        mirrors::COMMANDS,
        merchants::COMMANDS,
        collections::COMMANDS,
        dues::COMMANDS,
        billing::COMMANDS,
        debits::COMMANDS,
        instalments::COMMANDS,
        leasing::COMMANDS,
        purchases::COMMANDS,
        identification::COMMANDS,
        persons::COMMANDS,
        documents::COMMANDS,
        printing::COMMANDS,
        messages::COMMANDS,
        journeys::COMMANDS,
        pages::COMMANDS,
        actions::COMMANDS,
    ]
    .concat()
}

/// Where the roles of customers follow from, in the order of the domains.
#[must_use]
pub fn role_sources() -> Vec<RoleSource> {
    [accounts::participants::ROLES, cards::ROLES].concat()
}

/// Every column whose texts are sealed, in the order of the domains.
#[must_use]
pub fn sealed_columns() -> Vec<SealedColumn> {
    vec![
        queue::store::SEALED,
        approvals::store::SEALED,
        customers::store::SEALED,
        mandates::store::SEALED,
        providers::store::SEALED,
        mirrors::store::SEALED,
        identification::store::SEALED,
        messages::store::SEALED,
    ]
}

/// Whether a script may ask for commands of an operation: those of the business, and not of what runs the tenant, or does
/// more than its command (a clock that passes days, bytes that go).
#[must_use]
pub fn is_for_scripts(operation: &str) -> bool {
    let others = [
        webhooks::COMMANDS,
        jobs::COMMANDS,
        jobs::settings::COMMANDS,
        approvals::COMMANDS,
        documents::COMMANDS,
        printing::COMMANDS,
        pages::COMMANDS,
        actions::COMMANDS,
    ];
    let is_of = |commands: &[Stored]| commands.iter().any(|command| command.operation == operation);
    is_of(&commands()) && !others.into_iter().any(is_of)
}

/// Every kind of job, in the order of the domains.
#[must_use]
pub fn job_kinds() -> Vec<JobKind> {
    [queue::model::KINDS, actions::KINDS].concat()
}

/// What all commands of a tenant are decided under.
pub static HOUSE: TheHouse = TheHouse { commands, product_of, has_product, closed, booked };

fn closed(work: &mut Work, account: AccountId) -> Decision<()> {
    let (insurances, leases) = (insurance::close_all(work, account), leasing::close_all(work, account));
    insurances.and(leases)
}

fn booked(work: &mut Work, entry: &Entry, original: Option<&Entry>, brought: (AccountId, Minor)) -> Decision<()> {
    let (dues, credits) =
        (dues::booked(work, entry, original, brought), leasing::booked(work, entry, original, brought));
    dues.and(credits)
}

fn product_of(work: &mut Work, account: AccountId) -> Decision<Option<ProductId>> {
    Ok(work.get::<accounts::Account>(account)?.map(|account| account.product))
}

fn has_product(work: &mut Work, product: ProductId) -> Decision<bool> {
    Ok(work.get::<accounts::Product>(product)?.is_some())
}

/// Every event that the domains tell, in the order of the domains.
#[must_use]
pub fn event_types() -> Vec<EventType> {
    [
        ledger::event::TYPES,
        webhooks::events::TYPES,
        jobs::events::TYPES,
        queue::events::TYPES,
        approvals::events::TYPES,
        parties::events::TYPES,
        customers::events::TYPES,
        customers::addresses::events::TYPES,
        accounts::events::TYPES,
        cards::events::TYPES,
        payments::credit_transfers::events::TYPES,
        mandates::events::TYPES,
        dues::events::TYPES,
        debits::events::TYPES,
        recurring::events::TYPES,
        billing::events::TYPES,
        accounts::blocks::events::TYPES,
        instalments::events::TYPES,
        leasing::events::TYPES,
        purchases::events::TYPES,
        identification::events::TYPES,
        accounts::applications::events::TYPES,
        insurance::events::TYPES,
        investments::events::TYPES,
        mirrors::events::TYPES,
        merchants::events::TYPES,
        providers::events::TYPES,
        collections::events::TYPES,
        documents::events::TYPES,
        printing::events::TYPES,
        messages::events::TYPES,
        journeys::events::TYPES,
        pages::events::TYPES,
        actions::events::TYPES,
    ]
    .concat()
}

/// The database, the clock, the workers and the event feed. Cloning shares them.
#[derive(Clone)]
pub struct Engine {
    /// Rows.
    pub db: Database,
    /// Time and ids.
    pub surroundings: Surroundings,
    /// Where commands run.
    pub workers: Workers,
    /// The event log, live.
    pub feed: Feed,
    /// The last entries.
    pub recent: Recent,
    /// What is sent to others in the background.
    pub outbound: Outbound,
    /// What is worked off in the background.
    pub jobs: Jobs,
    /// What tenants run by names of their own.
    pub actions: Actions,
    /// Payment service providers, to be asked.
    pub providers: Providers,
    /// Where accounts that are kept outside are asked.
    pub mirrors: Mirrors,
    /// Who vouches for customers, to be asked.
    pub identifications: Identifications,
    days: Days,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Engine {
    /// Starts on a migrated database: the workers, the listener for other servers' commits, and what runs in the
    /// background.
    #[must_use]
    pub fn start(db: Database, clock: Clock, ids: IdSource) -> Self {
        let engine = Self::start_idle(db, clock, ids, steps());
        engine.tasks.spawn(engine.days.clone().run(engine.stop.clone()));
        engine.tasks.spawn(engine.jobs.clone().run(engine.stop.clone()));
        engine.tasks.spawn(engine.actions.clone().run(engine.stop.clone()));
        engine.tasks.spawn(engine.providers.clone().run(engine.stop.clone()));
        engine.tasks.spawn(engine.mirrors.clone().run(engine.stop.clone()));
        engine
    }

    /// The same with these steps of the business day, and nothing that runs by itself.
    #[must_use]
    pub fn start_idle(db: Database, clock: Clock, ids: IdSource, steps: Vec<Arc<dyn AnyStep>>) -> Self {
        let surroundings = Surroundings { clock, ids };
        let (feed, recent) = (Feed::new(db.clone()), Recent::default());
        let wake = {
            let (feed, recent) = (feed.clone(), recent.clone());
            Arc::new(move |tenant, sequence, entries: &[Arc<Entry>]| {
                recent.keep(tenant, entries);
                feed.wake(tenant, sequence);
            })
        };
        let metrics = WorkMetrics::new(&refusal_codes());
        let workers = Workers::of_house(db.clone(), surroundings.clone(), metrics, wake, Some(&HOUSE));
        workers.when_erased({
            let recent = recent.clone();
            Arc::new(move |tenant| recent.forget(tenant))
        });
        let jobs = Jobs::new(db.clone(), surroundings.clock.clone(), workers.clone(), &HOUSE);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let (days, outbound) = (Days::new(workers.clone(), steps, chores()), Outbound::default());
        let actions =
            Actions::new(db.clone(), surroundings.clock.clone(), workers.clone(), outbound.clone(), is_for_scripts);
        let providers = Providers::new(db.clone(), surroundings.clock.clone(), workers.clone(), outbound.clone());
        let mirrors = Mirrors::new(db.clone(), surroundings.clock.clone(), workers.clone(), outbound.clone());
        let identifications =
            Identifications::new(db.clone(), surroundings.clock.clone(), workers.clone(), outbound.clone());
        let engine = Self {
            db,
            surroundings,
            workers,
            feed,
            recent,
            outbound,
            jobs,
            actions,
            providers,
            mirrors,
            identifications,
            days,
            stop,
            tasks,
        };
        engine.tasks.spawn(engine.feed.clone().listen(engine.stop.clone()));
        engine
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.surroundings.clock
    }

    /// The source of ids.
    #[must_use]
    pub fn ids(&self) -> &IdSource {
        &self.surroundings.ids
    }

    /// Begins to send events to others: webhooks, and the relay if there is one.
    pub fn send_out(&self, config: OutboundConfig) {
        let surface = Surface {
            db: self.db.clone(),
            workers: self.workers.clone(),
            feed: self.feed.clone(),
            clock: self.clock().clone(),
            ids: self.ids().clone(),
            leases: Arc::new(OfServer {
                db: self.db.clone(),
                workers: self.workers.clone(),
                held: tokio::sync::Mutex::default(),
            }),
        };
        self.outbound.start(&surface, config);
    }

    /// Commits what waits, and ends the background work.
    pub async fn stop(&self) {
        self.stop.cancel();
        // While commands are still taken: what the background holds, it gives back. What takes longer is given up, and
        // taken over by whoever comes next, as if this server had been killed.
        let background = async {
            self.outbound.stop().await;
            self.tasks.close();
            self.tasks.wait().await;
        };
        if tokio::time::timeout(STOPPING, background).await.is_err() {
            tracing::warn!(tasks = self.tasks.len(), "stopped with work in the background");
        }
        self.workers.stop().await;
        self.actions.speak(None);
    }

    /// Runs a command; answers when it is durable.
    ///
    /// # Errors
    /// As [`Workers::run`].
    pub async fn run<C: Command>(&self, origin: &Origin, key: Option<Idempotency>, command: C) -> Answer<C::Made> {
        self.workers.run(origin, key, command).await
    }

    /// Runs commands of one kind; an answer per item, in their order.
    ///
    /// # Errors
    /// In the answers: as [`Workers::run`].
    pub async fn run_all<C: Command>(
        &self,
        origin: &Origin,
        items: Vec<(Option<Idempotency>, C)>,
        mode: Mode,
    ) -> Vec<Answer<C::Made>> {
        self.workers.run_all(origin, items, mode, Priority::Front).await
    }

    /// Leaves an audit record of a mutation that was refused before it became a command.
    ///
    /// # Errors
    /// As [`Workers::run`].
    pub async fn audit_refusal(
        &self,
        origin: &Origin,
        operation: &'static str,
        codes: &[RefusalCode],
    ) -> Result<(), Arc<LedgerFault>> {
        let verdicts = codes.iter().map(|code| Verdict::Refused(*code)).collect();
        self.workers.turn_away(origin, operation, verdicts).await
    }

    /// Leaves an audit record of a mutation that the token may not do.
    ///
    /// # Errors
    /// As [`Workers::run`].
    pub async fn audit_denial(&self, origin: &Origin, operation: &'static str) -> Result<(), Arc<LedgerFault>> {
        self.workers.turn_away(origin, operation, vec![Verdict::Denied]).await
    }

    /// The business days of the tenants, as this server runs them.
    #[must_use]
    pub fn days(&self) -> &Days {
        &self.days
    }

    /// The tenant's present: of a sandbox, its own.
    ///
    /// # Errors
    /// The database's.
    pub async fn present(&self, tenant: TenantId) -> Result<Present, LedgerFault> {
        present::of(self.db.reader(), self.clock(), tenant).await
    }

    /// Spawns something that ends with the engine, or by itself.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = task => {}
            }
        });
    }

    /// Expires the holds whose time has come. Gives how many.
    ///
    /// # Errors
    /// The database's.
    pub async fn expire_holds(&self) -> Result<usize, Arc<LedgerFault>> {
        let mut count = 0;
        for tenant in ExpireHolds.tenants(&self.workers).await? {
            count += ExpireHolds.run(&self.workers, tenant).await?;
        }
        Ok(count)
    }
}

/// The leases of this server, as those who send events out see them.
struct OfServer {
    db: Database,
    workers: Workers,
    held: tokio::sync::Mutex<HashMap<(TenantId, String), lease::Held>>,
}

impl OfServer {
    /// Whether it can be seen without asking for it that somebody else has it: each time that is asked leaves a record.
    async fn is_anothers(&self, tenant: TenantId, name: &str) -> bool {
        let found = read::by_id::<lease::Lease>(self.db.reader(), tenant, LeaseId::named(name)).await;
        let now = self.workers.clock().micros();
        found.ok().flatten().is_some_and(|lease| lease.holder != self.workers.server() && lease.until > now)
    }
}

impl Leases for OfServer {
    fn hold(&self, tenant: TenantId, name: String) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let mut held = self.held.lock().await;
            let key = (tenant, name);
            let kept = match held.get_mut(&key) {
                Some(lease) => lease.keep(&self.workers).await,
                None if self.is_anothers(tenant, &key.1).await => Ok(false),
                None => match lease::hold(&self.workers, tenant, &key.1).await {
                    Ok(Some(lease)) => {
                        held.insert(key.clone(), lease);
                        Ok(true)
                    }
                    Ok(None) => Ok(false),
                    Err(fault) => Err(fault),
                },
            };
            match kept {
                Ok(true) => true,
                Ok(false) => {
                    held.remove(&key);
                    false
                }
                Err(fault) => {
                    tracing::warn!(%fault, "a lease could not be held");
                    held.remove(&key);
                    false
                }
            }
        })
    }

    fn release(&self, tenant: TenantId, name: String) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Some(lease) = self.held.lock().await.remove(&(tenant, name)) {
                // It runs out by itself.
                let _ = lease.release(&self.workers).await;
            }
        })
    }
}
