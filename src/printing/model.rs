//! What a tenant has set about its paper: its brand, and its texts. Each is a design with versions; none is changed.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::sample;
use super::sheet::{Letterhead, PrintLanguage};
use crate::primitives::clock::Micros;
use crate::primitives::{DocumentId, PrintDesignId, PrintVersionId, TenantId, text};
use crate::refused::Refused;
use crate::templates::{self, TemplateError};

/// Lines of the sender's address, at most.
const MOST_ADDRESS: usize = 6;
/// Lines at the foot, at most.
const MOST_FOOTER: usize = 4;
/// Paragraphs before the table, and after it, at most.
const MOST_PARAGRAPHS: usize = 20;
/// The longest source of a title, in characters.
const LONGEST_TITLE: usize = 500;
/// The longest title, once it is filled in, in characters.
const LONGEST_LINE: usize = 200;
/// The longest source of a paragraph, in characters.
const LONGEST_PARAGRAPH: usize = 5_000;

crate::words! {
    /// What is printed.
    PrintKind {
        /// A bill.
        Bill = "BILL",
        /// A bill's first reminder.
        Reminder1 = "REMINDER1",
        /// A bill's second reminder.
        Reminder2 = "REMINDER2",
        /// The notice before a bill goes to collection.
        Collection = "COLLECTION",
        /// An account's statement.
        Statement = "STATEMENT",
        /// A contract.
        Contract = "CONTRACT",
        /// A plan of instalments.
        Plan = "PLAN",
        /// Any other letter.
        Letter = "LETTER",
    }
}

/// The text of a kind, with values in it as [`templates`] says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// The title.
    pub title: String,
    /// What stands above the table.
    pub paragraphs: Vec<String>,
    /// What stands below it, and below how it is paid.
    pub closing: Vec<String>,
}

/// What the names in a text stand for. Amounts and days are written in the text's language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Values {
    /// The sender's name.
    pub sender: String,
    /// The customer's name.
    pub customer: String,
    /// The account's number.
    pub account: String,
    /// The number of what is printed.
    pub number: String,
    /// The day that it is of.
    pub date: String,
    /// What it comes to.
    pub amount: String,
    /// The least that has to be paid.
    pub minimum_amount: Option<String>,
    /// Until when.
    pub due_on: Option<String>,
    /// What to quote.
    pub reference: Option<String>,
    /// The first day that it is about.
    pub period_from: Option<String>,
    /// The last one.
    pub period_to: Option<String>,
}

/// A text that is filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// On one line.
    pub title: String,
    /// Those that say nothing are left out.
    pub paragraphs: Vec<String>,
    /// The same.
    pub closing: Vec<String>,
}

impl Template {
    /// Fills it in.
    ///
    /// # Errors
    /// `INVALID_INPUT` for the first field at fault, with the line.
    pub fn filled(&self, values: &Values) -> Result<Text, Refused> {
        let refused = |field: &str, error: &TemplateError| Refused::invalid(field, error.to_string());
        let fill =
            |field: &str, source: &str| templates::render(source, values).map_err(|error| refused(field, &error));
        let many = |field: &str, sources: &[String]| {
            let filled =
                (0..).zip(sources).map(|(place, source): (usize, _)| fill(&format!("{field}.{place}"), source));
            let filled: Result<Vec<String>, Refused> = filled.collect();
            let said =
                |texts: Vec<String>| texts.into_iter().filter(|text| !text.trim().is_empty()).collect::<Vec<_>>();
            filled.map(said)
        };
        let title: String = fill("title", &self.title)?.split_whitespace().collect::<Vec<_>>().join(" ");
        let title = title.chars().take(LONGEST_LINE).collect();
        Ok(Text { title, paragraphs: many("paragraphs", &self.paragraphs)?, closing: many("closing", &self.closing)? })
    }

    /// Checks that it is whole, and can be filled in.
    ///
    /// # Errors
    /// `INVALID_INPUT` for the first field at fault; for what is no template with the line.
    pub fn checked(self, language: PrintLanguage) -> Result<Self, Refused> {
        let fits = |field: &str, source: &str, most| {
            text::required(source, most).map_err(|problem| Refused::invalid(field, problem.to_string()))
        };
        fits("title", &self.title, LONGEST_TITLE)?;
        for (field, sources) in [("paragraphs", &self.paragraphs), ("closing", &self.closing)] {
            if sources.len() > MOST_PARAGRAPHS {
                return Err(Refused::invalid(field, format!("at most {MOST_PARAGRAPHS}")));
            }
            for (place, source) in sources.iter().enumerate() {
                fits(&format!("{field}.{place}"), source, LONGEST_PARAGRAPH)?;
            }
        }
        // With all values, and with those that may be missing: a name without a meaning is found now, not on paper.
        for values in [sample::values(language), sample::bare(language)] {
            if self.filled(&values)?.title.is_empty() {
                return Err(Refused::invalid("title", "must not be empty"));
            }
        }
        Ok(self)
    }
}

