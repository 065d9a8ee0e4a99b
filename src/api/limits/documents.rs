//! What is known of documents that were sent before: front ends send the same few texts with other variables. Reading
//! and validating one are a noticeable part of what a small request costs, so a text that was good is remembered.

use std::sync::Arc;

use async_graphql::Variables;
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition};
use quick_cache::sync::Cache;

use super::types::Types;
use super::validate::{self, Problem, values};
use super::{Limits, Refusal, measure, parser};

/// Reads and validates documents, and remembers those that were good.
#[derive(Debug)]
pub struct Documents {
    /// None in tests of the limits alone.
    types: Option<Types>,
    known: Cache<Box<str>, Arc<ExecutableDocument>>,
}

/// Texts to remember, and how long one may be: together they bound the memory to a few tens of megabytes, whatever
/// is sent.
const KNOWN_DOCUMENTS: usize = 512;
const KNOWN_LENGTH: usize = 4_096;

impl Documents {
    /// Of a schema.
    #[must_use]
    pub fn new(types: Types) -> Self {
        Self { types: Some(types), known: Cache::new(KNOWN_DOCUMENTS) }
    }

    /// Documents that are held against the limits, and against no schema.
    #[cfg(test)]
    pub(crate) fn of_no_schema() -> Self {
        Self { types: None, known: Cache::new(KNOWN_DOCUMENTS) }
    }

    /// The document of a text, which is within the limits and valid.
    pub(super) fn read(&self, text: &str, limits: &Limits) -> Result<Arc<ExecutableDocument>, Refusal> {
        if let Some(known) = self.known.get(text) {
            return Ok(known);
        }
        if text.len() > limits.bytes {
            let wide = |n| u64::try_from(n).unwrap_or(u64::MAX);
            return Err(Refusal::Over { what: "bytes", found: wide(text.len()), limit: wide(limits.bytes) });
        }
        let document = parser::parse(text, limits)?;
        measure::check(&document, limits)?;
        if let Some(types) = &self.types {
            validate::validate(&document, types, limits)?;
        }
        let document = Arc::new(document);
        if text.len() <= KNOWN_LENGTH {
            self.known.insert(text.into(), document.clone());
        }
        Ok(document)
    }

    /// Holds what was given for an operation's variables against their types. What it does not declare is ignored.
    pub(super) fn check_variables(&self, operation: &OperationDefinition, given: &Variables) -> Result<(), Refusal> {
        for definition in &operation.variable_definitions {
            let (at, definition) = (definition.pos, &definition.node);
            let (name, ty) = (&definition.name.node, &definition.var_type.node);
            // Defaults are among what was given.
            let Some(value) = given.get(name) else {
                if ty.nullable {
                    continue;
                }
                let message = format!("the variable ${name} is required");
                return Err(Refusal::Invalid(vec![Problem { at: vec![at], message }]));
            };
            let Some(types) = &self.types else { continue };
            values::constant(types, value, ty, &values::Path::Variable(name), values::Origin::Variables)
                .map_err(|message| Refusal::Invalid(vec![Problem { at: vec![at], message }]))?;
        }
        Ok(())
    }
}
