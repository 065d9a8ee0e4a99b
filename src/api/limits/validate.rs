//! Whether a document is valid: every rule of the specification's chapter 5, once per document.
//!
//! The library's rules are not used: they take variables of any type for any argument, compare fields of one name
//! only side by side, and run again for every request. What is checked where: a tree without doubles is the
//! [`super::parser`]'s, fragments that are missing or spread themselves are [`super::measure`]'s, what is unused,
//! undefined or out of place among variables is [`usages`]'s, whether fields merge is [`merge`]'s, values are
//! [`values`]'s. Here is the walk, which goes through every operation and every fragment once.
//!
//! `tests/conformance/documents` holds documents on which a reference implementation agrees, both ways.

mod merge;
#[cfg(test)]
mod tests;
mod usages;
pub(super) mod values;

use std::collections::{HashMap, HashSet};
use std::fmt;

use async_graphql::parser::types::{
    Directive, DirectiveLocation, ExecutableDocument, Field, FragmentSpread, InlineFragment, OperationType, Selection,
    SelectionSet,
};
use async_graphql::{Name, Pos, Positioned};
use async_graphql_value::Value;

use super::types::{Input, Output, Types, named};
use super::{Limits, Refusal};
use usages::Part;
use values::{Expected, Path};

/// Problems that are worth telling; a hostile document has thousands.
const MOST: usize = 20;

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// In the text.
    pub at: Vec<Pos>,
    /// For people.
    pub message: String,
}

/// Checks a document whose fragments exist and do not spread themselves.
///
/// # Errors
/// What is invalid, in the order of the text.
pub(super) fn validate(document: &ExecutableDocument, types: &Types, limits: &Limits) -> Result<(), Refusal> {
    let mut walk = Walk { types, document, problems: Problems::default(), part: Part::default() };
    let fragments: HashMap<&str, Part<'_>> =
        document.fragments.iter().map(|(name, fragment)| (name.as_str(), walk.fragment(&fragment.node))).collect();
    let mut used = HashSet::new();
    for (name, operation) in document.operations.iter() {
        let part = walk.operation(name, operation);
        usages::check(&operation.node, &part, &fragments, &mut used, &mut walk.problems);
    }
    for (name, fragment) in document.fragments.iter().filter(|(name, _)| !used.contains(name.as_str())) {
        walk.problems.add(fragment.pos, || format!("the fragment \"{name}\" is never used"));
    }
    walk.problems.tell()?;
    // What there is to compare is bounded only where every field and argument is known.
    for (_, operation) in document.operations.iter() {
        merge::check(document, types, operation, limits, &mut walk.problems)?;
    }
    walk.problems.tell()
}

/// What was found so far.
#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, at: Pos, message: impl FnOnce() -> String) {
        self.add_at(vec![at], message);
    }

    fn add_at(&mut self, at: Vec<Pos>, message: impl FnOnce() -> String) {
        if self.0.len() < MOST {
            self.0.push(Problem { at, message: message() });
        }
    }

    fn tell(&mut self) -> Result<(), Refusal> {
        self.0.sort();
        self.0.dedup();
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::Invalid(std::mem::take(&mut self.0))) }
    }
}

/// Through one operation or one fragment at a time.
struct Walk<'a> {
    types: &'a Types,
    document: &'a ExecutableDocument,
    problems: Problems,
    part: Part<'a>,
}

type OperationDefinition = async_graphql::parser::types::OperationDefinition;
type FragmentDefinition = async_graphql::parser::types::FragmentDefinition;
type Arguments = [(Positioned<Name>, Positioned<Value>)];

/// The type of an operation's root.
fn root(types: &Types, kind: OperationType) -> Option<&Name> {
    match kind {
        OperationType::Query => Some(&types.query),
        OperationType::Mutation => types.mutation.as_ref(),
        OperationType::Subscription => types.subscription.as_ref(),
    }
}

