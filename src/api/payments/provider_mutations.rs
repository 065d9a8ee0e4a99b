//! What is done with providers and the payments through them.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};

use super::movements::details;
use super::providers::{PaymentProvider, ProviderPayment};
use crate::access::Scope;
use crate::api::books::Entry;
use crate::api::call::{Call, Reach, Reply};
use crate::api::enums::ProviderKind;
use crate::api::fault::Fault;
use crate::api::input::{ExternalReferenceInput, MoneyInput, change, named, set};
use crate::api::inputs::{AccountBy, name};
use crate::api::refusal::outcomes;
use crate::api::scalars::{Date, Json};
use crate::payments::providers::{
    self as domain, CancelProviderPayment, CaptureProviderPayment, CreatePaymentProvider, InitiateProviderPayment,
    ReconcileProviderPayout, RefundProviderPayment, UpdatePaymentProvider,
};
use crate::refused::{Refused, said};

/// A payment service provider to create.
#[derive(InputObject)]
pub struct CreatePaymentProviderInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Unique in the tenant: a part of the path that it calls back. At most 50 letters, digits and `-_.`.
    code: String,
    /// What people call it.
    name: String,
    /// How it is reached. SIMULATOR is of a sandbox alone.
    kind: ProviderKind,
    /// Where it is asked, over HTTP.
    url: Option<String>,
}

/// What to change on a payment service provider. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdatePaymentProviderInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which provider, by its code.
    provider: String,
    /// What people call it; cannot be emptied.
    name: MaybeUndefined<String>,
    /// Where it is asked, over HTTP; null of one that is played.
    url: MaybeUndefined<String>,
    /// Whether no new payment is made through it; cannot be emptied.
    retired: MaybeUndefined<bool>,
}

/// A payment to initiate.
#[derive(InputObject)]
pub struct InitiateProviderPaymentInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Into which account, of any family.
    account: AccountBy,
    /// Through which provider, by its code.
    provider: String,
    /// How much: at most what the account can take.
    amount: MoneyInput,
    /// What the provider asks for besides, as JSON of its own form, up to 16 kB.
    additional_input: Option<Json>,
}

/// An authorised payment to capture.
#[derive(InputObject)]
pub struct CaptureProviderPaymentInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which payment.
    payment: ID,
    /// How much of it; all of it when absent. What is left is given up.
    amount: Option<MoneyInput>,
}

/// A payment to call off.
#[derive(InputObject)]
pub struct CancelProviderPaymentInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which payment.
    payment: ID,
}

/// A captured payment to give back.
#[derive(InputObject)]
pub struct RefundProviderPaymentInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which payment.
    payment: ID,
    /// How much of it; all that is left when absent.
    amount: Option<MoneyInput>,
    /// Why, for people.
    reason: String,
}

/// A bank's receipt of what a provider has paid out.
#[derive(InputObject)]
pub struct ReconcileProviderPayoutInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which provider, by its code.
    provider: String,
    /// The payments that it has paid out, up to 500: what was captured, less what was given back.
    #[graphql(validator(max_items = 500))]
    payments: Vec<ID>,
    /// What the bank has received.
    amount: MoneyInput,
    /// What the provider has kept of it; nothing when absent.
    fee: Option<MoneyInput>,
    /// When it counts; the business date when absent.
    value_date: Option<Date>,
    /// A payment reference; not unique.
    reference: Option<String>,
    /// For people.
    description: Option<String>,
    /// Your own name for the entry; unique together with its date and poster.
    external_reference: Option<ExternalReferenceInput>,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

