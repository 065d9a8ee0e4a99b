//! Custom actions in the API: what a tenant defines to be run by a name of its own, and its runs.

pub(crate) mod collect;
pub mod mutations;
pub mod queries;
pub mod types;

pub use mutations::ActionMutation;
pub use queries::ActionQuery;
pub use types::{ActionRun, CustomAction, by_id, run_by_id};
