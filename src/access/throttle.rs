//! Failed token requests per client id. There is no address to go by: behind a proxy it is the proxy's, and
//! addresses are cheap to those who guess.
//!
//! Somebody who fails on purpose would lock a client out. So a client whose secret was right once in this
//! process is let through to the check while others are turned away: the right secret is known by a digest
//! under a key that lives only here.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::primitives::Clock;
use crate::primitives::clock::Micros;

use super::secrets::{SecretError, random_bytes};

/// So many failures in a window.
const FAILURES: u32 = 10;
const WINDOW_US: Micros = 30 * 1_000_000;
/// So many client ids are remembered.
const REMEMBERED: usize = 4096;

#[derive(Clone, Copy)]
struct Window {
    began_us: Micros,
    failures: u32,
}

#[derive(Default)]
struct State {
    failing: HashMap<String, Window>,
    right: HashMap<String, [u8; 32]>,
}

pub(super) struct Throttle {
    clock: Clock,
    key: [u8; 32],
    state: Mutex<State>,
}

impl Throttle {
    pub(super) fn new(clock: Clock) -> Result<Self, SecretError> {
        Ok(Self { clock, key: random_bytes()?, state: Mutex::default() })
    }

    /// Nothing, or in how many seconds this client may try again.
    pub(super) fn refuse(&self, client_id: &str, secret: &str) -> Option<u64> {
        let now = self.clock.micros();
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let window = state.failing.get(client_id)?;
        let left = window.began_us.saturating_add(WINDOW_US).saturating_sub(now);
        if window.failures < FAILURES
            || left <= 0
            || state.right.get(client_id) == Some(&self.digest(client_id, secret))
        {
            return None;
        }
        Some(u64::try_from(left).unwrap_or(0).div_ceil(1_000_000))
    }

    /// The client was unknown or its secret wrong.
    pub(super) fn failed(&self, client_id: &str) {
        let now = self.clock.micros();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.failing.len() >= REMEMBERED && !state.failing.contains_key(client_id) {
            forget(&mut state.failing, now);
        }
        let window = state.failing.entry(client_id.to_owned()).or_insert(Window { began_us: now, failures: 0 });
        if now.saturating_sub(window.began_us) >= WINDOW_US {
            *window = Window { began_us: now, failures: 0 };
        }
        window.failures = window.failures.saturating_add(1);
    }

    /// The secret was right.
    pub(super) fn succeeded(&self, client_id: &str, secret: &str) {
        let digest = self.digest(client_id, secret);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.right.len() < REMEMBERED || state.right.contains_key(client_id) {
            state.right.insert(client_id.to_owned(), digest);
        }
    }

    fn digest(&self, client_id: &str, secret: &str) -> [u8; 32] {
        let parts = [&self.key[..], client_id.as_bytes(), b"\0", secret.as_bytes()];
        Sha256::digest(parts.concat()).into()
    }
}

/// Makes room: the windows that are over, or else the one that began first.
fn forget(failing: &mut HashMap<String, Window>, now: Micros) {
    failing.retain(|_, window| now.saturating_sub(window.began_us) < WINDOW_US);
    if failing.len() >= REMEMBERED
        && let Some(first) = failing.iter().min_by_key(|(_, window)| window.began_us).map(|(id, _)| id.clone())
    {
        failing.remove(&first);
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration};

    use super::*;

    #[test]
    fn failures_turn_guesses_away_for_a_while_but_not_the_client() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let throttle = Throttle::new(clock.clone()).expect("randomness");
        throttle.succeeded("web", "right");
        for _ in 0..FAILURES {
            assert_eq!(throttle.refuse("web", "guess"), None);
            throttle.failed("web");
        }
        assert_eq!(throttle.refuse("web", "guess"), Some(30));
        assert_eq!(throttle.refuse("web", "right"), None);
        assert_eq!(throttle.refuse("other", "guess"), None);
        clock.set(DateTime::UNIX_EPOCH + Duration::seconds(30));
        assert_eq!(throttle.refuse("web", "guess"), None);
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::new(Clock::manual(DateTime::UNIX_EPOCH)).expect("randomness");
        for n in 0..REMEMBERED + 10 {
            throttle.failed(&n.to_string());
        }
        assert_eq!(throttle.state.lock().expect("not poisoned").failing.len(), REMEMBERED);
    }
}
