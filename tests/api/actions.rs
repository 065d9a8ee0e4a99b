//! Custom actions: scripts that do as a whole what they ask for, with the caller's rights and no more; and their runs.

mod calls;
mod crash;

use serde_json::{Value, json};

use crate::app::{Account, TestApp, eventually, fresh_key};

/// All that is shown of a run.
const RUN: &str = "run { id version state dryRun input output attempts steps
    refusal { code message fields { path message } facts { approval } } failure { kind message line column status }
    commands { operation result { __typename id } } account { id } job { id } action { code } }";

/// The families and a product of each, as the systems that teams come from have them.
const FAMILIES: [(&str, &str); 5] = [
    ("DEPOSIT", "current"),
    ("INVESTMENT", "investment"),
    ("LEASING", "leasing"),
    ("REVOLVING_CREDIT", "revolving"),
    ("VIRTUAL", "virtual"),
];

async fn script(app: &TestApp, code: &str, binding: &str, text: &str) -> String {
    let input = json!({ "code": code, "kind": "SCRIPT", "binding": binding, "script": text });
    let done = app.done("createCustomAction", input, "action { id } secret").await;
    assert_eq!(done["secret"], Value::Null, "a script signs nothing");
    done["action"]["id"].as_str().expect("an id").to_owned()
}

fn asked(code: &str, account: Option<&Account>, input: Value) -> Value {
    json!({ "action": { "code": code }, "account": account.map(Account::by), "input": input })
}

async fn run(app: &TestApp, code: &str, account: Option<&Account>, input: Value) -> Value {
    app.done("runAction", asked(code, account, input), RUN).await["run"].take()
}

async fn dry(app: &TestApp, code: &str, account: Option<&Account>, input: Value) -> Value {
    let mut input = asked(code, account, input);
    input["dryRun"] = json!(true);
    app.done("runAction", input, RUN).await["run"].take()
}

