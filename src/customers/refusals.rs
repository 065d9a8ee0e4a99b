//! What is refused about customers.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What is refused about customers.
    CODES {
        /// What is to identify a person or a company is no such number: its length, its date or its check digits are wrong.
        INVALID_IDENTIFIER,
        /// The server has no keys to seal identifiers with: its operator has to set them.
        DATA_KEYS_MISSING,
        /// The customer was merged into another: `facts.customer` is who it is now.
        CUSTOMER_MERGED,
        /// What was personal of the customer was erased: there is nobody to do this with.
        CUSTOMER_ERASED,
        /// The two records tell of different persons.
        NOT_THE_SAME_CUSTOMER,
        /// It has more than one merge moves: `facts.maximumCount` is how many that are.
        TOO_MANY_TO_MERGE,
        /// The customer has open accounts, debts or reservations; each is named.
        CUSTOMER_HAS_OBLIGATIONS,
    }
}
