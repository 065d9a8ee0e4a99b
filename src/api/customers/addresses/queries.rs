//! `address`.

use async_graphql::{Context, Object};

use super::{Address, AddressBy, find};
use crate::access::Scope;
use crate::api::context::allowed;
use crate::api::fault::Fault;

/// Questions about addresses. Scope: read.
#[derive(Debug, Default)]
pub struct AddressQuery;

/// Questions about addresses. Scope: read.
#[Object]
impl AddressQuery {
    /// One address, whatever its state. Null for what does not exist or is not yours to see.
    async fn address(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] by: AddressBy,
    ) -> Result<Option<Address>, Fault> {
        find(allowed(ctx, Scope::Read)?, &by).await
    }
}
