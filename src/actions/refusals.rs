//! What running an action is refused for.

use crate::refused::RefusalCode;

crate::open_words! { RefusalCode:
    /// What running an action is refused for.
    CODES {
        /// The custom action is disabled.
        ACTION_DISABLED,
        /// The custom action is run on an account, and none was named.
        ACTION_NEEDS_ACCOUNT,
        /// The custom action is not run on an account, and one was named.
        ACTION_TAKES_NO_ACCOUNT,
        /// The custom action is not for accounts of this family.
        ACTION_FAMILY_NOT_ALLOWED,
        /// A script asked for a command that there is not, that no script may run, or that the caller may not.
        ACTION_COMMAND_NOT_ALLOWED,
        /// The script of a custom action says no itself: the message is the script's.
        ACTION_REFUSED,
    }
}