/// A tenant's brand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrintBrand {
    /// Names, address, colour, foot.
    pub head: Letterhead,
    /// The document that is its logo.
    pub logo: Option<DocumentId>,
}

impl PrintBrand {
    /// Checks that it is whole, but for its logo.
    ///
    /// # Errors
    /// `INVALID_INPUT` for the first field at fault.
    pub fn checked(self) -> Result<Self, Refused> {
        let line = |field: &str, text: &str, most| {
            text::required(text, most).map_err(|problem| Refused::invalid(field, problem.to_string()))?;
            if text.contains('\n') { Err(Refused::invalid(field, "must be on one line")) } else { Ok(()) }
        };
        line("name", &self.head.name, 70)?;
        let lists =
            [("address", &self.head.address, MOST_ADDRESS, 100), ("footer", &self.head.footer, MOST_FOOTER, 150)];
        for (field, lines, most, longest) in lists {
            if lines.len() > most {
                return Err(Refused::invalid(field, format!("at most {most} lines")));
            }
            for (place, text) in lines.iter().enumerate() {
                line(&format!("{field}.{place}"), text, longest)?;
            }
        }
        Ok(self)
    }
}

/// Reads a colour: `#` and six hexadecimal digits. One that could not be read on white is refused.
///
/// # Errors
/// `INVALID_INPUT` for the field.
pub fn colour(field: &str, text: &str) -> Result<[u8; 3], Refused> {
    let wrong = || Refused::invalid(field, "must be # and six hexadecimal digits, like #004A78");
    let digits = text
        .strip_prefix('#')
        .filter(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
        .ok_or_else(wrong)?;
    let part = |from: usize| u8::from_str_radix(&digits[from..from + 2], 16).map_err(|_| wrong());
    let colour = [part(0)?, part(2)?, part(4)?];
    // Green is brightest to the eye, blue the darkest (ITU-R BT.709, in ten thousandths).
    let brightness: u32 = colour.into_iter().map(u32::from).zip([2_126, 7_152, 722]).map(|(part, of)| part * of).sum();
    if brightness > 150 * 10_000 {
        return Err(Refused::invalid(field, "is too bright to be read on white"));
    }
    Ok(colour)
}

/// A colour as it is written.
#[must_use]
pub fn written(colour: [u8; 3]) -> String {
    let [red, green, blue] = colour;
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// What of a tenant's paper something is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its brand.
    Brand,
    /// The text of a kind in a language.
    Text(PrintKind, PrintLanguage),
}

impl Part {
    /// As it is stored.
    #[must_use]
    pub fn word(self) -> String {
        match self {
            Self::Brand => "BRAND".into(),
            Self::Text(kind, language) => format!("{}:{}", kind.word(), language.word()),
        }
    }

    /// Of its stored form.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        if word == "BRAND" {
            return Some(Self::Brand);
        }
        let (kind, language) = word.split_once(':')?;
        Some(Self::Text(PrintKind::from_word(kind)?, PrintLanguage::from_word(language)?))
    }
}

/// What a tenant has set of a part: which version is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintDesign {
    /// Made of the tenant and the part.
    pub id: PrintDesignId,
    /// Of what.
    pub part: Part,
    /// The version that is printed, from 1.
    pub version: i32,
}

/// What a version says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Said {
    /// Of the brand.
    Brand(PrintBrand),
    /// Of a text.
    Text(Template),
}

/// How a part was set at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintVersion {
    /// Made of the design and the number.
    pub id: PrintVersionId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Of what.
    pub part: Part,
    /// From 1.
    pub number: i32,
    /// What it says.
    pub said: Said,
    /// Who set it: the client.
    pub client: String,
    /// When.
    pub created_at: Micros,
}

impl PrintDesignId {
    /// Of a part of a tenant's paper.
    #[must_use]
    pub fn of(tenant: TenantId, part: Part) -> Self {
        Self(digested(tenant.0, part.word().as_bytes()))
    }
}

impl PrintVersionId {
    /// Of a design's version.
    #[must_use]
    pub fn of(design: PrintDesignId, number: i32) -> Self {
        Self(digested(design.0, &number.to_be_bytes()))
    }
}

fn digested(of: Uuid, what: &[u8]) -> Uuid {
    let digest: [u8; 32] =
        Sha256::new().chain_update("print").chain_update(of.as_bytes()).chain_update(what).finalize().into();
    uuid::Builder::from_custom_bytes(std::array::from_fn(|place| digest[place])).into_uuid()
}
