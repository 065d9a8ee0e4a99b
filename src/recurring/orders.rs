//! The life of a payment order: made from the settings, sent on its day, answered by the rail, tried again.

use chrono::NaiveDate;

use super::commands::remove;
use super::events::{
    self, PAYMENT_ORDER_EXECUTED, PAYMENT_ORDER_FAILED, PAYMENT_ORDER_SCHEDULED, PAYMENT_ORDER_SENT,
    PAYMENT_ORDER_SKIPPED, RECURRING_PAYMENT_WITHOUT_CONSENT,
};
use super::model::{DebitConsent, PaymentOrder, PaymentOrderReason, PaymentOrderStatus, RecurringPayment};
use crate::dues;
use crate::ledger::entry::Side;
use crate::ledger::facts::EntryFacts;
use crate::ledger::rows::Reversed;
use crate::ledger::{AccountStatus, Draft, PaymentChannel, Position, TransactionKind};
use crate::payments::simulator;
use crate::primitives::calendar::RollRule;
use crate::primitives::{AccountId, Minor, PaymentOrderId};
use crate::refused::Refused;
use crate::work::{Decision, Reversal, Stop, Work};

/// A day, or the business day after it.
fn rolled(work: &Work, day: NaiveDate) -> NaiveDate {
    work.settings().calendar.roll(day, RollRule::Following).unwrap_or(day)
}

/// The business day that many business days after another.
fn business_days_after(work: &Work, day: NaiveDate, days: u8) -> NaiveDate {
    work.settings().calendar.add_business_days(day, i16::from(days)).unwrap_or(day)
}

/// What is owed, less what was drawn and is on its way.
fn debt(position: &Position) -> Minor {
    Minor((-position.balance().0).max(0))
}

/// What is to be drawn for an account by a day.
fn amount(work: &mut Work, settings: &RecurringPayment, by: NaiveDate) -> Decision<Minor> {
    let position = work.position(settings.account)?;
    let open = match position.items {
        Some(_) => dues::open_on(work, settings.account)?,
        None => Vec::new(),
    };
    Ok(settings.amount(debt(&position), open.iter().map(|due| (due.due_on, due.open())), by))
}

fn is_consented(work: &mut Work, settings: &RecurringPayment) -> Decision<bool> {
    let consent = work.get::<DebitConsent>(DebitConsent::id_of(settings.account))?;
    Ok(consent.is_some_and(|consent| consent.allows(settings.method)))
}

/// Makes the next order of an account. Without a consent it waits for one until the order's day is over.
///
/// # Errors
/// That something is not loaded yet.
pub fn schedule(work: &mut Work, on: NaiveDate, account: AccountId) -> Decision<()> {
    let found = work.get::<RecurringPayment>(RecurringPayment::id_of(account))?;
    let Some(settings) = found.filter(|settings| settings.is_active() && settings.schedule_on <= on) else {
        return Ok(());
    };
    if work.position(account)?.status == AccountStatus::Closed {
        return remove(work, account).map(|_| ());
    }
    let execution_on = rolled(work, settings.next_on).max(on);
    if is_consented(work, &settings)? {
        let planned = amount(work, &settings, execution_on)?;
        let id = PaymentOrder::id_of(account, settings.next_on);
        // Nothing is kept of a day on which nothing was to be paid, where that is known at once.
        let says_something = planned.0 > 0 || execution_on > on;
        if says_something && work.get::<PaymentOrder>(id)?.is_none() {
            let order = PaymentOrder {
                id,
                ordinal: work.ordinal(),
                account,
                period: settings.next_on,
                method: settings.method,
                scope: settings.scope,
                currency: settings.currency,
                planned,
                collected: None,
                execution_on,
                act_on: Some(execution_on),
                status: PaymentOrderStatus::Scheduled,
                reason: None,
                attempts: 0,
                entry: None,
                bounces: false,
                scheduled_at: work.now(),
                ended_at: None,
            };
            let order = work.insert(order)?;
            work.tell(events::of_order(PAYMENT_ORDER_SCHEDULED, &order));
        }
    } else if execution_on > on {
        return Ok(());
    } else {
        work.tell(events::of_settings(RECURRING_PAYMENT_WITHOUT_CONSENT, &settings));
    }
    work.change::<RecurringPayment, Refused>(RecurringPayment::id_of(account), |settings| {
        settings.go_on_after(execution_on);
        Ok(())
    })?;
    Ok(())
}

/// Does what a day has to do with an order: sends it, or takes the rail's answer.
///
/// # Errors
/// That something is not loaded yet.
pub fn act(work: &mut Work, on: NaiveDate, order: PaymentOrderId) -> Decision<()> {
    let order = work.get::<PaymentOrder>(order)?.ok_or_else(|| Stop::damaged("a payment order is not there"))?;
    match order.status {
        _ if order.act_on.is_none_or(|day| day > on) => Ok(()),
        PaymentOrderStatus::Scheduled => send(work, on, &order),
        PaymentOrderStatus::Sent => answer(work, on, &order),
        _ => Ok(()),
    }
}

