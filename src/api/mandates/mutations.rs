//! Mutations of mandates.

use async_graphql::{Context, InputObject, Object};

use super::inputs::MandatePayerInput;
use super::{Mandate, MandateBy};
use crate::access::Scope;
use crate::api::batch::batches;
use crate::api::call::{Call, Reach, Reply};
use crate::api::enums::MandateScheme;
use crate::api::fault::Fault;
use crate::api::input::named;
use crate::api::inputs::{AccountBy, CustomerBy};
use crate::api::refusal::outcomes;
use crate::api::scalars::Date;
use crate::mandates::{ActivateMandate, AmendMandate, CreateMandate, RevokeMandate, SuspendMandate};
use crate::refused::{Refused, said};

/// A mandate to register.
#[derive(InputObject)]
pub struct CreateMandateInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// For which account.
    account: AccountBy,
    /// By whose rules is collected. It stays.
    scheme: MandateScheme,
    /// What it is called, up to 35 characters where a bank's scheme is used; made when absent. A provider's mandate has the
    /// provider's id.
    reference: Option<String>,
    /// Who pays: the account's owner, or somebody who takes part in it; the owner when absent.
    debtor: Option<CustomerBy>,
    /// What of the account it is for, in your own words; a provider's mandate names at least one.
    product_references: Option<Vec<String>>,
    /// What it debits. A bank's scheme needs a bank account in full.
    payer: Option<MandatePayerInput>,
    /// The customer's IP address, which the providers `PAYLANDSEN_BIZUM` and `PAYLANDSEN_CARDS` ask for. Never shown.
    client_ip_address: Option<String>,
    /// Whether it is for one collection alone.
    #[graphql(default)]
    one_off: bool,
    /// The day on which it was signed. A SEPA Core mandate is in force with it; today, and not signed yet, when absent.
    signed_on: Option<Date>,
    /// How many days before a collection it is announced, up to 60; for SEPA's schemes 14 when absent, else none.
    #[graphql(validator(minimum = 0))]
    pre_notification_days: Option<i32>,
}

/// A mandate to put into force.
#[derive(InputObject)]
pub struct ActivateMandateInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which.
    mandate: MandateBy,
}

/// A mandate to suspend.
#[derive(InputObject)]
pub struct SuspendMandateInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which.
    mandate: MandateBy,
    /// Why, for people.
    reason: Option<String>,
}

/// A mandate to take back.
#[derive(InputObject)]
pub struct RevokeMandateInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which.
    mandate: MandateBy,
    /// Why, for people.
    reason: Option<String>,
}

/// What a mandate is to say from now on; what is absent stays.
#[derive(InputObject)]
pub struct AmendMandateInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which.
    mandate: MandateBy,
    /// Another reference.
    reference: Option<String>,
    /// What it debits from now on.
    payer: Option<MandatePayerInput>,
    /// How many days before a collection it is announced from now on, up to 60.
    #[graphql(validator(minimum = 0))]
    pre_notification_days: Option<i32>,
    /// Why, for people.
    reason: Option<String>,
}

outcomes! {
    /// A mandate was registered.
    CreateMandateResult = CreateMandateSuccess {
        /// The mandate.
        mandate: Mandate,
    }

    /// A mandate was put into force.
    ActivateMandateResult = ActivateMandateSuccess {
        /// The mandate, as it is now.
        mandate: Mandate,
    }

    /// A mandate was suspended.
    SuspendMandateResult = SuspendMandateSuccess {
        /// The mandate, as it is now.
        mandate: Mandate,
    }

    /// A mandate was amended.
    AmendMandateResult = AmendMandateSuccess {
        /// The mandate, as it is now.
        mandate: Mandate,
    }

    /// A mandate was taken back.
    RevokeMandateResult = RevokeMandateSuccess {
        /// The mandate, as it is now.
        mandate: Mandate,
    }
}

batches! {
    /// Mandates to register.
    CreateMandateBatchInput of CreateMandateInput;
    CreateMandateBatchItem, CreateMandateBatchSuccess, CreateMandateBatchResult of CreateMandateResult;

    /// Mandates to take back.
    RevokeMandateBatchInput of RevokeMandateInput;
    RevokeMandateBatchItem, RevokeMandateBatchSuccess, RevokeMandateBatchResult of RevokeMandateResult;
}

/// The result of a mutation that gives a mandate.
macro_rules! of_mandate {
    ($reply:expr, $result:ident, $success:ident) => {
        Ok(Some(match $reply {
            Reply::Refused(refusal) => $result::Refused(refusal),
            Reply::Done(done) => {
                let mandate = Mandate::new((*done.value).clone());
                $result::Done($success { mandate, receipt: done.receipt.into() })
            }
        }))
    };
}

/// Mutations of mandates.
#[derive(Default)]
pub struct MandateMutation;

