//! `registerPurchase`, `produceInvoice`, `postponeInvoice`.

use async_graphql::{Context, InputObject, Object};

use super::types::{Purchase, PurchaseAccount, shown_one};
use crate::access::Scope;
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::caller;
use crate::api::fault::Fault;
use crate::api::input::{MoneyInput, named};
use crate::api::inputs::{AccountBy, CustomerBy, ProductBy};
use crate::api::refusal::outcomes;
use crate::api::scalars::Date;
use crate::purchases::{NewLine, PostponeInvoice, ProduceInvoice, RegisterPurchase};
use crate::refused::{Refused, said};

/// A line of a purchase.
#[derive(InputObject)]
pub struct PurchaseLineInput {
    /// What was bought.
    description: String,
    /// Remarks.
    notes: Option<String>,
    /// How much, with tax; below zero for what is taken off.
    amount: MoneyInput,
    /// The tax in it: a part of the amount.
    tax_amount: Option<MoneyInput>,
    /// The tax's code, of your own.
    tax_code: Option<String>,
    /// What kind of transaction it was, in your own words.
    transaction_type: Option<String>,
    /// When it took place; the business date when absent.
    transaction_date: Option<Date>,
    /// Your order that it is of.
    order_reference: Option<String>,
}

/// A purchase to register.
#[derive(InputObject)]
pub struct RegisterPurchaseInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// What you call it; unique.
    purchase_id: String,
    /// The account, where it is put to what is on one already. It shares that one's due date, unless all of it is paid.
    account: Option<AccountBy>,
    /// Otherwise: the customer for whom an account is opened.
    customer: Option<CustomerBy>,
    /// What that is an instance of: a product whose terms of purchases are set.
    product: Option<ProductBy>,
    /// Your order references, up to 50.
    #[graphql(validator(max_items = 50))]
    order_references: Option<Vec<String>>,
    /// What was bought, 1 to 200 lines that come to more than zero together.
    #[graphql(validator(max_items = 200))]
    lines: Vec<PurchaseLineInput>,
    /// By when it is to be paid, up to three years ahead. Without one it is not produced, until `produceInvoice` says when.
    due_date: Option<Date>,
    /// Of an INVOICE: what of it is to be paid by then at least; all of it when absent.
    minimum_amount: Option<MoneyInput>,
}

/// An invoice to produce.
#[derive(InputObject)]
pub struct ProduceInvoiceInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Of what was bought on which account.
    account: AccountBy,
    /// By when it is to be paid, up to three years ahead.
    due_date: Date,
}

/// An invoice to put off.
#[derive(InputObject)]
pub struct PostponeInvoiceInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Of what was bought on which account.
    account: AccountBy,
    /// The new due date, after the present one, up to three years ahead.
    until: Date,
}

outcomes! {
    /// A purchase was registered.
    RegisterPurchaseResult = RegisterPurchaseSuccess {
        /// The purchase.
        purchase: Purchase,
    }

    /// An invoice was produced.
    ProduceInvoiceResult = ProduceInvoiceSuccess {
        /// What was bought on the account, and how its payment stands.
        purchase_account: PurchaseAccount,
    }

    /// An invoice was put off.
    PostponeInvoiceResult = PostponeInvoiceSuccess {
        /// What was bought on the account, and how its payment stands.
        purchase_account: PurchaseAccount,
    }
}

impl PurchaseLineInput {
    fn line(self) -> NewLine {
        NewLine {
            description: self.description,
            notes: said(self.notes),
            amount: self.amount.into(),
            tax: self.tax_amount.map(Into::into),
            tax_code: said(self.tax_code),
            type_: said(self.transaction_type),
            on: self.transaction_date.map(|day| day.0),
            order: said(self.order_reference),
        }
    }
}

impl RegisterPurchaseInput {
    fn command(self) -> Result<RegisterPurchase, Refused> {
        let account = match &self.account {
            None => None,
            Some(by) => Some(named("account", "account", by.to_domain())?),
        };
        let customer = match &self.customer {
            None => None,
            Some(by) => Some(named("customer", "customer", by.to_domain())?),
        };
        let product = match &self.product {
            None => None,
            Some(by) => Some(named("product", "product", by.to_domain())?),
        };
        Ok(RegisterPurchase {
            purchase_id: self.purchase_id,
            account,
            customer,
            product,
            orders: self.order_references.unwrap_or_default(),
            lines: self.lines.into_iter().map(PurchaseLineInput::line).collect(),
            due_on: self.due_date.map(|day| day.0),
            minimum: self.minimum_amount.map(Into::into),
        })
    }
}

/// Mutations of purchases.
#[derive(Default)]
pub struct PurchaseMutation;

/// The result of a mutation that gives what was bought on an account.
macro_rules! of_account {
    ($ctx:expr, $reply:expr, $result:ident, $success:ident) => {
        Ok(Some(match $reply {
            Reply::Refused(refusal) => $result::Refused(refusal),
            Reply::Done(done) => {
                let purchase_account = shown_one(caller($ctx)?, (*done.value).clone()).await?;
                $result::Done($success { purchase_account, receipt: done.receipt.into() })
            }
        }))
    };
}

#[Object]
impl PurchaseMutation {
    /// Registers a purchase that is paid later: the customer's account owes it, and it is owed to the merchant. Scope: money.
    async fn register_purchase(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was bought.")] input: RegisterPurchaseInput,
    ) -> Result<Option<RegisterPurchaseResult>, Fault> {
        let call = Call::begin(ctx, "registerPurchase", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => RegisterPurchaseResult::Refused(refusal),
            Reply::Done(done) => {
                let purchase = Purchase((*done.value).clone());
                RegisterPurchaseResult::Done(RegisterPurchaseSuccess { purchase, receipt: done.receipt.into() })
            }
        }))
    }

    /// Gives what was bought on an account its due date: from then on it is asked for. Scope: money.
    async fn produce_invoice(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and by when.")] input: ProduceInvoiceInput,
    ) -> Result<Option<ProduceInvoiceResult>, Fault> {
        let call = Call::begin(ctx, "produceInvoice", Scope::Money, Reach::Tenant).await?;
        let account = named("account", "account", input.account.to_domain());
        let command = account.map(|account| ProduceInvoice { account, due_on: input.due_date.0 });
        of_account!(ctx, call.run(&input.idempotency_key, command).await?, ProduceInvoiceResult, ProduceInvoiceSuccess)
    }

    /// Puts the due date of an invoice off; of an overdue one as well. A loan's is not. Scope: money.
    async fn postpone_invoice(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and until when.")] input: PostponeInvoiceInput,
    ) -> Result<Option<PostponeInvoiceResult>, Fault> {
        let call = Call::begin(ctx, "postponeInvoice", Scope::Money, Reach::Tenant).await?;
        let account = named("account", "account", input.account.to_domain());
        let command = account.map(|account| PostponeInvoice { account, until: input.until.0 });
        of_account!(
            ctx,
            call.run(&input.idempotency_key, command).await?,
            PostponeInvoiceResult,
            PostponeInvoiceSuccess
        )
    }
}
