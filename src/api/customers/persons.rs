//! `mergeCustomers`, `eraseCustomer`.

use async_graphql::{Context, InputObject, Object};

use crate::access::Scope;
use crate::api::call::{Call, Reach, Reply};
use crate::api::customers::{Customer, KeptOfCustomer};
use crate::api::documents::removed_bytes;
use crate::api::enums::PersonalData;
use crate::api::fault::Fault;
use crate::api::input::named;
use crate::api::inputs::CustomerBy;
use crate::api::refusal::outcomes;
use crate::persons::{EraseCustomer, MergeCustomers};
use crate::refused::Refused;

/// Two records of one person.
#[derive(InputObject)]
pub struct MergeCustomersInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// The record that goes. It stays readable, and says where it went.
    customer: CustomerBy,
    /// The record that stays: accounts, participations, identifiers, contact points and documents come to it.
    into: CustomerBy,
}

/// A customer to erase.
#[derive(InputObject)]
pub struct EraseCustomerInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which.
    customer: CustomerBy,
}

outcomes! {
    /// Two records of one person became one.
    MergeCustomersResult = MergeCustomersSuccess {
        /// The record that stays, as it is now.
        customer: Customer,
    }

    /// What was personal of a customer is gone.
    EraseCustomerResult = EraseCustomerSuccess {
        /// What is left of the customer.
        customer: Customer,
        /// What is gone.
        erased: Vec<PersonalData>,
        /// What is kept, why and until when.
        kept: Vec<KeptOfCustomer>,
    }
}

/// Mutations of persons as a whole.
#[derive(Default)]
pub struct PersonMutation;

#[Object]
impl PersonMutation {
    /// Merges two records of one person. Always waits for a second person: the answer is `APPROVAL_REQUIRED`, and the
    /// approval's result is the record that stays. Scope: admin.
    async fn merge_customers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which into which.")] input: MergeCustomersInput,
    ) -> Result<Option<MergeCustomersResult>, Fault> {
        let call = Call::begin(ctx, "mergeCustomers", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => MergeCustomersResult::Refused(refusal),
            Reply::Done(done) => MergeCustomersResult::Done(MergeCustomersSuccess {
                customer: Customer::new((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Erases what is personal of a customer, and of the records that were merged into it. The books stay as they are,
    /// and the answer says what else is kept. Refused while an account is open, a debt is owed or something is
    /// reserved. Scope: admin.
    async fn erase_customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: EraseCustomerInput,
    ) -> Result<Option<EraseCustomerResult>, Fault> {
        let call = Call::begin(ctx, "eraseCustomer", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => EraseCustomerResult::Refused(refusal),
            Reply::Done(done) => {
                removed_bytes(ctx, &call, done.value.id).await?;
                let erasure = done.value.erasure.clone().unwrap_or_default();
                EraseCustomerResult::Done(EraseCustomerSuccess {
                    customer: Customer::new((*done.value).clone()),
                    erased: erasure.erased,
                    kept: erasure.kept.iter().map(Into::into).collect(),
                    receipt: done.receipt.into(),
                })
            }
        }))
    }
}

impl MergeCustomersInput {
    fn command(self) -> Result<MergeCustomers, Refused> {
        Ok(MergeCustomers {
            customer: named("customer", "customer", self.customer.to_domain())?,
            into: named("into", "customer", self.into.to_domain())?,
        })
    }
}

impl EraseCustomerInput {
    fn command(self) -> Result<EraseCustomer, Refused> {
        Ok(EraseCustomer { customer: named("customer", "customer", self.customer.to_domain())? })
    }
}
