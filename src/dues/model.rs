//! A due, and what settled it.

use chrono::NaiveDate;

use crate::ledger::Component;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, Currency, DueId, DueSettlementId, EntryId, Minor};
use crate::refused::{Facts, INVALID_STATE, Refused};

/// The most that may be open on an account at once.
pub const MOST: usize = 1_000;

crate::words! {
    /// What made a due.
    DueSource {
        /// Somebody, by hand.
        Manual = "MANUAL",
        /// A bill: the minimum payment of a statement, and fees of reminders.
        Bill = "BILL",
        /// Purchases on an invoice or a loan.
        Purchase = "PURCHASE",
        /// An instalment of a lease.
        Lease = "LEASE",
        /// The termination of a credit: what was owed then, and not asked for.
        Termination = "TERMINATION",
    }

    /// Where a due is in its life.
    DueStatus {
        /// Nothing of it is settled.
        Open = "OPEN",
        /// A part of it is settled.
        PartlySettled = "PARTLY_SETTLED",
        /// All of it is settled that was not cancelled.
        Settled = "SETTLED",
        /// What was open of it is not asked for any more. What had settled the rest of it stays.
        Cancelled = "CANCELLED",
    }
}

impl DueStatus {
    /// What it may become. What a payment had settled is open again once that payment is reversed, whatever the due has
    /// become since.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Open => &[Self::PartlySettled, Self::Settled, Self::Cancelled],
            Self::PartlySettled => &[Self::Open, Self::PartlySettled, Self::Settled, Self::Cancelled],
            Self::Settled | Self::Cancelled => &[Self::Open, Self::PartlySettled],
        }
    }

    /// Whether something of it is open.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::PartlySettled)
    }
}

/// An open item of an account: what is owed by a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its id.
    pub id: DueId,
    /// Its place in lists, and in the order of booking.
    pub ordinal: i64,
    /// Of which account.
    pub account: AccountId,
    /// For what it is owed.
    pub component: Component,
    /// The account's.
    pub currency: Currency,
    /// What made it.
    pub source: DueSource,
    /// What it is a part of, as its source calls it: dues with the same source and reference belong together.
    pub reference: Option<String>,
    /// The day by which it is to be paid.
    pub due_on: NaiveDate,
    /// All of it.
    pub amount: Minor,
    /// What of it is settled.
    pub settled: Minor,
    /// What of it was cancelled.
    pub cancelled: Minor,
    /// Where it is in its life.
    pub status: DueStatus,
    /// Why it was cancelled, as a code of the tenant's own.
    pub cancel_reason: Option<String>,
    /// When it was made.
    pub created_at: Micros,
    /// When it was settled or cancelled, while nothing of it is open.
    pub ended_at: Option<Micros>,
}

impl Due {
    /// What of it is open.
    #[must_use]
    pub fn open(&self) -> Minor {
        Minor(self.amount.0 - self.settled.0 - self.cancelled.0)
    }

    /// Settles a part of it.
    ///
    /// # Errors
    /// `INVALID_STATE` for more than is open.
    pub fn settle(&mut self, part: Minor, now: Micros) -> Result<(), Refused> {
        if part.0 <= 0 || part > self.open() {
            return Err(self.is_over());
        }
        self.settled.0 += part.0;
        let whole = self.open() == Minor::ZERO;
        self.become_(if whole { DueStatus::Settled } else { DueStatus::PartlySettled }, now)
    }

    /// Opens again what was settled of it.
    ///
    /// # Errors
    /// `INVALID_STATE` for more than is settled.
    pub fn open_again(&mut self, part: Minor, now: Micros) -> Result<(), Refused> {
        if part.0 <= 0 || part > self.settled {
            return Err(self.is_over());
        }
        self.settled.0 -= part.0;
        let none = self.settled == Minor::ZERO;
        self.become_(if none { DueStatus::Open } else { DueStatus::PartlySettled }, now)
    }

    /// Has what is open of it be paid by another day.
    ///
    /// # Errors
    /// `INVALID_STATE` when nothing is.
    pub fn move_to(&mut self, due_on: NaiveDate) -> Result<(), Refused> {
        if !self.status.is_open() {
            return Err(self.is_over());
        }
        self.due_on = due_on;
        Ok(())
    }

    /// Cancels what is open of it.
    ///
    /// # Errors
    /// `INVALID_STATE` when nothing is.
    pub fn cancel(&mut self, reason: &str, now: Micros) -> Result<(), Refused> {
        self.cancelled.0 += self.open().0;
        self.become_(DueStatus::Cancelled, now)?;
        self.cancel_reason = Some(reason.to_owned());
        Ok(())
    }

    fn become_(&mut self, status: DueStatus, now: Micros) -> Result<(), Refused> {
        if !self.status.next().contains(&status) {
            return Err(self.is_over());
        }
        self.status = status;
        self.ended_at = (!status.is_open()).then_some(now);
        Ok(())
    }

    /// It is over.
    fn is_over(&self) -> Refused {
        let refused = Refused::of_field(INVALID_STATE, "due", format!("the due is {}", self.status.word()));
        let facts = Box::new(Facts { status: Some(self.status.word()), ..Facts::default() });
        Refused { facts, ..refused }
    }
}

/// What an entry has settled of a due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueSettlement {
    /// Its id.
    pub id: DueSettlementId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Of which due.
    pub due: DueId,
    /// Of which account.
    pub account: AccountId,
    /// Which entry.
    pub entry: EntryId,
    /// How much: positive.
    pub amount: Minor,
    /// What of it is open again, because the entry was reversed.
    pub taken_back: Minor,
}
