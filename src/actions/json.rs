//! Values on their way into a script and out of it. Numbers with a fraction are decimals in there, and texts out here:
//! no value is ever a binary fraction.

use rhai::{Array, Dynamic, ImmutableString, Map};
use rust_decimal::Decimal;
use serde_json::{Number, Value};

use super::sandbox::{ITEMS, PROPERTIES, Size, TEXT};

/// How deep lists and objects may nest, in what goes in and in what comes out.
pub const DEPTH: usize = 16;
/// Digits of a number that JSON's readers keep whichever way they go.
const DIGITS: usize = 15;

/// Whether a JSON text can go into a script.
///
/// # Errors
/// Why not, for people.
pub fn check(text: &str) -> Result<(), String> {
    let value: Value = serde_json::from_str(text).map_err(|_| "is no JSON".to_owned())?;
    value_in(&value).map(|_| ())
}

/// A JSON value as a script sees it.
///
/// # Errors
/// Why it cannot, for people.
pub fn value_in(value: &Value) -> Result<Dynamic, String> {
    let mut size = Size::default();
    let made = enter(value, DEPTH, &mut size)?;
    let over = [
        ("items of lists", size.items, ITEMS),
        ("properties", size.properties, PROPERTIES),
        ("bytes of text", size.text, TEXT),
    ];
    match over.iter().find(|(_, found, most)| found > most) {
        Some((what, found, most)) => Err(format!("has {found} {what}; a script takes at most {most}")),
        None => Ok(made),
    }
}

fn enter(value: &Value, depth: usize, size: &mut Size) -> Result<Dynamic, String> {
    let inner = || depth.checked_sub(1).ok_or_else(|| format!("nests deeper than {DEPTH}"));
    Ok(match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(yes) => (*yes).into(),
        Value::String(text) => {
            size.text += text.len();
            ImmutableString::from(text.as_str()).into()
        }
        Value::Number(number) => number_in(number)?,
        Value::Array(items) => {
            let depth = inner()?;
            size.items += items.len();
            Dynamic::from_array(items.iter().map(|item| enter(item, depth, size)).collect::<Result<Array, _>>()?)
        }
        Value::Object(fields) => {
            let depth = inner()?;
            size.properties += fields.len();
            let mut map = Map::new();
            for (name, value) in fields {
                size.text += name.len();
                map.insert(name.as_str().into(), enter(value, depth, size)?);
            }
            Dynamic::from_map(map)
        }
    })
}

/// A whole number stays one; what has a fraction, or does not fit, becomes a decimal with the digits that it is written
/// with. One with so many digits that somebody on the way may have rounded it is refused.
fn number_in(number: &Number) -> Result<Dynamic, String> {
    if let Some(whole) = number.as_i64() {
        return Ok(whole.into());
    }
    let text = number.to_string();
    let digits = text.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    if !number.is_u64() && digits.trim_start_matches('0').len() > DIGITS {
        return Err(format!(
            "has a number of more than {DIGITS} digits, which may have been rounded: write it as a text"
        ));
    }
    let decimal = text.parse::<Decimal>().or_else(|_| Decimal::from_scientific(&text));
    decimal.map(Dynamic::from_decimal).map_err(|_| "has a number that is too large or too small".to_owned())
}

/// What a script gives, as JSON.
///
/// # Errors
/// Why it is none, for people.
pub fn value_out(value: &Dynamic) -> Result<Value, String> {
    leave(value, DEPTH)
}

fn leave(value: &Dynamic, depth: usize) -> Result<Value, String> {
    if value.is_unit() {
        return Ok(Value::Null);
    }
    if let Ok(yes) = value.as_bool() {
        return Ok(yes.into());
    }
    if let Ok(whole) = value.as_int() {
        return Ok(whole.into());
    }
    if let Ok(decimal) = value.as_decimal() {
        return Ok(decimal.to_string().into());
    }
    if let Ok(one) = value.as_char() {
        return Ok(one.to_string().into());
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Ok(text.as_str().into());
    }
    let inner = || depth.checked_sub(1).ok_or_else(|| format!("nests deeper than {DEPTH}"));
    if let Some(items) = value.read_lock::<Array>() {
        let depth = inner()?;
        return items.iter().map(|item| leave(item, depth)).collect();
    }
    if let Some(fields) = value.read_lock::<Map>() {
        let depth = inner()?;
        let fields = fields.iter().map(|(name, value)| Ok((name.to_string(), leave(value, depth)?)));
        return fields.collect::<Result<serde_json::Map<String, Value>, String>>().map(Value::Object);
    }
    Err(format!("holds something that JSON has no form for: {}", value.type_name()))
}
