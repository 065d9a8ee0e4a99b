//! Interest against published figures, cycles against the calendar, and what always holds.

use chrono::NaiveDate;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::interest::{
    ClosedPeriod, DayCount, Fraction, InterestTerms, RateVersion, Tier, Timeline, corrections, effective, interest,
    rounded,
};
use super::model::{BillingTerms, next_closure};
use crate::primitives::Minor;
use crate::primitives::calendar::{BankCalendar, Calendar, RollRule};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn terms() -> BillingTerms {
    BillingTerms {
        closure_day: 30,
        roll: RollRule::Preceding,
        issue_after_days: 0,
        payment_days: 0,
        minimum_share: Decimal::ZERO,
        minimum_floor: Minor(5_000),
        direct_debit_share: decimal("50"),
        statement_fee: Minor::ZERO,
        reminders: Vec::new(),
        collection_after_days: None,
        collection_fee: Minor::ZERO,
        interest: None,
    }
}

fn flat(percent: &str, day_count: DayCount) -> InterestTerms {
    let version = |percent| RateVersion { from: day("2000-01-01"), tiers: vec![Tier { above: 0, percent }] };
    InterestTerms {
        day_count,
        debit: vec![version(decimal(percent))],
        credit: vec![version(decimal("1"))],
        free_when_paid: false,
    }
}

/// The cycle of the catalogue's worked example: the 30th, or the last weekday before it.
#[test]
fn closures_fall_on_the_days_of_the_worked_example() {
    let weekdays = Calendar::new(BankCalendar::Weekdays);
    let mut closure = day("2022-05-30");
    let expected = ["2022-06-30", "2022-07-29", "2022-08-30", "2022-09-30", "2022-10-28", "2022-11-30", "2022-12-30"];
    for expected in expected {
        closure = next_closure(closure, &terms(), &weekdays);
        assert_eq!(closure, day(expected));
    }
    let last = BillingTerms { closure_day: 31, roll: RollRule::None, ..terms() };
    for (after, expected) in [("2024-01-31", "2024-02-29"), ("2024-02-29", "2024-03-31"), ("2023-01-31", "2023-02-28")]
    {
        assert_eq!(next_closure(day(after), &last, &weekdays), day(expected));
    }
}

/// The ISDA memo of 1998 on ACT/ACT, and the examples that QuantLib's tests take from it and from the 30E/360 definitions.
#[test]
fn day_counts_agree_with_published_examples() {
    let act = |from, until| DayCount::ActActIsda.fraction(day(from), day(until));
    let as_days = |Fraction { numerator, denominator }| Decimal::from(numerator) / Decimal::from(denominator);
    for (from, until, expected) in [
        ("2003-11-01", "2004-05-01", "0.497724380567"),
        ("1999-02-01", "1999-07-01", "0.410958904110"),
        ("1999-07-01", "2000-07-01", "1.001377348600"),
        ("2002-08-15", "2003-07-15", "0.915068493151"),
        ("1999-07-30", "2000-01-30", "0.503892506924"),
        ("2000-01-30", "2000-06-30", "0.415300546448"),
    ] {
        let difference = as_days(act(from, until)) - decimal(expected);
        assert!(difference.abs() < decimal("0.0000000001"), "{from} {until}");
    }
    for (from, until, european, isda) in [
        ("2006-08-20", "2007-02-20", 180, 180),
        ("2007-02-20", "2007-08-20", 180, 180),
        ("2006-08-31", "2007-02-28", 178, 180),
        ("2007-02-28", "2007-08-31", 182, 180),
        ("2006-01-31", "2006-02-28", 28, 30),
        ("2007-02-14", "2007-02-28", 14, 16),
        ("2007-04-15", "2007-04-30", 15, 15),
        ("2007-01-31", "2007-03-31", 60, 60),
    ] {
        let (from, until) = (day(from), day(until));
        assert_eq!(DayCount::ThirtyE360.fraction(from, until).numerator, european, "{from} {until}");
        assert_eq!(DayCount::ThirtyE360Isda.fraction(from, until).numerator, isda, "{from} {until}");
    }
    let month = (day("2024-02-01"), day("2024-03-01"));
    assert_eq!(DayCount::Act360.fraction(month.0, month.1), Fraction { numerator: 29, denominator: 360 });
    assert_eq!(DayCount::Act365F.fraction(month.0, month.1), Fraction { numerator: 29, denominator: 365 });
}

