//! The books as they stood after the last batch, kept by the tenant's worker: what has not moved since need not be read.
//!
//! Everybody who changes the books moves the head ([`super::post`]), and a batch is written only while the head stands
//! where its decisions were taken from. So what is kept here can be out of date, but never decides anything when it is:
//! under the lock the head is compared ([`super::load`]), and without a lock the statement that writes compares it
//! itself ([`super::optimistic`]). Whoever finds that it has moved forgets everything and reads again.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::NaiveDate;
use quick_cache::UnitWeighter;
use quick_cache::unsync::Cache;

use super::books::Head;
use super::load::{Found, Internals, Wanted};
use super::position::Position;
use crate::primitives::{AccountId, Clock};

/// Accounts that are kept, at most: some 30 MB.
const ACCOUNTS: u64 = 1 << 17;
/// Accounts that all tenants of a server together keep, about.
const ALL_ACCOUNTS: usize = 1 << 18;
/// Accounts that a tenant keeps however many the others keep.
const SMALL: usize = 1 << 12;
/// Accounts that there is room for from the beginning.
const FEW: usize = 256;
/// Keys that are remembered as used.
const KEYS: usize = 1 << 14;
/// When somebody else has moved the head twice within so many batches, as many read everything under the lock: while
/// servers take turns, what is kept is of no use.
const TURNS: u32 = 8;

/// What a worker knows of its tenant's books.
#[derive(Debug, Default)]
pub(super) struct Standing {
    known: Option<Known>,
    share: Share,
    used: Used,
    /// Batches that nothing is taken from here for.
    detours: u32,
    /// Batches since somebody else has moved the head.
    undisturbed: u32,
}

#[derive(Debug)]
struct Known {
    head: Head,
    date: Option<NaiveDate>,
    positions: Cache<AccountId, Position>,
    internals: Option<Internals>,
}

/// What a batch leaves behind.
#[derive(Debug)]
pub(super) struct Left {
    /// The head, as the batch moved it.
    pub head: Head,
    /// The tenant's own business date.
    pub date: Option<NaiveDate>,
    /// The accounts that the batch touched.
    pub positions: Vec<Position>,
    /// All internal accounts, if the batch knew them.
    pub internals: Option<Internals>,
}

impl Standing {
    /// Nothing yet, as one of all those of a server.
    pub fn one_of(all: &Kept) -> Self {
        Self { share: Share { all: all.clone(), own: 0 }, ..Self::default() }
    }

    /// What is left to read of what is wanted, if the head has not moved.
    pub fn rest<'a>(&self, wanted: &Wanted<'a>) -> Wanted<'a> {
        let mut rest = wanted.clone();
        if let Some(known) = self.trusted() {
            rest.accounts.retain(|account| !known.positions.contains_key(account));
            rest.internals &= known.internals.is_none();
        }
        rest
    }

    /// Whether the head stands where this was left, as far as anything was.
    pub fn is_at(&self, found: &Found) -> bool {
        let Some(Known { head, date, .. }) = &self.known else { return true };
        // The business date of a tenant without one of its own goes with the clock.
        *date == found.date && *head == Head { business_date: head.business_date, ..found.head.clone() }
    }

    /// Adds what was not read to what was, with the head where this was left.
    pub fn complete(&self, found: &mut Found, wanted: &Wanted<'_>) {
        let Some(known) = self.trusted() else { return };
        for account in &wanted.accounts {
            if let Some(position) = known.positions.get(account) {
                found.positions.insert(*account, position.clone());
            }
        }
        if let Some(internals) = known.internals.as_ref().filter(|_| wanted.internals) {
            found.internals.clone_from(internals);
        }
    }

    /// Whether a batch may be decided on this without the lock: nobody else is writing, and none of its keys is known
    /// as used.
    pub fn may_do(&self, wanted: &Wanted<'_>) -> bool {
        self.detours == 0 && !wanted.keys.iter().any(|key| self.used.has(*key))
    }

    /// The head, if it is known, and nothing else.
    pub fn head(&self, clock: &Clock) -> Option<Found> {
        let known = self.trusted()?;
        let mut head = known.head.clone();
        head.business_date = known.date.unwrap_or_else(|| clock.today());
        Some(Found { head, date: known.date, ..Found::default() })
    }

    /// Follows a batch that is committed.
    pub fn follow<'a>(&mut self, left: Left, keys: impl Iterator<Item = (&'a str, &'a str)>) {
        self.detours = self.detours.saturating_sub(1);
        self.undisturbed = self.undisturbed.saturating_add(1);
        keys.for_each(|key| self.used.keep(key));
        let Left { head, date, positions, internals } = left;
        let known = self.known.get_or_insert_with(|| Known {
            head: head.clone(),
            date,
            positions: Cache::with_weighter(FEW, ACCOUNTS, UnitWeighter),
            internals: None,
        });
        (known.head, known.date) = (head, date);
        known.internals = internals.or(known.internals.take());
        for position in positions {
            known.positions.insert(position.account, position);
        }
        if !self.share.is_now(known.positions.len()) {
            // It reads again what it needs, and leaves room for the others.
            self.forget();
        }
    }

    /// Forgets the books: nobody knows how they stand now.
    pub fn forget(&mut self) {
        self.known = None;
        self.share.is_now(0);
    }

    /// Forgets the books because somebody else has written to them.
    pub fn overtaken(&mut self) {
        self.forget();
        if self.undisturbed < TURNS {
            self.detours = TURNS;
        }
        self.undisturbed = 0;
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.known.is_none()
    }

    fn trusted(&self) -> Option<&Known> {
        self.known.as_ref().filter(|_| self.detours == 0)
    }
}

