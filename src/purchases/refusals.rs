//! What purchases are refused for.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What purchases may be refused for.
    CODES {
        /// The product says nothing of purchases: `setPurchaseTerms` does.
        NO_PURCHASE_TERMS,
        /// What is bought on such an account is a company's, and the customer is none.
        CUSTOMER_IS_NO_COMPANY,
    }
}
