//! The parser of documents, as the specification's grammar has it (September 2025), for operations and fragments.
//!
//! Our own, because the library's forgets an input field that is given twice, knows no surrogate pairs, and draws
//! pictures in its messages. What a tree cannot hold (two operations or fragments of one name, an input field
//! twice) is refused here; everything else about a document is [`super::validate`]'s.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    BaseType, Directive, DocumentOperations, ExecutableDocument, Field, FragmentDefinition, FragmentSpread,
    InlineFragment, OperationDefinition, OperationType, Selection, SelectionSet, Type, TypeCondition,
    VariableDefinition,
};
use async_graphql::{Name, Pos, Positioned};
use async_graphql_value::{ConstValue, Value};

use super::lexer::{Kind, Token, syntax, tokens};
use super::{Limits, Refusal};

type Parsed<T> = Result<T, Refusal>;

/// The document of a text.
///
/// # Errors
/// What is not GraphQL, and tokens and nesting beyond the limits.
pub(super) fn parse(text: &str, limits: &Limits) -> Parsed<ExecutableDocument> {
    let mut parser = Parser { tokens: tokens(text, limits)?, at: 0 };
    let mut definitions = Definitions::default();
    loop {
        parser.definition(&mut definitions)?;
        if matches!(parser.peek(), Kind::End) {
            return definitions.document(parser.pos());
        }
    }
}

/// The definitions so far.
#[derive(Default)]
struct Definitions {
    anonymous: Option<Positioned<OperationDefinition>>,
    named: HashMap<Name, Positioned<OperationDefinition>>,
    fragments: HashMap<Name, Positioned<FragmentDefinition>>,
}

impl Definitions {
    fn add(&mut self, name: Option<Name>, operation: Positioned<OperationDefinition>) -> Parsed<()> {
        let at = operation.pos;
        let Some(name) = name else {
            return match self.anonymous.replace(operation) {
                None => Ok(()),
                Some(_) => Err(refused("an operation without a name must be the only one", at)),
            };
        };
        match self.named.entry(name) {
            Entry::Vacant(free) => {
                free.insert(operation);
                Ok(())
            }
            Entry::Occupied(taken) => Err(refused(&format!("there are two operations named \"{}\"", taken.key()), at)),
        }
    }

    fn add_fragment(&mut self, name: Name, fragment: Positioned<FragmentDefinition>) -> Parsed<()> {
        let at = fragment.pos;
        match self.fragments.entry(name) {
            Entry::Vacant(free) => {
                free.insert(fragment);
                Ok(())
            }
            Entry::Occupied(taken) => Err(refused(&format!("there are two fragments named \"{}\"", taken.key()), at)),
        }
    }

    fn document(self, end: Pos) -> Parsed<ExecutableDocument> {
        let operations = match (self.anonymous, self.named.is_empty()) {
            (Some(only), true) => DocumentOperations::Single(only),
            (Some(one), false) => return Err(refused("an operation without a name must be the only one", one.pos)),
            (None, false) => DocumentOperations::Multiple(self.named),
            (None, true) => return Err(refused("the document holds no operation", end)),
        };
        Ok(ExecutableDocument { operations, fragments: self.fragments })
    }
}

/// Well-formed, but wrong.
fn refused(message: &str, at: Pos) -> Refusal {
    Refusal::Syntax { message: message.to_owned(), at }
}

/// Whether variables may stand in a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Variables {
    Allowed,
    Refused,
}

