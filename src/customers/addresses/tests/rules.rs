//! A row per rule, a row per refusal.

use std::time::Duration;

use super::*;
use crate::customers::addresses::actions::{AddressAction, actions};
use crate::customers::addresses::events::{
    ADDRESS_CREATED, ADDRESS_REMOVED, ADDRESS_USAGE_ADDED, ADDRESS_USAGE_REMOVED,
};
use crate::customers::addresses::refusals::{
    ADDRESS_ENDS_BEFORE_START, ADDRESS_HAS_USAGES, ADDRESS_INVALID_NOT_SETTABLE, ADDRESS_LABEL_OF_OTHER_TYPE,
    ADDRESS_NOT_PERMANENT, ADDRESS_NOT_POSTAL, ADDRESS_USAGE_NOT_AGREED, ADDRESS_USAGE_NOT_FOUND,
    MAIN_POSTAL_ADDRESS_REQUIRED, MAIN_POSTAL_ADDRESS_STAYS,
};
use crate::jobs::settings::UpdateTenant;
use crate::ledger::event::EventType;
use crate::ledger::refusal::LIMIT_EXCEEDED;
use crate::refused::{DUPLICATE_REFERENCE, INVALID_INPUT, INVALID_STATE, NOT_FOUND};
use crate::work::Idempotency;

fn told(memory: &Memory) -> Vec<EventType> {
    memory.events().iter().map(|logged| logged.event.type_).collect()
}

#[test]
fn the_first_address_is_the_main_one_whatever_way_it_comes() {
    both(|memory, _| {
        let owner = done(memory, &person()).id;
        let early = NewAddress { starts_on: Some(day(4, 16)), ..main() };
        for address in [new("SECOND", "Lund"), early, between(main(), day(1, 1), day(12, 31))] {
            refused(memory, &adding(owner, address), MAIN_POSTAL_ADDRESS_REQUIRED, "address.label");
        }
        let with = |addresses| CreateCustomer { addresses, ..person() };
        let without = with(vec![new("SECOND", "Lund")]);
        refused(memory, &without, MAIN_POSTAL_ADDRESS_REQUIRED, "addresses");
        assert!(memory.rows::<Address>().is_empty());
        // In whatever order they come.
        let made = done(memory, &with(vec![new("SECOND", "Lund"), main()]));
        assert_eq!(all(memory, made.id).len(), 2);
        let first = done(memory, &adding(owner, NewAddress { starts_on: Some(day(1, 1)), ..main() }));
        assert_eq!(
            (first.status, first.type_, first.starts_on),
            (AddressStatus::Active, AddressType::Postal, day(1, 1))
        );
        let second = done(memory, &adding(owner, new("SECOND", "Lund")));
        assert_eq!(second.starts_on, day(4, 15), "today, where nothing is said");
        // An update does not take it away.
        let later = UpdateAddress { starts_on: Some(day(5, 1)), ..updating(&first) };
        refused(memory, &later, MAIN_POSTAL_ADDRESS_REQUIRED, "startsOn");
        let ending = UpdateAddress { ends_on: Some(day(5, 1)), ..updating(&first) };
        refused(memory, &ending, MAIN_POSTAL_ADDRESS_REQUIRED, "endsOn");
        // With another version in force, it may.
        done(memory, &adding(owner, main()));
        done(memory, &later);
    });
}

