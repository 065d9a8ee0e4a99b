//! Custom actions: what a tenant defines itself and runs by a name of its own, on an account or on none.
//!
//! An action is a **webhook** (its input goes to an address, signed, and the answer is the outcome) or a **script** (a
//! few lines in a sandbox, which see the input and the account and say which of Konto's commands to run). What always
//! holds:
//!
//! - **A run is noted first.** A command stores it, then it is worked on, then another command notes what came of it. A
//!   run whose server died is taken up by another one; a receiver is told the run's id as the message's, so it can tell.
//! - **The caller's rights, and no more.** A script's commands go the way of the mutations of the same names, scopes
//!   and all, in the name of whoever asked for the run.
//! - **All or nothing.** A script runs before, beside the worker, and has no effect; the commands that it asked for and
//!   the note of the outcome are one decision. One command that is refused takes the others with it, and is what the run
//!   was refused for.
//! - **A try leaves nothing.** A dry run decides its commands on the books as they stand and takes all of it back; of a
//!   webhook it shows what would be sent.
//! - **Bounded.** Steps, depth, sizes, time and the number of commands of a script; time and size of an answer.
//! - **Versions stay.** A change makes a new version; a run says which it was of.
//!
//! | file | what |
//! |---|---|
//! | `model`, `store` | actions, versions, runs |
//! | `commands` | what operators change |
//! | `runs`, `finish` | a run begins, is taken up, waits; what came of it, with what it does |
//! | `triggers` | a run on a claim, by the name of a trigger |
//! | `script`, `json`, `sandbox` | the sandbox; values in and out of it; what it may not do |
//! | `call` | the call of a webhook, and what an answer means |
//! | `runner` | works on runs, on every server |
//! | `refusals`, `events` | what is said no to, and what is told |

pub mod call;
pub mod commands;
pub mod events;
pub(crate) mod finish;
pub mod json;
pub mod model;
pub mod refusals;
pub mod runner;
pub mod runs;
pub mod sandbox;
pub mod script;
pub mod store;
#[cfg(test)]
mod tests;
pub mod triggers;

pub use commands::{
    CreateCustomAction, Definition, DisableCustomAction, EnableCustomAction, RotateCustomActionSecret,
    UpdateCustomAction,
};
pub use model::{
    ActionBinding, ActionKind, ActionRun, ActionRunState, ActionState, ActionVersion, CustomAction, Failure,
    FailureKind, KINDS,
};
pub use runner::{Actions, Asker, Commands, Wanted};
pub use runs::StartRun;
pub use store::{ActionBy, RunFilter};
pub use triggers::ExecuteClaimTrigger;

use crate::work::{About, Stored};

/// What operators change about custom actions, and their runs on claims. Not the secret: that is told to whoever asks for it, when they do.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<CreateCustomAction>().about(About::Nothing),
    Stored::of::<UpdateCustomAction>().about(About::Nothing),
    Stored::of::<EnableCustomAction>().about(About::Nothing),
    Stored::of::<DisableCustomAction>().about(About::Nothing),
    Stored::of::<ExecuteClaimTrigger>().about(About::Nothing),
];
