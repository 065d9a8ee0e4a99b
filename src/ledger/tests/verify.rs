//! `verify` finds every kind of damage, and says where. Each damage is done in a transaction that is rolled
//! back, on a small journal that has everything a row can have.

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use super::super::verify::{Difference, VerifyError, verify};
use super::harness::{World, on_both};
use super::*;

/// The journal's tables, by what they hold.
const ENTRIES: &str = "entry";
const POSTINGS: &str = "posting";

/// Eight entries in six batches, on two accounts, with a hold of which 60 are still open. A third account had
/// its credit limit lowered and was closed.
async fn journal(world: &World) -> Arc<Entry> {
    world.open(holding(1, DebtRule::None, 1_000)).await;
    world.open(position(2, DebtRule::Unlimited)).await;
    world.done(debit(account(2), Spread::Charge(Component::Interest), 20)).await;
    let text = || Some("text".to_owned());
    let to = Side::Account(account(2), Spread::Flow, text());
    let rent = Draft::new(TransactionKind::Transfer, sek(), "rent".into());
    let mut draft = rent.moving(Side::Account(account(1), Spread::Flow, text()), to, Minor(50));
    draft.external = Some(super::super::ExternalReference {
        reference: "INV-1".into(),
        date: Some(ago(3)),
        poster: text(),
        code: text(),
    });
    draft.value_date = Some(ago(2));
    let entry = world.booked(keyed(order(Action::Post(draft)), "key", "50")).await;
    let hold = world.held(placing(account(1), 100)).await;
    world.done(capturing(hold, account(1), Some(40))).await;
    world.done(reversal(&entry)).await;
    let orders = vec![payment(account(1), 1), transfer(account(1), account(2), 2), payment(account(1), 3)];
    world.engine.committer.submit(tenant(), Submission { orders, atomic: true }).await.expect("the database");
    world.open(Position { credit_limit: Minor(500), ..position(3, DebtRule::Limit) }).await;
    world.done(order(Action::LowerCreditLimit(account(3), Minor(200)))).await;
    world.done(order(Action::RequestClosure(account(3)))).await;
    entry
}

/// Does damage, verifies, and undoes it. `None` where the database itself forbids the damage, or it changes
/// nothing.
async fn damaged(world: &World, statements: &str) -> Option<Result<(), VerifyError>> {
    let tx = world.db().begin().await.expect("a transaction");
    for sql in statements.split(';') {
        let statement = Statement::from_string(world.db().backend(), sql.replace("{postings}", POSTINGS));
        let changed = tx.execute_raw(statement).await.ok()?.rows_affected();
        if changed == 0 {
            return None;
        }
    }
    Some(verify(&*tx).await.map(|_| ()))
}

