//! What was loaded and unloaded: maintained sums, so that a limit is decided without looking at what was booked.
//!
//! A row per account and calendar month has what counts on each business day, either way.

mod store;

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::Flow;
use crate::primitives::{AccountId, Minor, PrepaidUsageId};
use crate::refused::Refused;
use crate::work::{Decision, Work};

/// What was moved onto a prepaid account and off it in a calendar month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrepaidUsage {
    /// Made of the two below: found without being looked for.
    pub id: PrepaidUsageId,
    /// Of which account.
    pub account: AccountId,
    /// The month's first day.
    pub month: NaiveDate,
    /// What counts, by day and way; nothing is zero.
    pub moved: BTreeMap<(NaiveDate, Flow), Minor>,
}

impl PrepaidUsage {
    /// The id of a month's row.
    #[must_use]
    pub fn id_of(account: AccountId, month: NaiveDate) -> PrepaidUsageId {
        let mut digest = Sha256::new();
        digest.update("prepaid");
        digest.update(account.0.as_bytes());
        digest.update(month.to_string().as_bytes());
        let digest: [u8; 32] = digest.finalize().into();
        let bytes: [u8; 16] = std::array::from_fn(|place| digest[place]);
        // Its version tells it from the ids that are made.
        PrepaidUsageId(Uuid::from_u128((u128::from_be_bytes(bytes) & !(0xf << 76)) | (0x8 << 76)))
    }
}

fn month_of(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// What was moved one way today, and in the month.
///
/// # Errors
/// That it is not loaded yet.
pub fn moved(work: &mut Work, account: AccountId, flow: Flow) -> Decision<(Minor, Minor)> {
    let today = work.today();
    let row = work.get::<PrepaidUsage>(PrepaidUsage::id_of(account, month_of(today)))?;
    let parts = || row.iter().flat_map(|row| &row.moved).filter(|((_, way), _)| *way == flow);
    let day = parts().filter(|((day, _), _)| *day == today).map(|(_, amount)| amount.0).sum();
    Ok((Minor(day), Minor(parts().map(|(_, amount)| amount.0).sum())))
}

/// Counts an amount on a day; a negative one counts less.
///
/// # Errors
/// That it is not loaded yet.
pub fn count(work: &mut Work, account: AccountId, flow: Flow, day: NaiveDate, amount: Minor) -> Decision<()> {
    let (month, key) = (month_of(day), (day, flow));
    let id = PrepaidUsage::id_of(account, month);
    if work.get::<PrepaidUsage>(id)?.is_none() {
        work.insert(PrepaidUsage { id, account, month, moved: BTreeMap::from([(key, amount)]) })?;
        return Ok(());
    }
    work.change::<PrepaidUsage, Refused>(id, |usage| {
        let sum = usage.moved.entry(key).or_default();
        sum.0 = sum.0.saturating_add(amount.0);
        usage.moved.retain(|_, sum| sum.0 != 0);
        Ok(())
    })?;
    Ok(())
}
