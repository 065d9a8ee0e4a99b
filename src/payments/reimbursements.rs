//! A credit balance that is paid back to its owner.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bank::BankAccount;
use super::moves::Details;
use super::simulator;
use crate::accounts::AccountBy;
use crate::ledger::amounts::positive;
use crate::ledger::entry::{Side, Spread};
use crate::ledger::facts::Counterparty;
use crate::ledger::refusal::INSUFFICIENT_FUNDS;
use crate::ledger::{Draft, Entry, InternalRole, TransactionKind};
use crate::primitives::Money;
use crate::refused::{Facts, INVALID_STATE, Refused, noted};
use crate::work::{Command, Decision, Named as _, Wants, Work};

crate::words! {
    /// How much of a credit balance is paid back.
    ReimbursementType {
        /// All of it.
        Full = "FULL",
        /// A part, which the amount names.
        Partial = "PARTIAL",
    }
}

/// Pays a credit balance back, whole or in part. Credit is never drawn for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PostReimbursement {
    /// Of which account.
    pub account: AccountBy,
    /// How much of it.
    pub type_: ReimbursementType,
    /// Of a part, which; of the whole, what the caller takes it to be.
    pub amount: Option<Money>,
    /// To where, where Konto is to know.
    pub bank_account: Option<BankAccount>,
    /// Who is paid.
    pub receiver_name: Option<String>,
    /// What the receiver is told.
    pub message_to_receiver: Option<String>,
    /// The rest.
    pub details: Details,
}

impl Command for PostReimbursement {
    const OPERATION: &'static str = "postReimbursement";
    type Made = Entry;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
        self.details.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE` without a credit balance, `INVALID_INPUT` for a part without its amount or
    /// a whole with another amount than the balance, `AMOUNT_OUT_OF_RANGE`, `INSUFFICIENT_FUNDS` for a part that is more
    /// than the balance, then the books' in their order: what is held or has not arrived is not paid back.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Entry>> {
        let account = self.account.locate_id(work, "account")?;
        let position = work.position(account)?;
        let credit = position.balance().in_currency(position.currency);
        if position.balance().0 <= 0 {
            let refused = Refused::of_field(INVALID_STATE, "account", "the account has no credit balance");
            let facts = Box::new(Facts { balance: Some(credit), ..Facts::default() });
            return Err(Refused { facts, ..refused }.into());
        }
        let amount = match (self.type_, self.amount) {
            (ReimbursementType::Full, Some(money)) if money != credit => {
                let refused = Refused::invalid("amount", format!("the whole credit balance is {credit}"));
                let facts = Box::new(Facts { balance: Some(credit), ..Facts::default() });
                return Err(Refused { facts, ..refused }.into());
            }
            (ReimbursementType::Full, _) => position.balance(),
            (ReimbursementType::Partial, None) => return Err(Refused::invalid("amount", "of a part, how much").into()),
            (ReimbursementType::Partial, Some(money)) => positive("amount", money)?,
        };
        let currency = self.amount.map_or(position.currency, |money| money.currency);
        if currency == position.currency && amount > position.balance() {
            let refused = Refused::of_field(INSUFFICIENT_FUNDS, "amount", "the credit balance is less than that");
            let facts = Box::new(Facts { available: Some(credit), ..Facts::default() });
            return Err(Refused { facts, ..refused }.into());
        }
        let draft = Draft::new(TransactionKind::Reimbursement, currency, String::new());
        let from = Side::Account(account, Spread::Flow, None);
        let mut draft = draft.moving(from, Side::Internal(InternalRole::SettlementBank), amount);
        let name = noted("receiverName", self.receiver_name.as_deref())?;
        let account_of = self.bank_account.as_ref().map(BankAccount::to_counterparty);
        draft.personal.counterparty = match (name, account_of) {
            (None, None) => None,
            (name, account_of) => Some(Counterparty { name, ..account_of.unwrap_or_default() }),
        };
        draft.personal.message_to_receiver = noted("messageToReceiver", self.message_to_receiver.as_deref())?;
        let draft = self.details.on(draft, "Reimbursement")?;
        let entry = work.post(&draft).named(&[(account, "account")])?;
        simulator::bounce(work, self.details.reference.as_deref(), &entry)?;
        Ok(entry)
    }
}
