//! Work in the background: who does it, jobs, and what waits for a second person.
//!
//! Whatever is done is done by commands, in the background's share of each batch. A second run of the same is without
//! effect, so that a server may be killed anywhere and another may take over.
//!
//! | file | what |
//! |---|---|
//! | `lease` | which server does a kind of a tenant's work |
//! | `queue` | jobs: commands that are stored and worked off later |
//! | `approvals` | commands that wait for a second person |
//! | `refusal` | a refusal as it is kept |

pub mod approvals;
pub mod lease;
pub mod queue;
pub mod refusal;
#[cfg(test)]
mod tests;
