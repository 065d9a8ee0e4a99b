//! Which accounts a list has.

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::accounts::model::{Account, Family};
use crate::customers::CustomerBy;
use crate::ledger::query::Page;
use crate::ledger::{AccountStatus, LedgerFault};
use crate::primitives::{CustomerId, PartyId, ProductId, TenantId};
use crate::work::read;

/// Which accounts to list.
#[derive(Clone, Debug, Default)]
pub struct AccountFilter {
    /// Only of this customer.
    pub owner: Option<CustomerId>,
    /// Only of the customer with this name.
    pub customer: Option<CustomerBy>,
    /// Only those whose debt is owed to this party.
    pub creditor: Option<PartyId>,
    /// Only of this product.
    pub product: Option<ProductId>,
    /// Only of this family.
    pub family: Option<Family>,
    /// Only in this status.
    pub status: Option<AccountStatus>,
    /// Only with this number.
    pub number: Option<String>,
    /// Only with this reference of the tenant's own.
    pub external_reference: Option<String>,
}

/// Accounts, in the order in which they were opened.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &AccountFilter,
    page: Page<i64>,
) -> Result<Vec<Account>, LedgerFault> {
    let mut query = read::select::<Account>(tenant);
    let conditions = [
        ("customer_id = ", filter.owner.map(|owner| owner.0.into())),
        ("party_id = ", filter.creditor.map(|party| party.0.into())),
        ("product_id = ", filter.product.map(|product| product.0.into())),
        ("family = ", filter.family.map(|family| family.word().into())),
        ("number = ", filter.number.as_deref().map(Into::into)),
        ("external_reference = ", filter.external_reference.as_deref().map(Into::into)),
    ];
    for (condition, value) in conditions {
        if let Some(value) = value {
            query.and(condition, value);
        }
    }
    if let Some(customer) = &filter.customer {
        let (column, name) = match customer {
            CustomerBy::Id(id) => ("id = ", id.0.into()),
            CustomerBy::Number(number) => ("number = ", number.as_str().into()),
            CustomerBy::ExternalReference(reference) => ("external_reference = ", reference.as_str().into()),
            // What it is found by is sealed: whoever asks has found the customer before.
            CustomerBy::Identifier(_) => ("id = ", Uuid::nil().into()),
        };
        query.and_raw("customer_id = (SELECT id FROM customer WHERE tenant_id = $1");
        query.and(column, name);
        query.close();
    }
    if let Some(status) = filter.status {
        query.and_raw("id IN (SELECT account_id FROM account_position WHERE tenant_id = $1");
        query.and("status = ", status.word().into());
        query.close();
    }
    read::page(db, query, false, page).await
}
