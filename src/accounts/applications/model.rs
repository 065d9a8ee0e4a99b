//! An application for a higher credit limit.

use chrono::NaiveDate;

use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, Currency, CustomerId, LimitApplicationId, Minor, Origin};
use crate::refused::{Facts, INVALID_STATE, Refused};

/// How many days one is valid when nobody says.
pub const DAYS: u64 = 30;
/// The same, at most.
pub const MOST_DAYS: u64 = 366;

crate::words! {
    /// Where an application is in its life.
    LimitApplicationStatus {
        /// It waits for somebody's yes or no.
        Submitted = "SUBMITTED",
        /// Somebody said yes: the limit was raised.
        Approved = "APPROVED",
        /// Somebody said no.
        Declined = "DECLINED",
        /// Whoever asked took it back.
        Withdrawn = "WITHDRAWN",
        /// Nobody said anything in time.
        Expired = "EXPIRED",
    }
}

impl LimitApplicationStatus {
    /// What it may become.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Submitted => &[Self::Approved, Self::Declined, Self::Withdrawn, Self::Expired],
            Self::Approved | Self::Declined | Self::Withdrawn | Self::Expired => &[],
        }
    }
}

crate::words! {
    /// What can be done with an application.
    LimitApplicationAction {
        /// `decideLimitApplication` with a yes.
        Approve = "APPROVE",
        /// `decideLimitApplication` with a no.
        Decline = "DECLINE",
        /// `withdrawLimitApplication`.
        Withdraw = "WITHDRAW",
    }
}

impl LimitApplicationAction {
    /// What it makes of an application.
    #[must_use]
    pub fn leads_to(self) -> LimitApplicationStatus {
        match self {
            Self::Approve => LimitApplicationStatus::Approved,
            Self::Decline => LimitApplicationStatus::Declined,
            Self::Withdraw => LimitApplicationStatus::Withdrawn,
        }
    }
}

/// An application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitApplication {
    /// Its id.
    pub id: LimitApplicationId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Of which account.
    pub account: AccountId,
    /// Whose that is.
    pub customer: CustomerId,
    /// In which currency.
    pub currency: Currency,
    /// The limit that is wanted.
    pub wanted: Minor,
    /// The limit when it was asked for.
    pub former: Minor,
    /// The limit that was granted: what was wanted, or less.
    pub granted: Option<Minor>,
    /// Why it is wanted, for people.
    pub reason: Option<String>,
    /// Where it is in its life, as was noted last.
    pub status: LimitApplicationStatus,
    /// Who asked: the client.
    pub maker: String,
    /// The customer that the maker's token was bound to.
    pub maker_customer: Option<CustomerId>,
    /// The last day on which it can be decided.
    pub valid_through: NaiveDate,
    /// When it was asked for.
    pub submitted_at: Micros,
    /// When it ended, if that was noted.
    pub ended_at: Option<Micros>,
    /// Who ended it: the client.
    pub decided_by: Option<String>,
    /// What they said to it.
    pub comment: Option<String>,
}

impl LimitApplication {
    /// Where it stands on a day: one whose time is over has expired, whether or not that was noted.
    #[must_use]
    pub fn stands(&self, today: NaiveDate) -> LimitApplicationStatus {
        match self.status {
            LimitApplicationStatus::Submitted if self.valid_through < today => LimitApplicationStatus::Expired,
            status => status,
        }
    }

    /// Whether it is this one who asked: one client, and one customer where the token is bound to one.
    #[must_use]
    pub fn is_by(&self, origin: &Origin) -> bool {
        *self.maker == *origin.client && self.maker_customer == origin.customer
    }

    /// Ends it.
    ///
    /// # Errors
    /// `INVALID_STATE` where it cannot become that on this day.
    pub fn end(&mut self, status: LimitApplicationStatus, today: NaiveDate, now: Micros) -> Result<(), Refused> {
        let stands = match status {
            // That it has expired is noted of what is over.
            LimitApplicationStatus::Expired if self.stands(today) == status => self.status,
            LimitApplicationStatus::Expired => LimitApplicationStatus::Expired,
            _ => self.stands(today),
        };
        if !stands.next().contains(&status) {
            return Err(over(self.stands(today)));
        }
        self.status = status;
        self.ended_at = Some(now);
        Ok(())
    }
}

fn over(status: LimitApplicationStatus) -> Refused {
    let message = format!("the application is {}", status.word());
    let facts = Box::new(Facts { status: Some(status.word()), ..Facts::default() });
    Refused { facts, ..Refused::of_field(INVALID_STATE, "application", message) }
}
