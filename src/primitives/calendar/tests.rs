use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::holidays::{Line, YEARS, date};
use super::*;
use crate::primitives::clock::Micros;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> Micros {
    text.parse::<DateTime<Utc>>().unwrap().timestamp_micros()
}

fn time(text: &str) -> NaiveTime {
    text.parse().unwrap()
}

fn closed(base: BankCalendar, closing: &[&str]) -> Calendar {
    Calendar { closing_days: closing.iter().map(|text| day(text)).collect(), ..Calendar::new(base) }
}

/// The weekdays of a year on which a calendar is closed, as months and days.
fn closed_weekdays(base: BankCalendar, year: i32) -> Vec<String> {
    let calendar = Calendar::new(base);
    let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
    let weekday = |date: &NaiveDate| !calendar.weekend.contains(&date.weekday().into());
    let days = first.iter_days().take_while(|date| date.year() == year).filter(weekday);
    days.filter(|date| !calendar.is_business_day(*date).unwrap()).map(|date| date.format("%m-%d").to_string()).collect()
}

#[test]
fn every_line_of_the_table_is_read_and_every_year_of_every_country_is_there() {
    let lines: Vec<Line<'_>> =
        include_str!("holidays.txt").lines().filter_map(|line| Line::read(line).expect(line)).collect();
    for line in &lines {
        assert!(line.year.is_none_or(|year| YEARS.contains(&year)));
        assert!(!line.days.is_empty());
        // 2000 is a leap year.
        assert!(line.days.iter().all(|day| date(line.year.unwrap_or(2000), day).is_some()));
    }
    for base in BankCalendar::ALL.iter().copied() {
        let of = |year| lines.iter().filter(move |line| line.calendar == base && line.year == year).count();
        let expected = usize::from(!matches!(base, BankCalendar::EveryDay | BankCalendar::Weekdays));
        assert_eq!(of(None), expected, "{base:?}");
        // Good Friday, if nothing else, moves in every year.
        assert!(YEARS.into_iter().all(|year| of(Some(year)) == expected), "{base:?}");
    }
    for broken in ["XX 2026 0101", "SE", "SE year 0101", "", " SE * 0101"] {
        assert!(Line::read(broken).is_err(), "{broken:?}");
    }
    for broken in ["0230", "1301", "1", "ä11", "", "01011"] {
        assert_eq!(date(2026, broken), None, "{broken:?}");
    }
}

#[test]
fn target_is_closed_on_the_days_that_the_ecb_has_published() {
    for (year, easter) in [
        (2024, ["03-29", "04-01"]),
        (2025, ["04-18", "04-21"]),
        (2026, ["04-03", "04-06"]),
        (2027, ["03-26", "03-29"]),
        (2028, ["04-14", "04-17"]),
    ] {
        let calendar = Calendar::new(BankCalendar::Target);
        let days = ["01-01", easter[0], easter[1], "05-01", "12-25", "12-26"];
        for closed in days {
            assert_eq!(calendar.is_business_day(day(&format!("{year}-{closed}"))), Ok(false), "{year}-{closed}");
        }
        assert!(closed_weekdays(BankCalendar::Target, year).iter().all(|day| days.contains(&day.as_str())), "{year}");
    }
}

#[test]
fn swedish_banks_are_closed_on_red_days_and_the_great_eves() {
    for (year, days) in [
        (2024, "01-01 03-29 04-01 05-01 05-09 06-06 06-21 12-24 12-25 12-26 12-31"),
        (2025, "01-01 01-06 04-18 04-21 05-01 05-29 06-06 06-20 12-24 12-25 12-26 12-31"),
        (2026, "01-01 01-06 04-03 04-06 05-01 05-14 06-19 12-24 12-25 12-31"),
        (2027, "01-01 01-06 03-26 03-29 05-06 06-25 12-24 12-31"),
        (2028, "01-06 04-14 04-17 05-01 05-25 06-06 06-23 12-25 12-26"),
    ] {
        assert_eq!(closed_weekdays(BankCalendar::Sweden, year).join(" "), days, "{year}");
    }
}

