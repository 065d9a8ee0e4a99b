//! What a claim shows of how it is pursued: the messages about it, and its way through a strategy.

use async_graphql::{Context, Object};

use super::journeys::{self, ClaimJourney};
use super::pages::{self, DebtorAnswer};
use super::promises::Promises;
use crate::api::context::caller;
use crate::api::enums::{CeaseReason, MessageKind};
use crate::api::fault::Fault;
use crate::api::messages::{self, Message};
use crate::api::pagination::{Connection, NumberedPage, PageArgs, PageNumber};
use crate::api::scalars::DateTime;
use crate::collections as domain;
use crate::messages::DebtorContact;
use crate::messages::store::MessageFilter;

/// How a claim is pursued.
pub struct Pursuit(pub(super) domain::Claim);

/// How a claim is pursued.
#[Object]
impl Pursuit {
    /// The messages that were sent about it, in the order in which they were decided. Scope: read.
    async fn communications(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "type", desc = "Only those that went this way.")] type_: Option<MessageKind>,
        #[graphql(desc = "Only those that were decided at this time or later.")] from: Option<DateTime>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Message>, Fault> {
        let filter = MessageFilter { claim: self.0.id, kind: type_, from: from.map(|from| from.0), customer: None };
        messages::communications(ctx, filter, &PageArgs::forward(first, after)).await
    }

    /// The same, in pages by their number.
    async fn communications_page(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "type", desc = "Only of this kind.")] type_: Option<MessageKind>,
        #[graphql(desc = "Only from this moment on.")] from: Option<DateTime>,
        #[graphql(desc = "How many to a page, 1 to 10,000, as far as the answer may cost so much.")] limit: i32,
        #[graphql(desc = "Which page, from 1 on.", default = 1)] page: i32,
    ) -> Result<NumberedPage<Message>, Fault> {
        let filter = MessageFilter { claim: self.0.id, kind: type_, from: from.map(|from| from.0), customer: None };
        messages::numbered_communications(ctx, filter, PageNumber::new(limit, page)?).await
    }

    /// Its way through a strategy, in its present life; hidden from the customer's own token.
    async fn journey(&self, ctx: &Context<'_>) -> Result<Option<ClaimJourney>, Fault> {
        journeys::of_claim(caller(ctx)?, &self.0).await
    }

    /// What is promised about it.
    #[graphql(flatten)]
    async fn promised(&self) -> Promises {
        Promises(self.0.clone())
    }

    /// What whoever owes it has said on its page, in its present life; the last 100 at most.
    async fn debtor_answers(&self, ctx: &Context<'_>) -> Result<Vec<DebtorAnswer>, Fault> {
        pages::of_claim(caller(ctx)?, &self.0).await
    }

    /// Why nobody writes to whoever owes it first of all, if nobody does.
    async fn cease_contact(&self, ctx: &Context<'_>) -> Result<Option<CeaseReason>, Fault> {
        let id = DebtorContact::id_of(self.0.debtor);
        let found = caller(ctx)?.loaders.row::<DebtorContact>(id).await?;
        Ok(found.and_then(|contact| contact.cease))
    }
}
