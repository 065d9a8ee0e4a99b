//! What happens to addresses when their customer is erased, or turns out to be the same person as another: joined by the
//! commands that do that.

use std::collections::HashSet;

use super::book as decide;
use super::events::{self, ADDRESS_ERASED, ADDRESS_MOVED, ADDRESS_REMOVED};
use super::model::{Address, AddressStatus, Usage};
use super::store::{EVERY, book};
use super::usages::set_usages;
use crate::customers::Customer;
use crate::primitives::{AddressId, CustomerId};
use crate::refused::Refused;
use crate::work::{Decision, Work};

/// Erases what a customer's addresses say: all of them, those that were removed as well. Their ids, labels and days stay,
/// for what refers to them; who was reached there does not.
///
/// # Errors
/// That something is not loaded yet.
pub fn erase(work: &mut Work, customer: CustomerId) -> Decision<()> {
    let today = work.today();
    for address in work.all::<Address, Customer>(EVERY, customer)? {
        if address.content.is_none() {
            continue;
        }
        let erased = work.change::<Address, Refused>(address.id, |address| {
            address.end_use(AddressStatus::Removed, today);
            (address.content, address.external_reference, address.entity_reference) = (None, None, None);
            (address.usages, address.invalid) = (Vec::new(), false);
            Ok(())
        })?;
        work.tell(events::of(ADDRESS_ERASED, &erased));
    }
    Ok(())
}

/// Gives the addresses of one record of a person to the other, which stays. What the other one has stays in force: of a
/// label that it has addresses with, what comes is out of use, and a temporary one that overlaps one of its own is
/// removed. A usage that the other one has stays where it is; what only came goes to an address in use.
///
/// # Errors
/// That something is not loaded yet.
pub fn move_all(work: &mut Work, from: CustomerId, to: CustomerId) -> Decision<()> {
    let kept = book(work, to)?;
    let today = work.today();
    let labels: HashSet<&str> = kept.iter().map(|address| address.label.as_str()).collect();
    for address in work.all::<Address, Customer>(EVERY, from)? {
        let overlaps =
            address.status != AddressStatus::Removed && kept.iter().any(|other| decide::overlap(other, &address));
        // A temporary address that stands in nobody's way, of a label that is of its type, stays in force.
        let same_type = || kept.iter().all(|other| other.label != address.label || other.type_ == address.type_);
        let gives_way = labels.contains(address.label.as_str()) && !(address.is_temporary() && same_type());
        let moved = work.change::<Address, Refused>(address.id, |address| {
            address.customer = to;
            address.usages.clear();
            match (overlaps, gives_way) {
                (true, _) => address.end_use(AddressStatus::Removed, today),
                (false, true) if address.status == AddressStatus::Active => {
                    address.end_use(AddressStatus::Inactive, today);
                }
                _ => {}
            }
            Ok(())
        })?;
        work.tell(events::of(ADDRESS_MOVED, &moved));
        if overlaps {
            work.tell(events::of(ADDRESS_REMOVED, &moved));
        }
        for usage in &address.usages {
            hand_over(work, to, &moved, usage)?;
        }
    }
    Ok(())
}

/// Gives a usage that came along to the address that came with it, if that is in use, or else to the one of its label that
/// is in force, unless it is somebody's already.
fn hand_over(work: &mut Work, customer: CustomerId, moved: &Address, usage: &Usage) -> Decision<()> {
    let book = book(work, customer)?;
    if book.iter().any(|address| address.usages.contains(usage)) {
        return Ok(());
    }
    let all = book.iter().map(AsRef::as_ref);
    let heir: Option<AddressId> = match moved.status {
        AddressStatus::Active => Some(moved.id),
        _ => decide::in_force(all, &moved.label, work.today()).map(|address| address.id),
    };
    let Some(heir) = heir else { return Ok(()) };
    let had = book.iter().find(|address| address.id == heir).map(|address| address.usages.clone());
    let usages = had.unwrap_or_default().into_iter().chain([usage.clone()]).collect();
    set_usages(work, heir, usages)?;
    Ok(())
}