#[test]
fn of_each_country_the_days_that_tell_it_apart() {
    use BankCalendar::*;
    for (base, date, business) in [
        (Sweden, "2004-05-31", false), // Pentecost Monday, until it was given up for 6 June
        (Sweden, "2005-05-16", true),
        (Sweden, "2026-10-30", true), // half a day
        (Norway, "2029-05-17", false),
        (Norway, "2026-12-24", true),
        (Norway, "2026-04-02", false),  // Maundy Thursday
        (Denmark, "2023-05-05", false), // the Great Day of Prayer, the last one
        (Denmark, "2024-04-26", true),
        (Denmark, "2026-05-15", false), // after Ascension
        (Denmark, "2008-05-02", true),
        (Denmark, "2026-06-05", false),
        (Denmark, "2026-12-31", false),
        (Denmark, "2026-05-01", true),
        (Finland, "2026-06-19", false),
        (Finland, "2026-12-24", false),
        (Finland, "2026-12-31", true),
        (Germany, "2025-10-03", false),
        (Germany, "2017-10-31", false), // 500 years of the Reformation
        (Germany, "2018-10-31", true),
        (Germany, "2026-06-04", true), // Corpus Christi is a matter of the states
        (Netherlands, "2026-04-27", false),
        (Netherlands, "2025-05-05", false),
        (Netherlands, "2026-05-05", true),
        (Estonia, "2026-02-24", false),
        (Estonia, "2026-06-23", false),
        (Estonia, "2026-04-06", true), // Easter Monday is none there
        (Latvia, "2026-05-04", false),
        (Latvia, "2026-11-18", false),
        (Lithuania, "2026-02-16", false),
        (Lithuania, "2026-03-11", false),
        (Lithuania, "2026-04-03", true),      // nor Good Friday there
        (UnitedKingdom, "2026-12-28", false), // Boxing Day, from Saturday
        (UnitedKingdom, "2022-09-19", false), // the Queen's funeral
        (UnitedKingdom, "2023-05-08", false), // the King's coronation
        (UnitedKingdom, "2026-08-31", false),
        (UnitedKingdom, "2026-11-30", true), // Scotland's
        (France, "2026-07-14", false),
        (France, "2026-05-08", false),
        (France, "2026-04-03", true),
        (Target, "2001-12-31", false),
        (Target, "2026-12-24", true),
        (Target, "2026-11-28", false), // Saturday
        (Weekdays, "2026-12-25", true),
        (Weekdays, "2026-11-28", false),
        (EveryDay, "2026-11-28", true),
        (EveryDay, "2026-12-25", true),
    ] {
        assert_eq!(Calendar::new(base).is_business_day(day(date)), Ok(business), "{base:?} {date}");
    }
}

#[test]
fn outside_of_its_years_a_calendar_says_so() {
    let calendar = Calendar::new(BankCalendar::Sweden);
    let ends = |date| CalendarEnds { base: BankCalendar::Sweden, date: day(date) };
    assert_eq!(calendar.is_business_day(day("1999-12-31")), Err(ends("1999-12-31")));
    assert_eq!(calendar.is_business_day(day("2076-01-02")), Err(ends("2076-01-02")));
    assert_eq!(calendar.is_business_day(day("2075-12-30")), Ok(true));
    assert_eq!(calendar.next_business_day(day("2075-12-30")), Err(ends("2076-01-01")));
    assert_eq!(calendar.previous_business_day(day("2000-01-03")), Err(ends("1999-12-31")));
    assert_eq!(calendar.roll(day("2075-12-31"), RollRule::Following), Err(ends("2076-01-01")));
    assert_eq!(calendar.roll(day("2075-12-31"), RollRule::ModifiedFollowing), Ok(day("2075-12-30")));
    assert_eq!(calendar.roll(day("2076-01-01"), RollRule::None), Ok(day("2076-01-01")));
    assert_eq!(calendar.add_business_days(day("2075-01-01"), i16::MAX), Err(ends("2076-01-01")));
    for base in [BankCalendar::EveryDay, BankCalendar::Weekdays] {
        assert_eq!(Calendar::new(base).is_business_day(day("1700-01-01")), Ok(true), "no holidays, no end");
    }
    let eternal = Calendar::new(BankCalendar::EveryDay);
    assert_eq!(eternal.next_business_day(NaiveDate::MAX).unwrap_err().date, NaiveDate::MAX);
    assert_eq!(ends("2076-01-01").to_string(), "the calendar SE does not know 2076-01-01: it ends there");
}