/// A script that charges a fee and moves money on, in one.
const SWEEP: &str = "
    run(\"postCharge\", #{ account: #{ id: account.id }, kind: \"LATE_FEE\", amount: #{ amount: input.fee, currency: account.currency } });
    let rest = account.available - input.keep;
    run(\"transfer\", #{ from: #{ id: account.id }, to: #{ number: input.to }, amount: #{ amount: rest, currency: account.currency } });
    #{ moved: rest, of: account.number }";

on_both_databases! {
    async fn an_action_is_run_on_an_account_of_each_family(app: TestApp) {
        let text = "#{ family: account.family, id: account.id, balance: account.balance, said: input.text, deep: input.nested.flag }";
        script(&app, "look", "ACCOUNT", text).await;
        for (family, product) in FAMILIES {
            let account = app.account(product).await;
            let input = json!({ "text": "hello", "nested": { "flag": true } });
            let run = run(&app, "look", Some(&account), input.clone()).await;
            let expected = json!({ "family": family, "id": account.id, "balance": "0.00", "said": "hello", "deep": true });
            assert_eq!((&run["state"], &run["output"]), (&json!("DONE"), &expected), "{run}");
            assert_eq!((&run["input"], &run["account"]["id"], &run["version"]), (&input, &json!(account.id), &json!(1)));
            // It is in the account's history.
            let query = "query($id: ID!) { history(of: $id, filter: { operations: [\"runAction\", \"finishActionRun\"] }) { nodes { operation events { type payload } } } }";
            let history = app.ok(query, json!({ "id": account.id })).await["history"]["nodes"].take();
            let told: Vec<_> = history.as_array().expect("nodes").iter().map(|node| node["events"][0]["type"].clone()).collect();
            assert_eq!(told, [json!("ACTION_RUN_ENDED"), json!("ACTION_RUN_STARTED")]);
            assert!(!history.to_string().contains("hello"), "events tell ids only");
            let listed = app.ok("query($f: ActionRunFilter) { actionRuns(filter: $f) { nodes { id } } }", json!({ "f": { "account": account.id } })).await;
            assert_eq!(listed["actionRuns"]["nodes"], json!([{ "id": run["id"] }]));
        }
    }

    async fn an_action_is_run_on_no_account(app: TestApp) {
        script(&app, "sum", "NONE", "let sum = 0; for x in input.list { sum += x; } sum").await;
        let run = run(&app, "sum", None, json!({ "list": [1, 2.5, 3] })).await;
        assert_eq!((&run["state"], &run["output"], &run["account"]), (&json!("DONE"), &json!("6.5"), &Value::Null));
        let found = app.ok("query($id: ID!) { node(id: $id) { ... on ActionRun { output } } actionRun(id: $id) { state } }", json!({ "id": run["id"] })).await;
        assert_eq!((&found["node"]["output"], &found["actionRun"]["state"]), (&json!("6.5"), &json!("DONE")));
        assert_eq!(app.done("runAction", json!({ "action": { "code": "sum" }, "input": { "list": [] } }), RUN).await["run"]["output"], json!(0));
    }

    async fn the_wrong_action_account_and_input_are_refused_by_name(app: TestApp) {
        let account = app.account("current").await;
        let id = script(&app, "bound", "ACCOUNT", "1").await;
        script(&app, "free", "NONE", "1").await;
        let only = json!({ "code": "cards", "kind": "SCRIPT", "binding": "ACCOUNT", "families": ["CARD", "LOAN"], "script": "1" });
        app.done("createCustomAction", only, "action { current { families } }").await;
        let before = app.picture().await;
        let unknown = json!({ "id": "acc_00000000000000000000000000000000" });
        let long = json!({ "text": "x".repeat(9_000) });
        for (input, code, path) in [
            (asked("nothing", None, json!({})), "NOT_FOUND", "action"),
            (json!({ "action": { "id": "act_1" } }), "NOT_FOUND", "action"),
            (asked("bound", None, json!({})), "ACTION_NEEDS_ACCOUNT", "account"),
            (asked("free", Some(&account), json!({})), "ACTION_TAKES_NO_ACCOUNT", "account"),
            (json!({ "action": { "code": "bound" }, "account": unknown }), "NOT_FOUND", "account"),
            (asked("cards", Some(&account), json!({})), "ACTION_FAMILY_NOT_ALLOWED", "account"),
            (asked("free", None, long), "INVALID_INPUT", "input"),
            (asked("free", None, json!({ "n": 0.123_456_789_012_345_67_f64 })), "INVALID_INPUT", "input"),
        ] {
            app.refused("runAction", input, code, path).await;
        }
        let big = asked("free", None, json!({ "text": "x".repeat(17_000) }));
        app.mutate("runAction", big, "replayed").await.fault("BAD_REQUEST");
        app.done("disableCustomAction", json!({ "action": { "id": id } }), "action { state }").await;
        let refused = app.refused("runAction", asked("bound", Some(&account), json!({})), "ACTION_DISABLED", "action").await;
        assert_eq!(refused["facts"]["status"], "DISABLED");
        app.refused("disableCustomAction", json!({ "action": { "id": id } }), "INVALID_STATE", "action").await;
        app.done("enableCustomAction", json!({ "action": { "code": "bound" } }), "action { state }").await;
        assert_eq!(run(&app, "bound", Some(&account), json!({})).await["output"], json!(1));
        let mut after = app.picture().await;
        after["lastEvent"] = before["lastEvent"].clone();
        assert_eq!(after, before);
    }

    async fn definitions_are_checked_and_each_change_is_a_version(app: TestApp) {
        let make = |more: Value| {
            let mut input = json!({ "code": "fee", "kind": "SCRIPT", "binding": "NONE" });
            input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            input
        };
        for (input, path) in [
            (make(json!({})), "script"),
            (make(json!({ "script": " " })), "script"),
            (make(json!({ "script": "1 +" })), "script"),
            (make(json!({ "script": "eval(\"1\")" })), "script"),
            (make(json!({ "script": "x".repeat(17_000) })), "script"),
            (make(json!({ "script": "1", "url": "https://example.com/" })), "url"),
            (make(json!({ "script": "1", "code": " a" })), "code"),
            (make(json!({ "script": "1", "code": "" })), "code"),
            (make(json!({ "script": "1", "families": ["CARD"] })), "families"),
            (make(json!({ "script": "1", "description": "x".repeat(501) })), "description"),
            (make(json!({ "kind": "WEBHOOK" })), "url"),
            (make(json!({ "kind": "WEBHOOK", "url": "nonsense" })), "url"),
            (make(json!({ "kind": "WEBHOOK", "url": "https://user:secret@example.com/" })), "url"),
            (make(json!({ "kind": "WEBHOOK", "url": "https://example.com/", "script": "1" })), "script"),
        ] {
            app.refused("createCustomAction", input, "INVALID_INPUT", path).await;
        }
        let named = app.refused("createCustomAction", make(json!({ "script": "1;\n  )" })), "INVALID_INPUT", "script").await;
        assert!(named["fields"][0]["message"].as_str().expect("a message").starts_with("line 2, column 3"), "{named}");
        let first = make(json!({ "script": "1", "idempotencyKey": fresh_key() }));
        let made = app.done("createCustomAction", first.clone(), "replayed action { id }").await;
        let again = app.done("createCustomAction", first, "replayed action { id }").await;
        assert_eq!((&again["action"], &again["replayed"]), (&made["action"], &json!(true)));
        app.refused("createCustomAction", make(json!({ "script": "2" })), "DUPLICATE_REFERENCE", "code").await;
        assert_eq!(run(&app, "fee", None, json!({})).await["version"], json!(1));
        let change = json!({ "action": { "code": "fee" }, "script": "2", "description": "the second" });
        let changed = app.done("updateCustomAction", change.clone(), "action { current { number script description } }").await;
        assert_eq!(changed["action"]["current"], json!({ "number": 2, "script": "2", "description": "the second" }));
        let same = app.done("updateCustomAction", change, "action { current { number } }").await;
        assert_eq!(same["action"]["current"]["number"], json!(2), "what changes nothing makes no version");
        for (change, path) in [(json!({ "script": null }), "script"), (json!({ "url": "https://example.com/" }), "url"), (json!({ "binding": null }), "binding")] {
            let mut input = json!({ "action": { "code": "fee" } });
            input.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
            app.refused("updateCustomAction", input, "INVALID_INPUT", path).await;
        }
        let ran = run(&app, "fee", None, json!({})).await;
        assert_eq!((&ran["version"], &ran["output"]), (&json!(2), &json!(2)));
        let query = "{ customActions(filter: { kinds: [SCRIPT] }) { nodes { code versions(first: 1) { nodes { number script client } pageInfo { endCursor hasNextPage } } } } }";
        let listed = app.ok(query, json!({})).await["customActions"]["nodes"][0].take();
        assert_eq!((&listed["code"], &listed["versions"]["nodes"][0]["script"]), (&json!("fee"), &json!("2")));
        let next = "query($after: String) { customAction(by: { code: \"fee\" }) { versions(after: $after) { nodes { number script } } } }";
        let older = app.ok(next, json!({ "after": listed["versions"]["pageInfo"]["endCursor"] })).await;
        assert_eq!(older["customAction"]["versions"]["nodes"], json!([{ "number": 1, "script": "1" }]));
        // Whoever does not run the tenant sees that it is there, and not what it does.
        let reader = app.with_scopes("read");
        let seen = reader.ok("{ customAction(by: { code: \"fee\" }) { state current { number script } } }", json!({})).await;
        assert_eq!(seen["customAction"], json!({ "state": "ENABLED", "current": { "number": 2, "script": null } }));
        app.refused("rotateCustomActionSecret", json!({ "action": { "code": "fee" } }), "INVALID_STATE", "action").await;
    }

    async fn a_script_does_all_that_it_asks_for_or_nothing(app: TestApp) {
        script(&app, "sweep", "ACCOUNT", SWEEP).await;
        let (from, to) = (app.funded("100.00").await, app.account("current").await);
        let input = json!({ "fee": 1.5, "keep": 10, "to": to.number });
        // The charge is taken first, so that the transfer leaves less than it is to keep, and is still possible.
        let done = run(&app, "sweep", Some(&from), input.clone()).await;
        assert_eq!((&done["state"], &done["output"]), (&json!("DONE"), &json!({ "moved": "90.00", "of": from.number })), "{done}");
        let operations: Vec<_> = done["commands"].as_array().expect("commands").iter().map(|one| one["operation"].clone()).collect();
        assert_eq!(operations, [json!("postCharge"), json!("transfer")]);
        assert!(done["commands"].as_array().expect("commands").iter().all(|one| one["result"]["__typename"] == "Entry"), "{done}");
        assert_eq!((app.balance(&from).await, app.balance(&to).await), ("8.50".to_owned(), "90.00".to_owned()));
        // The second is refused, so the first is not booked.
        let before = app.picture().await;
        let input = json!({ "fee": "1.00", "keep": 0, "to": to.number });
        let refused = run(&app, "sweep", Some(&from), input.clone()).await;
        assert_eq!((&refused["state"], &refused["refusal"]["code"]), (&json!("REFUSED"), &json!("INSUFFICIENT_FUNDS")), "{refused}");
        assert_eq!(refused["refusal"]["fields"][0]["path"], json!(["commands", "1", "amount"]));
        assert!(refused["commands"].as_array().expect("commands").iter().all(|one| one["result"].is_null()));
        let mut after = app.picture().await;
        after["lastEvent"] = before["lastEvent"].clone();
        assert_eq!(after, before);
        // Each of them has its record, in the caller's name.
        let audit = app.ok("{ auditRecords(first: 4) { nodes { operation outcome client } } }", json!({})).await;
        let records: Vec<_> = audit["auditRecords"]["nodes"].as_array().expect("records").iter().map(|one| (one["operation"].clone(), one["outcome"].clone())).collect();
        assert!(records.contains(&(json!("postCharge"), json!("REFUSED"))) && records.contains(&(json!("transfer"), json!("REFUSED"))), "{records:?}");
    }

    async fn the_same_request_is_the_same_run(app: TestApp) {
        script(&app, "sweep", "ACCOUNT", SWEEP).await;
        let (from, to) = (app.funded("100.00").await, app.account("current").await);
        let mut input = asked("sweep", Some(&from), json!({ "fee": "1.00", "keep": 50, "to": to.number }));
        input["idempotencyKey"] = json!(fresh_key());
        let first = app.done("runAction", input.clone(), &format!("replayed {RUN}")).await;
        let again = app.done("runAction", input.clone(), &format!("replayed {RUN}")).await;
        assert_eq!((&first["replayed"], &again["replayed"], &again["run"]), (&json!(false), &json!(true), &first["run"]));
        assert_eq!(app.balance(&to).await, "50.00");
        input["dryRun"] = json!(true);
        app.refused("runAction", input, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey").await;
    }

    async fn a_script_has_the_callers_rights_and_no_more(app: TestApp) {
        script(&app, "name", "NONE", "run(\"createParty\", #{ name: input.name })").await;
        script(&app, "sweep", "ACCOUNT", SWEEP).await;
        let (from, to) = (app.funded("100.00").await, app.account("current").await);
        let before = app.picture().await;
        // A party takes the scope admin, a charge as well, though running the action takes money alone.
        let weak = app.with_scopes("read money");
        let refused = run(&weak, "name", None, json!({ "name": "Nordvik" })).await;
        assert_eq!((&refused["state"], &refused["refusal"]["code"]), (&json!("REFUSED"), &json!("ACTION_COMMAND_NOT_ALLOWED")), "{refused}");
        assert!(refused["refusal"]["message"].as_str().expect("a message").contains("'admin'"), "{refused}");
        let refused = run(&weak, "sweep", Some(&from), json!({ "fee": "1.00", "keep": 50, "to": to.number })).await;
        assert_eq!(refused["refusal"]["code"], "ACTION_COMMAND_NOT_ALLOWED", "{refused}");
        // Whoever may not run actions runs none, and a customer's token neither.
        app.with_scopes("read admin").mutate("runAction", asked("name", None, json!({})), "replayed").await.fault("FORBIDDEN");
        let bound = app.with_scopes("read money").bound_to(&from.owner);
        bound.mutate("runAction", asked("name", None, json!({})), "replayed").await.fault("FORBIDDEN");
        let seen = bound.ok("{ actionRuns { nodes { id } } customActions { nodes { id } } customAction(by: { code: \"name\" }) { id } }", json!({})).await;
        assert_eq!(seen, json!({ "actionRuns": { "nodes": [] }, "customActions": { "nodes": [] }, "customAction": null }));
        let mut after = app.picture().await;
        after["lastEvent"] = before["lastEvent"].clone();
        assert_eq!(after, before);
        let strong = app.with_scopes("read money admin");
        assert_eq!(run(&strong, "name", None, json!({ "name": "Nordvik" })).await["state"], "DONE");
    }

    async fn commands_that_are_none_are_refused_with_their_place(app: TestApp) {
        let account = app.account("current").await;
        let id = account.id.as_str();
        for (number, (text, code, path)) in [
            ("run(\"nothing\", #{})".to_owned(), "ACTION_COMMAND_NOT_ALLOWED", json!([])),
            ("run(\"runAction\", #{ action: #{ code: \"a0\" } })".to_owned(), "ACTION_COMMAND_NOT_ALLOWED", json!([])),
            ("run(\"createWebhook\", #{ url: \"https://example.com/\" })".to_owned(), "ACTION_COMMAND_NOT_ALLOWED", json!([])),
            ("run(\"transferBatch\", #{ items: [] })".to_owned(), "ACTION_COMMAND_NOT_ALLOWED", json!([])),
            ("run(\"createParty\", #{ name: \"A\" }); run(\"createParty\", #{ nome: \"B\" })".to_owned(), "INVALID_INPUT", json!([["commands", "1", "input"]])),
            ("run(\"createParty\", #{ name: \"A\", idempotencyKey: \"mine\" })".to_owned(), "INVALID_INPUT", json!([["commands", "0", "idempotencyKey"]])),
            (format!("run(\"postPayment\", #{{ account: #{{ id: \"{id}\" }}, channel: \"CASH\", amount: #{{ amount: 1.005, currency: \"EUR\" }} }})"), "INVALID_INPUT", json!([["commands", "0", "amount"]])),
            ("run(\"updateParty\", #{ party: #{ number: \"X\" }, name: \"A\" })".to_owned(), "NOT_FOUND", json!([["commands", "0", "party"]])),
            ("run(\"createParty\", #{ name: \"A\", number: \"N\" }); run(\"createParty\", #{ name: \"A\", number: \"N\" })".to_owned(), "DUPLICATE_REFERENCE", json!([["commands", "1", "number"]])),
        ].into_iter().enumerate() {
            let name = format!("a{number}");
            script(&app, &name, "NONE", &text).await;
            let refused = run(&app, &name, None, json!({})).await;
            assert_eq!((&refused["state"], &refused["refusal"]["code"]), (&json!("REFUSED"), &json!(code)), "{text}: {refused}");
            let paths: Vec<_> = refused["refusal"]["fields"].as_array().expect("fields").iter().map(|field| field["path"].clone()).collect();
            assert_eq!(json!(paths), path, "{text}: {refused}");
        }
        assert_eq!(app.ok("{ parties { nodes { id } } }", json!({})).await["parties"]["nodes"], json!([]));
    }

    async fn a_script_that_goes_wrong_fails_with_its_place_and_disturbs_nobody(app: TestApp) {
        for (number, (text, kind, line)) in [
            ("let x = 1;\nloop { x += 1; }", "SCRIPT_TOO_MANY_STEPS", 2),
            ("fn f() { f() }\nf()", "SCRIPT_TOO_DEEP", 2),
            ("let s = \"ab\";\nloop { s += s; }", "SCRIPT_TOO_LARGE", 2),
            ("run(\"createParty\", #{ name: \"A\" });\nthrow \"because\"", "SCRIPT_THREW", 2),
            ("1 / input.zero", "SCRIPT_ERROR", 1),
        ].into_iter().enumerate() {
            let name = format!("bad{number}");
            script(&app, &name, "NONE", text).await;
            let failed = run(&app, &name, None, json!({ "zero": 0 })).await;
            assert_eq!((&failed["state"], &failed["failure"]["kind"], &failed["failure"]["line"]), (&json!("FAILED"), &json!(kind), &json!(line)), "{failed}");
            assert_eq!((&failed["output"], &failed["refusal"]), (&Value::Null, &Value::Null));
        }
        script(&app, "no", "NONE", "run(\"createParty\", #{ name: \"A\" }); refuse(\"not today\")").await;
        let refused = run(&app, "no", None, json!({})).await;
        assert_eq!((&refused["refusal"]["code"], &refused["refusal"]["message"]), (&json!("ACTION_REFUSED"), &json!("not today")));
        assert_eq!(app.ok("{ parties { nodes { id } } }", json!({})).await["parties"]["nodes"], json!([]), "nothing of it was done");
        let listed = app.ok("{ actionRuns(filter: { states: [FAILED] }, first: 2) { nodes { failure { kind } } pageInfo { hasNextPage } } }", json!({})).await;
        assert_eq!(listed["actionRuns"]["nodes"][0]["failure"]["kind"], "SCRIPT_ERROR", "the newest first");
        assert_eq!(listed["actionRuns"]["pageInfo"]["hasNextPage"], json!(true));
    }

    async fn no_whole_number_of_a_card_comes_out_of_a_script(app: TestApp) {
        let note = "run(\"createParty\", #{ name: input.text, metadata: #{ groups: input.groups } });";
        script(&app, "note", "NONE", note).await;
        // What it asks for passes the check of the mutation of that name.
        for input in [json!({ "part": 1 }), json!({ "part": 2 })] {
            let text = if input["part"] == 1 { "let pan = \"\"; for x in 0..4 { pan += if x == 0 { \"4111\" } else { \"1111\" }; } run(\"createParty\", #{ name: pan });" }
                else { "let groups = []; for x in 0..4 { groups.push(if x == 0 { \"4111\" } else { \"1111\" }); } run(\"createParty\", #{ name: \"N\", metadata: #{ groups: groups } });" };
            let code = format!("made-{}", input["part"]);
            script(&app, &code, "NONE", text).await;
            let made = run(&app, &code, None, json!({})).await;
            assert_eq!((&made["state"], &made["refusal"]["code"]), (&json!("REFUSED"), &json!("CARD_NUMBER_NOT_KEPT")), "{made}");
        }
        // Nor does it give, say or throw one, by parts.
        let pan = "let pan = \"\"; for x in 0..4 { pan += if x == 0 { \"4111\" } else { \"1111\" }; }";
        for (code, text, state) in [
            ("gives", format!("{pan} #{{ a: [pan] }}"), "FAILED"),
            ("parts", "let a = []; for x in 0..4 { a.push(if x == 0 { 4111 } else { 1111 }); } a".to_owned(), "FAILED"),
            ("says", format!("{pan} refuse(\"no: \" + pan)"), "REFUSED"),
            ("throws", format!("{pan} throw \"no: \" + pan"), "FAILED"),
            ("asks", format!("{pan} run(pan, #{{ }})"), "REFUSED"),
        ] {
            script(&app, code, "NONE", &text).await;
            let done = run(&app, code, None, json!({})).await;
            assert_eq!(done["state"], state, "{done}");
            assert!(!done.to_string().contains("4111"), "{done}");
        }
        // In the background neither, nor in the job.
        let mut input = asked("says", None, json!({}));
        input["async"] = json!(true);
        let job = app.done("runAction", input, RUN).await["run"]["job"]["id"].take();
        let query = "query($id: ID!) { job(id: $id) { state items { nodes { refusal { message } } } } }";
        eventually("the job", || async { app.ok(query, json!({ "id": job })).await["job"]["state"] == "DONE" }).await;
        app.refused("runAction", asked("note", None, json!({ "groups": ["4111", "1111", "1111", "1111"] })), "CARD_NUMBER_NOT_KEPT", "input").await;
        app.refused("runAction", asked("note", None, json!({ "text": "4111|1111|1111|1111" })), "CARD_NUMBER_NOT_KEPT", "input").await;
        assert_eq!(app.ok("{ parties { nodes { name } } }", json!({})).await["parties"]["nodes"], json!([]));
        for text in ["4111111111111111", "4111|1111|1111|1111"] {
            assert_eq!(crate::customers::persons::grep(&app, text).await, Vec::<String>::new());
        }
    }

    async fn a_dry_run_decides_everything_and_leaves_nothing(app: TestApp) {
        script(&app, "sweep", "ACCOUNT", SWEEP).await;
        let (from, to) = (app.funded("100.00").await, app.account("current").await);
        let before = app.picture().await;
        let input = json!({ "fee": "1.00", "keep": 10, "to": to.number });
        let tried = dry(&app, "sweep", Some(&from), input.clone()).await;
        assert_eq!((&tried["state"], &tried["dryRun"], &tried["output"]["moved"]), (&json!("DONE"), &json!(true), &json!("90.00")), "{tried}");
        assert_eq!(tried["commands"].as_array().map(Vec::len), Some(2));
        assert!(tried["commands"].as_array().expect("commands").iter().all(|one| one["result"].is_null()));
        let refused = dry(&app, "sweep", Some(&from), json!({ "fee": "50.00", "keep": 0, "to": to.number })).await;
        assert_eq!(refused["refusal"]["code"], "INSUFFICIENT_FUNDS", "{refused}");
        let mut after = app.picture().await;
        after["lastEvent"] = before["lastEvent"].clone();
        assert_eq!(after, before);
        // What was tried twice is done as if it had not been.
        assert_eq!(run(&app, "sweep", Some(&from), input).await["state"], "DONE");
        assert_eq!(app.balance(&to).await, "90.00");
        let listed = app.ok("{ actionRuns(filter: { dryRun: true }) { nodes { state } } }", json!({})).await;
        assert_eq!(listed["actionRuns"]["nodes"].as_array().map(Vec::len), Some(2));
    }

    async fn what_waits_for_a_second_person_is_refused_within_a_script(app: TestApp) {
        app.done("setApprovalRules", json!({ "rules": [{ "operation": "createParty" }] }), "replayed").await;
        script(&app, "name", "NONE", "run(\"createParty\", #{ name: \"A\" })").await;
        let refused = run(&app, "name", None, json!({})).await;
        assert_eq!(refused["refusal"]["code"], "APPROVAL_REQUIRED", "{refused}");
        assert_eq!(app.ok("{ approvals { nodes { id } } }", json!({})).await["approvals"]["nodes"], json!([]));
    }

    async fn a_run_in_the_background_is_a_job(app: TestApp) {
        let text = "if input.name == () { throw \"nobody\" } run(\"createParty\", #{ name: input.name }); input.name";
        script(&app, "name", "NONE", text).await;
        let mut input = asked("name", None, json!({ "name": "Nordvik" }));
        input["async"] = json!(true);
        let queued = app.done("runAction", input, RUN).await["run"].take();
        assert_eq!((&queued["state"], &queued["output"]), (&json!("QUEUED"), &Value::Null), "{queued}");
        let query = "query($job: ID!, $run: ID!) { job(id: $job) { kind operation state total done refused failed items { nodes { state result { ... on ActionRun { id } } refusal { code } } } }
            actionRun(id: $run) { state output attempts commands { result { __typename } } } }";
        let both = json!({ "job": queued["job"]["id"], "run": queued["id"] });
        eventually("the job", || async { app.ok(query, both.clone()).await["job"]["state"] == "DONE" }).await;
        let found = app.ok(query, both.clone()).await;
        assert_eq!(found["actionRun"], json!({ "state": "DONE", "output": "Nordvik", "attempts": 1, "commands": [{ "result": { "__typename": "Party" } }] }));
        let job = json!({ "kind": "ACTION", "operation": "runAction", "state": "DONE", "total": 1, "done": 1, "refused": 0, "failed": 0,
            "items": { "nodes": [{ "state": "DONE", "result": { "id": queued["id"] }, "refusal": null }] } });
        assert_eq!(found["job"], job);
        app.refused("cancelJob", json!({ "job": queued["job"]["id"] }), "INVALID_STATE", "job").await;
        for (input, state, count) in [(json!({ "name": "" }), "DONE", "refused"), (json!({}), "FAILED", "failed")] {
            let mut input = asked("name", None, input);
            input["async"] = json!(true);
            let queued = app.done("runAction", input, RUN).await["run"].take();
            let both = json!({ "job": queued["job"]["id"], "run": queued["id"] });
            eventually("the job", || async { app.ok(query, both.clone()).await["job"]["state"] == state }).await;
            assert_eq!(app.ok(query, both).await["job"][count], json!(1));
        }
    }

    async fn a_run_whose_server_fell_silent_is_taken_up_once(app: TestApp) {
        use konto::actions::{ActionBy, StartRun};
        script(&app, "name", "NONE", "run(\"createParty\", #{ name: \"Nordvik\", number: \"N\" })").await;
        // A server that noted the run and died before it did anything.
        let command = StartRun {
            action: ActionBy::Code("name".into()), account: None, input: "{}".into(), dry_run: false, background: false,
            scopes: vec!["money".into(), "admin".into()],
        };
        let origin = konto::primitives::Origin { client: "tests".into(), ..konto::primitives::Origin::system(app.tenant_id()) };
        let run = app.server().engine().await.run(&origin, None, command).await.expect("a run").value.id.to_string();
        let query = "query($id: ID!) { actionRun(id: $id) { state attempts } parties { nodes { number } } }";
        let found = app.ok(query, json!({ "id": run })).await;
        assert_eq!(found["actionRun"], json!({ "state": "RUNNING", "attempts": 1 }));
        app.advance(std::time::Duration::from_secs(61));
        eventually("it is taken up", || async { app.ok(query, json!({ "id": run })).await["actionRun"]["state"] == "DONE" }).await;
        let found = app.ok(query, json!({ "id": run })).await;
        assert_eq!((&found["actionRun"]["attempts"], &found["parties"]["nodes"]), (&json!(2), &json!([{ "number": "N" }])));
    }
}
