//! Values against the types that are expected of them: literals of a document, and what variables are given.

use std::fmt;

use async_graphql::parser::types::{BaseType, Type};
use async_graphql::{Name, Number, Pos};
use async_graphql_value::{ConstValue, Value};

use super::Walk;
use super::usages::Usage;
use crate::api::limits::types::{Definition, InputType, Types};
use crate::api::scalars;

/// Characters of a value that a message repeats.
const SHOWN: usize = 40;

/// Where a value stands, for messages: `input.amount.currency`, `$ids[3]`.
#[derive(Clone, Copy)]
pub(in crate::api::limits) enum Path<'p> {
    Argument(&'p str),
    Variable(&'p str),
    Field(&'p Path<'p>, &'p str),
    Item(&'p Path<'p>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(name) => to.write_str(name),
            Self::Variable(name) => write!(to, "${name}"),
            Self::Field(of, name) => write!(to, "{of}.{name}"),
            Self::Item(of, place) => write!(to, "{of}[{place}]"),
        }
    }
}

/// What a place takes.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    pub ty: &'a Type,
    /// Whether the place has a default, which stands in for a variable that is not given.
    pub has_default: bool,
    /// The input object that takes exactly one field, when this is a field of one.
    pub one_of: Option<&'a str>,
}

impl<'a> Expected<'a> {
    fn plain(ty: &'a Type) -> Self {
        Self { ty, has_default: false, one_of: None }
    }
}

/// Where a value comes from: variables have no enums, they spell them as strings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::api::limits) enum Origin {
    Document,
    Variables,
}

/// A value that is no list and no object, as scalars look at it.
enum Plain<'v> {
    Text,
    Number(&'v Number),
    Boolean,
    Other,
}

/// Whether a scalar takes a value, as far as the specification's own go. Ours judge for themselves: see [`refuses`].
fn takes(scalar: &str, value: &Plain<'_>) -> bool {
    match (scalar, value) {
        ("Int", Plain::Number(number)) => number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        ("Float", Plain::Number(_)) | ("Boolean", Plain::Boolean) | ("String" | "ID", Plain::Text) => true,
        ("ID", Plain::Number(number)) => number.is_i64() || number.is_u64(),
        ("Int" | "Float" | "Boolean" | "String" | "ID", _) => false,
        _ => true,
    }
}

/// What one of our own scalars says against a value, in the words of a message about its place.
fn refuses(scalar: &str, value: &ConstValue, path: &Path<'_>, ty: &Type) -> Option<String> {
    let problem = scalars::problem(scalar, value)?;
    Some(format!("{path} is of type \"{ty}\": {problem}"))
}

/// Why a scalar does not take a value, when there is more to say than which type it is of.
fn because(scalar: &str, value: &Plain<'_>) -> &'static str {
    match (scalar, value) {
        ("Int", Plain::Number(_)) => ", a whole number from -2147483648 to 2147483647",
        _ => "",
    }
}

fn wrong(path: &Path<'_>, ty: &Type, because: &str, found: &impl fmt::Display) -> String {
    let found = found.to_string();
    let found = match found.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", found.get(..end).unwrap_or_default()),
        None => found,
    };
    format!("{path} is of type \"{ty}\"{because}; found {found}")
}

fn unknown_field(path: &Path<'_>, name: &str, of: &str, input: &InputType) -> String {
    format!("{path} has no field \"{name}\" (type \"{of}\"){}", super::suggestion(name, input.fields.keys()))
}

fn missing_field(path: &Path<'_>, name: &str, ty: &Type) -> String {
    format!("{path}.{name}, which is of type \"{ty}\", is required")
}

fn not_one(path: &Path<'_>, of: &str) -> String {
    format!("{path} takes exactly one field, and no null (type \"{of}\")")
}

impl<'a> Walk<'a> {
    /// Checks a literal, and notes the variables in it. `expected`: none where nothing is known, which has been told,
    /// or where a scalar of our own takes anything.
    pub(super) fn value(&mut self, value: &'a Value, expected: Option<Expected<'a>>, path: &Path<'_>, at: Pos) {
        let Some(expected) = expected else { return self.anything(value, at) };
        match (value, &expected.ty.base) {
            (Value::Variable(name), _) => self.part.usages.push(Usage { name, at, expected: Some(expected) }),
            (Value::Null, _) if expected.ty.nullable => {}
            (Value::Null, _) => self.problems.add(at, || wrong(path, expected.ty, "", value)),
            (Value::List(items), BaseType::List(item)) => {
                for (place, value) in items.iter().enumerate() {
                    self.value(value, Some(Expected::plain(item)), &Path::Item(path, place), at);
                }
            }
            // One value stands for a list of one.
            (_, BaseType::List(item)) => self.value(value, Some(Expected::plain(item)), path, at),
            (_, BaseType::Named(name)) => self.named(value, name, expected.ty, path, at),
        }
    }

