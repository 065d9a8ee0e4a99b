//! Messages to debtors about claims: by e-mail, as an SMS, as a letter.
//!
//! A [`MessageTemplate`] is a text of the tenant's, in a language, with places for what a claim says
//! ([`crate::templates`]). What is sent is decided once ([`SendMessage`]): the text is filled in then, the debtor's address
//! is taken then, and both stand on the [`Message`] from then on. A server in the background ([`Messenger`]) makes the mail
//! of it, keeps that as a document of the claim, sends it, and notes what became of it.
//!
//! **Nobody is written to** who is not to be: one who has said so, has a lawyer, is insolvent or has died
//! (`CONTACT_CEASED`), or was written to as often as the tenant allows (`CONTACT_TOO_OFTEN`). Outside of the tenant's hours
//! e-mails and SMS wait. A message that was on its way when contact ceased is not sent.
//!
//! A message is sent at least once: a server that dies between sending and noting leaves it to be sent again, under the
//! same Message-ID.

pub mod commands;
pub mod contact;
pub mod deliver;
pub mod events;
pub mod mail;
pub mod model;
pub mod refusals;
pub mod send;
pub mod settings;
pub mod store;
#[cfg(test)]
mod tests;

pub use commands::{SetCeaseContact, SetMessageSettings, SetMessageTemplate};
pub use contact::{CeaseReason, DebtorContact};
pub use deliver::Messenger;
pub use model::{Message, MessageKind, MessageStatus, MessageTemplate};
pub use send::{SendMessage, send};
pub use settings::{EmailChannel, MessageSettings, SmsChannel, SmtpSecurity, Terms};

use crate::work::{About, Stored};

/// What changes messages.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<SetMessageTemplate>().about(About::Nothing),
    Stored::of::<SetMessageSettings>().about(About::Nothing),
    Stored::of::<SetCeaseContact>().about(About::Nothing),
    Stored::of::<SendMessage>().about(About::Nothing),
];
