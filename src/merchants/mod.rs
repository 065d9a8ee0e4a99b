//! Merchants: parties that are paid what was bought from them with cards, less what is kept for it.
//!
//! A contract says by which of the acquirers' ids a party is known as a merchant, what is kept of each purchase, where the
//! money goes and when. What a scheme clears with that id, in the contract's currency, is a transaction of the merchant's
//! ([`cleared`], in the decision that books it), and belongs to the contract's open payment from then on: what a payment is
//! made of is known before it is made, and adding it up takes no look at its transactions. `settleMerchant`, by hand or by
//! the business day of the contract's cycle, pays the open payment; what is cleared later opens the next one.
//!
//! | payment | becomes |
//! |---|---|
//! | OPEN: transactions come | PAID |
//! | PAID: nothing changes any more | |
//!
//! | transaction | amount | fee |
//! |---|---|---|
//! | a purchase | what was cleared | the contract's percentage, rounded to the nearest minor unit with a half away from zero, and its fixed amount; never more than the purchase |
//! | a refund, by the merchant | what was given back, below zero | none; that of the purchase is kept |
//! | a purchase that is reversed as a whole | the same, below zero | that of the purchase is given back |
//! | a part of it that is reversed | the part, below zero | none |
//!
//! A refund or reversal after its purchase was paid is taken off the next payment. A payment of nothing, or of less, is not
//! made: it waits for more.
//!
//! | what | leaves | arrives |
//! |---|---|---|
//! | a payment | SCHEME_SETTLEMENT, where the clearings have put it: at most what stands there | SETTLEMENT_BANK, what is paid; FEE_INCOME, what is kept |

mod cleared;
pub mod commands;
pub mod events;
pub mod model;
pub mod refusals;
mod settle;
pub mod store;
#[cfg(test)]
mod tests;

pub use cleared::{cleared, hint_of, reversed};
pub use commands::{CreateMerchantContract, EndMerchantContract};
pub use model::{
    MerchantContract, MerchantCycle, MerchantPayment, MerchantPaymentState, MerchantTransaction,
    MerchantTransactionKind,
};
pub use settle::{SettleMerchant, SettleMerchants};
pub use store::{ContractFilter, PaymentFilter, TransactionFilter};

use crate::work::{About, Stored};

/// What changes merchants' contracts and payments.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<CreateMerchantContract>().about(About::Nothing),
    Stored::of::<EndMerchantContract>().about(About::Nothing),
    Stored::of::<SettleMerchant>().about(About::Amount),
];
