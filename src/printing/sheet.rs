//! What is printed, before it has a place on paper: texts in their order, as whoever prints has filled them in.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::primitives::Money;

crate::words! {
    /// A language that is printed in. Names, amounts and dates follow it; what a tenant writes is the tenant's.
    PrintLanguage {
        /// English.
        En = "EN",
        /// German.
        De = "DE",
        /// Swedish.
        Sv = "SV",
    }
}

/// Whose paper it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letterhead {
    /// The sender.
    pub name: String,
    /// The sender's address, line by line.
    pub address: Vec<String>,
    /// The colour of titles and rules: red, green, blue.
    pub colour: [u8; 3],
    /// What stands at the foot of each page.
    pub footer: Vec<String>,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// What it is: `image/png` or `image/jpeg`.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Whose paper it is, with the logo's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brand {
    /// The words.
    pub head: Letterhead,
    /// At the top of the first page.
    pub logo: Option<Picture>,
}

/// Where the words of a column stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// At its left edge, and broken into lines.
    Left,
    /// At its right edge: amounts.
    Right,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its heading.
    pub heading: String,
    /// Its part of the table's width, in relation to the others'.
    pub share: u32,
    /// Where its words stand.
    pub align: Align,
}

/// A table. Its headings are repeated on each page that it goes on to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// What is in it, for who hears it read.
    pub title: String,
    /// Its columns, at least one.
    pub columns: Vec<Column>,
    /// Its rows: a text a column.
    pub rows: Vec<Vec<String>>,
    /// Sums below it, label and amount: kept together with the last row.
    pub sums: Vec<(String, String)>,
}

/// A part of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A paragraph. A line's end in it is one on paper.
    Paragraph(String),
    /// A heading within the text.
    Heading(String),
    /// A table.
    Table(Table),
}

/// How it is paid. A code for banking apps is added where it is in euro and to an IBAN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Who is paid.
    pub name: String,
    /// The account, in groups of four or not.
    pub iban: Option<String>,
    /// The bank.
    pub bic: Option<String>,
    /// Another account number, where there is no IBAN: its name and itself.
    pub other: Option<(String, String)>,
    /// How much.
    pub amount: Money,
    /// What to quote.
    pub reference: String,
    /// Until when.
    pub due_on: Option<NaiveDate>,
}

/// What is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// In which language its fixed words are.
    pub language: PrintLanguage,
    /// What tells it from others: part of the file's identity.
    pub id: String,
    /// The day that it is of.
    pub dated: NaiveDate,
    /// To whom, line by line: name, street, place.
    pub recipient: Vec<String>,
    /// Its title.
    pub title: String,
    /// Facts beside the address: label and value.
    pub facts: Vec<(String, String)>,
    /// The text.
    pub blocks: Vec<Block>,
    /// How it is paid.
    pub payment: Option<Payment>,
    /// What stands below that.
    pub closing: Vec<String>,
}

impl Sheet {
    /// The title; where that says nothing, what tells the sheet from others: a file for screen readers has one.
    #[must_use]
    pub fn heading(&self) -> &str {
        if self.title.trim().is_empty() { &self.id } else { &self.title }
    }
}
