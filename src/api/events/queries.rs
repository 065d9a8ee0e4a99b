//! `events`.

use async_graphql::{Context, Object};

use super::{EventFilter, LedgerEvent};
use crate::access::Scope;
use crate::api::context::allowed;
use crate::api::enums::EventType;
use crate::api::events;
use crate::api::fault::Fault;
use crate::api::pagination::{Connection, NumberedPage, PageArgs, PageNumber};
use crate::api::scalars::Date;

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

    /// The events of one type of one day, oldest first, in pages by their number: for whoever fetches what a day has
    /// brought. What is still being written is behind the last page.
    async fn events_of_day(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "type", desc = "Of which type.")] type_: EventType,
        #[graphql(desc = "Of which day, in UTC.")] date: Date,
        #[graphql(desc = "How many to a page, 1 to 10,000, as far as the answer may cost so much.")] limit: i32,
        #[graphql(desc = "Which page, from 1 on.", default = 1)] page: i32,
    ) -> Result<NumberedPage<LedgerEvent>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        events::of_day(caller, type_, date, PageNumber::new(limit, page)?).await
    }
}
