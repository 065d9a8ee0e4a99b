//! Identification in the API: who vouches for customers, and the overview of what they have bought.

pub mod overview;
pub mod providers;

pub use overview::OverviewQuery;
pub use providers::{IdentificationMutation, IdentificationQuery};
