//! Insurance that rides on an account: what it is sold as, who has it, what happened to it, what it costs.
//!
//! A package is data: the products that it is offered with, the events that may be recorded with the action that each
//! takes and the state that results, the ages of the insured, and the rule of its premium. An account has one contract of
//! a package at a time; the insured is the account's owner.
//!
//! | state | cover | premium | becomes |
//! |---|---|---|---|
//! | ACTIVE | yes | charged | INTERRUPTED, DISABLED, CLOSED |
//! | INTERRUPTED | as the event that interrupted it says | not charged | ACTIVE, DISABLED, CLOSED |
//! | DISABLED | no; one that is to begin later is so until then | not charged | ACTIVE, CLOSED |
//! | CLOSED | no | not charged | |
//!
//! A premium is for a period that is counted from the contract's first day, and is charged by the business day on which
//! the period begins, once: the contract goes on to its next period in the same decision, and the period's row has an id
//! that is made of both. What the books refuse (an account without the funds) is tried again with each day. A period that
//! has begun is charged whole; one that began while the contract was not active is free, and nothing is charged for it
//! later.
//!
//! A contract ends by an event, by hand, after its last day, when the insured is older than the package allows, and with
//! its account: whatever closes that, closes it in the same decision ([`close_all`]).
//!
//! | what | leaves | arrives |
//! |---|---|---|
//! | a premium on FEE | the account's free funds, then its FEE (its funds alone where it may not owe) | INSURANCE_PREMIUM, or FEE_INCOME |
//! | a premium on PRINCIPAL | the account's funds or credit | the same |

mod commands;
pub mod events;
pub mod model;
mod packages;
pub mod refusals;
mod steps;
pub mod store;
#[cfg(test)]
mod tests;

pub use commands::{EndInsurance, RecordInsuranceEvent, SubscribeInsurance, close_all};
pub use model::{
    InsuranceAction, InsuranceContract, InsuranceEvent, InsurancePackage, InsurancePremium, InsuranceStatus,
    PackageEvent, PremiumRule,
};
pub use packages::{CreateInsurancePackage, UpdateInsurancePackage};
pub use steps::{ChargePremiums, TurnContracts};
pub use store::{ContractBy, ContractFilter, PackageBy};

use crate::work::{About, Stored};

/// What changes insurance.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<CreateInsurancePackage>().about(About::Nothing),
    Stored::of::<UpdateInsurancePackage>().about(About::Nothing),
    Stored::of::<SubscribeInsurance>().about(About::Nothing),
    Stored::of::<RecordInsuranceEvent>().about(About::Nothing),
    Stored::of::<EndInsurance>().about(About::Nothing),
];
