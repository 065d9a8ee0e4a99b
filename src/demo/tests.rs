//! The demo keeps what it promises: clean books, everything in them, and the same from the same seed.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait as _, QueryResult, Statement};

use super::*;
use crate::access::testing;
use crate::accounts::{AccountBy, WorkingMode};
use crate::ledger::journal::Standing;
use crate::ledger::{AccountStatus, HoldStatus, PaymentChannel, TransactionKind, verify};

async fn rows(db: &Database, sql: &str) -> Vec<QueryResult> {
    db.reader().query_all_raw(Statement::from_string(db.backend(), sql)).await.expect("rows")
}

async fn words(db: &Database, sql: &str) -> BTreeSet<String> {
    rows(db, sql).await.iter().map(|row| row.try_get_by_index::<String>(0).expect("a text")).collect()
}

async fn count(db: &Database, what: &str) -> i64 {
    let rows = rows(db, &format!("SELECT COUNT(*) FROM {what}")).await;
    rows[0].try_get_by_index(0).expect("a number")
}

fn all<T: Copy>(words: &[T], word: fn(T) -> &'static str) -> BTreeSet<String> {
    words.iter().map(|one| word(*one).to_owned()).collect()
}

/// Everything that is in a database but the list of its migrations: each table's rows, in an order of their own.
async fn everything(db: &Database) -> BTreeMap<String, Vec<String>> {
    let tables =
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'seaql%' AND name NOT LIKE 'sqlite%'";
    let mut everything = BTreeMap::new();
    for table in words(db, tables).await {
        // What is sealed is so under chance, and never twice the same.
        let columns = format!(
            "SELECT 'quote(' || name || ')' FROM pragma_table_info('{table}') WHERE NOT ('{table}' = 'customer_identifier' AND name = 'value')"
        );
        let columns = words(db, &columns).await;
        let columns: Vec<String> = columns.into_iter().collect();
        let sql = format!("SELECT {} FROM {table} ORDER BY 1", columns.join(" || ' ' || "));
        let rows = rows(db, &sql).await;
        let rows = rows.iter().map(|row| row.try_get_by_index(0).expect("a row in words")).collect();
        everything.insert(table, rows);
    }
    everything
}

async fn standing(db: &Database, tenant: TenantId, number: &str) -> Standing {
    let account = accounts::store::find(db.reader(), tenant, None, &AccountBy::Number(number.into())).await;
    let account = account.expect("an answer").expect("the account").id;
    let clock = Clock::manual(moment());
    let mut positions =
        crate::ledger::journal::positions(db.reader(), &clock, tenant, [account].into()).await.expect("positions");
    positions.remove(&account).expect("its position")
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
    assert_eq!(count(&db, "entry").await, i64::try_from(loaded.entries).expect("a count"));
    assert_eq!(words(&db, "SELECT DISTINCT kind FROM entry").await, kinds_that_commands_book());
    assert_eq!(words(&db, "SELECT DISTINCT family FROM account").await, all(Family::ALL, Family::word));
    let modes = "SELECT DISTINCT p.working_mode FROM account a JOIN product p ON p.id = a.product_id WHERE p.working_mode IS NOT NULL";
    assert_eq!(words(&db, modes).await, all(WorkingMode::ALL, WorkingMode::word));
    assert_eq!(words(&db, "SELECT DISTINCT status FROM hold").await, all(HoldStatus::ALL, HoldStatus::word));
    let statuses = "SELECT DISTINCT status FROM account_position";
    assert_eq!(words(&db, statuses).await, all(AccountStatus::ALL, AccountStatus::word));
    assert_eq!(words(&db, "SELECT DISTINCT currency FROM account").await, ["EUR", "SEK"].map(str::to_owned).into());
    let channels = "SELECT DISTINCT json_extract(facts, '$.channel') FROM entry WHERE kind = 'PAYMENT'";
    let mut expected = all(PaymentChannel::ALL, PaymentChannel::word);
    expected.remove(PaymentChannel::Cash.word());
    assert_eq!(words(&db, channels).await, expected);

    standing(&db, loaded.tenant, ACCOUNT_2).await;
    let first = standing(&db, loaded.tenant, ACCOUNT_1).await;
    assert!(first.available().0 > 100_000, "the first example account has plenty of funds");
    assert!(first.pending().0 > 0, "and something that has not arrived yet");
}

