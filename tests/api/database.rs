//! PostgreSQL as others have set it up: what Konto sets itself, what it refuses, and what it leaves alone.

use futures_util::future::join_all;
use konto::database::Database;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement};
use serde_json::json;

use crate::app::{Engine, TestDatabase, euros};

/// What a database may have as its defaults, however little it suits Konto.
const ODD: [(&str, &str); 10] = [
    ("default_transaction_isolation", "serializable"),
    ("standard_conforming_strings", "off"),
    ("synchronous_commit", "off"),
    ("client_encoding", "LATIN1"),
    ("timezone", "Asia/Kolkata"),
    ("datestyle", "SQL, DMY"),
    ("enable_indexscan", "on"),
    ("plan_cache_mode", "force_custom_plan"),
    ("jit", "on"),
    ("work_mem", "5MB"),
];

/// The settings of every connection, and of those that write.
const TOLD: [(&str, &str); 9] = [
    ("transaction_isolation", "read committed"),
    ("standard_conforming_strings", "on"),
    ("client_encoding", "UTF8"),
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO, MDY"),
    ("enable_seqscan", "off"),
    ("plan_cache_mode", "force_generic_plan"),
    ("jit", "off"),
    ("work_mem", "5MB"),
];

fn settings(names: impl IntoIterator<Item = &'static str>) -> String {
    let settings = names.into_iter().map(|name| format!("current_setting('{name}') AS \"{name}\""));
    format!("SELECT {}", settings.collect::<Vec<_>>().join(", "))
}

fn compare(row: &QueryResult, expected: &[(&str, &str)], what: &str) {
    for (name, value) in expected {
        let found: String = row.try_get("", name).expect("a setting");
        assert_eq!(found, *value, "{name} of {what}");
    }
}

async fn ask(db: &impl ConnectionTrait, sql: &str) -> QueryResult {
    let asked = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await;
    asked.expect("an answer").expect("a row")
}

#[tokio::test]
async fn each_connection_sets_what_is_relied_on() {
    let Some(database) = TestDatabase::create(Engine::Postgres).await else { return };
    for (parameter, value) in ODD {
        database.alter(parameter, value).await;
    }
    let db = database.open().await;
    let sql = settings(TOLD.map(|(name, _)| name).into_iter().chain(["synchronous_commit"]));
    compare(&ask(db.reader(), &sql).await, &TOLD, "a reader");
    let durable = [TOLD.to_vec(), vec![("synchronous_commit", "on")]].concat();
    let writer = db.begin().await.expect("a transaction");
    compare(&ask(&*writer, &sql).await, &durable, "a writer");
    writer.commit().await.expect("a commit");
    let mut own = db.own_connection().await.expect("a connection of its own");
    let rows = own.run(sql.clone(), vec![]).await.expect("an answer");
    compare(&rows[0], &durable, "a connection of its own");
    own.close().await;

    let snapshot = db.snapshot().await.expect("a transaction");
    let report = [
        ("transaction_isolation", "repeatable read"),
        ("transaction_read_only", "on"),
        ("enable_seqscan", "on"),
        ("plan_cache_mode", "force_custom_plan"),
    ];
    compare(&ask(&snapshot, &settings(report.map(|(name, _)| name))).await, &report, "a report");
    snapshot.commit().await.expect("an end");
    // Nothing of it is left behind, on whichever connection.
    for row in join_all((0..12).map(|_| ask(db.reader(), &sql))).await {
        compare(&row, &TOLD, "a reader after a report");
    }

    // What is stronger than needed, or meant to stop the writing, is the operator's.
    database.alter("synchronous_commit", "remote_apply").await;
    database.alter("default_transaction_read_only", "on").await;
    let kept = [("synchronous_commit", "remote_apply"), ("transaction_read_only", "on")];
    let again = database.open().await;
    let writer = again.begin().await.expect("a transaction");
    compare(&ask(&*writer, &settings(kept.map(|(name, _)| name))).await, &kept, "a writer");
    drop(writer);
    for db in [db, again] {
        db.close().await.expect("closed");
    }
    database.remove().await;
}

#[tokio::test]
async fn a_database_that_is_not_in_utf_8_is_refused() {
    for encoding in ["SQL_ASCII", "LATIN1", "EUC_JP"] {
        let Some(database) = TestDatabase::encoded(encoding).await else { return };
        let error = Database::open(&database.url()).await.expect_err(encoding).to_string();
        assert!(error.contains(encoding) && error.contains("ENCODING 'UTF8'"), "{error}");
        let config = konto::server::ServerConfig { database_url: database.url(), ..Default::default() };
        let Err(error) = konto::server::start(config).await else { panic!("it started on {encoding}") };
        assert!(format!("{:#}", anyhow::Error::from(error)).contains(encoding));
        database.remove().await;
    }
}

on_both_databases! {
    async fn a_stricter_isolation_by_default_disturbs_nobody(app: TestApp) {
        app.database().alter("default_transaction_isolation", "serializable").await;
        app.restart().await;
        let from = app.funded("1000.00").await;
        let to = app.account("current").await;
        let work = (0..120).map(|number| {
            let (app, from, to) = (&app, &from, &to);
            async move {
                if number % 3 == 0 {
                    let person = json!({ "type": "PERSON", "lastName": "X", "number": format!("P{number}") });
                    app.done("createCustomer", person, "replayed").await;
                    let owner = json!({ "number": format!("P{number}") });
                    app.done("openAccount", json!({ "product": { "code": "current" }, "owner": owner }), "replayed").await;
                } else {
                    let transfer = json!({ "from": from.by(), "to": to.by(), "amount": euros("1.00") });
                    app.done("transfer", transfer, "replayed").await;
                }
                app.ok("{ trialBalance { balanced } accounts { nodes { balance { amount } } } }", json!({})).await;
            }
        });
        join_all(work).await;
        assert_eq!(app.balance(&to).await, "80.00");
    }
}
