//! Mutations of addresses.

use async_graphql::{Context, InputObject, MaybeUndefined, Object};

use super::inputs::{address_of, usages};
use super::{Address, AddressBy, AddressContentInput, AddressUsage, AddressUsageInput, NewAddressInput};
use crate::access::Scope;
use crate::api::batch::batches;
use crate::api::call::{Call, Reach, Reply};
use crate::api::fault::Fault;
use crate::api::input::{change, named};
use crate::api::inputs::CustomerBy;
use crate::api::refusal::outcomes;
use crate::api::scalars::Date;
use crate::customers::addresses::{
    ActivateAddress, AddAddressUsage, CreateAddress, DeactivateAddress, InvalidateAddress, RemoveAddressUsage,
    UpdateAddress,
};
use crate::refused::{Refused, said};

/// An address to add to a customer.
#[derive(InputObject)]
pub struct CreateAddressInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Whose it is.
    customer: CustomerBy,
    /// What it is.
    address: NewAddressInput,
}

/// What an address is to say from now on, all of it: what is absent is emptied.
#[derive(InputObject)]
pub struct UpdateAddressInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Whose it is, where that is to be checked.
    customer: Option<CustomerBy>,
    /// Which. One that is out of use stays as it is, and a new address with its label comes, with an id of its own.
    address: AddressBy,
    /// What it says. It keeps its label.
    content: AddressContentInput,
    /// What it is used for besides what it is used for already; whatever had these usages before is not used for them.
    usages: Option<Vec<AddressUsageInput>>,
    /// What it applies to alone, in your own words; nothing when absent.
    entity_reference: Option<String>,
    /// Your own reference: no part of what is replaced, so it stays when absent; null empties it. A new address has only
    /// the one that is given.
    external_reference: MaybeUndefined<String>,
    /// The first day that it is in force. When absent that stays, and is today for a new address.
    starts_on: Option<Date>,
    /// The last day of a temporary address; a permanent one when absent.
    ends_on: Option<Date>,
    /// `false` clears the mark that it is undeliverable; `true` is refused.
    invalid: Option<bool>,
}

/// An address to put back in use.
#[derive(InputObject)]
pub struct ActivateAddressInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Whose it is, where that is to be checked.
    customer: Option<CustomerBy>,
    /// Which.
    address: AddressBy,
}

/// An address to take out of use.
#[derive(InputObject)]
pub struct DeactivateAddressInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Whose it is, where that is to be checked.
    customer: Option<CustomerBy>,
    /// Which: not the main postal address, and none that is used for something.
    address: AddressBy,
}

/// An address that letters come back from.
#[derive(InputObject)]
pub struct InvalidateAddressInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Whose it is, where that is to be checked.
    customer: Option<CustomerBy>,
    /// Which: a permanent postal address.
    address: AddressBy,
}

/// What to use an address for.
#[derive(InputObject)]
pub struct AddAddressUsageInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Whose it is, where that is to be checked.
    customer: Option<CustomerBy>,
    /// Which.
    address: AddressBy,
    /// What for. Whatever address of the customer's had it before is not used for it any more.
    usage: AddressUsageInput,
}

/// What not to use an address for any more.
#[derive(InputObject)]
pub struct RemoveAddressUsageInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Whose it is, where that is to be checked.
    customer: Option<CustomerBy>,
    /// Which.
    address: AddressBy,
    /// What for. Without an `entityReference` every usage of this name and service is removed.
    usage: AddressUsageInput,
}

