//! `createCustomer`, `updateCustomer`.

use async_graphql::{Context, InputObject, MaybeUndefined, Object};

use super::call::{Call, Reach, Reply};
use super::outputs;
use super::refusal::outcomes;
use crate::access::Scope;
use crate::customers::graphql::Customer;
use crate::customers::{self, CustomerChange, NewCustomer};
use crate::denial::Answer;
use crate::graphql::enums::CustomerType;
use crate::graphql::fault::Fault;
use crate::graphql::input::{change, metadata, named};
use crate::graphql::inputs::CustomerBy;
use crate::graphql::scalars::Json;

/// A customer to create. A person has a last name, a company a company name.
#[derive(InputObject)]
pub struct CreateCustomerInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Person or company.
    #[graphql(name = "type")]
    type_: CustomerType,
    /// Unique in the tenant; made when absent.
    number: Option<String>,
    /// Your own reference; unique in the tenant.
    external_reference: Option<String>,
    /// Of a person.
    first_name: Option<String>,
    /// Of a person; required there.
    last_name: Option<String>,
    /// Of a company; required there.
    company_name: Option<String>,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

/// What to change on a customer. Absent fields stay as they are, null empties them.
#[derive(InputObject)]
pub struct UpdateCustomerInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which customer.
    customer: CustomerBy,
    /// Unique in the tenant.
    number: Option<String>,
    /// Your own reference; unique in the tenant.
    external_reference: MaybeUndefined<String>,
    /// Of a person.
    first_name: MaybeUndefined<String>,
    /// Of a person.
    last_name: MaybeUndefined<String>,
    /// Of a company.
    company_name: MaybeUndefined<String>,
    /// A JSON object of your own; replaces the former one.
    metadata: Option<Json>,
}

outcomes! {
    /// A customer was created.
    CreateCustomerResult = CreateCustomerSuccess {
        /// The customer.
        customer: Customer,
    }

    /// A customer was changed.
    UpdateCustomerResult = UpdateCustomerSuccess {
        /// The customer, as it is now.
        customer: Customer,
    }
}

/// Mutations of customers.
#[derive(Default)]
pub struct CustomerMutation;

#[Object]
impl CustomerMutation {
    /// Creates a customer. Scope: admin.
    async fn create_customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to create.")] input: CreateCustomerInput,
    ) -> Result<Option<CreateCustomerResult>, Fault> {
        let call = Call::begin(ctx, "createCustomer", Scope::Admin, Reach::Tenant).await?;
        let answer = create(&call, ctx, input).await;
        Ok(Some(match call.reply(answer).await? {
            Reply::Refused(refusal) => CreateCustomerResult::Refused(refusal),
            Reply::Done(done) => CreateCustomerResult::Done(CreateCustomerSuccess {
                customer: outputs::customer(done.value),
                replayed: done.replayed,
            }),
        }))
    }

    /// Changes a customer. Scope: admin.
    async fn update_customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateCustomerInput,
    ) -> Result<Option<UpdateCustomerResult>, Fault> {
        let call = Call::begin(ctx, "updateCustomer", Scope::Admin, Reach::Own).await?;
        let answer = update(&call, ctx, input).await;
        Ok(Some(match call.reply(answer).await? {
            Reply::Refused(refusal) => UpdateCustomerResult::Refused(refusal),
            Reply::Done(done) => UpdateCustomerResult::Done(UpdateCustomerSuccess {
                customer: outputs::customer(done.value),
                replayed: done.replayed,
            }),
        }))
    }
}

async fn create(call: &Call<'_>, ctx: &Context<'_>, input: CreateCustomerInput) -> Answer<customers::Customer> {
    let key = call.key(ctx, &input.idempotency_key)?;
    let new = NewCustomer {
        type_: input.type_,
        number: input.number,
        external_reference: input.external_reference,
        first_name: input.first_name,
        last_name: input.last_name,
        company_name: input.company_name,
        metadata: metadata(input.metadata)?,
    };
    Box::pin(customers::create(call.engine, &call.origin, key, new)).await
}

async fn update(call: &Call<'_>, ctx: &Context<'_>, input: UpdateCustomerInput) -> Answer<customers::Customer> {
    let key = call.key(ctx, &input.idempotency_key)?;
    let by = named("customer", "customer", input.customer.to_domain())?;
    let change = CustomerChange {
        number: input.number,
        external_reference: change(input.external_reference),
        first_name: change(input.first_name),
        last_name: change(input.last_name),
        company_name: change(input.company_name),
        metadata: input.metadata.map(|json| metadata(Some(json))).transpose()?,
    };
    Box::pin(customers::update(call.engine, &call.origin, key, by, change)).await
}
