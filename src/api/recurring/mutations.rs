//! What sets up, changes and removes recurring payments.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};

use super::orders::PaymentOrder;
use super::terms::small;
use super::types::{DebitConsent, RecurringPayment};
use crate::access::Scope;
use crate::api::call::{Call, Reach, Reply};
use crate::api::enums::{PaymentFrequency, PaymentScope, RecurringMethod};
use crate::api::fault::Fault;
use crate::api::input::{MoneyInput, change, named, set};
use crate::api::inputs::AccountBy;
use crate::api::refusal::outcomes;
use crate::recurring::{
    CancelPaymentOrder, GiveDebitConsent, RemoveRecurringPayment, RevokeDebitConsent, SetUpRecurringPayment,
    UpdateRecurringPayment,
};
use crate::refused::{Refused, said};

/// What is to be drawn for an account again and again.
#[derive(InputObject)]
pub struct SetUpRecurringPaymentInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account: an open one that may owe.
    account: AccountBy,
    /// By which scheme the owner's bank account is debited.
    payment_method: RecurringMethod,
    /// What is drawn.
    payment_scope: PaymentScope,
    /// How much, in the account's currency: of the scope FIXED, and of no other.
    fixed_amount: Option<MoneyInput>,
    /// How often; as the product says when absent.
    frequency: Option<PaymentFrequency>,
    /// The day of the month, 1 to 31, or of the week, 1 (Monday) to 7; as the product says when absent.
    execution_day: Option<i32>,
}

/// What to change of what is drawn for an account. Absent fields stay as they are, but for the fixed amount, which goes when
/// the scope becomes another than FIXED.
#[derive(InputObject)]
pub struct UpdateRecurringPaymentInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account.
    account: AccountBy,
    /// By which scheme the bank account is debited; cannot be emptied.
    payment_method: MaybeUndefined<RecurringMethod>,
    /// What is drawn; cannot be emptied.
    payment_scope: MaybeUndefined<PaymentScope>,
    /// How much, in the account's currency: of the scope FIXED, and of no other. Null is for the other scopes.
    fixed_amount: MaybeUndefined<MoneyInput>,
    /// How often; cannot be emptied.
    frequency: MaybeUndefined<PaymentFrequency>,
    /// The day of the month, 1 to 31, or of the week, 1 (Monday) to 7; cannot be emptied.
    execution_day: MaybeUndefined<i32>,
}

/// An account for which nothing is to be drawn any more.
#[derive(InputObject)]
pub struct RemoveRecurringPaymentInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account.
    account: AccountBy,
}

/// A customer's yes to being debited.
#[derive(InputObject)]
pub struct GiveDebitConsentInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// For which account.
    account: AccountBy,
    /// By which scheme.
    payment_method: RecurringMethod,
    /// What the mandate is called, at the bank or with you.
    reference: Option<String>,
}

/// A customer's no to being debited any more.
#[derive(InputObject)]
pub struct RevokeDebitConsentInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// For which account.
    account: AccountBy,
}

/// A payment order to cancel.
#[derive(InputObject)]
pub struct CancelPaymentOrderInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which order.
    order: ID,
}

outcomes! {
    /// Something is drawn for an account from now on.
    SetUpRecurringPaymentResult = SetUpRecurringPaymentSuccess {
        /// What is drawn.
        recurring_payment: RecurringPayment,
    }

    /// What is drawn for an account was changed.
    UpdateRecurringPaymentResult = UpdateRecurringPaymentSuccess {
        /// What is drawn, as it is now.
        recurring_payment: RecurringPayment,
    }

    /// Nothing is drawn for an account any more.
    RemoveRecurringPaymentResult = RemoveRecurringPaymentSuccess {
        /// What was drawn.
        recurring_payment: RecurringPayment,
    }

    /// A customer has said yes to being debited.
    GiveDebitConsentResult = GiveDebitConsentSuccess {
        /// The consent.
        consent: DebitConsent,
    }

    /// A customer does not want to be debited any more.
    RevokeDebitConsentResult = RevokeDebitConsentSuccess {
        /// The consent, as it is now.
        consent: DebitConsent,
    }

    /// A payment order was cancelled.
    CancelPaymentOrderResult = CancelPaymentOrderSuccess {
        /// The order, as it is now.
        order: PaymentOrder,
    }
}

/// The result of a mutation that gives one thing.
macro_rules! gives {
    ($reply:expr, $result:ident, $success:ident { $field:ident: $type:ident }) => {
        Ok(Some(match $reply {
            Reply::Refused(refusal) => $result::Refused(refusal),
            Reply::Done(done) => $result::Done($success {
                $field: $type(Arc::unwrap_or_clone(done.value)),
                receipt: done.receipt.into(),
            }),
        }))
    };
}

/// Mutations of recurring payments.
#[derive(Default)]
pub struct RecurringMutation;

