//! `verify` finds every kind of damage, and says where. Each damage is done in a transaction that is rolled back, on
//! small books that have everything a row can have, on both engines.

mod columns;
mod damage;
mod erasure;
mod forged;
mod random;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbBackend, Statement, Value};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Checked, Difference, VerifyError, verify};
use crate::database::Database;
use crate::ledger::chart::{Component, InternalRole};
use crate::ledger::entry::{Draft, Entry, ExternalReference, Side, Spread, TransactionKind, chain};
use crate::ledger::facts::{Counterparty, EntryFacts};
use crate::ledger::hold::HoldStatus;
use crate::ledger::journal;
use crate::ledger::position::{AccountStatus, DebtRule, Position, RepaymentOrder};
use crate::primitives::{AccountId, Clock, Currency, HoldId, IdSource, Minor, Origin, PartyId, TenantId};
use crate::work::tests::harness::{in_postgres, in_sqlite};
use crate::work::{
    Command, Decision, Idempotency, Made, Mode, NewHold, Priority, Reversal, Stop, Surroundings, Verdict, Work,
    WorkMetrics, Workers,
};

/// Longer than anything here takes: what runs into it hangs.
const PATIENCE: Duration = Duration::from_secs(300);
/// Where money comes from and goes to.
const BANK: Side = Side::Internal(InternalRole::SettlementBank);
/// Entries of [`World::books`].
const ENTRIES: i64 = 11;

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number)
}

fn account(number: u128) -> AccountId {
    AccountId(uuid(number))
}

fn tenant() -> TenantId {
    TenantId(uuid(0x7e))
}

fn origin(tenant: TenantId) -> Origin {
    Origin { tenant, client: "client".into(), customer: None, request_id: "request".into() }
}

fn sek() -> Currency {
    "SEK".parse().expect("a currency")
}

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 2).expect("a day")
}

fn start() -> DateTime<Utc> {
    today().and_hms_opt(12, 0, 0).expect("noon").and_utc()
}

/// An open account without money or debts.
fn position(number: u128, debt_rule: DebtRule, credit_limit: i64) -> Position {
    Position {
        account: account(number),
        currency: sek(),
        balances: [Minor::ZERO; Component::COUNT],
        status: AccountStatus::Open,
        closed_on: None,
        debt_rule,
        repayment_order: RepaymentOrder::DEFAULT,
        credit_limit: Minor(credit_limit),
        maximum_balance: None,
        reserved: Minor::ZERO,
        party: None,
        arriving: Default::default(),
        restrictions: Default::default(),
        charity: None,
        itemised: false,
        items: None,
        ties: Default::default(),
    }
}

fn draft(kind: TransactionKind, from: Side, to: Side, amount: i64) -> Draft {
    Draft::new(kind, sek(), "rent".into()).moving(from, to, Minor(amount))
}

fn payment(to: AccountId, amount: i64) -> Draft {
    draft(TransactionKind::Payment, BANK, Side::account(to), amount)
}

fn transfer(from: AccountId, to: AccountId, amount: i64) -> Draft {
    draft(TransactionKind::Transfer, Side::account(from), Side::account(to), amount)
}

/// What an act has made.
#[derive(Clone, Debug, Default)]
struct Did {
    entry: Option<Arc<Entry>>,
    hold: Option<HoldId>,
}

impl Made for Did {
    fn result(&self) -> String {
        self.entry.as_ref().map(|entry| entry.id.to_string()).unwrap_or_default()
    }

    fn again(work: &mut Work, result: &str) -> Decision<Arc<Self>> {
        let id = result.parse().map_err(|_| Stop::damaged("the result of a key is no entry"))?;
        Ok(Arc::new(Self { entry: work.entry(id)?, hold: None }))
    }
}

type Deed = Arc<dyn Fn(&mut Work) -> Decision<Did> + Send + Sync>;

/// A command that does whatever a test wants in the books.
#[derive(Serialize, Deserialize)]
struct Act {
    #[serde(skip)]
    deed: Option<Deed>,
}

impl fmt::Debug for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Act")
    }
}

impl Command for Act {
    const OPERATION: &'static str = "act";
    type Made = Did;

    fn decide(&self, work: &mut Work) -> Decision<Arc<Did>> {
        let deed = self.deed.as_ref().ok_or_else(|| Stop::damaged("nothing to do"))?;
        deed(work).map(Arc::new)
    }
}

fn act(deed: impl Fn(&mut Work) -> Decision<Did> + Send + Sync + 'static) -> Act {
    Act { deed: Some(Arc::new(deed)) }
}