    fn named(&mut self, value: &'a Value, name: &'a Name, ty: &'a Type, path: &Path<'_>, at: Pos) {
        match (self.types.get(name), value) {
            (Some(Definition::Enum(values)), Value::Enum(given)) if values.contains(given) => {}
            (Some(Definition::Input(input)), Value::Object(_)) => self.object(value, name, input, path, at),
            (Some(Definition::Scalar), _) => {
                let plain = match value {
                    Value::String(_) => Plain::Text,
                    Value::Number(number) => Plain::Number(number),
                    Value::Boolean(_) => Plain::Boolean,
                    _ => Plain::Other,
                };
                if !takes(name, &plain) {
                    self.problems.add(at, || wrong(path, ty, because(name, &plain), value));
                } else if let Some(problem) =
                    // With a variable in it, it is no value yet, and is judged when it is read.
                    value.clone().into_const().and_then(|value| refuses(name, &value, path, ty))
                {
                    self.problems.add(at, || problem);
                }
                self.anything(value, at);
            }
            _ => {
                self.problems.add(at, || wrong(path, ty, "", value));
                self.anything(value, at);
            }
        }
    }

    fn object(&mut self, value: &'a Value, of: &'a Name, input: &'a InputType, path: &Path<'_>, at: Pos) {
        let Value::Object(given) = value else { return };
        for (name, value) in given {
            let expected = input.fields.get(name).map(|field| Expected {
                ty: &field.ty,
                has_default: field.has_default,
                one_of: input.is_one_of.then_some(of.as_str()),
            });
            if expected.is_none() {
                self.problems.add(at, || unknown_field(path, name, of, input));
            }
            self.value(value, expected, &Path::Field(path, name), at);
        }
        for (name, field) in &input.fields {
            if field.is_required() && !given.contains_key(name) {
                self.problems.add(at, || missing_field(path, name, &field.ty));
            }
        }
        if input.is_one_of && (given.len() != 1 || given.values().any(|value| *value == Value::Null)) {
            self.problems.add(at, || not_one(path, of));
        }
    }

    /// Notes the variables in a value about which nothing is known.
    fn anything(&mut self, value: &'a Value, at: Pos) {
        match value {
            Value::Variable(name) => self.part.usages.push(Usage { name, at, expected: None }),
            Value::List(items) => items.iter().for_each(|item| self.anything(item, at)),
            Value::Object(fields) => fields.values().for_each(|field| self.anything(field, at)),
            _ => {}
        }
    }
}

/// Checks a value without variables: a default, or what a variable is given.
///
/// # Errors
/// A message for people that names the place.
pub(in crate::api::limits) fn constant(
    types: &Types,
    value: &ConstValue,
    ty: &Type,
    path: &Path<'_>,
    origin: Origin,
) -> Result<(), String> {
    match (value, &ty.base) {
        (ConstValue::Null, _) if ty.nullable => Ok(()),
        (ConstValue::Null, _) => Err(wrong(path, ty, "", value)),
        (ConstValue::List(items), BaseType::List(item)) => items
            .iter()
            .enumerate()
            .try_for_each(|(place, value)| constant(types, value, item, &Path::Item(path, place), origin)),
        (_, BaseType::List(item)) => constant(types, value, item, path, origin),
        (_, BaseType::Named(name)) => match (types.get(name), value) {
            (Some(Definition::Enum(values)), ConstValue::Enum(given)) if values.contains(given) => Ok(()),
            (Some(Definition::Enum(values)), ConstValue::String(given))
                if origin == Origin::Variables && values.contains(given.as_str()) =>
            {
                Ok(())
            }
            (Some(Definition::Input(input)), ConstValue::Object(_)) => {
                constant_object(types, value, (name, input), path, origin)
            }
            (Some(Definition::Scalar), _) => {
                let plain = match value {
                    ConstValue::String(_) => Plain::Text,
                    ConstValue::Number(number) => Plain::Number(number),
                    ConstValue::Boolean(_) => Plain::Boolean,
                    _ => Plain::Other,
                };
                if !takes(name, &plain) {
                    return Err(wrong(path, ty, because(name, &plain), value));
                }
                refuses(name, value, path, ty).map_or(Ok(()), Err)
            }
            _ => Err(wrong(path, ty, "", value)),
        },
    }
}

fn constant_object(
    types: &Types,
    value: &ConstValue,
    (of, input): (&Name, &InputType),
    path: &Path<'_>,
    origin: Origin,
) -> Result<(), String> {
    let ConstValue::Object(given) = value else { return Ok(()) };
    for (name, value) in given {
        let field = input.fields.get(name).ok_or_else(|| unknown_field(path, name, of, input))?;
        constant(types, value, &field.ty, &Path::Field(path, name), origin)?;
    }
    let mut missing: Vec<_> =
        input.fields.iter().filter(|(name, field)| field.is_required() && !given.contains_key(*name)).collect();
    missing.sort_by_key(|(name, _)| *name);
    if let Some((name, field)) = missing.first() {
        return Err(missing_field(path, name, &field.ty));
    }
    if input.is_one_of && (given.len() != 1 || given.values().any(|value| *value == ConstValue::Null)) {
        return Err(not_one(path, of));
    }
    Ok(())
}
