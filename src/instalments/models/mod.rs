//! What is offered: models of instalment credits, as data. What a credit would come to by one is worked out here, for a
//! simulation and for a contract alike.

mod commands;
pub mod store;

use chrono::{Days, NaiveDate};
use rust_decimal::{Decimal, RoundingStrategy};

use super::schedule::{FeeTiming, MOST_TERMS, NoSchedule, RepaymentMethod, Schedule, Terms, schedule};
use crate::ledger::refusal::{AMOUNT_OUT_OF_RANGE, CURRENCY_MISMATCH};
use crate::primitives::clock::Micros;
use crate::primitives::{Currency, InstalmentModelId, Minor, Money, ProductId};
use crate::refused::{Facts, INVALID_STATE, Refused, check_reference};

pub use commands::{CreateInstalmentModel, UpdateInstalmentModel};
pub use store::{InstalmentModelBy, InstalmentModelFilter};

/// The channel whose contracts are made by telephone number: their receiving account is the paying one.
pub const SMS: &str = "SMS";
/// The most numbers of instalments that a model offers.
const MOST_OFFERED: usize = 60;
/// The most days to the first instalment.
const MOST_DAYS: u32 = 366;
/// The highest rate, in percent a year.
const HIGHEST_RATE: u32 = 100;

crate::words! {
    /// Whether a model is in use.
    ModelStatus {
        /// Contracts are made by it.
        Active = "ACTIVE",
        /// It makes no new contracts; those that there are go on.
        Inactive = "INACTIVE",
    }

    /// In how many operations an instalment is posted on the account that pays it.
    PostingType {
        /// In one, of principal, interest and fee together.
        PrincipalInterestFee = "PRINCIPAL_INTEREST_FEE",
        /// In one of principal and interest, and another of the fee.
        PrincipalInterest = "PRINCIPAL_INTEREST",
        /// Principal, interest and fee apart.
        Separate = "SEPARATE",
    }
}

/// What instalment credits are an instance of. A contract keeps what it was made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalmentModel {
    /// Its id.
    pub id: InstalmentModelId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Unique in the tenant.
    pub reference: String,
    /// What kind of credit, as a word of the tenant's own: `TRANSACTION`, `CASH`.
    pub kind: String,
    /// Whether it is in use.
    pub status: ModelStatus,
    /// Of all its contracts.
    pub currency: Currency,
    /// The smallest credit.
    pub minimum: Minor,
    /// The largest credit.
    pub maximum: Minor,
    /// The only channel that contracts come by, as a word of the tenant's own; any, when absent.
    pub channel: Option<String>,
    /// The product of the accounts whose cards it is for; of any, when absent: then it is never derived from a card.
    pub card_product: Option<ProductId>,
    /// What the accounts that its contracts open are an instance of.
    pub account_product: ProductId,
    /// How many instalments are offered, rising.
    pub terms: Vec<u32>,
    /// How many there are when nothing is said.
    pub default_terms: u32,
    /// The fewest days from the contract to the first instalment.
    pub minimum_first_days: u32,
    /// The most of them.
    pub maximum_first_days: u32,
    /// When nothing is said.
    pub default_first_days: u32,
    /// The yearly rate, in percent.
    pub rate_annual_pct: Decimal,
    /// How instalments are made.
    pub method: RepaymentMethod,
    /// What is left for the last instalment, in percent of the credit.
    pub balloon_pct: Decimal,
    /// The first so many instalments repay nothing.
    pub grace_terms: u32,
    /// The fee of a contract.
    pub fee: Minor,
    /// When it is charged.
    pub fee_timing: FeeTiming,
    /// In how many operations an instalment is posted.
    pub posting: PostingType,
    /// How many open contracts by it a customer may have.
    pub maximum_per_customer: Option<u32>,
    /// How many of them may be of one day.
    pub maximum_per_day: Option<u32>,
    /// When it was created.
    pub created_at: Micros,
}

/// A plan that a model makes of a credit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What it follows from.
    pub terms: Terms,
    /// The instalments.
    pub schedule: Schedule,
}

