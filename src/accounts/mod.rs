//! Products, and accounts of every family: open, change, close.
//!
//! A product is data and decides how its accounts behave. An account keeps its product, currency and owner
//! for life. Its status runs OPEN -> PENDING_CLOSE -> CLOSED or straight to CLOSED, under the lock of its
//! ledger accounts; a closed account takes no postings ever again.

pub mod catalogue;
pub mod close;
pub(crate) mod directory;
pub mod graphql;
pub mod model;
pub mod offers;
pub mod products;
pub mod store;

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::customers::{self, CustomerBy};
use crate::denial::{Answer, Denial, Done, Failure};
use crate::engine::Engine;
use crate::ledger::order::{Action, Idempotency, NewEvent, Order};
use crate::ledger::refusal::RefusalCode;
use crate::ledger::{AccountStatus, Component, LedgerFault, Position, journal};
use crate::primitives::{AccountId, Clock, IdSource, LedgerAccountId, Minor, Money, MoneyError, Origin, TenantId};

pub use model::{Account, Family, Product, WorkingMode};
pub use store::{AccountBy, AccountFilter, ProductBy};

/// The field that names an account's owner, and what it names.
const OWNER: (&str, &str) = ("owner", "customer");
/// The field that names an account, and what it names.
pub(crate) const ACCOUNT: (&str, &str) = ("account", "account");

/// An account to open.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// What it is an instance of.
    pub product: ProductBy,
    /// Whose it is.
    pub owner: CustomerBy,
    /// Made when absent.
    pub number: Option<String>,
    /// The tenant's own reference.
    pub external_reference: Option<String>,
    /// The product's default when absent.
    pub credit_limit: Option<rust_decimal::Decimal>,
    /// A JSON object, as text.
    pub metadata: String,
}

/// What changes. An outer `None` leaves a field as it is, an inner one empties it.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// The tenant's own reference.
    pub external_reference: Option<Option<String>>,
    /// A JSON object, as text: replaces what was there.
    pub metadata: Option<String>,
    /// Downwards only.
    pub credit_limit: Option<rust_decimal::Decimal>,
}

/// Opens an account.
///
/// # Errors
/// `IDEMPOTENCY_KEY_REUSED`, `NOT_FOUND` (product, then owner), `INVALID_STATE` for a retired product,
/// `INVALID_INPUT`, `LIMIT_EXCEEDED`, `DUPLICATE_REFERENCE`, in this order.
pub async fn open(engine: &Engine, origin: &Origin, key: Idempotency, new: NewAccount) -> Answer<Account> {
    let made = new.number.is_none();
    for _ in 1..customers::ATTEMPTS {
        match open_once(engine, origin, key.clone(), new.clone()).await {
            Err(failure) if customers::taken_by_chance(engine, origin, &key, &failure, made).await? => {}
            answer => return answer,
        }
    }
    open_once(engine, origin, key, new).await
}

async fn open_once(engine: &Engine, origin: &Origin, key: Idempotency, new: NewAccount) -> Answer<Account> {
    if let Some(first) = customers::replay(engine, origin, &key).await? {
        return again(engine, origin, &first, OWNER).await;
    }
    let tx = engine.db.begin().await?;
    let product = store::product(&*tx, origin.tenant, &new.product).await?;
    let product = product.ok_or_else(|| Denial::not_found("product", "product"))?;
    let owner = customers::store::find(&*tx, origin.tenant, &new.owner).await?;
    let owner = owner.filter(|owner| customers::visible(origin, owner.id));
    let owner = owner.ok_or_else(|| Denial::not_found("owner", "customer"))?;
    if product.retired {
        return Err(Denial::of_field(RefusalCode::InvalidState, "product", "the product is retired").into());
    }
    customers::model::check_reference("number", new.number.as_ref())?;
    customers::model::check_reference("externalReference", new.external_reference.as_ref())?;
    let credit_limit = match new.credit_limit {
        None => product.default_credit_limit,
        Some(limit) => to_minor("creditLimit", Money { amount: limit, currency: product.currency })?,
    };
    product.check_limit("creditLimit", credit_limit)?;
    let id = engine.ids().next();
    let account = Account {
        id: AccountId(id),
        number: new.number.unwrap_or_else(|| made_number(id)),
        external_reference: new.external_reference,
        product: product.id,
        owner: owner.id,
        family: product.family,
        currency: product.currency,
        opened_on: business_date(&*tx, engine.clock(), origin.tenant).await?,
        closure_code: None,
        metadata: new.metadata,
        created_at: engine.clock().micros(),
    };
    store::insert(&tx, origin.tenant, &account).await?;
    let mut order = Order::new(
        origin,
        "openAccount",
        Action::Open(Box::new(position(engine.ids(), &account, &product, credit_limit))),
    );
    order.idempotency = Some(key);
    let applied = engine.finish(tx, order).await?.map_err(|refusal| Denial::of_refusal(&refusal, &[]))?;
    if applied.replayed {
        again(engine, origin, &applied.result, OWNER).await
    } else {
        Ok(Done { value: account, replayed: false })
    }
}

