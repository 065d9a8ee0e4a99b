//! The bank's rails of a sandbox: payments that come late, transfers that bounce.
//!
//! Only of a sandbox tenant, where no bank is on the other side. What is to happen is chosen by the payment's `reference`,
//! so that a test says it where it pays; the same request gives the same, whenever it is played:
//!
//! | reference | of | what happens |
//! |---|---|---|
//! | `SIM-BOUNCE`, `SIM-BOUNCE-n` | `disburse`, `remitToParty` | the transfer comes back after two, or `n`, business days: its entry is reversed |
//! | `SIM-LATE`, `SIM-LATE-n` | `postPayment` | the money is on its way for two, or `n`, business days: it is valued then |
//!
//! `n` is 1 to 30.

pub mod store;

use std::sync::Arc;

use chrono::NaiveDate;
use futures_util::future::BoxFuture;

use crate::database::Database;
use crate::jobs::day::{BusinessDay, Step};
use crate::ledger::facts::EntryFacts;
use crate::ledger::{Entry, LedgerFault};
use crate::primitives::{EntryId, SimulationId, TenantId};
use crate::work::{Decision, Reversal, Stop, Wants, Work};

/// A transfer that comes back.
const BOUNCE: &str = "SIM-BOUNCE";
/// A payment that comes late.
const LATE: &str = "SIM-LATE";
/// Business days, where nothing is said.
const DAYS: i16 = 2;
/// The most that can be asked for.
const MOST: i16 = 30;

/// What a rail still has to do: a transfer is to come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulation {
    /// Its id.
    pub id: SimulationId,
    /// The business day on which it comes back.
    pub due: NaiveDate,
    /// The transfer's entry.
    pub entry: EntryId,
}

/// After how many business days what a reference asks for happens, if it asks for it.
fn asked(reference: Option<&str>, what: &str) -> Option<i16> {
    match reference?.trim().strip_prefix(what)? {
        "" => Some(DAYS),
        rest => rest.strip_prefix('-')?.parse().ok().filter(|days| (1..=MOST).contains(days)),
    }
}

/// When a payment counts that a reference says comes late.
pub(super) fn late(work: &Work, reference: Option<&str>) -> Option<NaiveDate> {
    let days = asked(reference, LATE).filter(|_| work.settings().sandbox)?;
    work.settings().calendar.add_business_days(work.today(), days).ok()
}

/// Has a transfer come back whose reference asks for it.
///
/// # Errors
/// None but that of a defect.
pub(super) fn bounce(work: &mut Work, reference: Option<&str>, transfer: &Entry) -> Decision<()> {
    let Some(days) = asked(reference, BOUNCE).filter(|_| work.settings().sandbox) else { return Ok(()) };
    let from = transfer.value_date.max(work.today());
    let Ok(due) = work.settings().calendar.add_business_days(from, days) else { return Ok(()) };
    let id = work.id();
    work.insert(Simulation { id, due, entry: transfer.id }).map(|_| ())
}

/// Brings back what is to come back, with the beginning of its day.
#[derive(Debug)]
pub struct SimulateRails;

impl Step for SimulateRails {
    const NAME: &'static str = "simulateRails";
    const PAGE: u64 = 100;

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let after = after.map(str::parse::<SimulationId>).transpose();
            let after = after.map_err(|_| LedgerFault::Inconsistent("cursor of a step"))?;
            let due = store::due(db.reader(), tenant, day.next_day, after, Self::PAGE).await?;
            Ok(due.into_iter().map(|id| id.to_string()).collect())
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        if let Ok(id) = key.parse::<SimulationId>() {
            wants.row::<Simulation>(id);
        }
    }

    fn books_on(day: &BusinessDay) -> Option<NaiveDate> {
        Some(day.next_day)
    }

    /// Refused as a reversal is. What cannot come back, because the account is closed, or somebody has reversed it, stays
    /// away.
    fn act(work: &mut Work, _day: &BusinessDay, key: &str) -> Decision<()> {
        let id: SimulationId = key.parse().map_err(|_| Stop::damaged("the key of a step is no simulation"))?;
        let Some(simulation) = work.get::<Simulation>(id)? else { return Ok(()) };
        let entry = work.entry(simulation.entry)?.ok_or_else(|| Stop::damaged("a transfer is not there"))?;
        work.remove::<Simulation>(id)?;
        let facts = EntryFacts { reason: Some("returned by the receiver's bank".into()), ..EntryFacts::default() };
        let description = "Returned transfer".to_owned();
        let back = Reversal { amount: None, value_date: None, description, facts };
        // What is refused is not tried again every day.
        let _refused: Result<Arc<Entry>, _> = work.attempt(|work| work.reverse(&entry, &back))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_says_what_happens_and_when() {
        for (reference, bounce, late) in [
            (Some("SIM-BOUNCE"), Some(2), None),
            (Some(" SIM-BOUNCE-1 "), Some(1), None),
            (Some("SIM-BOUNCE-30"), Some(30), None),
            (Some("SIM-BOUNCE-31"), None, None),
            (Some("SIM-BOUNCE-0"), None, None),
            (Some("SIM-BOUNCE-x"), None, None),
            (Some("SIM-BOUNCED"), None, None),
            (Some("SIM-LATE-5"), None, Some(5)),
            (Some("SIM-LATE"), None, Some(2)),
            (Some("invoice 4711"), None, None),
            (None, None, None),
        ] {
            assert_eq!((asked(reference, BOUNCE), asked(reference, LATE)), (bounce, late), "{reference:?}");
        }
    }
}
