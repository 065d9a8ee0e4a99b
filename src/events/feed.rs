//! Following the log live: one window in memory per tenant that is followed, filled once per event.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sea_orm::DbBackend;
use sea_orm::sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Event;
use super::store::{self, EventFilter};
use crate::database::Database;
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::primitives::TenantId;
use crate::work::CHANNEL;

/// Events kept in memory per followed tenant.
const WINDOW: usize = 2_048;
/// Events read from the database at a time.
const PAGE: u64 = 256;
/// How often another server's commits are looked for when its notification may have been lost.
const POLL: Duration = Duration::from_secs(2);

/// Wakes and feeds those that follow the log. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Feed(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    db: Database,
    hubs: Mutex<HashMap<TenantId, Arc<Hub>>>,
    /// How many have followed so far: what tells followers apart.
    followed: AtomicU64,
}

/// A tenant that is followed.
#[derive(Debug)]
struct Hub {
    latest: watch::Sender<i64>,
    window: tokio::sync::Mutex<Window>,
    /// Of each follower, the last event that it is done with.
    places: Mutex<HashMap<u64, Arc<AtomicI64>>>,
}

/// How far the followers are behind the log, in events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// Those that follow.
    pub followers: usize,
    /// Of these, those that are behind.
    pub behind: usize,
    /// What all of them together are behind.
    pub all: u64,
    /// What the last of them is behind.
    pub most: u64,
}

/// A run of events without a gap; `end` is the last one, also when the run is empty.
#[derive(Debug)]
struct Window {
    events: VecDeque<Arc<Event>>,
    end: i64,
}

