//! What a product says of the recurring payments of its accounts.

use chrono::{Datelike as _, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use super::model::{Product, WorkingMode};
use crate::refused::Refused;

crate::words! {
    /// How often something is drawn.
    PaymentFrequency {
        /// Once a month.
        Monthly = "MONTHLY",
        /// Once a week.
        Weekly = "WEEKLY",
        /// On each business day.
        Daily = "DAILY",
    }
}

/// When and how often an account's recurring payments are drawn, and what follows when one fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecurringTerms {
    /// How often.
    pub frequency: PaymentFrequency,
    /// The day of the month, 1 to 31: the last one of a month that has fewer; of the week, 1 (Monday) to 7. Means nothing
    /// where it is each day.
    pub execution_day: u8,
    /// How many days before its day an order is made: 0 to 28 of a month, 0 to 6 of a week, 0 of a day.
    pub lead_days: u8,
    /// After how many business days what was drawn has come: 0 to 10.
    pub collection_days: u8,
    /// How often one that failed is tried again: 0 to 5.
    pub retries: u8,
    /// After how many business days: 1 to 30.
    pub retry_days: u8,
}

impl RecurringTerms {
    /// Where nothing is said: on the 28th, known ten days before; on Mondays, two days before.
    #[must_use]
    pub fn of(frequency: PaymentFrequency) -> Self {
        let (execution_day, lead_days) = match frequency {
            PaymentFrequency::Monthly => (28, 10),
            PaymentFrequency::Weekly => (1, 2),
            PaymentFrequency::Daily => (1, 0),
        };
        Self { frequency, execution_day, lead_days, collection_days: 2, retries: 0, retry_days: 5 }
    }

    /// Those of a product: where it says nothing, the usual ones; daily where cards are paid at once.
    #[must_use]
    pub fn of_product(product: &Product) -> Self {
        let at_once = product.working_mode == Some(WorkingMode::PayNow);
        let usual = if at_once { PaymentFrequency::Daily } else { PaymentFrequency::Monthly };
        product.recurring.unwrap_or(Self::of(usual))
    }

    /// The same with another day.
    #[must_use]
    pub fn on(self, day: Option<u8>) -> Self {
        Self { execution_day: day.unwrap_or(self.execution_day), ..self }
    }

    /// Checks that they make sense: fields are named below `under`.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the first field at fault.
    pub fn checked(self, under: &str) -> Result<Self, Refused> {
        let (days, lead) = match self.frequency {
            PaymentFrequency::Monthly => (1..=31, 0..=28),
            PaymentFrequency::Weekly => (1..=7, 0..=6),
            PaymentFrequency::Daily => (1..=31, 0..=0),
        };
        for (field, value, range) in [
            ("executionDay", self.execution_day, days),
            ("leadDays", self.lead_days, lead),
            ("collectionDays", self.collection_days, 0..=10),
            ("retries", self.retries, 0..=5),
            ("retryDays", self.retry_days, 1..=30),
        ] {
            if !range.contains(&value) {
                let message = format!("must be {} to {}", range.start(), range.end());
                let path = if under.is_empty() { field.to_owned() } else { format!("{under}.{field}") };
                return Err(Refused::invalid(&path, message));
            }
        }
        Ok(self)
    }

    /// The first day after another on which something is drawn, before any calendar has rolled it.
    #[must_use]
    pub fn first_after(&self, day: NaiveDate) -> NaiveDate {
        match self.frequency {
            PaymentFrequency::Daily => day + Days::new(1),
            PaymentFrequency::Weekly => {
                let wanted = u64::from(self.execution_day);
                let ahead = (wanted + 7 - u64::from(day.weekday().number_from_monday())) % 7;
                day + Days::new(if ahead == 0 { 7 } else { ahead })
            }
            PaymentFrequency::Monthly => {
                let this = self.in_month_of(day);
                if this > day { this } else { self.in_month_of(first_of_month(day) + Months::new(1)) }
            }
        }
    }

    fn in_month_of(&self, day: NaiveDate) -> NaiveDate {
        let first = first_of_month(day);
        let last = first + Months::new(1) - Days::new(1);
        last.min(first + Days::new(u64::from(self.execution_day) - 1))
    }
}

fn first_of_month(day: NaiveDate) -> NaiveDate {
    day - Days::new(u64::from(day.day0()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn the_next_day_follows_the_one_before() {
        let monthly = |day| RecurringTerms::of(PaymentFrequency::Monthly).on(Some(day));
        let weekly = |day| RecurringTerms::of(PaymentFrequency::Weekly).on(Some(day));
        let daily = RecurringTerms::of(PaymentFrequency::Daily);
        for (terms, after, next) in [
            (monthly(28), "2026-01-27", "2026-01-28"),
            (monthly(28), "2026-01-28", "2026-02-28"),
            (monthly(31), "2026-01-31", "2026-02-28"),
            (monthly(31), "2028-01-31", "2028-02-29"),
            (monthly(31), "2026-02-28", "2026-03-31"),
            (monthly(1), "2026-12-31", "2027-01-01"),
            // A Wednesday.
            (weekly(3), "2026-04-15", "2026-04-22"),
            (weekly(4), "2026-04-15", "2026-04-16"),
            (weekly(1), "2026-04-15", "2026-04-20"),
            (weekly(7), "2026-04-15", "2026-04-19"),
            (daily, "2026-02-28", "2026-03-01"),
        ] {
            assert_eq!(terms.first_after(day(after)), day(next), "{terms:?} {after}");
        }
    }

    #[test]
    fn terms_have_bounds() {
        let of = RecurringTerms::of;
        use PaymentFrequency::{Daily, Monthly, Weekly};
        for (terms, field) in [
            (RecurringTerms { execution_day: 0, ..of(Monthly) }, "executionDay"),
            (RecurringTerms { execution_day: 32, ..of(Monthly) }, "executionDay"),
            (RecurringTerms { execution_day: 8, ..of(Weekly) }, "executionDay"),
            (RecurringTerms { lead_days: 29, ..of(Monthly) }, "leadDays"),
            (RecurringTerms { lead_days: 7, ..of(Weekly) }, "leadDays"),
            (RecurringTerms { lead_days: 1, ..of(Daily) }, "leadDays"),
            (RecurringTerms { collection_days: 11, ..of(Daily) }, "collectionDays"),
            (RecurringTerms { retries: 6, ..of(Monthly) }, "retries"),
            (RecurringTerms { retry_days: 0, ..of(Monthly) }, "retryDays"),
            (RecurringTerms { retry_days: 31, ..of(Monthly) }, "retryDays"),
        ] {
            let refused = terms.checked("recurring").expect_err("refused");
            assert_eq!(refused.fields[0].path, ["recurring", field]);
        }
        for frequency in PaymentFrequency::ALL {
            assert!(of(*frequency).checked("").is_ok());
        }
    }
}