/// How a new account stands in the books.
#[must_use]
pub fn position(ids: &IdSource, account: &Account, product: &Product, credit_limit: Minor) -> Position {
    Position {
        account: account.id,
        currency: product.currency,
        rows: std::array::from_fn(|_| LedgerAccountId(ids.next())),
        balances: [Minor::ZERO; Component::COUNT],
        status: AccountStatus::Open,
        closed_on: None,
        debt_rule: product.debt_rule,
        repayment_order: product.repayment_order,
        credit_limit,
        maximum_balance: product.maximum_balance,
        reserved: Minor::ZERO,
    }
}

/// Changes an account's external reference and metadata, and lowers its credit limit.
///
/// # Errors
/// `IDEMPOTENCY_KEY_REUSED`, `NOT_FOUND`, `INVALID_INPUT`, `DUPLICATE_REFERENCE`, `ACCOUNT_NOT_OPEN`,
/// `CREDIT_LIMIT_INCREASE_NOT_ALLOWED`, in this order.
pub async fn update(
    engine: &Engine,
    origin: &Origin,
    key: Idempotency,
    by: AccountBy,
    change: AccountChange,
) -> Answer<Account> {
    if let Some(first) = customers::replay(engine, origin, &key).await? {
        return again(engine, origin, &first, ACCOUNT).await;
    }
    let tx = engine.db.begin().await?;
    let found = store::lock(&tx, origin.tenant, origin.customer, &by).await?;
    let mut account = found.ok_or_else(|| Denial::not_found("account", "account"))?;
    account.external_reference = change.external_reference.unwrap_or(account.external_reference);
    account.metadata = change.metadata.unwrap_or(account.metadata);
    customers::model::check_reference("externalReference", account.external_reference.as_ref())?;
    let action = match change.credit_limit {
        None => Action::Record,
        Some(limit) => {
            let limit = Money { amount: limit, currency: account.currency };
            Action::LowerCreditLimit(account.id, to_minor("creditLimit", limit)?)
        }
    };
    store::update(&tx, origin.tenant, &account).await?;
    let mut order = Order::new(origin, "updateAccount", action);
    order.idempotency = Some(key);
    order.result = Some(account.id.to_string());
    let payload = serde_json::json!({ "number": account.number });
    order.events.push(NewEvent { type_: "account.updated", account: Some(account.id), customer: None, payload });
    let names = [(account.id, "account")];
    let applied = engine.finish(tx, order).await?.map_err(|refusal| {
        let mut denial = Denial::of_refusal(&refusal, &names);
        if refusal.code() == RefusalCode::AmountOutOfRange {
            denial = Denial { audited: true, ..Denial::of_field(denial.code, "creditLimit", "must not be negative") };
        }
        denial
    })?;
    if applied.replayed {
        again(engine, origin, &applied.result, ACCOUNT).await
    } else {
        Ok(Done { value: account, replayed: false })
    }
}

