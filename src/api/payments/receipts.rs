//! `registerPayment` and `postReimbursement`: what a provider has taken, and what goes back to an account's owner.

use async_graphql::{Context, InputObject, Object};

use crate::access::Scope;
use crate::api::call::{Call, Reach};
use crate::api::enums::{BankAccountClass, ReimbursementType};
use crate::api::fault::Fault;
use crate::api::input::{ExternalReferenceInput, MoneyInput, metadata, named};
use crate::api::inputs::AccountBy;
use crate::api::payments::movements::{PostReimbursementResult, RegisterPaymentResult, details};
use crate::api::scalars::{Date, Json};
use crate::payments::{BankAccountInput, PostReimbursement, RegisterPayment};
use crate::refused::{Refused, said};

/// A payment that a payment service provider has taken.
#[derive(InputObject)]
pub struct RegisterPaymentInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// For which account.
    account: AccountBy,
    /// How much: at most what the account can take.
    amount: MoneyInput,
    /// When it was truly paid: its value date and its transaction date.
    paid_on: Date,
    /// The provider, as you call it.
    provider: String,
    /// The provider's own id of it: it is booked once, whatever key it comes under. At most 50 characters.
    transaction_id: String,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

/// A credit balance to pay back to the account's owner.
#[derive(InputObject)]
pub struct PostReimbursementInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account.
    account: AccountBy,
    /// All of it, or a part.
    #[graphql(name = "type")]
    type_: ReimbursementType,
    /// Of a part, how much. Of all of it, what you take the credit balance to be; another is refused.
    amount: Option<MoneyInput>,
    /// The receiving bank account, international. Absent together with `bankAccountNumber` where the money takes a way that
    /// was agreed on elsewhere.
    iban: Option<String>,
    /// The receiving bank account, domestic.
    bank_account_number: Option<String>,
    /// Required with `bankAccountNumber`.
    bank_account_class: Option<BankAccountClass>,
    /// Who is paid.
    receiver_name: Option<String>,
    /// When it counts; the business date when absent.
    value_date: Option<Date>,
    /// A payment reference; not unique.
    reference: Option<String>,
    /// What the receiver is told.
    message_to_receiver: Option<String>,
    /// For people.
    description: Option<String>,
    /// Your own name for the entry; unique together with its date and poster.
    external_reference: Option<ExternalReferenceInput>,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

/// Mutations of what comes by a provider and goes back to owners.
#[derive(Default)]
pub struct ReceiptMutation;

#[Object]
impl ReceiptMutation {
    /// Registers a payment that a payment service provider has taken: booked once per provider and transaction id, and
    /// refused above what the account can take. Scope: psp.
    async fn register_payment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was paid.")] input: RegisterPaymentInput,
    ) -> Result<Option<RegisterPaymentResult>, Fault> {
        let call = Call::begin(ctx, "registerPayment", Scope::Psp, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(call.run(&key, input.command()).await?.into()))
    }

    /// Pays a credit balance back to its owner, whole or in part; credit is never drawn for it. Scope: money.
    async fn post_reimbursement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to pay back.")] input: PostReimbursementInput,
    ) -> Result<Option<PostReimbursementResult>, Fault> {
        let call = Call::begin(ctx, "postReimbursement", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(call.run(&key, input.command()).await?.into()))
    }
}

impl RegisterPaymentInput {
    fn command(self) -> Result<RegisterPayment, Refused> {
        Ok(RegisterPayment {
            account: named("account", "account", self.account.to_domain())?,
            amount: self.amount.into(),
            paid_on: self.paid_on.0,
            provider: self.provider,
            transaction_id: self.transaction_id,
            metadata: metadata(self.metadata)?,
        })
    }
}

impl PostReimbursementInput {
    fn command(self) -> Result<PostReimbursement, Refused> {
        let (iban, number) = (said(self.iban), said(self.bank_account_number));
        let bank_account = match (&iban, &number, self.bank_account_class) {
            (None, None, None) => None,
            _ => Some(BankAccountInput { iban, number, class: self.bank_account_class }.checked()?),
        };
        Ok(PostReimbursement {
            account: named("account", "account", self.account.to_domain())?,
            type_: self.type_,
            amount: self.amount.map(Into::into),
            bank_account,
            receiver_name: said(self.receiver_name),
            message_to_receiver: said(self.message_to_receiver),
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
