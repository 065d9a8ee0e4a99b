//! What a tenant has decided about itself: its days, its clock's zone, its name. A part of the head, so that every
//! decision sees it without loading anything.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use super::history_codes::HistoryCodes;
use crate::ledger::PaymentChannel;
use crate::primitives::calendar::{BankCalendar, Calendar, CalendarEnds, LocalDay, RollRule, Zone};
use crate::primitives::clock::Micros;
use crate::primitives::references::ReferenceRule;
use crate::primitives::{Currency, Minor, text};
use crate::refused::Refused;

/// For how many days a deleted card can be restored, where nobody has said otherwise.
const CARD_RESTORE_DAYS: u32 = 30;
/// The most that can be said: ten years.
const MOST_CARD_RESTORE_DAYS: u32 = 3_653;
/// The longest name.
const NAME: usize = 200;

/// A tenant's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// For people.
    pub name: String,
    /// The currency of the house: of its reports.
    pub base_currency: Currency,
    /// Whether it is for trying things out: its clock can be moved.
    pub sandbox: bool,
    /// Where its days begin and end.
    pub time_zone: Zone,
    /// Which days are business days.
    pub calendar: Calendar,
    /// When its business day ends.
    pub day_end: DayEnd,
    /// What holds for a rail, where something does.
    pub channels: BTreeMap<PaymentChannel, ChannelRule>,
    /// For how many days after it was deleted a card can be restored.
    pub card_restore_days: u32,
    /// What customers' addresses may be used for: a name and a service each; for anything where there is none.
    #[serde(default)]
    pub address_usages: BTreeSet<(String, String)>,
    /// What another system's numbers of actions stand for.
    #[serde(default)]
    pub history_codes: HistoryCodes,
    /// The rules that payment references are made by: those of all products that ever had one. What keeps none of them was
    /// misread.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub reference_rules: BTreeSet<ReferenceRule>,
    /// How direct debits are made.
    #[serde(default)]
    pub direct_debits: DebitTerms,
    /// Of a sandbox: what the chance of its rails is made from. Nothing happens by chance without.
    #[serde(default)]
    pub sandbox_seed: Option<u32>,
}

/// When a business day ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DayEnd {
    /// With the calendar's day.
    #[default]
    Midnight,
    /// At a time of that day: what comes later belongs to the next business day.
    At(NaiveTime),
    /// When somebody says so.
    ByHand,
}

/// What holds for payments over a rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelRule {
    /// What comes at this local time or later counts on the next business day, unless the caller says when it counts.
    pub cut_off: Option<NaiveTime>,
    /// What becomes of a value date that is no business day.
    pub roll: RollRule,
}

/// How direct debits are made. Days are business days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DebitTerms {
    /// Before its collection a debit is sent.
    pub lead_days: u16,
    /// After it was paid the money is the account's.
    pub available_after_days: u16,
    /// How often what was not paid for want of funds is tried again.
    pub retries: u16,
    /// After how many days.
    pub retry_after_days: u16,
    /// What an account is charged when one comes back, by currency.
    pub return_fees: Vec<(Currency, Minor)>,
}

impl Default for DebitTerms {
    /// As SEPA's banks take them since 2016: the business day before. Nothing is tried again, and nothing charged.
    fn default() -> Self {
        Self { lead_days: 1, available_after_days: 0, retries: 0, retry_after_days: 0, return_fees: Vec::new() }
    }
}

impl DebitTerms {
    /// What an account in a currency is charged when one comes back.
    #[must_use]
    pub fn fee(&self, currency: Currency) -> Option<Minor> {
        self.return_fees.iter().find(|(of, _)| *of == currency).map(|(_, fee)| *fee)
    }
}

