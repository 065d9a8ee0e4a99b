//! The scalars: our own, exact, each with its form written down. None of them ever passes through a float.

use async_graphql::{InputValueError, InputValueResult, Pos, Scalar, ScalarType, Value};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime as Moment, NaiveDate, NaiveTime, SecondsFormat, Timelike as _, Utc};
use serde_json::Value as JsonValue;

use crate::primitives::Currency;
use crate::primitives::clock::{Micros, from_micros};

/// Digits of a decimal.
const DIGITS: usize = 28;

/// Bytes of metadata in an input.
const METADATA: usize = 16 * 1024;

fn custom<T>(message: &str) -> InputValueError<T>
where
    T: async_graphql::InputType,
{
    InputValueError::custom(message)
}

/// What is wrong with a value for one of our own scalars. `None` when it takes it, or is none of ours.
#[must_use]
pub fn problem(scalar: &str, value: &Value) -> Option<String> {
    fn of<T: ScalarType + async_graphql::InputType>(value: &Value) -> Option<String> {
        let error = <T as ScalarType>::parse(value.clone()).err()?.into_server_error(Pos::default());
        // The library puts the name of the type before it, which whoever asks here says itself.
        let message = error.message.split_once("\": ").map(|(_, said)| said.to_owned());
        Some(message.unwrap_or(error.message))
    }
    match scalar {
        "Decimal" => of::<Decimal>(value),
        "Date" => of::<Date>(value),
        "DateTime" => of::<DateTime>(value),
        "LocalTime" => of::<LocalTime>(value),
        "CurrencyCode" => of::<CurrencyCode>(value),
        "Cursor" => of::<Cursor>(value),
        "BigInt" => of::<BigInt>(value),
        "JSON" => of::<Json>(value),
        _ => None,
    }
}

/// An exact decimal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal(pub rust_decimal::Decimal);

/// An exact decimal number, always as a string: `"1250.00"`. An optional minus sign, digits, and optionally
/// a point with more digits; no exponent, no separators, at most 28 digits. A JSON number is refused, for
/// many clients would have rounded it already. Amounts come back with all decimals of their currency.
#[Scalar(specified_by_url = "https://www.w3.org/TR/xmlschema-2/#decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => parse_decimal(text).map(Self).map_err(custom),
            Value::Number(_) => Err(custom("a decimal is written as a string, not as a number: \"12.50\"")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

fn parse_decimal(text: &str) -> Result<rust_decimal::Decimal, &'static str> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        None => (unsigned, None),
        Some((whole, fraction)) => (whole, Some(fraction)),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !fraction.is_none_or(digits) {
        return Err("not a decimal: digits, with a point between them at most, like \"-12.50\"");
    }
    let significant = whole.trim_start_matches('0').len() + fraction.map_or(0, str::len);
    if significant > DIGITS {
        return Err("a decimal has at most 28 digits");
    }
    rust_decimal::Decimal::from_str_exact(text).map_err(|_| "a decimal has at most 28 digits")
}

/// A calendar day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date(pub NaiveDate);

/// A calendar day as RFC 3339 writes it: `"2026-04-30"`.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        // Exactly that form: chrono alone would also take "2026-4-3" and years of five digits.
        let day = (text.len() == 10).then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten();
        let day = day.filter(|day| day.to_string() == *text);
        day.map(Self).ok_or_else(|| custom("not a date: write it like \"2026-04-30\""))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime(pub Micros);

/// A moment as RFC 3339 writes it. Answers are in UTC and exact to the microsecond:
/// `"2026-04-30T12:00:00.000000Z"`. Inputs may have any offset; what is finer than a microsecond is refused.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let moment = Moment::parse_from_rfc3339(text)
            .map_err(|_| custom("not a moment: write it like \"2026-04-30T12:00:00Z\", with an offset"))?
            .with_timezone(&Utc);
        if moment.timestamp_subsec_nanos() % 1_000 != 0 {
            return Err(custom("a moment is exact to the microsecond: at most six decimals"));
        }
        let years = 1..=9_999;
        if !years.contains(&chrono::Datelike::year(&moment)) {
            return Err(custom("a moment lies between the years 1 and 9999"));
        }
        Ok(Self(moment.timestamp_micros()))
    }

    fn to_value(&self) -> Value {
        Value::String(from_micros(self.0).to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

/// A currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrencyCode(pub Currency);

/// A currency of ISO 4217 that has minor units, by its three capital letters: `"EUR"`.
#[Scalar(specified_by_url = "https://www.iso.org/iso-4217-currency-codes.html")]
impl ScalarType for CurrencyCode {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        text.parse().map(Self).map_err(|_| custom("not a currency of ISO 4217: write it like \"EUR\""))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.code().into())
    }
}

/// A time of day on a wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime(pub NaiveTime);

/// A time of day on the clocks of the tenant's time zone, to the second: `17:30` or `17:30:00`.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")]
impl ScalarType for LocalTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let format = match text.len() {
            5 => "%H:%M",
            8 => "%H:%M:%S",
            _ => return Err(custom("not a time of day: write it like \"17:30\"")),
        };
        let time = NaiveTime::parse_from_str(text, format).ok().filter(|time| time.nanosecond() < 1_000_000_000);
        time.map(Self).ok_or_else(|| custom("not a time of day: write it like \"17:30\""))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format("%H:%M:%S").to_string())
    }
}

/// A place in an ordered list: bytes that mean something to the list alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(Vec<u8>);

