//! Time passing, and two servers on one PostgreSQL.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::future::join_all;

use super::super::read;
use super::feed::{assert_run, until};
use super::harness::{World, on_both, on_postgres, submit_to};
use super::*;

async fn status(world: &World, hold: HoldId) -> (HoldStatus, Option<i64>) {
    let hold = read::by_id::<Hold>(world.db().reader(), tenant(), hold).await;
    let hold = hold.expect("the database").expect("the hold");
    (hold.status, hold.closed_at)
}

fn lasting(order: Order, hours: i64) -> Order {
    let Action::PlaceHold(mut hold) = order.action else { unreachable!("a hold") };
    hold.expires_at = Some((start() + TimeDelta::hours(hours)).timestamp_micros());
    Order { action: Action::PlaceHold(hold), ..order }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_lapses_at_its_time_and_not_before() {
    on_both(async |world| {
        world.open(holding(1, DebtRule::None, 100)).await;
        let brief = world.held(lasting(placing(account(1), 60), 1)).await;
        let long = world.held(lasting(placing(account(1), 30), 2)).await;
        let endless = world.held(placing(account(1), 10)).await;
        let end = start() + TimeDelta::hours(1);
        world.clock.set(end - TimeDelta::microseconds(1));
        assert_eq!(world.engine.expire_holds().await.expect("the database"), 0);
        assert_eq!(status(world, brief).await, (HoldStatus::Open, None));

        world.clock.set(end);
        let late = world.submit(capturing(brief, None)).await;
        assert_eq!(
            late.unwrap_err(),
            says(&Refusal::HoldNotOpen { status: HoldStatus::Expired }),
            "time ends a hold, whether it was swept or not"
        );
        // The engine sweeps by itself too: whoever comes first, the hold ends once.
        join_all([world.engine.expire_holds(), world.engine.expire_holds()]).await;
        assert_eq!(status(world, brief).await, (HoldStatus::Expired, Some(end.timestamp_micros())));
        assert_eq!(world.engine.expire_holds().await.expect("the database"), 0);
        let position = world.position(1).await;
        assert_eq!((position.reserved, position.available(world.clock.today())), (Minor(40), Minor(60)));

        // A server does it by itself.
        let server = world.server().await;
        world.clock.set(end + TimeDelta::days(400));
        while status(world, long).await.0 == HoldStatus::Open {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        server.stop().await;
        assert_eq!(status(world, endless).await, (HoldStatus::Open, None));
        let expired = world.number("SELECT COUNT(*) FROM event WHERE type = 'HOLD_EXPIRED'").await;
        assert_eq!((expired, world.position(1).await.reserved), (2, Minor(10)));
        world.verify_clean(1).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lapsed_hold_lets_its_account_close() {
    on_both(async |world| {
        world.open(Position { credit_limit: Minor(100), ..position(1, DebtRule::Limit) }).await;
        world.held(lasting(placing(account(1), 60), 1)).await;
        world.done(order(Action::RequestClosure(account(1)))).await;
        assert_eq!(world.position(1).await.status, AccountStatus::PendingClose);
        world.clock.set(start() + TimeDelta::hours(30));
        world.engine.expire_holds().await.expect("the database");
        let position = world.position(1).await;
        assert_eq!((position.status, position.closed_on), (AccountStatus::Closed, Some(ahead(1))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_on_one_database_lose_no_update_and_tell_of_each_once() {
    on_postgres(&async |world: &World| {
        for number in 1..=4 {
            world.open(holding(number, DebtRule::None, 1_000)).await;
        }
        let engines = [world.engine.clone(), world.another_engine().await];
        let mut followers = Vec::new();
        for engine in &engines {
            let mut follower = engine.feed.follow(tenant(), Some(0)).await.expect("the database");
            followers.push(tokio::spawn(async move { until(&mut follower, 8 + 200).await }));
        }
        let orders = (0..200_u128).map(|n| (n, transfer(account(n % 4 + 1), account((n + 1 + n / 4 % 3) % 4 + 1), 5)));
        let tasks = orders.map(|(n, order)| {
            let engine = engines[usize::from(n % 8 < 4)].clone();
            tokio::spawn(async move { submit_to(&engine, order).await.expect("the database") })
        });
        for outcome in join_all(tasks.collect::<Vec<_>>()).await {
            assert!(outcome.expect("no panic").is_ok());
        }
        let mut sum = 0;
        for number in 1..=4 {
            sum += world.balance(number).await;
        }
        assert_eq!(sum, 4_000);
        for follower in followers {
            assert_run(&follower.await.expect("no panic"), 1, 208);
        }
        world.verify_clean(204).await;
        engines[1].stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_on_one_server_wakes_those_who_follow_on_the_other() {
    on_postgres(&async |world: &World| {
        world.open(position(1, DebtRule::None)).await;
        let other = world.another_engine().await;
        let mut follower = other.feed.follow(tenant(), None).await.expect("the database");
        world.done(payment(account(1), 1)).await;
        assert_run(&until(&mut follower, 2).await, 2, 2);
        let began = Instant::now();
        for sequence in 3..=22 {
            world.done(payment(account(1), 1)).await;
            assert_run(&until(&mut follower, sequence).await, sequence, sequence);
        }
        let polling = Duration::from_secs(20);
        assert!(began.elapsed() < polling, "twenty notifications, not twenty polls: {:?}", began.elapsed());
        other.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_money_is_spent_once_on_two_servers() {
    on_postgres(&async |world: &World| {
        let other = world.another_engine().await;
        world.open(position(1, DebtRule::None)).await;
        world.open(position(2, DebtRule::None)).await;
        for _ in 0..10 {
            world.done(payment(account(1), 7)).await;
            let spend = || transfer(account(1), account(2), 7);
            let spends = (0..6).map(|n| submit_to(if n % 2 == 0 { &world.engine } else { &other }, spend()));
            let outcomes = join_all(spends.collect::<Vec<_>>()).await;
            let spent = outcomes.iter().filter(|outcome| outcome.as_ref().expect("the database").is_ok());
            assert_eq!(spent.count(), 1);
        }
        assert_eq!((world.balance(1).await, world.balance(2).await), (0, 70));
        world.verify_clean(20).await;
        other.stop().await;
    })
    .await;
}
