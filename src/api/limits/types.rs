//! The schema as validation looks at it: what there is to select, to pass and to spread, by name.
//!
//! Read from the SDL, so that what is validated is what clients see.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, ConstDirective, DirectiveDefinition, DirectiveLocation, FieldDefinition, InputValueDefinition, Type,
    TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql::{Name, Positioned};

/// The types that every schema has and that no SDL shows, as the library answers them.
const INTROSPECTION: &str = "
    scalar Int scalar Float scalar String scalar Boolean scalar ID
    type __Schema { description: String! types: [__Type!]! queryType: __Type! mutationType: __Type
        subscriptionType: __Type directives: [__Directive!]! }
    type __Type { kind: __TypeKind! name: String description: String
        fields(includeDeprecated: Boolean! = false): [__Field!] interfaces: [__Type!] possibleTypes: [__Type!]
        enumValues(includeDeprecated: Boolean! = false): [__EnumValue!]
        inputFields(includeDeprecated: Boolean! = false): [__InputValue!]
        ofType: __Type specifiedByURL: String isOneOf: Boolean }
    type __Field { name: String! description: String args(includeDeprecated: Boolean! = false): [__InputValue!]!
        type: __Type! isDeprecated: Boolean! deprecationReason: String }
    type __InputValue { name: String! description: String type: __Type! defaultValue: String isDeprecated: Boolean!
        deprecationReason: String }
    type __EnumValue { name: String! description: String isDeprecated: Boolean! deprecationReason: String }
    type __Directive { name: String! description: String locations: [__DirectiveLocation!]!
        args(includeDeprecated: Boolean! = false): [__InputValue!]! isRepeatable: Boolean! }
    enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL }
    enum __DirectiveLocation { QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT
        VARIABLE_DEFINITION SCHEMA SCALAR OBJECT FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE UNION ENUM ENUM_VALUE
        INPUT_OBJECT INPUT_FIELD_DEFINITION }
    type __Roots { __schema: __Schema! __type(name: String!): __Type __typename: String! }
";

/// A schema's text that is none.
#[derive(Debug, thiserror::Error)]
#[error("the schema cannot be read: {0}")]
pub struct UnreadableSchema(#[from] async_graphql::parser::Error);

/// What is written of a schema.
#[derive(Debug)]
pub struct Types {
    named: HashMap<Name, Definition>,
    directives: HashMap<Name, DirectiveType>,
    pub(super) query: Name,
    pub(super) mutation: Option<Name>,
    pub(super) subscription: Option<Name>,
    /// What every composite type can be asked for.
    typename: Output,
}

/// A type by its kind.
#[derive(Debug)]
pub(super) enum Definition {
    Scalar,
    Enum(HashSet<Name>),
    Input(InputType),
    Object(HashMap<Name, Output>),
    Interface(HashMap<Name, Output>, HashSet<Name>),
    Union(HashSet<Name>),
}

/// An input object.
#[derive(Debug)]
pub(super) struct InputType {
    pub fields: HashMap<Name, Input>,
    /// Whether it takes exactly one of them.
    pub is_one_of: bool,
}

/// An argument or an input field.
#[derive(Debug)]
pub(super) struct Input {
    pub ty: Type,
    pub has_default: bool,
}

impl Input {
    /// Whether it must be given.
    pub fn is_required(&self) -> bool {
        !self.ty.nullable && !self.has_default
    }
}

/// A field of an object or an interface.
#[derive(Debug)]
pub(super) struct Output {
    pub ty: Type,
    pub arguments: HashMap<Name, Input>,
}

/// A directive. None is repeatable: the library's parser could not tell.
#[derive(Debug)]
pub(super) struct DirectiveType {
    pub arguments: HashMap<Name, Input>,
    pub locations: Vec<DirectiveLocation>,
}

/// The name inside of a type, without lists.
pub(super) fn named(ty: &Type) -> &Name {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => named(item),
    }
}

