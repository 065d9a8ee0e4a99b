//! The running Konto: what everybody is handed who runs a command or reads.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts;
use crate::customers;
use crate::database::Database;
use crate::events::outbound::{Alone, Outbound, OutboundConfig, Surface};
use crate::events::{Feed, webhooks};
use crate::ledger::event::EventType;
use crate::ledger::{self, Entry, LedgerFault, journal};
use crate::parties;
use crate::payments::ExpireHold;
use crate::primitives::{Clock, IdSource, Origin, TenantId};
use crate::refused::{self, RefusalCode};
use crate::work::{Answer, Command, Idempotency, Mode, Priority, Recent, Surroundings, Verdict, WorkMetrics, Workers};

/// How often lapsed holds are looked for.
const SWEEP: Duration = Duration::from_millis(500);
/// Holds that expire in one go.
const LAPSED: u64 = 500;

/// Every code that the domains refuse with, in the order of the domains.
#[must_use]
pub fn refusal_codes() -> Vec<RefusalCode> {
    [refused::CODES, ledger::refusal::CODES].concat()
}

/// Every event that the domains tell, in the order of the domains.
#[must_use]
pub fn event_types() -> Vec<EventType> {
    [
        ledger::event::TYPES,
        webhooks::events::TYPES,
        parties::events::TYPES,
        customers::events::TYPES,
        accounts::events::TYPES,
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
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Engine {
    /// Starts on a migrated database: the workers, the listener for other servers' commits, and the sweeper of lapsed
    /// holds.
    #[must_use]
    pub fn start(db: Database, clock: Clock, ids: IdSource) -> Self {
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
        let workers = Workers::new(db.clone(), surroundings.clone(), metrics, wake);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let outbound = Outbound::default();
        let engine = Self { db, surroundings, workers, feed, recent, outbound, stop, tasks };
        engine.tasks.spawn(engine.feed.clone().listen(engine.stop.clone()));
        engine.tasks.spawn(engine.clone().sweep());
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
            leases: Arc::new(Alone::default()),
        };
        self.outbound.start(&surface, config);
    }

    /// Commits what waits, and ends the background work.
    pub async fn stop(&self) {
        self.outbound.stop().await;
        self.stop.cancel();
        self.workers.stop().await;
        self.tasks.close();
        self.tasks.wait().await;
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

    async fn sweep(self) {
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(SWEEP) => {}
            }
            if let Err(fault) = self.expire_holds().await {
                tracing::warn!(%fault, "lapsed holds could not be swept; trying again");
            }
        }
    }

    /// Expires the holds whose time has come. Gives how many.
    ///
    /// # Errors
    /// The database's.
    pub async fn expire_holds(&self) -> Result<usize, Arc<LedgerFault>> {
        let now = self.clock().micros();
        let mut count = 0;
        for tenant in journal::tenants_with_lapsed_holds(self.db.reader(), now).await? {
            count += self.expire_holds_of(tenant).await?;
        }
        Ok(count)
    }

    async fn expire_holds_of(&self, tenant: TenantId) -> Result<usize, Arc<LedgerFault>> {
        let now = self.clock().micros();
        let lapsed = journal::lapsed_holds(self.db.reader(), tenant, now, LAPSED).await?;
        let count = lapsed.len();
        let expiries = lapsed.into_iter().map(|hold| (None, ExpireHold { hold })).collect();
        let origin = Origin::system(tenant);
        // Refused when somebody was faster: the hold is closed, which is what was wanted.
        for answer in self.workers.run_all(&origin, expiries, Mode::EachAlone, Priority::Background).await {
            if let Err(crate::work::Failure::Fault(fault)) = answer {
                return Err(fault);
            }
        }
        Ok(count)
    }
}
