//! What a credit costs: figures that follow from its terms, in decimals and whole minor units.
//!
//! The instalments are those of an annuity over the months ([`crate::instalments::schedule`], which has the roundings), with
//! the invoice fee on top of each. The percentage is the effective annual rate of Directive 2008/48/EC, annex I, with months
//! as the periods: the rate at which what is paid is worth what was lent. It is found by halving, to [`STEPS`] places in
//! binary, and rounded to two decimals, a half away from zero ([`rounded`]).

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use crate::instalments::RepaymentMethod;
use crate::instalments::schedule::{FeeTiming, Schedule, Terms, schedule};
use crate::primitives::Minor;

/// How often the interval is halved.
const STEPS: u32 = 60;
/// The largest monthly rate that is looked for: tenfold in a month.
const LARGEST: i64 = 10;
/// The most months of a credit.
pub const MOST_MONTHS: u32 = 120;

/// What a credit is lent by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// Over how many months it is repaid.
    pub months: u32,
    /// The yearly rate, in percent.
    pub rate_annual_pct: Decimal,
    /// What is charged with each month's invoice, in minor units.
    pub invoice_fee: i64,
}

/// What a credit costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditCost {
    /// What is lent.
    pub credit: Minor,
    /// In how many months it is repaid.
    pub months: u32,
    /// What is paid a month, with interest and fee; the last month takes the rest.
    pub per_month: Minor,
    /// The effective annual rate, in percent; none where it is beyond what anybody could mean.
    pub percent: Option<Decimal>,
    /// Interest and fees of all months.
    pub total_credit: Minor,
    /// All that is to be paid.
    pub total_amount: Minor,
    /// The yearly rate, in percent.
    pub rate_annual_pct: Decimal,
    /// The fee of a month.
    pub invoice_fee: Minor,
}

impl Credit {
    /// What an amount costs by these terms: over fewer months where it is too small for as many. None of nothing.
    #[must_use]
    pub fn cost(&self, credit: Minor) -> Option<CreditCost> {
        let (months, plan) = (1..=self.months).rev().find_map(|months| Some((months, self.plan(credit, months)?)))?;
        let per_month = plan.lines.first().map_or(Minor::ZERO, |line| line.total());
        let paid: Vec<i64> = plan.lines.iter().map(|line| line.total().0).collect();
        Some(CreditCost {
            credit,
            months,
            per_month,
            percent: effective_annual_pct(credit, &paid),
            total_credit: Minor(plan.total().0 - credit.0),
            total_amount: plan.total(),
            rate_annual_pct: self.rate_annual_pct,
            invoice_fee: Minor(self.invoice_fee),
        })
    }

    fn plan(&self, credit: Minor, count: u32) -> Option<Schedule> {
        let terms = Terms {
            credit,
            rate_annual_pct: self.rate_annual_pct,
            count,
            method: RepaymentMethod::Annuity,
            balloon: Minor::ZERO,
            grace: 0,
            fee: Minor(self.invoice_fee.checked_mul(i64::from(count))?),
            fee_timing: FeeTiming::Each,
            // The figures do not hang on days.
            first: NaiveDate::default(),
        };
        schedule(&terms).ok()
    }
}

/// The effective annual rate, in percent, of what is lent and then paid month by month.
#[must_use]
pub fn effective_annual_pct(credit: Minor, paid: &[i64]) -> Option<Decimal> {
    let worth = |rate: Decimal| {
        let factor = Decimal::ONE / (Decimal::ONE + rate);
        paid.iter().rev().fold(Decimal::ZERO, |later, part| (later + Decimal::from(*part)) * factor)
    };
    let credit = Decimal::from(credit.0);
    let (mut low, mut high) = (Decimal::ZERO, Decimal::from(LARGEST));
    if worth(low) <= credit {
        return (worth(low) == credit).then_some(Decimal::ZERO);
    }
    if worth(high) > credit {
        return None;
    }
    for _ in 0..STEPS {
        let middle = (low + high) / Decimal::TWO;
        if worth(middle) > credit { low = middle } else { high = middle }
    }
    let monthly = Decimal::ONE + (low + high) / Decimal::TWO;
    let yearly = (0..12).try_fold(Decimal::ONE, |product, _| product.checked_mul(monthly))?;
    Some(rounded((yearly - Decimal::ONE) * Decimal::ONE_HUNDRED))
}

/// To two decimals, a half away from zero.
fn rounded(percent: Decimal) -> Decimal {
    percent.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}
