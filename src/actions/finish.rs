//! What came of a run, together with what it does.

use std::sync::Arc;

use super::events::{self, ACTION_RUN_ENDED};
use super::model::{ActionRun, ActionRunState, Asked, Failure, FailureKind, kept_text};
use super::runner::Wanted;
use crate::jobs::queue::events::{self as told_of_jobs, JOB_ENDED};
use crate::jobs::queue::{Job, JobItem, JobItemState, JobState};
use crate::jobs::refusal::KeptRefusal;
use crate::primitives::{ActionRunId, JobId, JobItemId, Origin};
use crate::refused::{INVALID_STATE, Refused};
use crate::work::{AnyCommand, Became, Decision, Outcome, Stop, Wants, Whose, Work};

/// The operation, in the audit trail.
pub(crate) const OPERATION: &str = "finishActionRun";

/// How a run ends, as far as that is known without its commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With an output: JSON, as text.
    Done(Option<String>),
    /// It says no, or one of its commands is none.
    Refused(KeptRefusal),
    /// It went wrong.
    Failed(Failure),
}

/// Decides what a run asked for, and notes what came of it.
pub(crate) struct FinishRun {
    pub run: ActionRunId,
    /// As whoever worked on it knows it.
    pub attempts: i32,
    pub ending: Ending,
    /// What it asked for; looked at only where it would be done.
    pub wanted: Vec<Wanted>,
    /// The operations of what it asked for, where it was refused before there were commands.
    pub asked: Vec<String>,
    pub steps: Option<i64>,
}

/// What became of the commands.
enum Left {
    /// All of them were done: what each made.
    Done(Vec<String>),
    /// This one was refused, and none was done.
    Refused(usize, Box<Refused>),
    /// This one could not be decided, and none was done.
    Failed(usize),
}

impl FinishRun {
    /// Decides the commands in their order, all or none of them.
    fn decide_wanted(&self, work: &mut Work, asker: &Origin, dry_run: bool) -> Decision<Left> {
        let before = work.mark();
        let (mut made, mut missing): (Vec<String>, Option<Stop>) = (Vec::new(), None);
        let mut stopped = None;
        for (place, wanted) in self.wanted.iter().enumerate() {
            let whose = Whose { origin: asker, key: Some(&wanted.key), approved: false, atomic: true };
            match work.decide_aside(&whose, &*wanted.command) {
                // The others say what they miss as well, so that it is loaded at once.
                Err(stop @ Stop::Missing(_)) => missing = Some(stop),
                Err(stop) => return Err(stop),
                Ok(Became::Done(result)) => made.push(result),
                Ok(Became::Refused(refused)) => {
                    stopped.get_or_insert(Left::Refused(place, refused));
                }
                Ok(Became::Failed) => {
                    stopped.get_or_insert(Left::Failed(place));
                }
            }
        }
        if let Some(missing) = missing {
            return Err(missing);
        }
        let left = stopped.unwrap_or(Left::Done(made));
        if dry_run || !matches!(left, Left::Done(_)) {
            work.undo_aside(before);
        }
        if let (Left::Refused(at, refused), false) = (&left, dry_run) {
            // One that is refused takes the others with it: each leaves its record all the same.
            for (place, wanted) in self.wanted.iter().enumerate() {
                let whose = Whose { origin: asker, key: Some(&wanted.key), approved: false, atomic: true };
                let code = if place == *at { refused.code } else { Refused::taken_along().code };
                work.refuse_aside(&whose, &*wanted.command, code);
            }
        }
        Ok(left)
    }

    /// How the run ends, and what its commands made.
    fn end(&self, work: &mut Work, run: &ActionRun) -> Decision<(Ending, Vec<Asked>)> {
        let nothing = |operation: &str| Asked { operation: operation.to_owned(), result: None };
        let Ending::Done(output) = &self.ending else {
            return Ok((self.ending.clone(), self.asked.iter().map(|operation| nothing(operation)).collect()));
        };
        let asker = run.asker(work.tenant());
        let asked = |made: Option<Vec<String>>| {
            let mut made = made.into_iter().flatten();
            let asked = |wanted: &Wanted| Asked { result: made.next(), ..nothing(wanted.command.operation()) };
            self.wanted.iter().map(asked).collect()
        };
        Ok(match self.decide_wanted(work, &asker, run.dry_run)? {
            // What a try has made is gone again.
            Left::Done(made) => (Ending::Done(output.clone()), asked((!run.dry_run).then_some(made))),
            Left::Refused(place, refused) => (Ending::Refused(refusal_of(place, &refused)), asked(None)),
            Left::Failed(place) => {
                let message = format!("command {} could not be decided", place + 1);
                (Ending::Failed(Failure::new(FailureKind::CommandFailed, message)), asked(None))
            }
        })
    }

