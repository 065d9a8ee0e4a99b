//! What is known of documents that were sent before: front ends send the same few texts with other variables. Parsing and
//! validating one are a noticeable part of what a small request costs.

use std::hash::{BuildHasher, Hash as _, Hasher, RandomState};
use std::sync::Arc;

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Request, Value};
use quick_cache::sync::Cache;

use super::{Limits, Refusal, scan};

/// Documents that were parsed before, and requests that were valid.
#[derive(Debug)]
pub struct Documents {
    parsed: Cache<Box<str>, Arc<ExecutableDocument>>,
    valid: Cache<u64, ()>,
    hasher: RandomState,
}

/// Texts to remember, and how long one may be: together they bound the memory to a few tens of megabytes, whatever
/// is sent.
const KNOWN_DOCUMENTS: usize = 512;
const KNOWN_LENGTH: usize = 4_096;
/// Valid requests to remember: some 100 bytes each.
const KNOWN_VALID: usize = 4_096;
/// Characters per line of a parser's message.
const SHOWN: usize = 120;

impl Default for Documents {
    fn default() -> Self {
        let (parsed, valid) = (Cache::new(KNOWN_DOCUMENTS), Cache::new(KNOWN_VALID));
        Self { parsed, valid, hasher: RandomState::new() }
    }
}

/// What makes two requests equally valid: the text, the choice of operation, and the shape of the variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Likeness(u64);

impl Documents {
    pub(super) fn parse(&self, text: &str, limits: &Limits) -> Result<ExecutableDocument, Refusal> {
        if let Some(known) = self.parsed.get(text) {
            return Ok((*known).clone());
        }
        if text.len() > limits.bytes {
            let wide = |n| u64::try_from(n).unwrap_or(u64::MAX);
            return Err(Refusal::Over { what: "bytes", found: wide(text.len()), limit: wide(limits.bytes) });
        }
        scan::scan(text, limits)?;
        let document = async_graphql::parser::parse_query(text)
            .map_err(|error| Refusal::Syntax { message: shown(&error.to_string()), at: error.positions().collect() })?;
        if text.len() <= KNOWN_LENGTH {
            self.parsed.insert(text.into(), Arc::new(document.clone()));
        }
        Ok(document)
    }

    pub(super) fn likeness(&self, request: &Request) -> Likeness {
        let mut hasher = self.hasher.build_hasher();
        request.query.hash(&mut hasher);
        request.operation_name.hash(&mut hasher);
        request.variables.len().hash(&mut hasher);
        for (name, value) in request.variables.iter() {
            name.hash(&mut hasher);
            self.shape(value, &mut hasher);
        }
        Likeness(hasher.finish())
    }

    /// Everything about a value that validation looks at: of a text, whether it is the name of an enum's value; of a
    /// list, what kinds of items it has. Numbers are few and count as they are. What is written never begins like
    /// something else that could be.
    fn shape(&self, value: &Value, hasher: &mut impl Hasher) {
        std::mem::discriminant(value).hash(hasher);
        match value {
            Value::Null | Value::Boolean(_) | Value::Binary(_) => {}
            // By its text: `1` and `1.0` are different kinds of numbers.
            Value::Number(number) => number.to_string().hash(hasher),
            Value::String(text) => Some(text).filter(|text| may_be_enum_value(text)).hash(hasher),
            Value::Enum(name) => name.hash(hasher),
            Value::List(items) => {
                let mut kinds = Vec::new();
                for item in items {
                    let mut own = self.hasher.build_hasher();
                    self.shape(item, &mut own);
                    let kind = own.finish();
                    if kinds.last() != Some(&kind) {
                        kinds.push(kind);
                    }
                }
                kinds.hash(hasher);
            }
            Value::Object(fields) => {
                fields.len().hash(hasher);
                for (name, value) in fields {
                    name.hash(hasher);
                    self.shape(value, hasher);
                }
            }
        }
    }

    /// Whether a request like this one was valid.
    pub fn is_valid(&self, request: Likeness) -> bool {
        self.valid.get(&request.0).is_some()
    }

    /// Remembers that it was.
    pub fn was_valid(&self, request: Likeness) {
        self.valid.insert(request.0, ());
    }
}

