//! What is refused about accounts and who takes part in them.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What is refused about accounts.
    CODES {
        /// The customer cannot take part in the account as this: the account is closed, the customer owns it, or there
        /// are too many.
        PARTICIPANT_REFUSED,
    }
}
