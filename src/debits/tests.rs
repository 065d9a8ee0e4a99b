//! States, reasons and refunds of direct debits, as tables.

use chrono::NaiveDate;
use uuid::Uuid;

use super::model::{DebitSource, DirectDebit, DirectDebitAction, DirectDebitState};
use super::outcomes::{DebitOutcome, require_refundable};
use super::reasons::DebitReason;
use super::terms::{earliest, send_on};
use crate::mandates::{MandateScheme, MandateStatus, SequenceType};
use crate::primitives::calendar::{BankCalendar, Calendar};
use crate::primitives::{AccountId, DirectDebitId, MandateId, Minor};
use crate::work::settings::{DebitTerms, Settings};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn debit(state: DirectDebitState) -> DirectDebit {
    DirectDebit {
        id: DirectDebitId(Uuid::nil()),
        ordinal: 1,
        end_to_end: "D1".into(),
        account: AccountId(Uuid::nil()),
        overpayment: None,
        mandate: MandateId(Uuid::nil()),
        mandate_reference: "M".into(),
        sequence: SequenceType::Rcur,
        currency: "EUR".parse().expect("a currency"),
        amount: Minor(100),
        source: DebitSource::OnDemand,
        state,
        remittance_info: None,
        collection_on: day("2026-04-17"),
        send_on: day("2026-04-16"),
        sent_on: None,
        settled_on: Some(day("2026-04-17")),
        available_on: None,
        ended_on: None,
        rail_on: None,
        reason: None,
        note: None,
        attempt: 1,
        retry_of: None,
        retried_by: None,
        collected: None,
        payment: None,
        taken_back: None,
        fee: None,
        created_on: day("2026-04-15"),
        created_at: 0,
    }
}

#[test]
fn a_state_becomes_what_its_list_says_and_nothing_else() {
    for from in DirectDebitState::ALL {
        for to in DirectDebitState::ALL {
            let mut one = debit(*from);
            assert_eq!(one.turn(*to, day("2026-05-01")).is_ok(), from.next().contains(to), "{from:?} to {to:?}");
        }
    }
    for (state, actions) in [
        ("CREATED", "CANCEL"),
        ("SENT", "ACCEPT PAY REJECT"),
        ("ACCEPTED", "PAY REJECT"),
        ("PAID", "RETURN REFUND"),
        ("REJECTED", ""),
        ("RETURNED", ""),
        ("REFUNDED", ""),
        ("CANCELLED", ""),
    ] {
        let one = debit(DirectDebitState::from_word(state).expect("a state"));
        let offered = DirectDebitAction::ALL.iter().filter(|action| one.obstacle(**action).is_none());
        let words: Vec<_> = offered.map(|action| action.word()).collect();
        assert_eq!(words.join(" "), actions, "{state}");
    }
}

#[test]
fn a_reason_decides_retry_fee_and_what_becomes_of_the_mandate() {
    let (suspended, revoked) = (Some(MandateStatus::Suspended), Some(MandateStatus::Revoked));
    let table = [
        ("AC01", false, true, suspended),
        ("AC04", false, false, revoked),
        ("AC06", false, true, suspended),
        ("AC13", false, false, suspended),
        ("AG01", false, false, suspended),
        ("AG02", false, false, None),
        ("AM04", true, true, None),
        ("AM05", false, false, None),
        ("BE05", false, false, suspended),
        ("DNOR", false, false, suspended),
        ("FF01", false, false, None),
        ("MD01", false, false, revoked),
        ("MD02", false, false, suspended),
        ("MD06", false, false, None),
        ("MD07", false, false, revoked),
        ("MS02", false, true, None),
        ("MS03", true, false, None),
        ("RC01", false, true, suspended),
        ("RR04", false, false, suspended),
        ("SL01", false, false, suspended),
    ];
    assert_eq!(table.len(), DebitReason::ALL.len());
    for (code, retry, fee, mandate) in table {
        let decided = DebitReason::from_word(code).expect("a code").consequence();
        assert_eq!((decided.retry, decided.fee, decided.mandate), (retry, fee, mandate), "{code}");
    }
    for reason in DebitReason::ALL {
        use DebitOutcome::{Accepted, Paid, Refunded, Rejected, Returned, Reversed};
        assert!(!reason.explains(Accepted) && !reason.explains(Paid), "{reason:?}");
        let is_refund = matches!(reason, DebitReason::Md01 | DebitReason::Md06);
        assert_eq!(reason.explains(Refunded), is_refund, "{reason:?}");
        assert_eq!(reason.explains(Rejected), *reason != DebitReason::Md06, "{reason:?}");
        assert_eq!(reason.explains(Returned), *reason != DebitReason::Md06, "{reason:?}");
        let own = matches!(reason, DebitReason::Am05 | DebitReason::Ms02 | DebitReason::Ms03);
        assert_eq!(reason.explains(Reversed), own, "{reason:?}");
    }
}

#[test]
fn a_refund_has_its_time() {
    let one = debit(DirectDebitState::Paid);
    for (scheme, reason, on, refused) in [
        (MandateScheme::SepaCore, DebitReason::Md06, "2026-06-12", None),
        (MandateScheme::SepaCore, DebitReason::Md06, "2026-06-13", Some("REFUND_TOO_LATE")),
        (MandateScheme::SepaCore, DebitReason::Md01, "2027-05-17", None),
        (MandateScheme::SepaCore, DebitReason::Md01, "2027-05-18", Some("REFUND_TOO_LATE")),
        (MandateScheme::SepaB2b, DebitReason::Md06, "2026-04-18", Some("NO_REFUND_RIGHT")),
        (MandateScheme::SepaB2b, DebitReason::Md01, "2027-05-17", None),
        (MandateScheme::Autogiro, DebitReason::Md06, "2026-06-12", None),
    ] {
        let answer = require_refundable(&one, scheme, Some(reason), day(on)).err().map(|refused| refused.code.word());
        assert_eq!(answer, refused, "{scheme:?} {reason:?} {on}");
    }
}

#[test]
fn a_collection_is_announced_and_sent_in_time() {
    let mut settings = Settings { calendar: Calendar::new(BankCalendar::Weekdays), ..Settings::default() };
    for (lead, told, today, expected, sent) in [
        // A Wednesday: sent on Thursday, collected on Friday.
        (1, 0, "2026-04-15", "2026-04-17", "2026-04-16"),
        // A Friday: over the weekend.
        (1, 0, "2026-04-17", "2026-04-21", "2026-04-20"),
        (0, 0, "2026-04-17", "2026-04-20", "2026-04-20"),
        (2, 0, "2026-04-15", "2026-04-20", "2026-04-16"),
        // The announcement is longer; its last day is a Saturday.
        (1, 10, "2026-04-15", "2026-04-27", "2026-04-24"),
        (1, 14, "2026-04-15", "2026-04-29", "2026-04-28"),
    ] {
        settings.direct_debits = DebitTerms { lead_days: lead, ..DebitTerms::default() };
        let mandate = crate::mandates::tests::announced(told);
        let first = earliest(&settings, &mandate, day(today));
        assert_eq!((first, send_on(&settings, first)), (day(expected), day(sent)), "{lead} {told} {today}");
    }
}
