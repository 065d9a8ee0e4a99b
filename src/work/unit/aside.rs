//! A command that is decided within another: a step of a job, what a second person has said yes to.

use super::{Current, Work};
use crate::primitives::Origin;
use crate::work::command::{Idempotency, is_own};
use crate::work::undo::Mark;

/// What to come back to from a command that is decided within another.
#[derive(Debug)]
pub(in crate::work) struct Aside {
    outer: Current,
    missed: bool,
}

impl Work {
    /// Turns aside to a command of somebody else's, within the one under decision: it has a record of its own, before
    /// this one's, and shares its ids. Gives what to come back to.
    pub(in crate::work) fn step_aside(&mut self, origin: &Origin, key: Option<&Idempotency>, approved: bool) -> Aside {
        let aside = Current {
            origin: origin.clone(),
            key: key.cloned(),
            sequence: self.next_record(),
            ids: self.current.ids,
            secret: self.current.secret,
            ordinals: 0,
            approved,
            day: None,
        };
        let missed = std::mem::take(&mut self.missed_any);
        Aside { outer: std::mem::replace(&mut self.current, aside), missed }
    }

    /// Comes back to the command under decision, whose place in the journal is behind what was done aside.
    pub(in crate::work) fn step_back(&mut self, aside: Aside) {
        let ids = self.current.ids;
        let sequence = self.next_record();
        self.current = Current { ids, sequence, ordinals: 0, ..aside.outer };
        self.missed_any |= aside.missed;
    }

    /// Takes back all that was done aside since a mark, records included: the command under decision stands where it did.
    pub(crate) fn undo_aside(&mut self, mark: Mark) {
        self.roll_back(mark);
        self.current.sequence = self.next_record();
    }

    /// Whether something was refused as taken, since this was asked last, that is free once what is decided is written.
    pub(crate) fn take_too_early(&mut self) -> bool {
        std::mem::take(&mut self.too_early)
    }

    /// Whether Konto itself asks: what it does by itself waits for nobody.
    pub(crate) fn is_by_itself(&self) -> bool {
        is_own(&self.current.origin)
    }

    /// Whether a second person has said yes to the command under decision.
    pub(in crate::work) fn is_approved(&self) -> bool {
        self.current.approved
    }
}
