//! What a change of a claim does in the books.

use chrono::NaiveDate;

use super::model::Claim;
use crate::ledger::chart::Component;
use crate::ledger::position::Split;
use crate::ledger::{Draft, Position};
use crate::primitives::Minor;
use crate::work::{Decision, Named as _, Work};

/// How a change shows in the books.
#[derive(Clone, Debug, Default)]
pub struct Booking {
    /// For people.
    pub description: String,
    /// When it was decided, where that was another day.
    pub decided_on: Option<NaiveDate>,
    /// Why, as a word.
    pub reason: Option<String>,
}

impl Booking {
    /// A change that says nothing but what it is.
    #[must_use]
    pub fn of(description: &str) -> Self {
        Self { description: description.into(), ..Self::default() }
    }
}

/// What the account owes less after a change than before, by component: below zero, what it owes more.
#[must_use]
pub fn difference(before: Option<&Claim>, after: &Claim) -> Split {
    let (before, after) = (before.map(Claim::owed).unwrap_or_default(), after.owed());
    let mut parts = [Minor::ZERO; Component::COUNT];
    for (place, part) in parts.iter_mut().enumerate() {
        *part = Minor(before[place].0 - after[place].0);
    }
    parts
}

/// Books what a change does to what is owed; nothing where it does nothing.
///
/// # Errors
/// The books', for `field` where they are about the account.
pub fn book(work: &mut Work, before: Option<&Claim>, after: &Claim, booking: Booking, field: &str) -> Decision<()> {
    let parts = difference(before, after);
    if parts.iter().all(|part| *part == Minor::ZERO) {
        return Ok(());
    }
    let party = work.get::<Position>(after.account)?.and_then(|position| position.party);
    let mut draft = Draft::owing(after.account, parts, party, after.currency, booking.description);
    draft.transaction_date = booking.decided_on;
    draft.facts.reference = Some(after.reference.clone());
    draft.facts.reason = booking.reason;
    work.post(&draft).named(&[(after.account, field)])?;
    Ok(())
}