outcomes! {
    /// A provider was created.
    CreatePaymentProviderResult = CreatePaymentProviderSuccess {
        /// The provider.
        provider: PaymentProvider,
        /// What signs what goes to the provider, and what it calls back. Shown here and never again, not even when the
        /// request is repeated.
        secret: Option<String>,
    }

    /// A provider was changed.
    UpdatePaymentProviderResult = UpdatePaymentProviderSuccess {
        /// The provider, as it is now.
        provider: PaymentProvider,
    }

    /// A payment was initiated, and its provider asked.
    InitiateProviderPaymentResult = InitiateProviderPaymentSuccess {
        /// The payment, as its provider has answered. INITIATED, where that has not answered yet and is asked again.
        payment: ProviderPayment,
    }

    /// The provider was asked to capture.
    CaptureProviderPaymentResult = CaptureProviderPaymentSuccess {
        /// The payment, as its provider has answered.
        payment: ProviderPayment,
    }

    /// The provider was asked to call it off.
    CancelProviderPaymentResult = CancelProviderPaymentSuccess {
        /// The payment, as its provider has answered.
        payment: ProviderPayment,
    }

    /// A refund has left the account, and the provider was asked for it.
    RefundProviderPaymentResult = RefundProviderPaymentSuccess {
        /// The payment, as its provider has answered.
        payment: ProviderPayment,
    }

    /// A payout was booked.
    ReconcileProviderPayoutResult = ReconcileProviderPayoutSuccess {
        /// The entry.
        entry: Entry,
    }
}

/// What a provider has answered, asked now.
async fn asked(call: &Call<'_>, payment: Arc<domain::ProviderPayment>) -> Result<ProviderPayment, Fault> {
    let payment = Arc::unwrap_or_clone(payment);
    if payment.asking.is_none() {
        return Ok(ProviderPayment(payment));
    }
    // What could not be asked now is asked by the background.
    let answered = Box::pin(call.engine.providers.ask(call.origin.tenant, payment.id)).await;
    let answered = answered.map_err(|fault| Fault::from(fault).half_way())?;
    Ok(ProviderPayment(answered.unwrap_or(payment)))
}

/// The result of a mutation that gives a payment.
macro_rules! of_payment {
    ($call:expr, $reply:expr, $result:ident, $success:ident) => {
        Ok(Some(match $reply {
            Reply::Refused(refusal) => $result::Refused(refusal),
            Reply::Done(done) => {
                $result::Done($success { payment: asked(&$call, done.value).await?, receipt: done.receipt.into() })
            }
        }))
    };
}

/// Mutations of payments through providers.
#[derive(Default)]
pub struct ProviderMutation;

