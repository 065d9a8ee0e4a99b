//! The rate limit by cost: a token bucket per principal, kept as one instant each.
//!
//! The instant is when the bucket will be full again (the generic cell rate algorithm). Spending moves it into
//! the future by what the cost takes to refill; a principal whose instant has passed has a full bucket, and
//! need not be remembered at all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::config::RateConfig;
use crate::access::Principal;
use crate::primitives::{CustomerId, TenantId};

/// How long what may be spent at once takes to refill, at least.
const SHORTEST_BURST: Duration = Duration::from_secs(1);

type Key = (TenantId, Arc<str>, Option<CustomerId>);

/// The buckets of every principal that has spent lately.
pub(super) struct RateLimit {
    config: RateConfig,
    full_at: Mutex<HashMap<Key, Instant>>,
}

impl RateLimit {
    pub(super) fn new(config: RateConfig) -> Self {
        Self { config, full_at: Mutex::new(HashMap::new()) }
    }

    /// Spends the cost, or tells how long to wait. A cost beyond the burst counts as the burst, for it could
    /// never be saved up. A burst lasts a second at least: one of a few milliseconds, under a high rate, is spent by
    /// whoever keeps to the rate but is woken late.
    pub(super) fn spend(&self, principal: &Principal, cost: u64, now: Instant) -> Result<(), Duration> {
        let burst = self.refill(self.config.burst).max(SHORTEST_BURST);
        let taken = self.refill(cost).min(burst);
        let key = (principal.tenant, principal.client.clone(), principal.customer);
        let mut buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= self.config.principals && !buckets.contains_key(&key) {
            buckets.retain(|_, full_at| *full_at > now);
            // Everybody is busy: start over rather than grow, which forgives each of them one burst.
            if buckets.len() >= self.config.principals {
                buckets.clear();
            }
        }
        let full_at = buckets.entry(key).or_insert(now);
        let after = (*full_at).max(now) + taken;
        match after.duration_since(now).checked_sub(burst) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                *full_at = after;
                Ok(())
            }
        }
    }

    /// How long a cost takes to refill.
    fn refill(&self, cost: u64) -> Duration {
        Duration::from_nanos(cost.saturating_mul(1_000_000_000) / self.config.per_second.max(1))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn principal(client: &str) -> Principal {
        Principal {
            tenant: TenantId(uuid::Uuid::nil()),
            client: client.into(),
            customer: None,
            scopes: Arc::new(BTreeSet::new()),
            expires_at: 0,
        }
    }

    #[test]
    fn a_burst_then_the_sustained_rate() {
        let limit = RateLimit::new(RateConfig { per_second: 10, burst: 30, principals: 2 });
        let (now, second, a) = (Instant::now(), Duration::from_secs(1), principal("a"));
        assert_eq!(limit.spend(&a, 30, now), Ok(()));
        assert_eq!(limit.spend(&a, 5, now), Err(second / 2));
        assert_eq!(limit.spend(&principal("b"), 30, now), Ok(()));
        assert_eq!(limit.spend(&a, 10, now + second), Ok(()));
        assert_eq!(limit.spend(&a, 1, now + second), Err(second / 10));
        assert_eq!(limit.spend(&a, 1_000_000, now + 4 * second), Ok(()), "more than the burst counts as the burst");
    }

    #[test]
    fn whoever_keeps_to_a_high_rate_is_not_refused_for_being_woken_late() {
        let limit = RateLimit::new(RateConfig { per_second: 50_000_000, burst: 100_000, principals: 2 });
        let (start, a) = (Instant::now(), principal("a"));
        // A hundred requests a millisecond at exactly the rate; once they all come half a second late, together.
        for n in 0..200_000_u64 {
            let due = Duration::from_micros(n * 10);
            let late = if (50_000..100_000).contains(&n) { Duration::from_secs(1) } else { due };
            assert_eq!(limit.spend(&a, 500, start + late.max(due)), Ok(()), "request {n}");
        }
        assert_eq!(limit.spend(&a, 50_000_000, start + Duration::from_secs(4)), Ok(()));
        assert!(limit.spend(&a, 1, start + Duration::from_secs(4)).is_err(), "and no more than the rate");
    }

    #[test]
    fn the_number_of_buckets_is_bounded() {
        let limit = RateLimit::new(RateConfig { per_second: 1, burst: 10, principals: 3 });
        let now = Instant::now();
        for n in 0..100 {
            assert_eq!(limit.spend(&principal(&n.to_string()), 10, now), Ok(()));
        }
        assert!(limit.full_at.lock().expect("the buckets").len() <= 3);
    }
}
