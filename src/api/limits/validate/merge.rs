//! Whether fields that answer under one key can be merged into one ("Field Selection Merging").
//!
//! Not pair by pair. Fields under one key must agree in the shape of what they answer, wherever they are, and those
//! that can be met on the same object must agree in name and arguments: both are equivalences, so each field is
//! compared to the first of its group only, and the fields below a group are merged into one set before anybody
//! looks at them. Shapes take one visit per field. Names take more where a field is asked for of an interface beside
//! several of its objects, for it belongs into the group of each; there the visits are counted and limited.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{BaseType, ExecutableDocument, Field, Selection, SelectionSet, Type};
use async_graphql::{Name, Pos, Positioned};

use super::{OperationDefinition, Problems, root};
use crate::api::limits::types::{Output, Types, named};
use crate::api::limits::{Limits, Refusal};

/// Visits per selection that a document may have. What people write takes about one.
const VISITS: u64 = 20;

/// Checks one operation with all of its fragments.
///
/// # Errors
/// When there is more to compare than anybody writes.
pub(super) fn check(
    document: &ExecutableDocument,
    types: &Types,
    operation: &Positioned<OperationDefinition>,
    limits: &Limits,
    problems: &mut Problems,
) -> Result<(), Refusal> {
    let limit = limits.selections.saturating_mul(VISITS);
    let mut merge = Merge { document, types, problems, visits: 0, limit };
    let root = root(types, operation.node.ty).map(Name::as_str);
    let fields = merge.fields([(&operation.node.selection_set.node, root)]);
    merge.shapes(&fields)?;
    merge.names(&fields)
}

/// A field, and the type that it is asked of.
#[derive(Clone, Copy)]
struct Asked<'a> {
    field: &'a Field,
    at: Pos,
    parent: Option<&'a str>,
    output: Option<&'a Output>,
}

struct Merge<'a, 'p> {
    document: &'a ExecutableDocument,
    types: &'a Types,
    problems: &'p mut Problems,
    visits: u64,
    limit: u64,
}

