//! Amounts of inputs in whole minor units: exact, or refused.

use rust_decimal::prelude::ToPrimitive as _;
use rust_decimal::{Decimal, RoundingStrategy};

use super::refusal::{AMOUNT_OUT_OF_RANGE, Refusal};
use crate::primitives::{Currency, Minor, Money, MoneyError};
use crate::refused::Refused;

/// An amount of an input field in whole minor units.
///
/// # Errors
/// `INVALID_INPUT` for too many decimals, `AMOUNT_OUT_OF_RANGE`.
pub fn to_minor(field: &str, money: Money) -> Result<Minor, Refused> {
    money.to_minor().map_err(|error| match error {
        MoneyError::OutOfRange => {
            let refused = Refused::of_field(AMOUNT_OUT_OF_RANGE, field, error.to_string());
            Refused { facts: Refusal::too_large(money.currency).facts(), ..refused }
        }
        MoneyError::TooManyDecimals => {
            let exponent = money.currency.exponent();
            Refused::invalid(field, format!("{} has {exponent} decimals", money.currency))
        }
        MoneyError::UnknownCurrency | MoneyError::CurrencyMismatch => Refused::invalid(field, error.to_string()),
    })
}

/// An amount that must be positive, in whole minor units.
///
/// # Errors
/// `INVALID_INPUT` for too many decimals, `AMOUNT_OUT_OF_RANGE`.
pub fn positive(field: &str, money: Money) -> Result<Minor, Refused> {
    let minor = to_minor(field, money)?;
    if minor.0 <= 0 {
        return Err(Refused::of_field(AMOUNT_OUT_OF_RANGE, field, "the amount must be positive"));
    }
    Ok(minor)
}

/// An optional amount in a currency that the input does not name.
///
/// # Errors
/// As [`to_minor`].
pub fn optional(field: &str, amount: Option<Decimal>, currency: Currency) -> Result<Option<Minor>, Refused> {
    amount.map(|amount| to_minor(field, Money { amount, currency })).transpose()
}

/// A share of an amount, in percent, rounded to the nearest minor unit; a half away from zero.
#[must_use]
pub fn share_of(amount: Minor, percent: Decimal) -> Minor {
    let share = Decimal::from(amount.0) * percent / Decimal::ONE_HUNDRED;
    let whole = share.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    Minor(whole.to_i64().unwrap_or_default())
}
