//! `kill -9` under load, at random moments: what was acknowledged is there once, what was not is there once or not
//! at all, the books are clean, and nobody who resumes misses or repeats an event.
//!
//! `scripts/faults` runs more rounds.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::followers::{Over, Subscriber};
use super::load::World;
use super::served::{Client, Folder, Served, on_database, seed, verify};
use crate::app::{Engine, TestDatabase};

/// Rounds of a run that asks for no more.
const ROUNDS: u64 = 3;
const WRITERS: usize = 8;

async fn killed_again_and_again(database: TestDatabase) {
    let seed = seed();
    let rounds = std::env::var("KONTO_FAULTS_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().expect("a number"));
    let (mut rng, folder, url) = (StdRng::seed_from_u64(seed), Folder::new(), database.url());
    let mut served = Served::start(&url, &folder).await;
    let client = Client::of(&served).await;
    let world = World::found(&client).await;
    let mut subscribers = Vec::new();
    for over in [Over::Socket, Over::Events, Over::Socket, Over::Events] {
        subscribers.push(Subscriber::start(&client, over).await);
    }
    for round in 1..=rounds {
        let begun = Instant::now();
        let writers = world.write(std::slice::from_ref(&client), WRITERS, rng.random());
        let lives = Duration::from_millis(rng.random_range(50..900));
        tokio::time::sleep(lives).await;
        served.kill();
        writers.stop().await;
        verify(&url).await;
        served = Served::start(&url, &folder).await;
        client.turn_to(&served);
        let counts = world.settle(&client, &database).await;
        assert_eq!(counts.faults, 0, "{:?}", world.faults());
        verify(&url).await;
        println!("round {round} of {rounds}: killed after {lives:?}, {counts:?}, {:?} in all", begun.elapsed());
    }
    world.check(&client, &database).await;
    let head = world.head(&database).await;
    for subscriber in subscribers {
        let resumed = subscriber.finish(head).await;
        assert!(resumed as u64 >= rounds, "resumed {resumed} times only");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_on_sqlite() {
    on_database(Engine::Sqlite, killed_again_and_again).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_on_postgres() {
    on_database(Engine::Postgres, killed_again_and_again).await;
}
