//! Donations: what an account gives to charity with what it spends.
//!
//! An account whose owner has switched it on gives, with every purchase and transfer of its, what its product's rule says
//! ([`CharityRule`](crate::ledger::charity::CharityRule)). It is an entry of its own, from the account to CHARITY, in the same
//! decision, and is left out where it is not available or blocked: what it goes with never fails for it. Once that has been
//! reversed to the last part, the donation is reversed as well.
//!
//! Its id is a digest of the id of what it goes with, so that the one is found by the other without an index.

use sha2::{Digest as _, Sha256};
use uuid::Builder;

use crate::ledger::entry::Side;
use crate::ledger::rows::Reversed;
use crate::ledger::{Draft, Entry, EntryFacts, InternalRole, TransactionKind};
use crate::primitives::{AccountId, EntryId, Minor};
use crate::work::{Decision, Reversal, Wants, Work};

/// The id of the donation that goes with an entry.
#[must_use]
pub fn donation_of(entry: EntryId) -> EntryId {
    let digest: [u8; 32] = Sha256::new().chain_update("donation").chain_update(entry.0.as_bytes()).finalize().into();
    EntryId(Builder::from_random_bytes(std::array::from_fn(|place| digest[place])).into_uuid())
}

/// What is looked up when an entry is reversed.
pub fn hint(entry: EntryId, wants: &mut Wants) {
    wants.entry(donation_of(entry));
}

/// Gives what goes with an entry that was just booked, by the account that has paid it.
///
/// # Errors
/// That something is not loaded yet.
pub fn give(work: &mut Work, spent: &Entry, payer: AccountId) -> Decision<()> {
    let position = work.position(payer)?;
    let Some(rule) = position.charity else { return Ok(()) };
    let total = spent.postings.iter().filter(|line| line.account == Some(payer)).find_map(|line| line.total);
    let paid = total.map_or(Minor::ZERO, |total| total.amount.negated());
    let donation = rule.donation(Minor(paid.0.max(0)), position.currency);
    if donation.0 <= 0 {
        return Ok(());
    }
    let draft = Draft::new(TransactionKind::Donation, position.currency, "Donation".into());
    let mut draft = draft.moving(Side::account(payer), Side::Internal(InternalRole::Charity), donation);
    draft.id = Some(donation_of(spent.id));
    draft.value_date = Some(spent.value_date);
    draft.facts.donation_of = Some(spent.id);
    // Refused, it is left out.
    work.attempt(|work| work.post(&draft)).map(|_| ())
}

/// Takes back what went with an entry, once nothing is left of that.
///
/// # Errors
/// That something is not loaded yet.
pub fn take_back(work: &mut Work, spent: &Entry, reason: &str) -> Decision<()> {
    if !matches!(spent.kind, TransactionKind::Transfer | TransactionKind::Purchase) {
        return Ok(());
    }
    if !work.get::<Reversed>(spent.id)?.is_some_and(|reversed| reversed.complete) {
        return Ok(());
    }
    let Some(donation) = work.entry(donation_of(spent.id))? else { return Ok(()) };
    let reversal = Reversal {
        amount: None,
        value_date: None,
        description: "Reversal: Donation".into(),
        facts: EntryFacts { reason: Some(reason.to_owned()), ..EntryFacts::default() },
    };
    // One that somebody has reversed already is back.
    work.attempt(|work| work.reverse(&donation, &reversal)).map(|_| ())
}
