//! What the relay measures.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use crate::primitives::TenantId;
use crate::telemetry::measure;

/// The relay's measurements. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct RelayMetrics {
    /// Events that a stream has taken.
    pub(super) taken: Counter,
    /// Events that a stream had already.
    pub(super) repeated: Counter,
    /// Sessions that broke.
    pub(super) broken: Counter,
    lags: Arc<Mutex<HashMap<TenantId, u64>>>,
}

impl RelayMetrics {
    /// How far a tenant's stream is behind its log.
    pub(super) fn stands(&self, tenant: TenantId, lag: i64) {
        let lag = u64::try_from(lag).unwrap_or(0);
        self.lags.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant, lag);
    }

    /// A tenant's log is relayed here no longer.
    pub(super) fn leaves(&self, tenant: TenantId) {
        self.lags.lock().unwrap_or_else(PoisonError::into_inner).remove(&tenant);
    }

    /// Puts them on a server's list.
    pub fn register(&self, registry: &mut Registry) {
        let help = "Events that the relay's streams have taken";
        registry.register("relay_events", help, self.taken.clone());
        let help = "Events that the relay sent again, and the stream had already";
        registry.register("relay_repeats", help, self.repeated.clone());
        let help = "Times that the relay of a tenant broke off and began again";
        registry.register("relay_breaks", help, self.broken.clone());
        let lags = self.lags.clone();
        let help = "Events that the last of the streams relayed by this server is behind.";
        measure::gauge(registry, "relay_lag_events_max", help, move || {
            let lags = lags.lock().unwrap_or_else(PoisonError::into_inner);
            vec![(Vec::new(), lags.values().copied().max().unwrap_or(0))]
        });
    }
}
