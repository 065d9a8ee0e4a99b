//! Documents: what is kept beside the books about anything in them, a contract with an account or a letter with a payment.
//!
//! The bytes are in a store of objects ([`vault`]), a folder or S3, under the tenant, their SHA-256 and a place of their
//! own; a row names them. They are stored before the row that names them is written: bytes without a row are harmless, and
//! are swept ([`sweep`]). The place is the document's alone, so that what is removed never takes another's bytes along.
//!
//! A document belongs to something that has an id, and whoever sees that sees the document. It belongs to one item of that
//! thing's history: the command that is named, or else the one that added it. What a document is, its content says
//! ([`media`]), never its name. It is not removed before its retention is over, nor while a legal hold is on it or on all
//! of its kind.

pub mod commands;
pub mod events;
pub mod links;
pub mod media;
pub mod model;
pub mod of_receivable;
pub mod refusals;
pub mod store;
pub mod subject;
pub mod sweep;
#[cfg(test)]
mod tests;
pub mod vault;

pub use commands::{AddDocument, ExpectDocument, ReceiveDocument, RemoveDocument, SetDocumentKind, SetLegalHold};
pub use model::{Content, Document, DocumentKind, DocumentStatus, Limits};
pub use of_receivable::AddReceivableDocument;
pub use subject::Subject;
pub use vault::{Spooled, Vault};

use crate::work::{About, Stored};

/// What changes documents, besides what an upload brings.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<AddDocument>().about(About::Nothing),
    Stored::of::<AddReceivableDocument>().about(About::Nothing),
    Stored::of::<ExpectDocument>().about(About::Nothing),
    Stored::of::<RemoveDocument>().about(About::Nothing),
    Stored::of::<SetLegalHold>().about(About::Nothing),
    Stored::of::<SetDocumentKind>().about(About::Nothing),
];
