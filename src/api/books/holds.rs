//! Holds in the API: reservations against an account's funds, those of cards included.

use async_graphql::{Context, ID, InputObject, Object};

use super::types::seen_accounts;
use crate::api::accounts::{self as accounts, Account};
use crate::api::cards::PointOfSale;
use crate::api::context::{Caller, caller};
use crate::api::enums::HoldStatus;
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::inputs::filter_id;
use crate::api::money::Money;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::scalars::DateTime;
use crate::documents::Subject;
use crate::ledger::{self, journal};
use crate::primitives::{AccountId, CardId, HoldId, Minor};

/// A hold in the API.
#[derive(Clone, Debug)]
pub struct Hold(ledger::Hold);

impl Hold {
    /// Of a hold on an account that the token sees.
    #[must_use]
    pub fn new(hold: ledger::Hold) -> Self {
        Self(hold)
    }

    fn money(&self, amount: Minor) -> Money {
        Money::of(amount, self.0.currency)
    }
}

impl Listed for Hold {
    const LIST: &'static str = "Hold";
}

/// A reservation against an account's available funds.
#[Object]
impl Hold {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The account whose funds it reserves.
    async fn account(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        let found = accounts::by_id(caller(ctx)?, self.0.account).await?;
        found.ok_or_else(|| Fault::internal(&"a hold without its account"))
    }

    /// Where it is in its life.
    async fn status(&self) -> HoldStatus {
        self.0.status
    }

    /// As placed; of an authorisation, as it was increased and given back since, and at least what was captured.
    async fn amount(&self) -> Money {
        self.money(self.0.amount)
    }

    /// What was captured so far.
    async fn captured(&self) -> Money {
        self.money(self.0.captured)
    }

    /// What it still reserves.
    async fn remaining(&self) -> Money {
        self.money(self.0.remaining())
    }

    /// Where and how a card was used: of an authorisation.
    async fn point_of_sale(&self) -> Option<PointOfSale> {
        self.0.authorised_at().map(PointOfSale::new)
    }

    /// What the card's network calls the authorisation.
    async fn network_reference(&self) -> Option<&str> {
        self.0.network_reference.as_deref()
    }

    /// For people.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// Your own reference.
    async fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }

    /// When it was placed.
    async fn placed_at(&self) -> DateTime {
        DateTime(self.0.placed_at)
    }

    /// When it lapses by itself; never when absent.
    async fn expires_at(&self) -> Option<DateTime> {
        self.0.expires_at.map(DateTime)
    }

    /// When it ceased to be open.
    async fn closed_at(&self) -> Option<DateTime> {
        self.0.closed_at.map(DateTime)
    }

    /// Every command that touched it, newest first. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        history::of(ctx, Subject::Hold(self.0.id), filter, first, after).await
    }
}

/// The holds of an account, newest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn holds(
    caller: &Caller,
    account: AccountId,
    status: Option<HoldStatus>,
    args: &PageArgs,
) -> Result<Connection<Hold>, Fault> {
    let window = Window::<Ordinal<ledger::Hold>>::new(args)?;
    let page = window.page(Ordinal::place);
    let rows = journal::holds_of_account(caller.db(), caller.tenant(), account, status, page).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), Hold))
}

/// A hold by its id, if the token sees its account.
///
/// # Errors
/// The database's.
pub async fn hold_by_id(caller: &Caller, id: HoldId) -> Result<Option<Hold>, Fault> {
    let Some(hold) = caller.loaders.row::<ledger::Hold>(id).await? else { return Ok(None) };
    Ok(accounts::by_id(caller, hold.account).await?.map(|_| Hold(hold)))
}

/// Which holds to list.
#[derive(Debug, Default, InputObject)]
pub struct HoldFilter {
    /// Only in this state: `OPEN` for what is outstanding.
    status: Option<HoldStatus>,
    /// Only authorisations of this card.
    card: Option<ID>,
}

/// The holds of all accounts that the token sees, newest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn all_holds(caller: &Caller, filter: HoldFilter, args: &PageArgs) -> Result<Connection<Hold>, Fault> {
    let window = Window::<Ordinal<ledger::Hold>>::new(args)?;
    let filter = journal::HoldFilter {
        status: filter.status,
        card: filter.card.as_ref().map(filter_id::<CardId>),
        accounts: seen_accounts(caller, None).await?,
    };
    let rows = journal::holds(caller.db(), caller.tenant(), &filter, window.page(Ordinal::place)).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), Hold))
}
