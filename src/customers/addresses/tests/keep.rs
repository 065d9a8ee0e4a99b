//! Erasure and merging, as commands of customers join them.

use serde::{Deserialize, Serialize};

use super::*;
use crate::customers::Customer;
use crate::customers::addresses::book::in_force;
use crate::customers::addresses::events::{ADDRESS_ERASED, ADDRESS_MOVED};
use crate::work::{Decision, Stop, Work};

/// Erases a customer's addresses, or gives them to another one.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Keep {
    customer: CustomerId,
    moved_to: Option<CustomerId>,
}

impl Command for Keep {
    const OPERATION: &'static str = "keepOfTheTests";
    type Made = Customer;

    fn decide(&self, work: &mut Work) -> Decision<Arc<Customer>> {
        match self.moved_to {
            None => erase(work, self.customer)?,
            Some(to) => move_all(work, self.customer, to)?,
        }
        work.get::<Customer>(self.customer)?.ok_or_else(|| Stop::damaged("no customer"))
    }
}

fn told(memory: &Memory, type_: crate::ledger::event::EventType) -> usize {
    memory.events().iter().filter(|logged| logged.event.type_ == type_).count()
}

#[test]
fn an_erased_address_says_nothing_and_keeps_its_days() {
    both(|memory, _| {
        let owner = customer(memory);
        let second = NewAddress {
            external_reference: Some("adr 1".into()),
            entity_reference: Some("thing".into()),
            ..used_for(new("SECOND", "Lund"), &[usage("A", Some("card 1"))])
        };
        let second = done(memory, &adding(owner, second));
        // One that was removed long ago as well.
        let removed = done(memory, &adding(owner, between(main(), day(5, 1), day(5, 3))));
        done(memory, &adding(owner, between(main(), day(5, 2), day(5, 4))));
        assert_eq!(now(memory, &removed).status, AddressStatus::Removed);
        let untouched = customer(memory);
        let before = all(memory, untouched);
        done(memory, &Keep { customer: owner, moved_to: None });
        let rows = all(memory, owner);
        assert_eq!(rows.len(), 4);
        for row in &rows {
            let said = (&row.content, &row.external_reference, &row.entity_reference, row.usages.len());
            assert_eq!(said, (&None, &None, &None, 0), "{}", row.label);
            assert_eq!((row.status, row.invalid), (AddressStatus::Removed, false));
        }
        assert_eq!((rows[1].id, rows[1].label.as_str(), rows[1].starts_on), (second.id, "SECOND", day(4, 15)));
        assert_eq!(in_force(&rows, MAIN_POSTAL_ADDRESS, day(4, 15)), None);
        assert_eq!((told(memory, ADDRESS_ERASED), all(memory, untouched)), (4, before));
        // Once is enough, and the reference is free.
        done(memory, &Keep { customer: owner, moved_to: None });
        assert_eq!(told(memory, ADDRESS_ERASED), 4);
        done(
            memory,
            &adding(untouched, NewAddress { external_reference: Some("adr 1".into()), ..new("SECOND", "Lund") }),
        );
    });
}

#[test]
fn addresses_go_over_to_the_record_that_stays() {
    both(|memory, _| {
        let (from, to) = (customer(memory), customer(memory));
        let kept_main = all(memory, to).remove(0);
        let came_main = all(memory, from).remove(0);
        let use_it = |address: &Address, usage: Usage| AddAddressUsage { address: named(address), usage };
        done(memory, &use_it(&kept_main, usage("A", None)));
        done(memory, &use_it(&came_main, usage("A", None)));
        done(memory, &use_it(&came_main, usage("B", None)));
        let only_came = used_for(new("SECOND", "Lund"), &[usage("C", None)]);
        let only_came = done(memory, &adding(from, only_came));
        let overlapping = between(used_for(main(), &[usage("D", None)]), day(4, 10), day(4, 20));
        let overlapping = done(memory, &adding(from, overlapping));
        let apart = done(memory, &adding(from, between(main(), day(6, 1), day(6, 2))));
        done(memory, &adding(to, between(main(), day(4, 15), day(4, 30))));
        done(memory, &Keep { customer: from, moved_to: Some(to) });
        assert_eq!(all(memory, from), []);
        let rows = all(memory, to);
        assert_eq!((rows.len(), told(memory, ADDRESS_MOVED)), (6, 4));
        let after = |address: &Address| rows.iter().find(|row| row.id == address.id).expect("it came along");
        assert_eq!(after(&kept_main).status, AddressStatus::Active);
        assert_eq!(after(&came_main).status, AddressStatus::Inactive);
        assert_eq!(after(&overlapping).status, AddressStatus::Removed);
        assert_eq!(after(&apart).status, AddressStatus::Active);
        assert_eq!(
            (after(&only_came).status, after(&only_came).usages.as_slice()),
            (AddressStatus::Active, [usage("C", None)].as_slice())
        );
        // What only came is not lost, and what was there stays where it was.
        assert_eq!(after(&kept_main).usages, [usage("A", None)]);
        let all_usages: Vec<&Usage> = rows.iter().flat_map(|row| &row.usages).collect();
        assert_eq!(all_usages.len(), 4, "{all_usages:?}");
        random::check(&rows, day(4, 15));
    });
}

#[test]
fn addresses_of_a_record_without_any_come_as_they_are() {
    both(|memory, _| {
        let from = customer(memory);
        let to = done(memory, &person()).id;
        let before = all(memory, from);
        done(memory, &Keep { customer: from, moved_to: Some(to) });
        let expected: Vec<Address> = before.into_iter().map(|address| Address { customer: to, ..address }).collect();
        assert_eq!(all(memory, to), expected);
        // Back again, onto nothing.
        done(memory, &Keep { customer: to, moved_to: Some(from) });
        random::check(&all(memory, from), day(4, 15));
    });
}
