//! Why a direct debit comes back: the codes of ISO 20022 (external code set, status and return reasons), and what each
//! decides: whether it is tried again, whether the account is charged for it, and what becomes of the mandate.

use super::outcomes::DebitOutcome;
use crate::mandates::MandateStatus;

crate::words! {
    /// Why a direct debit was not paid, or was given back.
    DebitReason {
        /// The account number is wrong.
        Ac01 = "AC01",
        /// The account is closed.
        Ac04 = "AC04",
        /// The account is blocked.
        Ac06 = "AC06",
        /// The payer is a consumer, and the scheme is for companies.
        Ac13 = "AC13",
        /// The account takes no direct debits.
        Ag01 = "AG01",
        /// The operation is not known to the bank.
        Ag02 = "AG02",
        /// The funds do not suffice.
        Am04 = "AM04",
        /// It was collected twice.
        Am05 = "AM05",
        /// The creditor is not known by its identifier.
        Be05 = "BE05",
        /// The payer's bank does not take part.
        Dnor = "DNOR",
        /// The form of the message is wrong.
        Ff01 = "FF01",
        /// The payer has not allowed it: no mandate.
        Md01 = "MD01",
        /// What the mandate has to say is missing or wrong.
        Md02 = "MD02",
        /// The payer wants back what was allowed.
        Md06 = "MD06",
        /// The payer has died.
        Md07 = "MD07",
        /// The customer refuses it, without a reason.
        Ms02 = "MS02",
        /// The bank refuses it, without a reason.
        Ms03 = "MS03",
        /// The identifier of a bank is wrong.
        Rc01 = "RC01",
        /// The law wants something that is missing.
        Rr04 = "RR04",
        /// The payer's bank was told by the payer to refuse it.
        Sl01 = "SL01",
    }
}

/// What a reason decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consequence {
    /// Whether it may be paid when it is tried again.
    pub retry: bool,
    /// Whether the account is charged for it: the payer could have prevented it.
    pub fee: bool,
    /// What becomes of the mandate, where something does.
    pub mandate: Option<MandateStatus>,
}

impl DebitReason {
    /// What it decides.
    #[must_use]
    pub fn consequence(self) -> Consequence {
        use MandateStatus::{Revoked, Suspended};
        let (retry, fee, mandate) = match self {
            // The payer's money: it may come.
            Self::Am04 => (true, true, None),
            Self::Ms03 => (true, false, None),
            // The payer's will, of this one collection.
            Self::Ms02 => (false, true, None),
            Self::Md06 => (false, false, None),
            // The mandate's account: somebody has to ask for another.
            Self::Ac01 | Self::Ac06 | Self::Rc01 => (false, true, Some(Suspended)),
            Self::Ac13 | Self::Ag01 | Self::Dnor | Self::Rr04 | Self::Sl01 => (false, false, Some(Suspended)),
            Self::Md02 | Self::Be05 => (false, false, Some(Suspended)),
            // There is nothing to collect from, or no leave to, for good.
            Self::Ac04 | Self::Md01 | Self::Md07 => (false, false, Some(Revoked)),
            // The house's own mistakes.
            Self::Am05 | Self::Ag02 | Self::Ff01 => (false, false, None),
        };
        Consequence { retry, fee, mandate }
    }

    /// Whether it can be why something has happened.
    #[must_use]
    pub fn explains(self, outcome: DebitOutcome) -> bool {
        match outcome {
            DebitOutcome::Accepted | DebitOutcome::Paid => false,
            DebitOutcome::Rejected | DebitOutcome::Returned => self != Self::Md06,
            DebitOutcome::Refunded => matches!(self, Self::Md01 | Self::Md06),
            DebitOutcome::Reversed => matches!(self, Self::Am05 | Self::Ms02 | Self::Ms03),
        }
    }
}
