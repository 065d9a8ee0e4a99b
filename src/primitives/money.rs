//! Exact money: decimals with a currency outside, whole minor units inside. Never a float.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

/// An ISO 4217 currency that has minor units (gold and test codes have none and are no currencies here).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The euro: of a house that has not said otherwise.
    pub const EURO: Self = Self(iso_currency::Currency::EUR);

    /// The three letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimals an amount has: ISO 4217's exponent.
    #[must_use]
    pub fn exponent(self) -> u32 {
        u32::from(self.0.exponent().unwrap_or(0))
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Currency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Self, MoneyError> {
        let upper = code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase());
        iso_currency::Currency::from_code(code)
            .filter(|currency| upper && currency.exponent().is_some())
            .map(Self)
            .ok_or(MoneyError::UnknownCurrency)
    }
}

impl serde::Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> serde::Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        code.parse().map_err(serde::de::Error::custom)
    }
}

/// A decimal that is written without trailing zeros: `10` and `10.00` are one amount, and one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct Amount(pub Decimal);

impl serde::Serialize for Amount {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.normalize())
    }
}

/// Why an amount is no money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a currency code of ISO 4217 with minor units.
    #[error("not a currency of ISO 4217")]
    UnknownCurrency,
    /// More decimals than the currency has.
    #[error("the amount has more decimals than the currency")]
    TooManyDecimals,
    /// Further from zero than [`Minor::LARGEST`].
    #[error("the amount is out of range: at most 10^17 minor units either side of zero")]
    OutOfRange,
    /// Two currencies where one was due.
    #[error("the currencies differ")]
    CurrencyMismatch,
}

/// Whole minor units of a currency that the context knows. Arithmetic is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Minor(pub i64);

impl Minor {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount of one posting and the largest balance of one account, either side of zero:
    /// 10^17 minor units. Ninety such balances still fit the tenant's internal accounts.
    pub const LARGEST: i64 = 100_000_000_000_000_000;

    /// The sum, or nothing when it is out of range.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).filter(|sum| sum.unsigned_abs() <= Self::LARGEST.unsigned_abs()).map(Self)
    }

    /// The other sign.
    #[must_use]
    pub fn negated(self) -> Self {
        Self(-self.0)
    }

    /// The amount in a currency.
    #[must_use]
    pub fn in_currency(self, currency: Currency) -> Money {
        Money { amount: Decimal::new(self.0, currency.exponent()), currency }
    }
}

/// An exact amount of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Money {
    /// At most as many decimals as the currency has when it comes from [`Minor::in_currency`]; unchecked
    /// when it comes from a caller.
    #[serde(serialize_with = "without_trailing_zeros")]
    pub amount: Decimal,
    /// Of which currency.
    pub currency: Currency,
}

fn without_trailing_zeros<S: serde::Serializer>(amount: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    serde::Serialize::serialize(&Amount(*amount), serializer)
}

impl Money {
    /// Whole minor units: exact, or refused. Trailing zeros do not count as decimals.
    ///
    /// # Errors
    /// [`MoneyError::TooManyDecimals`], [`MoneyError::OutOfRange`].
    pub fn to_minor(self) -> Result<Minor, MoneyError> {
        let amount = self.amount.normalize();
        let exponent = self.currency.exponent();
        if amount.scale() > exponent {
            return Err(MoneyError::TooManyDecimals);
        }
        let factor = 10_i128.pow(exponent - amount.scale());
        let minor = amount.mantissa().checked_mul(factor).ok_or(MoneyError::OutOfRange)?;
        match i64::try_from(minor) {
            Ok(minor) if minor.unsigned_abs() <= Minor::LARGEST.unsigned_abs() => Ok(Minor(minor)),
            _ => Err(MoneyError::OutOfRange),
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_units_follow_the_currency() {
        for (text, code, minor) in [
            ("1", "SEK", Ok(100)),
            ("-0.01", "SEK", Ok(-1)),
            ("1.10", "JPY", Err(MoneyError::TooManyDecimals)),
            ("1.00", "JPY", Ok(1)),
            ("1.234", "KWD", Ok(1_234)),
            ("0.001", "EUR", Err(MoneyError::TooManyDecimals)),
            ("1000000000000000", "EUR", Ok(Minor::LARGEST)),
            ("1000000000000000.01", "EUR", Err(MoneyError::OutOfRange)),
            ("79228162514264337593543950335", "EUR", Err(MoneyError::OutOfRange)),
        ] {
            let money = Money { amount: text.parse().expect("a decimal"), currency: code.parse().expect("a currency") };
            assert_eq!(money.to_minor().map(|minor| minor.0), minor, "{text} {code}");
        }
    }

    #[test]
    fn minor_units_come_back_with_all_their_decimals() {
        let sek = "SEK".parse().expect("a currency");
        assert_eq!(Minor(120).in_currency(sek).to_string(), "1.20 SEK");
        assert!("XAU".parse::<Currency>().is_err() && "sek".parse::<Currency>().is_err());
    }
}
