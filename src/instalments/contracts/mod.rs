//! Contracts: a credit that was agreed on, and its instalments.
//!
//! CREATED -> ACTIVE -> CLOSED or TERMINATED; CREATED -> CANCELLED. A contract keeps what it was made with, whatever becomes
//! of its model. What is planned stands in rows of its own, one an instalment; those behind the last that there is to be,
//! and all that are not posted once the contract is over, are shown as cancelled.

mod activate;
mod create;
pub mod store;
mod update;

use chrono::NaiveDate;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::models::{InstalmentModel, PostingType};
use super::schedule::{Line, Schedule, Terms};
use crate::primitives::clock::Micros;
use crate::primitives::{
    AccountId, Currency, CustomerId, EntryId, InstalmentContractId, InstalmentId, InstalmentModelId, Minor,
};
use crate::refused::{INVALID_STATE, Refused};

pub use activate::ActivateInstalmentContract;
pub(super) use activate::{ids, untie};
pub use create::CreateInstalmentContract;
pub use store::{InstalmentContractBy, InstalmentContractFilter};
pub use update::{CancelInstalmentContract, UpdateInstalmentContract};

/// The most open contracts of a customer, of a paying account or of a telephone number.
pub const MOST: usize = 100;

crate::words! {
    /// Where a contract is in its life.
    ContractState {
        /// Agreed on, and not in force.
        Created = "CREATED",
        /// In force: the credit is paid out, and its instalments fall due.
        Active = "ACTIVE",
        /// Taken back before it came into force.
        Cancelled = "CANCELLED",
        /// Ended before its last instalment.
        Terminated = "TERMINATED",
        /// Repaid.
        Closed = "CLOSED",
    }

    /// An operation on a contract.
    ContractAction {
        /// `updateInstalmentContract`.
        Update = "UPDATE",
        /// `cancelInstalmentContract`.
        Cancel = "CANCEL",
        /// `activateInstalmentContract`.
        Activate = "ACTIVATE",
        /// `repayInstalmentContractEarly`.
        RepayEarly = "REPAY_EARLY",
        /// `terminateInstalmentContract`.
        Terminate = "TERMINATE",
    }

    /// Where an instalment is in its life.
    InstalmentStatus {
        /// It is not due yet, or not posted yet.
        Planned = "PLANNED",
        /// It was due, and the account that pays lacked funds: it is tried again each business day.
        Overdue = "OVERDUE",
        /// It was posted on the account that pays.
        Posted = "POSTED",
        /// It is never to be posted.
        Cancelled = "CANCELLED",
    }

    /// Who bears what is repaid outside of the plan.
    SettledBy {
        /// The issuer: what is owed of the credit is written off, and no interest or fee is charged.
        Issuer = "ISSUER",
        /// The account that pays the instalments.
        PayingAccount = "PAYING_ACCOUNT",
    }
}

impl ContractState {
    /// What an action makes of it: the whole life of a contract but for its last instalment, which closes it.
    #[must_use]
    pub fn after(self, action: ContractAction) -> Option<Self> {
        match (self, action) {
            (Self::Created, ContractAction::Update) => Some(Self::Created),
            (Self::Created, ContractAction::Cancel) => Some(Self::Cancelled),
            (Self::Created, ContractAction::Activate) => Some(Self::Active),
            (Self::Active, ContractAction::Update | ContractAction::RepayEarly) => Some(Self::Active),
            (Self::Active, ContractAction::Terminate) => Some(Self::Terminated),
            _ => None,
        }
    }

    /// Whether it counts as an open one.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Created | Self::Active)
    }
}

/// A credit that is repaid in instalments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalmentContract {
    /// Its id.
    pub id: InstalmentContractId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Twelve digits, unique in the tenant.
    pub reference: String,
    /// The tenant's own reference; unique.
    pub external_reference: Option<String>,
    /// What it was made by.
    pub model: InstalmentModelId,
    /// Whose it is.
    pub customer: CustomerId,
    /// What the credit is paid out to.
    pub receiving: AccountId,
    /// What pays the instalments.
    pub paying: AccountId,
    /// Its own account: what is still owed of the credit. Once it is in force.
    pub account: Option<AccountId>,
    /// Where it is in its life.
    pub state: ContractState,
    /// Of all its amounts.
    pub currency: Currency,
    /// By which channel it came.
    pub channel: String,
    /// The telephone number that it came from: digits alone.
    pub msisdn: Option<String>,
    /// The business date on which it was made.
    pub contracted_on: NaiveDate,
    /// The business date on which it came into force.
    pub activated_on: Option<NaiveDate>,
    /// The business date on which it was over.
    pub ended_on: Option<NaiveDate>,
    /// What the plan follows from.
    pub terms: Terms,
    /// In how many operations an instalment is posted.
    pub posting: PostingType,
    /// The interest of the plan, as it is now.
    pub interest: Minor,
    /// What an instalment is kept at when the plan is shortened.
    pub level: Minor,
    /// A regular instalment.
    pub regular: Minor,
    /// The first instalment that is not posted.
    pub next_number: u32,
    /// Its day, while the contract is in force.
    pub next_due: Option<NaiveDate>,
    /// The last instalment that there is to be.
    pub last_number: u32,
    /// What was repaid.
    pub principal_posted: Minor,
    /// What was charged of interest.
    pub interest_posted: Minor,
    /// What was charged of the fee.
    pub fee_posted: Minor,
    /// The entry that paid the credit out.
    pub payout: Option<EntryId>,
    /// Who has borne the rest, where it was ended before its time.
    pub settled_by: Option<SettledBy>,
    /// When it was made.
    pub created_at: Micros,
}

