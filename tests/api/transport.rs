//! The transport: GraphQL over HTTP as its specification has it, and limits that hold on every way in.

mod browsers;
mod documents;
mod socket;

use serde_json::{Value, json};

use crate::app::{Answer, TestApp, encoded, euros};

const GRAPHQL: &str = "application/graphql-response+json";
const PLAIN: &str = "application/json";

/// Operations that are over a limit, and the code that each gets.
pub fn over_the_limits() -> Vec<(&'static str, String, &'static str)> {
    let deep = format!("{{ {} }}", (0..13).fold("id".to_owned(), |inner, _| format!("reverses {{ {inner} }}")));
    let deep = format!("{{ entry(id: \"ent_1\") {deep} }}");
    let aliases = (0..31).map(|n| format!("a{n}: viewer {{ client }} ")).collect::<String>();
    let bomb = |fragments: usize| {
        let mut text = String::from("{ viewer { ...F0 } }");
        for n in 0..fragments {
            text += &format!(" fragment F{n} on Viewer {{ ...F{} ...F{} }}", n + 1, n + 1);
        }
        text + format!(" fragment F{fragments} on Viewer {{ client }}").as_str()
    };
    let close = "closePeriod(input: { idempotencyKey: \"k\", through: \"2026-03-31\" }) { __typename }";
    vec![
        ("depth", deep, "OVER_LIMIT"),
        ("aliases", format!("{{ {aliases} }}"), "OVER_LIMIT"),
        ("a fragment bomb", bomb(12), "OVER_LIMIT"),
        ("a larger bomb", bomb(90), "OVER_LIMIT"),
        (
            "a cycle",
            "{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }".into(),
            "BAD_REQUEST",
        ),
        ("tokens", format!("{{ viewer {{ {} }} }}", "client ".repeat(2_000)), "OVER_LIMIT"),
        ("brackets", format!("{{ account(by: {}", "[".repeat(10_000)), "OVER_LIMIT"),
        (
            "complexity",
            "{ accounts(first: 100) { nodes { transactions(first: 100) { nodes { id kind description } } } } }".into(),
            "OVER_LIMIT",
        ),
        ("two mutations", format!("mutation {{ a: {close} b: {close} }}"), "BAD_REQUEST"),
        ("a mutation twice", format!("mutation {{ {close} {close} }}"), "BAD_REQUEST"),
        (
            "a mutation twice through a fragment",
            format!("mutation {{ {close} ...F }} fragment F on Mutation {{ {close} }}"),
            "BAD_REQUEST",
        ),
        (
            "two subscriptions",
            "subscription { a: ledgerEvents { sequence } b: ledgerEvents { sequence } }".into(),
            "BAD_REQUEST",
        ),
    ]
}

impl TestApp {
    async fn ask(&self, accept: &str, query: &str) -> Answer {
        let request = self.http().post(self.url("/graphql")).bearer_auth(self.token().await.expect("a token"));
        let request = request.header("accept", accept).json(&json!({ "query": query }));
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.json().await.expect("JSON") }
    }
}

