//! What instalment credits are refused for.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What is refused about instalments.
    CODES {
        /// No instalment model is in use that takes this amount, currency, channel and card.
        NO_INSTALMENT_MODEL,
        /// Several contracts of the telephone number end with the digits that are given.
        AMBIGUOUS_CONTRACT,
        /// An instalment is overdue: it is collected before what comes after it.
        INSTALMENTS_OVERDUE,
    }
}
