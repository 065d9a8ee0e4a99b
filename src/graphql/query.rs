//! The query root. Everything here takes the scope `read`, and answers with what the token may see; what it may
//! not see is absent, as if it did not exist.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::books::{self, AuditRecord, AuditRecordFilter, LedgerAccount, TrialBalance};
use super::context::allowed;
use super::enums::Scope;
use super::fault::{Fault, FaultCode};
use super::inputs::{AccountBy, CustomerBy, ProductBy};
use super::node::{self, Node};
use super::pagination::{Connection, PageArgs};
use super::scalars::{CurrencyCode, Date, DateTime};
use crate::access::tenants;
use crate::accounts::graphql::{self as accounts, Account, AccountFilter, Product, ProductFilter};
use crate::customers::graphql::{self as customers, Customer, CustomerFilter};
use crate::events::graphql::{self as events, EventFilter, LedgerEvent};
use crate::ledger::graphql::{self as ledger, Entry, EntryFilter};
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

/// Everything that can be read.
#[derive(Debug, Default)]
pub struct Query;

/// Everything that can be read. Scope: read.
#[Object]
impl Query {
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
        let (own_date, closed_through) = journal::dates(caller.db(), caller.tenant()).await?;
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
                business_date: Date(own_date.unwrap_or_else(|| caller.engine.clock().today())),
                closed_through: closed_through.map(Date),
            },
            client: caller.principal.client.to_string(),
            customer,
            scopes: caller.principal.scopes.iter().copied().collect(),
            expires_at: DateTime(caller.principal.expires_at.saturating_mul(1_000_000)),
        })
    }

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
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Account>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        accounts::list(caller, None, filter.as_ref(), &PageArgs::forward(first, after)).await
    }

    /// One entry of the journal. Null for what does not exist or is not yours to see.
    async fn entry(&self, ctx: &Context<'_>, #[graphql(desc = "Its id.")] id: ID) -> Result<Option<Entry>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        match id.parse() {
            Ok(id) => ledger::by_id(caller, id).await,
            Err(_) => Ok(None),
        }
    }

    /// The entries of the journal, newest first.
    async fn entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<EntryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Entry>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        ledger::list(caller, filter.unwrap_or_default(), &PageArgs::forward(first, after)).await
    }

    /// The event log, oldest first. To follow it live, subscribe to `ledgerEvents`, after the last cursor.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<EventFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<LedgerEvent>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        events::list(caller, filter.unwrap_or_default(), &PageArgs::forward(first, after)).await
    }

    /// The tenant's own accounts in the books, by role and currency; each exists from its first use on. Not for
    /// tokens that are bound to a customer.
    async fn ledger_accounts(&self, ctx: &Context<'_>) -> Result<Vec<LedgerAccount>, Fault> {
        books::tenants_ledger_accounts(allowed(ctx, Scope::Read)?).await
    }

    /// All postings, added up by class and currency. Not for tokens that are bound to a customer.
    async fn trial_balance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only what has a value date up to this day.")] as_of: Option<Date>,
    ) -> Result<TrialBalance, Fault> {
        books::tenants_trial_balance(allowed(ctx, Scope::Read)?, as_of).await
    }

    /// Who did what, newest first. Scope: audit. Not for tokens that are bound to a customer.
    async fn audit_records(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<AuditRecordFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<AuditRecord>, Fault> {
        books::audit_records(allowed(ctx, Scope::Audit)?, filter, &PageArgs::forward(first, after)).await
    }
}
