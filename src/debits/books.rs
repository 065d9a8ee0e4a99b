//! What direct debits book: see the table in [`super`].

use std::sync::Arc;

use chrono::{Days, NaiveDate};

use super::model::DirectDebit;
use crate::ledger::chart::Component;
use crate::ledger::entry::{Side, Spread};
use crate::ledger::facts::EntryFacts;
use crate::ledger::rows::Reversed;
use crate::ledger::{AccountStatus, Draft, Entry, InternalRole, PaymentChannel, TransactionKind};
use crate::primitives::{AccountId, EntryId, Minor};
use crate::refused::Refused;
use crate::work::{Decision, Named as _, Reversal, Stop, Work};

/// A day that the books are not closed for: what is settled on a closed day counts on the first that is open.
fn open_day(work: &Work, day: NaiveDate) -> NaiveDate {
    work.closed_through().map_or(day, |closed| day.max(closed + Days::new(1)))
}

fn draft(debit: &DirectDebit, kind: TransactionKind, title: &str) -> Draft {
    let mut draft = Draft::new(kind, debit.currency, title.into());
    draft.facts.reference = Some(debit.end_to_end.clone());
    draft.facts.channel = Some(PaymentChannel::DirectDebit);
    // The rail has settled it, whatever is blocked.
    draft.passes_blocks = true;
    draft
}

/// The rail has settled: it is not the account's yet.
pub(super) fn collect(work: &mut Work, debit: &DirectDebit, settled_on: NaiveDate) -> Decision<EntryId> {
    let mut draft = draft(debit, TransactionKind::Settlement, "Direct debit settled").moving(
        Side::Internal(InternalRole::SettlementDirectDebit),
        Side::Internal(InternalRole::DirectDebitPending),
        debit.amount,
    );
    draft.value_date = Some(open_day(work, settled_on));
    Ok(work.post(&draft).named(&[])?.id)
}

/// It becomes the account's: what it owes first, and the rest goes to the overpayment account, where there is one.
///
/// # Errors
/// The books': the account is closed, or may hold no more.
pub(super) fn pay(work: &mut Work, debit: &DirectDebit) -> Decision<EntryId> {
    let excess = match debit.overpayment {
        Some(_) => Minor((debit.amount.0 - work.position(debit.account)?.debt().0).max(0)),
        None => Minor::ZERO,
    };
    let mut draft = draft(debit, TransactionKind::Payment, "Direct debit");
    let parts = [(Some(debit.account), Minor(debit.amount.0 - excess.0)), (debit.overpayment, excess)];
    for (to, part) in parts.into_iter().filter_map(|(to, part)| Some((to?, part))).filter(|(_, part)| part.0 > 0) {
        draft = draft.moving(Side::Internal(InternalRole::DirectDebitPending), Side::account(to), part);
    }
    Ok(work.post(&draft).named(&[(debit.account, "account")])?.id)
}

/// It has come back: what was booked of it is taken back. Gives the entry that took it from the account, if one did.
pub(super) fn take_back(
    work: &mut Work,
    debit: &DirectDebit,
    settled_on: NaiveDate,
    why: &str,
) -> Decision<Option<EntryId>> {
    let taken = match debit.payment {
        None => None,
        Some(payment) => take_payment_back(work, debit, payment, settled_on, why)?,
    };
    if let Some(collected) = debit.collected {
        let collected = entry(work, collected)?;
        work.reverse(&collected, &reversal(work, &collected, settled_on, why)).named(&[])?;
    }
    Ok(taken)
}

/// Out of the accounts again, into debt where they have it no more; of accounts that are closed, out of SUSPENSE, where
/// somebody has to see to it. What was taken back by hand already came from them then, and is on DIRECT_DEBIT_PENDING.
fn take_payment_back(
    work: &mut Work,
    debit: &DirectDebit,
    payment: EntryId,
    settled_on: NaiveDate,
    why: &str,
) -> Decision<Option<EntryId>> {
    if work.get::<Reversed>(payment)?.is_some_and(|reversed| reversed.complete) {
        return Ok(None);
    }
    let payment = entry(work, payment)?;
    let accounts: Vec<AccountId> = [Some(debit.account), debit.overpayment].into_iter().flatten().collect();
    let mut is_closed = false;
    for account in accounts {
        is_closed |= work.position(account)?.status == AccountStatus::Closed;
    }
    if is_closed && work.get::<Reversed>(payment.id)?.is_none() {
        let draft = draft(debit, TransactionKind::Settlement, "Direct debit returned, account closed");
        let mut draft = draft.moving(
            Side::Internal(InternalRole::Suspense),
            Side::Internal(InternalRole::DirectDebitPending),
            debit.amount,
        );
        draft.facts.reason = Some(why.into());
        return Ok(Some(work.post(&draft).named(&[])?.id));
    }
    let back = reversal(work, &payment, settled_on, why);
    Ok(Some(work.take_back(&payment, &back).named(&[(debit.account, "account")])?.id))
}

fn entry(work: &mut Work, id: EntryId) -> Decision<Arc<Entry>> {
    work.entry(id)?.ok_or_else(|| Stop::damaged("a direct debit's entry is not there"))
}

/// A reversal on the day on which the return settles, or the first that can be.
fn reversal(work: &Work, original: &Entry, settled_on: NaiveDate, why: &str) -> Reversal {
    let day = open_day(work, settled_on.max(original.value_date));
    let facts = EntryFacts { reason: Some(why.into()), ..EntryFacts::default() };
    let description = "Direct debit returned".to_owned();
    Reversal { amount: None, value_date: Some(day), description, facts }
}

/// Charges the account for it; an account that may not owe and has nothing is charged nothing.
pub(super) fn charge(work: &mut Work, debit: &DirectDebit, why: &str) -> Decision<Option<EntryId>> {
    let fee = work.settings().direct_debits.fee(debit.currency);
    let Some(fee) = fee else { return Ok(None) };
    let own = Side::Account(debit.account, Spread::Charge(Component::Fee), None);
    let mut draft = draft(debit, TransactionKind::CollectionFee, "Fee for a returned direct debit").moving(
        own,
        Side::Internal(InternalRole::FeeIncome),
        fee,
    );
    draft.facts.channel = None;
    draft.facts.reason = Some(why.into());
    let charged: Result<Arc<Entry>, Refused> = work.attempt(|work| work.post(&draft).named(&[]))?;
    Ok(charged.ok().map(|entry| entry.id))
}
