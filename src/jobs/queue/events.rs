//! What the log tells of jobs.

use serde_json::json;

use super::model::Job;
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of jobs.
    TYPES {
        /// A job was queued, or queued again.
        JOB_QUEUED,
        /// A job was begun.
        JOB_STARTED,
        /// Another tenth of a job, or more, is worked off.
        JOB_PROGRESSED,
        /// A job is over: done, failed or cancelled.
        JOB_ENDED,
    }
}

/// Something happened to a job.
#[must_use]
pub fn of(type_: EventType, job: &Job) -> NewEvent {
    let payload = json!({
        "job": job.id.to_string(),
        "kind": job.kind,
        "operation": job.operation,
        "state": job.state.word(),
        "total": job.total,
        "done": job.done,
        "refused": job.refused,
        "failed": job.failed,
    });
    NewEvent { customer: job.customer, ..NewEvent::of(type_, job.id, payload) }
}
