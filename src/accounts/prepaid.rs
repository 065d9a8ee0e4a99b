//! What a product says of putting money on its prepaid accounts and taking it off: fees and limits, as data.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::ledger::amounts::{positive, share_of};
use crate::primitives::{Amount, Currency, Minor, Money};
use crate::refused::Refused;

/// The terms of a prepaid product. Accounts have those that their product has now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrepaidTerms {
    /// Of loads.
    pub load: FlowTerms,
    /// Of unloads.
    pub unload: FlowTerms,
    /// Whether a fee goes back with what it was taken for, where a reversal does not say.
    pub fees_go_back: bool,
}

/// The terms of loads, or of unloads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowTerms {
    /// What is charged for each, whatever its amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<Minor>,
    /// What is charged for each, in percent of its amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_percent: Option<Amount>,
    /// The most at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_operation: Option<Minor>,
    /// The most on a business day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_day: Option<Minor>,
    /// The most in the calendar month of a business day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_month: Option<Minor>,
}

impl PrepaidTerms {
    /// The stored form.
    #[must_use]
    pub fn to_text(self) -> String {
        // Plain data: the only failure would be the writer's, and a text has none.
        serde_json::to_string(&self).unwrap_or_default()
    }

    /// Reads the stored form.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

impl FlowTerms {
    /// What is charged for an amount: the fixed part, and the share rounded to the nearest minor unit, a half upwards.
    #[must_use]
    pub fn fee_of(&self, amount: Minor) -> Minor {
        let share = self.fee_percent.map_or(Minor::ZERO, |percent| share_of(amount, percent.0));
        Minor(self.fee.map_or(0, |fee| fee.0).saturating_add(share.0))
    }

    /// The limit that an amount passes, and what is left of it, after what was moved before on the day and in the month.
    #[must_use]
    pub fn hit(&self, amount: Minor, day: Minor, month: Minor) -> Option<(&'static str, Minor, Minor)> {
        let table = [
            ("at once", self.per_operation, Minor::ZERO),
            ("on a day", self.per_day, day),
            ("in a month", self.per_month, month),
        ];
        table.into_iter().find_map(|(words, limit, before)| {
            let limit = limit?;
            let remaining = Minor(limit.0.saturating_sub(before.0).max(0));
            (amount > remaining).then_some((words, limit, remaining))
        })
    }
}

/// The same, as an input gives it: in the product's currency, which it does not name.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct NewPrepaidTerms {
    /// Of loads.
    pub load: NewFlowTerms,
    /// Of unloads.
    pub unload: NewFlowTerms,
    /// Whether fees go back with what they were taken for.
    pub fees_go_back: bool,
}

/// Terms of loads or unloads, as an input gives them.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct NewFlowTerms {
    /// What is charged for each.
    pub fee: Option<Amount>,
    /// The same, in percent: above 0, at most 100, with at most four decimals.
    pub fee_percent: Option<Amount>,
    /// The most at once.
    pub per_operation: Option<Amount>,
    /// The most on a day.
    pub per_day: Option<Amount>,
    /// The most in a month.
    pub per_month: Option<Amount>,
}

impl NewPrepaidTerms {
    /// In a currency, if they hold together.
    ///
    /// # Errors
    /// `INVALID_INPUT` and `AMOUNT_OUT_OF_RANGE`, naming the field below `prepaid`.
    pub fn checked(&self, currency: Currency) -> Result<PrepaidTerms, Refused> {
        let flow = |field: &str, new: &NewFlowTerms| {
            new.checked(currency).map_err(|refused| refused.under(field).under("prepaid"))
        };
        Ok(PrepaidTerms {
            load: flow("load", &self.load)?,
            unload: flow("unload", &self.unload)?,
            fees_go_back: self.fees_go_back,
        })
    }
}