#[Object]
impl RecurringMutation {
    /// Has something drawn from the owner's bank account, again and again, for what an account owes. Nothing is drawn without
    /// a consent to the method (`giveDebitConsent`). Scope: money.
    async fn set_up_recurring_payment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be drawn.")] input: SetUpRecurringPaymentInput,
    ) -> Result<Option<SetUpRecurringPaymentResult>, Fault> {
        let call = Call::begin(ctx, "setUpRecurringPayment", Scope::Money, Reach::Own).await?;
        let key = input.idempotency_key.clone();
        let reply = call.run(&key, input.command()).await?;
        gives!(reply, SetUpRecurringPaymentResult, SetUpRecurringPaymentSuccess { recurring_payment: RecurringPayment })
    }

    /// Changes method, scope, amount or day of what is drawn. Orders that wait for their day are sent by
    /// what holds then. Scope: money.
    async fn update_recurring_payment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateRecurringPaymentInput,
    ) -> Result<Option<UpdateRecurringPaymentResult>, Fault> {
        let call = Call::begin(ctx, "updateRecurringPayment", Scope::Money, Reach::Own).await?;
        let key = input.idempotency_key.clone();
        let reply = call.run(&key, input.command()).await?;
        gives!(
            reply,
            UpdateRecurringPaymentResult,
            UpdateRecurringPaymentSuccess { recurring_payment: RecurringPayment }
        )
    }

    /// Has nothing drawn for an account any more, and cancels the orders that wait for their day.
    /// The consent stays. Scope: money.
    async fn remove_recurring_payment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which account.")] input: RemoveRecurringPaymentInput,
    ) -> Result<Option<RemoveRecurringPaymentResult>, Fault> {
        let call = Call::begin(ctx, "removeRecurringPayment", Scope::Money, Reach::Own).await?;
        let account = named("account", "account", input.account.to_domain());
        let command = account.map(|account| RemoveRecurringPayment { account });
        let reply = call.run(&input.idempotency_key, command).await?;
        gives!(
            reply,
            RemoveRecurringPaymentResult,
            RemoveRecurringPaymentSuccess { recurring_payment: RecurringPayment }
        )
    }

    /// Notes that a customer has said yes to being debited for an account; one to another method
    /// takes its place. Scope: money.
    async fn give_debit_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The consent.")] input: GiveDebitConsentInput,
    ) -> Result<Option<GiveDebitConsentResult>, Fault> {
        let call = Call::begin(ctx, "giveDebitConsent", Scope::Money, Reach::Own).await?;
        let account = named("account", "account", input.account.to_domain());
        let (method, reference) = (input.payment_method, said(input.reference));
        let command = account.map(|account| GiveDebitConsent { account, method, reference });
        let reply = call.run(&input.idempotency_key, command).await?;
        gives!(reply, GiveDebitConsentResult, GiveDebitConsentSuccess { consent: DebitConsent })
    }

    /// Notes that a customer does not want to be debited any more. What is set up stays, and nothing is drawn. Scope: money.
    async fn revoke_debit_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "For which account.")] input: RevokeDebitConsentInput,
    ) -> Result<Option<RevokeDebitConsentResult>, Fault> {
        let call = Call::begin(ctx, "revokeDebitConsent", Scope::Money, Reach::Own).await?;
        let account = named("account", "account", input.account.to_domain());
        let command = account.map(|account| RevokeDebitConsent { account });
        let reply = call.run(&input.idempotency_key, command).await?;
        gives!(reply, RevokeDebitConsentResult, RevokeDebitConsentSuccess { consent: DebitConsent })
    }

    /// Cancels a payment order that waits for its day: nothing is drawn for its period. Scope: money.
    async fn cancel_payment_order(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which order.")] input: CancelPaymentOrderInput,
    ) -> Result<Option<CancelPaymentOrderResult>, Fault> {
        let call = Call::begin(ctx, "cancelPaymentOrder", Scope::Money, Reach::Tenant).await?;
        let order = named("order", "payment order", input.order.parse().ok());
        let command = order.map(|order| CancelPaymentOrder { order });
        let reply = call.run(&input.idempotency_key, command).await?;
        gives!(reply, CancelPaymentOrderResult, CancelPaymentOrderSuccess { order: PaymentOrder })
    }
}

impl SetUpRecurringPaymentInput {
    fn command(self) -> Result<SetUpRecurringPayment, Refused> {
        Ok(SetUpRecurringPayment {
            account: named("account", "account", self.account.to_domain())?,
            method: self.payment_method,
            scope: self.payment_scope,
            fixed_amount: self.fixed_amount.map(Into::into),
            frequency: self.frequency,
            execution_day: small(self.execution_day),
        })
    }
}

impl UpdateRecurringPaymentInput {
    fn command(self) -> Result<UpdateRecurringPayment, Refused> {
        Ok(UpdateRecurringPayment {
            account: named("account", "account", self.account.to_domain())?,
            method: set("paymentMethod", self.payment_method)?,
            scope: set("paymentScope", self.payment_scope)?,
            fixed_amount: change(self.fixed_amount.map_value(Into::into)),
            frequency: set("frequency", self.frequency)?,
            execution_day: small(set("executionDay", self.execution_day)?),
        })
    }
}
