//! Verified tokens, so that the hot path hashes a token instead of checking its signature.
//!
//! Bounded: two generations, of which the older is dropped whole when the younger is full, so that no token
//! is looked for to be evicted. Keyed by the token's SHA-256, so that no token lies in memory in clear.
//! Whether a token is over is asked at each use; and each is verified anew after a while, so that a key that
//! its issuer withdrew is not believed for as long as its tokens say.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::principal::Principal;

/// How long a verification is believed.
const BELIEVED_FOR: Duration = Duration::from_secs(300);

pub(super) type Digest = [u8; 32];

pub(super) fn digest(token: &str) -> Digest {
    Sha256::digest(token.as_bytes()).into()
}

#[derive(Clone)]
struct Verified {
    principal: Principal,
    at: Instant,
}

#[derive(Default)]
struct Generations {
    young: HashMap<Digest, Verified>,
    old: HashMap<Digest, Verified>,
}

/// At most `2 * generation` verified tokens.
pub(super) struct PrincipalCache {
    generation: usize,
    generations: Mutex<Generations>,
}

impl PrincipalCache {
    pub(super) fn new(generation: usize) -> Self {
        Self { generation, generations: Mutex::default() }
    }

    /// Who the token speaks for, if it was verified a short while ago. It may be over.
    pub(super) fn get(&self, token: &Digest) -> Option<Principal> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let verified = match generations.young.get(token) {
            Some(verified) => verified.clone(),
            None => {
                let verified = generations.old.remove(token)?;
                self.insert(&mut generations, *token, verified.clone());
                verified
            }
        };
        (verified.at.elapsed() < BELIEVED_FOR).then_some(verified.principal)
    }

    pub(super) fn put(&self, token: Digest, principal: Principal) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        self.insert(&mut generations, token, Verified { principal, at: Instant::now() });
    }

    fn insert(&self, generations: &mut Generations, token: Digest, verified: Verified) {
        if generations.young.len() >= self.generation {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(token, verified);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use uuid::Uuid;

    use super::*;
    use crate::primitives::TenantId;

    #[test]
    fn the_cache_is_bounded_and_keeps_what_is_used() {
        let principal = Principal {
            tenant: TenantId(Uuid::nil()),
            client: "web".into(),
            customer: None,
            scopes: BTreeSet::new().into(),
            expires_at: 0,
        };
        let cache = PrincipalCache::new(10);
        let used = digest("used");
        cache.put(used, principal.clone());
        for n in 0..100 {
            cache.put(digest(&n.to_string()), principal.clone());
            assert!(cache.get(&used).is_some(), "after {n}");
        }
        assert!(cache.get(&digest("0")).is_none());
        let generations = cache.generations.lock().expect("not poisoned");
        assert!(generations.young.len() + generations.old.len() <= 20);
    }
}
