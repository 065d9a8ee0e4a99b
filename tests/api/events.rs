//! The event log: pages of it, and the same live, over WebSockets and as server-sent events.

mod kinds;
mod limits;

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{Account, EventStream, FIRST_EVENTS, Sent, Socket, TestApp, euros};

const LOG: &str = "query($filter: EventFilter, $first: Int, $after: String) {
    events(filter: $filter, first: $first, after: $after) {
        edges { cursor node { cursor sequence type entry { id } account { id } } }
        pageInfo { hasNextPage endCursor }
    }
}";
const FOLLOW: &str = "subscription($after: Cursor, $filter: LedgerEventFilter) {
    ledgerEvents(after: $after, filter: $filter) { cursor sequence type entry { id } account { id } }
}";

/// The whole log, but for what the tenant began with.
async fn log(app: &TestApp, filter: Value) -> Vec<Value> {
    let (mut events, mut after) = (Vec::new(), Value::Null);
    loop {
        let mut page = app.ok(LOG, json!({ "filter": filter, "first": 7, "after": after })).await["events"].take();
        for edge in page["edges"].as_array_mut().expect("edges") {
            assert_eq!(edge["cursor"], edge["node"]["cursor"]);
            if sequence(&edge["node"]) > FIRST_EVENTS {
                events.push(edge["node"].take());
            }
        }
        if page["pageInfo"]["hasNextPage"] == false {
            return events;
        }
        after = page["pageInfo"]["endCursor"].take();
    }
}

fn sequence(event: &Value) -> u64 {
    event["sequence"].as_str().expect("a sequence").parse().expect("a number")
}

/// The place of an event behind those that the tenant began with.
fn number(event: &Value) -> u64 {
    sequence(event) - FIRST_EVENTS
}

async fn next(socket: &mut Socket) -> Value {
    socket.next_data().await["ledgerEvents"].take()
}

async fn next_sent(stream: &mut EventStream) -> Value {
    stream.next_data().await["ledgerEvents"].take()
}

/// Two accounts with money on the first.
async fn pair(app: &TestApp) -> (Account, Account) {
    (app.funded("1000.00").await, app.account("current").await)
}

