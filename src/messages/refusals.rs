//! What messages are refused for.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What is refused about messages.
    CODES {
        /// The debtor is not to be written to.
        CONTACT_CEASED,
        /// The debtor was written to as often as the tenant allows.
        CONTACT_TOO_OFTEN,
        /// The debtor has no address of the kind that the message needs.
        NOT_REACHABLE,
        /// The text cannot be filled in for this claim.
        TEMPLATE_FAILED,
    }
}
