//! What claims and receivables are refused for.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What is refused about claims.
    CODES {
        /// The claim comes from the entries of its receivable: it is changed by these, and not by itself.
        CLAIM_MANAGED,
    }
}
