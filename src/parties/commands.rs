//! What changes parties.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events::{self, PARTY_CREATED, PARTY_UPDATED};
use super::model::Party;
use super::store::{EXTERNAL_REFERENCE, NUMBER, PartyBy};
use crate::primitives::PartyId;
use crate::refused::Refused;
use crate::work::numbers::{insert_numbered, made_number};
use crate::work::{Change, Command, Decision, Wants, Work};

/// Creates a party.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateParty {
    /// Made when absent.
    pub number: Option<String>,
    /// The tenant's own reference.
    pub external_reference: Option<String>,
    /// What it is called.
    pub name: String,
    /// A JSON object, as text.
    pub metadata: String,
}

impl Command for CreateParty {
    const OPERATION: &'static str = "createParty";
    type Made = Party;

    fn looks_at(&self, wants: &mut Wants) {
        if let Some(number) = &self.number {
            wants.unique::<Party>(&NUMBER, number);
        }
        if let Some(reference) = &self.external_reference {
            wants.unique::<Party>(&EXTERNAL_REFERENCE, reference);
        }
    }

    /// Refused as: `INVALID_INPUT`, `DUPLICATE_REFERENCE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Party>> {
        let id = work.id::<PartyId>();
        let party = Party {
            id,
            ordinal: work.ordinal(),
            number: self.number.clone().unwrap_or_else(|| made_number('P', id.0, 0)),
            external_reference: self.external_reference.clone(),
            name: self.name.clone(),
            metadata: self.metadata.clone(),
            created_at: work.now(),
        }
        .checked()?;
        let party = match &self.number {
            Some(_) => work.insert(party)?,
            None => insert_numbered(work, |work, attempt| {
                work.insert(Party { number: made_number('P', id.0, attempt), ..party.clone() })
            })?,
        };
        work.tell(events::of(PARTY_CREATED, &party));
        Ok(party)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Changes a party.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateParty {
    /// Which.
    pub party: PartyBy,
    /// The tenant's own reference.
    pub external_reference: Change<String>,
    /// What it is called.
    pub name: Option<String>,
    /// A JSON object, as text; emptied, it is the empty object.
    pub metadata: Change<String>,
}

impl Command for UpdateParty {
    const OPERATION: &'static str = "updateParty";
    type Made = Party;

    fn looks_at(&self, wants: &mut Wants) {
        self.party.hint(wants);
        if let Change::Set(reference) = &self.external_reference {
            wants.unique::<Party>(&EXTERNAL_REFERENCE, reference);
        }
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `DUPLICATE_REFERENCE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Party>> {
        let found = self.party.locate(work, "party")?;
        let party = work.change::<Party, Refused>(found.id, |party| {
            self.external_reference.apply(&mut party.external_reference);
            if let Some(name) = &self.name {
                party.name.clone_from(name);
            }
            self.metadata.apply_or(&mut party.metadata, "{}".into());
            *party = party.clone().checked()?;
            Ok(())
        })?;
        work.tell(events::of(PARTY_UPDATED, &party));
        Ok(party)
    }

    fn weight(&self) -> usize {
        3
    }
}
