//! `addReceivableDocument`: a file of a claim or of a product, by the creditor's references.

use async_graphql::{Context, InputObject, Object};

use super::Document;
use super::files::{self, place_of};
use super::mutations::declared;
use super::types::files as files_of;
use super::uploads::{Upload, Uploads};
use crate::access::Scope;
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::caller;
use crate::api::fault::Fault;
use crate::api::refusal::outcomes;
use crate::api::texts;
use crate::documents::model::{DocumentStatus, check_kind, check_name};
use crate::documents::{AddReceivableDocument, Content};
use crate::refused::{Refused, said};

/// A document to add to a claim or a product of a receivable, with its file.
#[derive(InputObject)]
pub struct AddReceivableDocumentInput {
    /// Makes the request safe to repeat, with the same file.
    idempotency_key: String,
    /// The file.
    file: Upload,
    /// The file's name; the one that it came under when absent.
    name: Option<String>,
    /// What it is, where that is not said with the file. A file whose content is something else is refused.
    media_type: Option<String>,
    /// What kind of document it is: up to 40 capital letters, digits and underscores, such as INVOICE or CSV.
    document_type: String,
    /// Of which receivable.
    account_reference: String,
    /// Of which claim on it. Exactly one of claim and product is said.
    claim_reference: Option<String>,
    /// Of which product of it.
    product_reference: Option<String>,
}

outcomes! {
    /// A document was added to a claim or a product.
    AddReceivableDocumentResult = AddReceivableDocumentSuccess {
        /// The document.
        document: Document,
    }
}

/// Mutations of the documents of receivables.
#[derive(Default)]
pub struct ReceivableDocumentMutation;

#[Object]
impl ReceivableDocumentMutation {
    /// Adds a document to a claim or a product of a receivable, with its file, sent as a part of
    /// multipart/form-data. Scope: admin.
    async fn add_receivable_document(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to add.")] input: AddReceivableDocumentInput,
    ) -> Result<Option<AddReceivableDocumentResult>, Fault> {
        let call = Call::begin(ctx, "addReceivableDocument", Scope::Admin, Reach::Tenant).await?;
        let (caller, files) = (caller(ctx)?, files_of(ctx)?);
        let uploads = ctx.data::<Uploads>().cloned().unwrap_or_default();
        let key = input.idempotency_key.clone();
        let place = place_of(call.origin.tenant, &call.origin.client, None, &key);
        let file = uploads.get(input.file);
        let name = input.name.clone().or_else(|| file.and_then(|file| file.name.clone())).unwrap_or_default();
        let (claim, product) = (said(input.claim_reference), said(input.product_reference));
        // Checked before the bytes are stored, and once more by the command.
        let checked = AddReceivableDocument::check_one(claim.as_deref(), product.as_deref())
            .and_then(|()| check_name("name", &name))
            .and_then(|()| texts::checked("name", &name))
            .and_then(|()| {
                check_kind("documentType", &input.document_type)?;
                file.ok_or_else(|| Refused::invalid("file", "is no file of this request"))
            })
            .and_then(|file| {
                let declared = declared(input.media_type.as_deref(), file)?;
                let content: Content = files.content("file", &file.content, declared, place)?;
                Ok((content, file))
            });
        let command = match checked {
            Ok((content, file)) => {
                let kept = files.vault().keep(caller.tenant(), place, &file.content).await;
                kept.map_err(|error| files::not_stored(&error))?;
                let (account, kind) = (input.account_reference, input.document_type);
                Ok(AddReceivableDocument { account, claim, product, name, kind, content })
            }
            Err(refused) => Err(refused),
        };
        Ok(Some(match call.run(&key, command).await? {
            Reply::Refused(refusal) => AddReceivableDocumentResult::Refused(refusal),
            Reply::Done(done) => {
                // The request was repeated after its document was removed: its bytes are not to come back.
                if let (DocumentStatus::Removed, Some(content)) = (done.value.status, &done.value.content) {
                    let gone = files.vault().remove(caller.tenant(), &content.sha256, content.place).await;
                    gone.map_err(|error| files::not_stored(&error))?;
                }
                AddReceivableDocumentResult::Done(AddReceivableDocumentSuccess {
                    document: Document::new((*done.value).clone()),
                    receipt: done.receipt.into(),
                })
            }
        }))
    }
}