impl NewFlowTerms {
    fn checked(&self, currency: Currency) -> Result<FlowTerms, Refused> {
        let minor = |field: &str, amount: Option<Amount>| {
            amount.map(|amount| positive(field, Money { amount: amount.0, currency })).transpose()
        };
        let is_percent = |percent: Decimal| {
            let percent = percent.normalize();
            percent > Decimal::ZERO && percent <= Decimal::ONE_HUNDRED && percent.scale() <= 4
        };
        if self.fee_percent.is_some_and(|percent| !is_percent(percent.0)) {
            let problem = "must be above 0, at most 100, with at most four decimals";
            return Err(Refused::invalid("feePercent", problem));
        }
        let terms = FlowTerms {
            fee: minor("fee", self.fee)?,
            fee_percent: self.fee_percent.map(|percent| Amount(percent.0.normalize())),
            per_operation: minor("perOperation", self.per_operation)?,
            per_day: minor("perDay", self.per_day)?,
            per_month: minor("perMonth", self.per_month)?,
        };
        if matches!((terms.per_day, terms.per_month), (Some(day), Some(month)) if day > month) {
            return Err(Refused::invalid("perDay", "must not be more than in a month"));
        }
        Ok(terms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Option<Amount> {
        Some(Amount(text.parse().expect("a decimal")))
    }

    #[test]
    fn a_fee_has_a_fixed_part_and_a_share() {
        for (fee, percent, of, charged) in [
            (None, None, 10_000, 0),
            (Some(100), None, 1, 100),
            (None, amount("2.5"), 1_000, 25),
            (None, amount("2.5"), 1_019, 25),
            (None, amount("2.5"), 1_020, 26),
            (Some(100), amount("1"), 50, 101),
            (Some(100), amount("1"), 49, 100),
        ] {
            let terms = FlowTerms { fee: fee.map(Minor), fee_percent: percent, ..FlowTerms::default() };
            assert_eq!(terms.fee_of(Minor(of)), Minor(charged), "{terms:?} of {of}");
        }
    }

    #[test]
    fn the_first_limit_that_is_passed_is_told() {
        let terms = FlowTerms {
            per_operation: Some(Minor(50)),
            per_day: Some(Minor(80)),
            per_month: Some(Minor(200)),
            ..FlowTerms::default()
        };
        for (asked, day, month, hit) in [
            (50, 30, 150, None),
            (51, 0, 0, Some(("at once", 50, 50))),
            (31, 50, 50, Some(("on a day", 80, 30))),
            (1, 90, 90, Some(("on a day", 80, 0))),
            (21, 0, 180, Some(("in a month", 200, 20))),
        ] {
            let found = terms.hit(Minor(asked), Minor(day), Minor(month));
            assert_eq!(found, hit.map(|(words, limit, rest)| (words, Minor(limit), Minor(rest))), "{asked}");
        }
        assert_eq!(FlowTerms::default().hit(Minor::ZERO, Minor::ZERO, Minor::ZERO), None);
    }

    #[test]
    fn terms_are_checked_stored_and_read_again() {
        let of = |load| NewPrepaidTerms { load, fees_go_back: true, ..NewPrepaidTerms::default() };
        let whole = NewFlowTerms {
            fee: amount("1.50"),
            fee_percent: amount("0.50"),
            per_operation: amount("100"),
            per_day: amount("150"),
            per_month: amount("150.00"),
        };
        let terms = of(whole).checked(Currency::EURO).expect("terms");
        assert_eq!((terms.load.fee, terms.load.per_month), (Some(Minor(150)), Some(Minor(15_000))));
        for terms in [terms, PrepaidTerms::default()] {
            assert_eq!(PrepaidTerms::from_text(&terms.to_text()), Some(terms));
        }
        for (wrong, field) in [
            (NewFlowTerms { fee: amount("0"), ..whole }, "prepaid.load.fee"),
            (NewFlowTerms { fee: amount("0.001"), ..whole }, "prepaid.load.fee"),
            (NewFlowTerms { fee_percent: amount("0"), ..whole }, "prepaid.load.feePercent"),
            (NewFlowTerms { fee_percent: amount("100.0001"), ..whole }, "prepaid.load.feePercent"),
            (NewFlowTerms { fee_percent: amount("1.00001"), ..whole }, "prepaid.load.feePercent"),
            (NewFlowTerms { per_operation: amount("-1"), ..whole }, "prepaid.load.perOperation"),
            (NewFlowTerms { per_day: amount("150.01"), ..whole }, "prepaid.load.perDay"),
        ] {
            let refused = of(wrong).checked(Currency::EURO).expect_err("a refusal");
            assert_eq!(refused.fields[0].path.join("."), field);
        }
    }
}
