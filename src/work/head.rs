//! The end of a tenant's journal: what everybody who writes moves.

use chrono::NaiveDate;

use crate::primitives::clock::{Micros, from_micros};

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
    /// The tenant's own business date, if it does not go with the clock.
    pub own_date: Option<NaiveDate>,
    /// The last day that the books are closed for.
    pub closed_through: Option<NaiveDate>,
}

impl Head {
    /// The end of an empty journal: what a tenant's first batch is chained to.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self { chain_hash: vec![0; 32], ..Self::default() }
    }

    /// The booking time of what is decided now: the present, and never before what was booked last.
    #[must_use]
    pub fn booking_time(&self, clock: Micros) -> Micros {
        clock.max(self.last_booked)
    }

    /// The tenant's business date at a booking time.
    #[must_use]
    pub fn business_date(&self, booked: Micros) -> NaiveDate {
        self.own_date.unwrap_or_else(|| from_micros(booked).date_naive())
    }
}
