//! Typed ids: swapped ids do not compile, and an id tells on sight what it names.
//!
//! In the database an id is a UUIDv7; outside it is `prefix_` and its 32 hexadecimal digits.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use uuid::Uuid;

use super::clock::Clock;

/// A text that is not an id of the wanted kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub struct InvalidId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl $name {
            /// What the text form starts with, before the underscore.
            pub const PREFIX: &'static str = $prefix;
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let hex = text.strip_prefix(concat!($prefix, "_")).ok_or(InvalidId)?;
                parse_hex(hex).map(Self)
            }
        }
    )*};
}

ids! {
    /// A tenant.
    TenantId = "ten";
    /// An OAuth client.
    ClientRowId = "cli";
    /// A customer: a person or a company.
    CustomerId = "cus";
    /// A product.
    ProductId = "prd";
    /// A customer's account. Never a row in the books: that is a [`LedgerAccountId`].
    AccountId = "acc";
    /// A row in the books: a component of an account, or an internal account of the tenant.
    LedgerAccountId = "led";
    /// A journal entry.
    EntryId = "ent";
    /// A hold.
    HoldId = "hld";
    /// An audit record.
    AuditId = "aud";
}

/// Only the canonical form (32 lower-case hexadecimal digits) is an id, so that one thing has one name.
fn parse_hex(hex: &str) -> Result<Uuid, InvalidId> {
    let canonical = hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if canonical { Uuid::try_parse(hex).map_err(|_| InvalidId) } else { Err(InvalidId) }
}

/// Makes UUIDv7s from a clock and a generator, so that the same seed and clock give the same ids.
/// Ids of one source are strictly increasing. Cloning shares the source.
#[derive(Clone, Debug)]
pub struct IdSource {
    clock: Clock,
    state: Arc<Mutex<IdState>>,
}

#[derive(Debug)]
struct IdState {
    generator: StdRng,
    last_millis: u64,
    counter: u64,
}

/// The 74 bits of a UUIDv7 behind its time are a 42-bit counter, seeded anew each millisecond with its top
/// bit clear, and 32 random bits.
const COUNTER_BITS: u32 = 42;

impl IdSource {
    /// Ids from the operating system's randomness.
    #[must_use]
    pub fn random(clock: Clock) -> Self {
        Self::new(clock, StdRng::from_os_rng())
    }

    /// Ids that are the same for the same seed and clock.
    #[must_use]
    pub fn seeded(clock: Clock, seed: u64) -> Self {
        Self::new(clock, StdRng::seed_from_u64(seed))
    }

    fn new(clock: Clock, generator: StdRng) -> Self {
        Self { clock, state: Arc::new(Mutex::new(IdState { generator, last_millis: 0, counter: 0 })) }
    }

    /// The next id.
    #[must_use]
    pub fn next(&self) -> Uuid {
        let now = u64::try_from(self.clock.micros() / 1_000).unwrap_or(0);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if now > state.last_millis {
            state.last_millis = now;
            state.counter = state.generator.next_u64() >> (64 - COUNTER_BITS + 1);
        } else {
            state.counter += 1;
            if state.counter >> COUNTER_BITS != 0 {
                state.last_millis += 1;
                state.counter = 0;
            }
        }
        let random = u128::from(state.generator.next_u32());
        let payload = (u128::from(state.counter) << 32) | random;
        let high = payload >> 62;
        let low = payload & ((1 << 62) - 1);
        Uuid::from_u128((u128::from(state.last_millis) << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_source_increase_and_repeat_with_the_seed() {
        let clock = Clock::manual(chrono::DateTime::UNIX_EPOCH + chrono::Duration::days(20_000));
        let make = || {
            let source = IdSource::seeded(clock.clone(), 7);
            (0..1_000).map(|_| source.next()).collect::<Vec<_>>()
        };
        let ids = make();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(ids, make());
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn only_the_canonical_form_is_an_id() {
        let id = AccountId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_00ab));
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in ["", "acc_", "acc", "cus_01900000000070008000000000000ab", "acc_0190000000007000800000000000000AB"]
        {
            assert_eq!(wrong.parse::<AccountId>(), Err(InvalidId), "{wrong}");
        }
        assert_eq!(id.to_string().parse::<CustomerId>(), Err(InvalidId));
    }
}
