//! States, sequences and time of mandates, as tables.

use chrono::NaiveDate;
use uuid::Uuid;

use super::model::{Mandate, MandateScheme, MandateStatus, SequenceType, known_as};
use super::payer::Sealed;
use crate::primitives::{AccountId, CustomerId, DirectDebitId, MandateId};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn mandate(status: MandateStatus) -> Mandate {
    let account = AccountId(Uuid::nil());
    Mandate {
        id: MandateId(Uuid::nil()),
        ordinal: 1,
        account,
        debtor: CustomerId(Uuid::nil()),
        reference: "M".into(),
        known_as: known_as(MandateScheme::SepaCore, account, "M"),
        scheme: MandateScheme::SepaCore,
        status,
        one_off: false,
        product_references: Vec::new(),
        sealed: Sealed::default(),
        signed_on: day("2026-04-01"),
        pre_notification_days: 14,
        uses: 0,
        sequence: None,
        last_used_on: None,
        lapses_on: MandateScheme::SepaCore.lapses(day("2026-04-01")),
        last_debit: None,
        reason: None,
        created_at: 0,
        ended_at: None,
    }
}

/// A mandate in force that is announced so many days before a collection.
pub(crate) fn announced(pre_notification_days: u16) -> Mandate {
    Mandate { pre_notification_days, ..mandate(MandateStatus::Active) }
}

#[test]
fn a_state_becomes_what_its_list_says_and_nothing_else() {
    for from in MandateStatus::ALL {
        for to in MandateStatus::ALL {
            let mut one = mandate(*from);
            let turned = one.turn(*to, day("2026-05-01"), 7);
            assert_eq!(turned.is_ok(), from.next().contains(to), "{from:?} to {to:?}");
            assert_eq!(one.status, if turned.is_ok() { *to } else { *from });
        }
    }
    for (from, count) in [("PENDING", 3), ("ACTIVE", 3), ("SUSPENDED", 3), ("REVOKED", 0), ("EXPIRED", 0)] {
        assert_eq!(MandateStatus::from_word(from).expect("a word").next().len(), count, "{from}");
    }
}

#[test]
fn the_place_of_a_collection_follows_from_what_was_collected() {
    use SequenceType::{Fnal, Frst, Ooff, Rcur};
    for (one_off, uses, is_last, expected) in [
        (false, 0, false, Frst),
        (false, 1, false, Rcur),
        (false, 9, false, Rcur),
        (false, 0, true, Fnal),
        (false, 3, true, Fnal),
        (true, 0, false, Ooff),
        (true, 0, true, Ooff),
    ] {
        let one = Mandate { one_off, uses, ..mandate(MandateStatus::Active) };
        assert_eq!(one.next_sequence(is_last), expected, "{one_off} {uses} {is_last}");
    }
    let (debit, today) = (DirectDebitId(Uuid::from_u128(1)), day("2026-05-01"));
    let mut one = mandate(MandateStatus::Active);
    one.use_for(debit, Frst);
    assert_eq!((one.uses, one.next_sequence(false)), (1, Rcur));
    // The first came to nothing: the next one is the first again.
    one.give_back(debit);
    assert_eq!((one.uses, one.next_sequence(false)), (0, Frst));
    one.use_for(debit, Fnal);
    assert!(one.require_usable(today).is_err());
    one.give_back(debit);
    assert!(one.require_usable(today).is_ok());
}

#[test]
fn sepa_lapses_36_months_after_the_last_collection() {
    let mut one = mandate(MandateStatus::Active);
    assert_eq!(one.stands(day("2029-03-31")), MandateStatus::Active);
    assert_eq!(one.stands(day("2029-04-01")), MandateStatus::Expired);
    one.present(day("2028-02-29"));
    assert_eq!(one.lapses_on, Some(day("2031-02-28")));
    // An earlier one that is presented later does not bring the day back.
    one.present(day("2027-01-01"));
    assert_eq!(one.last_used_on, Some(day("2028-02-29")));
    for scheme in MandateScheme::ALL {
        let lapses = scheme.lapses(day("2026-01-01")).is_some();
        assert_eq!(lapses, matches!(scheme, MandateScheme::SepaCore | MandateScheme::SepaB2b), "{scheme:?}");
    }
}
