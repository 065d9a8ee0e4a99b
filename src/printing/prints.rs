//! What was printed is kept as a document of what it is about. The same bytes are kept once.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::documents::commands::Label;
use crate::documents::events::{self, DOCUMENT_ADDED};
use crate::documents::{Content, Document, DocumentStatus};
use crate::primitives::{DocumentId, TenantId};
use crate::refused::{INVALID_STATE, Refused};
use crate::work::{Command, Decision, Owned as _, Wants, Work};

/// The id of what was printed: made of whose it is, what it is about, its kind and its bytes, so that the same thing printed
/// again is the same document. `attempt` counts those that were removed.
#[must_use]
pub fn id_of(tenant: TenantId, label: &Label, sha256: &str, attempt: u32) -> DocumentId {
    let parts = [label.subject.to_string(), label.kind.clone(), sha256.to_owned(), attempt.to_string()];
    let mut digest = Sha256::new().chain_update("printed").chain_update(tenant.0.as_bytes());
    for part in parts {
        digest.update(part);
        digest.update([0]);
    }
    let digest: [u8; 32] = digest.finalize().into();
    DocumentId(uuid::Builder::from_custom_bytes(std::array::from_fn(|place| digest[place])).into_uuid())
}

/// Keeps what was printed, whose bytes are in the store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PrintDocument {
    /// The id that it has.
    pub document: DocumentId,
    /// What it is.
    pub label: Label,
    /// What was printed.
    pub content: Content,
}

impl Command for PrintDocument {
    const OPERATION: &'static str = "printDocument";
    type Made = Document;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Document>(self.document);
        self.label.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE` where it was removed meanwhile, in this order. What is kept already stays as
    /// it is.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Document>> {
        if let Some(found) = work.get::<Document>(self.document)? {
            if !found.is_visible(work)? {
                return Err(Refused::not_found("subject", "thing").into());
            }
            return match found.status {
                DocumentStatus::Kept => Ok(found),
                _ => Err(Refused::of_field(INVALID_STATE, "subject", "what was printed was removed").into()),
            };
        }
        let document = self.label.document(work, Some(self.content.clone()))?;
        let document = work.insert(Document { id: self.document, ..document })?;
        work.tell(events::of(DOCUMENT_ADDED, &document));
        Ok(document)
    }

    fn weight(&self) -> usize {
        3
    }
}