#[test]
fn what_is_wrong_with_an_address_is_refused_by_its_field() {
    both(|memory, _| {
        let owner = customer(memory);
        let taken = NewAddress { external_reference: Some("adr 1".into()), ..new("SECOND", "Lund") };
        done(memory, &adding(owner, taken.clone()));
        let phone = |number: &str| NewAddress { content: Content::Phone(number.into()), ..new("PHONE", "") };
        let of = |change: &dyn Fn(&mut PostalAddress)| {
            let mut postal =
                PostalAddress { town_name: Some("Lund".into()), country: "SE".into(), ..Default::default() };
            change(&mut postal);
            NewAddress { content: Content::Postal(Box::new(postal)), ..new("SECOND", "") }
        };
        let long = || Some("x".repeat(101));
        let table = [
            (new("", "Lund"), INVALID_INPUT, "label"),
            (new("second", "Lund"), INVALID_INPUT, "label"),
            (new(&"X".repeat(41), "Lund"), INVALID_INPUT, "label"),
            (of(&|postal| postal.country = "sv".into()), INVALID_INPUT, "content.postal.country"),
            (of(&|postal| postal.country = "ZZ".into()), INVALID_INPUT, "content.postal.country"),
            (of(&|postal| postal.town_name = None), INVALID_INPUT, "content.postal"),
            (of(&|postal| postal.town_name = long()), INVALID_INPUT, "content.postal.townName"),
            (of(&|postal| postal.lines[2] = long()), INVALID_INPUT, "content.postal.line3"),
            (of(&|postal| postal.lines[0] = Some("a\nb".into())), INVALID_INPUT, "content.postal.line1"),
            (of(&|postal| postal.street_name = long()), INVALID_INPUT, "content.postal.streetName"),
            (of(&|postal| postal.building_number = long()), INVALID_INPUT, "content.postal.buildingNumber"),
            (of(&|postal| postal.box_number = long()), INVALID_INPUT, "content.postal.boxNumber"),
            (of(&|postal| postal.country_subdivision = long()), INVALID_INPUT, "content.postal.countrySubdivision"),
            (of(&|postal| postal.post_code = Some("1234".into())), INVALID_INPUT, "content.postal.postCode"),
            (phone("call me"), INVALID_INPUT, "content.phone"),
            (NewAddress { content: Content::EMail("ada".into()), ..phone("") }, INVALID_INPUT, "content.email"),
            (NewAddress { content: Content::Phone("+46 8 1234".into()), ..main() }, INVALID_INPUT, "content"),
            (used_for(main(), &[usage("", None)]), INVALID_INPUT, "usages.0.name"),
            (used_for(main(), &[usage("A", None), usage("A", Some(" x"))]), INVALID_INPUT, "usages.1.entityReference"),
            (used_for(main(), &vec![usage("A", None); 101]), INVALID_INPUT, "usages"),
            (NewAddress { external_reference: Some(String::new()), ..main() }, INVALID_INPUT, "externalReference"),
            (NewAddress { entity_reference: Some("x".repeat(65)), ..main() }, INVALID_INPUT, "entityReference"),
            (between(main(), day(4, 15), day(4, 14)), ADDRESS_ENDS_BEFORE_START, "endsOn"),
            // Without a first day it starts today.
            (NewAddress { ends_on: Some(day(4, 14)), ..main() }, ADDRESS_ENDS_BEFORE_START, "endsOn"),
            (NewAddress { label: "SECOND".into(), ..phone("08-123456") }, ADDRESS_LABEL_OF_OTHER_TYPE, "content"),
            (taken.clone(), DUPLICATE_REFERENCE, "externalReference"),
        ];
        let (rows, events) = (memory.rows::<Address>().len(), memory.events().len());
        for (address, code, field) in table {
            refused(memory, &adding(owner, address.clone()), code, &format!("address.{field}"));
            // The same below a new customer, and below an owner that comes with an account.
            if code != ADDRESS_LABEL_OF_OTHER_TYPE {
                let with = CreateCustomer { addresses: vec![main(), address], ..person() };
                refused(memory, &with, code, &format!("addresses.1.{field}"));
            }
        }
        assert_eq!((memory.rows::<Address>().len(), memory.events().len()), (rows, events));
        let nobody = CustomerId(uuid::Uuid::from_u128(1));
        refused(memory, &adding(nobody, main()), NOT_FOUND, "customer");
    });
}

