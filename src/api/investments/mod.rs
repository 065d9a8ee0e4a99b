//! Investments in the API: offers, bids on them, and what comes of it.

pub mod bid_mutations;
pub mod bids;
pub mod offer_mutations;
pub mod offers;
pub mod positions;

pub use bid_mutations::InvestmentMutation;
pub use bids::InvestmentBid;
pub use offer_mutations::InvestmentOfferMutation;
pub use offers::InvestmentOffer;

use async_graphql::{Context, ID, InputObject, Object};

use self::bids::InvestmentBidFilter;
use self::offers::{InvestmentOfferBy, InvestmentOfferFilter};
use self::positions::InvestmentPosition;
use crate::access::Scope;
use crate::api::context::allowed;
use crate::api::fault::Fault;
use crate::api::inputs::{filter_id, filter_list};
use crate::api::pagination::{Connection, PageArgs};
use crate::investments::{BidFilter, OfferFilter, PositionFilter, store};

/// Which positions to list. All conditions must hold; ids that name nothing find nothing.
#[derive(Debug, Default, InputObject)]
pub struct InvestmentPositionFilter {
    /// Only of this account.
    account: Option<ID>,
    /// Only in this offer.
    offer: Option<ID>,
    /// Only those on which something is outstanding, or only those that are repaid.
    outstanding: Option<bool>,
}

/// Questions about investments. Scope: read.
#[derive(Debug, Default)]
pub struct InvestmentQuery;

/// Questions about investments. Scope: read.
#[Object]
impl InvestmentQuery {
    /// One investment offer. Null for what does not exist.
    async fn investment_offer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] by: InvestmentOfferBy,
    ) -> Result<Option<InvestmentOffer>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let Some(by) = by.to_domain() else { return Ok(None) };
        Ok(store::offer(caller.db(), caller.tenant(), &by).await?.map(InvestmentOffer))
    }

    /// The investment offers, newest first.
    async fn investment_offers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<InvestmentOfferFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<InvestmentOffer>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let filter = filter.unwrap_or_default();
        let filter = OfferFilter {
            issuer: filter.issuer.as_ref().map(filter_id),
            statuses: filter_list("statuses", filter.statuses)?.unwrap_or_default(),
        };
        offers::list(caller, &filter, &PageArgs::forward(first, after)).await
    }

    /// The bids, newest first; a token that is bound to a customer sees that customer's own.
    async fn investment_bids(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<InvestmentBidFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<InvestmentBid>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let filter = filter.unwrap_or_default();
        let filter = BidFilter {
            accounts: filter.account.as_ref().map(|account| vec![filter_id(account)]),
            offer: filter.offer.as_ref().map(filter_id),
            statuses: filter_list("statuses", filter.statuses)?.unwrap_or_default(),
        };
        bids::list(caller, filter, &PageArgs::forward(first, after)).await
    }

    /// What investors have in offers, newest first; a token that is bound to a customer sees that customer's own.
    async fn investment_positions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<InvestmentPositionFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<InvestmentPosition>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let filter = filter.unwrap_or_default();
        let filter = PositionFilter {
            accounts: filter.account.as_ref().map(|account| vec![filter_id(account)]),
            offer: filter.offer.as_ref().map(filter_id),
            outstanding: filter.outstanding,
        };
        positions::list(caller, filter, &PageArgs::forward(first, after)).await
    }
}
