//! `InsurancePackage`, `insurancePackage`, `insurancePackages`.

use async_graphql::{Context, ID, Object, OneofObject, SimpleObject};

use crate::access::Scope;
use crate::api::accounts::{self, Product};
use crate::api::context::{Caller, allowed, caller};
use crate::api::enums::{
    Component, InsuranceAction, InsuranceStatus, InternalRole, PremiumBasis, PremiumPeriod, PremiumRounding,
};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::inputs::name;
use crate::api::money::Money;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::scalars::{DateTime, Decimal};
use crate::events::history::HistoryOf;
use crate::insurance::{self as domain, PackageBy, store};
use crate::primitives::InsurancePackageId;

/// A package in the API.
#[derive(Clone, Debug)]
pub struct InsurancePackage(pub(super) domain::InsurancePackage);

impl Listed for InsurancePackage {
    const LIST: &'static str = "InsurancePackage";
}

/// An event that a package authorises.
#[derive(Clone, Debug, SimpleObject)]
pub struct InsurancePackageEvent {
    /// Unique in the package.
    code: String,
    /// What people call it.
    name: String,
    /// What it does.
    action: InsuranceAction,
    /// The state that results.
    status: InsuranceStatus,
}

/// How a premium comes about, and where it goes.
#[derive(Clone, Debug, SimpleObject)]
pub struct InsurancePremiumRule {
    /// What it is reckoned from.
    basis: PremiumBasis,
    /// Of a fixed one.
    amount: Option<Money>,
    /// Of a percentage, in percent.
    rate_pct: Option<Decimal>,
    /// How a percentage is rounded to whole minor units.
    rounding: PremiumRounding,
    /// For how long it is.
    period: PremiumPeriod,
    /// What of the account it is owed on, as far as free funds do not cover it.
    component: Component,
    /// Where it is credited.
    ledger_account: InternalRole,
}

/// What insurance is sold as: the products that it is offered with, its events, ages and premium.
#[Object]
impl InsurancePackage {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Unique in the tenant.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// What customers call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The products whose accounts it is offered with.
    async fn products(&self, ctx: &Context<'_>) -> Result<Vec<Product>, Fault> {
        let caller = caller(ctx)?;
        let mut products = Vec::with_capacity(self.0.terms.products.len());
        for product in &self.0.terms.products {
            products.extend(accounts::product_by_id(caller, *product).await?);
        }
        Ok(products)
    }

    /// The events that may be recorded.
    async fn events(&self) -> Vec<InsurancePackageEvent> {
        let shown = |event: &domain::PackageEvent| InsurancePackageEvent {
            code: event.code.clone(),
            name: event.name.clone(),
            action: event.action,
            status: event.status,
        };
        self.0.terms.events.iter().map(shown).collect()
    }

    /// The code of the event that a subscription is activated by where none is named.
    async fn default_event(&self) -> Option<&str> {
        self.0.terms.default_event.as_deref()
    }

    /// The youngest that the account's owner may be on the first day, in whole years.
    async fn minimum_age(&self) -> Option<u16> {
        self.0.terms.minimum_age
    }

    /// The oldest that the account's owner may be. Whoever becomes older is insured no longer.
    async fn maximum_age(&self) -> Option<u16> {
        self.0.maximum_age
    }

    /// The code of the event that is recorded then.
    async fn maximum_age_event(&self) -> Option<&str> {
        self.0.terms.maximum_age_event.as_deref()
    }

    /// What it costs.
    async fn premium(&self) -> InsurancePremiumRule {
        let rule = self.0.terms.premium;
        InsurancePremiumRule {
            basis: rule.basis,
            amount: rule.amount.map(Into::into),
            rate_pct: rule.rate.map(|rate| Decimal(rate.0)),
            rounding: rule.rounding,
            period: rule.period,
            component: rule.component,
            ledger_account: rule.ledger_account,
        }
    }

    /// Whether it can no longer be subscribed.
    async fn retired(&self) -> bool {
        self.0.retired
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// Every command that touched it, newest first. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        history::of_traces(ctx, &HistoryOf::Thing(self.0.id.to_string()), filter, first, after).await
    }
}

/// Names one insurance package.
#[derive(Clone, Debug, OneofObject)]
pub enum InsurancePackageBy {
    /// By its id.
    Id(ID),
    /// By its code.
    Code(String),
}

impl InsurancePackageBy {
    /// The domain's form; a malformed id or name names nothing.
    #[must_use]
    pub fn to_domain(&self) -> Option<PackageBy> {
        Some(match self {
            Self::Id(id) => PackageBy::Id(id.parse().ok()?),
            Self::Code(code) => PackageBy::Code(name(code)?),
        })
    }
}

/// A package by its id.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: InsurancePackageId) -> Result<Option<InsurancePackage>, Fault> {
    Ok(caller.loaders.row::<domain::InsurancePackage>(id).await?.map(InsurancePackage))
}

/// Questions about insurance packages. Scope: read.
#[derive(Debug, Default)]
pub struct InsurancePackageQuery;

/// Questions about insurance packages. Scope: read.
#[Object]
impl InsurancePackageQuery {
    /// One insurance package. Null for what does not exist.
    async fn insurance_package(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] by: InsurancePackageBy,
    ) -> Result<Option<InsurancePackage>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let Some(by) = by.to_domain() else { return Ok(None) };
        Ok(store::package(caller.db(), caller.tenant(), &by).await?.map(InsurancePackage))
    }

    /// The insurance packages, oldest first.
    async fn insurance_packages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that can no longer be subscribed, or only those that can.")] retired: Option<bool>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<InsurancePackage>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<domain::InsurancePackage>>::new(&PageArgs::forward(first, after))?;
        let rows = store::packages(caller.db(), caller.tenant(), retired, window.page(Ordinal::place)).await?;
        caller.loaders.keep(&rows).await;
        Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), InsurancePackage))
    }
}
