//! `InvestmentPosition` and `InvestmentDistribution`.

use async_graphql::{Context, Object};

use super::bids::{self, InvestmentBid};
use super::offers::{self, InvestmentOffer};
use crate::api::accounts::Account;
use crate::api::books;
use crate::api::context::{Caller, caller};
use crate::api::fault::Fault;
use crate::api::money::Money;
use crate::api::outputs;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::scalars::{Date, DateTime, Decimal};
use crate::investments::{self as domain, PositionFilter, store};
use crate::primitives::InvestmentOfferId;

/// A position in the API.
#[derive(Clone, Debug)]
pub struct InvestmentPosition(pub(super) domain::InvestmentPosition);

impl Listed for InvestmentPosition {
    const LIST: &'static str = "InvestmentPosition";
}

/// A distribution in the API.
#[derive(Clone, Debug)]
pub struct InvestmentDistribution(pub(super) domain::InvestmentDistribution);

impl Listed for InvestmentDistribution {
    const LIST: &'static str = "InvestmentDistribution";
}

/// What an investor has in an offer: what was taken of a bid.
#[Object]
impl InvestmentPosition {
    /// The bid that it came of.
    async fn bid(&self, ctx: &Context<'_>) -> Result<InvestmentBid, Fault> {
        let found = bids::by_id(caller(ctx)?, self.0.bid).await?;
        found.ok_or_else(|| Fault::internal(&"an investment without its bid"))
    }

    /// In which offer.
    async fn offer(&self, ctx: &Context<'_>) -> Result<InvestmentOffer, Fault> {
        let found = offers::by_id(caller(ctx)?, self.0.offer).await?;
        found.ok_or_else(|| Fault::internal(&"an investment without its offer"))
    }

    /// The account that gave, and is paid.
    async fn account(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        outputs::account_by_id(ctx, self.0.account).await
    }

    /// How much was given.
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

    /// How much interest was paid on it.
    async fn interest_paid(&self) -> Money {
        Money::of(self.0.interest, self.0.currency)
    }

    /// What it is paid, in percent a year.
    async fn rate(&self) -> Decimal {
        Decimal(self.0.rate)
    }

    /// The business date on which it was taken.
    async fn opened_on(&self) -> Date {
        Date(self.0.opened_on)
    }
}

/// What an issuer paid to the positions of an offer at once, each its share.
#[Object]
impl InvestmentDistribution {
    /// How much of it was interest.
    async fn interest(&self) -> Money {
        Money::of(self.0.interest, self.0.currency)
    }

    /// How much was repaid.
    async fn repayment(&self) -> Money {
        Money::of(self.0.repayment, self.0.currency)
    }

    /// The business date.
    async fn paid_on(&self) -> Date {
        Date(self.0.paid_on)
    }

    /// When it was booked.
    async fn paid_at(&self) -> DateTime {
        DateTime(self.0.paid_at)
    }
}

/// The positions that the token sees, newest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn list(
    caller: &Caller,
    mut filter: PositionFilter,
    args: &PageArgs,
) -> Result<Connection<InvestmentPosition>, Fault> {
    let window = Window::<Ordinal<domain::InvestmentPosition>>::new(args)?;
    filter.accounts = books::seen_accounts(caller, filter.accounts).await?;
    let rows = store::positions(caller.db(), caller.tenant(), &filter, window.page(Ordinal::place)).await?;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), InvestmentPosition))
}

/// What was distributed of an offer, newest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn distributions(
    caller: &Caller,
    offer: InvestmentOfferId,
    args: &PageArgs,
) -> Result<Connection<InvestmentDistribution>, Fault> {
    let window = Window::<Ordinal<domain::InvestmentDistribution>>::new(args)?;
    let rows = store::distributions(caller.db(), caller.tenant(), offer, window.page(Ordinal::place)).await?;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), InvestmentDistribution))
}
