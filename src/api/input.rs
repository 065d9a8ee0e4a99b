//! Inputs that several mutations share.

use async_graphql::{Enum, InputObject, MaybeUndefined};

use crate::api::scalars::{CurrencyCode, Date, Decimal, Json};
use crate::ledger::ExternalReference;
use crate::ledger::facts::Counterparty;
use crate::payments::bank;
use crate::primitives::{Amount, Money};
use crate::refused::{Refused, said};
use crate::work::{Change, Mode};

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

/// Who stands on the other side of a payment, as the rail tells it.
#[derive(Clone, Debug, InputObject)]
pub struct CounterpartyInput {
    /// The name.
    pub name: Option<String>,
    /// The account: an IBAN, or a domestic number.
    pub account: Option<String>,
    /// The bank: a BIC, a clearing number or a name.
    pub bank: Option<String>,
}

impl CounterpartyInput {
    /// As it is kept: an IBAN in one form, no blanks around texts, and nothing where nothing is said.
    pub fn kept(self) -> Option<Counterparty> {
        let trimmed = |text: Option<String>| said(text).map(|text| text.trim().to_owned());
        let account = trimmed(self.account).map(|account| bank::as_told(&account));
        let (name, bank) = (trimmed(self.name), trimmed(self.bank));
        let is_silent = name.is_none() && account.is_none() && bank.is_none();
        (!is_silent).then_some(Counterparty { name, account, account_class: None, bank })
    }
}

/// How the items of a batch hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum BatchMode {
    /// Each succeeds or fails by itself.
    EachAlone,
    /// One refusal takes all the others with it.
    AllOrNothing,
    /// Each by itself, in the order of the input; nothing stops at a refusal.
    Sequential,
}

impl BatchMode {
    /// As a job keeps it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::EachAlone => "EACH_ALONE",
            Self::AllOrNothing => "ALL_OR_NOTHING",
            Self::Sequential => "SEQUENTIAL",
        }
    }

    /// Of a job's.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::EachAlone, Self::AllOrNothing, Self::Sequential].into_iter().find(|mode| mode.word() == word)
    }
}

impl From<BatchMode> for Mode {
    fn from(mode: BatchMode) -> Self {
        match mode {
            BatchMode::EachAlone => Self::EachAlone,
            BatchMode::AllOrNothing => Self::AllOrNothing,
            BatchMode::Sequential => Self::Sequential,
        }
    }
}

/// A field that may be left alone (absent), emptied (null) or set.
pub(crate) fn change<T>(field: MaybeUndefined<T>) -> Change<T> {
    match field {
        MaybeUndefined::Undefined => Change::Keep,
        MaybeUndefined::Null => Change::Clear,
        MaybeUndefined::Value(value) => Change::Set(value),
    }
}

/// A field that may be left alone or set, and that nothing can empty.
pub(crate) fn set<T>(name: &str, field: MaybeUndefined<T>) -> Result<Option<T>, Refused> {
    match field {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Err(Refused::invalid(name, "can be left out, and not emptied")),
        MaybeUndefined::Value(value) => Ok(Some(value)),
    }
}

/// What an input names, or `NOT_FOUND` for the field: a malformed id names nothing.
pub(crate) fn named<T>(field: &str, what: &str, by: Option<T>) -> Result<T, Refused> {
    by.ok_or_else(|| Refused::not_found(field, what))
}

/// Metadata as they are stored: a JSON object, as text.
pub(crate) fn metadata(field: Option<Json>) -> Result<String, Refused> {
    field.map_or_else(|| Ok("{}".into()), object)
}

/// The same, of what changes something: null empties them.
pub(crate) fn metadata_change(field: MaybeUndefined<Json>) -> Result<Change<String>, Refused> {
    Ok(match field {
        MaybeUndefined::Undefined => Change::Keep,
        MaybeUndefined::Null => Change::Clear,
        MaybeUndefined::Value(json) => Change::Set(object(json)?),
    })
}

fn object(json: Json) -> Result<String, Refused> {
    if json.0.is_object() { Ok(json.0.to_string()) } else { Err(Refused::invalid("metadata", "must be a JSON object")) }
}

/// An amount in a currency that the input does not name.
pub(crate) fn amount(field: Option<Decimal>) -> Option<Amount> {
    field.map(|amount| Amount(amount.0))
}
