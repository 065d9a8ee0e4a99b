//! The address of a customer's own page: the tenant's, with the account's id in it and what proves that it was given out.
//!
//! The proof is the keyed hash of the account's id, under the tenant's own key ([`crate::sealing::KeyRing::lookup`]): nobody
//! makes one for another account. A page that is asked for compares what it was given with what the API says of the account.

use crate::primitives::{AccountId, TenantId};
use crate::sealing::KeyRing;

/// The page of an account, by the address of its terms.
#[must_use]
pub fn page(template: &str, ring: &KeyRing, tenant: TenantId, account: AccountId) -> String {
    let id = account.to_string();
    let proof = ring.lookup(tenant, "purchase_account.page", &id);
    template.replace("{account}", &id).replace("{signature}", &proof)
}
