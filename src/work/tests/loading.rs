//! What a batch looks at is loaded together, however many commands it has.

use std::sync::atomic::{AtomicBool, Ordering};

use super::super::Mode;
use super::domain::{charging, customer, moving, opening, party, paying, product};
use super::harness::{World, on_both, on_postgres};
use super::note::{Note, NoteId, create_table, inserting};
use super::*;
use crate::engine::Engine;
use crate::payments::ChargeKind;

async fn all(engine: &Engine, commands: Vec<Do>) -> Vec<Result<String, Refused>> {
    let items = commands.into_iter().map(|command| (None, command)).collect();
    let answers = engine.run_all(&origin(), items, Mode::EachAlone).await;
    let outcome = |answer| outcome_of(answer).expect("the database").map(|applied| applied.result);
    answers.into_iter().map(outcome).collect()
}

fn statements(engine: &Engine) -> (u64, u64) {
    let metrics = engine.workers.metrics();
    (metrics.loads.get(), metrics.optimistic.get())
}

/// Two products, and some customers with an account each that has money.
async fn populate(world: &World, customers: usize) {
    let products = vec![Do::of(product("plain", DebtRule::None)), Do::of(product("credit", DebtRule::Limit))];
    let people = (0..customers).map(|n| Do::of(customer(Some(&format!("C{n}")))));
    let accounts = (0..customers).map(|n| {
        let product = if n % 2 == 0 { "plain" } else { "credit" };
        Do::of(opening(product, &format!("C{n}"), Some(&format!("A{n}"))))
    });
    let payments = (0..customers).map(|n| Do::of(paying(&format!("A{n}"), "1000")));
    let commands = products.into_iter().chain(people).chain(accounts).chain(payments).collect();
    for result in all(&world.engine, commands).await {
        result.expect("done");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_mixed_commands_take_a_handful_of_statements() {
    on_postgres(&async |world: &World| {
        populate(world, 100).await;
        let mixed = |n: usize| match n % 6 {
            0 => Do::of(moving(&format!("A{}", n % 100), &format!("A{}", (n + 7) % 100), "1")),
            1 => Do::of(charging(&format!("A{}", n % 100), ChargeKind::LateFee, "2")),
            2 => Do::of(opening("plain", &format!("C{}", n % 100), None)),
            3 => Do::of(customer(None)),
            4 => Do::of(party(Some(&format!("P{n}")))),
            // Refused: there is not so much.
            _ => Do::of(moving(&format!("A{}", n % 100), &format!("A{}", (n + 7) % 100), "100000")),
        };
        for hinted in [true, false] {
            let fresh = world.another_engine().await;
            let offset = if hinted { 0 } else { 600 };
            let commands = (0..500).map(|n| mixed(n + offset)).map(|command| match hinted {
                true => command,
                false => command.without_hints(),
            });
            let results = all(&fresh, commands.collect()).await;
            for (n, result) in results.iter().enumerate() {
                assert_eq!(result.is_ok(), (n + offset) % 6 != 5, "{n}: {result:?}");
            }
            let (loads, writes) = statements(&fresh);
            assert_eq!(writes, 1, "one batch");
            assert!(loads + writes <= 8, "{loads} loads, {writes} writes, hinted: {hinted}");
            fresh.stop().await;
        }
        world.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_accounts_load_their_customers_in_one_statement() {
    on_both(async |world| {
        let people: Vec<Do> = (0..1_000).map(|n| Do::of(customer(Some(&format!("C{n}"))))).collect();
        all(&world.engine, vec![Do::of(product("plain", DebtRule::None))]).await.remove(0).expect("done");
        for result in all(&world.engine, people).await {
            result.expect("done");
        }
        let fresh = world.another_engine().await;
        let openings = (0..1_000).map(|n| Do::of(opening("plain", &format!("C{n}"), None))).collect();
        for result in all(&fresh, openings).await {
            result.expect("done");
        }
        assert_eq!(statements(&fresh).0, 1);
        let again = (0..1_000).map(|n| Do::of(opening("plain", &format!("C{n}"), None))).collect();
        all(&fresh, again).await;
        if world.db().backend() == sea_orm::DbBackend::Postgres {
            assert_eq!(statements(&fresh), (1, 2), "what is known is not loaded again");
        }
        fresh.stop().await;
        // The same without a hint of what they look at: the product, then the owners.
        let fresh = world.another_engine().await;
        let openings = (0..1_000).map(|n| Do::of(opening("plain", &format!("C{n}"), None)).without_hints()).collect();
        for result in all(&fresh, openings).await {
            result.expect("done");
        }
        assert!(statements(&fresh).0 <= 3, "{:?}", statements(&fresh));
        assert_eq!(world.number("SELECT COUNT(*) FROM account").await, 3_000);
        fresh.stop().await;
        world.verify_clean(0).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_rows_of_one_command_are_missed_at_once() {
    on_both(async |world| {
        create_table(world).await;
        let seed = world.another_engine().await;
        all(&seed, vec![inserting((0..300).map(Note::new).collect())]).await.remove(0).expect("done");
        seed.stop().await;
        let ids: Vec<NoteId> = (0..400).map(NoteId::new).collect();
        let command = Do::new(move |work| {
            let found = work.get_all::<Note>(&ids)?;
            Ok(Applied::of(found.iter().flatten().count()))
        });
        let before = world.statements().0;
        assert_eq!(all(&world.engine, vec![command]).await, [Ok("300".to_owned())]);
        let loads = world.statements().0 - before;
        assert!(loads <= 2, "{loads}");
    })
    .await;
}

/// A number that was taken as free is taken: the batch is decided again, and everybody but the one gets what they asked
/// for.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_was_taken_as_free_is_looked_up_once_the_database_says_so() {
    on_both(async |world| {
        let other = world.another_engine().await;
        all(&other, vec![Do::of(party(Some("TAKEN"))), Do::of(customer(Some("TAKEN")))]).await;
        let warm = |n: usize| Do::of(party(Some(&format!("P{n}")))).without_hints();
        all(&world.engine, vec![warm(0)]).await.remove(0).expect("done");
        let commands = (1..40).map(|n| if n == 17 { Do::of(party(Some("TAKEN"))).without_hints() } else { warm(n) });
        let results = all(&world.engine, commands.collect()).await;
        for (n, result) in (1..).zip(&results) {
            match n {
                17 => assert_eq!(result.as_ref().unwrap_err(), &Refused::duplicate("number", "the number")),
                _ => assert!(result.is_ok(), "{n}: {result:?}"),
            }
        }
        let again =
            vec![Do::of(customer(Some("TAKEN"))).without_hints(), Do::of(customer(Some("FREE"))).without_hints()];
        let results = all(&world.engine, again).await;
        assert!(results[0].is_err() && results[1].is_ok(), "{results:?}");
        other.stop().await;
        assert_eq!(world.number("SELECT COUNT(*) FROM party").await, 40);
        assert_eq!(world.number("SELECT COUNT(*) FROM command WHERE outcome = 'REFUSED'").await, 2);
        world.verify_clean(0).await;
    })
    .await;
}

/// What the database will not take, and nobody has declared: it fails the one, and not its neighbours.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_will_not_take_fails_alone() {
    on_both(async |world| {
        create_table(world).await;
        let orphan = inserting(vec![Note::of(5, 404, 0)]);
        let items = vec![(None, inserting(vec![Note::new(1)])), (None, orphan), (None, inserting(vec![Note::new(2)]))];
        let answers = world.engine.run_all(&origin(), items, Mode::EachAlone).await;
        assert!(answers[0].is_ok() && answers[2].is_ok(), "{answers:?}");
        assert!(matches!(&answers[1], Err(Failure::Fault(_))), "{answers:?}");
        assert_eq!(world.number("SELECT COUNT(*) FROM note").await, 2);
        world.verify_clean(0).await;
    })
    .await;
}

/// What a batch does to the head while it is decided is not mistaken for somebody else's doing.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_closes_a_period_loads_what_it_misses() {
    on_both(async |world| {
        populate(world, 4).await;
        let fresh = world.another_engine().await;
        let closing = crate::payments::ClosePeriod { through: ago(3) };
        let commands = vec![
            Do::of(closing),
            Do::of(moving("A0", "A1", "1")).without_hints(),
            Do::of(paying("A2", "1")).without_hints(),
        ];
        for result in all(&fresh, commands).await {
            result.expect("done");
        }
        assert_eq!(fresh.workers.metrics().overtaken.get(), 0);
        fresh.stop().await;
        world.verify_clean(6).await;
    })
    .await;
}

/// A made number that somebody has by chance is made anew.
#[test]
fn a_made_number_that_is_taken_is_made_again() {
    let memory = || Memory::new(tenant(), Clock::manual(start()));
    let first = memory().run(&origin(), None, &customer(None)).expect("done").value;
    let has = |number: &str, id: u128| crate::customers::Customer {
        id: crate::primitives::CustomerId(Uuid::from_u128(id)),
        number: number.into(),
        ..(*first).clone()
    };
    let made = |attempt| super::super::numbers::made_number('C', first.id.0, attempt);
    assert_eq!(first.number, made(0));
    for taken in 1..5 {
        let mut memory = memory();
        (0..taken).for_each(|attempt| memory.place(has(&made(attempt), 50 + attempt)));
        let done = memory.run(&origin(), None, &customer(None)).expect("done");
        assert_eq!((done.value.id, &done.value.number), (first.id, &made(taken)));
    }
    let mut full = memory();
    (0..5).for_each(|attempt| full.place(has(&made(attempt), 50 + attempt)));
    assert_eq!(full.run(&origin(), None, &customer(None)).unwrap_err().code, DUPLICATE_REFERENCE);
    assert!(full.rows::<crate::customers::Customer>().len() == 5 && full.events().is_empty());
}

/// A command that is decided for the first time on a cold worker and for the second on a warm one is decided the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_decided_again_on_what_was_loaded_and_done_once() {
    on_both(async |world| {
        create_table(world).await;
        let seed = world.another_engine().await;
        all(&seed, vec![inserting(vec![Note::new(1), Note::new(2)])]).await;
        seed.stop().await;
        let twice = Arc::new(AtomicBool::new(false));
        let seen = twice.clone();
        let command = Do::new(move |work| {
            work.change::<Note, Refused>(NoteId::new(1), |note| {
                note.place += 1;
                Ok(())
            })?;
            if seen.swap(true, Ordering::Relaxed) {
                work.get::<Note>(NoteId::new(2))?;
            }
            Ok(Applied::default())
        });
        all(&world.engine, vec![command]).await.remove(0).expect("done");
        assert_eq!(world.number("SELECT place FROM note WHERE place > 0").await, 1);
    })
    .await;
}
