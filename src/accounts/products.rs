//! Products as data.

use serde_json::json;

use super::model::{Family, Product, WorkingMode};
use super::store::{self, ProductBy};
use super::to_minor;
use crate::customers;
use crate::denial::{Answer, Denial, Done};
use crate::engine::Engine;
use crate::ledger::order::{Action, Idempotency, NewEvent, Order};
use crate::ledger::position::RepaymentOrder;
use crate::ledger::{DebtRule, LedgerFault};
use crate::primitives::{Currency, Minor, Money, Origin, ProductId};

/// A product to create.
#[derive(Clone, Debug)]
pub struct NewProduct {
    /// Unique in the tenant.
    pub code: String,
    /// What customers call it.
    pub alias: String,
    /// Its family.
    pub family: Family,
    /// Of cards.
    pub working_mode: Option<WorkingMode>,
    /// Of all its accounts.
    pub currency: Currency,
    /// How far below zero its accounts may go.
    pub debt_rule: DebtRule,
    /// What a credit repays first.
    pub repayment_order: RepaymentOrder,
    /// The limit of an account that is opened without one.
    pub default_credit_limit: Option<rust_decimal::Decimal>,
    /// The largest limit that an account may be opened with.
    pub maximum_credit_limit: Option<rust_decimal::Decimal>,
    /// The most funds that an account may hold.
    pub maximum_balance: Option<rust_decimal::Decimal>,
    /// A JSON object, as text.
    pub metadata: String,
}

/// What changes on a product. Accounts that are open keep what they were opened with.
#[derive(Clone, Debug, Default)]
pub struct ProductChange {
    /// What customers call it.
    pub alias: Option<String>,
    /// The limit of an account that is opened without one.
    pub default_credit_limit: Option<rust_decimal::Decimal>,
    /// The largest limit that an account may be opened with; an inner `None` lifts it.
    pub maximum_credit_limit: Option<Option<rust_decimal::Decimal>>,
    /// The most funds that an account may hold; an inner `None` lifts it.
    pub maximum_balance: Option<Option<rust_decimal::Decimal>>,
    /// Whether new accounts can no longer be opened.
    pub retired: Option<bool>,
    /// A JSON object, as text.
    pub metadata: Option<String>,
}

/// Creates a product.
///
/// # Errors
/// `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, `DUPLICATE_REFERENCE`.
pub async fn create(engine: &Engine, origin: &Origin, key: Idempotency, new: NewProduct) -> Answer<Product> {
    if let Some(first) = customers::replay(engine, origin, &key).await? {
        return again(engine, origin, &first).await;
    }
    let currency = new.currency;
    let product = Product {
        id: ProductId(engine.ids().next()),
        code: new.code,
        alias: new.alias,
        family: new.family,
        working_mode: new.working_mode,
        currency,
        debt_rule: new.debt_rule,
        repayment_order: new.repayment_order,
        default_credit_limit: minor("defaultCreditLimit", new.default_credit_limit, currency)?.unwrap_or_default(),
        maximum_credit_limit: minor("maximumCreditLimit", new.maximum_credit_limit, currency)?,
        maximum_balance: minor("maximumBalance", new.maximum_balance, currency)?,
        retired: false,
        metadata: new.metadata,
        created_at: engine.clock().micros(),
    }
    .checked()?;
    let tx = engine.db.begin().await?;
    store::insert_products(&tx, origin.tenant, std::slice::from_ref(&product)).await?;
    finish(engine, tx, order(origin, "createProduct", "product.created", key, &product), product).await
}

/// Changes a product.
///
/// # Errors
/// `IDEMPOTENCY_KEY_REUSED`, `NOT_FOUND`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`.
pub async fn update(
    engine: &Engine,
    origin: &Origin,
    key: Idempotency,
    by: &ProductBy,
    change: ProductChange,
) -> Answer<Product> {
    if let Some(first) = customers::replay(engine, origin, &key).await? {
        return again(engine, origin, &first).await;
    }
    let tx = engine.db.begin().await?;
    let found = store::lock_product(&tx, origin.tenant, by).await?;
    let mut product = found.ok_or_else(|| Denial::not_found("product", "product"))?;
    let currency = product.currency;
    product.alias = change.alias.unwrap_or(product.alias);
    if let Some(limit) = minor("defaultCreditLimit", change.default_credit_limit, currency)? {
        product.default_credit_limit = limit;
    }
    if let Some(limit) = change.maximum_credit_limit {
        product.maximum_credit_limit = minor("maximumCreditLimit", limit, currency)?;
    }
    if let Some(limit) = change.maximum_balance {
        product.maximum_balance = minor("maximumBalance", limit, currency)?;
    }
    product.retired = change.retired.unwrap_or(product.retired);
    product.metadata = change.metadata.unwrap_or(product.metadata);
    let product = product.checked()?;
    store::update_product(&tx, origin.tenant, &product).await?;
    finish(engine, tx, order(origin, "updateProduct", "product.updated", key, &product), product).await
}

async fn finish(
    engine: &Engine,
    tx: crate::database::WriteTransaction,
    order: Order,
    product: Product,
) -> Answer<Product> {
    let origin = order.origin.clone();
    let applied = engine.finish(tx, order).await?.map_err(|refusal| Denial::of_refusal(&refusal, &[]))?;
    if applied.replayed {
        again(engine, &origin, &applied.result).await
    } else {
        Ok(Done { value: product, replayed: false })
    }
}

fn order(origin: &Origin, operation: &'static str, event: &'static str, key: Idempotency, product: &Product) -> Order {
    let mut order = Order::new(origin, operation, Action::Record);
    order.idempotency = Some(key);
    order.result = Some(product.id.to_string());
    let payload = json!({ "product": product.id.to_string(), "code": product.code });
    order.events.push(NewEvent { type_: event, account: None, customer: None, payload });
    order
}

async fn again(engine: &Engine, origin: &Origin, id: &str) -> Answer<Product> {
    let id = id.parse().map_err(|_| LedgerFault::Inconsistent("result of a key"))?;
    let found = store::product(engine.db.reader(), origin.tenant, &ProductBy::Id(id)).await?;
    let value = found.ok_or(LedgerFault::Inconsistent("result of a key"))?;
    Ok(Done { value, replayed: true })
}

fn minor(field: &str, amount: Option<rust_decimal::Decimal>, currency: Currency) -> Result<Option<Minor>, Denial> {
    amount.map(|amount| to_minor(field, Money { amount, currency })).transpose()
}