/// Whether a text could be the name of an enum's value: those are written in capitals.
fn may_be_enum_value(text: &str) -> bool {
    let capital = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
    text.bytes().next().is_some_and(capital) && text.bytes().all(|byte| capital(byte) || byte.is_ascii_digit())
}

/// The parser's message, which repeats the line at fault: no more of it than a reader looks at.
fn shown(message: &str) -> String {
    let cut = |line: &str| match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", line.get(..end).unwrap_or_default().trim_end()),
        None => line.to_owned(),
    };
    message.lines().map(cut).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use async_graphql::Variables;
    use async_graphql::parser::parse_schema;
    use async_graphql::parser::types::{EnumType, TypeKind, TypeSystemDefinition};
    use serde_json::{Value as Json, json};

    use super::*;

    fn like(documents: &Documents, query: &str, operation: Option<&str>, variables: Json) -> Likeness {
        let mut request = Request::new(query).variables(Variables::from_json(variables));
        request.operation_name = operation.map(str::to_owned);
        documents.likeness(&request)
    }

    #[test]
    fn what_validation_does_not_look_at_makes_no_difference() {
        let documents = Documents::default();
        for (one, other) in [
            (json!({}), json!({})),
            (json!({ "a": "4810-1" }), json!({ "a": "" })),
            (json!({ "a": true }), json!({ "a": false })),
            (json!({ "a": "Ada" }), json!({ "a": "key1" })),
            (json!({ "a": ["4810-1"] }), json!({ "a": ["4810-2", "4810-3"] })),
            (json!({ "a": [{ "b": "1.00" }] }), json!({ "a": [{ "b": "2.00" }, { "b": "3.00" }] })),
        ] {
            let of = |variables| like(&documents, "{ a }", None, variables);
            assert_eq!(of(one.clone()), of(other.clone()), "{one} {other}");
        }
    }

    #[test]
    fn what_validation_looks_at_makes_a_difference() {
        let documents = Documents::default();
        for (one, other) in [
            (json!({}), json!({ "a": null })),
            (json!({ "a": 1 }), json!({ "b": 1 })),
            (json!({ "a": 1 }), json!({ "a": "1" })),
            (json!({ "a": 1 }), json!({ "a": 1.5 })),
            (json!({ "a": 1 }), json!({ "a": u64::MAX })),
            (json!({ "a": "OPEN" }), json!({ "a": "OPENED" })),
            (json!({ "a": "OPEN" }), json!({ "a": "4810-1" })),
            (json!({ "a": 0 }), json!({ "a": 0.0 })),
            (json!({ "a": -1 }), json!({ "a": u64::MAX })),
            (json!({ "a": 1 }), json!({ "a": 5e-324 })),
            (json!({ "a": { "": 1 }, "b": 1 }), json!({ "a": {}, "": 1, "b": 1 })),
            (json!({ "a": [[1]] }), json!({ "a": [1] })),
            (json!({ "a": "_" }), json!({ "a": "" })),
            (json!({ "a": true }), json!({ "a": null })),
            (json!({ "a": [] }), json!({ "a": [1] })),
            (json!({ "a": [1, "-"] }), json!({ "a": ["-", 1] })),
            (json!({ "a": [[1], 2] }), json!({ "a": [[1, 2]] })),
            (json!({ "a": { "b": 1 } }), json!({ "a": { "b": 1, "c": 1 } })),
            (json!({ "a": { "b": { "c": 1 } } }), json!({ "a": { "b": {}, "c": 1 } })),
        ] {
            let of = |variables| like(&documents, "{ a }", None, variables);
            assert_ne!(of(one.clone()), of(other.clone()), "{one} {other}");
        }
        let one = like(&documents, "{ a }", None, json!({}));
        assert_ne!(one, like(&documents, "{ b }", None, json!({})));
        assert_ne!(one, like(&documents, "{ a }", Some("A"), json!({})));
    }

    #[test]
    fn the_values_of_enums_are_known_by_their_looks() {
        let sdl = parse_schema(crate::graphql::sdl()).expect("the schema");
        let mut seen = 0;
        for definition in sdl.definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let TypeKind::Enum(EnumType { values }) = definition.node.kind else { continue };
            for value in values {
                let name = value.node.value.node;
                assert!(may_be_enum_value(&name), "{name}");
                seen += 1;
            }
        }
        assert!(seen > 50, "{seen} values");
    }
}
