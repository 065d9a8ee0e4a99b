//! Mutations of documents.

use async_graphql::{Context, ID, InputObject, Object};

use super::files::{self, place_of};
use super::types::{LINK_SECONDS, files as files_of, sees};
use super::uploads::{Received, Upload, Uploads};
use super::{Document, DocumentKind};
use crate::access::Scope;
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::{Caller, caller};
use crate::api::fault::Fault;
use crate::api::history;
use crate::api::refusal::outcomes;
use crate::api::scalars::DateTime;
use crate::api::texts;
use crate::documents::commands::Label;
use crate::documents::links::Purpose;
use crate::documents::media::essence;
use crate::documents::model::{DocumentStatus, check_kind, check_name};
use crate::documents::{AddDocument, ExpectDocument, RemoveDocument, SetDocumentKind, SetLegalHold, Subject};
use crate::ledger::audit;
use crate::primitives::DocumentId;
use crate::refused::Refused;

/// A document to add, with its file.
#[derive(InputObject)]
pub struct AddDocumentInput {
    /// Makes the request safe to repeat, with the same file.
    idempotency_key: String,
    /// The file.
    file: Upload,
    /// The file's name; the one that it came under when absent.
    name: Option<String>,
    /// What it is, where that is not said with the file. A file whose content is something else is refused.
    media_type: Option<String>,
    /// What kind of document it is: up to 40 capital letters, digits and underscores, such as CONTRACT.
    kind: String,
    /// The id of what it belongs to: an account, a claim, a customer, an entry, a hold, an instalment contract, a
    /// party, a product or a receivable.
    subject: ID,
    /// The item of the subject's history that it belongs to, by the id of its audit record; one document each. The
    /// addition's own when absent.
    history_item: Option<ID>,
}

/// A document to be uploaded by a link.
#[derive(InputObject)]
pub struct CreateUploadLinkInput {
    /// Makes the request safe to repeat; a repetition gives a fresh link for the same document.
    idempotency_key: String,
    /// The file's name.
    name: String,
    /// What kind of document it is: up to 40 capital letters, digits and underscores, such as CONTRACT.
    kind: String,
    /// The id of what it belongs to: an account, a claim, a customer, an entry, a hold, an instalment contract, a
    /// party, a product or a receivable.
    subject: ID,
    /// The item of the subject's history that it belongs to, by the id of its audit record; one document each. The
    /// one of this request when absent.
    history_item: Option<ID>,
    /// For how many seconds the link lasts: 1 to 3600; 300 when absent.
    expires_in: Option<i32>,
}

/// A document to remove.
#[derive(InputObject)]
pub struct RemoveDocumentInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which.
    document: ID,
}

/// A legal hold to put on a document, or to lift.
#[derive(InputObject)]
pub struct SetDocumentLegalHoldInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which document.
    document: ID,
    /// Whether the hold is on from now on.
    legal_hold: bool,
}

/// What holds for documents of a kind, all of it: what is absent does not hold.
#[derive(InputObject)]
pub struct SetDocumentKindInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// The kind's word: up to 40 capital letters, digits and underscores.
    kind: String,
    /// For how many days documents are kept that come from now on, 0 to 36525; not at all when absent.
    retention_days: Option<i32>,
    /// Whether none of its documents may be removed, those that are there included.
    #[graphql(default = false)]
    legal_hold: bool,
}

outcomes! {
    /// A document was added.
    AddDocumentResult = AddDocumentSuccess {
        /// The document.
        document: Document,
    }

    /// A document may be uploaded.
    CreateUploadLinkResult = CreateUploadLinkSuccess {
        /// The document; its content is expected, or was uploaded since.
        document: Document,
        /// Where the file is sent with PUT, its media type in Content-Type. It needs no token: a secret while it lasts. A
        /// path on this server where that does not know how clients reach it.
        url: String,
        /// When the link is over.
        expires_at: DateTime,
    }

    /// A document was removed.
    RemoveDocumentResult = RemoveDocumentSuccess {
        /// The document, without its content.
        document: Document,
    }

    /// A legal hold was put on a document, or lifted.
    SetDocumentLegalHoldResult = SetDocumentLegalHoldSuccess {
        /// The document, as it is now.
        document: Document,
    }

    /// What holds for a kind was set.
    SetDocumentKindResult = SetDocumentKindSuccess {
        /// What holds now.
        document_kind: DocumentKind,
    }
}

