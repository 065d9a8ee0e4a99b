//! Questions about mandates.

use async_graphql::{Context, InputObject, Object};

use super::{Mandate, list};
use crate::access::Scope;
use crate::api::books;
use crate::api::context::allowed;
use crate::api::enums::MandateStatus;
use crate::api::fault::Fault;
use crate::api::inputs::filter_list;
use crate::api::pagination::{Connection, PageArgs};
use crate::mandates::store::MandateFilter as Filter;

/// Which mandates to list.
#[derive(Debug, Default, InputObject)]
pub struct MandateFilter {
    /// Only in these states; in all when absent.
    #[graphql(validator(max_items = 10))]
    statuses: Option<Vec<MandateStatus>>,
}

/// Questions about mandates. Scope: read.
#[derive(Debug, Default)]
pub struct MandateQuery;

/// Questions about mandates. Scope: read.
#[Object]
impl MandateQuery {
    /// The mandates of the tenant, newest first; for a token that is bound to a customer, those of its accounts.
    async fn mandates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<MandateFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Mandate>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let statuses = filter_list("statuses", filter.unwrap_or_default().statuses)?.unwrap_or_default();
        let accounts = books::seen_accounts(caller, None).await?;
        list(caller, &Filter { accounts, statuses }, &PageArgs::forward(first, after)).await
    }
}
