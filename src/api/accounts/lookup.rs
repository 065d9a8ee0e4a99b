//! How an input describes an account, instead of naming it or besides.

use async_graphql::InputObject;

use crate::accounts::{self, AccountRef};
use crate::api::enums::AccountFamily;
use crate::api::input::named;
use crate::api::inputs::{AccountBy, CustomerBy, ProductBy, name};
use crate::api::parties::PartyBy;
use crate::refused::Refused;

/// Describes one account: all that is given must hold, and exactly one account must be so. Where no account is named
/// beside it, it takes a customer, a number or a reference; closed accounts then step back behind those that are not.
#[derive(Clone, Debug, Default, InputObject)]
pub struct AccountLookup {
    /// Whose it is.
    customer: Option<CustomerBy>,
    /// Whom its debt is owed to: a party.
    creditor: Option<PartyBy>,
    /// What it is an instance of.
    product: Option<ProductBy>,
    /// What kind of account it is.
    family: Option<AccountFamily>,
    /// Its number.
    number: Option<String>,
    /// Your own reference of it.
    external_reference: Option<String>,
}

/// The account that an input names (`account`), describes (`lookup`), or both.
///
/// # Errors
/// `NOT_FOUND` for names that nothing can have.
pub(crate) fn account_ref(account: Option<AccountBy>, lookup: Option<AccountLookup>) -> Result<AccountRef, Refused> {
    let account = account.map(|by| named("account", "account", by.to_domain())).transpose()?;
    Ok(AccountRef { account, lookup: lookup.map(AccountLookup::into_domain).transpose()? })
}

impl AccountLookup {
    fn into_domain(self) -> Result<accounts::AccountLookup, Refused> {
        let text = |text: Option<String>| text.map(|text| named("lookup", "account", name(&text))).transpose();
        Ok(accounts::AccountLookup {
            customer: self.customer.map(|by| named("lookup.customer", "customer", by.to_domain())).transpose()?,
            creditor: self.creditor.map(|by| named("lookup.creditor", "party", by.to_domain())).transpose()?,
            product: self.product.map(|by| named("lookup.product", "product", by.to_domain())).transpose()?,
            family: self.family,
            number: text(self.number)?,
            external_reference: text(self.external_reference)?,
        })
    }
}