/// Mutations of documents.
#[derive(Default)]
pub struct DocumentMutation;

#[Object]
impl DocumentMutation {
    /// Adds a document with its file, sent as a part of multipart/form-data. Scope: admin.
    async fn add_document(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to add.")] input: AddDocumentInput,
    ) -> Result<Option<AddDocumentResult>, Fault> {
        let call = Call::begin(ctx, "addDocument", Scope::Admin, Reach::Own).await?;
        let (caller, files) = (caller(ctx)?, files_of(ctx)?);
        let uploads = ctx.data::<Uploads>().cloned().unwrap_or_default();
        let key = input.idempotency_key.clone();
        let customer = call.origin.customer.map(|customer| customer.0);
        let place = place_of(call.origin.tenant, &call.origin.client, customer, &key);
        let checked = async {
            let file = uploads.get(input.file);
            let name = input.name.clone().or_else(|| file.and_then(|file| file.name.clone()));
            let label = match label(caller, name, input.kind, input.subject, input.history_item).await? {
                Ok(label) => label,
                Err(refused) => return Ok(Err(refused)),
            };
            let Some(file) = file else {
                return Ok(Err(Refused::invalid("file", "is no file of this request")));
            };
            let content = declared(input.media_type.as_deref(), file)
                .and_then(|declared| files.content("file", &file.content, declared, place));
            Ok::<_, Fault>(content.map(|content| (AddDocument { label, content }, file)))
        };
        let command = match checked.await? {
            Ok((command, file)) => {
                let kept = files.vault().keep(caller.tenant(), place, &file.content).await;
                kept.map_err(|error| files::not_stored(&error))?;
                Ok(command)
            }
            Err(refused) => Err(refused),
        };
        Ok(Some(match call.run(&key, command).await? {
            Reply::Refused(refusal) => AddDocumentResult::Refused(refusal),
            Reply::Done(done) => {
                // The request was repeated after its document was removed: its bytes are not to come back.
                if let (DocumentStatus::Removed, Some(content)) = (done.value.status, &done.value.content) {
                    let gone = files.vault().remove(caller.tenant(), &content.sha256, content.place).await;
                    gone.map_err(|error| files::not_stored(&error))?;
                }
                AddDocumentResult::Done(AddDocumentSuccess {
                    document: Document::new((*done.value).clone()),
                    receipt: done.receipt.into(),
                })
            }
        }))
    }

