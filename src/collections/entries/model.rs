//! An entry of a receivable.

use chrono::NaiveDate;

use crate::ledger::chart::Component;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, ClaimId, Currency, EntryId, Minor, ReceivableEntryId, ReceivableId};
use crate::refused::{Refused, check_reference};

crate::words! {
    /// What an entry of a receivable is.
    EntryKind {
        /// A claim.
        Invoice = "INVOICE",
        /// A fee, on a claim or on the account.
        Fee = "FEE",
        /// Money that came in.
        Payment = "PAYMENT",
        /// A correction, up or down.
        Adjustment = "ADJUSTMENT",
        /// A payment that bounced.
        Chargeback = "CHARGEBACK",
        /// What the debtor need not pay.
        Discount = "DISCOUNT",
        /// A fact, which moves nothing.
        Reporting = "REPORTING",
    }
}

/// What was booked on a receivable, as its creditor tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivableEntry {
    /// Its id.
    pub id: ReceivableEntryId,
    /// Its place in lists: the order in which entries were booked.
    pub ordinal: i64,
    /// On which receivable.
    pub receivable: ReceivableId,
    /// The account in the books.
    pub account: AccountId,
    /// What the creditor calls it; unique on the receivable.
    pub reference: String,
    /// The receivable and the reference, as it is found.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
    /// Of its amounts.
    pub currency: Currency,
    /// How much: below zero only for a correction downwards.
    pub amount: Minor,
    /// What is still owed of an invoice, a fee or a correction upwards of the account; of a payment or a correction downwards,
    /// what waits to be used.
    pub open: Minor,
    /// What of a payment was charged back, or went on to payments of what is open.
    pub undone: Minor,
    /// The entry that it relates to.
    pub target: Option<ReceivableEntryId>,
    /// The claim that it made, or changed.
    pub claim: Option<ClaimId>,
    /// What it is in the books; nothing of what moves nothing.
    pub entry: Option<EntryId>,
    /// The type of a fee, the reason of a correction.
    pub label: Option<String>,
    /// When an invoice is due; to when a correction moves that.
    pub due_date: Option<NaiveDate>,
    /// What it is of, as the creditor calls it.
    pub product_reference: Option<String>,
    /// What a payment carried, or is to carry.
    pub payment_reference: Option<String>,
    /// Who brought a payment.
    pub provider: Option<String>,
    /// When it came about, as the creditor says. The books value it on its import.
    pub happened_at: Option<Micros>,
    /// A JSON object, as text.
    pub metadata: String,
    /// What had waited on the account, and is used by it: then it is no money that came in.
    pub source: Option<ReceivableEntryId>,
    /// When it was booked.
    pub created_at: Micros,
}

/// What an entry is found by.
#[must_use]
pub fn name(receivable: ReceivableId, reference: &str) -> String {
    format!("{}:{reference}", receivable.0.simple())
}

impl ReceivableEntry {
    /// Whether something can be owed on it.
    #[must_use]
    pub fn owes(&self) -> bool {
        matches!(self.kind, EntryKind::Invoice | EntryKind::Fee)
            || (self.kind == EntryKind::Adjustment && self.target.is_none() && self.amount.0 > 0)
    }

    /// What it adds to its account's balance: what waits, less what is owed.
    #[must_use]
    pub fn balance(&self) -> Minor {
        if self.owes() { self.open.negated() } else { self.open }
    }

    /// The component that it is owed on.
    #[must_use]
    pub fn component(&self) -> Component {
        if self.kind == EntryKind::Fee { Component::Fee } else { Component::Principal }
    }

    /// Checks that it is whole.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the first field at fault.
    pub fn checked(self) -> Result<Self, Refused> {
        check_reference("ledgerEntryReference", Some(&self.reference))?;
        for (field, value) in [
            ("label", &self.label),
            ("productReference", &self.product_reference),
            ("paymentReference", &self.payment_reference),
            ("provider", &self.provider),
        ] {
            check_reference(field, value.as_deref())?;
        }
        Ok(self)
    }
}
