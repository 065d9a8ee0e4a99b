//! Holds: reservations against available funds.
//!
//! OPEN -> CAPTURED (when nothing is left of it), RELEASED or EXPIRED. A part that is captured leaves the
//! rest reserved. While it is open it may be raised and reduced (a card's authorisations are). A hold belongs to its account and is guarded by the account's lock.

use chrono::NaiveDate;

use super::point_of_sale::PointOfSale;
use super::refusal::Refusal;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, CardId, Currency, HoldId, Minor};

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
    /// As placed, and raised or reduced since.
    pub amount: Minor,
    /// Taken so far.
    pub captured: Minor,
    /// Its state.
    pub status: HoldStatus,
    /// For people.
    pub description: String,
    /// The caller's reference.
    pub reference: Option<String>,
    /// The card that it was authorised with.
    pub card: Option<CardId>,
    /// What the card's network calls it; unique.
    pub network_reference: Option<String>,
    /// Where it was authorised, as it is stored: see [`PointOfSale`].
    pub point_of_sale: Option<String>,
    /// What of it counts against the card's limits, by the day in whose limits it does.
    pub counted: Counted,
    /// When it was placed.
    pub placed_at: Micros,
    /// When it lapses by itself.
    pub expires_at: Option<Micros>,
    /// When it ceased to be open.
    pub closed_at: Option<Micros>,
}

/// What counts against a card's limits, by the business days in whose limits it does, the first one first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted(Vec<(NaiveDate, Minor)>);

impl Counted {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> Minor {
        Minor(self.0.iter().map(|(_, amount)| amount.0).sum())
    }

    /// By its days.
    #[must_use]
    pub fn days(&self) -> &[(NaiveDate, Minor)] {
        &self.0
    }

    /// Counts more of it on a day.
    pub fn add(&mut self, day: NaiveDate, amount: Minor) {
        match self.0.last_mut() {
            Some((last, sum)) if *last == day => sum.0 += amount.0,
            _ => self.0.push((day, amount)),
        }
    }

    /// Takes back as much, the last day first; gives what each day gets back.
    pub fn take_back(&mut self, amount: Minor) -> Vec<(NaiveDate, Minor)> {
        let (mut rest, mut back) = (amount.0, Vec::new());
        while let Some((day, sum)) = self.0.last_mut()
            && rest > 0
        {
            let part = sum.0.min(rest);
            back.push((*day, Minor(part)));
            (sum.0, rest) = (sum.0 - part, rest - part);
            if sum.0 == 0 {
                self.0.pop();
            }
        }
        back
    }

    /// The stored form: `2026-12-01:1500,2026-12-02:200`; nothing when nothing counts.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        let days: Vec<String> = self.0.iter().map(|(day, amount)| format!("{day}:{}", amount.0)).collect();
        (!days.is_empty()).then(|| days.join(","))
    }

    /// Reads the stored form.
    #[must_use]
    pub fn from_text(text: Option<&str>) -> Option<Self> {
        let day = |part: &str| {
            let (day, amount) = part.split_once(':')?;
            Some((day.parse().ok()?, Minor(amount.parse().ok()?)))
        };
        text.map_or(Some(Self::default()), |text| text.split(',').map(day).collect::<Option<_>>().map(Self))
    }
}

impl Hold {
    /// Where it was authorised, if with a card.
    #[must_use]
    pub fn authorised_at(&self) -> Option<PointOfSale> {
        self.point_of_sale.as_deref().and_then(|text| serde_json::from_str(text).ok())
    }

    /// That it is open.
    ///
    /// # Errors
    /// [`Refusal::HoldNotOpen`].
    pub fn require_open(&self, now: Micros) -> Result<(), Refusal> {
        if self.is_open(now) { Ok(()) } else { Err(self.not_open()) }
    }

    /// Reserves more.
    ///
    /// # Errors
    /// [`Refusal::HoldNotOpen`], [`Refusal::AmountOutOfRange`].
    pub fn raise(&mut self, by: Minor, now: Micros) -> Result<(), Refusal> {
        self.require_open(now)?;
        if by.0 <= 0 {
            return Err(Refusal::NOT_POSITIVE);
        }
        self.amount = self.amount.plus(by).ok_or_else(|| Refusal::too_large(self.currency))?;
        Ok(())
    }

    /// Gives back a part, less than all that is left; what was captured of it stays so.
    ///
    /// # Errors
    /// [`Refusal::HoldNotOpen`], [`Refusal::AmountOutOfRange`], [`Refusal::HoldTooSmall`].
    pub fn reduce(&mut self, by: Minor, now: Micros) -> Result<(), Refusal> {
        self.require_open(now)?;
        if by.0 <= 0 {
            return Err(Refusal::NOT_POSITIVE);
        }
        if by >= self.remaining() {
            return Err(Refusal::HoldTooSmall { remaining: self.remaining().in_currency(self.currency) });
        }
        self.amount = Minor(self.amount.0 - by.0);
        Ok(())
    }

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
