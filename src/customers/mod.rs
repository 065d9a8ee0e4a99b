//! Customers: create, change, find, list.
//!
//! A customer's number and external reference are unique in its tenant. A number that is not given is made:
//! `C` and ten digits, from the customer's own id, so that no counter is shared.

pub mod graphql;
pub mod model;
pub mod store;

use serde_json::json;

use crate::denial::{Answer, Denial, Done, Failure};
use crate::engine::Engine;
use crate::ledger::order::{Action, Idempotency, NewEvent, Order};
use crate::ledger::{LedgerFault, Refusal, journal};
use crate::primitives::{CustomerId, Origin};

pub use model::{Customer, CustomerType};
pub use store::{CustomerBy, CustomerFilter};

/// A customer to create.
#[derive(Clone, Debug)]
pub struct NewCustomer {
    /// Person or company.
    pub type_: CustomerType,
    /// Made when absent.
    pub number: Option<String>,
    /// The tenant's own reference.
    pub external_reference: Option<String>,
    /// Of a person.
    pub first_name: Option<String>,
    /// Of a person.
    pub last_name: Option<String>,
    /// Of a company.
    pub company_name: Option<String>,
    /// A JSON object, as text.
    pub metadata: String,
}

/// What changes. An outer `None` leaves a field as it is, an inner one empties it.
#[derive(Clone, Debug, Default)]
pub struct CustomerChange {
    /// The number.
    pub number: Option<String>,
    /// The tenant's own reference.
    pub external_reference: Option<Option<String>>,
    /// Of a person.
    pub first_name: Option<Option<String>>,
    /// Of a person.
    pub last_name: Option<Option<String>>,
    /// Of a company.
    pub company_name: Option<Option<String>>,
    /// A JSON object, as text.
    pub metadata: Option<String>,
}

/// Creates a customer.
///
/// # Errors
/// `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `DUPLICATE_REFERENCE`, in this order.
pub async fn create(engine: &Engine, origin: &Origin, key: Idempotency, new: NewCustomer) -> Answer<Customer> {
    let made = new.number.is_none();
    for _ in 1..ATTEMPTS {
        match create_once(engine, origin, key.clone(), new.clone()).await {
            Err(failure) if taken_by_chance(engine, origin, &key, &failure, made).await? => {}
            answer => return answer,
        }
    }
    create_once(engine, origin, key, new).await
}

/// How often a number is made before it is given up.
pub(crate) const ATTEMPTS: usize = 5;

/// Whether what is taken is worth another attempt: a made number that somebody has by chance, or a name that
/// this very request took a moment ago, under the same key.
pub(crate) async fn taken_by_chance(
    engine: &Engine,
    origin: &Origin,
    key: &Idempotency,
    failure: &Failure,
    made: bool,
) -> Result<bool, Failure> {
    let number = failure.is_taken("number");
    if number && made {
        return Ok(true);
    }
    Ok((number || failure.is_taken("externalReference")) && replay(engine, origin, key).await?.is_some())
}

async fn create_once(engine: &Engine, origin: &Origin, key: Idempotency, new: NewCustomer) -> Answer<Customer> {
    if let Some(first) = replay(engine, origin, &key).await? {
        return again(engine, origin, &first).await;
    }
    let id = CustomerId(engine.ids().next());
    let customer = Customer {
        id,
        number: new.number.unwrap_or_else(|| made_number('C', id.0)),
        external_reference: new.external_reference,
        type_: new.type_,
        first_name: new.first_name,
        last_name: new.last_name,
        company_name: new.company_name,
        metadata: new.metadata,
        created_at: engine.clock().micros(),
    }
    .checked()?;
    let tx = engine.db.begin().await?;
    store::insert(&tx, origin.tenant, &customer).await?;
    let mut order = Order::new(origin, "createCustomer", Action::Record);
    order.idempotency = Some(key);
    order.result = Some(id.to_string());
    order.events.push(event("customer.created", &customer));
    let applied = engine.finish(tx, order).await?.map_err(|refusal| Denial::of_refusal(&refusal, &[]))?;
    if applied.replayed {
        again(engine, origin, &applied.result).await
    } else {
        Ok(Done { value: customer, replayed: false })
    }
}