impl<'a> Merge<'a, '_> {
    /// What is in these sets, with fragments expanded, each once.
    fn fields(&self, sets: impl IntoIterator<Item = (&'a SelectionSet, Option<&'a str>)>) -> Vec<Asked<'a>> {
        let (mut fields, mut seen) = (Vec::new(), HashSet::new());
        for (set, parent) in sets {
            self.collect(set, parent, &mut fields, &mut seen);
        }
        fields
    }

    fn collect(
        &self,
        set: &'a SelectionSet,
        parent: Option<&'a str>,
        fields: &mut Vec<Asked<'a>>,
        seen: &mut HashSet<&'a str>,
    ) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(Positioned { pos: at, node: field }) => {
                    let output = parent.and_then(|parent| self.types.field(parent, &field.name.node));
                    fields.push(Asked { field, at: *at, parent, output });
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let on = condition.map_or(parent, |condition| Some(condition.node.on.node.as_str()));
                    self.collect(&inline.node.selection_set.node, on, fields, seen);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let fragment = self.document.fragments.get(name).filter(|_| seen.insert(name.as_str()));
                    if let Some(fragment) = fragment {
                        let on = fragment.node.type_condition.node.on.node.as_str();
                        self.collect(&fragment.node.selection_set.node, Some(on), fields, seen);
                    }
                }
            }
        }
    }

    fn below(&self, group: &[Asked<'a>]) -> Vec<Asked<'a>> {
        self.fields(
            group
                .iter()
                .map(|asked| (&asked.field.selection_set.node, asked.output.map(|output| named(&output.ty).as_str()))),
        )
    }

    fn visit(&mut self, fields: usize) -> Result<(), Refusal> {
        self.visits = self.visits.saturating_add(u64::try_from(fields).unwrap_or(u64::MAX));
        if self.visits <= self.limit {
            return Ok(());
        }
        Err(Refusal::Over { what: "fields to compare with each other", found: self.visits, limit: self.limit })
    }

    fn shapes(&mut self, fields: &[Asked<'a>]) -> Result<(), Refusal> {
        self.visit(fields.len())?;
        for (key, group) in by_key(fields) {
            let known: Vec<_> = group.iter().filter_map(|asked| Some((asked.at, &asked.output?.ty))).collect();
            let odd = known.first().and_then(|first| {
                let other = known.iter().find(|other| !self.same_shape(first.1, other.1))?;
                Some((*first, *other))
            });
            if let Some(((one, first), (other, second))) = odd {
                self.problems.add_at(vec![one, other], || {
                    format!("\"{key}\" is of type \"{first}\" and of type \"{second}\": give one of them an alias")
                });
            }
            let below = self.below(&group);
            if !below.is_empty() {
                self.shapes(&below)?;
            }
        }
        Ok(())
    }

    fn same_shape(&self, one: &Type, other: &Type) -> bool {
        one.nullable == other.nullable
            && match (&one.base, &other.base) {
                (BaseType::List(one), BaseType::List(other)) => self.same_shape(one, other),
                (BaseType::Named(one), BaseType::Named(other)) => {
                    one == other || (self.types.is_composite(one) && self.types.is_composite(other))
                }
                _ => false,
            }
    }

    fn names(&mut self, fields: &[Asked<'a>]) -> Result<(), Refusal> {
        self.visit(fields.len())?;
        for (key, group) in by_key(fields) {
            for group in self.met_together(group) {
                if let Some((first, other)) = odd(&group) {
                    let (one, two) = (&first.field.name.node, &other.field.name.node);
                    self.problems.add_at(vec![first.at, other.at], || {
                        let what = if one == two {
                            format!("\"{key}\" is asked for twice, with different arguments")
                        } else {
                            format!("\"{key}\" stands for \"{one}\" and for \"{two}\"")
                        };
                        format!("{what}: give one of them an alias")
                    });
                }
                let below = self.below(&group);
                if !below.is_empty() {
                    self.names(&below)?;
                }
            }
        }
        Ok(())
    }

    /// The fields that are met on one object: those asked of it, and those asked of interfaces and unions.
    fn met_together(&self, group: Vec<Asked<'a>>) -> Vec<Vec<Asked<'a>>> {
        let is_object = |asked: &Asked<'a>| asked.parent.is_some_and(|parent| self.types.is_object(parent));
        let (concrete, open): (Vec<_>, Vec<_>) = group.into_iter().partition(is_object);
        let mut objects: HashMap<Option<&str>, Vec<Asked<'a>>> = HashMap::new();
        for asked in concrete {
            objects.entry(asked.parent).or_default().push(asked);
        }
        if objects.is_empty() {
            return vec![open];
        }
        objects.into_values().map(|of_object| [of_object, open.clone()].concat()).collect()
    }
}

fn by_key<'a>(fields: &[Asked<'a>]) -> HashMap<&'a str, Vec<Asked<'a>>> {
    let mut groups: HashMap<_, Vec<Asked<'a>>> = HashMap::new();
    for asked in fields {
        groups.entry(asked.field.response_key().node.as_str()).or_default().push(*asked);
    }
    groups
}

/// Two of a group that ask for different things.
fn odd<'a>(group: &[Asked<'a>]) -> Option<(Asked<'a>, Asked<'a>)> {
    let first = *group.first()?;
    let other = group.iter().find(|other| !is_same(first.field, other.field))?;
    Some((first, *other))
}

fn is_same(one: &Field, other: &Field) -> bool {
    let same_argument = |(name, value): &(Positioned<Name>, Positioned<async_graphql_value::Value>)| {
        other.get_argument(&name.node).is_some_and(|against| against.node == value.node)
    };
    one.name.node == other.name.node
        && one.arguments.len() == other.arguments.len()
        && one.arguments.iter().all(same_argument)
}