#[test]
fn dates_roll_by_rule() {
    use RollRule::*;
    let target = Calendar::new(BankCalendar::Target);
    for (from, rule, to) in [
        // A Wednesday stays.
        ("2026-11-25", Preceding, "2026-11-25"),
        ("2026-11-25", Following, "2026-11-25"),
        ("2026-11-25", ModifiedFollowing, "2026-11-25"),
        ("2026-11-25", ModifiedPreceding, "2026-11-25"),
        // A Saturday in the month.
        ("2026-11-21", Preceding, "2026-11-20"),
        ("2026-11-21", Following, "2026-11-23"),
        ("2026-11-21", ModifiedFollowing, "2026-11-23"),
        ("2026-11-21", ModifiedPreceding, "2026-11-20"),
        ("2026-11-21", None, "2026-11-21"),
        // The month's last day, a Saturday.
        ("2026-10-31", Following, "2026-11-02"),
        ("2026-10-31", ModifiedFollowing, "2026-10-30"),
        // The month's first day, a Sunday.
        ("2026-11-01", Preceding, "2026-10-30"),
        ("2026-11-01", ModifiedPreceding, "2026-11-02"),
        // Christmas before a weekend, and Easter.
        ("2026-12-25", Following, "2026-12-28"),
        ("2026-04-03", Following, "2026-04-07"),
        ("2026-04-06", Preceding, "2026-04-02"),
        // New Year, in another month and another year.
        ("2027-01-01", ModifiedPreceding, "2027-01-04"),
        ("2027-01-01", Preceding, "2026-12-31"),
    ] {
        assert_eq!(target.roll(day(from), rule), Ok(day(to)), "{from} {rule:?}");
    }
    let all: Vec<String> = (1..=30).map(|day| format!("2026-11-{day:02}")).collect();
    let november = closed(BankCalendar::EveryDay, &all.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(november.roll(day("2026-11-10"), ModifiedFollowing), Ok(day("2026-10-31")), "there is nowhere else");
    assert_eq!(november.roll(day("2026-11-10"), ModifiedPreceding), Ok(day("2026-12-01")));
}

#[test]
fn business_days_are_counted() {
    let target = closed(BankCalendar::Target, &["2026-11-30"]);
    for (from, days, to) in [
        ("2026-11-27", 0, "2026-11-27"),
        ("2026-11-28", 0, "2026-12-01"),
        ("2026-11-27", 1, "2026-12-01"),
        ("2026-11-28", 1, "2026-12-01"),
        ("2026-11-27", 2, "2026-12-02"),
        ("2026-12-01", -1, "2026-11-27"),
        ("2026-11-29", -1, "2026-11-27"),
        ("2026-12-24", 1, "2026-12-28"),
        ("2026-12-31", 3, "2027-01-06"),
    ] {
        assert_eq!(target.add_business_days(day(from), days), Ok(day(to)), "{from} {days}");
    }
}

#[test]
fn a_calendar_without_business_days_is_refused() {
    use CalendarProblem::*;
    let weekend =
        |days: &[DayOfWeek], calendar: Calendar| Calendar { weekend: days.iter().copied().collect(), ..calendar };
    let row = |from: &str, days: usize, base| Calendar {
        closing_days: day(from).iter_days().take(days).collect(),
        ..Calendar::new(base)
    };
    let spread = |count: usize| Calendar {
        closing_days: day("2026-01-01").iter_days().step_by(2).take(count).collect(),
        ..Calendar::new(BankCalendar::EveryDay)
    };
    let outside = CalendarEnds { base: BankCalendar::Target, date: day("2076-03-01") };
    for (calendar, problem) in [
        (weekend(DayOfWeek::ALL, Calendar::new(BankCalendar::Weekdays)), Some(NoWeekdays)),
        (weekend(DayOfWeek::ALL, Calendar::new(BankCalendar::EveryDay)), Some(NoWeekdays)),
        (weekend(&DayOfWeek::ALL[..6], Calendar::new(BankCalendar::Weekdays)), None),
        (weekend(&[DayOfWeek::Sunday], Calendar::new(BankCalendar::EveryDay)), Some(WeekendOfEveryDay)),
        (weekend(&[], Calendar::new(BankCalendar::Target)), None),
        (weekend(&[DayOfWeek::Friday], Calendar::new(BankCalendar::Target)), None),
        (spread(400), None),
        (spread(401), Some(TooManyClosingDays)),
        (row("2026-03-01", 31, BankCalendar::EveryDay), None),
        (row("2026-03-01", 32, BankCalendar::EveryDay), Some(ClosedTooLong { from: day("2026-03-01") })),
        // From a Monday on: the weekend before it counts.
        (row("2026-06-01", 29, BankCalendar::Weekdays), None),
        (row("2026-06-01", 30, BankCalendar::Weekdays), Some(ClosedTooLong { from: day("2026-05-30") })),
        // So do holidays: from Good Friday on.
        (row("2026-04-07", 28, BankCalendar::Weekdays), None),
        (row("2026-04-07", 28, BankCalendar::Sweden), Some(ClosedTooLong { from: day("2026-04-03") })),
        (closed(BankCalendar::Target, &["2076-03-01"]), Some(Ends(outside))),
        (closed(BankCalendar::EveryDay, &["2076-03-01"]), None),
        (closed(BankCalendar::Target, &["2000-01-01", "2075-12-31"]), None),
    ] {
        assert_eq!(calendar.clone().checked().err(), problem, "{calendar:?}");
    }
    // Not everybody asks beforehand: the search for a business day ends.
    let never = weekend(DayOfWeek::ALL, Calendar::new(BankCalendar::EveryDay));
    assert!(never.next_business_day(day("2026-01-01")).is_err());
}

#[test]
fn no_weekend_and_no_holidays_alone_close_for_long() {
    // The worst weekend leaves one day of the week: then a week is lost for each time that it is a holiday in a row.
    for base in BankCalendar::ALL.iter().copied() {
        let mut in_a_row = [0; 7];
        for date in day("2000-01-01").iter_days().take_while(|date| date.year() <= *YEARS.end()) {
            let lost = &mut in_a_row[date.weekday() as usize];
            *lost = if holidays::is_holiday(base, date).unwrap() { *lost + 1 } else { 0 };
            assert!((*lost + 1) * 7 - 1 <= LONGEST_CLOSURE, "{base:?} {date}");
        }
    }
}

#[test]
fn calendars_and_days_are_kept_as_json() {
    let calendar = closed(BankCalendar::Sweden, &["2026-11-30"]);
    let json = r#"{"base":"SE","weekend":["SATURDAY","SUNDAY"],"closingDays":["2026-11-30"]}"#;
    assert_eq!(serde_json::to_string(&calendar).unwrap(), json);
    assert_eq!(serde_json::from_str::<Calendar>(json).unwrap(), calendar);
    let local = LocalDay { zone: "Europe/Stockholm".parse().unwrap(), cut_off: Some(time("16:30")) };
    let json = r#"{"zone":"Europe/Stockholm","cutOff":"16:30:00"}"#;
    assert_eq!(serde_json::to_string(&local).unwrap(), json);
    assert_eq!(serde_json::from_str::<LocalDay>(json).unwrap(), local);
    for broken in [r#"{"base":"XX","weekend":[]}"#, r#"{"base":"SE"}"#, r#"{"base":"SE","weekend":["SAT"]}"#] {
        assert!(serde_json::from_str::<Calendar>(broken).is_err(), "{broken}");
    }
    for broken in ["Europe/Stockholms", "", "CET+1", "europe/stockholm", "Europe/Stockholm\0"] {
        assert_eq!(broken.parse::<Zone>(), Err(local_day::NoSuchZone), "{broken:?}");
    }
    assert_eq!("UTC".parse(), Ok(Zone::UTC));
}

#[test]
fn a_business_date_ends_at_midnight_or_the_cut_off_in_local_time() {
    let every = Calendar::new(BankCalendar::EveryDay);
    let sweden = Calendar::new(BankCalendar::Sweden);
    for (zone, cut_off, calendar, moment, expected) in [
        ("Europe/Stockholm", None, &every, "2026-11-27T22:59:59.999999Z", "2026-11-27"),
        ("Europe/Stockholm", None, &every, "2026-11-27T23:00:00Z", "2026-11-28"),
        ("Europe/Stockholm", None, &every, "2026-07-01T22:00:00Z", "2026-07-02"),
        ("Europe/Stockholm", None, &every, "2074-07-01T22:00:00Z", "2074-07-02"),
        ("Europe/Stockholm", Some("16:00"), &every, "2026-11-27T14:59:59.999999Z", "2026-11-27"),
        ("Europe/Stockholm", Some("16:00"), &every, "2026-11-27T15:00:00Z", "2026-11-28"),
        ("Europe/Stockholm", Some("16:00"), &every, "2026-11-27T23:00:00Z", "2026-11-28"),
        ("Europe/Stockholm", Some("00:00"), &every, "2026-11-27T12:00:00Z", "2026-11-28"),
        // Friday after the cut-off is Monday's, and so is the weekend.
        ("Europe/Stockholm", Some("16:00"), &sweden, "2026-11-27T14:59:59Z", "2026-11-27"),
        ("Europe/Stockholm", Some("16:00"), &sweden, "2026-11-27T15:00:00Z", "2026-11-30"),
        ("Europe/Stockholm", Some("16:00"), &sweden, "2026-11-29T20:00:00Z", "2026-11-30"),
        ("Europe/Stockholm", Some("16:00"), &sweden, "2026-12-23T16:00:00Z", "2026-12-28"),
        ("Pacific/Auckland", None, &every, "2026-11-27T11:00:00Z", "2026-11-28"),
        ("Pacific/Honolulu", None, &every, "2026-11-28T09:59:59Z", "2026-11-27"),
        // Clocks that are set back past midnight: it was the 7th already, and stays it.
        ("America/St_Johns", None, &every, "2010-11-07T02:29:59Z", "2010-11-06"),
        ("America/St_Johns", None, &every, "2010-11-07T02:30:00Z", "2010-11-07"),
        ("America/St_Johns", None, &every, "2010-11-07T02:45:00Z", "2010-11-07"),
        // A day that Samoa left out.
        ("Pacific/Apia", None, &every, "2011-12-30T09:59:59Z", "2011-12-29"),
        ("Pacific/Apia", None, &every, "2011-12-30T10:00:00Z", "2011-12-31"),
    ] {
        let local = LocalDay { zone: zone.parse().unwrap(), cut_off: cut_off.map(time) };
        assert_eq!(local.business_date_at(at(moment), calendar), Ok(day(expected)), "{zone} {cut_off:?} {moment}");
    }
    let utc = LocalDay::until_midnight(Zone::UTC);
    let target = Calendar::new(BankCalendar::Target);
    assert!(utc.business_date_at(at("2076-01-01T00:00:00Z"), &target).is_err());
    // The first and last moments of chrono, and those beyond, which read as 1970.
    for (extreme, known) in [
        (i64::MIN, true),
        (i64::MAX, true),
        (DateTime::<Utc>::MIN_UTC.timestamp_micros(), true),
        (DateTime::<Utc>::MAX_UTC.timestamp_micros(), false),
    ] {
        for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"] {
            let local = LocalDay::until_midnight(zone.parse().unwrap());
            assert_eq!(local.business_date_at(extreme, &every).is_ok(), known, "{zone} {extreme}");
        }
    }
}

