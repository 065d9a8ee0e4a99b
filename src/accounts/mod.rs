//! Products, and accounts of every family: open, change, close.
//!
//! A product is data and decides how its accounts behave. An account keeps its product, currency and owner
//! for life. Its status runs OPEN -> PENDING_CLOSE -> CLOSED or straight to CLOSED; a closed account takes no
//! postings ever again.

pub mod actions;
pub mod catalogue;
pub mod close;
pub mod commands;
pub mod events;
pub mod model;
pub mod products;
pub mod store;

pub use close::CloseAccount;
pub use commands::{NewOwner, OpenAccount, RequestAccountClosure, UpdateAccount, position};
pub use model::{Account, Family, Product, WorkingMode};
pub use products::{CreateProduct, UpdateProduct};
pub use store::{AccountBy, AccountFilter, ProductBy};

use crate::work::{About, Stored};

/// What changes products and accounts.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<CreateProduct>().about(About::Nothing),
    Stored::of::<UpdateProduct>().about(About::Nothing),
    Stored::of::<OpenAccount>(),
    Stored::of::<UpdateAccount>(),
    Stored::of::<RequestAccountClosure>().about(About::Accounts),
    Stored::of::<CloseAccount>(),
];