#[test]
fn a_customer_has_so_many_addresses_and_removed_ones_do_not_count() {
    let memory = &mut Memory::new(TENANT, clock());
    let owner = customer(memory);
    for _ in 1..MOST {
        done(memory, &adding(owner, between(main(), day(5, 1), day(5, 2))));
    }
    assert_eq!(all(memory, owner).len(), MOST, "each has removed the one before it");
    for _ in 2..MOST {
        done(memory, &adding(owner, main()));
    }
    let refusal = refused(memory, &adding(owner, main()), LIMIT_EXCEEDED, "address.label");
    assert_eq!(refusal.facts.maximum_count, i32::try_from(MOST).ok());
}

#[test]
fn a_temporary_address_removes_those_that_it_overlaps_whole() {
    both(|memory, clock| {
        let owner = customer(memory);
        let first = between(used_for(main(), &[usage("A", None), usage("B", None)]), day(4, 10), day(4, 20));
        let first = done(memory, &adding(owner, first));
        let apart = done(memory, &adding(owner, between(main(), day(4, 21), day(4, 25))));
        let other = done(memory, &adding(owner, between(new("SECOND", "Lund"), day(4, 10), day(4, 20))));
        let permanent = done(memory, &adding(owner, NewAddress { starts_on: Some(day(4, 16)), ..main() }));
        clock.set(clock.now() + Duration::from_secs(86_400));
        let next = between(used_for(main(), &[usage("B", None)]), day(4, 20), day(4, 20));
        let next = done(memory, &adding(owner, next));
        let removed = now(memory, &first);
        assert_eq!((removed.status, removed.out_of_use_since), (AddressStatus::Removed, Some(day(4, 16))));
        assert_eq!(removed.usages, [], "its usages are none's, but for what the new one takes");
        assert_eq!(now(memory, &next).usages, [usage("B", None)]);
        for untouched in [&apart, &other, &permanent] {
            assert_eq!(now(memory, untouched), **untouched);
        }
        let book = all(memory, owner);
        let on = |day| super::super::book::in_force(&book, MAIN_POSTAL_ADDRESS, day).map(|address| address.id);
        assert_eq!(on(day(4, 15)), Some(first.id), "what was in force then");
        assert_eq!(on(day(4, 16)), Some(permanent.id), "the whole of it is gone");
        assert_eq!(on(day(4, 20)), Some(next.id));
        assert_eq!(told(memory).iter().filter(|type_| **type_ == ADDRESS_REMOVED).count(), 1);
        // It is gone for good.
        for refusal in [
            run(memory, &ActivateAddress { address: named(&first) }),
            run(memory, &DeactivateAddress { address: named(&first) }),
            run(memory, &InvalidateAddress { address: named(&first) }),
            run(memory, &updating(&first)),
            run(memory, &AddAddressUsage { address: named(&first), usage: usage("C", None) }),
        ] {
            let refusal = refusal.expect_err("a refusal");
            assert_eq!((refusal.code, refusal.facts.status), (INVALID_STATE, Some("REMOVED")), "{}", refusal.message);
        }
        // An update that makes it overlap, and one put back in use, remove as well.
        let wider =
            UpdateAddress { starts_on: Some(day(4, 19)), ends_on: Some(day(4, 25)), ..updating(&now(memory, &next)) };
        done(memory, &wider);
        assert_eq!(now(memory, &apart).status, AddressStatus::Removed);
    });
}

