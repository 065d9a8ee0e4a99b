//! Which accounts and products to list.

use async_graphql::{ID, InputObject};

use crate::api::enums::{AccountFamily, AccountStatus};
use crate::api::inputs::CustomerBy;

/// Which accounts to list. Ids that name nothing find nothing.
#[derive(Debug, Default, InputObject)]
pub struct AccountFilter {
    /// Only of this customer.
    pub(super) owner: Option<ID>,
    /// Only of the customer with this name: none where there is no such customer.
    pub(super) customer: Option<CustomerBy>,
    /// Only those whose debt is owed to this party.
    pub(super) creditor: Option<ID>,
    /// Only of this product.
    pub(super) product: Option<ID>,
    /// Only of this family.
    pub(super) family: Option<AccountFamily>,
    /// Only in this status.
    pub(super) status: Option<AccountStatus>,
    /// Only with this number.
    pub(super) number: Option<String>,
    /// Only with this reference of yours.
    pub(super) external_reference: Option<String>,
}

/// Which products to list.
#[derive(Debug, Default, InputObject)]
pub struct ProductFilter {
    /// Only of this family.
    pub(super) family: Option<AccountFamily>,
}
