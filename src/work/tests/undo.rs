//! What a refused command leaves: everything as it was, and nothing assumed any more.

use super::super::Mode;
use super::super::command::Stop;
use super::super::memory::runs;
use super::super::unit::{Ended, Unknown};
use super::note::{Note, NoteId, changing, inserting, list, listing};
use super::*;
use crate::ledger::event::NewEvent;

fn refuse<T>() -> Decision<T> {
    Err(Refused::invalid("it", "no").into())
}

/// Something of everything that can be done.
fn everything(work: &mut Work) -> Decision<()> {
    work.post(&payment_draft(account(1), 50))?;
    let external = ExternalReference { reference: "R".into(), date: None, poster: None, code: None };
    let mut named = payment_draft(account(1), 5);
    named.external = Some(external);
    work.post(&named)?;
    work.open(position(9, DebtRule::None))?;
    let hold = work.place_hold(&NewHold {
        account: account(1),
        amount: Minor(20),
        currency: sek(),
        expires_at: None,
        description: "a hotel".into(),
        reference: None,
        card: None,
    })?;
    let (entry, _) = work.capture_hold(hold.id, Some(Minor(5)), &Side::Internal(InternalRole::SettlementCard))?;
    let whole = Reversal { amount: None, value_date: None, description: String::new(), facts: Default::default() };
    work.reverse(&entry, &whole)?;
    work.close_period(ago(3))?;
    work.insert(Note { number: Some("new".into()), ..Note::of(30, 1, 1) })?;
    work.change::<Note, Refused>(NoteId::new(11), |note| {
        (note.done, note.number) = (true, Some("changed".into()));
        Ok(())
    })?;
    work.remove::<Note>(NoteId::new(12))?;
    work.tell(NewEvent::of(crate::ledger::event::PERIOD_CLOSED, "it", serde_json::json!({})));
    Ok(())
}

fn world() -> Desk {
    let mut desk = Desk::new([holding(1, DebtRule::None, 100)]);
    for note in [
        Note::new(1),
        Note { number: Some("eleven".into()), ..Note::of(11, 1, 1) },
        Note { number: Some("twelve".into()), ..Note::of(12, 1, 2) },
    ] {
        desk.memory.place(note);
    }
    desk
}

fn run(desk: &mut Desk, command: Do, key: Option<&str>) -> Result<String, Refused> {
    let key = key.map(|key| Idempotency { key: key.into(), request_hash: [1; 32] });
    desk.memory.run(&origin(), key, &command).map(|done| done.value.result.clone())
}

#[test]
fn a_refused_command_leaves_everything_as_it_was() {
    let mut desk = world();
    let before = desk.known();
    let refused = Do::new(|work| {
        everything(work)?;
        refuse()
    });
    assert!(run(&mut desk, refused, Some("key")).is_err());
    assert_eq!(desk.known(), before);
    assert!(desk.memory.entries().is_empty() && desk.memory.events().is_empty());
    assert!(matches!(desk.memory.records[..], [Record { ended: Ended::Refused(_), key: None, .. }]));
    // Nothing that it took is taken, and nothing that it freed is free.
    assert_eq!(run(&mut desk, listing(0, 1), None).expect("done"), "11 12");
    let takes = |number: &str| Note { number: Some(number.into()), ..Note::new(40) };
    assert_eq!(run(&mut desk, inserting(vec![takes("eleven")]), None).unwrap_err().code, DUPLICATE_REFERENCE);
    assert_eq!(run(&mut desk, inserting(vec![takes("twelve")]), None).unwrap_err().code, DUPLICATE_REFERENCE);
    run(
        &mut desk,
        inserting(vec![takes("new"), Note { number: Some("changed".into()), ..Note::new(41) }]),
        Some("key"),
    )
    .expect("done");
    desk.done(referring(payment(account(1), 1), "R", None, None));
    assert_eq!(desk.memory.head().closed_through, None);
}

#[test]
fn what_was_assumed_absent_is_taken_back() {
    for unknown in [Unknown::Assumed, Unknown::Absent] {
        let mut desk = world();
        let work = &mut desk.memory.work;
        work.unknown = unknown;
        let before = work.cache.known();
        let refused = Do::new(|work| {
            work.insert(Note { number: Some("new".into()), ..Note::new(30) })?;
            work.change::<Note, Refused>(NoteId::new(11), |note| {
                note.number = Some("other".into());
                Ok(())
            })?;
            refuse()
        });
        let job = desk.memory.job(&origin(), None, refused);
        let run = runs(vec![job], Mode::EachAlone);
        desk.memory.work.begin(0);
        let pass = desk.memory.work.pass(run.iter().enumerate());
        assert!(pass.missing.is_empty());
        assert_eq!(desk.memory.work.cache.known(), before, "{unknown:?}");
    }
}