/// Sends an order for what is to be paid then. What is drawn is credited at once, and on its way until the rail's days
/// have passed.
fn send(work: &mut Work, on: NaiveDate, order: &PaymentOrder) -> Decision<()> {
    let settings = work.get::<RecurringPayment>(RecurringPayment::id_of(order.account))?;
    let Some(settings) = settings.filter(|settings| settings.is_active()) else {
        return skip(work, order, PaymentOrderReason::SettingsRemoved);
    };
    if !is_consented(work, &settings)? {
        return skip(work, order, PaymentOrderReason::NoConsent);
    }
    if work.position(order.account)?.status == AccountStatus::Closed {
        return skip(work, order, PaymentOrderReason::AccountClosed);
    }
    let amount = amount(work, &settings, on)?;
    if amount == Minor::ZERO {
        return skip(work, order, PaymentOrderReason::NothingDue);
    }
    let attempts = order.attempts + 1;
    let comes_on = business_days_after(work, on, settings.terms.collection_days);
    let mut draft = Draft::new(TransactionKind::Payment, order.currency, "Direct debit".into());
    let from = Side::Internal(PaymentChannel::DirectDebit.settlement());
    draft = draft.moving(from, Side::account(order.account), amount);
    draft.id = Some(order.entry_of(attempts));
    draft.facts.channel = Some(PaymentChannel::DirectDebit);
    draft.facts.reference = Some(order.id.to_string());
    draft.value_date = Some(comes_on);
    let posted = work.attempt(|work| work.post(&draft))?;
    let Ok(entry) = posted else {
        let tried = PaymentOrder { attempts, ..order.clone() };
        return fail(work, on, (&tried, &settings), PaymentOrderReason::NotTaken);
    };
    let returned = simulator::returned(work, amount.in_currency(order.currency));
    let order = work.change::<PaymentOrder, Refused>(order.id, |order| {
        order.go_on(PaymentOrderStatus::Sent, None)?;
        order.method = settings.method;
        order.scope = settings.scope;
        order.collected = Some(amount);
        order.attempts = attempts;
        order.entry = Some(entry.id);
        order.bounces = returned.is_some();
        order.execution_on = on;
        order.act_on = Some(returned.unwrap_or(comes_on));
        Ok(())
    })?;
    work.tell(events::of_order(PAYMENT_ORDER_SENT, &order));
    Ok(())
}

/// Takes the rail's answer: the money has come, or was given back.
fn answer(work: &mut Work, on: NaiveDate, order: &PaymentOrder) -> Decision<()> {
    let entry = order.entry.ok_or_else(|| Stop::damaged("a payment order that was sent without an entry"))?;
    let mut is_back = work.get::<Reversed>(entry)?.is_some_and(|reversed| reversed.complete);
    if order.bounces && !is_back {
        let entry = work.entry(entry)?.ok_or_else(|| Stop::damaged("a payment order's entry is not there"))?;
        let facts = EntryFacts { reason: Some("returned by the customer's bank".into()), ..EntryFacts::default() };
        let description = "Returned direct debit".to_owned();
        let back = Reversal { amount: None, value_date: None, description, facts };
        // A rail of our own takes nothing back that the books do not let go.
        is_back = work.attempt(|work| work.reverse(&entry, &back))?.is_ok();
    }
    if is_back {
        let settings = work.get::<RecurringPayment>(RecurringPayment::id_of(order.account))?;
        let settings = settings.ok_or_else(|| Stop::damaged("a payment order without settings"))?;
        return fail(work, on, (order, &settings), PaymentOrderReason::Returned);
    }
    let now = work.now();
    let order = work.change::<PaymentOrder, Refused>(order.id, |order| {
        order.end(PaymentOrderStatus::Executed, None, now)?;
        order.bounces = false;
        Ok(())
    })?;
    work.tell(events::of_order(PAYMENT_ORDER_EXECUTED, &order));
    Ok(())
}

fn skip(work: &mut Work, order: &PaymentOrder, reason: PaymentOrderReason) -> Decision<()> {
    let now = work.now();
    let order = work
        .change::<PaymentOrder, Refused>(order.id, |order| order.end(PaymentOrderStatus::Skipped, Some(reason), now))?;
    work.tell(events::of_order(PAYMENT_ORDER_SKIPPED, &order));
    Ok(())
}

/// An order that did not come: it is tried again where the terms say so and the settings are in force.
fn fail(
    work: &mut Work,
    on: NaiveDate,
    (tried, settings): (&PaymentOrder, &RecurringPayment),
    reason: PaymentOrderReason,
) -> Decision<()> {
    let again = settings.is_active() && tried.attempts <= u32::from(settings.terms.retries);
    let (next, now) = (business_days_after(work, on, settings.terms.retry_days), work.now());
    let order = work.change::<PaymentOrder, Refused>(tried.id, |order| {
        order.attempts = tried.attempts;
        order.bounces = false;
        if again {
            order.go_on(PaymentOrderStatus::Scheduled, Some(reason))?;
            order.execution_on = next;
            order.act_on = Some(next);
            return Ok(());
        }
        order.end(PaymentOrderStatus::Failed, Some(reason), now)
    })?;
    work.tell(events::of_order(PAYMENT_ORDER_FAILED, &order));
    Ok(())
}
