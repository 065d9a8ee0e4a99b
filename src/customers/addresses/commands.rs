//! What adds addresses and changes what they say.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::actions::AddressAction;
use super::content::Content;
use super::events::{self, ADDRESS_CREATED, ADDRESS_REMOVED, ADDRESS_UPDATED};
use super::model::{Address, AddressStatus, check_usages};
use super::refusals::{ADDRESS_INVALID_NOT_SETTABLE, ADDRESS_LABEL_OF_OTHER_TYPE, MAIN_POSTAL_ADDRESS_REQUIRED};
use super::store::{BOOK, EXTERNAL_REFERENCE, Named, book};
use super::usages::{check_agreed, take};
use super::{MOST, Usage, book as decide};
use crate::customers::{Customer, CustomerBy};
use crate::ledger::refusal::LIMIT_EXCEEDED;
use crate::primitives::{AddressId, CustomerId};
use crate::refused::{Facts, Refused};
use crate::work::{Change, Command, Decision, Stop, Wants, Work};

/// An address to add to a customer. One with an end is temporary.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewAddress {
    /// Its role.
    pub label: String,
    /// What it says.
    pub content: Content,
    /// What it is used for, from now on and alone of the customer's.
    pub usages: Vec<Usage>,
    /// What it applies to alone.
    pub entity_reference: Option<String>,
    /// The tenant's own reference.
    pub external_reference: Option<String>,
    /// The first day that it is in force; today when absent.
    pub starts_on: Option<NaiveDate>,
    /// The last one; of a temporary address.
    pub ends_on: Option<NaiveDate>,
}

impl NewAddress {
    /// What it looks up, besides its customer.
    pub fn hints(&self, wants: &mut Wants) {
        if let Some(reference) = &self.external_reference {
            wants.unique::<Address>(&EXTERNAL_REFERENCE, reference);
        }
    }

    /// Adds it. Refused as: `INVALID_INPUT`, `ADDRESS_ENDS_BEFORE_START`, `ADDRESS_USAGE_NOT_AGREED`, `LIMIT_EXCEEDED`,
    /// `ADDRESS_LABEL_OF_OTHER_TYPE`, `DUPLICATE_REFERENCE`, in this order. Whether there is a main postal address then,
    /// the caller has yet to ask ([`require_main`]).
    fn add(&self, work: &mut Work, customer: CustomerId) -> Decision<Arc<Address>> {
        let address = Address {
            id: work.id::<AddressId>(),
            ordinal: work.ordinal(),
            customer,
            external_reference: self.external_reference.clone(),
            label: self.label.clone(),
            type_: self.content.type_(),
            content: Some(self.content.clone()),
            usages: Vec::new(),
            entity_reference: self.entity_reference.clone(),
            status: AddressStatus::Active,
            invalid: false,
            starts_on: self.starts_on.unwrap_or_else(|| work.today()),
            ends_on: self.ends_on,
            out_of_use_since: None,
            created_at: work.now(),
        };
        insert(work, address, &self.usages)
    }
}

/// Adds addresses to a customer in the command that has just created it. Refused as a new address is, below
/// `addresses`, and with `MAIN_POSTAL_ADDRESS_REQUIRED` where there is none among them.
///
/// # Errors
/// The refusal, or that something is not loaded yet.
pub fn add_all(work: &mut Work, customer: CustomerId, addresses: &[NewAddress]) -> Decision<()> {
    for (index, address) in addresses.iter().enumerate() {
        address.add(work, customer).map_err(|stop| of_field(stop, |refused| refused.at("addresses", index)))?;
    }
    if addresses.is_empty() { Ok(()) } else { require_main(work, customer, "addresses") }
}

/// Adds an address to a customer. Where the label is in use already, it is a new version of what is there: a permanent one
/// is in force from its start on, a temporary one until its end, and removes every temporary one that it overlaps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateAddress {
    /// Whose.
    pub customer: CustomerBy,
    /// What.
    pub address: NewAddress,
}

