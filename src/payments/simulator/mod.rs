//! The bank's rails of a sandbox: payments that come late, transfers that bounce.
//!
//! Only of a sandbox tenant, where no bank is on the other side. What is to happen is chosen by the payment's `reference`,
//! or else by its amount, so that a test says it where it pays; the same request gives the same, whenever it is played:
//!
//! | reference | amount, in minor units | of | what happens |
//! |---|---|---|---|
//! | `SIM-BOUNCE`, `SIM-BOUNCE-n` | 9999nn: 9999.05 EUR | `disburse`, `createCreditTransfer`, `remitToParty` | the transfer comes back after two, or `n`, business days: an entry of the kind `DISBURSEMENT_RETURNED` |
//! | `SIM-LATE`, `SIM-LATE-n` | 9998nn: 9998.05 EUR | `postPayment` | the money is on its way for two, or `n`, business days: it is valued then |
//! | | 9997nn: 9997.05 EUR | payment orders | the customer's bank gives the debit back after `nn` business days |
//!
//! `n` is 1 to 30. A tenant that has set a seed (`updateTenant(sandboxSeed)`) has the rest decided by chance: of fifty
//! transfers one comes back within a week, of thirty direct debits as well, of twenty payments one comes up to three days
//! late. Which, follows from the seed, the business date, the amount and the reference alone, so the same seed gives the
//! same year.

pub mod store;

use std::sync::Arc;

use chrono::NaiveDate;
use futures_util::future::BoxFuture;
use sha2::{Digest as _, Sha256};

use super::credit_transfers;
use crate::database::Database;
use crate::jobs::by_id;
use crate::jobs::day::{BusinessDay, Step};
use crate::ledger::facts::EntryFacts;
use crate::ledger::{Entry, LedgerFault};
use crate::primitives::{EntryId, Minor, Money, SimulationId, TenantId};
use crate::work::{Decision, Reversal, Stop, Wants, Work};

/// What a rail can do, and how it is asked to.
#[derive(Debug)]
pub(crate) struct Trick {
    /// What a reference begins with.
    word: &'static str,
    /// What an amount in minor units is, apart from its last two digits.
    hundreds: i64,
    /// By chance, one in so many.
    one_in: u32,
    /// Then after so many business days at most.
    within: u32,
}

/// A transfer that comes back.
const BOUNCE: Trick = Trick { word: "SIM-BOUNCE", hundreds: 9_999, one_in: 50, within: 5 };
/// A payment that comes late.
const LATE: Trick = Trick { word: "SIM-LATE", hundreds: 9_998, one_in: 20, within: 3 };
/// A direct debit that is rejected.
pub(crate) const DEBIT_REJECTED: Trick = Trick { word: "SIM-REJECT", hundreds: 9_996, one_in: 50, within: 1 };
/// A direct debit that comes back unpaid.
pub(crate) const DEBIT_RETURNED: Trick = Trick { word: "SIM-RETURN", hundreds: 9_997, one_in: 50, within: 5 };
/// A direct debit whose payer wants it back: never by chance.
pub(crate) const DEBIT_REFUNDED: Trick = Trick { word: "SIM-REFUND", hundreds: 9_995, one_in: u32::MAX, within: 1 };
/// A direct debit that the customer's bank gives back.
const RETURN: Trick = Trick { word: "SIM-RETURN", hundreds: 9_997, one_in: 30, within: 5 };
/// What references begin with that say something to the rails.
const WORDS: &str = "SIM-";
/// Why a transfer comes back.
const WHY: &str = "returned by the receiver's bank";
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

impl Trick {
    /// After how many business days it happens, if a reference asks for it.
    fn asked(&self, reference: Option<&str>) -> Option<i16> {
        match reference?.trim().strip_prefix(self.word)? {
            "" => Some(DAYS),
            rest => rest.strip_prefix('-')?.parse().ok().filter(|days| (1..=MOST).contains(days)),
        }
    }

    /// The same of an amount.
    fn paid(&self, amount: Minor) -> Option<i16> {
        let days = i16::try_from(amount.0.checked_sub(100 * self.hundreds)?).ok()?;
        (1..=MOST).contains(&days).then_some(days)
    }

