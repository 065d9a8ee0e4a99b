//! Printing: what goes to customers on paper, or looks as if it did. Bills, reminders, statements, contracts, plans and
//! letters, as PDF.
//!
//! A [`Sheet`] is what is said: a recipient, a title, facts, paragraphs, tables, how it is paid. A [`Brand`] is whose paper
//! it is. [`pdf`] puts the one on the other: laid out in whole hundredths of a point ([`layout`]), drawn as a tagged file
//! with its typefaces in it ([`draw`]). It is pure, and takes milliseconds: whoever prints keeps the bytes in the store of
//! documents before a command notes that they are there.
//!
//! Whose paper it is, and what is written on it, is the tenant's ([`model`]): a brand, and a text for each kind and
//! language. Each is a design with versions, none of which is ever changed; what was printed stays as it was. A text is
//! tried when it is set, so that one that cannot be filled in never gets as far as paper.

pub mod bills;
mod commands;
pub mod contracts;
pub mod draw;
pub mod events;
pub mod fonts;
pub mod keep;
pub mod layout;
pub mod model;
pub mod press;
pub mod printer;
pub mod prints;
pub mod qr;
pub mod recipient;
pub mod sample;
pub mod sheet;
pub mod store;
pub mod tags;
#[cfg(test)]
mod tests;
pub mod texts;
pub mod words;

pub use commands::{SetPrintBrand, SetPrintTemplate};
pub use draw::{PrintError, page_count, pdf};
pub use model::PrintKind;
pub use press::Press;
pub use sheet::{Align, Block, Brand, Column, Letterhead, Payment, Picture, PrintLanguage, Sheet, Table};

use crate::work::{About, Stored};

/// What changes a tenant's paper.
pub const COMMANDS: &[Stored] =
    &[Stored::of::<SetPrintBrand>().about(About::Nothing), Stored::of::<SetPrintTemplate>().about(About::Nothing)];
