//! What a webhook has in hand: which event is sent next, and what is to be noted of those that were.
//!
//! Events about one thing stand in one line, and only the first of a line is sent. An event from the log is *fresh* until
//! a note of it is durable: the cursor does not pass it before. What failed, and what stands behind it, gets a row and
//! lets the cursor pass, so that a receiver that chokes on one thing still gets all others.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::model::{Delivery, DeliveryState};
use super::post::Answer;
use super::records::Noted;
use super::schedule;
use crate::events::Event;
use crate::primitives::WebhookDeliveryId;
use crate::primitives::clock::Micros;

/// Fresh events in hand.
const FRESH: usize = 1_024;
/// Events that wait because they, or earlier ones about the same thing, failed. With so many a webhook reads no further.
pub const WAITING: usize = 10_000;
/// Rows that one note adds or changes.
const NOTED: usize = 512;

/// An event in hand.
#[derive(Debug)]
struct Item {
    noted: Noted,
    /// Whether it has a row.
    is_row: bool,
    /// As it was read; what has only its row is read again when it is sent.
    event: Option<Arc<Event>>,
}

impl Item {
    fn due(&self) -> Micros {
        self.noted.next_attempt.unwrap_or(0)
    }
}

/// The events about one thing.
#[derive(Debug, Default)]
struct Line {
    items: VecDeque<Item>,
    /// The first one is on its way.
    busy: bool,
}

/// What is to be sent now.
#[derive(Clone, Debug)]
pub struct Next {
    /// How it stands.
    pub noted: Noted,
    /// As it was read.
    pub event: Option<Arc<Event>>,
}

/// What an answer means for a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver has it.
    Delivered,
    /// It is tried again.
    Later,
    /// It is given up; since when it was tried.
    Dead(Micros),
}

/// A note to be made durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Where the cursor goes.
    pub to: i64,
    /// Rows that are new.
    pub new: Vec<Noted>,
    /// Rows that have changed.
    pub changed: Vec<Noted>,
}

/// A webhook's events in hand.
#[derive(Debug, Default)]
pub struct Queue {
    lines: HashMap<String, Line>,
    /// The first of each line that is not on its way, by when it is due.
    heads: BTreeSet<(Micros, i64, String)>,
    /// Events beyond the cursor, by their places, with what they are about.
    fresh: BTreeMap<i64, String>,
    /// Of these, what is over.
    over: BTreeMap<i64, Noted>,
    /// Rows that have changed and are not noted yet.
    changed: BTreeMap<WebhookDeliveryId, Noted>,
    /// The places whose note is on its way.
    noting: HashSet<i64>,
    /// How far the log was read.
    read: i64,
    /// The durable cursor.
    cursor: i64,
    /// All items in lines.
    count: usize,
    /// Answers since the last note, and what waits behind them.
    news: usize,
}

impl Queue {
    /// With what waits according to the rows, in the order of the log. Rows beyond the cursor are of a time before it was
    /// taken back: their events are read again, and they are given back to be dropped.
    pub fn new(cursor: i64, rows: Vec<Delivery>) -> (Self, Vec<WebhookDeliveryId>) {
        let mut queue = Self { read: cursor, cursor, ..Self::default() };
        let mut superseded = Vec::new();
        for row in rows {
            if row.sequence > cursor {
                superseded.push(row.id);
                continue;
            }
            let noted = Noted {
                id: row.id,
                sequence: row.sequence,
                event_type: row.event_type,
                subject: row.subject,
                state: row.state,
                attempts: row.attempts,
                next_attempt: row.next_attempt,
                last_attempt: row.last_attempt,
                last_status: row.last_status,
                last_error: row.last_error,
                last_millis: row.last_millis,
                created_at: row.created_at,
            };
            queue.put(Item { noted, is_row: true, event: None });
        }
        (queue, superseded)
    }

