//! What deliveries measure.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::primitives::WebhookId;
use crate::telemetry::measure::{self, Histogram, Label, to_count};

/// How far the webhooks at work on this server are.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    /// Events of the log that it has yet to deal with.
    lag: u64,
    /// Events that were tried, or wait for one that was.
    waiting: u64,
}

/// The measurements of deliveries. Cloning shares them.
#[derive(Clone, Debug)]
pub struct WebhookMetrics {
    attempts: Family<[Label; 1], Counter>,
    /// Messages that a receiver took.
    pub(super) delivered: Counter,
    /// Attempts that failed.
    pub(super) failed: Counter,
    /// Messages that were given up.
    pub(super) dead: Counter,
    /// From sending to the answer.
    pub(super) times: Histogram,
    standings: Arc<Mutex<HashMap<WebhookId, Standing>>>,
}

impl Default for WebhookMetrics {
    fn default() -> Self {
        let attempts = Family::<[Label; 1], Counter>::default();
        Self {
            delivered: attempts.get_or_create_owned(&[("outcome", "DELIVERED")]),
            failed: attempts.get_or_create_owned(&[("outcome", "FAILED")]),
            attempts,
            dead: Counter::default(),
            times: Histogram::of_times(),
            standings: Arc::default(),
        }
    }
}

impl WebhookMetrics {
    /// How far a webhook is behind, and how much of it waits.
    pub(super) fn stands(&self, webhook: WebhookId, lag: i64, waiting: usize) {
        let standing = Standing { lag: u64::try_from(lag).unwrap_or(0), waiting: to_count(waiting) };
        self.standings.lock().unwrap_or_else(PoisonError::into_inner).insert(webhook, standing);
    }

    /// A webhook is at work here no longer.
    pub(super) fn leaves(&self, webhook: WebhookId) {
        self.standings.lock().unwrap_or_else(PoisonError::into_inner).remove(&webhook);
    }

    fn all(&self) -> Vec<Standing> {
        self.standings.lock().unwrap_or_else(PoisonError::into_inner).values().copied().collect()
    }

    /// Puts them on a server's list.
    pub fn register(&self, registry: &mut Registry) {
        let help = "Attempts to deliver an event to a webhook, by outcome";
        registry.register("webhook_attempts", help, self.attempts.clone());
        let help = "Events given up after days of attempts";
        registry.register("webhook_dead_letters", help, self.dead.clone());
        let help = "From sending an event to the receiver's answer, or to giving up on it";
        registry.register("webhook_attempt_seconds", help, self.times.clone());
        let own = self.clone();
        let help = "Webhooks that this server delivers.";
        measure::gauge(registry, "webhooks", help, move || measure::plain(own.all().len()));
        let own = self.clone();
        let help = "Events that wait for an attempt that failed, of all webhooks of this server.";
        measure::gauge(registry, "webhook_waiting", help, move || {
            vec![(Vec::new(), own.all().iter().map(|one| one.waiting).sum())]
        });
        let own = self.clone();
        let help = "Events of the log that the last of this server's webhooks has yet to deal with.";
        measure::gauge(registry, "webhook_lag_events_max", help, move || {
            vec![(Vec::new(), own.all().iter().map(|one| one.lag).max().unwrap_or(0))]
        });
    }
}
