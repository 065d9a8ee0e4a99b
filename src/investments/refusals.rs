//! What investments are refused for.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What investments may be refused for.
    CODES {
        /// Bids are placed from investment accounts alone.
        INVESTMENT_ACCOUNT_REQUIRED,
        /// The offer's last day for bids is over.
        OFFER_DEADLINE_PASSED,
        /// No bid on the offer can be taken.
        NOTHING_TO_ALLOCATE,
        /// The hold is that of a bid, and ends with it.
        HOLD_OF_BID,
    }
}
