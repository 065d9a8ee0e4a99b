//! What can be done with a customer now, and why the rest cannot: by the rules that decide the commands.

use super::model::Customer;

crate::words! {
    /// An operation on a customer.
    CustomerAction {
        /// `updateCustomer`.
        UpdateCustomer = "UPDATE_CUSTOMER",
        /// `openAccount` for it.
        OpenAccount = "OPEN_ACCOUNT",
        /// `createAddress` of it.
        CreateAddress = "CREATE_ADDRESS",
        /// `mergeCustomers`, as the record that goes.
        MergeInto = "MERGE_INTO",
        /// `eraseCustomer`: its own obligations are looked at when it is asked for.
        EraseCustomer = "ERASE_CUSTOMER",
    }
}

/// The operations, each with what stands in its way.
#[must_use]
pub fn actions(customer: &Customer) -> Vec<(CustomerAction, Option<String>)> {
    let obstacle = customer.require_present("customer").err().map(|refused| refused.message);
    CustomerAction::ALL.iter().map(|action| (*action, obstacle.clone())).collect()
}
