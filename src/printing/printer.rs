//! What a tenant's paper looks like now: read for whoever prints, outside of any command.

use futures_util::TryStreamExt as _;
use sea_orm::ConnectionTrait;

use super::commands::LOGOS;
use super::model::{Part, PrintKind, Said, Template};
use super::prints::{PrintDocument, id_of};
use super::sheet::{Brand, Letterhead, Picture, PrintLanguage};
use super::{sample, store, texts};
use crate::documents::commands::Label;
use crate::documents::vault::{Spool, SpoolError, VaultError};
use crate::documents::{Content, Document, DocumentStatus, Vault};
use crate::ledger::LedgerFault;
use crate::primitives::{DocumentId, TenantId};
use crate::work::read;

/// Why the tenant's paper could not be read, or what was printed not be kept.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// The store's of documents.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The same, of what was to be stored.
    #[error("{0}")]
    Unkept(VaultError),
    /// This machine's, where files lie on their way to the store.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The same thing was printed and removed again and again.
    #[error("the same thing was printed and removed too often")]
    Removed,
    /// The database's.
    #[error(transparent)]
    Rows(#[from] LedgerFault),
}

/// A tenant's paper, for a kind and a language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// Whose it is.
    pub brand: Brand,
    /// What is written on it.
    pub template: Template,
}

/// Reads the paper: what the tenant has set, and else what is there by default under its name.
///
/// # Errors
/// [`PaperError`]. A logo whose document was removed is left out.
pub async fn paper(
    db: &impl ConnectionTrait,
    vault: &Vault,
    tenant: (TenantId, &str),
    kind: PrintKind,
    language: PrintLanguage,
) -> Result<Paper, PaperError> {
    let (tenant, name) = tenant;
    let parts = [Part::Brand, Part::Text(kind, language)];
    let mut found = store::current(db, tenant, &parts).await?.into_iter().map(|version| version.map(|one| one.said));
    let (brand, text) = (found.next().flatten(), found.next().flatten());
    let brand = match brand {
        Some(Said::Brand(brand)) => with_logo(db, vault, tenant, brand.head, brand.logo).await?,
        _ => Brand { head: sample::letterhead(name), logo: None },
    };
    let template = match text {
        Some(Said::Text(template)) => template,
        _ => texts::of(kind, language),
    };
    Ok(Paper { brand, template })
}

/// A brand with its logo's bytes.
///
/// # Errors
/// [`PaperError`].
pub async fn with_logo(
    db: &impl ConnectionTrait,
    vault: &Vault,
    tenant: TenantId,
    head: Letterhead,
    logo: Option<DocumentId>,
) -> Result<Brand, PaperError> {
    let document = match logo {
        Some(logo) => read::by_id::<Document>(db, tenant, logo).await?,
        None => None,
    };
    let content = document.filter(|document| document.status == DocumentStatus::Kept).and_then(|one| one.content);
    let logo = match content {
        Some(content) if LOGOS.contains(&content.media_type.as_str()) && content.size <= MOST_BYTES => {
            Some(Picture { bytes: bytes(vault, tenant, &content).await?, media_type: content.media_type })
        }
        _ => None,
    };
    Ok(Brand { head, logo })
}

/// The largest logo, in bytes: it is in each document.
pub const MOST_BYTES: i64 = 500_000;

async fn bytes(vault: &Vault, tenant: TenantId, content: &Content) -> Result<Vec<u8>, VaultError> {
    let pieces = vault.read(tenant, content).await?;
    pieces
        .try_fold(Vec::new(), async |mut all, piece| {
            all.extend_from_slice(&piece);
            Ok(all)
        })
        .await
}

/// How often the same thing may have been printed and removed.
const MOST_REMOVED: u32 = 100;

/// Keeps the bytes of what was printed where the document with them has its place; gives the command that notes it.
///
/// # Errors
/// [`PaperError`].
pub async fn kept(
    db: &impl ConnectionTrait,
    vault: &Vault,
    tenant: TenantId,
    label: Label,
    bytes: &[u8],
) -> Result<PrintDocument, PaperError> {
    let mut spool = Spool::new(u64::MAX)?;
    spool.take(bytes).await?;
    let file = spool.finish().await?;
    for attempt in 0..MOST_REMOVED {
        let document = id_of(tenant, &label, &file.sha256, attempt);
        let found = read::by_id::<Document>(db, tenant, document).await?;
        if found.is_some_and(|found| found.status == DocumentStatus::Removed) {
            continue;
        }
        let content = Content {
            media_type: "application/pdf".into(),
            size: i64::try_from(file.size).unwrap_or(i64::MAX),
            sha256: file.sha256.clone(),
            place: document.0,
        };
        vault.keep(tenant, document.0, &file).await.map_err(PaperError::Unkept)?;
        return Ok(PrintDocument { document, label, content });
    }
    Err(PaperError::Removed)
}
