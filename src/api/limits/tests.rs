use std::fmt::Write as _;
use std::time::{Duration, Instant};

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Variables};

use super::*;

fn refusal(query: &str) -> String {
    match prepare(Request::new(query), &Limits::default(), &Documents::of_no_schema()) {
        Ok(prepared) => format!("accepted: {:?}", prepared.cost),
        Err(refusal) => format!("{}: {refusal}", refusal.code().word()),
    }
}

fn cost(query: &str, variables: serde_json::Value) -> Cost {
    let request = Request::new(query).variables(Variables::from_json(variables));
    prepare(request, &Limits::default(), &Documents::of_no_schema()).expect(query).cost
}

fn nested(levels: usize) -> String {
    format!("{}{}", "{ a ".repeat(levels), "}".repeat(levels))
}

/// Each of `count` fragments spreads the next one twice.
fn doubling(count: usize) -> String {
    let mut text = String::from("{ ...F0 }");
    for n in 0..count {
        write!(text, " fragment F{n} on Query {{ ...F{} ...F{} }}", n + 1, n + 1).expect("a string grows");
    }
    text + format!(" fragment F{count} on Query {{ a }}").as_str()
}

fn chain(count: usize) -> String {
    let mut text = String::from("{ ...F0 }");
    for n in 0..count {
        write!(text, " fragment F{n} on Query {{ ...F{} }}", n + 1).expect("a string grows");
    }
    text + format!(" fragment F{count} on Query {{ a }}").as_str()
}

#[test]
fn a_row_per_refusal() {
    let aliases = (0..31).map(|n| format!("x{n}: a ")).collect::<String>();
    let in_fragments = format!("{{ b {{ ...F }} c {{ ...F }} }} fragment F on T {{ {} }}", "x: a ".repeat(16));
    let many_levels = format!("{}a{}", "{ ... ".repeat(34) + "{ ", "}".repeat(35));
    for (query, starts) in [
        (&*"a ".repeat(2_001), "OVER_LIMIT: the operation has 2001 tokens; at most 2000"),
        (&"{".repeat(41), "OVER_LIMIT: the operation has 41 levels of nesting; at most 40"),
        (&format!("{{ a(x: {}", "[".repeat(30_000)), "OVER_LIMIT: the operation has 41 levels of nesting"),
        (&format!("{{ a }} #{}", "x".repeat(32_768)), "OVER_LIMIT: the operation has 32775 bytes; at most 32768"),
        (&nested(13), "OVER_LIMIT: the operation has 13 levels of fields; at most 12"),
        (&format!("{{ {aliases} }}"), "OVER_LIMIT: the operation has 31 aliases; at most 30"),
        (&in_fragments, "OVER_LIMIT: the operation has 32 aliases; at most 30"),
        (&format!("{{ {} }}", "a @include(if: true) ".repeat(101)), "OVER_LIMIT: the operation has 101 directives"),
        (&doubling(12), "OVER_LIMIT: the operation has 12287 selections with fragments expanded"),
        (&doubling(90), "OVER_LIMIT: the operation has 18446744073709551615 selections"),
        (&chain(40), "OVER_LIMIT: the operation has 41 levels with fragments expanded"),
        (&many_levels, "OVER_LIMIT: the operation has 34 levels with fragments expanded"),
        ("{ ...A } fragment A on Q { ...A }", "BAD_REQUEST: the fragment A spreads itself"),
        ("{ ...A } fragment A on Q { b { ...B } } fragment B on Q { ...A }", "BAD_REQUEST: the fragment A spreads"),
        ("{ ...A }", "BAD_REQUEST: the fragment A is not defined"),
        ("mutation { a b }", "BAD_REQUEST: a mutation holds exactly one root field, written once; this one has 2"),
        ("mutation { a a }", "BAD_REQUEST: a mutation holds exactly one root field"),
        ("mutation { a x: a }", "BAD_REQUEST: a mutation holds exactly one root field"),
        ("mutation { a ... { a } }", "BAD_REQUEST: a mutation holds exactly one root field"),
        ("mutation { ...F ...F } fragment F on M { a }", "BAD_REQUEST: a mutation holds exactly one root field"),
        ("mutation { ...F a } fragment F on M { ... on M { a } }", "BAD_REQUEST: a mutation holds exactly one"),
        ("mutation A { a } mutation B { a b }", "BAD_REQUEST: a mutation holds exactly one root field"),
        ("subscription { a b }", "BAD_REQUEST: a subscription holds exactly one root field"),
        ("subscription { __typename }", "BAD_REQUEST: a subscription holds exactly one root field"),
        ("subscription { ...F } fragment F on S { a }", "BAD_REQUEST: a subscription holds exactly one root field"),
        ("{ a(first: 20000) { b } }", "OVER_LIMIT: the operation has 20001 fields to answer"),
        (
            "{ a { nodes { b { nodes { c { nodes { d { nodes { e } } } } } } } } }",
            "OVER_LIMIT: the operation has 336841 fields",
        ),
        ("query($id: ID!) { a }", "BAD_REQUEST: the variable $id is required"),
        ("query A { a } query B { a }", "BAD_REQUEST: operationName must say which"),
        ("{ a(x: \"b) }", "BAD_REQUEST: syntax error: a string does not end"),
        ("{ a(x: \"\"\" a\" {{{{ ) }", "BAD_REQUEST: syntax error: a string does not end"),
        ("{ a(x: \"b\n\") }", "BAD_REQUEST: syntax error: a string does not end"),
        ("{ a", "BAD_REQUEST: "),
        ("", "BAD_REQUEST: "),
    ] {
        let found = refusal(query);
        assert!(found.starts_with(starts), "{found}\nfor {}", &query[..query.len().min(80)]);
    }
}

