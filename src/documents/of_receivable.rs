//! Documents of receivables: of exactly one of a claim and a product.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::commands::{AddDocument, Label};
use super::model::{Content, Document};
use super::subject::Subject;
use crate::collections::claims::store::REFERENCE as CLAIM_REFERENCE;
use crate::collections::receivables::store::REFERENCE as ACCOUNT_REFERENCE;
use crate::collections::{Claim, Receivable};
use crate::refused::Refused;
use crate::work::{Command, Decision, Wants, Work};

/// Adds a document, whose bytes are in the store, to a claim or a product of a receivable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddReceivableDocument {
    /// Of which receivable, by what the creditor calls it.
    pub account: String,
    /// Of which claim, by what the creditor calls it.
    pub claim: Option<String>,
    /// Of which product, by what the creditor calls it.
    pub product: Option<String>,
    /// The file's name.
    pub name: String,
    /// What kind of document it is.
    pub kind: String,
    /// What was received.
    pub content: Content,
}

impl AddReceivableDocument {
    /// That it says one of claim and product.
    ///
    /// # Errors
    /// `INVALID_INPUT` for `claimReference` where neither is said, for `productReference` where both are.
    pub fn check_one(claim: Option<&str>, product: Option<&str>) -> Result<(), Refused> {
        match (claim, product) {
            (None, None) => Err(Refused::invalid("claimReference", "say of which claim it is, or of which product")),
            (Some(_), Some(_)) => {
                Err(Refused::invalid("productReference", "a document is of a claim or of a product, and not of both"))
            }
            _ => Ok(()),
        }
    }
}

impl Command for AddReceivableDocument {
    const OPERATION: &'static str = "addReceivableDocument";
    type Made = Document;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Receivable>(&ACCOUNT_REFERENCE, &self.account);
        if let Some(claim) = &self.claim {
            wants.unique::<Claim>(&CLAIM_REFERENCE, claim);
        }
    }

    /// Refused as: `INVALID_INPUT` unless exactly one of claim and product is said, `NOT_FOUND` for the account, then for
    /// the claim or the product, which have to be of that account; then as a document that is added.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Document>> {
        Self::check_one(self.claim.as_deref(), self.product.as_deref())?;
        let receivable = work.find::<Receivable>(&ACCOUNT_REFERENCE, &self.account)?;
        let receivable = receivable.ok_or_else(|| Refused::not_found("accountReference", "receivable"))?;
        let subject = match &self.claim {
            Some(reference) => {
                let claim = work.find::<Claim>(&CLAIM_REFERENCE, reference)?;
                let claim = claim.filter(|claim| claim.receivable == receivable.id);
                Subject::Claim(claim.ok_or_else(|| Refused::not_found("claimReference", "claim of the account"))?.id)
            }
            None => Subject::Receivable(receivable.id),
        };
        if let Some(reference) = &self.product
            && !receivable.products.iter().any(|product| product.reference == *reference)
        {
            return Err(Refused::not_found("productReference", "product of the account").into());
        }
        let (name, kind, product) = (self.name.clone(), self.kind.clone(), self.product.clone());
        let label = Label { name, kind, subject, history: None, product };
        AddDocument { label, content: self.content.clone() }.decide(work)
    }

    fn weight(&self) -> usize {
        3
    }
}
