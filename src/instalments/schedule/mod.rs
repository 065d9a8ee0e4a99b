//! Schedules of instalments: pure mathematics, in decimals and whole minor units.
//!
//! An instalment falls due each month, on the day of the first one, or on the last of a month that is shorter. A period's
//! interest is a twelfth of the yearly rate of what is owed, whatever the number of its days. Three roundings, each of its
//! own name: [`half_up`] for the instalment of an annuity and for interest, [`down`] for equal parts, so that the last one,
//! which takes the rest, is never the smaller. The parts of a schedule always sum to its whole.

use chrono::{Months, NaiveDate};
use rust_decimal::prelude::ToPrimitive as _;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::primitives::Minor;

#[cfg(test)]
mod tests;

/// The most instalments that a credit is repaid in.
pub const MOST_TERMS: u32 = 360;
/// Months of a year, and percent of a whole: what a yearly rate in percent is divided by for a month.
const MONTHLY_PERCENT: i64 = 1_200;

crate::words! {
    /// How a credit is spread over its instalments.
    RepaymentMethod {
        /// Instalments of one size: interest of what is still owed, and the rest repays.
        Annuity = "ANNUITY",
        /// Each repays the same part; the interest of what is still owed comes on top, and falls.
        Straight = "STRAIGHT",
        /// Each repays the same part and bears the same interest, which is that of the whole credit all the time.
        Flat = "FLAT",
    }

    /// With which instalments a fee is charged.
    FeeTiming {
        /// With the first.
        First = "FIRST",
        /// In equal parts with each.
        Each = "EACH",
    }
}

/// What a schedule follows from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What is lent: positive.
    pub credit: Minor,
    /// The yearly rate, in percent.
    pub rate_annual_pct: Decimal,
    /// How many instalments: 1 to [`MOST_TERMS`].
    pub count: u32,
    /// How they are made.
    pub method: RepaymentMethod,
    /// What of the credit is left for the last one besides: less than the credit.
    pub balloon: Minor,
    /// The first so many repay nothing: fewer than there are.
    pub grace: u32,
    /// The fee of all of them together.
    pub fee: Minor,
    /// When it is charged.
    pub fee_timing: FeeTiming,
    /// When the first one is due.
    pub first: NaiveDate,
}

/// An instalment as it is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its place, from 1.
    pub number: u32,
    /// When it is due.
    pub due: NaiveDate,
    /// What it repays.
    pub principal: Minor,
    /// What it bears of interest.
    pub interest: Minor,
    /// What it bears of the fee.
    pub fee: Minor,
}

impl Line {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> Minor {
        Minor(self.principal.0 + self.interest.0 + self.fee.0)
    }
}

/// A schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The instalments, in order.
    pub lines: Vec<Line>,
    /// What an instalment is kept at when the plan is shortened: of an annuity all of it but the fee, otherwise what it
    /// repays.
    pub level: Minor,
}

impl Schedule {
    /// The interest of all instalments.
    #[must_use]
    pub fn interest(&self) -> Minor {
        Minor(self.lines.iter().map(|line| line.interest.0).sum())
    }

    /// The fee of all instalments.
    #[must_use]
    pub fn fee(&self) -> Minor {
        Minor(self.lines.iter().map(|line| line.fee.0).sum())
    }

    /// All that is to be paid.
    #[must_use]
    pub fn total(&self) -> Minor {
        Minor(self.lines.iter().map(|line| line.total().0).sum())
    }

    /// What is paid with a regular instalment: the first that repays something, without a fee that is charged once.
    #[must_use]
    pub fn regular(&self, terms: &Terms) -> Minor {
        let line = self.lines.iter().find(|line| line.number > terms.grace).or(self.lines.last());
        line.map_or(Minor::ZERO, |line| match terms.fee_timing {
            FeeTiming::First => Minor(line.principal.0 + line.interest.0),
            FeeTiming::Each => line.total(),
        })
    }
}

/// Why there is no schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSchedule {
    /// Some instalments would come to nothing, or the last one too early: each is in whole minor units.
    #[error("the credit is too small for so many instalments at this rate")]
    TooSmall,
    /// Beyond what the books and the calendar can say.
    #[error("the credit, its interest or its last day is out of range")]
    OutOfRange,
}

