//! Who waits for a worker: groups of jobs on their way into a batch, and the answers on their way back.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};
use tracing::Span;

use super::command::Mode;
use super::decide::{Answered, Job, Run};
use super::queue::Shared;
use crate::ledger::LedgerFault;

/// Jobs that one caller waits for.
pub(super) struct Group {
    pub jobs: VecDeque<Job>,
    /// The place of the first of them among all that the caller waits for.
    pub at: usize,
    pub mode: Mode,
    pub caller: Arc<Caller>,
    pub since: Instant,
    /// Of the request, while spans are made.
    pub span: Span,
}

/// Who waits, and what is there for them so far.
pub(super) struct Caller(Mutex<Waiting>);

struct Waiting {
    answers: Vec<Option<Answered>>,
    left: usize,
    reply: Option<oneshot::Sender<Vec<Answered>>>,
}

impl Caller {
    pub fn new(of: usize, reply: oneshot::Sender<Vec<Answered>>) -> Arc<Self> {
        let answers = (0..of).map(|_| None).collect();
        Arc::new(Self(Mutex::new(Waiting { answers, left: of, reply: Some(reply) })))
    }

    /// Answers from a place on.
    pub fn answer(&self, at: usize, answers: Vec<Answered>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (place, answer) in (at..).zip(answers) {
            if waiting.answers.get_mut(place).is_some_and(|old| old.replace(answer).is_none()) {
                waiting.left -= 1;
            }
        }
        if waiting.left == 0
            && let Some(reply) = waiting.reply.take()
        {
            // A caller that is gone does not take its answers; what was done stands.
            let _ = reply.send(std::mem::take(&mut waiting.answers).into_iter().flatten().collect());
        }
    }
}

/// A run of a batch, with who waits for it.
pub(super) struct Queued {
    pub run: Run,
    pub at: usize,
    pub caller: Arc<Caller>,
    /// Whether it is decided after whatever of the same caller stands before it.
    pub in_order: bool,
    /// Whether it misses more than a batch waits for, and so gets one of its own.
    pub alone: bool,
    pub span: Span,
}

impl Queued {
    pub fn fail(&self, fault: &Arc<LedgerFault>) {
        self.caller.answer(self.at, self.run.jobs.iter().map(|_| Err(fault.clone().into())).collect());
    }
}

/// The ends of a worker's two queues.
pub(super) struct Queues {
    pub front: mpsc::Receiver<Group>,
    pub background: mpsc::Receiver<Group>,
}

/// Takes runs from groups until there is no room left; gives how many commands they have, and their weight.
pub(super) fn take(
    pending: &mut VecDeque<Group>,
    queue: &mut mpsc::Receiver<Group>,
    (most_commands, most_weight): (usize, usize),
    batch: &mut Vec<Queued>,
    shared: &Shared,
) -> (usize, usize) {
    let (mut commands, mut weight) = (0, 0);
    while commands < most_commands && weight < most_weight {
        if pending.is_empty() {
            match queue.try_recv() {
                Ok(group) => pending.push_back(group),
                Err(_) => break,
            }
        }
        let Some(group) = pending.front_mut() else { break };
        shared.metrics.waits.took(group.since.elapsed());
        let (mut jobs, at) = (Vec::new(), group.at);
        let (atomic, in_order) = (group.mode == Mode::AllOrNothing, group.mode == Mode::Sequential);
        while let Some(job) = group.jobs.front() {
            if !atomic && (commands >= most_commands || weight >= most_weight) {
                break;
            }
            commands += 1;
            weight += job.command.weight();
            jobs.extend(group.jobs.pop_front());
        }
        group.at += jobs.len();
        let (caller, span, alone) = (group.caller.clone(), group.span.clone(), false);
        if group.jobs.is_empty() {
            pending.pop_front();
        }
        if atomic {
            batch.push(Queued { run: Run { jobs, atomic }, at, caller, in_order, alone, span });
        } else {
            // Each a run of its own: it stands or falls alone, and can be put aside alone.
            batch.extend((at..).zip(jobs).map(|(at, job)| Queued {
                run: Run { jobs: vec![job], atomic },
                at,
                caller: caller.clone(),
                in_order,
                alone,
                span: span.clone(),
            }));
        }
    }
    (commands, weight)
}
