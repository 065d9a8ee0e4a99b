//! What a product says of recurring payments.

use async_graphql::{InputObject, SimpleObject};

use crate::accounts::recurring::RecurringTerms;
use crate::api::enums::PaymentFrequency;
use crate::refused::Refused;

/// When and how often something is drawn, and what follows when it does not come.
#[derive(Clone, Copy, Debug, SimpleObject)]
#[graphql(name = "RecurringTerms")]
pub struct Terms {
    /// How often.
    frequency: PaymentFrequency,
    /// The day of the month, 1 to 31 (the last one of a month that has fewer), or of the week, 1 (Monday) to 7; rolled to the
    /// next business day of your calendar. Means nothing where it is each day.
    execution_day: i32,
    /// How many days before its day an order is made.
    lead_days: i32,
    /// After how many business days what was drawn has come: until then it is pending.
    collection_days: i32,
    /// How often an order that failed is tried again.
    retries: i32,
    /// After how many business days.
    retry_days: i32,
}

impl From<RecurringTerms> for Terms {
    fn from(terms: RecurringTerms) -> Self {
        Self {
            frequency: terms.frequency,
            execution_day: terms.execution_day.into(),
            lead_days: terms.lead_days.into(),
            collection_days: terms.collection_days.into(),
            retries: terms.retries.into(),
            retry_days: terms.retry_days.into(),
        }
    }
}

/// When and how often something is drawn for accounts of a product, and what follows when it does not come.
#[derive(Clone, Debug, InputObject)]
#[graphql(name = "RecurringTermsInput")]
pub struct TermsInput {
    /// How often.
    frequency: PaymentFrequency,
    /// The day of the month, 1 to 31 (28 when absent), or of the week, 1 (Monday, when absent) to 7.
    execution_day: Option<i32>,
    /// How many days before its day an order is made: 0 to 28 of a month (10 when absent), 0 to 6 of a week (2), 0 of a day.
    lead_days: Option<i32>,
    /// After how many business days what was drawn has come: 0 to 10; 2 when absent.
    collection_days: Option<i32>,
    /// How often an order that failed is tried again: 0 to 5; never when absent.
    retries: Option<i32>,
    /// After how many business days: 1 to 30; 5 when absent.
    retry_days: Option<i32>,
}

/// A small number of an input.
pub(super) fn small(number: Option<i32>) -> Option<u8> {
    number.map(|number| u8::try_from(number).unwrap_or(u8::MAX))
}

impl TermsInput {
    /// The domain's form.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the field.
    pub fn terms(self) -> Result<RecurringTerms, Refused> {
        let usual = RecurringTerms::of(self.frequency);
        let or = |given: Option<i32>, usual: u8| small(given).unwrap_or(usual);
        let terms = RecurringTerms {
            frequency: self.frequency,
            execution_day: or(self.execution_day, usual.execution_day),
            lead_days: or(self.lead_days, usual.lead_days),
            collection_days: or(self.collection_days, usual.collection_days),
            retries: or(self.retries, usual.retries),
            retry_days: or(self.retry_days, usual.retry_days),
        };
        terms.checked("recurringPayments")
    }
}
