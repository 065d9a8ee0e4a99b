//! `/metrics`: what was done is counted, once, and nobody is named.

pub mod scrape;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::app::{Engine, TestApp, euros, eventually, fresh_key};
use scrape::Scrape;

const TRANSFER: &str = "mutation($input: TransferInput!) { transfer(input: $input) { __typename } }";
const FOLLOW: &str = "subscription { ledgerEvents { sequence } }";

fn requests(operation: &str, outcome: &str) -> String {
    format!("konto_requests_total{{operation=\"{operation}\",outcome=\"{outcome}\"}}")
}

/// Subscribers that were cut off because they did not keep up.
pub async fn slow_consumers(app: &TestApp) -> u64 {
    Scrape::of(app).await.count("konto_slow_consumers_total")
}

on_both_databases! {
    async fn who_reads_no_open_metrics_gets_the_older_format(app: TestApp) {
        let ask = async |accept: &str| {
            let answer = app.http().get(app.url("/metrics")).header("accept", accept).send().await.expect("an answer");
            let media_type = answer.headers()["content-type"].to_str().expect("text").to_owned();
            (media_type, answer.text().await.expect("text"))
        };
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
        for accept in [prometheus, "*/*", "application/openmetrics-text"] {
            assert!(ask(accept).await.0.starts_with("application/openmetrics-text"), "{accept}");
        }
        let (media_type, plain) = ask("text/plain").await;
        assert_eq!(media_type, "text/plain; version=0.0.4; charset=utf-8");
        let open = ask("*/*").await.1;
        let samples = |text: &str| -> BTreeSet<String> {
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            lines.filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned())).collect()
        };
        assert_eq!(samples(&plain), samples(&open));
        assert!(plain.lines().all(|line| !line.starts_with("# UNIT") && line != "# EOF"), "{plain}");
        // Each family is described under the name of its samples.
        let mut families = BTreeSet::new();
        for line in plain.lines() {
            if let Some(typed) = line.strip_prefix("# TYPE ") {
                let (name, kind) = typed.split_once(' ').expect("a type");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert!(kind != "counter" || name.ends_with("_total"), "{line}");
                assert!(families.insert(name.to_owned()), "{line} twice");
            } else if let Some(sample) = line.split(['{', ' ']).next().filter(|_| !line.starts_with('#')) {
                let parts = ["", "_bucket", "_sum", "_count"].map(|part| sample.strip_suffix(part));
                assert!(parts.into_iter().flatten().any(|name| families.contains(name)), "{line} is not described");
            }
        }
    }

    async fn what_is_done_is_counted(app: TestApp) {
        let (from, to) = (app.account("current").await, app.account("current").await);
        let before = Scrape::of(&app).await;
        app.pay_in(&from, "100.00").await;
        app.transfer(&from, &to, "10.00").await;
        let repeated = json!({ "from": from.by(), "to": to.by(), "amount": euros("1.00"), "idempotencyKey": fresh_key() });
        app.done("transfer", repeated.clone(), "replayed").await;
        app.done("transfer", repeated, "replayed").await;
        let too_much = json!({ "from": from.by(), "to": to.by(), "amount": euros("5000.00") });
        app.refused("transfer", too_much.clone(), "INSUFFICIENT_FUNDS", "amount").await;
        let item = |amount: &str| json!({ "from": from.by(), "to": to.by(), "amount": euros(amount), "idempotencyKey": fresh_key() });
        let items = json!({ "items": [item("1.00"), item("2.00"), item("7000.00"), item("0.00")] });
        app.done("transferBatch", items, "succeeded").await;
        app.balance(&from).await;
        app.balance(&to).await;
        app.ok("{ a: accounts(first: 1) { nodes { id } } customers(first: 1) { nodes { id } } }", json!({})).await;
        app.ok("{ __schema { queryType { name } } }", json!({})).await;
        app.fault("{ nothing }", json!({}), "BAD_REQUEST").await;
        app.fault("{ account(by: {", json!({}), "BAD_REQUEST").await;
        app.with_scopes("read").fault(TRANSFER, json!({ "input": item("1.00") }), "FORBIDDEN").await;
        app.without_token().fault("{ __typename }", json!({}), "UNAUTHENTICATED").await;
        app.with_token("forged").fault("{ __typename }", json!({}), "UNAUTHENTICATED").await;

        let after = Scrape::of(&app).await;
        let new = |series: &str| after.count(series) - before.count(series);
        for (operation, outcome, count) in [
            ("postPayment", "SUCCESS", 1),
            ("transfer", "SUCCESS", 3),
            ("transfer", "REFUSAL", 1),
            ("transfer", "FORBIDDEN", 1),
            ("transferBatch", "SUCCESS", 1),
            ("account", "SUCCESS", 2),
            ("several", "SUCCESS", 1),
            ("introspection", "SUCCESS", 1),
            ("unknown", "BAD_REQUEST", 1),
            ("none", "BAD_REQUEST", 1),
            ("none", "UNAUTHENTICATED", 2),
        ] {
            assert_eq!(new(&requests(operation, outcome)), count, "{operation} {outcome}");
        }
        let all = |scrape: &Scrape| scrape.sum("konto_requests_total");
        assert_eq!(all(&after) - all(&before), 15, "and nothing else");
        assert_eq!(new("konto_refusals_total{code=\"INSUFFICIENT_FUNDS\"}"), 2);
        assert_eq!(new("konto_refusals_total{code=\"AMOUNT_OUT_OF_RANGE\"}"), 1);
        assert_eq!(after.sum("konto_refusals_total") - before.sum("konto_refusals_total"), 3);
        assert_eq!((new("konto_entries_total"), new("konto_postings_total")), (5, 10));

        // One batch each: a payment, two transfers, a replay and a refusal, the batch, and what was forbidden.
        assert_eq!(new("konto_commits_total"), 7);
        assert_eq!(new("konto_commit_commands_count"), 7);
        assert_eq!(new("konto_commit_commands_sum"), 10);
        assert_eq!(new("konto_commit_commands_bucket{le=\"1.0\"}"), 6);
        assert_eq!(new("konto_commit_commands_bucket{le=\"2.0\"}"), 6);
        assert_eq!(new("konto_commit_commands_bucket{le=\"4.0\"}"), 7);
        assert_eq!(new("konto_commit_duration_seconds_count"), 7);
        assert_eq!(new("konto_commit_duration_seconds_bucket{le=\"+Inf\"}"), 7);
        assert_eq!(new("konto_commit_wait_seconds_count"), 7);
        // Read besides what the fixtures have left in memory: the settlement account, the replayed entry, and the keys of
        // what is refused. On SQLite each batch reads the head, and keys with it, under its lock.
        let loads = if app.engine() == Engine::Postgres { 4 } else { 7 + 2 };
        assert_eq!(new("konto_commit_loads_total"), loads);
        // Each in a transaction of its own, or in one statement that commits by itself.
        let optimistic = new("konto_commit_optimistic_total");
        assert_eq!(optimistic > 0, app.engine() == Engine::Postgres, "{optimistic}");
        assert!(new("konto_database_begin_seconds_count") + optimistic >= 7);
        assert_eq!(new("konto_commit_overtaken_total"), 0);
        assert_eq!(new("konto_operation_duration_seconds_count{kind=\"mutation\"}"), 7);
        assert_eq!(new("konto_operation_duration_seconds_count{kind=\"query\"}"), 4, "what is invalid is not run");
        for idle in ["konto_commit_queue_depth", "konto_commit_queue_deepest", "konto_requests_in_flight",
            "konto_database_begin_waiting", "konto_commit_failures_total", "konto_commit_queue_rejections_total"] {
            assert_eq!(after.count(idle), 0, "{idle}");
        }
    }

    async fn the_pools_and_the_build_are_shown(app: TestApp) {
        let scrape = Scrape::of(&app).await;
        let (engine, read, write) = match app.engine() {
            Engine::Sqlite => ("sqlite", 8, 1),
            Engine::Postgres => ("postgres", 12, 8),
        };
        if app.engine() == Engine::Postgres {
            assert_eq!(scrape.count("konto_database_connections_limit{pool=\"commit\"}"), 4);
        }
        for (pool, most) in [("read", read), ("write", write)] {
            let of = |state: &str| scrape.count(&format!("konto_database_connections{{pool=\"{pool}\",state=\"{state}\"}}"));
            assert!((1..=most).contains(&(of("idle") + of("used"))), "{pool}: {} {}", of("idle"), of("used"));
            assert_eq!(scrape.count(&format!("konto_database_connections_limit{{pool=\"{pool}\"}}")), most);
        }
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(scrape.count(&format!("konto_build_info{{version=\"{version}\",database=\"{engine}\"}}")), 1);
        assert!(scrape.count("process_resident_memory_bytes") > 1_000_000);

        // A connection is given back a moment after its transaction.
        let used = "konto_database_connections{pool=\"write\",state=\"used\"}";
        eventually("none is used", async || Scrape::of(&app).await.count(used) == 0).await;
        let db = app.server().engine().await.db;
        let tx = db.begin().await.expect("a transaction");
        assert_eq!(Scrape::of(&app).await.count(used), 1);
        if app.engine() == Engine::Sqlite {
            let waiting = tokio::spawn(async move { db.begin().await.map(drop) });
            eventually("a writer waits", async || Scrape::of(&app).await.count("konto_database_begin_waiting") == 1).await;
            drop(tx);
            waiting.await.expect("no panic").expect("a transaction");
        } else {
            drop(tx);
        }
        eventually("it is given back", async || Scrape::of(&app).await.count(used) == 0).await;
    }

    async fn subscriptions_count_while_they_are_open(app: TestApp) {
        let open = async || {
            let scrape = Scrape::of(&app).await;
            ["konto_websockets", "konto_event_streams", "konto_subscriptions", "konto_subscription_followers"]
                .map(|name| scrape.count(name))
        };
        assert_eq!(open().await, [0, 0, 0, 0]);
        let mut socket = app.socket().await;
        socket.subscribe("a", FOLLOW, json!({})).await;
        socket.subscribe("b", FOLLOW, json!({})).await;
        let stream = app.events(FOLLOW, json!({})).await;
        eventually("all are open", async || open().await == [1, 1, 3, 3]).await;
        socket.say(json!({ "type": "complete", "id": "a" })).await;
        eventually("one is over", async || open().await == [1, 1, 2, 2]).await;
        drop(stream);
        eventually("two are over", async || open().await == [1, 0, 1, 1]).await;
        drop(socket);
        eventually("all are over", async || open().await == [0, 0, 0, 0]).await;
        let scrape = Scrape::of(&app).await;
        assert_eq!(scrape.count(&requests("ledgerEvents", "SUCCESS")), 3);
    }

    async fn the_lag_is_what_a_follower_has_not_taken(app: TestApp) {
        let engine = app.server().engine().await;
        let mut follower = engine.feed.follow(app.tenant_id(), None).await.expect("a follower");
        let lag = async || {
            let scrape = Scrape::of(&app).await;
            ["followers", "followers_behind", "lag_events", "lag_events_max"]
                .map(|name| scrape.count(&format!("konto_subscription_{name}")))
        };
        assert_eq!(lag().await, [1, 0, 0, 0]);
        let account = app.account("current").await;
        assert_eq!(lag().await, [1, 1, 2, 2], "a customer and an account");
        let second = engine.feed.follow(app.tenant_id(), Some(1)).await.expect("a follower");
        assert_eq!(lag().await[0], 2);
        drop(second);
        let taken = follower.next().await.expect("events").len();
        app.pay_in(&account, "1.00").await;
        assert_eq!(lag().await, [1, 1, 3, 3], "what is being worked on is not done: {taken}");
        assert_eq!(follower.next().await.expect("events").len(), 1);
        assert_eq!(lag().await, [1, 1, 1, 1]);
        drop(follower);
        assert_eq!(lag().await, [0, 0, 0, 0]);
    }

    async fn hostile_names_make_no_series_and_nobody_is_named(app: TestApp) {
        let input = json!({ "type": "PERSON", "firstName": "Wilhelmina", "lastName": "Ottesen" });
        let owner = app.done("createCustomer", input, "customer { id }").await;
        let owner = owner["customer"]["id"].as_str().expect("an id").to_owned();
        let account = app.account_of(&owner, "current").await;
        app.pay_in(&account, "31415.92").await;
        let round = async |hostile: &str| {
            let asked = [
                format!("query {hostile} {{ account(by: {{ id: \"{}\" }}) {{ {hostile}: number }} }}", account.id),
                format!("{{ {hostile} }}"),
                format!("{{ {hostile}: account(by: {{ number: \"{hostile}\" }}) {{ id }} }}"),
                format!("query A {{ ...{hostile} }} fragment {hostile} on Query {{ {hostile}x }}"),
                format!("mutation {hostile} {{ {hostile} }}"),
            ];
            for query in asked {
                let request = app.http().post(app.url("/graphql")).header("x-request-id", hostile);
                let request = request.bearer_auth(app.token().await.expect("a token"));
                request.json(&json!({ "query": query, "operationName": Value::Null })).send().await.expect("an answer");
            }
            let unknown = app.http().get(app.url(&format!("/{hostile}"))).send().await.expect("an answer");
            assert_eq!(unknown.status(), 404);
        };
        round("Hostile_0").await;
        let first = Scrape::of(&app).await;
        for number in 1..40 {
            round(&format!("Hostile_{number}")).await;
        }
        let last = Scrape::of(&app).await;
        let names = |scrape: &Scrape| scrape.names().map(str::to_owned).collect::<BTreeSet<_>>();
        assert_eq!(names(&first), names(&last), "no series came about");
        assert_eq!(last.count(&requests("unknown", "BAD_REQUEST")), 120);
        let token = app.token().await.expect("a token");
        let secrets = ["Hostile", "Wilhelmina", "Ottesen", "31415.92", "3141592", &account.number, &account.id, &owner, "acme", &token];
        for secret in secrets {
            assert!(!last.text.contains(secret), "{secret} is in\n{}", last.text);
        }
        assert!(!last.text.contains(&app.tenant_id().to_string()));
    }

    async fn what_is_turned_away_is_counted(app: TestApp) {
        app.restart_with(|settings| {
            settings.http.streams = 0;
            (settings.http.rate.per_second, settings.http.rate.burst) = (1, 20);
        }).await;
        let query = "{ accounts(first: 5) { nodes { id number } } }";
        app.graphql(query, json!({})).await;
        while app.graphql(query, json!({})).await.status != 429 {}
        let stream = app.http().post(app.url("/graphql")).header("accept", "text/event-stream");
        let stream = stream.bearer_auth(app.token().await.expect("a token")).json(&json!({ "query": FOLLOW }));
        assert_eq!(stream.send().await.expect("an answer").status(), 503);
        let scrape = Scrape::of(&app).await;
        assert_eq!(scrape.count(&requests("accounts", "RATE_LIMITED")), 1);
        assert_eq!(scrape.count(&requests("none", "OVERLOADED")), 1);
        assert_eq!(scrape.count("konto_overload_limit{what=\"streams\"}"), 0);
        assert_eq!(scrape.count("konto_overload_limit{what=\"requests\"}"), 2_048);
        assert_eq!(scrape.count("konto_event_streams"), 0);
    }

    async fn two_servers_count_for_themselves(app: TestApp) {
        let Some(other) = app.second_server().await else { return };
        let account = app.account("current").await;
        app.pay_in(&account, "1.00").await;
        let (own, others) = (Scrape::of(&app).await, Scrape::of(&other).await);
        assert_eq!((own.count("konto_entries_total"), others.count("konto_entries_total")), (1, 0));
        assert_eq!(others.sum("konto_requests_total"), 0);
    }
}
