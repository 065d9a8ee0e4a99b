//! `createProduct`, `updateProduct`.

use async_graphql::{Context, InputObject, MaybeUndefined, Object};

use super::call::{Call, Reach, Reply};
use super::outputs;
use super::refusal::outcomes;
use crate::access::Scope;
use crate::accounts::graphql::Product;
use crate::accounts::products::{self, NewProduct, ProductChange};
use crate::accounts::{self};
use crate::denial::{Answer, Denial};
use crate::graphql::enums::{AccountFamily, Component, DebtRule, WorkingMode};
use crate::graphql::fault::Fault;
use crate::graphql::input::{change, metadata, named};
use crate::graphql::inputs::ProductBy;
use crate::graphql::scalars::{CurrencyCode, Decimal, Json};
use crate::ledger::position::RepaymentOrder;

/// A product to create.
#[derive(InputObject)]
pub struct CreateProductInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Unique in the tenant.
    code: String,
    /// What customers call it.
    alias: String,
    /// Its family.
    family: AccountFamily,
    /// Of cards; required there.
    working_mode: Option<WorkingMode>,
    /// Of all its accounts.
    currency: CurrencyCode,
    /// How far below zero its accounts may go.
    debt_rule: DebtRule,
    /// What a credit repays first: every component once. Fees, interest, principal when absent.
    repayment_order: Option<Vec<Component>>,
    /// The limit of an account that is opened without one; zero when absent.
    default_credit_limit: Option<Decimal>,
    /// The largest limit that an account may be opened with; none when absent.
    maximum_credit_limit: Option<Decimal>,
    /// The most funds that an account may hold; none when absent.
    maximum_balance: Option<Decimal>,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

/// What to change on a product. Accounts that are open keep what they were opened with.
#[derive(InputObject)]
pub struct UpdateProductInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which product.
    product: ProductBy,
    /// What customers call it.
    alias: Option<String>,
    /// The limit of an account that is opened without one.
    default_credit_limit: Option<Decimal>,
    /// The largest limit that an account may be opened with; null lifts it.
    maximum_credit_limit: MaybeUndefined<Decimal>,
    /// The most funds that an account may hold; null lifts it.
    maximum_balance: MaybeUndefined<Decimal>,
    /// Whether new accounts can no longer be opened.
    retired: Option<bool>,
    /// A JSON object of your own; replaces the former one.
    metadata: Option<Json>,
}

outcomes! {
    /// A product was created.
    CreateProductResult = CreateProductSuccess {
        /// The product.
        product: Product,
    }

    /// A product was changed.
    UpdateProductResult = UpdateProductSuccess {
        /// The product, as it is now.
        product: Product,
    }
}

/// Mutations of products.
#[derive(Default)]
pub struct ProductMutation;

#[Object]
impl ProductMutation {
    /// Creates a product. Scope: admin.
    async fn create_product(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to create.")] input: CreateProductInput,
    ) -> Result<Option<CreateProductResult>, Fault> {
        let call = Call::begin(ctx, "createProduct", Scope::Admin, Reach::Tenant).await?;
        let answer = create(&call, ctx, input).await;
        Ok(Some(match call.reply(answer).await? {
            Reply::Refused(refusal) => CreateProductResult::Refused(refusal),
            Reply::Done(done) => CreateProductResult::Done(CreateProductSuccess {
                product: outputs::product(done.value),
                replayed: done.replayed,
            }),
        }))
    }

    /// Changes a product. Scope: admin.
    async fn update_product(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateProductInput,
    ) -> Result<Option<UpdateProductResult>, Fault> {
        let call = Call::begin(ctx, "updateProduct", Scope::Admin, Reach::Tenant).await?;
        let answer = update(&call, ctx, input).await;
        Ok(Some(match call.reply(answer).await? {
            Reply::Refused(refusal) => UpdateProductResult::Refused(refusal),
            Reply::Done(done) => UpdateProductResult::Done(UpdateProductSuccess {
                product: outputs::product(done.value),
                replayed: done.replayed,
            }),
        }))
    }
}

async fn create(call: &Call<'_>, ctx: &Context<'_>, input: CreateProductInput) -> Answer<accounts::Product> {
    let key = call.key(ctx, &input.idempotency_key)?;
    let new = NewProduct {
        code: input.code,
        alias: input.alias,
        family: input.family,
        working_mode: input.working_mode,
        currency: input.currency.0,
        debt_rule: input.debt_rule,
        repayment_order: repayment_order(input.repayment_order)?,
        default_credit_limit: input.default_credit_limit.map(|limit| limit.0),
        maximum_credit_limit: input.maximum_credit_limit.map(|limit| limit.0),
        maximum_balance: input.maximum_balance.map(|limit| limit.0),
        metadata: metadata(input.metadata)?,
    };
    Box::pin(products::create(call.engine, &call.origin, key, new)).await
}

async fn update(call: &Call<'_>, ctx: &Context<'_>, input: UpdateProductInput) -> Answer<accounts::Product> {
    let key = call.key(ctx, &input.idempotency_key)?;
    let by = named("product", "product", input.product.to_domain())?;
    let amount = |field| change(field).map(|limit| limit.map(|limit: Decimal| limit.0));
    let change = ProductChange {
        alias: input.alias,
        default_credit_limit: input.default_credit_limit.map(|limit| limit.0),
        maximum_credit_limit: amount(input.maximum_credit_limit),
        maximum_balance: amount(input.maximum_balance),
        retired: input.retired,
        metadata: input.metadata.map(|json| metadata(Some(json))).transpose()?,
    };
    Box::pin(products::update(call.engine, &call.origin, key, &by, change)).await
}

fn repayment_order(components: Option<Vec<Component>>) -> Result<RepaymentOrder, Denial> {
    let Some(components) = components else { return Ok(RepaymentOrder::DEFAULT) };
    let words: Vec<&str> = components.into_iter().map(|component| component.word()).collect();
    RepaymentOrder::from_text(&words.join(","))
        .ok_or_else(|| Denial::invalid("repaymentOrder", "must name every component once"))
}
