//! What mirrored accounts are refused for.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What mirrored accounts may be refused for.
    CODES {
        /// Virtual accounts alone mirror an account that is kept outside.
        VIRTUAL_ACCOUNT_REQUIRED,
        /// The account has no source that could be asked.
        NO_ACCOUNT_SOURCE,
        /// What a source tells contradicts what it has told before, or itself.
        SOURCE_CONTRADICTS,
    }
}