    fn put(&mut self, item: Item) {
        let line = self.lines.entry(item.noted.subject.clone()).or_default();
        if line.items.is_empty() {
            self.heads.insert((item.due(), item.noted.sequence, item.noted.subject.clone()));
        }
        line.items.push_back(item);
        self.count += 1;
    }

    /// Takes the next event of the log.
    pub fn push(&mut self, event: Arc<Event>, id: WebhookDeliveryId, now: Micros) {
        self.read = event.sequence;
        let noted = Noted {
            id,
            sequence: event.sequence,
            event_type: event.type_.clone(),
            subject: event.subject.clone(),
            state: DeliveryState::Pending,
            attempts: 0,
            next_attempt: None,
            last_attempt: None,
            last_status: None,
            last_error: None,
            last_millis: None,
            created_at: now,
        };
        self.fresh.insert(event.sequence, event.subject.clone());
        let subject = noted.subject.clone();
        self.put(Item { noted, is_row: false, event: Some(event) });
        // What waits from the beginning is worth a note, so that people see it.
        if self.lines.get(&subject).and_then(|line| waits(line, self.read)).is_some() {
            self.news += 1;
        }
    }

    /// The next event of the log does not pass the filter.
    pub fn skip(&mut self, sequence: i64) {
        self.read = sequence;
    }

    /// Whether more of the log may be taken in hand.
    pub fn has_room(&self) -> bool {
        self.fresh.len() < FRESH && self.count < WAITING
    }

    /// What has to be sent by now; it is on its way then.
    pub fn take(&mut self, now: Micros) -> Option<Next> {
        if self.heads.first()?.0 > now {
            return None;
        }
        let (_, _, subject) = self.heads.pop_first()?;
        let line = self.lines.get_mut(&subject)?;
        line.busy = true;
        let item = line.items.front()?;
        Some(Next { noted: item.noted.clone(), event: item.event.clone() })
    }

    /// What was to be sent could not be: it is due again then, and nothing else has changed.
    pub fn give_back(&mut self, subject: &str, due: Micros) {
        let Some(line) = self.lines.get_mut(subject) else { return };
        line.busy = false;
        if let Some(item) = line.items.front() {
            self.heads.insert((due, item.noted.sequence, subject.to_owned()));
        }
    }

    /// What was sent has been answered. `chance` spreads the next attempts of what failed together.
    pub fn answered(&mut self, subject: &str, answer: &Answer, now: Micros, chance: u32) -> Verdict {
        self.news += 1;
        let Some(line) = self.lines.get_mut(subject) else { return Verdict::Delivered };
        line.busy = false;
        let Some(item) = line.items.front_mut() else { return Verdict::Delivered };
        let noted = &mut item.noted;
        noted.attempts += 1;
        noted.last_attempt = Some(now);
        noted.last_status = answer.status.map(i32::from);
        noted.last_error.clone_from(&answer.error);
        noted.last_millis = Some(i32::try_from(answer.took.as_millis()).unwrap_or(i32::MAX));
        noted.next_attempt = None;
        // A test is tried once: somebody is waiting for what comes of it.
        let again = || schedule::next(noted.attempts, now, chance, answer.retry_after).filter(|_| noted.sequence > 0);
        let verdict = match &answer.error {
            None => Verdict::Delivered,
            // Enabled again, it begins with this one.
            Some(_) if answer.is_gone() && noted.sequence > 0 => {
                (noted.state, noted.next_attempt) = (DeliveryState::Retrying, Some(now));
                Verdict::Later
            }
            Some(_) => match again() {
                Some(at) => {
                    (noted.state, noted.next_attempt) = (DeliveryState::Retrying, Some(at));
                    Verdict::Later
                }
                None => Verdict::Dead(noted.created_at),
            },
        };
        match verdict {
            Verdict::Later => {
                self.heads.insert((item.due(), item.noted.sequence, subject.to_owned()));
                if item.is_row || self.noting.contains(&item.noted.sequence) {
                    self.changed.insert(item.noted.id, item.noted.clone());
                }
            }
            Verdict::Delivered => self.end(subject, DeliveryState::Delivered),
            Verdict::Dead(_) => self.end(subject, DeliveryState::Dead),
        }
        verdict
    }