impl Types {
    /// Of a schema.
    ///
    /// # Errors
    /// What the library's parser says of the text.
    pub fn of_sdl(sdl: &str) -> Result<Self, UnreadableSchema> {
        let mut types = Self {
            named: HashMap::new(),
            directives: HashMap::new(),
            query: Name::new("Query"),
            mutation: None,
            subscription: None,
            typename: Output {
                ty: Type { base: BaseType::Named(Name::new("String")), nullable: false },
                arguments: HashMap::new(),
            },
        };
        let mut implementing = Vec::new();
        for definition in [INTROSPECTION, sdl].map(parse_schema) {
            for definition in definition?.definitions {
                types.add(definition, &mut implementing);
            }
        }
        for (object, interface) in implementing {
            if let Some(Definition::Interface(_, possible)) = types.named.get_mut(&interface) {
                possible.insert(object);
            }
        }
        if let Some(Definition::Object(roots)) = types.named.remove("__Roots")
            && let Some(Definition::Object(query)) = types.named.get_mut(&types.query)
        {
            query.extend(roots);
        }
        Ok(types)
    }

    fn add(&mut self, definition: TypeSystemDefinition, implementing: &mut Vec<(Name, Name)>) {
        match definition {
            TypeSystemDefinition::Schema(schema) => {
                let root = |name: Option<Positioned<Name>>| name.map(|name| name.node);
                self.query = root(schema.node.query).unwrap_or_else(|| self.query.clone());
                self.mutation = root(schema.node.mutation);
                self.subscription = root(schema.node.subscription);
            }
            TypeSystemDefinition::Type(definition) => {
                let TypeDefinition { name: Positioned { node: name, .. }, directives, kind, .. } = definition.node;
                if let TypeKind::Object(object) = &kind {
                    implementing.extend(object.implements.iter().map(|of| (name.clone(), of.node.clone())));
                }
                self.named.insert(name, type_of(kind, &directives));
            }
            TypeSystemDefinition::Directive(directive) => {
                let DirectiveDefinition { name, arguments, locations, .. } = directive.node;
                let locations = locations.into_iter().map(|location| location.node).collect();
                self.directives.insert(name.node, DirectiveType { arguments: inputs(arguments), locations });
            }
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Definition> {
        self.named.get(name)
    }

    pub(super) fn directive(&self, name: &str) -> Option<&DirectiveType> {
        self.directives.get(name)
    }

    /// The type of a name, when something can be selected of it.
    pub(super) fn is_composite(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Definition::Object(_) | Definition::Interface(..) | Definition::Union(_)))
    }

    pub(super) fn is_object(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Definition::Object(_)))
    }

    /// Whether it can be given; a type that is unknown is neither.
    pub(super) fn is_input(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Definition::Scalar | Definition::Enum(_) | Definition::Input(_)))
    }

    /// What can be selected of a type.
    pub(super) fn fields(&self, parent: &str) -> Option<&HashMap<Name, Output>> {
        match self.get(parent)? {
            Definition::Object(fields) | Definition::Interface(fields, _) => Some(fields),
            _ => None,
        }
    }

    /// A field that is selected of a type.
    pub(super) fn field(&self, parent: &str, field: &str) -> Option<&Output> {
        if field == "__typename" {
            return self.is_composite(parent).then_some(&self.typename);
        }
        self.fields(parent)?.get(field)
    }

    /// Whether an object can be of both types.
    pub(super) fn overlap(&self, one: &str, other: &str) -> bool {
        match (self.possible(one), self.possible(other)) {
            (None, None) => one == other,
            (Some(possible), None) => possible.contains(other),
            (None, Some(possible)) => possible.contains(one),
            (Some(one), Some(other)) => one.intersection(other).next().is_some(),
        }
    }

    fn possible(&self, name: &str) -> Option<&HashSet<Name>> {
        match self.get(name)? {
            Definition::Interface(_, possible) | Definition::Union(possible) => Some(possible),
            _ => None,
        }
    }
}

fn type_of(kind: TypeKind, directives: &[Positioned<ConstDirective>]) -> Definition {
    match kind {
        TypeKind::Scalar => Definition::Scalar,
        TypeKind::Object(object) => Definition::Object(outputs(object.fields)),
        TypeKind::Interface(interface) => Definition::Interface(outputs(interface.fields), HashSet::new()),
        TypeKind::Union(union) => Definition::Union(union.members.into_iter().map(|member| member.node).collect()),
        TypeKind::Enum(of) => Definition::Enum(of.values.into_iter().map(|value| value.node.value.node).collect()),
        TypeKind::InputObject(input) => Definition::Input(InputType {
            fields: inputs(input.fields),
            is_one_of: directives.iter().any(|directive| directive.node.name.node == "oneOf"),
        }),
    }
}

