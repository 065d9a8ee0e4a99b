//! Applications for a higher credit limit.
//!
//! A limit only goes down through `updateAccount`; it goes up through an application, of which an account has one at a time.
//! Somebody else than its maker decides it, and their yes raises the limit in the same decision, within what the product
//! allows then. Nobody's yes comes too late: an application is over after the day through which it is valid.
//!
//! SUBMITTED -> APPROVED, DECLINED, WITHDRAWN (by its maker, or with a token of the account's owner) or EXPIRED.

pub mod commands;
pub mod events;
pub mod expiry;
pub mod model;
pub mod store;
#[cfg(test)]
mod tests;

pub use commands::{ApplyForRaisedCreditLimit, DecideLimitApplication, WithdrawLimitApplication};
pub use expiry::ExpireApplications;
pub use model::{LimitApplication, LimitApplicationStatus};
pub use store::LimitApplicationFilter;
