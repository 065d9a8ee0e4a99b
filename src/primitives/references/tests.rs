use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::ReferenceRule::*;
use super::*;

#[test]
fn well_kept_packages_say_the_same_of_every_vector() {
    let mut seen: BTreeMap<ReferenceRule, [usize; 2]> = BTreeMap::new();
    for line in include_str!("vectors.txt").lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split(' ').collect();
        let [rule, verdict, reference] = words[..] else { panic!("{line}") };
        let rule = ReferenceRule::from_word(rule).unwrap();
        let is_valid = verdict == "valid";
        seen.entry(rule).or_default()[usize::from(is_valid)] += 1;
        assert_eq!(rule.accepts(&plain(reference).unwrap()), is_valid, "{line}");
    }
    assert_eq!(seen.len(), 9);
    assert!(seen.values().all(|[invalid, valid]| *invalid >= 20 && *valid >= 20), "{seen:?}");
}

#[test]
fn references_of_the_rules_own_examples() {
    for (rule, reference, expected) in [
        // ISO 11649, Wikipedia and the standard's own.
        (Rf, "RF18539007547034", true),
        (Rf, "RF18 5390 0754 7034", true),
        (Rf, "RF19539007547034", false),
        (Rf, "RF18", false),
        (Rf, "RFAB539007547034", false),
        (Rf, "539007547034", false),
        // KID, as norwegian-numbers shows it.
        (KidNoMod10, "12344", true),
        (KidNoMod11, "12343", true),
        (KidNoMod11, "12344", false),
        (KidNoMod11, "6-", true),
        (KidNoMod11, "7-", false),
        (KidNoMod11, "-", false),
        (KidNoMod11, "", false),
        // Danish slips: the number 1 is 18, the number 2 is 26.
        (FikDk71, "18", true),
        (FikDk71, "000000000000026", true),
        (FikDk71, "004040400000669", true),
        (FikDk71, "0000000000000018", false),
        (FikDk75, "0000000000000018", true),
        (FikDk73, "18", false),
        (OcrSeSoft, "19", true),
        (OcrSe, "19", false),
        (OcrSe, "18", true),
        (OcrSe, "8", false),
        (OcrSeFixed, "1230", true),
        (OcrSeWithLength, "12351", true),
        (OcrSeWithLength, "12369", false),
        (ReferenceFi, "1232", true),
        (ReferenceFi, "123 2", true),
        (ReferenceFi, "132", false),
        (ReferenceFiRf, "RF111232", true),
        (ReferenceFiRf, "RF121232", false),
    ] {
        assert_eq!(plain(reference).is_some_and(|plain| rule.accepts(&plain)), expected, "{rule:?} {reference}");
    }
}

#[test]
fn what_people_write_is_read_in_one_form() {
    for (written, expected) in [
        ("rf18 5390 0754 7034", Some("RF18539007547034")),
        ("123\u{a0}456\u{200b}-7", Some("1234567")),
        ("12955-", Some("12955-")),
        ("RF18-", Some("RF18")),
        ("", None),
        ("--", None),
        ("12/34", None),
        ("１２３", None),
        ("12345678901234567890123456", None),
    ] {
        assert_eq!(plain(written).as_deref(), expected, "{written:?}");
    }
    assert!(plain(&"-".repeat(200)).is_none());
    assert_eq!((key("000123"), key("RF00"), key("00012-")), ("123", "RF00", "12-"));
}

#[test]
fn a_danish_slip_has_a_code_line() {
    assert_eq!(FikDk71.code_line(Some("26"), "87654321").unwrap(), "+71<000000000000026+87654321<");
    assert_eq!(FikDk75.code_line(Some("26"), "87654321").unwrap(), "+75<0000000000000026+87654321<");
    assert_eq!(FikDk73.code_line(None, "87654321").unwrap(), "+73<+87654321<");
    assert_eq!(OcrSe.code_line(Some("26"), "87654321"), None);
}

#[test]
fn lengths_are_those_that_a_rule_takes() {
    for (rule, length, expected) in [
        (OcrSeFixed, Some(15), Some(15)),
        (OcrSe, None, Some(13)),
        (OcrSe, Some(8), None),
        (OcrSe, Some(19), None),
        (OcrSeWithLength, None, Some(14)),
        (FikDk71, None, Some(15)),
        (FikDk71, Some(14), None),
        (FikDk73, None, Some(0)),
    ] {
        assert_eq!(ReferenceScheme::new(rule, length).map(|scheme| scheme.length), expected, "{rule:?} {length:?}");
    }
    for rule in ReferenceRule::ALL {
        let scheme = ReferenceScheme::new(*rule, None).unwrap();
        assert_eq!(ReferenceScheme::from_text(&scheme.to_text()), Some(scheme));
    }
    assert_eq!(ReferenceScheme::from_text("OCR_SE:3"), None);
}

#[test]
fn numbers_one_after_the_other_have_references_of_their_own() {
    for rule in ReferenceRule::ALL.iter().filter(|rule| **rule != FikDk73) {
        let scheme = ReferenceScheme::new(*rule, None).unwrap();
        let made: Vec<String> = (0..500).filter_map(|number| scheme.make(number)).collect();
        let keys: BTreeSet<&str> = made.iter().map(|reference| key(reference)).collect();
        assert_eq!(keys.len(), made.len(), "{rule:?}");
        // A number in eleven has no check digit under modulus 11.
        assert!(made.len() == 500 || (*rule == KidNoMod11 && made.len() > 440), "{rule:?}");
    }
    assert_eq!(ReferenceScheme::new(FikDk73, None).unwrap().make(1), None);
}

proptest! {
    #[test]
    fn what_is_made_is_accepted_and_no_other_digit_is(number: u128, place in 0_usize..40, other in 1_u8..10) {
        for rule in ReferenceRule::ALL {
            for length in rule.lengths().0 {
                let scheme = ReferenceScheme::new(*rule, Some(length)).unwrap();
                let Some(made) = scheme.make(number) else { continue };
                let plain = plain(&made).unwrap();
                prop_assert_eq!(&plain, &made);
                prop_assert_eq!(key(&plain), &made);
                prop_assert!(rule.accepts(&made), "{:?} {}", rule, made);
                let international = matches!(rule, Rf | ReferenceFiRf);
                prop_assert_eq!(made.len(), usize::from(length) + if international { 4 } else { 0 });
                let mut wrong = made.clone().into_bytes();
                let place = if international { 2 + place % (wrong.len() - 2) } else { place % wrong.len() };
                wrong[place] = b'0' + (wrong[place] - b'0' + other) % 10;
                let wrong = String::from_utf8(wrong).unwrap();
                prop_assert!(*rule == OcrSeSoft || !rule.accepts(&wrong), "{:?} {} {}", rule, made, wrong);
            }
        }
    }

    #[test]
    fn whatever_is_written_is_read_or_not(written in "\\PC{0,40}") {
        if let Some(plain) = plain(&written) {
            for rule in ReferenceRule::ALL {
                let _ = rule.accepts(&plain);
            }
        }
    }
}
