//! `product`, `products`, `account`, `accounts`.

use async_graphql::{Context, Object};

use super::{Account, AccountFilter, Product, ProductFilter};
use crate::access::Scope;
use crate::api::accounts;
use crate::api::context::allowed;
use crate::api::fault::Fault;
use crate::api::inputs::{AccountBy, ProductBy};
use crate::api::pagination::{Connection, PageArgs};

/// Questions about products and accounts. Scope: read.
#[derive(Debug, Default)]
pub struct AccountQuery;

/// Questions about products and accounts. Scope: read.
#[Object]
impl AccountQuery {
    /// One product. Null for what does not exist.
    async fn product(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] by: ProductBy,
    ) -> Result<Option<Product>, Fault> {
        accounts::find_product(allowed(ctx, Scope::Read)?, &by).await
    }

    /// The products, oldest first.
    async fn products(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<ProductFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Product>, Fault> {
        accounts::list_products(allowed(ctx, Scope::Read)?, filter, &PageArgs::forward(first, after)).await
    }

    /// One account. Null for what does not exist or is not yours to see.
    async fn account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] by: AccountBy,
    ) -> Result<Option<Account>, Fault> {
        accounts::find(allowed(ctx, Scope::Read)?, &by).await
    }

    /// The accounts, oldest first.
    async fn accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<AccountFilter>,
        #[graphql(desc = "How many from the oldest on, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the newest on, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what lies before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Account>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        accounts::list(caller, None, filter.as_ref(), &PageArgs { first, after, last, before }).await
    }
}
