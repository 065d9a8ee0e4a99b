//! `createInsurancePackage`, `updateInsurancePackage`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, MaybeUndefined, Object};

use super::packages::{InsurancePackage, InsurancePackageBy};
use crate::access::Scope;
use crate::accounts;
use crate::api::call::{Call, Reach, Reply};
use crate::api::enums::{
    Component, InsuranceAction, InsuranceStatus, InternalRole, PremiumBasis, PremiumPeriod, PremiumRounding,
};
use crate::api::fault::Fault;
use crate::api::input::{MoneyInput, amount, change, named, set};
use crate::api::inputs::ProductBy;
use crate::api::refusal::outcomes;
use crate::api::scalars::Decimal;
use crate::insurance::{CreateInsurancePackage, PackageEvent, PremiumRule, UpdateInsurancePackage};
use crate::refused::{Refused, said};

/// An event that a package authorises.
#[derive(InputObject)]
pub struct InsurancePackageEventInput {
    /// Unique in the package.
    code: String,
    /// What people call it.
    name: String,
    /// What it does.
    action: InsuranceAction,
    /// The state that results: ACTIVE of ACTIVATE, INTERRUPTED of STOP_PREMIUM; INTERRUPTED, DISABLED or CLOSED of
    /// DEACTIVATE.
    status: InsuranceStatus,
}

/// How a premium comes about, and where it goes.
#[derive(InputObject)]
pub struct InsurancePremiumRuleInput {
    /// What it is reckoned from.
    basis: PremiumBasis,
    /// Of a fixed one: in the currency of the products.
    amount: Option<MoneyInput>,
    /// Of a percentage: in percent, above 0, at most 100, with at most four decimals.
    rate_pct: Option<Decimal>,
    /// How a percentage is rounded to whole minor units.
    #[graphql(default_with = "PremiumRounding::HalfUp")]
    rounding: PremiumRounding,
    /// For how long it is; cannot be changed later.
    period: PremiumPeriod,
    /// What of the account it is owed on, as far as free funds do not cover it: FEE, or PRINCIPAL, which has to be
    /// available.
    #[graphql(default_with = "Component::Fee")]
    component: Component,
    /// Where it is credited: what is owed to insurers (INSURANCE_PREMIUM), or FEE_INCOME.
    #[graphql(default_with = "InternalRole::InsurancePremium")]
    ledger_account: InternalRole,
}

/// An insurance package to create.
#[derive(InputObject)]
pub struct CreateInsurancePackageInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Unique in the tenant.
    code: String,
    /// What customers call it.
    name: String,
    /// The products whose accounts it is offered with, up to 100.
    #[graphql(validator(max_items = 100))]
    products: Vec<ProductBy>,
    /// The events that may be recorded, up to 50; one has to activate the insurance.
    #[graphql(validator(max_items = 50))]
    events: Vec<InsurancePackageEventInput>,
    /// The code of the event that a subscription is activated by where none is named.
    default_event: Option<String>,
    /// The youngest that the account's owner may be on the first day, in whole years.
    minimum_age: Option<u16>,
    /// The oldest that the account's owner may be; whoever becomes older is insured no longer.
    maximum_age: Option<u16>,
    /// The code of the event that is recorded then: one that closes the insurance.
    maximum_age_event: Option<String>,
    /// What it costs.
    premium: InsurancePremiumRuleInput,
}

/// What to change on an insurance package. Absent fields stay as they are. Insurances that were subscribed go by it as it is:
/// a premium from the next period on, events and ages from now on.
#[derive(InputObject)]
pub struct UpdateInsurancePackageInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which package.
    package: InsurancePackageBy,
    /// What customers call it; cannot be emptied.
    name: MaybeUndefined<String>,
    /// The products whose accounts it is offered with, all of them; cannot be emptied.
    #[graphql(validator(max_items = 100))]
    products: MaybeUndefined<Vec<ProductBy>>,
    /// The events that may be recorded, all of them; cannot be emptied.
    #[graphql(validator(max_items = 50))]
    events: MaybeUndefined<Vec<InsurancePackageEventInput>>,
    /// The code of the event that a subscription is activated by where none is named; null for none.
    default_event: MaybeUndefined<String>,
    /// The youngest that the account's owner may be on the first day; null lifts it.
    minimum_age: MaybeUndefined<u16>,
    /// The oldest that the account's owner may be; null lifts it.
    maximum_age: MaybeUndefined<u16>,
    /// The code of the event that is recorded of whoever becomes older; null for none.
    maximum_age_event: MaybeUndefined<String>,
    /// What it costs, for as long as before; cannot be emptied.
    premium: MaybeUndefined<InsurancePremiumRuleInput>,
    /// Whether it can no longer be subscribed; cannot be emptied.
    retired: MaybeUndefined<bool>,
}

