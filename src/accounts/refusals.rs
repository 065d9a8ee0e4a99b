//! What accounts are refused for.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What accounts may be refused for.
    CODES {
        /// A lookup that is to find one account finds several, or more than can be told apart.
        AMBIGUOUS_LOOKUP,
        /// The account that is named is not one that the lookup beside it describes.
        LOOKUP_MISMATCH,
    }
}