    /// Makes a document that is then uploaded by a link, for whoever has no token. Scope: admin.
    async fn create_upload_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What will be uploaded.")] input: CreateUploadLinkInput,
    ) -> Result<Option<CreateUploadLinkResult>, Fault> {
        let call = Call::begin(ctx, "createUploadLink", Scope::Admin, Reach::Own).await?;
        let (caller, files) = (caller(ctx)?, files_of(ctx)?);
        let seconds = input.expires_in.unwrap_or(LINK_SECONDS);
        let in_time = match seconds {
            1..=files::LONGEST_LINK => Ok(()),
            _ => Err(Refused::invalid("expiresIn", format!("must be 1 to {} seconds", files::LONGEST_LINK))),
        };
        let label = match in_time {
            Ok(()) => label(caller, Some(input.name), input.kind, input.subject, input.history_item).await?,
            Err(refused) => Err(refused),
        };
        let command = label.map(|label| ExpectDocument { label });
        Ok(Some(match call.run(&input.idempotency_key, command).await? {
            Reply::Refused(refusal) => CreateUploadLinkResult::Refused(refusal),
            Reply::Done(done) => {
                let link = files.link(Purpose::Upload, caller.tenant(), done.value.id, seconds).await;
                let (url, expires) = link.map_err(Fault::half_way)?;
                CreateUploadLinkResult::Done(CreateUploadLinkSuccess {
                    document: Document::new((*done.value).clone()),
                    url,
                    expires_at: DateTime(expires.saturating_mul(1_000_000)),
                    receipt: done.receipt.into(),
                })
            }
        }))
    }

    /// Removes a document: its content is gone, what is known of it stays. Not before its retention is over, and not
    /// while a legal hold is on it or on its kind. Scope: admin.
    async fn remove_document(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to remove.")] input: RemoveDocumentInput,
    ) -> Result<Option<RemoveDocumentResult>, Fault> {
        let call = Call::begin(ctx, "removeDocument", Scope::Admin, Reach::Tenant).await?;
        let command = document_id(&input.document).map(|document| RemoveDocument { document });
        Ok(Some(match call.run(&input.idempotency_key, command).await? {
            Reply::Refused(refusal) => RemoveDocumentResult::Refused(refusal),
            Reply::Done(done) => {
                if let Some(content) = &done.value.content {
                    let gone = files_of(ctx)?.vault().remove(call.origin.tenant, &content.sha256, content.place).await;
                    // It is removed; a repetition, or the sweep, takes the bytes away.
                    gone.map_err(|error| files::not_stored(&error).half_way())?;
                }
                RemoveDocumentResult::Done(RemoveDocumentSuccess {
                    document: Document::new((*done.value).clone()),
                    receipt: done.receipt.into(),
                })
            }
        }))
    }

    /// Puts a legal hold on a document, or lifts it. Scope: admin.
    async fn set_document_legal_hold(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which document, and whether.")] input: SetDocumentLegalHoldInput,
    ) -> Result<Option<SetDocumentLegalHoldResult>, Fault> {
        let call = Call::begin(ctx, "setDocumentLegalHold", Scope::Admin, Reach::Tenant).await?;
        let command = document_id(&input.document).map(|document| SetLegalHold { document, on: input.legal_hold });
        Ok(Some(match call.run(&input.idempotency_key, command).await? {
            Reply::Refused(refusal) => SetDocumentLegalHoldResult::Refused(refusal),
            Reply::Done(done) => SetDocumentLegalHoldResult::Done(SetDocumentLegalHoldSuccess {
                document: Document::new((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Sets what holds for documents of a kind. Scope: admin.
    async fn set_document_kind(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which kind, and what holds.")] input: SetDocumentKindInput,
    ) -> Result<Option<SetDocumentKindResult>, Fault> {
        let call = Call::begin(ctx, "setDocumentKind", Scope::Admin, Reach::Tenant).await?;
        let command =
            SetDocumentKind { code: input.kind, retention_days: input.retention_days, legal_hold: input.legal_hold };
        Ok(Some(match call.run(&input.idempotency_key, Ok(command)).await? {
            Reply::Refused(refusal) => SetDocumentKindResult::Refused(refusal),
            Reply::Done(done) => SetDocumentKindResult::Done(SetDocumentKindSuccess {
                document_kind: DocumentKind::from((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }
}

fn document_id(id: &ID) -> Result<DocumentId, Refused> {
    id.parse().map_err(|_| Refused::not_found("document", "document"))
}

/// What a file is said to be: by the input, or else by its part.
pub(super) fn declared<'a>(input: Option<&'a str>, file: &'a Received) -> Result<Option<&'a str>, Refused> {
    match input {
        Some(name) if essence(name).is_none() => Err(Refused::invalid("mediaType", "is no media type")),
        Some(name) => Ok(Some(name)),
        None => Ok(file.media_type.as_deref()),
    }
}

/// What a document is to be. Checked before its bytes are stored, and once more by the command.
async fn label(
    caller: &Caller,
    name: Option<String>,
    kind: String,
    subject: ID,
    history_item: Option<ID>,
) -> Result<Result<Label, Refused>, Fault> {
    let no_subject = || Refused::not_found("subject", "thing");
    let subject = match subject.parse::<Subject>() {
        Ok(Subject::Document(_)) | Err(_) => return Ok(Err(no_subject())),
        Ok(subject) => subject,
    };
    if !sees(caller, subject).await? {
        return Ok(Err(no_subject()));
    }
    let history = match history_item {
        None => None,
        Some(id) => {
            let sequence = id.parse().ok().and_then(|id| audit::sequence_of(caller.tenant(), id));
            match sequence {
                Some(sequence) if history::is_of(caller, subject, sequence).await? => Some(sequence),
                _ => return Ok(Err(Refused::not_found("historyItem", "item in the history of the subject"))),
            }
        }
    };
    let name = name.unwrap_or_default();
    // A file brings its name along, where the input does not give one.
    let checked =
        check_name("name", &name).and_then(|()| texts::checked("name", &name)).and_then(|()| check_kind("kind", &kind));
    Ok(checked.map(|()| Label { name, kind, subject, history, product: None }))
}
