//! What identification is refused for.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What identification may be refused for.
    CODES {
        /// There is no such provider of identifications, or it is used no more.
        NO_IDENTIFICATION_PROVIDER,
        /// The address is not on the provider's list of those that customers may come back to.
        RETURN_ADDRESS_NOT_ALLOWED,
        /// The token is not one that the provider has signed for this.
        CUSTOMER_TOKEN_INVALID,
        /// The person who is identified is not the customer whose purchase it is.
        IDENTIFIED_PERSON_DIFFERS,
        /// The state has come back before.
        IDENTIFICATION_STATE_USED,
        /// The provider could not be reached, or answered what cannot be.
        IDENTIFICATION_PROVIDER_FAILED,
    }
}
