//! A chunk of a job's items: decided, noted and counted in one decision.

use std::sync::Arc;

use super::events::{self, JOB_ENDED, JOB_PROGRESSED, JOB_STARTED};
use super::model::{Job, JobItem, JobItemState, JobState};
use crate::jobs::refusal::KeptRefusal;
use crate::primitives::clock::Micros;
use crate::primitives::{JobId, Origin};
use crate::refused::{INVALID_INPUT, INVALID_STATE, RefusalCode, Refused};
use crate::work::{AnyCommand, Became, Decision, Idempotency, Outcome, Stop, Wants, Whose, Work};

/// The operation of a chunk, in the audit trail.
pub(crate) const OPERATION: &str = "runJob";

/// Items of a job, in their order, with what is read of them.
pub(crate) struct RunChunk {
    job: JobId,
    round: i32,
    /// Where the job must stand.
    from: i32,
    /// Where it stands afterwards.
    to: i32,
    items: Vec<Ready>,
    /// Whether one refusal takes the others with it.
    atomic: bool,
    /// Whether the items are given up: they could not be written.
    given_up: bool,
}

struct Ready {
    item: JobItem,
    key: Idempotency,
    command: Option<Box<dyn AnyCommand>>,
}

/// What became of an item.
enum Left {
    Done(String),
    Refused(RefusalCode, KeptRefusal),
    Failed,
}

impl RunChunk {
    /// Of a job and its next items. `is_last`: there are none behind them.
    pub fn new(
        job: &Job,
        items: Vec<JobItem>,
        is_last: bool,
        read: impl Fn(&str, &str) -> Option<Box<dyn AnyCommand>>,
    ) -> Self {
        let to = match items.last() {
            Some(last) if !is_last => last.number + 1,
            _ => job.total,
        };
        let items = items.into_iter().map(|item| {
            let stored = item.command.as_deref().unwrap_or_default();
            let key = Idempotency::of_stored(item.key.clone(), &job.operation, stored);
            let command = read(&job.operation, stored);
            Ready { item, key, command }
        });
        let atomic = job.mode == "ALL_OR_NOTHING";
        Self { job: job.id, round: job.round, from: job.next, to, items: items.collect(), atomic, given_up: false }
    }

    /// The same, whose items are not tried any more.
    pub fn give_up(mut self) -> Self {
        self.given_up = true;
        self
    }

    /// Decides the items in their order; how many of them there was room for.
    fn decide_items(&self, work: &mut Work, asker: &Origin) -> Decision<Vec<Left>> {
        let mut left: Vec<Left> = Vec::with_capacity(self.items.len());
        let mut missing: Option<Stop> = None;
        let before = work.mark();
        for ready in &self.items {
            if let (None, Some(kept)) = (&ready.item.command, &ready.item.refusal) {
                left.push(Left::Refused(INVALID_INPUT, kept.clone()));
                continue;
            }
            let Some(command) = ready.command.as_ref().filter(|_| !self.given_up) else {
                left.push(Left::Failed);
                continue;
            };
            let mark = work.mark();
            work.take_too_early();
            let whose = Whose { origin: asker, key: Some(&ready.key), approved: false, atomic: self.atomic };
            let became = work.decide_aside(&whose, &**command);
            let too_early = work.take_too_early();
            match became {
                // The others say what they miss as well, so that it is loaded at once.
                Err(stop @ Stop::Missing(_)) => missing = Some(stop),
                Err(stop) => return Err(stop),
                // A number that an item before it has freed can be taken once that is written: with the next chunk.
                Ok(Became::Refused(_)) if too_early && !left.is_empty() && !self.atomic => {
                    work.roll_back(mark);
                    break;
                }
                Ok(Became::Done(result)) => left.push(Left::Done(result)),
                Ok(Became::Refused(refused)) => left.push(Left::Refused(refused.code, KeptRefusal::from(&*refused))),
                Ok(Became::Failed) => left.push(Left::Failed),
            }
        }
        if let Some(missing) = missing {
            return Err(missing);
        }
        if self.atomic && left.iter().any(|left| !matches!(left, Left::Done(_))) {
            work.roll_back(before);
            self.take_along(work, asker, &mut left);
        }
        Ok(left)
    }