#[test]
fn a_date_rolls_at_one_moment_whatever_the_clocks_do() {
    let every = Calendar::new(BankCalendar::EveryDay);
    let sweden = Calendar::new(BankCalendar::Sweden);
    for (zone, cut_off, calendar, date, expected) in [
        ("Europe/Stockholm", None, &every, "2026-11-27", "2026-11-27T23:00:00Z"),
        ("Europe/Stockholm", Some("16:00"), &every, "2026-07-01", "2026-07-01T14:00:00Z"),
        // 02:30 does not exist: the gap's end. It exists twice: the earlier.
        ("Europe/Stockholm", Some("02:30"), &every, "2026-03-29", "2026-03-29T01:00:00Z"),
        ("Europe/Stockholm", Some("02:30"), &every, "2026-10-25", "2026-10-25T00:30:00Z"),
        // Havana's clocks change at midnight.
        ("America/Havana", None, &every, "2026-03-07", "2026-03-08T05:00:00Z"),
        ("America/Havana", None, &every, "2026-10-31", "2026-11-01T04:00:00Z"),
        ("America/St_Johns", None, &every, "2010-11-06", "2010-11-07T02:30:00Z"),
        ("Pacific/Apia", None, &every, "2011-12-29", "2011-12-30T10:00:00Z"),
        ("Pacific/Apia", None, &every, "2011-12-30", "2011-12-30T10:00:00Z"),
        // A date that is no business day is passed over where Friday ends.
        ("Europe/Stockholm", Some("16:00"), &sweden, "2026-11-27", "2026-11-27T15:00:00Z"),
        ("Europe/Stockholm", Some("16:00"), &sweden, "2026-11-28", "2026-11-27T15:00:00Z"),
        ("Europe/Stockholm", Some("16:00"), &sweden, "2026-11-30", "2026-11-30T15:00:00Z"),
    ] {
        let local = LocalDay { zone: zone.parse().unwrap(), cut_off: cut_off.map(time) };
        let rolls = local.rolls_at(day(date), calendar).unwrap();
        assert_eq!(rolls, at(expected), "{zone} {cut_off:?} {date}");
    }
    let utc = LocalDay::until_midnight(Zone::UTC);
    assert!(utc.rolls_at(NaiveDate::MAX, &every).is_err());
    assert!(utc.rolls_at(day("2076-01-01"), &sweden).is_err());
}