/// Asks for an account to be closed: it closes by itself as soon as nothing holds it back, at once if so.
///
/// # Errors
/// `NOT_FOUND`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_STATE` unless it is OPEN.
pub async fn request_closure(engine: &Engine, origin: &Origin, key: Idempotency, by: &AccountBy) -> Answer<Account> {
    let account = match require(engine, origin, "account", by).await {
        Ok(account) => account,
        Err(failure) => {
            return match first_result(engine, origin, &key, &failure).await? {
                Some(first) => again(engine, origin, &first, ACCOUNT).await,
                None => Err(failure),
            };
        }
    };
    let mut order = Order::new(origin, "requestAccountClosure", Action::RequestClosure(account.id));
    order.idempotency = Some(key);
    let applied = engine.submit(order).await?;
    let applied = applied.map_err(|refusal| Denial::of_refusal(&refusal, &[(account.id, "account")]))?;
    Ok(Done { value: account, replayed: applied.replayed })
}

/// An account that an input field names, if the origin sees it.
///
/// # Errors
/// `NOT_FOUND` for the field.
pub async fn require(engine: &Engine, origin: &Origin, field: &str, by: &AccountBy) -> Result<Account, Failure> {
    let found = store::find(engine.db.reader(), origin.tenant, origin.customer, by).await?;
    found.ok_or_else(|| Denial::not_found(field, "account").into())
}

/// The first result of a key that stands for an account; `field` is what the input named, with `what` it is.
pub(crate) async fn again(engine: &Engine, origin: &Origin, id: &str, (field, what): (&str, &str)) -> Answer<Account> {
    let id = id.parse().map_err(|_| LedgerFault::Inconsistent("result of a key"))?;
    let found = store::find(engine.db.reader(), origin.tenant, None, &AccountBy::Id(id)).await?;
    let value = found.ok_or(LedgerFault::Inconsistent("result of a key"))?;
    // The key is the client's, but a token that is bound to a customer does not see another's result.
    if !customers::visible(origin, value.owner) {
        return Err(Denial::not_found(field, what).into());
    }
    Ok(Done { value, replayed: true })
}

/// What the key did before, for a request that names something that is not found by this name any more: references
/// change, and a request is safe to repeat all the same. Nothing unless the failure is `NOT_FOUND` and the key stands
/// for this very request.
///
/// # Errors
/// [`LedgerFault`].
pub(crate) async fn first_result(
    engine: &Engine,
    origin: &Origin,
    key: &Idempotency,
    failure: &Failure,
) -> Result<Option<String>, LedgerFault> {
    if !matches!(failure, Failure::Denied(denial) if denial.code == RefusalCode::NotFound) {
        return Ok(None);
    }
    let remembered = journal::remembered(engine.db.reader(), origin.tenant, &origin.client, &key.key).await?;
    Ok(remembered.filter(|(hash, _)| *hash == key.request_hash).map(|(_, result)| result))
}

/// The tenant's business date: its own, or today.
///
/// # Errors
/// [`LedgerFault`].
pub async fn business_date(
    db: &impl ConnectionTrait,
    clock: &Clock,
    tenant: TenantId,
) -> Result<NaiveDate, LedgerFault> {
    let (own, _) = journal::dates(db, tenant).await?;
    Ok(own.unwrap_or_else(|| clock.today()))
}

/// An amount of an input field in whole minor units.
///
/// # Errors
/// `INVALID_INPUT` for too many decimals, `AMOUNT_OUT_OF_RANGE`.
pub fn to_minor(field: &str, money: Money) -> Result<Minor, Denial> {
    money.to_minor().map_err(|error| match error {
        MoneyError::OutOfRange => Denial::of_field(RefusalCode::AmountOutOfRange, field, error.to_string()),
        MoneyError::TooManyDecimals => {
            let exponent = money.currency.exponent();
            Denial::invalid(field, format!("{} has {exponent} decimals", money.currency))
        }
        MoneyError::UnknownCurrency | MoneyError::CurrencyMismatch => Denial::invalid(field, error.to_string()),
    })
}

/// Twelve digits, from the random bits of the account's id.
fn made_number(id: Uuid) -> String {
    format!("{:012}", id.as_u128() % 1_000_000_000_000)
}
