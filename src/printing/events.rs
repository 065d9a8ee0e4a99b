//! What the log tells of printing.

use serde_json::json;

use super::model::{Part, PrintVersion};
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of printing.
    TYPES {
        /// The brand that documents are printed with was set.
        PRINT_BRAND_SET,
        /// A text that documents are printed with was set.
        PRINT_TEMPLATE_SET,
    }
}

/// A part of a tenant's paper was set.
#[must_use]
pub fn set(version: &PrintVersion) -> NewEvent {
    match version.part {
        Part::Brand => NewEvent::of(PRINT_BRAND_SET, version.id, json!({ "version": version.number })),
        Part::Text(kind, language) => {
            let payload = json!({ "kind": kind.word(), "language": language.word(), "version": version.number });
            NewEvent::of(PRINT_TEMPLATE_SET, version.id, payload)
        }
    }
}
