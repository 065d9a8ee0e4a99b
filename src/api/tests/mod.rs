//! The schema as a whole, and what tokens see through it.

mod reading;
mod statements;

use async_graphql::Schema;
use serde_json::Value as Json;

use super::Subscription;
use super::roots::{Mutation, Query};

const EVERYTHING: &str = "{ __schema { types {
    name kind description specifiedByURL
    fields { name description args { name description } }
    inputFields { name description }
    enumValues { name description }
    possibleTypes { name }
} } }";

async fn types() -> Vec<Json> {
    let schema = Schema::build(Query::default(), Mutation::default(), Subscription).finish();
    let response = schema.execute(EVERYTHING).await;
    assert_eq!(response.errors, Vec::new());
    let mut data = response.data.into_json().expect("JSON");
    let Json::Array(types) = data["__schema"]["types"].take() else { panic!("no types") };
    types.into_iter().filter(|ty| !text(ty, "name").starts_with("__")).collect()
}

fn text<'a>(value: &'a Json, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Json, key: &str) -> impl Iterator<Item = &'a Json> {
    value[key].as_array().into_iter().flatten()
}

#[tokio::test]
async fn everything_is_described() {
    let mut bare = Vec::new();
    let mut look = |path: String, value: &Json| {
        if text(value, "description").trim().is_empty() {
            bare.push(path);
        }
    };
    for ty in types().await {
        let name = text(&ty, "name").to_owned();
        // The one scalar of the specification that the library leaves without words.
        if name == "ID" {
            continue;
        }
        look(name.clone(), &ty);
        for (key, mark) in [("fields", "."), ("inputFields", "."), ("enumValues", ".")] {
            for member in list(&ty, key) {
                let path = format!("{name}{mark}{}", text(member, "name"));
                for argument in list(member, "args") {
                    look(format!("{path}({}:)", text(argument, "name")), argument);
                }
                look(path, member);
            }
        }
    }
    assert!(bare.is_empty(), "{} without a description:\n{}", bare.len(), bare.join("\n"));
}

#[tokio::test]
async fn our_scalars_say_what_they_are() {
    let types = types().await;
    let scalars = types.iter().filter(|ty| ty["kind"] == "SCALAR");
    let bare: Vec<&str> = scalars
        .filter(|ty| ty["specifiedByURL"].is_null())
        .map(|ty| text(ty, "name"))
        .filter(|name| !["Boolean", "Float", "ID", "Int", "String"].contains(name))
        .collect();
    assert!(bare.is_empty(), "without @specifiedBy: {bare:?}");
}

#[tokio::test]
async fn interfaces_have_objects_behind_them() {
    let types = types().await;
    let kind = |name: &str| types.iter().find(|ty| text(ty, "name") == name).map(|ty| text(ty, "kind"));
    let possible = |name: &str| {
        let ty = types.iter().find(|ty| text(ty, "name") == name).expect("an interface");
        list(ty, "possibleTypes").map(|ty| text(ty, "name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(possible("Account").len(), 9);
    assert_eq!(possible("Node").len(), 9 + 46);
    for object in possible("Node").iter().chain(&possible("Account")) {
        assert_eq!(kind(object), Some("OBJECT"), "{object}");
    }
    assert_eq!(kind("AccountFields"), None);
}

#[test]
fn the_text_of_the_schema_is_stable() {
    let sdl = super::sdl();
    assert_eq!(sdl, super::sdl());
    for part in [
        "interface Account implements Node {",
        "type CardAccount implements Account & Node {",
        "scalar Decimal @specifiedBy(",
        "): TransactionConnection!",
        "input AccountBy @oneOf {",
    ] {
        assert!(sdl.contains(part), "no {part} in\n{sdl}");
    }
}