struct Parser<'a> {
    /// The last is the end, and is never passed.
    tokens: Vec<Token<'a>>,
    at: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> &Kind<'a> {
        self.tokens.get(self.at).map_or(&Kind::End, |token| &token.kind)
    }

    fn pos(&self) -> Pos {
        self.tokens.get(self.at).map(|token| token.at).unwrap_or_default()
    }

    fn expected<T>(&self, what: &str) -> Parsed<T> {
        Err(syntax(&format!("expected {what}, but found {}", self.peek().shown()), self.pos()))
    }

    fn is(&self, punctuator: char) -> bool {
        matches!(self.peek(), Kind::Punctuator(found) if *found == punctuator)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Kind::Name(found) if *found == word)
    }

    /// Goes past the punctuator, if it is next.
    fn skip(&mut self, punctuator: char) -> bool {
        let found = self.is(punctuator);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, punctuator: char) -> Parsed<()> {
        if self.skip(punctuator) { Ok(()) } else { self.expected(&format!("\"{punctuator}\"")) }
    }

    fn name(&mut self) -> Parsed<Positioned<Name>> {
        let Kind::Name(name) = self.peek() else { return self.expected("a name") };
        let name = Positioned::new(Name::new(name), self.pos());
        self.at += 1;
        Ok(name)
    }

    /// One and more up to the closing punctuator.
    fn many<T>(&mut self, close: char, one: impl Fn(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut all = vec![one(self)?];
        while !self.skip(close) {
            all.push(one(self)?);
        }
        Ok(all)
    }

    fn description(&mut self) -> bool {
        let found = matches!(self.peek(), Kind::Text(_));
        self.at += usize::from(found);
        found
    }

    fn definition(&mut self, definitions: &mut Definitions) -> Parsed<()> {
        let described = self.description();
        let at = self.pos();
        let ty = match self.peek() {
            Kind::Punctuator('{') if !described => {
                let selection_set = self.selection_set()?;
                let operation = OperationDefinition {
                    ty: OperationType::Query,
                    variable_definitions: Vec::new(),
                    directives: Vec::new(),
                    selection_set,
                };
                return definitions.add(None, Positioned::new(operation, at));
            }
            Kind::Name("query") => OperationType::Query,
            Kind::Name("mutation") => OperationType::Mutation,
            Kind::Name("subscription") => OperationType::Subscription,
            Kind::Name("fragment") => {
                self.at += 1;
                let (name, fragment) = self.fragment()?;
                return definitions.add_fragment(name, Positioned::new(fragment, at));
            }
            _ => return self.expected("an operation or a fragment"),
        };
        self.at += 1;
        let name = if matches!(self.peek(), Kind::Name(_)) { Some(self.name()?.node) } else { None };
        let variable_definitions = if self.skip('(') { self.many(')', Self::variable_definition)? } else { Vec::new() };
        let directives = self.directives(Variables::Allowed)?;
        let selection_set = self.selection_set()?;
        let operation = OperationDefinition { ty, variable_definitions, directives, selection_set };
        definitions.add(name, Positioned::new(operation, at))
    }

    fn fragment(&mut self) -> Parsed<(Name, FragmentDefinition)> {
        if self.is_word("on") {
            return self.expected("the fragment's name");
        }
        let name = self.name()?.node;
        if !self.is_word("on") {
            return self.expected("\"on\"");
        }
        let type_condition = self.type_condition()?;
        let directives = self.directives(Variables::Allowed)?;
        let selection_set = self.selection_set()?;
        Ok((name, FragmentDefinition { type_condition, directives, selection_set }))
    }

    /// At the word `on`.
    fn type_condition(&mut self) -> Parsed<Positioned<TypeCondition>> {
        let at = self.pos();
        self.at += 1;
        Ok(Positioned::new(TypeCondition { on: self.name()? }, at))
    }

    fn variable_definition(&mut self) -> Parsed<Positioned<VariableDefinition>> {
        self.description();
        let at = self.pos();
        self.expect('$')?;
        let name = self.name()?;
        self.expect(':')?;
        let at_type = self.pos();
        let var_type = Positioned::new(self.type_()?, at_type);
        let default_value = if self.skip('=') { Some(self.constant()?) } else { None };
        let directives = self.directives(Variables::Refused)?;
        Ok(Positioned::new(VariableDefinition { name, var_type, directives, default_value }, at))
    }

    fn constant(&mut self) -> Parsed<Positioned<ConstValue>> {
        let at = self.pos();
        let value = self.value(Variables::Refused)?;
        // There is no variable in it.
        let value = value.into_const_with(|name| Err(syntax(&format!("${name} has no place here"), at)))?;
        Ok(Positioned::new(value, at))
    }

    fn type_(&mut self) -> Parsed<Type> {
        let base = if self.skip('[') {
            let item = self.type_()?;
            self.expect(']')?;
            BaseType::List(Box::new(item))
        } else {
            BaseType::Named(self.name()?.node)
        };
        Ok(Type { base, nullable: !self.skip('!') })
    }

    fn selection_set(&mut self) -> Parsed<Positioned<SelectionSet>> {
        let at = self.pos();
        self.expect('{')?;
        Ok(Positioned::new(SelectionSet { items: self.many('}', Self::selection)? }, at))
    }

    fn selection(&mut self) -> Parsed<Positioned<Selection>> {
        let at = self.pos();
        let selection = if matches!(self.peek(), Kind::Spread) {
            self.at += 1;
            self.spread(at)?
        } else {
            Selection::Field(Positioned::new(self.field()?, at))
        };
        Ok(Positioned::new(selection, at))
    }

    fn field(&mut self) -> Parsed<Field> {
        let first = self.name()?;
        let (alias, name) = if self.skip(':') { (Some(first), self.name()?) } else { (None, first) };
        let arguments = self.arguments(Variables::Allowed)?;
        let directives = self.directives(Variables::Allowed)?;
        let selection_set = if self.is('{') { self.selection_set()? } else { Positioned::default() };
        Ok(Field { alias, name, arguments, directives, selection_set })
    }

    /// Behind the three dots.
    fn spread(&mut self, at: Pos) -> Parsed<Selection> {
        if matches!(self.peek(), Kind::Name(name) if *name != "on") {
            let spread =
                FragmentSpread { fragment_name: self.name()?, directives: self.directives(Variables::Allowed)? };
            return Ok(Selection::FragmentSpread(Positioned::new(spread, at)));
        }
        let type_condition = if self.is_word("on") { Some(self.type_condition()?) } else { None };
        let directives = self.directives(Variables::Allowed)?;
        let inline = InlineFragment { type_condition, directives, selection_set: self.selection_set()? };
        Ok(Selection::InlineFragment(Positioned::new(inline, at)))
    }

    fn arguments(&mut self, variables: Variables) -> Parsed<Vec<(Positioned<Name>, Positioned<Value>)>> {
        if !self.skip('(') {
            return Ok(Vec::new());
        }
        self.many(')', |parser| {
            let name = parser.name()?;
            parser.expect(':')?;
            let at = parser.pos();
            Ok((name, Positioned::new(parser.value(variables)?, at)))
        })
    }

    fn directives(&mut self, variables: Variables) -> Parsed<Vec<Positioned<Directive>>> {
        let mut directives = Vec::new();
        loop {
            let at = self.pos();
            if !self.skip('@') {
                return Ok(directives);
            }
            let directive = Directive { name: self.name()?, arguments: self.arguments(variables)? };
            directives.push(Positioned::new(directive, at));
        }
    }

    fn value(&mut self, variables: Variables) -> Parsed<Value> {
        let at = self.pos();
        let Some(token) = self.tokens.get_mut(self.at) else { return self.expected("a value") };
        let value = match &mut token.kind {
            Kind::Punctuator('$') if variables == Variables::Allowed => {
                self.at += 1;
                return Ok(Value::Variable(self.name()?.node));
            }
            Kind::Punctuator('[') => {
                self.at += 1;
                return self.list(variables);
            }
            Kind::Punctuator('{') => {
                self.at += 1;
                return self.object(variables);
            }
            Kind::Name("true") => Value::Boolean(true),
            Kind::Name("false") => Value::Boolean(false),
            Kind::Name("null") => Value::Null,
            Kind::Name(name) => Value::Enum(Name::new(name)),
            Kind::Text(text) => Value::String(std::mem::take(text)),
            Kind::Int(text) | Kind::Float(text) => number(text, at)?,
            _ if variables == Variables::Refused => return self.expected("a value without variables"),
            _ => return self.expected("a value"),
        };
        self.at += 1;
        Ok(value)
    }

    fn list(&mut self, variables: Variables) -> Parsed<Value> {
        let mut items = Vec::new();
        while !self.skip(']') {
            items.push(self.value(variables)?);
        }
        Ok(Value::List(items))
    }

    fn object(&mut self, variables: Variables) -> Parsed<Value> {
        let mut fields = IndexMap::new();
        while !self.skip('}') {
            let name = self.name()?;
            self.expect(':')?;
            let value = self.value(variables)?;
            if fields.insert(name.node.clone(), value).is_some() {
                return Err(refused(&format!("the input field \"{}\" is given twice", name.node), name.pos));
            }
        }
        Ok(Value::Object(fields))
    }
}

