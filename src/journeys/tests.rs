//! The rules of strategies: what is refused, what holds, where steps lead.

use rust_decimal::Decimal;

use super::refusals::STRATEGY_CIRCLE;
use super::steps::{Conditions, END, StepEffect, StrategyStep, check, leads_to};
use crate::primitives::Amount;
use crate::refused::{INVALID_INPUT, RefusalCode};

fn step(name: &str, wait_days: u16) -> StrategyStep {
    StrategyStep { name: name.into(), wait_days, when: None, effect: None, next: None, otherwise: None }
}

fn to(name: &str, wait_days: u16, next: &str) -> StrategyStep {
    StrategyStep { next: Some(next.into()), ..step(name, wait_days) }
}

fn either(name: &str, wait_days: u16, next: &str, otherwise: &str) -> StrategyStep {
    StrategyStep { when: Some(Conditions::default()), otherwise: Some(otherwise.into()), ..to(name, wait_days, next) }
}

#[test]
fn what_is_no_strategy_is_refused_by_its_field() {
    let effect = |effect| StrategyStep { effect: Some(effect), ..step("a", 0) };
    let when = |when| StrategyStep { when: Some(when), ..step("a", 0) };
    let amount = |amount: i64| Amount(Decimal::new(amount, 2));
    let cases: Vec<(Vec<StrategyStep>, RefusalCode, &str)> = vec![
        (vec![], INVALID_INPUT, "steps"),
        ((0..101).map(|n| step(&n.to_string(), 0)).collect(), INVALID_INPUT, "steps"),
        (vec![step("", 0)], INVALID_INPUT, "steps.0.name"),
        (vec![step(END, 0)], INVALID_INPUT, "steps.0.name"),
        (vec![step("a", 0), step("a", 0)], INVALID_INPUT, "steps.1.name"),
        (vec![step("a", 3_654)], INVALID_INPUT, "steps.0.waitDays"),
        (vec![step("b", 0), to("a", 0, "c")], INVALID_INPUT, "steps.1.next"),
        (vec![either("a", 0, END, "c")], INVALID_INPUT, "steps.0.otherwise"),
        (vec![StrategyStep { otherwise: Some(END.into()), ..step("a", 0) }], INVALID_INPUT, "steps.0.otherwise"),
        (vec![effect(StepEffect::Message(String::new()))], INVALID_INPUT, "steps.0.effect.message"),
        (
            vec![effect(StepEffect::Fee { name: "F".into(), amount: amount(0) })],
            INVALID_INPUT,
            "steps.0.effect.fee.amount",
        ),
        (
            vec![when(Conditions { minimum_amount: Some(amount(-1)), ..Conditions::default() })],
            INVALID_INPUT,
            "steps.0.when.minimumAmount",
        ),
        (
            vec![when(Conditions { country: Some("se".into()), ..Conditions::default() })],
            INVALID_INPUT,
            "steps.0.when.country",
        ),
        (vec![to("a", 0, "a")], STRATEGY_CIRCLE, "steps.0.next"),
        (vec![step("a", 1), step("b", 0), to("c", 0, "b")], STRATEGY_CIRCLE, "steps.1.next"),
        (vec![either("a", 0, END, "b"), to("b", 0, "a")], STRATEGY_CIRCLE, "steps.0.next"),
    ];
    for (steps, code, field) in cases {
        let refused = check(&steps).expect_err("a refusal");
        assert_eq!((refused.code, refused.fields[0].path.join(".")), (code, field.to_owned()), "{steps:?}");
    }
}

#[test]
fn circles_with_a_day_in_them_are_ways_to_wait() {
    for steps in [
        vec![to("a", 1, "a")],
        vec![step("a", 0), to("b", 1, "a")],
        vec![either("a", 0, END, "b"), to("b", 7, "a")],
        vec![step("a", 0), step("b", 0)],
    ] {
        assert_eq!(check(&steps), Ok(()), "{steps:?}");
    }
}

#[test]
fn steps_lead_to_the_following_one_to_a_name_or_to_the_end() {
    let steps = [step("a", 0), step("b", 0)];
    for (at, named, next) in
        [(0, None, Some(1)), (1, None, None), (0, Some(END), None), (1, Some("a"), Some(0)), (0, Some("nowhere"), None)]
    {
        assert_eq!(leads_to(&steps, at, named), next);
    }
}
