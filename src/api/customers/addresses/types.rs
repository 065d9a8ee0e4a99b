//! Addresses as they are shown, and read.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::inputs::{AddressBy, AddressUsageInput};
use crate::api::context::{Caller, caller};
use crate::api::customers::{self as customers, Customer};
use crate::api::enums::{AddressAction, AddressStatus, AddressType, RefusalCode};
use crate::api::fault::{Fault, FaultCode};
use crate::api::inputs::filter_text;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::scalars::{Date, DateTime};
use crate::customers::addresses::actions::actions;
use crate::customers::addresses::book::{in_force, in_use};
use crate::customers::addresses::{self as domain, AddressBook, Content, MAIN_POSTAL_ADDRESS, store};
use crate::primitives::{AddressId, CustomerId};

/// An address in the API.
#[derive(Clone, Debug)]
pub struct Address(domain::Address);

impl Address {
    /// Of an address that the token sees.
    #[must_use]
    pub fn new(address: domain::Address) -> Self {
        Self(address)
    }
}

impl Listed for Address {
    const LIST: &'static str = "Address";
}

/// A postal address, in lines, in its parts, or both.
#[derive(Clone, Debug, SimpleObject)]
pub struct PostalAddress {
    /// The first line, as it stands on the letter.
    line1: Option<String>,
    /// The second line.
    line2: Option<String>,
    /// The third line.
    line3: Option<String>,
    /// The fourth line.
    line4: Option<String>,
    /// The fifth line.
    line5: Option<String>,
    /// The street.
    street_name: Option<String>,
    /// Of the building in its street.
    building_number: Option<String>,
    /// A post box.
    box_number: Option<String>,
    /// The postal code.
    post_code: Option<String>,
    /// The town.
    town_name: Option<String>,
    /// A state, province or region.
    country_subdivision: Option<String>,
    /// ISO 3166-1 alpha-2.
    country: String,
}

impl From<domain::PostalAddress> for PostalAddress {
    fn from(postal: domain::PostalAddress) -> Self {
        let [line1, line2, line3, line4, line5] = postal.lines;
        Self {
            line1,
            line2,
            line3,
            line4,
            line5,
            street_name: postal.street_name,
            building_number: postal.building_number,
            box_number: postal.box_number,
            post_code: postal.post_code,
            town_name: postal.town_name,
            country_subdivision: postal.country_subdivision,
            country: postal.country,
        }
    }
}

/// What an address is used for. No two addresses of a customer have the same usage.
#[derive(Clone, Debug, SimpleObject)]
pub struct AddressUsage {
    /// What for, such as STATEMENT_SENDING.
    name: String,
    /// By which service, such as ACCOUNT_SERVICE.
    service: String,
    /// For one thing alone, such as a card contract.
    entity_reference: Option<String>,
}

impl From<domain::Usage> for AddressUsage {
    fn from(usage: domain::Usage) -> Self {
        Self { name: usage.name, service: usage.service, entity_reference: usage.entity_reference }
    }
}

/// What addresses may be used for in this tenant.
#[derive(Clone, Debug, SimpleObject)]
pub struct AgreedAddressUsage {
    /// What for.
    pub name: String,
    /// By which service.
    pub service: String,
}

/// An operation on an address, and whether it can be done now.
#[derive(Clone, Debug, SimpleObject)]
pub struct PossibleAddressAction {
    /// Which.
    action: AddressAction,
    /// Whether the address as it is allows it now. Scopes of the token are apart.
    allowed: bool,
    /// What it would be refused with.
    code: Option<RefusalCode>,
    /// Why it is not allowed, for people.
    reason: Option<String>,
}

/// Where a customer is reached: by letter, phone or e-mail, under a label. Addresses of a customer with one label are
/// versions of one another.
#[Object]
impl Address {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Your own reference; unique in the tenant.
    async fn external_reference(&self) -> Option<&str> {
        self.0.external_reference.as_deref()
    }

    /// Its role, such as MAIN_POSTAL_ADDRESS.
    async fn label(&self) -> &str {
        &self.0.label
    }

    /// How the customer is reached there.
    #[graphql(name = "type")]
    async fn type_(&self) -> AddressType {
        self.0.type_
    }

    /// Whether it is in use.
    async fn status(&self) -> AddressStatus {
        self.0.status
    }

    /// Whether letters come back from it. `invalidateAddress` sets it, and an update may clear it.
    async fn invalid(&self) -> bool {
        self.0.invalid
    }

    /// Whether it has an end, and hides the permanent address of its label until then.
    async fn temporary(&self) -> bool {
        self.0.is_temporary()
    }

    /// The first day that it is in force.
    async fn starts_on(&self) -> Date {
        Date(self.0.starts_on)
    }

    /// The last day that it is in force, of a temporary address.
    async fn ends_on(&self) -> Option<Date> {
        self.0.ends_on.map(Date)
    }

    /// The first day that it was not in force any more, of one that was taken out of use or removed.
    async fn out_of_use_since(&self) -> Option<Date> {
        self.0.out_of_use_since.map(Date)
    }

    /// Where letters go; of a postal address that was not erased.
    async fn postal(&self) -> Option<PostalAddress> {
        match &self.0.content {
            Some(Content::Postal(postal)) => Some((**postal).clone().into()),
            _ => None,
        }
    }

    /// The number; of a phone that was not erased.
    async fn phone(&self) -> Option<&str> {
        match &self.0.content {
            Some(Content::Phone(number)) => Some(number),
            _ => None,
        }
    }