impl Hub {
    fn places(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Arc<AtomicI64>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Window {
    fn start(&self) -> i64 {
        self.end - i64::try_from(self.events.len()).unwrap_or(0)
    }

    /// The events right behind `after`, if they are in the window.
    fn behind(&self, after: i64) -> Option<Vec<Arc<Event>>> {
        let skip = usize::try_from(after - self.start()).ok()?;
        let events: Vec<_> = self.events.iter().skip(skip).take(PAGE as usize).cloned().collect();
        (!events.is_empty()).then_some(events)
    }
}

impl Feed {
    /// A feed that nobody follows yet.
    #[must_use]
    pub fn new(db: Database) -> Self {
        Self(Arc::new(Shared { db, hubs: Mutex::new(HashMap::new()), followed: AtomicU64::new(0) }))
    }

    /// Tells those that follow a tenant that its log reaches this far now.
    pub fn wake(&self, tenant: TenantId, sequence: i64) {
        let hub = self.hubs().get(&tenant).cloned();
        if let Some(hub) = hub {
            hub.latest.send_if_modified(|latest| {
                let news = sequence > *latest;
                *latest = sequence.max(*latest);
                news
            });
        }
    }

    /// Follows the log from behind `after`, or from now on.
    ///
    /// # Errors
    /// [`LedgerFault`].
    pub async fn follow(&self, tenant: TenantId, after: Option<i64>) -> Result<Follower, LedgerFault> {
        let follower = self.follow_unseen(tenant, after).await?;
        follower.hub.places().insert(follower.number, follower.place.clone());
        Ok(follower)
    }

    /// The same, without being counted: for followers of Konto's own, which have figures of their own.
    ///
    /// # Errors
    /// [`LedgerFault`].
    pub async fn follow_unseen(&self, tenant: TenantId, after: Option<i64>) -> Result<Follower, LedgerFault> {
        let hub = self.hub(tenant).await?;
        // The hub was there before the log's end was read: what is committed in between wakes it.
        let last = store::last_sequence(self.0.db.reader(), tenant).await?;
        self.wake(tenant, last);
        let latest = hub.latest.subscribe();
        let after = after.unwrap_or(last);
        let (number, place) = (self.0.followed.fetch_add(1, Ordering::Relaxed), Arc::new(AtomicI64::new(after)));
        Ok(Follower { feed: self.clone(), hub, tenant, latest, after, number, place })
    }

    /// How far the followers of all tenants are behind.
    #[must_use]
    pub fn lag(&self) -> Lag {
        let mut lag = Lag::default();
        // Under the lock: a copy of a hub would keep it from being forgotten.
        for hub in self.hubs().values() {
            let latest = *hub.latest.borrow();
            for place in hub.places().values() {
                let behind = u64::try_from(latest - place.load(Ordering::Relaxed)).unwrap_or(0);
                lag.followers += 1;
                lag.behind += usize::from(behind > 0);
                lag.all += behind;
                lag.most = lag.most.max(behind);
            }
        }
        lag
    }

    /// Listens for the commits of other servers until cancelled. Does nothing on SQLite, which has one server.
    pub async fn listen(self, stop: CancellationToken) {
        if self.0.db.backend() != DbBackend::Postgres {
            return;
        }
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => return,
                result = self.listen_once() => {
                    if let Err(error) = result {
                        tracing::warn!(%error, "the notification channel broke; polling until it is back");
                    }
                    self.poll().await;
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            }
        }
    }

    async fn listen_once(&self) -> Result<(), sea_orm::sqlx::Error> {
        let mut listener = PgListener::connect_with(self.0.db.reader().get_postgres_connection_pool()).await?;
        listener.listen(CHANNEL).await?;
        loop {
            match tokio::time::timeout(POLL, listener.try_recv()).await {
                Err(_) => self.poll().await,
                // The connection was lost and is back: what was sent in between is gone.
                Ok(Ok(None)) => self.poll().await,
                Ok(Ok(Some(notification))) => self.hear(notification.payload()),
                Ok(Err(error)) => return Err(error),
            }
        }
    }

    fn hear(&self, payload: &str) {
        let heard = payload.split_once(' ').and_then(|(tenant, sequence)| {
            Some((TenantId(uuid::Uuid::try_parse(tenant).ok()?), sequence.parse::<i64>().ok()?))
        });
        if let Some((tenant, sequence)) = heard {
            self.wake(tenant, sequence);
        }
    }

    async fn poll(&self) {
        let tenants: Vec<TenantId> = self.hubs().keys().copied().collect();
        for tenant in tenants {
            match store::last_sequence(self.0.db.reader(), tenant).await {
                Ok(sequence) => self.wake(tenant, sequence),
                Err(error) => tracing::warn!(%error, "the end of the log could not be read"),
            }
        }
    }

    async fn hub(&self, tenant: TenantId) -> Result<Arc<Hub>, LedgerFault> {
        if let Some(hub) = self.hubs().get(&tenant) {
            return Ok(hub.clone());
        }
        let end = store::last_sequence(self.0.db.reader(), tenant).await?;
        let hub = Hub {
            latest: watch::Sender::new(end),
            window: tokio::sync::Mutex::new(Window { events: VecDeque::new(), end }),
            places: Mutex::default(),
        };
        Ok(self.hubs().entry(tenant).or_insert_with(|| Arc::new(hub)).clone())
    }

    fn hubs(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, Arc<Hub>>> {
        self.0.hubs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the windows that nobody follows any more.
    fn sweep(&self, tenant: TenantId) {
        let mut hubs = self.hubs();
        // Two are the map's own and the leaving follower's.
        if hubs.get(&tenant).is_some_and(|hub| Arc::strong_count(hub) <= 2) {
            hubs.remove(&tenant);
        }
    }
}

/// One that follows.
#[derive(Debug)]
pub struct Follower {
    feed: Feed,
    hub: Arc<Hub>,
    tenant: TenantId,
    latest: watch::Receiver<i64>,
    after: i64,
    number: u64,
    place: Arc<AtomicI64>,
}

impl Follower {
    /// Where it stands: the last event that it was given.
    #[must_use]
    pub fn position(&self) -> i64 {
        self.after
    }

    /// How far the log reaches, as far as is known here.
    #[must_use]
    pub fn latest(&self) -> i64 {
        *self.latest.borrow()
    }

    /// The next events, in order, without a gap or a repeat; waits when there are none.
    ///
    /// # Errors
    /// [`LedgerFault`]: nothing was skipped, call again or follow again from [`Follower::position`].
    pub async fn next(&mut self) -> Result<Vec<Arc<Event>>, LedgerFault> {
        // Who asks for more is done with what it has.
        self.place.store(self.after, Ordering::Relaxed);
        loop {
            let latest = *self.latest.borrow_and_update();
            if latest <= self.after {
                // The sender lives as long as the hub, which this follower holds.
                let _ = self.latest.changed().await;
                continue;
            }
            let events = self.read(latest).await?;
            if let Some(last) = events.last() {
                self.after = last.sequence;
                return Ok(events);
            }
        }
    }

    async fn read(&self, latest: i64) -> Result<Vec<Arc<Event>>, LedgerFault> {
        let mut window = self.hub.window.lock().await;
        if window.start() <= self.after {
            while window.end < latest && window.end - self.after < PAGE as i64 {
                let news = self.page(window.end).await?;
                let Some(last) = news.last() else { break };
                window.end = last.sequence;
                window.events.extend(news);
                while window.events.len() > WINDOW {
                    window.events.pop_front();
                }
            }
            return Ok(window.behind(self.after).unwrap_or_default());
        }
        drop(window);
        self.page(self.after).await
    }

    async fn page(&self, after: i64) -> Result<Vec<Arc<Event>>, LedgerFault> {
        let page = Page { after: Some(after), before: None, limit: PAGE, backward: false };
        let events = store::page(self.feed.0.db.reader(), self.tenant, &EventFilter::default(), page).await?;
        Ok(events.into_iter().map(Arc::new).collect())
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.hub.places().remove(&self.number);
        self.feed.sweep(self.tenant);
    }
}
