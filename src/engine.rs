//! The running Konto: what every use case is handed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::database::{Database, WriteTransaction};
use crate::events::Feed;
use crate::ledger::names::Names;
use crate::ledger::order::{Action, Order, Outcome, Submission, Verdict};
use crate::ledger::post::{self, LedgerFault, Session, Surroundings};
use crate::ledger::refusal::RefusalCode;
use crate::ledger::{Committer, Entry, Recent, journal};
use crate::primitives::{AccountId, Clock, IdSource, Origin};

/// How often lapsed holds are looked for.
const SWEEP: Duration = Duration::from_millis(500);

/// The database, the clock, the posting path and the event feed. Cloning shares them.
#[derive(Clone)]
pub struct Engine {
    /// Rows.
    pub db: Database,
    /// Time and ids.
    pub surroundings: Surroundings,
    /// The posting path for those that only move money.
    pub committer: Committer,
    /// The event log, live.
    pub feed: Feed,
    /// The last entries.
    pub recent: Recent,
    /// Which account a name means.
    pub names: Names,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Engine {
    /// Starts on a migrated database: the committer, the listener for other servers' commits, and the
    /// sweeper of lapsed holds.
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
        let committer = Committer::new(db.clone(), surroundings.clone(), wake);
        let engine = Self {
            db,
            surroundings,
            committer,
            feed,
            recent,
            names: Names::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
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

    /// Commits what waits, and ends the background work.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.committer.stop().await;
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Submits one order to the committer.
    ///
    /// # Errors
    /// The committer's.
    pub async fn submit(&self, order: Order) -> Result<Outcome, Arc<LedgerFault>> {
        let tenant = order.origin.tenant;
        let mut outcomes = self.committer.submit(tenant, Submission { orders: vec![order], atomic: false }).await?;
        outcomes.pop().ok_or_else(|| Arc::new(LedgerFault::Inconsistent("no answer")))
    }

    /// Finishes a use case that wrote rows of its own in `tx`: decides its order, and commits both, or
    /// neither when the order is refused or is a replay.
    ///
    /// # Errors
    /// [`LedgerFault`].
    pub async fn finish(&self, tx: WriteTransaction, order: Order) -> Result<Outcome, Arc<LedgerFault>> {
        let (origin, operation) = (order.origin.clone(), order.operation);
        let tenant = origin.tenant;
        let accounts: BTreeSet<AccountId> = order.action.accounts().into_iter().collect();
        let start = Instant::now();
        let failed = |fault: LedgerFault| {
            self.committer.metrics().failed();
            Arc::new(fault)
        };
        let session = Session::open(&tx, &self.surroundings, tenant, accounts).await.map_err(failed)?;
        let submissions = [Submission { orders: vec![order], atomic: true }];
        let finished = session.finish(&submissions).await.map_err(failed)?;
        let (event_sequence, entries) = (finished.event_sequence, finished.entries.clone());
        let outcome = post::only(finished);
        match &outcome {
            Ok(applied) if applied.replayed => {}
            Ok(_) => {
                tx.commit().await.map_err(|error| failed(error.into()))?;
                self.recent.keep(tenant, &entries);
                self.feed.wake(tenant, event_sequence);
                let outcomes = [vec![outcome.clone()]];
                self.committer.metrics().committed(&submissions, &outcomes, start.elapsed());
            }
            // The audit record of a refusal goes with the rows that it takes back: it is written anew.
            Err(refusal) => {
                drop(tx);
                self.audit_refusal(&origin, operation, refusal.code()).await?;
            }
        }
        Ok(outcome)
    }

    /// Leaves an audit record of a mutation that was refused before it reached the books.
    ///
    /// # Errors
    /// The committer's.
    pub async fn audit_refusal(
        &self,
        origin: &Origin,
        operation: &'static str,
        code: RefusalCode,
    ) -> Result<(), Arc<LedgerFault>> {
        self.audit_refusals(origin, operation, &[code]).await
    }

    /// Leaves an audit record of a mutation that the token may not do.
    ///
    /// # Errors
    /// The committer's.
    pub async fn audit_denial(&self, origin: &Origin, operation: &'static str) -> Result<(), Arc<LedgerFault>> {
        self.submit(Order::new(origin, operation, Action::TurnedAway(Verdict::Denied))).await.map(|_| ())
    }

    /// Leaves an audit record for each of many.
    ///
    /// # Errors
    /// The committer's.
    pub async fn audit_refusals(
        &self,
        origin: &Origin,
        operation: &'static str,
        codes: &[RefusalCode],
    ) -> Result<(), Arc<LedgerFault>> {
        if codes.is_empty() {
            return Ok(());
        }
        let orders = codes
            .iter()
            .map(|code| Order::new(origin, operation, Action::TurnedAway(Verdict::Refused(*code))))
            .collect();
        self.committer.submit(origin.tenant, Submission { orders, atomic: false }).await.map(|_| ())
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
    /// The committer's.
    pub async fn expire_holds(&self) -> Result<usize, Arc<LedgerFault>> {
        let now = self.clock().micros();
        let lapsed = journal::lapsed_holds(self.db.reader(), now, 500).await.map_err(Arc::new)?;
        let count = lapsed.len();
        for (tenant, hold, account) in lapsed {
            let action = Action::EndHold { hold, account, expired: true };
            // Refused when somebody was faster: the hold is closed, which is what was wanted.
            let _ = self.submit(Order::new(&Origin::system(tenant), "expireHold", action)).await?;
        }
        Ok(count)
    }
}