/// Of the others there are no commands yet, or nobody in the demo asks for them.
fn kinds_that_commands_book() -> BTreeSet<String> {
    use TransactionKind as Kind;
    let without = [
        Kind::Credit,
        Kind::Chargeback,
        Kind::Donation,
        Kind::CreditPayout,
        Kind::Instalment,
        Kind::LeaseInstalment,
        Kind::Receivable,
        Kind::InsurancePremium,
        Kind::ProviderPayout,
        Kind::Investment,
        Kind::Mirrored,
        Kind::InvestmentInterest,
        Kind::InvestmentRepayment,
        Kind::Settlement,
        Kind::DisbursementReturned,
        Kind::Load,
        Kind::Unload,
        Kind::Reimbursement,
        Kind::Deduction,
        Kind::MigratedBalance,
    ];
    let kinds = Kind::ALL.iter().filter(|kind| !without.contains(kind));
    kinds.map(|kind| kind.word().to_owned()).collect()
}

#[tokio::test]
async fn the_demo_shows_claims_for_creditors_parts_reversed_and_who_asked_for_what() {
    let (_folder, db) = testing::database().await;
    let loaded = load_days(&db, moment(), 120, SEED).await.expect("a demo");

    let receivables = "account WHERE family = 'RECEIVABLE'";
    assert!(count(&db, receivables).await > 10);
    assert_eq!(count(&db, &format!("{receivables} AND party_id IS NULL")).await, 0);
    assert_eq!(count(&db, "account WHERE party_id IS NOT NULL AND family <> 'RECEIVABLE'").await, 0);
    assert!(count(&db, "reversed_entry WHERE NOT complete").await > 0, "no entry is reversed in part");
    assert!(count(&db, "reversed_entry WHERE complete").await > 0, "no entry is reversed as a whole");
    assert!(count(&db, "entry WHERE value_date > business_date").await > 0, "nothing was pending");
    assert!(count(&db, "entry WHERE transaction_date < value_date").await > 0);
    let nameless = "entry WHERE kind = 'PAYMENT' AND json_extract(facts, '$.channel') = 'BANK_TRANSFER' \
        AND json_extract(personal, '$.counterparty.name') IS NULL";
    assert_eq!(count(&db, nameless).await, 0, "a bank transfer from nobody");

    let operations = [
        "installCatalogue",
        "createCustomAction",
        "createProduct",
        "createParty",
        "createCustomer",
        "updateCustomer",
        "openAccount",
        "requestAccountClosure",
        "closeAccount",
        "closePeriod",
        "postPayment",
        "disburse",
        "transfer",
        "postAdjustment",
        "postCharge",
        "placeHold",
        "captureHold",
        "authoriseCard",
        "clearCard",
        "reverseAuthorisation",
        "expireHold",
        "reverseEntry",
        "startDay",
        "runBusinessDayStep",
    ];
    assert_eq!(words(&db, "SELECT DISTINCT operation FROM command").await, operations.map(str::to_owned).into());
    let clients = "SELECT DISTINCT client FROM command";
    let expected = [
        "back-office",
        "bank-files",
        "card-gateway",
        "checkout",
        "collections",
        "core-batch",
        "mobile-bank",
        "onboarding",
        "system",
    ];
    assert_eq!(words(&db, clients).await, expected.map(str::to_owned).into());
    assert_eq!(count(&db, "command WHERE outcome = 'REFUSED'").await, i64::try_from(loaded.refused).expect("a count"));
    assert_eq!(count(&db, "command WHERE key IS NULL AND outcome = 'DONE' AND client <> 'system'").await, 0);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_books_and_another_gives_others() {
    let mut books = Vec::new();
    for seed in [SEED, SEED, SEED + 1] {
        let (_folder, db) = testing::database().await;
        load_days(&db, moment(), 60, seed).await.expect("a demo");
        books.push(everything(&db).await);
    }
    assert!(books[0]["entry"].len() > 1_000 && books[0]["command"].len() > 1_000);
    for (table, rows) in &books[0] {
        assert_eq!(rows, &books[1][table], "{table}");
    }
    assert_ne!(books[0]["ledger_head"], books[2]["ledger_head"]);
}

#[tokio::test]
async fn a_database_with_other_tenants_is_left_alone() {
    let (_folder, db) = testing::database().await;
    let clock = Clock::manual(moment());
    let tx = db.begin().await.expect("a transaction");
    let settings = Settings { name: "Bank".into(), ..Settings::default() };
    create_tenant(&tx, &clock, &IdSource::seeded(clock.clone(), 1), "bank", settings).await.expect("a tenant");
    tx.commit().await.expect("a commit");
    assert!(matches!(find(&db).await, Err(Problem::NotEmpty)));
}
