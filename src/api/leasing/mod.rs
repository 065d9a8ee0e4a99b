//! Leasing in the API: plans and instalments; respites and terminations of credits.

pub mod credits;
pub mod mutations;
pub mod plans;

pub use credits::{CreditFields, Respite, Termination, TerminationMutation, respite_by_id, termination_by_id};
pub use mutations::LeaseMutation;
pub use plans::{LeaseFields, LeaseInstalment, LeasePlan, LeasingQuery, instalment_by_id, plan_by_id};
