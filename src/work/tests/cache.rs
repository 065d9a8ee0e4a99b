//! What a tenant's worker remembers: bound by what is asked for, and never decisive once others have written.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::{join, join_all};

use super::super::Mode;
use super::super::cache::{Cache, Generations, LEAST, MOST, Memory, Share};
use super::super::row::{AnyRow, Table};
use super::harness::{World, on_both, on_postgres, submit_to};
use super::*;
use crate::engine::Engine;
use crate::primitives::ids::RowId as _;

#[test]
fn what_was_not_asked_for_since_the_last_turn_goes_with_the_next() {
    let mut map: Generations<&str, u8> = Generations::default();
    for (key, value) in [("asked", 1), ("looked at", 2), ("left", 3), ("replaced", 4)] {
        assert_eq!(map.put(key, value), None);
    }
    map.turn();
    assert_eq!(map.get("asked"), Some(&1), "asked for, it is young again");
    assert!(map.knows("looked at"), "looking does not make it young");
    assert_eq!(map.put("replaced", 5), Some(4));
    assert_eq!(map.len(), 4);
    map.turn();
    let asked = ["asked", "replaced", "looked at", "left"].map(|key| map.get(key).copied());
    assert_eq!(asked, [Some(1), Some(5), None, None]);
    map.set("asked", None);
    assert_eq!((map.knows("asked"), map.len()), (false, 1), "forgotten in both generations");
    map.turn();
    map.set("replaced", None);
    assert_eq!(map.len(), 0);
}

fn slot(number: u128) -> Arc<dyn AnyRow> {
    Arc::new(position(number, DebtRule::None))
}

#[test]
fn a_cache_lets_go_of_the_older_half_when_the_younger_one_is_full() {
    let mut cache = Cache::default();
    for number in 0..40_000 {
        cache.keep(slot(number));
        cache.turn(LEAST);
        let first = cache.row(Table::Position, account(0).uuid());
        assert!(first.is_some(), "what is asked for with each batch is never let go");
    }
    assert!(cache.weight() < 2 * LEAST, "{}", cache.weight());
    assert!(cache.row(Table::Position, account(1).uuid()).is_none(), "what nobody asks for is");
    assert!(cache.weight() > LEAST / 2);
}

#[test]
fn a_small_cache_keeps_everything() {
    let mut cache = Cache::default();
    for number in 0..5_000 {
        cache.keep(slot(number));
        cache.turn(MOST);
    }
    assert!((0..5_000).all(|number| cache.row(Table::Position, account(number).uuid()).is_some()));
}

#[test]
fn all_tenants_of_a_server_share_what_may_be_kept() {
    let all = Memory::default();
    let (mut large, mut small) = (Share::of(&all), Share::of(&all));
    assert!(large.is_now(MOST));
    assert!(small.is_now(LEAST));
    let mut others: Vec<Share> = (0..3).map(|_| Share::of(&all)).collect();
    let fits: Vec<bool> = others.iter_mut().map(|share| share.is_now(MOST)).collect();
    assert!(!fits[2], "together too much");
    assert!(!large.is_now(MOST), "so the large ones make room");
    assert!(small.is_now(LEAST), "and the small ones need not");
    drop(others);
    assert!(large.is_now(MOST), "what a worker that ends has kept is given back");
}

/// Batches that were committed in one statement.
fn optimistic(engine: &Engine) -> u64 {
    engine.workers.metrics().optimistic.get()
}

fn overtaken(engine: &Engine) -> u64 {
    engine.workers.metrics().overtaken.get()
}

fn refused(outcome: Outcome, available: i64) {
    let available = Minor(available).in_currency(sek());
    assert_eq!(outcome.unwrap_err(), says(&Refusal::InsufficientFunds { account: account(1), available }));
}

fn pay(amount: i64) -> Order {
    transfer(account(1), account(2), amount)
}

