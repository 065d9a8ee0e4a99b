use std::time::{Duration, Instant};

use async_graphql::{Request, Variables};

use crate::api::limits::{Documents, Limits, Refusal, Types, prepare};

/// Shared with the suite that asks the reference implementation.
const CORPUS: &str = include_str!("../../../../tests/conformance/documents/corpus.txt");

fn documents() -> Documents {
    Documents::new(Types::of_sdl(&crate::api::sdl()).expect("the schema"))
}

fn check(documents: &Documents, query: &str, variables: serde_json::Value, run: Option<&str>) -> Result<(), Refusal> {
    let mut request = Request::new(query).variables(Variables::from_json(variables));
    request.operation_name = run.map(str::to_owned);
    prepare(request, &Limits::default(), documents).map(|_| ())
}

#[test]
fn the_corpus_is_judged_as_it_says() {
    let documents = documents();
    let (mut seen, mut wrong) = (0, Vec::new());
    for entry in CORPUS.split("\n=== ").skip(1) {
        let (head, rest) = entry.split_once('\n').expect("a first line");
        let (verdict, about) = head.split_once(' ').expect("a verdict and what about it");
        let (query, variables) = rest.split_once("---\n").unwrap_or((rest, "{}"));
        let run = (query.contains("query Run") || query.contains("mutation Run")).then_some("Run");
        let variables = serde_json::from_str(variables).expect("variables");
        match (verdict.trim_end_matches('*'), check(&documents, query, variables, run)) {
            ("valid", Ok(())) => {}
            ("invalid", Err(refusal)) => {
                let message = refusal.to_string();
                assert!(!message.is_empty() && !message.contains('\n') && message.len() < 500, "{about}: {message}");
                assert!(!matches!(refusal, Refusal::Over { .. }), "{about}: {message}");
            }
            (_, said) => wrong.push(format!("{verdict} {about}: {said:?}")),
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 200, "{seen} documents");
}

#[test]
fn messages_name_what_is_at_fault() {
    let documents = documents();
    let transfer = "mutation($i: TransferInput!) { transfer(input: $i) { __typename } }";
    let good = serde_json::json!({ "idempotencyKey": "k", "from": { "id": "a" }, "to": { "id": "b" },
        "amount": { "amount": "1", "currency": "EUR" } });
    let with = |path: &str, value: serde_json::Value| {
        let mut input = good.clone();
        *input.pointer_mut(path).expect("a place") = value;
        serde_json::json!({ "i": input })
    };
    assert_eq!(check(&documents, transfer, serde_json::json!({ "i": good }), None), Ok(()));
    for (query, variables, message) in [
        (
            transfer,
            with("/amount", serde_json::json!({ "amount": "1" })),
            "$i.amount.currency, which is of type \"CurrencyCode!\", is required",
        ),
        (
            transfer,
            with("/from", serde_json::json!({})),
            "$i.from takes exactly one field, and no null (type \"AccountBy\")",
        ),
        (transfer, with("/to/id", serde_json::json!(true)), "$i.to.id is of type \"ID\"; found true"),
        (
            transfer,
            with("/amount", serde_json::json!({ "amuont": "1" })),
            "$i.amount has no field \"amuont\" (type \"MoneyInput\"); did you mean \"amount\"?",
        ),
        (transfer, serde_json::json!({}), "the variable $i is required"),
        (
            transfer,
            with("/amount/currency", serde_json::json!("XXY")),
            "$i.amount.currency is of type \"CurrencyCode!\": not a currency of ISO 4217: write it like \"EUR\"",
        ),
        (
            "{ account(by: {id: \"a\"}) { balanceAsOf(date: \"x\") { amount } } }",
            serde_json::json!({}),
            "date is of type \"Date!\": not a date: write it like \"2026-04-30\"",
        ),
        (
            "{ accuonts { nodes { id } } }",
            serde_json::json!({}),
            "there is no field \"accuonts\" in \"Query\"; did you mean \"accounts\"?",
        ),
        (
            "{ accounts(frist: 1) { nodes { id } } }",
            serde_json::json!({}),
            "there is no argument \"frist\" of \"accounts\"; did you mean \"first\"?",
        ),
        (
            "{ accounts(first: 2147483648) { nodes { id } } }",
            serde_json::json!({}),
            "first is of type \"Int\", a whole number from -2147483648 to 2147483647; found 2147483648",
        ),
        (
            "query($n: Int) { accounts(first: $n) { nodes { id } } }",
            serde_json::json!({ "n": 2_147_483_648_u64 }),
            "$n is of type \"Int\", a whole number from -2147483648 to 2147483647; found 2147483648",
        ),
        (
            "query($x: String!) { entries(first: $x) { nodes { id } } }",
            serde_json::json!({ "x": 1 }),
            "the variable $x is of type \"String!\" and cannot stand where a \"Int\" is taken",
        ),
        ("{ nodes(ids: [\"a\", null]) { id } }", serde_json::json!({}), "ids[1] is of type \"ID!\"; found null"),
        ("{ viewer }", serde_json::json!({}), "of \"viewer\", which is of type \"Viewer!\", say what to select"),
    ] {
        let said = check(&documents, query, variables, None).expect_err(query).to_string();
        assert_eq!(said, message, "{query}");
    }
}

#[test]
fn all_that_is_wrong_is_told_in_the_order_of_the_text_up_to_a_number() {
    let documents = documents();
    let Err(Refusal::Invalid(problems)) = check(&documents, "{ a\n b }", serde_json::json!({}), None) else { panic!() };
    assert_eq!(problems.iter().map(|one| one.at[0].line).collect::<Vec<_>>(), [1, 2]);
    let many = format!("{{ {} }}", "unknown ".repeat(1_500));
    let Err(Refusal::Invalid(problems)) = check(&documents, &many, serde_json::json!({}), None) else { panic!() };
    assert_eq!(problems.len(), 20);
}

/// What is asked for of an interface belongs to the group of each of its objects, at every level: nine groups that
/// each look through the whole rest.
#[test]
fn merging_takes_bounded_time_however_fields_are_spread_over_types() {
    let documents = documents();
    let families =
        ["CardAccount", "LoanAccount", "DepositAccount", "InvoiceAccount", "LeasingAccount", "VirtualAccount"];
    let mut below = "id".to_owned();
    for _ in 0..3 {
        let each: String = families.iter().map(|on| format!("... on {on} {{ owner {{ id }} }} ")).collect();
        below = format!("{each} owner {{ accounts(first: 1) {{ nodes {{ {below} }} }} }}");
    }
    let query = format!("{{ accounts(first: 1) {{ nodes {{ {below} }} }} }}");
    let start = Instant::now();
    let said = check(&documents, &query, serde_json::json!({}), None);
    assert!(matches!(said, Ok(()) | Err(Refusal::Over { .. })), "{said:?}");
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}
