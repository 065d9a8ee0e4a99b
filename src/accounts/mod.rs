//! Products, and accounts of every family: open, change, close.
//!
//! A product is data and decides how its accounts behave. An account keeps its product, currency and owner
//! for life. Its status runs OPEN -> PENDING_CLOSE -> CLOSED or straight to CLOSED; a closed account takes no
//! postings ever again.
//!
//! What restricts an account's money is in [`blocks`], who wants more credit in [`applications`]; by its product an account
//! has a payment reference and a bank account to pay to, may give to charity with what it spends, and is loaded and unloaded
//! ([`prepaid`]).

pub mod actions;
pub mod applications;
pub mod bank;
pub mod blocks;
pub mod catalogue;
pub mod close;
pub mod commands;
pub mod events;
pub mod lookup;
pub mod model;
pub mod participants;
pub mod prepaid;
pub mod products;
pub mod recurring;
pub mod references;
pub mod refusals;
pub mod store;

pub use applications::{ApplyForRaisedCreditLimit, DecideLimitApplication, LimitApplication, WithdrawLimitApplication};
pub use blocks::{Block, ChangeBlock, LiftBlock, PlaceBlock};
pub use close::CloseAccount;
pub use commands::{MigratedBalance, NewOwner, OpenAccount, RequestAccountClosure, UpdateAccount, position};
pub use lookup::{AccountLookup, AccountRef};
pub use model::{Account, Family, Payee, Product, WorkingMode};
pub use participants::{AddAccountParticipant, RemoveAccountParticipant};
pub use products::{CreateProduct, UpdateProduct};
pub use store::{AccountBy, AccountFilter, ProductBy};

use crate::work::{About, Stored};

/// What changes products and accounts. What opens accounts is with the cards, as a card may be opened with one.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<CreateProduct>().about(About::Nothing),
    Stored::of::<UpdateProduct>().about(About::Nothing),
    Stored::of::<UpdateAccount>(),
    Stored::of::<RequestAccountClosure>().about(About::Accounts),
    Stored::of::<CloseAccount>(),
    Stored::of::<AddAccountParticipant>().about(About::Nothing),
    Stored::of::<RemoveAccountParticipant>().about(About::Nothing),
    Stored::of::<PlaceBlock>(),
    Stored::of::<ChangeBlock>(),
    Stored::of::<LiftBlock>().about(About::Accounts),
    Stored::of::<ApplyForRaisedCreditLimit>(),
    Stored::of::<WithdrawLimitApplication>().about(About::Nothing),
    Stored::of::<DecideLimitApplication>(),
];