async fn beside(engine: &Engine, order: Order) -> Outcome {
    submit_to(engine, order).await.expect("the database")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_write_in_between_is_seen() {
    on_both(async |world| {
        world.open(holding(1, DebtRule::None, 100)).await;
        world.open(position(2, DebtRule::None)).await;
        let other = world.another_engine().await;
        world.done(pay(10)).await;
        for round in 1..=4_i64 {
            // The worker knows of 90, 80, 70, 60.
            let left = 100 - 10 * round;
            beside(&other, pay(left - 5)).await.expect("it is not refused");
            refused(world.submit(pay(6)).await, 5);
            beside(&other, transfer(account(2), account(1), left - 5)).await.expect("it is not refused");
            world.done(pay(10)).await;
            assert_eq!(world.balance(1).await, left - 10);
        }
        other.stop().await;
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
        let submit = async |order| beside(&later, order).await;
        for round in 0..3 {
            // Warm, so that nothing but the key is unknown.
            submit(pay(1)).await.expect("it is not refused");
            let again = submit(keyed(pay(7), "once", "7")).await.expect("a replay");
            assert_eq!((again.replayed, &again.result), (true, &first.result), "{round}");
            submit(pay(1)).await.expect("it is not refused");
            assert_eq!(code(&submit(keyed(pay(8), "once", "8")).await), Err(IDEMPOTENCY_KEY_REUSED));
        }
        assert_eq!(world.balance(1).await, 100 - 7 - 6);
        // Now it would be refused: the answer is that of the first time all the same, as long as nobody remembers the key.
        submit(pay(84)).await.expect("it is not refused");
        let again = submit(keyed(pay(7), "once", "7")).await.expect("a replay");
        assert_eq!((again.replayed, &again.result), (true, &first.result));
        let last = world.another_engine().await;
        let submit = async |order| beside(&last, order).await;
        refused(submit(pay(4)).await, 3);
        submit(pay(1)).await.expect("it is not refused");
        let again = submit(keyed(pay(7), "once", "7")).await.expect("a replay");
        assert_eq!((again.replayed, &again.result), (true, &first.result));
        let batch = [keyed(pay(7), "once", "7"), keyed(pay(9), "new", "9")];
        let mut outcomes = join_all(batch.map(|order| beside(&last, order))).await;
        assert!(outcomes[0].as_ref().is_ok_and(|applied| applied.replayed), "{outcomes:?}");
        refused(outcomes.remove(1), 2);
        later.stop().await;
        last.stop().await;
        world.verify_clean(1 + 1 + 6 + 2).await;
    })
    .await;
}

/// What was done long ago is not done again only because nobody has looked its key up: here it would be what the other is
/// refused for, and nothing would be written that the database could object to.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_nobody_remembers_is_a_replay_among_all_or_nothing_too() {
    on_both(async |world| {
        world.open(holding(1, DebtRule::None, 100)).await;
        world.open(position(2, DebtRule::None)).await;
        let first = world.done(keyed(pay(30), "once", "30")).await;
        let other = world.another_engine().await;
        beside(&other, pay(1)).await.expect("it is not refused");
        let items = [keyed(pay(30), "once", "30"), pay(60)].map(|order| (order.key, order.action)).to_vec();
        let mut answers = other.run_all(&origin(), items, Mode::AllOrNothing).await;
        let last = outcome_of(answers.pop().expect("two")).expect("the database").expect("it is not refused");
        let again = outcome_of(answers.pop().expect("two")).expect("the database").expect("a replay");
        assert_eq!((again.replayed, again.result, last.replayed), (true, first.result, false));
        assert_eq!(world.balance(1).await, 9);
        other.stop().await;
        world.verify_clean(4).await;
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
        let refusals = "SELECT COUNT(*) FROM command WHERE outcome = 'REFUSED'";
        assert_eq!(world.number(refusals).await, 1);
        // Holds and all other rows go the same way.
        let before = optimistic(&world.engine);
        let hold = world.held(placing(account(1), 10)).await;
        world.done(capturing(hold, None)).await;
        assert_eq!(optimistic(&world.engine), before + 2);
        assert_eq!(overtaken(&world.engine), 0);
        world.verify_clean(1 + 1 + 5 + 1).await;
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
            beside(&other, pay(1)).await.expect("it is not refused");
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
                let reverse = beside(&other, reversal(&gone)).await;
                assert_eq!(code(&reverse), Err(INSUFFICIENT_FUNDS));
            }
        }));
        let booking = async {
            for _ in 0..60 {
                // The next payment would put right what one has left wrong.
                world.done(payment(account(1), 1)).await;
                world.verify().await;
            }
            done.store(true, Ordering::Relaxed);
        };
        join(refusing, booking).await;
        other.stop().await;
        world.verify_clean(2 + 60).await;
    })
    .await;
}
