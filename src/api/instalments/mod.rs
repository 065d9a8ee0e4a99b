//! Instalment credits in the API: what is offered, what a credit would come to, and what was agreed on.

pub mod contract_inputs;
pub mod contract_mutations;
pub mod contracts;
mod model_inputs;
pub mod models;
mod simulation;

pub use contract_mutations::InstalmentContractMutation;
pub use contracts::{Instalment, InstalmentContract, InstalmentContractQuery};
pub use model_inputs::InstalmentModelBy;
pub use models::{InstalmentModel, InstalmentModelMutation, InstalmentModelQuery};
pub use simulation::{PlannedInstalment, SimulationQuery};

use crate::refused::Refused;

/// A count of an input, which is never negative.
fn count(field: &str, value: i32) -> Result<u32, Refused> {
    u32::try_from(value).map_err(|_| Refused::invalid(field, "must not be negative"))
}
