//! What a command may do to a field that may be empty.

use serde::{Deserialize, Serialize};

/// Absent, null and a value are three things in an input that changes something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is emptied.
    Clear,
    /// It becomes this.
    Set(T),
}

impl<T: Clone> Change<T> {
    /// Does it to a field.
    pub fn apply(&self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value.clone()),
        }
    }

    /// Does it to a field that is never empty: emptied, it becomes the other value.
    pub fn apply_or(&self, field: &mut T, empty: T) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = empty,
            Self::Set(value) => field.clone_from(value),
        }
    }

    /// Whether it does anything.
    #[must_use]
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}
