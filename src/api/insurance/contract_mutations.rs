//! `subscribeInsurance`, `recordInsuranceEvent`, `endInsurance`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object};

use super::contracts::{InsuranceContract, InsuranceContractBy};
use super::packages::InsurancePackageBy;
use crate::access::Scope;
use crate::api::call::{Call, Reach, Reply};
use crate::api::fault::Fault;
use crate::api::input::named;
use crate::api::inputs::AccountBy;
use crate::api::refusal::outcomes;
use crate::api::scalars::Date;
use crate::insurance::{EndInsurance, RecordInsuranceEvent, SubscribeInsurance};
use crate::refused::{Refused, said};

/// An insurance to subscribe.
#[derive(InputObject)]
pub struct SubscribeInsuranceInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// On which account.
    account: AccountBy,
    /// Of which package.
    package: InsurancePackageBy,
    /// The code of the event that activates it; the package's own when absent.
    event: Option<String>,
    /// Its first day; today when absent. Until then it is DISABLED.
    from: Option<Date>,
    /// For people.
    note: Option<String>,
}

/// An event to record.
#[derive(InputObject)]
pub struct RecordInsuranceEventInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Of which insurance.
    insurance: InsuranceContractBy,
    /// The code of the event, as its package has it.
    event: String,
    /// When it happened; today when absent. What it does, it does today.
    occurred_on: Option<Date>,
    /// For people.
    note: Option<String>,
}

/// An insurance to end.
#[derive(InputObject)]
pub struct EndInsuranceInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which insurance.
    insurance: InsuranceContractBy,
    /// Its last day; today when absent, and then it is closed at once.
    on: Option<Date>,
    /// Why, for people.
    reason: String,
}

outcomes! {
    /// An insurance was subscribed.
    SubscribeInsuranceResult = SubscribeInsuranceSuccess {
        /// The insurance.
        insurance: InsuranceContract,
    }

    /// An event was recorded.
    RecordInsuranceEventResult = RecordInsuranceEventSuccess {
        /// The insurance, as it is now.
        insurance: InsuranceContract,
    }

    /// An insurance was ended, or its last day set.
    EndInsuranceResult = EndInsuranceSuccess {
        /// The insurance, as it is now.
        insurance: InsuranceContract,
    }
}

/// The result of a mutation that gives an insurance.
macro_rules! of_insurance {
    ($reply:expr, $result:ident, $success:ident) => {
        Ok(Some(match $reply {
            Reply::Refused(refusal) => $result::Refused(refusal),
            Reply::Done(done) => $result::Done($success {
                insurance: InsuranceContract(Arc::unwrap_or_clone(done.value)),
                receipt: done.receipt.into(),
            }),
        }))
    };
}

/// Mutations of insurance.
#[derive(Default)]
pub struct InsuranceMutation;

#[Object]
impl InsuranceMutation {
    /// Subscribes an insurance on an account, whose owner is the insured. An account has one of a package at a time, and 20
    /// at most. Scope: money.
    async fn subscribe_insurance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to subscribe.")] input: SubscribeInsuranceInput,
    ) -> Result<Option<SubscribeInsuranceResult>, Fault> {
        let call = Call::begin(ctx, "subscribeInsurance", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_insurance!(call.run(&key, input.command()).await?, SubscribeInsuranceResult, SubscribeInsuranceSuccess)
    }

    /// Records an event that an insurance's package authorises, and does what it does. Scope: money.
    async fn record_insurance_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What happened.")] input: RecordInsuranceEventInput,
    ) -> Result<Option<RecordInsuranceEventResult>, Fault> {
        let call = Call::begin(ctx, "recordInsuranceEvent", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_insurance!(call.run(&key, input.command()).await?, RecordInsuranceEventResult, RecordInsuranceEventSuccess)
    }

    /// Ends an insurance, at once or after a day. The day can be set again until then. A period that has been charged is not
    /// given back. Scope: money.
    async fn end_insurance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to end.")] input: EndInsuranceInput,
    ) -> Result<Option<EndInsuranceResult>, Fault> {
        let call = Call::begin(ctx, "endInsurance", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_insurance!(call.run(&key, input.command()).await?, EndInsuranceResult, EndInsuranceSuccess)
    }
}

impl SubscribeInsuranceInput {
    fn command(self) -> Result<SubscribeInsurance, Refused> {
        Ok(SubscribeInsurance {
            account: named("account", "account", self.account.to_domain())?,
            package: named("package", "insurance package", self.package.to_domain())?,
            event: said(self.event),
            from: self.from.map(|day| day.0),
            note: said(self.note),
        })
    }
}

impl RecordInsuranceEventInput {
    fn command(self) -> Result<RecordInsuranceEvent, Refused> {
        Ok(RecordInsuranceEvent {
            insurance: self.insurance.to_domain("insurance")?,
            event: self.event,
            occurred_on: self.occurred_on.map(|day| day.0),
            note: said(self.note),
        })
    }
}

impl EndInsuranceInput {
    fn command(self) -> Result<EndInsurance, Refused> {
        Ok(EndInsurance {
            insurance: self.insurance.to_domain("insurance")?,
            on: self.on.map(|day| day.0),
            reason: self.reason,
        })
    }
}
