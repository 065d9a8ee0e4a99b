//! What creates offers, gives them up and allocates them.

use std::sync::Arc;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::allocation::{Allocation, allocate};
use super::bids::{end, open_on};
use super::events::{
    self, INVESTMENT_BID_ACCEPTED, INVESTMENT_BID_EXPIRED, INVESTMENT_BID_REJECTED, INVESTMENT_OFFER_ALLOCATED,
    INVESTMENT_OFFER_CANCELLED, INVESTMENT_OFFER_CREATED,
};
use super::model::{InvestmentBid, InvestmentBidStatus, InvestmentOffer, InvestmentOfferStatus, InvestmentPosition};
use super::refusals::NOTHING_TO_ALLOCATE;
use super::store::OfferBy;
use crate::accounts::AccountBy;
use crate::ledger::amounts::positive;
use crate::ledger::entry::{Side, Spread};
use crate::ledger::refusal::CURRENCY_MISMATCH;
use crate::ledger::{AccountStatus, Draft, HoldStatus, Position, Refusal, TransactionKind};
use crate::primitives::{AccountId, Amount, InvestmentBidId, InvestmentPositionId, Minor, Money};
use crate::refused::{Refused, reason};
use crate::work::{Command, Decision, Named as _, Stop, Wants, Work};

/// Offers something to investors.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateOffer {
    /// Unique in the tenant.
    pub code: String,
    /// What investors call it.
    pub name: String,
    /// The account of whom the money is for.
    pub issuer: AccountBy,
    /// How much is sought.
    pub sought: Money,
    /// The lowest rate that is paid, in percent a year.
    pub minimum_rate: Amount,
    /// The highest.
    pub maximum_rate: Amount,
    /// For how long, in months.
    pub term_months: u32,
    /// The last day on which bids are taken.
    pub deadline: NaiveDate,
}

impl Command for CreateOffer {
    const OPERATION: &'static str = "createInvestmentOffer";
    type Made = InvestmentOffer;

    fn looks_at(&self, wants: &mut Wants) {
        self.issuer.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT` and `AMOUNT_OUT_OF_RANGE` in the order of the fields, `ACCOUNT_NOT_OPEN`,
    /// `CURRENCY_MISMATCH` for an issuer's account in another currency, `DUPLICATE_REFERENCE` for the code, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<InvestmentOffer>> {
        let issuer = self.issuer.locate_id(work, "issuer")?;
        let sought = positive("amount", self.sought)?;
        let offer = InvestmentOffer {
            id: work.id(),
            ordinal: work.ordinal(),
            code: self.code.clone(),
            name: self.name.clone(),
            issuer,
            currency: self.sought.currency,
            sought,
            minimum_rate: self.minimum_rate.0.normalize(),
            maximum_rate: self.maximum_rate.0.normalize(),
            term_months: self.term_months,
            deadline: self.deadline,
            status: InvestmentOfferStatus::Open,
            rate: None,
            invested: Minor::ZERO,
            repaid: Minor::ZERO,
            interest: Minor::ZERO,
            created_at: work.now(),
            allocated_on: None,
            closed_on: None,
        }
        .checked(work.today())?;
        let position = work.position(issuer)?;
        if position.status != AccountStatus::Open {
            let refusal = Refusal::AccountNotOpen { account: issuer, status: position.status };
            return Err(Stop::from(refusal)).named(&[(issuer, "issuer")]);
        }
        if position.currency != offer.currency {
            let message = format!("the issuer's account is kept in {}", position.currency);
            return Err(Refused::of_field(CURRENCY_MISMATCH, "amount.currency", message).into());
        }
        let offer = work.insert(offer)?;
        tie(work, issuer)?;
        work.tell(events::of_offer(INVESTMENT_OFFER_CREATED, &offer));
        Ok(offer)
    }

    fn weight(&self) -> usize {
        4
    }
}

/// Gives an offer up: its bids are rejected.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CancelOffer {
    /// Which.
    pub offer: OfferBy,
    /// Why, for people.
    pub reason: String,
}

impl Command for CancelOffer {
    const OPERATION: &'static str = "cancelInvestmentOffer";
    type Made = InvestmentOffer;

    fn looks_at(&self, wants: &mut Wants) {
        self.offer.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `INVALID_STATE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<InvestmentOffer>> {
        let found = self.offer.locate(work, "offer")?;
        let why = reason("reason", &self.reason)?;
        found.may_become(InvestmentOfferStatus::Cancelled, "offer")?;
        for bid in open_on(work, found.id)? {
            end(work, &bid, (InvestmentBidStatus::Rejected, INVESTMENT_BID_REJECTED), Some(why.clone()))?;
        }
        let today = work.today();
        let offer = work.change::<InvestmentOffer, Refused>(found.id, |offer| {
            offer.status = InvestmentOfferStatus::Cancelled;
            offer.closed_on = Some(today);
            Ok(())
        })?;
        work.tell(events::of_offer(INVESTMENT_OFFER_CANCELLED, &offer));
        untie(work, offer.issuer)?;
        Ok(offer)
    }

    fn weight(&self) -> usize {
        200
    }
}

/// Takes the bids on an offer, by the rule of [`allocate`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AllocateOffer {
    /// Which.
    pub offer: OfferBy,
}

