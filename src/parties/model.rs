//! A party.

use crate::primitives::clock::Micros;
use crate::primitives::{PartyId, text};
use crate::refused::{Refused, check_reference};

/// Whom money is owed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Its id.
    pub id: PartyId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Unique in the tenant.
    pub number: String,
    /// The tenant's own reference; unique.
    pub external_reference: Option<String>,
    /// What it is called.
    pub name: String,
    /// A JSON object, as text.
    pub metadata: String,
    /// When it was created.
    pub created_at: Micros,
}

impl Party {
    /// Checks that it is whole.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the first field at fault.
    pub fn checked(self) -> Result<Self, Refused> {
        text::required(&self.name, 200).map_err(|problem| Refused::invalid("name", problem.to_string()))?;
        check_reference("number", Some(&self.number))?;
        check_reference("externalReference", self.external_reference.as_deref())?;
        Ok(self)
    }
}
