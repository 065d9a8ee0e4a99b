//! The sandbox: what it gives, where it ends, and that decimals stay decimals.

use std::time::{Duration, Instant};

use chrono::NaiveDate;
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::json::{check, value_in, value_out};
use super::model::{Failure, FailureKind};
use super::script::{self, COMMANDS, Ran, Said, Seen};

fn seen(input: Value) -> Seen {
    Seen { input, account: None, today: NaiveDate::from_ymd_opt(2026, 4, 15).expect("a day") }
}

async fn run(script: &str, input: Value) -> Ran {
    script::run(script.to_owned(), seen(input)).await
}

async fn gave(script: &str, input: Value) -> Value {
    match run(script, input).await.said {
        Said::Gave(output) => serde_json::from_str(&output).expect("JSON"),
        other => panic!("{script}: {other:?}"),
    }
}

async fn failed(script: &str, input: Value) -> Failure {
    match run(script, input).await.said {
        Said::Failed(failure) => failure,
        other => panic!("{script}: {other:?}"),
    }
}

#[tokio::test]
async fn a_script_reads_its_input_and_gives_its_last_value() {
    let mut wrong = Vec::new();
    for (script, input, expected) in [
        ("", json!({}), json!(null)),
        ("input.a + 1", json!({ "a": 41 }), json!(42)),
        (
            "input",
            json!({ "a": [1, true, null, "x", { "b": "y" }] }),
            json!({ "a": [1, true, null, "x", { "b": "y" }] }),
        ),
        ("#{ sum: input.a + input.b }", json!({ "a": 0.1, "b": 0.2 }), json!({ "sum": "0.3" })),
        ("let t = 0.0; for x in input.list { t += x; } t", json!({ "list": [0.1, 0.2, 0.7] }), json!("1.0")),
        ("parse_decimal(input.a) * 3", json!({ "a": "33.33" }), json!("99.99")),
        ("(10.0 / 3.0).round(2)", json!({}), json!("3.33")),
        ("today", json!({}), json!("2026-04-15")),
        ("if account == () { \"none\" } else { account.id }", json!({}), json!("none")),
        ("let s = input.name; s.replace(\"a\", \"o\"); s.to_upper()", json!({ "name": "ada" }), json!("ODO")),
        ("fn twice(x) { x * 2 } twice(input.n)", json!({ "n": 4 }), json!(8)),
        (
            "let said = (); try { throw \"no\" } catch (e) { said = \"caught \" + e; } said",
            json!({}),
            json!("caught no"),
        ),
        ("exit(7); 8", json!({}), json!(7)),
        ("[1, 2, 3].filter(|x| x > 1)", json!({}), json!([2, 3])),
        ("input.missing == ()", json!({}), json!(true)),
    ] {
        let found = gave(script, input).await;
        if found != expected {
            wrong.push(format!("{script}: {found}, and not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_script_asks_for_commands_and_says_no() {
    let ran = run(
        "run(\"transfer\", #{ amount: #{ amount: input.a, currency: \"EUR\" } }); run(\"x\", #{}); 1",
        json!({ "a": 1.5 }),
    )
    .await;
    let asked: Vec<_> = ran.wants.iter().map(|want| (want.operation.as_str(), want.input.clone())).collect();
    assert_eq!(asked, [("transfer", json!({ "amount": { "amount": "1.5", "currency": "EUR" } })), ("x", json!({}))]);
    assert!(ran.steps > 0 && ran.said == Said::Gave("1".into()));
    let refused = run("refuse(\"not \" + input.who)", json!({ "who": "you" })).await;
    assert_eq!(refused.said, Said::Refused("not you".into()));
    let stubborn = run("try { refuse(\"no\") } catch { 1 }", json!({})).await;
    assert_eq!(stubborn.said, Said::Refused("no".into()), "nobody catches a no");
}

#[tokio::test]
async fn what_a_script_must_not_do_is_named_with_its_place() {
    let mut wrong = Vec::new();
    let doubling = "let s = \"ab\"; loop { s += s; }";
    for (script, kind, line) in [
        ("let x = ;", FailureKind::ScriptInvalid, Some(1)),
        ("1 +\n\n(", FailureKind::ScriptInvalid, Some(3)),
        ("nothing + 1", FailureKind::ScriptInvalid, Some(1)),
        ("eval(\"1\")", FailureKind::ScriptInvalid, Some(1)),
        ("import \"x\" as y;", FailureKind::ScriptInvalid, Some(1)),
        ("print(1)", FailureKind::ScriptInvalid, Some(1)),
        ("loop { }", FailureKind::ScriptTooManySteps, Some(1)),
        ("let n = 0; while true { n += 1 }", FailureKind::ScriptTooManySteps, Some(1)),
        ("try { loop { } } catch { 1 }", FailureKind::ScriptTooManySteps, Some(1)),
        ("for x in 0..1000000000 { }", FailureKind::ScriptTooManySteps, Some(1)),
        ("fn f(n) { f(n + 1) }\nf(0)", FailureKind::ScriptTooDeep, Some(2)),
        (doubling, FailureKind::ScriptTooLarge, Some(1)),
        ("let a = []; loop { a.push(1); }", FailureKind::ScriptTooLarge, Some(1)),
        ("let a = [1]; loop { a += a; }", FailureKind::ScriptTooLarge, Some(1)),
        ("let a = [1]; loop { a = [a, a]; }", FailureKind::ScriptTooLarge, Some(1)),
        ("let a = []; loop { a = [a]; }", FailureKind::ScriptTooLarge, Some(1)),
        ("let a = []; a.pad(100000000, 0);", FailureKind::ScriptTooLarge, Some(1)),
        ("let s = \"\"; s.pad(1000000000, 'x');", FailureKind::ScriptTooLarge, Some(1)),
        ("let m = #{}; let n = 0; loop { n += 1; m[\"k\" + n] = n; }", FailureKind::ScriptTooLarge, Some(1)),
        ("let m = #{}; loop { m = #{ a: m, b: m }; }", FailureKind::ScriptTooLarge, Some(1)),
        (
            "let s = \"a\"; for i in 0..12 { s += s; }\nlet t = s; t.replace(\"a\", s);",
            FailureKind::ScriptTooLarge,
            Some(2),
        ),
        ("throw \"because\"", FailureKind::ScriptThrew, Some(1)),
        ("\n\n  throw #{ code: 7 }", FailureKind::ScriptThrew, Some(3)),
        ("1 / 0", FailureKind::ScriptError, Some(1)),
        ("9223372036854775807 + 1", FailureKind::ScriptError, Some(1)),
        ("input.a.b.c", FailureKind::ScriptError, Some(1)),
        ("unknown(1)", FailureKind::ScriptError, Some(1)),
        ("sleep(10)", FailureKind::ScriptError, Some(1)),
        ("let a = [[]]; loop { let b = [[]]; b[0] = a; a = b; }", FailureKind::ScriptTooLarge, Some(1)),
        (
            "let s = \"\"; s.pad(8000, 'x'); let m = #{}; let n = 0; loop { n += 1; m[s + n] = 1; }",
            FailureKind::ScriptTooLarge,
            Some(1),
        ),
        (
            "let m = #{ a: [0, 0, 0] }; let s = \"\"; s.pad(4000, 'x'); for i in 0..3 { m.a[i] = s + i; } loop { m.b = 1; }",
            FailureKind::ScriptTooLarge,
            Some(1),
        ),
        ("loop { run(\"x\", #{}); }", FailureKind::ScriptTooManyCommands, Some(1)),
        ("run(\"x\", #{ f: 0..1 });", FailureKind::ScriptError, Some(1)),
        ("let f = |x| x; f", FailureKind::OutputInvalid, None),
        ("0..3", FailureKind::OutputInvalid, None),
    ] {
        let found = run(script, json!({})).await.said;
        match &found {
            Said::Failed(failure) if (failure.kind, failure.line) == (kind, line) => {
                assert!(!failure.message.is_empty() && failure.message.len() < 2_000, "{script}");
            }
            _ => wrong.push(format!("{script}: {found:?}, and not {kind:?} at {line:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let threw = failed("throw \"because\"", json!({})).await;
    assert_eq!((threw.message.as_str(), threw.column), ("because", Some(1)));
}

#[tokio::test]
async fn what_is_there_to_exhaust_a_server_ends_in_time() {
    let large = "let s = \"x\"; for i in 0..12 { s += s; }";
    for script in [
        format!("{large} let n = 0; loop {{ n += s.index_of(\"y\"); }}"),
        format!("{large} loop {{ let m = #{{}}; for i in 0..100 {{ m[s + i] = s; }} }}"),
        "let a = []; for i in 0..999 { a.push(999 - i); } loop { a.sort(); a.reverse(); }".to_owned(),
        "let x = 1.0000001; loop { x = x.exp().ln(); }".to_owned(),
        "fn f(n) { let s = \"\"; s.pad(8000, 'x'); let t = s + \"\"; if n > 0 { f(n - 1); f(n - 1); } } loop { f(2); }"
            .to_owned(),
    ] {
        let began = Instant::now();
        let failure = failed(&script, json!({})).await;
        let ends = [
            FailureKind::ScriptTooManySteps,
            FailureKind::ScriptTooSlow,
            FailureKind::ScriptTooLarge,
            FailureKind::ScriptError,
        ];
        assert!(ends.contains(&failure.kind), "{script}: {failure:?}");
        assert!(began.elapsed() < Duration::from_secs(20), "{script}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn what_asks_for_as_many_commands_as_it_may_gets_them() {
    let ran = run("for i in 0..32 { run(\"x\", #{ i: i }); }", json!({})).await;
    assert_eq!((ran.wants.len(), &ran.said), (COMMANDS, &Said::Gave("null".into())));
}

#[test]
fn inputs_that_no_script_could_take_are_turned_away() {
    let deep = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    let (digits, text) = ("{\"a\":0.12345678901234567}", json!({ "a": "x".repeat(9_000) }).to_string());
    let many = json!({ "a": vec![0; 1_001] }).to_string();
    let fields: serde_json::Map<String, Value> = (0..129).map(|n| (n.to_string(), Value::Null)).collect();
    for (input, problem) in [
        ("{", "no JSON".to_owned()),
        (&*deep(16), "nests deeper".to_owned()),
        (&*deep(100_000), "no JSON".to_owned()),
        (digits, "more than 15 digits".to_owned()),
        ("{\"a\":1e300}", "too large".to_owned()),
        (&*text, "bytes of text".to_owned()),
        (&*many, "items of lists".to_owned()),
        (&*Value::Object(fields).to_string(), "properties".to_owned()),
    ] {
        let said = check(input).expect_err("a problem");
        assert!(said.contains(&problem), "{said}");
    }
    for good in ["{}", &deep(15), "{\"a\":18446744073709551615}", "{\"a\":-0.5,\"b\":1e-7}"] {
        assert_eq!(check(good), Ok(()), "{good}");
    }
}

proptest! {
    /// Fifteen digits, wherever the point stands: what goes in comes out, to the last of them.
    #[test]
    fn decimals_pass_through_unchanged(digits in -999_999_999_999_999_i64..=999_999_999_999_999, scale in 1_u32..12) {
        let decimal = Decimal::new(digits, scale);
        let input: Value = serde_json::from_str(&decimal.to_string()).expect("a number");
        let back = value_out(&value_in(&input).expect("a value")).expect("JSON");
        let back: Decimal = match &back {
            Value::String(text) => text.parse().expect("a decimal"),
            other => other.to_string().parse().expect("a whole number"),
        };
        prop_assert_eq!(back, decimal);
    }

    /// Sums and products of a script are those of exact decimals.
    #[test]
    fn scripts_reckon_exactly(a in -9_999_999_i64..=9_999_999, b in -9_999_999_i64..=9_999_999) {
        let (a, b) = (Decimal::new(a, 2), Decimal::new(b, 3));
        let input = json!({ "a": a.to_string(), "b": b.to_string() });
        let script = "let a = parse_decimal(input.a); let b = parse_decimal(input.b); [a + b, a - b, a * b]";
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let found = runtime.block_on(gave(script, input));
        let found: Vec<Decimal> = serde_json::from_value::<Vec<String>>(found).expect("texts").iter()
            .map(|text| text.parse().expect("a decimal")).collect();
        prop_assert_eq!(found, vec![a + b, a - b, a * b]);
    }
}
