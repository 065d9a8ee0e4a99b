//! How the commands of one caller hang together, and that nobody goes down with another.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;

use super::super::{Answer, Mode};
use super::harness::{World, on_both};
use super::note::{Note, NoteId, changing, create_table, inserting};
use super::*;
use crate::ledger::LedgerFault;

async fn all(world: &World, commands: Vec<Do>, mode: Mode) -> Vec<Answer<Applied>> {
    let items = commands.into_iter().map(|command| (None, command)).collect();
    world.engine.run_all(&origin(), items, mode).await
}

fn results(answers: &[Answer<Applied>]) -> Vec<Result<&str, RefusalCode>> {
    let result = |answer: &'_ Answer<Applied>| match answer {
        Ok(done) => Ok(done.value.result.clone().leak() as &str),
        Err(Failure::Refused(refused, _)) => Err(refused.code),
        Err(Failure::Fault(fault)) => panic!("{fault}"),
    };
    answers.iter().map(result).collect()
}

/// Counts up, and says what it found.
fn counting() -> Do {
    Do::new(|work| {
        let mut found = 0;
        work.change::<Note, Refused>(NoteId::new(1), |note| {
            found = note.place;
            note.place += 1;
            Ok(())
        })?;
        Ok(Applied::of(found))
    })
}

