//! Identification in the API: who vouches for customers, and the overview of what they have bought.

mod overview;
mod providers;

pub use overview::OverviewQuery;
pub use providers::{IdentificationMutation, IdentificationQuery};
