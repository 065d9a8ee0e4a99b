//! The database goes away and comes back: what is asked in between gets a fault that says whether a repetition is
//! safe, nothing is half done, and the server recovers by itself.

use std::time::Duration;

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::followers::{Over, Subscriber};
use super::load::{Reply, World};
use super::postgres::{Postgres, Stop, connect, run};
use super::proxy::{Mode, Proxy};
use super::served::{Client, Folder, Got, PATIENCE, Served, on_database, seed, verify};
use crate::app::{Engine, TestDatabase, mutation};

/// How soon a server must work again after its database does.
const RECOVERY: Duration = Duration::from_secs(5);
/// How long any answer may take while the database is away.
const LONGEST: Duration = Duration::from_secs(20);
const WRITERS: usize = 16;
const ASK: &str = "{ accounts(first: 1) { nodes { id } } }";

/// A fault of a mutation that the database kept from being answered: it says that it may have been done, and that the
/// same key is safe, in no word of the database's.
#[track_caller]
fn may_have_been_done(fault: &Value) {
    let extensions = &fault["extensions"];
    assert!(["UNAVAILABLE", "TIMEOUT"].contains(&extensions["code"].as_str().unwrap_or_default()), "{fault}");
    assert_eq!(extensions["retry"], "SAME_KEY", "{fault}");
    let text = fault.to_string().to_lowercase();
    assert!(text.contains("may") && text.contains("same idempotency key"), "{fault}");
    for word in ["sqlx", "postgres", "sqlite", "pool", "os error", "connection", "terminat"] {
        assert!(!text.contains(word), "{fault}");
    }
}

/// A fault of a query: it did nothing, so it may be repeated.
#[track_caller]
fn may_be_repeated(got: &Got) {
    let Got::Fault(fault) = got else { panic!("{got:?}") };
    let extensions = &fault["extensions"];
    assert_eq!((&extensions["code"], &extensions["retry"]), (&json!("UNAVAILABLE"), &json!("SAFE")), "{fault}");
    assert_eq!(fault["message"], "the database does not answer; nothing was done, try again");
}