fn open(position: Position) -> Act {
    act(move |work| work.open(position.clone()).map(|_| Did::default()))
}

fn post(draft: Draft) -> Act {
    act(move |work| Ok(Did { entry: Some(work.post(&draft)?), hold: None }))
}

fn reverse(original: &Arc<Entry>, amount: Option<i64>) -> Act {
    let original = original.clone();
    let facts = EntryFacts { reason: Some("a slip".into()), ..EntryFacts::default() };
    let amount = amount.map(|amount| (Minor(amount), sek()));
    let reversal = Reversal { amount, value_date: None, description: "back".into(), facts };
    act(move |work| Ok(Did { entry: Some(work.reverse(&original, &reversal)?), hold: None }))
}

fn place(account: AccountId, amount: i64) -> Act {
    let new = NewHold {
        account,
        amount: Minor(amount),
        currency: sek(),
        expires_at: None,
        description: "hotel".into(),
        reference: Some("H-1".into()),
        card: None,
    };
    act(move |work| Ok(Did { entry: None, hold: Some(work.place_hold(&new)?.id) }))
}

/// A database of its own with a worker on it, and a tenant.
struct World {
    db: Database,
    workers: Workers,
    clock: Clock,
}

/// Runs a test on SQLite and on PostgreSQL.
async fn on_both(test: impl AsyncFn(&World)) {
    in_sqlite(async |url| run(url, &test).await).await;
    in_postgres(async |url| run(url, &test).await).await;
}

async fn run(url: &str, test: &impl AsyncFn(&World)) {
    let clock = Clock::manual(start());
    let db = Database::open(url).await.expect("a database");
    db.migrate().await.expect("it migrates");
    let surroundings = Surroundings { clock: clock.clone(), ids: IdSource::random(clock.clone()) };
    let wake = Arc::new(|_: TenantId, _: i64, _: &[Arc<Entry>]| {});
    let workers = Workers::new(db.clone(), surroundings, WorkMetrics::new(&[]), wake);
    let world = World { db, workers, clock };
    world.add_tenant(tenant(), "one").await;
    tokio::time::timeout(PATIENCE, test(&world)).await.expect("the test comes to an end");
    world.workers.stop().await;
    world.db.close().await.expect("closed");
}

impl World {
    async fn add_tenant(&self, id: TenantId, code: &str) {
        let tx = self.db.begin().await.expect("a transaction");
        let sql = "INSERT INTO tenant (id, code, created_at_us) VALUES ($1, $2, 0)";
        self.execute(&tx, sql, vec![id.0.into(), code.into()]).await;
        let sql = "INSERT INTO ledger_head (tenant_id, epoch, command_sequence, entry_sequence, event_sequence, \
                   batch_number, last_booked_us, chain_hash) VALUES ($1, 0, 0, 0, 0, 0, 0, $2)";
        self.execute(&tx, sql, vec![id.0.into(), vec![0_u8; 32].into()]).await;
        tx.commit().await.expect("a commit");
    }

    async fn execute(&self, tx: &DatabaseTransaction, sql: &str, values: Vec<Value>) {
        let statement = Statement::from_sql_and_values(self.db.backend(), sql, values);
        tx.execute_raw(statement).await.expect(sql);
    }

    /// One after the other in one batch, a second after what was done before.
    async fn done_of(&self, tenant: TenantId, acts: Vec<(Option<Idempotency>, Act)>) -> Vec<Arc<Did>> {
        self.clock.set(self.clock.now() + TimeDelta::seconds(1));
        let answers = self.workers.run_all(&origin(tenant), acts, Mode::AllOrNothing, Priority::Front).await;
        answers.into_iter().map(|answer| answer.expect("it is done").value).collect()
    }

    async fn done(&self, act: Act) -> Arc<Did> {
        self.done_of(tenant(), vec![(None, act)]).await.remove(0)
    }

    async fn booked(&self, act: Act) -> Arc<Entry> {
        self.done(act).await.entry.clone().expect("an entry")
    }

