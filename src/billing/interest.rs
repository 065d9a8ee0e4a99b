//! Interest, pure: day counts, tiers, rates with their dates, and what they come to over balances by value date.
//!
//! Nothing is rounded before the end: a line keeps its exact figure, and what is booked is the sum of the lines, rounded
//! half away from zero to whole minor units.

use chrono::{Datelike as _, Days, NaiveDate};
use rust_decimal::prelude::ToPrimitive as _;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use crate::primitives::Minor;

crate::words! {
    /// How the days of a period make a part of a year.
    DayCount {
        /// Days over 360.
        Act360 = "ACT_360",
        /// Days over 365, in leap years too.
        Act365F = "ACT_365F",
        /// Months of 30 days; the 31st is the 30th.
        ThirtyE360 = "THIRTY_E_360",
        /// The same, and the last day of February is a 30th.
        ThirtyE360Isda = "THIRTY_E_360_ISDA",
        /// The days in leap years over 366, the others over 365.
        ActActIsda = "ACT_ACT_ISDA",
    }

    /// Who owes it.
    InterestSide {
        /// The customer, on debt.
        Debit = "DEBIT",
        /// The tenant, on funds.
        Credit = "CREDIT",
    }
}

/// A part of a year, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    /// Above the line.
    pub numerator: i64,
    /// Below it.
    pub denominator: i64,
}

fn last_of_month(date: NaiveDate) -> bool {
    date.succ_opt().is_none_or(|next| next.month() != date.month())
}

fn days_between(from: NaiveDate, until: NaiveDate) -> i64 {
    (until - from).num_days()
}

fn thirty(from: (i32, u32, u32), until: (i32, u32, u32)) -> i64 {
    let part = |(year, month, day): (i32, u32, u32)| i64::from(year) * 360 + i64::from(month) * 30 + i64::from(day);
    part(until) - part(from)
}

impl DayCount {
    /// The part of a year from a day to another, that one not included.
    #[must_use]
    pub fn fraction(self, from: NaiveDate, until: NaiveDate) -> Fraction {
        let parts = |date: NaiveDate, day: u32| (date.year(), date.month(), day);
        match self {
            Self::Act360 => Fraction { numerator: days_between(from, until), denominator: 360 },
            Self::Act365F => Fraction { numerator: days_between(from, until), denominator: 365 },
            Self::ThirtyE360 => {
                let numerator = thirty(parts(from, from.day().min(30)), parts(until, until.day().min(30)));
                Fraction { numerator, denominator: 360 }
            }
            Self::ThirtyE360Isda => {
                // No period of a cycle ends with the credit, so that the last of February is a 30th at both ends.
                let day = |date: NaiveDate| if last_of_month(date) { 30 } else { date.day().min(30) };
                Fraction { numerator: thirty(parts(from, day(from)), parts(until, day(until))), denominator: 360 }
            }
            Self::ActActIsda => {
                let mut numerator = 0;
                let mut start = from;
                while start < until {
                    let next = NaiveDate::from_ymd_opt(start.year() + 1, 1, 1).map_or(until, |next| next.min(until));
                    let other = if start.leap_year() { 365 } else { 366 };
                    numerator += days_between(start, next) * other;
                    start = next;
                }
                Fraction { numerator, denominator: 365 * 366 }
            }
        }
    }
}

/// A part of a balance, and what it bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// From which amount on, in minor units: zero of the first.
    pub above: i64,
    /// A year, in percent.
    pub percent: Decimal,
}

/// Rates that hold from a day on, until the next version's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateVersion {
    /// The first day.
    pub from: NaiveDate,
    /// By the amount: what lies in a tier bears its rate.
    pub tiers: Vec<Tier>,
}

/// What bears interest, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterestTerms {
    /// How days are counted.
    pub day_count: DayCount,
    /// On debt, in the order of their days.
    pub debit: Vec<RateVersion>,
    /// On funds.
    pub credit: Vec<RateVersion>,
    /// Whether nothing is borne by debt in a cycle in which the statement before was paid in full by its due date.
    pub free_when_paid: bool,
}

/// One figure of an interest, explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterestLine {
    /// Who owes it.
    pub side: InterestSide,
    /// The first day.
    pub from: NaiveDate,
    /// The day after the last.
    pub until: NaiveDate,
    /// What bears it, in minor units: positive.
    pub balance: i64,
    /// A year, in percent.
    pub percent: Decimal,
    /// How days are counted.
    pub day_count: DayCount,
    /// What it comes to, in minor units, unrounded: positive is owed by the customer.
    pub exact: Decimal,
    /// Whether it makes good for what was booked late of a closed cycle: then it is a difference.
    pub correction: bool,
}

/// Balances by value date: from each day on, until the next. Zero before the first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline(Vec<(NaiveDate, i64)>);

impl Timeline {
    /// Adds what counts from a day on.
    pub fn add(&mut self, on: NaiveDate, amount: i64) {
        let place = match self.0.binary_search_by_key(&on, |(day, _)| *day) {
            Ok(place) => place,
            Err(place) => {
                let before = place.checked_sub(1).map_or(0, |before| self.0[before].1);
                self.0.insert(place, (on, before));
                place
            }
        };
        for (_, balance) in &mut self.0[place..] {
            *balance += amount;
        }
    }

