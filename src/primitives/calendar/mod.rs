//! Which days are business days, and where a date goes that is none.
//!
//! A calendar is a bank calendar (`holidays.rs`), a weekend, and the days on which this house is closed besides. Bank
//! holidays are known for some years only; a question outside of them has no answer ([`CalendarEnds`]), rather than a
//! wrong one. When a business date begins and ends on a clock somewhere is said in `local_day.rs`.

mod holidays;
mod local_day;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

pub use local_day::{LocalDay, Zone};

crate::words! {
    /// Whose holidays a calendar keeps.
    BankCalendar {
        /// No day off: every day is a business day, but for own closing days.
        EveryDay = "EVERY_DAY",
        /// No holidays: the weekend alone.
        Weekdays = "WEEKDAYS",
        /// The closing days of TARGET, the settlement system of the euro.
        Target = "TARGET",
        /// Sweden: public holidays, and the eves of Midsummer, Christmas and New Year.
        Sweden = "SE",
        /// Norway: public holidays.
        Norway = "NO",
        /// Denmark: public holidays, 5 June, 24 and 31 December, and the day after Ascension.
        Denmark = "DK",
        /// Finland: public holidays, and the eves of Midsummer and Christmas.
        Finland = "FI",
        /// Germany: public holidays of the whole country.
        Germany = "DE",
        /// The Netherlands: public holidays and Good Friday.
        Netherlands = "NL",
        /// Estonia: public holidays.
        Estonia = "EE",
        /// Latvia: public holidays.
        Latvia = "LV",
        /// Lithuania: public holidays.
        Lithuania = "LT",
        /// The United Kingdom: bank holidays of England and Wales.
        UnitedKingdom = "GB",
        /// France: public holidays of the whole country.
        France = "FR",
    }

    /// A day of the week.
    DayOfWeek {
        /// Monday.
        Monday = "MONDAY",
        /// Tuesday.
        Tuesday = "TUESDAY",
        /// Wednesday.
        Wednesday = "WEDNESDAY",
        /// Thursday.
        Thursday = "THURSDAY",
        /// Friday.
        Friday = "FRIDAY",
        /// Saturday.
        Saturday = "SATURDAY",
        /// Sunday.
        Sunday = "SUNDAY",
    }

    /// Where a date goes that is no business day.
    RollRule {
        /// To the last business day before it.
        Preceding = "PRECEDING",
        /// To the next business day after it.
        Following = "FOLLOWING",
        /// To the next business day, unless that is in the next month: then to the last one before it.
        ModifiedFollowing = "MODIFIED_FOLLOWING",
        /// To the last business day before it, unless that is in the month before: then to the next one.
        ModifiedPreceding = "MODIFIED_PRECEDING",
        /// Nowhere: it stays.
        None = "NONE",
    }
}

impl From<Weekday> for DayOfWeek {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Mon => Self::Monday,
            Weekday::Tue => Self::Tuesday,
            Weekday::Wed => Self::Wednesday,
            Weekday::Thu => Self::Thursday,
            Weekday::Fri => Self::Friday,
            Weekday::Sat => Self::Saturday,
            Weekday::Sun => Self::Sunday,
        }
    }
}

/// The question is about a day outside the years that the calendar knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the calendar {} does not know {date}: it ends there", .base.word())]
pub struct CalendarEnds {
    /// Whose holidays were asked for.
    pub base: BankCalendar,
    /// The day that it says nothing about.
    pub date: NaiveDate,
}

/// Why a calendar is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarProblem {
    /// All seven days of the week are off.
    #[error("leaves no day of the week to do business on")]
    NoWeekdays,
    /// [`BankCalendar::EveryDay`] with a weekend.
    #[error("has a weekend, which a calendar without days off cannot have")]
    WeekendOfEveryDay,
    /// More closing days than [`MOST_CLOSING_DAYS`].
    #[error("has more than {MOST_CLOSING_DAYS} closing days")]
    TooManyClosingDays,
    /// More days in a row without business than [`LONGEST_CLOSURE`].
    #[error("has no business day for more than {LONGEST_CLOSURE} days from {from} on")]
    ClosedTooLong {
        /// The first of them.
        from: NaiveDate,
    },
    /// A closing day in a year that the calendar does not know.
    #[error("has a closing day that is out of its years: {0}")]
    Ends(CalendarEnds),
}

impl CalendarProblem {
    /// The part of a [`Calendar`] that is at fault, in the API's spelling.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::NoWeekdays | Self::WeekendOfEveryDay => "weekend",
            Self::TooManyClosingDays | Self::ClosedTooLong { .. } | Self::Ends(_) => "closingDays",
        }
    }
}

/// How many closing days of its own a calendar may have.
pub const MOST_CLOSING_DAYS: usize = 400;

/// How many days in a row may be without business. No country's holidays and no weekend come near it.
pub const LONGEST_CLOSURE: usize = 31;

/// Which days are business days. Plain data, which a tenant's settings keep; [`Self::checked`] says whether it makes
/// sense.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Calendar {
    /// Whose holidays it keeps.
    pub base: BankCalendar,
    /// The days of the week that are off.
    pub weekend: BTreeSet<DayOfWeek>,
    /// Days on which this house is closed besides.
    #[serde(default)]
    pub closing_days: BTreeSet<NaiveDate>,
}

