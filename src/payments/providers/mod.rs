//! Payment service providers: payments into accounts that somebody outside takes, and what these tell of them.
//!
//! A payment is noted first, then the provider is asked ([`ask`]), and its answer noted; call-backs come under the
//! provider's signature at a path of its own (`http::providers`). All of it may come twice, late and in any order: what is
//! known changes nothing, what cannot be is refused by name.
//!
//! INITIATED -> PENDING -> AUTHORISED -> CAPTURED -> PARTLY_REFUNDED -> REFUNDED, each step but the last two may be left
//! out; CANCELLED and FAILED come of what is not captured.
//!
//! | what | leaves | arrives |
//! |---|---|---|
//! | captured | SETTLEMENT_PSP | the account, as `registerPayment`: the provider's code and its id of the payment are unique |
//! | a refund | the account, as a reversal of the payment, when it is asked for | SETTLEMENT_PSP |
//! | a refund that the provider will not do | SETTLEMENT_PSP | the account |
//! | `reconcileProviderPayout` | SETTLEMENT_BANK, and PROVIDER_FEE what the provider has kept | SETTLEMENT_PSP |

pub mod ask;
pub mod commands;
pub mod events;
pub mod model;
pub mod payouts;
pub mod refusals;
pub mod store;
pub mod tell;
#[cfg(test)]
mod tests;

pub use ask::Providers;
pub use commands::{
    CancelProviderPayment, CaptureProviderPayment, CreatePaymentProvider, InitiateProviderPayment,
    RefundProviderPayment, UpdatePaymentProvider,
};
pub use model::{PaymentProvider, ProviderKind, ProviderOperation, ProviderPayment, ProviderPaymentState};
pub use payouts::ReconcileProviderPayout;
