//! JSON as requests may have it: an object names nothing twice, at any depth. Which of two amounts was meant is not
//! for us to guess, and a proxy in front may have looked at the other.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Levels that the parser goes down.
const LEVELS: usize = 127;
/// Characters of a name that a message repeats.
const SHOWN: usize = 40;

/// Why a text is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotJson {
    /// Not JSON.
    Malformed,
    /// More than [`LEVELS`].
    TooDeep,
    /// A name that an object has twice.
    Twice(String),
}

impl NotJson {
    /// For people; `what` is the text.
    pub fn reason(&self, what: &'static str) -> Cow<'static, str> {
        match self {
            Self::Malformed => format!("{what} is not JSON").into(),
            Self::TooDeep => format!("{what} is nested too deeply: more than {LEVELS} levels").into(),
            Self::Twice(name) => {
                let shown: String = name.chars().take(SHOWN).collect();
                format!("{what} has {shown:?} twice in one object").into()
            }
        }
    }
}

/// Reads a text.
pub(super) fn parse(text: &str) -> Result<Value, NotJson> {
    let twice = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Unique(&twice).deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| match twice.take() {
        Some(name) => NotJson::Twice(name),
        // The library has no other way to tell.
        None if error.to_string().starts_with("recursion limit exceeded") => NotJson::TooDeep,
        None => NotJson::Malformed,
    })
}

/// Reads a value, and keeps the first name that an object has twice.
#[derive(Clone, Copy)]
struct Unique<'t>(&'t RefCell<Option<String>>);

impl<'de> DeserializeSeed<'de> for Unique<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique<'_> {
    type Value = Value;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if map.contains_key(&name) {
                *self.0.borrow_mut() = Some(name);
                return Err(A::Error::custom("a name is given twice"));
            }
            map.insert(name, fields.next_value_seed(self)?);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_good_is_read_like_any_json() {
        for text in [
            "null",
            " [1, -2, 18446744073709551615, 0.5, 1e300, true, \"\\ud83d\\ude00\"] ",
            r#"{"a":{"a":{"a":[{"a":1},{"a":2}]}},"":[]}"#,
        ] {
            assert_eq!(parse(text).ok(), serde_json::from_str(text).ok(), "{text}");
        }
        let deep = format!("{}{}", "[".repeat(LEVELS), "]".repeat(LEVELS));
        assert!(parse(&deep).is_ok());
    }

    #[test]
    fn a_row_per_refusal() {
        let twice = |name: &str| NotJson::Twice(name.into());
        let deep = format!("{}{}", "[".repeat(LEVELS + 1), "]".repeat(LEVELS + 1));
        for (text, error) in [
            ("", NotJson::Malformed),
            ("{", NotJson::Malformed),
            ("{} {}", NotJson::Malformed),
            ("[1,]", NotJson::Malformed),
            ("1e999", NotJson::Malformed),
            ("\"\\ud83d\"", NotJson::Malformed),
            (&*deep, NotJson::TooDeep),
            (&*"{\"a\":".repeat(10_000), NotJson::TooDeep),
            (r#"{"a":1,"a":1}"#, twice("a")),
            (r#"{"a":1,"b":2,"\u0061":3}"#, twice("a")),
            (r#"[[{"a":{"b":[0,{"c":1,"d":1,"c":2}]}}]]"#, twice("c")),
        ] {
            assert_eq!(parse(text), Err(error), "{}", &text[..text.len().min(60)]);
        }
        assert_eq!(twice(&"x".repeat(99)).reason("the body").len(), 40 + 35);
    }
}