/// A refused command looks its key up: what it assumed of it would turn a replay into a refusal.
#[test]
fn a_refused_command_misses_its_key_and_a_done_one_assumes_it() {
    let mut desk = world();
    desk.memory.work.unknown = Unknown::Assumed;
    let key = || Some(Idempotency { key: "key".into(), request_hash: [1; 32] });
    let done = desk.memory.job(&origin(), key(), inserting(vec![]));
    let refused = desk.memory.job(&origin(), key(), Do::new(|_| refuse()));
    for (job, missing) in [(refused, 1), (done, 0)] {
        let run = runs(vec![job], Mode::EachAlone);
        let pass = desk.memory.work.pass(run.iter().enumerate());
        assert_eq!((pass.missing.len(), desk.memory.work.missed.keys.len()), (missing, missing));
        desk.memory.work.start_over();
    }
}

#[test]
fn an_attempt_that_is_refused_is_undone_and_the_rest_stands() {
    let mut desk = world();
    let command = Do::new(|work| {
        work.insert(Note { number: Some("before".into()), ..Note::of(20, 1, 5) })?;
        let refused = work.attempt(|work| {
            everything(work)?;
            let inner = work.attempt(|work| work.insert(Note::of(21, 1, 6)))?;
            assert!(inner.is_ok());
            refuse::<()>()
        })?;
        assert_eq!(refused.unwrap_err(), Refused::invalid("it", "no"));
        let books = work.attempt(|work| work.post(&transfer_draft(account(1), account(1), 5)))?;
        assert_eq!(books.unwrap_err(), says(&Refusal::SameAccount));
        let done = work.attempt(|work| work.post(&payment_draft(account(1), 7)))?;
        assert!(done.is_ok());
        Ok(Applied::of(list(work, 0, 1)?))
    });
    assert_eq!(run(&mut desk, command, None).expect("done"), "11 12 20");
    assert_eq!((desk.balances(1), desk.memory.entries().len(), desk.memory.events().len()), ([107, 0, 0], 1, 0));
    assert_eq!(desk.memory.entries()[0].sequence, 1);
    assert!(desk.memory.get::<Note>(NoteId::new(21)).is_none() && desk.memory.get::<Note>(NoteId::new(12)).is_some());
}

/// Also without an attempt around it: a row that is refused has taken none of its keys.
#[test]
fn an_insert_that_is_refused_has_taken_nothing() {
    let mut desk = world();
    let both = |reference: Option<&str>, number: &str| crate::parties::Party {
        id: crate::primitives::PartyId(Uuid::from_u128((7 << 76) | 5)),
        ordinal: 1,
        number: number.into(),
        external_reference: reference.map(str::to_owned),
        name: "A".into(),
        metadata: "{}".into(),
        created_at: 0,
    };
    desk.memory.place(crate::parties::Party {
        id: crate::primitives::PartyId(Uuid::from_u128(4)),
        ..both(Some("taken"), "1")
    });
    let command = Do::new(move |work| {
        assert!(matches!(work.insert(both(Some("taken"), "2")), Err(Stop::Refused(_))));
        work.insert(crate::parties::Party { id: crate::primitives::PartyId(Uuid::from_u128(6)), ..both(None, "2") })?;
        Ok(Applied::default())
    });
    run(&mut desk, command, None).expect("done");
    assert_eq!(desk.memory.rows::<crate::parties::Party>().len(), 2);
}

