//! Purchases on invoices and loans in the API.

pub mod mutations;
pub mod queries;
pub mod terms;
pub mod types;

pub use mutations::PurchaseMutation;
pub use queries::PurchaseQuery;
pub use terms::{PurchaseTerms, PurchaseTermsMutation};
pub use types::{Purchase, PurchaseAccount};
