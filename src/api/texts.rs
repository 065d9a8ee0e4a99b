//! Whole numbers of cards are never kept: every text and all metadata of every mutation's input are looked through before
//! a command is made of it.
//!
//! This is done in one place, by the types of the schema, so that no input can be forgotten: [`problems`] walks the
//! arguments as they came.

use async_graphql::registry::{MetaType, Registry};
use async_graphql::{Context, Name, Value};
use async_graphql_value::Value as Given;

use crate::cards::refusals::CARD_NUMBER_NOT_KEPT;
use crate::primitives::card_number;
use crate::refused::{FieldProblem, Refused};

/// Payment references have a check of their own, and are digits with a check digit as well: they are held against that
/// alone, wherever an account is named by one.
const OWN_CHECK: &[&str] = &["paymentReference"];

/// What payments carry: a number alone is the receiver's reference. With anything beside it, it is a text like any other.
const OF_PAYMENTS: &[&str] = &[
    "DisburseInput",
    "LoadAccountInput",
    "PayGarnishmentInput",
    "PostDeductionInput",
    "PostPaymentInput",
    "PostReimbursementInput",
    "RemitToPartyInput",
    "SettleCardSchemeInput",
    "TransferInput",
    "UnloadAccountInput",
];

/// Numbers of bank accounts, some of which have up to 14 digits and no check: what is shorter than that is theirs.
const BANK_ACCOUNTS: &[(&str, &str)] = &[("CounterpartyInput", "account"), ("PayoutInput", "bankAccountNumber")];
const BANK_ACCOUNT_DIGITS: usize = 14;

/// Fields of an input that hold what is the whole number of a card: their paths, from the input object down.
#[derive(Clone, Debug, Default)]
pub(crate) struct CardNumbers(Vec<Vec<String>>);

impl CardNumbers {
    /// The refusal, where there is one.
    pub(crate) fn refused(&self) -> Result<(), Refused> {
        self.below(&[])
    }

    /// The refusal of one item of a batch, where there is one: the fields are named from the item down.
    pub(crate) fn refused_of_item(&self, index: usize) -> Result<(), Refused> {
        self.below(&["items", &index.to_string()])
    }

    fn below(&self, path: &[&str]) -> Result<(), Refused> {
        let fields: Vec<FieldProblem> = self.0.iter().filter_map(|field| below(field, path)).collect();
        if fields.is_empty() {
            return Ok(());
        }
        Err(Refused { fields, ..Refused::new(CARD_NUMBER_NOT_KEPT, MESSAGE) })
    }
}

const MESSAGE: &str = "what is the whole number of a card is never kept: leave it out, or hide its middle";

fn below(field: &[String], path: &[&str]) -> Option<FieldProblem> {
    let rest = field.get(path.len()..)?;
    let is_below = field.iter().zip(path).all(|(own, of)| own == of);
    is_below.then(|| FieldProblem { path: rest.to_vec(), message: MESSAGE.to_owned() })
}

/// The refusal of a text that came beside the input, such as the name of a file.
///
/// # Errors
/// `CARD_NUMBER_NOT_KEPT` for the field.
pub(crate) fn checked(field: &str, text: &str) -> Result<(), Refused> {
    match card_number::is_in(text) {
        true => Err(Refused::of_field(CARD_NUMBER_NOT_KEPT, field, MESSAGE)),
        false => Ok(()),
    }
}

/// What of the arguments of a mutation holds the whole number of a card.
pub(crate) fn problems(ctx: &Context<'_>) -> CardNumbers {
    let registry = &ctx.schema_env.registry;
    let field = &ctx.item.node;
    let of_root = registry.mutation_type.as_ref().and_then(|root| registry.types.get(root));
    let Some(meta) = of_root.and_then(|root| root.field_by_name(&field.name.node)) else {
        return CardNumbers::default();
    };
    let mut walk = Walk { registry, ctx, path: Vec::new(), found: Vec::new() };
    for (name, given) in &field.arguments {
        if let Some(argument) = meta.args.get(name.node.as_str()) {
            walk.given(&argument.ty, ("", &name.node), &given.node);
        }
    }
    CardNumbers(walk.found)
}

/// A walk through a value, by its type.
struct Walk<'a, 'c> {
    registry: &'a Registry,
    ctx: &'a Context<'c>,
    /// From the input object down.
    path: Vec<String>,
    found: Vec<Vec<String>>,
}

