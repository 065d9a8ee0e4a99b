//! What is sent next, what waits for what, and what may be noted when.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use crate::events::Event;
use crate::events::webhooks::model::{Delivery, DeliveryState};
use crate::events::webhooks::post::Answer;
use crate::events::webhooks::queue::{Notes, Queue, Verdict, WAITING};
use crate::primitives::clock::Micros;
use crate::primitives::{WebhookDeliveryId, WebhookId};

const SECOND: Micros = 1_000_000;

fn event(sequence: i64, subject: &str) -> Arc<Event> {
    Arc::new(Event {
        sequence,
        type_: "PARTY_UPDATED".into(),
        command: 1,
        subject: subject.into(),
        occurred_at: 0,
        entry: None,
        account: None,
        customer: None,
        payload: json!({}),
        owners: Vec::new(),
    })
}

fn id(number: u128) -> WebhookDeliveryId {
    WebhookDeliveryId(Uuid::from_u128(number))
}

fn answer(status: u16) -> Answer {
    let error = (status >= 300).then(|| format!("answered {status}"));
    Answer { status: Some(status), error, retry_after: None, took: Duration::from_millis(3) }
}

/// With events 1, 2, ... about these subjects.
fn queue(subjects: &[&str]) -> Queue {
    let (mut queue, superseded) = Queue::new(0, Vec::new());
    assert!(superseded.is_empty());
    for (sequence, subject) in (1..).zip(subjects) {
        queue.push(event(sequence, subject), id(sequence.unsigned_abs().into()), 0);
    }
    queue
}

fn sent(queue: &mut Queue, now: Micros) -> Vec<i64> {
    std::iter::from_fn(|| queue.take(now)).map(|next| next.noted.sequence).collect()
}

fn rows(notes: &Notes) -> Vec<(i64, DeliveryState)> {
    notes.new.iter().map(|noted| (noted.sequence, noted.state)).collect()
}

#[test]
fn one_of_a_subject_is_on_its_way_and_the_others_wait_for_it() {
    let mut queue = queue(&["a", "b", "a", "c", "b"]);
    assert_eq!(sent(&mut queue, 0), [1, 2, 4]);
    assert_eq!(queue.answered("b", &answer(200), 0, 0), Verdict::Delivered);
    assert_eq!(sent(&mut queue, 0), [5]);
    // The first has not been answered: nothing may be noted, or it would be lost with the server.
    assert_eq!(queue.note(), None);
    queue.answered("a", &answer(204), 0, 0);
    assert_eq!(sent(&mut queue, 0), [3]);
    let notes = queue.note().expect("a note");
    use DeliveryState::Delivered;
    assert_eq!((notes.to, rows(&notes)), (2, vec![(1, Delivered), (2, Delivered)]));
    queue.noted(notes.to);
    for subject in ["c", "b", "a"] {
        queue.answered(subject, &answer(200), 0, 0);
    }
    let notes = queue.note().expect("a note");
    assert_eq!((notes.to, rows(&notes)), (5, vec![(3, Delivered), (4, Delivered), (5, Delivered)]));
    queue.noted(notes.to);
    assert!(queue.is_idle() && queue.note().is_none());
}

#[test]
fn what_failed_gets_a_row_and_what_stands_behind_it_waits() {
    use DeliveryState::{Delivered, Pending, Retrying};
    let mut queue = queue(&["a", "a", "b"]);
    assert_eq!(sent(&mut queue, 0), [1, 3]);
    assert_eq!(queue.answered("a", &answer(500), 10, 0), Verdict::Later);
    queue.answered("b", &answer(200), 10, 0);
    assert_eq!(sent(&mut queue, 10), [0_i64; 0], "neither before its time nor past it");
    let notes = queue.note().expect("a note");
    assert_eq!((notes.to, rows(&notes)), (3, vec![(1, Retrying), (2, Pending), (3, Delivered)]));
    assert_eq!(notes.new[0].next_attempt, Some(10 + 5 * SECOND));
    // It is tried again before the note is durable: then it is a change of the row that comes to be.
    assert_eq!(sent(&mut queue, 10 + 5 * SECOND), [1]);
    queue.answered("a", &answer(200), 10 + 5 * SECOND, 0);
    queue.noted(notes.to);
    assert_eq!(sent(&mut queue, 10 + 5 * SECOND), [2]);
    queue.answered("a", &answer(200), 10 + 5 * SECOND, 0);
    let notes = queue.note().expect("a note");
    let changed: Vec<_> = notes.changed.iter().map(|noted| (noted.sequence, noted.state, noted.attempts)).collect();
    assert_eq!((notes.to, notes.new.len(), changed), (3, 0, vec![(1, Delivered, 2), (2, Delivered, 1)]));
    assert_eq!(notes.changed[0].last_status, Some(200));
}