#[test]
fn effective_rates_are_those_of_equal_months() {
    for (nominal, expected) in [("12", "12.68"), ("18", "19.56"), ("0", "0"), ("24", "26.82")] {
        assert_eq!(effective(decimal(nominal)), decimal(expected), "{nominal}");
    }
}

#[test]
fn interest_is_reckoned_by_balance_rate_and_day() {
    let mut timeline = Timeline::default();
    timeline.add(day("2026-01-01"), -100_000);
    timeline.add(day("2026-01-11"), 40_000);
    let span = (day("2026-01-01"), day("2026-01-31"));
    let lines = interest(&flat("18", DayCount::Act360), &timeline, span, false);
    // 1,000.00 for ten days, 600.00 for twenty: 5.00 and 6.00.
    assert_eq!(lines.iter().map(|line| line.exact).collect::<Vec<_>>(), [decimal("500"), decimal("600")]);
    assert_eq!(rounded(&lines).0, Minor(1_100));
    assert!(interest(&flat("18", DayCount::Act360), &timeline, span, true).is_empty());

    // A tier bears its own rate; a version holds from its day.
    let tiered = InterestTerms {
        debit: vec![
            RateVersion {
                from: day("2026-01-01"),
                tiers: vec![Tier { above: 0, percent: decimal("10") }, Tier { above: 50_000, percent: decimal("20") }],
            },
            RateVersion { from: day("2026-01-21"), tiers: vec![Tier { above: 0, percent: decimal("36") }] },
        ],
        ..flat("0", DayCount::Act360)
    };
    let lines = interest(&tiered, &timeline, span, false);
    let told: Vec<(i64, &str)> = vec![(50_000, "10"), (50_000, "20"), (50_000, "10"), (10_000, "20"), (60_000, "36")];
    assert_eq!(
        lines.iter().map(|line| (line.balance, line.percent)).collect::<Vec<_>>(),
        told.into_iter().map(|(balance, percent)| (balance, decimal(percent))).collect::<Vec<_>>()
    );
}

#[test]
fn what_comes_late_is_made_good_of_the_cycles_that_it_is_of() {
    let terms = flat("36", DayCount::Act360);
    let mut before = Timeline::default();
    before.add(day("2026-01-01"), -100_000);
    let mut after = before.clone();
    // Paid on the 11th, and told only after the cycle was closed.
    after.add(day("2026-01-11"), 100_000);
    let january = ClosedPeriod { from: day("2026-01-01"), until: day("2026-02-01"), free: false };
    let lines = corrections(&terms, (&before, &after), &[january], day("2026-01-11"));
    assert_eq!(rounded(&lines).0, Minor(-2_100));
    assert!(lines.iter().all(|line| line.correction));
    let free = ClosedPeriod { free: true, ..january };
    assert_eq!(rounded(&corrections(&terms, (&before, &after), &[free], day("2026-01-11"))).0, Minor(0));
}

proptest! {
    /// Whatever the cuts: the interest of a span is that of its parts, and lines add up to the figure and its remainder.
    #[test]
    fn parts_of_a_span_add_up(
        moves in prop::collection::vec((0_u64..90, -500_000_i64..500_000), 1..12),
        cut in 1_u64..89,
        percent in 0_u32..4_000,
    ) {
        let start = day("2024-01-15");
        let mut timeline = Timeline::default();
        for (days, amount) in moves {
            timeline.add(start + chrono::Days::new(days), amount);
        }
        let terms = flat(&format!("{}.{:02}", percent / 100, percent % 100), DayCount::ActActIsda);
        let (middle, end) = (start + chrono::Days::new(cut), start + chrono::Days::new(90));
        let whole = interest(&terms, &timeline, (start, end), false);
        let parts = interest(&terms, &timeline, (start, middle), false);
        let rest = interest(&terms, &timeline, (middle, end), false);
        let sum = |lines: &[super::InterestLine]| lines.iter().map(|line| line.exact).sum::<Decimal>();
        prop_assert!((sum(&whole) - sum(&parts) - sum(&rest)).abs() < decimal("0.000000000000001"));
        let (amount, remainder) = rounded(&whole);
        prop_assert_eq!(Decimal::from(amount.0) + remainder, sum(&whole));
        prop_assert!(remainder.abs() <= decimal("0.5"));
    }
}
