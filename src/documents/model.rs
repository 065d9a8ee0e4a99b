//! A document, what holds for documents of a kind, and the limits.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::media;
use super::refusals::{DOCUMENT_ON_LEGAL_HOLD, DOCUMENT_RETAINED, DOCUMENT_SIZE_REFUSED, MEDIA_TYPE_REFUSED};
use super::subject::Subject;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, CustomerId, DocumentId, DocumentKindId, text};
use crate::refused::{Facts, Refused};

crate::words! {
    /// Where a document is in its life.
    DocumentStatus {
        /// It may be uploaded by its link, and has not been yet.
        Expected = "EXPECTED",
        /// It is there.
        Kept = "KEPT",
        /// It was removed: what is known of it stays, its content is gone.
        Removed = "REMOVED",
    }
}

/// The content of a document, as it was received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// What it is, by its content.
    pub media_type: String,
    /// In bytes.
    pub size: i64,
    /// The SHA-256, in 64 hexadecimal digits.
    pub sha256: String,
    /// What tells its bytes in the store from others with the same digest.
    pub place: Uuid,
}

/// A document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its id.
    pub id: DocumentId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Where it is in its life.
    pub status: DocumentStatus,
    /// The file's name.
    pub name: String,
    /// What was received; none while it is expected.
    pub content: Option<Content>,
    /// What kind of document it is: a word of the tenant's own.
    pub kind: String,
    /// The product of the receivable that it belongs to, as the creditor calls it.
    pub product: Option<String>,
    /// What it belongs to.
    pub subject: Subject,
    /// The account that its subject is, or is on.
    pub account: Option<AccountId>,
    /// The one customer whose its subject is.
    pub customer: Option<CustomerId>,
    /// The audit record of that command, whose one place for a document it takes until it is removed.
    pub history_item: Option<String>,
    /// The command whose item in the history it belongs to.
    pub history_sequence: i64,
    /// The client that added it.
    pub client: String,
    /// The last day that it has to be kept.
    pub retain_until: Option<NaiveDate>,
    /// Whether it may not be removed until the hold is lifted.
    pub legal_hold: bool,
    /// When it was added, or its link made.
    pub created_at: Micros,
    /// When it was removed.
    pub removed_at: Option<Micros>,
}

impl Document {
    /// Checks that it is whole.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the first field at fault.
    pub fn checked(self) -> Result<Self, Refused> {
        check_name("name", &self.name)?;
        check_kind("kind", &self.kind)?;
        Ok(self)
    }

    /// Whether it may go.
    ///
    /// # Errors
    /// `DOCUMENT_ON_LEGAL_HOLD`, `DOCUMENT_RETAINED`, in this order. What never came is nobody's to keep.
    pub fn check_removal(&self, rule: Option<&DocumentKind>, today: NaiveDate) -> Result<(), Refused> {
        if self.status == DocumentStatus::Expected {
            return Ok(());
        }
        let refused = |code, message: String, latest: Option<NaiveDate>| {
            let facts = Box::new(Facts { latest, ..Facts::default() });
            Err(Refused { facts, ..Refused::of_field(code, "document", message) })
        };
        if self.legal_hold {
            return refused(DOCUMENT_ON_LEGAL_HOLD, "a legal hold is on the document".into(), None);
        }
        if rule.is_some_and(|rule| rule.legal_hold) {
            let message = format!("a legal hold is on all documents of the kind {}", self.kind);
            return refused(DOCUMENT_ON_LEGAL_HOLD, message, None);
        }
        match self.retain_until {
            Some(until) if today <= until => {
                refused(DOCUMENT_RETAINED, format!("the document has to be kept until {until}"), Some(until))
            }
            _ => Ok(()),
        }
    }
}

/// A file's name: 1 to 200 characters, and no path.
///
/// # Errors
/// `INVALID_INPUT` for the field.
pub fn check_name(field: &str, name: &str) -> Result<(), Refused> {
    text::required(name, 200).map_err(|problem| Refused::invalid(field, problem.to_string()))?;
    if name.contains(['/', '\\', '\n', '\t']) {
        return Err(Refused::invalid(field, "must be a file's name: no path, on one line"));
    }
    Ok(())
}

/// A kind: 1 to 40 capital letters, digits and underscores.
///
/// # Errors
/// `INVALID_INPUT` for the field.
pub fn check_kind(field: &str, kind: &str) -> Result<(), Refused> {
    let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if (1..=40).contains(&kind.len()) && kind.bytes().all(plain) {
        return Ok(());
    }
    Err(Refused::invalid(field, "must be a word of up to 40 capital letters, digits and underscores, like CONTRACT"))
}

/// What holds for documents of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentKind {
    /// Its id.
    pub id: DocumentKindId,
    /// Its place in lists.
    pub ordinal: i64,
    /// The kind's word; unique in the tenant.
    pub code: String,
    /// For how many days documents of it are kept, from the day that they are added; not at all when absent.
    pub retention_days: Option<i32>,
    /// Whether no document of it may be removed.
    pub legal_hold: bool,
}

/// What is taken, whoever brings it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest file, in bytes.
    pub bytes: u64,
    /// The media types that are taken.
    pub media_types: Vec<String>,
}

impl Default for Limits {
    fn default() -> Self {
        let media_types = media::USUAL.iter().map(|name| (*name).to_owned()).collect();
        Self { bytes: 10 * 1024 * 1024, media_types }
    }
}

impl Limits {
    /// Checks a file's size.
    ///
    /// # Errors
    /// `DOCUMENT_SIZE_REFUSED` for the field.
    pub fn check_size(&self, field: &str, size: u64) -> Result<(), Refused> {
        match size {
            0 => Err(Refused::of_field(DOCUMENT_SIZE_REFUSED, field, "the file is empty")),
            size if size > self.bytes => Err(self.too_large(field)),
            _ => Ok(()),
        }
    }

    /// That a file is too large.
    #[must_use]
    pub fn too_large(&self, field: &str) -> Refused {
        let message = format!("the file is larger than {} bytes", self.bytes);
        Refused::of_field(DOCUMENT_SIZE_REFUSED, field, message)
    }

    /// Checks a media type.
    ///
    /// # Errors
    /// `MEDIA_TYPE_REFUSED` for the field.
    pub fn check_type(&self, field: &str, media_type: &str) -> Result<(), Refused> {
        if self.media_types.iter().any(|known| known == media_type) {
            return Ok(());
        }
        Err(Refused::of_field(MEDIA_TYPE_REFUSED, field, format!("files of the type {media_type} are not taken")))
    }
}
