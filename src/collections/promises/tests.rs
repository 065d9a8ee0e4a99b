//! Promises: what they become, and which of them a payment counts for.

use uuid::Uuid;

use super::model::{PromiseStatus, PromiseToPay, counted, taken};
use super::{CancelPromise, CreatePromise};
use crate::collections::claims::{ClaimStatus, CreateClaim, CreditClaim, Movement, Originator};
use crate::collections::entries::EntryKind;
use crate::collections::entries::tests::{booked, claim, receivable};
use crate::collections::tests::{both, day, is_refused, money, opening, run};
use crate::ledger::refusal::{AMOUNT_OUT_OF_RANGE, CURRENCY_MISMATCH};
use crate::primitives::{ClaimId, Minor, PromiseToPayId};
use crate::refused::{INVALID_INPUT, INVALID_STATE, NOT_FOUND};
use crate::work::memory::Memory;

fn promise(amount: i64, paid: i64, due: &str, status: PromiseStatus) -> PromiseToPay {
    PromiseToPay {
        id: PromiseToPayId(Uuid::from_u128(1)),
        ordinal: 10,
        claim: ClaimId(Uuid::from_u128(2)),
        life: 1,
        currency: "SEK".parse().expect("a currency"),
        amount: Minor(amount),
        paid: Minor(paid),
        counted: 50,
        due_date: day(due),
        by_debtor: false,
        status,
        reason: None,
        judged_on: None,
        created_at: 0,
    }
}

#[test]
fn the_end_of_a_day_judges() {
    use PromiseStatus::{Broken, Cancelled, Kept, Open};
    for (status, paid, today, is_alive, becomes) in [
        (Open, 0, "2026-05-09", true, None),
        (Open, 0, "2026-05-10", true, Some(Broken)),
        (Open, 99, "2026-05-12", true, Some(Broken)),
        (Open, 100, "2026-05-01", true, Some(Kept)),
        (Open, 100, "2026-05-10", false, Some(Kept)),
        (Open, 99, "2026-05-01", false, Some(Cancelled)),
        (Kept, 100, "2026-06-01", true, None),
        (Kept, 99, "2026-05-09", true, Some(Open)),
        (Kept, 99, "2026-05-10", true, Some(Broken)),
        (Kept, 99, "2026-05-01", false, Some(Broken)),
        (Broken, 100, "2026-06-01", true, None),
        (Cancelled, 100, "2026-06-01", true, None),
    ] {
        let found = promise(100, paid, "2026-05-10", status).judged(day(today), is_alive);
        assert_eq!(found, becomes, "{status:?} {paid} {today} {is_alive}");
        if let Some(becomes) = becomes {
            assert!(promise(100, paid, "2026-05-10", status).become_(becomes).is_ok());
        }
    }
}

#[test]
fn payments_go_to_what_is_due_first_and_come_back_from_the_last() {
    use PromiseStatus::{Broken, Kept, Open};
    let promises = [
        promise(100, 0, "2026-05-20", Open),
        promise(50, 20, "2026-05-10", Open),
        promise(50, 50, "2026-05-05", Kept),
        promise(70, 0, "2026-05-01", Open),
        promise(70, 0, "2026-05-30", Broken),
    ];
    let minor = |parts: Vec<(usize, Minor)>| parts.into_iter().map(|(at, part)| (at, part.0)).collect::<Vec<_>>();
    for (amount, today, expected) in [
        (40, "2026-05-02", vec![(1, 30), (0, 10)]),
        (500, "2026-05-02", vec![(1, 30), (0, 100)]),
        (500, "2026-05-10", vec![(1, 30), (0, 100)]),
        (500, "2026-05-11", vec![(0, 100)]),
        (500, "2026-05-21", vec![]),
        (5, "2026-05-01", vec![(3, 5)]),
    ] {
        assert_eq!(minor(counted(&promises, Minor(amount), day(today))), expected, "{amount} {today}");
    }
    for (amount, payment, expected) in [
        (60, 30, vec![(1, 20), (2, 40)]),
        (10, 50, vec![(1, 10)]),
        // Before it was promised, and after the last that counted.
        (10, 9, vec![]),
        (10, 51, vec![]),
    ] {
        assert_eq!(minor(taken(&promises, Minor(amount), payment)), expected, "{amount} {payment}");
    }
}

