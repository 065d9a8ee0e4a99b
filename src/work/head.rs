//! The end of a tenant's journal: what everybody who writes moves.

use std::sync::Arc;

use chrono::NaiveDate;

use super::settings::Settings;
use crate::primitives::clock::Micros;

/// The head, as it was read or as a batch leaves it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Who may write: whoever raises it fences off all writers that do not know it.
    pub epoch: i64,
    /// The last command: every batch moves it.
    pub command_sequence: i64,
    /// The last entry.
    pub entry_sequence: i64,
    /// The last event.
    pub event_sequence: i64,
    /// The last batch of entries.
    pub batch_number: i64,
    /// When the last batch was booked: time in the books never goes back, whatever the clock does.
    pub last_booked: Micros,
    /// The last link of the chain.
    pub chain_hash: Vec<u8>,
    /// The business date of the last batch: it never goes back either.
    pub business_date: Option<NaiveDate>,
    /// When that date ends.
    pub day_ends: Option<Micros>,
    /// The business date until which the days that have ended are known to be worked through, or are in the table.
    pub day_open: Option<NaiveDate>,
    /// The last day whose steps are done.
    pub day_done: Option<NaiveDate>,
    /// By how much a sandbox tenant's clock is ahead of the servers'.
    pub clock_ahead: Micros,
    /// What the tenant has decided about itself.
    pub settings: Arc<Settings>,
    /// The last day that the books are closed for.
    pub closed_through: Option<NaiveDate>,
}

/// A business date, and when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The date.
    pub date: NaiveDate,
    /// When it ends.
    pub ends: Micros,
}

impl Head {
    /// The end of an empty journal: what a tenant's first batch is chained to.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self { chain_hash: vec![0; 32], ..Self::default() }
    }

    /// The booking time of what is decided now: the tenant's present, and never before what was booked last.
    #[must_use]
    pub fn booking_time(&self, clock: Micros) -> Micros {
        clock.saturating_add(self.clock_ahead).max(self.last_booked)
    }

    /// The tenant's business date at a booking time: the last one until it ends, and never an earlier one.
    #[must_use]
    pub fn day_at(&self, booked: Micros) -> Day {
        if let (Some(date), Some(ends)) = (self.business_date, self.day_ends)
            && booked < ends
        {
            return Day { date, ends };
        }
        let by_clock = self.settings.date_at(booked);
        let date = self.business_date.map_or(by_clock, |last| last.max(by_clock));
        Day { date, ends: self.settings.end_of(date) }
    }
}
