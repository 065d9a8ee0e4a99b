//! A refusal as it is kept with what was refused: its code, what it says and which fields it names.

use serde::{Deserialize, Serialize};

use crate::primitives::ApprovalId;
use crate::refused::Refused;

/// A refusal that is read again later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRefusal {
    /// From the open list of codes.
    pub code: String,
    /// For people.
    pub message: String,
    /// The fields at fault: their paths, and what is wrong with each.
    pub fields: Vec<(Vec<String>, String)>,
    /// What waits for a second person, where it does.
    pub approval: Option<ApprovalId>,
}

impl From<&Refused> for KeptRefusal {
    fn from(refused: &Refused) -> Self {
        let fields = refused.fields.iter().map(|field| (field.path.clone(), field.message.clone()));
        Self {
            code: refused.code.word().to_owned(),
            message: refused.message.clone(),
            fields: fields.collect(),
            approval: refused.facts.approval,
        }
    }
}

impl KeptRefusal {
    /// As it is stored.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Of its stored form.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}
