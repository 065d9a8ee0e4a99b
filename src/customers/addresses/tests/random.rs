//! What always holds, over commands that come as chance will have it.

use std::time::Duration;

use chrono::Days;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::*;
use crate::customers::addresses::actions::{AddressAction, actions};
use crate::customers::addresses::book::{has_main, in_force, overlap};

const LABELS: [&str; 3] = [MAIN_POSTAL_ADDRESS, "SECOND", "PHONE"];

/// What holds for all addresses of a customer, on a day.
pub fn check(rows: &[Address], today: NaiveDate) {
    let there: Vec<&Address> = rows.iter().filter(|row| row.status != AddressStatus::Removed).collect();
    assert!(there.is_empty() || has_main(there.iter().copied(), today), "a main postal address is in force: {there:?}");
    for (place, one) in rows.iter().enumerate() {
        assert!(
            one.status == AddressStatus::Active || one.usages.is_empty(),
            "what is out of use is not used: {one:?}"
        );
        assert_eq!(one.status == AddressStatus::Active, one.out_of_use_since.is_none(), "{one:?}");
        assert!(!one.invalid || (one.type_ == AddressType::Postal && !one.is_temporary()), "{one:?}");
        assert!(one.ends_on.is_none_or(|end| end >= one.starts_on));
        for other in &rows[place + 1..] {
            assert!(!one.usages.iter().any(|usage| other.usages.contains(usage)), "a usage of two: {one:?} {other:?}");
            let both_there = one.status != AddressStatus::Removed && other.status != AddressStatus::Removed;
            assert!(!both_there || !overlap(one, other), "two temporary ones on a day: {one:?} {other:?}");
            let one_label = both_there && one.label == other.label;
            // Of a merge, what has another type is out of use.
            let both_used = one.status == AddressStatus::Active && other.status == AddressStatus::Active;
            assert!(!(one_label && both_used) || one.type_ == other.type_, "two types: {one:?} {other:?}");
        }
    }
}

/// The rule of what is in force once more, the long way.
fn expected(rows: &[Address], label: &str, day: NaiveDate) -> Option<i64> {
    let mut found: Option<&Address> = None;
    for row in rows.iter().filter(|row| row.label == label && row.starts_on <= day) {
        let over = row.ends_on.is_some_and(|end| end < day) || row.out_of_use_since.is_some_and(|since| since <= day);
        if over || row.content.is_none() {
            continue;
        }
        let better = match found {
            None => true,
            Some(best) if best.is_temporary() != row.is_temporary() => row.is_temporary(),
            Some(best) if row.is_temporary() => row.ordinal > best.ordinal,
            Some(best) => (row.starts_on, row.ordinal) > (best.starts_on, best.ordinal),
        };
        if better {
            found = Some(row);
        }
    }
    found.map(|row| row.ordinal)
}

fn content(dice: &mut StdRng, label: &str) -> Content {
    match label {
        // Now and then what does not belong there.
        "PHONE" if dice.random_range(0..10) > 0 => Content::Phone(format!("08-{}", dice.random_range(10_000..99_999))),
        _ if dice.random_range(0..20) == 0 => Content::EMail("ada@example.com".into()),
        _ => postal(["Lund", "Umeå", "Kiruna"][dice.random_range(0..3)]),
    }
}

fn some_day(dice: &mut StdRng, today: NaiveDate) -> NaiveDate {
    today - Days::new(10) + Days::new(dice.random_range(0..20))
}

fn some_usage(dice: &mut StdRng) -> Usage {
    let thing = [None, Some("card 1"), Some("card 2")][dice.random_range(0..3)];
    usage(["A", "B"][dice.random_range(0..2)], thing)
}

