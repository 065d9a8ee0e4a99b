//! What the log tells of the background's work.

use crate::ledger::event::EventType;

crate::open_words! { EventType:
    /// What is told of the business day and the tenant's settings.
    TYPES {
        /// The steps of a business day that has ended are done.
        BUSINESS_DAY_DONE,
        /// A step of a business day has failed; it is tried again.
        BUSINESS_DAY_FAILED,
        /// The tenant's settings were changed.
        TENANT_UPDATED,
        /// A sandbox tenant's clock was moved forward.
        CLOCK_ADVANCED,
        /// A sandbox tenant was left as it is: it begins anew, and this is its former life.
        SANDBOX_RESET,
    }
}
