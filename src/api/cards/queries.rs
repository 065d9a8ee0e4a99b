//! `card`, `cards`.

use async_graphql::{Context, Object};

use super::inputs::CardBy;
use super::{Card, CardFilter};
use crate::access::Scope;
use crate::api::cards;
use crate::api::context::allowed;
use crate::api::fault::Fault;
use crate::api::pagination::{Connection, PageArgs};

/// Questions about cards. Scope: read.
#[derive(Debug, Default)]
pub struct CardQuery;

/// Questions about cards. Scope: read.
#[Object]
impl CardQuery {
    /// One card: by its id that very card, by its token the newest of the token's chain. Null for what does not exist or is
    /// not yours to see.
    async fn card(&self, ctx: &Context<'_>, #[graphql(desc = "Which.")] by: CardBy) -> Result<Option<Card>, Fault> {
        cards::find(allowed(ctx, Scope::Read)?, &by).await
    }

    /// The cards, in the order in which they were added.
    async fn cards(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<CardFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Card>, Fault> {
        cards::list(allowed(ctx, Scope::Read)?, filter, &PageArgs::forward(first, after)).await
    }
}
