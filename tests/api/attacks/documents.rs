//! Hostile documents, with the code that each gets.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// A mutation that does something when it is let through.
const CLOSE: &str = "closePeriod(input: { idempotencyKey: \"k\", through: \"2026-03-31\" }) { __typename }";

/// A document with one selection at its root.
pub fn mutation_of(selection: &str) -> String {
    format!("mutation {{ {selection} }}")
}

/// Each of `count` fragments spreads the next one twice.
fn doubling(count: usize) -> String {
    let mut text = String::from("{ viewer { ...F0 } }");
    for n in 0..count {
        write!(text, " fragment F{n} on Viewer {{ ...F{} ...F{} }}", n + 1, n + 1).expect("a string grows");
    }
    text + format!(" fragment F{count} on Viewer {{ client }}").as_str()
}

/// Name, document, variables, code.
pub fn documents() -> Vec<(&'static str, String, Value, &'static str)> {
    let of = |name, document: &str, code| (name, document.to_owned(), json!({}), code);
    let mut all = twice();
    let deep = (0..13).fold("id".to_owned(), |inner, _| format!("reverses {{ {inner} }}"));
    let aliases = |count: usize| (0..count).map(|n| format!("a{n}: viewer {{ client }} ")).collect::<String>();
    let spread_aliases = format!("{{ ...A ...A ...A }} fragment A on Query {{ {} }}", aliases(11));
    let of_types = format!("{{ __type(name: \"Account\") {{ {}name{} }} }}", "ofType { ".repeat(19), "}".repeat(19));
    let fields = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
    let schemas = (0..6).map(|n| format!("s{n}: __schema {{ types {{ name }} }} ")).collect::<String>();
    let numbers = |count: usize| (0..count).map(|n| format!("\"acc_{n}\" ")).collect::<String>();
    let directives = "client @include(if: true) ".repeat(101);
    let chain = (0..40).fold(String::from("{ viewer { ...F0 } }"), |text, n| {
        text + format!(" fragment F{n} on Viewer {{ ...F{} }}", n + 1).as_str()
    }) + " fragment F40 on Viewer { client }";
    let pages = "{ accounts(first: 100) { nodes { transactions(first: 100) { nodes { id kind description } } } } }";
    let sneaky =
        "query($n: Int = 100) { accounts(first: $n) { nodes { transactions(first: $n) { nodes { id kind } } } } }";
    let many = |count: usize| json!({ "ids": (0..count).map(|n| format!("acc_{n}")).collect::<Vec<_>>() });
    all.extend([
        of("a deep query", &format!("{{ entry(id: \"ent_1\") {{ {deep} }} }}"), "OVER_LIMIT"),
        of("a thousand aliases", &format!("{{ {} }}", aliases(1_000)), "OVER_LIMIT"),
        of("forty aliases", &format!("{{ {} }}", aliases(40)), "OVER_LIMIT"),
        of("aliases through fragments", &spread_aliases, "OVER_LIMIT"),
        of("fragments that expand to thousands", &doubling(12), "OVER_LIMIT"),
        of("fragments that expand to more than there are atoms", &doubling(90), "OVER_LIMIT"),
        of("a long chain of fragments", &chain, "OVER_LIMIT"),
        of("a fragment that spreads itself", "{ viewer { ...A } } fragment A on Viewer { ...A }", "BAD_REQUEST"),
        of(
            "fragments in a circle",
            "{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...C } fragment C on Viewer { ...A }",
            "BAD_REQUEST",
        ),
        of(
            "a circle of fragments that nobody spreads",
            "{ viewer { client } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }",
            "BAD_REQUEST",
        ),
        of("a huge list", &format!("{{ nodes(ids: [{}]) {{ id }} }}", numbers(3_000)), "OVER_LIMIT"),
        ("a huge list in a variable", "query($ids: [ID!]!) { nodes(ids: $ids) { id } }".into(), many(20_000), "OVER_LIMIT"),
        (
            "a long filter in a variable",
            "query($ids: [ID!]!) { entries(filter: { accounts: $ids }) { nodes { id } } }".into(),
            many(10_000),
            "BAD_REQUEST",
        ),
        of("pages in pages", pages, "OVER_LIMIT"),
        ("pages in pages through a default", sneaky.into(), json!({}), "OVER_LIMIT"),
        of("introspection in a loop", fields, "OVER_LIMIT"),
        of("introspection without end", &of_types, "OVER_LIMIT"),
        of("the schema many times", &format!("{{ {schemas} }}"), "OVER_LIMIT"),
        of("directives by the hundred", &format!("{{ viewer {{ {directives} }} }}"), "OVER_LIMIT"),
        of("a field two thousand times", &format!("{{ viewer {{ {} }} }}", "client ".repeat(2_000)), "OVER_LIMIT"),
        of("open brackets", &format!("{{ account(by: {}", "[".repeat(100_000)), "OVER_LIMIT"),
        of("open braces", &"{".repeat(200_000), "OVER_LIMIT"),
        of("a string that does not end", &format!("{{ node(id: \"{}) {{ id }} }}", "x".repeat(100_000)), "OVER_LIMIT"),
        of("quotation marks", &"\"".repeat(99_999), "OVER_LIMIT"),
        of("a long name", &"x".repeat(200_000), "OVER_LIMIT"),
        of("a number of many digits", &format!("{{ accounts(first: {}) {{ nodes {{ id }} }} }}", "9".repeat(50_000)), "OVER_LIMIT"),
        of("a comment that is just short enough", &format!("#{}", "x".repeat(32_000)), "BAD_REQUEST"),
        of("a name that is just short enough", &"x".repeat(32_000), "BAD_REQUEST"),
        of("spaces that are just few enough", &" ".repeat(32_000), "BAD_REQUEST"),
        of("nothing", "", "BAD_REQUEST"),
        of("only a comment", &format!("#{}", "x".repeat(200_000)), "OVER_LIMIT"),
        of(
            "many operations and no name",
            &(0..150).map(|n| format!("query Q{n} {{ viewer {{ client }} }} ")).collect::<String>(),
            "BAD_REQUEST",
        ),
        of("two streams", "subscription { a: ledgerEvents { sequence } b: ledgerEvents { sequence } }", "BAD_REQUEST"),
        of("a stream twice", "subscription { ledgerEvents { sequence } ledgerEvents { sequence } }", "BAD_REQUEST"),
        of(
            "a stream through a fragment",
            "subscription { ...S } fragment S on Subscription { ledgerEvents { sequence } }",
            "BAD_REQUEST",
        ),
        of("a stream of nothing", "subscription { __typename }", "BAD_REQUEST"),
    ]);
    all
}

