//! `node`, `nodes`, `viewer`: what belongs to no domain.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::context::allowed;
use super::enums::Scope;
use super::fault::{Fault, FaultCode};
use super::node::{self, Node};
use super::scalars::{CurrencyCode, Date, DateTime};
use crate::access::tenants;
use crate::api::customers::{self as customers, Customer};
use crate::ledger::{LedgerFault, journal};

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

/// A tenant: nothing of it is ever seen from another one.
#[derive(Clone, Debug, SimpleObject)]
pub struct Tenant {
    /// Opaque.
    id: ID,
    /// Its name in configuration and tokens.
    code: String,
    /// For people.
    name: String,
    /// The currency of its reports.
    base_currency: CurrencyCode,
    /// Whether it is for trying things out.
    sandbox: bool,
    /// Today, in its books.
    business_date: Date,
    /// The last day that its books are closed for; none when no period was ever closed.
    closed_through: Option<Date>,
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
        let tenant = tenants::find(caller.db(), caller.tenant()).await.map_err(LedgerFault::from)?;
        let tenant = tenant.ok_or_else(|| Fault::internal(&"a token of a tenant that is gone"))?;
        let (business_date, closed_through) =
            journal::dates(caller.db(), caller.engine.clock(), caller.tenant()).await?;
        let customer = match caller.customer() {
            None => None,
            Some(customer) => customers::by_id(caller, customer).await?,
        };
        Ok(Viewer {
            tenant: Tenant {
                id: tenant.id.into(),
                code: tenant.code,
                name: tenant.name,
                base_currency: CurrencyCode(tenant.base_currency),
                sandbox: tenant.sandbox,
                business_date: Date(business_date),
                closed_through: closed_through.map(Date),
            },
            client: caller.principal.client.to_string(),
            customer,
            scopes: caller.principal.scopes.iter().copied().collect(),
            expires_at: DateTime(caller.principal.expires_at.saturating_mul(1_000_000)),
        })
    }
}
