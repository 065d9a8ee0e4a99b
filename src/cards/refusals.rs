//! What cards are refused for.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What cards may be refused for.
    CODES {
        /// Another card has this token, or had it: a token is never given again.
        DUPLICATE_CARD_TOKEN,
        /// The account has a main card in force.
        MAIN_CARD_IN_FORCE,
        /// The main card's holder has to be the account's owner.
        MAIN_CARD_HOLDER_NOT_OWNER,
        /// Accounts of this family have no cards.
        CARDS_NOT_OFFERED,
        /// The card is deleted.
        CARD_DELETED,
        /// The card was replaced by another, for good.
        CARD_REPLACED,
        /// The time is over in which a deleted card can be restored.
        CARD_RESTORE_TIME_OVER,
        /// The card is blocked; `facts.block` names the block, `facts.blockedUntil` has its last day.
        CARD_BLOCKED,
        /// The card has a limit that this would pass.
        CARD_LIMIT_EXCEEDED,
        /// The card may not be used in this way.
        CARD_CHANNEL_BLOCKED,
        /// The card may not be used in this country.
        CARD_COUNTRY_BLOCKED,
        /// The card's last day is over; `facts.latest` has it.
        CARD_EXPIRED,
        /// The purchase is disputed already, or was.
        CHARGEBACK_EXISTS,
        /// The scheme has decided about the chargeback.
        CHARGEBACK_RESOLVED_ALREADY,
        /// A text or metadata hold what is a card's whole number, which is never kept.
        CARD_NUMBER_NOT_KEPT,
    }
}
