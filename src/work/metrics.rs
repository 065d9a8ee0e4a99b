//! What the posting path measures.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::command::{Failure, Verdict, is_own};
use super::decide::{Pass, Run};
use crate::ledger::Entry;
use crate::refused::RefusalCode;
use crate::telemetry::measure::{Histogram, Label, to_count};

/// The posting path's measurements. Cloning shares them.
#[derive(Clone, Debug)]
pub struct WorkMetrics {
    /// Batches that lost against another transaction and were tried again.
    pub(super) retries: Counter,
    /// Batches that were written in one statement and found the head moved.
    pub(super) overtaken: Counter,
    /// Batches that were written in one statement.
    pub(super) optimistic: Counter,
    /// Batches that were not committed.
    pub(super) failures: Counter,
    /// Statements that loaded what batches missed.
    pub(super) loads: Counter,
    /// Callers that found the queue full.
    pub(super) turned_away: Counter,
    /// From asking to the command's batch.
    pub(super) waits: Histogram,
    commits: Counter,
    entries: Counter,
    postings: Counter,
    commands: Histogram,
    times: Histogram,
    by_code: Family<[Label; 1], Counter>,
    /// The same counters, by the code.
    refusals: HashMap<&'static str, Counter>,
}

impl WorkMetrics {
    /// Of a server whose domains give these refusals.
    #[must_use]
    pub fn new(codes: &[RefusalCode]) -> Self {
        let by_code = Family::<[Label; 1], Counter>::default();
        let counter = |code: &RefusalCode| (code.word(), by_code.get_or_create_owned(&[("code", code.word())]));
        Self {
            retries: Counter::default(),
            overtaken: Counter::default(),
            optimistic: Counter::default(),
            failures: Counter::default(),
            loads: Counter::default(),
            turned_away: Counter::default(),
            waits: Histogram::of_times(),
            commits: Counter::default(),
            entries: Counter::default(),
            postings: Counter::default(),
            commands: Histogram::of_sizes(),
            times: Histogram::of_times(),
            refusals: codes.iter().map(counter).collect(),
            by_code,
        }
    }
}

impl WorkMetrics {
    /// A batch is durable, `took` after its transaction was asked for. The answers are those of the runs.
    pub(super) fn committed<'a>(&self, runs: impl Iterator<Item = &'a Run>, pass: &Pass, took: Duration) {
        let mut commands = 0;
        for (run, answers) in runs.zip(&pass.answers) {
            commands += run.jobs.len();
            for (job, answer) in run.jobs.iter().zip(answers) {
                match (job.command.turned_away(), answer) {
                    (Some(Verdict::Refused(code)), _) => self.refused(code),
                    // Konto's own commands may come too late; nobody is refused then.
                    (None, Err(Failure::Refused(refused, _))) if !is_own(&job.origin) => self.refused(refused.code),
                    _ => {}
                }
            }
        }
        self.commits.inc();
        self.commands.observe(to_count(commands));
        self.times.took(took);
    }

    /// Entries are durable.
    pub(super) fn booked(&self, entries: &[Arc<Entry>]) {
        self.entries.inc_by(to_count(entries.len()));
        self.postings.inc_by(to_count(entries.iter().map(|entry| entry.postings.len()).sum()));
    }

    fn refused(&self, code: RefusalCode) {
        if let Some(counter) = self.refusals.get(code.word()) {
            counter.inc();
        }
    }

    /// Puts them on a server's list.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("commits", "Batches committed", self.commits.clone());
        let help = "Batches committed in one statement, without a lock taken before";
        registry.register("commit_optimistic", help, self.optimistic.clone());
        let help = "Batches that were begun so, and again under the lock because another writer was first";
        registry.register("commit_overtaken", help, self.overtaken.clone());
        registry.register("commit_failures", "Batches not committed, or not known to be", self.failures.clone());
        let help = "Batches that lost against another transaction and were tried again";
        registry.register("commit_retries", help, self.retries.clone());
        registry.register("commit_commands", "Commands per committed batch", self.commands.clone());
        registry.register("commit_loads", "Statements that read what a batch missed", self.loads.clone());
        let help = "From asking for the transaction to its commit, per committed batch";
        registry.register("commit_duration_seconds", help, self.times.clone());
        let help = "From asking for a command to the start of its batch";
        registry.register("commit_wait_seconds", help, self.waits.clone());
        let help = "Callers turned away because the worker's queue was full";
        registry.register("commit_queue_rejections", help, self.turned_away.clone());
        registry.register("entries", "Entries booked", self.entries.clone());
        registry.register("postings", "Postings booked", self.postings.clone());
        registry.register("refusals", "Business refusals, by their code", self.by_code.clone());
    }
}
