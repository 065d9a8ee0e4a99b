//! What changes receivables: what is kept with them, who owes on them, what was bought, what is thought.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::debtors::{self, NewDebtor};
use super::model::{MOST_PRODUCTS, Receivable, ReceivableDebtor, ReceivableProduct, link, merged};
use super::store::{LINK, REFERENCE};
use crate::collections::events::{self, RECEIVABLE_SCORE_SET, RECEIVABLE_UPDATED};
use crate::collections::score::{Score, check};
use crate::customers::store::EXTERNAL_REFERENCE;
use crate::customers::{Customer, CustomerBy, UpdateCustomer};
use crate::ledger::event::EventType;
use crate::ledger::refusal::LIMIT_EXCEEDED;
use crate::refused::{Facts, Refused};
use crate::work::{Change, Command, Decision, Wants, Work};

fn located(work: &mut Work, reference: &str) -> Decision<Arc<Receivable>> {
    let found = work.find::<Receivable>(&REFERENCE, reference)?;
    found.ok_or_else(|| Refused::not_found("accountReference", "account").into())
}

/// Changes a receivable and tells of it.
fn changed(
    work: &mut Work,
    reference: &str,
    type_: EventType,
    change: impl FnOnce(&mut Receivable) -> Result<(), Refused>,
) -> Decision<Arc<Receivable>> {
    let found = located(work, reference)?;
    let receivable = work.change::<Receivable, Refused>(found.id, change)?;
    work.tell(events::of_receivable(type_, &receivable));
    Ok(receivable)
}

/// Adds a product.
pub(super) fn add_product(receivable: &mut Receivable, product: ReceivableProduct) -> Result<(), Refused> {
    let product = product.checked()?;
    if receivable.products.iter().any(|known| known.reference == product.reference) {
        return Err(Refused::duplicate("productReference", "the product reference"));
    }
    if receivable.products.len() >= MOST_PRODUCTS {
        let message = format!("an account has at most {MOST_PRODUCTS} products");
        let facts = Box::new(Facts { maximum_count: i32::try_from(MOST_PRODUCTS).ok(), ..Facts::default() });
        return Err(Refused { facts, ..Refused::of_field(LIMIT_EXCEEDED, "productReference", message) });
    }
    receivable.products.push(product);
    Ok(())
}

/// Changes what is kept with a receivable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateReceivable {
    /// Which.
    pub reference: String,
    /// What payments to it carry.
    pub payment_reference: Change<String>,
    /// What it is grouped by.
    pub portfolio_reference: Change<String>,
    /// A JSON object, as text, put over the one that is kept; emptied, it is the empty object.
    pub metadata: Change<String>,
}

impl Command for UpdateReceivable {
    const OPERATION: &'static str = "updateReceivable";
    type Made = Receivable;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Receivable>(&REFERENCE, &self.reference);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Receivable>> {
        changed(work, &self.reference, RECEIVABLE_UPDATED, |receivable| {
            self.payment_reference.apply(&mut receivable.payment_reference);
            self.portfolio_reference.apply(&mut receivable.portfolio_reference);
            match &self.metadata {
                Change::Set(metadata) => receivable.metadata = merged(&receivable.metadata, metadata),
                Change::Clear => receivable.metadata = "{}".into(),
                Change::Keep => {}
            }
            *receivable = receivable.clone().checked()?;
            Ok(())
        })
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Has somebody owe on a receivable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddReceivableDebtor {
    /// On which.
    pub reference: String,
    /// Who. Somebody who does so already, does.
    pub debtor: NewDebtor,
}

impl Command for AddReceivableDebtor {
    const OPERATION: &'static str = "addReceivableDebtor";
    type Made = Receivable;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Receivable>(&REFERENCE, &self.reference);
        self.debtor.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, then as debtors are.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Receivable>> {
        let receivable = located(work, &self.reference)?;
        let debtor = self.debtor.locate(work, "debtor")?;
        debtors::attach(work, &receivable, &debtor, "debtor")
    }

    fn weight(&self) -> usize {
        10 + self.debtor.rows()
    }
}

/// Changes what is known of a receivable's debtor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateReceivableDebtor {
    /// On which.
    pub reference: String,
    /// The debtor's external reference.
    pub debtor: String,
    /// What to change; whom, the reference says.
    pub change: UpdateCustomer,
}

impl Command for UpdateReceivableDebtor {
    const OPERATION: &'static str = "updateReceivableDebtor";
    type Made = Receivable;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Receivable>(&REFERENCE, &self.reference);
        wants.unique::<Customer>(&EXTERNAL_REFERENCE, &self.debtor);
    }

