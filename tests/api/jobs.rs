//! Jobs: batches that are worked off in the background, followed, cancelled, retried, over restarts and servers.

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{Account, TestApp, euros, eventually, fresh_key, numbered};

const JOB: &str = "job { id kind operation mode state total done refused failed client startedAt endedAt }";

fn transfer(from: &Account, to: &Account, amount: &str) -> Value {
    json!({ "idempotencyKey": fresh_key(), "from": from.by(), "to": to.by(), "amount": euros(amount) })
}

fn person(number: &str) -> Value {
    json!({ "idempotencyKey": format!("key-{number}"), "type": "PERSON", "lastName": "Boye", "number": number })
}

fn persons(prefix: &str, count: usize) -> Vec<Value> {
    (0..count).map(|place| person(&format!("{prefix}{place}"))).collect()
}

/// Queues a batch; the job, as it was answered.
async fn queue(app: &TestApp, name: &str, items: &[Value], mode: &str) -> Value {
    let input = json!({ "items": items, "mode": mode, "async": true });
    let mut done = app.done(name, input, &format!("succeeded refused items {{ index }} {JOB}")).await;
    assert_eq!(json!([done["items"], done["succeeded"], done["refused"]]), json!([[], 0, 0]));
    done["job"].take()
}

async fn look(app: &TestApp, id: &Value) -> Value {
    let query = "query($id: ID!) { job(id: $id) { id state total done refused failed startedAt endedAt itemsUntil } }";
    app.ok(query, json!({ "id": id })).await["job"].take()
}

fn is_over(job: &Value) -> bool {
    ["DONE", "FAILED", "CANCELLED"].iter().any(|state| job["state"] == *state)
}

/// The job once it is over: its state, and what was done, refused and failed.
async fn ended(app: &TestApp, id: &Value) -> Value {
    eventually("the job ends", async || is_over(&look(app, id).await)).await;
    let job = look(app, id).await;
    json!([job["state"], job["done"], job["refused"], job["failed"]])
}

/// Items, page by page.
async fn items(app: &TestApp, id: &Value, filter: Value) -> Vec<Value> {
    let query = "query($id: ID!, $filter: JobItemFilter, $after: String) { job(id: $id) { items(first: 50, filter: $filter, after: $after) {
        nodes { index idempotencyKey state result { __typename id } refusal { code message fields { path } facts { approval } } }
        pageInfo { hasNextPage endCursor } } } }";
    let (mut all, mut after) = (Vec::new(), Value::Null);
    loop {
        let mut page =
            app.ok(query, json!({ "id": id, "filter": filter, "after": after })).await["job"]["items"].take();
        all.append(page["nodes"].as_array_mut().expect("items"));
        if page["pageInfo"]["hasNextPage"] == false {
            return all;
        }
        after = page["pageInfo"]["endCursor"].take();
    }
}

async fn told(app: &TestApp) -> Vec<String> {
    let query = "{ events(first: 100, filter: { types: [JOB_QUEUED, JOB_STARTED, JOB_PROGRESSED, JOB_ENDED] }) { nodes { type payload } } }";
    let mut events = app.ok(query, json!({})).await["events"]["nodes"].take();
    let events = events.as_array_mut().expect("events").drain(..);
    events.map(|event| event["type"].as_str().expect("a type").to_owned()).collect()
}

async fn customers(app: &TestApp) -> usize {
    let (mut count, mut after) = (0, Value::Null);
    loop {
        let query = "query($after: String) { customers(first: 100, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }";
        let mut page = app.ok(query, json!({ "after": after })).await["customers"].take();
        count += page["nodes"].as_array().map_or(0, Vec::len);
        if page["pageInfo"]["hasNextPage"] == false {
            return count;
        }
        after = page["pageInfo"]["endCursor"].take();
    }
}

