//! A direct debit, and its states.

use chrono::NaiveDate;

use super::reasons::DebitReason;
use crate::mandates::SequenceType;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, Currency, DirectDebitId, EntryId, MandateId, Minor};
use crate::refused::{Facts, INVALID_STATE, Refused};

crate::words! {
    /// Where a direct debit is in its life.
    DirectDebitState {
        /// It is made, and not sent yet.
        Created = "CREATED",
        /// It is on its way to the payer's bank.
        Sent = "SENT",
        /// The bank has taken it.
        Accepted = "ACCEPTED",
        /// It was paid.
        Paid = "PAID",
        /// It was rejected before it was paid.
        Rejected = "REJECTED",
        /// It came back unpaid.
        Returned = "RETURNED",
        /// It was given back: the payer wanted it, or the creditor did so by itself.
        Refunded = "REFUNDED",
        /// It was cancelled before it was sent.
        Cancelled = "CANCELLED",
    }

    /// What has made a direct debit.
    DebitSource {
        /// Somebody has asked for it.
        OnDemand = "ON_DEMAND",
        /// The business day has, so that an account repays what is due.
        Batch = "BATCH",
        /// An earlier one was not paid, and is tried again.
        Retry = "RETRY",
    }

    /// What can be done with a direct debit.
    DirectDebitAction {
        /// `cancelDirectDebit`.
        Cancel = "CANCEL",
        /// `reportDirectDebit` as accepted.
        Accept = "ACCEPT",
        /// `reportDirectDebit` as paid.
        Pay = "PAY",
        /// `reportDirectDebit` as rejected.
        Reject = "REJECT",
        /// `reportDirectDebit` as returned.
        Return = "RETURN",
        /// `reportDirectDebit` as refunded, or reversed by the creditor.
        Refund = "REFUND",
    }
}

impl DirectDebitState {
    /// What it may become.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Created => &[Self::Sent, Self::Cancelled],
            Self::Sent => &[Self::Accepted, Self::Paid, Self::Rejected],
            Self::Accepted => &[Self::Paid, Self::Rejected],
            Self::Paid => &[Self::Returned, Self::Refunded],
            Self::Rejected | Self::Returned | Self::Refunded | Self::Cancelled => &[],
        }
    }
}

impl DirectDebitAction {
    /// What it makes of a debit.
    #[must_use]
    pub fn leads_to(self) -> DirectDebitState {
        match self {
            Self::Cancel => DirectDebitState::Cancelled,
            Self::Accept => DirectDebitState::Accepted,
            Self::Pay => DirectDebitState::Paid,
            Self::Reject => DirectDebitState::Rejected,
            Self::Return => DirectDebitState::Returned,
            Self::Refund => DirectDebitState::Refunded,
        }
    }
}

/// A direct debit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectDebit {
    /// Its id.
    pub id: DirectDebitId,
    /// Its place in lists.
    pub ordinal: i64,
    /// What the rail knows it by; unique.
    pub end_to_end: String,
    /// The account that is to be paid.
    pub account: AccountId,
    /// Where goes what is left once everything that it owes is paid; onto it when absent.
    pub overpayment: Option<AccountId>,
    /// By which mandate.
    pub mandate: MandateId,
    /// What that was called when the debit was made.
    pub mandate_reference: String,
    /// Its place among the mandate's collections.
    pub sequence: SequenceType,
    /// In which currency.
    pub currency: Currency,
    /// How much.
    pub amount: Minor,
    /// What has made it.
    pub source: DebitSource,
    /// Where it is in its life.
    pub state: DirectDebitState,
    /// What the payer is told.
    pub remittance_info: Option<String>,
    /// The day on which the payer's bank is to pay.
    pub collection_on: NaiveDate,
    /// The day on which it is to be sent.
    pub send_on: NaiveDate,
    /// The day on which it was.
    pub sent_on: Option<NaiveDate>,
    /// The day on which it was paid.
    pub settled_on: Option<NaiveDate>,
    /// The day on which that is the account's.
    pub available_on: Option<NaiveDate>,
    /// The day on which it was rejected, came back or was cancelled.
    pub ended_on: Option<NaiveDate>,
    /// Of a sandbox: when its rail answers next.
    pub rail_on: Option<NaiveDate>,
    /// Why it was not paid, or was given back.
    pub reason: Option<DebitReason>,
    /// The same, for people.
    pub note: Option<String>,
    /// The how-manieth try it is, from 1.
    pub attempt: i64,
    /// What it tries again.
    pub retry_of: Option<DirectDebitId>,
    /// What has tried it again.
    pub retried_by: Option<DirectDebitId>,
    /// The entry of what the rail has settled.
    pub collected: Option<EntryId>,
    /// The entry of what the account got of it.
    pub payment: Option<EntryId>,
    /// The entry that has taken that back.
    pub taken_back: Option<EntryId>,
    /// The fee for its coming back.
    pub fee: Option<EntryId>,
    /// The business date on which it was made.
    pub created_on: NaiveDate,
    /// When it was made.
    pub created_at: Micros,
}

impl DirectDebit {
    /// Whether the account is still to get what it collects.
    #[must_use]
    pub fn is_on_its_way(&self) -> bool {
        match self.state {
            DirectDebitState::Created | DirectDebitState::Sent | DirectDebitState::Accepted => true,
            DirectDebitState::Paid => self.payment.is_none(),
            _ => false,
        }
    }

    /// That it can become something.
    ///
    /// # Errors
    /// `INVALID_STATE`.
    pub fn require(&self, state: DirectDebitState) -> Result<(), Refused> {
        if self.state.next().contains(&state) {
            return Ok(());
        }
        let facts = Box::new(Facts { status: Some(self.state.word()), ..Facts::default() });
        let message = format!("the direct debit is {}", self.state.word());
        Err(Refused { facts, ..Refused::of_field(INVALID_STATE, "endToEndId", message) })
    }

    /// Turns to another state.
    ///
    /// # Errors
    /// `INVALID_STATE`.
    pub fn turn(&mut self, state: DirectDebitState, on: NaiveDate) -> Result<(), Refused> {
        self.require(state)?;
        self.state = state;
        match state {
            DirectDebitState::Created | DirectDebitState::Accepted => {}
            DirectDebitState::Sent => self.sent_on = Some(on),
            DirectDebitState::Paid => self.settled_on = Some(on),
            _ => self.ended_on = Some(on),
        }
        Ok(())
    }

    /// What stands in the way of an action.
    #[must_use]
    pub fn obstacle(&self, action: DirectDebitAction) -> Option<String> {
        self.require(action.leads_to()).err().map(|refused| refused.message)
    }
}
