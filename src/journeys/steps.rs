//! What a strategy says: steps with days to wait, conditions, an effect, and which step comes next.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::refusals::STRATEGY_CIRCLE;
use crate::collections::score::{ScoreType, ScoreValue};
use crate::collections::{Claim, PromiseStatus};
use crate::ledger::amounts::to_minor;
use crate::primitives::{Amount, Money, text};
use crate::refused::{Refused, check_reference};

/// Steps of a strategy, at most.
pub const MOST_STEPS: usize = 100;
/// Days that a step may wait, at most: ten years.
const LONGEST_WAIT: u16 = 3_653;
/// The name that leads to the end.
pub const END: &str = "END";

/// What has to hold of a claim. All that is said must.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Conditions {
    /// What is owed, fees included, is at least this, in the claim's currency.
    pub minimum_amount: Option<Amount>,
    /// What is owed, fees included, is at most this.
    pub maximum_amount: Option<Amount>,
    /// So many days have passed since the original due date, at least.
    pub minimum_days_past_due: Option<i32>,
    /// So many at most.
    pub maximum_days_past_due: Option<i32>,
    /// A score of this type says this text.
    pub score: Option<(ScoreType, String)>,
    /// It was bought with this.
    pub product_reference: Option<String>,
    /// The debtor's main postal address is in this country, by its ISO 3166-1 code.
    pub country: Option<String>,
    /// What became of the promise to pay that was given last, in the claim's present life.
    pub promise: Option<PromiseStatus>,
}

/// What of a claim conditions look at besides.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Days since the original due date.
    pub days_past_due: i64,
    /// Where the debtor lives, where that is known.
    pub country: Option<String>,
    /// What became of the promise that was given last.
    pub promise: Option<PromiseStatus>,
}

impl Conditions {
    /// Whether they hold.
    #[must_use]
    pub fn hold(&self, claim: &Claim, seen: &Seen) -> bool {
        let owed = claim.amount.0.saturating_add(claim.fees.0);
        // What the currency cannot say is rounded to nothing: it was checked when it was set, as far as it could be.
        let minor = |amount: Amount| {
            to_minor("amount", Money { amount: amount.0, currency: claim.currency }).map(|minor| minor.0).ok()
        };
        let at_least =
            |bound: Option<Amount>| bound.is_none_or(|bound| minor(bound).is_some_and(|bound| owed >= bound));
        let at_most = |bound: Option<Amount>| bound.is_none_or(|bound| minor(bound).is_some_and(|bound| owed <= bound));
        let says = |type_: ScoreType, text: &str| {
            let mut of_type = claim.scores.iter().filter(|score| score.type_ == type_);
            of_type.any(|score| matches!(&score.value, ScoreValue::Text(said) if said == text))
        };
        at_least(self.minimum_amount)
            && at_most(self.maximum_amount)
            && self.minimum_days_past_due.is_none_or(|bound| seen.days_past_due >= i64::from(bound))
            && self.maximum_days_past_due.is_none_or(|bound| seen.days_past_due <= i64::from(bound))
            && self.score.as_ref().is_none_or(|(type_, text)| says(*type_, text))
            && self.product_reference.as_ref().is_none_or(|said| claim.product_reference.as_ref() == Some(said))
            && self.country.as_ref().is_none_or(|said| seen.country.as_ref() == Some(said))
            && self.promise.is_none_or(|said| seen.promise == Some(said))
    }

