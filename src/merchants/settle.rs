//! What pays merchants: by hand, and by the business day.

use std::sync::Arc;

use chrono::NaiveDate;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::commands::located;
use super::events;
use super::model::{MerchantContract, MerchantPayment, MerchantPaymentState};
use super::refusals::{NOTHING_TO_SETTLE, SCHEME_SETTLEMENT_TOO_LOW};
use super::store;
use crate::database::Database;
use crate::jobs::by_id;
use crate::jobs::day::{BusinessDay, Step};
use crate::ledger::entry::Side;
use crate::ledger::facts::Counterparty;
use crate::ledger::rows::Internal;
use crate::ledger::{Draft, InternalRole, LedgerFault, TransactionKind};
use crate::parties::Party;
use crate::primitives::{MerchantContractId, Minor, Money, TenantId};
use crate::refused::{Facts, Refused};
use crate::work::{Command, Decision, Named as _, Stop, Wants, Work};

/// Pays a merchant what was cleared for it and is not paid.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SettleMerchant {
    /// By which contract.
    pub contract: MerchantContractId,
}

impl Command for SettleMerchant {
    const OPERATION: &'static str = "settleMerchant";
    type Made = MerchantPayment;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<MerchantContract>(self.contract);
    }

    /// Refused as: `NOT_FOUND`, `NOTHING_TO_SETTLE`, `SCHEME_SETTLEMENT_TOO_LOW`, then the books', in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<MerchantPayment>> {
        let contract = located(work, self.contract)?;
        let message = "nothing is cleared for the merchant that is to be paid";
        let nothing = || Refused::of_field(NOTHING_TO_SETTLE, "contract", message).into();
        pay(work, &contract)?.ok_or_else(nothing)
    }

    /// No account is touched: what is asked about is what is paid.
    fn amount(&self, payment: &MerchantPayment) -> Option<Money> {
        Some(payment.net().in_currency(payment.currency))
    }

    fn weight(&self) -> usize {
        6
    }
}

/// Pays the merchants whose cycle has come to its end.
#[derive(Debug)]
pub struct SettleMerchants;

impl Step for SettleMerchants {
    const NAME: &'static str = "settleMerchants";
    const PAGE: u64 = 200;

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let due = store::to_settle(db.reader(), tenant, day.through(), by_id::after(after)?, Self::PAGE).await?;
            Ok(by_id::keys(due))
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        by_id::hint::<MerchantContract>(key, wants);
    }

    /// Refused as the books refuse it: then it is tried again with the next day.
    fn act(work: &mut Work, day: &BusinessDay, key: &str) -> Decision<()> {
        let contract = by_id::row::<MerchantContract>(work, key, "the key of a step is no merchant's contract")?;
        let through: NaiveDate = day.through();
        // Somebody was faster.
        if contract.next_on.is_none_or(|next| next > through) {
            return Ok(());
        }
        pay(work, &contract)?;
        work.change::<MerchantContract, Refused>(contract.id, |contract| {
            contract.next_on = contract.cycle.next_after(through);
            Ok(())
        })?;
        Ok(())
    }
}

/// Pays the open payment of a contract, unless it comes to nothing.
fn pay(work: &mut Work, contract: &MerchantContract) -> Decision<Option<Arc<MerchantPayment>>> {
    let Some(open) = contract.open else { return Ok(None) };
    let payment = work.get::<MerchantPayment>(open);
    let party = work.get::<Party>(contract.party);
    let row = Internal::id_of(work.tenant(), InternalRole::SchemeSettlement, contract.currency, None);
    let stands = work.get::<Internal>(row);
    let payment = payment?.ok_or_else(|| Stop::damaged("an open payment that is gone"))?;
    let party = party?.ok_or_else(|| Stop::damaged("a merchant's contract without its party"))?;
    if payment.net().0 <= 0 {
        return Ok(None);
    }
    let owed = stands?.map_or(0, |row| row.balance);
    if payment.gross.0 > owed {
        let remaining = Some(Minor(owed.max(0)).in_currency(contract.currency));
        let facts = Box::new(Facts { remaining, ..Facts::default() });
        let message = "less than that is owed to the schemes: it was settled with them";
        let refused = Refused::of_field(SCHEME_SETTLEMENT_TOO_LOW, "contract", message);
        return Err(Refused { facts, ..refused }.into());
    }
    let title = format!("Paid to {}", contract.name);
    let mut draft = Draft::new(TransactionKind::Disbursement, contract.currency, title);
    draft.facts.reference = Some(contract.merchant.clone());
    draft.personal.counterparty =
        Some(Counterparty { name: Some(party.name.clone()), ..contract.bank_account.to_counterparty() });
    let parts = [(InternalRole::SettlementBank, payment.net()), (InternalRole::FeeIncome, payment.fee)];
    let parts = parts.map(|(role, part)| (Side::Internal(role), part));
    let entry =
        work.post(&draft.parting(Side::Internal(InternalRole::SchemeSettlement), parts)).of_field("contract")?;
    let today = work.today();
    let payment = work.change::<MerchantPayment, Refused>(payment.id, |payment| {
        payment.state = MerchantPaymentState::Paid;
        (payment.entry, payment.paid_on) = (Some(entry.id), Some(today));
        Ok(())
    })?;
    work.change::<MerchantContract, Refused>(contract.id, |contract| {
        contract.open = None;
        Ok(())
    })?;
    work.tell(events::paid(&payment));
    Ok(Some(payment))
}
