//! Two or more at once on the same thing: one wins. Each race is run on one engine (whose worker may put both into one
//! batch) and on two engines that share a database.

use std::collections::BTreeSet;

use futures_util::future::{join, join_all};

use super::harness::{World, on_both, submit_to};
use super::*;
use crate::engine::Engine;
use crate::ledger::journal;

/// On which engine each of the two goes.
const WAYS: [(usize, usize); 4] = [(0, 0), (0, 1), (1, 0), (1, 1)];

async fn engines(world: &World) -> [Engine; 2] {
    [world.engine.clone(), world.another_engine().await]
}

async fn go(engine: &Engine, order: Order) -> Outcome {
    let engine = engine.clone();
    let task = tokio::spawn(async move { submit_to(&engine, order).await.expect("the database") });
    task.await.expect("no panic")
}

/// Runs both at once and gives the refusal of the one that lost.
async fn loser(engines: &[Engine; 2], (first, second): (usize, usize), orders: [Order; 2]) -> Refused {
    let [one, other] = orders;
    match join(go(&engines[first], one), go(&engines[second], other)).await {
        (Ok(_), Err(refusal)) | (Err(refusal), Ok(_)) => refusal,
        both => panic!("one of the two should win: {both:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_captures_that_exceed_the_hold_together_one_wins() {
    on_both(async |world| {
        let engines = engines(world).await;
        world.open(holding(1, DebtRule::None, 1_000)).await;
        for (round, ways) in (1..).zip(WAYS) {
            let hold = world.held(placing(account(1), 100)).await;
            let capture = || capturing(hold, Some(60));
            let refusal = loser(&engines, ways, [capture(), capture()]).await;
            assert_eq!(refusal, says(&Refusal::HoldTooSmall { remaining: Minor(40).in_currency(sek()) }), "{ways:?}");
            let position = world.position(1).await;
            assert_eq!((position.reserved, position.balance()), (Minor(40 * round), Minor(1_000 - 60 * round)));
        }
        world.verify_clean(5).await;
        engines[1].stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_capture_and_a_release_one_wins() {
    on_both(async |world| {
        let engines = engines(world).await;
        world.open(holding(1, DebtRule::None, 1_000)).await;
        for ways in WAYS {
            let hold = world.held(placing(account(1), 100)).await;
            let orders = [capturing(hold, None), releasing(hold)];
            let refusal = loser(&engines, ways, orders).await;
            assert_eq!(refusal.code, HOLD_NOT_OPEN, "{ways:?}");
            assert!(matches!(refusal.facts.status, Some("CAPTURED" | "RELEASED")), "{refusal:?}");
            assert_eq!(world.position(1).await.reserved, Minor::ZERO);
        }
        world.verify().await;
        engines[1].stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_reversals_of_one_entry_one_wins() {
    on_both(async |world| {
        let engines = engines(world).await;
        world.open(position(1, DebtRule::None)).await;
        for ways in WAYS {
            let entry = world.booked(payment(account(1), 100)).await;
            let refusal = loser(&engines, ways, [reversal(&entry), reversal(&entry)]).await;
            let mirrors =
                journal::reversals_of(world.db().reader(), tenant(), &[entry.id]).await.expect("the database");
            assert_eq!(refusal, says(&Refusal::AlreadyReversed { by: mirrors[0].id }), "{ways:?}");
            assert_eq!((mirrors.len(), world.balance(1).await), (1, 0));
        }
        world.verify_clean(8).await;
        engines[1].stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_money_is_spent_once() {
    on_both(async |world| {
        let engines = engines(world).await;
        for number in 1..=3 {
            world.open(position(number, DebtRule::None)).await;
        }
        for ways in WAYS {
            world.done(payment(account(1), 100)).await;
            let orders = [transfer(account(1), account(2), 100), transfer(account(1), account(3), 100)];
            let refusal = loser(&engines, ways, orders).await;
            let available = Minor::ZERO.in_currency(sek());
            assert_eq!(refusal, says(&Refusal::InsufficientFunds { account: account(1), available }), "{ways:?}");
        }
        assert_eq!(world.balance(1).await, 0);
        assert_eq!(world.balance(2).await + world.balance(3).await, 400);
        world.verify_clean(8).await;
        engines[1].stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_is_taken_once() {
    on_both(async |world| {
        let engines = engines(world).await;
        world.open(position(1, DebtRule::None)).await;
        for (round, ways) in WAYS.into_iter().enumerate() {
            let mut draft = payment_draft(account(1), 10);
            let reference = format!("INV-{round}");
            draft.external = Some(ExternalReference { reference, date: None, poster: None, code: None });
            let pay = || order(Action::Post(draft.clone()));
            assert_eq!(
                loser(&engines, ways, [pay(), pay()]).await,
                says(&Refusal::DuplicateExternalReference),
                "{ways:?}"
            );
        }
        world.verify_clean(4).await;
        engines[1].stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_from_many_at_once_has_one_effect_and_one_answer() {
    on_both(async |world| {
        let engines = engines(world).await;
        world.open(holding(1, DebtRule::None, 1_000)).await;
        world.open(position(2, DebtRule::None)).await;
        let order = || keyed(transfer(account(1), account(2), 10), "key", "10");
        let outcomes = join_all((0..36).map(|n| go(&engines[n % 2], order()))).await;
        let applied: Vec<Applied> = outcomes.into_iter().map(|outcome| outcome.expect("it is not refused")).collect();
        assert_eq!(applied.iter().filter(|applied| !applied.replayed).count(), 1);
        assert_eq!(applied.iter().map(|applied| &applied.result).collect::<BTreeSet<_>>().len(), 1);
        assert_eq!(world.balance(2).await, 10);
        let other = go(&engines[1], keyed(transfer(account(1), account(2), 11), "key", "11")).await;
        assert_eq!(code(&other), Err(IDEMPOTENCY_KEY_REUSED));
        world.verify_clean(2).await;
        engines[1].stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn opposite_directions_on_the_same_accounts_do_not_block_each_other() {
    on_both(async |world| {
        let engines = engines(world).await;
        let accounts = 1..=4_u128;
        for number in accounts.clone() {
            world.open(holding(number, DebtRule::None, 10_000)).await;
        }
        let ring: Vec<Order> = (0..96_u128)
            .map(|n| {
                let (from, to) = (n % 4 + 1, (n + 1 + n / 4 % 3) % 4 + 1);
                let (from, to) = if n % 2 == 0 { (from, to) } else { (to, from) };
                transfer(account(from), account(to), 1)
            })
            .collect();
        let outcomes = join_all(ring.into_iter().enumerate().map(|(n, order)| go(&engines[n % 5 / 3], order))).await;
        assert!(outcomes.iter().all(Result::is_ok), "{:?}", codes(&outcomes));
        let mut total = 0;
        for number in accounts {
            total += world.balance(number).await;
        }
        assert_eq!(total, 40_000);
        world.verify_clean(100).await;
        engines[1].stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closure_and_a_payment_at_once_never_leave_money_on_a_closed_account() {
    on_both(async |world| {
        let engines = engines(world).await;
        for (number, ways) in (1..).zip(WAYS) {
            world.open(position(number, DebtRule::None)).await;
            let orders = [order(Action::RequestClosure(account(number))), payment(account(number), 5)];
            let [close, pay] = orders;
            let (closed, paid) = join(go(&engines[ways.0], close), go(&engines[ways.1], pay)).await;
            assert!(closed.is_ok(), "{ways:?}");
            let position = world.position(number).await;
            match paid {
                Ok(_) => assert_eq!((position.status, position.balance()), (AccountStatus::PendingClose, Minor(5))),
                Err(refusal) => {
                    assert_eq!(refusal.code, ACCOUNT_NOT_OPEN);
                    assert_eq!((position.status, position.balance()), (AccountStatus::Closed, Minor::ZERO));
                }
            }
        }
        world.verify().await;
        engines[1].stop().await;
    })
    .await;
}
