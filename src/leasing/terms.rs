//! What the instalments of a plan are made from: terms, or a list.

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::model::{LeaseParts, LeaseService};
use crate::instalments::schedule::{self, FeeTiming, RepaymentMethod, Terms};
use crate::ledger::amounts::{share_of, to_minor};
use crate::ledger::refusal::AMOUNT_OUT_OF_RANGE;
use crate::primitives::clock::Micros;
use crate::primitives::{Amount, Currency, Minor, Money};
use crate::refused::{Facts, Refused};

/// How far ahead the first rent may be due, in days: twenty years.
const FIRST_AHEAD: u64 = 7_300;

/// An instalment as an input gives it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewLeaseInstalment {
    /// The day by which it is to be paid.
    pub due_on: NaiveDate,
    /// The day on which it is billed; its due date when absent.
    pub billing_on: Option<NaiveDate>,
    /// When the letter about it goes out.
    pub letter_at: Option<Micros>,
    /// When it is reminded of.
    pub reminder_at: Option<Micros>,
    /// What repays, in the account's currency.
    pub principal: Option<Amount>,
    /// Interest.
    pub interest: Option<Amount>,
    /// A fee.
    pub fee: Option<Amount>,
    /// Value added tax.
    pub vat: Option<Amount>,
    /// What comes with it.
    pub service: LeaseService,
    /// Whether it is the residual value.
    pub residual: bool,
}

/// What the instalments of a plan are made from: monthly rents of one size, and the residual value as the last.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LeasePlanTerms {
    /// What is financed.
    pub amount: Amount,
    /// What of it is left for the last instalment.
    pub residual: Option<Amount>,
    /// The yearly rate, in percent.
    pub rate_annual_pct: Amount,
    /// How many rents.
    pub count: u32,
    /// When the first one is due.
    pub first_due_on: NaiveDate,
    /// The fee of each rent.
    pub fee: Option<Amount>,
    /// Value added tax, in percent of rents and of the residual value.
    pub vat_pct: Option<Amount>,
    /// What comes with each rent.
    pub service: LeaseService,
}

/// The instalments of a plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum NewLeaseInstalments {
    /// Made from terms.
    Terms(LeasePlanTerms),
    /// One by one, in the order of their numbers.
    Listed(Vec<NewLeaseInstalment>),
}

/// An instalment that is to be made, in minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseLine {
    /// The day by which it is to be paid.
    pub due_on: NaiveDate,
    /// The day on which it is billed.
    pub billing_on: Option<NaiveDate>,
    /// When the letter about it goes out.
    pub letter_at: Option<Micros>,
    /// When it is reminded of.
    pub reminder_at: Option<Micros>,
    /// What it is made of.
    pub parts: LeaseParts,
    /// What comes with it.
    pub service: LeaseService,
    /// Whether it is the residual value.
    pub residual: bool,
}

/// An optional amount; nothing when absent.
pub(super) fn minor(field: &str, amount: Option<Amount>, currency: Currency) -> Result<Minor, Refused> {
    amount.map_or(Ok(Minor::ZERO), |amount| to_minor(field, Money { amount: amount.0, currency }))
}

impl NewLeaseInstalment {
    /// # Errors
    /// `INVALID_INPUT` and `AMOUNT_OUT_OF_RANGE` for an amount, below the path.
    pub(super) fn line(&self, path: &str, currency: Currency) -> Result<LeaseLine, Refused> {
        let part = |field: &str, amount| minor(&format!("{path}{field}"), amount, currency);
        let parts = LeaseParts {
            principal: part("principal", self.principal)?,
            interest: part("interest", self.interest)?,
            fee: part("fee", self.fee)?,
            vat: part("vat", self.vat)?,
        };
        Ok(LeaseLine {
            due_on: self.due_on,
            billing_on: self.billing_on,
            letter_at: self.letter_at,
            reminder_at: self.reminder_at,
            parts: parts.checked(path)?,
            service: self.service,
            residual: self.residual,
        })
    }
}