prop_compose! {
    fn dates()(days in 0_i64..27_000) -> NaiveDate {
        day("2000-06-01") + TimeDelta::days(days)
    }
}

prop_compose! {
    /// Calendars that are accepted, with closing days around a date.
    fn calendars()(
        date in dates(),
        base in prop::sample::select(BankCalendar::ALL),
        weekend in prop::collection::btree_set(prop::sample::select(DayOfWeek::ALL), 0..=6),
        closing in prop::collection::btree_set(-20_i64..20, 0..12),
    ) -> (Calendar, NaiveDate) {
        let weekend = if base == BankCalendar::EveryDay { BTreeSet::new() } else { weekend };
        let closing_days = closing.into_iter().map(|days| date + TimeDelta::days(days)).collect();
        let calendar = Calendar { base, weekend, closing_days };
        (calendar.clone().checked().unwrap_or(Calendar::new(base)), date)
    }
}

prop_compose! {
    fn local_days()(
        zone in prop::sample::select(&chrono_tz::TZ_VARIANTS[..]),
        cut_off in prop::option::of(0_u32..1440),
    ) -> LocalDay {
        let cut_off = cut_off.map(|minutes| NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).unwrap());
        LocalDay { zone: zone.name().parse().unwrap(), cut_off }
    }
}

