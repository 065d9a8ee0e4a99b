//! What addresses are used for. A usage belongs to one address of a customer's at a time: whoever gives it to another
//! takes it from the former, at once, even if the other one has yet to start.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::actions::AddressAction;
use super::events::{self, ADDRESS_USAGE_ADDED, ADDRESS_USAGE_REMOVED};
use super::model::{Address, Usage, check_usages};
use super::refusals::{ADDRESS_USAGE_NOT_AGREED, ADDRESS_USAGE_NOT_FOUND};
use super::store::{Named, book};
use crate::primitives::AddressId;
use crate::refused::Refused;
use crate::work::{Command, Decision, Made, Owned as _, Stop, Wants, Work};

/// Uses an address for something.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddAddressUsage {
    /// Which.
    pub address: Named,
    /// What for.
    pub usage: Usage,
}

impl Command for AddAddressUsage {
    const OPERATION: &'static str = "addAddressUsage";
    type Made = Address;

    fn looks_at(&self, wants: &mut Wants) {
        self.address.hint(wants);
    }

    /// What the address is used for already is no refusal, and changes nothing. Refused as: `NOT_FOUND`, `INVALID_STATE`,
    /// `INVALID_INPUT`, `ADDRESS_USAGE_NOT_AGREED`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Address>> {
        let found = self.address.locate(work)?;
        AddressAction::AddUsage.check(&found)?;
        self.usage.check().map_err(|refused| refused.under("usage"))?;
        check_agreed_one(work, "usage", &self.usage)?;
        let all = found.usages.len() + usize::from(!found.usages.contains(&self.usage));
        check_usages(&vec![self.usage.clone(); all])
            .map_err(|_| Refused::invalid("usage", "the address has too many"))?;
        take(work, found.id, std::slice::from_ref(&self.usage))
    }

    fn weight(&self) -> usize {
        5
    }
}

/// Ends the use of an address for something: for one thing, or for all.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemoveAddressUsage {
    /// Which.
    pub address: Named,
    /// What for; without a thing it means every usage of that name and service.
    pub usage: Usage,
}

/// An address, and the usages that were taken from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsagesRemoved {
    /// The address, as it is now.
    pub address: Arc<Address>,
    /// What was taken from it; nothing where it is told again.
    pub removed: Vec<Usage>,
}

impl Made for UsagesRemoved {
    fn result(&self) -> String {
        self.address.id.to_string()
    }

    fn again(work: &mut Work, result: &str) -> Decision<Arc<Self>> {
        let address = Address::again(work, result)?;
        Ok(Arc::new(Self { address, removed: Vec::new() }))
    }

    fn is_seen(&self, work: &mut Work) -> Decision<bool> {
        self.address.is_visible(work)
    }
}

impl Command for RemoveAddressUsage {
    const OPERATION: &'static str = "removeAddressUsage";
    type Made = UsagesRemoved;

    fn looks_at(&self, wants: &mut Wants) {
        self.address.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, `ADDRESS_USAGE_NOT_FOUND`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<UsagesRemoved>> {
        let found = self.address.locate(work)?;
        AddressAction::RemoveUsage.check(&found)?;
        let (removed, kept): (Vec<Usage>, Vec<Usage>) =
            found.usages.iter().cloned().partition(|usage| usage.is_meant_by(&self.usage));
        if removed.is_empty() {
            let message = "the address is not used for that";
            return Err(Refused::of_field(ADDRESS_USAGE_NOT_FOUND, "usage", message).into());
        }
        let address = set_usages(work, found.id, kept)?;
        for usage in &removed {
            work.tell(events::of_usage(ADDRESS_USAGE_REMOVED, &address, usage));
        }
        Ok(Arc::new(UsagesRemoved { address, removed }))
    }

    fn weight(&self) -> usize {
        4
    }
}

/// Gives usages to an address, and takes them from whichever address of the customer's had them.
///
/// # Errors
/// That something is not loaded yet.
pub(super) fn take(work: &mut Work, id: AddressId, usages: &[Usage]) -> Decision<Arc<Address>> {
    let mut address = work.get::<Address>(id)?.ok_or_else(|| Stop::damaged("an address to use is not there"))?;
    for usage in usages {
        if address.usages.contains(usage) {
            continue;
        }
        for other in book(work, address.customer)? {
            if other.usages.contains(usage) {
                let kept = other.usages.iter().filter(|had| *had != usage).cloned().collect();
                let other = set_usages(work, other.id, kept)?;
                work.tell(events::of_usage(ADDRESS_USAGE_REMOVED, &other, usage));
            }
        }
        let all = address.usages.iter().chain([usage]).cloned().collect();
        address = set_usages(work, id, all)?;
        work.tell(events::of_usage(ADDRESS_USAGE_ADDED, &address, usage));
    }
    Ok(address)
}

pub(super) fn set_usages(work: &mut Work, id: AddressId, usages: Vec<Usage>) -> Decision<Arc<Address>> {
    work.change::<Address, Refused>(id, |address| {
        address.usages = usages;
        Ok(())
    })
}

/// Checks that the tenant has agreed on the usages of an input; one that has agreed on none takes all.
///
/// # Errors
/// `ADDRESS_USAGE_NOT_AGREED` for the first one.
pub(super) fn check_agreed(work: &Work, usages: &[Usage]) -> Result<(), Refused> {
    for (index, usage) in usages.iter().enumerate() {
        check_agreed_one(work, &format!("usages.{index}"), usage)?;
    }
    Ok(())
}

fn check_agreed_one(work: &Work, field: &str, usage: &Usage) -> Result<(), Refused> {
    let settings = work.settings();
    let agreed = |name: &str, service: &str| name == usage.name && service == usage.service;
    let is_agreed = settings.address_usages.is_empty()
        || settings.address_usages.iter().any(|(name, service)| agreed(name, service));
    if is_agreed {
        return Ok(());
    }
    let message = format!("the usage {} of {} is not agreed on", usage.name, usage.service);
    Err(Refused::of_field(ADDRESS_USAGE_NOT_AGREED, field, message))
}
