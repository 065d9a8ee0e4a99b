//! `createCustomer`, `createCustomerBatch`, `updateCustomer`.

use async_graphql::{Context, InputObject, MaybeUndefined, Object};

use super::addresses::NewAddressInput;
use crate::access::Scope;
use crate::api::batch::batches;
use crate::api::call::{Call, Reach, Reply};
use crate::api::customers::{ContactPointInput, Customer, IdentifierInput, ProfileChangeInput, ProfileInput};
use crate::api::enums::CustomerType;
use crate::api::fault::Fault;
use crate::api::input::{change, metadata, metadata_change, named, set};
use crate::api::inputs::CustomerBy;
use crate::api::refusal::outcomes;
use crate::api::scalars::{Date, Json};
use crate::customers::{CreateCustomer, UpdateCustomer};
use crate::refused::Refused;

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
    /// Of a person.
    middle_name: Option<String>,
    /// Of a person; required there.
    last_name: Option<String>,
    /// Of a company; required there.
    company_name: Option<String>,
    /// Of a person; what an identifier tells it must agree with.
    birth_date: Option<Date>,
    /// BCP 47 tags such as `sv` or `pt-BR`, in the order in which they are preferred; at most 10.
    #[graphql(validator(max_items = 10))]
    languages: Option<Vec<String>>,
    /// Where it can be reached; at most 20.
    #[graphql(validator(max_items = 20))]
    contact_points: Option<Vec<ContactPointInput>>,
    /// The numbers by which states know it, one of each kind; at most 10. Each is one customer's.
    #[graphql(validator(max_items = 10))]
    identifiers: Option<Vec<IdentifierInput>>,
    /// A JSON object of your own.
    metadata: Option<Json>,
    /// Where it is reached: none, or a permanent MAIN_POSTAL_ADDRESS among them.
    addresses: Option<Vec<NewAddressInput>>,
}

/// What to change on a customer. Absent fields stay as they are, null empties them.
#[derive(InputObject)]
pub struct UpdateCustomerInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which customer.
    customer: CustomerBy,
    /// Unique in the tenant; cannot be emptied.
    number: MaybeUndefined<String>,
    /// Your own reference; unique in the tenant.
    external_reference: MaybeUndefined<String>,
    /// Of a person.
    first_name: MaybeUndefined<String>,
    /// Of a person.
    middle_name: MaybeUndefined<String>,
    /// Of a person.
    last_name: MaybeUndefined<String>,
    /// Of a company.
    company_name: MaybeUndefined<String>,
    /// Of a person; what an identifier tells it must agree with.
    birth_date: MaybeUndefined<Date>,
    /// All of its languages: they take the place of the former ones.
    languages: MaybeUndefined<Vec<String>>,
    /// All of its contact points: they take the place of the former ones.
    contact_points: MaybeUndefined<Vec<ContactPointInput>>,
    /// All of its identifiers: what it has and is not among them goes.
    identifiers: MaybeUndefined<Vec<IdentifierInput>>,
    /// A JSON object of your own; replaces the former one.
    metadata: MaybeUndefined<Json>,
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

batches! {
    /// Customers to create.
    CreateCustomerBatchInput of CreateCustomerInput;
    CreateCustomerBatchItem, CreateCustomerBatchSuccess, CreateCustomerBatchResult of CreateCustomerResult;
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
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => CreateCustomerResult::Refused(refusal),
            Reply::Done(done) => CreateCustomerResult::Done(CreateCustomerSuccess {
                customer: Customer::new((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Creates many customers. Scope: admin; large batches take the scope bulk.
    async fn create_customer_batch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to create.")] input: CreateCustomerBatchInput,
    ) -> Result<Option<CreateCustomerBatchResult>, Fault> {
        let call = Call::begin(ctx, "createCustomerBatch", Scope::Admin, Reach::Tenant).await?;
        CreateCustomerBatchInput::run(&call, input, CreateCustomerInput::command, |done| {
            let customer = Customer::new((*done.value).clone());
            CreateCustomerResult::Done(CreateCustomerSuccess { customer, receipt: done.receipt.into() })
        })
        .await
    }

    /// Changes a customer. Scope: admin.
    async fn update_customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateCustomerInput,
    ) -> Result<Option<UpdateCustomerResult>, Fault> {
        let call = Call::begin(ctx, "updateCustomer", Scope::Admin, Reach::Own).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => UpdateCustomerResult::Refused(refusal),
            Reply::Done(done) => UpdateCustomerResult::Done(UpdateCustomerSuccess {
                customer: Customer::new((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }
}

impl CreateCustomerInput {
    fn command(self) -> Result<CreateCustomer, Refused> {
        Ok(CreateCustomer {
            type_: self.type_,
            number: self.number,
            external_reference: self.external_reference,
            first_name: self.first_name,
            last_name: self.last_name,
            company_name: self.company_name,
            metadata: metadata(self.metadata)?,
            profile: ProfileInput {
                middle_name: self.middle_name,
                birth_date: self.birth_date,
                languages: self.languages,
                contact_points: self.contact_points,
                identifiers: self.identifiers,
            }
            .told(),
            addresses: NewAddressInput::all(self.addresses),
        })
    }
}

impl UpdateCustomerInput {
    fn command(self) -> Result<UpdateCustomer, Refused> {
        Ok(UpdateCustomer {
            customer: named("customer", "customer", self.customer.to_domain())?,
            number: set("number", self.number)?,
            external_reference: change(self.external_reference),
            first_name: change(self.first_name),
            last_name: change(self.last_name),
            company_name: change(self.company_name),
            metadata: metadata_change(self.metadata)?,
            profile: ProfileChangeInput {
                middle_name: self.middle_name,
                birth_date: self.birth_date,
                languages: self.languages,
                contact_points: self.contact_points,
                identifiers: self.identifiers,
            }
            .told(),
        })
    }
}
