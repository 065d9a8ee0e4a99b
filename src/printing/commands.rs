//! What sets a tenant's paper.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events;
use super::model::{Part, PrintBrand, PrintDesign, PrintKind, PrintVersion, Said, Template};
use super::sheet::PrintLanguage;
use crate::documents::{Document, DocumentStatus};
use crate::primitives::{PrintDesignId, PrintVersionId};
use crate::refused::{INVALID_STATE, Refused};
use crate::work::{Command, Decision, Stop, Wants, Work};

/// Sets the brand. What is printed from now on has it; what was printed stays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetPrintBrand {
    /// All of it.
    pub brand: PrintBrand,
}

impl Command for SetPrintBrand {
    const OPERATION: &'static str = "setPrintBrand";
    type Made = PrintVersion;

    fn looks_at(&self, wants: &mut Wants) {
        if let Some(logo) = self.brand.logo {
            wants.row::<Document>(logo);
        }
    }

    /// Refused as: `INVALID_INPUT`, `NOT_FOUND`, `INVALID_STATE` for the logo, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<PrintVersion>> {
        let brand = self.brand.clone().checked()?;
        if let Some(logo) = brand.logo {
            let document = work.get::<Document>(logo)?.ok_or_else(|| Refused::not_found("logo", "document"))?;
            let content = document.content.as_ref().filter(|_| document.status == DocumentStatus::Kept);
            let Some(content) = content else {
                return Err(Refused::of_field(INVALID_STATE, "logo", "the document has no content").into());
            };
            if !LOGOS.contains(&content.media_type.as_str()) {
                return Err(Refused::invalid("logo", "must be PNG or JPEG").into());
            }
        }
        set(work, Part::Brand, Said::Brand(brand))
    }

    fn weight(&self) -> usize {
        3
    }
}

/// What a logo may be.
pub const LOGOS: [&str; 2] = ["image/png", "image/jpeg"];

/// Sets the text of a kind in a language.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetPrintTemplate {
    /// Of what.
    pub kind: PrintKind,
    /// In which language.
    pub language: PrintLanguage,
    /// All of it.
    pub template: Template,
}

impl Command for SetPrintTemplate {
    const OPERATION: &'static str = "setPrintTemplate";
    type Made = PrintVersion;

    /// Refused as: `INVALID_INPUT` for the first field at fault.
    fn decide(&self, work: &mut Work) -> Decision<Arc<PrintVersion>> {
        let template = self.template.clone().checked(self.language)?;
        set(work, Part::Text(self.kind, self.language), Said::Text(template))
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Makes a version of a part. What says the same as the one before makes none.
fn set(work: &mut Work, part: Part, said: Said) -> Decision<Arc<PrintVersion>> {
    let id = PrintDesignId::of(work.tenant(), part);
    let number = match work.get::<PrintDesign>(id)? {
        None => {
            work.insert(PrintDesign { id, part, version: 1 })?;
            1
        }
        Some(design) => {
            let before = work
                .get::<PrintVersion>(PrintVersionId::of(id, design.version))?
                .ok_or_else(|| Stop::damaged("a print design without its version"))?;
            if before.said == said {
                return Ok(before);
            }
            let changed = work.change::<PrintDesign, Refused>(id, |design| {
                design.version += 1;
                Ok(())
            })?;
            changed.version
        }
    };
    let version = PrintVersion {
        id: PrintVersionId::of(id, number),
        ordinal: work.ordinal(),
        part,
        number,
        said,
        client: work.origin().client.to_string(),
        created_at: work.now(),
    };
    let version = work.insert(version)?;
    work.tell(events::set(&version));
    Ok(version)
}
