//! `InvestmentBid`.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::offers::{self, InvestmentOffer};
use super::positions::InvestmentPosition;
use crate::access::Scope;
use crate::api::accounts::{self, Account};
use crate::api::books::{self, Hold};
use crate::api::call::{Reach, Right};
use crate::api::context::{Caller, caller};
use crate::api::enums::{InvestmentBidAction, InvestmentBidStatus};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::money::Money;
use crate::api::outputs;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::scalars::{DateTime, Decimal, Json};
use crate::events::history::HistoryOf;
use crate::investments::{self as domain, BidFilter, store};
use crate::primitives::{InvestmentBidId, InvestmentPositionId};

/// A bid in the API.
#[derive(Clone, Debug)]
pub struct InvestmentBid(pub(super) domain::InvestmentBid);

impl Listed for InvestmentBid {
    const LIST: &'static str = "InvestmentBid";
}

/// Something that can be done with a bid.
#[derive(Clone, Debug, SimpleObject)]
pub struct InvestmentBidPossible {
    /// Which.
    action: InvestmentBidAction,
    /// Whether it can be done now, with this token.
    allowed: bool,
    /// Why it cannot.
    reason: Option<String>,
}

/// What an investor would give to an offer. Its amount is reserved on the investor's account as long as it is OPEN.
#[Object]
impl InvestmentBid {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// On which offer.
    async fn offer(&self, ctx: &Context<'_>) -> Result<InvestmentOffer, Fault> {
        let found = offers::by_id(caller(ctx)?, self.0.offer).await?;
        found.ok_or_else(|| Fault::internal(&"a bid without its offer"))
    }

    /// From which account.
    async fn account(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        outputs::account_by_id(ctx, self.0.account).await
    }

    /// What is bid.
    async fn amount(&self) -> Money {
        Money::of(self.0.amount, self.0.currency)
    }

    /// What was taken of it.
    async fn accepted(&self) -> Money {
        Money::of(self.0.accepted, self.0.currency)
    }

    /// When it ends by itself; null where it stands until the offer is allocated or cancelled.
    async fn valid_until(&self) -> Option<DateTime> {
        self.0.valid_until.map(DateTime)
    }

    /// The lowest rate that it takes, in percent a year.
    async fn min_rate(&self) -> Option<Decimal> {
        self.0.minimum_rate.map(Decimal)
    }

    /// The highest rate that it may be paid, in percent a year.
    async fn max_rate(&self) -> Option<Decimal> {
        self.0.maximum_rate.map(Decimal)
    }

    /// The least that is taken of it; null where any part is.
    async fn min_amount(&self) -> Option<Money> {
        self.0.minimum_amount.map(|amount| Money::of(amount, self.0.currency))
    }

    /// The most that is taken of it.
    async fn max_amount(&self) -> Option<Money> {
        self.0.maximum_amount.map(|amount| Money::of(amount, self.0.currency))
    }

    /// For the tenant's people; null for a token that is bound to a customer.
    async fn note(&self, ctx: &Context<'_>) -> Result<Option<&str>, Fault> {
        Ok(self.0.note.as_deref().filter(|_| caller(ctx).is_ok_and(|caller| caller.customer().is_none())))
    }

    /// From the investor, for the issuer.
    async fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// Yours, and not ours to understand.
    async fn additional_data(&self) -> Option<Json> {
        self.0.additional_data.as_deref().and_then(|text| serde_json::from_str(text).ok()).map(Json)
    }

    /// Where it is in its life.
    async fn status(&self) -> InvestmentBidStatus {
        self.0.status
    }

    /// Why it ended, for people.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// When it was placed.
    async fn placed_at(&self) -> DateTime {
        DateTime(self.0.placed_at)
    }

    /// When it ended.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }

    /// What reserves its amount, or did.
    async fn hold(&self, ctx: &Context<'_>) -> Result<Hold, Fault> {
        let found = books::hold_by_id(caller(ctx)?, self.0.hold()).await?;
        found.ok_or_else(|| Fault::internal(&"a bid without its hold"))
    }

    /// What came of it.
    async fn position(&self, ctx: &Context<'_>) -> Result<Option<InvestmentPosition>, Fault> {
        let id = InvestmentPositionId(self.0.id.0);
        Ok(caller(ctx)?.loaders.row::<domain::InvestmentPosition>(id).await?.map(InvestmentPosition))
    }

    /// What can be done with it now, with this token, and why the rest cannot.
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<InvestmentBidPossible>, Fault> {
        let caller = caller(ctx)?;
        let actions = InvestmentBidAction::ALL.iter().map(|action| {
            let (reach, to) = match action {
                InvestmentBidAction::Withdraw => (Reach::Own, InvestmentBidStatus::Withdrawn),
                InvestmentBidAction::Reject => (Reach::Tenant, InvestmentBidStatus::Rejected),
            };
            let missing = Right(Scope::Money, reach).missing(caller);
            let reason = missing.or(self.0.may_become(to, "").err().map(|refused| refused.message));
            InvestmentBidPossible { action: *action, allowed: reason.is_none(), reason }
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

/// Which bids to list. All conditions must hold; ids that name nothing find nothing.
#[derive(Debug, Default, InputObject)]
pub struct InvestmentBidFilter {
    /// Only from this account.
    pub account: Option<ID>,
    /// Only on this offer.
    pub offer: Option<ID>,
    /// Only in these states; in all when absent.
    #[graphql(validator(max_items = 10))]
    pub statuses: Option<Vec<InvestmentBidStatus>>,
}

/// A bid by its id, if the token sees its account.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: InvestmentBidId) -> Result<Option<InvestmentBid>, Fault> {
    let Some(bid) = caller.loaders.row::<domain::InvestmentBid>(id).await? else { return Ok(None) };
    Ok(accounts::by_id(caller, bid.account).await?.map(|_| InvestmentBid(bid)))
}

/// The bids that the token sees, newest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn list(caller: &Caller, mut filter: BidFilter, args: &PageArgs) -> Result<Connection<InvestmentBid>, Fault> {
    let window = Window::<Ordinal<domain::InvestmentBid>>::new(args)?;
    filter.accounts = books::seen_accounts(caller, filter.accounts).await?;
    let rows = store::bids(caller.db(), caller.tenant(), &filter, window.page(Ordinal::place)).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), InvestmentBid))
}