/// One random command; gives whether it was done, and what was offered of it before, where it is about an address.
fn step(memory: &mut Memory, dice: &mut StdRng, owner: CustomerId, today: NaiveDate) -> (bool, Option<bool>) {
    let rows = all(memory, owner);
    let usages: Vec<Usage> = (0..dice.random_range(0..3)).map(|_| some_usage(dice)).collect();
    let starts_on = (dice.random_range(0..3) > 0).then(|| some_day(dice, today));
    let ends_on = (dice.random_range(0..2) > 0).then(|| some_day(dice, today));
    if rows.is_empty() || dice.random_range(0..3) == 0 {
        let label = LABELS[dice.random_range(0..3)];
        let content = content(dice, label);
        let mut address = NewAddress { content, starts_on, ends_on, ..new(label, "") };
        address.usages = usages;
        return (run(memory, &adding(owner, address)).is_ok(), None);
    }
    let row = &rows[dice.random_range(0..rows.len())];
    let offers = |action: AddressAction| {
        actions(row).into_iter().any(|possible| possible.action == action && possible.obstacle.is_none())
    };
    let address = named(row);
    match dice.random_range(0..6) {
        0 => {
            let invalid = [None, Some(false), Some(true)][dice.random_range(0..3)];
            let content = content(dice, &row.label);
            let update = UpdateAddress {
                address,
                content,
                usages,
                entity_reference: None,
                external_reference: Change::Keep,
                starts_on,
                ends_on,
                invalid,
            };
            let done = run(memory, &update).is_ok();
            assert!(!done || offers(AddressAction::Update));
            (done, None)
        }
        1 => (run(memory, &ActivateAddress { address }).is_ok(), Some(offers(AddressAction::Activate))),
        2 => (run(memory, &DeactivateAddress { address }).is_ok(), Some(offers(AddressAction::Deactivate))),
        3 => (run(memory, &InvalidateAddress { address }).is_ok(), Some(offers(AddressAction::Invalidate))),
        4 => {
            let add = AddAddressUsage { address, usage: some_usage(dice) };
            (run(memory, &add).is_ok(), Some(offers(AddressAction::AddUsage)))
        }
        _ => {
            let named = row.usages.first().cloned().unwrap_or_else(|| some_usage(dice));
            let remove = RemoveAddressUsage { address, usage: named };
            (run(memory, &remove).is_ok(), Some(offers(AddressAction::RemoveUsage)))
        }
    }
}

fn play(memory: &mut Memory, clock: &Clock, seed: u64, steps: usize) -> (usize, usize) {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut owner = done(memory, &person()).id;
    let (mut succeeded, mut refused) = (0, 0);
    for count in 0..steps {
        if count % 120 == 0 {
            owner = done(memory, &person()).id;
        }
        if dice.random_range(0..10) == 0 {
            clock.set(clock.now() + Duration::from_secs(86_400));
        }
        let today = clock.now().date_naive();
        let before = all(memory, owner);
        let events = memory.events().len();
        let (was_done, offered) = step(memory, &mut dice, owner, today);
        let rows = all(memory, owner);
        check(&rows, today);
        assert!(offered.is_none_or(|offered| offered == was_done), "what is offered is done, seed {seed} step {count}");
        if was_done {
            succeeded += 1;
        } else {
            refused += 1;
            assert_eq!((rows.clone(), memory.events().len()), (before, events), "a refusal changes nothing");
        }
        for label in LABELS {
            for on in (0..30).map(|more| today - Days::new(15) + Days::new(more)) {
                let found = in_force(&rows, label, on).map(|row| row.ordinal);
                assert_eq!(found, expected(&rows, label, on), "{label} on {on}, seed {seed} step {count}");
            }
        }
    }
    (succeeded, refused)
}

#[test]
fn whatever_comes_the_rules_hold() {
    let (mut succeeded, mut refused) = (0, 0);
    for seed in 0..8 {
        let clock = clock();
        let (done, not) = play(&mut Memory::new(TENANT, clock.clone()), &clock, seed, 600);
        (succeeded, refused) = (succeeded + done, refused + not);
    }
    assert!(succeeded > 1_000 && refused > 500, "{succeeded} done, {refused} refused");
}

#[test]
fn it_is_the_same_when_it_is_decided_from_nothing() {
    let clock = clock();
    play(&mut Memory::from_nothing(TENANT, clock.clone()), &clock, 99, 240);
}
