//! The demo keeps what it promises: clean books, everything in them, and the same from the same seed.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait as _, Statement};

use super::*;
use crate::access::testing;
use crate::accounts::WorkingMode;
use crate::ledger::{AccountStatus, HoldStatus, TransactionKind, verify};

async fn words(db: &Database, sql: &str) -> BTreeSet<String> {
    let rows = db.reader().query_all_raw(Statement::from_string(db.backend(), sql)).await.expect("rows");
    rows.iter().map(|row| row.try_get_by_index::<String>(0).expect("a text")).collect()
}

fn all<T: Copy>(words: &[T], word: fn(T) -> &'static str) -> BTreeSet<String> {
    words.iter().map(|one| word(*one).to_owned()).collect()
}

async fn chain_head(db: &Database) -> (i64, i64, Vec<u8>) {
    let sql = "SELECT entry_sequence, event_sequence, chain_hash FROM ledger_head";
    let row =
        db.reader().query_one_raw(Statement::from_string(db.backend(), sql)).await.expect("a row").expect("a head");
    let number = |column| row.try_get::<i64>("", column).expect("a number");
    (number("entry_sequence"), number("event_sequence"), row.try_get("", "chain_hash").expect("a hash"))
}

fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000, 0).expect("a moment")
}

#[tokio::test]
async fn the_demo_holds_a_bit_of_everything_in_clean_books() {
    let (_folder, db) = testing::database().await;
    assert!(find(&db).await.expect("an answer").is_none());
    let loaded = load(&db, moment(), SEED).await.expect("a demo");
    assert_eq!(find(&db).await.expect("an answer"), Some(loaded.tenant));
    assert!((200..500).contains(&loaded.customers), "{loaded:?}");
    assert!((400..1_500).contains(&loaded.accounts), "{loaded:?}");
    assert!(loaded.entries > 5_000, "{loaded:?}");
    assert!(loaded.refused * 50 < loaded.entries, "more than two in a hundred were refused: {loaded:?}");

    let checked = verify::verify(db.reader()).await.expect("clean books");
    assert_eq!((checked.tenants, checked.entries), (1, loaded.entries));
    assert_eq!(words(&db, "SELECT DISTINCT kind FROM entry").await, all(TransactionKind::ALL, TransactionKind::word));
    assert_eq!(words(&db, "SELECT DISTINCT family FROM account").await, all(Family::ALL, Family::word));
    let modes = "SELECT DISTINCT p.working_mode FROM account a JOIN product p ON p.id = a.product_id WHERE p.working_mode IS NOT NULL";
    assert_eq!(words(&db, modes).await, all(WorkingMode::ALL, WorkingMode::word));
    assert_eq!(words(&db, "SELECT DISTINCT status FROM hold").await, all(HoldStatus::ALL, HoldStatus::word));
    let statuses = "SELECT DISTINCT status FROM ledger_account WHERE status IS NOT NULL";
    assert_eq!(words(&db, statuses).await, all(AccountStatus::ALL, AccountStatus::word));
    assert_eq!(words(&db, "SELECT DISTINCT currency FROM account").await, ["EUR", "SEK"].map(str::to_owned).into());
    assert!(matches!(
        accounts::store::find(db.reader(), loaded.tenant, None, &accounts::AccountBy::Number(ACCOUNT_2.into())).await,
        Ok(Some(_))
    ));

    let account = accounts::AccountBy::Number(ACCOUNT_1.into());
    let account =
        accounts::store::find(db.reader(), loaded.tenant, None, &account).await.expect("an answer").expect("it");
    let positions =
        crate::ledger::journal::positions(db.reader(), loaded.tenant, [account.id].into()).await.expect("positions");
    assert!(positions[&account.id].available().0 > 100_000, "the first example account has plenty of funds");
}

#[tokio::test]
async fn the_same_seed_gives_the_same_books_and_another_gives_others() {
    let mut heads = Vec::new();
    for seed in [SEED, SEED, SEED + 1] {
        let (_folder, db) = testing::database().await;
        load_days(&db, moment(), 60, seed).await.expect("a demo");
        heads.push(chain_head(&db).await);
    }
    assert_eq!(heads[0], heads[1]);
    assert_ne!(heads[0].2, heads[2].2);
}

#[tokio::test]
async fn a_database_with_other_tenants_is_left_alone() {
    let (_folder, db) = testing::database().await;
    let clock = Clock::manual(moment());
    let tx = db.begin().await.expect("a transaction");
    let euro = currency("EUR").expect("the euro");
    create_tenant(&tx, &clock, &IdSource::seeded(clock.clone(), 1), "bank", "Bank", euro, false)
        .await
        .expect("a tenant");
    tx.commit().await.expect("a commit");
    assert!(matches!(find(&db).await, Err(Problem::NotEmpty)));
}