async fn difference(world: &World, sql: &str) -> Difference {
    match damaged(world, sql).await {
        Some(Err(VerifyError::Difference(difference))) => *difference,
        other => panic!("{other:?} after {sql}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_damage_is_found_and_named() {
    const ONE: Option<u128> = Some(1);
    const TWO: Option<u128> = Some(2);
    const THREE: Option<u128> = Some(3);
    const NOBODY: Option<u128> = None;
    on_both(async |world| {
        journal(world).await;
        world.verify_clean(8).await;
        let copied = "INSERT INTO {postings} SELECT tenant_id, entry_sequence, 9, ledger_account_id, account_id, 1, currency, \
                      kind, value_date, booked_at_us, NULL, NULL, NULL FROM posting WHERE entry_sequence = 1 AND line = ";
        let stray_hold = "INSERT INTO hold SELECT tenant_id, tenant_id, tenant_id, currency, amount_minor, captured_minor, \
                          'RELEASED', description, reference, placed_at_us, expires_at_us, closed_at_us FROM hold";
        let principal = "component = 'PRINCIPAL' AND credit_limit_minor = 0 AND reserved_minor > 0";
        let reserving = |hold: &str, reserved: i64| {
            format!("UPDATE hold SET {hold}; UPDATE ledger_account SET reserved_minor = {reserved} WHERE {principal}")
        };
        let closed = format!(
            "INSERT INTO event SELECT tenant_id, MAX(sequence) + 1, 'account.closed', 0, NULL, (SELECT account_id FROM hold), \
             NULL, '{{}}' FROM event GROUP BY tenant_id; UPDATE ledger_head SET event_sequence = event_sequence + 1; \
             UPDATE ledger_account SET status = 'CLOSED', closed_on = '2026-03-02' WHERE {principal}"
        );
        for (sql, account, sequence, what) in [
            ("UPDATE posting SET amount_minor = -amount_minor WHERE entry_sequence = 1 AND line = 2", ONE, Some(1), "balance after"),
            ("UPDATE posting SET amount_minor = -amount_minor WHERE entry_sequence = 1 AND line = 1", ONE, Some(1), "sum to zero"),
            ("UPDATE posting SET amount_minor = amount_minor + 1 WHERE entry_sequence = 2 AND line = 1", TWO, Some(2), "balance after"),
            ("DELETE FROM posting WHERE entry_sequence = 3 AND line = 3", TWO, Some(3), "balance after"),
            ("DELETE FROM posting WHERE entry_sequence = 4 AND line = 2", ONE, Some(4), "sum to zero"),
            ("DELETE FROM posting WHERE entry_sequence = 7", NOBODY, Some(7), "sum to zero"),
            (&format!("{copied} 2"), ONE, Some(1), "balance after"),
            (&format!("{copied} 1"), ONE, Some(1), "sum to zero"),
            ("UPDATE entry SET description = 'Rent' WHERE sequence = 3", ONE, Some(3), "digest"),
            ("UPDATE entry SET value_date = '2026-03-01' WHERE sequence = 1", ONE, Some(1), "digest"),
            ("UPDATE posting SET account_balance_after_minor = 1 WHERE entry_sequence = 5 AND line = 1", TWO, Some(5), "balance after"),
            ("UPDATE posting SET message = 'other' WHERE entry_sequence = 3 AND line = 2", ONE, Some(3), "digest"),
            ("UPDATE posting SET value_date = '2026-03-01' WHERE entry_sequence = 5 AND line = 2", TWO, Some(5), "row of a posting"),
            ("UPDATE entry SET external_key = NULL WHERE sequence = 3", ONE, Some(3), "external"),
            ("DELETE FROM entry WHERE sequence = 3", NOBODY, Some(3), "missing"),
            ("DELETE FROM posting WHERE entry_sequence = 3; DELETE FROM entry WHERE sequence = 3", NOBODY, Some(3), "missing"),
            ("DELETE FROM entry WHERE sequence = 8", NOBODY, Some(8), "missing"),
            ("DELETE FROM posting WHERE entry_sequence = 8; DELETE FROM entry WHERE sequence = 8", NOBODY, Some(6), "chain is broken"),
            (
                "DELETE FROM posting WHERE entry_sequence > 5; DELETE FROM entry WHERE sequence > 5; DELETE FROM batch WHERE number = 6",
                NOBODY,
                Some(6),
                "missing at the end",
            ),
            ("UPDATE batch SET hash = previous_hash WHERE number = 2", NOBODY, Some(2), "chain is broken at batch 2"),
            ("UPDATE batch SET previous_hash = hash WHERE number = 4", NOBODY, Some(4), "chain is broken at batch 4"),
            ("UPDATE batch SET last_sequence = 7 WHERE number = 6", NOBODY, Some(6), "chain is broken at batch 6"),
            ("DELETE FROM batch WHERE number = 2", NOBODY, Some(3), "chain is broken"),
            ("DELETE FROM batch WHERE number = 6", NOBODY, Some(6), "batch 6 is missing"),
            ("DELETE FROM batch", NOBODY, Some(1), "batch 1 is missing"),
            ("UPDATE ledger_head SET entry_sequence = 9", NOBODY, Some(9), "missing at the end"),
            ("UPDATE ledger_head SET batch_number = 7", NOBODY, Some(8), "end of the chain"),
            (
                "UPDATE ledger_head SET chain_hash = (SELECT hash FROM batch WHERE number = 5)",
                NOBODY,
                Some(8),
                "end of the chain",
            ),
            (&format!("UPDATE ledger_account SET balance_minor = 1 WHERE {principal}"), ONE, None, "its postings sum to"),
            ("UPDATE ledger_account SET balance_minor = 0 WHERE role = 'SETTLEMENT_BANK'", NOBODY, None, "its postings sum to"),
            ("DELETE FROM ledger_account WHERE role = 'SETTLEMENT_BANK'", NOBODY, None, "not in the chart"),
            (&format!("UPDATE ledger_account SET reserved_minor = 61 WHERE {principal}"), ONE, None, "61 is reserved"),
            ("UPDATE hold SET captured_minor = 41", ONE, None, "the open holds sum to 59"),
            ("UPDATE hold SET status = 'RELEASED'", ONE, None, "the open holds sum to 0"),
            ("DELETE FROM hold", ONE, None, "the open holds sum to 0"),
            (stray_hold, Some(0x7e), None, "a hold on an account that does not exist"),
            ("DELETE FROM event WHERE sequence = 3", NOBODY, None, "event log"),
            ("DELETE FROM event WHERE sequence = (SELECT MAX(sequence) FROM event)", NOBODY, None, "event log"),
            ("UPDATE event SET sequence = 99 WHERE sequence = 3", NOBODY, None, "event log"),
            ("UPDATE event SET entry_sequence = NULL WHERE entry_sequence = 3", NOBODY, None, "event log tells of 7"),
            ("UPDATE event SET entry_sequence = 4 WHERE entry_sequence = 3", NOBODY, None, "event log tells of 7"),
            ("UPDATE event SET entry_sequence = 99 WHERE entry_sequence = 3", NOBODY, None, "event log tells of"),
            ("UPDATE ledger_head SET event_sequence = 3", NOBODY, None, "the head says 3"),
            ("DELETE FROM ledger_head", NOBODY, None, "the ledger head is missing"),
            (&reserving("captured_minor = 41", 59), ONE, None, "its captures sum to 40"),
            (&reserving("amount_minor = 30", -10), ONE, None, "is OPEN, with 40 of 30 captured"),
            (&reserving("amount_minor = 40", 0), ONE, None, "is OPEN, with 40 of 40 captured"),
            (&reserving("status = 'CAPTURED', closed_at_us = 1", 0), ONE, None, "is CAPTURED, with 40 of 100 captured"),
            (&reserving("status = 'RELEASED'", 0), ONE, None, "is RELEASED, with no closing time"),
            (&reserving("status = 'LOST'", 0), ONE, None, "a value cannot be read"),
            ("UPDATE hold SET closed_at_us = 1", ONE, None, "is OPEN, with a closing time"),
            (
                &format!("DELETE FROM hold; UPDATE ledger_account SET reserved_minor = 0 WHERE {principal}"),
                ONE,
                Some(4),
                "which does not exist",
            ),
            ("UPDATE event SET sequence = 0 WHERE sequence = 3; UPDATE event SET sequence = 3 WHERE sequence = 1", NOBODY, None, "gap"),
            ("UPDATE event SET type = 'entry.lost' WHERE entry_sequence = 3", NOBODY, Some(3), "is entry.lost, with an entry"),
            ("UPDATE event SET type = 'entry.posted' WHERE type = 'hold.placed'", ONE, None, "is entry.posted, with no entry"),
            ("UPDATE event SET payload = '{' WHERE type = 'hold.placed'", ONE, None, "is not JSON"),
            ("UPDATE ledger_account SET status = 'CLOSED' WHERE debt_rule = 'NONE'", ONE, None, "is CLOSED, the event log says OPEN"),
            ("UPDATE ledger_account SET status = 'PENDING_CLOSE' WHERE debt_rule = 'NONE'", ONE, None, "the event log says OPEN"),
            ("UPDATE ledger_account SET status = 'OPEN' WHERE status = 'CLOSED'", THREE, None, "the event log says CLOSED"),
            ("UPDATE ledger_account SET closed_on = NULL WHERE status = 'CLOSED'", THREE, None, "with no closing day"),
            ("UPDATE event SET type = 'account.lost' WHERE type = 'account.closed'", THREE, None, "the event log says PENDING_CLOSE"),
            (&closed, ONE, None, "still has a balance or a hold"),
            ("UPDATE ledger_account SET credit_limit_minor = 500 WHERE status = 'CLOSED'", THREE, None, "is 5.00, the event log says 2.00"),
            ("UPDATE ledger_account SET credit_limit_minor = 7 WHERE debt_rule = 'UNLIMITED'", TWO, None, "is 0.07, the event log says 0.00"),
            ("UPDATE ledger_account SET credit_limit_minor = -1 WHERE debt_rule = 'UNLIMITED'", TWO, None, "is negative"),
            ("UPDATE ledger_account SET credit_limit_minor = 7 WHERE debt_rule = 'NONE'", ONE, None, "may not owe"),
            ("UPDATE event SET type = 'account.lost' WHERE type = 'account.opened'", ONE, None, "the account's opening"),
            ("DELETE FROM ledger_account WHERE status = 'CLOSED'", THREE, None, "not in the books"),
            ("UPDATE entry SET kind = 'GIFT' WHERE sequence = 3", NOBODY, Some(3), "a value cannot be read"),
            ("UPDATE posting SET currency = 'x' WHERE entry_sequence = 3 AND line = 2", NOBODY, Some(3), "a value cannot be read"),
        ] {
            let found = difference(world, sql).await;
            let named = (found.tenant, found.account, found.sequence);
            assert_eq!(named, (tenant(), account.map(super::account), sequence), "{found} after {sql}");
            assert!(found.what.contains(what), "{found} after {sql}");
            let text = found.to_string();
            assert!(text.contains(&tenant().to_string()), "{text}");
            assert!(sequence.is_none_or(|sequence| text.contains(&format!("sequence {sequence}"))), "{text}");
        }
        world.verify_clean(8).await;
    })
    .await;
}

/// SQLite stores what it is given, whatever the column is declared as.
#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_another_type_is_a_difference() {
    on_both(async |world| {
        if world.db().backend() == DbBackend::Postgres {
            return;
        }
        journal(world).await;
        for (sql, account, sequence) in [
            ("UPDATE posting SET amount_minor = 'much' WHERE entry_sequence = 5", None, Some(5)),
            ("UPDATE posting SET amount_minor = 1.5 WHERE entry_sequence = 5", None, Some(5)),
            ("UPDATE entry SET booked_at_us = 'then' WHERE sequence = 3", None, Some(3)),
            ("UPDATE entry SET id = x'00' WHERE sequence = 3", None, Some(3)),
            ("UPDATE entry SET sequence = 'last' WHERE sequence = 8", None, Some(8)),
            ("UPDATE batch SET last_sequence = 'last' WHERE number = 3", None, Some(3)),
            ("UPDATE ledger_head SET event_sequence = 1.5", None, None),
            ("UPDATE ledger_account SET balance_minor = 'much' WHERE debt_rule = 'NONE'", Some(1), None),
            ("UPDATE ledger_account SET reserved_minor = 1.5 WHERE debt_rule = 'NONE'", Some(1), None),
            ("UPDATE ledger_account SET credit_limit_minor = 'much' WHERE debt_rule = 'NONE'", Some(1), None),
            ("UPDATE hold SET captured_minor = 40.5", Some(1), None),
            ("UPDATE event SET payload = x'ff' WHERE entry_sequence = 3", None, Some(3)),
            ("UPDATE event SET sequence = 'last' WHERE sequence = 3", None, None),
        ] {
            let found = difference(world, sql).await;
            let named = (found.tenant, found.account, found.sequence);
            assert_eq!(named, (tenant(), account.map(super::account), sequence), "{found} after {sql}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_damage_of_one_tenant_is_not_blamed_on_another() {
    on_both(async |world| {
        journal(world).await;
        let other = TenantId(Uuid::from_u128(0x7f));
        world.add_tenant(other, "two").await;
        let of = |order: Order| Order { origin: Origin { tenant: other, ..origin() }, ..order };
        world.done(of(order(Action::Open(Box::new(position(5, DebtRule::None)))))).await;
        world.done(of(payment(account(5), 77))).await;
        let found = difference(world, "UPDATE ledger_account SET balance_minor = 78 WHERE balance_minor = 77").await;
        assert_eq!((found.tenant, found.account), (other, Some(account(5))));
    })
    .await;
}

/// A batch whose hashes were all computed anew still differs from what the next one was chained to.
#[tokio::test(flavor = "multi_thread")]
async fn a_forged_entry_breaks_the_chain_even_with_a_fitting_digest() {
    on_both(async |world| {
        let entry = journal(world).await;
        let forged = Entry { description: "Rent".into(), ..(*entry).clone() };
        let tx = world.db().begin().await.expect("a transaction");
        let sql = "UPDATE entry SET description = 'Rent', hash = $1 WHERE sequence = 3";
        let statement = Statement::from_sql_and_values(world.db().backend(), sql, [forged.digest().to_vec().into()]);
        tx.execute_raw(statement).await.expect("the statement");
        let Err(VerifyError::Difference(found)) = verify(&*tx).await else { panic!("the forgery was not found") };
        assert_eq!((found.sequence, found.what.as_str()), (Some(3), "the chain is broken at batch 3"));
    })
    .await;
}

struct Column {
    name: String,
    type_: String,
}

async fn columns(world: &World, table: &str) -> Vec<Column> {
    let sql = match world.db().backend() {
        DbBackend::Postgres => format!(
            "SELECT CAST(column_name AS text) AS name, CAST(data_type AS text) AS type FROM information_schema.columns \
             WHERE table_name = '{table}' AND table_schema = 'public'"
        ),
        _ => format!("SELECT name, type FROM pragma_table_info('{table}')"),
    };
    let rows = world.db().reader().query_all_raw(Statement::from_string(world.db().backend(), sql)).await;
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
        other => panic!("no other values for {other}"),
    };
    values.push("NULL".into());
    values
}

#[tokio::test(flavor = "multi_thread")]
async fn no_column_of_an_entry_or_a_posting_can_be_changed_unnoticed() {
    on_both(async |world| {
        journal(world).await;
        let postgres = world.db().backend() == DbBackend::Postgres;
        let last_line =
            "line = (SELECT MAX(line) FROM posting AS other WHERE other.entry_sequence = posting.entry_sequence)";
        let tables = [
            (ENTRIES, "sequence", "1 = 1"),
            (POSTINGS, "entry_sequence", "line = 1"),
            (POSTINGS, "entry_sequence", last_line),
        ];
        for (table, key, row) in tables {
            for column in columns(world, table).await {
                let mut found = 0;
                for value in others(&column, postgres) {
                    for sequence in 1..=8 {
                        let name = &column.name;
                        let changed = format!("{name} IS DISTINCT FROM {value}");
                        let sql = format!(
                            "UPDATE {table} SET {name} = {value} WHERE {key} = {sequence} AND {row} AND {changed}"
                        );
                        match damaged(world, &sql).await {
                            None => {}
                            Some(Err(_)) => found += 1,
                            Some(Ok(())) => panic!("nothing was found after {sql}"),
                        }
                    }
                }
                // A first line cannot take the number of the second one.
                assert!(found > 0 || column.name == "line", "{table}.{} was never changed", column.name);
            }
        }
        world.verify_clean(8).await;
    })
    .await;
}
