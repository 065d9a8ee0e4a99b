//! Journeys: what is done about a claim, step by step, until it is paid.
//!
//! A [`CollectionStrategy`] is a tenant's list of steps, as data, with versions ([`steps`]). A claim goes through one as a
//! [`ClaimJourney`], and stays on the version that it began with. The business day drives it ([`run`]): a step waits for
//! its days, looks at its conditions, does its effect, and says which step comes next.
//!
//! ```text
//!            startJourney, or the business day for strategies that are automatic
//!                                   |
//!  pauseJourney   PAUSED <-----> RUNNING ----> FINISHED   the last step is done, or the claim was handed over
//!  resumeJourney    |               |
//!                   +-----> STOPPED <+                    stopJourney; or the claim is resolved, deleted, or begun anew
//! ```
//!
//! **Stopping a journey does not resolve its claim**, and what is owed stays as it is; resolving a claim ends its journey,
//! at once for whoever looks, and with the business day in the log. A claim that is recreated begins a new life, and may
//! begin a journey again. While a promise to pay the claim is open, and while a debtor is known to have died or to be
//! insolvent, a journey does nothing, and goes on where it stood once that is over.
//!
//! A day's work on a journey is one decision, with the cursor of the day behind it: whoever is killed does nothing twice.

pub mod commands;
pub mod effects;
pub mod events;
pub mod model;
pub mod refusals;
pub mod run;
pub mod steps;
pub mod store;
#[cfg(test)]
mod tests;

pub use commands::{PauseJourney, ResumeJourney, SetCollectionStrategy, StartJourney, StopJourney};
pub use model::{ClaimJourney, CollectionStrategy, JourneyStatus, StepDone, StrategyVersion};
pub use run::{RunJourneys, StartJourneys};
pub use steps::{Conditions, StepEffect, StrategyStep};

use crate::work::{About, Stored};

/// What changes strategies and journeys.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<SetCollectionStrategy>().about(About::Nothing),
    Stored::of::<StartJourney>().about(About::Nothing),
    Stored::of::<PauseJourney>().about(About::Nothing),
    Stored::of::<ResumeJourney>().about(About::Nothing),
    Stored::of::<StopJourney>().about(About::Nothing),
];
