//! What one operation may ask for, decided before anything recursive touches it.
//!
//! [`prepare`] is the only way from a request to the executor, whatever transport it came over. It goes from
//! cheap to dear: a linear scan of the raw text (tokens, nesting), then the parser, then one walk of the
//! document that computes each fragment once. Only a request that passed is given to the library, whose
//! validation expands every fragment wherever it is spread and would take exponential time otherwise.

mod documents;
mod measure;
mod scan;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{Pos, Positioned, Request, ServerError, Value, Variables};

use super::fault::{Fault, FaultCode};
pub use documents::{Documents, Likeness};

/// The id that a request's answer, its log lines and its audit records share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub Arc<str>);

/// The limits of one operation. The defaults leave room for every query that a person writes.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of the text. Only comments, spaces and literals make a text of few tokens long, and the parser is slow at
    /// them: what is large belongs into variables.
    pub bytes: usize,
    /// Tokens of the text: names, numbers, strings, punctuators.
    pub tokens: usize,
    /// How deep braces, brackets and parentheses of the text may nest. The parser recurses that deep.
    pub nesting: usize,
    /// Selections once every fragment has been expanded.
    pub selections: u64,
    /// Levels once every fragment has been expanded, each spread counting as one. At most 32: the library's
    /// own guard, which counts alike, is set there.
    pub levels: u64,
    /// Fields below each other, outside of introspection.
    pub depth: u64,
    /// Fields below each other from `__schema` or `__type` on.
    pub introspection_depth: u64,
    /// Introspection fields below each other that are lists. The usual introspection query has three.
    pub introspection_lists: u64,
    /// Aliases once every fragment has been expanded.
    pub aliases: u64,
    /// Directives once every fragment has been expanded.
    pub directives: u64,
    /// One per field, times the page size for what is below a page. See [`Cost::complexity`].
    pub complexity: u64,
    /// The page size of a connection that is asked for without `first` and `last`.
    pub default_page: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 32 * 1024,
            tokens: 2_000,
            nesting: 40,
            selections: 5_000,
            levels: 32,
            depth: 12,
            introspection_depth: 20,
            introspection_lists: 3,
            aliases: 30,
            directives: 100,
            complexity: 20_000,
            default_page: 20,
        }
    }
}

/// What an operation costs: shown as `extensions.cost`, and what the rate limit counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// One per field. What is below a page (`nodes`, `edges`, or any field with `first` or `last`) counts once
    /// per row that may come back.
    pub complexity: u64,
    /// Fields below each other.
    pub depth: u64,
}

impl Cost {
    /// The form in `extensions.cost`.
    #[must_use]
    pub fn to_value(self) -> Value {
        async_graphql::value!({ "complexity": (self.complexity), "depth": (self.depth) })
    }
}

/// Why an operation is not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not GraphQL.
    #[error("{message}")]
    Syntax {
        /// The parser's.
        message: String,
        /// Where the parser stopped.
        at: Vec<Pos>,
    },
    /// A string that does not end.
    #[error("a string in the document does not end")]
    UnterminatedString,
    /// `operationName` names nothing, or is missing where there are several operations.
    #[error("{0}")]
    Operation(String),
    /// A required variable is missing or null.
    #[error("the variable ${0} is required")]
    MissingVariable(String),
    /// A spread of a fragment that the document does not define.
    #[error("the fragment {0} is not defined")]
    UnknownFragment(String),
    /// A fragment that spreads itself.
    #[error("the fragment {0} spreads itself")]
    FragmentCycle(String),
    /// Two things that write in one operation, which could not be told apart when one of them fails.
    #[error("a mutation holds exactly one root field, written once; this one has {0}")]
    MutationRoots(u64),
    /// Several streams in one subscription.
    #[error("a subscription holds exactly one root field, written directly in the operation")]
    SubscriptionRoots,
    /// More than a limit.
    #[error("the operation has {found} {what}; at most {limit} are allowed")]
    Over {
        /// What there is too much of.
        what: &'static str,
        /// How much there is. Counting may stop at the limit.
        found: u64,
        /// How much there may be.
        limit: u64,
    },
}

