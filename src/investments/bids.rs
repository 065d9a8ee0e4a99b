//! What places bids, withdraws and rejects them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events::{self, INVESTMENT_BID_PLACED, INVESTMENT_BID_REJECTED, INVESTMENT_BID_WITHDRAWN};
use super::model::{InvestmentBid, InvestmentBidStatus, InvestmentOffer, MOST_BIDS};
use super::refusals::INVESTMENT_ACCOUNT_REQUIRED;
use super::store::{OPEN_ON, OfferBy};
use crate::accounts::AccountRef;
use crate::accounts::model::Family;
use crate::ledger::HoldStatus;
use crate::ledger::amounts::positive;
use crate::ledger::event::EventType;
use crate::ledger::refusal::{CURRENCY_MISMATCH, LIMIT_EXCEEDED};
use crate::primitives::clock::Micros;
use crate::primitives::{Amount, HoldId, InvestmentBidId, InvestmentOfferId, Minor, Money};
use crate::refused::{Facts, Refused, noted, reason};
use crate::work::{Command, Decision, Named as _, NewHold, Owned as _, Wants, Work};

/// Bids on an offer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlaceBid {
    /// From which account.
    pub account: AccountRef,
    /// On which offer.
    pub offer: OfferBy,
    /// How much.
    pub amount: Money,
    /// When it ends by itself; when the offer is allocated or cancelled when absent.
    pub valid_until: Option<Micros>,
    /// The lowest rate that it takes, in percent a year.
    pub minimum_rate: Option<Amount>,
    /// The highest.
    pub maximum_rate: Option<Amount>,
    /// The least that is taken of it, in the bid's currency; any part when absent.
    pub minimum_amount: Option<Amount>,
    /// The most.
    pub maximum_amount: Option<Amount>,
    /// For the tenant's people.
    pub note: Option<String>,
    /// From the investor, for the issuer.
    pub message: Option<String>,
    /// The caller's: JSON, as text.
    pub additional_data: Option<String>,
}

impl Command for PlaceBid {
    const OPERATION: &'static str = "placeBid";
    type Made = InvestmentBid;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
        self.offer.hint(wants);
    }

    /// Refused as: the account's (`NOT_FOUND`, `LOOKUP_MISMATCH`, `AMBIGUOUS_LOOKUP`), `NOT_FOUND` for the offer,
    /// `INVALID_INPUT` and `AMOUNT_OUT_OF_RANGE` for amounts and texts, `INVESTMENT_ACCOUNT_REQUIRED`, `CURRENCY_MISMATCH`
    /// with the offer, `INVALID_STATE` and `OFFER_DEADLINE_PASSED`, `INVALID_INPUT` for bounds, `LIMIT_EXCEEDED`, then the
    /// books' (`ACCOUNT_NOT_OPEN`, `INSUFFICIENT_FUNDS`), in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<InvestmentBid>> {
        let account = self.account.locate(work)?;
        let offer = self.offer.locate(work, "offer")?;
        let currency = self.amount.currency;
        let amount = positive("amount", self.amount)?;
        let bound = |field, given: &Option<Amount>| -> Result<Option<Minor>, Refused> {
            let given = given.as_ref().map(|amount| Money { amount: amount.0, currency });
            given.map(|money| positive(field, money)).transpose()
        };
        let (minimum_amount, maximum_amount) =
            (bound("minAmount", &self.minimum_amount)?, bound("maxAmount", &self.maximum_amount)?);
        let note = noted("note", self.note.as_deref())?;
        let message = noted("message", self.message.as_deref())?;
        if account.family != Family::Investment {
            let message = "bids are placed from investment accounts";
            let facts = Box::new(Facts { account: Some(account.id), ..Facts::default() });
            let refused = Refused::of_field(INVESTMENT_ACCOUNT_REQUIRED, "account", message);
            return Err(Refused { facts, ..refused }.into());
        }
        if account.id == offer.issuer {
            return Err(Refused::invalid("account", "is the issuer's own").into());
        }
        if currency != offer.currency {
            let message = format!("the offer is in {}", offer.currency);
            return Err(Refused::of_field(CURRENCY_MISMATCH, "amount.currency", message).into());
        }
        offer.takes_bids(work.today(), "offer")?;
        let settings = work.settings();
        let bid = InvestmentBid {
            id: InvestmentBidId(uuid::Uuid::nil()),
            ordinal: work.ordinal(),
            offer: offer.id,
            account: account.id,
            currency,
            amount,
            accepted: Minor::ZERO,
            valid_until: self.valid_until,
            expires_on: self.valid_until.map(|until| settings.date_at(until)),
            minimum_rate: self.minimum_rate.as_ref().map(|rate| rate.0.normalize()),
            maximum_rate: self.maximum_rate.as_ref().map(|rate| rate.0.normalize()),
            minimum_amount,
            maximum_amount,
            note,
            message,
            additional_data: self.additional_data.clone(),
            status: InvestmentBidStatus::Open,
            reason: None,
            placed_at: work.now(),
            ended_at: None,
        }
        .checked(&offer, work.now())?;
        if open_on(work, offer.id)?.len() >= MOST_BIDS {
            let refused = Refused::of_field(LIMIT_EXCEEDED, "offer", format!("at most {MOST_BIDS} bids stand at once"));
            let facts = Facts { maximum_count: i32::try_from(MOST_BIDS).ok(), ..Facts::default() };
            return Err(Refused { facts: Box::new(facts), ..refused }.into());
        }
        let hold = NewHold {
            account: account.id,
            amount,
            currency,
            // The bid says when it ends, and takes the hold along.
            expires_at: None,
            description: format!("Bid on {}", offer.name),
            reference: Some(offer.code.clone()),
            card: None,
        };
        let hold = work.place_hold(&hold).named(&[(account.id, "account")])?;
        let bid = work.insert(InvestmentBid { id: InvestmentBidId(hold.id.0), ..bid })?;
        work.tell(events::of_bid(INVESTMENT_BID_PLACED, &bid));
        Ok(bid)
    }

    fn amount(&self, bid: &InvestmentBid) -> Option<Money> {
        Some(bid.amount.in_currency(bid.currency))
    }

    fn weight(&self) -> usize {
        5
    }
}

