//! What is written twice is refused, every character can be written, and a fault leaves what stands beside it.

use serde_json::{Value, json};

use crate::app::{Answer, TestApp, euros};

impl TestApp {
    /// One request body as it is, its answer's shape checked.
    async fn raw(&self, body: String) -> Answer {
        let request = self.http().post(self.url("/graphql")).bearer_auth(self.token().await.expect("a token"));
        let request = request.header("accept", "application/graphql-response+json");
        let request = request.header("content-type", "application/json").body(body);
        Answer::read(request.send().await.expect("an answer")).await
    }
}

fn message(answer: Answer) -> String {
    assert_eq!(answer.status, 400, "{answer:?}");
    answer.fault("BAD_REQUEST")["message"].as_str().expect("a message").to_owned()
}

const TRANSFER: &str = "mutation($input: TransferInput!) { transfer(input: $input) { __typename } }";

on_both_databases! {
    async fn an_amount_that_is_given_twice_moves_nothing(app: TestApp) {
        let (from, to) = (app.funded("100.00").await, app.account("current").await);
        let before = app.picture().await;
        let literal = format!(
            r#"mutation {{ transfer(input: {{ idempotencyKey: "twice", from: {{ id: "{}" }}, to: {{ id: "{}" }},
               amount: {{ amount: "1", currency: "EUR", amount: "7" }} }}) {{ __typename }} }}"#,
            from.id, to.id
        );
        assert_eq!(message(app.graphql(&literal, json!({})).await), "the input field \"amount\" is given twice");
        let input = |fields: &str| {
            format!(r#"{{"query":"{TRANSFER}","variables":{{"input":{{"idempotencyKey":"twice","from":{},"to":{},{fields}}}}}}}"#, from.by(), to.by())
        };
        for (body, name) in [
            (input(r#""amount":{"amount":"1","currency":"EUR","amount":"7"}"#), "amount"),
            (input(r#""amount":{"amount":"1","currency":"EUR"},"amount":{"amount":"7","currency":"EUR"}"#), "amount"),
            (input(r#""metadata":{"a":[{"b":1,"b":1}]},"amount":{"amount":"1","currency":"EUR"}"#), "b"),
            (format!(r#"{{"query":"{{ viewer {{ client }} }}","query":"{TRANSFER}"}}"#), "query"),
            (r#"{"query":"{ viewer { client } }","extensions":{"a":{"b":1,"b":1}}}"#.to_owned(), "b"),
        ] {
            assert_eq!(message(app.raw(body).await), format!("the body has \"{name}\" twice in one object"));
        }
        assert_eq!(app.picture().await, before);
    }

    async fn a_socket_that_names_something_twice_is_closed(app: TestApp) {
        let mut socket = app.socket().await;
        let twice = r#"{"type":"subscribe","id":"a","payload":{"query":"{ viewer { client } }","variables":{"a":{"b":1,"b":1}}}}"#;
        socket.say_raw(tokio_tungstenite::tungstenite::Message::text(twice)).await;
        assert_eq!(socket.hear().await, json!([4400, "the message has \"b\" twice in one object"]));
    }

    async fn json_that_is_nested_too_deeply_is_told_so(app: TestApp) {
        for (levels, said) in [
            (125, "the variable $x is never used"),
            (126, "the body is nested too deeply: more than 127 levels"),
            (5_000, "the body is nested too deeply: more than 127 levels"),
        ] {
            let nested = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
            let body = format!(r#"{{"query":"query($x: Int) {{ viewer {{ client }} }}","variables":{{"x":{nested}}}}}"#);
            assert_eq!(message(app.raw(body).await), said, "{levels} levels");
        }
    }

    async fn every_character_can_be_written_in_a_document(app: TestApp) {
        for (number, written) in [r"\ud83d\ude00", r"\u{1F600}", "😀"].into_iter().enumerate() {
            let create = format!(
                r#"mutation {{ createCustomer(input: {{ type: PERSON, lastName: "{written}", idempotencyKey: "k{number}" }}) {{
                   ... on CreateCustomerSuccess {{ customer {{ lastName }} }} }} }}"#
            );
            assert_eq!(app.ok(&create, json!({})).await["createCustomer"]["customer"]["lastName"], "😀", "{written}");
        }
        for half in [r"\ud83d", r"\ude00", r"\ude00\ud83d", r"\u{d83d}"] {
            let said = app.graphql(&format!("{{ account(by: {{ number: \"{half}\" }}) {{ id }} }}"), json!({})).await;
            assert_eq!(said.errors()[0]["locations"], json!([{ "line": 1, "column": 26 }]));
            assert_eq!(message(said), "syntax error: a string holds an escape that stands for no character");
        }
    }

    async fn a_field_that_may_be_null_is_null_when_it_fails(app: TestApp) {
        let (from, to) = (app.funded("100.00").await, app.account("current").await);
        let input = json!({ "idempotencyKey": "k", "from": from.by(), "to": to.by(), "amount": euros("1.00") });
        let reader = app.with_scopes("read");
        let failed = |answer: Answer, data: Value, path: Value| {
            assert_eq!((answer.status, &answer.body["data"]), (200, &data), "{answer:?}");
            assert_eq!(answer.fault("FORBIDDEN")["path"], path);
        };
        let answer = reader.graphql(TRANSFER, json!({ "input": input })).await;
        failed(answer, json!({ "transfer": null }), json!(["transfer"]));
        let aliased = TRANSFER.replace("transfer(input", "__typename a: transfer(input");
        let answer = reader.graphql(&aliased, json!({ "input": input })).await;
        failed(answer, json!({ "__typename": "Mutation", "a": null }), json!(["a"]));
        // Of a query, what stands beside it is answered.
        let query = "query($by: AccountBy!) { __schema { queryType { name } } account(by: $by) { id } }";
        let answer = app.with_scopes("money").graphql(query, json!({ "by": from.by() })).await;
        failed(answer, json!({ "__schema": { "queryType": { "name": "Query" } }, "account": null }), json!(["account"]));
        // What may not be null takes the whole along.
        let answer = reader.graphql("{ viewer { __typename } auditRecords { nodes { id } } }", json!({})).await;
        failed(answer, Value::Null, json!(["auditRecords"]));
        // What was not executed has no data.
        for (query, input) in [
            (TRANSFER, json!({ "idempotencyKey": "k", "from": from.by(), "to": to.by() })),
            (TRANSFER, json!({ "idempotencyKey": "k", "from": from.by(), "to": to.by(), "amount": euros("1,00") })),
            ("mutation($input: TransferInput!) { transfer(input: $input) { nothing } }", input),
        ] {
            let answer = reader.graphql(query, json!({ "input": input })).await;
            assert!(answer.status == 400 && answer.body.get("data").is_none(), "{answer:?}");
        }
        assert_eq!(app.balance(&from).await, "100.00");
    }

    /// As for the reference implementation, a literal that a scalar does not take is no document, and a variable no request:
    /// nothing is executed, so there are no data and no path into them.
    async fn a_value_that_its_scalar_does_not_take_is_told_before_anything_is_executed(app: TestApp) {
        let account = app.funded("1.00").await;
        let literal = |currency: &str, amount: &str| {
            format!(
                r#"mutation {{ transfer(input: {{ idempotencyKey: "k", from: {{ id: "{0}" }}, to: {{ id: "{0}" }},
                   amount: {{ amount: {amount}, currency: {currency} }} }}) {{ __typename }} }}"#,
                account.id
            )
        };
        let day = "query($by: AccountBy!, $day: Date!) { viewer { client } account(by: $by) { balanceAsOf(date: $day) { amount } } }";
        let by = account.by();
        let variables = |amount: Value| {
            json!({ "input": { "idempotencyKey": "k", "from": by, "to": by, "amount": { "amount": amount, "currency": "EUR" } } })
        };
        for (query, variables, said) in [
            (literal("\"XXX\"", "\"1\"").as_str(), json!({}), "input.amount.currency is of type \"CurrencyCode!\""),
            (&literal("\"EUR\"", "\"1,0\""), json!({}), "input.amount.amount is of type \"Decimal!\""),
            (&literal("\"EUR\"", "1.0"), json!({}), "input.amount.amount is of type \"Decimal!\""),
            (&day.replace("$day)", "\"x\")").replace(", $day: Date!", ""), json!({ "by": by }), "date is of type \"Date!\""),
            (day, json!({ "by": by, "day": "2026-02-30" }), "$day is of type \"Date!\""),
            (TRANSFER, variables(json!("1e3")), "$input.amount.amount is of type \"Decimal!\""),
            (TRANSFER, variables(json!(1)), "$input.amount.amount is of type \"Decimal!\""),
        ] {
            let answer = app.graphql(query, variables).await;
            let error = &answer.errors()[0];
            assert!(error.get("path").is_none() && error["locations"][0]["line"].is_u64(), "{answer:?}");
            assert!(answer.body.get("data").is_none(), "{answer:?}");
            let message = message(answer);
            assert!(message.starts_with(said), "{message}");
        }
        // What cannot be judged before is its field's error, beside what was executed.
        let made = r#"mutation($n: Int) { __typename createParty(input: { idempotencyKey: "k", name: "X", metadata: { n: [$n] } }) { __typename } }"#;
        assert_eq!(app.ok(made, json!({ "n": 1 })).await["createParty"]["__typename"], "CreatePartySuccess");
    }

    async fn what_a_variable_leaves_out_is_left_out(app: TestApp) {
        let input = json!({ "type": "PERSON", "lastName": "Ek", "externalReference": "mine" });
        let customer = app.done("createCustomer", input, "customer { id }").await["customer"]["id"].take();
        let update = "mutation($by: CustomerBy!, $key: String!, $name: String, $reference: String) {
            updateCustomer(input: { customer: $by, idempotencyKey: $key, lastName: $name, externalReference: $reference }) {
                ... on UpdateCustomerSuccess { customer { lastName externalReference } } } }";
        let mut variables = json!({ "by": { "id": customer }, "key": "k1", "name": "Berg" });
        let updated = app.ok(update, variables.clone()).await["updateCustomer"]["customer"].take();
        assert_eq!(updated, json!({ "lastName": "Berg", "externalReference": "mine" }));
        variables["key"] = json!("k2");
        variables["reference"] = Value::Null;
        let updated = app.ok(update, variables).await["updateCustomer"]["customer"].take();
        assert_eq!(updated, json!({ "lastName": "Berg", "externalReference": null }));

        let (from, to) = (app.funded("10.00").await, app.account("current").await);
        let batch = "mutation($items: [TransferInput!]!, $mode: BatchMode) {
            transferBatch(input: { items: $items, mode: $mode }) {
                ... on TransferBatchSuccess { succeeded } } }";
        let item = |key: &str, amount: &str| {
            json!({ "idempotencyKey": key, "from": from.by(), "to": to.by(), "amount": euros(amount) })
        };
        let items = json!([item("b1", "1.00"), item("b2", "5000.00")]);
        let done = app.ok(batch, json!({ "items": items })).await;
        assert_eq!(done["transferBatch"]["succeeded"], 1, "each for itself: {done}");
        // Null is not nothing.
        app.fault(batch, json!({ "items": items, "mode": null }), "BAD_REQUEST").await;
    }

    async fn a_filter_of_a_subscription_is_not_empty(app: TestApp) {
        let mut socket = app.socket().await;
        for field in ["accounts", "types"] {
            let follow = format!("subscription {{ ledgerEvents(filter: {{ {field}: [] }}) {{ sequence }} }}");
            socket.subscribe(field, &follow, json!({})).await;
            let said = socket.hear().await;
            let message = format!("filter.{field} is empty, which nothing matches: leave it out to get all");
            assert_eq!((&said["type"], &said["payload"][0]["message"]), (&json!("error"), &json!(message)), "{said}");
        }
    }
}
