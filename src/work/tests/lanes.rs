//! The front and the background: the one is not held up, and the other does not starve.

use std::collections::BTreeMap;

use futures_util::future::join;
use sea_orm::{ConnectionTrait as _, Statement};

use super::super::{Mode, Priority};
use super::harness::{World, on_both};
use super::*;

/// A payment whose description tells its lane.
fn pay(lane: &str) -> Action {
    let mut draft = payment_draft(account(1), 1);
    draft.description = lane.into();
    Action::Post(draft)
}

async fn ask(world: &World, lane: &str, count: usize, priority: Priority) {
    let items = (0..count).map(|_| (None, pay(lane))).collect();
    for answer in world.engine.workers.run_all(&origin(), items, Mode::EachAlone, priority).await {
        answer.expect("done");
    }
}

/// How many entries of each lane stand in each batch.
async fn batches(world: &World) -> BTreeMap<i64, (i64, i64)> {
    let sql = "SELECT batch_number, CAST(SUM(CASE WHEN description = 'front' THEN 1 ELSE 0 END) AS bigint) AS front, \
               CAST(SUM(CASE WHEN description = 'back' THEN 1 ELSE 0 END) AS bigint) AS back FROM entry GROUP BY batch_number";
    let rows =
        world.db().reader().query_all_raw(Statement::from_string(world.db().backend(), sql)).await.expect("rows");
    let number = |row: &sea_orm::QueryResult, name| row.try_get::<i64>("", name).expect("a number");
    rows.iter().map(|row| (number(row, "batch_number"), (number(row, "front"), number(row, "back")))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_background_gets_a_share_of_each_batch_and_no_more() {
    on_both(async |world| {
        world.open(position(1, DebtRule::None)).await;
        // While the front has something to do, it is asked for much of both.
        let background = ask(world, "back", 3_000, Priority::Background);
        let front = ask(world, "front", 5_000, Priority::Front);
        join(front, background).await;
        let batches = batches(world).await;
        let of_front: i64 = batches.values().map(|(front, _)| front).sum();
        let of_back: i64 = batches.values().map(|(_, back)| back).sum();
        assert_eq!((of_front, of_back), (5_000, 3_000), "everybody comes to it");
        for (number, (front, back)) in &batches {
            assert!(*back <= (front / 2).max(16), "batch {number}: {front} and {back}");
            assert!(*front <= 1_024);
        }
        let shared = batches.values().filter(|(front, back)| *front > 0 && *back > 0).count();
        assert!(shared >= 3, "it does not wait until the front is done: {batches:?}");
        world.verify_clean(8_000).await;
    })
    .await;
}
