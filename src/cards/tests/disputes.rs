//! Refunds and disputes of one purchase: it is given back once.

use super::super::chargebacks::{Chargeback, ChargebackOutcome, OpenChargeback};
use super::super::clearing::{PurchaseByCard, RefundCard, Refunded};
use super::scheme::{both, card, disputing, message, resolving};
use crate::ledger::InternalRole;
use crate::primitives::Minor;
use crate::work::tests::domain::{money, paying, taking_back};

#[test]
fn what_was_refunded_is_not_charged_back() {
    both(|world| {
        world.done(&paying("A", "100"));
        let purchase = world.done(&PurchaseByCard { card: card("A"), message: message("40") });
        let refund = |amount: &str| RefundCard { of: Refunded::Purchase(purchase.id), message: message(amount) };
        let first = world.done(&refund("15"));
        let asked = |amount: &str| OpenChargeback { amount: Some(money(amount)), ..disputing(&purchase, true) };
        assert_eq!(world.refused(&asked("25.01")), ("AMOUNT_OUT_OF_RANGE", "amount".into()));
        // A refund that was none counts no more, in parts as well; until then the purchase itself is not reversed.
        assert_eq!(world.refused(&taking_back(&purchase, None)), ("INVALID_STATE", "entry".into()));
        world.done(&taking_back(&first, Some("5")));
        assert_eq!(world.refused(&asked("30.01")), ("AMOUNT_OUT_OF_RANGE", "amount".into()));
        world.done(&taking_back(&first, None));
        assert_eq!(world.refused(&asked("40.01")), ("AMOUNT_OUT_OF_RANGE", "amount".into()));
        world.done(&refund("15"));
        let chargeback = world.done(&disputing(&purchase, true));
        assert_eq!((chargeback.amount, world.standing("A")[0]), (Minor(2_500), 10_000));
        // All of it was refunded: nothing is disputed.
        let other = world.done(&PurchaseByCard { card: card("A"), message: message("10") });
        world.done(&RefundCard { of: Refunded::Purchase(other.id), message: message("11") });
        assert_eq!(world.refused(&disputing(&other, true)), ("INVALID_STATE", "purchase".into()));
    });
}

#[test]
fn a_refund_is_held_against_a_chargeback() {
    use ChargebackOutcome::{Lost, Won};
    for (credited, outcome, refunded_after, funds, settlement, disputed) in [
        // Refunded while it is open: what is given provisionally is given no more, and the outcome is about the rest.
        (true, Won, false, 10_000, 0, 1_000),
        (true, Lost, false, 9_000, 1_000, 1_000),
        (false, Won, false, 10_000, 0, 1_000),
        (false, Lost, false, 9_000, 1_000, 1_000),
        // Refunded once it is decided: what was won is given back to the scheme, what was lost stays with the cardholder.
        (true, Won, true, 10_000, 0, 1_000),
        (false, Won, true, 10_000, 0, 1_000),
        (true, Lost, true, 9_000, 1_000, 4_000),
    ] {
        both(|world| {
            world.done(&paying("A", "100"));
            let purchase = world.done(&PurchaseByCard { card: card("A"), message: message("40") });
            let refund = RefundCard { of: Refunded::Purchase(purchase.id), message: message("30") };
            let chargeback = world.done(&disputing(&purchase, credited));
            if refunded_after {
                world.done(&resolving(&chargeback, outcome));
                world.done(&refund);
            } else {
                let refund = world.done(&refund);
                assert_eq!(world.standing("A")[0], if credited { 10_000 } else { 9_000 });
                assert_eq!(world.internal(InternalRole::ChargebackReceivable), if credited { -1_000 } else { 0 });
                assert_eq!(world.refused(&taking_back(&refund, None)), ("INVALID_STATE", "entry".into()));
                world.done(&resolving(&chargeback, outcome));
            }
            let after = world.memory.get::<Chargeback>(chargeback.id).expect("the chargeback");
            assert_eq!(after.disputed(), Minor(disputed), "{credited} {outcome:?} {refunded_after}");
            assert_eq!(world.standing("A")[0], funds, "{credited} {outcome:?} {refunded_after}");
            assert_eq!(world.internal(InternalRole::ChargebackReceivable), 0);
            assert_eq!(world.internal(InternalRole::SchemeSettlement), settlement);
        });
    }
    // All of it is refunded, and more: nothing is left to decide about.
    both(|world| {
        world.done(&paying("A", "100"));
        let purchase = world.done(&PurchaseByCard { card: card("A"), message: message("40") });
        let chargeback = world.done(&disputing(&purchase, true));
        for amount in ["30", "12"] {
            world.done(&RefundCard { of: Refunded::Purchase(purchase.id), message: message(amount) });
        }
        let done = world.done(&resolving(&chargeback, Won));
        assert_eq!((done.disputed(), done.outcome), (Minor::ZERO, None));
        assert_eq!((world.standing("A")[0], world.internal(InternalRole::SchemeSettlement)), (10_200, -200));
    });
}
