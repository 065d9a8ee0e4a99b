//! What direct debits are refused for.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What direct debits may be refused for.
    CODES {
        /// The account has no mandate in force that could be collected by.
        NO_MANDATE_IN_FORCE,
        /// The time is over in which a direct debit is refunded; `facts.latest` has its last day.
        REFUND_TOO_LATE,
        /// The scheme gives the payer no refund of what was allowed.
        NO_REFUND_RIGHT,
    }
}