#[test]
fn a_usage_belongs_to_one_address_and_goes_over_at_once() {
    both(|memory, _| {
        let owner = customer(memory);
        let main = all(memory, owner).remove(0);
        let add = |address: &Address, usage: Usage| AddAddressUsage { address: named(address), usage };
        done(memory, &add(&main, usage("A", None)));
        done(memory, &add(&main, usage("A", Some("card 1"))));
        done(memory, &add(&main, usage("A", Some("card 1"))));
        assert_eq!(now(memory, &main).usages, [usage("A", None), usage("A", Some("card 1"))], "once each");
        // Even to one that has yet to start.
        let later = NewAddress { starts_on: Some(day(6, 1)), ..used_for(new("SECOND", "Lund"), &[usage("A", None)]) };
        let later = done(memory, &adding(owner, later));
        assert_eq!(now(memory, &main).usages, [usage("A", Some("card 1"))]);
        let both_ways = UpdateAddress { usages: vec![usage("A", Some("card 1"))], ..updating(&now(memory, &later)) };
        assert_eq!(
            done(memory, &both_ways).usages,
            [usage("A", None), usage("A", Some("card 1"))],
            "adds, takes none away"
        );
        assert_eq!(now(memory, &main).usages, []);
        // Another customer's are apart.
        let other = customer(memory);
        let others = all(memory, other).remove(0);
        done(memory, &add(&others, usage("A", None)));
        assert_eq!(now(memory, &later).usages.len(), 2);
        let count = |memory: &Memory, type_| told(memory).iter().filter(|told| **told == type_).count();
        assert_eq!((count(memory, ADDRESS_USAGE_ADDED), count(memory, ADDRESS_USAGE_REMOVED)), (5, 2));

        // Removal: without a thing, of all things.
        let remove = |usage: Usage| RemoveAddressUsage { address: named(&later), usage };
        refused(memory, &remove(usage("B", None)), ADDRESS_USAGE_NOT_FOUND, "usage");
        refused(memory, &remove(usage("A", Some("card 2"))), ADDRESS_USAGE_NOT_FOUND, "usage");
        done(memory, &add(&now(memory, &later), usage("B", None)));
        let gone = done(memory, &remove(usage("A", Some("card 1"))));
        assert_eq!(gone.removed, [usage("A", Some("card 1"))]);
        done(memory, &add(&later, usage("A", Some("card 1"))));
        let gone = done(memory, &remove(usage("A", None)));
        assert_eq!((gone.removed.len(), gone.address.usages.as_slice()), (2, [usage("B", None)].as_slice()));
        done(memory, &remove(usage("B", None)));
        refused(memory, &remove(usage("B", None)), ADDRESS_USAGE_NOT_FOUND, "address");
    });
}

#[test]
fn only_agreed_usages_are_taken_where_some_are() {
    both(|memory, _| {
        let owner = customer(memory);
        let main = all(memory, owner).remove(0);
        done(memory, &AddAddressUsage { address: named(&main), usage: usage("OLD", None) });
        let agreed = [("STATEMENT".to_owned(), "ACCOUNT_SERVICE".to_owned())].into();
        done(
            memory,
            &UpdateTenant { name: Some("Bank".into()), address_usages: Some(agreed), ..UpdateTenant::default() },
        );
        done(memory, &AddAddressUsage { address: named(&main), usage: usage("STATEMENT", Some("card 1")) });
        let add = AddAddressUsage { address: named(&main), usage: usage("DISPUTE", None) };
        refused(memory, &add, ADDRESS_USAGE_NOT_AGREED, "usage");
        let both = used_for(new("SECOND", "Lund"), &[usage("STATEMENT", None), usage("DISPUTE", None)]);
        refused(memory, &adding(owner, both), ADDRESS_USAGE_NOT_AGREED, "address.usages.1");
        let update = UpdateAddress { usages: vec![usage("DISPUTE", None)], ..updating(&main) };
        refused(memory, &update, ADDRESS_USAGE_NOT_AGREED, "usages.0");
        // What was agreed on before stays, and can be taken away.
        done(memory, &RemoveAddressUsage { address: named(&main), usage: usage("OLD", None) });
        let wrong = UpdateTenant { address_usages: Some([("a".into(), "B".into())].into()), ..UpdateTenant::default() };
        refused(memory, &wrong, INVALID_INPUT, "addressUsages.0.name");
    });
}

