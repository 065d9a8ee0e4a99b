//! `PurchaseTerms`, `setPurchaseTerms`.

use async_graphql::{Context, InputObject, Object};

use crate::access::Scope;
use crate::api::accounts::{self, Product};
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::caller;
use crate::api::enums::PurchaseKind;
use crate::api::fault::Fault;
use crate::api::input::{MoneyInput, named};
use crate::api::inputs::ProductBy;
use crate::api::money::Money;
use crate::api::refusal::outcomes;
use crate::api::scalars::Decimal;
use crate::primitives::{Minor, ProductId};
use crate::purchases::{self as domain, SetPurchaseTerms};
use crate::refused::{Refused, said};

/// Terms in the API.
#[derive(Clone, Debug)]
pub struct PurchaseTerms(pub(super) domain::PurchaseTerms);

async fn product_of(ctx: &Context<'_>, id: ProductId) -> Result<Product, Fault> {
    let found = accounts::product_by_id(caller(ctx)?, id).await?;
    found.ok_or_else(|| Fault::internal(&"terms of a product that is not there"))
}

/// What purchases on the accounts of a product go by.
#[Object]
impl PurchaseTerms {
    /// The product.
    async fn product(&self, ctx: &Context<'_>) -> Result<Product, Fault> {
        product_of(ctx, self.0.product()).await
    }

    /// What the purchases are.
    async fn kind(&self) -> PurchaseKind {
        self.0.kind
    }

    /// Of an invoice: the product of the loan that carries what is left of it, once at least the minimum is paid.
    async fn loan_product(&self, ctx: &Context<'_>) -> Result<Option<Product>, Fault> {
        match self.0.terms.loan {
            None => Ok(None),
            Some(id) => product_of(ctx, id).await.map(Some),
        }
    }

    /// Of a loan: over how many months it is repaid.
    async fn months(&self) -> Option<i32> {
        self.0.terms.credit.and_then(|credit| i32::try_from(credit.months).ok())
    }

    /// Of a loan: the yearly rate, in percent.
    async fn interest_rate_pct(&self) -> Option<Decimal> {
        self.0.terms.credit.map(|credit| Decimal(credit.rate_annual_pct))
    }

    /// Of a loan: what is charged with each month's invoice.
    async fn invoice_fee(&self, ctx: &Context<'_>) -> Result<Option<Money>, Fault> {
        let Some(credit) = self.0.terms.credit else { return Ok(None) };
        let product = caller(ctx)?.loaders.row::<crate::accounts::Product>(self.0.product()).await?;
        let product = product.ok_or_else(|| Fault::internal(&"terms of a product that is not there"))?;
        Ok(Some(Money::of(Minor(credit.invoice_fee), product.currency)))
    }

    /// The address of a customer's own page.
    async fn personal_page(&self) -> Option<&str> {
        self.0.terms.page.as_deref()
    }
}

/// What purchases on the accounts of a product are to go by: all of it.
#[derive(InputObject)]
pub struct SetPurchaseTermsInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which product: of the family LOAN for loans, of the family INVOICE for the others.
    product: ProductBy,
    /// What the purchases are. Stays as it is once it was set.
    kind: PurchaseKind,
    /// Of an INVOICE: the product of the loan that carries what is left of it; its terms are set first. Without one, whoever
    /// does not pay all is overdue.
    loan_product: Option<ProductBy>,
    /// Of a loan, required there: over how many months it is repaid, 1 to 120.
    months: Option<i32>,
    /// Of a loan, required there: the yearly rate, in percent, 0 to 100, with at most four decimals.
    interest_rate_pct: Option<Decimal>,
    /// Of a loan: what is charged with each month's invoice; nothing when absent.
    invoice_fee: Option<MoneyInput>,
    /// The address of a customer's own page: `https://`, with `{account}` and `{signature}` in it, up to 500 characters.
    personal_page: Option<String>,
}

outcomes! {
    /// The terms of purchases were set.
    SetPurchaseTermsResult = SetPurchaseTermsSuccess {
        /// The terms.
        terms: PurchaseTerms,
    }
}

impl SetPurchaseTermsInput {
    fn command(self) -> Result<SetPurchaseTerms, Refused> {
        let loan = match &self.loan_product {
            None => None,
            Some(by) => Some(named("loanProduct", "product", by.to_domain())?),
        };
        Ok(SetPurchaseTerms {
            product: named("product", "product", self.product.to_domain())?,
            kind: self.kind,
            loan,
            months: self.months.map(|months| u32::try_from(months).unwrap_or_default()),
            rate_annual_pct: self.interest_rate_pct.map(|rate| rate.0),
            invoice_fee: self.invoice_fee.map(Into::into),
            page: said(self.personal_page),
        })
    }
}

/// Mutations of terms of purchases.
#[derive(Default)]
pub struct PurchaseTermsMutation;

#[Object]
impl PurchaseTermsMutation {
    /// Says what purchases on the accounts of a product are: invoices or loans, and what the loans cost. Loans that run keep
    /// what they began with. Scope: admin.
    async fn set_purchase_terms(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What they go by.")] input: SetPurchaseTermsInput,
    ) -> Result<Option<SetPurchaseTermsResult>, Fault> {
        let call = Call::begin(ctx, "setPurchaseTerms", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => SetPurchaseTermsResult::Refused(refusal),
            Reply::Done(done) => {
                let terms = PurchaseTerms((*done.value).clone());
                SetPurchaseTermsResult::Done(SetPurchaseTermsSuccess { terms, receipt: done.receipt.into() })
            }
        }))
    }
}
