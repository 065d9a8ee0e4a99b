//! Spans of dates: from and to, inclusive, or a month.

use std::ops::Range;

use chrono::{Days as Count, Months, NaiveDate, NaiveTime};

use super::fault::{Fault, FaultCode};
use super::scalars::Date;
use crate::primitives::clock::Micros;

/// A span of moments; open where nothing was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// At or after.
    pub from: Option<Micros>,
    /// Before.
    pub before: Option<Micros>,
}

impl Period {
    /// The days from `from` to `to`, both inclusive, in UTC.
    ///
    /// # Errors
    /// `BAD_REQUEST` when they are the wrong way round.
    pub fn days(from: Option<Date>, to: Option<Date>) -> Result<Self, Fault> {
        let Days { from, before } = Days::between(from, to)?;
        Ok(Self { from: from.map(midnight), before: before.map(midnight) })
    }
}

/// A span of days; open where nothing was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// On or after.
    pub from: Option<NaiveDate>,
    /// Before.
    pub before: Option<NaiveDate>,
}

impl Days {
    /// From `from` to `to`, both inclusive.
    ///
    /// # Errors
    /// `BAD_REQUEST` when they are the wrong way round.
    pub fn between(from: Option<Date>, to: Option<Date>) -> Result<Self, Fault> {
        if let (Some(from), Some(to)) = (from, to)
            && from.0 > to.0
        {
            return Err(bad("from lies after to"));
        }
        Ok(Self { from: from.map(|day| day.0), before: to.map(|day| next(day.0)) })
    }

    /// The same, or a month; nothing when nothing is given.
    ///
    /// # Errors
    /// `BAD_REQUEST` for a month that is none, or beside other bounds.
    pub fn of(from: Option<Date>, to: Option<Date>, month: Option<&str>) -> Result<Option<Self>, Fault> {
        match (month, from.is_some() || to.is_some()) {
            (Some(_), true) => Err(bad("month cannot be given together with from or to")),
            (Some(month), false) => {
                let days = month_of(month).ok_or_else(|| bad("month is not a month: write it like \"2026-04\""))?;
                Ok(Some(Self { from: Some(days.start), before: Some(days.end) }))
            }
            (None, true) => Self::between(from, to).map(Some),
            (None, false) => Ok(None),
        }
    }

    /// The last thirty days and today.
    #[must_use]
    pub fn last_thirty(today: NaiveDate) -> Self {
        Self { from: Some(today.checked_sub_days(Count::new(30)).unwrap_or(today)), before: None }
    }
}

fn bad(message: &str) -> Fault {
    Fault::new(FaultCode::BadRequest, message)
}

fn midnight(day: NaiveDate) -> Micros {
    day.and_time(NaiveTime::MIN).and_utc().timestamp_micros()
}

fn next(day: NaiveDate) -> NaiveDate {
    day.succ_opt().unwrap_or(NaiveDate::MAX)
}

fn month_of(text: &str) -> Option<Range<NaiveDate>> {
    // Exactly that form: chrono alone would also take signs and spaces.
    let (year, month) = text.split_once('-')?;
    let digits = |part: &str, count| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(year, 4) || !digits(month, 2) {
        return None;
    }
    let first = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1)?;
    Some(first..first.checked_add_months(Months::new(1))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn both_ends_belong_to_the_span() {
        let date = |text: &str| Some(Date(day(text)));
        let span = |from: Option<&str>, before: Option<&str>| Days { from: from.map(day), before: before.map(day) };
        for (from, to, month, expected) in [
            (date("2026-04-01"), date("2026-04-02"), None, Some(span(Some("2026-04-01"), Some("2026-04-03")))),
            (date("2026-04-01"), None, None, Some(span(Some("2026-04-01"), None))),
            (None, date("2026-12-31"), None, Some(span(None, Some("2027-01-01")))),
            (None, None, Some("2026-02"), Some(span(Some("2026-02-01"), Some("2026-03-01")))),
            (None, None, Some("2025-12"), Some(span(Some("2025-12-01"), Some("2026-01-01")))),
            (None, None, None, None),
        ] {
            assert_eq!(Days::of(from, to, month).expect("a span"), expected);
        }
        assert_eq!(Days::last_thirty(day("2026-04-30")), span(Some("2026-03-31"), None));
        for month in [
            "2026-13",
            "2026-00",
            "2026-4",
            "04-2026",
            "2026-04-01",
            "+999-01",
            " 202-01",
            "2026-+1",
            "2026- 1",
            "-026-01",
            "٢٠٢٦-٠١",
            "",
        ] {
            assert!(Days::of(None, None, Some(month)).is_err(), "{month}");
        }
        assert!(Days::of(date("2026-04-01"), None, Some("2026-04")).is_err());
        assert!(Days::of(date("2026-04-02"), date("2026-04-01"), None).is_err());
    }

    #[test]
    fn moments_are_those_of_whole_days_in_utc() {
        let date = |text: &str| Some(Date(day(text)));
        let period = Period::days(date("2026-04-01"), date("2026-04-02")).expect("a period");
        let show = |at: Option<Micros>| at.map(|at| crate::primitives::clock::from_micros(at).to_rfc3339());
        assert_eq!(show(period.from).as_deref(), Some("2026-04-01T00:00:00+00:00"));
        assert_eq!(show(period.before).as_deref(), Some("2026-04-03T00:00:00+00:00"));
    }
}