on_both_databases! {
    async fn a_batch_is_worked_off_in_the_background_and_followed(app: TestApp) {
        let (from, to) = (app.funded("10.00").await, app.account("current").await);
        let all = [transfer(&from, &to, "4.00"), transfer(&from, &to, "100.00"), transfer(&from, &to, "1.00")];
        let mut spoilt = transfer(&from, &to, "1.00");
        spoilt["from"] = json!({ "id": "nonsense" });
        let all = [&all[..], &[spoilt]].concat();
        let job = queue(&app, "transferBatch", &all, "SEQUENTIAL").await;
        assert_eq!(json!([job["kind"], job["operation"], job["mode"], job["total"], job["client"]]), json!(["BATCH", "transfer", "SEQUENTIAL", 4, "tests"]));
        assert_eq!(ended(&app, &job["id"]).await, json!(["DONE", 2, 2, 0]));
        assert_eq!(app.balance(&to).await, "5.00");
        let found = items(&app, &job["id"], json!({})).await;
        let of = |item: &Value| json!([item["index"], item["state"], item["result"]["__typename"], item["refusal"]["code"], item["refusal"]["fields"][0]["path"]]);
        assert_eq!(found.iter().map(of).collect::<Vec<_>>(), [
            json!([0, "DONE", "Entry", null, null]),
            json!([1, "REFUSED", null, "INSUFFICIENT_FUNDS", ["amount"]]),
            json!([2, "DONE", "Entry", null, null]),
            json!([3, "REFUSED", null, "NOT_FOUND", ["from"]]),
        ]);
        let done = items(&app, &job["id"], json!({ "states": ["DONE"] })).await;
        assert_eq!(done.iter().map(|item| item["index"].clone()).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(told(&app).await, ["JOB_QUEUED", "JOB_STARTED", "JOB_ENDED"]);
        // Each item is in the audit trail, in its asker's name; so is the job by its id.
        // What no command could be made of was refused to the batch.
        for (operation, refused) in [("transfer", 1), ("transferBatch", 1)] {
            let query = "query($of: String!) { auditRecords(first: 100, filter: { operation: $of, client: \"tests\", outcome: REFUSED }) { nodes { id } } }";
            let records = app.ok(query, json!({ "of": operation })).await["auditRecords"]["nodes"].take();
            assert_eq!(records.as_array().map(Vec::len), Some(refused), "{operation}");
        }
        let node = app.ok("query($id: ID!) { node(id: $id) { __typename id } }", json!({ "id": job["id"] })).await;
        assert_eq!(node["node"], json!({ "__typename": "Job", "id": job["id"] }));
        let list = |filter: Value| {
            let app = app.clone();
            async move {
                let query = "query($filter: JobFilter) { jobs(filter: $filter) { nodes { id } } }";
                app.ok(query, json!({ "filter": filter })).await["jobs"]["nodes"].as_array().map_or(0, Vec::len)
            }
        };
        assert_eq!(list(json!({ "states": ["DONE"], "kinds": ["BATCH"], "operations": ["transfer"] })).await, 1);
        assert_eq!(list(json!({ "states": ["QUEUED", "RUNNING"] })).await, 0);
        assert_eq!(list(json!({ "operations": ["disburse"] })).await, 0);
        // The same batch again is the same job; an item alone, under its key, is what the job has done.
        let again = queue(&app, "transferBatch", &all, "SEQUENTIAL").await;
        assert_eq!(again["id"], job["id"]);
        let replayed = app.done("transfer", all[0].clone(), "replayed entry { id }").await;
        assert_eq!((&replayed["replayed"], &replayed["entry"]["id"]), (&json!(true), &found[0]["result"]["id"]));
        assert_eq!(app.balance(&to).await, "5.00");
    }

    async fn all_or_nothing_is_done_or_refused_as_a_whole(app: TestApp) {
        let (from, to) = (app.funded("10.00").await, app.account("current").await);
        let mut all: Vec<Value> = (0..9).map(|_| transfer(&from, &to, "1.00")).collect();
        all.push(transfer(&from, &to, "5.00"));
        let job = queue(&app, "transferBatch", &all, "ALL_OR_NOTHING").await;
        assert_eq!(ended(&app, &job["id"]).await, json!(["FAILED", 0, 10, 0]));
        let codes: Vec<Value> = items(&app, &job["id"], json!({})).await.iter().map(|item| item["refusal"]["code"].clone()).collect();
        assert_eq!((&codes[0], &codes[9]), (&json!("BATCH_REFUSED"), &json!("INSUFFICIENT_FUNDS")));
        assert_eq!(app.balance(&to).await, "0.00");
        app.pay_in(&from, "100.00").await;
        app.done("retryJob", json!({ "job": job["id"] }), "replayed").await;
        assert_eq!(ended(&app, &job["id"]).await, json!(["DONE", 10, 0, 0]));
        assert_eq!(app.balance(&to).await, "14.00");
        // What no command can be made of is refused at once, and nothing is queued.
        let mut spoilt = transfer(&from, &to, "1.00");
        spoilt["to"] = json!({ "id": "nonsense" });
        let input = json!({ "items": [transfer(&from, &to, "1.00"), spoilt], "mode": "ALL_OR_NOTHING", "async": true });
        app.refused("transferBatch", input, "NOT_FOUND", "items.1.to").await;
        let twice = transfer(&from, &to, "1.00");
        let input = json!({ "items": [twice, twice], "async": true });
        app.refused("transferBatch", input, "INVALID_INPUT", "items.1.idempotencyKey").await;
        app.refused("transferBatch", json!({ "items": [], "async": true }), "INVALID_INPUT", "items").await;
    }

    async fn a_job_goes_on_where_it_was_after_a_restart(app: TestApp) {
        let before = customers(&app).await;
        let job = queue(&app, "createCustomerBatch", &persons("R", 2_000), "SEQUENTIAL").await;
        let mut restarts = 0;
        for _ in 0..3 {
            // Wherever it is: nothing, a part, or all of it is done.
            tokio::time::sleep(Duration::from_millis(60)).await;
            restarts += usize::from(!is_over(&look(&app, &job["id"]).await));
            app.restart().await;
        }
        eventually("the job ends", async || is_over(&look(&app, &job["id"]).await)).await;
        println!("restarted {restarts} times before its end");
        assert_eq!(ended(&app, &job["id"]).await, json!(["DONE", 2_000, 0, 0]));
        assert_eq!(customers(&app).await, before + 2_000);
        let found = items(&app, &job["id"], json!({ "states": ["PENDING", "REFUSED", "FAILED", "CANCELLED"] })).await;
        assert_eq!(found, Vec::<Value>::new());
        let ended = told(&app).await;
        assert_eq!(ended.iter().filter(|word| *word == "JOB_ENDED").count(), 1, "{ended:?}");
        crate::faults::served::verify(&app.database_url()).await;
    }

    async fn two_servers_share_the_jobs_and_one_takes_over_from_the_other(app: TestApp) {
        let Some(second) = app.second_server().await else { return };
        let mut jobs = Vec::new();
        for place in 0..4 {
            let voice = if place % 2 == 0 { &app } else { &second };
            jobs.push(queue(voice, "createCustomerBatch", &persons(&format!("S{place}-"), 500), "SEQUENTIAL").await);
        }
        // The first one goes away in the middle of it, and comes back.
        tokio::time::sleep(Duration::from_millis(50)).await;
        app.restart().await;
        for job in &jobs {
            assert_eq!(ended(&second, &job["id"]).await, json!(["DONE", 500, 0, 0]));
        }
        let query = "{ auditRecords(first: 1, filter: { operation: \"createCustomer\", outcome: REPLAYED }) { nodes { id } } }";
        let replayed = app.ok(query, json!({})).await;
        assert_eq!(replayed["auditRecords"]["nodes"], json!([]), "nothing is decided twice");
    }

    async fn what_is_not_done_is_cancelled_and_retried(app: TestApp) {
        let job = queue(&app, "createCustomerBatch", &persons("K", 3_000), "EACH_ALONE").await;
        let cancelled = app.mutate("cancelJob", json!({ "job": job["id"] }), "job { state done total }").await;
        let cancelled = cancelled.data()["cancelJob"].take();
        assert_eq!(cancelled["job"]["state"], "CANCELLED", "3,000 items are not done at once: {cancelled}");
        let done = look(&app, &job["id"]).await["done"].as_i64().expect("a number");
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(look(&app, &job["id"]).await["done"], done, "nothing is done after that");
        let left = items(&app, &job["id"], json!({ "states": ["CANCELLED"] })).await;
        assert_eq!(left.len(), usize::try_from(3_000 - done).expect("some"));
        app.refused("cancelJob", json!({ "job": job["id"] }), "INVALID_STATE", "job").await;
        // Somebody else has taken a number meanwhile.
        app.done("createCustomer", json!({ "type": "PERSON", "lastName": "Else", "number": "K2999" }), "replayed").await;
        app.done("retryJob", json!({ "job": job["id"] }), "job { state }").await;
        assert_eq!(ended(&app, &job["id"]).await, json!(["DONE", 2_999, 1, 0]));
        let refused = items(&app, &job["id"], json!({ "states": ["REFUSED"] })).await;
        assert_eq!(json!([refused.len(), refused[0]["index"], refused[0]["refusal"]["code"]]), json!([1, 2_999, "DUPLICATE_REFERENCE"]));
        for name in ["cancelJob", "retryJob"] {
            app.refused(name, json!({ "job": "job_0190000000007000800000000000000a" }), "NOT_FOUND", "job").await;
            app.refused(name, json!({ "job": "nonsense" }), "NOT_FOUND", "job").await;
        }
        // A job whose batch took another scope takes that one as well.
        let money = app.with_scopes("read money");
        money.mutate("retryJob", json!({ "job": job["id"] }), "replayed").await.fault("FORBIDDEN");
    }

    async fn a_customers_token_sees_and_cancels_its_own_jobs_alone(app: TestApp) {
        let (from, to) = (app.funded("10.00").await, app.account("current").await);
        let own = app.bound_to(&from.owner);
        let second = app.account_of(&from.owner, "current").await;
        let job = queue(&own, "transferBatch", &[transfer(&from, &second, "1.00"), transfer(&from, &to, "1.00")], "EACH_ALONE").await;
        // Decided in its name: another customer's account does not exist for it.
        assert_eq!(ended(&own, &job["id"]).await, json!(["DONE", 1, 1, 0]));
        let tenants = queue(&app, "transferBatch", &[transfer(&from, &to, "1.00")], "EACH_ALONE").await;
        ended(&app, &tenants["id"]).await;
        let other = app.bound_to(&to.owner);
        let query = "{ jobs { nodes { id } } }";
        let seen = async |voice: &TestApp| voice.ok(query, json!({})).await["jobs"]["nodes"].take();
        assert_eq!(seen(&own).await, json!([{ "id": job["id"] }]));
        assert_eq!(seen(&other).await, json!([]));
        assert_eq!(seen(&app).await, json!([{ "id": tenants["id"] }, { "id": job["id"] }]));
        assert_eq!(look(&other, &job["id"]).await, Value::Null);
        assert_eq!(look(&own, &tenants["id"]).await, Value::Null);
        for (voice, id) in [(&other, &job["id"]), (&own, &tenants["id"])] {
            voice.refused("retryJob", json!({ "job": id }), "NOT_FOUND", "job").await;
        }
        let events = "{ events(first: 100, filter: { types: [JOB_ENDED] }) { nodes { subject } } }";
        assert_eq!(own.ok(events, json!({})).await["events"]["nodes"], json!([{ "subject": job["id"] }]));
        assert_eq!(other.ok(events, json!({})).await["events"]["nodes"], json!([]));
    }

    async fn jobs_are_followed_live(app: TestApp) {
        let after = app.last_cursor().await;
        let query = "subscription($after: Cursor) { ledgerEvents(after: $after, filter: { types: [JOB_QUEUED, JOB_STARTED, JOB_PROGRESSED, JOB_ENDED] }) { type payload } }";
        let mut socket = app.socket().await;
        socket.subscribe("a", query, json!({ "after": after })).await;
        let job = queue(&app, "createCustomerBatch", &persons("L", 1_000), "SEQUENTIAL").await;
        let (mut types, mut last) = (Vec::new(), Value::Null);
        while last["type"] != "JOB_ENDED" {
            last = socket.next_data().await["ledgerEvents"].take();
            assert_eq!(last["payload"]["job"], job["id"]);
            types.push(last["type"].as_str().expect("a type").to_owned());
        }
        assert_eq!(types[..2], ["JOB_QUEUED", "JOB_STARTED"]);
        assert!(types[2..types.len() - 1].iter().all(|word| word == "JOB_PROGRESSED"), "{types:?}");
        assert!((3..=12).contains(&types.len()), "a tenth at a time: {types:?}");
        assert_eq!((&last["payload"]["state"], &last["payload"]["done"]), (&json!("DONE"), &json!(1_000)));
    }

    async fn the_items_of_a_job_go_after_thirty_days(app: TestApp) {
        let job = queue(&app, "createCustomerBatch", &persons(&numbered("P"), 3), "EACH_ALONE").await;
        ended(&app, &job["id"]).await;
        let query = "query($id: ID!) { job(id: $id) { done items { nodes { index } } } }";
        let of = async || app.ok(query, json!({ "id": job["id"] })).await["job"].take();
        app.advance(Duration::from_secs(30 * 24 * 3_600 - 60));
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(of().await["items"]["nodes"].as_array().map(Vec::len), Some(3));
        app.advance(Duration::from_secs(120));
        eventually("the items go", async || of().await["items"]["nodes"] == json!([])).await;
        assert_eq!(of().await["done"], 3, "the job itself stays");
        app.refused("retryJob", json!({ "job": job["id"] }), "INVALID_STATE", "job").await;
    }

    async fn a_large_job_is_worked_off_beside_single_transfers(app: TestApp) {
        let (from, to) = (app.funded("1000.00").await, app.account("current").await);
        let all: Vec<Value> = (0..12_000).map(|_| transfer(&from, &to, "0.01")).collect();
        app.refused("transferBatch", json!({ "items": all, "async": true, "mode": "ALL_OR_NOTHING" }), "LIMIT_EXCEEDED", "items").await;
        let started = std::time::Instant::now();
        let job = queue(&app, "transferBatch", &all, "EACH_ALONE").await;
        println!("12,000 transfers queued in {:?}", started.elapsed());
        let mut beside = 0;
        while !is_over(&look(&app, &job["id"]).await) {
            app.transfer(&from, &to, "0.01").await;
            beside += 1;
            assert!(started.elapsed() < Duration::from_secs(120), "{:?}", look(&app, &job["id"]).await);
        }
        println!("12,000 transfers in {:?}, with {beside} beside them", started.elapsed());
        assert_eq!(ended(&app, &job["id"]).await, json!(["DONE", 12_000, 0, 0]));
        assert!(beside > 0);
    }
}
