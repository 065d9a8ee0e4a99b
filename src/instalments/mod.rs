//! Credits that are repaid in instalments: what is offered, what was agreed on, and what falls due.
//!
//! | room | what |
//! |---|---|
//! | `schedule` | pure mathematics: an amount, a rate and a number of instalments become a plan |
//! | `models` | what is offered, as data: ranges, terms, rates, fees; what a credit would come to by it |
//! | `contracts` | what was agreed on: made, changed, taken back, put into force |
//! | `run` | what falls due: a step of the business day |
//! | `early` | what is paid outside of the plan: extra payments, and an end before the last instalment |
//! | `postings` | what all of them book |
//!
//! A contract in force has an account of its own, which owes what is left of the credit; nothing else moves its money. The
//! account that pays does not close while contracts hang on it.

pub mod contracts;
pub mod early;
pub mod events;
pub mod models;
pub mod postings;
pub mod refusals;
pub mod run;
pub mod schedule;
#[cfg(test)]
mod tests;

pub use contracts::{
    ActivateInstalmentContract, CancelInstalmentContract, CreateInstalmentContract, InstalmentContract,
    UpdateInstalmentContract,
};
pub use early::{RepayInstalmentContractEarly, TerminateInstalmentContract, TerminateInstalmentContracts};
pub use models::{
    CreateInstalmentModel, InstalmentModel, InstalmentModelBy, ModelStatus, PostingType, UpdateInstalmentModel,
};
pub use run::PostInstalments;
pub use schedule::{FeeTiming, RepaymentMethod};

use crate::work::{About, Stored};

/// What changes models and contracts.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<CreateInstalmentModel>().about(About::Nothing),
    Stored::of::<UpdateInstalmentModel>().about(About::Nothing),
    Stored::of::<CreateInstalmentContract>().about(About::Amount),
    Stored::of::<UpdateInstalmentContract>().about(About::Amount),
    Stored::of::<CancelInstalmentContract>().about(About::Nothing),
    Stored::of::<ActivateInstalmentContract>(),
    Stored::of::<RepayInstalmentContractEarly>(),
    Stored::of::<TerminateInstalmentContract>(),
    Stored::of::<TerminateInstalmentContracts>(),
];
