//! A credit transfer, and its states.

use chrono::NaiveDate;

use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, CreditTransferId, Currency, EntryId, Minor};
use crate::refused::{Facts, INVALID_STATE, Refused};

crate::words! {
    /// Where a credit transfer is in its life.
    CreditTransferState {
        /// It is made and the account is debited; it is not sent yet.
        Created = "CREATED",
        /// It is on its way.
        Sent = "SENT",
        /// It has reached its receiver's bank.
        Paid = "PAID",
        /// The bank has rejected it: the account has the money again.
        Rejected = "REJECTED",
        /// It came back: the account has the money again.
        Returned = "RETURNED",
        /// It was cancelled before it was sent: the account has the money again.
        Cancelled = "CANCELLED",
    }

    /// What the rail tells of a credit transfer.
    TransferOutcome {
        /// It has reached its receiver's bank.
        Paid = "PAID",
        /// The bank has rejected it.
        Rejected = "REJECTED",
        /// It came back, from the receiver's bank or because it was recalled.
        Returned = "RETURNED",
    }

    /// What can be done with a credit transfer.
    CreditTransferAction {
        /// `cancelCreditTransfer`.
        Cancel = "CANCEL",
        /// `reportCreditTransfer` as paid.
        Pay = "PAY",
        /// `reportCreditTransfer` as rejected.
        Reject = "REJECT",
        /// `reportCreditTransfer` as returned.
        Return = "RETURN",
    }
}

impl CreditTransferState {
    /// What it may become.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Created => &[Self::Sent, Self::Cancelled],
            Self::Sent => &[Self::Paid, Self::Rejected, Self::Returned],
            Self::Paid => &[Self::Returned],
            Self::Rejected | Self::Returned | Self::Cancelled => &[],
        }
    }
}

impl TransferOutcome {
    /// The state that it leads to.
    #[must_use]
    pub fn state(self) -> CreditTransferState {
        match self {
            Self::Paid => CreditTransferState::Paid,
            Self::Rejected => CreditTransferState::Rejected,
            Self::Returned => CreditTransferState::Returned,
        }
    }
}

impl CreditTransferAction {
    /// What it makes of a transfer.
    #[must_use]
    pub fn leads_to(self) -> CreditTransferState {
        match self {
            Self::Cancel => CreditTransferState::Cancelled,
            Self::Pay => CreditTransferState::Paid,
            Self::Reject => CreditTransferState::Rejected,
            Self::Return => CreditTransferState::Returned,
        }
    }
}

/// A credit transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditTransfer {
    /// Its id.
    pub id: CreditTransferId,
    /// Its place in lists.
    pub ordinal: i64,
    /// What the rail knows it by; unique.
    pub end_to_end: String,
    /// From which account.
    pub account: AccountId,
    /// The id of the entry that debited it, as text; unique.
    pub entry: String,
    /// In which currency.
    pub currency: Currency,
    /// How much.
    pub amount: Minor,
    /// Where it is in its life.
    pub state: CreditTransferState,
    /// The day on which it is to be sent.
    pub send_on: NaiveDate,
    /// The day on which it was.
    pub sent_on: Option<NaiveDate>,
    /// The day on which it reached its receiver's bank.
    pub settled_on: Option<NaiveDate>,
    /// The day on which it was cancelled, rejected or came back.
    pub ended_on: Option<NaiveDate>,
    /// Of a sandbox: when its rail answers.
    pub rail_on: Option<NaiveDate>,
    /// Why it was cancelled, rejected or came back.
    pub reason: Option<String>,
    /// The entry that gave the account the money again.
    pub back: Option<EntryId>,
    /// The business date on which it was made.
    pub created_on: NaiveDate,
    /// When it was made.
    pub created_at: Micros,
}

impl CreditTransfer {
    /// That it can become something.
    ///
    /// # Errors
    /// `INVALID_STATE`.
    pub fn require(&self, state: CreditTransferState) -> Result<(), Refused> {
        if self.state.next().contains(&state) {
            return Ok(());
        }
        let facts = Box::new(Facts { status: Some(self.state.word()), ..Facts::default() });
        let message = format!("the credit transfer is {}", self.state.word());
        Err(Refused { facts, ..Refused::of_field(INVALID_STATE, "endToEndId", message) })
    }

    /// Turns to another state.
    ///
    /// # Errors
    /// `INVALID_STATE`.
    pub fn turn(&mut self, state: CreditTransferState, on: NaiveDate) -> Result<(), Refused> {
        self.require(state)?;
        self.state = state;
        match state {
            CreditTransferState::Created => {}
            CreditTransferState::Sent => self.sent_on = Some(on),
            CreditTransferState::Paid => self.settled_on = Some(on),
            _ => self.ended_on = Some(on),
        }
        // Whoever has answered in the place of a sandbox's rail is not contradicted by it.
        self.rail_on = self.rail_on.filter(|_| self.state == CreditTransferState::Sent);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_becomes_what_its_list_says_and_offers_that() {
        for (state, next) in [
            ("CREATED", "CANCELLED SENT"),
            ("SENT", "PAID REJECTED RETURNED"),
            ("PAID", "RETURNED"),
            ("REJECTED", ""),
            ("RETURNED", ""),
            ("CANCELLED", ""),
        ] {
            let from = CreditTransferState::from_word(state).expect("a state");
            let mut words: Vec<_> = from.next().iter().map(|state| state.word()).collect();
            words.sort_unstable();
            assert_eq!(words.join(" "), next, "{state}");
        }
        for action in CreditTransferAction::ALL {
            let reached = CreditTransferState::ALL.iter().filter(|from| from.next().contains(&action.leads_to()));
            assert!(reached.count() > 0, "{action:?}");
        }
    }
}
