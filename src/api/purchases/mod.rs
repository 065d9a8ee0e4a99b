//! Purchases on invoices and loans in the API.

mod mutations;
mod queries;
mod terms;
pub mod types;

pub use mutations::PurchaseMutation;
pub use queries::PurchaseQuery;
pub use terms::{PurchaseTerms, PurchaseTermsMutation};
pub use types::{Purchase, PurchaseAccount};