outcomes! {
    /// An address was added.
    CreateAddressResult = CreateAddressSuccess {
        /// The address.
        address: Address,
    }

    /// An address was replaced.
    UpdateAddressResult = UpdateAddressSuccess {
        /// The address, as it is now: another one where the former was out of use.
        address: Address,
    }

    /// An address was put back in use.
    ActivateAddressResult = ActivateAddressSuccess {
        /// The address, as it is now.
        address: Address,
    }

    /// An address was taken out of use.
    DeactivateAddressResult = DeactivateAddressSuccess {
        /// The address, as it is now.
        address: Address,
    }

    /// An address was marked as undeliverable.
    InvalidateAddressResult = InvalidateAddressSuccess {
        /// The address, as it is now.
        address: Address,
    }

    /// An address is used for something.
    AddAddressUsageResult = AddAddressUsageSuccess {
        /// The address, as it is now.
        address: Address,
    }

    /// An address is not used for something any more.
    RemoveAddressUsageResult = RemoveAddressUsageSuccess {
        /// The address, as it is now.
        address: Address,
        /// What was taken from it; none in a repetition, which took nothing.
        removed_usages: Vec<AddressUsage>,
    }
}

batches! {
    /// Addresses to add to customers.
    CreateAddressBatchInput of CreateAddressInput;
    CreateAddressBatchItem, CreateAddressBatchSuccess, CreateAddressBatchResult of CreateAddressResult;

    /// Addresses that letters come back from.
    InvalidateAddressBatchInput of InvalidateAddressInput;
    InvalidateAddressBatchItem, InvalidateAddressBatchSuccess, InvalidateAddressBatchResult of InvalidateAddressResult;
}

/// Mutations of addresses.
#[derive(Default)]
pub struct AddressMutation;

/// What a command gave, as a result of its own.
macro_rules! of_address {
    ($reply:expr, $result:ident, $success:ident) => {
        Ok(Some(match $reply {
            Reply::Refused(refusal) => $result::Refused(refusal),
            Reply::Done(done) => {
                let address = Address::new((*done.value).clone());
                $result::Done($success { address, receipt: done.receipt.into() })
            }
        }))
    };
}

#[Object]
impl AddressMutation {
    /// Adds an address to a customer: a new version where the customer has addresses with this label. The first one is a
    /// permanent MAIN_POSTAL_ADDRESS that has started. A temporary one removes every temporary one of its label that it
    /// shares a day with. Scope: admin.
    async fn create_address(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to add.")] input: CreateAddressInput,
    ) -> Result<Option<CreateAddressResult>, Fault> {
        let call = Call::begin(ctx, "createAddress", Scope::Admin, Reach::Own).await?;
        let key = input.idempotency_key.clone();
        of_address!(call.run(&key, input.command()).await?, CreateAddressResult, CreateAddressSuccess)
    }

