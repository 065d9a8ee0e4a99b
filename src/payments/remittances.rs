//! Remittances: what was collected for a party is paid out to it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bank::BankAccount;
use super::moves::Details;
use super::simulator;
use crate::ledger::amounts::positive;
use crate::ledger::entry::Side;
use crate::ledger::facts::Counterparty;
use crate::ledger::refusal::{CURRENCY_MISMATCH, INSUFFICIENT_FUNDS};
use crate::ledger::rows::Internal;
use crate::ledger::{Draft, Entry, InternalRole, TransactionKind};
use crate::parties::PartyBy;
use crate::primitives::{Minor, Money};
use crate::refused::{Facts, Refused, noted};
use crate::work::{Command, Decision, Named as _, Wants, Work};

/// Pays out to a party what is held for it, less what the tenant keeps for collecting it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemitToParty {
    /// To whom.
    pub party: PartyBy,
    /// How much of what is held for it, the commission included.
    pub amount: Money,
    /// What of that the tenant keeps.
    pub commission: Option<Money>,
    /// To where.
    pub bank_account: BankAccount,
    /// What the receiver is told.
    pub message_to_receiver: Option<String>,
    /// The rest.
    pub details: Details,
}

impl Command for RemitToParty {
    const OPERATION: &'static str = "remitToParty";
    type Made = Entry;

    fn looks_at(&self, wants: &mut Wants) {
        self.party.hint(wants);
        self.details.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, `CURRENCY_MISMATCH` for a commission in another
    /// currency, `INSUFFICIENT_FUNDS` when less is held for the party, then the books' in their order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Entry>> {
        let party = self.party.locate(work, "party")?;
        let currency = self.amount.currency;
        let amount = positive("amount", self.amount)?;
        let commission = match self.commission {
            None => Minor::ZERO,
            Some(money) if money.currency != currency => {
                let message = format!("the amount is in {currency}");
                return Err(Refused::of_field(CURRENCY_MISMATCH, "commission.currency", message).into());
            }
            Some(money) => positive("commission", money)?,
        };
        if commission > amount {
            return Err(Refused::invalid("commission", "must not be more than the amount").into());
        }
        let row = Internal::id_of(work.tenant(), InternalRole::ClientMoney, currency, Some(party.id));
        let held = work.get::<Internal>(row)?.map_or(0, |row| row.balance);
        if held < amount.0 {
            let available = Some(Minor(held.max(0)).in_currency(currency));
            let message = "less than that is held for the party";
            let refused = Refused::of_field(INSUFFICIENT_FUNDS, "amount", message);
            let facts = Box::new(Facts { available, ..Facts::default() });
            return Err(Refused { facts, ..refused }.into());
        }
        let from = || Side::Party(InternalRole::ClientMoney, party.id);
        let mut draft = Draft::new(TransactionKind::Disbursement, currency, String::new());
        let shares = [(InternalRole::SettlementBank, amount.0 - commission.0), (InternalRole::FeeIncome, commission.0)];
        for (to, share) in shares.into_iter().filter(|(_, share)| *share > 0) {
            draft = draft.moving(from(), Side::Internal(to), Minor(share));
        }
        draft.personal.counterparty =
            Some(Counterparty { name: Some(party.name.clone()), ..self.bank_account.to_counterparty() });
        draft.personal.message_to_receiver = noted("messageToReceiver", self.message_to_receiver.as_deref())?;
        let draft = self.details.on(draft, "Remittance")?;
        let entry = work.post(&draft).named(&[])?;
        simulator::bounce(work, self.details.reference.as_deref(), &entry)?;
        Ok(entry)
    }

    /// No account is touched: what is asked about is what leaves.
    fn amount(&self, _entry: &Entry) -> Option<Money> {
        Some(self.amount)
    }
}
