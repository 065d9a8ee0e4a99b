//! Decides a batch in memory: command after command, each on what the ones before have left. Pure.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use uuid::Uuid;

use super::command::{AnyCommand, Audited, Decision, Failure, Idempotency, Outcome, Receipt, Stop, in_the_words_of};
use super::house::Decided;
use super::unit::{Ended, Work};
use crate::ledger::{LedgerFault, audit};
use crate::primitives::{IdSource, Origin};
use crate::refused::{IDEMPOTENCY_KEY_REUSED, RefusalCode, Refused};

/// A command on its way to a decision.
pub(super) struct Job {
    pub command: Box<dyn AnyCommand>,
    pub origin: Origin,
    pub key: Option<Idempotency>,
    /// What its ids are made from.
    pub seed: Uuid,
    /// What its salts are made from: nobody learns it.
    pub secret: [u8; 16],
}

impl Job {
    pub fn new(ids: &IdSource, origin: &Origin, key: Option<Idempotency>, command: Box<dyn AnyCommand>) -> Self {
        Self { command, origin: origin.clone(), key, seed: ids.next(), secret: ids.secret() }
    }
}

/// What came of a job.
pub(super) type Answered = Result<(Outcome, Receipt), Failure>;

/// What came of deciding one: the answer, or that something is to be loaded first.
enum Tried {
    Answered(Answered),
    Missing,
}

/// In whose name a command is decided within another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whose<'a> {
    pub origin: &'a Origin,
    pub key: Option<&'a Idempotency>,
    /// Whether a second person has said yes to it.
    pub approved: bool,
    /// Whether it is undone when another one is refused: then it cannot wait for a second person.
    pub atomic: bool,
}

/// What came of a command that was decided within another.
#[derive(Debug)]
pub(crate) enum Became {
    /// It was done, now or before.
    Done(String),
    /// It was refused.
    Refused(Box<Refused>),
    /// It could not be decided.
    Failed,
}

/// Jobs that are decided next to each other, all or none where they are atomic.
pub(super) struct Run {
    pub jobs: Vec<Job>,
    pub atomic: bool,
}

/// A pass over a batch.
#[derive(Default)]
pub(super) struct Pass {
    /// The answers of each run; the last runs are left out when the batch had to be cut.
    pub answers: Vec<Vec<Answered>>,
    /// The runs that have missed something, by their place.
    pub missing: Vec<usize>,
}

