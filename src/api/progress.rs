//! How far a subscription has come, for the transport: whoever is cut off is told where to go on.

use std::sync::{Arc, Mutex, PoisonError};

use super::scalars::Cursor;

/// The cursor of the last event that a subscription gave. The resolver notes it before each event; the transport
/// reads it with each result. In a request's data; cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Mutex<Option<Arc<str>>>>);

impl Progress {
    /// The next result is of the event with this cursor.
    pub fn reach(&self, cursor: &Cursor) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(cursor.to_text().into());
    }

    /// The cursor of the last result; none before the first one, and where there are no cursors.
    #[must_use]
    pub fn cursor(&self) -> Option<Arc<str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