impl InstalmentContract {
    /// What is owed of the credit, once it is in force.
    #[must_use]
    pub fn owed(&self) -> Minor {
        Minor(self.terms.credit.0 - self.principal_posted.0)
    }

    /// All that is to be paid: the credit, the interest and the fee.
    #[must_use]
    pub fn total(&self) -> Minor {
        Minor(self.terms.credit.0 + self.interest.0 + self.terms.fee.0)
    }

    /// What an action makes of it.
    ///
    /// # Errors
    /// `INVALID_STATE`, with the state.
    pub fn can(&self, action: ContractAction) -> Result<ContractState, Refused> {
        self.state.after(action).ok_or_else(|| {
            let message = format!("the contract is {}", self.state.word());
            let mut refused = Refused::of_field(INVALID_STATE, "contract", message);
            refused.facts.status = Some(self.state.word());
            refused
        })
    }

    /// Where an instalment is in its life, as it is shown.
    #[must_use]
    pub fn shown(&self, instalment: &Instalment) -> InstalmentStatus {
        let is_to_come = self.state.is_open() && instalment.line.number <= self.last_number;
        match instalment.status {
            InstalmentStatus::Posted => InstalmentStatus::Posted,
            status if is_to_come => status,
            _ => InstalmentStatus::Cancelled,
        }
    }

    /// When the period of the next instalment began.
    #[must_use]
    pub fn since(&self, number: u32) -> NaiveDate {
        let before = number.checked_sub(1).and_then(|before| super::schedule::due(self.terms.first, before));
        before.or(self.activated_on).unwrap_or(self.contracted_on)
    }

    /// Takes a plan over.
    pub(super) fn take(&mut self, terms: Terms, schedule: &Schedule) {
        self.interest = schedule.interest();
        self.level = schedule.level;
        self.regular = schedule.regular(&terms);
        self.last_number = terms.count;
        self.terms = terms;
    }
}

/// An instalment of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instalment {
    /// Made of the two below: found without being looked for.
    pub id: InstalmentId,
    /// Of which contract.
    pub contract: InstalmentContractId,
    /// What is planned, or was posted.
    pub line: Line,
    /// Where it is in its life, but for the end of its contract: see [`InstalmentContract::shown`].
    pub status: InstalmentStatus,
    /// The business date on which it was posted.
    pub posted_on: Option<NaiveDate>,
    /// The entries that it was posted with.
    pub entries: Vec<EntryId>,
}

impl Instalment {
    /// The id of an instalment.
    #[must_use]
    pub fn id_of(contract: InstalmentContractId, number: u32) -> InstalmentId {
        let digest: [u8; 32] =
            Sha256::new().chain_update(contract.0.as_bytes()).chain_update(number.to_be_bytes()).finalize().into();
        // Its version tells it from the ids that are made.
        InstalmentId(of_digest(digest))
    }

    /// As it is planned.
    #[must_use]
    pub fn planned(contract: InstalmentContractId, line: Line) -> Self {
        let id = Self::id_of(contract, line.number);
        Self { id, contract, line, status: InstalmentStatus::Planned, posted_on: None, entries: Vec::new() }
    }
}

/// A UUID of a digest, of the version of those that are none of the ids that are made.
fn of_digest(digest: [u8; 32]) -> Uuid {
    let bytes: [u8; 16] = std::array::from_fn(|place| digest[place]);
    Uuid::from_u128((u128::from_be_bytes(bytes) & !(0xf << 76)) | (0x8 << 76))
}

/// A telephone number as it is kept: its digits, with the country's, and nothing else.
///
/// # Errors
/// `INVALID_INPUT` for `msisdn`.
pub fn msisdn(written: &str) -> Result<String, Refused> {
    let digits: String = written.chars().filter(|c| !matches!(c, '+' | ' ' | '-' | '(' | ')')).collect();
    let is_number = (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || digits.starts_with('0') {
        let message = "must be a telephone number with the country's: +46701234567";
        return Err(Refused::invalid("msisdn", message));
    }
    Ok(digits)
}

/// What contracts of a telephone number are found by.
#[must_use]
pub fn msisdn_id(msisdn: &str) -> InstalmentContractId {
    InstalmentContractId(of_digest(Sha256::new().chain_update("msisdn:").chain_update(msisdn).finalize().into()))
}

/// Whether a model and a channel agree.
pub(super) fn require_channel(model: &InstalmentModel, channel: &str) -> Result<(), Refused> {
    match &model.channel {
        Some(own) if own != channel => Err(Refused::invalid("channel", format!("the model's contracts come by {own}"))),
        _ => Ok(()),
    }
}
