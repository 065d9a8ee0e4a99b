//! What a tenant's worker remembers of the books never decides anything once others have written to them.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::{join, join_all};

use super::harness::{World, on_both, on_postgres};
use super::*;
use crate::engine::Engine;

async fn beside(engine: &Engine, order: Order) -> Outcome {
    let tx = engine.db.begin().await.expect("a transaction");
    engine.finish(tx, order).await.expect("the database")
}

/// Batches that were committed in one statement.
fn optimistic(engine: &Engine) -> u64 {
    engine.committer.metrics().optimistic.get()
}

fn overtaken(engine: &Engine) -> u64 {
    engine.committer.metrics().overtaken.get()
}

fn refused(outcome: Outcome, available: i64) {
    let available = Minor(available).in_currency(sek());
    assert_eq!(outcome.unwrap_err(), Refusal::InsufficientFunds { account: account(1), available });
}

fn pay(amount: i64) -> Order {
    transfer(account(1), account(2), amount)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_write_in_between_is_seen() {
    on_both(async |world| {
        world.open(holding(1, DebtRule::None, 100)).await;
        world.open(position(2, DebtRule::None)).await;
        world.done(pay(10)).await;
        for round in 1..=4_i64 {
            // The worker knows of 90, 80, 70, 60.
            let left = 100 - 10 * round;
            beside(&world.engine, pay(left - 5)).await.expect("it is not refused");
            refused(world.submit(pay(6)).await, 5);
            beside(&world.engine, transfer(account(2), account(1), left - 5)).await.expect("it is not refused");
            world.done(pay(10)).await;
            assert_eq!(world.balance(1).await, left - 10);
        }
        world.verify_clean(1 + 1 + 4 * 3).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_worker_does_not_remember_is_a_replay() {
    on_both(async |world| {
        world.open(holding(1, DebtRule::None, 100)).await;
        world.open(position(2, DebtRule::None)).await;
        let first = world.done(keyed(pay(7), "once", "7")).await;
        let later = world.another_engine().await;
        let submit = async |order| later.submit(order).await.expect("the database");
        for round in 0..3 {
            // Warm, so that nothing but the key is unknown.
            submit(pay(1)).await.expect("it is not refused");
            let again = submit(keyed(pay(7), "once", "7")).await.expect("a replay");
            assert_eq!((again.replayed, &again.result), (true, &first.result), "{round}");
            submit(pay(1)).await.expect("it is not refused");
            assert_eq!(submit(keyed(pay(8), "once", "8")).await.unwrap_err(), Refusal::KeyReused);
        }
        assert_eq!(world.balance(1).await, 100 - 7 - 6);
        // Now it would be refused: the answer is that of the first time all the same, as long as nobody remembers the key.
        submit(pay(84)).await.expect("it is not refused");
        let again = submit(keyed(pay(7), "once", "7")).await.expect("a replay");
        assert_eq!((again.replayed, &again.result), (true, &first.result));
        let last = world.another_engine().await;
        let submit = async |order| last.submit(order).await.expect("the database");
        refused(submit(pay(4)).await, 3);
        submit(pay(1)).await.expect("it is not refused");
        let again = submit(keyed(pay(7), "once", "7")).await.expect("a replay");
        assert_eq!((again.replayed, &again.result), (true, &first.result));
        let batch = Submission { orders: vec![keyed(pay(7), "once", "7"), keyed(pay(9), "new", "9")], atomic: false };
        let outcomes = last.committer.submit(tenant(), batch).await.expect("the database");
        assert!(outcomes[0].as_ref().is_ok_and(|applied| applied.replayed), "{outcomes:?}");
        refused(outcomes.into_iter().nth(1).expect("two"), 2);
        later.stop().await;
        last.stop().await;
        world.verify_clean(1 + 1 + 6 + 2).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lone_server_writes_in_one_statement_once_it_knows_the_accounts() {
    on_postgres(&async |world: &World| {
        world.open(holding(1, DebtRule::None, 100)).await;
        world.open(position(2, DebtRule::None)).await;
        world.done(pay(1)).await;
        let before = optimistic(&world.engine);
        for _ in 0..5 {
            world.done(pay(1)).await;
        }
        assert_eq!(optimistic(&world.engine), before + 5);
        // Refusals are decided on the books as they stand as well, and leave their audit record.
        refused(world.submit(pay(95)).await, 94);
        assert_eq!(optimistic(&world.engine), before + 6);
        let refusals = "SELECT COUNT(*) FROM audit_record WHERE outcome = 'REFUSED'";
        assert_eq!(world.number(refusals).await, 1);
        // What looks at more than accounts takes the lock.
        let hold = world.held(placing(account(1), 10)).await;
        let before = optimistic(&world.engine);
        world.done(capturing(hold, account(1), None)).await;
        assert_eq!(optimistic(&world.engine), before);
        world.done(pay(1)).await;
        assert_eq!(optimistic(&world.engine), before + 1);
        assert_eq!(overtaken(&world.engine), 0);
        world.verify_clean(1 + 1 + 5 + 2).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_take_turns_lock_instead_of_trying_in_vain() {
    on_postgres(&async |world: &World| {
        world.open(holding(1, DebtRule::None, 1_000)).await;
        world.open(position(2, DebtRule::None)).await;
        let other = world.another_engine().await;
        for _ in 0..40 {
            world.done(pay(1)).await;
            other.submit(pay(1)).await.expect("the database").expect("it is not refused");
        }
        for engine in [&world.engine, &other] {
            assert!((1..=12).contains(&overtaken(engine)), "{}", overtaken(engine));
        }
        assert_eq!(world.balance(2).await, 80);
        other.stop().await;
        world.verify_clean(81).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_on_one_server_takes_nothing_from_what_is_booked_on_the_other() {
    on_postgres(&async |world: &World| {
        world.open(position(1, DebtRule::None)).await;
        world.open(position(2, DebtRule::None)).await;
        let gone = world.booked(payment(account(2), 100)).await;
        world.done(transfer(account(2), account(1), 100)).await;
        let other = world.another_engine().await;
        let done = AtomicBool::new(false);
        let refusing = join_all((0..3).map(async |_| {
            while !done.load(Ordering::Relaxed) {
                let reverse = other.submit(reversal(&gone)).await.expect("the database");
                assert!(matches!(reverse, Err(Refusal::InsufficientFunds { .. })), "{reverse:?}");
            }
        }));
        let booking = async {
            for _ in 0..60 {
                // The next payment would put right what one has left wrong.
                world.done(payment(account(1), 1)).await;
                world.verify().await.expect("clean books");
            }
            done.store(true, Ordering::Relaxed);
        };
        join(refusing, booking).await;
        other.stop().await;
        world.verify_clean(2 + 60).await;
    })
    .await;
}
