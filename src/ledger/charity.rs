//! What an account gives to charity with what it spends: by its product's rule, as it was when it was switched on. Pure.

use rust_decimal::Decimal;

use super::amounts::share_of;
use crate::primitives::{Currency, Minor};

/// How much is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CharityRule {
    /// What is missing to the next whole unit of the currency; nothing of a whole amount.
    RoundUp,
    /// A share of the amount, in percent: above 0, at most 100, with at most four decimals.
    Share(Decimal),
}

impl CharityRule {
    /// A share in percent, if it is one.
    #[must_use]
    pub fn share(percent: Decimal) -> Option<Self> {
        let percent = percent.normalize();
        let is_share = percent > Decimal::ZERO && percent <= Decimal::ONE_HUNDRED && percent.scale() <= 4;
        is_share.then_some(Self::Share(percent))
    }

    /// What goes with an amount that is spent; zero where nothing does. A share is rounded in favour of who is given to.
    #[must_use]
    pub fn donation(self, spent: Minor, currency: Currency) -> Minor {
        match self {
            Self::RoundUp => {
                let unit = 10_i64.pow(currency.exponent());
                Minor((unit - spent.0.rem_euclid(unit)) % unit)
            }
            Self::Share(percent) => share_of(spent, percent),
        }
    }

    /// The stored form: `ROUND_UP`, `SHARE:2.5`.
    #[must_use]
    pub fn to_text(self) -> String {
        match self {
            Self::RoundUp => "ROUND_UP".into(),
            Self::Share(percent) => format!("SHARE:{}", percent.normalize()),
        }
    }

    /// Reads the stored form.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        match text.split_once(':') {
            None => (text == "ROUND_UP").then_some(Self::RoundUp),
            Some(("SHARE", percent)) => Self::share(percent.parse().ok()?),
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_with_what_is_spent() {
        let share = |percent: &str| CharityRule::share(percent.parse().expect("a decimal")).expect("a share");
        for (rule, spent, currency, given) in [
            (CharityRule::RoundUp, 1_230, "EUR", 70),
            (CharityRule::RoundUp, 1_200, "EUR", 0),
            (CharityRule::RoundUp, 1, "EUR", 99),
            (CharityRule::RoundUp, 1_234, "KWD", 766),
            (CharityRule::RoundUp, 1_234, "JPY", 0),
            (share("2.5"), 1_000, "EUR", 25),
            (share("2.5"), 1_020, "EUR", 26),
            (share("2.5"), 1_019, "EUR", 25),
            (share("1"), 49, "EUR", 0),
            (share("1"), 50, "EUR", 1),
            (share("100"), Minor::LARGEST, "EUR", Minor::LARGEST),
        ] {
            let currency = currency.parse().expect("a currency");
            assert_eq!(rule.donation(Minor(spent), currency).0, given, "{rule:?} {spent} {currency}");
        }
        for wrong in ["0", "-1", "100.01", "0.00001"] {
            assert_eq!(CharityRule::share(wrong.parse().expect("a decimal")), None, "{wrong}");
        }
        for rule in [CharityRule::RoundUp, share("2.50")] {
            assert_eq!(CharityRule::from_text(&rule.to_text()), Some(rule));
        }
        assert_eq!(CharityRule::from_text("SHARE:101"), None);
    }
}
