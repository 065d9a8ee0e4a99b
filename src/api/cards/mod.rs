//! Cards in the API.

pub mod account;
pub mod authorisations;
pub mod chargebacks;
pub mod clearings;
pub mod inputs;
pub mod mutations;
pub mod point_of_sale;
pub mod queries;
mod types;

pub use inputs::CardBy;
pub use point_of_sale::PointOfSale;
pub use types::*;
