//! Rows that are looked up by a list are found by it: SQLite goes through no more of a table than that.

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use super::harness::on_both;
use super::*;
use crate::database::{Kind, Listed, listed};

#[tokio::test]
async fn a_list_is_looked_up_and_not_searched_for() {
    on_both(async |world| {
        let db = world.db();
        if db.backend() != DbBackend::Sqlite {
            return;
        }
        for (table, column, kind, tail) in [
            ("entry", "id", Kind::Uuid, ""),
            ("entry", "sequence", Kind::BigInt, ""),
            ("entry", "reverses_id", Kind::Uuid, ""),
            ("entry", "external_key", Kind::Text, ""),
            ("posting", "entry_sequence", Kind::BigInt, " ORDER BY entry_sequence, line"),
            ("account_position", "account_id", Kind::Uuid, ""),
            ("internal_account", "id", Kind::Uuid, ""),
            ("reversed_entry", "entry_id", Kind::Uuid, ""),
            ("party", "number", Kind::Text, ""),
            ("customer", "number", Kind::Text, ""),
            ("product", "code", Kind::Text, ""),
            ("hold", "id", Kind::Uuid, ""),
            ("customer", "id", Kind::Uuid, ""),
            ("account", "id", Kind::Uuid, ""),
            ("account", "number", Kind::Text, ""),
            ("account", "external_reference", Kind::Text, ""),
        ] {
            let (Listed { from, condition }, list) = listed(db.backend(), (table, "found"), column, 2, kind, vec![]);
            let sql = format!("EXPLAIN QUERY PLAN SELECT found.* FROM {from} WHERE {condition}{tail}");
            let plan = Statement::from_sql_and_values(db.backend(), sql, [tenant().0.into(), list]);
            let plan = db.reader().query_all_raw(plan).await.expect("a plan");
            let steps: Vec<String> = plan.iter().map(|step| step.try_get("", "detail").expect("a text")).collect();
            let found = format!("tenant_id=? AND {column}=?");
            assert!(steps.iter().any(|step| step.starts_with("SEARCH found") && step.contains(&found)), "{steps:?}");
            assert!(!steps.iter().any(|step| step.contains("B-TREE")), "{column} is sorted: {steps:?}");
        }
    })
    .await;
}
