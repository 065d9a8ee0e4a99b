//! Payouts: what a provider had captured comes to the bank, less its fee, in one receipt.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events::{self, PROVIDER_PAID_OUT};
use super::model::{PaymentProvider, ProviderPayment};
use super::refusals::PAYOUT_DOES_NOT_ADD_UP;
use super::store::CODE;
use crate::ledger::amounts::{positive, to_minor};
use crate::ledger::entry::Side;
use crate::ledger::refusal::CURRENCY_MISMATCH;
use crate::ledger::{Draft, Entry, InternalRole, TransactionKind};
use crate::payments::Details;
use crate::primitives::{Minor, Money, ProviderPaymentId};
use crate::refused::{Facts, INVALID_STATE, Refused};
use crate::work::{Command, Decision, Named as _, Wants, Work};

/// Payments of one payout, at most.
pub const MOST: usize = 500;

/// Reconciles a bank's receipt with the payments that a provider has paid out with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReconcileProviderPayout {
    /// Which provider, by its code.
    pub provider: String,
    /// What it has paid out: what was captured, less what was given back.
    pub payments: Vec<ProviderPaymentId>,
    /// What the bank has received.
    pub amount: Money,
    /// What the provider has kept of it.
    pub fee: Option<Money>,
    /// The rest.
    pub details: Details,
}

impl Command for ReconcileProviderPayout {
    const OPERATION: &'static str = "reconcileProviderPayout";
    type Made = Entry;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<PaymentProvider>(&CODE, &self.provider);
        self.payments.iter().for_each(|payment| wants.row::<ProviderPayment>(*payment));
        self.details.hint(wants);
    }

    /// Refused as: `NOT_FOUND` (provider, then a payment that is not its), `INVALID_INPUT` (none, too many, one twice),
    /// `AMOUNT_OUT_OF_RANGE`, `CURRENCY_MISMATCH`, `INVALID_STATE` for a payment that is not captured, that is being
    /// refunded, or that was paid out already, `PAYOUT_DOES_NOT_ADD_UP`, then the books' in their order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Entry>> {
        let provider = work.find::<PaymentProvider>(&CODE, &self.provider)?;
        let provider = provider.ok_or_else(|| Refused::not_found("provider", "payment provider"))?;
        if self.payments.is_empty() || self.payments.len() > MOST {
            return Err(Refused::invalid("payments", format!("between 1 and {MOST}")).into());
        }
        let amount = positive("amount", self.amount)?;
        let currency = self.amount.currency;
        let fee = match self.fee {
            None => Minor::ZERO,
            Some(fee) if fee.currency != currency => {
                let message = format!("the amount is in {currency}");
                return Err(Refused::of_field(CURRENCY_MISMATCH, "fee.currency", message).into());
            }
            Some(fee) => to_minor("fee", fee)?,
        };
        if fee.0 < 0 {
            return Err(Refused::invalid("fee", "must not be negative").into());
        }
        let mut sum = 0_i64;
        let found = work.get_all::<ProviderPayment>(&self.payments)?;
        for (place, payment) in found.into_iter().enumerate() {
            let field = format!("payments.{place}");
            let payment = payment.filter(|payment| payment.provider == provider.id);
            let payment = payment.ok_or_else(|| Refused::not_found(&field, "payment through this provider"))?;
            if self.payments[..place].contains(&payment.id) {
                return Err(Refused::invalid(&field, "is named twice").into());
            }
            if payment.currency != currency {
                let message = format!("the payment is in {}", payment.currency);
                return Err(Refused::of_field(CURRENCY_MISMATCH, &field, message).into());
            }
            if !payment.state.has_captured() || payment.payout.is_some() || payment.asking.is_some() {
                let message =
                    if payment.payout.is_some() { "was paid out already" } else { "is not captured and at rest" };
                let facts = Box::new(Facts { status: Some(payment.state.word()), ..Facts::default() });
                return Err(Refused { facts, ..Refused::of_field(INVALID_STATE, &field, message) }.into());
            }
            sum += payment.captured.0 - payment.refunded.0;
        }
        if sum != amount.0.saturating_add(fee.0) {
            let expected = Minor(sum).in_currency(currency);
            let message = format!("the payments, less what was given back, come to {expected}");
            let facts = Box::new(Facts { remaining: Some(expected), ..Facts::default() });
            return Err(Refused { facts, ..Refused::of_field(PAYOUT_DOES_NOT_ADD_UP, "amount", message) }.into());
        }
        // What the provider owed is owed no more.
        let provider = || Side::Internal(InternalRole::SettlementPsp);
        let mut draft = Draft::new(TransactionKind::ProviderPayout, currency, String::new());
        let shares = [(InternalRole::SettlementBank, amount), (InternalRole::ProviderFee, fee)];
        for (role, share) in shares.into_iter().filter(|(_, share)| share.0 > 0) {
            draft = draft.moving(Side::Internal(role), provider(), share);
        }
        let draft = self.details.on(draft, "Payout by a provider")?;
        let entry = work.post(&draft).named(&[])?;
        for payment in &self.payments {
            let payment = work.change::<ProviderPayment, Refused>(*payment, |payment| {
                payment.payout = Some(entry.id);
                Ok(())
            })?;
            work.tell(events::of(PROVIDER_PAID_OUT, &payment));
        }
        Ok(entry)
    }

    fn weight(&self) -> usize {
        6 + 2 * self.payments.len()
    }

    /// No account is touched.
    fn amount(&self, _entry: &Entry) -> Option<Money> {
        Some(self.amount)
    }
}