impl Command for CreateAddress {
    const OPERATION: &'static str = "createAddress";
    type Made = Address;

    fn looks_at(&self, wants: &mut Wants) {
        self.customer.hint(wants);
        if let CustomerBy::Id(id) = &self.customer {
            wants.set::<Address>(BOOK, id.0);
        }
        self.address.hints(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `ADDRESS_ENDS_BEFORE_START`, `ADDRESS_USAGE_NOT_AGREED`,
    /// `LIMIT_EXCEEDED`, `ADDRESS_LABEL_OF_OTHER_TYPE`, `DUPLICATE_REFERENCE`, `MAIN_POSTAL_ADDRESS_REQUIRED`, in this
    /// order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Address>> {
        let customer = self.customer.locate(work, "customer")?;
        let below = |stop| of_field(stop, |refused| refused.under("address"));
        let address = self.address.add(work, customer.id).map_err(below)?;
        require_main(work, customer.id, "address.label")?;
        Ok(address)
    }

    fn weight(&self) -> usize {
        4 + 2 * self.address.usages.len()
    }
}

/// Replaces what an address says, as a whole: what is absent is emptied. One in use stays the same address; one that is
/// out of use stays as it was, and a new one with its label comes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateAddress {
    /// Which.
    pub address: Named,
    /// What it says from now on.
    pub content: Content,
    /// What it is used for besides what it is used for already.
    pub usages: Vec<Usage>,
    /// What it applies to alone.
    pub entity_reference: Option<String>,
    /// The tenant's own reference: no part of what is replaced.
    pub external_reference: Change<String>,
    /// The first day that it is in force. When absent, that stays; of a new address it is today.
    pub starts_on: Option<NaiveDate>,
    /// The last one; a permanent one when absent.
    pub ends_on: Option<NaiveDate>,
    /// Clears the flag; it is never set this way.
    pub invalid: Option<bool>,
}

impl Command for UpdateAddress {
    const OPERATION: &'static str = "updateAddress";
    type Made = Address;

    fn looks_at(&self, wants: &mut Wants) {
        self.address.hint(wants);
        if let Change::Set(reference) = &self.external_reference {
            wants.unique::<Address>(&EXTERNAL_REFERENCE, reference);
        }
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, `ADDRESS_INVALID_NOT_SETTABLE`, then as a new address is, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Address>> {
        let found = self.address.locate(work)?;
        AddressAction::Update.check(&found)?;
        if self.invalid == Some(true) {
            let message = "an update clears the flag, and never sets it: use invalidateAddress";
            return Err(Refused::of_field(ADDRESS_INVALID_NOT_SETTABLE, "invalid", message).into());
        }
        let changed = if found.status == AddressStatus::Active {
            self.replace(work, &found)?
        } else {
            let new = self.replaced(&found, self.starts_on.unwrap_or_else(|| work.today()));
            let new = Address {
                id: work.id::<AddressId>(),
                ordinal: work.ordinal(),
                // The former address keeps its reference.
                external_reference: match &self.external_reference {
                    Change::Set(reference) => Some(reference.clone()),
                    Change::Keep | Change::Clear => None,
                },
                status: AddressStatus::Active,
                out_of_use_since: None,
                created_at: work.now(),
                usages: Vec::new(),
                ..new
            };
            insert(work, new, &self.usages)?
        };
        let field = match (found.is_main(), self.ends_on) {
            (false, _) => "address",
            // A temporary address is not what there must be, whenever it starts.
            (true, Some(_)) => "endsOn",
            (true, None) => "startsOn",
        };
        require_main(work, changed.customer, field)?;
        Ok(changed)
    }

    fn weight(&self) -> usize {
        4 + 2 * self.usages.len()
    }
}

impl UpdateAddress {
    /// An address that says what this says. The flag stays where it still makes sense, unless it is cleared.
    fn replaced(&self, address: &Address, starts_on: NaiveDate) -> Address {
        let type_ = self.content.type_();
        let can_be_invalid = type_ == super::AddressType::Postal && self.ends_on.is_none();
        Address {
            type_,
            content: Some(self.content.clone()),
            entity_reference: self.entity_reference.clone(),
            starts_on,
            ends_on: self.ends_on,
            invalid: address.invalid && can_be_invalid && self.invalid.is_none(),
            ..address.clone()
        }
    }

