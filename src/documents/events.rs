//! What the log tells of documents. Payloads have ids and words, never the names of files.

use serde_json::json;

use super::model::{Document, DocumentKind};
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of documents.
    TYPES {
        /// A document is expected: it may be uploaded by its link.
        DOCUMENT_EXPECTED,
        /// A document was added.
        DOCUMENT_ADDED,
        /// A document was removed: its row stays, its bytes are gone.
        DOCUMENT_REMOVED,
        /// A legal hold was put on a document.
        DOCUMENT_LEGAL_HOLD_SET,
        /// The legal hold on a document was lifted.
        DOCUMENT_LEGAL_HOLD_LIFTED,
        /// What holds for documents of a kind was set.
        DOCUMENT_KIND_SET,
    }
}

/// Something happened to a document.
#[must_use]
pub fn of(type_: EventType, document: &Document) -> NewEvent {
    let payload = json!({
        "document": document.id.to_string(),
        "subject": document.subject.to_string(),
        "kind": document.kind,
        "sha256": document.content.as_ref().map(|content| &content.sha256),
    });
    let event = NewEvent::of(type_, document.id, payload);
    NewEvent { account: document.account, customer: document.customer, ..event }
}

/// What holds for a kind was set.
#[must_use]
pub fn of_kind(kind: &DocumentKind) -> NewEvent {
    let payload = json!({ "kind": kind.code, "retentionDays": kind.retention_days, "legalHold": kind.legal_hold });
    NewEvent::of(DOCUMENT_KIND_SET, kind.id, payload)
}