on_both_databases! {
    async fn a_variable_that_is_left_out_has_its_default_everywhere(app: TestApp) {
        for (query, shown) in [
            ("query($on: Boolean! = true) { viewer @include(if: $on) { client } }", true),
            ("query($on: Boolean! = false) { viewer @include(if: $on) { client } }", false),
            ("query($off: Boolean! = true) { viewer @skip(if: $off) { client } }", false),
            ("query($on: Boolean! = true) { ...F @include(if: $on) } fragment F on Query { viewer { client } }", true),
            ("query($on: Boolean! = true) { ... @include(if: $on) { viewer { client } } }", true),
        ] {
            // The second time its text is known.
            for _ in 0..2 {
                assert_eq!(app.ok(query, json!({})).await.get("viewer").is_some(), shown, "{query}");
            }
            let name = if query.contains("$on") { "on" } else { "off" };
            let included = name == "on";
            assert_eq!(app.ok(query, json!({ name: true })).await.get("viewer").is_some(), included, "{query}");
            assert_eq!(app.ok(query, json!({ name: false })).await.get("viewer").is_some(), !included, "{query}");
        }
        let page = "query($first: Int = 1) { products(first: $first) { nodes { code } } }";
        assert_eq!(app.ok(page, json!({})).await["products"]["nodes"].as_array().map(Vec::len), Some(1));
    }

    async fn the_status_follows_the_media_type(app: TestApp) {
        for (query, graphql, plain, code) in [
            ("{ viewer { client } }", 200, 200, None),
            ("{", 400, 200, Some("BAD_REQUEST")),
            ("{ unknown }", 400, 200, Some("BAD_REQUEST")),
            ("{ account(by: { number: 7 }) { id } }", 400, 200, Some("BAD_REQUEST")),
            ("query($id: ID!) { entry(id: $id) { id } }", 400, 200, Some("BAD_REQUEST")),
            ("{ accounts(first: -1) { nodes { id } } }", 200, 200, Some("BAD_REQUEST")),
            ("subscription { ledgerEvents { sequence } }", 406, 406, Some("BAD_REQUEST")),
        ] {
            for (accept, status) in [(GRAPHQL, graphql), (PLAIN, plain)] {
                let answer = app.ask(accept, query).await;
                assert_eq!(answer.status, status, "{accept} {query}: {answer:?}");
                assert_eq!(answer.headers["content-type"], format!("{accept}; charset=utf-8"));
                assert_eq!(
                    answer.errors().first().and_then(|error| error["extensions"]["code"].as_str()),
                    code,
                    "{query}"
                );
            }
        }
    }

    async fn queries_go_by_get_and_mutations_do_not(app: TestApp) {
        let account = app.funded("10.00").await;
        let get = async |query: &str, variables: Value| {
            let url =
                app.url(&format!("/graphql?query={}&variables={}", encoded(query), encoded(&variables.to_string())));
            let request =
                app.http().get(url).bearer_auth(app.token().await.expect("a token")).header("accept", GRAPHQL);
            request.send().await.expect("an answer")
        };
        let by = json!({ "by": account.by() });
        let response = get("query($by: AccountBy!) { account(by: $by) { balance { amount } } }", by).await;
        assert_eq!(Answer::read(response).await.data()["account"]["balance"]["amount"], "10.00");
        let (mutation, variables) =
            crate::app::mutation("closeAccount", json!({ "account": account.by(), "closureCode": "X" }), "replayed");
        let response = get(&mutation, variables).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["allow"]),
            (405, &"POST".parse().expect("a value"))
        );
        let by = json!({ "by": account.by() });
        assert_eq!(
            app.ok("query($by: AccountBy!) { account(by: $by) { status } }", by).await["account"]["status"],
            "OPEN"
        );
        for method in ["PUT", "DELETE", "PATCH"] {
            let request = app.http().request(method.parse().expect("a method"), app.url("/graphql"));
            assert_eq!(request.send().await.expect("an answer").status(), 405, "{method}");
        }
    }

    async fn forms_and_other_types_are_not_taken(app: TestApp) {
        let token = app.token().await.expect("a token");
        for (kind, body) in [
            ("application/x-www-form-urlencoded", "query={viewer{client}}"),
            (
                "multipart/form-data; boundary=x",
                "--x\r\ncontent-disposition: form-data; name=query\r\n\r\n{viewer{client}}\r\n--x--",
            ),
            ("text/plain", "{\"query\":\"{ viewer { client } }\"}"),
        ] {
            let request = app.http().post(app.url("/graphql")).bearer_auth(&token).header("content-type", kind);
            assert_eq!(request.body(body).send().await.expect("an answer").status(), 415, "{kind}");
        }
        let request = app.http().post(app.url("/graphql")).bearer_auth(&token).header("accept", "text/html");
        assert_eq!(
            request.json(&json!({ "query": "{ viewer { client } }" })).send().await.expect("an answer").status(),
            406
        );
    }

    async fn limits_hold_over_http_and_nothing_is_done(app: TestApp) {
        app.funded("10.00").await;
        let before = app.picture().await;
        for (what, query, code) in over_the_limits() {
            let answer = app.graphql(&query, json!({})).await;
            assert_eq!(answer.status, 400, "{what}: {answer:?}");
            answer.fault(code);
        }
        assert_eq!(app.picture().await, before);
        let usual = format!("{{ {} }}", (0..30).map(|n| format!("a{n}: viewer {{ client }} ")).collect::<String>());
        let answer = app.graphql(&usual, json!({})).await;
        assert_eq!(answer.body["extensions"]["cost"], json!({ "complexity": 60, "depth": 2 }));
        answer.data();
    }

    async fn bodies_are_as_large_as_the_token_allows(app: TestApp) {
        let (from, to) = (app.funded("10.00").await, app.account("current").await);
        let before = app.picture().await;
        let items = |count: usize| {
            let item = |n: usize| json!({ "idempotencyKey": format!("item-{n}"), "from": from.by(), "to": to.by(), "amount": euros("0.01"), "reference": "x".repeat(140) });
            json!({ "items": (0..count).map(item).collect::<Vec<_>>() })
        };
        let small = app.with_scopes("read money");
        let answer = small.mutate("transferBatch", items(900), "succeeded").await;
        assert_eq!(answer.status, 413, "{answer:?}");
        answer.fault("OVER_LIMIT");
        assert_eq!(app.picture().await, before);
        let done = app.done("transferBatch", items(900), "succeeded").await;
        assert_eq!(done["succeeded"], 900);
        assert_eq!(app.balance(&to).await, "9.00");
    }

    async fn the_request_id_is_echoed_when_it_is_one(app: TestApp) {
        for (given, kept) in [("my-id_7", true), ("a b", false), (&*"x".repeat(65), false)] {
            let request = app.http().post(app.url("/graphql")).header("x-request-id", given).header("accept", GRAPHQL);
            let request =
                request.bearer_auth(app.token().await.expect("a token")).json(&json!({ "query": "{ unknown }" }));
            let answer = Answer::read(request.send().await.expect("an answer")).await;
            assert_eq!(answer.request_id() == given, kept, "{given}");
        }
    }

    async fn the_rate_is_counted_by_cost_and_per_client(app: TestApp) {
        app.restart_with(|settings| (settings.http.rate.per_second, settings.http.rate.burst) = (1, 5)).await;
        app.ok("{ viewer { client } }", json!({})).await;
        let answer = app.graphql("{ accounts { nodes { id } } }", json!({})).await;
        assert_eq!(answer.status, 429, "{answer:?}");
        assert!(answer.headers.contains_key("retry-after"));
        answer.fault("RATE_LIMITED");
        app.with_client("other").ok("{ viewer { client } }", json!({})).await;
    }

    async fn health_is_told_without_a_token(app: TestApp) {
        for path in ["/health/live", "/health/ready"] {
            let response = app.http().get(app.url(path)).send().await.expect("an answer");
            assert_eq!(
                (response.status().as_u16(), response.headers().contains_key("x-request-id")),
                (200, true),
                "{path}"
            );
        }
    }
}
