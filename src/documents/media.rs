//! What a file is, by its content.
//!
//! Binary formats are told by their first bytes. What is UTF-8 from the first byte to the last, without control
//! characters, is text; JSON and XML are told from it, and a table of comma-separated values is any text that is said to
//! be one, for nothing in it could show that it is not.

use super::refusals::MEDIA_TYPE_MISMATCH;
use crate::refused::Refused;

/// How much of a file is looked at to tell a binary format.
pub const HEAD: usize = 16 * 1024;

const PDF: &str = "application/pdf";
const PLAIN: &str = "text/plain";
const CSV: &str = "text/csv";
const JSON: &str = "application/json";
const XML: &str = "application/xml";
const ZIP: &str = "application/zip";
const UNKNOWN: &str = "application/octet-stream";

/// What is taken unless it is configured otherwise.
pub const USUAL: &[&str] = &[
    PDF,
    "image/png",
    "image/jpeg",
    PLAIN,
    CSV,
    JSON,
    XML,
    ZIP,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation",
];

/// Containers that are ZIP files, so that saying so is no lie.
const ZIPPED: &[&str] = &["application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument."];

/// What was seen of a file's content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Its beginning.
    pub head: Vec<u8>,
    /// Whether all of it is text.
    pub is_text: bool,
    /// Whether all of it is one JSON object or array.
    pub is_json: bool,
}

impl Seen {
    /// What the content says that it is.
    #[must_use]
    pub fn media_type(&self) -> &'static str {
        match infer::get(&self.head).map(|found| found.mime_type()) {
            Some("text/xml") if self.is_text => XML,
            // It may be written in letters alone, and no text begins like it by chance.
            Some(PDF) if self.head.starts_with(b"%PDF-") => PDF,
            // Text that begins like a binary format by chance does not go on like one.
            Some(found) if !self.is_text || found.starts_with("text/") => found,
            _ if self.is_json => JSON,
            _ if self.is_text => PLAIN,
            _ => UNKNOWN,
        }
    }

    /// What a file is, of which the caller says that it is `declared`: what it says, if the content allows it.
    ///
    /// # Errors
    /// `MEDIA_TYPE_MISMATCH` for the field.
    pub fn agreed(&self, field: &str, declared: Option<&str>) -> Result<String, Refused> {
        let found = self.media_type();
        let Some(declared) = declared.and_then(essence).filter(|declared| declared != UNKNOWN) else {
            return Ok(found.to_owned());
        };
        let is_text = matches!(found, PLAIN | JSON | XML);
        if declared == found || (is_text && matches!(&*declared, PLAIN | CSV)) {
            return Ok(declared);
        }
        if declared == ZIP && ZIPPED.iter().any(|prefix| found.starts_with(prefix)) {
            return Ok(found.to_owned());
        }
        let message = format!("the file is said to be {declared}, and its content is {found}");
        Err(Refused::of_field(MEDIA_TYPE_MISMATCH, field, message))
    }
}

/// A media type without its parameters, by its usual name. What is none is `None`.
#[must_use]
pub fn essence(text: &str) -> Option<String> {
    let name = text.split(';').next()?.trim().to_ascii_lowercase();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+/".contains(&byte);
    let (kind, rest) = name.split_once('/')?;
    if kind.is_empty() || rest.is_empty() || rest.contains('/') || name.len() > 127 || !name.bytes().all(plain) {
        return None;
    }
    Some(
        match &*name {
            "image/jpg" | "image/pjpeg" => "image/jpeg",
            "text/xml" => XML,
            "text/json" => JSON,
            "application/csv" => CSV,
            "application/x-pdf" => "application/pdf",
            "application/x-zip-compressed" | "application/x-zip" => ZIP,
            other => other,
        }
        .to_owned(),
    )
}

/// Tells text from other content, piece by piece.
#[derive(Debug, Default)]
pub struct TextTest {
    /// The beginning of a character that the next piece goes on with.
    rest: Vec<u8>,
    failed: bool,
}

impl TextTest {
    /// Looks at the next piece.
    pub fn look(&mut self, piece: &[u8]) {
        if self.failed {
            return;
        }
        let joined = [&self.rest[..], piece].concat();
        let whole = match std::str::from_utf8(&joined) {
            Ok(_) => joined.len(),
            // A character that is cut off at the end may go on.
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => {
                self.failed = true;
                return;
            }
        };
        let is_control = |byte: &u8| (*byte < 0x20 && !b"\t\n\r\x0c".contains(byte)) || *byte == 0x7f;
        self.failed = joined[..whole].iter().any(is_control);
        self.rest = joined[whole..].to_vec();
    }

    /// Whether all of it was text.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.failed && self.rest.is_empty()
    }
}
