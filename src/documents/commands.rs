//! What changes documents, and what holds for their kinds.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events::{
    self, DOCUMENT_ADDED, DOCUMENT_EXPECTED, DOCUMENT_LEGAL_HOLD_LIFTED, DOCUMENT_LEGAL_HOLD_SET, DOCUMENT_REMOVED,
};
use super::model::{Content, Document, DocumentKind, DocumentStatus, check_kind};
use super::store::CODE;
use super::subject::Subject;
use crate::ledger::audit;
use crate::primitives::DocumentId;
use crate::refused::{INVALID_STATE, Refused};
use crate::work::{Command, Decision, Owned as _, Wants, Work};

/// The longest that a kind may be kept: a hundred years.
const LONGEST: i32 = 36_525;

/// What a document is to be: its name, and where it belongs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Label {
    /// The file's name.
    pub name: String,
    /// What kind of document it is.
    pub kind: String,
    /// What it belongs to.
    pub subject: Subject,
    /// The command of the subject's history that it belongs to, which the caller has made sure of; the one that adds it
    /// when absent.
    pub history: Option<i64>,
    /// The product of the receivable that it is of, which the caller has made sure of.
    #[serde(default)]
    pub product: Option<String>,
}

impl Label {
    /// What is looked up for it.
    pub fn hint(&self, wants: &mut Wants) {
        self.subject.hint(wants);
        wants.unique::<DocumentKind>(&CODE, &self.kind);
    }

    /// A new document with this label.
    ///
    /// # Errors
    /// `NOT_FOUND`, `INVALID_INPUT`.
    pub fn document(&self, work: &mut Work, content: Option<Content>) -> Decision<Document> {
        let belongs = self.subject.located(work)?.ok_or_else(|| Refused::not_found("subject", "thing"))?;
        let history = self.history.unwrap_or_else(|| work.command());
        let document = Document {
            id: work.id(),
            ordinal: work.ordinal(),
            status: DocumentStatus::Expected,
            name: self.name.clone(),
            content: None,
            kind: self.kind.clone(),
            product: self.product.clone(),
            subject: self.subject,
            account: belongs.account,
            customer: belongs.customer,
            history_item: Some(audit::id_of(work.tenant(), history).to_string()),
            history_sequence: history,
            client: work.origin().client.to_string(),
            retain_until: None,
            legal_hold: false,
            created_at: work.now(),
            removed_at: None,
        }
        .checked()?;
        match content {
            Some(content) => received(work, document, content),
            None => Ok(document),
        }
    }
}

/// A document whose content has come: from now on its kind's retention runs.
fn received(work: &mut Work, document: Document, content: Content) -> Decision<Document> {
    let rule = work.find::<DocumentKind>(&CODE, &document.kind)?;
    let days = rule.and_then(|rule| rule.retention_days).and_then(|days| u64::try_from(days).ok());
    let retain_until = days.and_then(|days| work.today().checked_add_days(chrono::Days::new(days)));
    Ok(Document { status: DocumentStatus::Kept, content: Some(content), retain_until, ..document })
}

/// Adds a document whose bytes are in the store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddDocument {
    /// What it is.
    pub label: Label,
    /// What was received.
    pub content: Content,
}

impl Command for AddDocument {
    const OPERATION: &'static str = "addDocument";
    type Made = Document;

