//! Sets: the rows of an owner, in an order, as the batch has left them.

use super::super::Mode;
use super::harness::{World, on_both};
use super::note::{Note, NoteId, SETS, changing, create_table, inserting, list, listing};
use super::*;
use crate::engine::Engine;

const OPEN: usize = 0;
const EARLY: usize = 1;

async fn done(engine: &Engine, command: Do) -> String {
    engine.run(&origin(), None, command).await.expect("it is done").value.result.clone()
}

/// Rows that nobody's worker has seen: it moves the head as everybody does who writes.
async fn insert_beside(world: &World, note: &Note) {
    let other = world.another_engine().await;
    done(&other, inserting(vec![note.clone()])).await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_is_in_its_order_and_follows_every_change() {
    on_both(async |world| {
        create_table(world).await;
        let engine = &world.engine;
        done(engine, inserting(vec![Note::new(1), Note::of(11, 1, 30), Note::of(12, 1, 10), Note::of(13, 1, 20)]))
            .await;
        assert_eq!(done(engine, listing(OPEN, 1)).await, "12 13 11");
        assert_eq!(done(engine, listing(EARLY, 1)).await, "11 13 12");
        done(engine, changing(12, |note| note.done = true)).await;
        assert_eq!(done(engine, listing(OPEN, 1)).await, "13 11", "it has left");
        assert_eq!(done(engine, listing(EARLY, 1)).await, "11 13", "SQL selects it, and the set does not have it");
        done(engine, changing(12, |note| (note.done, note.place) = (false, 500))).await;
        assert_eq!(done(engine, listing(OPEN, 1)).await, "13 11 12", "it is back, at another place");
        assert_eq!(done(engine, listing(EARLY, 1)).await, "11 13");
        done(engine, inserting(vec![Note::new(2)])).await;
        done(engine, changing(13, |note| note.owner = Some(NoteId::new(2)))).await;
        assert_eq!(
            (done(engine, listing(OPEN, 1)).await, done(engine, listing(OPEN, 2)).await),
            ("11 12".into(), "13".into())
        );
        insert_beside(world, &Note::of(14, 1, 0)).await;
        assert_eq!(done(engine, listing(OPEN, 1)).await, "14 11 12", "what others have added is seen");
        done(engine, Do::new(|work| work.remove::<Note>(NoteId::new(11)).map(|()| Applied::default()))).await;
        assert_eq!(done(engine, listing(OPEN, 1)).await, "14 12");
        assert_eq!(done(engine, listing(OPEN, 99)).await, "", "of an owner that there is not");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_sees_what_it_has_done_to_a_set() {
    on_both(async |world| {
        create_table(world).await;
        let engine = &world.engine;
        done(engine, inserting(vec![Note::new(1), Note::of(11, 1, 1), Note::of(12, 1, 2)])).await;
        let refused = Do::new(|work| {
            work.change::<Note, Refused>(NoteId::new(11), |note| {
                note.done = true;
                Ok(())
            })?;
            work.insert(Note::of(19, 1, 9))?;
            Err(Refused::invalid("note", "no").into())
        });
        let commands = vec![
            listing(OPEN, 1),
            refused,
            listing(OPEN, 1),
            inserting(vec![Note::of(13, 1, 0)]),
            listing(OPEN, 1),
            changing(12, |note| note.done = true),
            listing(OPEN, 1),
        ];
        let items = commands.into_iter().map(|command| (None, command)).collect();
        let answers = engine.run_all(&origin(), items, Mode::EachAlone).await;
        let results: Vec<_> =
            answers.iter().map(|answer| answer.as_ref().map(|done| done.value.result.as_str()).ok()).collect();
        assert_eq!(results, [Some("11 12"), None, Some("11 12"), Some(""), Some("13 11 12"), Some(""), Some("13 11")]);
        assert_eq!(done(engine, listing(OPEN, 1)).await, "13 11");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_is_new_has_empty_sets_that_nobody_loads() {
    on_both(async |world| {
        create_table(world).await;
        done(&world.engine, inserting(vec![Note::new(1)])).await;
        let before = world.statements().0;
        let command = Do::new(|work| {
            work.insert(Note { number: None, ..Note::new(2) })?;
            let empty = list(work, OPEN, 2)?;
            work.insert(Note::of(21, 2, 5))?;
            work.insert(Note::of(22, 2, 4))?;
            Ok(Applied::of(format!("[{empty}] [{}]", list(work, OPEN, 2)?)))
        });
        assert_eq!(done(&world.engine, command).await, "[] [22 21]");
        let loads = world.statements().0 - before;
        assert!(loads <= 1, "{loads} loads");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_beyond_its_bound_fails_whoever_asks_for_it_and_nobody_else() {
    on_both(async |world| {
        create_table(world).await;
        let full = (0..5).map(|n| Note::of(11 + n, 1, 0)).chain((0..6).map(|n| Note::of(21 + n, 2, 0)));
        done(&world.engine, inserting([Note::new(1), Note::new(2)].into_iter().chain(full).collect())).await;
        let fresh = world.another_engine().await;
        // One of the set's rows is wanted for itself in the same load: it is still one row.
        let both = Do {
            hints: Arc::new(|wants| {
                wants.row::<Note>(NoteId::new(13));
                wants.set::<Note>(&SETS[OPEN], Uuid::from_u128(1));
            }),
            ..listing(OPEN, 1)
        };
        assert_eq!(done(&fresh, both).await, "11 12 13 14 15");
        let items = vec![(None, listing(OPEN, 1)), (None, listing(OPEN, 2)), (None, inserting(vec![Note::new(3)]))];
        let answers = fresh.run_all(&origin(), items, Mode::EachAlone).await;
        assert!(answers[0].is_ok() && answers[2].is_ok(), "{answers:?}");
        assert!(matches!(&answers[1], Err(Failure::Fault(_))), "{answers:?}");
        fresh.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_comes_back_with_every_type_of_column_as_it_was() {
    on_both(async |world| {
        create_table(world).await;
        let edge = NaiveDate::from_ymd_opt(1, 1, 1);
        let full = Note {
            day: edge,
            number: Some(String::new()),
            place: i64::MIN + 1,
            rank: i32::MAX,
            digest: Vec::new(),
            done: true,
            ..Note::new(1)
        };
        let bare = Note { place: i64::MAX, rank: i32::MIN, digest: vec![0, 255], ..Note::of(2, 1, 0) };
        done(&world.engine, inserting(vec![full.clone(), bare.clone()])).await;
        let fresh = world.another_engine().await;
        for wanted in [full, bare] {
            let id = wanted.id;
            let command = Do::new(move |work| {
                let found = work.get::<Note>(id)?.expect("it is there");
                assert_eq!(*found, wanted);
                let through = work.all::<Note, Note>(&SETS[OPEN], NoteId::new(1))?;
                assert!(through.iter().all(|note| note.id == NoteId::new(2)));
                Ok(Applied::of(&found.id))
            });
            done(&fresh, command).await;
        }
        fresh.stop().await;
        assert_eq!(world.number("SELECT COUNT(*) FROM note WHERE day IS NULL AND number IS NULL").await, 1);
    })
    .await;
}

/// What refers to a row goes before it, whatever the order in which a command takes them away.
#[tokio::test(flavor = "multi_thread")]
async fn rows_are_removed_in_an_order_that_foreign_keys_bear() {
    on_both(async |world| {
        create_table(world).await;
        done(&world.engine, inserting(vec![Note::new(1), Note::of(2, 1, 0)])).await;
        done(
            &world.engine,
            Do::new(|work| {
                work.change::<Note, Refused>(NoteId::new(2), |note| {
                    note.owner = None;
                    Ok(())
                })?;
                work.remove::<Note>(NoteId::new(1))?;
                Ok(Applied::default())
            }),
        )
        .await;
        assert_eq!(world.number("SELECT COUNT(*) FROM note").await, 1);
        // A row that is new and gone again is never written.
        done(
            &world.engine,
            Do::new(|work| {
                work.insert(Note::new(5))?;
                work.remove::<Note>(NoteId::new(5))?;
                work.remove::<Note>(NoteId::new(2))?;
                work.insert(Note { place: 9, ..Note::new(2) })?;
                Ok(Applied::default())
            }),
        )
        .await;
        assert_eq!(world.number("SELECT place FROM note").await, 9);
    })
    .await;
}
