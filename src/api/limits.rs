//! What one operation may ask for, decided before anything recursive touches it.
//!
//! [`prepare`] is the only way from a request to the executor, whatever transport it came over. It goes from
//! cheap to dear: a linear scan of the raw text (tokens, nesting), then the parser, then one walk of the
//! document that computes each fragment once, then validation, which walks it once more. All of this is done once
//! per text ([`Documents`] remembers it); per request there are the variables and what they make the operation cost.
//! Only a request that passed is given to the library, which validates nothing any more.

mod absent;
mod documents;
mod lexer;
mod measure;
mod parser;
#[cfg(test)]
mod tests;
mod types;
mod validate;

use std::sync::Arc;

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{Pos, Positioned, Request, ServerError, Variables};

use super::fault::{Fault, FaultCode};
pub use documents::Documents;
pub use types::{Types, UnreadableSchema};
pub use validate::Problem;

/// The id that a request's answer, its log lines and its audit records share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub Arc<str>);

/// The limits of one operation. The defaults leave room for every query that a person writes.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of the text. Only comments, spaces and literals make a text of few tokens long: what is large belongs into
    /// variables, which are not remembered with it.
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
    /// One per field. What is below a page (`nodes`, `edges`, or any field with `first`, `last` or `limit`) counts once
    /// per row that may come back.
    pub complexity: u64,
    /// Fields below each other.
    pub depth: u64,
}

impl Cost {
    /// The form in `extensions.cost`.
    #[must_use]
    pub fn to_value(self) -> async_graphql::Value {
        async_graphql::value!({ "complexity": (self.complexity), "depth": (self.depth) })
    }
}

/// Why an operation is not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not GraphQL.
    #[error("{message}")]
    Syntax {
        /// What is wrong, on one line.
        message: String,
        /// Where.
        at: Pos,
    },
    /// Not of this schema: never empty.
    #[error("{}", .0.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Problem>),
    /// `operationName` names nothing, or is missing where there are several operations.
    #[error("{0}")]
    Operation(String),
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

    /// The GraphQL errors, with their places in the text where they are known.
    #[must_use]
    pub fn into_server_errors(self) -> Vec<ServerError> {
        let code = self.code();
        let error = |message: &str, at: Vec<Pos>| {
            let mut error = async_graphql::Error::from(Fault::new(code, message)).into_server_error(Pos::default());
            error.locations = at;
            error
        };
        match self {
            Self::Invalid(problems) => {
                problems.into_iter().map(|Problem { at, message }| error(&message, at)).collect()
            }
            Self::Syntax { message, at } => vec![error(&message, vec![at])],
            other => vec![error(&other.to_string(), Vec::new())],
        }
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
}

/// Checks a request against the limits and the schema. Linear in the length of its text, when that is new, and of its
/// variables.
///
/// # Errors
/// The first [`Refusal`], in the order: text, syntax, document, choice of operation, variables, cost.
pub fn prepare(mut request: Request, limits: &Limits, documents: &Documents) -> Result<Prepared, Refusal> {
    let document = documents.read(&request.query, limits)?;
    if request.operation_name.as_deref() == Some("") {
        request.operation_name = None;
    }
    let (name, operation) = choose(&document, request.operation_name.as_deref())?;
    fill_defaults(operation, &mut request.variables);
    documents.check_variables(&operation.node, &request.variables)?;
    let cost = measure::cost(&document, operation, &request.variables, limits)?;
    let kind = operation.node.ty;
    let absent = absent::absent(&operation.node, &request.variables);
    let mut document = (*document).clone();
    absent::take_out(&mut document, &absent);
    request.set_parsed_query(document);
    Ok(Prepared { request, kind, name, cost })
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