    /// The first of a line is over, and the next one's turn comes.
    fn end(&mut self, subject: &str, state: DeliveryState) {
        let Some(line) = self.lines.get_mut(subject) else { return };
        let Some(mut item) = line.items.pop_front() else { return };
        self.count -= 1;
        item.noted.state = state;
        if item.is_row || self.noting.contains(&item.noted.sequence) {
            self.changed.insert(item.noted.id, item.noted);
        } else {
            self.over.insert(item.noted.sequence, item.noted);
        }
        match line.items.front() {
            Some(next) => _ = self.heads.insert((next.due(), next.noted.sequence, subject.to_owned())),
            None => _ = self.lines.remove(subject),
        }
    }

    /// The receiver is back: what failed is tried again at once.
    pub fn wake(&mut self, now: Micros) {
        let heads = std::mem::take(&mut self.heads);
        self.heads = heads.into_iter().map(|(due, sequence, subject)| (due.min(now), sequence, subject)).collect();
    }

    /// Whether anything waits to be sent, now or later.
    pub fn is_idle(&self) -> bool {
        self.count == 0
    }

    /// Answers since the last note.
    pub fn news(&self) -> usize {
        self.news
    }

    /// Events beyond the durable cursor that were read.
    pub fn ahead(&self) -> i64 {
        self.read - self.cursor
    }

    /// The durable cursor.
    pub fn cursor(&self) -> i64 {
        self.cursor
    }

    /// Events that wait for an attempt that failed.
    pub fn waiting(&self) -> usize {
        self.count.saturating_sub(self.fresh.len() - self.over.len())
    }

    /// What can be noted now: none when there is nothing to note. Until [`Queue::noted`] there is no other.
    pub fn note(&mut self) -> Option<Notes> {
        self.news = 0;
        let mut notes = Notes { to: self.read, ..Notes::default() };
        for (sequence, subject) in &self.fresh {
            let noted = match self.over.get(sequence) {
                Some(over) => Some(over.clone()),
                None => self.lines.get(subject).and_then(|line| waits(line, *sequence)),
            };
            match noted.filter(|_| notes.new.len() < NOTED) {
                Some(noted) => {
                    notes.new.push(noted);
                    self.noting.insert(*sequence);
                }
                None => {
                    notes.to = sequence - 1;
                    break;
                }
            }
        }
        while notes.changed.len() < NOTED
            && let Some((_, noted)) = self.changed.pop_first()
        {
            notes.changed.push(noted);
        }
        let is_empty = notes.to <= self.cursor && notes.new.is_empty() && notes.changed.is_empty();
        (!is_empty).then_some(notes)
    }

    /// The note is durable.
    pub fn noted(&mut self, to: i64) {
        self.cursor = to;
        for sequence in std::mem::take(&mut self.noting) {
            self.over.remove(&sequence);
            let Some(subject) = self.fresh.remove(&sequence) else { continue };
            if let Some(line) = self.lines.get_mut(&subject)
                && let Some(item) = find(line, sequence)
            {
                line.items[item].is_row = true;
            }
        }
    }
}

/// The place of an event in its line, which is in the order of the log.
fn find(line: &Line, sequence: i64) -> Option<usize> {
    line.items.binary_search_by_key(&sequence, |item| item.noted.sequence).ok()
}

/// How an event stands that failed, or stands behind one that did; none for one whose first attempt is still to come.
fn waits(line: &Line, sequence: i64) -> Option<Noted> {
    let first = line.items.front()?;
    if first.noted.attempts == 0 && !first.is_row {
        return None;
    }
    let place = find(line, sequence)?;
    // The first one may be on its way again: what it says now holds until it is answered.
    line.items.get(place).map(|item| item.noted.clone())
}