/// Waits until a readiness check answers so.
async fn becomes(served: &Served, client: &Client, status: u16, within: Duration) {
    let deadline = Instant::now() + within;
    while served.ready(&client.http).await != status {
        assert!(Instant::now() < deadline, "the readiness is not {status} after {within:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until a transfer is done. What is sent in vain is noted as well.
async fn works_again(world: &World, client: &Client, rng: &mut StdRng, within: Duration) {
    let begun = Instant::now();
    loop {
        let request = world.some_transfer(rng);
        let reply = timeout(PATIENCE, request.send(client)).await.expect("an answer");
        let works = matches!(reply, Reply::Done(_));
        world.note(request, reply);
        assert!(begun.elapsed() < within, "no transfer is done after {within:?}");
        if works {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A server with accounts, and what is left to check of it.
struct Stage {
    database: TestDatabase,
    served: Served,
    client: Client,
    world: World,
    rng: StdRng,
    folder: Folder,
}

impl Stage {
    async fn set(database: TestDatabase, url: &str) -> Self {
        let folder = Folder::new();
        let served = Served::start(url, &folder).await;
        Self::of(database, served, folder).await
    }

    async fn of(database: TestDatabase, served: Served, folder: Folder) -> Self {
        let rng = StdRng::seed_from_u64(seed());
        let client = Client::of(&served).await;
        let world = World::found(&client).await;
        Self { database, served, client, world, rng, folder }
    }

    async fn subscribers(&self) -> Vec<Subscriber> {
        vec![Subscriber::start(&self.client, Over::Socket).await, Subscriber::start(&self.client, Over::Events).await]
    }

    fn write(&mut self) -> super::load::Writers {
        self.world.write(std::slice::from_ref(&self.client), WRITERS, self.rng.random())
    }

    /// The books, the keys, the balances, the events; and the process is the one that was started.
    async fn is_sound(&mut self, subscribers: Vec<Subscriber>) {
        let faults = self.world.faults();
        faults.iter().for_each(may_have_been_done);
        let counts = self.world.settle(&self.client, &self.database).await;
        println!("{counts:?}");
        assert_eq!(counts.lost, 0, "every request was answered");
        self.world.check(&self.client, &self.database).await;
        verify(&self.database.url()).await;
        let head = self.world.head(&self.database).await;
        for subscriber in subscribers {
            subscriber.finish(head).await;
        }
        assert!(self.served.is_alive());
    }
}

async fn postgres_stops(how: Stop) {
    let Some(mut postgres) = Postgres::start().await else { return };
    let database = TestDatabase::on_server(&postgres.url()).await;
    let url = database.url();
    let mut stage = Stage::set(database, &url).await;
    let subscribers = stage.subscribers().await;
    let writers = stage.write();
    tokio::time::sleep(Duration::from_millis(stage.rng.random_range(200..600))).await;
    assert_eq!(stage.served.ready(&stage.client.http).await, 200);

    postgres.stop(how).await;
    let stopped = Instant::now();
    becomes(&stage.served, &stage.client, 503, Duration::from_secs(4)).await;
    let live = stage.client.http.get(format!("http://{}/health/live", stage.client.address()));
    assert_eq!(live.send().await.expect("an answer").status(), 200);
    may_be_repeated(&timeout(LONGEST, stage.client.ask(ASK, &json!({}))).await.expect("an answer in time"));
    // Nobody waits for long: not even those that were in one batch when the connection broke.
    while stage.world.counts().faults < WRITERS {
        assert!(stopped.elapsed() < LONGEST, "{:?} after {:?}", stage.world.counts(), stopped.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(stage.served.ready(&stage.client.http).await, 503);

    postgres.again().await;
    let back = Instant::now();
    works_again(&stage.world, &stage.client, &mut stage.rng, RECOVERY).await;
    becomes(&stage.served, &stage.client, 200, RECOVERY).await;
    println!("{how:?}: away for {:?}, working again after {:?}", stopped.elapsed(), back.elapsed());
    tokio::time::sleep(Duration::from_millis(300)).await;
    writers.stop().await;
    stage.is_sound(subscribers).await;
}

async fn connections_are_cut(database: TestDatabase) {
    let url = database.url();
    let mut stage = Stage::set(database, &url).await;
    let subscribers = stage.subscribers().await;
    let operator = connect(&url).await;
    // Waits until they are gone: one that is late would still answer.
    let cut = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    // Whoever reads first finds out, for all connections that wait to be used.
    for asked in [0, 24] {
        let crowd = (0..64).map(|_| stage.client.data(ASK, json!({})));
        join_all(crowd).await;
        run(&operator, cut).await;
        let mut faults = 0;
        for _ in 0..asked {
            let got = stage.client.ask(ASK, &json!({})).await;
            if !matches!(got, Got::Data(_)) {
                may_be_repeated(&got);
                faults += 1;
            }
        }
        assert!(faults <= 1, "{faults} of {asked}");
        assert_eq!(stage.served.ready(&stage.client.http).await, 200);
    }
    // Nor does anybody after a commit that fails: here one that cuts all connections, the last its own.
    for sql in [
        "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND query NOT LIKE 'LISTEN%'; \
         PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$",
        "CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON customer DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION cut()",
    ] {
        run(&operator, sql).await;
    }
    join_all((0..64).map(|_| stage.client.data(ASK, json!({})))).await;
    let input = json!({ "type": "PERSON", "firstName": "Grace", "lastName": "Hopper", "idempotencyKey": "cut" });
    let (query, variables) = mutation("createCustomer", input, "customer { id }");
    let Got::Fault(fault) = stage.client.ask(&query, &variables).await else { panic!("it is committed") };
    may_have_been_done(&fault);
    for _ in 0..24 {
        stage.client.data(ASK, json!({})).await;
    }
    let operator = connect(&url).await;
    run(&operator, "DROP TRIGGER cut ON customer").await;
    let writers = stage.write();
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(stage.rng.random_range(50..300))).await;
        run(&operator, cut).await;
        works_again(&stage.world, &stage.client, &mut stage.rng, RECOVERY).await;
    }
    writers.stop().await;
    operator.close().await.expect("closed");
    assert_eq!(stage.served.ready(&stage.client.http).await, 200);
    stage.is_sound(subscribers).await;
}

async fn a_commit_has_no_answer(database: TestDatabase) {
    let proxy = Proxy::start(&database.url()).await;
    let url = proxy.url(&database.url());
    let mut stage = Stage::set(database, &url).await;
    for (mode, done) in [(Mode::CutBeforeCommit, false), (Mode::CutAfterCommit, true)] {
        let (request, cuts) = (stage.world.some_transfer(&mut stage.rng), proxy.cuts());
        proxy.set(mode);
        let reply = request.send(&stage.client).await;
        assert_eq!(proxy.cuts(), cuts + 1, "{mode:?}");
        // Nobody can tell the two apart, so both are answered alike: only the key knows.
        let Reply::Fault(fault) = reply else { panic!("{mode:?}: {reply:?}") };
        assert_eq!(fault["extensions"]["code"], "UNAVAILABLE");
        may_have_been_done(&fault);
        let Reply::Done(again) = request.send(&stage.client).await else { panic!("the key decides") };
        assert_eq!(again[0].replayed, done, "{mode:?}");
        stage.world.note(request, Reply::Fault(fault));
    }
    // The same to a batch of many.
    let subscribers = stage.subscribers().await;
    let writers = stage.write();
    for n in 0..8 {
        let mode = if n % 2 == 0 { Mode::CutAfterCommit } else { Mode::CutBeforeCommit };
        let cuts = proxy.cuts();
        proxy.set(mode);
        let deadline = Instant::now() + PATIENCE;
        while proxy.cuts() == cuts {
            assert!(Instant::now() < deadline, "nothing is committed");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(stage.rng.random_range(20..100))).await;
    }
    writers.stop().await;
    assert!(stage.world.counts().faults >= 10, "{:?}", stage.world.counts());
    stage.is_sound(subscribers).await;
}

/// How long an event takes from the answer of its transfer at one server to a subscriber at another.
async fn delay(
    world: &World,
    client: &Client,
    rng: &mut StdRng,
    database: &TestDatabase,
    there: &Subscriber,
) -> Duration {
    let request = world.some_transfer(rng);
    let reply = request.send(client).await;
    let done = Instant::now();
    assert!(matches!(reply, Reply::Done(_)), "{reply:?}");
    world.note(request, reply);
    there.reaches(world.head(database).await, PATIENCE).await;
    done.elapsed()
}

async fn notifications_are_lost(database: TestDatabase) {
    // Far less than the two seconds between two polls.
    let prompt = Duration::from_millis(700);
    let proxy = Proxy::start(&database.url()).await;
    let url = database.url();
    let mut stage = Stage::set(database, &url).await;
    let other = Served::start(&proxy.url(&url), &stage.folder).await;
    let there = Subscriber::start(&stage.client.at(&other), Over::Socket).await;
    let (world, client) = (stage.world.clone(), stage.client.clone());
    let fastest = async |rng: &mut StdRng, database: &TestDatabase| {
        let mut fastest = Duration::MAX;
        for _ in 0..4 {
            fastest = fastest.min(delay(&world, &client, rng, database, &there).await);
        }
        fastest
    };
    let heard = fastest(&mut stage.rng, &stage.database).await;
    assert!(heard < prompt, "notified after {heard:?}");

    proxy.set(Mode::Deaf);
    let polled = delay(&stage.world, &stage.client, &mut stage.rng, &stage.database, &there).await;
    assert!(proxy.unheard() > 0, "no notification was lost");
    assert!(polled < Duration::from_secs(5), "polled after {polled:?}");

    // The connection that listens is cut with the others: it listens again.
    proxy.set(Mode::Pass);
    proxy.cut_all();
    let deadline = Instant::now() + RECOVERY;
    while other.ready(&stage.client.http).await != 200 {
        assert!(Instant::now() < deadline, "the other is not ready");
    }
    delay(&stage.world, &stage.client, &mut stage.rng, &stage.database, &there).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let again = fastest(&mut stage.rng, &stage.database).await;
    assert!(again < prompt, "notified after {again:?}");
    println!("notified after {heard:?}, polled after {polled:?}, notified again after {again:?}");
    stage.is_sound(vec![there]).await;
}

async fn sqlite_is_locked(database: TestDatabase) {
    let url = database.url();
    let mut stage = Stage::set(database, &url).await;
    let subscribers = stage.subscribers().await;
    let operator = stage.database.open().await;
    // This process is another one than the server's: it takes the write lock for longer than anybody waits for it.
    let lock = operator.begin().await.expect("the write lock");
    let waiting: Vec<_> = (0..4)
        .map(|_| {
            let (request, client) = (stage.world.some_transfer(&mut stage.rng), stage.client.clone());
            tokio::spawn(async move {
                let reply = timeout(PATIENCE, request.send(&client)).await.expect("an answer in time");
                (request, reply)
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    // Reading goes on.
    stage.client.data(ASK, json!({})).await;
    assert_eq!(stage.served.ready(&stage.client.http).await, 200);
    let begun = Instant::now();
    for task in waiting {
        let (request, reply) = task.await.expect("an end");
        assert!(matches!(reply, Reply::Fault(_)), "{reply:?}");
        stage.world.note(request, reply);
    }
    println!("answered after {:?}", begun.elapsed());
    assert!(begun.elapsed() < LONGEST, "answered after {:?}", begun.elapsed());
    drop(lock);
    operator.reader().clone().close().await.expect("closed");
    works_again(&stage.world, &stage.client, &mut stage.rng, RECOVERY).await;
    stage.is_sound(subscribers).await;
}

async fn sqlite_has_no_room(database: TestDatabase) {
    let folder = Folder::new();
    let served = Served::start_with_bounded_files(&database.url(), &folder).await;
    let mut stage = Stage::of(database, served, folder).await;
    let subscribers = stage.subscribers().await;
    let writers = stage.write();
    // Where the disk fills up differs each time: in a statement, in a commit, while the log is folded into the file.
    // After some of these SQLite rolls back by itself, and the driver has to notice.
    for round in 1..=5 {
        tokio::time::sleep(Duration::from_millis(stage.rng.random_range(20..300))).await;
        // As far as Konto can tell, the disk is full: nothing can be written behind this place of a file.
        stage.served.bound_files("65536");
        let deadline = Instant::now() + PATIENCE;
        while stage.world.counts().faults < round * WRITERS {
            assert!(Instant::now() < deadline, "{:?}", stage.world.counts());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // Reading goes on.
        stage.client.data(ASK, json!({})).await;
        stage.served.bound_files("unlimited");
        works_again(&stage.world, &stage.client, &mut stage.rng, RECOVERY).await;
    }
    writers.stop().await;
    stage.is_sound(subscribers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_is_stopped_and_comes_back() {
    postgres_stops(Stop::Fast).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_crashes_and_comes_back() {
    postgres_stops(Stop::Immediate).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_are_made_anew() {
    on_database(Engine::Postgres, connections_are_cut).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_without_an_answer_is_unknown_and_said_to_be() {
    on_database(Engine::Postgres, a_commit_has_no_answer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_notifications_are_polled_for() {
    on_database(Engine::Postgres, notifications_are_lost).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_sqlite_is_a_fault_and_passes() {
    on_database(Engine::Sqlite, sqlite_is_locked).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sqlite_without_room_is_a_fault_and_passes() {
    on_database(Engine::Sqlite, sqlite_has_no_room).await;
}
