//! Mandates: what a customer has allowed to be collected from a bank account or a card, for one account here.
//!
//! What always holds:
//!
//! - A mandate is of one account, and is given by its owner or by somebody who takes part in it.
//! - PENDING -> ACTIVE <-> SUSPENDED; REVOKED and EXPIRED are for good.
//! - The reference of a bank's scheme is unique in the tenant, one that a provider has given is so in its account.
//! - SEPA's mandates lapse 36 months after the collection that was presented last, or after they were signed. This holds
//!   from that day on, whether or not the business day has noted it yet.
//! - What was amended is kept with the mandate. Who pays from where is sealed where there are keys.

pub mod commands;
pub mod events;
pub mod expiry;
pub mod model;
pub mod payer;
pub mod refusals;
pub mod store;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::{ActivateMandate, AmendMandate, CreateMandate, RevokeMandate, SuspendMandate};
pub use model::{Mandate, MandateAction, MandateScheme, MandateStatus, SequenceType};
pub use payer::{Amendment, Payer};
pub use store::MandateBy;

use crate::work::{About, Stored};

/// What changes mandates.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<CreateMandate>().about(About::Nothing),
    Stored::of::<ActivateMandate>().about(About::Nothing),
    Stored::of::<SuspendMandate>().about(About::Nothing),
    Stored::of::<AmendMandate>().about(About::Nothing),
    Stored::of::<RevokeMandate>().about(About::Nothing),
];
