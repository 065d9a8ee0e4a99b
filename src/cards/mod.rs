//! Cards: what an account is used with. Add, replace, delete and restore, change, find, list.
//!
//! What always holds:
//!
//! - A card is on one account for life, and has one holder. An account has at most one main card in force, whose holder is
//!   the account's owner; it has as many others as are wanted.
//! - A card's life runs ACTIVE -> DELETED and back within the time that the tenant gives, and from both to REPLACED, for
//!   good. What was replaced is followed by another in its chain, with its account, its holder and its part as the main card.
//! - A token names one chain of replacements in the tenant, and of that chain the newest card. It stays taken for ever, by
//!   deleted cards as well.
//! - A card can be blocked for some time ([`blocks`]): what asks for its use is refused then.
//! - No whole number is ever kept: a card has at most the first and the last digits of it.
//!
//! The decision about a purchase is not here; what a card may be used for is ([`CardLimits`]).

pub mod authorisations;
pub mod blocks;
pub mod chargebacks;
pub mod clearing;
pub mod commands;
pub mod events;
pub mod limits;
pub mod model;
pub mod number;
pub mod open;
pub mod point_of_sale;
pub mod refunds;
pub mod refusals;
pub mod store;
#[cfg(test)]
mod tests;
pub mod usage;

pub use commands::{AddCard, DeleteCard, NewCard, ReplaceCard, RestoreCard, UpdateCard};
pub use limits::{CardChannel, CardLimits, NewLimits};
pub use model::{Card, CardAction, CardStatus};
pub use open::OpenAccount;
pub use store::{CardBy, CardFilter};

use crate::accounts::Account;
use crate::accounts::participants::RoleSource;
use crate::primitives::Origin;
use crate::work::{About, Stored};

/// The role that follows from cards: whoever holds one that is in force.
pub const ROLES: &[RoleSource] =
    &[RoleSource { table: "card", column: "holder_id", role: "'CARDHOLDER'", condition: "found.status = 'ACTIVE'" }];

/// Whether the origin sees a card on an account: its holder does, and the account's owner.
#[must_use]
pub fn visible(origin: &Origin, card: &Card, account: &Account) -> bool {
    origin.customer.is_none_or(|own| own == card.holder || own == account.owner)
}

/// What changes cards.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<OpenAccount>(),
    Stored::of::<AddCard>().about(About::Nothing),
    Stored::of::<UpdateCard>().about(About::Nothing),
    Stored::of::<ReplaceCard>().about(About::Nothing),
    Stored::of::<DeleteCard>().about(About::Nothing),
    Stored::of::<RestoreCard>().about(About::Nothing),
    Stored::of::<blocks::BlockCard>().about(About::Nothing),
    Stored::of::<blocks::UnblockCard>().about(About::Nothing),
    Stored::of::<authorisations::AuthoriseCard>(),
    Stored::of::<authorisations::IncreaseAuthorisation>(),
    Stored::of::<authorisations::ReverseAuthorisation>().about(About::Accounts),
    Stored::of::<clearing::ClearCard>(),
    Stored::of::<clearing::PurchaseByCard>(),
    Stored::of::<clearing::RefundCard>(),
    Stored::of::<chargebacks::OpenChargeback>(),
    Stored::of::<chargebacks::ResolveChargeback>(),
];