#[test]
fn who_swallows_that_something_is_missing_decides_nothing_by_it() {
    let clock = || Clock::manual(start());
    for mut memory in [Memory::new(tenant(), clock()), Memory::from_nothing(tenant(), clock())] {
        memory.place(Note { place: 3, ..Note::new(1) });
        let command = Do::new(|work| {
            let seen = |found: Decision<Option<Arc<Note>>>| match found {
                Err(_) => "missed",
                Ok(None) => "absent",
                Ok(Some(_)) => "there",
            };
            let first = seen(work.get::<Note>(NoteId::new(1)));
            let swallowed = work.attempt(|work| {
                let other = seen(work.get::<Note>(NoteId::new(2)));
                if other == "missed" {
                    work.insert(Note::new(99))?;
                }
                Ok(other)
            });
            let second = swallowed.map_or("missed", |second| second.unwrap_or("refused"));
            // A refusal that follows from what was not there yet counts as little.
            if first == "missed" {
                return refuse();
            }
            Ok(Applied::of(format!("{first} {second}")))
        });
        let done = memory.run(&origin(), None, &command).expect("it is not refused");
        assert_eq!(done.value.result, "there absent");
        assert!(memory.get::<Note>(NoteId::new(99)).is_none());
    }
}

#[test]
fn ids_are_the_same_each_time_a_command_is_decided() {
    let command = Do::new(|work| {
        let ids: Vec<EntryId> = (0..3).map(|_| work.id()).collect();
        for number in 1..5 {
            work.get::<Note>(NoteId::new(number))?;
        }
        Ok(Applied::of(format!("{ids:?} {}", work.ordinal())))
    });
    let mut loaded = Memory::new(tenant(), Clock::manual(start()));
    let mut nothing = Memory::from_nothing(tenant(), Clock::manual(start()));
    let [one, other] = [&mut loaded, &mut nothing].map(|memory| memory.run(&origin(), None, &command).expect("done"));
    assert_eq!(one.value.result, other.value.result);
    assert_eq!((loaded.passes(), nothing.passes()), (1, 5));
}

#[test]
fn what_is_freed_and_taken_ends_the_batch_there() {
    let clock = Clock::manual(start());
    let mut memory = Memory::new(tenant(), clock);
    memory.place(Note { number: Some("A".into()), ..Note::new(1) });
    memory.place(Note { number: Some("B".into()), ..Note::new(2) });
    let named = |note: u128, number: &'static str| changing(note, move |note| note.number = Some(number.into()));
    let submit = |memory: &mut Memory, commands: Vec<Do>, mode| -> Vec<bool> {
        let items = commands.into_iter().map(|command| (None, command)).collect();
        memory.run_all(&origin(), items, mode).iter().map(Result::is_ok).collect()
    };
    let numbers = |memory: &Memory| -> Vec<Option<String>> {
        [1, 2].map(|note| memory.get::<Note>(NoteId::new(note)).expect("it").number.clone()).to_vec()
    };
    let of = |one: &str, other: &str| vec![Some(one.to_owned()), Some(other.to_owned())];
    let passes = memory.passes();
    assert_eq!(submit(&mut memory, vec![named(1, "C"), named(2, "A")], Mode::EachAlone), [true, true]);
    assert_eq!((numbers(&memory), memory.passes() - passes), (of("C", "A"), 2), "in two batches");
    // Its own number it may take back.
    assert_eq!(submit(&mut memory, vec![named(1, "D"), named(1, "C"), named(1, "E")], Mode::EachAlone), [true; 3]);
    assert_eq!((numbers(&memory), memory.passes() - passes), (of("E", "A"), 3), "in one");
    // What is decided together is written together, and one statement cannot do both.
    assert_eq!(submit(&mut memory, vec![named(1, "F"), named(2, "E")], Mode::AllOrNothing), [false, false]);
    assert_eq!(numbers(&memory), of("E", "A"));
    let swap = Do::new(|work| {
        let rename = |work: &mut Work, note: u128, number: &str| {
            work.change::<Note, Refused>(NoteId::new(note), |note| {
                note.number = Some(number.into());
                Ok(())
            })
        };
        rename(work, 1, "X")?;
        rename(work, 2, "E")?;
        rename(work, 1, "A")?;
        Ok(Applied::default())
    });
    assert_eq!(run_one(&mut memory, swap).unwrap_err().code, DUPLICATE_REFERENCE);
    assert_eq!(numbers(&memory), of("E", "A"));
    let removed = Do::new(|work| work.remove::<Note>(NoteId::new(1)).map(|()| Applied::default()));
    let taking = inserting(vec![Note { number: Some("E".into()), ..Note::new(3) }]);
    assert_eq!(submit(&mut memory, vec![removed, taking], Mode::EachAlone), [true, true]);
}

fn run_one(memory: &mut Memory, command: Do) -> Result<(), Refused> {
    memory.run(&origin(), None, &command).map(|_| ())
}