#[test]
fn an_address_goes_out_of_use_without_usages_and_comes_back() {
    both(|memory, clock| {
        let owner = customer(memory);
        let main = all(memory, owner).remove(0);
        refused(memory, &DeactivateAddress { address: named(&main) }, MAIN_POSTAL_ADDRESS_STAYS, "address");
        let second = done(memory, &adding(owner, used_for(new("SECOND", "Lund"), &[usage("A", None)])));
        let (off, on) = (DeactivateAddress { address: named(&second) }, ActivateAddress { address: named(&second) });
        refused(memory, &off, ADDRESS_HAS_USAGES, "address");
        refused(memory, &on, INVALID_STATE, "address");
        done(memory, &RemoveAddressUsage { address: named(&second), usage: usage("A", None) });
        clock.set(clock.now() + Duration::from_secs(86_400));
        let out = done(memory, &off);
        assert_eq!((out.status, out.out_of_use_since), (AddressStatus::Inactive, Some(day(4, 16))));
        refused(memory, &off, INVALID_STATE, "address");
        refused(
            memory,
            &AddAddressUsage { address: named(&second), usage: usage("A", None) },
            INVALID_STATE,
            "address",
        );
        let back = done(memory, &on);
        assert_eq!((back.status, back.out_of_use_since), (AddressStatus::Active, None));
    });
}

#[test]
fn an_update_replaces_all_of_one_in_use_and_makes_a_new_one_of_one_that_is_not() {
    both(|memory, _| {
        let owner = customer(memory);
        let second = NewAddress {
            entity_reference: Some("contract 7".into()),
            external_reference: Some("adr 2".into()),
            starts_on: Some(day(1, 1)),
            ..used_for(new("SECOND", "Lund"), &[usage("A", None)])
        };
        let second = done(memory, &adding(owner, second));
        let update = UpdateAddress { content: postal("Umeå"), entity_reference: None, ..updating(&second) };
        let after = done(memory, &update);
        let expected = Address { content: Some(postal("Umeå")), entity_reference: None, ..now(memory, &second) };
        assert_eq!(*after, expected);
        assert_eq!(
            (after.id, after.starts_on, after.external_reference.as_deref()),
            (second.id, day(1, 1), Some("adr 2"))
        );
        assert_eq!(after.usages, [usage("A", None)], "none is taken away");
        done(memory, &RemoveAddressUsage { address: named(&second), usage: usage("A", None) });
        done(memory, &DeactivateAddress { address: named(&second) });
        let again = UpdateAddress { usages: vec![usage("A", None)], ..update.clone() };
        let new = done(memory, &again);
        assert_ne!(new.id, second.id);
        assert_eq!((new.label.as_str(), new.status, new.starts_on), ("SECOND", AddressStatus::Active, day(4, 15)));
        assert_eq!((new.external_reference.as_deref(), new.usages.as_slice()), (None, [usage("A", None)].as_slice()));
        let old = now(memory, &second);
        assert_eq!((old.status, old.external_reference.as_deref()), (AddressStatus::Inactive, Some("adr 2")));
        let taken = UpdateAddress { external_reference: Change::Set("adr 2".into()), ..updating(&new) };
        refused(memory, &taken, DUPLICATE_REFERENCE, "externalReference");
        refused(
            memory,
            &UpdateAddress { ends_on: Some(day(1, 1)), ..updating(&new) },
            ADDRESS_ENDS_BEFORE_START,
            "endsOn",
        );
        let wrong = UpdateAddress { content: Content::Phone("x".into()), ..updating(&new) };
        refused(memory, &wrong, INVALID_INPUT, "content.phone");
        let other = UpdateAddress { content: Content::Phone("08-123456".into()), ..updating(&new) };
        refused(memory, &other, ADDRESS_LABEL_OF_OTHER_TYPE, "content");
        assert_eq!(told(memory).iter().filter(|type_| **type_ == ADDRESS_CREATED).count(), 3);
    });
}

