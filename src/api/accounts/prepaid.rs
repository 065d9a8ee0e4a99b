//! What a product says of loads and unloads, in the API.

use async_graphql::{InputObject, SimpleObject};

use crate::accounts::prepaid::{FlowTerms, NewFlowTerms, NewPrepaidTerms, PrepaidTerms};
use crate::api::input::amount;
use crate::api::money::Money;
use crate::api::scalars::Decimal;
use crate::primitives::Currency;

/// What is charged and allowed for putting money on a product's accounts and taking it off.
#[derive(Clone, Debug, SimpleObject)]
pub struct Prepaid {
    /// Of loads.
    load: PrepaidFlow,
    /// Of unloads.
    unload: PrepaidFlow,
    /// Whether a fee goes back with what it was taken for, where a reversal does not say.
    fees_go_back: bool,
}

/// What is charged and allowed for loads, or for unloads.
#[derive(Clone, Debug, SimpleObject)]
pub struct PrepaidFlow {
    /// What is charged for each, whatever its amount.
    fee: Option<Money>,
    /// What is charged for each besides, in percent of its amount.
    fee_percent: Option<Decimal>,
    /// The most at once.
    per_operation: Option<Money>,
    /// The most on a business day.
    per_day: Option<Money>,
    /// The most in the calendar month of a business day.
    per_month: Option<Money>,
}

impl Prepaid {
    pub(super) fn new(terms: PrepaidTerms, currency: Currency) -> Self {
        Self {
            load: PrepaidFlow::new(&terms.load, currency),
            unload: PrepaidFlow::new(&terms.unload, currency),
            fees_go_back: terms.fees_go_back,
        }
    }
}

impl PrepaidFlow {
    fn new(terms: &FlowTerms, currency: Currency) -> Self {
        let money = |minor: Option<_>| minor.map(|minor| Money::of(minor, currency));
        Self {
            fee: money(terms.fee),
            fee_percent: terms.fee_percent.map(|percent| Decimal(percent.0)),
            per_operation: money(terms.per_operation),
            per_day: money(terms.per_day),
            per_month: money(terms.per_month),
        }
    }
}

/// What is charged and allowed for putting money on a product's accounts and taking it off.
#[derive(InputObject)]
pub struct PrepaidInput {
    /// Of loads; nothing is charged and all is allowed when absent.
    load: Option<PrepaidFlowInput>,
    /// Of unloads; nothing is charged and all is allowed when absent.
    unload: Option<PrepaidFlowInput>,
    /// Whether a fee goes back with what it was taken for, where a reversal does not say.
    #[graphql(default)]
    fees_go_back: bool,
}

/// What is charged and allowed for loads, or for unloads, in the product's currency.
#[derive(InputObject)]
pub struct PrepaidFlowInput {
    /// What is charged for each, whatever its amount: an entry of its own.
    fee: Option<Decimal>,
    /// What is charged for each besides, in percent of its amount: above 0, at most 100, with at most four decimals;
    /// rounded to the nearest minor unit, a half upwards.
    fee_percent: Option<Decimal>,
    /// The most at once.
    per_operation: Option<Decimal>,
    /// The most on a business day.
    per_day: Option<Decimal>,
    /// The most in the calendar month of a business day.
    per_month: Option<Decimal>,
}

impl PrepaidInput {
    pub(super) fn terms(self) -> NewPrepaidTerms {
        NewPrepaidTerms {
            load: self.load.map(PrepaidFlowInput::terms).unwrap_or_default(),
            unload: self.unload.map(PrepaidFlowInput::terms).unwrap_or_default(),
            fees_go_back: self.fees_go_back,
        }
    }
}

impl PrepaidFlowInput {
    fn terms(self) -> NewFlowTerms {
        NewFlowTerms {
            fee: amount(self.fee),
            fee_percent: amount(self.fee_percent),
            per_operation: amount(self.per_operation),
            per_day: amount(self.per_day),
            per_month: amount(self.per_month),
        }
    }
}
