//! The numbers by which states know a customer, as they are kept: sealed, found by a keyed hash, each one customer's.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::identifiers::{Country, Identifier, IdentifierKind};
use super::model::{Customer, CustomerType};
use super::refusals::{DATA_KEYS_MISSING, INVALID_IDENTIFIER};
use super::store::{IDENTIFIERS, LOOKUP};
use crate::primitives::clock::Micros;
use crate::primitives::{CustomerId, CustomerIdentifierId, TenantId};
use crate::refused::Refused;
use crate::sealing::{self, KeyRing, Secret};
use crate::work::{Decision, Stop, Work};

/// Identifiers of a customer, at most.
pub const MOST_IDENTIFIERS: usize = 10;

/// A number as it is told: not checked yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewIdentifier {
    /// Whose number it is.
    pub country: Country,
    /// What kind of number; whichever fits the customer when absent.
    pub kind: Option<IdentifierKind>,
    /// As people write it.
    pub value: Secret,
}

/// A number of a customer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerIdentifier {
    /// Its id.
    pub id: CustomerIdentifierId,
    /// Its place among the customer's.
    pub ordinal: i64,
    /// Whose it is.
    pub customer: CustomerId,
    /// What kind of number it is.
    pub kind: IdentifierKind,
    /// The number, in its one form.
    pub number: Secret,
    /// What it is found by.
    pub lookup: String,
    /// When it was told.
    pub created_at: Micros,
}

impl CustomerIdentifier {
    /// As people write it, and as they may see it.
    #[must_use]
    pub fn identifier(&self) -> Identifier {
        Identifier::stored(self.kind, &self.number.0)
    }
}

impl NewIdentifier {
    /// The number, if it is one of a customer of this type.
    ///
    /// # Errors
    /// `INVALID_INPUT` for a kind of another country or of others than such customers, `INVALID_IDENTIFIER` for the value.
    pub fn read(&self, holder: CustomerType, today: NaiveDate) -> Result<Identifier, Refused> {
        let Some(kind) = self.kind else {
            let read = Identifier::of_country(self.country, holder, &self.value.0, today);
            return read.map_err(|problem| Refused::of_field(INVALID_IDENTIFIER, "value", problem.to_string()));
        };
        if kind.country() != self.country {
            return Err(Refused::invalid("kind", "is a kind of another country"));
        }
        if kind.holder() != holder {
            return Err(Refused::invalid("kind", "does not identify customers of this type"));
        }
        let read = Identifier::parse(kind, &self.value.0, today);
        read.map_err(|problem| Refused::of_field(INVALID_IDENTIFIER, "value", problem.to_string()))
    }

    /// What it may be found by: of each kind that it can be.
    #[must_use]
    pub fn lookups(&self, ring: &KeyRing, tenant: TenantId, today: NaiveDate) -> Vec<String> {
        let kinds = IdentifierKind::ALL.iter().copied().filter(|kind| kind.country() == self.country);
        let kinds = kinds.filter(|kind| self.kind.is_none_or(|wanted| wanted == *kind));
        let read = kinds.filter_map(|kind| Identifier::parse(kind, &self.value.0, today).ok());
        read.map(|identifier| lookup(ring, tenant, &identifier)).collect()
    }
}

/// What an identifier is found by.
fn lookup(ring: &KeyRing, tenant: TenantId, identifier: &Identifier) -> String {
    ring.lookup(tenant, identifier.kind().word(), identifier.number())
}

/// The customer of an identifier.
///
/// # Errors
/// That something is not loaded yet.
pub fn find(work: &mut Work, wanted: &NewIdentifier) -> Decision<Option<Arc<Customer>>> {
    let Some(ring) = sealing::ring() else { return Ok(None) };
    for lookup in wanted.lookups(&ring, work.tenant(), work.today()) {
        if let Some(found) = work.find::<CustomerIdentifier>(&LOOKUP, &lookup)? {
            return work.get::<Customer>(found.customer);
        }
    }
    Ok(None)
}

/// A customer's identifiers, in the order in which they were told.
///
/// # Errors
/// That they are not loaded yet.
pub fn of(work: &mut Work, customer: CustomerId) -> Decision<Vec<Arc<CustomerIdentifier>>> {
    work.all::<CustomerIdentifier, Customer>(&IDENTIFIERS, customer)
}

/// Reads identifiers that are told together.
///
/// # Errors
/// `INVALID_INPUT` for too many, and for two of one kind; what [`NewIdentifier::read`] refuses; `DATA_KEYS_MISSING`.
pub fn read(told: &[NewIdentifier], holder: CustomerType, today: NaiveDate) -> Result<Vec<Identifier>, Refused> {
    if told.len() > MOST_IDENTIFIERS {
        return Err(Refused::invalid("identifiers", format!("must have at most {MOST_IDENTIFIERS}")));
    }
    let mut read: Vec<Identifier> = Vec::with_capacity(told.len());
    for (place, new) in told.iter().enumerate() {
        let identifier = new.read(holder, today).map_err(|refused| refused.at("identifiers", place))?;
        if read.iter().any(|other| other.kind() == identifier.kind()) {
            return Err(Refused::invalid("value", "another of this kind is there").at("identifiers", place));
        }
        read.push(identifier);
    }
    if !read.is_empty() && sealing::ring().is_none() {
        let message = "this server has no keys to keep identifiers with";
        return Err(Refused::of_field(DATA_KEYS_MISSING, "identifiers", message));
    }
    Ok(read)
}

/// Checks that a birth date is the one that the customer's numbers tell.
///
/// # Errors
/// `INVALID_INPUT` for the birth date. It does not say which one it would be.
pub fn check_birth_date(date: Option<NaiveDate>, identifiers: &[Identifier]) -> Result<(), Refused> {
    let Some(date) = date else { return Ok(()) };
    let told = identifiers.iter().filter_map(Identifier::birth_date);
    match told.into_iter().all(|told| told == date) {
        true => Ok(()),
        false => Err(Refused::invalid("birthDate", "is not the one that an identifier tells")),
    }
}

/// Makes these a customer's identifiers: what it has and is not among them goes.
///
/// # Errors
/// `DUPLICATE_REFERENCE` for one that another customer has.
pub fn set(work: &mut Work, customer: CustomerId, identifiers: &[Identifier]) -> Decision<()> {
    let has = of(work, customer)?;
    if has.is_empty() && identifiers.is_empty() {
        return Ok(());
    }
    let ring = sealing::ring().ok_or_else(|| {
        Stop::from(Refused::of_field(DATA_KEYS_MISSING, "identifiers", "this server has no keys to keep them with"))
    })?;
    let lookups: Vec<String> = identifiers.iter().map(|one| lookup(&ring, work.tenant(), one)).collect();
    for gone in has.iter().filter(|one| !lookups.contains(&one.lookup)) {
        work.remove::<CustomerIdentifier>(gone.id)?;
    }
    for (place, (identifier, lookup)) in identifiers.iter().zip(lookups).enumerate() {
        if has.iter().any(|one| one.lookup == lookup) {
            continue;
        }
        let row = CustomerIdentifier {
            id: work.id(),
            ordinal: work.ordinal(),
            customer,
            kind: identifier.kind(),
            number: Secret(identifier.number().to_owned()),
            lookup,
            created_at: work.now(),
        };
        work.insert(row).map_err(|stop| match stop {
            Stop::Refused(refused) => refused.at("identifiers", place).into(),
            stop => stop,
        })?;
    }
    Ok(())
}