impl<'a> Walk<'a> {
    fn operation(&mut self, name: Option<&Name>, operation: &'a Positioned<OperationDefinition>) -> Part<'a> {
        let node = &operation.node;
        let root = root(self.types, node.ty);
        if root.is_none() {
            self.problems.add(operation.pos, || format!("the schema has no {}", node.ty));
        }
        let location = match node.ty {
            OperationType::Query => DirectiveLocation::Query,
            OperationType::Mutation => DirectiveLocation::Mutation,
            OperationType::Subscription => DirectiveLocation::Subscription,
        };
        self.directives(&node.directives, location);
        self.variables(name, node);
        self.set(&node.selection_set.node, root.map(Name::as_str));
        std::mem::take(&mut self.part)
    }

    fn fragment(&mut self, fragment: &'a FragmentDefinition) -> Part<'a> {
        self.directives(&fragment.directives, DirectiveLocation::FragmentDefinition);
        let on = self.condition(&fragment.type_condition.node.on);
        self.set(&fragment.selection_set.node, on);
        std::mem::take(&mut self.part)
    }

    /// The type that a fragment is for, when something can be selected of it.
    fn condition(&mut self, on: &'a Positioned<Name>) -> Option<&'a str> {
        let name = on.node.as_str();
        if self.types.is_composite(name) {
            return Some(name);
        }
        let types = self.types;
        self.problems.add(on.pos, || match types.get(name) {
            None => format!("there is no type \"{name}\""),
            Some(_) => format!("a fragment cannot be on \"{name}\", of which nothing can be selected"),
        });
        None
    }

    fn variables(&mut self, operation: Option<&Name>, node: &'a OperationDefinition) {
        let mut seen = HashSet::new();
        for definition in &node.variable_definitions {
            let (at, definition) = (definition.pos, &definition.node);
            let name = &definition.name.node;
            if !seen.insert(name) {
                let of = operation.map(|name| format!(" in \"{name}\"")).unwrap_or_default();
                self.problems.add(at, || format!("the variable ${name} is declared twice{of}"));
            }
            self.directives(&definition.directives, DirectiveLocation::VariableDefinition);
            let (ty, types) = (&definition.var_type, self.types);
            let inner = named(&ty.node);
            if !types.is_input(inner) {
                self.problems.add(ty.pos, || match types.get(inner) {
                    None => format!("there is no type \"{inner}\""),
                    Some(_) => format!("the variable ${name} cannot be of type \"{}\", which is no input", ty.node),
                });
            } else if let Some(default) = &definition.default_value {
                let path = Path::Variable(name);
                let wrong = values::constant(types, &default.node, &ty.node, &path, values::Origin::Document);
                if let Err(message) = wrong {
                    self.problems.add(default.pos, || message);
                }
            }
        }
    }

    /// `parent`: none when it is not known, which has been told.
    fn set(&mut self, set: &'a SelectionSet, parent: Option<&'a str>) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => self.field(field, parent),
                Selection::InlineFragment(inline) => self.inline(inline, parent),
                Selection::FragmentSpread(spread) => self.spread(spread, parent),
            }
        }
    }

    fn field(&mut self, field: &'a Positioned<Field>, parent: Option<&'a str>) {
        let (at, field) = (field.pos, &field.node);
        let name = field.name.node.as_str();
        self.directives(&field.directives, DirectiveLocation::Field);
        let output = parent.and_then(|parent| self.types.field(parent, name));
        if let (Some(parent), None) = (parent, output) {
            let types = self.types;
            self.problems.add(at, || {
                let others = types.fields(parent).into_iter().flat_map(HashMap::keys);
                format!("there is no field \"{name}\" in \"{parent}\"{}", suggestion(name, others))
            });
        }
        self.arguments(&field.arguments, output.map(|output| &output.arguments), Owner::Field(name), at);
        self.below(field, output, at);
    }

    fn below(&mut self, field: &'a Field, output: Option<&'a Output>, at: Pos) {
        let set = &field.selection_set.node;
        let Some(output) = output else { return self.set(set, None) };
        let (ty, name) = (named(&output.ty).as_str(), &field.name.node);
        match (self.types.is_composite(ty), set.items.is_empty()) {
            (true, true) => {
                self.problems
                    .add(at, || format!("of \"{name}\", which is of type \"{}\", say what to select", output.ty));
            }
            (true, false) => self.set(set, Some(ty)),
            (false, true) => {}
            (false, false) => {
                let at = field.selection_set.pos;
                self.problems
                    .add(at, || format!("of \"{name}\", which is of type \"{}\", nothing can be selected", output.ty));
                self.set(set, None);
            }
        }
    }

    fn inline(&mut self, inline: &'a Positioned<InlineFragment>, parent: Option<&'a str>) {
        let (at, inline) = (inline.pos, &inline.node);
        self.directives(&inline.directives, DirectiveLocation::InlineFragment);
        let on = match &inline.type_condition {
            None => parent,
            Some(condition) => {
                let on = self.condition(&condition.node.on);
                self.can_be(parent, on, at);
                on
            }
        };
        self.set(&inline.selection_set.node, on);
    }

