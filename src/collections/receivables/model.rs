//! A receivable, and who owes on it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::collections::score::Score;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, Currency, CustomerId, PartyId, ReceivableDebtorId, ReceivableId, text};
use crate::refused::{Refused, check_reference};

/// Debtors of a receivable, at most.
pub const MOST_DEBTORS: usize = 100;
/// Products of a receivable, at most.
pub const MOST_PRODUCTS: usize = 100;
/// Scores that are kept of a receivable, the past ones among them.
pub const MOST_SCORES: usize = 100;

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
    /// What was bought by those who owe on it.
    pub products: Vec<ReceivableProduct>,
    /// What is thought of its debtor, and was: the last of each type holds.
    pub scores: Vec<Scored>,
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
        Ok(self)
    }

    /// What is thought of its debtor as of now: the last of each type.
    #[must_use]
    pub fn current_scores(&self) -> Vec<&Score> {
        let is_last = |place: usize, one: &Scored| {
            !self.scores[place + 1..].iter().any(|other| other.score.type_ == one.score.type_)
        };
        self.scores.iter().enumerate().filter(|(place, one)| is_last(*place, one)).map(|(_, one)| &one.score).collect()
    }

    /// Thinks so from now on. Of what was thought before, so much is kept.
    pub fn score(&mut self, score: Score, now: Micros) {
        self.scores.push(Scored { score, at: now });
        if self.scores.len() > MOST_SCORES {
            self.scores.remove(0);
        }
    }
}

/// What was thought of a debtor from some time on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scored {
    /// What.
    pub score: Score,
    /// Since when.
    pub at: Micros,
}

/// What was bought by those who owe on a receivable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivableProduct {
    /// What the creditor calls it; unique on the receivable.
    pub reference: String,
    /// What payments of it carry.
    pub payment_reference: Option<String>,
    /// What kind of thing it is.
    pub type_: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// The creditor's code of it.
    pub code: Option<String>,
    /// A JSON object, as text.
    pub metadata: String,
}

impl ReceivableProduct {
    /// Checks that it is whole.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the first field at fault.
    pub fn checked(self) -> Result<Self, Refused> {
        check_reference("productReference", Some(&self.reference))?;
        check_reference("paymentReference", self.payment_reference.as_deref())?;
        for (field, value) in [("type", &self.type_), ("name", &self.name), ("code", &self.code)] {
            if let Some(value) = value {
                text::required(value, 200).map_err(|problem| Refused::invalid(field, problem.to_string()))?;
            }
        }
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
