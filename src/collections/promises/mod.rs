//! Promises to pay: so much of a claim, by a day.
//!
//! ```text
//!   createPromiseToPay, or the debtor on the claim's page
//!                     |
//!        +---------- OPEN ----------> CANCELLED   cancelPromiseToPay; or the claim has come to an end without
//!        |            ^ |
//!        |   charged  | | paid in time
//!        |   back     | v
//!        +--------> BROKEN <-- KEPT               charged back after its day: a breach of its own
//! ```
//!
//! **What counts** is what was paid on the claim since it was promised, by the day on which the books value it, the promised
//! day included: payments of a managed claim's entries; of a claim that is changed by itself, credits, and updates for the
//! reason CLAIM_PAID. Several promises of a claim are instalments: what is paid goes to the one that is due first. A
//! chargeback takes back what the payment had brought, and only that.
//!
//! The business day judges once its day has ended, when all that was valued on it is known ([`JudgePromises`]); while a promise
//! is open, the journey of its claim does nothing ([`live`]).

pub mod commands;
pub mod judge;
pub mod model;
pub mod store;
#[cfg(test)]
mod tests;

pub use commands::{CancelPromise, CreatePromise, cancel_open, live, make, of_claim, paid, taken_back};
pub use judge::JudgePromises;
pub use model::{PromiseStatus, PromiseToPay};
