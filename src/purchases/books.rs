//! What purchases book and ask for: see the table in [`super`].

use std::sync::Arc;

use chrono::NaiveDate;

use super::model::{PurchaseAccount, month_after};
use crate::accounts::Account;
use crate::dues::{self, Due, DueSource, NewDue};
use crate::ledger::chart::{Component, InternalRole};
use crate::ledger::entry::Side;
use crate::ledger::{Draft, TransactionKind};
use crate::primitives::{AccountId, EntryId, Minor};
use crate::refused::Refused;
use crate::work::{Decision, Named as _, Work};

/// What an account owes.
pub(super) fn owed(work: &mut Work, account: AccountId) -> Decision<Minor> {
    Ok(work.position(account)?.debt())
}

/// Books a purchase: the account owes it, and it is owed to the merchant.
///
/// # Errors
/// The books'.
pub(super) fn book(work: &mut Work, account: &Account, reference: &str, amount: Minor) -> Decision<EntryId> {
    let draft = Draft::new(TransactionKind::Purchase, account.currency, "Purchase".into());
    let mut draft = draft.moving(Side::account(account.id), Side::Internal(InternalRole::MerchantSettlement), amount);
    draft.facts.reference = Some(reference.to_owned());
    Ok(work.post(&draft).named(&[(account.id, "account")])?.id)
}

/// Books that a loan takes over what an invoice owes.
///
/// # Errors
/// The books'.
pub(super) fn take_over(work: &mut Work, invoice: &Account, loan: &Account, rest: Minor) -> Decision<EntryId> {
    let draft = Draft::new(TransactionKind::Transfer, invoice.currency, "Invoice taken over by a loan".into());
    let mut draft = draft.moving(Side::account(loan.id), Side::account(invoice.id), rest);
    draft.facts.reference = Some(invoice.number.clone());
    // It is owed already, whatever is blocked.
    draft.passes_blocks = true;
    Ok(work.post(&draft).named(&[(loan.id, "account"), (invoice.id, "account")])?.id)
}

/// Asks for an amount by a day.
///
/// # Errors
/// As [`dues::add`].
pub(super) fn ask(
    work: &mut Work,
    account: &Account,
    amount: Minor,
    due_on: NaiveDate,
    reference: &str,
) -> Decision<Arc<Due>> {
    let reference = Some(reference.to_owned());
    dues::add(
        work,
        account,
        NewDue { component: Component::Principal, amount, due_on, source: DueSource::Purchase, reference },
    )
}

/// What purchases ask for on an account, and is not settled.
pub(super) fn open(work: &mut Work, account: AccountId) -> Decision<Vec<Arc<Due>>> {
    let mut open = dues::open_on(work, account)?;
    open.retain(|due| due.source == DueSource::Purchase);
    Ok(open)
}

/// Begins a month of a loan: it is to be paid by its end what the terms say of what is owed now, in the place of what was
/// asked for before and is open.
///
/// # Errors
/// As [`dues::add`].
pub(super) fn month(
    work: &mut Work,
    account: &Account,
    loan: &PurchaseAccount,
    due_on: NaiveDate,
) -> Decision<Arc<PurchaseAccount>> {
    let debt = owed(work, account.id)?;
    let regular = loan.credit.and_then(|credit| credit.cost(loan.original)).map_or(debt, |cost| cost.per_month);
    let minimum = regular.min(debt);
    for due in open(work, account.id)? {
        dues::cancel(work, due.id, "NEXT_MONTH")?;
    }
    if minimum > Minor::ZERO {
        ask(work, account, minimum, due_on, &account.number)?;
    }
    work.change::<PurchaseAccount, Refused>(loan.id, |loan| {
        (loan.minimum, loan.carried) = (minimum, debt);
        (loan.due_on, loan.turns_on) = (Some(due_on), Some(due_on));
        loan.overdue_on = None;
        Ok(())
    })
}

/// The end of the month behind a due date.
#[must_use]
pub(super) fn next_due(due_on: NaiveDate) -> NaiveDate {
    month_after(due_on)
}