on_both_databases! {
    async fn the_log_is_paged_without_a_gap_and_filtered(app: TestApp) {
        let (from, to) = pair(&app).await;
        for _ in 0..10 {
            app.transfer(&from, &to, "1.00").await;
        }
        let hold = app.hold(&from, "1.00").await;
        app.done("releaseHold", json!({ "hold": hold }), "replayed").await;
        let events = log(&app, json!({})).await;
        assert_eq!(events.iter().map(number).collect::<Vec<_>>(), (1..=17).collect::<Vec<_>>());
        let posted = log(&app, json!({ "types": ["ENTRY_POSTED"] })).await;
        assert_eq!(posted.len(), 11);
        assert!(posted.iter().all(|event| event["entry"]["id"].is_string()));
        let types = |events: &[Value]| {
            events.iter().map(|event| event["type"].as_str().expect("a type").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(
            types(&log(&app, json!({ "account": from.id })).await),
            ["ACCOUNT_OPENED", "HOLD_PLACED", "HOLD_RELEASED"]
        );
        app.fault("{ events(filter: { types: [\"nothing.such\"] }) { nodes { sequence } } }", json!({}), "BAD_REQUEST").await;
        let all = app.ok("{ events(first: 100) { nodes { sequence } } }", json!({})).await["events"]["nodes"].take();
        let all: Vec<u64> = all.as_array().expect("events").iter().map(sequence).collect();
        assert_eq!(all, (1..=FIRST_EVENTS + 17).collect::<Vec<_>>());
        assert_eq!(log(&app, json!({ "from": "2026-04-16" })).await, Vec::<Value>::new());
        assert_eq!(log(&app, json!({ "from": "2026-04-15", "to": "2026-04-15" })).await.len(), 17);
        app.fault(LOG, json!({ "first": 101 }), "BAD_REQUEST").await;
        app.fault(LOG, json!({ "after": "nonsense" }), "BAD_REQUEST").await;
    }

    async fn a_log_begins_with_the_products_of_a_new_tenant(app: TestApp) {
        let query = "{ events(first: 100) { nodes { type payload account { id } customer { id } entry { id } } } products(first: 100) { nodes { id code } } }";
        let found = app.ok(query, json!({})).await;
        let products = found["products"]["nodes"].as_array().expect("products");
        assert_eq!(u64::try_from(products.len()), Ok(FIRST_EVENTS));
        let told = |product: &Value| json!({
            "type": "PRODUCT_CREATED", "payload": { "product": product["id"], "code": product["code"] },
            "account": null, "customer": null, "entry": null,
        });
        assert_eq!(found["events"]["nodes"], products.iter().map(told).collect::<Value>());
    }

    async fn a_cursor_beyond_the_end_is_refused_and_not_waited_for(app: TestApp) {
        // A cursor of a longer log: as after a restore from an older backup.
        let longer = app.with_tenant("longer").await;
        longer.funded("1.00").await;
        let mut socket = app.socket().await;
        let query = "subscription($after: Cursor) { ledgerEvents(after: $after) { sequence } }";
        socket.subscribe("a", query, json!({ "after": longer.last_cursor().await })).await;
        assert_eq!(socket.next_fault().await, "BAD_REQUEST");
    }

    async fn a_socket_gets_what_comes_from_now_on(app: TestApp) {
        let (from, to) = pair(&app).await;
        let mut socket = app.socket().await;
        socket.subscribe("a", FOLLOW, json!({})).await;
        // Nothing tells when "now" is: the first event that comes does, and from there on none is missing.
        let mut entries = Vec::new();
        let first = loop {
            entries.push(app.transfer(&from, &to, "1.00").await);
            if let Some(message) = socket.hear_within(Duration::from_millis(50)).await {
                break message["payload"]["data"]["ledgerEvents"]["entry"]["id"].clone();
            }
        };
        for _ in 0..5 {
            entries.push(app.transfer(&from, &to, "1.00").await);
        }
        let place = entries.iter().position(|entry| first == json!(entry)).expect("one of these");
        for entry in &entries[place + 1..] {
            assert_eq!(next(&mut socket).await["entry"]["id"], json!(entry));
        }
        assert!(socket.is_silent(Duration::from_millis(100)).await);
        socket.say(json!({ "type": "complete", "id": "a" })).await;
        app.transfer(&from, &to, "1.00").await;
        assert!(socket.is_silent(Duration::from_millis(100)).await);
    }

    async fn an_event_stream_gets_the_past_after_its_cursor_and_then_the_present(app: TestApp) {
        let (from, to) = pair(&app).await;
        let cursor = log(&app, json!({})).await[1]["cursor"].clone();
        let mut stream = app.events(FOLLOW, json!({ "after": cursor })).await;
        for sequence in 3..=5 {
            assert_eq!(number(&next_sent(&mut stream).await), sequence);
        }
        for sequence in 6..=9 {
            app.transfer(&from, &to, "1.00").await;
            assert_eq!(number(&next_sent(&mut stream).await), sequence);
        }
        assert!(stream.is_silent(Duration::from_millis(100)).await);
    }

    async fn reconnecting_after_the_cursor_loses_and_repeats_nothing(app: TestApp) {
        let (from, to) = pair(&app).await;
        let mut after = log(&app, json!({})).await[0]["cursor"].clone();
        let writer = tokio::spawn({
            let (app, from, to) = (app.clone(), from.clone(), to.clone());
            async move {
                for _ in 0..60 {
                    app.transfer(&from, &to, "1.00").await;
                }
            }
        });
        let mut seen = vec![1];
        while seen.len() < 65 {
            let mut socket = app.socket().await;
            socket.subscribe("a", FOLLOW, json!({ "after": after })).await;
            for _ in 0..(65 - seen.len()).min(9) {
                let event = next(&mut socket).await;
                seen.push(number(&event));
                after = event["cursor"].clone();
            }
        }
        writer.await.expect("all transfers");
        assert_eq!(seen, (1..=65).collect::<Vec<_>>());
    }

    async fn a_restart_of_the_server_loses_and_repeats_nothing(app: TestApp) {
        let (from, to) = pair(&app).await;
        let mut socket = app.socket().await;
        socket.subscribe("a", FOLLOW, json!({ "after": app.last_cursor().await })).await;
        app.transfer(&from, &to, "1.00").await;
        let last = next(&mut socket).await;
        app.restart().await;
        assert_eq!(socket.hear().await, json!([1001, "The server is stopping"]));
        let missed = app.transfer(&from, &to, "2.00").await;
        let mut socket = app.socket().await;
        socket.subscribe("a", FOLLOW, json!({ "after": last["cursor"] })).await;
        let event = next(&mut socket).await;
        assert_eq!((number(&event), &event["entry"]["id"]), (number(&last) + 1, &json!(missed)));
        let live = app.transfer(&from, &to, "3.00").await;
        let event = next(&mut socket).await;
        assert_eq!((number(&event), &event["entry"]["id"]), (number(&last) + 2, &json!(live)));
    }

    async fn two_servers_tell_of_each_others_commits(app: TestApp) {
        let Some(second) = app.second_server().await else { return };
        let (from, to) = pair(&app).await;
        let first_cursor = log(&app, json!({})).await[0]["cursor"].clone();
        let mut here = app.socket().await;
        here.subscribe("a", FOLLOW, json!({ "after": first_cursor })).await;
        let mut there = second.events(FOLLOW, json!({ "after": first_cursor })).await;
        let write = |app: TestApp| {
            let (from, to) = (from.clone(), to.clone());
            tokio::spawn(async move {
                for _ in 0..30 {
                    app.transfer(&from, &to, "1.00").await;
                }
            })
        };
        let writers = [write(app.clone()), write(second.clone())];
        for sequence in 2..=65 {
            let (one, two) = (next(&mut here).await, next_sent(&mut there).await);
            assert_eq!(one, two);
            assert_eq!(number(&one), sequence);
        }
        for writer in writers {
            writer.await.expect("all transfers");
        }
        // A client that loses one server goes on with the other.
        let event = log(&app, json!({})).await[63].clone();
        let mut moved = second.socket().await;
        moved.subscribe("a", FOLLOW, json!({ "after": event["cursor"] })).await;
        assert_eq!(number(&next(&mut moved).await), 65);
        app.transfer(&from, &to, "1.00").await;
        assert_eq!(number(&next(&mut moved).await), 66);
    }

    async fn filters_let_through_what_they_name(app: TestApp) {
        let (from, to) = pair(&app).await;
        let third = app.account("current").await;
        let cursor = log(&app, json!({})).await.last().expect("events")["cursor"].clone();
        let small = app.transfer(&from, &to, "5.00").await;
        let large = app.transfer(&from, &to, "50.00").await;
        let elsewhere = app.transfer(&to, &third, "20.00").await;
        app.hold(&third, "1.00").await;
        let last = app.pay_in(&third, "100.00").await;
        let of = "query($by: AccountBy!) { account(by: $by) { product { id } } }";
        let product = app.ok(of, json!({ "by": from.by() })).await["account"]["product"]["id"].take();
        for (filter, expected) in [
            (json!({ "types": ["HOLD_PLACED"] }), vec![Value::Null]),
            (json!({ "accounts": [from.id] }), vec![json!(small), json!(large)]),
            (
                json!({ "accounts": [third.id, from.id] }),
                vec![json!(small), json!(large), json!(elsewhere), Value::Null, json!(last)],
            ),
            (json!({ "minimumAmount": "20" }), vec![json!(large), json!(elsewhere), json!(last)]),
            (json!({ "minimumAmount": "20.01", "accounts": [to.id] }), vec![json!(large)]),
            (
                json!({ "types": ["ENTRY_POSTED"], "accounts": [third.id], "minimumAmount": "0.01" }),
                vec![json!(elsewhere), json!(last)],
            ),
            (json!({ "kinds": ["PAYMENT"] }), vec![json!(last)]),
            (json!({ "currencies": ["EUR"], "kinds": ["TRANSFER"], "minimumAmount": "20" }), vec![json!(large), json!(elsewhere)]),
            (json!({ "currencies": ["SEK"] }), vec![]),
            (json!({ "products": [product], "minimumAmount": "50" }), vec![json!(large), json!(last)]),
            (json!({ "products": ["prd_nonsense"] }), vec![]),
        ] {
            let mut stream = app.events(FOLLOW, json!({ "after": cursor, "filter": filter })).await;
            for entry in expected {
                assert_eq!(next_sent(&mut stream).await["entry"]["id"], entry, "{filter}");
            }
            assert!(stream.is_silent(Duration::from_millis(50)).await, "{filter}");
        }
    }

    async fn balance_changes_tell_what_was_posted_and_what_is_left(app: TestApp) {
        let (from, to) = pair(&app).await;
        let query = "subscription($by: AccountBy!, $after: Cursor) { balanceChanged(accounts: [$by], after: $after) {
            cursor occurredAt account { id } transaction { amount { amount } entry { id } }
            balance { amount } reserved { amount } available { amount } } }";
        let mut socket = app.socket().await;
        socket.subscribe("a", query, json!({ "by": { "number": from.number } })).await;
        // How it stands comes first, and from then on it is followed.
        let found = socket.next_data().await["balanceChanged"].take();
        assert_eq!((&found["transaction"], &found["occurredAt"]), (&Value::Null, &Value::Null));
        assert_eq!(found["balance"]["amount"], "1000.00");
        let left = |less: i32| json!(format!("{}.00", 1_000 - less));
        let mut change = async || {
            let mut change = socket.next_data().await["balanceChanged"].take();
            assert_eq!(change["account"]["id"], json!(from.id));
            let amounts = ["balance", "reserved", "available"].map(|name| change[name]["amount"].take());
            (change["transaction"].take(), amounts)
        };
        let entry = app.transfer(&from, &to, "10.00").await;
        let expected = json!({ "amount": { "amount": "-10.00" }, "entry": { "id": entry } });
        assert_eq!(change().await, (expected, [left(10), json!("0.00"), left(10)]));
        app.pay_in(&to, "1.00").await;
        let hold = app.hold(&from, "90.00").await;
        assert_eq!(change().await, (Value::Null, [left(10), json!("90.00"), left(100)]));
        app.done("captureHold", json!({ "hold": hold, "amount": euros("40.00") }), "replayed").await;
        let (transaction, amounts) = change().await;
        // The capture is an entry and a change of the hold: two events, in either order of telling.
        let (other, later) = change().await;
        assert!(transaction.is_null() != other.is_null(), "{transaction} {other}");
        assert_eq!((&amounts[0], &later[2]), (&left(50), &left(100)));

        // Taken up again where it was found, everything comes once more, and nothing before it.
        let mut again = app.socket().await;
        again.subscribe("a", query, json!({ "by": from.by(), "after": found["cursor"] })).await;
        assert_eq!(again.next_data().await["balanceChanged"]["transaction"]["entry"]["id"], json!(entry));
        assert_eq!(again.next_data().await["balanceChanged"]["transaction"], Value::Null);
    }

    async fn several_accounts_are_followed_together(app: TestApp) {
        let (from, to) = pair(&app).await;
        let query = "subscription($all: [AccountBy!]!, $after: Cursor) { balanceChanged(accounts: $all, after: $after) {
            account { id } balance { amount } } }";
        let mut socket = app.socket().await;
        socket.subscribe("a", query, json!({ "all": [from.by(), to.by()] })).await;
        let mut next = async || {
            let change = socket.next_data().await["balanceChanged"].take();
            (change["account"]["id"].clone(), change["balance"]["amount"].clone())
        };
        assert_eq!(next().await, (json!(from.id), json!("1000.00")));
        assert_eq!(next().await.0, json!(to.id));
        app.transfer(&from, &to, "10.00").await;
        // One event, of which each of the two has a part.
        assert_eq!(next().await, (json!(from.id), json!("990.00")));
        assert_eq!(next().await.0, json!(to.id));

        for (all, after) in [
            (json!([]), Value::Null),
            (json!([from.by(), from.by()]), Value::Null),
            (json!([from.by(), { "number": "nobody's" }]), Value::Null),
            (json!(vec![from.by(); 101]), Value::Null),
            (json!([from.by()]), json!("nonsense")),
        ] {
            let mut socket = app.socket().await;
            socket.subscribe("a", query, json!({ "all": all, "after": after })).await;
            assert_eq!(socket.next_fault().await, "BAD_REQUEST", "{all} {after}");
        }
    }

    async fn a_stream_ends_when_its_token_does(app: TestApp) {
        let (from, to) = pair(&app).await;
        let voice = app.client("read subscribe").await;
        let mut socket = voice.socket().await;
        socket.subscribe("a", FOLLOW, json!({ "after": app.last_cursor().await })).await;
        let mut stream = voice.events(FOLLOW, json!({ "after": app.last_cursor().await })).await;
        app.transfer(&from, &to, "1.00").await;
        next(&mut socket).await;
        next_sent(&mut stream).await;
        app.advance(Duration::from_secs(3_600));
        let mut last = socket.hear().await;
        assert_eq!(
            (&last["type"], &last["payload"][0]["extensions"]["code"]),
            (&json!("error"), &json!("UNAUTHENTICATED"))
        );
        last = socket.hear().await;
        assert_eq!(last, json!([4401, "Token expired"]));
        let Sent::Next(result) = stream.next().await else { panic!("no last result") };
        assert_eq!(result["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        assert_eq!(stream.next().await, Sent::Complete);
    }

    async fn a_token_is_renewed_on_an_open_socket(app: TestApp) {
        let (from, to) = pair(&app).await;
        let whose = app.customer().await;
        let voice = app.with_scopes("read subscribe");
        let mut socket = voice.socket().await;
        let old = voice.token().await.expect("a token");
        socket.subscribe("a", FOLLOW, json!({ "after": app.last_cursor().await })).await;
        app.advance(Duration::from_secs(3_000));

        let others = [
            ("somebody else's", voice.with_client("another").token().await),
            ("one that may do less", app.with_scopes("read").token().await),
            ("a customer's", voice.bound_to(&whose).token().await),
            ("no token", Some("nonsense".to_owned())),
        ];
        for (what, token) in others {
            let token = token.expect("a token");
            socket.say(json!({ "type": "ping", "payload": { "authorization": format!("Bearer {token}") } })).await;
            let pong = socket.hear().await;
            assert_eq!((&pong["type"], &pong["payload"]["renewed"]), (&json!("pong"), &json!(false)), "{what}: {pong}");
            assert!(!pong.to_string().contains(&token), "{what}");
        }

        let token = voice.token().await.expect("a token");
        socket.say(json!({ "type": "ping", "payload": { "authorization": format!("Bearer {token}") } })).await;
        let pong = socket.hear().await;
        assert_eq!(pong["payload"]["renewed"], true, "{pong}");
        socket.say(json!({ "type": "ping", "payload": { "token": old } })).await;
        assert_eq!(socket.hear().await["payload"]["renewed"], false, "it ends before the present one");
        app.advance(Duration::from_secs(1_000));
        // A look is taken each second.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        app.transfer(&from, &to, "1.00").await;
        next(&mut socket).await;
        app.advance(Duration::from_secs(3_600));
        assert_eq!(socket.hear().await["payload"][0]["extensions"]["code"], "UNAUTHENTICATED");
        assert_eq!(socket.hear().await, json!([4401, "Token expired"]));
        // An ordinary ping is answered with what it says.
        let mut socket = voice.socket().await;
        socket.say(json!({ "type": "ping", "payload": { "authorization": null, "n": 7 } })).await;
        assert_eq!(socket.hear().await["payload"], json!({ "authorization": null, "n": 7 }));
    }

    async fn the_newest_events_are_read_from_the_end(app: TestApp) {
        let (from, to) = pair(&app).await;
        app.transfer(&from, &to, "1.00").await;
        let query = "query($last: Int, $before: String) { events(last: $last, before: $before) {
            nodes { sequence } pageInfo { hasPreviousPage hasNextPage startCursor endCursor } } }";
        let newest = app.ok(query, json!({ "last": 1 })).await["events"].take();
        let info = &newest["pageInfo"];
        assert_eq!((&info["endCursor"], &info["hasNextPage"]), (&app.last_cursor().await, &json!(false)));
        let earlier = app.ok(query, json!({ "last": 2, "before": info["startCursor"] })).await["events"].take();
        let number = |node: &Value| node["sequence"].as_str().expect("a number").parse::<i64>().expect("a number");
        let last = number(&newest["nodes"][0]);
        let nodes = earlier["nodes"].as_array().expect("nodes");
        assert_eq!(nodes.iter().map(number).collect::<Vec<_>>(), [last - 2, last - 1]);
        assert_eq!(earlier["pageInfo"]["hasPreviousPage"], true);
    }

    async fn a_cursor_that_is_none_is_a_bad_request(app: TestApp) {
        let entries = "{ entries(first: 1) { edges { cursor } } }";
        app.funded("1.00").await;
        let of_entries = app.ok(entries, json!({})).await["entries"]["edges"][0]["cursor"].take();
        for cursor in [json!("nonsense!"), json!(7), of_entries] {
            let mut socket = app.socket().await;
            socket.subscribe("a", FOLLOW, json!({ "after": cursor })).await;
            assert_eq!(socket.next_fault().await, "BAD_REQUEST", "{cursor}");
        }
    }
}