impl InstalmentModel {
    /// Checks that it makes sense as a whole.
    ///
    /// # Errors
    /// `INVALID_INPUT` or `AMOUNT_OUT_OF_RANGE`, naming the first field at fault.
    pub fn checked(mut self) -> Result<Self, Refused> {
        check_reference("reference", Some(&self.reference))?;
        check_reference("type", Some(&self.kind))?;
        check_reference("channel", self.channel.as_deref())?;
        if self.minimum.0 <= 0 {
            return Err(Refused::of_field(AMOUNT_OUT_OF_RANGE, "minimumAmount", "must be positive"));
        }
        if self.maximum < self.minimum {
            return Err(Refused::of_field(AMOUNT_OUT_OF_RANGE, "maximumAmount", "must not be below the minimum"));
        }
        self.terms.sort_unstable();
        self.terms.dedup();
        if self.terms.is_empty() || self.terms.len() > MOST_OFFERED {
            return Err(Refused::invalid("terms", format!("must be 1 to {MOST_OFFERED} numbers")));
        }
        if self.terms.iter().any(|count| !(1..=MOST_TERMS).contains(count)) {
            return Err(Refused::invalid("terms", format!("must lie between 1 and {MOST_TERMS}")));
        }
        if !self.terms.contains(&self.default_terms) {
            return Err(Refused::invalid("defaultTerms", "must be one of the terms"));
        }
        if self.maximum_first_days > MOST_DAYS || self.minimum_first_days > self.maximum_first_days {
            let message = format!("must not be below the minimum, nor above {MOST_DAYS}");
            return Err(Refused::invalid("maximumFirstDays", message));
        }
        if !(self.minimum_first_days..=self.maximum_first_days).contains(&self.default_first_days) {
            return Err(Refused::invalid("defaultFirstDays", "must lie between the minimum and the maximum"));
        }
        percent("annualRate", self.rate_annual_pct, |rate| rate <= Decimal::from(HIGHEST_RATE))?;
        percent("balloonPercent", self.balloon_pct, |part| part < Decimal::ONE_HUNDRED)?;
        if self.terms.iter().any(|count| *count <= self.grace_terms) {
            return Err(Refused::invalid("graceTerms", "must be fewer than the fewest terms"));
        }
        if self.fee.0 < 0 {
            return Err(Refused::of_field(AMOUNT_OUT_OF_RANGE, "fee", "must not be negative"));
        }
        for (field, most) in
            [("maximumPerCustomer", self.maximum_per_customer), ("maximumPerDay", self.maximum_per_day)]
        {
            if most == Some(0) {
                return Err(Refused::invalid(field, "must be positive, or left out"));
            }
        }
        Ok(self)
    }

    /// That contracts are made by it.
    ///
    /// # Errors
    /// `INVALID_STATE`.
    pub fn require_active(&self, field: &str) -> Result<(), Refused> {
        match self.status {
            ModelStatus::Active => Ok(()),
            ModelStatus::Inactive => {
                let mut refused = Refused::of_field(INVALID_STATE, field, "the model is not in use");
                refused.facts.status = Some(self.status.word());
                Err(refused)
            }
        }
    }

    /// That it lends so much.
    ///
    /// # Errors
    /// `CURRENCY_MISMATCH`, `AMOUNT_OUT_OF_RANGE`, for the field.
    pub fn require_lends(&self, field: &str, credit: Minor, currency: Currency) -> Result<(), Refused> {
        if currency != self.currency {
            let message = format!("the model lends {}", self.currency);
            return Err(Refused::of_field(CURRENCY_MISMATCH, &format!("{field}.currency"), message));
        }
        let (minimum, maximum) = (self.minimum.in_currency(currency), self.maximum.in_currency(currency));
        if credit < self.minimum || credit > self.maximum {
            let message = format!("the model lends {minimum} to {maximum}");
            let limit = Some(if credit < self.minimum { minimum } else { maximum });
            let facts = Box::new(Facts { limit, ..Facts::default() });
            return Err(Refused { facts, ..Refused::of_field(AMOUNT_OUT_OF_RANGE, field, message) });
        }
        Ok(())
    }

