//! Which address is in force on a day, and which holds a usage: tables.

use super::*;
use crate::customers::addresses::book::{has_main, in_force, in_use, overlapped};
use crate::primitives::AddressId;

/// A row: its place, label, first and last day, and since when it is out of use.
type Line = (u8, &'static str, NaiveDate, Option<NaiveDate>, Option<NaiveDate>);

fn address((place, label, starts_on, ends_on, since): Line) -> Address {
    Address {
        id: AddressId(uuid::Uuid::from_u128(place.into())),
        ordinal: place.into(),
        customer: CustomerId(uuid::Uuid::from_u128(1)),
        external_reference: None,
        label: label.into(),
        type_: AddressType::Postal,
        content: Some(postal("Stockholm")),
        usages: Vec::new(),
        entity_reference: None,
        status: if since.is_some() { AddressStatus::Inactive } else { AddressStatus::Active },
        invalid: false,
        starts_on,
        ends_on,
        out_of_use_since: since,
        created_at: 0,
    }
}

fn places(found: Option<&Address>) -> Option<i64> {
    found.map(|address| address.ordinal)
}

#[test]
fn the_temporary_one_hides_the_permanent_one_that_started_last() {
    let book: Vec<Address> = [
        (1, "A", day(1, 1), None, None),
        (2, "A", day(6, 1), None, None),
        // Added later, and starts before: in force until the next one starts.
        (3, "A", day(3, 1), None, None),
        (4, "A", day(5, 20), Some(day(6, 10)), None),
        (5, "B", day(1, 1), None, None),
        // Of two that start together the newer one counts.
        (6, "B", day(1, 1), None, None),
        // Out of use since a day: in force before.
        (7, "C", day(1, 1), None, Some(day(4, 1))),
        (8, "D", day(4, 1), Some(day(4, 1)), None),
    ]
    .map(address)
    .into();
    for (label, on, found) in [
        ("A", day(1, 1), Some(1)),
        ("A", day(2, 28), Some(1)),
        ("A", day(3, 1), Some(3)),
        ("A", day(5, 19), Some(3)),
        ("A", day(5, 20), Some(4)),
        ("A", day(6, 10), Some(4)),
        ("A", day(6, 11), Some(2)),
        ("B", day(1, 1), Some(6)),
        ("C", day(3, 31), Some(7)),
        ("C", day(4, 1), None),
        ("D", day(3, 31), None),
        ("D", day(4, 1), Some(8)),
        ("D", day(4, 2), None),
        ("E", day(4, 1), None),
    ] {
        assert_eq!(places(in_force(&book, label, on)), found, "{label} on {on}");
    }
    assert_eq!(places(in_force(&book, "A", NaiveDate::from_ymd_opt(2025, 12, 31).expect("a day"))), None);
}

#[test]
fn days_that_have_passed_know_what_was_in_force_then() {
    // The first one was removed on the tenth by the second one, which was dated back.
    let mut book: Vec<Address> = [
        (1, "A", day(1, 1), None, None),
        (2, "A", day(4, 1), Some(day(4, 30)), Some(day(4, 10))),
        (3, "A", day(4, 5), Some(day(4, 20)), None),
    ]
    .map(address)
    .into();
    book[1].status = AddressStatus::Removed;
    for (on, found) in [(day(4, 4), 2), (day(4, 5), 3), (day(4, 20), 3), (day(4, 21), 1), (day(4, 30), 1)] {
        assert_eq!(places(in_force(&book, "A", on)), Some(found), "{on}");
    }
}

#[test]
fn only_temporary_addresses_of_the_label_that_share_a_day_are_overlapped() {
    let by = address((9, "A", day(4, 10), Some(day(4, 20)), None));
    for (other, is_overlapped) in [
        ((1, "A", day(4, 1), Some(day(4, 9)), None), false),
        ((1, "A", day(4, 1), Some(day(4, 10)), None), true),
        ((1, "A", day(4, 12), Some(day(4, 13)), None), true),
        ((1, "A", day(4, 1), Some(day(5, 1)), None), true),
        ((1, "A", day(4, 20), Some(day(5, 1)), None), true),
        ((1, "A", day(4, 21), Some(day(5, 1)), None), false),
        ((1, "B", day(4, 12), Some(day(4, 13)), None), false),
        ((1, "A", day(4, 12), None, None), false),
        // Out of use, and still there.
        ((1, "A", day(4, 12), Some(day(4, 13)), Some(day(4, 12))), true),
        ((9, "A", day(4, 12), Some(day(4, 13)), None), false),
    ] {
        let other = address(other);
        assert_eq!(!overlapped([&other], &by).is_empty(), is_overlapped, "{other:?}");
    }
    let permanent = address((9, "A", day(4, 10), None, None));
    assert!(overlapped([&by], &permanent).is_empty(), "a permanent one removes nothing");
}

#[test]
fn a_usage_leads_to_its_label_and_a_thing_of_its_own_comes_first() {
    let mut book: Vec<Address> = [
        (1, "A", day(1, 1), None, None),
        (2, "A", day(4, 1), Some(day(4, 30)), None),
        (3, "B", day(6, 1), None, None),
        (4, "C", day(1, 1), None, None),
    ]
    .map(address)
    .into();
    book[0].usages = vec![usage("STATEMENT", None)];
    book[2].usages = vec![usage("STATEMENT", Some("card 2"))];
    book[3].usages = vec![usage("STATEMENT", Some("card 1"))];
    for (asked, on, found) in [
        (usage("STATEMENT", None), day(3, 31), Some(1)),
        // The temporary one stands in for the permanent one that has the usage.
        (usage("STATEMENT", None), day(4, 1), Some(2)),
        (usage("STATEMENT", Some("card 1")), day(4, 1), Some(4)),
        (usage("STATEMENT", Some("card 3")), day(4, 1), Some(2)),
        // It went over at once, and the address has yet to start.
        (usage("STATEMENT", Some("card 2")), day(4, 1), None),
        (usage("STATEMENT", Some("card 2")), day(6, 1), Some(3)),
        (usage("DISPUTE", None), day(4, 1), None),
    ] {
        assert_eq!(places(in_use(&book, &asked, on)), found, "{asked:?} on {on}");
    }
}

#[test]
fn the_main_address_that_counts_is_permanent_in_use_and_has_started() {
    let today = day(4, 15);
    for (line, counts) in [
        ((1, MAIN_POSTAL_ADDRESS, today, None, None), true),
        ((1, MAIN_POSTAL_ADDRESS, day(4, 16), None, None), false),
        ((1, MAIN_POSTAL_ADDRESS, day(1, 1), Some(day(12, 31)), None), false),
        ((1, MAIN_POSTAL_ADDRESS, day(1, 1), None, Some(today)), false),
        ((1, "SECOND_POSTAL_ADDRESS", day(1, 1), None, None), false),
    ] {
        assert_eq!(has_main([&address(line)], today), counts, "{line:?}");
    }
}
