//! Saying who vouches for customers, and noting whom they have identified.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events;
use super::model::{Identification, IdentificationKind, IdentificationProvider, ProviderSettings};
use super::refusals::{IDENTIFICATION_STATE_USED, IDENTIFIED_PERSON_DIFFERS, NO_IDENTIFICATION_PROVIDER};
use super::store::{NAME, STATE};
use crate::customers::{Customer, CustomerBy};
use crate::primitives::{CustomerId, IdentificationProviderId};
use crate::refused::{INVALID_STATE, NOT_FOUND, Refused};
use crate::sealing::Secret;
use crate::work::{Command, Decision, Stop, Wants, Work};

/// Says who vouches for customers, all of it; under a name that is there, anew.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetIdentificationProvider {
    /// What requests name it by.
    pub name: String,
    /// How it vouches; stays as it is once it was set.
    pub kind: IdentificationKind,
    /// The rest.
    pub settings: ProviderSettings,
    /// The secret of the tenant's client there; the one before when absent.
    pub secret: Option<Secret>,
    /// Whether it is used no more.
    pub retired: bool,
}

impl Command for SetIdentificationProvider {
    const OPERATION: &'static str = "setIdentificationProvider";
    type Made = IdentificationProvider;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<IdentificationProvider>(&NAME, &self.name);
    }

    /// Refused as: `INVALID_STATE` for another kind than was set, `INVALID_INPUT`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<IdentificationProvider>> {
        let before = work.find::<IdentificationProvider>(&NAME, &self.name)?;
        if before.as_ref().is_some_and(|before| before.kind != self.kind) {
            return Err(Refused::of_field(INVALID_STATE, "kind", "stays as it is: take another name").into());
        }
        let secret = self.secret.clone().or_else(|| before.as_ref().map(|before| before.secret.clone()));
        let provider = IdentificationProvider {
            id: before.as_ref().map_or_else(|| work.id(), |before| before.id),
            ordinal: before.as_ref().map_or_else(|| work.ordinal(), |before| before.ordinal),
            name: self.name.clone(),
            kind: self.kind,
            settings: self.settings.clone(),
            secret: secret.unwrap_or_else(|| Secret(String::new())),
            retired: self.retired,
            created_at: before.as_ref().map_or_else(|| work.now(), |before| before.created_at),
        }
        .checked()?;
        let provider = match before {
            None => work.insert(provider)?,
            Some(before) => work.change::<IdentificationProvider, Refused>(before.id, |row| {
                *row = provider;
                Ok(())
            })?,
        };
        work.tell(events::set(&provider));
        Ok(provider)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Notes whom a provider has identified.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NoteIdentification {
    /// Which provider.
    pub provider: IdentificationProviderId,
    /// Who has to be identified.
    pub customer: CustomerId,
    /// Whom its token names.
    pub person: CustomerBy,
    /// A digest of the state that they came back with.
    pub state_key: String,
    /// A digest of the caller's token.
    pub token_key: String,
    /// How long it is valid, by the server's clock: a sandbox's goes ahead of whoever asks.
    pub valid_until: crate::primitives::clock::Micros,
}

impl Command for NoteIdentification {
    const OPERATION: &'static str = "noteIdentification";
    type Made = Identification;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<IdentificationProvider>(self.provider);
        wants.row::<Customer>(self.customer);
        wants.unique::<Identification>(&STATE, &self.state_key);
        self.person.hint(wants);
    }

    /// Refused as: `NO_IDENTIFICATION_PROVIDER`, `IDENTIFICATION_STATE_USED`, `IDENTIFIED_PERSON_DIFFERS`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Identification>> {
        let provider = work.get::<IdentificationProvider>(self.provider)?;
        let Some(provider) = provider.filter(|provider| !provider.retired) else {
            let message = "the provider is used no more";
            return Err(Refused::of_field(NO_IDENTIFICATION_PROVIDER, "provider", message).into());
        };
        if work.find::<Identification>(&STATE, &self.state_key)?.is_some() {
            let message = "the customer has come back with it before";
            return Err(Refused::of_field(IDENTIFICATION_STATE_USED, "state", message).into());
        }
        is_person(work, &self.person, self.customer)?;
        let identification = Identification {
            id: work.id(),
            ordinal: work.ordinal(),
            provider: provider.id,
            customer: self.customer,
            state_key: self.state_key.clone(),
            token_key: self.token_key.clone(),
            valid_until: self.valid_until,
            created_at: work.now(),
        };
        let identification = work.insert(identification)?;
        work.tell(events::identified(&identification));
        Ok(identification)
    }

    fn weight(&self) -> usize {
        4
    }
}

/// Checks that a person who is named is a customer.
fn is_person(work: &mut Work, person: &CustomerBy, customer: CustomerId) -> Decision<()> {
    let found = match person.locate(work, "person") {
        Ok(found) => Some(found.id),
        // Whoever is nobody here is somebody else.
        Err(Stop::Refused(refused)) if refused.code == NOT_FOUND => None,
        Err(stop) => return Err(stop),
    };
    if found == Some(customer) { Ok(()) } else { Err(differs().into()) }
}

/// The refusal of somebody else.
#[must_use]
pub fn differs() -> Refused {
    let message = "the person who is identified is not the customer whose purchase it is";
    Refused::of_field(IDENTIFIED_PERSON_DIFFERS, "customerAuthToken", message)
}