#[test]
fn undeliverable_is_a_mark_of_permanent_postal_addresses_that_only_an_update_clears() {
    both(|memory, _| {
        let owner = customer(memory);
        let main = all(memory, owner).remove(0);
        let phone = NewAddress { content: Content::Phone("08-123456".into()), ..new("PHONE", "") };
        let phone = done(memory, &adding(owner, phone));
        let mail = NewAddress { content: Content::EMail("ada@example.com".into()), ..new("MAIL", "") };
        let mail = done(memory, &adding(owner, mail));
        let temporary = done(memory, &adding(owner, between(main_again(), day(4, 1), day(5, 1))));
        let invalidate = |address: &Address| InvalidateAddress { address: named(address) };
        refused(memory, &invalidate(&phone), ADDRESS_NOT_POSTAL, "address");
        refused(memory, &invalidate(&mail), ADDRESS_NOT_POSTAL, "address");
        refused(memory, &invalidate(&temporary), ADDRESS_NOT_PERMANENT, "address");
        let set = UpdateAddress { invalid: Some(true), ..updating(&main) };
        refused(memory, &set, ADDRESS_INVALID_NOT_SETTABLE, "invalid");
        let marked = done(memory, &invalidate(&main));
        assert_eq!((marked.invalid, marked.status), (true, AddressStatus::Active));
        refused(memory, &invalidate(&main), INVALID_STATE, "address");
        refused(memory, &set, ADDRESS_INVALID_NOT_SETTABLE, "invalid");
        assert!(done(memory, &updating(&main)).invalid, "it stays where nothing is said");
        assert!(!done(memory, &UpdateAddress { invalid: Some(false), ..updating(&main) }).invalid);
        // A mark of one that is out of use goes over to what replaces it, unless it is cleared.
        let second = done(memory, &adding(owner, new("SECOND", "Lund")));
        done(memory, &invalidate(&second));
        done(memory, &DeactivateAddress { address: named(&second) });
        let second = now(memory, &second);
        assert!(second.invalid);
        assert!(done(memory, &updating(&second)).invalid);
        assert!(!done(memory, &UpdateAddress { invalid: Some(false), ..updating(&second) }).invalid);
        // What cannot be undeliverable is not.
        let third = done(memory, &adding(owner, new("THIRD", "Lund")));
        done(memory, &invalidate(&third));
        assert!(!done(memory, &UpdateAddress { ends_on: Some(day(5, 1)), ..updating(&third) }).invalid);
    });
}

fn main_again() -> NewAddress {
    main()
}

#[test]
fn an_address_is_found_by_id_and_reference_and_as_its_customers() {
    both(|memory, _| {
        let owner = done(
            memory,
            &CreateCustomer { number: Some("C-1".into()), external_reference: Some("crm".into()), ..person() },
        );
        let first = NewAddress { external_reference: Some("adr 1".into()), ..main() };
        let first = done(memory, &CreateAddress { customer: CustomerBy::Number("C-1".into()), address: first });
        let other = customer(memory);
        let by_reference = AddressBy::ExternalReference("adr 1".into());
        let customers = [
            None,
            Some(CustomerBy::Id(owner.id)),
            Some(CustomerBy::Number("C-1".into())),
            Some(CustomerBy::ExternalReference("crm".into())),
        ];
        for customer in customers {
            for address in [AddressBy::Id(first.id), by_reference.clone()] {
                let address = Named { customer: customer.clone(), address };
                assert_eq!(done(memory, &UpdateAddress { address, ..updating(&first) }).id, first.id);
            }
        }
        let nobody = Some(CustomerBy::Number("nobody".into()));
        let nothing = AddressBy::ExternalReference("nothing".into());
        for (customer, address, field) in [
            (nobody, by_reference.clone(), "customer"),
            (Some(CustomerBy::Id(other)), by_reference, "address"),
            (Some(CustomerBy::Id(owner.id)), nothing.clone(), "address"),
            (None, nothing, "address"),
            (None, AddressBy::Id(crate::primitives::AddressId(uuid::Uuid::from_u128(1))), "address"),
        ] {
            let address = Named { customer, address };
            // What is wrong with the change is not looked at before there is something to change.
            let update = UpdateAddress { address, invalid: Some(true), ..updating(&first) };
            refused(memory, &update, NOT_FOUND, field);
        }
        // A token of another customer's sees nothing of it.
        let bound = Origin { customer: Some(other), ..Origin::system(TENANT) };
        let command = InvalidateAddress { address: named(&first) };
        assert_eq!(memory.run(&bound, None, &command).expect_err("a refusal").code, NOT_FOUND);
        let own = Origin { customer: Some(owner.id), ..Origin::system(TENANT) };
        memory.run(&own, None, &command).expect("its own");
    });
}