impl Settings {
    /// Of their stored form; none is the default.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_text(text: &str) -> Result<Self, serde_json::Error> {
        if text.is_empty() { Ok(Self::default()) } else { serde_json::from_str(text) }
    }

    /// The stored form.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Plain data: the only failure would be the writer's, and a text has none.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The same, if it holds together.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the field.
    pub fn checked(self) -> Result<Self, Refused> {
        text::required(&self.name, NAME).map_err(|problem| Refused::invalid("name", problem.to_string()))?;
        for (place, (usage, service)) in self.address_usages.iter().enumerate() {
            for (field, word) in [("name", usage), ("service", service)] {
                let known = |c: u8| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'_';
                if !(1..=40).contains(&word.len()) || !word.bytes().all(known) {
                    let message = "must be 1 to 40 capital letters, digits and underscores";
                    return Err(Refused::invalid(&format!("addressUsages.{place}.{field}"), message));
                }
            }
        }
        let calendar = self.calendar.checked().map_err(|problem| {
            let field = format!("calendar.{}", problem.field());
            Refused::invalid(&field, format!("the calendar {problem}"))
        })?;
        if self.card_restore_days > MOST_CARD_RESTORE_DAYS {
            let message = format!("must be at most {MOST_CARD_RESTORE_DAYS}");
            return Err(Refused::invalid("cardRestoreDays", message));
        }
        Ok(Self { calendar, ..self })
    }

    /// The business date at a moment. Where the day ends by hand, the date that a first day has.
    #[must_use]
    pub fn date_at(&self, at: Micros) -> NaiveDate {
        let day = self.day();
        known(day.business_date_at(at, &self.calendar), || day.business_date_at(at, &every_day()))
            .unwrap_or_else(|| self.time_zone.local_date(at))
    }

    /// When a business date ends; never by itself where it ends by hand.
    #[must_use]
    pub fn end_of(&self, date: NaiveDate) -> Micros {
        if self.day_end == DayEnd::ByHand {
            return Micros::MAX;
        }
        let day = self.day();
        known(day.rolls_at(date, &self.calendar), || day.rolls_at(date, &every_day())).unwrap_or(Micros::MAX)
    }

    /// The business day after a date.
    #[must_use]
    pub fn day_after(&self, date: NaiveDate) -> NaiveDate {
        known(self.calendar.next_business_day(date), || every_day().next_business_day(date)).unwrap_or(date)
    }

    /// Whether business is done on a day.
    #[must_use]
    pub fn is_business_day(&self, date: NaiveDate) -> bool {
        self.calendar.is_business_day(date).unwrap_or(true)
    }

    fn day(&self) -> LocalDay {
        let cut_off = match self.day_end {
            DayEnd::At(time) => Some(time),
            DayEnd::Midnight | DayEnd::ByHand => None,
        };
        LocalDay { zone: self.time_zone, cut_off }
    }

    /// When a payment over a rail counts that comes at a moment of a business date: as asked for, or by the cut-off,
    /// rolled to a business day where the rail wants one. Nothing where neither the caller nor the rail says anything.
    #[must_use]
    pub fn value_date(
        &self,
        channel: PaymentChannel,
        asked: Option<NaiveDate>,
        now: Micros,
        today: NaiveDate,
    ) -> Option<NaiveDate> {
        let Some(rule) = self.channels.get(&channel) else { return asked };
        let is_late = || rule.cut_off.is_some_and(|cut_off| self.time_zone.local_time(now) >= cut_off);
        // Where the business date is ahead of the calendar's already, the payment has missed its day by that.
        let is_same_day = self.time_zone.local_date(now) == today;
        let date = match asked {
            Some(date) => date,
            None if is_same_day && is_late() => self.day_after(today),
            None => today,
        };
        Some(self.calendar.roll(date, rule.roll).unwrap_or(date))
    }
}

impl Default for Settings {
    /// Universal time, and every day a business day.
    fn default() -> Self {
        Self {
            name: String::new(),
            base_currency: Currency::EURO,
            sandbox: false,
            time_zone: Zone::UTC,
            calendar: every_day(),
            day_end: DayEnd::Midnight,
            channels: BTreeMap::new(),
            card_restore_days: CARD_RESTORE_DAYS,
            address_usages: BTreeSet::new(),
            history_codes: HistoryCodes::default(),
            reference_rules: BTreeSet::new(),
            direct_debits: DebitTerms::default(),
            sandbox_seed: None,
        }
    }
}

fn every_day() -> Calendar {
    Calendar::new(BankCalendar::EveryDay)
}

/// What the calendar says, and where its years end, what one without holidays does: money must not stand still there.
fn known<T>(answer: Result<T, CalendarEnds>, otherwise: impl FnOnce() -> Result<T, CalendarEnds>) -> Option<T> {
    answer.or_else(|_| otherwise()).ok()
}
