//! What payments through providers are refused for.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What payments through providers may be refused for.
    CODES {
        /// The provider tells of another amount than the payment's.
        PROVIDER_AMOUNT_MISMATCH,
        /// The provider calls the payment otherwise than before.
        PROVIDER_TRANSACTION_MISMATCH,
        /// The payments, less what was given back, are not the payout and the fee.
        PAYOUT_DOES_NOT_ADD_UP,
    }
}
