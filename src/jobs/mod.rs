//! Work in the background: who does it, the business day and its steps, the clock of a sandbox.
//!
//! Whatever is done is done by commands, in the background's share of each batch. A second run of the same is without
//! effect, so that a server may be killed anywhere and another may take over.
//!
//! | file | what |
//! |---|---|
//! | `lease` | which server does a kind of a tenant's work |
//! | `day` | the days that have ended, and their steps as commands |
//! | `runner` | runs what is due, on every server |
//! | `store` | leases and business days as rows |
//! | `sandbox` | moves a sandbox tenant's clock through its days |

pub mod day;
pub mod events;
pub mod lease;
pub mod runner;
pub mod sandbox;
pub mod store;

use crate::refused::RefusalCode;

/// What the background's commands are refused for.
#[must_use]
pub fn refusal_codes() -> Vec<RefusalCode> {
    [lease::CODES, day::CODES, sandbox::CODES].concat()
}