#[Object]
impl MandateMutation {
    /// Registers a mandate of an account. SEPA Core mandates are in force once they are signed, providers' at once; the
    /// others wait until the payer's bank has confirmed them, as `activateMandate` says. Scope: money.
    async fn create_mandate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to register.")] input: CreateMandateInput,
    ) -> Result<Option<CreateMandateResult>, Fault> {
        let call = Call::begin(ctx, "createMandate", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_mandate!(call.run(&key, input.command()).await?, CreateMandateResult, CreateMandateSuccess)
    }

    /// Registers many mandates. Scope: money.
    async fn create_mandate_batch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to register.")] input: CreateMandateBatchInput,
    ) -> Result<Option<CreateMandateBatchResult>, Fault> {
        let call = Call::begin(ctx, "createMandateBatch", Scope::Money, Reach::Tenant).await?;
        CreateMandateBatchInput::run(&call, input, CreateMandateInput::command, |done| {
            let mandate = Mandate::new((*done.value).clone());
            CreateMandateResult::Done(CreateMandateSuccess { mandate, receipt: done.receipt.into() })
        })
        .await
    }

    /// Puts a mandate into force: it was signed, the payer's bank has confirmed it, or it is no longer suspended. Scope: money.
    async fn activate_mandate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which mandate.")] input: ActivateMandateInput,
    ) -> Result<Option<ActivateMandateResult>, Fault> {
        let call = Call::begin(ctx, "activateMandate", Scope::Money, Reach::Tenant).await?;
        let mandate = named("mandate", "mandate", input.mandate.to_domain());
        let command = mandate.map(|mandate| ActivateMandate { mandate });
        of_mandate!(call.run(&input.idempotency_key, command).await?, ActivateMandateResult, ActivateMandateSuccess)
    }

    /// Has no debits made by a mandate for the time being. What was sent is on the way. Scope: money.
    async fn suspend_mandate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which mandate.")] input: SuspendMandateInput,
    ) -> Result<Option<SuspendMandateResult>, Fault> {
        let call = Call::begin(ctx, "suspendMandate", Scope::Money, Reach::Tenant).await?;
        let mandate = named("mandate", "mandate", input.mandate.to_domain());
        let reason = said(input.reason);
        let command = mandate.map(|mandate| SuspendMandate { mandate, reason });
        of_mandate!(call.run(&input.idempotency_key, command).await?, SuspendMandateResult, SuspendMandateSuccess)
    }

    /// Changes what a mandate says: its reference, what it debits, how long before a collection that is announced. What it
    /// said before is kept. Scope: money.
    async fn amend_mandate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to change.")] input: AmendMandateInput,
    ) -> Result<Option<AmendMandateResult>, Fault> {
        let call = Call::begin(ctx, "amendMandate", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_mandate!(call.run(&key, input.command()).await?, AmendMandateResult, AmendMandateSuccess)
    }

    /// Takes a mandate back, for good; by a token of the account's owner as well. Scope: money.
    async fn revoke_mandate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which mandate.")] input: RevokeMandateInput,
    ) -> Result<Option<RevokeMandateResult>, Fault> {
        let call = Call::begin(ctx, "revokeMandate", Scope::Money, Reach::Own).await?;
        let key = input.idempotency_key.clone();
        of_mandate!(call.run(&key, input.command()).await?, RevokeMandateResult, RevokeMandateSuccess)
    }

    /// Takes many mandates back. Scope: money.
    async fn revoke_mandate_batch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which mandates.")] input: RevokeMandateBatchInput,
    ) -> Result<Option<RevokeMandateBatchResult>, Fault> {
        let call = Call::begin(ctx, "revokeMandateBatch", Scope::Money, Reach::Tenant).await?;
        RevokeMandateBatchInput::run(&call, input, RevokeMandateInput::command, |done| {
            let mandate = Mandate::new((*done.value).clone());
            RevokeMandateResult::Done(RevokeMandateSuccess { mandate, receipt: done.receipt.into() })
        })
        .await
    }
}

fn days(days: Option<i32>) -> Option<u16> {
    days.map(|days| u16::try_from(days).unwrap_or(u16::MAX))
}

impl CreateMandateInput {
    fn command(self) -> Result<CreateMandate, Refused> {
        let debtor = self.debtor.map(|debtor| named("debtor", "customer", debtor.to_domain())).transpose()?;
        Ok(CreateMandate {
            account: named("account", "account", self.account.to_domain())?,
            reference: said(self.reference),
            scheme: self.scheme,
            debtor,
            product_references: self.product_references.unwrap_or_default(),
            payer: self.payer.map(|payer| payer.into_domain(Some(self.scheme))).transpose()?,
            client_ip: said(self.client_ip_address),
            one_off: self.one_off,
            signed_on: self.signed_on.map(|day| day.0),
            pre_notification_days: days(self.pre_notification_days),
        })
    }
}

impl RevokeMandateInput {
    fn command(self) -> Result<RevokeMandate, Refused> {
        let mandate = named("mandate", "mandate", self.mandate.to_domain())?;
        Ok(RevokeMandate { mandate, reason: said(self.reason) })
    }
}

impl AmendMandateInput {
    fn command(self) -> Result<AmendMandate, Refused> {
        Ok(AmendMandate {
            mandate: named("mandate", "mandate", self.mandate.to_domain())?,
            reference: said(self.reference),
            payer: self.payer.map(|payer| payer.into_domain(None)).transpose()?,
            pre_notification_days: days(self.pre_notification_days),
            reason: said(self.reason),
        })
    }
}
