//! Trusted documents: the queries that a client was built with, known here by their hash.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;
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

    /// Reads the `*.graphql` files of a folder, one document each. A file's hash is that of its content, to the
    /// last byte.
    ///
    /// # Errors
    /// The folder or a file cannot be read; the message names the file.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut documents = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "graphql") {
                let text = std::fs::read_to_string(&path);
                let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
                documents.push(text.map_err(named)?);
            }
        }
        Ok(Self::new(documents))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The length of the longest, in bytes.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.0.values().map(|text| text.len()).max().unwrap_or_default()
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
