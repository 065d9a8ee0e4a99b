//! Customers in the API.

use async_graphql::{Context, ID, InputObject, Object};
use chrono::NaiveDate;

use super::addresses::{self, Address, AddressFilter, AddressUsageInput};
use crate::access::Scope;
use crate::accounts::blocks::BlockFilter;
use crate::api::accounts::participants::{self, AccountParticipant};
use crate::api::accounts::{self as accounts, Account, AccountFilter};
use crate::api::blocks::{self, Block};
use crate::api::cards::{self, Card, CardFilter};
use crate::api::context::{Caller, allowed, caller};
use crate::api::customers::{ContactPoint, CustomerActionOffer, CustomerIdentifier, KeptOfCustomer};
use crate::api::enums::{CustomerRole, CustomerType, PersonalData};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::inputs::{CustomerBy, filter_text};
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::scalars::{Date, DateTime, Json};
use crate::customers::{self, store};
use crate::documents::Subject;
use crate::primitives::CustomerId;
use crate::refused::Refused;

/// A customer in the API.
#[derive(Clone, Debug)]
pub struct Customer(customers::Customer);

impl Customer {
    /// Why nothing can be done with it any more, if that is so.
    pub(crate) fn absence(&self) -> Option<Refused> {
        self.0.require_present("customer").err()
    }

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

    /// The whole name, for people; empty once it is erased.
    async fn name(&self) -> String {
        self.0.name()
    }

    /// Of a person.
    async fn first_name(&self) -> Option<&str> {
        self.0.first_name.as_deref()
    }

    /// Of a person.
    async fn middle_name(&self) -> Option<&str> {
        self.0.middle_name.as_deref()
    }

    /// Of a person.
    async fn last_name(&self) -> Option<&str> {
        self.0.last_name.as_deref()
    }

    /// Of a company.
    async fn company_name(&self) -> Option<&str> {
        self.0.company_name.as_deref()
    }

    /// Of a person.
    async fn birth_date(&self) -> Option<Date> {
        self.0.birth_date.map(Date)
    }

    /// BCP 47 tags, in the order in which they are preferred.
    async fn languages(&self) -> &[String] {
        &self.0.languages
    }

    /// Where it can be reached, in the order in which it was told.
    async fn contact_points(&self) -> Vec<ContactPoint> {
        self.0.contact_points.iter().map(Into::into).collect()
    }

    /// The numbers by which states know it, masked unless the token has the scope `identifiers`.
    async fn identifiers(&self, ctx: &Context<'_>) -> Result<Vec<CustomerIdentifier>, Fault> {
        let found = caller(ctx)?.loaders.identifiers(self.0.id).await?;
        Ok(found.iter().cloned().map(CustomerIdentifier::new).collect())
    }

    /// What it is, by what it has to do with.
    async fn roles(&self, ctx: &Context<'_>) -> Result<Vec<CustomerRole>, Fault> {
        Ok(caller(ctx)?.loaders.roles(self.0.id).await?.to_vec())
    }

    /// The accounts of others that it takes part in, in the order in which that was told. Scope: read.
    async fn participations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<AccountParticipant>, Fault> {
        participants::of_customer(allowed(ctx, Scope::Read)?, self.0.id, &PageArgs::forward(first, after)).await
    }

    /// The record of the same person that it was merged into: that one has its accounts now.
    async fn merged_into(&self, ctx: &Context<'_>) -> Result<Option<Customer>, Fault> {
        match self.0.merged_into {
            Some(into) => by_id(caller(ctx)?, into).await,
            None => Ok(None),
        }
    }

    /// When what was personal of it was erased.
    async fn erased_at(&self) -> Option<DateTime> {
        self.0.erased_at.map(DateTime)
    }

    /// What was erased then.
    async fn erased(&self) -> Vec<PersonalData> {
        self.0.erasure.as_ref().map(|erasure| erasure.erased.clone()).unwrap_or_default()
    }

    /// What is kept since, why and until when.
    async fn kept(&self) -> Vec<KeptOfCustomer> {
        self.0.erasure.iter().flat_map(|erasure| &erasure.kept).map(Into::into).collect()
    }

    /// What can be done with it now, with this token, and why the rest cannot.
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<CustomerActionOffer>, Fault> {
        Ok(super::actions::offered(caller(ctx)?, &self.0))
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
        #[graphql(desc = "How many from the oldest on, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the newest on, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what lies before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Account>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        accounts::list(caller, Some(self.0.id), filter.as_ref(), &PageArgs { first, after, last, before }).await
    }

    /// The cards that it holds, on accounts of its own or of others, in the order in which they were added. Scope: read.
    async fn cards(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<CardFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Card>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        cards::of_holder(caller, self.0.id, filter, &PageArgs::forward(first, after)).await
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

    /// The blocks on it and on its accounts, newest first. Scope: read.
    async fn blocks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that are in force today, or only those that are over.")] in_force: Option<bool>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Block>, Fault> {
        let filter = BlockFilter { customer: Some(self.0.id), in_force, ..BlockFilter::default() };
        blocks::list(allowed(ctx, Scope::Read)?, filter, &PageArgs::forward(first, after)).await
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
    /// Only with this number.
    number: Option<String>,
    /// Without those that were merged into others or erased.
    #[graphql(default)]
    present: bool,
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
    let today = match by {
        store::CustomerBy::Identifier(_) => caller.engine.present(caller.tenant()).await?.today,
        _ => NaiveDate::MIN,
    };
    let found = store::find(caller.db(), caller.tenant(), &by, today).await?;
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
    let (number, present) = (filter_text("number", filter.number)?, filter.present);
    let filter = store::CustomerFilter { type_: filter.type_, name, number, present, only: caller.customer() };
    let rows = store::list(caller.db(), caller.tenant(), &filter, window.page(Ordinal::place)).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), Customer))
}