impl Work {
    /// Decides runs in their order.
    pub(super) fn pass<'a>(&mut self, runs: impl Iterator<Item = (usize, &'a Run)>) -> Pass {
        let mut pass = Pass::default();
        for (place, run) in runs {
            self.next_run();
            let mark = self.mark();
            let tried: Vec<Tried> = run.jobs.iter().map(|job| self.try_job(job, run.atomic)).collect();
            if self.cut {
                self.roll_back(mark);
                break;
            }
            if tried.iter().any(|tried| matches!(tried, Tried::Missing)) {
                self.roll_back(mark);
                pass.missing.push(place);
                pass.answers.push(Vec::new());
                continue;
            }
            let mut answers: Vec<Answered> = tried
                .into_iter()
                .filter_map(|tried| match tried {
                    Tried::Answered(answer) => Some(answer),
                    Tried::Missing => None,
                })
                .collect();
            if run.atomic && answers.iter().any(Result::is_err) {
                self.roll_back(mark);
                if !self.knows_keys(run) {
                    pass.missing.push(place);
                    pass.answers.push(Vec::new());
                    continue;
                }
                self.refuse_all(run, &mut answers);
            }
            pass.answers.push(answers);
        }
        pass
    }

    /// Whether it is known what the keys of a run did: one that was done long ago, and here once more on the assumption
    /// that its key was free, may be what the others are refused for. Misses those that are not known.
    fn knows_keys(&mut self, run: &Run) -> bool {
        let mut known = true;
        for job in &run.jobs {
            self.turn_to(&job.origin, job.key.as_ref(), job.seed, job.secret);
            known &= job.key.as_ref().is_none_or(|key| self.looks_key_up(key).is_ok());
        }
        known
    }

    /// One refusal takes the others with it: each leaves its record all the same.
    fn refuse_all(&mut self, run: &Run, answers: &mut [Answered]) {
        for (job, answer) in run.jobs.iter().zip(answers) {
            if answer.is_ok() {
                *answer = Err(Failure::Refused(Box::new(Refused::taken_along()), Audited::Yes));
            }
            if let Err(Failure::Refused(refused, _)) = answer {
                self.turn_to(&job.origin, job.key.as_ref(), job.seed, job.secret);
                self.record(job.command.operation(), Ended::Refused(refused.code));
            }
        }
    }

    fn try_job(&mut self, job: &Job, atomic: bool) -> Tried {
        self.turn_to(&job.origin, job.key.as_ref(), job.seed, job.secret);
        self.try_command(&*job.command, job.key.as_ref(), atomic)
    }

    /// Decides a command of somebody else's within the one under decision, as if it had come by itself: under its key,
    /// undone where it is refused, with a record of its own. `atomic`: it is to be undone with others, so it cannot wait.
    ///
    /// # Errors
    /// That something is not loaded yet.
    pub(crate) fn decide_aside(&mut self, whose: &Whose<'_>, command: &dyn AnyCommand) -> Decision<Became> {
        let aside = self.step_aside(whose.origin, whose.key, whose.approved);
        let tried = self.try_command(command, whose.key, whose.atomic);
        self.step_back(aside);
        match tried {
            Tried::Missing => self.miss(|_| {}),
            Tried::Answered(Ok((outcome, _))) => Ok(Became::Done(outcome.result)),
            Tried::Answered(Err(Failure::Refused(refused, _))) => Ok(Became::Refused(refused)),
            Tried::Answered(Err(Failure::Fault(_))) => Ok(Became::Failed),
        }
    }

    /// Leaves the record of a command of somebody else's that is refused for what became of others.
    pub(crate) fn refuse_aside(&mut self, whose: &Whose<'_>, command: &dyn AnyCommand, code: RefusalCode) {
        let aside = self.step_aside(whose.origin, whose.key, whose.approved);
        self.record(command.operation(), Ended::Refused(code));
        self.step_back(aside);
    }

    /// Does something within the command under decision that stays whatever becomes of that, with a record of its own.
    ///
    /// # Errors
    /// What it stops for.
    pub(crate) fn do_aside<T>(
        &mut self,
        operation: &'static str,
        part: impl FnOnce(&mut Self) -> Decision<(T, String)>,
    ) -> Decision<T> {
        let origin = self.origin().clone();
        let aside = self.step_aside(&origin, None, true);
        let done = part(self).map(|(made, result)| {
            self.record(operation, Ended::Done(result));
            made
        });
        self.step_back(aside);
        done
    }

    fn try_command(&mut self, command: &dyn AnyCommand, key: Option<&Idempotency>, atomic: bool) -> Tried {
        let mark = self.mark();
        // A decision that stumbles over a row that cannot be fails alone.
        let tried = catch_unwind(AssertUnwindSafe(|| self.decide_command(command, key, atomic)));
        let stop = match tried {
            Ok(Ok(_)) if self.has_missed() => {
                self.roll_back(mark);
                return Tried::Missing;
            }
            Ok(Ok(Ok(done))) => return Tried::Answered(Ok(done)),
            // It waits: what that has left behind stays.
            Ok(Ok(Err(refused))) => return Tried::Answered(Err(Failure::Refused(refused, Audited::Yes))),
            Ok(Err(stop)) => stop,
            Err(_) => Stop::Damaged(command.operation()),
        };
        self.roll_back(mark);
        let refused = match stop {
            _ if self.has_missed() => return Tried::Missing,
            Stop::Missing(_) => return Tried::Missing,
            Stop::Refused(refused) => refused,
            Stop::Books(refusal) => Box::new(in_the_words_of(&refusal, &[])),
            Stop::Damaged(what) => {
                tracing::error!(operation = command.operation(), what, "a command could not be decided");
                return Tried::Answered(Err(Failure::Fault(Arc::new(LedgerFault::Undecided(what)))));
            }
        };
        // What is refused leaves no key for the database to find used: a repetition of what was done would get the
        // refusal of today instead of the answer of then.
        if let Some(key) = key
            && self.looks_key_up(key).is_err()
        {
            return Tried::Missing;
        }
        self.record(command.operation(), Ended::Refused(refused.code));
        Tried::Answered(Err(Failure::Refused(refused, Audited::Yes)))
    }

    /// What it did, or that it is refused for now and waits.
    fn decide_command(
        &mut self,
        command: &dyn AnyCommand,
        key: Option<&Idempotency>,
        atomic: bool,
    ) -> Decision<Result<(Outcome, Receipt), Box<Refused>>> {
        let operation = command.operation();
        if let Some(verdict) = command.turned_away() {
            let nothing = command.decide(self)?;
            let receipt = Receipt { replayed: false, command: self.next_id() };
            self.record(operation, verdict.into());
            return Ok(Ok((nothing, receipt)));
        }
        if let Some(key) = key
            && let Some(first) = self.remembered(key)?
        {
            if first.request_hash != key.request_hash {
                let message = "the idempotency key was used before with another request";
                return Err(Refused::of_field(IDEMPOTENCY_KEY_REUSED, "idempotencyKey", message).into());
            }
            let again = command.again(self, &first.result)?;
            self.record(operation, Ended::Replayed(first.result));
            let command = audit::id_of(self.tenant(), first.sequence);
            return Ok(Ok((again, Receipt { replayed: true, command })));
        }
        let decided = match self.house.filter(|_| !self.is_approved()) {
            Some(house) => house.decide(self, command, key, atomic)?,
            None => Decided::Done(command.decide(self)?),
        };
        match decided {
            Decided::Done(outcome) => {
                let receipt = Receipt { replayed: false, command: self.next_id() };
                self.record(operation, Ended::Done(outcome.result.clone()));
                Ok(Ok((outcome, receipt)))
            }
            Decided::Waits(refused) => {
                if let Some(key) = key {
                    self.looks_key_up(key)?;
                }
                self.record(operation, Ended::Refused(refused.code));
                Ok(Err(refused))
            }
        }
    }
}
