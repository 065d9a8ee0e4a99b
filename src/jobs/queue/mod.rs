//! Jobs: commands that are stored, worked off later and followed meanwhile.
//!
//! A job has items, each a command of one operation under its caller's key, in the order in which they were given. Its
//! items are decided a chunk at a time ([`chunk`]): the effects of a chunk, what became of each item, the job's figures
//! and its place are one decision, so that a kill anywhere leaves a job between two chunks, and a second run finds
//! nothing to do. An item is decided in its asker's name; what it is refused for stands with the item and in the audit
//! trail.
//!
//! What is not done when a job is cancelled, and what is to be done again when it is retried, is not written item by
//! item: a job has rounds, and an item says in which it was decided.

pub mod chunk;
pub mod commands;
pub mod events;
pub mod model;
pub mod runner;
pub mod store;

pub use commands::{CancelJob, NewItem, PurgeItems, QueueJob, RetryJob};
pub use model::{Job, JobItem, JobItemState, JobKind, JobState};
pub use store::{ItemFilter, JobFilter};
