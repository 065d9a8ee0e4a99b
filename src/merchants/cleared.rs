//! What the clearing of cards and reversals do to merchants: their transactions come to the open payment.

use std::sync::Arc;

use super::model::{
    MerchantContract, MerchantPayment, MerchantPaymentState, MerchantTransaction, MerchantTransactionKind,
};
use super::store::STANDING;
use crate::ledger::point_of_sale::PointOfSale;
use crate::ledger::rows::Internal;
use crate::ledger::{Entry, InternalRole};
use crate::primitives::{Currency, EntryId, Minor};
use crate::refused::Refused;
use crate::work::{Decision, Stop, Wants, Work};

/// What [`cleared`] looks up of a message of a scheme's.
pub fn hint_of(currency: Currency, at: &PointOfSale, wants: &mut Wants) {
    if let Some(merchant) = at.merchant.as_ref().and_then(|merchant| merchant.id.as_deref()) {
        wants.unique::<MerchantContract>(&STANDING, &MerchantContract::standing_of(currency, merchant));
    }
}

/// Notes what a scheme has cleared for a merchant that is paid here.
///
/// # Errors
/// That something is not loaded yet.
pub fn cleared(work: &mut Work, entry: &Entry) -> Decision<()> {
    let at = entry.noted().point_of_sale;
    let Some(merchant) = at.as_ref().and_then(|at| at.merchant.as_ref()?.id.as_deref()) else { return Ok(()) };
    let Some((amount, currency)) = owed(work, entry) else { return Ok(()) };
    let standing = MerchantContract::standing_of(currency, merchant);
    let Some(contract) = work.find::<MerchantContract>(&STANDING, &standing)? else { return Ok(()) };
    let (kind, fee) = match amount.0 > 0 {
        true => (MerchantTransactionKind::Purchase, contract.fee_of(amount)),
        false => (MerchantTransactionKind::Refund, Minor::ZERO),
    };
    add(work, &contract, entry, (kind, amount, fee))
}

/// Takes a reversal of what was cleared for a merchant off the open payment, or off the next one.
///
/// # Errors
/// That something is not loaded yet.
pub fn reversed(work: &mut Work, original: EntryId, reversal: &Entry) -> Decision<()> {
    let Some(before) = work.get::<MerchantTransaction>(MerchantTransaction::id_of(original))? else { return Ok(()) };
    let Some((amount, _)) = owed(work, reversal) else { return Ok(()) };
    let contract = work.get::<MerchantContract>(before.contract)?;
    let contract = contract.ok_or_else(|| Stop::damaged("a merchant's transaction without its contract"))?;
    add(work, &contract, reversal, (MerchantTransactionKind::Reversal, amount, before.fee_back(amount)))
}

/// What an entry makes owed to the schemes: below zero, what it takes off that.
fn owed(work: &Work, entry: &Entry) -> Option<(Minor, Currency)> {
    let currency = entry.postings.first()?.currency;
    let row = Internal::id_of(work.tenant(), InternalRole::SchemeSettlement, currency, None);
    let line = entry.postings.iter().find(|line| line.ledger_account == row)?;
    Some((line.amount, currency))
}

fn add(
    work: &mut Work,
    contract: &Arc<MerchantContract>,
    entry: &Entry,
    (kind, amount, fee): (MerchantTransactionKind, Minor, Minor),
) -> Decision<()> {
    let today = work.today();
    let payment = match contract.open {
        Some(payment) => payment,
        None => {
            let payment = MerchantPayment {
                id: work.id(),
                ordinal: work.ordinal(),
                contract: contract.id,
                party: contract.party,
                currency: contract.currency,
                state: MerchantPaymentState::Open,
                gross: Minor::ZERO,
                fee: Minor::ZERO,
                transactions: 0,
                from: today,
                through: today,
                entry: None,
                paid_on: None,
            };
            let payment = work.insert(payment)?.id;
            work.change::<MerchantContract, Refused>(contract.id, |contract| {
                contract.open = Some(payment);
                Ok(())
            })?;
            payment
        }
    };
    let transaction = MerchantTransaction {
        id: MerchantTransaction::id_of(entry.id),
        ordinal: work.ordinal(),
        contract: contract.id,
        party: contract.party,
        payment,
        kind,
        currency: contract.currency,
        amount,
        fee,
        booked_on: today,
    };
    let transaction = work.insert(transaction)?;
    work.get::<MerchantPayment>(payment)?;
    work.change::<MerchantPayment, Refused>(payment, |payment| {
        payment.add(&transaction);
        Ok(())
    })?;
    Ok(())
}
