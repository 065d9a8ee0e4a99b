//! Investments: offers that seek money, bids on them from investment accounts, and what comes of it.
//!
//! An offer seeks an amount at a rate within a range, for the account of its issuer. A bid reserves its amount on the
//! investor's account as long as it stands. Allocation takes bids by the rule of [`allocation`]; what is taken becomes a
//! position, and all positions of an offer have the one rate that the allocation came to. What the issuer pays later goes
//! to the positions in the proportion of what is outstanding of each, to the last minor unit.
//!
//! | offer | bids | becomes |
//! |---|---|---|
//! | OPEN | are taken through its deadline | ALLOCATED, CANCELLED |
//! | ALLOCATED | none; interest and repayments are distributed | CLOSED with the last repayment |
//! | CLOSED, CANCELLED | none | |
//!
//! | bid | hold | becomes |
//! |---|---|---|
//! | OPEN | reserves the amount | ACCEPTED, PARTLY_ACCEPTED, REJECTED, EXPIRED, WITHDRAWN |
//! | ACCEPTED | captured | |
//! | PARTLY_ACCEPTED | captured in part, the rest released | |
//! | REJECTED, EXPIRED, WITHDRAWN | released | |
//!
//! | what | leaves | arrives |
//! |---|---|---|
//! | a bid is taken (INVESTMENT) | the investor's principal, out of the hold: what is taken | the issuer's account, by its own rules |
//! | interest (INVESTMENT_INTEREST) | the issuer's funds or credit: the share, once for each position | the investor's account |
//! | a repayment (INVESTMENT_REPAYMENT) | the same | the same; what is outstanding of the position falls by it |
//!
//! No money of an investment passes through an account of the tenant's own: what the investors give, the issuer has. Such
//! entries are taken back by nobody: the position would not know. The hold of a bid ends with the bid and not by hand
//! ([`of_bid`]). An account with a position on which something is outstanding, and the issuer's account of an offer that is
//! not over, do not close.

pub mod allocation;
mod bids;
mod distribution;
pub mod events;
pub mod model;
mod offers;
pub mod refusals;
mod steps;
pub mod store;
#[cfg(test)]
mod tests;

pub use bids::{PlaceBid, RejectBid, WithdrawBid, hint_of_bid, of_bid};
pub use distribution::DistributeInvestment;
pub use model::{
    InvestmentBid, InvestmentBidAction, InvestmentBidStatus, InvestmentDistribution, InvestmentOffer,
    InvestmentOfferAction, InvestmentOfferStatus, InvestmentPosition,
};
pub use offers::{AllocateOffer, CancelOffer, CreateOffer};
pub use steps::ExpireBids;
pub use store::{BidFilter, OfferBy, OfferFilter, PositionFilter};

use crate::work::{About, Stored};

/// What changes investments.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<CreateOffer>().about(About::Nothing),
    Stored::of::<CancelOffer>().about(About::Nothing),
    Stored::of::<PlaceBid>(),
    Stored::of::<WithdrawBid>().about(About::Accounts),
    Stored::of::<RejectBid>().about(About::Accounts),
    Stored::of::<AllocateOffer>().about(About::Accounts),
    Stored::of::<DistributeInvestment>(),
];