    fn spread(&mut self, spread: &'a Positioned<FragmentSpread>, parent: Option<&'a str>) {
        let (at, spread) = (spread.pos, &spread.node);
        self.directives(&spread.directives, DirectiveLocation::FragmentSpread);
        let name = &spread.fragment_name.node;
        self.part.spreads.push(name);
        match self.document.fragments.get(name) {
            // In a fragment that no operation reaches.
            None => self.problems.add(at, || format!("the fragment {name} is not defined")),
            Some(fragment) => {
                let on = fragment.node.type_condition.node.on.node.as_str();
                self.can_be(parent, Some(on).filter(|on| self.types.is_composite(on)), at);
            }
        }
    }

    fn can_be(&mut self, parent: Option<&str>, on: Option<&str>, at: Pos) {
        let (Some(parent), Some(on)) = (parent, on) else { return };
        if !self.types.overlap(parent, on) {
            self.problems.add(at, || format!("a fragment on \"{on}\" is never met in \"{parent}\""));
        }
    }

    fn directives(&mut self, directives: &'a [Positioned<Directive>], location: DirectiveLocation) {
        let mut seen = HashSet::new();
        for Positioned { pos: at, node: directive } in directives {
            let name = directive.name.node.as_str();
            let known = self.types.directive(name);
            match known {
                None => self.problems.add(*at, || format!("there is no directive \"@{name}\"")),
                Some(known) => {
                    if !known.locations.contains(&location) {
                        self.problems
                            .add(*at, || format!("the directive \"@{name}\" has no place here ({location:?})"));
                    }
                    if !seen.insert(name) {
                        self.problems.add(*at, || format!("the directive \"@{name}\" is given twice"));
                    }
                }
            }
            self.arguments(&directive.arguments, known.map(|known| &known.arguments), Owner::Directive(name), *at);
        }
    }

    /// `known`: none when whose arguments they are is not known, which has been told.
    fn arguments(&mut self, given: &'a Arguments, known: Option<&'a HashMap<Name, Input>>, owner: Owner<'_>, at: Pos) {
        let mut seen = HashSet::new();
        for (name, value) in given {
            let path = Path::Argument(&name.node);
            if !seen.insert(name.node.as_str()) {
                self.problems.add(name.pos, || format!("the argument \"{}\" of {owner} is given twice", name.node));
            }
            let input = known.and_then(|known| known.get(&name.node));
            if let (Some(known), None) = (known, input) {
                let name = (&name.node, name.pos);
                self.problems.add(name.1, || {
                    let others = suggestion(name.0, known.keys());
                    format!("there is no argument \"{}\" of {owner}{others}", name.0)
                });
            }
            let expected = input.map(|input| Expected { ty: &input.ty, has_default: input.has_default, one_of: None });
            self.value(&value.node, expected, &path, value.pos);
        }
        for (name, input) in known.into_iter().flatten() {
            if input.is_required() && !seen.contains(name.as_str()) {
                self.problems.add(at, || {
                    format!("the argument \"{name}\" of {owner}, which is of type \"{}\", is required", input.ty)
                });
            }
        }
    }
}

/// Whose arguments are looked at.
#[derive(Clone, Copy)]
enum Owner<'a> {
    Field(&'a str),
    Directive(&'a str),
}

impl fmt::Display for Owner<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(to, "\"{name}\""),
            Self::Directive(name) => write!(to, "\"@{name}\""),
        }
    }
}

/// The name that was probably meant, as the end of a message.
fn suggestion<'n>(written: &str, names: impl Iterator<Item = &'n Name>) -> String {
    let most = written.len() / 3 + 1;
    let near = names.map(|name| (distance(written, name), name.as_str())).filter(|(distance, _)| *distance <= most);
    near.min().map(|(_, name)| format!("; did you mean \"{name}\"?")).unwrap_or_default()
}

/// How many letters apart two names are (Levenshtein). Long names are not compared.
fn distance(one: &str, other: &str) -> usize {
    if one.len() > 64 || other.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (place, letter) in one.bytes().enumerate() {
        let mut diagonal = place;
        for (cell, against) in (1..).zip(other.bytes()) {
            let above = row[cell];
            row[cell] = (diagonal + usize::from(letter != against)).min(above + 1).min(if cell == 1 {
                place + 2
            } else {
                row[cell - 1] + 1
            });
            diagonal = above;
        }
        row[0] = place + 1;
    }
    row.last().copied().unwrap_or_default()
}
