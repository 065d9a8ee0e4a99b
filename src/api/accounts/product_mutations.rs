//! `createProduct`, `updateProduct`.

use async_graphql::{Context, InputObject, MaybeUndefined, Object};

use crate::access::Scope;
use crate::accounts::{CreateProduct, UpdateProduct};
use crate::api::accounts::prepaid::PrepaidInput;
use crate::api::accounts::{CharityInput, PayeeInput, PaymentReferenceInput, Product};
use crate::api::call::{Call, Reach, Reply};
use crate::api::enums::{AccountFamily, Component, DebtRule, ItemOrder, WorkingMode};
use crate::api::fault::Fault;
use crate::api::input::{amount, change, metadata, metadata_change, named, set};
use crate::api::inputs::ProductBy;
use crate::api::recurring::terms::TermsInput;
use crate::api::refusal::outcomes;
use crate::api::scalars::{CurrencyCode, Decimal, Json};
use crate::ledger::position::RepaymentOrder;
use crate::primitives::Amount;
use crate::refused::Refused;
use crate::work::Change;

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
    /// In which order what comes is spread over the open items of its accounts; `OLDEST_ITEM_FIRST` when absent.
    item_order: Option<ItemOrder>,
    /// The limit of an account that is opened without one; zero when absent.
    default_credit_limit: Option<Decimal>,
    /// The largest limit that an account may be opened with; none when absent.
    maximum_credit_limit: Option<Decimal>,
    /// The most funds that an account may hold; none when absent.
    maximum_balance: Option<Decimal>,
    /// What its accounts give to charity that switch it on; nothing when absent.
    charity: Option<CharityInput>,
    /// What is charged and allowed for loads and unloads, of a card product that is paid beforehand; nothing is charged and
    /// all is allowed when absent.
    prepaid: Option<PrepaidInput>,
    /// After how many days an authorisation of a card of its accounts lapses, where the message does not say when: 1 to 90; 7
    /// when absent.
    authorisation_days: Option<i32>,
    /// How its accounts get the reference that payments to them carry, as they are opened; none when absent. Needs a `payee`.
    payment_reference: Option<PaymentReferenceInput>,
    /// The bank account that payments to its accounts are made to.
    payee: Option<PayeeInput>,
    /// When something is drawn for its accounts again and again, where that is set up (`setUpRecurringPayment`); monthly on the
    /// 28th when absent, daily where cards are PAY_NOW.
    recurring_payments: Option<TermsInput>,
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
    /// What customers call it; cannot be emptied.
    alias: MaybeUndefined<String>,
    /// The limit of an account that is opened without one; cannot be emptied.
    default_credit_limit: MaybeUndefined<Decimal>,
    /// The largest limit that an account may be opened with; null lifts it.
    maximum_credit_limit: MaybeUndefined<Decimal>,
    /// The most funds that an account may hold; null lifts it.
    maximum_balance: MaybeUndefined<Decimal>,
    /// What accounts give to charity that switch it on from now on; null for nothing.
    charity: MaybeUndefined<CharityInput>,
    /// What is charged and allowed for loads and unloads from now on, all of it; null for nothing charged and all allowed.
    prepaid: MaybeUndefined<PrepaidInput>,
    /// After how many days an authorisation that comes from now on lapses: 1 to 90; null for 7.
    authorisation_days: MaybeUndefined<i32>,
    /// How accounts that are opened get the reference that payments to them carry; null for none.
    payment_reference: MaybeUndefined<PaymentReferenceInput>,
    /// The bank account that payments to its accounts are made to; null for none.
    payee: MaybeUndefined<PayeeInput>,
    /// When something is drawn for accounts for which it is set up or changed from now on; null for what is usual.
    recurring_payments: MaybeUndefined<TermsInput>,
    /// Whether new accounts can no longer be opened; cannot be emptied.
    retired: MaybeUndefined<bool>,
    /// A JSON object of your own; replaces the former one, null empties it.
    metadata: MaybeUndefined<Json>,
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
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => CreateProductResult::Refused(refusal),
            Reply::Done(done) => CreateProductResult::Done(CreateProductSuccess {
                product: Product::new((*done.value).clone()),
                receipt: done.receipt.into(),
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
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => UpdateProductResult::Refused(refusal),
            Reply::Done(done) => UpdateProductResult::Done(UpdateProductSuccess {
                product: Product::new((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }
}

impl CreateProductInput {
    fn command(self) -> Result<CreateProduct, Refused> {
        Ok(CreateProduct {
            code: self.code,
            alias: self.alias,
            family: self.family,
            working_mode: self.working_mode,
            currency: self.currency.0,
            debt_rule: self.debt_rule,
            repayment_order: repayment_order(self.repayment_order)?,
            item_order: self.item_order.unwrap_or(ItemOrder::DEFAULT),
            default_credit_limit: amount(self.default_credit_limit),
            maximum_credit_limit: amount(self.maximum_credit_limit),
            maximum_balance: amount(self.maximum_balance),
            charity: self.charity.map(CharityInput::terms),
            prepaid: self.prepaid.map(PrepaidInput::terms),
            authorisation_days: self.authorisation_days,
            reference: self.payment_reference.map(PaymentReferenceInput::terms).transpose()?,
            payee: self.payee.map(PayeeInput::payee).transpose()?,
            recurring: self.recurring_payments.map(TermsInput::terms).transpose()?,
            metadata: metadata(self.metadata)?,
        })
    }
}

impl UpdateProductInput {
    fn command(self) -> Result<UpdateProduct, Refused> {
        Ok(UpdateProduct {
            product: named("product", "product", self.product.to_domain())?,
            alias: set("alias", self.alias)?,
            default_credit_limit: amount(set("defaultCreditLimit", self.default_credit_limit)?),
            maximum_credit_limit: limit(self.maximum_credit_limit),
            maximum_balance: limit(self.maximum_balance),
            charity: change(self.charity.map_value(CharityInput::terms)),
            prepaid: change(self.prepaid.map_value(PrepaidInput::terms)),
            authorisation_days: change(self.authorisation_days),
            reference: tried(self.payment_reference, PaymentReferenceInput::terms)?,
            payee: tried(self.payee, PayeeInput::payee)?,
            recurring: tried(self.recurring_payments, TermsInput::terms)?,
            retired: set("retired", self.retired)?,
            metadata: metadata_change(self.metadata)?,
        })
    }
}

/// A field that may be emptied or set to what an input means, if it means something.
fn tried<I, T>(field: MaybeUndefined<I>, of: impl Fn(I) -> Result<T, Refused>) -> Result<Change<T>, Refused> {
    Ok(match change(field) {
        Change::Keep => Change::Keep,
        Change::Clear => Change::Clear,
        Change::Set(input) => Change::Set(of(input)?),
    })
}

fn limit(field: MaybeUndefined<Decimal>) -> Change<Amount> {
    change(field.map_value(|amount| Amount(amount.0)))
}

fn repayment_order(components: Option<Vec<Component>>) -> Result<RepaymentOrder, Refused> {
    let Some(components) = components else { return Ok(RepaymentOrder::DEFAULT) };
    let words: Vec<&str> = components.into_iter().map(|component| component.word()).collect();
    RepaymentOrder::from_text(&words.join(","))
        .ok_or_else(|| Refused::invalid("repaymentOrder", "must name every component once"))
}
