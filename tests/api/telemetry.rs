//! Traces as a collector receives them, and the settings of what is seen from outside.

mod collector;
mod guide;
mod process;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::app::{Engine, TestDatabase, fresh_key};
use collector::{Collector, attributes};
use process::{Process, konto};

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TRACE: [u8; 16] = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes();
const PARENT: [u8; 8] = 0xb7ad_6b71_6920_3331_u64.to_be_bytes();

/// All that a span may say.
const SHOWN: [&str; 9] = [
    "http.request.method",
    "http.route",
    "http.response.status_code",
    "graphql.operation.type",
    "konto.root_field",
    "konto.outcome",
    "konto.request_id",
    "konto.batch.commands",
    "konto.statement.failed",
];

async fn open_account(konto: &Process, headers: &[(&str, &str)]) -> (String, String) {
    let create = "mutation Wilhelmina_Ottesen { createCustomer(input: { idempotencyKey: \"made-of-secrets\", type: PERSON, \
        firstName: \"Wilhelmina\", lastName: \"Ottesen\" }) { ... on CreateCustomerSuccess { customer { id } } } }";
    let owner = konto.ask(create, json!({}), headers).await["createCustomer"]["customer"]["id"].take();
    let open = "mutation($owner: ID!, $key: String!) { openAccount(input: { idempotencyKey: $key, product: { code: \"current\" }, \
        owner: { id: $owner } }) { ... on OpenAccountSuccess { account { id number } } } }";
    let opened = konto.ask(open, json!({ "owner": owner, "key": fresh_key() }), headers).await;
    let account = &opened["openAccount"]["account"];
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{opened}")).to_owned();
    (text(&account["id"]), text(&account["number"]))
}

async fn pay_in(konto: &Process, account: &str, headers: &[(&str, &str)]) {
    let pay = "mutation Pay($account: ID!, $key: String!) { postPayment(input: { idempotencyKey: $key, account: { id: $account }, \
        amount: { amount: \"31415.92\", currency: \"EUR\" }, channel: CASH, description: \"Rent of Ottesen\" }) { __typename } }";
    let paid = konto.ask(pay, json!({ "account": account, "key": fresh_key() }), headers).await;
    assert_eq!(paid["postPayment"]["__typename"], "PostPaymentSuccess");
}

