//! The guides for people who come from another system (`docs/coming-from/*.md`) hold no promise that is not kept.
//!
//! A guide has tables whose header names a column "operation" and a column "test". Each of their rows names, in
//! backticks, operations that the schema has (`Query.account`, or a field's name alone; an HTTP endpoint such as
//! `POST /oauth/token` when there is no other) and tests that exist (`module::test_name`). Rows below the
//! heading `## Open` are what is left to do: they promise nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Source, read, relative, root, sources, walk};
use super::{Findings, report};

/// What a guide may name.
struct Known {
    /// Types of the schema and their fields or values.
    types: BTreeMap<String, BTreeSet<String>>,
    /// Path literals of src/http.
    endpoints: BTreeSet<String>,
    /// A function's name and the modules that it lies in.
    functions: Vec<(String, Vec<String>)>,
}

impl Known {
    fn new(schema: &str, files: &[Source]) -> Self {
        let routes = files.iter().filter(|file| file.is_domain("http")).flat_map(Source::literals);
        let endpoints = routes.map(|literal| literal.text.clone()).filter(|text| text.starts_with('/')).collect();
        Self { types: schema_types(schema), endpoints, functions: files.iter().flat_map(functions).collect() }
    }

    fn has_operation(&self, name: &str) -> bool {
        if let Some(path) = name.split_whitespace().last().filter(|path| path.starts_with('/')) {
            return self.endpoints.contains(path);
        }
        let name = name.split('(').next().unwrap_or_default().trim();
        match name.split_once('.') {
            Some((kind, member)) => self.types.get(kind).is_some_and(|members| members.contains(member)),
            None => self.types.values().any(|members| members.contains(name)),
        }
    }

    fn has_test(&self, name: &str) -> bool {
        let Some((modules, function)) = name.rsplit_once("::") else { return false };
        let modules: Vec<&str> = modules.split("::").collect();
        let within = |found: &[String]| modules.iter().all(|module| found.iter().any(|name| name == module));
        self.functions.iter().any(|(name, found)| name == function && within(found))
    }
}

/// The functions of a file, with the modules by its path and those that it declares.
fn functions(file: &Source) -> Vec<(String, Vec<String>)> {
    let parts = file.path.split('/').map(|part| part.strip_suffix(".rs").unwrap_or(part).to_owned());
    let words: Vec<&str> = file.tokens().map(|token| token.text).collect();
    let after =
        |keyword: &'static str| words.windows(2).filter(move |pair| pair[0] == keyword).map(|pair| pair[1].to_owned());
    let modules: Vec<String> = parts.chain(after("mod")).collect();
    after("fn").map(|name| (name, modules.clone())).collect()
}

/// The types of an SDL document and their fields or values.
fn schema_types(schema: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut types = BTreeMap::<String, BTreeSet<String>>::new();
    let (mut current, mut braces, mut brackets, mut before) = (None, 0, 0, "");
    // An SDL without descriptions and comments has the tokens of Rust, as far as this goes.
    let schema = Source::new("schema.graphql", &without_descriptions(schema));
    for token in schema.lexemes() {
        let text = token.text;
        match text {
            "{" => braces += 1,
            "}" => braces -= 1,
            "(" | "[" => brackets += 1,
            ")" | "]" => brackets -= 1,
            _ if braces == 0 && brackets == 0 => match before {
                "type" | "interface" | "input" | "enum" => current = Some(text.to_owned()),
                _ if matches!(text, "union" | "scalar" | "schema" | "directive") => current = None,
                _ => {}
            },
            // What follows a colon is a type, an `@` a directive, a `=` a default.
            _ if braces == 1 && brackets == 0 && !matches!(before, ":" | "@" | "=") => {
                let word = text.starts_with(|first: char| first.is_alphanumeric() || first == '_');
                if let (Some(name), true) = (&current, word) {
                    types.entry(name.clone()).or_default().insert(text.to_owned());
                }
            }
            _ => {}
        }
        before = text;
    }
    types
}

/// Descriptions and comments blanked.
fn without_descriptions(schema: &str) -> String {
    let mut out = String::new();
    for (at, part) in schema.split("\"\"\"").enumerate() {
        if at % 2 == 1 {
            out.extend(part.chars().filter(|c| *c == '\n'));
            continue;
        }
        let (mut quoted, mut comment) = (false, false);
        for c in part.chars() {
            match c {
                '\n' => (quoted, comment) = (false, false),
                '"' if !comment => quoted = !quoted,
                '#' if !quoted => comment = true,
                _ => {}
            }
            out.push(if quoted || comment || c == '"' { ' ' } else { c });
        }
    }
    out
}

/// The cells of a table's row. A bar that belongs to a text is written `\|`.
fn cells(line: &str) -> Option<Vec<String>> {
    let line = line.trim().replace("\\|", "\u{0}");
    let row = line.strip_prefix('|')?;
    let row = row.strip_suffix('|').unwrap_or(row);
    Some(row.split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect())
}

