//! What is garnished is paid to the authority that has asked for it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bank::BankAccount;
use super::moves::Details;
use super::simulator;
use crate::accounts::Block;
use crate::accounts::blocks;
use crate::ledger::amounts::to_minor;
use crate::ledger::entry::{Side, Spread};
use crate::ledger::facts::Counterparty;
use crate::ledger::{Draft, Entry, InternalRole, TransactionKind};
use crate::primitives::{BlockId, Money};
use crate::refused::noted;
use crate::work::{Command, Decision, Named as _, Wants, Work};

/// Pays what a garnishment has set aside, or a part of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PayGarnishment {
    /// Which.
    pub block: BlockId,
    /// How much; as much of it as there are funds for when absent.
    pub amount: Option<Money>,
    /// To where.
    pub bank_account: BankAccount,
    /// Who is paid.
    pub receiver_name: Option<String>,
    /// What the receiver is told.
    pub message_to_receiver: Option<String>,
    /// The rest.
    pub details: Details,
}

impl Command for PayGarnishment {
    const OPERATION: &'static str = "payGarnishment";
    type Made = Entry;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Block>(self.block);
        self.details.hint(wants);
    }

    /// Blocks do not stop it. Refused as: what [`blocks::pay`] is refused for, `INVALID_INPUT`, then the books' in their
    /// order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Entry>> {
        let (account, amount) = blocks::pay(work, self.block, self.amount).named(&[])?;
        let from = Side::Account(account, Spread::Reserved, None);
        let mut draft = Draft::new(TransactionKind::Disbursement, amount.currency, String::new());
        draft = draft.moving(from, Side::Internal(InternalRole::SettlementBank), to_minor("amount", amount)?);
        draft.passes_blocks = true;
        let name = noted("receiverName", self.receiver_name.as_deref())?;
        draft.personal.counterparty = Some(Counterparty { name, ..self.bank_account.to_counterparty() });
        draft.personal.message_to_receiver = noted("messageToReceiver", self.message_to_receiver.as_deref())?;
        let draft = self.details.on(draft, "Garnishment")?;
        let entry = work.post(&draft).named(&[(account, "block")])?;
        simulator::bounce(work, self.details.reference.as_deref(), &entry)?;
        Ok(entry)
    }

    fn weight(&self) -> usize {
        14
    }
}
