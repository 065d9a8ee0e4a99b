//! `InvestmentOffer`.

use async_graphql::{Context, ID, InputObject, Object, OneofObject, SimpleObject};

use super::bids::{self, InvestmentBid};
use super::positions::{self, InvestmentDistribution, InvestmentPosition};
use crate::access::Scope;
use crate::api::accounts::{self, Account};
use crate::api::call::{Reach, Right};
use crate::api::context::{Caller, allowed, caller};
use crate::api::enums::{InvestmentBidStatus, InvestmentOfferAction, InvestmentOfferStatus};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::inputs::{filter_list, name};
use crate::api::money::Money;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::scalars::{Date, DateTime, Decimal};
use crate::events::history::HistoryOf;
use crate::investments::{self as domain, BidFilter, OfferBy, OfferFilter, PositionFilter, store};
use crate::primitives::InvestmentOfferId;

/// An offer in the API.
#[derive(Clone, Debug)]
pub struct InvestmentOffer(pub(super) domain::InvestmentOffer);

impl Listed for InvestmentOffer {
    const LIST: &'static str = "InvestmentOffer";
}

/// Something that can be done with an offer.
#[derive(Clone, Debug, SimpleObject)]
pub struct InvestmentOfferPossible {
    /// Which.
    action: InvestmentOfferAction,
    /// Whether it can be done now, with this token.
    allowed: bool,
    /// Why it cannot.
    reason: Option<String>,
}

/// Something that seeks money of investors: it takes bids, is allocated, and repays.
#[Object]
impl InvestmentOffer {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Unique in the tenant.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// What investors call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The account of whom the money is for, and who repays it; null where the token does not see it.
    async fn issuer(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        accounts::by_id(caller(ctx)?, self.0.issuer).await
    }

    /// How much is sought.
    async fn amount(&self) -> Money {
        Money::of(self.0.sought, self.0.currency)
    }

    /// The lowest rate that is paid, in percent a year.
    async fn min_rate(&self) -> Decimal {
        Decimal(self.0.minimum_rate)
    }

    /// The highest rate that is paid, in percent a year.
    async fn max_rate(&self) -> Decimal {
        Decimal(self.0.maximum_rate)
    }

    /// For how long, in months.
    async fn term_months(&self) -> u32 {
        self.0.term_months
    }

    /// The last business date on which bids are taken.
    async fn allocation_deadline(&self) -> Date {
        Date(self.0.deadline)
    }

    /// Where it is in its life.
    async fn status(&self) -> InvestmentOfferStatus {
        self.0.status
    }

    /// What the allocation came to, in percent a year: the highest rate that a bid which was taken asks for. All are paid it.
    async fn rate(&self) -> Option<Decimal> {
        self.0.rate.map(Decimal)
    }

    /// How much was taken.
    async fn invested(&self) -> Money {
        Money::of(self.0.invested, self.0.currency)
    }

    /// How much of that is repaid.
    async fn repaid(&self) -> Money {
        Money::of(self.0.repaid, self.0.currency)
    }

    /// How much of that is not repaid.
    async fn outstanding(&self) -> Money {
        Money::of(self.0.outstanding(), self.0.currency)
    }

    /// How much interest was distributed.
    async fn interest_paid(&self) -> Money {
        Money::of(self.0.interest, self.0.currency)
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// The business date on which it was allocated.
    async fn allocated_on(&self) -> Option<Date> {
        self.0.allocated_on.map(Date)
    }

    /// The business date on which it was repaid or cancelled.
    async fn closed_on(&self) -> Option<Date> {
        self.0.closed_on.map(Date)
    }

    /// The bids on it, newest first; a token that is bound to a customer sees that customer's own. Scope: read.
    async fn bids(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only in these states; in all when absent.")] statuses: Option<Vec<InvestmentBidStatus>>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<InvestmentBid>, Fault> {
        let statuses = filter_list("statuses", statuses)?.unwrap_or_default();
        let filter = BidFilter { accounts: None, offer: Some(self.0.id), statuses };
        bids::list(allowed(ctx, Scope::Read)?, filter, &PageArgs::forward(first, after)).await
    }

    /// What investors have in it, newest first; a token that is bound to a customer sees that customer's own. Scope: read.
    async fn positions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<InvestmentPosition>, Fault> {
        let filter = PositionFilter { accounts: None, offer: Some(self.0.id), outstanding: None };
        positions::list(allowed(ctx, Scope::Read)?, filter, &PageArgs::forward(first, after)).await
    }

    /// What was distributed of it, newest first. Scope: read.
    async fn distributions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<InvestmentDistribution>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        positions::distributions(caller, self.0.id, &PageArgs::forward(first, after)).await
    }

    /// What can be done with it now, with this token, and why the rest cannot.
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<InvestmentOfferPossible>, Fault> {
        let caller = caller(ctx)?;
        let today = caller.engine.present(caller.tenant()).await?.today;
        let offer = &self.0;
        let actions = InvestmentOfferAction::ALL.iter().map(|action| {
            let (reach, obstacle) = match action {
                InvestmentOfferAction::PlaceBid => (Reach::Own, offer.takes_bids(today, "")),
                InvestmentOfferAction::Allocate => {
                    (Reach::Tenant, offer.may_become(InvestmentOfferStatus::Allocated, ""))
                }
                InvestmentOfferAction::Cancel => {
                    (Reach::Tenant, offer.may_become(InvestmentOfferStatus::Cancelled, ""))
                }
                InvestmentOfferAction::Distribute => (Reach::Tenant, offer.is_outstanding("")),
            };
            let missing = Right(Scope::Money, reach).missing(caller);
            let reason = missing.or(obstacle.err().map(|refused| refused.message));
            InvestmentOfferPossible { action: *action, allowed: reason.is_none(), reason }
        });
        Ok(actions.collect())
    }

    /// Every command that touched it, newest first. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        history::of_traces(ctx, &HistoryOf::Thing(self.0.id.to_string()), filter, first, after).await
    }
}

/// Names one investment offer.
#[derive(Clone, Debug, OneofObject)]
pub enum InvestmentOfferBy {
    /// By its id.
    Id(ID),
    /// By its code.
    Code(String),
}

impl InvestmentOfferBy {
    /// The domain's form; a malformed id or name names nothing.
    #[must_use]
    pub fn to_domain(&self) -> Option<OfferBy> {
        Some(match self {
            Self::Id(id) => OfferBy::Id(id.parse().ok()?),
            Self::Code(code) => OfferBy::Code(name(code)?),
        })
    }
}

/// Which offers to list. All conditions must hold; ids that name nothing find nothing.
#[derive(Debug, Default, InputObject)]
pub struct InvestmentOfferFilter {
    /// Only those whose money is for this account.
    pub issuer: Option<ID>,
    /// Only in these states; in all when absent.
    #[graphql(validator(max_items = 10))]
    pub statuses: Option<Vec<InvestmentOfferStatus>>,
}

/// An offer by its id.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: InvestmentOfferId) -> Result<Option<InvestmentOffer>, Fault> {
    Ok(caller.loaders.row::<domain::InvestmentOffer>(id).await?.map(InvestmentOffer))
}

/// Offers, newest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn list(
    caller: &Caller,
    filter: &OfferFilter,
    args: &PageArgs,
) -> Result<Connection<InvestmentOffer>, Fault> {
    let window = Window::<Ordinal<domain::InvestmentOffer>>::new(args)?;
    let rows = store::offers(caller.db(), caller.tenant(), filter, window.page(Ordinal::place)).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), InvestmentOffer))
}
