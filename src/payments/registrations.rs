//! Payments that a payment service provider has taken, and that are registered once each.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::moves::Details;
use crate::accounts::AccountBy;
use crate::ledger::amounts::positive;
use crate::ledger::entry::Side;
use crate::ledger::{Draft, Entry, ExternalReference, PaymentChannel, Refusal, TransactionKind};
use crate::primitives::{Money, text};
use crate::refused::Refused;
use crate::work::{Command, Decision, Named as _, Stop, Wants, Work};

/// Books what a provider has taken for an account. The provider's own id of it is unique per provider: the same payment is
/// never booked twice, whatever key it comes under.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RegisterPayment {
    /// For which account.
    pub account: AccountBy,
    /// How much: at most the account's `maxPaymentAmount`.
    pub amount: Money,
    /// When it was truly paid.
    pub paid_on: NaiveDate,
    /// Which provider.
    pub provider: String,
    /// Its id there.
    pub transaction_id: String,
    /// A JSON object of the caller's, as text.
    pub metadata: String,
}

impl RegisterPayment {
    fn external(&self) -> ExternalReference {
        let (reference, poster) = (self.transaction_id.clone(), Some(self.provider.clone()));
        ExternalReference { reference, date: None, poster, code: None }
    }
}

impl Command for RegisterPayment {
    const OPERATION: &'static str = "registerPayment";
    type Made = Entry;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
        wants.external(self.external().key());
    }

    /// Refused as: `NOT_FOUND`, `AMOUNT_OUT_OF_RANGE`, `INVALID_INPUT` (`provider`, `transactionId`, `paidOn` after the
    /// business date), `DUPLICATE_REFERENCE` for a payment that is registered already, then the books' in their
    /// order: `LIMIT_EXCEEDED` above the account's `maxPaymentAmount`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Entry>> {
        let account = self.account.locate_id(work, "account")?;
        let amount = positive("amount", self.amount)?;
        for (field, value) in [("provider", &self.provider), ("transactionId", &self.transaction_id)] {
            text::required(value, 50).map_err(|problem| Refused::invalid(field, problem.to_string()))?;
        }
        if self.paid_on > work.today() {
            return Err(Refused::invalid("paidOn", "must not lie after the business date").into());
        }
        let mut draft = Draft::new(TransactionKind::Payment, self.amount.currency, String::new());
        let from = Side::Internal(PaymentChannel::Psp.settlement());
        draft = draft.moving(from, Side::account(account), amount);
        draft.facts.channel = Some(PaymentChannel::Psp);
        let details = Details {
            value_date: Some(self.paid_on),
            transaction_date: Some(self.paid_on),
            external: Some(self.external()),
            metadata: self.metadata.clone(),
            ..Details::default()
        };
        let draft = details.on(draft, "Payment by a provider")?;
        let posted = work.post(&draft);
        match &posted {
            Err(Stop::Books(Refusal::DuplicateExternalReference)) => posted.of_field("transactionId"),
            Err(Stop::Books(Refusal::PeriodClosed { .. } | Refusal::ValueDateOutOfRange { .. })) => {
                posted.of_field("paidOn")
            }
            Err(Stop::Books(Refusal::MaximumBalanceExceeded { .. })) => posted.of_field("amount"),
            _ => posted.named(&[(account, "account")]),
        }
    }
}
