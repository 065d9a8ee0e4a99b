//! What merchants gave back of a purchase: a maintained sum, so that no more than the rest of it is charged back.
//!
//! A row per purchase of which anything was refunded. Only a refund that names its purchase counts; one that is reversed
//! counts no more.

mod store;

use crate::ledger::rows::{Internal, Reversed};
use crate::ledger::{Entry, InternalRole, PointOfSale, TransactionKind};
use crate::primitives::{EntryId, Minor};
use crate::refused::Refused;
use crate::work::{Decision, Stop, Wants, Work};

/// What was refunded of a purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refunds {
    /// The purchase's entry.
    pub purchase: EntryId,
    /// How much, of all refunds that stand.
    pub refunded: Minor,
}

/// What is looked up to say what is left of a purchase.
pub(super) fn hint(purchase: EntryId, wants: &mut Wants) {
    wants.row::<Refunds>(purchase);
    wants.row::<Reversed>(purchase);
}

/// What was refunded of a purchase.
///
/// # Errors
/// That it is not loaded yet.
pub(super) fn of(work: &mut Work, purchase: EntryId) -> Decision<Minor> {
    Ok(work.get::<Refunds>(purchase)?.map_or(Minor::ZERO, |row| row.refunded))
}

/// What is left of a purchase: less what was reversed and what was refunded of it. Never below zero, though a merchant may
/// give back more than was paid.
///
/// # Errors
/// That something is not loaded yet.
pub(super) fn left(work: &mut Work, purchase: &Entry, at: &PointOfSale) -> Decision<Minor> {
    let (reversed, refunded) = (work.get::<Reversed>(purchase.id), of(work, purchase.id));
    let (reversed, refunded) = (reversed?, refunded?);
    let billed = at.billed.ok_or_else(|| Stop::damaged("a purchase that billed nothing"))?;
    let whole = crate::ledger::amounts::positive("purchase", billed)?;
    let gone: i64 = reversed.iter().flat_map(|it| &it.lines).filter(|part| **part > 0).sum();
    Ok(Minor((whole.0 - gone - refunded.0).max(0)))
}

/// Counts a refund; a negative amount counts less.
///
/// # Errors
/// That something is not loaded yet.
pub(super) fn count(work: &mut Work, purchase: EntryId, amount: Minor) -> Decision<()> {
    if work.get::<Refunds>(purchase)?.is_none() {
        work.insert(Refunds { purchase, refunded: amount })?;
        return Ok(());
    }
    work.change::<Refunds, Refused>(purchase, |row| {
        row.refunded = Minor(row.refunded.0.saturating_add(amount.0));
        Ok(())
    })?;
    Ok(())
}

/// The purchase that an entry refunds, if it does.
#[must_use]
pub fn refunds(entry: &Entry) -> Option<EntryId> {
    if entry.kind != TransactionKind::Credit {
        return None;
    }
    entry.noted().point_of_sale.and_then(|at| at.purchase)
}

/// A refund was reversed, or a part of it: that much counts no more.
///
/// # Errors
/// That something is not loaded yet.
pub fn taken_back(work: &mut Work, refund: &Entry, reversal: &Entry) -> Decision<()> {
    let Some(of) = refunds(refund) else { return Ok(()) };
    let currency = reversal.postings[0].currency;
    // The scheme's side is one line, whatever became of the account's.
    let scheme = Internal::id_of(work.tenant(), InternalRole::SchemeSettlement, currency, None);
    let lines = reversal.postings.iter().filter(|line| line.ledger_account == scheme);
    let amount: i64 = lines.map(|line| line.amount.0).sum();
    count(work, of, Minor(-amount))
}