/// A place in an ordered list. Opaque: only ever send back what you were given, to the list that gave it.
#[Scalar(specified_by_url = "https://relay.dev/graphql/connections.htm#sec-Cursor")]
impl ScalarType for Cursor {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        Self::from_text(text).ok_or_else(|| custom("not a cursor of this API"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_text())
    }
}

impl Cursor {
    /// The cursor of a key.
    #[must_use]
    pub fn new(key: Vec<u8>) -> Self {
        Self(key)
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.0
    }

    /// The shown form.
    #[must_use]
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.0)
    }

    /// Reads the shown form.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok().map(Self)
    }
}

/// A whole number that JSON numbers cannot hold everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BigInt(pub i64);

/// A whole number of 64 bits, always as a string: `"9007199254740993"`.
#[Scalar(specified_by_url = "https://www.w3.org/TR/xmlschema-2/#long")]
impl ScalarType for BigInt {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => {
                let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
                let number = text.parse().ok().filter(|_| plain);
                number.map(Self).ok_or_else(|| custom("not a whole number of 64 bits"))
            }
            Value::Number(_) => Err(custom("a 64-bit number is written as a string, not as a number: \"42\"")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A JSON object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json(pub JsonValue);

/// A JSON object, for what is yours and not ours to understand. In inputs at most 16 kB, as an object literal
/// or in a variable. A number that is too large to be kept exactly is refused, and a long fraction is rounded:
/// send these as strings.
#[Scalar(name = "JSON", specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259#section-4")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        if !matches!(value, Value::Object(_)) {
            return Err(custom("must be a JSON object"));
        }
        let json = value.into_json().map_err(|_| custom("must be a JSON object"))?;
        if has_rounded(&json) {
            return Err(custom("a number is too large to be kept exactly: send it as a string"));
        }
        if json.to_string().len() > METADATA {
            return Err(custom("a JSON object has at most 16 kB"));
        }
        Ok(Self(json))
    }

    fn to_value(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or_default()
    }
}

/// Whether there is a number in it that became a float and may have lost digits: one of 2^53 or more.
fn has_rounded(json: &JsonValue) -> bool {
    match json {
        JsonValue::Number(number) if !number.is_i64() && !number.is_u64() => {
            let text = number.to_string();
            let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, ""));
            let whole = digits.split('.').next().unwrap_or_default().trim_start_matches('-');
            let is_large = whole.parse::<u64>().is_ok_and(|whole| whole >= 1 << 53);
            is_large || (!exponent.is_empty() && !exponent.starts_with('-'))
        }
        JsonValue::Array(items) => items.iter().any(has_rounded),
        JsonValue::Object(fields) => fields.values().any(has_rounded),
        _ => false,
    }
}

impl Json {
    /// The JSON of a stored text. A text that is none (no program of ours writes one) reads as an empty object.
    #[must_use]
    pub fn stored(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap_or_else(|_| JsonValue::Object(serde_json::Map::new())))
    }

    /// The text to store.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::value;

    #[test]
    fn decimals_are_strings_and_exact() {
        for good in ["0", "-0.01", "12.50", "9999999999999999999999999999", "0.0000000000000000000000000001"] {
            let parsed = <Decimal as ScalarType>::parse(value!(good)).map(|decimal| decimal.0.to_string());
            assert_eq!(parsed.ok().as_deref(), Some(good));
        }
        let wrong =
            ["", "-", ".5", "5.", "+5", "1e3", "1,000", "1_000", " 1", "99999999999999999999999999999", "1.2.3", "NaN"];
        for bad in wrong {
            assert!(<Decimal as ScalarType>::parse(value!(bad)).is_err(), "{bad}");
        }
        assert!(<Decimal as ScalarType>::parse(value!(12)).is_err());
    }

    #[test]
    fn days_and_moments_have_one_form() {
        for (text, good) in [("2026-04-30", true), ("2026-4-3", false), ("2026-02-30", false), ("02026-01-01", false)] {
            assert_eq!(<Date as ScalarType>::parse(value!(text)).is_ok(), good, "{text}");
        }
        let moment = <DateTime as ScalarType>::parse(value!("2026-04-30T14:00:00.5+02:00")).map(|at| at.to_value());
        assert_eq!(moment.ok(), Some(value!("2026-04-30T12:00:00.500000Z")));
        for bad in ["2026-04-30", "2026-04-30T14:00:00", "2026-04-30T14:00:00.0000001Z"] {
            assert!(<DateTime as ScalarType>::parse(value!(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_in_metadata_are_kept_exactly_or_refused() {
        let parse = |text: &str| {
            let json = serde_json::from_str(text).expect("JSON");
            <Json as ScalarType>::parse(Value::from_json(json).expect("a value")).map(|kept| kept.text()).ok()
        };
        for good in ["18446744073709551615", "-9223372036854775808", "0.5", "-12.25", "1e-7", "1250.75"] {
            let text = format!("{{\"a\":[{good}]}}");
            assert_eq!(parse(&text).as_deref(), Some(&*text));
        }
        for bad in ["18446744073709551616", "-9223372036854775809", "9007199254740993.0", "1e30", "-1E+16"] {
            assert_eq!(parse(&format!("{{\"a\":{{\"b\":[{bad}]}}}}")), None, "{bad}");
        }
    }

    #[test]
    fn metadata_is_an_object_of_bounded_size() {
        assert!(<Json as ScalarType>::parse(value!({ "a": [1, 2] })).is_ok());
        assert!(<Json as ScalarType>::parse(value!([1])).is_err());
        assert!(<Json as ScalarType>::parse(value!({ "a": ("x".repeat(METADATA)) })).is_err());
    }
}
