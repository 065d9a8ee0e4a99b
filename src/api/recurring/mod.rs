//! Recurring payments in the API: settings, consents, payment orders.

pub mod mutations;
pub mod orders;
pub mod terms;
pub mod types;

pub use orders::{PaymentOrder, order_by_id};
pub use types::{DebitConsent, RecurringFields, RecurringPayment, by_id, consent_by_id};
