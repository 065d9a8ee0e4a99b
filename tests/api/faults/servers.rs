//! Two servers on one PostgreSQL, under load, and one of them killed.

use std::time::Duration;

use futures_util::future::join;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use sea_orm::{ConnectionTrait as _, Statement};

use super::followers::{Over, Subscriber};
use super::load::{Reply, Request, World};
use super::served::{Client, Folder, Served, on_database, seed, verify};
use crate::app::{Engine, TestDatabase};

/// Two servers and what is at work on them.
struct Pair {
    first: Served,
    second: Served,
    clients: [Client; 2],
    world: World,
    _folder: Folder,
}

impl Pair {
    async fn start(database: &TestDatabase) -> Self {
        let (folder, url) = (Folder::new(), database.url());
        // Both migrate an empty database, and both make the tenant and its client.
        let (first, second) = join(Served::start(&url, &folder), Served::start(&url, &folder)).await;
        let client = Client::of(&first).await;
        let clients = [client.clone(), client.at(&second)];
        let world = World::found(&client).await;
        Self { first, second, clients, world, _folder: folder }
    }

    async fn subscribers(&self) -> Vec<Subscriber> {
        let mut subscribers = Vec::new();
        for client in &self.clients {
            for over in [Over::Socket, Over::Events] {
                subscribers.push(Subscriber::start(client, over).await);
            }
        }
        subscribers
    }

    /// Nobody has waited in a circle, by what PostgreSQL counts and by what the servers say.
    async fn has_no_deadlock(&self, database: &TestDatabase) {
        let db = database.open().await;
        let sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
        let row = db.reader().query_one_raw(Statement::from_string(db.backend(), sql)).await;
        let deadlocks: i64 = row.expect("an answer").expect("a row").try_get("", "deadlocks").expect("a number");
        db.reader().clone().close().await.expect("closed");
        assert_eq!(deadlocks, 0);
        for log in [self.first.log(), self.second.log()] {
            let said = log.lines().find(|line| line.contains("40P01") || line.contains("deadlock"));
            assert_eq!(said, None);
        }
    }
}

/// The same request to both at once.
async fn race(request: &Request, clients: &[Client; 2]) -> [super::load::Done; 2] {
    let (one, other) = join(request.send(&clients[0]), request.send(&clients[1])).await;
    let (Reply::Done(mut one), Reply::Done(mut other)) = (one, other) else { panic!("{request:?}") };
    [one.remove(0), other.remove(0)]
}

async fn both_write(database: TestDatabase) {
    let mut rng = StdRng::seed_from_u64(seed());
    let mut pair = Pair::start(&database).await;
    let subscribers = pair.subscribers().await;
    let writers = pair.world.write(&pair.clients, 12, rng.random());
    let mut firsts = [0, 0];
    for _ in 0..60 {
        let request = pair.world.some_transfer(&mut rng);
        let [one, other] = race(&request, &pair.clients).await;
        assert_eq!(one.id, other.id, "{request:?}");
        assert_ne!(one.replayed, other.replayed, "{request:?} was done by one of the two");
        firsts[usize::from(one.replayed)] += 1;
        let first = if one.replayed { other } else { one };
        pair.world.note(request, Reply::Done(vec![first]));
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    writers.stop().await;
    let head = pair.world.head(&database).await;
    for subscriber in subscribers {
        assert_eq!(subscriber.finish(head).await, 0, "nobody had to resume");
    }
    let counts = pair.world.settle(&pair.clients[0], &database).await;
    println!("{counts:?}, first at each: {firsts:?}");
    assert_eq!((counts.faults, counts.lost), (0, 0));
    assert!(counts.acknowledged > 100, "{counts:?} is no load");
    pair.world.check(&pair.clients[1], &database).await;
    verify(&database.url()).await;
    pair.has_no_deadlock(&database).await;
    assert!(pair.first.is_alive() && pair.second.is_alive());
}

async fn one_is_killed(database: TestDatabase) {
    let mut rng = StdRng::seed_from_u64(seed());
    let mut pair = Pair::start(&database).await;
    let (subscribers, url) = (pair.subscribers().await, database.url());
    let writers = pair.world.write(&pair.clients, 12, rng.random());
    tokio::time::sleep(Duration::from_millis(rng.random_range(300..900))).await;
    pair.first.kill();
    // The other goes on at once: nothing that the first had locked is in its way for long.
    let alone = pair.world.some_transfer(&mut rng);
    let reply = tokio::time::timeout(Duration::from_secs(5), alone.send(&pair.clients[1])).await;
    let reply = reply.expect("the other goes on");
    assert!(matches!(reply, Reply::Done(_)), "{reply:?}");
    pair.world.note(alone, reply);
    verify(&url).await;
    // Clients and subscribers of the first turn to the other.
    pair.clients[0].turn_to(&pair.second);
    tokio::time::sleep(Duration::from_millis(500)).await;
    writers.stop().await;
    let counts = pair.world.settle(&pair.clients[1], &database).await;
    println!("{counts:?}");
    assert!(counts.lost > 0 && counts.faults == 0, "{counts:?}");
    let head = pair.world.head(&database).await;
    let mut resumed = Vec::new();
    for subscriber in subscribers {
        resumed.push(subscriber.finish(head).await);
    }
    assert!(resumed[0] > 0 && resumed[1] > 0 && resumed[2..] == [0, 0], "{resumed:?}");
    pair.world.check(&pair.clients[1], &database).await;
    verify(&url).await;
    pair.has_no_deadlock(&database).await;
    assert!(pair.second.is_alive());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_keep_one_order_and_lose_nothing() {
    on_database(Engine::Postgres, both_write).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_is_killed_and_the_other_goes_on() {
    on_database(Engine::Postgres, one_is_killed).await;
}
