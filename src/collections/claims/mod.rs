//! Claims: what a debtor owes, one by one.
//!
//! | operation | takes | gives | what is owed |
//! |---|---|---|---|
//! | `createClaim` | a free reference | ACTIVE | is taken in |
//! | `recreateClaim` | DELETED | ACTIVE | is taken in anew |
//! | `importClaim` | a free reference, ACTIVE, RESOLVED | as `createClaim` or `updateClaim` | becomes what it says |
//! | `updateClaim` | ACTIVE, RESOLVED | by the rule below | becomes what it says |
//! | `creditClaim` | ACTIVE, RESOLVED | by the rule below | falls, to nothing at most |
//! | `debitClaim` | ACTIVE, RESOLVED | stays, or by `recomputeStatus` | rises |
//! | `resolveClaim` | ACTIVE | RESOLVED | stays |
//! | `deleteClaim` | ACTIVE, RESOLVED | DELETED, its reference reserved | is taken off the books |
//!
//! **The rule** ([`StatusRule`]): a claim whose amount and fees come to nothing is resolved; one that is resolved stays so.
//! `keepStatus` leaves the state as it is whatever the amounts; `recomputeStatus` takes it from them alone, so that a resolved
//! claim with something owed on it is active again. A managed claim is changed by the entries of its receivable, and by
//! `resolveClaim` alone here (`CLAIM_MANAGED`).

pub mod commands;
pub mod content;
pub mod model;
pub mod movements;
pub mod postings;
pub mod store;

pub use commands::{CreateClaim, DeleteClaim, ImportClaim, RecreateClaim, ResolveClaim, UpdateClaim};
pub use content::{ClaimChange, ClaimContent, NewFee, Opening};
pub use model::{Claim, ClaimStatus, Fee, Originator, ResolutionReason, StatusRule};
pub use movements::{CreditClaim, DebitClaim, Movement};
pub use store::ClaimFilter;