/// The texts in backticks.
fn named(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// `AVA-01` and the like.
fn is_requirement(cell: &str) -> bool {
    let cell = cell.trim_matches(['`', '*']);
    cell.split_once('-').is_some_and(|(system, number)| {
        system.len() == 3
            && system.bytes().all(|byte| byte.is_ascii_uppercase())
            && number.starts_with(|first: char| first.is_ascii_alphanumeric())
            && !number.contains(' ')
    })
}

fn check(path: &str, guide: &str, known: &Known) -> Findings {
    let mut findings = Findings::new();
    let (mut open, mut columns, mut header, mut rows) = (false, None, Vec::new(), 0);
    for (at, line) in guide.lines().enumerate() {
        let mut find = |what: String| findings.push(format!("{path}:{}: {what}", at + 1));
        if let Some(heading) = line.strip_prefix("## ") {
            open = heading.trim() == "Open";
        }
        let Some(row) = cells(line) else {
            (columns, header) = (None, Vec::new());
            continue;
        };
        if row.iter().all(|cell| !cell.is_empty() && cell.bytes().all(|byte| matches!(byte, b'-' | b':'))) {
            let column = |word: &str| header.iter().position(|cell: &String| cell.to_lowercase().contains(word));
            columns = column("operation").zip(column("test"));
            continue;
        }
        if header.is_empty() {
            header = row;
            continue;
        }
        let requirement = is_requirement(&row[0]);
        rows += usize::from(requirement);
        if open {
            continue;
        }
        let Some((operation, test)) = columns else {
            if requirement {
                find(format!("{} stands in a table without the columns operation and test", row[0]));
            }
            continue;
        };
        let cell = |column: usize| row.get(column).map_or("", String::as_str);
        let (operations, tests) = (named(cell(operation)), named(cell(test)));
        if operations.is_empty() {
            find(format!("{} names no operation", row[0]));
        }
        if tests.is_empty() {
            find(format!("{} names no test", row[0]));
        }
        for name in operations.into_iter().filter(|name| !known.has_operation(name)) {
            find(format!("{}: schema.graphql has no `{name}`", row[0]));
        }
        for name in tests.into_iter().filter(|name| !known.has_test(name)) {
            find(format!("{}: there is no test `{name}` (module::test_name)", row[0]));
        }
    }
    if rows == 0 && !path.ends_with("README.md") {
        findings.push(format!("{path}:1: a guide without a row of the catalogue"));
    }
    findings
}

#[test]
fn every_row_of_the_guides_names_an_operation_and_a_test() {
    const SCHEMA: &str = "type Query {\n\t\"\"\"\n\tghost: of a description\n\t\"\"\"\n\taccount(\n\t\t\"an id { (\"\n\t\tid: ID!\n\t): Account!\n\
        \taccounts(first: Int = 5): [Account!]!\n}\nenum Status {\n\tOPEN # CLOSED\n}\ntype Mutation { \n  transfer(input: X!): Y!\n}\n";
    let files = [
        Source::new("tests/api/payments.rs", "mod limits { #[tokio::test] async fn refuses() {} }\n// fn gone() {}"),
        Source::new("src/http/router.rs", "route(\"/oauth/token\")"),
    ];
    let known = Known::new(SCHEMA, &files);
    let members: Vec<_> = known.types.values().flatten().map(String::as_str).collect();
    assert_eq!(members, ["transfer", "account", "accounts", "OPEN"]);

    let table = |row: &str| format!("| id | was | Konto operation | test | choice |\n|---|:--|---|---|---|\n{row}\n");
    for good in [
        "| AVA-01 | x | `Query.account` | `payments::refuses` | |",
        "| AVA-01 | x | `accounts(first:)` and `Mutation.transfer` | `payments::limits::refuses` | a \\| b |",
        "| AVA-01 | x | `POST /oauth/token` | `payments::refuses` | |",
        "| AVA-01 | x | `Status.OPEN` | `payments::refuses` | |\n\n## Open\n\n| id | what |\n|---|---|\n| AVA-02 | later |",
    ] {
        assert_eq!(check("a.md", &table(good), &known), Findings::new(), "{good}");
    }
    for bad in [
        "| AVA-01 | x | `Query.transfer` | `payments::refuses` | |",
        "| AVA-01 | x | `ghost` | `payments::refuses` | |",
        "| AVA-01 | x | `Status.CLOSED` | `payments::refuses` | |",
        "| AVA-01 | x | `POST /token` | `payments::refuses` | |",
        "| AVA-01 | x | account | `payments::refuses` | |",
        "| AVA-01 | x | `accounts`, `gone` | `payments::refuses` | |",
        "| AVA-01 | x | `Query.account` | `refuses` | |",
        "| AVA-01 | x | `Query.account` | `payments::gone` | |",
        "| AVA-01 | x | `Query.account` | `cards::refuses` | |",
        "| AVA-01 | x | `Query.account` | | |",
        "| AVA-01 | x |",
        "\n## Done\n\n| id | what |\n|---|---|\n| AVA-02 | done |",
        "",
    ] {
        assert!(!check("a.md", &table(bad), &known).is_empty(), "overlooked: {bad}");
    }

    let mut guides = Vec::new();
    walk(&root().join("docs/coming-from"), "md", &mut guides);
    guides.sort();
    if guides.is_empty() {
        return;
    }
    let known = Known::new(&read(&root().join("schema.graphql")), &sources(&["src", "tests"]));
    report(guides.iter().flat_map(|guide| check(&relative(guide), &read(guide), &known)).collect());
}
