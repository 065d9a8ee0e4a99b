//! Money in the API: an amount and its currency, never one without the other.

use async_graphql::SimpleObject;

use super::scalars::{CurrencyCode, Decimal};
use crate::primitives::{self, Currency, Minor};

/// An amount of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, SimpleObject)]
pub struct Money {
    /// How much, with all decimals of the currency.
    pub amount: Decimal,
    /// Of which currency.
    pub currency: CurrencyCode,
}

impl Money {
    /// Whole minor units of a currency.
    #[must_use]
    pub fn of(amount: Minor, currency: Currency) -> Self {
        amount.in_currency(currency).into()
    }
}

impl From<primitives::Money> for Money {
    fn from(money: primitives::Money) -> Self {
        Self { amount: Decimal(money.amount), currency: CurrencyCode(money.currency) }
    }
}
