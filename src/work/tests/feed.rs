//! Following the event log: from the beginning, from a cursor, live, and from far behind.

use std::time::Duration;

use futures_util::future::join_all;

use super::super::Mode;
use super::harness::{World, on_both};
use super::*;
use crate::events::Event;
use crate::events::feed::{Feed, Follower};

/// Follows until an event, and gives all that came.
pub(super) async fn until(follower: &mut Follower, last: i64) -> Vec<Arc<Event>> {
    let mut events = Vec::new();
    while follower.position() < last {
        let next = tokio::time::timeout(Duration::from_secs(30), follower.next()).await;
        events.extend(next.expect("the events come").expect("the database"));
    }
    events
}

/// Every event once, in order, and each entry with its postings.
pub(super) fn assert_run(events: &[Arc<Event>], first: i64, last: i64) {
    let sequences: Vec<i64> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, (first..=last).collect::<Vec<_>>());
    for event in events {
        assert_eq!(event.type_ == "ENTRY_POSTED", event.entry.is_some());
        assert!(event.entry.as_ref().is_none_or(|entry| entry.postings.len() >= 2));
    }
}

async fn follow(feed: &Feed, after: Option<i64>) -> Follower {
    feed.follow(tenant(), after).await.expect("the database")
}

async fn pay(world: &World, times: usize) {
    let orders = (0..times).map(|_| payment(account(1), 1)).collect();
    world.together(orders, Mode::AllOrNothing).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_reads_what_was_and_then_what_comes() {
    on_both(async |world| {
        world.open(position(1, DebtRule::None)).await;
        pay(world, 600).await;
        let mut follower = follow(&world.engine.feed, Some(0)).await;
        let mut events = until(&mut follower, 601).await;
        let live = world.engine.feed.clone();
        let following = tokio::spawn(async move {
            let _feed = live;
            until(&mut follower, 651).await
        });
        join_all((0..50).map(|_| world.submit(payment(account(1), 1)))).await;
        events.extend(following.await.expect("no panic"));
        assert_run(&events, 1, 651);
        assert_eq!((events[0].type_.as_str(), events[0].account), ("ACCOUNT_OPENED", Some(account(1))));
        assert!(events[1].touches(account(1)) && !events[1].touches(account(2)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_that_was_dropped_resumes_at_its_cursor() {
    on_both(async |world| {
        world.open(position(1, DebtRule::None)).await;
        let feed = &world.engine.feed;
        let mut follower = follow(feed, None).await;
        assert_eq!(follower.position(), 1, "from now on");
        pay(world, 10).await;
        let mut events = until(&mut follower, 5).await;
        let cursor = follower.position();
        drop(follower);
        pay(world, 10).await;
        let mut follower = follow(feed, Some(cursor)).await;
        pay(world, 10).await;
        events.extend(until(&mut follower, 31).await);
        assert_run(&events, 2, 31);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_that_waits_is_woken_and_one_without_news_waits() {
    on_both(async |world| {
        world.open(position(1, DebtRule::None)).await;
        let mut follower = follow(&world.engine.feed, None).await;
        let mut ahead = follow(&world.engine.feed, Some(3)).await;
        let soon = Duration::from_millis(100);
        assert!(tokio::time::timeout(soon, follower.next()).await.is_err(), "nothing has happened");
        pay(world, 1).await;
        assert_run(&until(&mut follower, 2).await, 2, 2);
        assert!(tokio::time::timeout(soon, ahead.next()).await.is_err(), "its cursor is still ahead of the log");
        pay(world, 2).await;
        assert_run(&until(&mut ahead, 4).await, 4, 4);
        assert_run(&until(&mut follower, 4).await, 3, 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_follower_falls_back_to_pages_and_misses_nothing() {
    on_both(async |world| {
        world.open(position(1, DebtRule::None)).await;
        let mut slow = follow(&world.engine.feed, Some(0)).await;
        let mut quick = follow(&world.engine.feed, Some(0)).await;
        let mut read = Vec::new();
        for round in 1..=3 {
            pay(world, 900).await;
            read.extend(until(&mut quick, 1 + 900 * round).await);
        }
        assert_run(&read, 1, 2_701);
        let mut events = slow.next().await.expect("the database");
        pay(world, 100).await;
        events.extend(until(&mut slow, 2_801).await);
        assert_run(&events, 1, 2_801);
        assert_run(&until(&mut quick, 2_801).await, 2_702, 2_801);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn followers_come_and_go_while_the_log_grows() {
    on_both(async |world| {
        world.open(position(1, DebtRule::None)).await;
        let readers = (0..6).map(|reader| {
            let feed = world.engine.feed.clone();
            tokio::spawn(async move {
                let mut cursor = 0;
                let mut events = Vec::new();
                while cursor < 61 {
                    let mut follower = follow(&feed, Some(cursor)).await;
                    events.extend(until(&mut follower, (cursor + 1 + reader).min(61)).await);
                    cursor = follower.position();
                }
                events
            })
        });
        let readers: Vec<_> = readers.collect();
        for _ in 0..60 {
            world.done(payment(account(1), 1)).await;
        }
        for reader in join_all(readers).await {
            assert_run(&reader.expect("no panic"), 1, 61);
        }
    })
    .await;
}