    /// Whether contracts may come by a channel.
    #[must_use]
    pub fn takes(&self, channel: &str) -> bool {
        self.channel.as_deref().is_none_or(|own| own == channel)
    }

    /// How many instalments there are, of what was asked for.
    ///
    /// # Errors
    /// `INVALID_INPUT` for `terms`.
    pub fn count(&self, asked: Option<u32>) -> Result<u32, Refused> {
        match asked {
            None => Ok(self.default_terms),
            Some(count) if self.terms.contains(&count) => Ok(count),
            Some(_) => {
                let offered: Vec<String> = self.terms.iter().map(u32::to_string).collect();
                Err(Refused::invalid("terms", format!("the model offers {}", offered.join(", "))))
            }
        }
    }

    /// When the first instalment is due, of what was asked for.
    ///
    /// # Errors
    /// `INVALID_INPUT` for `firstDueDate`, with the first and the last day that would do.
    pub fn first_due(&self, asked: Option<NaiveDate>, today: NaiveDate) -> Result<NaiveDate, Refused> {
        let after = |days: u32| today.checked_add_days(Days::new(days.into())).unwrap_or(NaiveDate::MAX);
        let (earliest, latest) = (after(self.minimum_first_days), after(self.maximum_first_days));
        let date = asked.unwrap_or_else(|| after(self.default_first_days));
        if date < earliest || date > latest {
            let message = format!("must lie between {earliest} and {latest}");
            let facts = Box::new(Facts { earliest: Some(earliest), latest: Some(latest), ..Facts::default() });
            return Err(Refused { facts, ..Refused::invalid("firstDueDate", message) });
        }
        Ok(date)
    }

    /// The plan of a credit. What is left for the last instalment is rounded half up.
    ///
    /// # Errors
    /// [`NoSchedule`].
    pub fn plan(&self, credit: Minor, count: u32, first: NaiveDate) -> Result<Plan, NoSchedule> {
        use rust_decimal::prelude::ToPrimitive as _;
        let balloon = Decimal::from(credit.0) * self.balloon_pct / Decimal::ONE_HUNDRED;
        let balloon = balloon.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
        let terms = Terms {
            credit,
            rate_annual_pct: self.rate_annual_pct,
            count,
            method: self.method,
            balloon: Minor(balloon.to_i64().ok_or(NoSchedule::OutOfRange)?),
            grace: self.grace_terms,
            fee: self.fee,
            fee_timing: self.fee_timing,
            first,
        };
        let schedule = schedule(&terms)?;
        Ok(Plan { terms, schedule })
    }

    /// The plans that a simulation shows: for the number of instalments that is asked for, or for each that is offered.
    /// What a plan cannot be made of is left out, unless it was asked for.
    ///
    /// # Errors
    /// As the contract would be refused: what [`Self::require_lends`], [`Self::count`] and [`Self::first_due`] say, and
    /// `INVALID_INPUT` for `terms` where no plan can be made.
    pub fn simulate(
        &self,
        credit: Minor,
        money: Money,
        count: Option<u32>,
        first: Option<NaiveDate>,
        today: NaiveDate,
    ) -> Result<Vec<Plan>, Refused> {
        self.require_active("model")?;
        self.require_lends("credit", credit, money.currency)?;
        let first = self.first_due(first, today)?;
        let counts = match count {
            Some(_) => vec![self.count(count)?],
            None => self.terms.clone(),
        };
        let plans: Vec<_> = counts.into_iter().map(|count| self.plan(credit, count, first)).collect();
        match plans.iter().find_map(|plan| plan.as_ref().err()) {
            Some(no) if plans.iter().all(Result::is_err) => Err(Refused::invalid("terms", no.to_string())),
            _ => Ok(plans.into_iter().flatten().collect()),
        }
    }
}

/// A percentage: not negative, with at most four decimals, and not too high.
fn percent(field: &str, rate: Decimal, fits: impl Fn(Decimal) -> bool) -> Result<(), Refused> {
    if rate.is_sign_negative() && !rate.is_zero() || !fits(rate) || rate.normalize().scale() > 4 {
        return Err(Refused::invalid(field, "must be a percentage below or at the highest, with at most 4 decimals"));
    }
    Ok(())
}
