//! What leaves in the background: which webhooks and which tenants' logs this server has in hand.
//!
//! Servers that share a database look at the same list and take leases, so that one of them does it; when it dies, its
//! leases run out and another one takes over from what was noted.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use prometheus_client::registry::Registry;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::relay::{Relay, RelayConfig, RelayMetrics};
use super::webhooks::records::ForgetDeliveries;
use super::webhooks::{Deliverer, Poster, WebhookMetrics, store};
use super::{Event, Feed};
use crate::database::Database;
use crate::ledger::LedgerFault;
use crate::primitives::{Clock, IdSource, Origin, TenantId, WebhookId};
use crate::work::{Mode, Priority, Workers};

/// How often it is looked which webhooks there are, when nobody says that something has changed.
const LOOK: Duration = Duration::from_secs(1);
/// The same, while one is being stopped that is to begin again.
const SOON: Duration = Duration::from_millis(50);
/// Messages to webhooks on their way at once.
const ROOM: usize = 256;
/// How often deliveries of deleted webhooks are looked for, and how many go at once.
const TIDY: Duration = Duration::from_secs(60);
const FORGOTTEN: u64 = 1_000;

/// Who does what of a tenant, among the servers that share its database.
pub trait Leases: Send + Sync {
    /// Takes a lease, or holds on to it. Whether this server has it now.
    fn hold(&self, tenant: TenantId, name: String) -> BoxFuture<'_, bool>;

    /// Lets go of it.
    fn release(&self, tenant: TenantId, name: String) -> BoxFuture<'_, ()>;
}

/// What those who send need of the running Konto. Cloning shares it.
#[derive(Clone)]
pub struct Surface {
    /// Where reads go.
    pub db: Database,
    /// Where notes go.
    pub workers: Workers,
    /// The log, live.
    pub feed: Feed,
    /// The server's time.
    pub clock: Clock,
    /// New ids.
    pub ids: IdSource,
    /// Who does what.
    pub leases: Arc<dyn Leases>,
}

/// How long a fault of the database is waited out.
const PAUSE: Duration = Duration::from_secs(1);

/// Pages of a tenant's log, read one ahead for as long as somebody has this.
pub(super) struct Pages {
    pages: mpsc::Receiver<Vec<Arc<Event>>>,
    latest: Arc<AtomicI64>,
    _reader: DropGuard,
}

impl Pages {
    /// The next one; waits when there is none. May be given up and asked for again.
    pub async fn next(&mut self) -> Option<Vec<Arc<Event>>> {
        self.pages.recv().await
    }

    /// How far the log reaches, as far as is known here.
    pub fn latest(&self) -> i64 {
        self.latest.load(Ordering::Relaxed)
    }
}

impl Surface {
    /// The log of a tenant from a place on.
    pub(super) fn pages(&self, tenant: TenantId, after: i64) -> Pages {
        let (end, latest) = (CancellationToken::new(), Arc::new(AtomicI64::new(after)));
        let (sender, pages) = mpsc::channel(1);
        let read = read(self.feed.clone(), tenant, after, sender, latest.clone());
        tokio::spawn(end.clone().run_until_cancelled_owned(read));
        Pages { pages, latest, _reader: end.drop_guard() }
    }
}

async fn read(
    feed: Feed,
    tenant: TenantId,
    mut after: i64,
    pages: mpsc::Sender<Vec<Arc<Event>>>,
    latest: Arc<AtomicI64>,
) {
    loop {
        let fault = match feed.follow_unseen(tenant, Some(after)).await {
            Err(fault) => fault,
            Ok(mut follower) => loop {
                latest.store(follower.latest(), Ordering::Relaxed);
                match follower.next().await {
                    Err(fault) => break fault,
                    Ok(events) => {
                        after = follower.position();
                        latest.store(follower.latest(), Ordering::Relaxed);
                        if pages.send(events).await.is_err() {
                            return;
                        }
                    }
                }
            },
        };
        tracing::warn!(%fault, "the log could not be read; trying again");
        tokio::time::sleep(PAUSE).await;
    }
}

/// What an operator decides about it.
#[derive(Clone, Debug, Default)]
pub struct OutboundConfig {
    /// Whether webhooks may go to private networks, and without TLS.
    pub allow_private: bool,
    /// Where the log is relayed to, if it is.
    pub relay: Option<RelayConfig>,
}

