//! What an account that has cards shows of them: flattened into the types of the families that have some.

use async_graphql::{Context, Object};

use super::{Card, CardActionOffer, CardFilter, around};
use crate::access::Scope;
use crate::api::context::{allowed, caller};
use crate::api::enums::CardAction;
use crate::api::fault::Fault;
use crate::api::pagination::{Connection, Ordinal, PageArgs, Window};
use crate::cards::store::CardsOnAccount;
use crate::cards::{self};
use crate::primitives::AccountId;

/// The cards of an account.
#[derive(Clone, Copy, Debug)]
pub struct AccountCards(pub(crate) AccountId);

/// The cards of an account.
#[Object]
impl AccountCards {
    /// Its cards, in the order in which they were added; those that are deleted or replaced among them. Scope: read.
    async fn cards(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<CardFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Card>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<cards::Card>>::new(&PageArgs::forward(first, after))?;
        let page = window.page(Ordinal::place);
        let of = CardsOnAccount {
            account: self.0,
            filter: filter.unwrap_or_default().into(),
            after: page.after,
            limit: page.limit,
        };
        let rows = caller.loaders.cards(of).await?;
        Ok(window.connect(rows.to_vec(), |row| Ordinal::of(row.ordinal), Card::new))
    }

    /// Its main card that is in force, if there is one.
    async fn main_card(&self, ctx: &Context<'_>) -> Result<Option<Card>, Fault> {
        Ok(caller(ctx)?.loaders.main_card(self.0).await?.map(Card::new))
    }

    /// What can be done with its cards as a whole, and why the rest cannot. What can be done with one, the card says.
    async fn card_actions(&self, ctx: &Context<'_>) -> Result<Vec<CardActionOffer>, Fault> {
        let caller = caller(ctx)?;
        let account = caller.loaders.row::<crate::accounts::Account>(self.0).await?;
        let account = account.ok_or_else(|| Fault::internal(&"an account that is gone"))?;
        let refused = around(caller, &account).await?.takes(false).err();
        Ok(vec![CardActionOffer::new(CardAction::AddCard, refused.map(|refused| refused.message))])
    }
}