    fn check(&self) -> Result<(), Refused> {
        for (field, bound) in [("minimumAmount", self.minimum_amount), ("maximumAmount", self.maximum_amount)] {
            if bound.is_some_and(|bound| bound.0.is_sign_negative() && !bound.0.is_zero()) {
                return Err(Refused::invalid(field, "must not be negative"));
            }
        }
        if let Some((_, said)) = &self.score {
            text::required(said, 100).map_err(|problem| Refused::invalid("score.text", problem.to_string()))?;
        }
        check_reference("productReference", self.product_reference.as_deref())?;
        let is_country = |code: &String| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        if self.country.as_ref().is_some_and(|code| !is_country(code)) {
            return Err(Refused::invalid("country", "must be the code of a country, like SE"));
        }
        Ok(())
    }
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepEffect {
    /// Sends a message of this template.
    Message(String),
    /// Adds a fee to the claim.
    Fee {
        /// What for.
        name: String,
        /// How much, in the claim's currency.
        amount: Amount,
    },
    /// Comes to a trigger of this name.
    Trigger(String),
    /// Gives a person something to do.
    Task(String),
    /// Hands the claim over, and so ends.
    HandOver(String),
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyStep {
    /// Unique in the strategy.
    pub name: String,
    /// Days that pass before it is come to, from the step before.
    pub wait_days: u16,
    /// When it does its effect; always when absent.
    pub when: Option<Conditions>,
    /// What it does.
    pub effect: Option<StepEffect>,
    /// The step after it, by its name, or END; the following one when absent.
    pub next: Option<String>,
    /// The same where its conditions do not hold.
    pub otherwise: Option<String>,
}

/// Where a step leads: to a place in the list, or to the end.
#[must_use]
pub fn leads_to(steps: &[StrategyStep], at: usize, named: Option<&str>) -> Option<usize> {
    match named {
        None => Some(at + 1).filter(|next| *next < steps.len()),
        Some(END) => None,
        Some(name) => steps.iter().position(|step| step.name == name),
    }
}

/// Checks steps as a whole.
///
/// # Errors
/// `INVALID_INPUT`, naming the first field at fault; `STRATEGY_CIRCLE` for the first step of a circle in which nobody
/// waits.
pub fn check(steps: &[StrategyStep]) -> Result<(), Refused> {
    if steps.is_empty() || steps.len() > MOST_STEPS {
        return Err(Refused::invalid("steps", format!("a strategy has 1 to {MOST_STEPS} steps")));
    }
    let mut names: HashMap<&str, usize> = HashMap::new();
    for (place, step) in steps.iter().enumerate() {
        let at = |refused: Refused| refused.at("steps", place);
        text::required(&step.name, 60).map_err(|problem| at(Refused::invalid("name", problem.to_string())))?;
        if step.name == END {
            return Err(at(Refused::invalid("name", "END is the name of the end")));
        }
        if names.insert(&step.name, place).is_some() {
            return Err(at(Refused::invalid("name", "another step has the same name")));
        }
        if step.wait_days > LONGEST_WAIT {
            return Err(at(Refused::invalid("waitDays", format!("must be 0 to {LONGEST_WAIT}"))));
        }
        if let Some(conditions) = &step.when {
            conditions.check().map_err(|refused| at(refused.under("when")))?;
        } else if step.otherwise.is_some() {
            return Err(at(Refused::invalid("otherwise", "a step without conditions has no other way")));
        }
        if let Some(effect) = &step.effect {
            check_effect(effect).map_err(|refused| at(refused.under("effect")))?;
        }
    }
    for (place, step) in steps.iter().enumerate() {
        for (field, name) in [("next", &step.next), ("otherwise", &step.otherwise)] {
            if name.as_deref().is_some_and(|name| name != END && !names.contains_key(name)) {
                return Err(Refused::invalid(field, "there is no step of this name").at("steps", place));
            }
        }
    }
    match (0..steps.len()).find(|place| comes_back(steps, *place)) {
        Some(place) => {
            let message = "steps lead back to this one without a day between them: let one of them wait";
            Err(Refused::of_field(STRATEGY_CIRCLE, "next", message).at("steps", place))
        }
        None => Ok(()),
    }
}

fn check_effect(effect: &StepEffect) -> Result<(), Refused> {
    let required = |field: &str, value: &str, most| {
        text::required(value, most).map_err(|problem| Refused::invalid(field, problem.to_string()))
    };
    match effect {
        StepEffect::Message(template) => required("message", template, 40),
        StepEffect::Trigger(name) => required("trigger", name, 60),
        StepEffect::Task(title) => required("task", title, 200),
        StepEffect::HandOver(to) => required("handOver", to, 100),
        StepEffect::Fee { name, amount } => {
            required("fee.name", name, 100)?;
            if amount.0 <= rust_decimal::Decimal::ZERO {
                return Err(Refused::invalid("fee.amount", "must be more than zero"));
            }
            Ok(())
        }
    }
}

/// Whether steps that do not wait lead from one back to it.
fn comes_back(steps: &[StrategyStep], start: usize) -> bool {
    if steps[start].wait_days > 0 {
        return false;
    }
    let (mut seen, mut open) = (HashSet::new(), vec![start]);
    while let Some(at) = open.pop() {
        let step = &steps[at];
        let otherwise = step.when.as_ref().map(|_| step.otherwise.as_deref());
        let ways = [Some(step.next.as_deref()), otherwise];
        for next in ways.into_iter().flatten().filter_map(|named| leads_to(steps, at, named)) {
            if next == start {
                return true;
            }
            if steps[next].wait_days == 0 && seen.insert(next) {
                open.push(next);
            }
        }
    }
    false
}
