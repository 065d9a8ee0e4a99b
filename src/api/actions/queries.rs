//! `customAction`, `customActions`, `actionRun`, `actionRuns`.

use async_graphql::{Context, ID, Object};

use super::types::{self, ActionRun, ActionRunFilter, CustomAction, CustomActionFilter};
use crate::access::Scope;
use crate::api::context::allowed;
use crate::api::fault::Fault;
use crate::api::inputs::CustomActionBy;
use crate::api::pagination::{Connection, PageArgs};

/// Questions about custom actions. Scope: read. Not for a token that is bound to a customer.
#[derive(Debug, Default)]
pub struct ActionQuery;

/// Questions about custom actions. Scope: read. Not for a token that is bound to a customer.
#[Object]
impl ActionQuery {
    /// One custom action. Null for what does not exist or is not yours to see.
    async fn custom_action(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] by: CustomActionBy,
    ) -> Result<Option<CustomAction>, Fault> {
        types::find(allowed(ctx, Scope::Read)?, &by).await
    }

    /// The custom actions, in the order in which they were created.
    async fn custom_actions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<CustomActionFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<CustomAction>, Fault> {
        types::list(allowed(ctx, Scope::Read)?, filter, &PageArgs::forward(first, after)).await
    }

    /// One run of a custom action. Null for what does not exist or is not yours to see.
    async fn action_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<ActionRun>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        match id.parse() {
            Ok(id) => types::run_by_id(caller, id).await,
            Err(_) => Ok(None),
        }
    }

    /// Runs of custom actions, the newest first.
    async fn action_runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<ActionRunFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<ActionRun>, Fault> {
        types::runs(allowed(ctx, Scope::Read)?, filter, &PageArgs::forward(first, after)).await
    }
}