    /// Refused as: `NOT_FOUND` for the account, and for who does not owe on it, then as `updateCustomer`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Receivable>> {
        let receivable = located(work, &self.reference)?;
        let not_found = || Refused::not_found("debtorReference", "debtor of the account");
        let customer = work.find::<Customer>(&EXTERNAL_REFERENCE, &self.debtor)?.ok_or_else(not_found)?;
        let key = link(receivable.id, customer.id);
        work.find::<ReceivableDebtor>(&LINK, &key)?.ok_or_else(not_found)?;
        UpdateCustomer { customer: CustomerBy::Id(customer.id), ..self.change.clone() }.decide(work)?;
        Ok(receivable)
    }

    fn weight(&self) -> usize {
        self.change.weight()
    }
}

/// Adds a product to a receivable: context for its claims and entries.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddReceivableProduct {
    /// To which.
    pub reference: String,
    /// The product.
    pub product: ReceivableProduct,
}

impl Command for AddReceivableProduct {
    const OPERATION: &'static str = "addReceivableProduct";
    type Made = Receivable;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Receivable>(&REFERENCE, &self.reference);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `DUPLICATE_REFERENCE`, `LIMIT_EXCEEDED` for more than 100.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Receivable>> {
        changed(work, &self.reference, RECEIVABLE_UPDATED, |receivable| add_product(receivable, self.product.clone()))
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Changes a product of a receivable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateReceivableProduct {
    /// Of which.
    pub reference: String,
    /// Which product.
    pub product: String,
    /// What payments of it carry.
    pub payment_reference: Change<String>,
    /// What kind of thing it is.
    pub type_: Change<String>,
    /// Its name.
    pub name: Change<String>,
    /// The creditor's code of it.
    pub code: Change<String>,
    /// A JSON object, as text; emptied, it is the empty object.
    pub metadata: Change<String>,
}

impl Command for UpdateReceivableProduct {
    const OPERATION: &'static str = "updateReceivableProduct";
    type Made = Receivable;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Receivable>(&REFERENCE, &self.reference);
    }

    /// Refused as: `NOT_FOUND` for the account, then for the product, `INVALID_INPUT`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Receivable>> {
        changed(work, &self.reference, RECEIVABLE_UPDATED, |receivable| {
            let found = receivable.products.iter_mut().find(|product| product.reference == self.product);
            let product = found.ok_or_else(|| Refused::not_found("productReference", "product of the account"))?;
            self.payment_reference.apply(&mut product.payment_reference);
            self.type_.apply(&mut product.type_);
            self.name.apply(&mut product.name);
            self.code.apply(&mut product.code);
            self.metadata.apply_or(&mut product.metadata, "{}".into());
            *product = product.clone().checked()?;
            Ok(())
        })
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Thinks something of a receivable's debtor from now on. What was thought before is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetReceivableScore {
    /// Of which.
    pub reference: String,
    /// What.
    pub score: Score,
}

impl Command for SetReceivableScore {
    const OPERATION: &'static str = "setReceivableScore";
    type Made = Receivable;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Receivable>(&REFERENCE, &self.reference);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Receivable>> {
        let now = work.now();
        changed(work, &self.reference, RECEIVABLE_SCORE_SET, |receivable| {
            let checked = check("scores", std::slice::from_ref(&self.score));
            checked.map_err(|_| Refused::invalid("text", "is empty, or longer than 200 characters"))?;
            receivable.score(self.score.clone(), now);
            Ok(())
        })
    }

    fn weight(&self) -> usize {
        3
    }
}
