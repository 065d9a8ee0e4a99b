//! How a tenant collects: a part of its settings.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::jobs::events::TENANT_UPDATED;
use crate::jobs::settings::Updated;
use crate::ledger::amounts::positive;
use crate::ledger::event::NewEvent;
use crate::mandates::Mandate;
use crate::primitives::Money;
use crate::refused::Refused;
use crate::work::settings::{DebitTerms, Settings};
use crate::work::{Command, Decision, Work};

/// The most days of any of the terms.
pub const MOST_DAYS: u16 = 30;
/// The most tries after the first.
pub const MOST_RETRIES: u16 = 5;

/// Says how direct debits are made: all of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetDirectDebitTerms {
    /// Business days before its collection on which a debit is sent.
    pub lead_days: u16,
    /// Business days after it was paid on which the money is the account's.
    pub available_after_days: u16,
    /// How often what was not paid for want of funds is tried again.
    pub retries: u16,
    /// After how many business days.
    pub retry_after_days: u16,
    /// What the account is charged when one comes back, one for each currency.
    pub return_fees: Vec<Money>,
}

impl Command for SetDirectDebitTerms {
    const OPERATION: &'static str = "setDirectDebitTerms";
    type Made = Updated;

    /// Refused as: `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Updated>> {
        let most = |field: &str, days: u16, most: u16| match days > most {
            true => Err(Refused::invalid(field, format!("must be at most {most}"))),
            false => Ok(days),
        };
        let mut return_fees = Vec::new();
        for (place, fee) in self.return_fees.iter().enumerate() {
            let amount = positive(&format!("returnFees.{place}"), *fee)?;
            if return_fees.iter().any(|(currency, _)| *currency == fee.currency) {
                let field = format!("returnFees.{place}.currency");
                return Err(Refused::invalid(&field, "has a fee already").into());
            }
            return_fees.push((fee.currency, amount));
        }
        let terms = DebitTerms {
            lead_days: most("leadDays", self.lead_days, MOST_DAYS)?,
            available_after_days: most("availableAfterDays", self.available_after_days, MOST_DAYS)?,
            retries: most("retries", self.retries, MOST_RETRIES)?,
            retry_after_days: most("retryAfterDays", self.retry_after_days, MOST_DAYS)?,
            return_fees,
        };
        let settings = Arc::new(Settings { direct_debits: terms, ..(*work.settings()).clone() });
        let now = settings.clone();
        work.change_head(|head| head.settings = settings);
        work.tell(NewEvent::of(TENANT_UPDATED, work.tenant(), json!({})));
        Ok(Arc::new(Updated(now)))
    }

    fn weight(&self) -> usize {
        2
    }
}

/// A number of days as calendars count them.
pub(super) fn days(days: u16) -> i16 {
    i16::try_from(days).unwrap_or(i16::MAX)
}

/// The business day that many after a date, or before it; where the calendar's years end, the date itself.
pub(super) fn after(settings: &Settings, date: NaiveDate, days: i16) -> NaiveDate {
    settings.calendar.add_business_days(date, days).unwrap_or(date)
}

/// The first day that a debit can be collected on which is made today: it is sent with the next business day, and its
/// payer is told of it so long before.
#[must_use]
pub fn earliest(settings: &Settings, mandate: &Mandate, today: NaiveDate) -> NaiveDate {
    let sent = settings.day_after(today);
    let told = today + chrono::Days::new(mandate.pre_notification_days.into());
    after(settings, sent, days(settings.direct_debits.lead_days)).max(after(settings, told, 0))
}

/// The day on which a debit is sent that is collected on a day.
#[must_use]
pub fn send_on(settings: &Settings, collection: NaiveDate) -> NaiveDate {
    match days(settings.direct_debits.lead_days) {
        0 => collection,
        lead => after(settings, collection, -lead),
    }
}
