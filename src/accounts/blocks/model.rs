//! A block.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::ledger::BlockKind;
use crate::ledger::restrictions::Restriction;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, BlockId, Currency, CustomerId, Minor, text};
use crate::refused::{INVALID_STATE, Refused, check_reference, noted};

/// The most that may be in force on one thing.
pub const MOST: usize = 20;

/// What is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockSubject {
    /// An account.
    Account(AccountId),
    /// A customer, and so all of its accounts.
    Customer(CustomerId),
}

impl BlockSubject {
    /// As it is stored.
    #[must_use]
    pub fn uuid(self) -> Uuid {
        match self {
            Self::Account(account) => account.0,
            Self::Customer(customer) => customer.0,
        }
    }
}

crate::words! {
    /// Where a block is in its life.
    BlockStatus {
        /// It restricts, until its last day if it has one.
        InForce = "IN_FORCE",
        /// Somebody took it away.
        Lifted = "LIFTED",
        /// Its last day is over.
        Expired = "EXPIRED",
        /// All that was garnished has been paid.
        Fulfilled = "FULFILLED",
    }
}

impl BlockStatus {
    /// What it may become.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::InForce => &[Self::Lifted, Self::Expired, Self::Fulfilled],
            Self::Lifted | Self::Expired | Self::Fulfilled => &[],
        }
    }
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its id.
    pub id: BlockId,
    /// Its place in lists.
    pub ordinal: i64,
    /// What is blocked.
    pub subject: BlockSubject,
    /// What it does.
    pub kind: BlockKind,
    /// Where it is in its life, as was noted last.
    pub status: BlockStatus,
    /// Why, as a code of the tenant's own.
    pub reason_code: String,
    /// Why, for people.
    pub reason: Option<String>,
    /// The last day of it.
    pub until: Option<NaiveDate>,
    /// What is still to be set aside, of a garnishment.
    pub garnished: Option<(Minor, Currency)>,
    /// What of it has been paid.
    pub paid: Minor,
    /// When it was placed.
    pub placed_at: Micros,
    /// When it ended, if that was noted.
    pub ended_at: Option<Micros>,
    /// Why it was lifted, for people.
    pub lift_reason: Option<String>,
}

impl Block {
    /// Where it stands on a day: one whose last day is over has ended, whether or not that was noted.
    #[must_use]
    pub fn stands(&self, today: NaiveDate) -> BlockStatus {
        match self.status {
            BlockStatus::InForce if self.until.is_some_and(|until| until < today) => BlockStatus::Expired,
            status => status,
        }
    }

    /// As far as it decides.
    #[must_use]
    pub fn restriction(&self) -> Restriction {
        Restriction {
            of_owner: matches!(self.subject, BlockSubject::Customer(_)),
            kind: self.kind,
            until: self.until,
            garnished: self.garnished.map_or(Minor::ZERO, |(amount, _)| amount),
        }
    }

    /// Ends it.
    ///
    /// # Errors
    /// `INVALID_STATE` unless it is in force.
    pub fn end(&mut self, status: BlockStatus, now: Micros) -> Result<(), Refused> {
        if !self.status.next().contains(&status) {
            return Err(over(self.status));
        }
        self.status = status;
        self.ended_at = Some(now);
        Ok(())
    }

    /// Checks that it is whole.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the first field at fault.
    pub fn checked(mut self, today: NaiveDate) -> Result<Self, Refused> {
        check_reference("reasonCode", Some(&self.reason_code))?;
        self.reason = noted("reason", self.reason.as_deref())?;
        if self.until.is_some_and(|until| until < today) {
            return Err(Refused::invalid("until", format!("must not lie before the business date, {today}")));
        }
        match (self.kind, self.subject, self.garnished) {
            (BlockKind::Garnishment, BlockSubject::Customer(_), _) => {
                Err(Refused::invalid("kind", "an amount is set aside on an account, and not on a customer"))
            }
            (BlockKind::Garnishment, _, None) => Err(Refused::invalid("garnished", "say how much is set aside")),
            (BlockKind::Garnishment, _, Some(_)) | (_, _, None) => Ok(self),
            (_, _, Some(_)) => Err(Refused::invalid("garnished", "is of the kind GARNISHMENT alone")),
        }
    }
}

/// It is over.
#[must_use]
pub fn over(status: BlockStatus) -> Refused {
    let message = format!("the block is {}", status.word());
    let refused = Refused::of_field(INVALID_STATE, "block", message);
    let facts = Box::new(crate::refused::Facts { status: Some(status.word()), ..Default::default() });
    Refused { facts, ..refused }
}

/// Why something is done, for people: a text that says something.
pub(super) fn why(field: &str, reason: &str) -> Result<String, Refused> {
    text::required(reason, 500).map_err(|problem| Refused::invalid(field, problem.to_string()))?;
    Ok(reason.to_owned())
}