/// The schedule of a credit.
///
/// # Errors
/// [`NoSchedule`].
pub fn schedule(terms: &Terms) -> Result<Schedule, NoSchedule> {
    let repaying = terms.count.checked_sub(terms.grace).filter(|count| *count > 0).ok_or(NoSchedule::OutOfRange)?;
    let spread = Minor(terms.credit.0 - terms.balloon.0);
    let level = match terms.method {
        RepaymentMethod::Annuity => annuity(terms, repaying)?,
        RepaymentMethod::Straight | RepaymentMethod::Flat => down(Decimal::from(spread.0) / Decimal::from(repaying))?,
    };
    if level.0 <= 0 || spread.0 <= 0 {
        return Err(NoSchedule::TooSmall);
    }
    let flat = flat_interest(terms)?;
    let mut lines = Vec::with_capacity(terms.count as usize);
    let (mut balance, mut interest_left, mut fee_left) = (terms.credit.0, flat.0, terms.fee.0);
    for number in 1..=terms.count {
        let is_last = number == terms.count;
        let interest = match terms.method {
            RepaymentMethod::Flat if is_last => Minor(interest_left),
            RepaymentMethod::Flat => down(Decimal::from(flat.0) / Decimal::from(terms.count))?,
            _ => interest(Minor(balance), terms.rate_annual_pct)?,
        };
        interest_left -= interest.0;
        let principal = match (is_last, number <= terms.grace, terms.method) {
            (true, ..) => balance,
            (_, true, _) => 0,
            (.., RepaymentMethod::Annuity) => level.0 - interest.0,
            _ => level.0,
        };
        balance -= principal;
        let fee = match terms.fee_timing {
            FeeTiming::First => fee_left,
            FeeTiming::Each if is_last => fee_left,
            FeeTiming::Each => terms.fee.0 / i64::from(terms.count),
        };
        fee_left -= fee;
        let due = due(terms.first, number).ok_or(NoSchedule::OutOfRange)?;
        let line = Line { number, due, principal: Minor(principal), interest, fee: Minor(fee) };
        if line.total().0 <= 0 || principal < 0 || (!is_last && balance <= 0) {
            return Err(NoSchedule::TooSmall);
        }
        lines.push(line);
    }
    let schedule = Schedule { lines, level };
    if schedule.total().0 > Minor::LARGEST { Err(NoSchedule::OutOfRange) } else { Ok(schedule) }
}

/// What is left of a plan when a part of what is owed is paid beside it: the instalments keep their size, so that fewer are
/// left.
#[derive(Clone, Copy, Debug)]
pub struct Shortening {
    /// What is owed before.
    pub owed: Minor,
    /// What is paid of it: positive, and less than all.
    pub extra: Minor,
    /// The yearly rate, in percent.
    pub rate_annual_pct: Decimal,
    /// How the instalments are made.
    pub method: RepaymentMethod,
    /// What they are kept at: [`Schedule::level`].
    pub level: Minor,
    /// What is left for the last one besides. Where less than that is owed, nothing is.
    pub balloon: Minor,
    /// The first so many of the whole plan repay nothing.
    pub grace: u32,
    /// When the present period began.
    pub since: NaiveDate,
    /// When it is paid.
    pub today: NaiveDate,
}

/// The instalments that are left, of those that were: they sum to what is owed then. The interest of the present period is
/// that of what was owed until today and of what is owed from today on, by its days.
///
/// # Errors
/// [`NoSchedule::OutOfRange`].
pub fn shortened(open: &[Line], by: &Shortening) -> Result<Vec<Line>, NoSchedule> {
    let mut balance = by.owed.0 - by.extra.0;
    let floor = if balance > by.balloon.0 { by.balloon.0 } else { 0 };
    let mut lines = Vec::with_capacity(open.len());
    for (place, line) in open.iter().enumerate() {
        let interest = match (by.method, place) {
            (RepaymentMethod::Flat, _) => line.interest,
            (_, 0) => {
                let (passed, days) = elapsed(by.since, line.due, by.today);
                let before = Decimal::from(line.interest.0) * Decimal::from(passed);
                let after = exact_interest(Minor(balance), by.rate_annual_pct) * Decimal::from(days - passed);
                half_up((before + after) / Decimal::from(days))?
            }
            _ => interest(Minor(balance), by.rate_annual_pct)?,
        };
        let is_in_grace = line.number <= by.grace;
        let wanted = match by.method {
            _ if is_in_grace => 0,
            RepaymentMethod::Annuity => (by.level.0 - interest.0).max(0),
            _ => by.level.0,
        };
        let ends = place + 1 == open.len() || (!is_in_grace && balance - wanted <= floor);
        let principal = Minor(if ends { balance } else { wanted });
        balance -= principal.0;
        lines.push(Line { principal, interest, ..*line });
        if ends {
            break;
        }
    }
    Ok(lines)
}

