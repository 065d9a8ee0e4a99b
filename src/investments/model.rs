//! Offers, bids and positions, and where they may go.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::allocation::Asked;
use super::refusals::OFFER_DEADLINE_PASSED;
use crate::primitives::clock::Micros;
use crate::primitives::{
    AccountId, Currency, HoldId, InvestmentBidId, InvestmentDistributionId, InvestmentOfferId, InvestmentPositionId,
    Minor, text,
};
use crate::refused::{Facts, INVALID_STATE, Refused, check_reference};

/// Bids on one offer that stand, at most: they are allocated in one decision.
pub const MOST_BIDS: usize = 200;
/// Decimals of a rate, at most.
const RATE_DECIMALS: u32 = 6;
/// The longest term, in months: fifty years.
const LONGEST_TERM: u32 = 600;

crate::words! {
    /// Where an offer is in its life.
    InvestmentOfferStatus {
        /// It takes bids through its deadline, and waits to be allocated.
        Open = "OPEN",
        /// It has what it has taken; interest and repayments are distributed.
        Allocated = "ALLOCATED",
        /// All that was invested is repaid.
        Closed = "CLOSED",
        /// It was given up before it was allocated.
        Cancelled = "CANCELLED",
    }

    /// Where a bid is in its life.
    InvestmentBidStatus {
        /// It stands, and its amount is reserved.
        Open = "OPEN",
        /// A part of it was taken, and the rest is free again.
        PartlyAccepted = "PARTLY_ACCEPTED",
        /// It was taken as a whole.
        Accepted = "ACCEPTED",
        /// It was not taken, or turned away by hand.
        Rejected = "REJECTED",
        /// It ran out of time.
        Expired = "EXPIRED",
        /// The investor took it back.
        Withdrawn = "WITHDRAWN",
    }

    /// What can be done with an offer.
    InvestmentOfferAction {
        /// `placeBid`.
        PlaceBid = "PLACE_BID",
        /// `allocateOffer`.
        Allocate = "ALLOCATE",
        /// `cancelInvestmentOffer`.
        Cancel = "CANCEL",
        /// `distributeInvestment`.
        Distribute = "DISTRIBUTE",
    }

    /// What can be done with a bid.
    InvestmentBidAction {
        /// `withdrawBid`.
        Withdraw = "WITHDRAW",
        /// `rejectBid`.
        Reject = "REJECT",
    }
}

impl InvestmentOfferStatus {
    /// What it may become.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Open => &[Self::Allocated, Self::Cancelled],
            Self::Allocated => &[Self::Closed],
            Self::Closed | Self::Cancelled => &[],
        }
    }
}

impl InvestmentBidStatus {
    /// What it may become.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Open => &[Self::PartlyAccepted, Self::Accepted, Self::Rejected, Self::Expired, Self::Withdrawn],
            Self::PartlyAccepted | Self::Accepted | Self::Rejected | Self::Expired | Self::Withdrawn => &[],
        }
    }
}

/// `INVALID_STATE` for a field that names something in a state.
fn not_so(field: &str, what: &str, status: &'static str) -> Refused {
    let facts = Box::new(Facts { status: Some(status), ..Facts::default() });
    Refused { facts, ..Refused::of_field(INVALID_STATE, field, format!("the {what} is {status}")) }
}

/// A rate in percent a year: 0 to 100, with at most six decimals.
///
/// # Errors
/// `INVALID_INPUT` for the field.
pub fn check_rate(field: &str, rate: Decimal) -> Result<Decimal, Refused> {
    let rate = rate.normalize();
    if rate < Decimal::ZERO || rate > Decimal::ONE_HUNDRED || rate.scale() > RATE_DECIMALS {
        let message = format!("a percentage from 0 to 100, with at most {RATE_DECIMALS} decimals");
        return Err(Refused::invalid(field, message));
    }
    Ok(rate)
}

/// Something that seeks money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvestmentOffer {
    /// Its id.
    pub id: InvestmentOfferId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Unique in the tenant.
    pub code: String,
    /// What investors call it.
    pub name: String,
    /// The account of whom the money is for, and who repays it.
    pub issuer: AccountId,
    /// In which currency.
    pub currency: Currency,
    /// How much is sought.
    pub sought: Minor,
    /// The lowest rate that is paid, in percent a year.
    pub minimum_rate: Decimal,
    /// The highest.
    pub maximum_rate: Decimal,
    /// For how long, in months.
    pub term_months: u32,
    /// The last day on which bids are taken.
    pub deadline: NaiveDate,
    /// Where it is in its life.
    pub status: InvestmentOfferStatus,
    /// What the allocation came to, in percent a year.
    pub rate: Option<Decimal>,
    /// How much was taken.
    pub invested: Minor,
    /// How much of that is repaid.
    pub repaid: Minor,
    /// How much interest was distributed.
    pub interest: Minor,
    /// When it was created.
    pub created_at: Micros,
    /// The business date on which it was allocated.
    pub allocated_on: Option<NaiveDate>,
    /// The business date on which it was over.
    pub closed_on: Option<NaiveDate>,
}

