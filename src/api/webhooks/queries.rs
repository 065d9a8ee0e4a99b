//! `webhook`, `webhooks`.

use async_graphql::{Context, ID, Object};

use super::types::{self, Webhook};
use crate::access::Scope;
use crate::api::context::allowed;
use crate::api::fault::Fault;
use crate::api::pagination::{Connection, PageArgs};

/// Questions about webhooks. Scope: admin.
#[derive(Debug, Default)]
pub struct WebhookQuery;

/// Questions about webhooks. Scope: admin.
#[Object]
impl WebhookQuery {
    /// One webhook. Null for what does not exist or is not yours to see. Scope: admin.
    async fn webhook(&self, ctx: &Context<'_>, #[graphql(desc = "Its id.")] id: ID) -> Result<Option<Webhook>, Fault> {
        let caller = allowed(ctx, Scope::Admin)?;
        match id.parse() {
            Ok(id) => types::by_id(caller, id).await,
            Err(_) => Ok(None),
        }
    }

    /// The webhooks, in the order in which they were created. Scope: admin.
    async fn webhooks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Webhook>, Fault> {
        types::list(allowed(ctx, Scope::Admin)?, &PageArgs::forward(first, after)).await
    }
}