    /// The address; of an e-mail address that was not erased.
    async fn email(&self) -> Option<&str> {
        match &self.0.content {
            Some(Content::EMail(address)) => Some(address),
            _ => None,
        }
    }

    /// What it is used for.
    async fn usages(&self) -> Vec<AddressUsage> {
        self.0.usages.iter().cloned().map(AddressUsage::from).collect()
    }

    /// What it applies to alone, in your own words.
    async fn entity_reference(&self) -> Option<&str> {
        self.0.entity_reference.as_deref()
    }

    /// When it was added.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// Whose it is.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>, Fault> {
        customers::by_id(caller(ctx)?, self.0.customer).await
    }

    /// The version of it that is in force on a day: the temporary one of its label, or else the permanent one that started
    /// last.
    async fn in_force(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which day; the business date when absent.")] on: Option<Date>,
    ) -> Result<Option<Self>, Fault> {
        let Some(book) = book_of(caller(ctx)?, self.0.customer).await? else { return Ok(None) };
        let day = on.map_or(book.today, |on| on.0);
        Ok(in_force(&book.addresses, &self.0.label, day).cloned().map(Self))
    }

    /// What can be done with it now, and why the rest cannot.
    async fn actions(&self) -> Vec<PossibleAddressAction> {
        let show = |possible: domain::actions::Possible| PossibleAddressAction {
            action: possible.action,
            allowed: possible.obstacle.is_none(),
            code: possible.obstacle.as_ref().map(|refused| refused.code),
            reason: possible.obstacle.map(|refused| refused.message),
        };
        actions(&self.0).into_iter().map(show).collect()
    }
}

/// Which of a customer's addresses to list.
#[derive(Debug, Default, InputObject)]
pub struct AddressFilter {
    /// Only the versions with this label.
    label: Option<String>,
    /// Only of this type.
    #[graphql(name = "type")]
    type_: Option<AddressType>,
    /// Only in this state. All but those that were removed when absent.
    status: Option<AddressStatus>,
}

impl AddressFilter {
    fn takes(&self, address: &domain::Address) -> bool {
        self.label.as_ref().is_none_or(|label| *label == address.label)
            && self.type_.is_none_or(|type_| type_ == address.type_)
            && self.status.is_none_or(|status| status == address.status)
    }
}

/// A customer's addresses, read together with those of the other customers of an answer.
async fn book_of(caller: &Caller, customer: CustomerId) -> Result<Option<Arc<AddressBook>>, Fault> {
    caller.loaders.addresses(customer).await
}

/// An address by its id, if the token sees it.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: AddressId) -> Result<Option<Address>, Fault> {
    let found = caller.loaders.row::<domain::Address>(id).await?;
    Ok(found.filter(|address| caller.sees(address.customer)).map(Address))
}

/// An address by any of its names, if the token sees it.
///
/// # Errors
/// The database's.
pub async fn find(caller: &Caller, by: &AddressBy) -> Result<Option<Address>, Fault> {
    let Some(by) = by.to_domain() else { return Ok(None) };
    if let domain::AddressBy::Id(id) = by {
        return by_id(caller, id).await;
    }
    let found = store::find(caller.db(), caller.tenant(), &by).await?;
    Ok(found.filter(|address| caller.sees(address.customer)).map(Address))
}

/// A customer's addresses, in the order in which they were added; with a day, those in force on it, one for each label.
///
/// # Errors
/// `BAD_REQUEST` for the page and the filter, and the database's.
pub async fn list(
    caller: &Caller,
    customer: CustomerId,
    on: Option<Date>,
    filter: Option<AddressFilter>,
    args: &PageArgs,
) -> Result<Connection<Address>, Fault> {
    let window = Window::<Ordinal<domain::Address>>::new(args)?;
    let mut filter = filter.unwrap_or_default();
    filter.label = filter_text("label", filter.label)?;
    let Some(book) = book_of(caller, customer).await? else { return Ok(Connection::empty()) };
    let listed = |address: &&domain::Address| match on {
        // What was in force may be out of use today.
        Some(on) => in_force(&book.addresses, &address.label, on.0).is_some_and(|found| found.id == address.id),
        None => filter.status.is_some() || address.status != AddressStatus::Removed,
    };
    let page = window.page(Ordinal::place);
    let rows = book.addresses.iter().filter(listed).filter(|address| filter.takes(address));
    let rows = rows.filter(|address| page.after.is_none_or(|after| address.ordinal > after));
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let rows = rows.take(limit).cloned().collect();
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), Address))
}

/// The one address to be used: of a label, or for something, on a day.
///
/// # Errors
/// `BAD_REQUEST` for a label and a usage together, and the database's.
pub async fn current(
    caller: &Caller,
    customer: CustomerId,
    label: Option<String>,
    usage: Option<AddressUsageInput>,
    on: Option<Date>,
) -> Result<Option<Address>, Fault> {
    if label.is_some() && usage.is_some() {
        return Err(Fault::new(FaultCode::BadRequest, "label and usage cannot be given together"));
    }
    let Some(book) = book_of(caller, customer).await? else { return Ok(None) };
    let day = on.map_or(book.today, |on| on.0);
    let found = match usage {
        Some(usage) => in_use(&book.addresses, &usage.into(), day),
        None => in_force(&book.addresses, label.as_deref().unwrap_or(MAIN_POSTAL_ADDRESS), day),
    };
    Ok(found.cloned().map(Address))
}
