//! Amounts, in whole minor units and as they are written.

use serde_json::{Value, json};

use super::books::{LARGEST, Refusal, no};

/// How many decimals a currency has.
pub fn exponent(currency: &str) -> usize {
    match currency {
        "EUR" | "SEK" => 2,
        "JPY" => 0,
        "KWD" => 3,
        other => panic!("the model knows no {other}"),
    }
}

/// An amount as it is shown: all decimals of the currency.
pub fn shown(minor: i128, currency: &str) -> String {
    let (sign, digits) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs().to_string());
    let decimals = exponent(currency);
    if decimals == 0 {
        return format!("{sign}{digits}");
    }
    let digits = format!("{digits:0>width$}", width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    format!("{sign}{whole}.{fraction}")
}

/// An amount with its currency.
pub fn money(minor: i128, currency: &str) -> Value {
    json!({ "amount": shown(minor, currency), "currency": currency })
}

/// A decimal of an input in minor units.
pub fn minor(field: &str, decimal: &str, currency: &str) -> Result<i128, Refusal> {
    match units(decimal, currency) {
        None => Err(no("INVALID_INPUT", field)),
        Some(minor) if minor.abs() > LARGEST => {
            Err(no("AMOUNT_OUT_OF_RANGE", field).with(json!({ "limit": money(LARGEST, currency) })))
        }
        Some(minor) => Ok(minor),
    }
}

/// A decimal in minor units, however many; none when it has more decimals than the currency.
pub fn units(decimal: &str, currency: &str) -> Option<i128> {
    let (negative, digits) = decimal.strip_prefix('-').map_or((false, decimal), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let decimals = exponent(currency);
    if fraction.len() > decimals {
        return None;
    }
    let minor: i128 = format!("{whole}{fraction:0<decimals$}").parse().expect("digits");
    Some(if negative { -minor } else { minor })
}