impl Calendar {
    /// A bank calendar with its usual weekend (Saturday and Sunday; none of [`BankCalendar::EveryDay`]) and no closing
    /// days of its own.
    #[must_use]
    pub fn new(base: BankCalendar) -> Self {
        Self { base, weekend: Self::usual_weekend(base), closing_days: BTreeSet::new() }
    }

    /// The weekend of a bank calendar where nobody says otherwise.
    #[must_use]
    pub fn usual_weekend(base: BankCalendar) -> BTreeSet<DayOfWeek> {
        match base {
            BankCalendar::EveryDay => BTreeSet::new(),
            _ => BTreeSet::from([DayOfWeek::Saturday, DayOfWeek::Sunday]),
        }
    }

    /// The calendar, if business can be done by it.
    ///
    /// # Errors
    /// The first [`CalendarProblem`], in the order of their declaration.
    pub fn checked(self) -> Result<Self, CalendarProblem> {
        if self.weekend.len() == DayOfWeek::ALL.len() {
            return Err(CalendarProblem::NoWeekdays);
        }
        if self.base == BankCalendar::EveryDay && !self.weekend.is_empty() {
            return Err(CalendarProblem::WeekendOfEveryDay);
        }
        if self.closing_days.len() > MOST_CLOSING_DAYS {
            return Err(CalendarProblem::TooManyClosingDays);
        }
        // A long closure has an own closing day in it: weekends and holidays alone are never that long.
        let mut seen: Option<NaiveDate> = None;
        for day in self.closing_days.iter().copied() {
            self.is_business_day(day).map_err(CalendarProblem::Ends)?;
            if seen.is_none_or(|seen| day > seen) {
                let from = self.first_of_closure(day);
                let days = from.iter_days().take_while(|day| self.is_business_day(*day) == Ok(false));
                let days: Vec<NaiveDate> = days.take(LONGEST_CLOSURE + 1).collect();
                if days.len() > LONGEST_CLOSURE {
                    return Err(CalendarProblem::ClosedTooLong { from });
                }
                seen = days.last().copied();
            }
        }
        Ok(self)
    }

    fn first_of_closure(&self, day: NaiveDate) -> NaiveDate {
        let mut from = day;
        while let Some(before) = from.pred_opt().filter(|before| self.is_business_day(*before) == Ok(false)) {
            from = before;
        }
        from
    }

    /// Whether business is done on a day.
    ///
    /// # Errors
    /// [`CalendarEnds`] for a day outside the years that the bank calendar knows.
    pub fn is_business_day(&self, date: NaiveDate) -> Result<bool, CalendarEnds> {
        let holiday = holidays::is_holiday(self.base, date)?;
        Ok(!holiday && !self.weekend.contains(&date.weekday().into()) && !self.closing_days.contains(&date))
    }

    /// The first business day after a date.
    ///
    /// # Errors
    /// [`CalendarEnds`].
    pub fn next_business_day(&self, date: NaiveDate) -> Result<NaiveDate, CalendarEnds> {
        self.seek(date, NaiveDate::succ_opt)
    }

    /// The last business day before a date.
    ///
    /// # Errors
    /// [`CalendarEnds`].
    pub fn previous_business_day(&self, date: NaiveDate) -> Result<NaiveDate, CalendarEnds> {
        self.seek(date, NaiveDate::pred_opt)
    }

    fn seek(&self, from: NaiveDate, step: fn(&NaiveDate) -> Option<NaiveDate>) -> Result<NaiveDate, CalendarEnds> {
        let mut date = from;
        // Of a calendar that nobody has checked, the next business day may be never.
        for _ in 0..MOST_CLOSING_DAYS {
            date = step(&date).ok_or(CalendarEnds { base: self.base, date })?;
            if self.is_business_day(date)? {
                return Ok(date);
            }
        }
        Err(CalendarEnds { base: self.base, date })
    }

    /// The business day that many business days after a date, or before it where the number is negative; for zero
    /// the date itself, or the next business day.
    ///
    /// # Errors
    /// [`CalendarEnds`].
    pub fn add_business_days(&self, date: NaiveDate, days: i16) -> Result<NaiveDate, CalendarEnds> {
        if days == 0 {
            return self.roll(date, RollRule::Following);
        }
        (0..days.unsigned_abs()).try_fold(date, |date, _| {
            if days > 0 { self.next_business_day(date) } else { self.previous_business_day(date) }
        })
    }

    /// A date that is a business day, or where the rule moves it. [`RollRule::None`] asks no calendar.
    ///
    /// # Errors
    /// [`CalendarEnds`].
    pub fn roll(&self, date: NaiveDate, rule: RollRule) -> Result<NaiveDate, CalendarEnds> {
        if rule == RollRule::None || self.is_business_day(date)? {
            return Ok(date);
        }
        let month = |date: NaiveDate| (date.year(), date.month());
        let stays = |rolled: &NaiveDate| month(*rolled) == month(date);
        match rule {
            RollRule::None => Ok(date),
            RollRule::Preceding => self.previous_business_day(date),
            RollRule::Following => self.next_business_day(date),
            // Only where a closure leaves no business day in the month, either rule goes out of it.
            RollRule::ModifiedFollowing => {
                let rolled = self.next_business_day(date);
                if rolled.is_ok_and(|rolled| stays(&rolled)) { rolled } else { self.previous_business_day(date) }
            }
            RollRule::ModifiedPreceding => {
                let rolled = self.previous_business_day(date);
                if rolled.is_ok_and(|rolled| stays(&rolled)) { rolled } else { self.next_business_day(date) }
            }
        }
    }
}