/// Takes a bid back, for the investor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WithdrawBid {
    /// Which.
    pub bid: InvestmentBidId,
    /// Why, for people.
    pub reason: Option<String>,
}

impl Command for WithdrawBid {
    const OPERATION: &'static str = "withdrawBid";
    type Made = InvestmentBid;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<InvestmentBid>(self.bid);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `INVALID_STATE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<InvestmentBid>> {
        let bid = locate(work, self.bid)?;
        let why = noted("reason", self.reason.as_deref())?;
        end(work, &bid, (InvestmentBidStatus::Withdrawn, INVESTMENT_BID_WITHDRAWN), why)
    }

    fn weight(&self) -> usize {
        5
    }
}

/// Turns a bid away, for the issuer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RejectBid {
    /// Which.
    pub bid: InvestmentBidId,
    /// Why, for people.
    pub reason: String,
}

impl Command for RejectBid {
    const OPERATION: &'static str = "rejectBid";
    type Made = InvestmentBid;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<InvestmentBid>(self.bid);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `INVALID_STATE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<InvestmentBid>> {
        let bid = locate(work, self.bid)?;
        let why = reason("reason", &self.reason)?;
        end(work, &bid, (InvestmentBidStatus::Rejected, INVESTMENT_BID_REJECTED), Some(why))
    }

    fn weight(&self) -> usize {
        5
    }
}

fn locate(work: &mut Work, id: InvestmentBidId) -> Decision<Arc<InvestmentBid>> {
    match work.get::<InvestmentBid>(id)? {
        Some(bid) if bid.is_visible(work)? => Ok(bid),
        _ => Err(Refused::not_found("bid", "bid").into()),
    }
}

/// The bids on an offer that have not ended, in the order of placing.
pub(super) fn open_on(work: &mut Work, offer: InvestmentOfferId) -> Decision<Vec<Arc<InvestmentBid>>> {
    work.all::<InvestmentBid, InvestmentOffer>(OPEN_ON, offer)
}

/// Ends a bid of which nothing is taken, and releases its hold.
pub(super) fn end(
    work: &mut Work,
    bid: &InvestmentBid,
    (to, told): (InvestmentBidStatus, EventType),
    reason: Option<String>,
) -> Decision<Arc<InvestmentBid>> {
    let now = work.now();
    let bid = work.change::<InvestmentBid, Refused>(bid.id, |bid| bid.end(to, reason, now))?;
    work.end_hold(bid.hold(), HoldStatus::Released).of_field("bid")?;
    work.tell(events::of_bid(told, &bid));
    Ok(bid)
}

/// Whether a hold is that of a bid: then it ends with the bid, and not by hand.
///
/// # Errors
/// That it is not loaded yet.
pub fn of_bid(work: &mut Work, hold: HoldId) -> Decision<bool> {
    Ok(work.get::<InvestmentBid>(InvestmentBidId(hold.0))?.is_some())
}

/// What [`of_bid`] looks up.
pub fn hint_of_bid(hold: HoldId, wants: &mut Wants) {
    wants.row::<InvestmentBid>(InvestmentBidId(hold.0));
}
