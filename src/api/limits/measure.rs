//! The walk of the parsed document: how much it is once every fragment has been expanded, without expanding.
//!
//! A fragment's measure does not depend on where it is spread, so each is computed once per operation and the
//! walk is linear in the document. Sums saturate: thirty fragments that each spread the next one twice are
//! a billion selections, found in microseconds.

use std::collections::HashMap;

use async_graphql::parser::types::{
    ExecutableDocument, Field, FragmentDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Value, Variables};

use super::{Cost, Limits, Operation, Refusal};

/// What a `__schema` costs: it answers with the whole schema, whatever is selected below it.
const SCHEMA_COST: u64 = 5_000;
/// What a `__type` costs.
const TYPE_COST: u64 = 100;
/// The lists of introspection types.
const INTROSPECTION_LISTS: &[&str] =
    &["types", "directives", "fields", "args", "inputFields", "interfaces", "possibleTypes", "enumValues"];

/// Checks every operation of the document, for validation walks them all.
pub(super) fn check(document: &ExecutableDocument, limits: &Limits) -> Result<(), Refusal> {
    let (mut selections, variables) = (0_u64, Variables::default());
    for (_, operation) in document.operations.iter() {
        let measure = Walk::new(document, operation, &variables, limits).operation()?;
        selections = selections.saturating_add(measure.selections);
        for (what, found, limit) in [
            ("selections with fragments expanded", selections, limits.selections),
            ("levels with fragments expanded", measure.levels, limits.levels),
            ("levels of fields", measure.depth, limits.depth),
            ("levels of introspection", measure.introspection_depth, limits.introspection_depth),
            ("lists of introspection below each other", measure.introspection_lists, limits.introspection_lists),
            ("aliases", measure.aliases, limits.aliases),
            ("directives", measure.directives, limits.directives),
        ] {
            within(what, found, limit)?;
        }
        roots(operation, &measure)?;
    }
    Ok(())
}

/// What an operation costs.
pub(super) fn cost(
    document: &ExecutableDocument,
    operation: &Operation,
    variables: &Variables,
    limits: &Limits,
) -> Result<Cost, Refusal> {
    let measure = Walk::new(document, operation, variables, limits).operation()?;
    let cost = Cost {
        complexity: measure.rest.saturating_add(measure.paged),
        depth: measure.depth.max(measure.introspection_depth),
    };
    within("fields to answer with pages counted in full", cost.complexity, limits.complexity)?;
    Ok(cost)
}

fn within(what: &'static str, found: u64, limit: u64) -> Result<(), Refusal> {
    if found <= limit { Ok(()) } else { Err(Refusal::Over { what, found, limit }) }
}

/// The library runs a root field once per time that it is written, and ignores fragments at the root of
/// a subscription; so both are refused here.
fn roots(operation: &Operation, measure: &Measure) -> Result<(), Refusal> {
    match operation.node.ty {
        OperationType::Query => Ok(()),
        OperationType::Mutation if measure.roots <= 1 => Ok(()),
        OperationType::Mutation => Err(Refusal::MutationRoots(measure.roots)),
        OperationType::Subscription => match &*operation.node.selection_set.node.items {
            [Positioned { node: Selection::Field(field), .. }] if !field.node.name.node.starts_with("__") => Ok(()),
            _ => Err(Refusal::SubscriptionRoots),
        },
    }
}

/// Of a selection set with its fragments expanded.
#[derive(Clone, Copy, Default)]
struct Measure {
    selections: u64,
    levels: u64,
    depth: u64,
    introspection_depth: u64,
    introspection_lists: u64,
    aliases: u64,
    directives: u64,
    /// Fields right in the set, `__typename` apart.
    roots: u64,
    /// The cost of `nodes` and `edges` right in the set.
    paged: u64,
    /// The cost of everything else.
    rest: u64,
    /// Whether `nodes` or `edges` is right in the set.
    is_page: bool,
}

impl Measure {
    /// Takes in what stands beside it in the same set.
    fn add(&mut self, other: &Self) {
        self.selections = self.selections.saturating_add(other.selections);
        self.levels = self.levels.max(other.levels);
        self.depth = self.depth.max(other.depth);
        self.introspection_depth = self.introspection_depth.max(other.introspection_depth);
        self.introspection_lists = self.introspection_lists.max(other.introspection_lists);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.roots = self.roots.saturating_add(other.roots);
        self.paged = self.paged.saturating_add(other.paged);
        self.rest = self.rest.saturating_add(other.rest);
        self.is_page |= other.is_page;
    }
}

enum Known {
    /// Being measured further up: to meet it again is a cycle.
    Open,
    Done(Measure),
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    operation: &'a Operation,
    variables: &'a Variables,
    limits: &'a Limits,
    fragments: HashMap<&'a str, Known>,
}

impl<'a> Walk<'a> {
    fn new(
        document: &'a ExecutableDocument,
        operation: &'a Operation,
        variables: &'a Variables,
        limits: &'a Limits,
    ) -> Self {
        Self { document, operation, variables, limits, fragments: HashMap::new() }
    }

    fn operation(&mut self) -> Result<Measure, Refusal> {
        let operation = self.operation;
        let mut measure = self.set(&operation.node.selection_set.node, false)?;
        measure.directives = measure.directives.saturating_add(count(operation.node.directives.len()));
        Ok(measure)
    }