    fn looks_at(&self, wants: &mut Wants) {
        self.label.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `DUPLICATE_REFERENCE` (of the history item), in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Document>> {
        let document = self.label.document(work, Some(self.content.clone()))?;
        let document = work.insert(document)?;
        work.tell(events::of(DOCUMENT_ADDED, &document));
        Ok(document)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Makes room for a document that is going to be uploaded by its link.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExpectDocument {
    /// What it will be.
    pub label: Label,
}

impl Command for ExpectDocument {
    const OPERATION: &'static str = "createUploadLink";
    type Made = Document;

    fn looks_at(&self, wants: &mut Wants) {
        self.label.hint(wants);
    }

    /// Refused as [`AddDocument`].
    fn decide(&self, work: &mut Work) -> Decision<Arc<Document>> {
        let document = self.label.document(work, None)?;
        let document = work.insert(document)?;
        work.tell(events::of(DOCUMENT_EXPECTED, &document));
        Ok(document)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// The content of an expected document has come, and its bytes are in the store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReceiveDocument {
    /// Which.
    pub document: DocumentId,
    /// What was received.
    pub content: Content,
}

impl Command for ReceiveDocument {
    const OPERATION: &'static str = "uploadDocument";
    type Made = Document;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Document>(self.document);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, in this order. The same content once more changes nothing.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Document>> {
        let found = located(work, self.document)?;
        match (found.status, &found.content) {
            (DocumentStatus::Expected, _) => {}
            (DocumentStatus::Kept, Some(kept)) if *kept == self.content => return Ok(found),
            (DocumentStatus::Kept, _) => return Err(wrong_state(&found, "another file was uploaded already").into()),
            (DocumentStatus::Removed, _) => return Err(wrong_state(&found, "the document was removed").into()),
        }
        let after = received(work, (*found).clone(), self.content.clone())?;
        let document = work.change::<Document, Refused>(self.document, |document| {
            *document = after;
            Ok(())
        })?;
        work.tell(events::of(DOCUMENT_ADDED, &document));
        Ok(document)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Removes a document. Its row stays; whoever runs this takes the bytes out of the store afterwards.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemoveDocument {
    /// Which.
    pub document: DocumentId,
}

impl Command for RemoveDocument {
    const OPERATION: &'static str = "removeDocument";
    type Made = Document;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Document>(self.document);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, `DOCUMENT_ON_LEGAL_HOLD`, `DOCUMENT_RETAINED`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Document>> {
        let found = located(work, self.document)?;
        if found.status == DocumentStatus::Removed {
            return Err(wrong_state(&found, "the document was removed already").into());
        }
        let rule = work.find::<DocumentKind>(&CODE, &found.kind)?;
        found.check_removal(rule.as_deref(), work.today())?;
        let now = work.now();
        let document = work.change::<Document, Refused>(self.document, |document| {
            document.status = DocumentStatus::Removed;
            document.removed_at = Some(now);
            document.history_item = None;
            Ok(())
        })?;
        work.tell(events::of(DOCUMENT_REMOVED, &document));
        Ok(document)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Puts a legal hold on a document, or lifts it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetLegalHold {
    /// Which.
    pub document: DocumentId,
    /// Whether it is on from now on.
    pub on: bool,
}

impl Command for SetLegalHold {
    const OPERATION: &'static str = "setDocumentLegalHold";
    type Made = Document;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Document>(self.document);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, in this order. Setting what is set changes nothing.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Document>> {
        let found = located(work, self.document)?;
        if found.status == DocumentStatus::Removed {
            return Err(wrong_state(&found, "the document was removed").into());
        }
        if found.legal_hold == self.on {
            return Ok(found);
        }
        let document = work.change::<Document, Refused>(self.document, |document| {
            document.legal_hold = self.on;
            Ok(())
        })?;
        let told = if self.on { DOCUMENT_LEGAL_HOLD_SET } else { DOCUMENT_LEGAL_HOLD_LIFTED };
        work.tell(events::of(told, &document));
        Ok(document)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Sets what holds for documents of a kind: retention for those that come from now on, a legal hold for all.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetDocumentKind {
    /// The kind's word.
    pub code: String,
    /// For how many days its documents are kept; not at all when absent.
    pub retention_days: Option<i32>,
    /// Whether no document of it may be removed.
    pub legal_hold: bool,
}

impl Command for SetDocumentKind {
    const OPERATION: &'static str = "setDocumentKind";
    type Made = DocumentKind;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<DocumentKind>(&CODE, &self.code);
    }

    /// Refused as: `INVALID_INPUT`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<DocumentKind>> {
        check_kind("kind", &self.code)?;
        if self.retention_days.is_some_and(|days| !(0..=LONGEST).contains(&days)) {
            return Err(Refused::invalid("retentionDays", format!("must be 0 to {LONGEST}")).into());
        }
        let kind = match work.find::<DocumentKind>(&CODE, &self.code)? {
            Some(found) => work.change::<DocumentKind, Refused>(found.id, |kind| {
                kind.retention_days = self.retention_days;
                kind.legal_hold = self.legal_hold;
                Ok(())
            })?,
            None => {
                let kind = DocumentKind {
                    id: work.id(),
                    ordinal: work.ordinal(),
                    code: self.code.clone(),
                    retention_days: self.retention_days,
                    legal_hold: self.legal_hold,
                };
                work.insert(kind)?
            }
        };
        work.tell(events::of_kind(&kind));
        Ok(kind)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// A document that the origin sees.
fn located(work: &mut Work, id: DocumentId) -> Decision<Arc<Document>> {
    let not_found = || Refused::not_found("document", "document");
    let document = work.get::<Document>(id)?.ok_or_else(not_found)?;
    if document.is_visible(work)? { Ok(document) } else { Err(not_found().into()) }
}

fn wrong_state(document: &Document, message: &str) -> Refused {
    let facts = crate::refused::Facts { status: Some(document.status.word()), ..Default::default() };
    Refused { facts: Box::new(facts), ..Refused::of_field(INVALID_STATE, "document", message) }
}
