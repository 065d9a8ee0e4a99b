//! The debtor's page: links to it, and what debtors say on it.
//!
//! A [`PageLink`] leads whoever has it to the page of one claim, for a while. What is in the link is a secret: the row has
//! its SHA-256 alone, so that whoever has the database has no link. Nothing is spent by looking: a page is shown as often
//! as it is asked for, and only what is sent back from it changes anything.
//!
//! What a debtor sends back is a [`DebtorAnswer`]: a promise to pay by a day, which is a promise of the claim like those
//! that the creditor notes ([`crate::collections::promises`]) and takes the place of what was promised before, or a dispute,
//! which pauses the journey of the claim for somebody to look at.

pub mod commands;
pub mod events;
pub mod model;
pub mod store;
#[cfg(test)]
mod tests;

pub use commands::{AnswerOnPage, CreatePageLink, SetPageToken};
pub use model::{AnswerKind, DebtorAnswer, PageLink};

use crate::work::{About, Stored};

/// What makes links.
pub const COMMANDS: &[Stored] = &[Stored::of::<CreatePageLink>().about(About::Nothing)];
