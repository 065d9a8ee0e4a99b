//! What insurance is refused for.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What insurance may be refused for.
    CODES {
        /// The package is not offered with accounts of this product.
        INSURANCE_NOT_OFFERED,
        /// The package does not authorise this event, or the event does not activate an insurance.
        INSURANCE_EVENT_NOT_AUTHORISED,
        /// The account has an insurance of this package that is not closed.
        INSURANCE_EXISTS,
        /// The package asks for an age, and the birth date of the account's owner is not known.
        INSURED_AGE_UNKNOWN,
        /// The account's owner is younger or older than the package allows.
        INSURED_AGE_OUT_OF_RANGE,
    }
}