/// Whole numbers are kept exactly up to 64 bits.
fn number(text: &str, at: Pos) -> Parsed<Value> {
    if text == "-0" {
        return Ok(Value::Number(0.into()));
    }
    match text.parse::<serde_json::Number>() {
        Ok(number) => Ok(Value::Number(number)),
        Err(_) => Err(syntax("a number is too large", at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        match parse(text, &Limits::default()) {
            Ok(_) => "accepted".into(),
            Err(Refusal::Syntax { message, at }) => format!("{}:{} {message}", at.line, at.column),
            Err(other) => other.to_string(),
        }
    }

    /// The library's parser reads the same out of what both accept.
    #[test]
    fn what_is_read_is_what_the_library_reads() {
        for text in [
            "{ a }",
            "query A($a: [Int!]! = [1], $b: B) @d(x: 1) { c: a(x: $a, y: {z: [$b, null, true, E, -1.5e3, \"s\\n\"]}) @s { ...F } }
             fragment F on T @e { ... on U @f { a } ... @g { b } ... { c } __typename }
             mutation M { a(x: {}, y: []) } subscription S { on: fragment query }",
            "query query($on: on) { on(on: $on) { ...fragment } } fragment fragment on on { true: null }",
            "{ a(x: \"\"\"\n   b\n     c \n  \"\"\") }",
        ] {
            let ours = parse(text, &Limits::default()).expect(text);
            let theirs = async_graphql::parser::parse_query(text).expect(text);
            let shown = |document: &ExecutableDocument| {
                let mut operations: Vec<_> =
                    document.operations.iter().map(|(name, one)| format!("{name:?} {:?}", one.node)).collect();
                operations.extend(document.fragments.iter().map(|(name, one)| format!("{name} {:?}", one.node)));
                operations.sort();
                // Places are near, not equal: the library's of a directive is that of its name, and so on.
                operations.join("\n").split("Pos(").map(|part| part.split_once(')').map_or(part, |(_, rest)| rest)).collect::<String>()
            };
            assert_eq!(shown(&ours), shown(&theirs), "{text}");
        }
    }

    #[test]
    fn a_row_per_refusal() {
        for (text, message) in [
            ("", "1:1 syntax error: expected an operation or a fragment, but found the end"),
            ("{ a", "1:4 syntax error: expected a name, but found the end"),
            ("{}", "1:2 syntax error: expected a name, but found \"}\""),
            ("{ a() }", "1:5 syntax error: expected a name, but found \")\""),
            ("{ a(x) }", "1:6 syntax error: expected \":\", but found \")\""),
            ("{ a(x: }) }", "1:8 syntax error: expected a value, but found \"}\""),
            ("query() { a }", "1:7 syntax error: expected \"$\", but found \")\""),
            ("query($a: Int = $b) { a }", "1:17 syntax error: expected a value without variables, but found \"$\""),
            ("query($a: [Int) { a }", "1:15 syntax error: expected \"]\", but found \")\""),
            ("query($a: Int @d = 1) { a }", "1:18 syntax error: expected \"$\", but found \"=\""),
            ("fragment on on T { a } { b }", "1:10 syntax error: expected the fragment's name, but found \"on\""),
            ("fragment F { a } { b }", "1:12 syntax error: expected \"on\", but found \"{\""),
            ("{ a }\n type T { a: Int }", "2:2 syntax error: expected an operation or a fragment, but found \"type\""),
            ("\"no\" { a }", "1:6 syntax error: expected an operation or a fragment, but found \"{\""),
            ("{ a(x: 1e999) }", "1:8 syntax error: a number is too large"),
            ("{ ? }", "1:3 syntax error: there is no use for '?' here"),
            ("{ .. }", "1:3 syntax error: there is no use for '.' here"),
            ("{ ... }", "1:7 syntax error: expected \"{\", but found \"}\""),
            ("{ a(x: {y: 1, z: 2, y: 1}) }", "1:21 the input field \"y\" is given twice"),
            ("{ a(x: [{y: {z: 1, z: $v}}]) }", "1:20 the input field \"z\" is given twice"),
            ("query($x: I = {y: 1, y: 1}) { a }", "1:22 the input field \"y\" is given twice"),
            ("{ a } { b }", "1:7 an operation without a name must be the only one"),
            ("query A { a } { b }", "1:15 an operation without a name must be the only one"),
            ("query A { a } query A { b }", "1:15 there are two operations named \"A\""),
            ("{ a } fragment F on T { a } fragment F on T { b }", "1:29 there are two fragments named \"F\""),
            ("fragment F on T { a }", "1:22 the document holds no operation"),
        ] {
            assert_eq!(said(text), message, "{text}");
        }
        for text in
            ["\"about\" query A(\"about\" $a: Int) { a }", "{ a(x: {}) } \"\"\"about\"\"\" fragment F on T { a }"]
        {
            assert_eq!(said(text), "accepted", "{text}");
        }
    }

    #[test]
    fn messages_are_short_and_on_one_line() {
        let long = said(&format!("{{ a }} {}", "x".repeat(10_000)));
        assert!(long.len() < 150 && !long.contains('\n'), "{long}");
    }
}