impl Command for AllocateOffer {
    const OPERATION: &'static str = "allocateOffer";
    type Made = InvestmentOffer;

    fn looks_at(&self, wants: &mut Wants) {
        self.offer.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, `NOTHING_TO_ALLOCATE`, then the books' for the issuer's account (an
    /// investor's money is reserved), in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<InvestmentOffer>> {
        let found = self.offer.locate(work, "offer")?;
        found.may_become(InvestmentOfferStatus::Allocated, "offer")?;
        let (bids, now) = (open_on(work, found.id)?, work.now());
        let asked: Vec<_> = bids.iter().filter(|bid| bid.stands(now)).map(|bid| bid.asked(&found)).collect();
        let Allocation { parts, rate: Some(rate) } = allocate(&asked, found.sought) else {
            return Err(Refused::of_field(NOTHING_TO_ALLOCATE, "offer", "no bid on it can be taken").into());
        };
        let accounts: Vec<AccountId> = bids.iter().map(|bid| bid.account).chain([found.issuer]).collect();
        work.get_all::<Position>(&accounts)?;
        let mut invested = Minor::ZERO;
        for bid in bids {
            match parts.iter().find(|(id, _)| *id == bid.id) {
                Some((_, part)) => {
                    take(work, &found, &bid, (*part, rate))?;
                    invested.0 += part.0;
                }
                None if bid.stands(now) => {
                    let why = Some("the offer took others".to_owned());
                    end(work, &bid, (InvestmentBidStatus::Rejected, INVESTMENT_BID_REJECTED), why)?;
                }
                None => end(work, &bid, (InvestmentBidStatus::Expired, INVESTMENT_BID_EXPIRED), None).map(|_| ())?,
            }
        }
        let today = work.today();
        let offer = work.change::<InvestmentOffer, Refused>(found.id, |offer| {
            offer.status = InvestmentOfferStatus::Allocated;
            (offer.rate, offer.invested, offer.allocated_on) = (Some(rate), invested, Some(today));
            Ok(())
        })?;
        work.tell(events::of_offer(INVESTMENT_OFFER_ALLOCATED, &offer));
        Ok(offer)
    }

    fn weight(&self) -> usize {
        400
    }
}

/// Turns what is taken of a bid into a position: the issuer has the money, and the rest of the hold is free.
fn take(work: &mut Work, offer: &InvestmentOffer, bid: &InvestmentBid, (part, rate): (Minor, Decimal)) -> Decision<()> {
    let mut draft = Draft::new(TransactionKind::Investment, bid.currency, offer.name.clone());
    draft.facts.reference = Some(offer.code.clone());
    let from = Side::Account(bid.account, Spread::Reserved, None);
    let draft = draft.moving(from, Side::account(offer.issuer), part);
    work.clear_hold(bid.hold(), part, &draft).of_field("offer")?;
    let whole = part == bid.amount;
    if !whole {
        work.end_hold(bid.hold(), HoldStatus::Released).of_field("offer")?;
    }
    let now = work.now();
    let status = if whole { InvestmentBidStatus::Accepted } else { InvestmentBidStatus::PartlyAccepted };
    let bid = work.change::<InvestmentBid, Refused>(bid.id, |bid| {
        bid.accepted = part;
        bid.end(status, None, now)
    })?;
    let position = InvestmentPosition {
        id: position_of(bid.id),
        ordinal: work.ordinal(),
        bid: bid.id,
        offer: offer.id,
        account: bid.account,
        currency: bid.currency,
        invested: part,
        repaid: Minor::ZERO,
        interest: Minor::ZERO,
        rate,
        opened_on: work.today(),
    };
    work.insert(position)?;
    tie(work, bid.account)?;
    work.tell(events::of_bid(INVESTMENT_BID_ACCEPTED, &bid));
    Ok(())
}

/// The position that comes of a bid.
pub(super) fn position_of(bid: InvestmentBidId) -> InvestmentPositionId {
    InvestmentPositionId(bid.0)
}

/// Notes on an account that something more hangs on it: it does not close as long as that is so.
fn tie(work: &mut Work, account: AccountId) -> Decision<()> {
    work.position(account)?;
    work.change::<Position, Refused>(account, |position| {
        position.ties = position.ties.one_more();
        Ok(())
    })?;
    Ok(())
}

/// The same of one less. An account that waits to be closed may have waited for that alone.
pub(super) fn untie(work: &mut Work, account: AccountId) -> Decision<()> {
    work.position(account)?;
    work.change::<Position, Refused>(account, |position| {
        position.ties = position.ties.one_less();
        Ok(())
    })?;
    work.close_if_nothing_holds_it_back(account)
}
