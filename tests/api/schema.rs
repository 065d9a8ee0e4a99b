//! The schema: the one that is checked in, described to the last value, and true to its own conventions.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::app::{Engine, TestApp, run};

const INTROSPECTION: &str = "{ __schema { mutationType { name } types { kind name description specifiedByURL isOneOf
    fields(includeDeprecated: true) { name description isDeprecated deprecationReason type { ...Type }
        args(includeDeprecated: true) { name description type { ...Type } } }
    inputFields(includeDeprecated: true) { name description type { ...Type } }
    enumValues(includeDeprecated: true) { name description }
    possibleTypes { name } } } }
    fragment Type on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// The types of our own.
async fn types(app: &TestApp) -> Vec<Value> {
    let mut schema = app.ok(INTROSPECTION, json!({})).await;
    let mut types = schema["__schema"]["types"].as_array_mut().expect("types").split_off(0);
    let given = ["String", "Int", "Float", "Boolean", "ID"];
    types.retain(|one| !name(one).starts_with("__") && !given.contains(&name(one)));
    types
}

fn name(value: &Value) -> &str {
    value["name"].as_str().expect("a name")
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A type as it is written: `[ID!]!`.
fn written(of: &Value) -> String {
    match of["kind"].as_str().expect("a kind") {
        "NON_NULL" => format!("{}!", written(&of["ofType"])),
        "LIST" => format!("[{}]", written(&of["ofType"])),
        _ => name(of).to_owned(),
    }
}

#[test]
fn the_checked_in_schema_is_the_one_that_is_served() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
    let checked_in = std::fs::read_to_string(path).expect("schema.graphql");
    let served = konto::api::sdl();
    let difference = checked_in.lines().zip(served.lines()).find(|(was, is)| was != is);
    assert!(
        checked_in.trim_end() == served.trim_end(),
        "schema.graphql is not what is served (first difference: {difference:?}): run `cargo run -- schema > schema.graphql`"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_has_a_description_and_every_scalar_a_specification() {
    run(Engine::Sqlite, async |app: TestApp| {
        let types = types(&app).await;
        let mut bare = Vec::new();
        let mut check = |path: String, thing: &Value| {
            if thing["description"].as_str().is_none_or(|text| text.trim().is_empty()) {
                bare.push(path);
            }
        };
        for one in &types {
            check(name(one).to_owned(), one);
            for field in list(one, "fields") {
                check(format!("{}.{}", name(one), name(field)), field);
                for argument in list(field, "args") {
                    check(format!("{}.{}({})", name(one), name(field), name(argument)), argument);
                }
            }
            for field in list(one, "inputFields").iter().chain(list(one, "enumValues")) {
                check(format!("{}.{}", name(one), name(field)), field);
            }
        }
        assert!(types.len() > 100, "{}", types.len());
        assert_eq!(bare, Vec::<String>::new(), "without a description");
        let scalars = types.iter().filter(|one| one["kind"] == "SCALAR");
        let unspecified: Vec<&str> = scalars.filter(|one| one["specifiedByURL"].is_null()).map(name).collect();
        assert_eq!(unspecified, Vec::<&str>::new(), "without @specifiedBy");
        let named: BTreeSet<&str> = types.iter().filter(|one| one["kind"] == "SCALAR").map(name).collect();
        for scalar in ["Decimal", "Date", "DateTime", "CurrencyCode", "Cursor", "JSON", "BigInt"] {
            assert!(named.contains(scalar), "{scalar}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_family_has_the_interfaces_fields_as_they_are_and_may_add_its_own() {
    run(Engine::Sqlite, async |app: TestApp| {
        let types = types(&app).await;
        let find = |wanted: &str| types.iter().find(|one| name(one) == wanted).expect("a type");
        let shared = list(find("Account"), "fields");
        assert!(shared.len() > 20, "{}", shared.len());
        let mut with_a_working_mode = Vec::new();
        for family in list(find("Account"), "possibleTypes").iter().map(name) {
            let fields = list(find(family), "fields");
            for field in shared {
                assert!(fields.contains(field), "{family}.{} is not {field}", name(field));
            }
            let names: BTreeSet<&str> = fields.iter().map(name).collect();
            assert_eq!(names.len(), fields.len(), "{family} has a field twice");
            if let Some(mode) = fields.iter().find(|field| name(field) == "workingMode") {
                with_a_working_mode.push((family, written(&mode["type"])));
            }
        }
        assert_eq!(with_a_working_mode, [("CardAccount", "WorkingMode!".to_owned())]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mutations_take_one_input_and_answer_with_a_success_or_a_refusal() {
    run(Engine::Sqlite, async |app: TestApp| {
        let types = types(&app).await;
        let find =
            |wanted: &str| types.iter().find(|one| name(one) == wanted).unwrap_or_else(|| panic!("no type {wanted}"));
        for field in list(find("Mutation"), "fields") {
            let title = format!("{}{}", name(field)[..1].to_uppercase(), &name(field)[1..]);
            assert_eq!(
                written(&field["type"]),
                format!("{title}Result"),
                "nullable, so that a fault hides nothing else"
            );
            let arguments: Vec<(&str, String)> =
                list(field, "args").iter().map(|arg| (name(arg), written(&arg["type"]))).collect();
            assert_eq!(arguments, [("input", format!("{title}Input!"))]);
            let possible: BTreeSet<&str> =
                list(find(&format!("{title}Result")), "possibleTypes").iter().map(name).collect();
            let success = format!("{title}Success");
            assert_eq!(possible, [success.as_str(), "Refusal"].into());
            let key = list(find(&format!("{title}Input")), "inputFields")
                .iter()
                .find(|field| name(field) == "idempotencyKey");
            match key {
                Some(key) => {
                    assert_eq!(written(&key["type"]), "String!");
                    assert!(list(find(&success), "fields").iter().any(|field| name(field) == "replayed"), "{success}");
                }
                // A batch has a key per item.
                None => {
                    assert!(name(field).ends_with("Batch"), "{}", name(field));
                    let input = list(find(&format!("{title}Input")), "inputFields");
                    let fields: Vec<(&str, String)> =
                        input.iter().map(|field| (name(field), written(&field["type"]))).collect();
                    let one = title.strip_suffix("Batch").expect("a batch of something");
                    let background = ("async", "Boolean!".to_owned());
                    let items = ("items", format!("[{one}Input!]!"));
                    assert_eq!(fields, [items, ("mode", "BatchMode!".to_owned()), background]);
                    let item = list(find(&format!("{title}Item")), "fields");
                    let result = item.iter().find(|field| name(field) == "result").expect("a result");
                    assert_eq!(written(&result["type"]), format!("{one}Result!"));
                }
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_hold_no_nulls_amounts_are_decimals_and_deprecations_say_when() {
    run(Engine::Sqlite, async |app: TestApp| {
        for one in &types(&app).await {
            let outputs = list(one, "fields");
            for field in outputs.iter().chain(list(one, "inputFields")) {
                let (path, of) = (format!("{}.{}", name(one), name(field)), written(&field["type"]));
                if of.contains('[') && path != "Query.nodes" {
                    assert!(of.ends_with("!]") || of.ends_with("!]!"), "{path}: {of}");
                }
                assert!(!of.contains("Float"), "{path}: {of}");
                if field["isDeprecated"] == true {
                    let reason = field["deprecationReason"].as_str().unwrap_or_default();
                    assert!(reason.contains("removal 20"), "{path}: {reason}");
                }
            }
            for field in outputs.iter().filter(|field| written(&field["type"]).starts_with('[')) {
                assert!(written(&field["type"]).ends_with('!'), "{}.{}", name(one), name(field));
            }
            if name(one).ends_with("By") {
                assert_eq!(one["isOneOf"], true, "{}", name(one));
            }
        }
    })
    .await;
}
