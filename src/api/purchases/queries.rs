//! `purchase`, `purchaseAccount`, `purchaseTerms`.

use async_graphql::{Context, Object};

use super::terms::PurchaseTerms;
use super::types::{Purchase, PurchaseAccount, shown_one};
use crate::access::Scope;
use crate::api::accounts;
use crate::api::context::allowed;
use crate::api::fault::Fault;
use crate::api::inputs::{AccountBy, ProductBy, name};
use crate::purchases::{self as domain, store};

/// Questions about purchases. Scope: read.
#[derive(Debug, Default)]
pub struct PurchaseQuery;

/// Questions about purchases. Scope: read.
#[Object]
impl PurchaseQuery {
    /// A purchase by what the merchant calls it.
    async fn purchase(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the merchant calls it.")] purchase_id: String,
    ) -> Result<Option<Purchase>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let Some(reference) = name(&purchase_id) else { return Ok(None) };
        let Some(found) = store::called(caller.db(), caller.tenant(), &reference).await? else { return Ok(None) };
        Ok(accounts::by_id(caller, found.account).await?.map(|_| Purchase(found)))
    }

    /// What was bought on an account, and how its payment stands. Null where nothing was.
    async fn purchase_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which account.")] account: AccountBy,
    ) -> Result<Option<PurchaseAccount>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let Some(account) = accounts::find(caller, &account).await? else { return Ok(None) };
        let id = domain::PurchaseAccount::id_of(account.account().id);
        match caller.loaders.row::<domain::PurchaseAccount>(id).await? {
            None => Ok(None),
            Some(row) => shown_one(caller, row).await.map(Some),
        }
    }

    /// What purchases on the accounts of a product go by. Null where it says nothing of them.
    async fn purchase_terms(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which product.")] product: ProductBy,
    ) -> Result<Option<PurchaseTerms>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let Some(by) = product.to_domain() else { return Ok(None) };
        let Some(product) = crate::accounts::store::product(caller.db(), caller.tenant(), &by).await? else {
            return Ok(None);
        };
        let terms = store::terms(caller.db(), caller.tenant(), product.id).await?;
        Ok(terms.map(PurchaseTerms))
    }
}
