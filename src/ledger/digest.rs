//! What digests of entries are made of.

use sha2::{Digest as _, Sha256};

/// Fields one after the other: each is its length and its bytes.
pub(super) struct Fields(Sha256);

impl Fields {
    /// None yet.
    pub(super) fn new() -> Self {
        Self(Sha256::new())
    }

    /// The digest of all of them.
    pub(super) fn end(self) -> [u8; 32] {
        self.0.finalize().into()
    }

    /// Bytes.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    /// A text.
    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// A number.
    pub(super) fn number(&mut self, number: i64) {
        self.bytes(&number.to_be_bytes());
    }

    /// A text that may be absent: absent is no empty one.
    pub(super) fn optional(&mut self, text: Option<&str>) {
        match text {
            None => self.0.update(u64::MAX.to_be_bytes()),
            Some(text) => self.text(text),
        }
    }
}
