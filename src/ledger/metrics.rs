//! What the posting path measures.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::order::{Action, Outcome, Submission, Verdict};
use super::refusal::RefusalCode;
use crate::primitives::Origin;
use crate::telemetry::measure::{Histogram, Label, to_count};

/// The posting path's measurements. Cloning shares them.
#[derive(Clone, Debug)]
pub struct LedgerMetrics {
    /// Batches that lost against another transaction and were tried again.
    pub(super) retries: Counter,
    /// Batches that were written in one statement and found the head moved.
    pub(super) overtaken: Counter,
    /// Batches that were written in one statement.
    pub(super) optimistic: Counter,
    /// Batches that were not committed.
    pub(super) failures: Counter,
    /// Submissions that found the queue full.
    pub(super) turned_away: Counter,
    /// From the submission to its batch.
    pub(super) waits: Histogram,
    commits: Counter,
    entries: Counter,
    postings: Counter,
    orders: Histogram,
    times: Histogram,
    by_code: Family<[Label; 1], Counter>,
    /// The same counters, by the code's place on its list.
    refusals: Vec<Counter>,
}

impl Default for LedgerMetrics {
    fn default() -> Self {
        let by_code = Family::<[Label; 1], Counter>::default();
        let counter = |code: &RefusalCode| by_code.get_or_create_owned(&[("code", code.word())]);
        Self {
            retries: Counter::default(),
            overtaken: Counter::default(),
            optimistic: Counter::default(),
            failures: Counter::default(),
            turned_away: Counter::default(),
            waits: Histogram::of_times(),
            commits: Counter::default(),
            entries: Counter::default(),
            postings: Counter::default(),
            orders: Histogram::of_sizes(),
            times: Histogram::of_times(),
            refusals: RefusalCode::ALL.iter().map(counter).collect(),
            by_code,
        }
    }
}

impl LedgerMetrics {
    /// A batch is durable, `took` after its transaction was asked for. The outcomes are those of the submissions.
    pub(crate) fn committed(&self, submissions: &[Submission], outcomes: &[Vec<Outcome>], took: Duration) {
        let (mut orders, mut entries, mut postings) = (0, 0, 0);
        for (submission, outcomes) in submissions.iter().zip(outcomes) {
            orders += submission.orders.len();
            for (order, outcome) in submission.orders.iter().zip(outcomes) {
                match (outcome, &order.action) {
                    (Ok(_), Action::TurnedAway(Verdict::Refused(code))) => self.refused(*code),
                    (Ok(applied), _) => {
                        if let Some(entry) = applied.entry.as_ref().filter(|_| !applied.replayed) {
                            entries += 1;
                            postings += to_count(entry.postings.len());
                        }
                    }
                    // Konto's own orders may come too late; nobody is refused then.
                    (Err(_), _) if order.origin == Origin::system(order.origin.tenant) => {}
                    (Err(refusal), _) => self.refused(refusal.code()),
                }
            }
        }
        self.commits.inc();
        self.entries.inc_by(entries);
        self.postings.inc_by(postings);
        self.orders.observe(to_count(orders));
        self.times.took(took);
    }

    /// A use case's own batch is not durable, or not known to be.
    pub(crate) fn failed(&self) {
        self.failures.inc();
    }

    fn refused(&self, code: RefusalCode) {
        if let Some(counter) = RefusalCode::ALL.iter().position(|one| *one == code).and_then(|at| self.refusals.get(at))
        {
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
        registry.register("commit_orders", "Orders per committed batch", self.orders.clone());
        let help = "From asking for the transaction to its commit, per committed batch";
        registry.register("commit_duration_seconds", help, self.times.clone());
        let help = "From the submission of orders to the start of their batch";
        registry.register("commit_wait_seconds", help, self.waits.clone());
        let help = "Submissions turned away because the committer's queue was full";
        registry.register("commit_queue_rejections", help, self.turned_away.clone());
        registry.register("entries", "Entries booked", self.entries.clone());
        registry.register("postings", "Postings booked", self.postings.clone());
        registry.register("refusals", "Business refusals, by their code", self.by_code.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::order::Order;
    use crate::ledger::refusal::Refusal;
    use crate::primitives::TenantId;
    use crate::telemetry::measure::text;

    #[test]
    fn refusals_count_by_code_and_our_own_do_not() {
        let metrics = LedgerMetrics::default();
        let own = Origin::system(TenantId(uuid::Uuid::nil()));
        let asked = Origin { client: "web".into(), ..own.clone() };
        let order = |origin: &Origin, action| Order::new(origin, "test", action);
        let orders = vec![
            order(&asked, Action::TurnedAway(Verdict::Refused(RefusalCode::NotFound))),
            order(&asked, Action::TurnedAway(Verdict::Denied)),
            order(&asked, Action::Record),
            order(&own, Action::Record),
        ];
        let done = || Ok(crate::ledger::Applied { result: String::new(), entry: None, hold: None, replayed: false });
        let outcomes = vec![done(), done(), Err(Refusal::HoldNotOpen), Err(Refusal::HoldNotOpen)];
        metrics.committed(&[Submission { orders, atomic: false }], &[outcomes], Duration::from_millis(3));
        let mut registry = Registry::with_prefix("konto");
        metrics.register(&mut registry);
        let text = text(&registry);
        for line in [
            "konto_refusals_total{code=\"NOT_FOUND\"} 1",
            "konto_refusals_total{code=\"HOLD_NOT_OPEN\"} 1",
            "konto_refusals_total{code=\"SAME_ACCOUNT\"} 0",
            "konto_commits_total 1",
            "konto_commit_orders_sum 4.0",
            "konto_commit_duration_seconds_sum 0.003",
            "konto_entries_total 0",
        ] {
            assert!(text.lines().any(|found| found == line), "no {line} in\n{text}");
        }
    }
}
