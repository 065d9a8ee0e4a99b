//! Whether and when a debtor may be written to.

use chrono::{NaiveDate, NaiveTime};

use super::refusals::{CONTACT_CEASED, CONTACT_TOO_OFTEN};
use super::settings::Frequency;
use crate::primitives::calendar::Zone;
use crate::primitives::clock::Micros;
use crate::primitives::{CustomerId, DebtorContactId};
use crate::refused::{Facts, Refused};

/// A quarter of an hour: how finely it is looked for when the hours begin.
const QUARTER: Micros = 15 * 60 * 1_000_000;
/// The contacts of a debtor that are remembered, at most.
pub const MOST_REMEMBERED: usize = 100;

crate::words! {
    /// Why nobody writes to a debtor.
    CeaseReason {
        /// The debtor has said so.
        CeaseContact = "CEASE_CONTACT",
        /// A lawyer speaks for the debtor.
        Lawyer = "LAWYER",
        /// The debtor has died.
        Deceased = "DECEASED",
        /// The debtor is insolvent.
        Insolvent = "INSOLVENT",
    }
}

/// What holds when a debtor is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebtorContact {
    /// The customer's own.
    pub id: DebtorContactId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Why nobody writes, if nobody does.
    pub cease: Option<CeaseReason>,
    /// Since when.
    pub since: Option<Micros>,
    /// The days on which messages were decided, the last [`MOST_REMEMBERED`] of them.
    pub contacted: Vec<NaiveDate>,
}

impl DebtorContact {
    /// The one of a customer.
    #[must_use]
    pub fn id_of(customer: CustomerId) -> DebtorContactId {
        DebtorContactId(customer.0)
    }

    /// Whose it is.
    #[must_use]
    pub fn customer(&self) -> CustomerId {
        CustomerId(self.id.0)
    }

    /// That nobody has said not to write.
    ///
    /// # Errors
    /// `CONTACT_CEASED` for the field, with the reason as `facts.status`.
    pub fn require_contact(&self, field: &str) -> Result<(), Refused> {
        let Some(reason) = self.cease else { return Ok(()) };
        let refused =
            Refused::of_field(CONTACT_CEASED, field, format!("nobody writes to the debtor: {}", reason.word()));
        let facts = Box::new(Facts { status: Some(reason.word()), ..Facts::default() });
        Err(Refused { facts, ..refused })
    }

    /// That one more message is not too many.
    ///
    /// # Errors
    /// `CONTACT_TOO_OFTEN` for the field, with the most as `facts.maximumCount`.
    pub fn require_room(&self, rule: Option<Frequency>, today: NaiveDate, field: &str) -> Result<(), Refused> {
        let Some(Frequency { most, days }) = rule else { return Ok(()) };
        let recent = self.contacted.iter().filter(|day| (today - **day).num_days() < i64::from(days)).count();
        if recent < usize::from(most) {
            return Ok(());
        }
        let message = format!("the debtor was written to {recent} times within {days} days, and {most} are allowed");
        let facts = Box::new(Facts { maximum_count: Some(i32::from(most)), ..Facts::default() });
        Err(Refused { facts, ..Refused::of_field(CONTACT_TOO_OFTEN, field, message) })
    }

    /// Notes a message.
    pub fn note(&mut self, today: NaiveDate) {
        self.contacted.push(today);
        let over = self.contacted.len().saturating_sub(MOST_REMEMBERED);
        self.contacted.drain(..over);
    }
}

/// The first moment from `now` on that lies within the hours, to a quarter of an hour. The hours begin with `from` and end
/// before `to`, in the tenant's zone. Hours that no quarter lies in are met within two days by none: then it is `now`.
#[must_use]
pub fn allowed_from(now: Micros, hours: Option<(NaiveTime, NaiveTime)>, zone: Zone) -> Micros {
    let Some((from, to)) = hours else { return now };
    let lies_within = |at: Micros| {
        let time = zone.local_time(at);
        from <= time && time < to
    };
    if lies_within(now) {
        return now;
    }
    let first = now.div_euclid(QUARTER) * QUARTER;
    (1..=192).map(|step| first + step * QUARTER).find(|at| lies_within(*at)).unwrap_or(now)
}
