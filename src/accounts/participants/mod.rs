//! Who takes part in an account beside its owner, and the roles of customers that follow from that.
//!
//! A customer's roles are never told, they follow from links: who owns an account is an owner, who takes part in one is
//! what it takes part as, and other domains add what follows from theirs ([`RoleSource`]).

mod commands;
pub mod store;

use std::sync::Arc;

use crate::customers::Customer;
use crate::ledger::{AccountStatus, Position};
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, CustomerId, ParticipantId};
use crate::refused::{Facts, Refused};
use crate::work::{Decision, Work};

pub use commands::{AddAccountParticipant, RemoveAccountParticipant};
pub use store::{LINK, SETS};

use super::model::Account;
use super::refusals::PARTICIPANT_REFUSED;

/// Who may take part in an account beside its owner, at most.
pub const MOST_OF_ACCOUNT: usize = 20;
/// What a customer may take part in, at most.
pub const MOST_OF_CUSTOMER: usize = 1_000;

crate::words! {
    /// As what a customer takes part in an account beside its owner.
    ParticipantRole {
        /// It is theirs as well.
        CoOwner = "CO_OWNER",
        /// Pays what is owed on it.
        Payer = "PAYER",
        /// Owes what is owed on it beside the owner.
        Debtor = "DEBTOR",
        /// Pays when the owner does not.
        Guarantor = "GUARANTOR",
    }

    /// What a customer is, by what it has to do with.
    CustomerRole {
        /// Owns an account.
        Owner = "OWNER",
        /// Owns an account with its owner.
        CoOwner = "CO_OWNER",
        /// Holds a card.
        Cardholder = "CARDHOLDER",
        /// Pays what is owed on an account.
        Payer = "PAYER",
        /// Owes what is owed on an account.
        Debtor = "DEBTOR",
        /// Pays when an account's owner does not.
        Guarantor = "GUARANTOR",
    }
}

impl ParticipantRole {
    /// Whether an account's own owner may be that: what the owner is anyway, it is not beside itself.
    #[must_use]
    pub fn fits_owner(self) -> bool {
        matches!(self, Self::Payer | Self::Debtor)
    }
}

/// Somebody who takes part in an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// Its id.
    pub id: ParticipantId,
    /// Its place in lists.
    pub ordinal: i64,
    /// In which account.
    pub account: AccountId,
    /// Who.
    pub customer: CustomerId,
    /// As what.
    pub role: ParticipantRole,
    /// All three in one text.
    pub link: String,
    /// Since when.
    pub created_at: Micros,
}

impl Participant {
    /// Account, customer and role in one text.
    #[must_use]
    pub fn link_of(account: AccountId, customer: CustomerId, role: ParticipantRole) -> String {
        format!("{}:{}:{}", account.0.simple(), customer.0.simple(), role.word())
    }

    /// The same for another customer.
    #[must_use]
    pub fn link_for(&self, customer: CustomerId) -> String {
        Self::link_of(self.account, customer, self.role)
    }
}

/// Where roles follow from: the rows of a table, or those that meet a condition, give the customer of a column a role.
#[derive(Clone, Copy, Debug)]
pub struct RoleSource {
    /// The table; a row is called `found`.
    pub table: &'static str,
    /// Its column with the customer.
    pub column: &'static str,
    /// The role, in SQL: a text, or a column of the row.
    pub role: &'static str,
    /// What rows have to meet besides.
    pub condition: &'static str,
}

/// The roles that follow from accounts.
pub const ROLES: &[RoleSource] = &[
    RoleSource { table: "account", column: "customer_id", role: "'OWNER'", condition: "TRUE" },
    RoleSource { table: "account_participant", column: "customer_id", role: "found.role", condition: "TRUE" },
];

/// Who takes part in an account.
///
/// # Errors
/// That it is not loaded yet.
pub fn of_account(work: &mut Work, account: AccountId) -> Decision<Vec<Arc<Participant>>> {
    work.all::<Participant, Account>(&SETS[0], account)
}

/// What a customer takes part in.
///
/// # Errors
/// That it is not loaded yet.
pub fn of_customer(work: &mut Work, customer: CustomerId) -> Decision<Vec<Arc<Participant>>> {
    work.all::<Participant, Customer>(&SETS[1], customer)
}

fn refused(field: &str, message: &str, status: Option<&'static str>) -> Refused {
    let facts = Box::new(Facts { status, ..Facts::default() });
    Refused { facts, ..Refused::of_field(PARTICIPANT_REFUSED, field, message) }
}

/// Nobody begins to take part in an account that is closed.
fn require_not_closed(position: &Position) -> Result<(), Refused> {
    match position.status {
        AccountStatus::Closed => Err(refused("account", "the account is closed", Some(AccountStatus::Closed.word()))),
        _ => Ok(()),
    }
}