proptest! {
    #[test]
    fn the_next_business_day_is_the_first_one_after((calendar, date) in calendars()) {
        let next = calendar.next_business_day(date).unwrap();
        prop_assert!(next > date && calendar.is_business_day(next).unwrap());
        let between = date.succ_opt().unwrap().iter_days().take_while(|day| *day < next);
        prop_assert!(between.into_iter().all(|day| calendar.is_business_day(day) == Ok(false)));
        let before = calendar.previous_business_day(date).unwrap();
        prop_assert_eq!(calendar.next_business_day(before).unwrap(), calendar.roll(date, RollRule::Following).unwrap());
        prop_assert_eq!(calendar.previous_business_day(next).unwrap(), calendar.roll(date, RollRule::Preceding).unwrap());
    }

    #[test]
    fn a_rolled_date_is_a_business_day_and_stays((calendar, date) in calendars()) {
        for rule in RollRule::ALL.iter().copied() {
            let rolled = calendar.roll(date, rule).unwrap();
            prop_assert_eq!(calendar.roll(rolled, rule).unwrap(), rolled);
            prop_assert!(rule == RollRule::None || calendar.is_business_day(rolled).unwrap());
            let first = NaiveDate::from_ymd_opt(date.year(), date.month(), 1).unwrap();
            let mut month = first.iter_days().take_while(|day| day.month() == date.month());
            if month.any(|day| calendar.is_business_day(day).unwrap()) {
                let modified = matches!(rule, RollRule::ModifiedFollowing | RollRule::ModifiedPreceding);
                prop_assert!(!modified || (rolled.year(), rolled.month()) == (date.year(), date.month()));
            }
        }
    }

    #[test]
    fn business_days_that_are_added_can_be_taken_away((calendar, date) in calendars(), days in 1_i16..60) {
        let date = calendar.roll(date, RollRule::Following).unwrap();
        let later = calendar.add_business_days(date, days).unwrap();
        prop_assert_eq!(calendar.add_business_days(later, -days).unwrap(), date);
        let counted = date.iter_days().take_while(|day| *day < later);
        let counted = counted.filter(|day| calendar.is_business_day(*day).unwrap()).count();
        prop_assert_eq!(counted, usize::from(days.unsigned_abs()));
    }

    #[test]
    fn a_date_rolls_when_the_business_date_passes_it((calendar, date) in calendars(), local in local_days()) {
        let rolls = local.rolls_at(date, &calendar).unwrap();
        let before = local.business_date_at(rolls - 1, &calendar).unwrap();
        let after = local.business_date_at(rolls, &calendar).unwrap();
        prop_assert!(before <= date && date < after, "{before} {date} {after}");
        prop_assert!(calendar.is_business_day(before).unwrap() && calendar.is_business_day(after).unwrap());
    }

    #[test]
    fn the_business_date_never_goes_back(
        (calendar, date) in calendars(), local in local_days(), seconds in 0_i64..400_000, step in 0_i64..100_000,
    ) {
        let one = date.and_time(NaiveTime::MIN).and_utc().timestamp_micros() + seconds * 1_000_000;
        let other = one + step * 1_000_000;
        let dates = [one, other].map(|at| local.business_date_at(at, &calendar).unwrap());
        prop_assert!(dates[0] <= dates[1]);
        // What a moment belongs to has not ended yet.
        prop_assert!(one < local.rolls_at(dates[0], &calendar).unwrap());
    }
}
