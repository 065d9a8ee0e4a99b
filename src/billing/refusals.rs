//! What billing is refused for.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What billing may be refused for.
    CODES {
        /// The account's minimum payment is not overdue.
        NOT_DELINQUENT,
    }
}
