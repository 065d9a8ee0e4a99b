//! Trusted documents: the queries that a client was built with, known here by their hash.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

/// Documents by the SHA-256 of their text, in lower-case hexadecimal. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct TrustedDocuments(Arc<HashMap<String, Arc<str>>>);

impl TrustedDocuments {
    /// Hashes the documents, so that none can stand under another's hash.
    pub fn new(documents: impl IntoIterator<Item = String>) -> Self {
        Self(Arc::new(documents.into_iter().map(|text| (hash(&text), text.into())).collect()))
    }

    /// The document of a hash, which may be written with the prefix `sha256:`.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&str> {
        self.0.get(id.strip_prefix("sha256:").unwrap_or(id)).map(AsRef::as_ref)
    }

    /// Whether a text is one of them.
    #[must_use]
    pub fn holds(&self, text: &str) -> bool {
        self.0.contains_key(&hash(text))
    }
}

pub(super) fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_known_by_their_hash() {
        let trusted = TrustedDocuments::new(["{ a }".to_owned()]);
        let id = hash("{ a }");
        assert_eq!(trusted.get(&id), Some("{ a }"));
        assert_eq!(trusted.get(&format!("sha256:{id}")), Some("{ a }"));
        assert_eq!(trusted.get("{ a }"), None);
        assert!(trusted.holds("{ a }") && !trusted.holds("{ b }"));
    }
}
