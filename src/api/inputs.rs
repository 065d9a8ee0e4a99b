//! How inputs and arguments name things: by exactly one of their names.

use std::str::FromStr;

use async_graphql::{ID, OneofObject};
use uuid::Uuid;

use super::fault::{Fault, FaultCode};
use crate::accounts::store as accounts;
use crate::actions::ActionBy;
use crate::api::customers::IdentifierInput;
use crate::customers::store as customers;
use crate::primitives::references;
use crate::primitives::{
    AccountId, CardId, CustomActionId, CustomerId, InstalmentModelId, InsurancePackageId, InvestmentOfferId,
    MerchantContractId, MerchantPaymentId, PartyId, ProductId, text,
};

/// Names one account.
#[derive(Clone, Debug, OneofObject)]
pub enum AccountBy {
    /// By its id.
    Id(ID),
    /// By its number.
    Number(String),
    /// By your own reference.
    ExternalReference(String),
    /// By the payment reference that is its own, as people and bank files write it. In a mutation, one whose check digit is
    /// wrong is refused with `PAYMENT_REFERENCE_INVALID`, and one that no account has with `NOT_FOUND`.
    PaymentReference(String),
}

impl AccountBy {
    /// The domain's form; a malformed id or name names nothing.
    #[must_use]
    pub fn to_domain(&self) -> Option<accounts::AccountBy> {
        Some(match self {
            Self::Id(id) => accounts::AccountBy::Id(id.parse().ok()?),
            Self::Number(number) => accounts::AccountBy::Number(name(number)?),
            Self::ExternalReference(reference) => accounts::AccountBy::ExternalReference(name(reference)?),
            Self::PaymentReference(written) => {
                // What cannot be one is for the decision to say so.
                let read = references::plain(written);
                accounts::AccountBy::PaymentReference(read.map_or_else(|| name(written), Some)?)
            }
        })
    }
}

/// Names one custom action.
#[derive(Clone, Debug, OneofObject)]
pub enum CustomActionBy {
    /// By its id.
    Id(ID),
    /// By what it is run by.
    Code(String),
}

impl CustomActionBy {
    /// The domain's form; a malformed id or name names nothing.
    #[must_use]
    pub fn to_domain(&self) -> Option<ActionBy> {
        Some(match self {
            Self::Id(id) => ActionBy::Id(id.parse().ok()?),
            Self::Code(code) => ActionBy::Code(name(code)?),
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
    /// By a number by which a state knows it.
    Identifier(IdentifierInput),
}

impl CustomerBy {
    /// The domain's form; a malformed id or name names nothing.
    #[must_use]
    pub fn to_domain(&self) -> Option<customers::CustomerBy> {
        Some(match self {
            Self::Id(id) => customers::CustomerBy::Id(id.parse().ok()?),
            Self::Number(number) => customers::CustomerBy::Number(name(number)?),
            Self::ExternalReference(reference) => customers::CustomerBy::ExternalReference(name(reference)?),
            Self::Identifier(identifier) => customers::CustomerBy::Identifier(identifier.clone().told()),
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
#[must_use]
pub fn name(text: &str) -> Option<String> {
    (!text.contains('\0')).then(|| text.to_owned())
}

/// Characters of a text in a filter. More than of anything that is filtered by (a whole name has 482 at most), and few
/// enough for every engine: SQLite takes patterns of 50,000 bytes, and a character may fold into 33.
const LONGEST_FILTER: usize = 500;

/// A text in a filter. One that nothing could have, because nothing with it would be kept, is refused: the caller's
/// mistake, and no engine's business (PostgreSQL cannot be asked for a NUL).
///
/// # Errors
/// `BAD_REQUEST` that names the field, for control characters and for more than 500.
pub fn filter_text(field: &str, text: Option<String>) -> Result<Option<String>, Fault> {
    if let Some(Err(problem)) = text.as_deref().map(|text| text::optional(text, LONGEST_FILTER)) {
        return Err(Fault::new(FaultCode::BadRequest, &format!("filter.{field} {problem}")));
    }
    Ok(text)
}

/// A list in a filter. An empty one would match nothing, for ever, and is a list that was not filled: it is refused
/// rather than taken for either none or all.
///
/// # Errors
/// `BAD_REQUEST` that names the field.
pub fn filter_list<T>(field: &str, list: Option<Vec<T>>) -> Result<Option<Vec<T>>, Fault> {
    match list {
        Some(items) if items.is_empty() => {
            let message = format!("filter.{field} is empty, which nothing matches: leave it out to get all");
            Err(Fault::new(FaultCode::BadRequest, &message))
        }
        list => Ok(list),
    }
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

from_nothing!(
    AccountId,
    CardId,
    CustomActionId,
    CustomerId,
    InstalmentModelId,
    InsurancePackageId,
    InvestmentOfferId,
    MerchantPaymentId,
    MerchantContractId,
    PartyId,
    ProductId
);
