//! Texts from callers: trimmed of nothing, refused when they cannot be kept.

/// Why a text is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextProblem {
    /// Empty, or nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// Longer than the field takes.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// Control characters (PostgreSQL cannot keep a NUL, and nobody should print the others).
    #[error("must not contain control characters")]
    Control,
}

/// Checks a text that must say something.
///
/// # Errors
/// [`TextProblem`].
pub fn required(text: &str, longest: usize) -> Result<(), TextProblem> {
    if text.trim().is_empty() {
        return Err(TextProblem::Empty);
    }
    optional(text, longest)
}

/// Checks a text that may be empty.
///
/// # Errors
/// [`TextProblem`].
pub fn optional(text: &str, longest: usize) -> Result<(), TextProblem> {
    if text.chars().count() > longest {
        return Err(TextProblem::TooLong(longest));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(TextProblem::Control);
    }
    Ok(())
}