impl Refusal {
    /// The fault's code.
    #[must_use]
    pub fn code(&self) -> FaultCode {
        match self {
            Self::Over { .. } => FaultCode::OverLimit,
            _ => FaultCode::BadRequest,
        }
    }

    /// The GraphQL error, with the place in the text where it is known.
    #[must_use]
    pub fn into_server_error(self) -> ServerError {
        let at = match &self {
            Self::Syntax { at, .. } => at.clone(),
            _ => Vec::new(),
        };
        let mut error = async_graphql::Error::from(Fault::from(self)).into_server_error(Pos::default());
        error.locations = at;
        error
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code(), &refusal.to_string())
    }
}

/// A request that may be executed.
#[derive(Debug)]
pub struct Prepared {
    /// With its parsed document inside, so that it is parsed once.
    pub request: Request,
    /// Of the operation that will run.
    pub kind: OperationType,
    /// Of the operation that will run.
    pub name: Option<Arc<str>>,
    /// Of the operation that will run.
    pub cost: Cost,
    /// What requests that are as valid as this one have in common.
    pub likeness: Likeness,
}

/// Checks a request against the limits. Linear in the length of its text.
///
/// # Errors
/// The first [`Refusal`], in the order: text, syntax, choice of operation, document, cost, variables.
pub fn prepare(mut request: Request, limits: &Limits, documents: &Documents) -> Result<Prepared, Refusal> {
    let document = documents.parse(&request.query, limits)?;
    if request.operation_name.as_deref() == Some("") {
        request.operation_name = None;
    }
    let (name, operation) = choose(&document, request.operation_name.as_deref())?;
    fill_defaults(operation, &mut request.variables);
    let cost = measure::check(&document, operation, &request.variables, limits)?;
    required_variables(operation, &request.variables)?;
    let kind = operation.node.ty;
    let likeness = documents.likeness(&request);
    request.set_parsed_query(document);
    Ok(Prepared { request, kind, name, cost, likeness })
}

type Operation = Positioned<OperationDefinition>;

/// The operation that runs. With an anonymous operation no name may be given, with several one must be.
fn choose<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<(Option<Arc<str>>, &'a Operation), Refusal> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Ok((None, operation)),
        (DocumentOperations::Multiple(named), Some(name)) if named.contains_key(name) => {
            Ok((Some(name.into()), &named[name]))
        }
        (DocumentOperations::Multiple(named), None) if named.len() == 1 => named
            .iter()
            .next()
            .map(|(name, operation)| (Some(name.as_str().into()), operation))
            .ok_or_else(|| Refusal::Operation("the document holds no operation".into())),
        (_, None) => Err(Refusal::Operation("operationName must say which of the operations to run".into())),
        (_, Some(name)) => Err(Refusal::Operation(format!("the document has no operation named \"{name}\""))),
    }
}

/// Gives a variable that was left out its default: the library does so where it is an argument's value, and not where it
/// decides in `@skip` or `@include`.
fn fill_defaults(operation: &Operation, given: &mut Variables) {
    for definition in &operation.node.variable_definitions {
        if let Some(default) = &definition.node.default_value {
            given.entry(definition.node.name.node.clone()).or_insert_with(|| default.node.clone());
        }
    }
}

/// The library looks at a variable only where it is used; the specification demands every required one.
fn required_variables(operation: &Operation, given: &Variables) -> Result<(), Refusal> {
    for definition in &operation.node.variable_definitions {
        let definition = &definition.node;
        // Defaults are among what was given.
        let missing = given.get(&definition.name.node).is_none_or(|value| *value == Value::Null);
        if missing && !definition.var_type.node.nullable {
            return Err(Refusal::MissingVariable(definition.name.node.to_string()));
        }
    }
    Ok(())
}