fn refused_at(place: i64) -> Do {
    Do::new(move |work| {
        let note = work.get::<Note>(NoteId::new(1))?.expect("the note");
        match note.place == place {
            true => Err(Refused::of_field(INVALID_STATE, "note", "no").into()),
            false => Ok(Applied::of("passed")),
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn each_alone_keeps_what_was_done_and_all_or_nothing_does_not() {
    on_both(async |world| {
        create_table(world).await;
        all(world, vec![inserting(vec![Note::new(1)])], Mode::EachAlone).await;
        let commands = || vec![counting(), refused_at(1), counting()];
        let answers = all(world, commands(), Mode::EachAlone).await;
        assert_eq!(results(&answers), [Ok("0"), Err(INVALID_STATE), Ok("1")]);
        let commands = || vec![counting(), refused_at(3), counting()];
        let answers = all(world, commands(), Mode::AllOrNothing).await;
        assert_eq!(results(&answers), [Err(BATCH_REFUSED), Err(INVALID_STATE), Err(BATCH_REFUSED)]);
        let answers = all(world, vec![counting(), refused_at(99), counting()], Mode::AllOrNothing).await;
        assert_eq!(results(&answers), [Ok("2"), Ok("passed"), Ok("3")]);
        assert_eq!(world.number("SELECT place FROM note").await, 4);
        assert_eq!(world.number("SELECT COUNT(*) FROM command WHERE outcome = 'REFUSED'").await, 4);
        assert_eq!(world.number("SELECT COUNT(*) FROM command").await, 10, "a record each");
        world.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_thousand_items_are_answered_in_their_order_over_several_batches() {
    on_both(async |world| {
        create_table(world).await;
        all(world, vec![inserting(vec![Note::new(1)])], Mode::EachAlone).await;
        let mut next = 0_i64;
        for mode in [Mode::Sequential, Mode::EachAlone] {
            let answers = all(world, (0..3_000).map(|_| counting()).collect(), mode).await;
            for answer in &answers {
                let result = &answer.as_ref().expect("done").value.result;
                assert_eq!(*result, next.to_string());
                next += 1;
            }
        }
        assert_eq!(world.number("SELECT place FROM note").await, 6_000);
        assert_eq!(world.number("SELECT COUNT(*) FROM command WHERE outcome = 'DONE'").await, 6_001);
        world.verify_clean(0).await;
    })
    .await;
}

/// Follows notes, each of which it knows of only by the one before.
fn following(first: u128, steps: usize) -> Do {
    Do::new(move |work| {
        let mut next = Some(NoteId::new(first));
        let mut found = 0;
        while let Some(id) = next.filter(|_| found < steps) {
            let note = work.get::<Note>(id)?.expect("the next note");
            (next, found) = (note.owner, found + 1);
        }
        Ok(Applied::of(found))
    })
}

fn chain(length: u128) -> Vec<Note> {
    std::iter::once(Note::new(1_000)).chain((1..length).map(|n| Note::of(1_000 + n, 999 + n, 0))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_looks_deep_goes_alone_and_what_has_to_wait_for_it_waits() {
    on_both(async |world| {
        create_table(world).await;
        let seed = world.another_engine().await;
        seed.run(&origin(), None, inserting(chain(100))).await.expect("done");
        seed.run(&origin(), None, inserting(vec![Note::new(1)])).await.expect("done");
        seed.stop().await;
        let deep = Do::new(|work| {
            (following(1_099, 100).decide)(work)?;
            (counting().decide)(work)
        });
        let commands = || vec![counting(), deep.clone(), counting(), counting()];
        let answers = all(world, commands(), Mode::Sequential).await;
        assert_eq!(results(&answers), [Ok("0"), Ok("1"), Ok("2"), Ok("3")], "in the order in which they were given");
        let fresh = world.another_engine().await;
        let items = commands().into_iter().map(|command| (None, command)).collect();
        let answers = fresh.run_all(&origin(), items, Mode::EachAlone).await;
        let mut places = results(&answers);
        places.sort_by_key(|place| place.expect("done"));
        assert_eq!(places, [Ok("4"), Ok("5"), Ok("6"), Ok("7")]);
        fresh.stop().await;
        let cold = world.another_engine().await;
        let done = cold.run(&origin(), None, following(1_099, 100)).await.expect("done");
        assert_eq!(done.value.result, "100");
        let loads = cold.workers.metrics().loads.get();
        assert!(loads >= 100, "{loads}: there is no shorter way");
        cold.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_looks_at_something_else_each_time_fails_alone() {
    on_both(async |world| {
        create_table(world).await;
        let decided = Arc::new(AtomicUsize::new(0));
        let restless = {
            let decided = decided.clone();
            Do::new(move |work| {
                let number = decided.fetch_add(1, Ordering::Relaxed) as u128;
                work.get::<Note>(NoteId::new(5_000 + number))?;
                Ok(Applied::default())
            })
        };
        let answers = all(world, vec![inserting(vec![Note::new(1)]), restless, counting()], Mode::EachAlone).await;
        assert!(answers[0].is_ok() && answers[2].is_ok(), "{answers:?}");
        assert!(matches!(&answers[1], Err(Failure::Fault(fault)) if matches!(**fault, LedgerFault::Undecided(_))));
        assert!(decided.load(Ordering::Relaxed) < 1_000, "it is given up");
        all(world, vec![counting()], Mode::EachAlone).await.remove(0).expect("the worker goes on");
        assert_eq!(world.number("SELECT COUNT(*) FROM command").await, 3, "a fault leaves no record");
        world.verify().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_panics_fails_alone() {
    on_both(async |world| {
        create_table(world).await;
        let panicking = || {
            Do::new(|work| {
                work.insert(Note::new(2))?;
                work.post(&payment_draft(account(1), 5))?;
                panic!("a row that cannot be");
            })
        };
        world.open(position(1, DebtRule::None)).await;
        let answers = all(world, vec![inserting(vec![Note::new(1)]), panicking(), counting()], Mode::EachAlone).await;
        assert!(answers[0].is_ok() && answers[2].is_ok(), "{answers:?}");
        assert!(matches!(&answers[1], Err(Failure::Fault(_))));
        let answers = all(world, vec![counting(), panicking(), counting()], Mode::AllOrNothing).await;
        assert!(answers.iter().all(Result::is_err), "together they fail together: {answers:?}");
        assert_eq!(world.number("SELECT place FROM note").await, 1);
        world.verify_clean(0).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_are_freed_and_taken_at_once_go_one_after_the_other() {
    on_both(async |world| {
        create_table(world).await;
        let named = |note: u128, number: &'static str| changing(note, move |note| note.number = Some(number.into()));
        let notes =
            ["A", "B"].iter().zip(1..).map(|(number, id)| Note { number: Some((*number).into()), ..Note::new(id) });
        all(world, vec![inserting(notes.collect())], Mode::EachAlone).await;
        for mode in [Mode::EachAlone, Mode::Sequential] {
            let there = vec![named(1, "C"), named(2, "A"), named(1, "B"), counting()];
            let back = vec![named(1, "C"), named(2, "B"), named(1, "A")];
            for answer in all(world, there, mode).await.into_iter().chain(all(world, back, mode).await) {
                answer.expect("done");
            }
        }
        let both = vec![named(1, "C"), named(2, "A")];
        let answers = all(world, both, Mode::AllOrNothing).await;
        assert_eq!(results(&answers), [Err(BATCH_REFUSED), Err(DUPLICATE_REFERENCE)]);
        let us = origin();
        let racing = [named(1, "D"), named(2, "A")].map(|command| world.engine.run(&us, None, command));
        let racing = join_all(racing).await;
        assert!(racing[0].is_ok());
        assert_eq!(world.number("SELECT COUNT(*) FROM note WHERE number IN ('A', 'B', 'D')").await, 2);
        world.verify().await;
    })
    .await;
}