    /// The same by chance.
    fn chance(&self, seed: u32, today: NaiveDate, amount: Minor, reference: &str) -> Option<i16> {
        let mut digest = Sha256::new();
        for part in [self.word, &seed.to_string(), &today.to_string(), &amount.0.to_string(), reference] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let digest = digest.finalize();
        let number = |at: usize| u32::from_be_bytes([digest[at], digest[at + 1], digest[at + 2], digest[at + 3]]);
        (number(0) % self.one_in == 0).then(|| i16::try_from(1 + number(4) % self.within).unwrap_or(DAYS))
    }

    /// After how many business days it happens, if it does: by reference, else by amount, else by chance.
    pub(crate) fn days(&self, work: &Work, reference: Option<&str>, amount: Minor) -> Option<i16> {
        let settings = work.settings();
        if !settings.sandbox {
            return None;
        }
        let reference = reference.map_or("", str::trim);
        if reference.starts_with(WORDS) {
            return self.asked(Some(reference));
        }
        let by_chance = || settings.sandbox_seed.and_then(|seed| self.chance(seed, work.today(), amount, reference));
        self.paid(amount).or_else(by_chance)
    }
}

/// When a payment counts that comes late.
pub(super) fn late(work: &Work, reference: Option<&str>, amount: Money) -> Option<NaiveDate> {
    let days = LATE.days(work, reference, amount.to_minor().ok()?)?;
    work.settings().calendar.add_business_days(work.today(), days).ok()
}

/// When the customer's bank gives a direct debit back that it is to give back.
#[must_use]
pub fn returned(work: &Work, amount: Money) -> Option<NaiveDate> {
    let days = RETURN.days(work, None, amount.to_minor().ok()?)?;
    work.settings().calendar.add_business_days(work.today(), days).ok()
}

/// Has a transfer come back that is to.
///
/// # Errors
/// None but that of a defect.
pub(super) fn bounce(work: &mut Work, reference: Option<&str>, transfer: &Entry) -> Decision<()> {
    let amount = transfer.postings.iter().map(|line| line.amount.0).filter(|amount| *amount > 0).sum();
    let Some(days) = BOUNCE.days(work, reference, Minor(amount)) else { return Ok(()) };
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
            let due = store::due(db.reader(), tenant, day.next_day, by_id::after(after)?, Self::PAGE).await?;
            Ok(by_id::keys(due))
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        by_id::hint::<Simulation>(key, wants);
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
        let facts = EntryFacts { reason: Some(WHY.into()), ..EntryFacts::default() };
        let description = "Returned transfer".to_owned();
        let back = Reversal { amount: None, value_date: None, description, facts };
        // What is refused is not tried again every day.
        let came: Result<Arc<Entry>, _> = work.attempt(|work| work.bring_back(&entry, &back))?;
        match came {
            Ok(came) => credit_transfers::commands::returned(work, entry.id, came.id, WHY),
            Err(_) => Ok(()),
        }
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
            assert_eq!((BOUNCE.asked(reference), LATE.asked(reference)), (bounce, late), "{reference:?}");
        }
    }

    #[test]
    fn an_amount_says_what_happens_and_when() {
        for (amount, bounce, late) in [
            (999_905, Some(5), None),
            (999_930, Some(30), None),
            (999_931, None, None),
            (999_900, None, None),
            (999_801, None, Some(1)),
            (-999_905, None, None),
            (i64::MAX, None, None),
            (i64::MIN + 1_000_000, None, None),
        ] {
            assert_eq!((BOUNCE.paid(Minor(amount)), LATE.paid(Minor(amount))), (bounce, late), "{amount}");
        }
    }

    #[test]
    fn a_seed_gives_the_same_again_and_another_something_else() {
        let today = NaiveDate::from_ymd_opt(2026, 4, 15).expect("a day");
        let year = |seed| -> Vec<Option<i16>> {
            (0..1_000).map(|amount| BOUNCE.chance(seed, today, Minor(amount), "invoice")).collect()
        };
        let (one, other) = (year(1), year(2));
        assert_eq!(one, year(1));
        assert_ne!(one, other);
        for year in [one, other] {
            let bounced: Vec<i16> = year.into_iter().flatten().collect();
            assert!((5..60).contains(&bounced.len()), "about one in fifty: {}", bounced.len());
            assert!(bounced.iter().all(|days| (1..=5).contains(days)));
        }
    }
}
