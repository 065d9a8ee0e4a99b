//! What mandates are refused for.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What mandates may be refused for.
    CODES {
        /// The mandate is not in force: it waits, is suspended, revoked or has lapsed; `facts.status` says which.
        MANDATE_NOT_ACTIVE,
        /// Whoever is to pay neither owns the account nor takes part in it.
        DEBTOR_NOT_OF_ACCOUNT,
    }
}
