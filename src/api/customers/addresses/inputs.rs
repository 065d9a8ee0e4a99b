//! What is said of addresses in inputs.

use std::collections::BTreeSet;

use async_graphql::{ID, InputObject, OneofObject};

use crate::api::input::named;
use crate::api::inputs::{CustomerBy, name};
use crate::api::scalars::Date;
use crate::customers::addresses::{self as domain, Content, NewAddress, Usage};
use crate::refused::{Refused, said};

/// Names one address.
#[derive(Clone, Debug, OneofObject)]
pub enum AddressBy {
    /// By its id.
    Id(ID),
    /// By your own reference.
    ExternalReference(String),
}

impl AddressBy {
    /// The domain's form; a malformed id or reference names nothing.
    #[must_use]
    pub fn to_domain(&self) -> Option<domain::AddressBy> {
        Some(match self {
            Self::Id(id) => domain::AddressBy::Id(id.parse().ok()?),
            Self::ExternalReference(reference) => domain::AddressBy::ExternalReference(name(reference)?),
        })
    }
}

/// The address that a mutation is about, and whose it is said to be.
pub(super) fn address_of(customer: Option<&CustomerBy>, address: &AddressBy) -> Result<domain::Named, Refused> {
    let customer = match customer {
        Some(by) => Some(named("customer", "customer", by.to_domain())?),
        None => None,
    };
    Ok(domain::Named { customer, address: named("address", "address", address.to_domain())? })
}

/// A postal address: in lines, in its parts, or both. At least one of them besides the country.
#[derive(Clone, Debug, InputObject)]
pub struct PostalAddressInput {
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
    /// In the form that the country's postal codes have, where that is sure: `111 22`, `SE-11122`.
    post_code: Option<String>,
    /// The town.
    town_name: Option<String>,
    /// A state, province or region.
    country_subdivision: Option<String>,
    /// ISO 3166-1 alpha-2: two capital letters.
    country: String,
}

/// What an address says, which is also its type.
#[derive(Clone, Debug, OneofObject)]
#[expect(clippy::large_enum_variant, reason = "an input is read once")]
pub enum AddressContentInput {
    /// Where letters go.
    Postal(PostalAddressInput),
    /// A phone number: 5 to 15 digits, a plus sign before them, spaces and hyphens among them.
    Phone(String),
    /// An e-mail address.
    Email(String),
}

impl From<AddressContentInput> for Content {
    fn from(input: AddressContentInput) -> Self {
        match input {
            AddressContentInput::Postal(postal) => Self::Postal(Box::new(domain::PostalAddress {
                lines: [postal.line1, postal.line2, postal.line3, postal.line4, postal.line5].map(said),
                street_name: said(postal.street_name),
                building_number: said(postal.building_number),
                box_number: said(postal.box_number),
                post_code: said(postal.post_code),
                town_name: said(postal.town_name),
                country_subdivision: said(postal.country_subdivision),
                country: postal.country,
            })),
            AddressContentInput::Phone(number) => Self::Phone(number),
            AddressContentInput::Email(address) => Self::EMail(address),
        }
    }
}

/// What an address is used for.
#[derive(Clone, Debug, InputObject)]
pub struct AddressUsageInput {
    /// What for: 1 to 40 capital letters, digits and underscores, such as STATEMENT_SENDING.
    name: String,
    /// By which service: the same, such as ACCOUNT_SERVICE.
    service: String,
    /// For one thing alone, such as a card contract, in your own words. A usage for one thing and one for all things are
    /// two.
    entity_reference: Option<String>,
}

impl From<AddressUsageInput> for Usage {
    fn from(input: AddressUsageInput) -> Self {
        Self { name: input.name, service: input.service, entity_reference: said(input.entity_reference) }
    }
}

/// Usages of an input; the same one twice is one.
pub(super) fn usages(inputs: Option<Vec<AddressUsageInput>>) -> Vec<Usage> {
    let mut usages: Vec<Usage> = Vec::new();
    for usage in inputs.unwrap_or_default().into_iter().map(Usage::from) {
        if !usages.contains(&usage) {
            usages.push(usage);
        }
    }
    usages
}

/// An address to add to a customer. One with an end is temporary.
#[derive(Clone, Debug, InputObject)]
pub struct NewAddressInput {
    /// Its role: 1 to 40 capital letters, digits and underscores, such as MAIN_POSTAL_ADDRESS. Where the customer has
    /// addresses with it, this is a new version of them.
    label: String,
    /// What it says.
    content: AddressContentInput,
    /// What it is used for, at once, and whatever had these usages before is not.
    usages: Option<Vec<AddressUsageInput>>,
    /// What it applies to alone, in your own words.
    entity_reference: Option<String>,
    /// Your own reference; unique in the tenant.
    external_reference: Option<String>,
    /// The first day that it is in force; today when absent.
    starts_on: Option<Date>,
    /// The last day; with it the address is temporary.
    ends_on: Option<Date>,
}

impl NewAddressInput {
    /// The domain's form of those that come with a customer.
    #[must_use]
    pub fn all(inputs: Option<Vec<Self>>) -> Vec<NewAddress> {
        inputs.unwrap_or_default().into_iter().map(NewAddress::from).collect()
    }
}

impl From<NewAddressInput> for NewAddress {
    fn from(input: NewAddressInput) -> Self {
        Self {
            label: input.label,
            content: input.content.into(),
            usages: usages(input.usages),
            entity_reference: said(input.entity_reference),
            external_reference: input.external_reference,
            starts_on: input.starts_on.map(|day| day.0),
            ends_on: input.ends_on.map(|day| day.0),
        }
    }
}

/// What addresses may be used for in this tenant.
#[derive(Clone, Debug, InputObject)]
pub struct AgreedAddressUsageInput {
    /// What for: 1 to 40 capital letters, digits and underscores.
    pub name: String,
    /// By which service: the same.
    pub service: String,
}

/// What is agreed on, as the tenant's settings have it.
#[must_use]
pub fn agreed(inputs: Vec<AgreedAddressUsageInput>) -> BTreeSet<(String, String)> {
    inputs.into_iter().map(|usage| (usage.name, usage.service)).collect()
}