    /// Forgets how the balance came about before a day.
    pub fn forget_before(&mut self, day: NaiveDate) {
        let over = self.0.iter().take_while(|(from, _)| *from < day).count();
        if over > 1 {
            self.0.drain(..over - 1);
        }
    }

    /// The first day of which something is known.
    #[must_use]
    pub fn begins(&self) -> Option<NaiveDate> {
        self.0.first().map(|(day, _)| *day)
    }

    /// The pieces of a span in which the balance is the same.
    fn pieces(&self, from: NaiveDate, until: NaiveDate) -> Vec<(NaiveDate, NaiveDate, i64)> {
        let mut pieces = Vec::new();
        for (place, (start, balance)) in self.0.iter().enumerate() {
            let end = self.0.get(place + 1).map_or(until, |(next, _)| *next).min(until);
            let start = (*start).max(from);
            if start < end {
                pieces.push((start, end, *balance));
            }
        }
        pieces
    }
}

/// Cuts a span where the rates change.
fn by_version(versions: &[RateVersion], from: NaiveDate, until: NaiveDate) -> Vec<(NaiveDate, NaiveDate, &[Tier])> {
    let mut parts = Vec::new();
    for (place, version) in versions.iter().enumerate() {
        let end = versions.get(place + 1).map_or(until, |next| next.from).min(until);
        let start = version.from.max(from);
        if start < end {
            parts.push((start, end, version.tiers.as_slice()));
        }
    }
    parts
}

/// What balances bear from a day to another, that one not included. `free` spares debt.
#[must_use]
pub fn interest(
    terms: &InterestTerms,
    timeline: &Timeline,
    (from, until): (NaiveDate, NaiveDate),
    free: bool,
) -> Vec<InterestLine> {
    let mut lines = Vec::new();
    for (start, end, balance) in timeline.pieces(from, until) {
        let (side, versions, sign) = match balance {
            0 => continue,
            ..0 if free => continue,
            ..0 => (InterestSide::Debit, &terms.debit, Decimal::ONE),
            1.. => (InterestSide::Credit, &terms.credit, Decimal::NEGATIVE_ONE),
        };
        let amount = balance.abs();
        for (start, end, tiers) in by_version(versions, start, end) {
            let part = terms.day_count.fraction(start, end);
            for (place, tier) in tiers.iter().enumerate() {
                let top = tiers.get(place + 1).map_or(i64::MAX, |next| next.above);
                let share = amount.min(top) - tier.above;
                if share <= 0 || tier.percent.is_zero() || part.numerator == 0 {
                    continue;
                }
                let year = Decimal::from(share) * tier.percent / Decimal::ONE_HUNDRED;
                let exact = sign * year * Decimal::from(part.numerator) / Decimal::from(part.denominator);
                lines.push(InterestLine {
                    side,
                    from: start,
                    until: end,
                    balance: share,
                    percent: tier.percent,
                    day_count: terms.day_count,
                    exact,
                    correction: false,
                });
            }
        }
    }
    lines
}

/// What lines come to: rounded half away from zero, once, and what the rounding left: exact is rounded plus remainder.
#[must_use]
pub fn rounded<'a>(lines: impl IntoIterator<Item = &'a InterestLine>) -> (Minor, Decimal) {
    let exact: Decimal = lines.into_iter().map(|line| line.exact).sum();
    let whole = exact.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    (Minor(whole.to_i64().unwrap_or_default()), exact - whole)
}

/// A cycle that is closed, as interest sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedPeriod {
    /// Its first day.
    pub from: NaiveDate,
    /// The day after its last.
    pub until: NaiveDate,
    /// Whether debt was spared.
    pub free: bool,
}

/// What movements that were booked late change of closed cycles: what each bears now, and less what it bore then. Only days
/// from the first of them on are looked at.
#[must_use]
pub fn corrections(
    terms: &InterestTerms,
    (before, after): (&Timeline, &Timeline),
    periods: &[ClosedPeriod],
    since: NaiveDate,
) -> Vec<InterestLine> {
    let mut lines = Vec::new();
    for period in periods.iter().filter(|period| period.until > since) {
        let span = (period.from.max(since), period.until);
        let negated = |line: InterestLine| InterestLine { exact: -line.exact, ..line };
        let taken_back = interest(terms, before, span, period.free).into_iter().map(negated);
        let anew = interest(terms, after, span, period.free);
        lines.extend(taken_back.chain(anew).map(|line| InterestLine { correction: true, ..line }));
    }
    lines
}

/// The effective annual rate of a nominal one that is charged twelve times a year, in percent, to two decimals: what the
/// formula of the directive 2008/48/EC (Annex I, equal months) gives for a credit that is drawn and repaid with its
/// interest month by month.
#[must_use]
pub fn effective(nominal: Decimal) -> Decimal {
    let month = Decimal::ONE + nominal / Decimal::from(1_200);
    let year = (0..12).fold(Decimal::ONE, |product, _| product * month);
    ((year - Decimal::ONE) * Decimal::ONE_HUNDRED).round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// The rate of the first tier on a day, in percent.
#[must_use]
pub fn rate_on(versions: &[RateVersion], day: NaiveDate) -> Option<Decimal> {
    let version = versions.iter().rev().find(|version| version.from <= day)?;
    version.tiers.first().map(|tier| tier.percent)
}

/// How far back closed cycles are computed anew, in days.
pub const REACH: Days = Days::new(400);
