//! Time as a parameter: the wall clock in production, a hand-set one in tests, demos and sandboxes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, NaiveDate, Utc};

/// A moment in whole microseconds since 1970, UTC: the one form that the database, the hash chain and the
/// API share.
pub type Micros = i64;

/// Where the present comes from. Cloning shares the same clock.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The wall clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until it is moved.
    #[must_use]
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(start.timestamp_micros()))))
    }

    /// The present, in microseconds.
    #[must_use]
    pub fn micros(&self) -> Micros {
        match &self.0 {
            Source::System => Utc::now().timestamp_micros(),
            Source::Manual(at) => at.load(Ordering::SeqCst),
        }
    }

    /// The present, to the microsecond.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        from_micros(self.micros())
    }

    /// Today in UTC.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.now().date_naive()
    }

    /// Moves a manual clock; the wall clock is left alone.
    pub fn set(&self, to: DateTime<Utc>) {
        if let Source::Manual(at) = &self.0 {
            at.store(to.timestamp_micros(), Ordering::SeqCst);
        }
    }
}

/// The moment of a stored number of microseconds. Numbers outside of chrono's range (a quarter of a million
/// years either way) read as 1970.
#[must_use]
pub fn from_micros(micros: Micros) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::UNIX_EPOCH)
}
