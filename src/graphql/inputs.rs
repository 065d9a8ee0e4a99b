//! How inputs and arguments name things: by exactly one of their names.

use std::str::FromStr;

use async_graphql::{ID, OneofObject};
use uuid::Uuid;

use crate::accounts::store as accounts;
use crate::customers::store as customers;
use crate::primitives::{AccountId, CustomerId, ProductId};

/// Names one account.
#[derive(Clone, Debug, OneofObject)]
pub enum AccountBy {
    /// By its id.
    Id(ID),
    /// By its number.
    Number(String),
    /// By your own reference.
    ExternalReference(String),
}

impl AccountBy {
    /// The domain's form; a malformed id or name names nothing.
    #[must_use]
    pub fn to_domain(&self) -> Option<accounts::AccountBy> {
        Some(match self {
            Self::Id(id) => accounts::AccountBy::Id(id.parse().ok()?),
            Self::Number(number) => accounts::AccountBy::Number(name(number)?),
            Self::ExternalReference(reference) => accounts::AccountBy::ExternalReference(name(reference)?),
        })
    }
}

/// Names one customer.
#[derive(Clone, Debug, OneofObject)]
pub enum CustomerBy {
    /// By its id.
    Id(ID),
    /// By its number.
    Number(String),
    /// By your own reference.
    ExternalReference(String),
}

impl CustomerBy {
    /// The domain's form; a malformed id or name names nothing.
    #[must_use]
    pub fn to_domain(&self) -> Option<customers::CustomerBy> {
        Some(match self {
            Self::Id(id) => customers::CustomerBy::Id(id.parse().ok()?),
            Self::Number(number) => customers::CustomerBy::Number(name(number)?),
            Self::ExternalReference(reference) => customers::CustomerBy::ExternalReference(name(reference)?),
        })
    }
}

/// Names one product.
#[derive(Clone, Debug, OneofObject)]
pub enum ProductBy {
    /// By its id.
    Id(ID),
    /// By its code.
    Code(String),
}

impl ProductBy {
    /// The domain's form; a malformed id or name names nothing.
    #[must_use]
    pub fn to_domain(&self) -> Option<accounts::ProductBy> {
        Some(match self {
            Self::Id(id) => accounts::ProductBy::Id(id.parse().ok()?),
            Self::Code(code) => accounts::ProductBy::Code(name(code)?),
        })
    }
}

/// A text that something can be named by. PostgreSQL keeps no NUL, and fails when it is asked for one.
fn name(text: &str) -> Option<String> {
    (!text.contains('\0')).then(|| text.to_owned())
}

/// A text in a filter. Nothing has a NUL in it; what stands in its place is in nothing either.
#[must_use]
pub fn filter_text(text: Option<String>) -> Option<String> {
    text.map(|text| if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text })
}

/// An id in a filter. A malformed one is that of nothing: a filter by it finds nothing.
#[must_use]
pub fn filter_id<T: FromStr + FromNothing>(id: &ID) -> T {
    id.parse().unwrap_or_else(|_| T::nothing())
}

/// An id that nothing has.
pub trait FromNothing {
    /// It.
    fn nothing() -> Self;
}

macro_rules! from_nothing {
    ($($id:ident),*) => {$(
        impl FromNothing for $id {
            fn nothing() -> Self {
                Self(Uuid::nil())
            }
        }
    )*};
}

from_nothing!(AccountId, CustomerId, ProductId);
