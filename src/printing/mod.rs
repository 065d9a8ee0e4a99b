//! Printing: what goes to customers on paper, or looks as if it did. Bills, reminders, statements, contracts, plans and
//! letters, as PDF.
//!
//! A [`Sheet`] is what is said: a recipient, a title, facts, paragraphs, tables, how it is paid. A [`Brand`] is whose paper
//! it is. [`pdf`] puts the one on the other: laid out in whole hundredths of a point ([`layout`]), drawn as a tagged file
//! with its typefaces in it ([`draw`]). It is pure, and takes milliseconds: whoever prints keeps the bytes in the store of
//! documents before a command notes that they are there.

pub mod draw;
pub mod fonts;
pub mod layout;
pub mod qr;
pub mod sheet;
pub mod tags;
#[cfg(test)]
mod tests;
pub mod words;

pub use draw::{PrintError, page_count, pdf};
pub use sheet::{Align, Block, Brand, Column, Letterhead, Payment, Picture, PrintLanguage, Sheet, Table};