    fn note(&self, work: &mut Work, ending: Ending, commands: Vec<Asked>) -> Decision<Arc<ActionRun>> {
        let now = work.now();
        let run = work.change::<ActionRun, Refused>(self.run, |run| {
            (run.output, run.refusal, run.failure) = (None, None, None);
            let state = match ending {
                Ending::Done(output) => {
                    run.output = output;
                    ActionRunState::Done
                }
                Ending::Refused(refusal) => {
                    run.refusal = Some(refusal);
                    ActionRunState::Refused
                }
                Ending::Failed(failure) => {
                    run.failure = Some(failure);
                    ActionRunState::Failed
                }
            };
            run.turn(state)?;
            (run.commands, run.steps) = (commands, self.steps);
            (run.next, run.ended_at) = (None, Some(now));
            Ok(())
        })?;
        if let Some(job) = run.job {
            end_job(work, job, &run)?;
        }
        work.tell(events::of_run(ACTION_RUN_ENDED, &run));
        Ok(run)
    }
}

/// What a command of a script was refused for: which one, and which of its fields.
pub(crate) fn refusal_of(place: usize, refused: &Refused) -> KeptRefusal {
    let kept = KeptRefusal::from(&refused.clone().at("commands", place));
    let message = kept_text(format!("command {}: {}", place + 1, kept.message));
    KeptRefusal { message, ..kept }
}

fn end_job(work: &mut Work, job: JobId, run: &ActionRun) -> Decision<()> {
    let item = JobItemId::of_place(job, 0);
    let state = match run.state {
        ActionRunState::Refused => JobItemState::Refused,
        ActionRunState::Failed => JobItemState::Failed,
        _ => JobItemState::Done,
    };
    if work.get::<JobItem>(item)?.is_some() {
        work.change::<JobItem, Refused>(item, |item| {
            (item.state, item.refusal) = (state, run.refusal.clone());
            Ok(())
        })?;
    }
    if work.get::<Job>(job)?.is_some_and(|job| job.state == JobState::Running) {
        let now = work.now();
        let job = work.change::<Job, Refused>(job, |job| {
            match state {
                JobItemState::Refused => job.refused = 1,
                JobItemState::Failed => job.failed = 1,
                _ => job.done = 1,
            }
            job.next = 1;
            job.turn(if state == JobItemState::Failed { JobState::Failed } else { JobState::Done })?;
            job.ended_at = Some(now);
            Ok(())
        })?;
        work.tell(told_of_jobs::of(JOB_ENDED, &job));
    }
    Ok(())
}

impl AnyCommand for FinishRun {
    fn operation(&self) -> &'static str {
        OPERATION
    }

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<ActionRun>(self.run);
        self.wanted.iter().for_each(|wanted| wanted.command.looks_at(wants));
    }

    /// Refused as `INVALID_STATE`: somebody else has gone on with the run.
    fn decide(&self, work: &mut Work) -> Decision<Outcome> {
        let found = work.get::<ActionRun>(self.run)?;
        let stands = |run: &Arc<ActionRun>| run.state == ActionRunState::Running && run.attempts == self.attempts;
        let Some(run) = found.filter(stands) else {
            return Err(Refused::new(INVALID_STATE, "the run has gone on").into());
        };
        let (ending, commands) = self.end(work, &run)?;
        let run = self.note(work, ending, commands)?;
        Ok(Outcome { result: run.id.to_string(), made: run })
    }

    fn again(&self, work: &mut Work, _: &str) -> Decision<Outcome> {
        self.decide(work)
    }

    fn weight(&self) -> usize {
        6 + self.wanted.iter().map(|wanted| 1 + wanted.command.weight()).sum::<usize>()
    }
}
