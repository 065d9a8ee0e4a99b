//! `events`.

use async_graphql::{Context, Object};

use super::{EventFilter, LedgerEvent};
use crate::access::Scope;
use crate::api::context::allowed;
use crate::api::events;
use crate::api::fault::Fault;
use crate::api::pagination::{Connection, PageArgs};

/// Questions about the event log. Scope: read.
#[derive(Debug, Default)]
pub struct EventQuery;

/// Questions about the event log. Scope: read.
#[Object]
impl EventQuery {
    /// The event log, oldest first. To follow it live, subscribe to `ledgerEvents`, after the last cursor.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<EventFilter>,
        #[graphql(desc = "How many from the oldest on, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the newest on, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what lies before this cursor.")] before: Option<String>,
    ) -> Result<Connection<LedgerEvent>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        events::list(caller, filter.unwrap_or_default(), &PageArgs { first, after, last, before }).await
    }
}
