//! What resolvers and routes share that deal with the bytes of documents: the store, the limits, and signed links.

use std::sync::Arc;

use async_graphql::Context;
use uuid::Uuid;

use super::types::files;
use crate::access::Access;
use crate::api::call::Call;
use crate::api::fault::{Fault, FaultCode, Retry};
use crate::api::limits::RequestId;
use crate::documents::links::{Link, Purpose};
use crate::documents::store::{self, DocumentFilter};
use crate::documents::vault::VaultError;
use crate::documents::{Content, DocumentStatus, Limits, Spooled, Vault};
use crate::ledger::query::Page;
use crate::primitives::{Clock, CustomerId, DocumentId, TenantId};
use crate::refused::Refused;

/// How long a link lasts at most, in seconds: no longer than its key is believed.
pub const LONGEST_LINK: i32 = 3_600;

/// Documents of an erased customer whose bytes are taken away at once, at most: the sweep takes the rest.
const MOST_REMOVED: u64 = 1_000;

/// Why a link is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkProblem {
    /// Changed, of another purpose, of a key that is unknown, or no link at all.
    Invalid,
    /// Its time is over.
    Expired,
    /// It could not be found out now.
    Unavailable,
}

/// The store of documents, and the links to it. Cloning shares it.
#[derive(Clone)]
pub struct Files(Arc<Inner>);

struct Inner {
    vault: Vault,
    limits: Limits,
    access: Access,
    clock: Clock,
}

impl Files {
    /// Over a store.
    #[must_use]
    pub fn new(vault: Vault, limits: Limits, access: Access, clock: Clock) -> Self {
        Self(Arc::new(Inner { vault, limits, access, clock }))
    }

    /// Where the bytes are.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.0.vault
    }

    /// What is taken.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// How clients reach the server, where that is known.
    #[must_use]
    pub fn public_url(&self) -> Option<String> {
        self.0.access.public_url().map(|url| url.to_string())
    }

    fn now(&self) -> i64 {
        self.0.clock.micros().div_euclid(1_000_000)
    }

    /// A link to a document, as a URL where it is known how clients reach the server, else as a path on it; and the
    /// second at which it is over.
    ///
    /// # Errors
    /// `BAD_REQUEST` for the time, and the database's.
    pub async fn link(
        &self,
        purpose: Purpose,
        tenant: TenantId,
        document: DocumentId,
        seconds: i32,
    ) -> Result<(String, i64), Fault> {
        if !(1..=LONGEST_LINK).contains(&seconds) {
            let message = format!("expiresIn is 1 to {LONGEST_LINK} seconds");
            return Err(Fault::new(FaultCode::BadRequest, &message));
        }
        let key = self.0.access.link_key().await;
        let (kid, secret) = key.map_err(|error| Fault::internal(&error))?;
        let expires = self.now() + i64::from(seconds);
        let link = Link { purpose, tenant, document, expires, kid }.sign(&secret);
        let server = self.0.access.public_url().unwrap_or_default();
        Ok((format!("{server}/documents/{link}"), expires))
    }

    /// What a link says, if it is one of ours for this purpose and not over.
    ///
    /// # Errors
    /// [`LinkProblem`].
    pub async fn open(&self, link: &str, purpose: Purpose) -> Result<Link, LinkProblem> {
        let link = Link::read(link).ok_or(LinkProblem::Invalid)?;
        let secret = self.0.access.link_secret(link.kid()).await.map_err(|error| {
            tracing::error!(cause = %error, "a link could not be verified");
            LinkProblem::Unavailable
        })?;
        let link = secret.and_then(|secret| link.verified(&secret)).ok_or(LinkProblem::Invalid)?;
        if link.purpose != purpose {
            return Err(LinkProblem::Invalid);
        }
        if link.expires <= self.now() { Err(LinkProblem::Expired) } else { Ok(link) }
    }

    /// Checks a file that was received against the limits, and against what it is said to be. Gives what a row has to
    /// know of it.
    ///
    /// # Errors
    /// `DOCUMENT_SIZE_REFUSED`, `MEDIA_TYPE_MISMATCH`, `MEDIA_TYPE_REFUSED`, in this order, for the field.
    pub fn content(
        &self,
        field: &str,
        file: &Spooled,
        declared: Option<&str>,
        place: Uuid,
    ) -> Result<Content, Refused> {
        let limits = self.limits();
        limits.check_size(field, file.size)?;
        let media_type = file.seen.agreed(field, declared)?;
        limits.check_type(field, &media_type)?;
        let size = i64::try_from(file.size).map_err(|_| limits.too_large(field))?;
        Ok(Content { media_type, size, sha256: file.sha256.clone(), place })
    }
}

/// That the store did not do it. What it was asked for before a row was written is harmless.
#[must_use]
pub fn not_stored(error: &VaultError) -> Fault {
    tracing::error!(cause = %error, "the store of documents");
    Fault {
        retry: Retry::Safe,
        ..Fault::new(FaultCode::Unavailable, "documents cannot be stored now; nothing was done")
    }
}

/// Takes the bytes of a customer's removed documents out of the store, as far as they are there.
///
/// # Errors
/// The database's, and the store's: what is left is taken by a repetition, or the sweep.
pub(crate) async fn removed_bytes(ctx: &Context<'_>, call: &Call<'_>, customer: CustomerId) -> Result<(), Fault> {
    let filter =
        DocumentFilter { status: Some(DocumentStatus::Removed), only: Some(customer), ..DocumentFilter::default() };
    let page = Page { after: None, before: None, limit: MOST_REMOVED, backward: false };
    let tenant = call.origin.tenant;
    let found = store::list(call.engine.db.reader(), tenant, &filter, page)
        .await
        .map_err(|fault| Fault::from(fault).half_way())?;
    for content in found.iter().filter_map(|document| document.content.as_ref()) {
        let gone = files(ctx)?.vault().remove(tenant, &content.sha256, content.place).await;
        gone.map_err(|error| not_stored(&error).half_way())?;
    }
    Ok(())
}

/// That the store did not give what it should have.
#[must_use]
pub fn not_read(error: &VaultError) -> Fault {
    match error {
        VaultError::Missing => Fault::internal(error),
        VaultError::Store(_) | VaultError::File(_) => {
            tracing::error!(cause = %error, "the store of documents");
            Fault::new(FaultCode::Unavailable, "documents cannot be read now; try again")
        }
    }
}

/// The place of a document's bytes that come with a request: the same when the request is repeated, and nobody else's.
#[must_use]
pub fn place_of(tenant: TenantId, client: &str, customer: Option<Uuid>, key: &str) -> Uuid {
    use sha2::{Digest as _, Sha256};
    let mut digest = Sha256::new();
    digest.update(tenant.0.as_bytes());
    for part in [client, &customer.map(|id| id.to_string()).unwrap_or_default(), key] {
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part);
    }
    let digest: [u8; 32] = digest.finalize().into();
    uuid::Builder::from_custom_bytes(std::array::from_fn(|place| digest[place])).into_uuid()
}

/// The request that a route works for, where there is no caller with a token.
#[must_use]
pub fn origin_of(link: &Link, client: &str, id: &RequestId) -> crate::primitives::Origin {
    crate::primitives::Origin { tenant: link.tenant, client: client.into(), customer: None, request_id: id.0.clone() }
}
