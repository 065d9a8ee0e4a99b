//! Billing in the API: how products are billed, statements, bills, and whose payments are overdue.

mod account;
mod bills;
pub mod mutations;
mod plan;
mod statements;

pub use account::BillingFields;
pub use bills::{Bill, commands_of};
pub use mutations::BillingMutation;
pub use plan::BillingPlan;
pub use statements::{BillingQuery, Statement, filtered};
