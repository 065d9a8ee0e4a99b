//! What addresses are refused for.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What addresses may be refused for.
    CODES {
        /// A customer with addresses has a permanent main postal address that is in force: the first address is one, and
        /// it is not taken away.
        MAIN_POSTAL_ADDRESS_REQUIRED,
        /// The main postal address is not taken out of use.
        MAIN_POSTAL_ADDRESS_STAYS,
        /// The address is still used for something: its usages are removed first.
        ADDRESS_HAS_USAGES,
        /// The address would end before it starts.
        ADDRESS_ENDS_BEFORE_START,
        /// The customer's other addresses with this label are of another type.
        ADDRESS_LABEL_OF_OTHER_TYPE,
        /// Only a postal address can be undeliverable.
        ADDRESS_NOT_POSTAL,
        /// Only a permanent address can be undeliverable.
        ADDRESS_NOT_PERMANENT,
        /// An update may clear the flag `invalid`; only `invalidateAddress` sets it.
        ADDRESS_INVALID_NOT_SETTABLE,
        /// The address is not used for that.
        ADDRESS_USAGE_NOT_FOUND,
        /// The tenant has not agreed on this usage.
        ADDRESS_USAGE_NOT_AGREED,
    }
}
