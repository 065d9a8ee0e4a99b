//! Business dates on a clock: time zones, cut-offs, and the moment at which a date ends.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Days, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::{GapInfo, Tz};
use serde::{Deserialize, Serialize};

use super::{Calendar, CalendarEnds, RollRule};
use crate::primitives::clock::{Micros, from_micros};

/// A time zone of the IANA database, by its name: `Europe/Stockholm`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(Tz);

impl Zone {
    /// Universal time.
    pub const UTC: Self = Self(Tz::UTC);

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The date that a calendar on the wall shows there.
    #[must_use]
    pub fn local_date(self, at: Micros) -> NaiveDate {
        // Where chrono's calendar ends, there is no room to be east or west of it.
        let room = TimeDelta::days(2);
        let at = from_micros(at).clamp(DateTime::<Utc>::MIN_UTC + room, DateTime::<Utc>::MAX_UTC - room);
        at.with_timezone(&self.0).date_naive()
    }

    /// The time that a clock on the wall shows there.
    #[must_use]
    pub fn local_time(self, at: Micros) -> NaiveTime {
        from_micros(at).with_timezone(&self.0).time()
    }

    /// The first moment at which clocks there show a time: the earlier of two where they are set back, and the end of
    /// the gap where they are set forward past it.
    fn first_moment(self, local: NaiveDateTime) -> Micros {
        let moment = match self.0.from_local_datetime(&local) {
            MappedLocalTime::Single(moment) | MappedLocalTime::Ambiguous(moment, _) => Some(moment),
            MappedLocalTime::None => GapInfo::new(&local, &self.0).and_then(|gap| gap.end),
        };
        // Every gap of the database has an end; without one, universal time is as good as any.
        moment.map_or(local.and_utc().timestamp_micros(), |moment| moment.timestamp_micros())
    }
}

/// There is no such time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a time zone of the IANA database, such as Europe/Stockholm")]
pub struct NoSuchZone;

impl FromStr for Zone {
    type Err = NoSuchZone;

    fn from_str(name: &str) -> Result<Self, NoSuchZone> {
        name.parse().map(Self).map_err(|_| NoSuchZone)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Zone {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str> as Deserialize>::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

/// When a business date ends: at midnight somewhere, or at a cut-off before it, from which on it is the next one.
///
/// Both questions are answered from one series of moments, the ends of the dates, which never goes back: neither does
/// the business date, whatever is done to the clocks on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalDay {
    /// Where the clocks hang.
    pub zone: Zone,
    /// The local time from which on it is the next date; without one, midnight.
    #[serde(default)]
    pub cut_off: Option<NaiveTime>,
}

impl LocalDay {
    /// Dates that end at midnight.
    #[must_use]
    pub fn until_midnight(zone: Zone) -> Self {
        Self { zone, cut_off: None }
    }

    /// The business date at a moment: the local date, or the next one from the cut-off on; and where that is no
    /// business day, the next that is one.
    ///
    /// # Errors
    /// [`CalendarEnds`].
    pub fn business_date_at(&self, at: Micros, calendar: &Calendar) -> Result<NaiveDate, CalendarEnds> {
        // Numbers that are no moments are one moment, here as everywhere.
        let at = from_micros(at).timestamp_micros();
        let mut date = self.zone.local_date(at);
        let out = CalendarEnds { base: calendar.base, date };
        // One step past the cut-off, and one more where clocks that were set back past midnight show a date that has
        // ended.
        while self.end_of(date).ok_or(out)? <= at {
            date = date.succ_opt().ok_or(out)?;
        }
        calendar.roll(date, RollRule::Following)
    }

    /// The moment at which a business date ends, and the next begins; of a date that is no business day, where the
    /// business day before it ends, for then it is passed over. So the business date right before that moment is the
    /// date or an earlier one, and at that moment a later one.
    ///
    /// # Errors
    /// [`CalendarEnds`].
    pub fn rolls_at(&self, date: NaiveDate, calendar: &Calendar) -> Result<Micros, CalendarEnds> {
        let date = calendar.roll(date, RollRule::Preceding)?;
        self.end_of(date).ok_or(CalendarEnds { base: calendar.base, date })
    }

    /// The moment at which a date ends, whether or not it is a business day.
    fn end_of(&self, date: NaiveDate) -> Option<Micros> {
        let local = match self.cut_off {
            Some(time) => date.and_time(time),
            None => date.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN),
        };
        Some(self.zone.first_moment(local))
    }
}
