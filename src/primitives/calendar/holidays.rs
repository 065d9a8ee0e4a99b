//! The bank holidays: a table of the years that it covers, made by `scripts/bank_holidays.py`.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};

use super::{BankCalendar, CalendarEnds};

const TABLE: &str = include_str!("holidays.txt");

/// The years of the table.
pub(super) const YEARS: RangeInclusive<i32> = 2000..=2075;

/// Of each bank calendar, in the order of their declaration, the holidays in order.
static HOLIDAYS: LazyLock<Vec<Vec<NaiveDate>>> = LazyLock::new(|| {
    // A line that says nothing would be a day too few; the tests read the table strictly.
    let lines: Vec<Line<'_>> = TABLE.lines().filter_map(|line| Line::read(line).ok().flatten()).collect();
    BankCalendar::ALL.iter().map(|calendar| dates(&lines, *calendar)).collect()
});

fn dates(lines: &[Line<'_>], calendar: BankCalendar) -> Vec<NaiveDate> {
    let mut dates: Vec<NaiveDate> =
        lines.iter().filter(|line| line.calendar == calendar).flat_map(Line::dates).collect();
    dates.sort_unstable();
    dates
}

/// Whether banks are closed on a day for a holiday.
///
/// # Errors
/// [`CalendarEnds`] for a year that the table does not have.
pub(super) fn is_holiday(base: BankCalendar, date: NaiveDate) -> Result<bool, CalendarEnds> {
    if matches!(base, BankCalendar::EveryDay | BankCalendar::Weekdays) {
        return Ok(false);
    }
    if !YEARS.contains(&date.year()) {
        return Err(CalendarEnds { base, date });
    }
    Ok(HOLIDAYS.get(base as usize).is_some_and(|days| days.binary_search(&date).is_ok()))
}

/// A line of the table: a calendar, `*` or a year, and months with days (`0101 1225`).
pub(super) struct Line<'a> {
    pub(super) calendar: BankCalendar,
    pub(super) year: Option<i32>,
    pub(super) days: Vec<&'a str>,
}

impl<'a> Line<'a> {
    /// The line, or nothing for a remark.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(line: &'a str) -> Result<Option<Self>, &'static str> {
        if line.starts_with('#') {
            return Ok(None);
        }
        let mut words = line.split(' ');
        let calendar = words.next().and_then(BankCalendar::from_word).ok_or("no such calendar")?;
        let year = match words.next() {
            Some("*") => None,
            Some(year) => Some(year.parse().map_err(|_| "no year")?),
            None => return Err("no year"),
        };
        Ok(Some(Self { calendar, year, days: words.collect() }))
    }

    /// Its days, in each of its years.
    pub(super) fn dates(&self) -> impl Iterator<Item = NaiveDate> {
        let years = self.year.map_or(YEARS, |year| year..=year);
        years.flat_map(|year| self.days.iter().filter_map(move |day| date(year, day)))
    }
}

/// A day of the table in a year.
pub(super) fn date(year: i32, day: &str) -> Option<NaiveDate> {
    let (month, day) = day.split_at_checked(2).filter(|(_, day)| day.len() == 2)?;
    NaiveDate::from_ymd_opt(year, month.parse().ok()?, day.parse().ok()?)
}
