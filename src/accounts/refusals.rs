//! What is refused for the sake of accounts, besides what the books refuse.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What is refused for the sake of accounts.
    CODES {
        /// The payment reference's check digit is wrong, by every rule that references are made by here. One that is right
        /// and that no account has is `NOT_FOUND`.
        PAYMENT_REFERENCE_INVALID,
        /// The account has an application for a higher limit that is not decided yet: `facts.application`.
        LIMIT_APPLICATION_OPEN,
    }
}