/// What of an instalment's interest has come about by a day, by the days of its period.
///
/// # Errors
/// [`NoSchedule::OutOfRange`].
pub fn accrued(interest: Minor, since: NaiveDate, due: NaiveDate, today: NaiveDate) -> Result<Minor, NoSchedule> {
    let (passed, days) = elapsed(since, due, today);
    half_up(Decimal::from(interest.0) * Decimal::from(passed) / Decimal::from(days))
}

/// When an instalment is due: a month after the one before, on the day of the first, or the last of a shorter month.
#[must_use]
pub fn due(first: NaiveDate, number: u32) -> Option<NaiveDate> {
    first.checked_add_months(Months::new(number.checked_sub(1)?))
}

/// How many days of a period have passed, and how many it has: at least one.
fn elapsed(since: NaiveDate, due: NaiveDate, today: NaiveDate) -> (i64, i64) {
    let days = (due - since).num_days();
    if days <= 0 { (1, 1) } else { ((today - since).num_days().clamp(0, days), days) }
}

/// The instalment of an annuity, without its fee, rounded [`half_up`]: what is spread and the interest of the balloon, each
/// period the same.
fn annuity(terms: &Terms, repaying: u32) -> Result<Minor, NoSchedule> {
    let (credit, balloon) = (Decimal::from(terms.credit.0), Decimal::from(terms.balloon.0));
    if terms.rate_annual_pct.is_zero() {
        return half_up((credit - balloon) / Decimal::from(repaying));
    }
    let period = terms.rate_annual_pct / Decimal::from(MONTHLY_PERCENT);
    let discount = Decimal::ONE / (Decimal::ONE + period);
    // Repeated multiplication: exact to the last of 28 digits, and it can only become smaller.
    let discount = (0..repaying).fold(Decimal::ONE, |power, _| power * discount);
    half_up((credit - balloon * discount) * period / (Decimal::ONE - discount))
}

/// The interest of a flat plan as a whole, rounded [`half_up`].
fn flat_interest(terms: &Terms) -> Result<Minor, NoSchedule> {
    match terms.method {
        RepaymentMethod::Flat => {
            half_up(exact_interest(terms.credit, terms.rate_annual_pct) * Decimal::from(terms.count))
        }
        RepaymentMethod::Annuity | RepaymentMethod::Straight => Ok(Minor::ZERO),
    }
}

/// A month's interest, rounded [`half_up`].
fn interest(owed: Minor, rate_annual_pct: Decimal) -> Result<Minor, NoSchedule> {
    half_up(exact_interest(owed, rate_annual_pct))
}

/// The same, not rounded. It is divided last, so that half a unit is half a unit.
fn exact_interest(owed: Minor, rate_annual_pct: Decimal) -> Decimal {
    Decimal::from(owed.0) * rate_annual_pct / Decimal::from(MONTHLY_PERCENT)
}

/// To whole minor units, half a unit away from zero: for interest, and for the instalment of an annuity.
fn half_up(exact: Decimal) -> Result<Minor, NoSchedule> {
    whole(exact.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero))
}

/// To whole minor units, towards zero: for equal parts, whose rest the last one takes.
fn down(exact: Decimal) -> Result<Minor, NoSchedule> {
    whole(exact.trunc())
}

fn whole(rounded: Decimal) -> Result<Minor, NoSchedule> {
    rounded.to_i64().filter(|minor| minor.abs() <= Minor::LARGEST).map(Minor).ok_or(NoSchedule::OutOfRange)
}