    /// Adds many addresses. Scope: admin; large batches take the scope bulk.
    async fn create_address_batch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to add.")] input: CreateAddressBatchInput,
    ) -> Result<Option<CreateAddressBatchResult>, Fault> {
        let call = Call::begin(ctx, "createAddressBatch", Scope::Admin, Reach::Tenant).await?;
        CreateAddressBatchInput::run(&call, input, CreateAddressInput::command, |done| {
            let address = Address::new((*done.value).clone());
            CreateAddressResult::Done(CreateAddressSuccess { address, receipt: done.receipt.into() })
        })
        .await
    }

    /// Replaces what an address says, as a whole. It keeps its label and its usages. Scope: admin.
    async fn update_address(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is to say.")] input: UpdateAddressInput,
    ) -> Result<Option<UpdateAddressResult>, Fault> {
        let call = Call::begin(ctx, "updateAddress", Scope::Admin, Reach::Own).await?;
        let key = input.idempotency_key.clone();
        of_address!(call.run(&key, input.command()).await?, UpdateAddressResult, UpdateAddressSuccess)
    }

    /// Puts an address back in use. Scope: admin.
    async fn activate_address(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: ActivateAddressInput,
    ) -> Result<Option<ActivateAddressResult>, Fault> {
        let call = Call::begin(ctx, "activateAddress", Scope::Admin, Reach::Own).await?;
        let address = address_of(input.customer.as_ref(), &input.address);
        let command = address.map(|address| ActivateAddress { address });
        let reply = call.run(&input.idempotency_key, command).await?;
        of_address!(reply, ActivateAddressResult, ActivateAddressSuccess)
    }

    /// Takes an address out of use. Scope: admin.
    async fn deactivate_address(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: DeactivateAddressInput,
    ) -> Result<Option<DeactivateAddressResult>, Fault> {
        let call = Call::begin(ctx, "deactivateAddress", Scope::Admin, Reach::Own).await?;
        let address = address_of(input.customer.as_ref(), &input.address);
        let command = address.map(|address| DeactivateAddress { address });
        let reply = call.run(&input.idempotency_key, command).await?;
        of_address!(reply, DeactivateAddressResult, DeactivateAddressSuccess)
    }

    /// Marks a permanent postal address as undeliverable. It stays in use until it is replaced. Scope: admin.
    async fn invalidate_address(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: InvalidateAddressInput,
    ) -> Result<Option<InvalidateAddressResult>, Fault> {
        let call = Call::begin(ctx, "invalidateAddress", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_address!(call.run(&key, input.command()).await?, InvalidateAddressResult, InvalidateAddressSuccess)
    }

    /// Marks many addresses as undeliverable. Scope: admin; large batches take the scope bulk.
    async fn invalidate_address_batch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: InvalidateAddressBatchInput,
    ) -> Result<Option<InvalidateAddressBatchResult>, Fault> {
        let call = Call::begin(ctx, "invalidateAddressBatch", Scope::Admin, Reach::Tenant).await?;
        InvalidateAddressBatchInput::run(&call, input, InvalidateAddressInput::command, |done| {
            let address = Address::new((*done.value).clone());
            InvalidateAddressResult::Done(InvalidateAddressSuccess { address, receipt: done.receipt.into() })
        })
        .await
    }

    /// Uses an address for something, and no other address of the customer's. Scope: admin.
    async fn add_address_usage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and what for.")] input: AddAddressUsageInput,
    ) -> Result<Option<AddAddressUsageResult>, Fault> {
        let call = Call::begin(ctx, "addAddressUsage", Scope::Admin, Reach::Own).await?;
        let address = address_of(input.customer.as_ref(), &input.address);
        let command = address.map(|address| AddAddressUsage { address, usage: input.usage.into() });
        let reply = call.run(&input.idempotency_key, command).await?;
        of_address!(reply, AddAddressUsageResult, AddAddressUsageSuccess)
    }

    /// Ends the use of an address for something. Scope: admin.
    async fn remove_address_usage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and what for.")] input: RemoveAddressUsageInput,
    ) -> Result<Option<RemoveAddressUsageResult>, Fault> {
        let call = Call::begin(ctx, "removeAddressUsage", Scope::Admin, Reach::Own).await?;
        let address = address_of(input.customer.as_ref(), &input.address);
        let command = address.map(|address| RemoveAddressUsage { address, usage: input.usage.into() });
        Ok(Some(match call.run(&input.idempotency_key, command).await? {
            Reply::Refused(refusal) => RemoveAddressUsageResult::Refused(refusal),
            Reply::Done(done) => RemoveAddressUsageResult::Done(RemoveAddressUsageSuccess {
                address: Address::new((*done.value.address).clone()),
                removed_usages: done.value.removed.iter().cloned().map(AddressUsage::from).collect(),
                receipt: done.receipt.into(),
            }),
        }))
    }
}

impl CreateAddressInput {
    fn command(self) -> Result<CreateAddress, Refused> {
        let customer = named("customer", "customer", self.customer.to_domain())?;
        Ok(CreateAddress { customer, address: self.address.into() })
    }
}

impl InvalidateAddressInput {
    fn command(self) -> Result<InvalidateAddress, Refused> {
        Ok(InvalidateAddress { address: address_of(self.customer.as_ref(), &self.address)? })
    }
}

impl UpdateAddressInput {
    fn command(self) -> Result<UpdateAddress, Refused> {
        Ok(UpdateAddress {
            address: address_of(self.customer.as_ref(), &self.address)?,
            content: self.content.into(),
            usages: usages(self.usages),
            entity_reference: said(self.entity_reference),
            external_reference: change(self.external_reference),
            starts_on: self.starts_on.map(|day| day.0),
            ends_on: self.ends_on.map(|day| day.0),
            invalid: self.invalid,
        })
    }
}
