//! Which variables an operation uses, itself and through its fragments, against those that it declares.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{BaseType, OperationDefinition, Type, VariableDefinition};
use async_graphql::{Name, Pos, Value};

use super::Problems;
use super::values::Expected;

/// What an operation or a fragment holds, fragments spread in it apart.
#[derive(Default)]
pub(super) struct Part<'a> {
    pub usages: Vec<Usage<'a>>,
    pub spreads: Vec<&'a Name>,
}

/// A variable where it is used.
pub(super) struct Usage<'a> {
    pub name: &'a Name,
    pub at: Pos,
    /// None inside of a scalar of our own.
    pub expected: Option<Expected<'a>>,
}

/// Checks one operation, and notes the fragments that it reaches.
pub(super) fn check<'a>(
    operation: &'a OperationDefinition,
    own: &Part<'a>,
    fragments: &HashMap<&str, Part<'a>>,
    reached: &mut HashSet<&'a str>,
    problems: &mut Problems,
) {
    let declared: HashMap<&str, &VariableDefinition> = operation
        .variable_definitions
        .iter()
        .map(|definition| (definition.node.name.node.as_str(), &definition.node))
        .collect();
    let (mut used, mut here, mut open) = (HashSet::new(), HashSet::new(), vec![own]);
    while let Some(part) = open.pop() {
        for usage in &part.usages {
            let name = usage.name;
            match declared.get(name.as_str()) {
                None => problems.add(usage.at, || format!("the variable ${name} is not declared")),
                Some(definition) => {
                    used.insert(name.as_str());
                    if let Some(message) = usage.expected.and_then(|expected| misplaced(definition, expected)) {
                        problems.add(usage.at, || message);
                    }
                }
            }
        }
        let spreads = part.spreads.iter().filter(|name| here.insert(name.as_str()));
        open.extend(spreads.filter_map(|name| fragments.get(name.as_str())));
    }
    reached.extend(here);
    for definition in &operation.variable_definitions {
        let name = &definition.node.name.node;
        if !used.contains(name.as_str()) {
            problems.add(definition.pos, || format!("the variable ${name} is never used"));
        }
    }
}

/// "All Variable Usages Are Allowed": a nullable variable may stand where null may not when either of the two has a
/// default, for then null never gets there by being left out.
fn misplaced(definition: &VariableDefinition, Expected { ty, has_default, one_of }: Expected<'_>) -> Option<String> {
    let (name, declared) = (&definition.name.node, &definition.var_type.node);
    if let Some(of) = one_of.filter(|_| declared.nullable) {
        return Some(format!(
            "the variable ${name} is the one field of a \"{of}\" and must not be null: declare it as \"{declared}!\""
        ));
    }
    let own_default = definition.default_value.as_ref().is_some_and(|value| value.node != Value::Null);
    let null_fits = ty.nullable || !declared.nullable || own_default || has_default;
    if null_fits && fits(&declared.base, &ty.base) {
        return None;
    }
    Some(format!("the variable ${name} is of type \"{declared}\" and cannot stand where a \"{ty}\" is taken"))
}

fn fits(declared: &BaseType, taken: &BaseType) -> bool {
    let item_fits = |one: &Type, other: &Type| (other.nullable || !one.nullable) && fits(&one.base, &other.base);
    match (declared, taken) {
        (BaseType::Named(one), BaseType::Named(other)) => one == other,
        (BaseType::List(one), BaseType::List(other)) => item_fits(one, other),
        _ => false,
    }
}