impl InvestmentOffer {
    /// Checks that it makes sense as a whole, but for its issuer; `today` is the business date.
    ///
    /// # Errors
    /// `INVALID_INPUT`, for the first field at fault.
    pub fn checked(self, today: NaiveDate) -> Result<Self, Refused> {
        check_reference("code", Some(&self.code))?;
        text::required(&self.name, 200).map_err(|problem| Refused::invalid("name", problem.to_string()))?;
        check_rate("minRate", self.minimum_rate)?;
        check_rate("maxRate", self.maximum_rate)?;
        if self.minimum_rate > self.maximum_rate {
            return Err(Refused::invalid("minRate", "must not be above maxRate"));
        }
        if !(1..=LONGEST_TERM).contains(&self.term_months) {
            return Err(Refused::invalid("termMonths", format!("between 1 and {LONGEST_TERM}")));
        }
        if self.deadline < today {
            let facts = Box::new(Facts { earliest: Some(today), ..Facts::default() });
            return Err(Refused { facts, ..Refused::invalid("allocationDeadline", "must not lie in the past") });
        }
        Ok(self)
    }

    /// That it may become another.
    ///
    /// # Errors
    /// `INVALID_STATE` for the field.
    pub fn may_become(&self, to: InvestmentOfferStatus, field: &str) -> Result<(), Refused> {
        if self.status.next().contains(&to) { Ok(()) } else { Err(not_so(field, "offer", self.status.word())) }
    }

    /// That it takes bids on a day.
    ///
    /// # Errors
    /// `INVALID_STATE`, `OFFER_DEADLINE_PASSED` for the field.
    pub fn takes_bids(&self, today: NaiveDate, field: &str) -> Result<(), Refused> {
        self.may_become(InvestmentOfferStatus::Allocated, field)?;
        if today > self.deadline {
            let facts = Box::new(Facts { latest: Some(self.deadline), ..Facts::default() });
            let message = format!("bids were taken through {}", self.deadline);
            return Err(Refused { facts, ..Refused::of_field(OFFER_DEADLINE_PASSED, field, message) });
        }
        Ok(())
    }

    /// That something can be distributed.
    ///
    /// # Errors
    /// `INVALID_STATE` for the field.
    pub fn is_outstanding(&self, field: &str) -> Result<(), Refused> {
        self.may_become(InvestmentOfferStatus::Closed, field)
    }

    /// What is not repaid.
    #[must_use]
    pub fn outstanding(&self) -> Minor {
        Minor(self.invested.0 - self.repaid.0)
    }
}

/// What an investor would give to an offer. Its id is that of its hold, so that the one is found by the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvestmentBid {
    /// Its id.
    pub id: InvestmentBidId,
    /// Its place in lists.
    pub ordinal: i64,
    /// On which offer.
    pub offer: InvestmentOfferId,
    /// From which account.
    pub account: AccountId,
    /// In which currency.
    pub currency: Currency,
    /// What is bid, and reserved.
    pub amount: Minor,
    /// What was taken of it.
    pub accepted: Minor,
    /// When it ends by itself.
    pub valid_until: Option<Micros>,
    /// The business date at whose end the day step looks for it.
    pub expires_on: Option<NaiveDate>,
    /// The lowest rate that it takes, in percent a year.
    pub minimum_rate: Option<Decimal>,
    /// The highest.
    pub maximum_rate: Option<Decimal>,
    /// The least that is taken of it.
    pub minimum_amount: Option<Minor>,
    /// The most.
    pub maximum_amount: Option<Minor>,
    /// For the tenant's people.
    pub note: Option<String>,
    /// From the investor, for the issuer.
    pub message: Option<String>,
    /// The caller's: JSON, as text.
    pub additional_data: Option<String>,
    /// Where it is in its life.
    pub status: InvestmentBidStatus,
    /// Why it ended, for people.
    pub reason: Option<String>,
    /// When it was placed.
    pub placed_at: Micros,
    /// When it ended.
    pub ended_at: Option<Micros>,
}

impl InvestmentBid {
    /// The hold that reserves its amount.
    #[must_use]
    pub fn hold(&self) -> HoldId {
        HoldId(self.id.0)
    }

