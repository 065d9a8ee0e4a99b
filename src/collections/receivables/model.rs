//! A receivable, and who owes on it.

use serde_json::Value;

use crate::collections::score::Score;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, Currency, CustomerId, PartyId, ReceivableDebtorId, ReceivableId};
use crate::refused::{Refused, check_reference};

/// Debtors of a receivable, at most.
pub const MOST_DEBTORS: usize = 100;

/// A creditor's account of a debtor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receivable {
    /// Its id.
    pub id: ReceivableId,
    /// Its place in lists.
    pub ordinal: i64,
    /// What the creditor calls it; unique in the tenant, for good.
    pub reference: String,
    /// Of all that is owed on it.
    pub currency: Currency,
    /// Its account in the books, once somebody owes on it.
    pub account: Option<AccountId>,
    /// Whom its debt is owed to, where that is not the tenant.
    pub creditor: Option<PartyId>,
    /// What payments to it carry, as the creditor has told debtors; not unique.
    pub payment_reference: Option<String>,
    /// What it is grouped by in reports.
    pub portfolio_reference: Option<String>,
    /// What is thought of its debtor, as of now.
    pub scores: Vec<Score>,
    /// A JSON object, as text.
    pub metadata: String,
    /// When it was created.
    pub created_at: Micros,
}

impl Receivable {
    /// Checks that it is whole.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the first field at fault.
    pub fn checked(self) -> Result<Self, Refused> {
        check_reference("accountReference", Some(&self.reference))?;
        check_reference("paymentReference", self.payment_reference.as_deref())?;
        check_reference("portfolioReference", self.portfolio_reference.as_deref())?;
        crate::collections::score::check("scores", &self.scores)?;
        Ok(self)
    }
}

/// Somebody who owes on a receivable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivableDebtor {
    /// Its id.
    pub id: ReceivableDebtorId,
    /// Its place in lists.
    pub ordinal: i64,
    /// On what.
    pub receivable: ReceivableId,
    /// Who.
    pub customer: CustomerId,
    /// Both, as they are found together.
    pub link: String,
    /// Since when.
    pub created_at: Micros,
}

/// What a link of both is found by.
#[must_use]
pub fn link(receivable: ReceivableId, customer: CustomerId) -> String {
    format!("{}:{}", receivable.0.simple(), customer.0.simple())
}

/// Metadata with others put over them: what both have is that of the others, what one of them has stays.
#[must_use]
pub fn merged(under: &str, over: &str) -> String {
    let object = |text: &str| match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let mut fields = object(under);
    fields.extend(object(over));
    Value::Object(fields).to_string()
}
