//! No column is forgotten: whatever is changed in a row is found, or stands on the list of what is not checked.

use super::*;

struct Column {
    name: String,
    type_: String,
}

async fn columns(world: &World, table: &str) -> Vec<Column> {
    let sql = match world.db.backend() {
        DbBackend::Postgres => format!(
            "SELECT CAST(column_name AS text) AS name, CAST(data_type AS text) AS type FROM information_schema.columns \
             WHERE table_name = '{table}' AND table_schema = 'public'"
        ),
        _ => format!("SELECT name, type FROM pragma_table_info('{table}')"),
    };
    let rows = world.db.reader().query_all_raw(Statement::from_string(world.db.backend(), sql)).await;
    let read = |row: &sea_orm::QueryResult| Column {
        name: row.try_get("", "name").expect("a text"),
        type_: row.try_get::<String>("", "type").expect("a text").to_lowercase(),
    };
    rows.expect("the columns").iter().map(read).collect()
}

/// Other values for a column, in SQL.
fn others(Column { name, type_ }: &Column, postgres: bool) -> Vec<String> {
    let mut values = match type_.as_str() {
        "text" => vec![format!("COALESCE({name}, '') || 'x'"), "'PAYMENT'".into(), "'EUR'".into(), "''".into()],
        "bigint" | "integer" => vec![format!("COALESCE({name}, 0) + 1"), format!("-{name}"), "0".into()],
        "date" if postgres => vec![format!("COALESCE({name}, DATE '2026-01-01') + 1")],
        "date" => vec![format!("date(COALESCE({name}, '2026-01-01'), '+1 day')")],
        "uuid" => vec!["'00000000-0000-0000-0000-0000000000ff'".into()],
        "bytea" => vec!["'\\x00'".into()],
        "blob" => vec!["x'000000000000000000000000000000ff'".into()],
        "boolean" => vec![format!("NOT {name}")],
        other => panic!("no other values for {other}"),
    };
    values.push("NULL".into());
    values
}

#[tokio::test(flavor = "multi_thread")]
async fn no_column_of_an_entry_or_a_posting_can_be_changed_unnoticed() {
    on_both(async |world| {
        world.books().await;
        let postgres = world.db.backend() == DbBackend::Postgres;
        let last_line =
            "line = (SELECT MAX(line) FROM posting AS other WHERE other.entry_sequence = posting.entry_sequence)";
        let tables = [
            ("entry", "sequence", "1 = 1"),
            ("posting", "entry_sequence", "line = 1"),
            ("posting", "entry_sequence", last_line),
        ];
        for (table, key, row) in tables {
            for column in columns(world, table).await {
                let (name, mut found) = (&column.name, 0);
                for value in others(&column, postgres) {
                    for sequence in 1..=ENTRIES {
                        let changed = format!("{name} IS DISTINCT FROM {value}");
                        let sql = format!(
                            "UPDATE {table} SET {name} = {value} WHERE {key} = {sequence} AND {row} AND {changed}"
                        );
                        match world.damaged(&sql, false).await {
                            None => {}
                            Some(Err(_)) => found += 1,
                            Some(Ok(_)) => panic!("nothing was found after {sql}"),
                        }
                    }
                }
                // A first line cannot take the number of the second one.
                assert!(found > 0 || column.name == "line", "{table}.{name} was never changed");
            }
        }
    })
    .await;
}

/// A row of each table, and the columns of it whose changes may go unnoticed, as the module's documentation says.
const UNCHECKED: &[(&str, &str, &[&str])] = &[
    (
        "command",
        "sequence = 5",
        &["client", "customer_id", "request_id", "operation", "code", "target", "key", "request_hash"],
    ),
    // Whose claim it is matters once it owes.
    (
        "account_position",
        "account_id = {one}",
        &[
            "party_id",
            "debt_rule",
            "repayment_order",
            "maximum_balance_minor",
            "closed_on",
            "restrictions",
            "charity",
            "itemised",
            "item_order",
            "ties",
        ],
    ),
    ("internal_account", "role = 'SETTLEMENT_BANK'", &[]),
    ("reversed_entry", "complete", &[]),
    ("batch", "number = 3", &[]),
    ("hold", "status = 'OPEN'", &["ordinal", "description", "reference", "expires_at_us"]),
    ("event", "sequence = 6", &["customer_id", "payload"]),
    // When it was moved last is checked against what was decided before, not the other way round. The tenant's settings,
    // days and clock are nobody's sum.
    (
        "ledger_head",
        "entry_sequence = 11",
        &[
            "epoch",
            "business_date",
            "last_booked_us",
            "day_ends_us",
            "day_open",
            "day_done",
            "clock_ahead_us",
            "settings",
        ],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_checked_is_on_the_list() {
    on_both(async |world| {
        world.books().await;
        let postgres = world.db.backend() == DbBackend::Postgres;
        for (table, row, unchecked) in UNCHECKED {
            let columns = columns(world, table).await;
            assert!(unchecked.iter().all(|name| columns.iter().any(|column| column.name == *name)), "{table}");
            for column in columns.iter().filter(|column| !unchecked.contains(&column.name.as_str())) {
                let (name, mut found) = (&column.name, 0);
                for value in others(column, postgres) {
                    let changed = format!("{row} AND {name} IS DISTINCT FROM {value}");
                    let sql = format!("UPDATE {table} SET {name} = {value} WHERE {changed}");
                    match world.damaged(&sql, false).await {
                        None => {}
                        Some(Err(_)) => found += 1,
                        Some(Ok(_)) => panic!("nothing was found after {sql}"),
                    }
                }
                // A head belongs to a tenant that there is.
                assert!(found > 0 || (*table, name.as_str()) == ("ledger_head", "tenant_id"), "{table}.{name}");
            }
        }
    })
    .await;
}
