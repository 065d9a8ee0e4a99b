//! What money does to dues: it settles them as it comes, and a reversal opens again what it had settled.

use std::collections::HashMap;
use std::sync::Arc;

use super::apportion::{Item, Rule, apportion};
use super::events::{self, DUE_OPENED_AGAIN, DUE_SETTLED};
use super::model::{Due, DueSettlement, DueSource};
use super::store::{OF_ENTRY, OPEN};
use crate::ledger::rows::Reversed;
use crate::ledger::{Entry, Position, TransactionKind};
use crate::primitives::{AccountId, DueId, DueSettlementId, Minor};
use crate::refused::Refused;
use crate::work::{Decision, Work};

/// What is open on an account, in the order of booking.
///
/// # Errors
/// That it is not loaded yet.
pub fn open_on(work: &mut Work, account: AccountId) -> Decision<Vec<Arc<Due>>> {
    work.all::<Due, Position>(&OPEN, account)
}

/// Dues as the apportioner sees them.
#[must_use]
pub fn items_of(dues: &[Arc<Due>]) -> Vec<Item<DueId>> {
    let mut first: HashMap<(DueSource, &str), i64> = HashMap::new();
    for due in dues {
        if let Some(reference) = &due.reference {
            let place = first.entry((due.source, reference)).or_insert(due.ordinal);
            *place = due.ordinal.min(*place);
        }
    }
    let part_of = |due: &Due| {
        let reference = due.reference.as_deref();
        reference.and_then(|reference| first.get(&(due.source, reference)).copied()).unwrap_or(due.ordinal)
    };
    dues.iter()
        .map(|due| Item {
            id: due.id,
            due_on: due.due_on,
            part_of: part_of(due),
            component: due.component,
            booked: due.ordinal,
            open: due.open(),
        })
        .collect()
}

/// What an entry does to the dues of an account whose debt is itemised: `amount` is what it has brought there, `original`
/// what it reverses.
///
/// # Errors
/// That something is not loaded yet.
pub fn booked(
    work: &mut Work,
    entry: &Entry,
    original: Option<&Entry>,
    (account, amount): (AccountId, Minor),
) -> Decision<()> {
    match original {
        // What was paid and comes back. What was charged and is taken back settles nothing: whoever made a due of it
        // cancels that.
        Some(original) if amount.0 < 0 => open_again(work, original, account),
        Some(_) => Ok(()),
        None if amount.0 > 0 => {
            let Some(order) = work.position(account)?.items else { return Ok(()) };
            let rule = Rule::Product(order, work.position(account)?.repayment_order);
            // A correction names the component that it is about.
            if entry.kind == TransactionKind::Adjustment {
                for line in entry.postings.iter().filter(|line| line.account == Some(account) && line.amount.0 > 0) {
                    let component = line.component();
                    let is_of = |due: &Due| Some(due.component) == component;
                    settle(work, entry, (account, line.amount), &rule, is_of)?;
                }
                return Ok(());
            }
            settle(work, entry, (account, amount), &rule, |_| true).map(|_| ())
        }
        None => Ok(()),
    }
}

/// Spreads what an entry has brought to an account over those of its dues that are asked for, by a rule. For whoever posts
/// with [`crate::ledger::Draft::items_apart`]; what comes otherwise is spread by itself. Gives what is left.
///
/// # Errors
/// That something is not loaded yet.
pub fn settle(
    work: &mut Work,
    entry: &Entry,
    (account, amount): (AccountId, Minor),
    rule: &Rule<DueId>,
    among: impl Fn(&Due) -> bool,
) -> Decision<Minor> {
    let mut dues = open_on(work, account)?;
    dues.retain(|due| among(due));
    if dues.is_empty() {
        return Ok(amount);
    }
    let apportioned = apportion(&items_of(&dues), amount, rule);
    let now = work.now();
    for (due, part) in apportioned.parts {
        let settlement = DueSettlement {
            id: work.id(),
            ordinal: work.ordinal(),
            due,
            account,
            entry: entry.id,
            amount: part,
            taken_back: Minor::ZERO,
        };
        work.insert(settlement)?;
        let due = work.change::<Due, Refused>(due, |due| due.settle(part, now))?;
        if !due.status.is_open() {
            work.tell(events::of(DUE_SETTLED, &due));
        }
    }
    Ok(apportioned.rest)
}

/// Opens again what an entry had settled on an account, as far as it is reversed by now: first what had settled nothing,
/// then what was settled last.
fn open_again(work: &mut Work, original: &Entry, account: AccountId) -> Decision<()> {
    // An entry is no row, so that nothing tells whether it is of this batch: its settlements are always looked up.
    let settlements = work.all::<DueSettlement, DueSettlement>(&OF_ENTRY, DueSettlementId(original.id.0))?;
    let settlements: Vec<_> = settlements.into_iter().filter(|settlement| settlement.account == account).collect();
    if settlements.is_empty() {
        return Ok(());
    }
    let Some(reversed) = work.get::<Reversed>(original.id)? else { return Ok(()) };
    let of_account = || original.postings.iter().enumerate().filter(|(_, line)| line.account == Some(account));
    let brought: i64 = of_account().map(|(_, line)| line.amount.0).sum();
    let gone: i64 = of_account().map(|(place, _)| reversed.lines.get(place).copied().unwrap_or(0)).sum();
    let settled: i64 = settlements.iter().map(|settlement| settlement.amount.0).sum();
    let before: i64 = settlements.iter().map(|settlement| settlement.taken_back.0).sum();
    let to_open = if reversed.complete { settled } else { (gone - (brought - settled)).clamp(0, settled) };
    let (mut left, now) = (to_open - before, work.now());
    for settlement in settlements.iter().rev() {
        let part = (settlement.amount.0 - settlement.taken_back.0).min(left);
        if part <= 0 {
            continue;
        }
        left -= part;
        work.change::<DueSettlement, Refused>(settlement.id, |settlement| {
            settlement.taken_back.0 += part;
            Ok(())
        })?;
        work.get::<Due>(settlement.due)?;
        let due = work.change::<Due, Refused>(settlement.due, |due| due.open_again(Minor(part), now))?;
        work.tell(events::of(DUE_OPENED_AGAIN, &due));
    }
    Ok(())
}