#[Object]
impl ProviderMutation {
    /// Creates a payment service provider. Scope: admin.
    async fn create_payment_provider(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to create.")] input: CreatePaymentProviderInput,
    ) -> Result<Option<CreatePaymentProviderResult>, Fault> {
        let call = Call::begin(ctx, "createPaymentProvider", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        let command =
            CreatePaymentProvider { code: input.code, name: input.name, kind: input.kind, url: said(input.url) };
        Ok(Some(match call.run(&key, Ok(command)).await? {
            Reply::Refused(refusal) => CreatePaymentProviderResult::Refused(refusal),
            Reply::Done(done) => CreatePaymentProviderResult::Done(CreatePaymentProviderSuccess {
                secret: (!done.receipt.replayed).then(|| done.value.secret.0.clone()),
                provider: PaymentProvider(Arc::unwrap_or_clone(done.value)),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Changes a payment service provider. Scope: admin.
    async fn update_payment_provider(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdatePaymentProviderInput,
    ) -> Result<Option<UpdatePaymentProviderResult>, Fault> {
        let call = Call::begin(ctx, "updatePaymentProvider", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => UpdatePaymentProviderResult::Refused(refusal),
            Reply::Done(done) => UpdatePaymentProviderResult::Done(UpdatePaymentProviderSuccess {
                provider: PaymentProvider(Arc::unwrap_or_clone(done.value)),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Initiates a payment into an account through a payment service provider, and asks that. Scope: money.
    async fn initiate_provider_payment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to pay.")] input: InitiateProviderPaymentInput,
    ) -> Result<Option<InitiateProviderPaymentResult>, Fault> {
        let call = Call::begin(ctx, "initiateProviderPayment", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        let reply = call.run(&key, input.command()).await?;
        of_payment!(call, reply, InitiateProviderPaymentResult, InitiateProviderPaymentSuccess)
    }

    /// Captures what the payer of a payment has agreed to, or a part of it. Scope: money.
    async fn capture_provider_payment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to capture.")] input: CaptureProviderPaymentInput,
    ) -> Result<Option<CaptureProviderPaymentResult>, Fault> {
        let call = Call::begin(ctx, "captureProviderPayment", Scope::Money, Reach::Tenant).await?;
        let amount = input.amount.map(Into::into);
        let command = payment(&input.payment).map(|payment| CaptureProviderPayment { payment, amount });
        let reply = call.run(&input.idempotency_key, command).await?;
        of_payment!(call, reply, CaptureProviderPaymentResult, CaptureProviderPaymentSuccess)
    }

    /// Calls a payment off that is not captured. Scope: money.
    async fn cancel_provider_payment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to call off.")] input: CancelProviderPaymentInput,
    ) -> Result<Option<CancelProviderPaymentResult>, Fault> {
        let call = Call::begin(ctx, "cancelProviderPayment", Scope::Money, Reach::Tenant).await?;
        let command = payment(&input.payment).map(|payment| CancelProviderPayment { payment });
        let reply = call.run(&input.idempotency_key, command).await?;
        of_payment!(call, reply, CancelProviderPaymentResult, CancelProviderPaymentSuccess)
    }

    /// Gives a captured payment back, or a part of it: it leaves the account at once, and comes back if the provider will not
    /// do it. Scope: money.
    async fn refund_provider_payment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to give back.")] input: RefundProviderPaymentInput,
    ) -> Result<Option<RefundProviderPaymentResult>, Fault> {
        let call = Call::begin(ctx, "refundProviderPayment", Scope::Money, Reach::Tenant).await?;
        let amount = input.amount.map(Into::into);
        let reason = input.reason;
        let command = payment(&input.payment).map(|payment| RefundProviderPayment { payment, amount, reason });
        let reply = call.run(&input.idempotency_key, command).await?;
        of_payment!(call, reply, RefundProviderPaymentResult, RefundProviderPaymentSuccess)
    }

    /// Books a bank's receipt of what a provider has paid out, its fee apart, and says which payments it is of. Scope: money.
    async fn reconcile_provider_payout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the bank has received.")] input: ReconcileProviderPayoutInput,
    ) -> Result<Option<ReconcileProviderPayoutResult>, Fault> {
        let call = Call::begin(ctx, "reconcileProviderPayout", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => ReconcileProviderPayoutResult::Refused(refusal),
            Reply::Done(done) => ReconcileProviderPayoutResult::Done(ReconcileProviderPayoutSuccess {
                entry: Entry::new(done.value),
                receipt: done.receipt.into(),
            }),
        }))
    }
}

fn payment(id: &ID) -> Result<crate::primitives::ProviderPaymentId, Refused> {
    named("payment", "payment through a provider", id.parse().ok())
}

fn provider(code: &str) -> Result<String, Refused> {
    named("provider", "payment provider", name(code))
}

impl UpdatePaymentProviderInput {
    fn command(self) -> Result<UpdatePaymentProvider, Refused> {
        Ok(UpdatePaymentProvider {
            provider: provider(&self.provider)?,
            name: set("name", self.name)?,
            url: change(self.url),
            retired: set("retired", self.retired)?,
        })
    }
}

impl InitiateProviderPaymentInput {
    fn command(self) -> Result<InitiateProviderPayment, Refused> {
        Ok(InitiateProviderPayment {
            account: named("account", "account", self.account.to_domain())?,
            provider: provider(&self.provider)?,
            amount: self.amount.into(),
            additional_input: self.additional_input.map(|input| input.text()),
        })
    }
}

impl ReconcileProviderPayoutInput {
    fn command(self) -> Result<ReconcileProviderPayout, Refused> {
        let payments = self
            .payments
            .iter()
            .enumerate()
            .map(|(place, id)| named(&format!("payments.{place}"), "payment through a provider", id.parse().ok()));
        Ok(ReconcileProviderPayout {
            provider: provider(&self.provider)?,
            payments: payments.collect::<Result<_, _>>()?,
            amount: self.amount.into(),
            fee: self.fee.map(Into::into),
            details: details(
                self.value_date,
                self.reference,
                self.description,
                self.external_reference,
                self.metadata,
            )?,
        })
    }
}
