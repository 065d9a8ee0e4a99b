//! Recurring payments: what is drawn from customers' bank accounts again and again, for what their accounts owe.
//!
//! An account has one setting ([`RecurringPayment`]): by which scheme, what is drawn (a fixed amount, the whole debt, or what
//! is billed), when and how often. The customer's consent ([`DebitConsent`]) stands apart from it: removing the settings
//! leaves it, and without one nothing is drawn. From the settings the business day makes payment orders ([`PaymentOrder`]),
//! sends each on its day for what is to be paid then, and takes the rail's answer.
//!
//! ```text
//! SCHEDULED -> SENT -> EXECUTED
//!     |         '----> SCHEDULED (tried again) or FAILED
//!     '--------------> SKIPPED (nothing due, no consent, closed), FAILED, CANCELLED
//! ```
//!
//! **What always holds.** An account has one order per period: its id is a digest of both, and so is the id of the entry of
//! each try, so that whoever is killed anywhere and goes on draws nothing twice. What is drawn is at most what the account
//! owes, less what was drawn and is on its way. What is sent is credited at once, valued after the product's collection
//! days, and settles dues; what comes back is reversed, which opens them again.
//!
//! On cards of PAY_NOW the same orders are made daily or weekly for all that was spent.

pub mod commands;
pub mod events;
pub mod model;
pub mod orders;
pub mod steps;
pub mod store;

pub use commands::{
    CancelPaymentOrder, GiveDebitConsent, RemoveRecurringPayment, RevokeDebitConsent, SetUpRecurringPayment,
    UpdateRecurringPayment,
};
pub use model::{
    DebitConsent, PaymentOrder, PaymentOrderAction, PaymentOrderReason, PaymentOrderStatus, PaymentScope,
    RecurringAction, RecurringMethod, RecurringPayment, RecurringState,
};
pub use steps::{ExecutePaymentOrders, SchedulePaymentOrders};
pub use store::PaymentOrderFilter;

use crate::work::{About, Stored};

/// What changes recurring payments.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<SetUpRecurringPayment>(),
    Stored::of::<UpdateRecurringPayment>(),
    Stored::of::<RemoveRecurringPayment>().about(About::Nothing),
    Stored::of::<GiveDebitConsent>().about(About::Nothing),
    Stored::of::<RevokeDebitConsent>().about(About::Nothing),
    Stored::of::<CancelPaymentOrder>().about(About::Nothing),
];

#[cfg(test)]
mod tests;
