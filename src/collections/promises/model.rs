//! A promise to pay, and what becomes of it.

use chrono::NaiveDate;

use crate::primitives::clock::Micros;
use crate::primitives::{ClaimId, Currency, Minor, PromiseToPayId};
use crate::refused::{Facts, INVALID_STATE, Refused};

/// Promises of a claim in one of its lives, at most.
pub const MOST: usize = 100;
/// The latest day that may be promised, from today on.
pub const LONGEST: i64 = 366;

crate::words! {
    /// What became of a promise to pay.
    PromiseStatus {
        /// Its day is still to come, and not all of it is paid.
        Open = "OPEN",
        /// All of it was paid in time.
        Kept = "KEPT",
        /// Its day has passed, and not all of it was paid in time; or what had kept it was charged back.
        Broken = "BROKEN",
        /// It holds no longer.
        Cancelled = "CANCELLED",
    }
}

impl PromiseStatus {
    /// What it may become.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Open => &[Self::Kept, Self::Broken, Self::Cancelled],
            Self::Kept => &[Self::Open, Self::Broken],
            Self::Broken | Self::Cancelled => &[],
        }
    }
}

/// A promise to pay some of a claim by a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromiseToPay {
    /// Its id.
    pub id: PromiseToPayId,
    /// Its place in lists, and among what was paid.
    pub ordinal: i64,
    /// Of which claim.
    pub claim: ClaimId,
    /// In which of its lives: how often it had begun.
    pub life: i32,
    /// The claim's.
    pub currency: Currency,
    /// How much is promised.
    pub amount: Minor,
    /// What of it was paid in time.
    pub paid: Minor,
    /// The place of the last payment that was looked at for it: what came later came too late.
    pub counted: i64,
    /// By which day, that day included.
    pub due_date: NaiveDate,
    /// Whether the debtor said so on the claim's page.
    pub by_debtor: bool,
    /// What became of it.
    pub status: PromiseStatus,
    /// Why it was cancelled.
    pub reason: Option<String>,
    /// The business day at the end of which it became so.
    pub judged_on: Option<NaiveDate>,
    /// When it was given.
    pub created_at: Micros,
}

impl PromiseToPay {
    /// What of it is still to be paid.
    #[must_use]
    pub fn open(&self) -> Minor {
        Minor((self.amount.0 - self.paid.0).max(0))
    }

    /// What it becomes at the end of a day, if anything. `is_alive`: whether its claim is still to be collected in the same
    /// life.
    #[must_use]
    pub fn judged(&self, day: NaiveDate, is_alive: bool) -> Option<PromiseStatus> {
        let is_paid = self.open() == Minor::ZERO;
        match self.status {
            PromiseStatus::Open if is_paid => Some(PromiseStatus::Kept),
            PromiseStatus::Open if !is_alive => Some(PromiseStatus::Cancelled),
            PromiseStatus::Open if self.due_date <= day => Some(PromiseStatus::Broken),
            PromiseStatus::Kept if !is_paid && is_alive && self.due_date > day => Some(PromiseStatus::Open),
            PromiseStatus::Kept if !is_paid => Some(PromiseStatus::Broken),
            _ => None,
        }
    }

    /// Brings it into a state.
    ///
    /// # Errors
    /// `INVALID_STATE` where it may not become so.
    pub fn become_(&mut self, status: PromiseStatus) -> Result<(), Refused> {
        if !self.status.next().contains(&status) {
            let refused = Refused::of_field(INVALID_STATE, "promise", format!("the promise is {}", self.status.word()));
            let facts = Box::new(Facts { status: Some(self.status.word()), ..Facts::default() });
            return Err(Refused { facts, ..refused });
        }
        self.status = status;
        Ok(())
    }
}

/// Which promise gets how much of a payment: of those that wait for one, what is due first, and then what was given first.
/// Pure. Gives places in the list.
#[must_use]
pub fn counted(promises: &[PromiseToPay], amount: Minor, today: NaiveDate) -> Vec<(usize, Minor)> {
    let mut waiting: Vec<(usize, &PromiseToPay)> = promises
        .iter()
        .enumerate()
        .filter(|(_, promise)| matches!(promise.status, PromiseStatus::Open | PromiseStatus::Kept))
        .filter(|(_, promise)| promise.due_date >= today && promise.open().0 > 0)
        .collect();
    waiting.sort_by_key(|(_, promise)| (promise.due_date, promise.ordinal));
    let mut left = amount.0;
    let mut parts = Vec::new();
    for (place, promise) in waiting {
        let part = promise.open().0.min(left);
        if part > 0 {
            parts.push((place, Minor(part)));
            left -= part;
        }
    }
    parts
}

/// From which promise how much of a payment is taken back: of those that it may have counted for, the last one first. Pure.
/// `payment` is its place. Gives places in the list.
#[must_use]
pub fn taken(promises: &[PromiseToPay], amount: Minor, payment: i64) -> Vec<(usize, Minor)> {
    let mut had: Vec<(usize, &PromiseToPay)> = promises
        .iter()
        .enumerate()
        .filter(|(_, promise)| matches!(promise.status, PromiseStatus::Open | PromiseStatus::Kept))
        .filter(|(_, promise)| promise.ordinal < payment && payment <= promise.counted)
        .collect();
    had.sort_by_key(|(_, promise)| std::cmp::Reverse((promise.due_date, promise.ordinal)));
    let mut left = amount.0;
    let mut parts = Vec::new();
    for (place, promise) in had {
        let part = promise.paid.0.min(left);
        if part > 0 {
            parts.push((place, Minor(part)));
            left -= part;
        }
    }
    parts
}
