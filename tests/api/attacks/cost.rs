//! What refusing costs, on a server of its own: the time that its threads spend on a processor, as the system counts
//! it, and memory. That time is what the work costs whatever else the machine does, and it counts everything: the
//! connection, the token, the reading, the answer.
//!
//! The bound is five milliseconds. A build without optimization is slower, about as many times as it is slower at the
//! good request that is measured beside the attacks; there the bound grows with that, see [`bound`]. An optimized build
//! is held to the five milliseconds themselves.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::{Duration, Instant};

use chrono::Utc;
use serde_json::json;

use super::rows::{Attack, Row, rows};
use super::target::{Target, Way, said};
use super::tokens::bad_tokens;
use crate::faults::meter;
use crate::faults::served::{Folder, Served};

/// How often each attack is repeated in a round.
const TIMES: u32 = 10;
/// Rounds through the table. Of each attack the cheapest counts: what else the machine does (it may be other tests, or
/// another guest of the same processor) makes work dearer, never cheaper.
const ROUNDS: usize = 3;
const BOUND: Duration = Duration::from_millis(5);
/// What the good request takes of a processor in an optimized build, with room: a fifth of a millisecond.
const GOOD: Duration = Duration::from_micros(200);

/// The bound for a build in which the good request takes this long.
fn bound(good: Duration) -> Duration {
    if !cfg!(debug_assertions) {
        return BOUND;
    }
    let times = good.as_micros().div_ceil(GOOD.as_micros()).max(1);
    BOUND * u32::try_from(times).unwrap_or(u32::MAX)
}

struct Cost {
    name: String,
    processor: Duration,
    median: Duration,
}

async fn measure(served: &Served, target: &Target, way: Way, name: &str, attack: &Attack) -> Cost {
    let mut times = Vec::new();
    // Operations share a socket, as they do in life; what closes a socket opens one each time.
    let mut socket = match (way, attack) {
        (Way::Socket, Attack::Operation { .. }) => Some(target.socket().await),
        _ => None,
    };
    let before = meter::ProcessorTime::of(served.pid());
    for _ in 0..TIMES {
        let since = Instant::now();
        match (&mut socket, attack) {
            (Some(socket), Attack::Operation { query, variables }) => {
                said(target.operate(socket, query, variables).await);
            }
            _ => {
                target.send(way, attack).await;
            }
        }
        times.push(since.elapsed());
    }
    let processor = meter::ProcessorTime::of(served.pid()).since(&before) / TIMES;
    Cost { name: format!("{name}, over {way:?}"), processor, median: meter::median(&mut times) }
}

/// `KeyRing::for_show`, as operators write it.
const KEYS: &str = "show=K1vLjJyGEhdpHaRA8wvFHJyPeixZtwYvH97aQJvqkwk=";
const LOOKUP_KEY: &str = "04x479WdxnqENKOGsrA5g03ZKTTE/7T4DS8jNrHz8p4=";

/// The keys of the servers of this process.
fn keys_for_show() -> [&'static str; 4] {
    ["--data-keys", KEYS, "--lookup-key", LOOKUP_KEY]
}

on_both_databases! {
    async fn refusing_is_cheap(app: TestApp) {
        app.clock().set(Utc::now() - chrono::Duration::seconds(3_700));
        let tokens = bad_tokens(&app).await;
        let token = app.with_scopes("read money admin subscribe audit").token().await.expect("a token");
        app.server().stop().await;
        let folder = Folder::new();
        let served = Served::start_with(&app.database_url(), &folder, &keys_for_show()).await;
        let target = Target::new(served.address(), &token);
        let good = Attack::operation("{ viewer { client } }", json!({}));
        let mut goods = Vec::new();
        for way in [Way::Post, Way::Events, Way::Socket] {
            assert_eq!(target.send(way, &good).await, "answered");
            measure(&served, &target, way, "warming up", &good).await;
            goods.push(measure(&served, &target, way, "a good request", &good).await);
        }
        let memory = meter::resident_kb(served.pid());
        meter::forget_peak(served.pid());
        let mut costs: BTreeMap<String, Cost> = BTreeMap::new();
        let mut resident = Vec::new();
        for _ in 0..ROUNDS {
            for Row { name, attack, answers } in rows(&tokens) {
                for (way, expected) in answers {
                    assert_eq!(target.send(way, &attack).await, expected, "{name}, over {way:?}");
                    let cost = measure(&served, &target, way, &name, &attack).await;
                    match costs.entry(cost.name.clone()) {
                        Entry::Vacant(place) => _ = place.insert(cost),
                        Entry::Occupied(mut place) if cost.processor < place.get().processor => _ = place.insert(cost),
                        Entry::Occupied(_) => {}
                    }
                }
            }
            resident.push(meter::resident_kb(served.pid()));
        }
        let peak = meter::peak_kb(served.pid());
        let slowness = goods.iter().map(|cost| cost.processor).min().unwrap_or_default();
        let bound = bound(slowness);
        let mut costs: Vec<Cost> = costs.into_values().collect();
        costs.sort_by_key(|cost| std::cmp::Reverse(cost.processor));
        println!("processor time, median latency; bound {bound:?}");
        for Cost { name, processor, median } in goods.iter().chain(&costs) {
            println!("{processor:>12?} {median:>12?}  {name}");
        }
        println!("memory: {memory} kB before, {peak} kB at most, after each round {resident:?} kB");
        let dear: Vec<&str> = costs.iter().filter(|cost| cost.processor > bound).map(|cost| &*cost.name).collect();
        assert!(dear.is_empty(), "dearer than {bound:?}: {dear:#?}");
        // The allocator keeps what the first round needed; the next ones need no more.
        assert!(peak < memory + 120_000, "{memory} kB, then {peak} kB");
        assert!(resident[ROUNDS - 1] < resident[0] + 15_000, "{resident:?}");
    }
}