/// The same root mutation twice, by every way to write that.
fn twice() -> Vec<(&'static str, String, Value, &'static str)> {
    let fragment = format!("fragment M on Mutation {{ {CLOSE} }}");
    let nested = format!("fragment L on Mutation {{ ...M }} {fragment}");
    let flag = json!({ "yes": true, "no": false });
    let typed = format!("... on Mutation {{ {CLOSE} }}");
    [
        ("a mutation twice", mutation_of(&format!("{CLOSE} {CLOSE}")), json!({})),
        ("a mutation twice by aliases", mutation_of(&format!("a: {CLOSE} b: {CLOSE}")), json!({})),
        ("a mutation twice, once by an alias", mutation_of(&format!("{CLOSE} b: {CLOSE}")), json!({})),
        ("a mutation and a fragment of it", format!("{} {fragment}", mutation_of(&format!("{CLOSE} ...M"))), json!({})),
        ("a fragment of a mutation twice", format!("mutation {{ ...M ...M }} {fragment}"), json!({})),
        ("a mutation in an inline fragment", mutation_of(&format!("{CLOSE} ... {{ {CLOSE} }}")), json!({})),
        ("typed inline fragments", mutation_of(&format!("{typed} {typed}")), json!({})),
        ("inline fragments in each other", mutation_of(&format!("... {{ {typed} ... {{ {typed} }} }}")), json!({})),
        ("nested fragments", format!("mutation {{ ...L ...M }} {nested}"), json!({})),
        ("a nested fragment twice", format!("mutation {{ ...L ...L }} {nested}"), json!({})),
        (
            "both included",
            mutation_of(&format!("... @include(if: true) {{ {CLOSE} }} ... @skip(if: false) {{ {CLOSE} }}")),
            json!({}),
        ),
        (
            "one of them skipped",
            mutation_of(&format!("... @include(if: false) {{ {CLOSE} }} {CLOSE}")),
            json!({}),
        ),
        (
            "as variables say",
            format!(
                "mutation($yes: Boolean!, $no: Boolean!) {{ ... @include(if: $yes) {{ {CLOSE} }} ... @skip(if: $no) {{ {CLOSE} }} }}"
            ),
            flag,
        ),
        (
            "a fragment included twice",
            format!("mutation {{ ...M @include(if: true) ...M @skip(if: false) }} {fragment}"),
            json!({}),
        ),
        ("another operation that is not run", format!("mutation {{ {CLOSE} }} mutation B {{ {CLOSE} }}"), json!({})),
    ]
    .map(|(name, document, variables)| (name, document, variables, "BAD_REQUEST"))
    .into()
}