#[test]
fn a_repetition_gives_the_same_address_and_takes_nothing_twice() {
    both(|memory, _| {
        let origin = Origin::system(TENANT);
        let owner = customer(memory);
        let command = adding(owner, used_for(new("SECOND", "Lund"), &[usage("A", None)]));
        let key = |command: &CreateAddress| Some(Idempotency::of("k".into(), command));
        let first = memory.run(&origin, key(&command), &command).expect("added");
        let second = memory.run(&origin, key(&command), &command).expect("the same again");
        assert_eq!((second.value.id, second.receipt.replayed, first.receipt.replayed), (first.value.id, true, false));
        let other = adding(owner, new("THIRD", "Lund"));
        let reused = memory.run(&origin, key(&other), &other).expect_err("a refusal");
        assert_eq!(reused.code, crate::refused::IDEMPOTENCY_KEY_REUSED);
        let remove = RemoveAddressUsage { address: named(&first.value), usage: usage("A", None) };
        let key = || Some(Idempotency::of("r".into(), &remove));
        assert_eq!(memory.run(&origin, key(), &remove).expect("removed").value.removed.len(), 1);
        let again = memory.run(&origin, key(), &remove).expect("the same again");
        assert_eq!(
            (again.receipt.replayed, again.value.removed.len(), again.value.address.id),
            (true, 0, first.value.id)
        );
    });
}

#[test]
fn what_is_offered_is_what_is_done() {
    let memory = &mut Memory::new(TENANT, clock());
    let owner = customer(memory);
    let main = all(memory, owner).remove(0);
    let offered = |address: &Address| {
        let allowed = actions(address).into_iter().filter(|possible| possible.obstacle.is_none());
        allowed.map(|possible| possible.action).collect::<Vec<_>>()
    };
    use AddressAction::{Activate, AddUsage, Deactivate, Invalidate, RemoveUsage, Update};
    assert_eq!(offered(&main), [Update, Invalidate, AddUsage]);
    let second = done(memory, &adding(owner, used_for(new("SECOND", "Lund"), &[usage("A", None)])));
    assert_eq!(offered(&second), [Update, Invalidate, AddUsage, RemoveUsage]);
    done(memory, &RemoveAddressUsage { address: named(&second), usage: usage("A", None) });
    assert_eq!(offered(&now(memory, &second)), [Update, Deactivate, Invalidate, AddUsage]);
    let out = done(memory, &DeactivateAddress { address: named(&second) });
    assert_eq!(offered(&out), [Update, Activate, Invalidate]);
    let why: Vec<_> =
        actions(&main).into_iter().map(|possible| possible.obstacle.map(|refused| refused.code)).collect();
    assert_eq!(
        why,
        [None, Some(INVALID_STATE), Some(MAIN_POSTAL_ADDRESS_STAYS), None, None, Some(ADDRESS_USAGE_NOT_FOUND)]
    );
}

#[test]
fn the_log_has_nothing_of_what_an_address_says() {
    both(|memory, _| {
        let owner = customer(memory);
        let secret = NewAddress {
            external_reference: Some("secret reference".into()),
            entity_reference: Some("secret thing".into()),
            ..used_for(new("SECOND", "secret town"), &[usage("A", Some("secret card"))])
        };
        let address = done(memory, &adding(owner, secret));
        done(memory, &InvalidateAddress { address: named(&address) });
        done(memory, &RemoveAddressUsage { address: named(&address), usage: usage("A", None) });
        for logged in memory.events() {
            let text = format!("{:?}", logged.event);
            assert!(!text.contains("secret"), "{text}");
            assert_eq!(logged.event.customer, Some(owner), "a customer's history has it");
        }
    });
}