    /// Eleven entries in nine batches: on account one, which may not owe and has a hold of which 60 are still open, and
    /// on account two, which owes. One payment is still on its way, and taken back in part. A third account had its
    /// limit lowered and was closed. A period is closed; a command was refused, one repeated, and one denied. Gives the
    /// first three.
    async fn books(&self) -> Vec<Arc<Entry>> {
        let (one, two) = (account(1), account(2));
        let opened = [position(1, DebtRule::None, 0), position(2, DebtRule::Unlimited, 0)];
        self.done_of(tenant(), opened.map(|position| (None, open(position))).into()).await;
        let mut salary = payment(one, 1_000);
        salary.personal.counterparty = Some(Counterparty { name: Some("Ada".into()), ..Counterparty::default() });
        let first = self.booked(post(salary)).await;
        let interest = Side::Account(two, Spread::Charge(Component::Interest), None);
        let income = Side::Internal(InternalRole::InterestIncome);
        let second = self.booked(post(draft(TransactionKind::Interest, interest, income, 20))).await;
        let third = self.rent(one, two).await;
        let hold = self.done(place(one, 100)).await.hold.expect("a hold");
        let capture = act(move |work| {
            let (entry, _) = work.capture_hold(hold, Some(Minor(40)), &BANK)?;
            Ok(Did { entry: Some(entry), hold: Some(hold) })
        });
        self.done(capture).await;
        self.done(reverse(&third, None)).await;
        let third_account = position(3, DebtRule::Limit, 500);
        let batch = [post(payment(one, 1)), open(third_account), post(transfer(one, two, 2)), post(payment(one, 3))];
        self.done_of(tenant(), batch.map(|act| (None, act)).into()).await;
        let mut ahead = payment(one, 500);
        ahead.value_date = Some(today() + Days::new(10));
        let ninth = self.booked(post(ahead)).await;
        self.done(reverse(&ninth, Some(200))).await;
        self.done(act(|work| work.close_period(today() - Days::new(10)).map(|()| Did::default()))).await;
        let client_money = Side::Party(InternalRole::ClientMoney, PartyId(uuid(0xc1)));
        self.done(post(draft(TransactionKind::Payment, client_money, Side::account(two), 10))).await;
        self.done(act(|work| work.lower_credit_limit(account(3), Minor(200)).map(|()| Did::default()))).await;
        self.done(act(|work| work.request_closure(account(3)).map(|()| Did::default()))).await;
        let released = self.done(place(one, 5)).await.hold.expect("a hold");
        self.done(act(move |work| work.end_hold(released, HoldStatus::Released).map(|_| Did::default()))).await;
        self.turned_down(one, two).await;
        vec![first, second, third]
    }

    /// With everything that an entry can say, under a key.
    async fn rent(&self, from: AccountId, to: AccountId) -> Arc<Entry> {
        let text = || Some("text".to_owned());
        let (from, to) = (Side::Account(from, Spread::Flow, text()), Side::Account(to, Spread::Flow, text()));
        let mut rent = draft(TransactionKind::Transfer, from, to, 50);
        let day = today() - Days::new(3);
        rent.external =
            Some(ExternalReference { reference: "INV-1".into(), date: Some(day), poster: text(), code: text() });
        rent.value_date = Some(today() - Days::new(2));
        rent.transaction_date = Some(day);
        rent.facts.reference = text();
        rent.metadata = r#"{"n":1}"#.into();
        let mut answers = self.done_of(tenant(), vec![(Some(key()), post(rent))]).await;
        answers.remove(0).entry.clone().expect("an entry")
    }

    /// One command that is refused, one that was done before, and one that is denied.
    async fn turned_down(&self, one: AccountId, two: AccountId) {
        let refused = self.workers.run(&origin(tenant()), None, post(transfer(one, two, 1_000_000))).await;
        assert!(refused.is_err(), "{refused:?}");
        let repeated = self.workers.run(&origin(tenant()), Some(key()), post(transfer(one, two, 50))).await;
        assert!(repeated.expect("an answer").receipt.replayed);
        self.workers.turn_away(&origin(tenant()), "act", vec![Verdict::Denied]).await.expect("a record");
    }

    async fn verify(&self) -> Result<Checked, VerifyError> {
        verify(self.db.reader()).await
    }

