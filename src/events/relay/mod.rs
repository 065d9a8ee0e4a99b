//! The relay: a tenant's log, copied to a stream of NATS JetStream, for those whom subscriptions and webhooks do not
//! serve.
//!
//! Each tenant has a stream of its own, `PREFIX-tenant`, with a message per event on `prefix.tenant.TYPE`. The place of a
//! message in the stream is the event's in the log. That makes everything simple:
//!
//! - **Where to go on** is what the stream says that it has. Nothing is kept on our side.
//! - **Order and no gaps** are the stream's to hold: each message says which one must be the last before it, so that none
//!   is taken whose forerunner was lost, whoever sends it, and however many are on their way.
//! - **Repeats** are dropped by the stream: the message's id is the event's.
//!
//! A lease keeps two servers from doing the same work; when both do all the same, the stream takes each event once.

mod metrics;
mod session;

use std::collections::HashMap;
use std::time::Duration;

use async_nats::{Client, ConnectOptions};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::outbound::Surface;
use super::store;
use crate::primitives::TenantId;

pub use metrics::RelayMetrics;

/// How often new tenants are looked for.
const LOOK: Duration = Duration::from_secs(2);
/// How long it is waited after something went wrong: the first time, and at most.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What an operator decides about the relay.
#[derive(Clone, PartialEq, Eq)]
pub struct RelayConfig {
    /// The servers, separated by commas: `nats://...` or `tls://...`. May hold a password or a token.
    pub url: String,
    /// A file with credentials, as NATS makes them, if they are not in the address.
    pub credentials: Option<String>,
    /// What the streams' names begin with.
    pub stream: String,
    /// What the subjects begin with.
    pub subject: String,
    /// Whether streams that are missing are made.
    pub create: bool,
}

impl std::fmt::Debug for RelayConfig {
    /// Without what may be a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("RelayConfig");
        shown.field("stream", &self.stream).field("subject", &self.subject).field("create", &self.create);
        shown.finish_non_exhaustive()
    }
}

impl RelayConfig {
    /// Of servers, with everything else as it is by default.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            credentials: None,
            stream: "KONTO".to_owned(),
            subject: "konto".to_owned(),
            create: true,
        }
    }

    /// The stream of a tenant.
    #[must_use]
    pub fn stream_of(&self, code: &str) -> String {
        format!("{}-{code}", self.stream)
    }

    /// The subject of a tenant's events of a type; `>` is all types.
    #[must_use]
    pub fn subject_of(&self, code: &str, type_: &str) -> String {
        format!("{}.{code}.{type_}", self.subject)
    }
}

/// Why a tenant's log could not be relayed.
#[derive(Debug, thiserror::Error)]
pub(super) enum RelayFault {
    #[error("NATS does not answer: {0}")]
    Nats(String),
    #[error("the stream {0} is missing: make it, or set KONTO_NATS_CREATE_STREAMS=true")]
    NoStream(String),
    #[error("the stream {stream} reaches {last}, and the log only {end}: it is of another log, or of a later time")]
    Ahead { stream: String, last: i64, end: i64 },
    #[error("somebody else writes to the stream {0}: its places are not those of the log")]
    NotOurs(String),
    #[error("an event was not taken: {0}")]
    NotTaken(String),
    #[error(transparent)]
    Ledger(#[from] crate::ledger::LedgerFault),
}

/// Relays the logs of all tenants. Cloning shares the connection.
#[derive(Clone)]
pub(super) struct Relay {
    surface: Surface,
    config: RelayConfig,
    metrics: RelayMetrics,
    client: std::sync::Arc<OnceCell<Client>>,
}

impl Relay {
    pub fn new(surface: Surface, config: RelayConfig, metrics: RelayMetrics) -> Self {
        Self { surface, config, metrics, client: std::sync::Arc::default() }
    }

    /// Until it is told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let mut known: HashMap<TenantId, String> = HashMap::new();
        let tasks = TaskTracker::new();
        while !stop.is_cancelled() {
            match store::tenants(self.surface.db.reader()).await {
                Ok(tenants) => {
                    for (tenant, code) in tenants {
                        known.entry(tenant).or_insert_with(|| {
                            tasks.spawn(self.clone().keep(tenant, code.clone(), stop.clone()));
                            code
                        });
                    }
                }
                Err(fault) => tracing::warn!(%fault, "the tenants could not be read; trying again"),
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        tasks.close();
        tasks.wait().await;
    }

    /// One tenant's log, again and again.
    async fn keep(self, tenant: TenantId, code: String, stop: CancellationToken) {
        let mut pause = PAUSE;
        let mut complained = String::new();
        while !stop.is_cancelled() {
            let Some(came) = stop.run_until_cancelled(self.session(tenant, &code, &stop)).await else { break };
            match came {
                Ok(()) => (pause, complained) = (PAUSE, String::new()),
                Err(fault) => {
                    let what = fault.to_string();
                    // Said once, however long it lasts.
                    if what != complained {
                        tracing::warn!(%fault, tenant = %code, "the log could not be relayed; trying again");
                    }
                    complained = what;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.metrics.leaves(tenant);
        self.surface.leases.release(tenant, LEASE.to_owned()).await;
    }

    /// The connection, which takes itself up again when it was lost.
    async fn client(&self) -> Result<&Client, RelayFault> {
        let connect = || async {
            let mut options = ConnectOptions::new().name("konto").client_capacity(2 * session::WINDOW);
            if let Some(file) = &self.config.credentials {
                options = options.credentials_file(file).await.map_err(|error| RelayFault::Nats(error.to_string()))?;
            }
            let servers: Vec<&str> = self.config.url.split(',').map(str::trim).collect();
            options.connect(servers).await.map_err(|error| RelayFault::Nats(error.kind().to_string()))
        };
        self.client.get_or_try_init(connect).await
    }
}

/// The name of the lease on a tenant's relay.
const LEASE: &str = "relay";
