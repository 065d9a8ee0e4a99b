//! Exactly once: one effect per key, one record per command, and time that never goes back.

use chrono::TimeDelta;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, Statement};

use super::super::{Answer, Change, Mode};
use super::domain::{charging, customer, money, named, opening, party, paying, product};
use super::harness::{World, on_both, on_postgres, submit_to};
use super::*;
use crate::accounts::CloseAccount;
use crate::accounts::close::{ClosingKind, ClosingTransaction};
use crate::customers::{CustomerBy, UpdateCustomer};
use crate::engine::Engine;
use crate::payments::{ChargeKind, PostPayment};
use crate::primitives::CustomerId;

fn done<T>(answer: Answer<T>) -> (Arc<T>, bool) {
    let done = answer.unwrap_or_else(|failure| panic!("{failure:?}"));
    (done.value, done.receipt.replayed)
}

fn refusal<T: std::fmt::Debug>(answer: Answer<T>) -> Refused {
    match answer {
        Err(Failure::Refused(refused, _)) => *refused,
        other => panic!("it is not refused: {other:?}"),
    }
}

/// The same command under one key, many times at once on two engines: gives the results, and how many were no replay.
async fn race<C: Command + Clone>(engines: &[Engine; 2], key: &str, command: C) -> (Vec<String>, usize) {
    let tasks = (0..12).map(|n| {
        let (engine, command) = (engines[n % 2].clone(), command.clone());
        let key = Idempotency::of(key.to_owned(), &command);
        tokio::spawn(async move { engine.run(&origin(), Some(key), command).await })
    });
    let mut results = Vec::new();
    let mut first = 0;
    for answer in join_all(tasks.collect::<Vec<_>>()).await {
        let (made, replayed) = done(answer.expect("no panic"));
        results.push(made.result());
        first += usize::from(!replayed);
    }
    results.sort();
    results.dedup();
    (results, first)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_race_under_one_key_has_one_effect_and_equal_answers() {
    on_both(async |world| {
        let engines = [world.engine.clone(), world.another_engine().await];
        let products = race(&engines, "product", product("plain", DebtRule::None)).await;
        assert_eq!((products.0.len(), products.1), (1, 1));
        let customers = race(&engines, "customer", customer(None)).await;
        assert_eq!((customers.0.len(), customers.1), (1, 1));
        done(world.run(customer(Some("C"))).await);
        let accounts = race(&engines, "account", opening("plain", "C", Some("A"))).await;
        assert_eq!((accounts.0.len(), accounts.1), (1, 1));
        let entries = race(&engines, "payment", paying("A", "50")).await;
        assert_eq!((entries.0.len(), entries.1), (1, 1));
        let closing = CloseAccount {
            account: named("A").into(),
            closure_code: Some("LEFT".into()),
            transactions: vec![ClosingTransaction {
                kind: ClosingKind::WriteOff("small".into()),
                amount: None,
                description: None,
            }],
        };
        let closed = race(&engines, "close", closing.clone()).await;
        assert_eq!((closed.0.len(), closed.1), (1, 1));
        // Without the key it is refused now; with it the answer is that of the first time.
        assert_eq!(refusal(world.run(closing.clone()).await).code, INVALID_STATE);
        let key = Some(Idempotency::of("close".into(), &closing));
        assert!(done(engines[1].run(&origin(), key, closing).await).1);
        assert_eq!(world.number("SELECT COUNT(*) FROM product").await, 1);
        assert_eq!(world.number("SELECT COUNT(*) FROM customer").await, 2);
        assert_eq!(world.number("SELECT COUNT(*) FROM account").await, 1);
        engines[1].stop().await;
        world.verify_clean(2).await;
    })
    .await;
}

async fn outcomes(world: &World) -> Vec<(String, Option<String>, Option<String>)> {
    let sql = "SELECT outcome, code, key FROM command ORDER BY sequence";
    let rows = world.db().reader().query_all_raw(Statement::from_string(world.db().backend(), sql)).await;
    let text = |row: &sea_orm::QueryResult, name| row.try_get::<Option<String>>("", name).expect("a text");
    rows.expect("the query")
        .iter()
        .map(|row| (text(row, "outcome").expect("one"), text(row, "code"), text(row, "key")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_leaves_one_record() {
    on_both(async |world| {
        let create = |number: &str| party(Some(number));
        let run = async |key: &str, command: crate::parties::CreateParty| {
            let key = Idempotency::of(key.to_owned(), &command);
            world.engine.run(&origin(), Some(key), command).await
        };
        assert!(!done(run("one", create("1")).await).1);
        assert!(done(run("one", create("1")).await).1);
        assert_eq!(refusal(run("one", create("2")).await).code, IDEMPOTENCY_KEY_REUSED);
        assert_eq!(refusal(run("two", create("1")).await).code, DUPLICATE_REFERENCE);
        assert!(!done(run("two", create("2")).await).1, "a refused command leaves its key unused");
        world.engine.audit_denial(&origin(), "createParty").await.expect("the database");
        world.engine.audit_refusal(&origin(), "createParty", &[NOT_FOUND, INVALID_STATE]).await.expect("the database");
        let code = |code: RefusalCode| Some(code.word().to_owned());
        let key = |key: &str| Some(key.to_owned());
        let records = [
            ("DONE", None, key("one")),
            ("REPLAYED", None, None),
            ("REFUSED", code(IDEMPOTENCY_KEY_REUSED), None),
            ("REFUSED", code(DUPLICATE_REFERENCE), None),
            ("DONE", None, key("two")),
            ("DENIED", None, None),
            ("REFUSED", code(NOT_FOUND), None),
            ("REFUSED", code(INVALID_STATE), None),
        ];
        let expected: Vec<_> =
            records.into_iter().map(|(outcome, code, key)| (outcome.to_owned(), code, key)).collect();
        assert_eq!(outcomes(world).await, expected);
        let made = "SELECT COUNT(*) FROM command WHERE target IS NOT NULL AND target LIKE 'pty_%'";
        assert_eq!(world.number(made).await, 3, "done and replayed name what was made");
        world.verify_clean(0).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_of_its_client_and_of_its_customer() {
    on_both(async |world| {
        let own = |number: u128| Some(CustomerId(Uuid::from_u128((7 << 76) | number)));
        let whose = [("one", None), ("other", None), ("one", own(1)), ("one", own(2)), ("other", own(1))];
        let other = world.another_engine().await;
        for round in 0..2 {
            for (place, (client, customer)) in whose.iter().enumerate() {
                let origin = Origin { client: (*client).into(), customer: *customer, ..origin() };
                let command = Do::new(|work| Ok(Applied::of(work.id::<EntryId>())));
                let key = Idempotency { key: "key".into(), request_hash: [place as u8; 32] };
                let engine = if round == 0 { &world.engine } else { &other };
                let (_, replayed) = done(engine.run(&origin, Some(key), command).await);
                assert_eq!(replayed, round == 1, "{client} {customer:?}");
            }
        }
        other.stop().await;
        assert_eq!(world.number("SELECT COUNT(*) FROM command WHERE key = 'key'").await, 5);
        world.verify_clean(0).await;
    })
    .await;
}

/// What a replay shows is what its caller may see.
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_shows_nobody_what_is_not_theirs() {
    on_both(async |world| {
        let (created, _) = done(world.run(customer(Some("C"))).await);
        let command = customer(Some("D"));
        let key = || Some(Idempotency::of("key".into(), &command));
        let bound = Origin { customer: Some(created.id), ..origin() };
        let (made, _) = done(world.engine.run(&bound, key(), command.clone()).await);
        assert_ne!(made.id, created.id);
        assert_eq!(refusal(world.engine.run(&bound, key(), command.clone()).await).code, NOT_FOUND);
        world.verify_clean(0).await;
    })
    .await;
}

#[test]
fn spellings_of_one_request_are_one_request() {
    let of = |text: &str| {
        let command: PostPayment = serde_json::from_str(text).expect("a command");
        Idempotency::of("key".into(), &command)
    };
    let payment = |amount: &str, details: &str| {
        of(&format!(
            r#"{{"account": {{"Number": "A"}}, "amount": {{"amount": "{amount}", "currency": "SEK"}},
                "channel": "CARD", {details} }}"#
        ))
    };
    let absent = r#""details": {"metadata": "{}"}"#;
    let null = r#""counterparty": null, "details": {"value_date": null, "transaction_date": null, "reference": null,
                  "description": null, "external": null, "metadata": "{}"}"#;
    let first = payment("10", absent);
    for (amount, details) in [("10.00", absent), ("10.0", null), ("10", null), ("010", absent)] {
        assert_eq!(payment(amount, details), first, "{amount} {details}");
    }
    for (amount, details) in [("10.01", absent), ("100", absent), ("10", r#""details": {"metadata": "{ }"}"#)] {
        assert_ne!(payment(amount, details).request_hash, first.request_hash, "{amount} {details}");
    }
    // To leave a field and to empty it are two requests.
    let update = |external_reference| UpdateCustomer {
        customer: CustomerBy::Number("C".into()),
        number: None,
        external_reference,
        first_name: Change::Keep,
        last_name: Change::Keep,
        company_name: Change::Keep,
        metadata: Change::Keep,
        profile: Default::default(),
    };
    let digest = |change| Idempotency::of("key".into(), &update(change)).request_hash;
    assert_ne!(digest(Change::Keep), digest(Change::Clear));
    // One input of two operations is two requests.
    let digest = |kind| Idempotency::of("key".into(), &charging("A", kind, "10")).request_hash;
    assert_ne!(digest(ChargeKind::Interest), digest(ChargeKind::LateFee));
    assert_eq!(money("10").to_minor(), money("10.00").to_minor());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_the_books_never_goes_back_with_the_clock() {
    on_both(async |world| {
        world.open(position(1, DebtRule::None)).await;
        let first = world.booked(payment(account(1), 1)).await;
        world.clock.set(start() + TimeDelta::hours(5));
        let late = world.booked(payment(account(1), 1)).await;
        world.clock.set(start() - TimeDelta::days(40));
        let early = world.booked(payment(account(1), 1)).await;
        assert_eq!((early.booked_at, early.business_date), (late.booked_at, today()));
        // Nor does it for a server that starts now.
        let other = world.another_engine().await;
        let outcome = submit_to(&other, payment(account(1), 1)).await.expect("the database").expect("done");
        let after = outcome.entry.expect("an entry");
        assert_eq!((after.booked_at, after.value_date), (late.booked_at, today()));
        assert!(first.booked_at < late.booked_at);
        world.clock.set(start() + TimeDelta::hours(6));
        assert!(world.booked(payment(account(1), 1)).await.booked_at > late.booked_at);
        other.stop().await;
        let back = "SELECT COUNT(*) FROM command c JOIN command d ON d.tenant_id = c.tenant_id AND d.sequence = c.sequence + 1 \
                    WHERE d.occurred_at_us < c.occurred_at_us";
        assert_eq!(world.number(back).await, 0);
        world.verify_clean(5).await;
    })
    .await;
}

/// Whoever raises the epoch has fenced off those who have read the head before: what they decided is not written.
#[tokio::test(flavor = "multi_thread")]
async fn a_raised_epoch_fences_off_who_does_not_know_it() {
    on_both(async |world| {
        world.open(holding(1, DebtRule::None, 100)).await;
        world.open(position(2, DebtRule::None)).await;
        world.done(transfer(account(1), account(2), 1)).await;
        // By hand, and without a command: the worker still believes that 99 are there.
        let sql = "UPDATE account_position SET principal_minor = 5, reserved_minor = 0 WHERE account_id = $1";
        world.execute(sql, vec![account(1).0.into()]).await;
        world.execute("UPDATE ledger_head SET epoch = epoch + 1", Vec::new()).await;
        let refused = world.submit(transfer(account(1), account(2), 6)).await.unwrap_err();
        let available = Minor(5).in_currency(sek());
        assert_eq!(refused, says(&Refusal::InsufficientFunds { account: account(1), available }));
        let sql = "UPDATE account_position SET principal_minor = 99 WHERE account_id = $1";
        world.execute(sql, vec![account(1).0.into()]).await;
        world.execute("UPDATE ledger_head SET epoch = epoch + 1", Vec::new()).await;
        world.done(transfer(account(1), account(2), 99)).await;
        assert_eq!(world.number("SELECT epoch FROM ledger_head").await, 2, "no writer moves it");
        world.verify_clean(3).await;
    })
    .await;
}

/// A business date that is set by hand moves no number: it is compared all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_business_date_that_is_set_by_hand_is_the_next_commands() {
    on_both(async |world| {
        world.open(position(1, DebtRule::None)).await;
        assert_eq!(world.booked(payment(account(1), 1)).await.business_date, today());
        for day in [ahead(3), ahead(4)] {
            world.execute("UPDATE ledger_head SET business_date = $1", vec![day.into()]).await;
            let entry = world.booked(payment(account(1), 1)).await;
            assert_eq!((entry.business_date, entry.value_date), (day, day));
        }
        world.execute("UPDATE ledger_head SET business_date = NULL", Vec::new()).await;
        assert_eq!(world.booked(payment(account(1), 1)).await.business_date, today());
        world.verify_clean(4).await;
    })
    .await;
}

/// Two servers write one tenant at once, rows of all kinds: nothing is lost and no number is left out.
#[tokio::test(flavor = "multi_thread")]
async fn two_servers_write_one_tenant_at_once() {
    on_postgres(&async |world: &World| {
        done(world.run(product("plain", DebtRule::None)).await);
        let engines = [world.engine.clone(), world.another_engine().await];
        let tasks = (0..8_usize).map(|task| {
            let engine = engines[task % 2].clone();
            tokio::spawn(async move {
                for round in 0..12 {
                    let name = |what: &str| format!("{what}-{task}-{round}");
                    let commands = vec![
                        Do::of(customer(Some(&name("C")))),
                        Do::of(opening("plain", &name("C"), Some(&name("A")))),
                        Do::of(paying(&name("A"), "10")),
                        Do::of(party(None)),
                    ];
                    let items = commands.into_iter().map(|command| (None, command)).collect();
                    for answer in engine.run_all(&origin(), items, Mode::Sequential).await {
                        done(answer);
                    }
                }
            })
        });
        for task in join_all(tasks.collect::<Vec<_>>()).await {
            task.expect("no panic");
        }
        assert_eq!(world.number("SELECT COUNT(*) FROM account").await, 96);
        let twice = "SELECT COUNT(*) - COUNT(DISTINCT ordinal) FROM customer";
        assert_eq!(world.number(twice).await, 0);
        engines[1].stop().await;
        world.verify_clean(96).await;
    })
    .await;
}
