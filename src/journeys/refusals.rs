//! What journeys are refused for.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What is refused about journeys.
    CODES {
        /// The journey is not paused, so it cannot be resumed.
        JOURNEY_NOT_PAUSED,
        /// Steps of the strategy lead to one another in a circle without a day between them.
        STRATEGY_CIRCLE,
    }
}