    /// Replaces it in its place.
    fn replace(&self, work: &mut Work, found: &Address) -> Decision<Arc<Address>> {
        let mut new = self.replaced(found, self.starts_on.unwrap_or(found.starts_on));
        self.external_reference.apply(&mut new.external_reference);
        let new = new.checked()?;
        check_usages(&self.usages)?;
        check_agreed(work, &self.usages)?;
        check_type(work, &new)?;
        let changed = work.change::<Address, Refused>(found.id, |address| {
            *address = new;
            Ok(())
        })?;
        work.tell(events::of(ADDRESS_UPDATED, &changed));
        remove_overlapped(work, &changed)?;
        take(work, changed.id, &self.usages)
    }
}

/// Adds a whole address, with what it is used for.
fn insert(work: &mut Work, address: Address, usages: &[Usage]) -> Decision<Arc<Address>> {
    let address = address.checked()?;
    check_usages(usages)?;
    check_agreed(work, usages)?;
    if book(work, address.customer)?.len() >= MOST {
        let facts = Box::new(Facts { maximum_count: i32::try_from(MOST).ok(), ..Facts::default() });
        let refused = Refused::of_field(LIMIT_EXCEEDED, "label", format!("a customer has at most {MOST} addresses"));
        return Err(Refused { facts, ..refused }.into());
    }
    check_type(work, &address)?;
    let address = work.insert(address)?;
    work.tell(events::of(ADDRESS_CREATED, &address));
    remove_overlapped(work, &address)?;
    take(work, address.id, usages)
}

/// Versions of one address are of one type.
fn check_type(work: &mut Work, address: &Address) -> Decision<()> {
    let book = book(work, address.customer)?;
    match decide::type_of_label(book.iter().map(AsRef::as_ref), &address.label, address.id) {
        Some(other) if other != address.type_ => {
            let message = format!("the customer's addresses with this label are of the type {}", other.word());
            Err(Refused::of_field(ADDRESS_LABEL_OF_OTHER_TYPE, "content", message).into())
        }
        _ => Ok(()),
    }
}

/// A temporary address removes every other one of its label that shares a day with it: the whole of it, with its usages.
/// What was in force on days that have passed stays known.
///
/// # Errors
/// That something is not loaded yet.
pub(super) fn remove_overlapped(work: &mut Work, address: &Address) -> Decision<()> {
    let book = book(work, address.customer)?;
    let today = work.today();
    for id in decide::overlapped(book.iter().map(AsRef::as_ref), address) {
        let removed = work.change::<Address, Refused>(id, |address| {
            address.end_use(AddressStatus::Removed, today);
            address.usages.clear();
            Ok(())
        })?;
        work.tell(events::of(ADDRESS_REMOVED, &removed));
    }
    Ok(())
}

/// A customer with addresses has a main postal address in force: today, and so on every later day.
fn require_main(work: &mut Work, customer: CustomerId, field: &str) -> Decision<()> {
    let book = work.all::<Address, Customer>(BOOK, customer)?;
    if decide::has_main(book.iter().map(AsRef::as_ref), work.today()) {
        return Ok(());
    }
    let message = "a customer with addresses has a permanent MAIN_POSTAL_ADDRESS that has started";
    Err(Refused::of_field(MAIN_POSTAL_ADDRESS_REQUIRED, field, message).into())
}

/// The same stop, its refusal's fields elsewhere.
fn of_field(stop: Stop, place: impl FnOnce(Refused) -> Refused) -> Stop {
    match stop {
        Stop::Refused(refused) => place(*refused).into(),
        stop => stop,
    }
}