    /// `{one}` and its like, as the engine has them.
    fn sql(&self, text: &str) -> String {
        let stored = |id: Uuid| match self.db.backend() {
            DbBackend::Postgres => format!("'{}'", id.simple()),
            _ => format!("x'{}'", id.simple()),
        };
        let names = [("{tenant}", tenant().0), ("{one}", uuid(1)), ("{two}", uuid(2)), ("{three}", uuid(3))];
        let text = names.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, &stored(*id)));
        let bytes = if self.db.backend() == DbBackend::Postgres { r"'\x00'" } else { "x'00'" };
        text.replace("{bytes}", bytes)
    }

    /// Does damage, verifies, and undoes it. `None` where the database itself forbids the damage, or it changes nothing.
    async fn damaged(&self, statements: &str, resealed: bool) -> Option<Result<Checked, VerifyError>> {
        let tx = self.db.begin().await.expect("a transaction");
        for sql in self.sql(statements).split(';') {
            let changed = tx.execute_raw(Statement::from_string(self.db.backend(), sql)).await.ok()?.rows_affected();
            if changed == 0 {
                return None;
            }
        }
        if resealed {
            self.reseal(&tx).await;
        }
        Some(verify(&*tx).await)
    }

    /// The same, where it must be found.
    async fn difference(&self, statements: &str, resealed: bool) -> Difference {
        match self.damaged(statements, resealed).await {
            Some(Err(VerifyError::Difference(difference))) => *difference,
            other => panic!("{other:?} after {statements}"),
        }
    }

    /// Computes every digest and the chain anew, as somebody would who forges the books and knows how.
    async fn reseal(&self, tx: &DatabaseTransaction) {
        let sequences: Vec<i64> = (1..=ENTRIES).collect();
        let entries = journal::entries_by_sequence(tx, tenant(), &sequences).await.expect("the entries");
        for entry in &entries {
            let values = vec![entry.digest().to_vec().into(), entry.sequence.into()];
            self.execute(tx, "UPDATE entry SET hash = $1 WHERE sequence = $2", values).await;
        }
        let sql = "SELECT number, first_sequence, last_sequence FROM batch ORDER BY number";
        let mut previous = vec![0; 32];
        for row in tx.query_all_raw(Statement::from_string(self.db.backend(), sql)).await.expect("the batches") {
            let number = |column: &str| row.try_get::<i64>("", column).expect("a number");
            let batch = number("first_sequence")..=number("last_sequence");
            let digests = entries.iter().filter(|entry| batch.contains(&entry.sequence)).map(|entry| entry.digest());
            let hash = chain(&previous, digests).to_vec();
            let values = vec![previous.into(), hash.clone().into(), number("number").into()];
            self.execute(tx, "UPDATE batch SET previous_hash = $1, hash = $2 WHERE number = $3", values).await;
            previous = hash;
        }
        self.execute(tx, "UPDATE ledger_head SET chain_hash = $1", vec![previous.into()]).await;
    }
}

fn key() -> Idempotency {
    Idempotency::of("rent".into(), &Act { deed: None })
}

/// SQL, the account and the entry that are named, and what is said.
type Row<'a> = (&'a str, Option<u128>, Option<i64>, &'a str);

const ONE: Option<u128> = Some(1);
const TWO: Option<u128> = Some(2);
const THREE: Option<u128> = Some(3);
const NOBODY: Option<u128> = None;

/// Every damage of a table is found, named and described; all that are not are told together.
async fn each_is_found(world: &World, table: &[Row<'_>], resealed: bool) {
    let mut wrong = Vec::new();
    for (sql, named, sequence, what) in table {
        match world.damaged(sql, resealed).await {
            Some(Err(VerifyError::Difference(found)))
                if (found.tenant, found.account, found.sequence) == (tenant(), named.map(account), *sequence)
                    && found.what.contains(what) => {}
            other => wrong.push(format!("{sql}\n  expected {named:?} {sequence:?} {what}\n  found {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), table.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn clean_books_are_found_clean() {
    on_both(async |world| {
        world.books().await;
        let checked = world.verify().await.expect("clean books");
        assert_eq!((checked.tenants, checked.entries, checked.postings), (1, 11, 24), "{checked:?}");
        // Forged as they stand, they are what they were.
        let forged = world.damaged("UPDATE ledger_head SET epoch = epoch + 1", true).await;
        assert_eq!(forged.expect("a change").expect("clean books"), checked);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_damage_of_one_tenant_is_not_blamed_on_another() {
    on_both(async |world| {
        world.books().await;
        let other = TenantId(uuid(0x7f));
        world.add_tenant(other, "two").await;
        world.done_of(other, vec![(None, open(position(5, DebtRule::None, 0)))]).await;
        world.done_of(other, vec![(None, post(payment(account(5), 77)))]).await;
        let sql = "UPDATE account_position SET principal_minor = 78 WHERE principal_minor = 77";
        let found = world.difference(sql, false).await;
        assert_eq!((found.tenant, found.account), (other, Some(account(5))));
        assert!(found.to_string().contains(&other.to_string()), "{found}");
    })
    .await;
}
