//! What is known of a customer beside names and references: identifiers, contact points, what an erasure left.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};

use crate::access::Scope;
use crate::api::context::caller;
use crate::api::enums::{ContactKind, IdentifierCountry, IdentifierKind, KeptData};
use crate::api::fault::Fault;
use crate::api::input::change;
use crate::api::scalars::{Date, DateTime};
use crate::customers::erasure;
use crate::customers::profile::ContactPoint as Point;
use crate::customers::{self, NewIdentifier, Profile, ProfileChange};
use crate::sealing::Secret;
use crate::work::Change;

/// A number by which a state knows a customer, shown masked.
#[derive(Clone, Debug)]
pub struct CustomerIdentifier(customers::CustomerIdentifier);

impl CustomerIdentifier {
    /// Of a customer that the token sees.
    #[must_use]
    pub fn new(identifier: customers::CustomerIdentifier) -> Self {
        Self(identifier)
    }
}

/// A number by which a state knows a person or a company.
#[Object]
impl CustomerIdentifier {
    /// Whose number it is.
    async fn country(&self) -> IdentifierCountry {
        self.0.kind.country()
    }

    /// What kind of number it is.
    async fn kind(&self) -> IdentifierKind {
        self.0.kind
    }

    /// As it is shown to those who need not know it: its last digits are stars.
    async fn masked(&self) -> String {
        self.0.identifier().masked()
    }

    /// As the country writes it; null for a token without the scope `identifiers`.
    async fn value(&self, ctx: &Context<'_>) -> Result<Option<String>, Fault> {
        let may = caller(ctx)?.principal.may(Scope::Identifiers);
        Ok(may.then(|| self.0.identifier().display()))
    }

    /// When it was told.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// Where a customer can be reached.
#[derive(Clone, SimpleObject)]
pub struct ContactPoint {
    /// By what.
    kind: ContactKind,
    /// An E.164 number, or an address.
    value: String,
    /// What it is, in your own words.
    label: Option<String>,
    /// Whether it is the first of its kind to be tried.
    primary: bool,
}

impl From<&Point> for ContactPoint {
    fn from(point: &Point) -> Self {
        let Point { kind, value, label, primary } = point.clone();
        Self { kind, value, label, primary }
    }
}

/// Something that is kept of a customer who was erased.
#[derive(Clone, Debug, SimpleObject)]
pub struct KeptOfCustomer {
    /// What.
    what: KeptData,
    /// Why, for people.
    why: String,
    /// The last day that it has to be kept, where that is known.
    until: Option<Date>,
}

impl From<&erasure::Kept> for KeptOfCustomer {
    fn from(kept: &erasure::Kept) -> Self {
        Self { what: kept.what, why: kept.why.clone(), until: kept.until.map(Date) }
    }
}

/// A number by which a state knows a person or a company.
#[derive(Clone, InputObject)]
pub struct IdentifierInput {
    /// Whose number it is.
    country: IdentifierCountry,
    /// What kind of number; whichever fits the customer's type when absent.
    kind: Option<IdentifierKind>,
    /// As people write it, with separators or without: `19811228-9874`.
    value: String,
}

/// Without the number.
impl std::fmt::Debug for IdentifierInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.country)
    }
}

impl IdentifierInput {
    /// The domain's form.
    #[must_use]
    pub fn told(self) -> NewIdentifier {
        NewIdentifier { country: self.country, kind: self.kind, value: Secret(self.value) }
    }
}

/// Where a customer can be reached.
#[derive(InputObject)]
pub struct ContactPointInput {
    /// By what.
    kind: ContactKind,
    /// A telephone number with its country (`+46 70 123 45 67`), or an e-mail address.
    value: String,
    /// What it is, in your own words.
    label: Option<String>,
    /// Whether it is the first of its kind to be tried; the first in the list when none is said to be.
    #[graphql(default)]
    primary: bool,
}

impl From<ContactPointInput> for Point {
    fn from(input: ContactPointInput) -> Self {
        Self { kind: input.kind, value: input.value, label: input.label, primary: input.primary }
    }
}

/// What is told of a new customer beside names and references.
pub(crate) struct ProfileInput {
    pub middle_name: Option<String>,
    pub birth_date: Option<Date>,
    pub languages: Option<Vec<String>>,
    pub contact_points: Option<Vec<ContactPointInput>>,
    pub identifiers: Option<Vec<IdentifierInput>>,
}

impl ProfileInput {
    /// The domain's form.
    pub fn told(self) -> Profile {
        let points = self.contact_points.unwrap_or_default();
        let identifiers = self.identifiers.unwrap_or_default();
        Profile {
            middle_name: self.middle_name,
            birth_date: self.birth_date.map(|date| date.0),
            languages: self.languages.unwrap_or_default(),
            contact_points: points.into_iter().map(Into::into).collect(),
            identifiers: identifiers.into_iter().map(IdentifierInput::told).collect(),
        }
    }
}

/// What changes of that.
pub(crate) struct ProfileChangeInput {
    pub middle_name: MaybeUndefined<String>,
    pub birth_date: MaybeUndefined<Date>,
    pub languages: MaybeUndefined<Vec<String>>,
    pub contact_points: MaybeUndefined<Vec<ContactPointInput>>,
    pub identifiers: MaybeUndefined<Vec<IdentifierInput>>,
}

impl ProfileChangeInput {
    /// The domain's form.
    pub fn told(self) -> ProfileChange {
        ProfileChange {
            middle_name: change(self.middle_name),
            birth_date: mapped(change(self.birth_date), |date| date.0),
            languages: change(self.languages),
            contact_points: mapped(change(self.contact_points), |points| points.into_iter().map(Into::into).collect()),
            identifiers: mapped(change(self.identifiers), |list| list.into_iter().map(IdentifierInput::told).collect()),
        }
    }
}

fn mapped<T, U>(change: Change<T>, map: impl FnOnce(T) -> U) -> Change<U> {
    match change {
        Change::Keep => Change::Keep,
        Change::Clear => Change::Clear,
        Change::Set(value) => Change::Set(map(value)),
    }
}