fn outputs(fields: Vec<Positioned<FieldDefinition>>) -> HashMap<Name, Output> {
    let output =
        |field: FieldDefinition| (field.name.node, Output { ty: field.ty.node, arguments: inputs(field.arguments) });
    fields.into_iter().map(|field| output(field.node)).collect()
}

fn inputs(inputs: Vec<Positioned<InputValueDefinition>>) -> HashMap<Name, Input> {
    let input = |input: InputValueDefinition| {
        (input.name.node, Input { ty: input.ty.node, has_default: input.default_value.is_some() })
    };
    inputs.into_iter().map(|one| input(one.node)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks the library for its introspection types, for they are in no SDL.
    #[tokio::test]
    async fn the_introspection_types_are_those_of_the_library() {
        struct Query;
        #[async_graphql::Object]
        impl Query {
            async fn a(&self) -> i32 {
                1
            }
        }
        let schema = async_graphql::Schema::new(Query, async_graphql::EmptyMutation, async_graphql::EmptySubscription);
        let types = Types::of_sdl(&schema.sdl()).expect("the schema");
        let mut seen = 0;
        for (name, definition) in types.named.iter().filter(|(name, _)| name.starts_with("__")) {
            let query = format!(
                "{{ __type(name: \"{name}\") {{ enumValues {{ name }} fields {{ name type {{ ...T }} args {{ name defaultValue type {{ ...T }} }} }} }} }}
                 fragment T on __Type {{ kind name ofType {{ kind name ofType {{ kind name ofType {{ kind name }} }} }} }}"
            );
            let data = schema.execute(query).await.data.into_json().expect("JSON");
            let told = &data["__type"];
            let (ours, theirs) = match definition {
                Definition::Enum(values) => {
                    let theirs =
                        told["enumValues"].as_array().expect("values").iter().map(|value| value["name"].to_string());
                    (
                        values.iter().map(|value| format!("{:?}", value.as_str())).collect::<Vec<_>>(),
                        theirs.collect::<Vec<_>>(),
                    )
                }
                Definition::Object(fields) => {
                    let shown = |name: &str, field: &Output| {
                        let arguments = field
                            .arguments
                            .iter()
                            .map(|(name, input)| format!("{name}: {} {}", input.ty, input.has_default));
                        format!("{name}({}): {}", arguments.collect::<String>(), field.ty)
                    };
                    let told = told["fields"].as_array().expect("fields").iter().map(|field| {
                        let arguments = field["args"].as_array().expect("arguments").iter();
                        let arguments = arguments.map(|one| {
                            format!(
                                "{}: {} {}",
                                text(&one["name"]),
                                shown_type(&one["type"]),
                                one["defaultValue"].is_string()
                            )
                        });
                        format!(
                            "{}({}): {}",
                            text(&field["name"]),
                            arguments.collect::<String>(),
                            shown_type(&field["type"])
                        )
                    });
                    (fields.iter().map(|(name, field)| shown(name, field)).collect(), told.collect())
                }
                other => panic!("{name}: {other:?}"),
            };
            let sorted = |mut list: Vec<String>| {
                list.sort();
                list
            };
            assert_eq!(sorted(ours), sorted(theirs), "{name}");
            seen += 1;
        }
        assert_eq!(seen, 8);
    }

    fn text(value: &serde_json::Value) -> &str {
        value.as_str().unwrap_or_default()
    }

    fn shown_type(value: &serde_json::Value) -> String {
        match text(&value["kind"]) {
            "NON_NULL" => format!("{}!", shown_type(&value["ofType"])),
            "LIST" => format!("[{}]", shown_type(&value["ofType"])),
            _ => text(&value["name"]).to_owned(),
        }
    }

    #[test]
    fn possible_types_overlap_or_do_not() {
        let types = Types::of_sdl(
            "interface I { a: Int } type A implements I { a: Int } type B implements I { a: Int } type C { a: Int }
             union U = B | C union V = C type Query { i: I }",
        )
        .expect("a schema");
        for (one, other, overlap) in [
            ("A", "A", true),
            ("A", "B", false),
            ("A", "I", true),
            ("I", "A", true),
            ("C", "I", false),
            ("I", "U", true),
            ("I", "V", false),
            ("U", "V", true),
            ("I", "I", true),
        ] {
            assert_eq!(types.overlap(one, other), overlap, "{one} {other}");
        }
        assert!(types.field("Query", "__schema").is_some() && types.field("A", "__schema").is_none());
        assert!(types.field("U", "__typename").is_some() && types.field("U", "a").is_none());
    }
}