#[test]
fn what_is_given_up_lets_the_next_one_pass() {
    let mut queue = queue(&["a", "a"]);
    let mut now = 0;
    for attempt in 1..=10 {
        assert_eq!(sent(&mut queue, now), [1], "attempt {attempt}");
        let verdict = queue.answered("a", &answer(503), now, 0);
        assert_eq!(verdict, if attempt < 10 { Verdict::Later } else { Verdict::Dead(0) });
        now += 25 * 3_600 * SECOND;
    }
    assert_eq!(sent(&mut queue, now), [2]);
    queue.answered("a", &answer(200), now, 0);
    let notes = queue.note().expect("a note");
    assert_eq!(rows(&notes), [(1, DeliveryState::Dead), (2, DeliveryState::Delivered)]);
}

#[test]
fn a_receiver_that_is_back_gets_everything_at_once() {
    let mut queue = queue(&["a", "b"]);
    sent(&mut queue, 0);
    for subject in ["a", "b"] {
        queue.answered(subject, &answer(500), 0, 0);
    }
    assert!(sent(&mut queue, SECOND).is_empty());
    queue.wake(SECOND);
    assert_eq!(sent(&mut queue, SECOND), [1, 2]);
    // What could not be sent for other reasons is given back as it was.
    queue.give_back("a", 2 * SECOND);
    assert!(sent(&mut queue, SECOND).is_empty());
    assert_eq!(sent(&mut queue, 2 * SECOND), [1]);
}

#[test]
fn one_that_is_gone_keeps_its_place() {
    let mut queue = queue(&["a"]);
    sent(&mut queue, 7);
    assert_eq!(queue.answered("a", &answer(410), 7, 0), Verdict::Later);
    let notes = queue.note().expect("a note");
    assert_eq!(rows(&notes), [(1, DeliveryState::Retrying)]);
    assert_eq!(notes.new[0].next_attempt, Some(7));
}

#[test]
fn rows_are_taken_up_in_order_and_those_of_before_a_replay_are_dropped() {
    let row = |sequence: i64, subject: &str, next: Option<Micros>| Delivery {
        id: id(sequence.unsigned_abs().into()),
        ordinal: sequence,
        webhook: WebhookId(Uuid::nil()),
        sequence,
        event_type: "PARTY_UPDATED".into(),
        subject: subject.into(),
        state: DeliveryState::Retrying,
        attempts: 1,
        next_attempt: next,
        last_attempt: None,
        last_status: None,
        last_error: None,
        last_millis: None,
        created_at: 0,
    };
    let test = Delivery { state: DeliveryState::Pending, attempts: 0, ..row(0, "test", None) };
    let given = vec![test, row(3, "a", Some(SECOND)), row(4, "a", None), row(9, "b", None)];
    let (mut queue, superseded) = Queue::new(5, given);
    assert_eq!(superseded, [id(9)]);
    queue.push(event(6, "a"), id(6), 0);
    assert_eq!(sent(&mut queue, 0), [0], "the test waits for nobody");
    // A test is tried once.
    assert_eq!(queue.answered("test", &answer(500), 0, 0), Verdict::Dead(0));
    assert_eq!(sent(&mut queue, SECOND), [3]);
    let notes = queue.note().expect("a note");
    // Behind what waits already, a new one may have its row at once.
    assert_eq!((notes.to, rows(&notes)), (6, vec![(6, DeliveryState::Pending)]));
    assert_eq!(notes.changed.len(), 1);
}

#[test]
fn only_so_much_is_in_hand() {
    let (mut queue, _) = Queue::new(0, Vec::new());
    let mut sequence = 0;
    while queue.has_room() {
        sequence += 1;
        queue.push(event(sequence, "a"), id(sequence.unsigned_abs().into()), 0);
    }
    assert_eq!(sequence, 1_024);
    sent(&mut queue, 0);
    queue.answered("a", &answer(500), 0, 0);
    // Rows make room, until so many wait; a note has so many of them.
    let mut noted = 0;
    while let Some(notes) = queue.note() {
        assert!(notes.new.len() <= 512);
        noted += notes.new.len();
        queue.noted(notes.to);
        while queue.has_room() {
            sequence += 1;
            queue.push(event(sequence, "a"), id(sequence.unsigned_abs().into()), 0);
        }
    }
    assert_eq!((noted, sequence), (WAITING, i64::try_from(WAITING).expect("a number")));
    assert!(!queue.has_room() && queue.waiting() == WAITING);
    // What does not pass the filter costs nothing.
    queue.skip(sequence + 1);
    assert_eq!(queue.ahead(), 1);
}