impl<'a> Walk<'a, '_> {
    /// A value as the document has it: with variables.
    fn given(&mut self, type_: &'a str, of: (&str, &str), given: &'a Given) {
        match given {
            Given::Variable(name) => {
                if let Some(value) = self.variable(name) {
                    self.value(type_, of, value);
                }
            }
            Given::String(text) => self.text(type_, of, text),
            // JSON that is written into the document.
            Given::List(_) | Given::Object(_) if named(type_) == "JSON" => {
                let of_variable = |name: Name| Ok::<_, ()>(self.variable(&name).cloned().unwrap_or_default());
                if let Ok(value) = given.clone().into_const_with(of_variable) {
                    self.json(type_, &value);
                }
            }
            Given::List(items) => {
                let texts = items.iter().map(|item| if let Given::String(text) = item { Some(&**text) } else { None });
                self.texts(type_, texts);
                self.each(items.iter(), |walk, item| walk.given(type_, of, item));
            }
            Given::Object(fields) => {
                for (name, value) in fields {
                    if let Some((object, types)) = self.fields(type_)
                        && let Some(field) = types.get(name.as_str())
                    {
                        self.under(name, |walk| walk.given(&field.ty, (object, name), value));
                    }
                }
            }
            Given::Null | Given::Number(_) | Given::Boolean(_) | Given::Binary(_) | Given::Enum(_) => {}
        }
    }

    /// What a variable stands for: what was given for it, else what the document says.
    fn variable(&self, name: &Name) -> Option<&'a Value> {
        let ctx: &'a Context<'_> = self.ctx;
        let definitions = &ctx.query_env.operation.node.variable_definitions;
        let default = || definitions.iter().find(|one| one.node.name.node == *name)?.node.default_value();
        ctx.query_env.variables.get(name).or_else(default)
    }

    /// The value of a variable.
    fn value(&mut self, type_: &'a str, of: (&str, &str), value: &'a Value) {
        match value {
            Value::String(text) => self.text(type_, of, text),
            Value::List(items) => {
                if named(type_) == "JSON" {
                    return self.json(type_, value);
                }
                self.texts(
                    type_,
                    items.iter().map(|item| if let Value::String(text) = item { Some(&**text) } else { None }),
                );
                self.each(items.iter(), |walk, item| walk.value(type_, of, item));
            }
            Value::Object(fields) => match self.fields(type_) {
                Some((object, types)) => {
                    for (name, value) in fields {
                        if let Some(field) = types.get(name.as_str()) {
                            self.under(name, |walk| walk.value(&field.ty, (object, name), value));
                        }
                    }
                }
                None => self.json(type_, value),
            },
            Value::Null | Value::Number(_) | Value::Boolean(_) | Value::Binary(_) | Value::Enum(_) => {}
        }
    }

    fn fields(
        &self,
        type_: &str,
    ) -> Option<(&'a str, &'a async_graphql::indexmap::IndexMap<String, async_graphql::registry::MetaInputValue>)> {
        match self.registry.types.get(named(type_)) {
            Some(MetaType::InputObject { name, input_fields, .. }) => Some((name, input_fields)),
            _ => None,
        }
    }

    fn each<T>(&mut self, items: impl Iterator<Item = T>, mut walk: impl FnMut(&mut Self, T)) {
        for (index, item) in items.enumerate() {
            self.path.push(index.to_string());
            walk(self, item);
            self.path.pop();
        }
    }

    /// What is below the input object is named from there: that argument itself has no name in a path.
    fn under(&mut self, name: &str, walk: impl FnOnce(&mut Self)) {
        self.path.push(name.to_owned());
        walk(self);
        self.path.pop();
    }

    fn text(&mut self, type_: &str, of: (&str, &str), text: &str) {
        let is_free = match named(type_) {
            "String" => !OWN_CHECK.contains(&of.1),
            "JSON" => true,
            _ => false,
        };
        if is_free && card_number::is_in(text) && !is_bank_account(of, text) && !is_payment_reference(of, text) {
            self.found.push(self.path.clone());
        }
    }

    fn json(&mut self, type_: &str, value: &Value) {
        let holds = || value.clone().into_json().is_ok_and(|value| card_number::is_in_json(&value));
        if named(type_) == "JSON" && holds() {
            self.found.push(self.path.clone());
        }
    }

    /// The texts of a list, together. A list that is JSON has been looked at as such.
    fn texts<'t>(&mut self, type_: &str, texts: impl Iterator<Item = Option<&'t str>>) {
        if named(type_) == "String" && card_number::is_in_list(texts.map(|text| text.unwrap_or("x"))) {
            self.found.push(self.path.clone());
        }
    }
}

fn is_bank_account(of: (&str, &str), text: &str) -> bool {
    let digits = text.chars().filter(|c| c.is_numeric()).count();
    BANK_ACCOUNTS.contains(&of) && digits <= BANK_ACCOUNT_DIGITS
}

fn is_payment_reference(of: (&str, &str), text: &str) -> bool {
    let is_number = text.chars().all(|c| c.is_ascii_digit() || c == ' ');
    of.1 == "reference" && OF_PAYMENTS.contains(&of.0) && is_number
}

/// The name of a type, without what says that it is a list or required.
fn named(type_: &str) -> &str {
    type_.trim_matches(['[', ']', '!'])
}