    /// One that is refused takes the others with it: each leaves its record all the same.
    fn take_along(&self, work: &mut Work, asker: &Origin, left: &mut [Left]) {
        for (ready, left) in self.items.iter().zip(left) {
            let Some(command) = &ready.command else { continue };
            let whose = Whose { origin: asker, key: Some(&ready.key), approved: false, atomic: true };
            match left {
                Left::Done(_) => {
                    let refused = Refused::taken_along();
                    work.refuse_aside(&whose, &**command, refused.code);
                    *left = Left::Refused(refused.code, KeptRefusal::from(&refused));
                }
                Left::Refused(code, _) => work.refuse_aside(&whose, &**command, *code),
                Left::Failed => {}
            }
        }
    }

    /// Notes what became of the items and of the job.
    fn note(&self, work: &mut Work, before: &Job, left: Vec<Left>) -> Decision<Arc<Job>> {
        // A chunk that ended early goes on behind the last item that it decided.
        let all = left.len() == self.items.len();
        let next = match self.items.get(left.len().saturating_sub(1)) {
            Some(ready) if !all => ready.item.number + 1,
            _ => self.to,
        };
        let (mut done, mut refused, mut failed) = (0, 0, 0);
        for (ready, left) in self.items.iter().zip(left) {
            let (state, result, refusal) = match left {
                Left::Done(result) => {
                    done += 1;
                    (JobItemState::Done, Some(result), None)
                }
                Left::Refused(_, why) => {
                    refused += 1;
                    (JobItemState::Refused, None, Some(why))
                }
                Left::Failed => {
                    failed += 1;
                    (JobItemState::Failed, None, None)
                }
            };
            work.change::<JobItem, Refused>(ready.item.id, |item| {
                (item.state, item.round, item.result, item.refusal) = (state, self.round, result, refusal);
                Ok(())
            })?;
        }
        let now = work.now();
        let job = work.change::<Job, Refused>(self.job, |job| {
            if job.state == JobState::Queued {
                job.turn(JobState::Running)?;
                job.started_at = Some(now);
            }
            job.done += done;
            job.refused += refused;
            job.failed += failed;
            job.next = next;
            if next >= job.total { self.end(job, now) } else { Ok(()) }
        })?;
        if before.state == JobState::Queued {
            work.tell(events::of(JOB_STARTED, &Job { state: JobState::Running, ended_at: None, ..before.clone() }));
        }
        if job.state.is_over() {
            work.tell(events::of(JOB_ENDED, &job));
        } else if job.tenths() > before.tenths() {
            work.tell(events::of(JOB_PROGRESSED, &job));
        }
        Ok(job)
    }

    fn end(&self, job: &mut Job, now: Micros) -> Result<(), Refused> {
        let failed = job.failed > 0 || (self.atomic && job.done < job.total);
        job.turn(if failed { JobState::Failed } else { JobState::Done })?;
        job.ended_at = Some(now);
        Ok(())
    }
}

impl AnyCommand for RunChunk {
    fn operation(&self) -> &'static str {
        OPERATION
    }

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Job>(self.job);
        for ready in &self.items {
            wants.row::<JobItem>(ready.item.id);
            if let Some(command) = &ready.command {
                command.looks_at(wants);
            }
        }
    }

    /// Refused as `INVALID_STATE` where the job is not where it was thought to be: somebody else has gone on with it, or it
    /// was cancelled.
    fn decide(&self, work: &mut Work) -> Decision<Outcome> {
        let job = work.get::<Job>(self.job)?;
        let stands = |job: &Arc<Job>| !job.state.is_over() && job.round == self.round && job.next == self.from;
        let Some(job) = job.filter(stands) else {
            return Err(Refused::new(INVALID_STATE, "the job has gone on").into());
        };
        let ids: Vec<_> = self.items.iter().map(|ready| ready.item.id).collect();
        let rows = work.get_all::<JobItem>(&ids)?;
        if rows.iter().any(|row| row.as_ref().is_none_or(|row| !row.is_due(self.round))) {
            return Err(Refused::new(INVALID_STATE, "an item of the job has gone on").into());
        }
        let asker = job.asker(work.tenant());
        let left = self.decide_items(work, &asker)?;
        let job = self.note(work, &job, left)?;
        Ok(Outcome { result: job.id.to_string(), made: job })
    }

    fn again(&self, work: &mut Work, _: &str) -> Decision<Outcome> {
        self.decide(work)
    }

    fn weight(&self) -> usize {
        2 + self
            .items
            .iter()
            .map(|ready| 1 + ready.command.as_ref().map_or(0, |command| command.weight()))
            .sum::<usize>()
    }
}