    /// Checks that its bounds make sense, and may be met by the offer; `now` is the tenant's present.
    ///
    /// # Errors
    /// `INVALID_INPUT`, for the first field at fault.
    pub fn checked(self, offer: &InvestmentOffer, now: Micros) -> Result<Self, Refused> {
        if self.valid_until.is_some_and(|until| until <= now) {
            return Err(Refused::invalid("validUntil", "must lie in the future"));
        }
        for (field, rate) in [("minRate", self.minimum_rate), ("maxRate", self.maximum_rate)] {
            if let Some(rate) = rate {
                check_rate(field, rate)?;
            }
        }
        if let (Some(least), Some(most)) = (self.minimum_rate, self.maximum_rate)
            && least > most
        {
            return Err(Refused::invalid("minRate", "must not be above maxRate"));
        }
        if self.minimum_rate.is_some_and(|least| least > offer.maximum_rate) {
            let message = format!("the offer pays at most {} %", offer.maximum_rate);
            return Err(Refused::invalid("minRate", message));
        }
        if self.maximum_rate.is_some_and(|most| most < offer.minimum_rate) {
            let message = format!("the offer pays at least {} %", offer.minimum_rate);
            return Err(Refused::invalid("maxRate", message));
        }
        if let (Some(least), Some(most)) = (self.minimum_amount, self.maximum_amount)
            && least > most
        {
            return Err(Refused::invalid("minAmount", "must not be above maxAmount"));
        }
        if self.minimum_amount.is_some_and(|least| least > self.amount) {
            return Err(Refused::invalid("minAmount", "must not be above the amount"));
        }
        Ok(self)
    }

    /// Whether it can still be taken.
    #[must_use]
    pub fn stands(&self, now: Micros) -> bool {
        self.status == InvestmentBidStatus::Open && self.valid_until.is_none_or(|until| now < until)
    }

    /// As the rule of allocation sees it.
    #[must_use]
    pub fn asked(&self, offer: &InvestmentOffer) -> Asked<InvestmentBidId> {
        Asked {
            id: self.id,
            rate: self.minimum_rate.map_or(offer.minimum_rate, |rate| rate.max(offer.minimum_rate)),
            most_rate: self.maximum_rate,
            want: self.maximum_amount.map_or(self.amount, |most| most.min(self.amount)),
            least: self.minimum_amount.unwrap_or(Minor(1)),
            placed: self.ordinal,
        }
    }

    /// Ends it.
    ///
    /// # Errors
    /// `INVALID_STATE` for `bid`.
    pub fn end(&mut self, to: InvestmentBidStatus, reason: Option<String>, now: Micros) -> Result<(), Refused> {
        self.may_become(to, "bid")?;
        self.status = to;
        self.reason = reason;
        self.ended_at = Some(now);
        Ok(())
    }

    /// That it may become another.
    ///
    /// # Errors
    /// `INVALID_STATE` for the field.
    pub fn may_become(&self, to: InvestmentBidStatus, field: &str) -> Result<(), Refused> {
        if self.status.next().contains(&to) { Ok(()) } else { Err(not_so(field, "bid", self.status.word())) }
    }
}

/// What an investor has in an offer: its id is that of the bid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvestmentPosition {
    /// Its id.
    pub id: InvestmentPositionId,
    /// Its place in lists.
    pub ordinal: i64,
    /// The bid that it came of.
    pub bid: InvestmentBidId,
    /// In which offer.
    pub offer: InvestmentOfferId,
    /// Whose: the account that gave and is repaid.
    pub account: AccountId,
    /// In which currency.
    pub currency: Currency,
    /// How much was given.
    pub invested: Minor,
    /// How much of that is repaid.
    pub repaid: Minor,
    /// How much interest was paid on it.
    pub interest: Minor,
    /// What it is paid, in percent a year.
    pub rate: Decimal,
    /// When it was taken.
    pub opened_on: NaiveDate,
}

impl InvestmentPosition {
    /// What is not repaid.
    #[must_use]
    pub fn outstanding(&self) -> Minor {
        Minor(self.invested.0 - self.repaid.0)
    }
}

/// What an issuer paid to the positions of an offer at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvestmentDistribution {
    /// Its id.
    pub id: InvestmentDistributionId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Of which offer.
    pub offer: InvestmentOfferId,
    /// In which currency.
    pub currency: Currency,
    /// How much of it was interest.
    pub interest: Minor,
    /// How much was repaid.
    pub repayment: Minor,
    /// The business date.
    pub paid_on: NaiveDate,
    /// When it was booked.
    pub paid_at: Micros,
}
