//! What leases, respites and terminations are refused for.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What is refused about leases, respites and terminations.
    CODES {
        /// Only accounts of the family LEASING have lease plans.
        NOT_A_LEASE,
        /// Only accounts of the families LEASING and REVOLVING_CREDIT are given respites and terminated.
        NOT_A_CREDIT,
        /// The credit is on its way to its termination already.
        ALREADY_PRE_TERMINATED,
        /// The credit is terminated.
        CREDIT_TERMINATED,
        /// The instalment is paid, or a part of it is.
        INSTALMENT_PAID,
    }
}
