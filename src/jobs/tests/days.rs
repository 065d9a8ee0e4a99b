//! The business day on both databases: pages, servers that die and that race, steps that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::{BoxFuture, join_all};

use crate::database::Database;
use crate::engine::Engine;
use crate::jobs::day::{AnyStep, BusinessDay, DAY_NOT_DONE, DayState, StartDay, Step, step};
use crate::jobs::runner::{Days, Outcome};
use crate::jobs::store;
use crate::ledger::entry::{Draft, Side};
use crate::ledger::query::{Page, Query};
use crate::ledger::{DebtRule, LedgerFault, TransactionKind};
use crate::payments::ClosePeriod;
use crate::primitives::{AccountId, Minor, TenantId};
use crate::work::tests::harness::{World, on_both, on_postgres};
use crate::work::tests::{BANK, account, ahead, origin, payment, position, sek, start, tenant};
use crate::work::{Decision, Failure, Stop, Work};

/// How many accounts there are: three pages, the last of them not full.
const ACCOUNTS: u128 = 7;

/// Pays one minor unit into every account.
struct Pay;

impl Step for Pay {
    const NAME: &'static str = "pay";
    const PAGE: u64 = 3;

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        _day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let after = after.map(|key| key.parse::<AccountId>().expect("a key of this step"));
            let mut query = Query::new("SELECT account_id FROM account_position WHERE tenant_id = ", tenant);
            query.page("account_id", false, after.map(|id| id.0.into()), None, false, Self::PAGE);
            let rows = query.all(db.reader()).await?;
            rows.iter().map(|row| Ok(AccountId(row.try_get("", "account_id")?).to_string())).collect()
        })
    }

    fn act(work: &mut Work, _day: &BusinessDay, key: &str) -> Decision<()> {
        let account = key.parse().map_err(|_| Stop::damaged("a key"))?;
        let draft = Draft::new(TransactionKind::Payment, sek(), "A day's pay".into());
        work.post(&draft.moving(Side::Internal(BANK), Side::account(account), Minor(1))).map(|_| ())
    }
}

/// Whether [`Stumble`] does.
static STUMBLES: AtomicBool = AtomicBool::new(true);

/// Cannot be decided until somebody has mended it.
struct Stumble;

impl Step for Stumble {
    const NAME: &'static str = "stumble";

    fn due<'a>(
        _db: &'a Database,
        _tenant: TenantId,
        _day: &'a BusinessDay,
        _after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async { Ok(vec!["one".to_owned()]) })
    }

    fn act(_work: &mut Work, _day: &BusinessDay, _key: &str) -> Decision<()> {
        if STUMBLES.load(Ordering::SeqCst) { Err(Stop::damaged("a step that stumbles")) } else { Ok(()) }
    }
}

fn days_of(engine: &Engine, steps: Vec<Arc<dyn AnyStep>>) -> Days {
    Days::new(engine.workers.clone(), steps, Vec::new())
}

/// Accounts, the first day begun, and the clock some days later.
async fn later(world: &World, days: &Days, by: i64) {
    for number in 1..=ACCOUNTS {
        world.open(position(number, DebtRule::None)).await;
    }
    assert_eq!(days.catch_up(tenant()).await.expect("the database"), Outcome::Done);
    world.clock.set(start() + TimeDelta::days(by));
}

async fn balances(world: &World) -> Vec<i64> {
    join_all((1..=ACCOUNTS).map(|number| world.balance(number))).await
}