async fn traces_of(engine: Engine) {
    let Some(database) = TestDatabase::create(engine).await else { return };
    let collector = Collector::start().await;
    let endpoint = format!("http://{}", collector.address);
    let mut konto = Process::start(
        &database,
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-tests=yes"),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=tests"),
        ],
    )
    .await;
    let (account, number) = open_account(&konto, &[]).await;
    pay_in(&konto, &account, &[("traceparent", CALLER), ("x-request-id", "asked-1")]).await;
    for malformed in
        ["00-0af7651916cd43dd8448eb211c80319c", "00-00000000000000000000000000000000-b7ad6b7169203331-01", "Ottesen"]
    {
        let headers = [("traceparent", malformed), ("x-request-id", "asked-2")];
        konto
            .ask(
                "query Wilhelmina($id: ID!) { account(by: { id: $id }) { number } }",
                json!({ "id": account }),
                &headers,
            )
            .await;
    }
    let unsampled = CALLER.replace("-01", "-00").replace("0af7", "0af8");
    pay_in(&konto, &account, &[("traceparent", &unsampled)]).await;
    let crowd = (0..24).map(|_| pay_in(&konto, &account, &[("x-request-id", "crowd")]));
    futures_util::future::join_all(crowd).await;
    assert!(konto.stop().await.success());
    let log = konto.said();
    database.remove().await;

    let trace = collector.trace();
    assert_eq!(trace.resource["service.name"], "konto");
    assert_eq!(trace.resource["service.version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(trace.resource["deployment.environment.name"], "tests");

    // The caller, the request, its batch, the batch's statements.
    let request = trace.only("mutation postPayment", &TRACE);
    assert_eq!((&request.parent_span_id[..], request.kind), (&PARENT[..], 2));
    let said = attributes(&request.attributes);
    for (name, value) in [
        ("http.request.method", "POST"),
        ("http.route", "/graphql"),
        ("http.response.status_code", "200"),
        ("graphql.operation.type", "mutation"),
        ("konto.root_field", "postPayment"),
        ("konto.outcome", "OK"),
        ("konto.request_id", "asked-1"),
    ] {
        assert_eq!(said.get(name).map(String::as_str), Some(value), "{said:?}");
    }
    let batch = trace.only("batch", &TRACE);
    assert_eq!(batch.parent_span_id, request.span_id);
    assert_eq!(attributes(&batch.attributes)["konto.batch.commands"], "1");
    let statements = trace.below(batch);
    // On PostgreSQL one to read, for the account is new, and one to write, which commits by itself; on SQLite a
    // transaction, which reads the head before what the batch looks at, and writes.
    let (write, times) = if engine == Engine::Postgres { ("WITH head", 0) } else { ("INSERT account_position", 1) };
    for (statement, times) in [("BEGIN", times), ("SELECT ledger_head", 1 + times), (write, 1), ("COMMIT", times)] {
        assert_eq!(statements.iter().filter(|one| **one == statement).count(), times, "{statement} in {statements:?}");
    }
    let insert = trace.only(write, &TRACE);
    assert_eq!((insert.kind, attributes(&insert.attributes)["konto.statement.failed"].as_str()), (3, "false"));
    assert!(
        batch.start_time_unix_nano <= insert.start_time_unix_nano
            && insert.end_time_unix_nano <= batch.end_time_unix_nano
    );
    assert!(request.start_time_unix_nano <= batch.start_time_unix_nano);

    // A malformed caller is as good as none, and one that is not sampled is left alone.
    let queries = trace.named("query account");
    assert_eq!(queries.len(), 3);
    for query in queries {
        assert!(query.parent_span_id.is_empty() && query.trace_id != TRACE, "{query:?}");
        assert!(trace.below(query).contains(&"SELECT account"), "{:?}", trace.below(query));
    }
    assert!(trace.spans.iter().all(|span| span.trace_id[..2] != [0x0a, 0xf8]));

    // Whatever went into one batch, each request is its parent or linked to it.
    let crowd = |id: &[u8]| {
        trace
            .named("mutation postPayment")
            .into_iter()
            .any(|one| one.span_id == id && attributes(&one.attributes)["konto.request_id"] == "crowd")
    };
    let parents = trace.named("batch").into_iter().filter(|batch| crowd(&batch.parent_span_id));
    let served: Vec<Vec<u8>> = parents
        .flat_map(|batch| {
            std::iter::once(batch.parent_span_id.clone()).chain(batch.links.iter().map(|link| link.span_id.clone()))
        })
        .collect();
    assert_eq!((served.len(), served.iter().collect::<BTreeSet<_>>().len()), (24, 24));
    assert!(served.iter().all(|id| crowd(id)));

    // Nothing of anybody, and nothing that is not on the list.
    for span in &trace.spans {
        assert!(span.events.is_empty() && span.trace_state.is_empty(), "{span:?}");
        for name in attributes(&span.attributes).keys() {
            assert!(SHOWN.contains(&name.as_str()), "{name} of {}", span.name);
        }
    }
    let secrets = [
        "Wilhelmina",
        "Ottesen",
        "31415",
        "3141592",
        "made-of-secrets",
        &account,
        &number,
        "acme",
        konto.token(),
        "VALUES",
        "tenant_id = ",
    ];
    for body in collector.bodies() {
        for secret in secrets {
            let found = body.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} left:\n{}", String::from_utf8_lossy(&body));
        }
    }

    // The log is as it is without an export: the spans of batches and statements are not in it.
    let answered = log.iter().filter(|line| line["message"] == "answered");
    // Only a request that took long has a line.
    let mut asked = answered.filter(|line| line["span"]["request_id"] == "asked-1");
    assert!(asked.all(|line| line["root"] == "postPayment"));
    assert!(
        log.iter().all(|line| !["batch", "statement"].contains(&line["span"]["name"].as_str().unwrap_or_default()))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_sees_requests_batches_and_statements_sqlite() {
    traces_of(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_sees_requests_batches_and_statements_postgres() {
    traces_of(Engine::Postgres).await;
}

#[tokio::test]
async fn a_collector_that_is_away_or_refuses_costs_one_line_and_no_request() {
    let database = TestDatabase::create(Engine::Sqlite).await.expect("a database");
    let collector = Collector::start().await;
    let endpoint = format!("http://{}", collector.address);
    // Without the header that it wants.
    let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint), ("OTEL_BSP_SCHEDULE_DELAY", "20")];
    let mut konto = Process::start(&database, &settings).await;
    for _ in 0..3 {
        open_account_query(&konto).await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(konto.stop().await.success());
    let complaints = konto.said().into_iter().filter(|line| line["level"] == "WARN").collect::<Vec<_>>();
    assert!(
        complaints
            .iter()
            .filter(|line| line["message"].as_str().is_some_and(|text| text.starts_with("spans could")))
            .count()
            == 1,
        "{complaints:#?}"
    );
    assert!(collector.bodies().is_empty());
    database.remove().await;
}

async fn open_account_query(konto: &Process) {
    konto.ask("{ accounts(first: 1) { nodes { id } } }", json!({}), &[]).await;
}

#[tokio::test]
async fn metrics_have_an_address_of_their_own_or_none() {
    let database = TestDatabase::create(Engine::Sqlite).await.expect("a database");
    let mut own = Process::start(&database, &[("KONTO_METRICS_LISTEN", "127.0.0.1:0")]).await;
    let metrics = format!("http://{}", own.metrics.clone().expect("an address"));
    let (status, text) = own.get(&format!("{metrics}/metrics")).await;
    assert!(status == 200 && text.contains("konto_build_info"), "{status} {text}");
    assert_eq!(own.get(&format!("{}/metrics", own.url)).await.0, 404);
    assert_eq!(own.get(&format!("{metrics}/graphql")).await.0, 404);
    assert!(own.stop().await.success());
    let mut off = Process::start(&database, &[("KONTO_METRICS_LISTEN", "off")]).await;
    assert_eq!(off.get(&format!("{}/metrics", off.url)).await.0, 404);
    assert!(off.stop().await.success());
    database.remove().await;
}

#[test]
fn wrong_settings_are_named() {
    for (name, value, said) in [
        ("KONTO_METRICS_LISTEN", "nowhere", "KONTO_METRICS_LISTEN: expected host:port or off, got \"nowhere\""),
        ("OTEL_TRACES_EXPORTER", "zipkin", "OTEL_TRACES_EXPORTER: expected otlp or none"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf"),
    ] {
        let mut command = konto();
        command.args(["serve", "--listen", "127.0.0.1:0", "--database-url", "sqlite:///nowhere/at/all.db"]);
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9").env(name, value);
        let output = command.output().expect("konto");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && text.contains(said), "{name}: {:?} {text}", output.status);
    }
}
