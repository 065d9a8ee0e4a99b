//! What the log tells of investments.

use serde_json::json;

use super::model::{InvestmentBid, InvestmentDistribution, InvestmentOffer, InvestmentPosition};
use crate::ledger::event::{EventType, NewEvent};
use crate::primitives::Minor;

crate::open_words! { EventType:
    /// What is told of investments.
    TYPES {
        /// An offer was created.
        INVESTMENT_OFFER_CREATED,
        /// An offer was allocated.
        INVESTMENT_OFFER_ALLOCATED,
        /// An offer was cancelled.
        INVESTMENT_OFFER_CANCELLED,
        /// What was invested by an offer is repaid.
        INVESTMENT_OFFER_CLOSED,
        /// A bid was placed.
        INVESTMENT_BID_PLACED,
        /// A bid was taken, in whole or in part.
        INVESTMENT_BID_ACCEPTED,
        /// A bid was rejected.
        INVESTMENT_BID_REJECTED,
        /// A bid was withdrawn.
        INVESTMENT_BID_WITHDRAWN,
        /// A bid ran out of time.
        INVESTMENT_BID_EXPIRED,
        /// Interest or a repayment was distributed to the positions of an offer.
        INVESTMENT_DISTRIBUTED,
        /// A position was paid its share.
        INVESTMENT_POSITION_PAID,
    }
}

/// Something happened to an offer.
#[must_use]
pub fn of_offer(type_: EventType, offer: &InvestmentOffer) -> NewEvent {
    let money = |amount: Minor| amount.in_currency(offer.currency).amount.to_string();
    let payload = json!({
        "offer": offer.id.to_string(),
        "code": offer.code,
        "status": offer.status.word(),
        "invested": money(offer.invested),
        "currency": offer.currency.code(),
    });
    NewEvent::of(type_, offer.id, payload)
}

/// Something happened to a bid.
#[must_use]
pub fn of_bid(type_: EventType, bid: &InvestmentBid) -> NewEvent {
    let money = |amount: Minor| amount.in_currency(bid.currency).amount.to_string();
    let payload = json!({
        "bid": bid.id.to_string(),
        "offer": bid.offer.to_string(),
        "status": bid.status.word(),
        "amount": money(bid.amount),
        "accepted": money(bid.accepted),
        "currency": bid.currency.code(),
    });
    NewEvent { subject: bid.id.to_string(), ..NewEvent::of_account(type_, bid.account, payload) }
}

/// Something was distributed.
#[must_use]
pub fn distributed(offer: &InvestmentOffer, paid: &InvestmentDistribution) -> NewEvent {
    let money = |amount: Minor| amount.in_currency(offer.currency).amount.to_string();
    let payload = json!({
        "offer": offer.id.to_string(),
        "interest": money(paid.interest),
        "repayment": money(paid.repayment),
        "currency": offer.currency.code(),
    });
    NewEvent::of(INVESTMENT_DISTRIBUTED, offer.id, payload)
}

/// A position had its share of a distribution.
#[must_use]
pub fn paid(position: &InvestmentPosition, interest: Minor, repayment: Minor) -> NewEvent {
    let money = |amount: Minor| amount.in_currency(position.currency).amount.to_string();
    let payload = json!({
        "bid": position.bid.to_string(),
        "offer": position.offer.to_string(),
        "interest": money(interest),
        "repayment": money(repayment),
        "outstanding": money(position.outstanding()),
        "currency": position.currency.code(),
    });
    NewEvent {
        subject: position.bid.to_string(),
        ..NewEvent::of_account(INVESTMENT_POSITION_PAID, position.account, payload)
    }
}