async fn list(world: &World) -> Vec<BusinessDay> {
    let page = Page { after: None, before: None, limit: 100, backward: false };
    store::list(world.db().reader(), tenant(), &[], page).await.expect("the database")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_run_in_pages_once_and_booked_on_itself() {
    on_both(async |world| {
        let days = days_of(&world.engine, vec![step::<Pay>()]);
        later(world, &days, 1).await;
        for _ in 0..2 {
            assert_eq!(days.catch_up(tenant()).await.expect("the database"), Outcome::Done);
            assert_eq!(balances(world).await, [1; ACCOUNTS as usize]);
        }
        let list = list(world).await;
        let [day] = list.as_slice() else { panic!("one day: {list:?}") };
        assert_eq!((day.state, day.steps[0].done, day.steps[0].refused), (DayState::Done, 7, 0));
        let booked = "SELECT COUNT(DISTINCT business_date) FROM entry WHERE description = 'A day''s pay'";
        assert_eq!(world.number(booked).await, 1);
        assert_eq!(day.day, start().date_naive());
        world.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_days_of_an_absence_are_run_one_after_the_other() {
    on_both(async |world| {
        let days = days_of(&world.engine, vec![step::<Pay>()]);
        later(world, &days, 10).await;
        assert_eq!(days.catch_up(tenant()).await.expect("the database"), Outcome::Done);
        assert_eq!(balances(world).await, [10; ACCOUNTS as usize]);
        let dates: Vec<_> = list(world).await.iter().rev().map(|day| day.day).collect();
        assert_eq!(dates, (0..10).map(ahead).collect::<Vec<_>>());
        assert_eq!(world.number("SELECT COUNT(DISTINCT value_date) FROM entry").await, 10);
        world.verify().await;
    })
    .await;
}

/// A server that dies between two pages, and one that dies before the first.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_over_goes_on_where_the_other_died() {
    on_both(async |world| {
        let days = days_of(&world.engine, vec![step::<Pay>()]);
        later(world, &days, 2).await;
        world.run(StartDay { steps: vec!["pay".into()] }).await.expect("the days are put into the list");
        let day = store::first_unfinished(world.db().reader(), tenant()).await.expect("the database").expect("a day");
        let page = step::<Pay>();
        page.next_page(&world.engine.workers, tenant(), &day).await.expect("a page");
        // The page that was read before is not done again.
        let again = page.next_page(&world.engine.workers, tenant(), &day).await;
        assert!(matches!(again, Err(Failure::Refused(..))), "{again:?}");
        assert_eq!(balances(world).await.iter().sum::<i64>(), 3);
        let other = days_of(&world.engine, vec![step::<Pay>()]);
        assert_eq!(other.catch_up(tenant()).await.expect("the database"), Outcome::Done);
        assert_eq!(balances(world).await, [2; ACCOUNTS as usize]);
        world.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_run_a_day_once() {
    on_postgres(&async |world: &World| {
        let engines = [world.engine.clone(), world.another_engine().await];
        let servers: Vec<Days> = engines.iter().map(|engine| days_of(engine, vec![step::<Pay>()])).collect();
        later(world, &servers[0], 3).await;
        let patience = Duration::from_secs(60);
        let through = ahead(2);
        let waited = join_all(servers.iter().map(|days| days.wait_for(tenant(), through, patience))).await;
        assert!(waited.into_iter().all(|waited| waited.expect("the database").is_none()));
        assert_eq!(balances(world).await, [3; ACCOUNTS as usize]);
        assert_eq!(world.number("SELECT COUNT(*) FROM lease").await, 0, "it was given back");
        engines[1].stop().await;
        world.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_stops_its_successors_and_no_payment() {
    on_both(async |world| {
        STUMBLES.store(true, Ordering::SeqCst);
        let days = days_of(&world.engine, vec![step::<Stumble>(), step::<Pay>()]);
        later(world, &days, 2).await;
        for _ in 0..2 {
            let outcome = days.catch_up(tenant()).await.expect("the database");
            let Outcome::Failed(day) = outcome else { panic!("it has failed: {outcome:?}") };
            assert_eq!((day.day, day.state), (ahead(0), DayState::Failed));
            assert!(day.steps[0].failure.is_some() && !day.steps[0].complete, "{day:?}");
        }
        assert_eq!(world.number("SELECT COUNT(*) FROM event WHERE type = 'BUSINESS_DAY_FAILED'").await, 1);
        world.done(payment(account(1), 5)).await;
        let refused = world.run(ClosePeriod { through: ahead(0) }).await;
        let Err(Failure::Refused(refused, _)) = refused else { panic!("it waits for the day: {refused:?}") };
        assert_eq!((refused.code, refused.facts.latest), (DAY_NOT_DONE, ahead(0).pred_opt()));
        assert_eq!(balances(world).await.iter().sum::<i64>(), 5);

        STUMBLES.store(false, Ordering::SeqCst);
        assert_eq!(days.catch_up(tenant()).await.expect("the database"), Outcome::Done);
        assert_eq!(balances(world).await.iter().sum::<i64>(), 5 + 14);
        world.engine.run(&origin(), None, ClosePeriod { through: ahead(1) }).await.expect("it is done");
        world.verify().await;
    })
    .await;
}
