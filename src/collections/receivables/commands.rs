//! What creates receivables.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::changes::add_product;
use super::debtors::{self, NewDebtor};
use super::model::{Receivable, ReceivableProduct, Scored};
use super::store::REFERENCE;
use crate::collections::entries::NewEntry;
use crate::collections::events::{self, RECEIVABLE_CREATED};
use crate::collections::score::{self, Score};
use crate::primitives::{Currency, ReceivableId};
use crate::work::{Command, Decision, Stop, Wants, Work};

/// What is told of a receivable as a whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewReceivable {
    /// What the creditor calls it.
    pub reference: String,
    /// Of all that is owed on it.
    pub currency: Currency,
    /// Whom its debt is owed to: the reference of a party, which is made when it is new.
    pub creditor_reference: Option<String>,
    /// What payments to it carry.
    pub payment_reference: Option<String>,
    /// What it is grouped by.
    pub portfolio_reference: Option<String>,
    /// What is thought of its debtor.
    pub scores: Vec<Score>,
    /// What was bought by those who owe on it.
    pub products: Vec<ReceivableProduct>,
    /// A JSON object, as text.
    pub metadata: String,
}

impl NewReceivable {
    /// Makes it.
    ///
    /// # Errors
    /// `INVALID_INPUT`, `DUPLICATE_REFERENCE`.
    pub fn make(&self, work: &mut Work) -> Decision<Arc<Receivable>> {
        score::check("scores", &self.scores)?;
        let now = work.now();
        let mut receivable = Receivable {
            id: work.id::<ReceivableId>(),
            ordinal: work.ordinal(),
            reference: self.reference.clone(),
            currency: self.currency,
            account: None,
            creditor: None,
            payment_reference: self.payment_reference.clone(),
            portfolio_reference: self.portfolio_reference.clone(),
            products: Vec::new(),
            scores: self.scores.iter().map(|score| Scored { score: score.clone(), at: now }).collect(),
            metadata: self.metadata.clone(),
            created_at: now,
        }
        .checked()?;
        for (place, product) in self.products.iter().enumerate() {
            add_product(&mut receivable, product.clone()).map_err(|refused| refused.at("products", place))?;
        }
        let receivable = work.insert(receivable)?;
        work.tell(events::of_receivable(RECEIVABLE_CREATED, &receivable));
        match &self.creditor_reference {
            None => Ok(receivable),
            Some(reference) => {
                let party = debtors::creditor(work, reference, "creditorReference")?;
                debtors::owe_to(work, &receivable, party, "creditorReference")
            }
        }
    }
}

/// Creates a receivable, with whoever owes on it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateReceivable {
    /// The receivable.
    pub receivable: NewReceivable,
    /// Who owes on it; the first owns its account in the books.
    pub debtors: Vec<NewDebtor>,
    /// What is booked on it to begin with, in this order.
    pub entries: Vec<NewEntry>,
}

impl Command for CreateReceivable {
    const OPERATION: &'static str = "createReceivable";
    type Made = Receivable;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Receivable>(&REFERENCE, &self.receivable.reference);
        for debtor in &self.debtors {
            debtor.hint(wants);
        }
    }

    /// Refused as: `INVALID_INPUT`, `DUPLICATE_REFERENCE`, then as its debtors are, in their order, then as its entries.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Receivable>> {
        let mut receivable = self.receivable.make(work)?;
        for (place, new) in self.debtors.iter().enumerate() {
            let field = format!("debtors.{place}");
            let debtor = new.locate(work, &field)?;
            receivable = debtors::attach(work, &receivable, &debtor, &field)?;
        }
        for (place, entry) in self.entries.iter().enumerate() {
            entry.book(work, &receivable).map_err(|stop| match stop {
                Stop::Refused(refused) => refused.at("ledgerEntries", place).into(),
                stop => stop,
            })?;
        }
        Ok(receivable)
    }

    fn weight(&self) -> usize {
        8 + 16 * self.entries.len() + self.debtors.iter().map(|debtor| debtor.rows() + 6).sum::<usize>()
    }
}
