//! Holds: reservations against available funds.
//!
//! OPEN -> CAPTURED (when nothing is left of it), RELEASED or EXPIRED. A part that is captured leaves the
//! rest reserved. A hold belongs to its account and is guarded by the account's lock.

use super::refusal::Refusal;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, Currency, HoldId, Minor};

crate::words! {
    /// The state of a hold.
    HoldStatus {
        /// Reserves what is left of it.
        Open = "OPEN",
        /// Captured in whole.
        Captured = "CAPTURED",
        /// Given back.
        Released = "RELEASED",
        /// Ran out of time.
        Expired = "EXPIRED",
    }
}

/// A hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// Its place in lists.
    pub ordinal: i64,
    /// On which account.
    pub account: AccountId,
    /// In which currency.
    pub currency: Currency,
    /// As placed.
    pub amount: Minor,
    /// Taken so far.
    pub captured: Minor,
    /// Its state.
    pub status: HoldStatus,
    /// For people.
    pub description: String,
    /// The caller's reference.
    pub reference: Option<String>,
    /// When it was placed.
    pub placed_at: Micros,
    /// When it lapses by itself.
    pub expires_at: Option<Micros>,
    /// When it ceased to be open.
    pub closed_at: Option<Micros>,
}

impl Hold {
    /// What it still reserves.
    #[must_use]
    pub fn remaining(&self) -> Minor {
        match self.status {
            HoldStatus::Open => Minor(self.amount.0 - self.captured.0),
            _ => Minor::ZERO,
        }
    }

    /// Whether it reserves anything now. Time ends a hold even before the sweeper has come by.
    #[must_use]
    pub fn is_open(&self, now: Micros) -> bool {
        self.status == HoldStatus::Open && self.expires_at.is_none_or(|end| now < end)
    }

    /// It is not open, and this is what it is: one whose time has run out is so before the sweeper has come by.
    fn not_open(&self) -> Refusal {
        let status = if self.status == HoldStatus::Open { HoldStatus::Expired } else { self.status };
        Refusal::HoldNotOpen { status }
    }

    /// Takes a part, or all that is left. Gives what was taken.
    ///
    /// # Errors
    /// [`Refusal::HoldNotOpen`], [`Refusal::AmountOutOfRange`], [`Refusal::HoldTooSmall`].
    pub fn capture(&mut self, amount: Option<Minor>, now: Micros) -> Result<Minor, Refusal> {
        if !self.is_open(now) {
            return Err(self.not_open());
        }
        let remaining = self.remaining();
        let amount = amount.unwrap_or(remaining);
        if amount.0 <= 0 {
            return Err(Refusal::NOT_POSITIVE);
        }
        if amount > remaining {
            return Err(Refusal::HoldTooSmall { remaining: remaining.in_currency(self.currency) });
        }
        self.captured = Minor(self.captured.0 + amount.0);
        if self.captured == self.amount {
            self.status = HoldStatus::Captured;
            self.closed_at = Some(now);
        }
        Ok(amount)
    }

    /// Ends it, as released by hand or expired by time. Gives what it reserved until now.
    ///
    /// # Errors
    /// [`Refusal::HoldNotOpen`].
    pub fn end(&mut self, status: HoldStatus, now: Micros) -> Result<Minor, Refusal> {
        let due = match status {
            HoldStatus::Expired => self.status == HoldStatus::Open && !self.is_open(now),
            _ => self.is_open(now),
        };
        if !due {
            return Err(match status {
                HoldStatus::Expired => Refusal::HoldNotOpen { status: self.status },
                _ => self.not_open(),
            });
        }
        let freed = self.remaining();
        self.status = status;
        self.closed_at = Some(now);
        Ok(freed)
    }
}
