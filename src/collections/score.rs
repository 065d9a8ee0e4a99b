//! What is thought of a debtor: one value of each type.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::primitives::text;
use crate::refused::Refused;

crate::words! {
    /// Who thinks so of a debtor.
    ScoreType {
        /// The creditor.
        Internal = "INTERNAL",
        /// A credit bureau, or another outside.
        External = "EXTERNAL",
        /// Whoever collects.
        Collection = "COLLECTION",
        /// How the debtor has behaved.
        Behavioral = "BEHAVIORAL",
    }
}

/// What a score says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScoreValue {
    /// A text.
    Text(String),
    /// A JSON object, of several parts.
    Object(Value),
    /// Nothing: there is no value, which is something to know as well.
    None,
}

/// A score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// Who thinks so.
    pub type_: ScoreType,
    /// What.
    pub value: ScoreValue,
    /// A JSON object, as text.
    pub metadata: String,
}

/// Checks scores that are told together: one of each type at most, none over-long.
///
/// # Errors
/// `INVALID_INPUT` for the field and the score.
pub fn check(field: &str, scores: &[Score]) -> Result<(), Refused> {
    for (place, score) in scores.iter().enumerate() {
        if scores[..place].iter().any(|before| before.type_ == score.type_) {
            return Err(Refused::invalid("type", "there is one score of each type").at(field, place));
        }
        if let ScoreValue::Text(value) = &score.value {
            let checked = text::required(value, 200);
            checked.map_err(|problem| Refused::invalid("text", problem.to_string()).at(field, place))?;
        }
    }
    Ok(())
}
