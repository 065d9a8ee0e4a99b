//! Settlement with the card schemes: what cardholders have bought is paid to the network, and what the network owes is
//! received.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::moves::Details;
use crate::ledger::amounts::positive;
use crate::ledger::entry::Side;
use crate::ledger::refusal::AMOUNT_OUT_OF_RANGE;
use crate::ledger::rows::Internal;
use crate::ledger::{Draft, Entry, InternalRole, TransactionKind};
use crate::primitives::{Minor, Money};
use crate::refused::{Facts, Refused};
use crate::work::{Command, Decision, Named as _, Wants, Work};

crate::words! {
    /// Which way the money of a settlement with the card schemes goes.
    SettlementDirection {
        /// To the schemes.
        Paid = "PAID",
        /// From the schemes, when more was given back than bought.
        Received = "RECEIVED",
    }
}

/// Settles with the card schemes, over the bank: never more than stands on SCHEME_SETTLEMENT.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SettleCardScheme {
    /// How much; positive.
    pub amount: Money,
    /// Which way.
    pub direction: SettlementDirection,
    /// The rest.
    pub details: Details,
}

impl Command for SettleCardScheme {
    const OPERATION: &'static str = "settleCardScheme";
    type Made = Entry;

    fn looks_at(&self, wants: &mut Wants) {
        self.details.hint(wants);
    }

    /// Refused as: `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE` for no amount and for more than is owed this way, then the books'
    /// in their order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Entry>> {
        let currency = self.amount.currency;
        let amount = positive("amount", self.amount)?;
        let row = Internal::id_of(work.tenant(), InternalRole::SchemeSettlement, currency, None);
        let stands = work.get::<Internal>(row)?.map_or(0, |row| row.balance);
        let (bank, scheme) =
            (Side::Internal(InternalRole::SettlementBank), Side::Internal(InternalRole::SchemeSettlement));
        let (owed, kind, title, (from, to)) = match self.direction {
            SettlementDirection::Paid => {
                (stands, TransactionKind::Disbursement, "Paid to the card schemes", (scheme, bank))
            }
            SettlementDirection::Received => {
                (-stands, TransactionKind::Payment, "Received from the card schemes", (bank, scheme))
            }
        };
        if amount.0 > owed {
            let remaining = Some(Minor(owed.max(0)).in_currency(currency));
            let facts = Box::new(Facts { remaining, ..Facts::default() });
            let refused = Refused::of_field(AMOUNT_OUT_OF_RANGE, "amount", "less than that is owed this way");
            return Err(Refused { facts, ..refused }.into());
        }
        let draft = Draft::new(kind, currency, String::new()).moving(from, to, amount);
        work.post(&self.details.on(draft, title)?).named(&[])
    }

    /// No account is touched: what is asked about is what is settled.
    fn amount(&self, _entry: &Entry) -> Option<Money> {
        Some(self.amount)
    }

    fn weight(&self) -> usize {
        6
    }
}
