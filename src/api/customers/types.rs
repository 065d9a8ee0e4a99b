//! Customers in the API.

use async_graphql::{Context, ID, InputObject, Object};

use super::addresses::{self, Address, AddressFilter, AddressUsageInput};
use crate::access::Scope;
use crate::api::accounts::{self as accounts, Account, AccountFilter};
use crate::api::context::{Caller, allowed};
use crate::api::enums::CustomerType;
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::inputs::{CustomerBy, filter_text};
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::scalars::{Date, DateTime, Json};
use crate::customers::{self, store};
use crate::documents::Subject;
use crate::primitives::CustomerId;

/// A customer in the API.
#[derive(Clone, Debug)]
pub struct Customer(customers::Customer);

impl Customer {
    /// Of a customer that the token sees.
    #[must_use]
    pub fn new(customer: customers::Customer) -> Self {
        Self(customer)
    }
}

impl Listed for Customer {
    const LIST: &'static str = "Customer";
}

/// A person or a company that owns accounts.
#[Object]
impl Customer {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Unique in the tenant.
    async fn number(&self) -> &str {
        &self.0.number
    }

    /// Your own reference; unique in the tenant.
    async fn external_reference(&self) -> Option<&str> {
        self.0.external_reference.as_deref()
    }

    /// Person or company.
    #[graphql(name = "type")]
    async fn type_(&self) -> CustomerType {
        self.0.type_
    }

    /// The whole name, for people.
    async fn name(&self) -> String {
        self.0.name()
    }

    /// Of a person.
    async fn first_name(&self) -> Option<&str> {
        self.0.first_name.as_deref()
    }

    /// Of a person.
    async fn last_name(&self) -> Option<&str> {
        self.0.last_name.as_deref()
    }

    /// Of a company.
    async fn company_name(&self) -> Option<&str> {
        self.0.company_name.as_deref()
    }

    /// What you keep with the customer.
    async fn metadata(&self) -> Json {
        Json::stored(&self.0.metadata)
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// Its accounts, oldest first. Scope: read.
    async fn accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<AccountFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Account>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        accounts::list(caller, Some(self.0.id), filter.as_ref(), &PageArgs::forward(first, after)).await
    }

    /// Its addresses, in the order in which they were added: all but those that were removed, or those that are in force
    /// on a day, one for each label. Scope: read.
    async fn addresses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that are in force on this day.")] on: Option<Date>,
        #[graphql(desc = "Only some of them.")] filter: Option<AddressFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Address>, Fault> {
        addresses::list(allowed(ctx, Scope::Read)?, self.0.id, on, filter, &PageArgs::forward(first, after)).await
    }

    /// The address to be used: of a label, or for something. A temporary one hides the permanent one on its days. None
    /// where nothing is in force. Scope: read.
    async fn address(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of this label; MAIN_POSTAL_ADDRESS when neither a label nor a usage is given.")]
        label: Option<String>,
        #[graphql(desc = "For this: with an entity, its own usage, or else the one for all.")] usage: Option<
            AddressUsageInput,
        >,
        #[graphql(desc = "On this day; on the business date when absent.")] on: Option<Date>,
    ) -> Result<Option<Address>, Fault> {
        addresses::current(allowed(ctx, Scope::Read)?, self.0.id, label, usage, on).await
    }

    /// Every command that touched it, newest first. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        history::of(ctx, Subject::Customer(self.0.id), filter, first, after).await
    }
}

/// Which customers to list.
#[derive(Debug, Default, InputObject)]
pub struct CustomerFilter {
    /// Only persons, or only companies.
    #[graphql(name = "type")]
    type_: Option<CustomerType>,
    /// Names that contain this text, whatever the case and the spelling in Unicode (`STRASSE` finds `Straße`). At most
    /// 500 characters.
    name: Option<String>,
}

/// A customer by its id, if the token sees it.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: CustomerId) -> Result<Option<Customer>, Fault> {
    if !caller.sees(id) {
        return Ok(None);
    }
    Ok(caller.loaders.row::<customers::Customer>(id).await?.map(Customer))
}

/// A customer by any of its names, if the token sees it.
///
/// # Errors
/// The database's.
pub async fn find(caller: &Caller, by: &CustomerBy) -> Result<Option<Customer>, Fault> {
    let Some(by) = by.to_domain() else { return Ok(None) };
    if let store::CustomerBy::Id(id) = by {
        return by_id(caller, id).await;
    }
    let found = store::find(caller.db(), caller.tenant(), &by).await?;
    Ok(found.filter(|customer| caller.sees(customer.id)).map(Customer))
}

/// The customers that the token sees, oldest first.
///
/// # Errors
/// `BAD_REQUEST` for the page and the filter, and the database's.
pub async fn list(
    caller: &Caller,
    filter: Option<CustomerFilter>,
    args: &PageArgs,
) -> Result<Connection<Customer>, Fault> {
    let window = Window::<Ordinal<customers::Customer>>::new(args)?;
    let filter = filter.unwrap_or_default();
    let name = filter_text("name", filter.name)?;
    let filter = store::CustomerFilter { type_: filter.type_, name, only: caller.customer() };
    let rows = store::list(caller.db(), caller.tenant(), &filter, window.page(Ordinal::place)).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), Customer))
}
