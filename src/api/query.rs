//! `node`, `nodes`, `viewer`: what belongs to no domain.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::context::allowed;
use super::enums::Scope;
use super::fault::{Fault, FaultCode};
use super::node::{self, Node};
use super::scalars::DateTime;
use super::tenants::{self, Tenant};
use crate::api::customers::{self as customers, Customer};

/// Ids of one `nodes`.
const MOST_NODES: usize = 100;

/// Who asks, as the token says.
#[derive(Clone, Debug, SimpleObject)]
pub struct Viewer {
    /// The tenant that everything happens in.
    tenant: Tenant,
    /// The client that the token was issued to.
    client: String,
    /// The customer that the token is bound to: it sees only what is theirs.
    customer: Option<Customer>,
    /// What the token may do.
    scopes: Vec<Scope>,
    /// When the token ends.
    expires_at: DateTime,
}

/// Questions that belong to no domain.
#[derive(Debug, Default)]
pub struct CommonQuery;

/// Questions that belong to no domain. Scope: read.
#[Object]
impl CommonQuery {
    /// Anything that has an id. Null for what does not exist or is not yours to see.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "The id.")] id: ID) -> Result<Option<Node>, Fault> {
        node::find(allowed(ctx, Scope::Read)?, &id).await
    }

    /// Several things by their ids, in the same order. Null for what does not exist or is not yours to see.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ids, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        if ids.len() > MOST_NODES {
            return Err(Fault::new(FaultCode::OverLimit, "ids holds at most 100 ids"));
        }
        futures_util::future::try_join_all(ids.iter().map(|id| node::find(caller, id))).await
    }

    /// Who asks.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Viewer, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let customer = match caller.customer() {
            None => None,
            Some(customer) => customers::by_id(caller, customer).await?,
        };
        Ok(Viewer {
            tenant: tenants::of(caller).await?,
            client: caller.principal.client.to_string(),
            customer,
            scopes: caller.principal.scopes.iter().copied().collect(),
            expires_at: DateTime(caller.principal.expires_at.saturating_mul(1_000_000)),
        })
    }
}
