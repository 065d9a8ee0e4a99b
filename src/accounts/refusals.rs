//! What accounts and those who take part in them are refused for.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What is refused about accounts.
    CODES {
        /// The customer cannot take part in the account as this: the account is closed, the customer owns it, or there
        /// are too many.
        PARTICIPANT_REFUSED,
        /// A lookup that is to find one account finds several, or more than can be told apart.
        AMBIGUOUS_LOOKUP,
        /// The account that is named is not one that the lookup beside it describes.
        LOOKUP_MISMATCH,
        /// The payment reference's check digit is wrong, by every rule that references are made by here. One that is right
        /// and that no account has is `NOT_FOUND`.
        PAYMENT_REFERENCE_INVALID,
        /// The account is no prepaid one: it is not loaded and unloaded, but paid to and out.
        ACCOUNT_NOT_PREPAID,
        /// The account has an application for a higher limit that is not decided yet: `facts.application`.
        LIMIT_APPLICATION_OPEN,
    }
}
