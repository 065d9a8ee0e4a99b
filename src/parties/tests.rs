//! The rules of parties, over a tenant in memory: once with every row at hand, once decided from nothing.

use std::sync::Arc;

use crate::parties::events::{PARTY_CREATED, PARTY_UPDATED};
use crate::parties::{CreateParty, Party, PartyBy, UpdateParty};
use crate::primitives::{Clock, CustomerId, Origin, PartyId, TenantId};
use crate::refused::{DUPLICATE_REFERENCE, INVALID_INPUT, NOT_FOUND, RefusalCode, Refused};
use crate::work::memory::Memory;
use crate::work::{Change, Idempotency};

const TENANT: TenantId = TenantId(uuid::Uuid::from_u128(7));

fn both(test: impl Fn(&mut Memory)) {
    test(&mut Memory::new(TENANT, Clock::system()));
    test(&mut Memory::from_nothing(TENANT, Clock::system()));
}

fn party(name: &str, number: Option<&str>, reference: Option<&str>) -> CreateParty {
    CreateParty {
        number: number.map(str::to_owned),
        external_reference: reference.map(str::to_owned),
        name: name.into(),
        metadata: "{}".into(),
    }
}

fn change(party: PartyBy) -> UpdateParty {
    UpdateParty { party, external_reference: Change::Keep, name: None, metadata: Change::Keep }
}

fn created(memory: &mut Memory, command: &CreateParty) -> Arc<Party> {
    memory.run(&Origin::system(TENANT), None, command).expect("a party").value
}

fn updated(memory: &mut Memory, command: &UpdateParty) -> Result<Arc<Party>, Refused> {
    memory.run(&Origin::system(TENANT), None, command).map(|done| done.value)
}

fn is_refused<T: std::fmt::Debug>(answer: Result<T, Refused>, code: RefusalCode, field: &str) {
    let refused = answer.expect_err("a refusal");
    assert_eq!((refused.code, refused.fields[0].path.join(".")), (code, field.to_owned()), "{}", refused.message);
}

#[test]
fn a_party_gets_a_number_and_is_told_of() {
    both(|memory| {
        let made = created(memory, &party("Nordvik Energi", None, None));
        assert!(made.number.starts_with('P'), "{}", made.number);
        let named = created(memory, &party("Bergslagen Tele", Some("C-1"), Some("erp 7")));
        assert_eq!((named.number.as_str(), named.external_reference.as_deref()), ("C-1", Some("erp 7")));
        assert!(named.ordinal > made.ordinal, "lists are in the order of creation");
        assert_eq!(memory.rows::<Party>().len(), 2);
        let told: Vec<_> = memory.events().iter().map(|logged| logged.event.type_).collect();
        assert_eq!(told, [PARTY_CREATED, PARTY_CREATED]);
    });
}

#[test]
fn what_is_not_acceptable_or_taken_is_refused_by_its_field_and_changes_nothing() {
    both(|memory| {
        created(memory, &party("Nordvik Energi", Some("C-1"), Some("erp 7")));
        let long = "n".repeat(201);
        let table = [
            (party(" ", None, None), INVALID_INPUT, "name"),
            (party(&long, None, None), INVALID_INPUT, "name"),
            (party("A", Some(""), None), INVALID_INPUT, "number"),
            (party("A", Some(" C-2"), None), INVALID_INPUT, "number"),
            (party("A", None, Some("erp 8 ")), INVALID_INPUT, "externalReference"),
            (party("A", Some("C-1"), None), DUPLICATE_REFERENCE, "number"),
            (party("A", None, Some("erp 7")), DUPLICATE_REFERENCE, "externalReference"),
            // What is wrong with the input comes before what is taken.
            (party("", Some("C-1"), None), INVALID_INPUT, "name"),
        ];
        for (command, code, field) in table {
            is_refused(memory.run(&Origin::system(TENANT), None, &command), code, field);
        }
        assert_eq!((memory.rows::<Party>().len(), memory.events().len()), (1, 1));
    });
}

#[test]
fn a_change_keeps_what_it_does_not_name_and_frees_what_it_takes_away() {
    both(|memory| {
        let made = created(memory, &party("Nordvik Energi", Some("C-1"), Some("erp 7")));
        let renamed = UpdateParty { name: Some("Nordvik Kraft".into()), ..change(PartyBy::Number("C-1".into())) };
        let after = updated(memory, &renamed).expect("renamed");
        assert_eq!(*after, Party { name: "Nordvik Kraft".into(), ..(*made).clone() });
        let emptied = UpdateParty { external_reference: Change::Clear, ..change(PartyBy::Id(made.id)) };
        assert_eq!(updated(memory, &emptied).expect("emptied").external_reference, None);
        // The reference is free for another.
        created(memory, &party("Bergslagen Tele", None, Some("erp 7")));
        let again = UpdateParty { external_reference: Change::Set("erp 7".into()), ..change(PartyBy::Id(made.id)) };
        is_refused(updated(memory, &again), DUPLICATE_REFERENCE, "externalReference");
        let told = memory.events().iter().filter(|logged| logged.event.type_ == PARTY_UPDATED).count();
        assert_eq!(told, 2, "a refused change is not told of");
    });
}

#[test]
fn a_party_that_is_not_there_or_not_seen_is_not_found() {
    both(|memory| {
        let made = created(memory, &party("Nordvik Energi", Some("C-1"), None));
        let elsewhere = PartyId(uuid::Uuid::from_u128(1));
        let nobody = "nobody".to_owned();
        for by in [PartyBy::Id(elsewhere), PartyBy::Number(nobody.clone()), PartyBy::ExternalReference(nobody)] {
            // What is wrong with the change is not looked at before there is something to change.
            let command = UpdateParty { name: Some(String::new()), ..change(by) };
            is_refused(updated(memory, &command), NOT_FOUND, "party");
        }
        let bound = Origin { customer: Some(CustomerId(uuid::Uuid::from_u128(2))), ..Origin::system(TENANT) };
        is_refused(memory.run(&bound, None, &change(PartyBy::Id(made.id))), NOT_FOUND, "party");
    });
}

#[test]
fn a_key_gives_the_first_answer_again_and_is_refused_for_another_request() {
    both(|memory| {
        let origin = Origin::system(TENANT);
        let command = party("Nordvik Energi", None, None);
        let key = || Some(Idempotency::of("k".into(), &command));
        let first = memory.run(&origin, key(), &command).expect("created");
        let second = memory.run(&origin, key(), &command).expect("the same again");
        assert_eq!((second.value.id, second.receipt.replayed, first.receipt.replayed), (first.value.id, true, false));
        assert_eq!(memory.rows::<Party>().len(), 1);
        let other = party("Bergslagen Tele", None, None);
        let reused = memory.run(&origin, Some(Idempotency::of("k".into(), &other)), &other);
        assert_eq!(reused.expect_err("a refusal").code, crate::refused::IDEMPOTENCY_KEY_REUSED);
    });
}
