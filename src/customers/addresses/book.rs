//! A customer's addresses together: which of them is in force on a day, which holds a usage, which overlap. Pure.
//!
//! Of a label a temporary address hides the permanent ones on its days. Of several permanent ones the active one that
//! started last is in force: a new version begins on its day, and the former one ends by that alone.

use chrono::NaiveDate;

use super::model::{Address, AddressStatus, AddressType, Usage};
use crate::primitives::AddressId;

/// The address of a label that is in force on a day: the temporary one, or else the permanent one that started last.
/// On days that have passed it tells what was in force then, as far as addresses were not replaced in place.
pub fn in_force<'a>(book: impl IntoIterator<Item = &'a Address>, label: &str, day: NaiveDate) -> Option<&'a Address> {
    let holding = book.into_iter().filter(|address| address.label == label && address.holds_on(day));
    // Of two temporary ones the earlier was removed by the later, and held before that.
    holding.max_by_key(|address| match address.ends_on {
        Some(_) => (true, NaiveDate::MIN, address.ordinal),
        None => (false, address.starts_on, address.ordinal),
    })
}

/// The address that a usage belongs to: the thing's own, or else the one for all things.
pub fn holder<'a>(book: impl IntoIterator<Item = &'a Address> + Clone, usage: &Usage) -> Option<&'a Address> {
    let has = |usage: &Usage| book.clone().into_iter().find(|address| address.usages.contains(usage));
    has(usage).or_else(|| has(&Usage { entity_reference: None, ..usage.clone() }))
}

/// The address to be used for something on a day: of the label that the usage belongs to, the one in force.
pub fn in_use<'a>(
    book: impl IntoIterator<Item = &'a Address> + Clone,
    usage: &Usage,
    day: NaiveDate,
) -> Option<&'a Address> {
    let label = &holder(book.clone(), usage)?.label;
    in_force(book, label, day)
}

/// Whether two addresses of one label are temporary and share a day.
#[must_use]
pub fn overlap(one: &Address, other: &Address) -> bool {
    let (Some(end), Some(others_end)) = (one.ends_on, other.ends_on) else { return false };
    one.label == other.label && one.starts_on <= others_end && other.starts_on <= end
}

/// The temporary addresses that a temporary one removes.
pub fn overlapped<'a>(book: impl IntoIterator<Item = &'a Address>, by: &Address) -> Vec<AddressId> {
    let overlapped = book
        .into_iter()
        .filter(|address| address.id != by.id && address.status != AddressStatus::Removed && overlap(address, by));
    overlapped.map(|address| address.id).collect()
}

/// The type that the label's other addresses have, where it has others.
pub fn type_of_label<'a>(
    book: impl IntoIterator<Item = &'a Address>,
    label: &str,
    but: AddressId,
) -> Option<AddressType> {
    let mut others = book
        .into_iter()
        .filter(|address| address.id != but && address.label == label && address.status != AddressStatus::Removed);
    others.next().map(|address| address.type_)
}

/// Whether there is a permanent main postal address in force today, and so on every later day.
pub fn has_main<'a>(book: impl IntoIterator<Item = &'a Address>, today: NaiveDate) -> bool {
    book.into_iter().any(|address| address.is_main() && !address.is_temporary() && address.holds_on(today))
}