/// Changes a customer.
///
/// # Errors
/// `IDEMPOTENCY_KEY_REUSED`, `NOT_FOUND`, `INVALID_INPUT`, `DUPLICATE_REFERENCE`, in this order.
pub async fn update(
    engine: &Engine,
    origin: &Origin,
    key: Idempotency,
    by: CustomerBy,
    change: CustomerChange,
) -> Answer<Customer> {
    if let Some(first) = replay(engine, origin, &key).await? {
        return again(engine, origin, &first).await;
    }
    let tx = engine.db.begin().await?;
    let found = store::lock(&tx, origin.tenant, &by).await?.filter(|customer| visible(origin, customer.id));
    let mut customer = found.ok_or_else(|| Denial::not_found("customer", "customer"))?;
    customer.number = change.number.unwrap_or(customer.number);
    customer.external_reference = change.external_reference.unwrap_or(customer.external_reference);
    customer.first_name = change.first_name.unwrap_or(customer.first_name);
    customer.last_name = change.last_name.unwrap_or(customer.last_name);
    customer.company_name = change.company_name.unwrap_or(customer.company_name);
    customer.metadata = change.metadata.unwrap_or(customer.metadata);
    let customer = customer.checked()?;
    store::update(&tx, origin.tenant, &customer).await?;
    let mut order = Order::new(origin, "updateCustomer", Action::Record);
    order.idempotency = Some(key);
    order.result = Some(customer.id.to_string());
    order.events.push(event("customer.updated", &customer));
    let applied = engine.finish(tx, order).await?.map_err(|refusal| Denial::of_refusal(&refusal, &[]))?;
    if applied.replayed {
        again(engine, origin, &applied.result).await
    } else {
        Ok(Done { value: customer, replayed: false })
    }
}

/// Whether the origin sees the customer at all.
#[must_use]
pub fn visible(origin: &Origin, customer: CustomerId) -> bool {
    origin.customer.is_none_or(|own| own == customer)
}

/// What the key did before, if it stands for the same request.
///
/// # Errors
/// `IDEMPOTENCY_KEY_REUSED`.
pub async fn replay(engine: &Engine, origin: &Origin, key: &Idempotency) -> Result<Option<String>, Failure> {
    match journal::remembered(engine.db.reader(), origin.tenant, &origin.client, &key.key).await? {
        None => Ok(None),
        Some((hash, result)) if hash == key.request_hash => Ok(Some(result)),
        Some(_) => {
            let denial = Denial::of_refusal(&Refusal::KeyReused, &[]);
            Err(Denial { audited: false, ..denial }.into())
        }
    }
}

/// A number that nobody else makes: a letter and ten digits, from the random bits of an id.
#[must_use]
pub fn made_number(letter: char, id: uuid::Uuid) -> String {
    format!("{letter}{:010}", id.as_u128() % 10_000_000_000)
}

async fn again(engine: &Engine, origin: &Origin, id: &str) -> Answer<Customer> {
    let id = id.parse().map_err(|_| LedgerFault::Inconsistent("result of a key"))?;
    let found = store::find(engine.db.reader(), origin.tenant, &CustomerBy::Id(id)).await?;
    let value = found.ok_or(LedgerFault::Inconsistent("result of a key"))?;
    // The key is the client's, but a token that is bound to a customer does not see another's result.
    if !visible(origin, value.id) {
        return Err(Denial::not_found("customer", "customer").into());
    }
    Ok(Done { value, replayed: true })
}

/// What the log says of a customer.
#[must_use]
pub fn event(type_: &'static str, customer: &Customer) -> NewEvent {
    let payload = json!({ "number": customer.number, "type": customer.type_.word() });
    NewEvent { type_, account: None, customer: Some(customer.id), payload }
}
