//! Questions about receivables and claims.

use async_graphql::{Context, ID, InputObject, Object, OneofObject};

use super::types::{Claim, ClaimFilter, Receivable, claim_by_id, list_claims, receivable_by_id};
use crate::access::Scope;
use crate::api::context::allowed;
use crate::api::fault::Fault;
use crate::api::inputs::{filter_text, name};
use crate::api::pagination::{Connection, NumberedPage, Ordinal, PageArgs, PageNumber, Window};
use crate::collections::claims::store as claims;
use crate::collections::receivables::store as receivables;
use crate::collections::{self as domain, ReceivableFilter as Filter};

/// Names one receivable.
#[derive(OneofObject)]
pub enum ReceivableBy {
    /// By its id.
    Id(ID),
    /// By what the creditor calls it.
    Reference(String),
}

/// Names one claim.
#[derive(OneofObject)]
pub enum ClaimBy {
    /// By its id.
    Id(ID),
    /// By what the creditor calls it.
    Reference(String),
}

/// Which receivables to list. All conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct ReceivableFilter {
    /// Only those that the customer with this external reference owes on.
    debtor_reference: Option<String>,
    /// Only those of this portfolio.
    portfolio_reference: Option<String>,
}

/// Questions about receivables and claims. Scope: read.
#[derive(Debug, Default)]
pub struct CollectionQuery;

/// Questions about receivables and claims. Scope: read.
#[Object]
impl CollectionQuery {
    /// One receivable. Null for what does not exist or is not yours to see.
    async fn receivable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] by: ReceivableBy,
    ) -> Result<Option<Receivable>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        match by {
            ReceivableBy::Id(id) => match id.parse() {
                Ok(id) => receivable_by_id(caller, id).await,
                Err(_) => Ok(None),
            },
            ReceivableBy::Reference(reference) => match name(&reference) {
                Some(reference) if caller.customer().is_none() => {
                    let found = receivables::find(caller.db(), caller.tenant(), &reference).await?;
                    Ok(found.map(Receivable))
                }
                _ => Ok(None),
            },
        }
    }

    /// The receivables, in the order in which they were created; none for a token that is bound to a customer.
    async fn receivables(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<ReceivableFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Receivable>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<domain::Receivable>>::new(&PageArgs::forward(first, after))?;
        let filter = filter.unwrap_or_default();
        let filter = Filter {
            debtor_reference: filter_text("debtorReference", filter.debtor_reference)?,
            portfolio_reference: filter_text("portfolioReference", filter.portfolio_reference)?,
        };
        if caller.customer().is_some() {
            return Ok(Connection::empty());
        }
        let rows = receivables::list(caller.db(), caller.tenant(), &filter, window.page(Ordinal::place)).await?;
        caller.loaders.keep(&rows).await;
        Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), Receivable))
    }

    /// One claim, deleted ones as well. Null for what does not exist or is not yours to see.
    async fn claim(&self, ctx: &Context<'_>, #[graphql(desc = "Which.")] by: ClaimBy) -> Result<Option<Claim>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        match by {
            ClaimBy::Id(id) => match id.parse() {
                Ok(id) => claim_by_id(caller, id).await,
                Err(_) => Ok(None),
            },
            ClaimBy::Reference(reference) => {
                let Some(reference) = name(&reference) else { return Ok(None) };
                let found = claims::find(caller.db(), caller.tenant(), &reference).await?;
                Ok(found.filter(|claim| caller.sees(claim.debtor)).map(Claim::new))
            }
        }
    }

    /// The claims, in the order in which they were created; for a token that is bound to a customer those that this
    /// customer owes first of all.
    async fn claims(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<ClaimFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Claim>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        list_claims(caller, filter.unwrap_or_default().read()?, &PageArgs::forward(first, after)).await
    }

    /// The same, in pages by their number.
    async fn claims_page(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<ClaimFilter>,
        #[graphql(desc = "How many to a page, 1 to 10,000, as far as the answer may cost so much.")] limit: i32,
        #[graphql(desc = "Which page, from 1 on.", default = 1)] page: i32,
    ) -> Result<NumberedPage<Claim>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let page = PageNumber::new(limit, page)?;
        let filter = claims::ClaimFilter { debtor: caller.customer(), ..filter.unwrap_or_default().read()? };
        let (rows, all) = claims::numbered(caller.db(), caller.tenant(), &filter, page.limit(), page.offset()).await?;
        caller.loaders.keep(&rows).await;
        Ok(page.of(rows.into_iter().map(Claim::new).collect(), all))
    }
}