fn create(claim: &str, amount: &str, due: chrono::NaiveDate) -> CreatePromise {
    CreatePromise { claim: claim.into(), amount: money(amount, "SEK"), due_date: due }
}

fn paid(memory: &Memory) -> Vec<i64> {
    let mut promises = memory.rows::<PromiseToPay>();
    promises.sort_by_key(|promise| promise.ordinal);
    promises.iter().map(|promise| promise.paid.0).collect()
}

#[test]
fn what_is_paid_since_counts_and_a_chargeback_takes_back_no_more() {
    both(|memory| {
        run(memory, &receivable("A1", None)).expect("created");
        booked(memory, EntryKind::Invoice, "I1", "100", None);
        booked(memory, EntryKind::Payment, "P0", "10", Some("I1"));
        let today = memory.today();
        run(memory, &create("A1/I1", "30", today)).expect("a promise");
        run(memory, &create("A1/I1", "60", today.succ_opt().expect("a day"))).expect("a promise");
        is_refused(run(memory, &create("A1/I1", "0.01", today)), AMOUNT_OUT_OF_RANGE, "amount");
        booked(memory, EntryKind::Payment, "P1", "40", Some("I1"));
        assert_eq!(paid(memory), [3_000, 1_000]);
        // What came before it was promised is not what kept it.
        booked(memory, EntryKind::Chargeback, "B0", "10", Some("P0"));
        assert_eq!(paid(memory), [3_000, 1_000]);
        booked(memory, EntryKind::Chargeback, "B1", "25", Some("P1"));
        assert_eq!(paid(memory), [1_500, 0]);
        // A word is no payment.
        booked(memory, EntryKind::Discount, "D1", "5", Some("I1"));
        assert_eq!(paid(memory), [1_500, 0]);
        assert_eq!(claim(memory, "I1"), (8_000, 0, ClaimStatus::Active));
    });
}

#[test]
fn a_credit_of_an_unmanaged_claim_counts_and_what_is_wrong_is_refused() {
    both(|memory| {
        run(memory, &CreateClaim(opening("C1", "100", "5"))).expect("a claim");
        let today = memory.today();
        let made = run(memory, &create("C1", "105", today)).expect("a promise");
        let credit = Movement {
            reference: "C1".into(),
            amount: money("20", "SEK"),
            originator: Originator::Client,
            at: None,
            description: None,
        };
        run(memory, &CreditClaim(credit)).expect("credited");
        assert_eq!(paid(memory), [2_000]);
        let euros = CreatePromise { amount: money("1", "EUR"), ..create("C1", "1", today) };
        is_refused(run(memory, &euros), CURRENCY_MISMATCH, "amount.currency");
        is_refused(run(memory, &create("C9", "1", today)), NOT_FOUND, "claimReference");
        let cancel = CancelPromise { promise: made.id, reason: Some("PLAN".into()) };
        run(memory, &cancel).expect("cancelled");
        is_refused(run(memory, &cancel), INVALID_STATE, "promise");
        for (amount, due, code, field) in [
            ("0", today, AMOUNT_OUT_OF_RANGE, "amount"),
            ("85.01", today, AMOUNT_OUT_OF_RANGE, "amount"),
            ("1.001", today, INVALID_INPUT, "amount"),
            ("1", today.pred_opt().expect("a day"), INVALID_INPUT, "dueDate"),
            ("1", today + chrono::Days::new(367), INVALID_INPUT, "dueDate"),
        ] {
            is_refused(run(memory, &create("C1", amount, due)), code, field);
        }
        run(memory, &create("C1", "85", today)).expect("a promise");
    });
}
