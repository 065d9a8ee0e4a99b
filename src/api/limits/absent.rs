//! Variables that are left out.
//!
//! An argument or an input field that is such a variable is left out itself: its default holds, and what it would
//! change stays ("Coercing Field Arguments", "Input Objects" of the specification). The library would pass null
//! instead, which empties what should stay, and is refused where null may not be.

use std::collections::HashSet;

use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Variables};
use async_graphql_value::Value;

/// The variables of an operation that have no value. Defaults are among what was given.
pub(super) fn absent(operation: &OperationDefinition, given: &Variables) -> HashSet<Name> {
    let names = operation.variable_definitions.iter().map(|definition| &definition.node.name.node);
    names.filter(|name| !given.contains_key(*name)).cloned().collect()
}

/// Takes them out of a document. They are those of the operation that runs; the others do not.
pub(super) fn take_out(document: &mut ExecutableDocument, absent: &HashSet<Name>) {
    if absent.is_empty() {
        return;
    }
    match &mut document.operations {
        DocumentOperations::Single(operation) => set(&mut operation.node.selection_set.node, absent),
        DocumentOperations::Multiple(operations) => {
            operations.values_mut().for_each(|operation| set(&mut operation.node.selection_set.node, absent));
        }
    }
    document.fragments.values_mut().for_each(|fragment| set(&mut fragment.node.selection_set.node, absent));
}

fn set(selections: &mut SelectionSet, absent: &HashSet<Name>) {
    for selection in &mut selections.items {
        match &mut selection.node {
            Selection::Field(field) => {
                arguments(&mut field.node.arguments, absent);
                directives(&mut field.node.directives, absent);
                set(&mut field.node.selection_set.node, absent);
            }
            Selection::InlineFragment(inline) => {
                directives(&mut inline.node.directives, absent);
                set(&mut inline.node.selection_set.node, absent);
            }
            Selection::FragmentSpread(spread) => directives(&mut spread.node.directives, absent),
        }
    }
}

fn directives(directives: &mut [Positioned<Directive>], absent: &HashSet<Name>) {
    directives.iter_mut().for_each(|directive| arguments(&mut directive.node.arguments, absent));
}

fn arguments(arguments: &mut Vec<(Positioned<Name>, Positioned<Value>)>, absent: &HashSet<Name>) {
    arguments.retain_mut(|(_, value)| is_given(&mut value.node, absent));
}

/// Whether there is a value; takes out of it what has none. A list keeps its length: there it is null.
fn is_given(value: &mut Value, absent: &HashSet<Name>) -> bool {
    match value {
        Value::Variable(name) => return !absent.contains(name),
        Value::Object(fields) => fields.retain(|_, field| is_given(field, absent)),
        Value::List(items) => {
            for item in items {
                if !is_given(item, absent) {
                    *item = Value::Null;
                }
            }
        }
        _ => {}
    }
    true
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::api::limits::{Limits, parser};

    #[test]
    fn what_is_left_out_is_left_out_where_it_stands() {
        let query = "query($a: Int, $b: Int = 2, $c: Int) {
            one(a: $a, b: $b, c: $c, d: {a: $a, c: [$c, $a, {a: $a, c: $c}]}) @d(a: $a) { ...F @d(a: $a) }
            ... @d(a: $a) { two(a: $a) } } fragment F on T { three(a: $a, c: $c) }";
        let left = |given: Json| {
            let mut document = parser::parse(query, &Limits::default()).expect("a document");
            let DocumentOperations::Single(operation) = &document.operations else { panic!() };
            let absent = absent(&operation.node, &Variables::from_json(given));
            take_out(&mut document, &absent);
            let text = format!("{document:?}");
            let count = |name: &str| text.matches(&format!("Variable(Name(\"{name}\"))")).count();
            (count("a"), count("b"), count("c"), text.matches("Null").count())
        };
        assert_eq!(left(json!({ "a": 1, "b": 2, "c": null })), (9, 1, 4, 0));
        assert_eq!(left(json!({ "b": 2, "c": 1 })), (0, 1, 4, 1));
        assert_eq!(left(json!({ "b": 2 })), (0, 1, 0, 2));
    }
}
