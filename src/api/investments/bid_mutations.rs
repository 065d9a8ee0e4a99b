//! `placeBid`, `withdrawBid`, `rejectBid`.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};

use super::bids::InvestmentBid;
use super::offers::InvestmentOfferBy;
use crate::access::Scope;
use crate::api::accounts::AccountLookup;
use crate::api::accounts::lookup::account_ref;
use crate::api::call::{Call, Reach, Reply};
use crate::api::fault::Fault;
use crate::api::input::{MoneyInput, amount, named};
use crate::api::inputs::AccountBy;
use crate::api::refusal::outcomes;
use crate::api::scalars::{DateTime, Decimal, Json};
use crate::investments::{PlaceBid, RejectBid, WithdrawBid};
use crate::refused::{Refused, said};

/// A bid to place.
#[derive(InputObject)]
pub struct PlaceBidInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// From which investment account. Required without `lookup`.
    account: Option<AccountBy>,
    /// What the account is: in the place of `account`, or beside it to make sure of it.
    lookup: Option<AccountLookup>,
    /// On which offer.
    offer: InvestmentOfferBy,
    /// How much, in the offer's currency. It is reserved as long as the bid stands.
    amount: MoneyInput,
    /// When it ends by itself; when absent it stands until the offer is allocated or cancelled.
    valid_until: Option<DateTime>,
    /// The lowest rate that it takes, in percent a year: what it asks for. The offer's lowest when absent.
    min_rate: Option<Decimal>,
    /// The highest rate that it may be paid, in percent a year.
    max_rate: Option<Decimal>,
    /// The least that is taken of it; any part when absent.
    min_amount: Option<Decimal>,
    /// The most that is taken of it; all of it when absent.
    max_amount: Option<Decimal>,
    /// For the tenant's people.
    note: Option<String>,
    /// From the investor, for the issuer.
    message: Option<String>,
    /// Yours, and not ours to understand.
    additional_data: Option<Json>,
}

/// A bid to take back.
#[derive(InputObject)]
pub struct WithdrawBidInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which bid.
    bid: ID,
    /// Why, for people.
    reason: Option<String>,
}

/// A bid to turn away.
#[derive(InputObject)]
pub struct RejectBidInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which bid.
    bid: ID,
    /// Why, for people.
    reason: String,
}

outcomes! {
    /// A bid was placed.
    PlaceBidResult = PlaceBidSuccess {
        /// The bid.
        bid: InvestmentBid,
    }

    /// A bid was withdrawn.
    WithdrawBidResult = WithdrawBidSuccess {
        /// The bid, as it is now.
        bid: InvestmentBid,
    }

    /// A bid was rejected.
    RejectBidResult = RejectBidSuccess {
        /// The bid, as it is now.
        bid: InvestmentBid,
    }
}

/// The result of a mutation that gives a bid.
macro_rules! of_bid {
    ($reply:expr, $result:ident, $success:ident) => {
        Ok(Some(match $reply {
            Reply::Refused(refusal) => $result::Refused(refusal),
            Reply::Done(done) => $result::Done($success {
                bid: InvestmentBid(Arc::unwrap_or_clone(done.value)),
                receipt: done.receipt.into(),
            }),
        }))
    };
}

/// Mutations of bids.
#[derive(Default)]
pub struct InvestmentMutation;

#[Object]
impl InvestmentMutation {
    /// Bids on an investment offer, from an account of one's own. The account is named, described, or both, which then have
    /// to agree. Scope: money.
    async fn place_bid(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to bid.")] input: PlaceBidInput,
    ) -> Result<Option<PlaceBidResult>, Fault> {
        let call = Call::begin(ctx, "placeBid", Scope::Money, Reach::Own).await?;
        let key = input.idempotency_key.clone();
        of_bid!(call.run(&key, input.command()).await?, PlaceBidResult, PlaceBidSuccess)
    }

    /// Takes a bid of one's own back; what it reserved is free. Scope: money.
    async fn withdraw_bid(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which bid.")] input: WithdrawBidInput,
    ) -> Result<Option<WithdrawBidResult>, Fault> {
        let call = Call::begin(ctx, "withdrawBid", Scope::Money, Reach::Own).await?;
        let command =
            named("bid", "bid", input.bid.parse().ok()).map(|bid| WithdrawBid { bid, reason: said(input.reason) });
        of_bid!(call.run(&input.idempotency_key, command).await?, WithdrawBidResult, WithdrawBidSuccess)
    }

    /// Turns a bid away; what it reserved is free. Scope: money.
    async fn reject_bid(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which bid.")] input: RejectBidInput,
    ) -> Result<Option<RejectBidResult>, Fault> {
        let call = Call::begin(ctx, "rejectBid", Scope::Money, Reach::Tenant).await?;
        let command = named("bid", "bid", input.bid.parse().ok()).map(|bid| RejectBid { bid, reason: input.reason });
        of_bid!(call.run(&input.idempotency_key, command).await?, RejectBidResult, RejectBidSuccess)
    }
}

impl PlaceBidInput {
    fn command(self) -> Result<PlaceBid, Refused> {
        Ok(PlaceBid {
            account: account_ref(self.account, self.lookup)?,
            offer: named("offer", "investment offer", self.offer.to_domain())?,
            amount: self.amount.into(),
            valid_until: self.valid_until.map(|until| until.0),
            minimum_rate: amount(self.min_rate),
            maximum_rate: amount(self.max_rate),
            minimum_amount: amount(self.min_amount),
            maximum_amount: amount(self.max_amount),
            note: said(self.note),
            message: said(self.message),
            additional_data: self.additional_data.map(|data| data.text()),
        })
    }
}