outcomes! {
    /// An insurance package was created.
    CreateInsurancePackageResult = CreateInsurancePackageSuccess {
        /// The package.
        package: InsurancePackage,
    }

    /// An insurance package was changed.
    UpdateInsurancePackageResult = UpdateInsurancePackageSuccess {
        /// The package, as it is now.
        package: InsurancePackage,
    }
}

/// Mutations of insurance packages.
#[derive(Default)]
pub struct InsurancePackageMutation;

#[Object]
impl InsurancePackageMutation {
    /// Creates an insurance package. Scope: admin.
    async fn create_insurance_package(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to create.")] input: CreateInsurancePackageInput,
    ) -> Result<Option<CreateInsurancePackageResult>, Fault> {
        let call = Call::begin(ctx, "createInsurancePackage", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => CreateInsurancePackageResult::Refused(refusal),
            Reply::Done(done) => CreateInsurancePackageResult::Done(CreateInsurancePackageSuccess {
                package: InsurancePackage(Arc::unwrap_or_clone(done.value)),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Changes an insurance package. Scope: admin.
    async fn update_insurance_package(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateInsurancePackageInput,
    ) -> Result<Option<UpdateInsurancePackageResult>, Fault> {
        let call = Call::begin(ctx, "updateInsurancePackage", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => UpdateInsurancePackageResult::Refused(refusal),
            Reply::Done(done) => UpdateInsurancePackageResult::Done(UpdateInsurancePackageSuccess {
                package: InsurancePackage(Arc::unwrap_or_clone(done.value)),
                receipt: done.receipt.into(),
            }),
        }))
    }
}

impl InsurancePackageEventInput {
    fn event(self) -> PackageEvent {
        PackageEvent { code: self.code, name: self.name, action: self.action, status: self.status }
    }
}

impl InsurancePremiumRuleInput {
    fn rule(self) -> PremiumRule {
        PremiumRule {
            basis: self.basis,
            amount: self.amount.map(Into::into),
            rate: amount(self.rate_pct),
            rounding: self.rounding,
            period: self.period,
            component: self.component,
            ledger_account: self.ledger_account,
        }
    }
}

fn products(products: Vec<ProductBy>) -> Result<Vec<accounts::ProductBy>, Refused> {
    let read = products.into_iter().enumerate();
    read.map(|(place, by)| named(&format!("products.{place}"), "product", by.to_domain())).collect()
}

fn events(events: Vec<InsurancePackageEventInput>) -> Vec<PackageEvent> {
    events.into_iter().map(InsurancePackageEventInput::event).collect()
}

impl CreateInsurancePackageInput {
    fn command(self) -> Result<CreateInsurancePackage, Refused> {
        Ok(CreateInsurancePackage {
            code: self.code,
            name: self.name,
            products: products(self.products)?,
            events: events(self.events),
            default_event: said(self.default_event),
            minimum_age: self.minimum_age,
            maximum_age: self.maximum_age,
            maximum_age_event: said(self.maximum_age_event),
            premium: self.premium.rule(),
        })
    }
}

impl UpdateInsurancePackageInput {
    fn command(self) -> Result<UpdateInsurancePackage, Refused> {
        Ok(UpdateInsurancePackage {
            package: named("package", "insurance package", self.package.to_domain())?,
            name: set("name", self.name)?,
            products: set("products", self.products)?.map(products).transpose()?,
            events: set("events", self.events)?.map(events),
            default_event: change(self.default_event),
            minimum_age: change(self.minimum_age),
            maximum_age: change(self.maximum_age),
            maximum_age_event: change(self.maximum_age_event),
            premium: set("premium", self.premium)?.map(InsurancePremiumRuleInput::rule),
            retired: set("retired", self.retired)?,
        })
    }
}
