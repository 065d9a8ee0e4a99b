//! Spans of booking dates: from and to, inclusive, or a month.

use std::ops::Range;

use chrono::{Days, Months, NaiveDate, NaiveTime};

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
        if let (Some(from), Some(to)) = (from, to)
            && from.0 > to.0
        {
            return Err(bad("from lies after to"));
        }
        Ok(Self { from: from.map(|day| midnight(day.0)), before: to.map(|day| midnight(next(day.0))) })
    }

    /// The same, or a month; when nothing is given, the last thirty days and today.
    ///
    /// # Errors
    /// `BAD_REQUEST` for a month that is none, or beside other bounds.
    pub fn of(from: Option<Date>, to: Option<Date>, month: Option<&str>, today: NaiveDate) -> Result<Self, Fault> {
        match (month, from.is_some() || to.is_some()) {
            (Some(_), true) => Err(bad("month cannot be given together with from or to")),
            (Some(month), false) => {
                let days = month_of(month).ok_or_else(|| bad("month is not a month: write it like \"2026-04\""))?;
                Ok(Self { from: Some(midnight(days.start)), before: Some(midnight(days.end)) })
            }
            (None, true) => Self::days(from, to),
            (None, false) => {
                let start = today.checked_sub_days(Days::new(30)).unwrap_or(today);
                Ok(Self { from: Some(midnight(start)), before: None })
            }
        }
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

    fn shown(period: Period) -> (Option<String>, Option<String>) {
        let show = |at: Option<Micros>| at.map(|at| crate::primitives::clock::from_micros(at).date_naive().to_string());
        (show(period.from), show(period.before))
    }

    #[test]
    fn both_ends_belong_to_the_span() {
        let today = day("2026-04-30");
        let date = |text: &str| Some(Date(day(text)));
        let some = |text: &str| Some(text.to_owned());
        for (from, to, month, expected) in [
            (date("2026-04-01"), date("2026-04-02"), None, (some("2026-04-01"), some("2026-04-03"))),
            (date("2026-04-01"), None, None, (some("2026-04-01"), None)),
            (None, date("2026-12-31"), None, (None, some("2027-01-01"))),
            (None, None, Some("2026-02"), (some("2026-02-01"), some("2026-03-01"))),
            (None, None, Some("2025-12"), (some("2025-12-01"), some("2026-01-01"))),
            (None, None, None, (some("2026-03-31"), None)),
        ] {
            let period = Period::of(from, to, month, today).expect("a period");
            assert_eq!(shown(period), expected);
        }
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
            assert!(Period::of(None, None, Some(month), today).is_err(), "{month}");
        }
        assert!(Period::of(date("2026-04-01"), None, Some("2026-04"), today).is_err());
        assert!(Period::of(date("2026-04-02"), date("2026-04-01"), None, today).is_err());
    }
}
