//! Packages as data.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events::{self, INSURANCE_PACKAGE_CREATED, INSURANCE_PACKAGE_UPDATED};
use super::model::{InsurancePackage, PackageEvent, PremiumRule, Terms};
use super::store::{CODE, PackageBy};
use crate::accounts::{Product, ProductBy};
use crate::ledger::refusal::CURRENCY_MISMATCH;
use crate::primitives::ProductId;
use crate::refused::Refused;
use crate::work::{Change, Command, Decision, Wants, Work};

/// Creates a package.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateInsurancePackage {
    /// Unique in the tenant.
    pub code: String,
    /// What customers call it.
    pub name: String,
    /// The products that it is offered with.
    pub products: Vec<ProductBy>,
    /// The events that may be recorded.
    pub events: Vec<PackageEvent>,
    /// The event that a subscription is activated by where none is named.
    pub default_event: Option<String>,
    /// The youngest that the insured may be.
    pub minimum_age: Option<u16>,
    /// The oldest.
    pub maximum_age: Option<u16>,
    /// The event that is recorded when the insured is older.
    pub maximum_age_event: Option<String>,
    /// What it costs.
    pub premium: PremiumRule,
}

impl Command for CreateInsurancePackage {
    const OPERATION: &'static str = "createInsurancePackage";
    type Made = InsurancePackage;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<InsurancePackage>(&CODE, &self.code);
        self.products.iter().for_each(|product| product.hint(wants));
    }

    /// Refused as: `NOT_FOUND` for a product, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, `CURRENCY_MISMATCH` for a fixed
    /// premium that is not in the currency of a product, `DUPLICATE_REFERENCE`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<InsurancePackage>> {
        let products = located(work, &self.products)?;
        let package = InsurancePackage {
            id: work.id(),
            ordinal: work.ordinal(),
            code: self.code.clone(),
            name: self.name.clone(),
            maximum_age: self.maximum_age,
            terms: Terms {
                products: products.iter().map(|product| product.id).collect(),
                events: self.events.clone(),
                default_event: self.default_event.clone(),
                minimum_age: self.minimum_age,
                maximum_age_event: self.maximum_age_event.clone(),
                premium: self.premium,
            },
            retired: false,
            created_at: work.now(),
        }
        .checked()?;
        require_currency(&package, &products)?;
        let package = work.insert(package)?;
        work.tell(events::of_package(INSURANCE_PACKAGE_CREATED, &package));
        Ok(package)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Changes a package. Contracts go by it as it is; a premium from the next period on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateInsurancePackage {
    /// Which.
    pub package: PackageBy,
    /// What customers call it.
    pub name: Option<String>,
    /// The products that it is offered with.
    pub products: Option<Vec<ProductBy>>,
    /// The events that may be recorded.
    pub events: Option<Vec<PackageEvent>>,
    /// The event that a subscription is activated by where none is named.
    pub default_event: Change<String>,
    /// The youngest that the insured may be.
    pub minimum_age: Change<u16>,
    /// The oldest.
    pub maximum_age: Change<u16>,
    /// The event that is recorded when the insured is older.
    pub maximum_age_event: Change<String>,
    /// What it costs; for as long as before.
    pub premium: Option<PremiumRule>,
    /// Whether it can no longer be subscribed.
    pub retired: Option<bool>,
}

impl Command for UpdateInsurancePackage {
    const OPERATION: &'static str = "updateInsurancePackage";
    type Made = InsurancePackage;

    fn looks_at(&self, wants: &mut Wants) {
        self.package.hint(wants);
        self.products.iter().flatten().for_each(|product| product.hint(wants));
    }

    /// Refused as: `NOT_FOUND` for the package and a product, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, `CURRENCY_MISMATCH`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<InsurancePackage>> {
        let found = self.package.locate(work, "package")?;
        let products = match &self.products {
            Some(products) => located(work, products)?,
            None => {
                let products = work.get_all::<Product>(&found.terms.products)?;
                products.into_iter().flatten().collect()
            }
        };
        let period = found.terms.premium.period;
        if self.premium.is_some_and(|premium| premium.period != period) {
            return Err(Refused::invalid("premium.period", "contracts count their periods by it: it stays").into());
        }
        let ids: Vec<ProductId> = products.iter().map(|product| product.id).collect();
        let package = work.change::<InsurancePackage, Refused>(found.id, |package| {
            if let Some(name) = &self.name {
                package.name.clone_from(name);
            }
            self.maximum_age.apply(&mut package.maximum_age);
            let terms = &mut package.terms;
            terms.products = ids;
            if let Some(events) = &self.events {
                terms.events.clone_from(events);
            }
            self.default_event.apply(&mut terms.default_event);
            self.minimum_age.apply(&mut terms.minimum_age);
            self.maximum_age_event.apply(&mut terms.maximum_age_event);
            terms.premium = self.premium.unwrap_or(terms.premium);
            package.retired = self.retired.unwrap_or(package.retired);
            *package = package.clone().checked()?;
            Ok(())
        })?;
        require_currency(&package, &products)?;
        work.tell(events::of_package(INSURANCE_PACKAGE_UPDATED, &package));
        Ok(package)
    }

    fn weight(&self) -> usize {
        3
    }
}

fn located(work: &mut Work, products: &[ProductBy]) -> Decision<Vec<Arc<Product>>> {
    let located = products.iter().enumerate().map(|(place, by)| by.locate(work, &format!("products.{place}")));
    located.collect::<Vec<_>>().into_iter().collect()
}

fn require_currency(package: &InsurancePackage, products: &[Arc<Product>]) -> Result<(), Refused> {
    let Some(amount) = package.terms.premium.amount else { return Ok(()) };
    match products.iter().find(|product| product.currency != amount.currency) {
        None => Ok(()),
        Some(product) => {
            let message = format!("accounts of the product {} are in {}", product.code, product.currency);
            Err(Refused::of_field(CURRENCY_MISMATCH, "premium.amount.currency", message))
        }
    }
}