/// The background's hand on what leaves. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct Outbound(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    allow_private: AtomicBool,
    changed: Notify,
    webhooks: WebhookMetrics,
    relay: RelayMetrics,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Outbound {
    /// Begins.
    pub fn start(&self, surface: &Surface, config: OutboundConfig) {
        self.0.allow_private.store(config.allow_private, Ordering::Relaxed);
        let deliverer = Deliverer {
            surface: surface.clone(),
            poster: Poster::new(config.allow_private),
            metrics: self.0.webhooks.clone(),
            room: Arc::new(Semaphore::new(ROOM)),
        };
        self.0.tasks.spawn(self.clone().watch(deliverer));
        if let Some(config) = config.relay {
            let relay = Relay::new(surface.clone(), config, self.0.relay.clone());
            self.0.tasks.spawn(relay.run(self.0.stop.clone()));
        }
    }

    /// Notes what is known, and ends.
    pub async fn stop(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Whether webhooks may go to private networks.
    #[must_use]
    pub fn allows_private(&self) -> bool {
        self.0.allow_private.load(Ordering::Relaxed)
    }

    /// Webhooks have changed: look at once.
    pub fn look(&self) {
        self.0.changed.notify_one();
    }

    /// Puts its measurements on a server's list.
    pub fn register(&self, registry: &mut Registry) {
        self.0.webhooks.register(registry);
        self.0.relay.register(registry);
    }

    /// Keeps those webhooks at work that are enabled, as they are now.
    async fn watch(self, deliverer: Deliverer) {
        let mut at_work = AtWork::default();
        let mut tidied: Option<Instant> = None;
        loop {
            let found = store::enabled(deliverer.surface.db.reader()).await;
            match found {
                Ok(enabled) => at_work.turn_to(&enabled, &deliverer),
                Err(fault) => tracing::warn!(%fault, "the webhooks could not be read; trying again"),
            }
            if tidied.is_none_or(|tidied| tidied.elapsed() >= TIDY) {
                tidied = Some(Instant::now());
                if let Err(fault) = forget(&deliverer.surface).await {
                    tracing::warn!(%fault, "deliveries of deleted webhooks could not be forgotten; trying again");
                }
            }
            let wait = if at_work.is_turning() { SOON } else { LOOK };
            tokio::select! {
                () = self.0.stop.cancelled() => break,
                () = self.0.changed.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        at_work.end().await;
    }
}

/// A webhook that this server has in hand.
struct InHand {
    revision: i64,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// The webhooks that this server has in hand.
#[derive(Default)]
struct AtWork(HashMap<(TenantId, WebhookId), InHand>);

impl AtWork {
    fn turn_to(&mut self, enabled: &[(TenantId, WebhookId, i64)], deliverer: &Deliverer) {
        let wanted: HashMap<(TenantId, WebhookId), i64> =
            enabled.iter().map(|(tenant, webhook, revision)| ((*tenant, *webhook), *revision)).collect();
        self.0.retain(|key, one| {
            if wanted.get(key) != Some(&one.revision) {
                one.stop.cancel();
            }
            !one.task.is_finished()
        });
        for ((tenant, webhook), revision) in wanted {
            self.0.entry((tenant, webhook)).or_insert_with(|| {
                let stop = CancellationToken::new();
                let task = tokio::spawn(deliverer.clone().run(tenant, webhook, stop.clone()));
                InHand { revision, stop, task }
            });
        }
    }

    fn is_turning(&self) -> bool {
        self.0.values().any(|one| one.stop.is_cancelled())
    }

    async fn end(self) {
        for one in self.0.values() {
            one.stop.cancel();
        }
        for one in self.0.into_values() {
            let _ = one.task.await;
        }
    }
}

/// Takes deliveries away whose webhook is deleted.
async fn forget(surface: &Surface) -> Result<(), Arc<LedgerFault>> {
    let mut of_tenants: HashMap<TenantId, Vec<_>> = HashMap::new();
    for (tenant, delivery) in store::orphaned(surface.db.reader(), FORGOTTEN).await? {
        of_tenants.entry(tenant).or_default().push(delivery);
    }
    for (tenant, deliveries) in of_tenants {
        let commands = vec![(None, ForgetDeliveries { deliveries })];
        let origin = Origin::system(tenant);
        for answer in surface.workers.run_all(&origin, commands, Mode::EachAlone, Priority::Background).await {
            if let Err(crate::work::Failure::Fault(fault)) = answer {
                return Err(fault);
            }
        }
    }
    Ok(())
}