/// Accounts that are kept by all of a server's workers. Cloning shares the count.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept(Arc<AtomicUsize>);

/// A worker's part of it.
#[derive(Debug, Default)]
struct Share {
    all: Kept,
    own: usize,
}

impl Share {
    /// Counts what is kept now; whether there is room for it. Where there is not, it is for the large ones to make some:
    /// each of them finds out with its next batch.
    fn is_now(&mut self, own: usize) -> bool {
        let all = &self.all.0;
        let before = std::mem::replace(&mut self.own, own);
        let sum = if own >= before {
            all.fetch_add(own - before, Ordering::Relaxed) + (own - before)
        } else {
            all.fetch_sub(before - own, Ordering::Relaxed) - (before - own)
        };
        own <= SMALL || sum <= ALL_ACCOUNTS
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.is_now(0);
    }
}

/// Keys that were used lately, by their hashes: whoever repeats a request does so soon. That a key is not among them
/// says nothing.
#[derive(Debug, Default)]
struct Used {
    hasher: RandomState,
    hashes: HashSet<u64>,
    order: VecDeque<u64>,
}

impl Used {
    fn has(&self, key: (&str, &str)) -> bool {
        self.hashes.contains(&self.hasher.hash_one(key))
    }

    fn keep(&mut self, key: (&str, &str)) {
        let hash = self.hasher.hash_one(key);
        if !self.hashes.insert(hash) {
            return;
        }
        self.order.push_back(hash);
        if self.order.len() > KEYS
            && let Some(oldest) = self.order.pop_front()
        {
            self.hashes.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::DebtRule;
    use crate::ledger::tests::position;

    #[test]
    fn what_all_keep_together_has_a_bound_and_is_given_back() {
        let all = Kept::default();
        let share = || Share { all: all.clone(), own: 0 };
        let (mut one, mut other, mut small) = (share(), share(), share());
        let half = ALL_ACCOUNTS / 2;
        assert!(one.is_now(half) && other.is_now(half));
        assert!(small.is_now(1) && small.is_now(SMALL), "the small one stays");
        assert!(!other.is_now(half), "a large one makes room");
        assert!(other.is_now(0) && one.is_now(half), "one is enough");
        assert!(other.is_now(half - SMALL) && !other.is_now(half - SMALL + 1));
        drop((one, small));
        assert!(other.is_now(ALL_ACCOUNTS));
        drop(other);
        assert_eq!(all.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_worker_that_forgets_gives_back_what_it_kept() {
        let all = Kept::default();
        let positions = |numbers: std::ops::Range<u128>| {
            let position = |n| Position { account: AccountId(uuid::Uuid::from_u128(n)), ..position(1, DebtRule::None) };
            numbers.map(position).collect()
        };
        let left = |positions| Left { head: Head::default(), date: None, positions, internals: None };
        let mut standing = Standing::one_of(&all);
        standing.follow(left(positions(0..10)), std::iter::empty());
        standing.follow(left(positions(5..12)), std::iter::empty());
        assert_eq!(all.0.load(Ordering::Relaxed), 12);
        let mut crowd = Share { all: all.clone(), own: 0 };
        crowd.is_now(ALL_ACCOUNTS);
        standing.follow(left(positions(0..5)), std::iter::empty());
        assert!(!standing.is_empty(), "a small one stays");
        let many = 10_000_u128;
        standing.follow(left(positions(0..many)), std::iter::empty());
        assert!(standing.is_empty(), "a large one makes room");
        assert_eq!(all.0.load(Ordering::Relaxed), ALL_ACCOUNTS);
    }
}
