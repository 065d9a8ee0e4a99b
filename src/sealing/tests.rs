//! What is sealed opens with its key, in its place, and nowhere else.

use super::*;

const TENANT: TenantId = TenantId(Uuid::from_u128(1));
const PLACE: Place = Place { tenant: TENANT, row: Uuid::from_u128(2), field: "table.column" };

fn base64_of(byte: u8) -> String {
    STANDARD.encode([byte; 32])
}

fn ring(keys: &str) -> KeyRing {
    KeyRing::parse(keys, &base64_of(9)).expect("a ring")
}

#[test]
fn what_is_sealed_opens_in_its_place_alone() {
    let ring = ring(&format!("a={}", base64_of(1)));
    let sealed = ring.seal(&PLACE, "19811228-9874");
    assert!(sealed.starts_with("a.") && !sealed.contains("9874"), "{sealed}");
    assert_ne!(ring.seal(&PLACE, "19811228-9874"), sealed, "a nonce of its own each time");
    assert_eq!(ring.open(&PLACE, &sealed).as_deref(), Ok("19811228-9874"));
    let elsewhere = [
        Place { tenant: TenantId(Uuid::from_u128(3)), ..PLACE },
        Place { row: Uuid::from_u128(3), ..PLACE },
        Place { field: "table.other", ..PLACE },
    ];
    for place in elsewhere {
        assert_eq!(ring.open(&place, &sealed), Err(Unopened::Damaged));
    }
    for damaged in ["", "a.", "a.AAAA", "a.?", &sealed[..sealed.len() - 4], &sealed.replace("a.", "")] {
        assert_eq!(ring.open(&PLACE, damaged), Err(Unopened::Damaged), "{damaged}");
    }
}

#[test]
fn the_newest_key_seals_and_the_others_still_open() {
    let old = ring(&format!("a={}", base64_of(1)));
    let both = ring(&format!("b={}, a={}", base64_of(2), base64_of(1)));
    let new = ring(&format!("b={}", base64_of(2)));
    let before = old.seal(&PLACE, "text");
    assert_eq!(both.open(&PLACE, &before).as_deref(), Ok("text"));
    assert_eq!(new.open(&PLACE, &before), Err(Unopened::UnknownKey));
    let column = SealedColumn { table: "table", column: "column", field: PLACE.field, marked: false, lookup: None };
    let after = column.anew(&both, PLACE.tenant, PLACE.row, &before).expect("sealed anew");
    assert!(after.starts_with(&column.current(&both)));
    assert_eq!(new.open(&PLACE, &after).as_deref(), Ok("text"));
    assert_eq!(old.open(&PLACE, &after), Err(Unopened::UnknownKey));
    // What is looked up does not change with the key.
    assert_eq!(old.lookup(TENANT, "kind", "text"), new.lookup(TENANT, "kind", "text"));
}

#[test]
fn what_is_looked_up_is_the_tenants_own_and_of_its_kind() {
    let ring = ring(&format!("a={}", base64_of(1)));
    let other = KeyRing::parse(&format!("a={}", base64_of(1)), &base64_of(8)).expect("a ring");
    let one = ring.lookup(TENANT, "kind", "text");
    assert_eq!(one.len(), 64);
    assert_eq!(ring.lookup(TENANT, "kind", "text"), one);
    let others = [
        ring.lookup(TenantId(Uuid::from_u128(3)), "kind", "text"),
        ring.lookup(TENANT, "kin", "dtext"),
        ring.lookup(TENANT, "kind", "Text"),
        other.lookup(TENANT, "kind", "text"),
    ];
    assert!(others.iter().all(|other| *other != one));
}

#[test]
fn keys_that_are_none_are_refused_without_being_repeated() {
    let good = base64_of(1);
    for (keys, problem) in [
        (String::new(), RingProblem::Empty),
        (" , ".into(), RingProblem::Empty),
        (good.replace('=', ""), RingProblem::Form),
        (format!("A={good}"), RingProblem::Id),
        (format!("={good}"), RingProblem::Id),
        (format!("{}={good}", "a".repeat(17)), RingProblem::Id),
        (format!("a={good},a={good}"), RingProblem::Twice),
        ("a=secret".into(), RingProblem::Key),
        (format!("a={}", STANDARD.encode([1; 31])), RingProblem::Key),
        ((0..17).map(|n| format!("k{n}={good},")).collect(), RingProblem::TooMany),
    ] {
        let found = KeyRing::parse(&keys, &base64_of(9)).expect_err("no ring");
        assert_eq!(found, problem, "{keys}");
        assert!(!found.to_string().contains("secret"));
    }
    assert_eq!(KeyRing::parse(&format!("a={good}"), "short").expect_err("no ring"), RingProblem::Key);
    let shown = format!("{:?} {:?}", ring(&format!("a={good}")), Secret("19811228-9874".into()));
    assert_eq!(shown, "[\"a\"] ***");
}