    /// `introspecting`: below `__schema` or `__type`. Fragments on introspection types are met only there, and
    /// their names begin with two underscores, so a fragment's measure still does not depend on the place.
    fn set(&mut self, set: &'a SelectionSet, introspecting: bool) -> Result<Measure, Refusal> {
        let mut sum = Measure::default();
        for selection in &set.items {
            let one = match &selection.node {
                Selection::Field(field) => self.field(&field.node, introspecting)?,
                Selection::InlineFragment(inline) => {
                    let inner = self.set(&inline.node.selection_set.node, introspecting)?;
                    spread(inner, inline.node.directives.len())
                }
                Selection::FragmentSpread(used) => {
                    let inner = self.fragment(&used.node.fragment_name.node)?;
                    spread(inner, used.node.directives.len())
                }
            };
            sum.add(&one);
        }
        Ok(sum)
    }

    fn fragment(&mut self, name: &'a Name) -> Result<Measure, Refusal> {
        match self.fragments.get(name.as_str()) {
            Some(Known::Done(measure)) => return Ok(*measure),
            Some(Known::Open) => return Err(Refusal::FragmentCycle(name.to_string())),
            None => {}
        }
        let fragment = self.document.fragments.get(name).ok_or_else(|| Refusal::UnknownFragment(name.to_string()))?;
        let FragmentDefinition { type_condition, directives, selection_set } = &fragment.node;
        self.fragments.insert(name.as_str(), Known::Open);
        let introspecting = type_condition.node.on.node.starts_with("__");
        let mut measure = self.set(&selection_set.node, introspecting)?;
        measure.directives = measure.directives.saturating_add(count(directives.len()));
        self.fragments.insert(name.as_str(), Known::Done(measure));
        Ok(measure)
    }

    fn field(&mut self, field: &'a Field, introspecting: bool) -> Result<Measure, Refusal> {
        let name = field.name.node.as_str();
        let own = match name {
            "__schema" => SCHEMA_COST,
            "__type" => TYPE_COST,
            "__typename" => 0,
            _ => 1,
        };
        let below = introspecting || matches!(name, "__schema" | "__type");
        let inner = self.set(&field.selection_set.node, below)?;
        let cost = own.saturating_add(self.below(field, &inner));
        let is_page = !below && matches!(name, "nodes" | "edges");
        Ok(Measure {
            selections: inner.selections.saturating_add(1),
            levels: inner.levels.saturating_add(u64::from(!field.selection_set.node.items.is_empty())),
            depth: if below { inner.depth } else { inner.depth.saturating_add(1) },
            introspection_depth: inner.introspection_depth.saturating_add(u64::from(below)),
            introspection_lists: inner
                .introspection_lists
                .saturating_add(u64::from(introspecting && INTROSPECTION_LISTS.contains(&name))),
            aliases: inner.aliases.saturating_add(u64::from(field.alias.is_some())),
            directives: inner.directives.saturating_add(count(field.directives.len())),
            roots: u64::from(name != "__typename"),
            paged: if is_page { cost } else { 0 },
            rest: if is_page { 0 } else { cost },
            is_page,
        })
    }

    /// What the fields below a field cost: the rows of its page times what is selected of each.
    fn below(&self, field: &Field, inner: &Measure) -> u64 {
        let page = ["first", "last", "limit"].iter().filter_map(|argument| self.size(field, argument)).max();
        let listed = self.length(field, "ids").unwrap_or(1);
        let cost = if inner.is_page {
            let rows = page.unwrap_or(self.limits.default_page);
            inner.rest.saturating_add(inner.paged.saturating_mul(rows))
        } else {
            inner.rest.saturating_mul(page.unwrap_or(1))
        };
        cost.saturating_mul(listed)
    }

    /// A page size, from a literal or a variable. What is not a number is the validation's to refuse.
    fn size(&self, field: &Field, argument: &str) -> Option<u64> {
        self.argument(field, argument, |value| match value {
            Value::Number(number) => number.as_u64(),
            _ => None,
        })
    }

    /// The length of a list of ids, each of which is answered by its own object.
    fn length(&self, field: &Field, argument: &str) -> Option<u64> {
        self.argument(field, argument, |value| match value {
            Value::List(items) => Some(count(items.len())),
            _ => None,
        })
    }

    /// Reads a number off an argument. A variable is looked at in place: a long list is not copied for each
    /// field that uses it.
    fn argument(&self, field: &Field, argument: &str, read: impl Fn(&Value) -> Option<u64>) -> Option<u64> {
        let mut of_variable = None;
        let literal = field.get_argument(argument)?.node.clone().into_const_with(|name| {
            of_variable = self.variable(&name).and_then(&read);
            Ok::<_, ()>(Value::Null)
        });
        literal.ok().as_ref().and_then(&read).or(of_variable)
    }

    fn variable(&self, name: &Name) -> Option<&Value> {
        let default = || {
            let definitions = &self.operation.node.variable_definitions;
            let definition = definitions.iter().find(|definition| definition.node.name.node == *name)?;
            definition.node.default_value.as_ref().map(|value| &value.node)
        };
        self.variables.get(name).or_else(default)
    }
}

/// A spread is one level and one selection more.
fn spread(mut inner: Measure, directives: usize) -> Measure {
    inner.selections = inner.selections.saturating_add(1);
    inner.levels = inner.levels.saturating_add(1);
    inner.directives = inner.directives.saturating_add(count(directives));
    inner
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