#[test]
fn what_is_allowed() {
    let braces_in_strings = format!("{{ a(x: \"{0}\", y: \"\"\"{0} \\\"\"\" \"\"\") # {0}\n }}", "{".repeat(100));
    for query in [
        &*nested(12),
        "mutation { __typename a }",
        "mutation { ...F __typename } fragment F on M { a }",
        "subscription { a { b } }",
        "{ a(x: \"\", y: \"\\\"{\") }",
        "query($n: Int! = 3) { a(first: $n) { b } }",
        &braces_in_strings,
    ] {
        assert!(
            prepare(Request::new(query), &Limits::default(), &Documents::of_no_schema()).is_ok(),
            "{}: {query}",
            refusal(query)
        );
    }
}

#[test]
fn hostile_documents_are_refused_without_being_expanded() {
    let many_operations = (0..150).map(|n| format!("query Q{n} {{ ...F0 }} ")).collect::<String>();
    let shared = format!("{many_operations} {}", doubling(60).trim_start_matches("{ ...F0 }"));
    for query in [doubling(120), chain(300), shared, "{".repeat(262_144), "\"".repeat(262_143), ".".repeat(262_144)] {
        let start = Instant::now();
        assert!(prepare(Request::new(&query), &Limits::default(), &Documents::of_no_schema()).is_err());
        // Milliseconds; expanded, the first would take longer than the universe has been there. The bound is wide
        // so that a busy machine does not fail it.
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
}

#[test]
fn the_usual_introspection_query_passes_and_a_nested_one_does_not() {
    let type_ref = format!("kind name {}{}", "ofType { kind name ".repeat(9), "}".repeat(9));
    let usual = format!(
        "query IntrospectionQuery {{ __schema {{ description queryType {{ name kind }} mutationType {{ name kind }}
         subscriptionType {{ name kind }} types {{ ...FullType }}
         directives {{ name description isRepeatable locations args(includeDeprecated: true) {{ ...InputValue }} }} }} }}
         fragment FullType on __Type {{ kind name description specifiedByURL isOneOf
           fields(includeDeprecated: true) {{ name description
             args(includeDeprecated: true) {{ ...InputValue }} type {{ ...TypeRef }} isDeprecated deprecationReason }}
           inputFields(includeDeprecated: true) {{ ...InputValue }} interfaces {{ ...TypeRef }}
           enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }}
           possibleTypes {{ ...TypeRef }} }}
         fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue isDeprecated
           deprecationReason }}
         fragment TypeRef on __Type {{ {type_ref} }}"
    );
    let prepared =
        prepare(Request::new(&usual), &Limits::default(), &Documents::of_no_schema()).expect("the usual query");
    assert_eq!(prepared.kind, OperationType::Query);
    assert_eq!(prepared.name.as_deref(), Some("IntrospectionQuery"));
    let nested = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
    let lists = "OVER_LIMIT: the operation has 4 lists of introspection below each other; at most 3";
    assert!(refusal(nested).starts_with(lists), "{}", refusal(nested));
    let deep = format!("{{ __type(name: \"A\") {{ {}name{} }} }}", "ofType { ".repeat(19), "}".repeat(19));
    assert!(
        refusal(&deep).starts_with("OVER_LIMIT: the operation has 21 levels of introspection"),
        "{}",
        refusal(&deep)
    );
}

#[test]
fn pages_count_in_full() {
    for (query, variables, complexity, depth) in [
        ("{ a }", serde_json::json!({}), 1, 1),
        ("{ a { b c } }", serde_json::json!({}), 3, 2),
        ("{ a { __typename } }", serde_json::json!({}), 1, 2),
        ("{ a(first: 5) { b } }", serde_json::json!({}), 6, 2),
        ("{ a(limit: 5) { nodes { b } totalCount } }", serde_json::json!({}), 1 + 5 * 2 + 1, 3),
        ("{ a(first: 5) { nodes { b } pageInfo { c } } }", serde_json::json!({}), 1 + 5 * 2 + 2, 3),
        ("{ a { nodes { b } } }", serde_json::json!({}), 1 + 20 * 2, 3),
        ("query($n: Int) { a(last: $n) { edges { b } } }", serde_json::json!({ "n": 7 }), 1 + 7 * 2, 3),
        ("query($n: Int = 9) { a(last: $n) { edges { b } } }", serde_json::json!({}), 1 + 9 * 2, 3),
        ("query($n: Int) { a(last: $n) { edges { b } } }", serde_json::json!({}), 1 + 20 * 2, 3),
        ("{ a(first: 3) { ...P } } fragment P on C { nodes { b } }", serde_json::json!({}), 1 + 3 * 2, 3),
        ("{ nodes(ids: [\"a\", \"b\"]) { id } }", serde_json::json!({}), 3, 2),
        ("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", serde_json::json!({ "ids": [1, 2, 3] }), 4, 2),
        ("{ a(first: 10) { nodes { b(first: 10) { nodes { c } } } } }", serde_json::json!({}), 1 + 10 * (2 + 20), 5),
    ] {
        assert_eq!(cost(query, variables), Cost { complexity, depth }, "{query}");
    }
}