impl LeasePlanTerms {
    /// The instalments: annuities, and the residual value on the day of the last of them. Their principal sums to the amount.
    /// The tax of each is that of its principal and interest, rounded half away from zero.
    ///
    /// # Errors
    /// `INVALID_INPUT` and `AMOUNT_OUT_OF_RANGE`, naming the field below `terms`.
    pub fn lines(&self, currency: Currency) -> Result<Vec<LeaseLine>, Refused> {
        let part = |field: &str, amount| {
            let minor = minor(&format!("terms.{field}"), amount, currency)?;
            match minor.0 {
                ..0 => Err(Refused::of_field(AMOUNT_OUT_OF_RANGE, &format!("terms.{field}"), "must not be below zero")),
                _ => Ok(minor),
            }
        };
        let (amount, residual) = (part("amount", Some(self.amount))?, part("residual", self.residual)?);
        let fee = part("fee", self.fee)?;
        if amount <= Minor::ZERO {
            return Err(Refused::of_field(AMOUNT_OUT_OF_RANGE, "terms.amount", "the amount must be positive"));
        }
        if residual >= amount {
            return Err(Refused::of_field(AMOUNT_OUT_OF_RANGE, "terms.residual", "must lie below what is financed"));
        }
        let (rate, vat) = (self.rate_annual_pct.0, self.vat_pct.map_or(Decimal::ZERO, |percent| percent.0));
        for (field, percent) in [("annualRatePct", rate), ("vatPct", vat)] {
            if percent < Decimal::ZERO || percent > Decimal::ONE_HUNDRED || percent.normalize().scale() > 4 {
                let message = "is 0 to 100, with at most four decimals";
                return Err(Refused::invalid(&format!("terms.{field}"), message));
            }
        }
        if !(1..=schedule::MOST_TERMS).contains(&self.count) {
            return Err(Refused::invalid("terms.count", format!("is 1 to {}", schedule::MOST_TERMS)));
        }
        let fees = fee.0.checked_mul(self.count.into()).filter(|fees| *fees <= Minor::LARGEST);
        let fees = fees.ok_or_else(|| Refused::of_field(AMOUNT_OUT_OF_RANGE, "terms.fee", "is too large"))?;
        let made = schedule::schedule(&Terms {
            credit: amount,
            rate_annual_pct: rate,
            count: self.count,
            method: RepaymentMethod::Annuity,
            balloon: residual,
            grace: 0,
            fee: Minor(fees),
            fee_timing: FeeTiming::Each,
            first: self.first_due_on,
        });
        let made = made.map_err(|no| Refused::invalid("terms.count", no.to_string()))?;
        let tax = |of: i64| share_of(Minor(of), vat);
        let mut lines = Vec::with_capacity(made.lines.len() + 1);
        for (place, line) in made.lines.iter().enumerate() {
            let last = place + 1 == made.lines.len();
            let principal = line.principal.0 - if last { residual.0 } else { 0 };
            let parts = LeaseParts {
                principal: Minor(principal),
                interest: line.interest,
                fee: line.fee,
                vat: tax(principal + line.interest.0),
            };
            if parts.checked("").is_err() {
                let message = "a rent would come to nothing, or to more than the books can say";
                return Err(Refused::invalid("terms.count", message));
            }
            lines.push(self.rent(line.due, parts, false));
        }
        if residual > Minor::ZERO {
            let due_on = lines.last().map_or(self.first_due_on, |line| line.due_on);
            let parts = LeaseParts { principal: residual, vat: tax(residual.0), ..LeaseParts::default() };
            lines.push(self.rent(due_on, parts, true));
        }
        Ok(lines)
    }

    /// That the first rent lies where the last one can be counted.
    pub(super) fn check_first(&self, today: NaiveDate) -> Result<(), Refused> {
        let latest = today.checked_add_days(Days::new(FIRST_AHEAD)).unwrap_or(today);
        if self.first_due_on < today || self.first_due_on > latest {
            let facts = Box::new(Facts { earliest: Some(today), latest: Some(latest), ..Facts::default() });
            let message = format!("must lie between {today} and {latest}");
            return Err(Refused { facts, ..Refused::invalid("terms.firstDueDate", message) });
        }
        Ok(())
    }

    fn rent(&self, due_on: NaiveDate, parts: LeaseParts, residual: bool) -> LeaseLine {
        let service = if residual { LeaseService::None } else { self.service };
        LeaseLine { due_on, billing_on: None, letter_at: None, reminder_at: None, parts, service, residual }
    }
}

impl NewLeaseInstalments {
    pub(super) fn lines(&self, currency: Currency) -> Result<Vec<LeaseLine>, Refused> {
        match self {
            Self::Terms(terms) => terms.lines(currency),
            Self::Listed(listed) if listed.is_empty() => {
                Err(Refused::invalid("instalments", "a plan has an instalment at least"))
            }
            Self::Listed(listed) => {
                let line =
                    |(place, new): (usize, &NewLeaseInstalment)| new.line(&format!("instalments.{place}."), currency);
                listed.iter().enumerate().map(line).collect()
            }
        }
    }

    /// The fields that an instalment comes from, and the one that its amount does.
    pub(super) fn path(&self, place: usize) -> (String, String) {
        match self {
            Self::Terms(_) => ("terms.".into(), "terms.amount".into()),
            Self::Listed(_) => (format!("instalments.{place}."), format!("instalments.{place}.principal")),
        }
    }
}
