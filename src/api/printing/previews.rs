//! Previews: printed for who asks, and kept nowhere.

use std::sync::atomic::Ordering;

use async_graphql::{Context, SimpleObject};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::access::Scope;
use crate::api::context::{Caller, allowed};
use crate::api::documents::files;
use crate::api::documents::files::{not_read, not_stored};
use crate::api::enums::{PrintKind, PrintLanguage};
use crate::api::fault::{Fault, FaultCode};
use crate::api::scalars::BigInt;
use crate::printing::printer::{PaperError, paper};
use crate::printing::{Brand, PrintError, Sheet, page_count, pdf, sample};

/// Bytes of previews in one answer.
const MOST: u64 = 5 * 1024 * 1024;

/// A document with somebody in it who does not exist.
#[derive(Clone, Debug, SimpleObject)]
pub struct PrintPreview {
    /// How many pages it has.
    pages: i32,
    /// In bytes.
    size: BigInt,
    /// The SHA-256 of it, in 64 hexadecimal digits.
    sha256: String,
    /// The PDF, in Base64.
    base64: String,
}

/// That a tenant's paper could not be read.
pub(super) fn unread(error: PaperError) -> Fault {
    match error {
        PaperError::Rows(fault) => fault.into(),
        PaperError::Vault(error) => not_read(&error),
        PaperError::Unkept(error) => not_stored(&error),
        PaperError::Spool(error) => Fault::internal(&error),
        PaperError::Removed => Fault::internal(&error),
    }
}

/// Prints beside whatever else the server does; gives how many pages there are, and the file.
pub(super) async fn printed(sheet: Sheet, brand: Brand) -> Result<Result<(usize, Vec<u8>), PrintError>, Fault> {
    let print = move || pdf(&sheet, &brand).map(|bytes| (page_count(&sheet, &brand), bytes));
    tokio::task::spawn_blocking(print).await.map_err(|error| Fault::internal(&error))
}

/// The tenant's name, which is on its paper until it has a brand.
pub(super) async fn name(caller: &Caller) -> Result<String, Fault> {
    Ok(caller.engine.present(caller.tenant()).await?.head.settings.name.clone())
}

pub(super) async fn preview(
    ctx: &Context<'_>,
    kind: PrintKind,
    language: PrintLanguage,
) -> Result<PrintPreview, Fault> {
    let caller = allowed(ctx, Scope::Read)?.require_unbound()?;
    let (name, files) = (name(caller).await?, files(ctx)?);
    let paper = paper(caller.db(), files.vault(), (caller.tenant(), &name), kind, language).await.map_err(unread)?;
    let mut values = sample::values(language);
    values.sender.clone_from(&paper.brand.head.name);
    // Tried with the same values when it was set.
    let text = paper.template.filled(&values).map_err(|refused| Fault::internal(&refused.message))?;
    let sheet = sample::sheet(kind, language, &paper.brand.head, text);
    let (pages, bytes) = printed(sheet, paper.brand).await?.map_err(|error| Fault::internal(&error))?;
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if caller.inline_bytes.fetch_add(size, Ordering::Relaxed).saturating_add(size) > MOST {
        let message = format!("more than {MOST} bytes of documents in one answer");
        return Err(Fault::new(FaultCode::OverLimit, &message));
    }
    Ok(PrintPreview {
        pages: i32::try_from(pages).unwrap_or(i32::MAX),
        size: BigInt(i64::try_from(size).unwrap_or(i64::MAX)),
        sha256: Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect(),
        base64: STANDARD.encode(bytes),
    })
}
