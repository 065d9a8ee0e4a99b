//! `customer`, `customers`.

use async_graphql::{Context, Object};

use super::{Customer, CustomerFilter};
use crate::access::Scope;
use crate::api::context::allowed;
use crate::api::customers;
use crate::api::fault::Fault;
use crate::api::inputs::CustomerBy;
use crate::api::pagination::{Connection, PageArgs};

/// Questions about customers. Scope: read.
#[derive(Debug, Default)]
pub struct CustomerQuery;

/// Questions about customers. Scope: read.
#[Object]
impl CustomerQuery {
    /// One customer. Null for what does not exist or is not yours to see.
    async fn customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] by: CustomerBy,
    ) -> Result<Option<Customer>, Fault> {
        customers::find(allowed(ctx, Scope::Read)?, &by).await
    }

    /// The customers, oldest first.
    async fn customers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<CustomerFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Customer>, Fault> {
        customers::list(allowed(ctx, Scope::Read)?, filter, &PageArgs::forward(first, after)).await
    }
}
