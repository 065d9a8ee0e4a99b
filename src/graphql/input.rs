//! Inputs that several mutations share.

use async_graphql::{InputObject, MaybeUndefined};

use crate::denial::Denial;
use crate::graphql::scalars::{CurrencyCode, Date, Decimal};
use crate::ledger::ExternalReference;
use crate::primitives::Money;

/// An exact amount of a currency.
#[derive(Clone, Debug, InputObject)]
pub struct MoneyInput {
    /// As a string; at most as many decimals as the currency has.
    pub amount: Decimal,
    /// ISO 4217.
    pub currency: CurrencyCode,
}

impl From<MoneyInput> for Money {
    fn from(input: MoneyInput) -> Self {
        Self { amount: input.amount.0, currency: input.currency.0 }
    }
}

/// Your own name for an entry. Reference, date and poster together are unique.
#[derive(Clone, Debug, InputObject)]
pub struct ExternalReferenceInput {
    /// What you call it.
    pub reference: String,
    /// Your date of it.
    pub date: Option<Date>,
    /// Which of your services posted it.
    pub poster: Option<String>,
    /// Your operation code.
    pub code: Option<String>,
}

impl From<ExternalReferenceInput> for ExternalReference {
    fn from(input: ExternalReferenceInput) -> Self {
        Self { reference: input.reference, date: input.date.map(|date| date.0), poster: input.poster, code: input.code }
    }
}

/// A field that may be left alone (absent), emptied (null) or set.
pub(super) fn change<T>(field: MaybeUndefined<T>) -> Option<Option<T>> {
    match field {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

/// What an input names, or `NOT_FOUND` for the field: a malformed id names nothing.
pub(super) fn named<T>(field: &str, what: &str, by: Option<T>) -> Result<T, Denial> {
    by.ok_or_else(|| Denial::not_found(field, what))
}

/// Metadata as it is stored: a JSON object, as text.
pub(super) fn metadata(field: Option<crate::graphql::scalars::Json>) -> Result<String, Denial> {
    match field {
        None => Ok("{}".into()),
        Some(json) if json.0.is_object() => Ok(json.0.to_string()),
        Some(_) => Err(Denial::invalid("metadata", "must be a JSON object")),
    }
}
