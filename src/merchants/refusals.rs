//! What merchants' contracts and payments are refused for.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What merchants' contracts and payments may be refused for.
    CODES {
        /// Nothing was cleared for the merchant that is not paid, or more was given back than bought.
        NOTHING_TO_SETTLE,
        /// Less stands on SCHEME_SETTLEMENT than is to be paid from it.
        SCHEME_SETTLEMENT_TOO_LOW,
    }
}
