//! Work in the background: who does it, the business day and its steps, the clock of a sandbox, jobs, and what waits for a
//! second person.
//!
//! Whatever is done is done by commands, in the background's share of each batch. A second run of the same is without
//! effect, so that a server may be killed anywhere and another may take over.
//!
//! | file | what |
//! |---|---|
//! | `lease` | which server does a kind of a tenant's work |
//! | `day` | the days that have ended, and their steps as commands |
//! | `by_id` | what steps have in common whose keys are ids of rows |
//! | `runner` | runs what is due, on every server |
//! | `store` | leases and business days as rows |
//! | `settings` | what changes what a tenant has decided about itself |
//! | `sandbox` | moves a sandbox tenant's clock through its days |
//! | `queue` | jobs: commands that are stored and worked off later |
//! | `approvals` | commands that wait for a second person |
//! | `refusal` | a refusal as it is kept |

pub mod approvals;
pub mod by_id;
pub mod day;
pub mod events;
pub mod lease;
pub mod queue;
pub mod refusal;
pub mod runner;
pub mod sandbox;
pub mod settings;
pub mod store;
#[cfg(test)]
mod tests;

use crate::refused::RefusalCode;
use crate::work::{About, Stored};

/// What moves a tenant's days, its clock and its jobs.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<day::EndDay>().about(About::Nothing),
    Stored::of::<sandbox::AdvanceClock>().about(About::Nothing),
    Stored::of::<sandbox::LeaveSandbox>().about(About::Nothing),
    Stored::of::<queue::CancelJob>().about(About::Nothing),
    Stored::of::<queue::RetryJob>().about(About::Nothing),
];

/// What the background's commands are refused for, and what waits.
#[must_use]
pub fn refusal_codes() -> Vec<RefusalCode> {
    [lease::CODES, day::CODES, sandbox::CODES, approvals::CODES].concat()
}
