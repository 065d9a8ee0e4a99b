//! What the rail answers, and what follows.

use std::sync::Arc;

use chrono::{Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use super::commands::{NewDebit, give_back, make};
use super::events::{self, DIRECT_DEBIT_AVAILABLE};
use super::model::{DebitSource, DirectDebit, DirectDebitState};
use super::reasons::{Consequence, DebitReason};
use super::refusals::{NO_REFUND_RIGHT, REFUND_TOO_LATE};
use super::store::{END_TO_END, called};
use super::{books, terms};
use crate::mandates::commands::turn as turn_mandate;
use crate::mandates::{Mandate, MandateScheme, MandateStatus};
use crate::primitives::DirectDebitId;
use crate::refused::{Facts, Refused, noted};
use crate::work::{Command, Decision, Stop, Wants, Work};

/// Days within which a payer gets back what was allowed, without a reason: eight weeks (SEPA Core rulebook, 4.3.4).
const REFUND_DAYS: Days = Days::new(56);
/// Months within which a payer gets back what was not allowed (Directive (EU) 2015/2366, article 71).
const UNAUTHORISED_MONTHS: Months = Months::new(13);

crate::words! {
    /// What the rail tells of a direct debit.
    DebitOutcome {
        /// The bank has taken it.
        Accepted = "ACCEPTED",
        /// It was paid.
        Paid = "PAID",
        /// It was rejected before it was paid.
        Rejected = "REJECTED",
        /// It came back unpaid after it had been paid.
        Returned = "RETURNED",
        /// The payer wanted it back: within eight weeks, or thirteen months where it was not allowed.
        Refunded = "REFUNDED",
        /// The creditor gave it back by itself.
        Reversed = "REVERSED",
    }
}

impl DebitOutcome {
    /// The state that it leads to.
    #[must_use]
    pub fn state(self) -> DirectDebitState {
        match self {
            Self::Accepted => DirectDebitState::Accepted,
            Self::Paid => DirectDebitState::Paid,
            Self::Rejected => DirectDebitState::Rejected,
            Self::Returned => DirectDebitState::Returned,
            Self::Refunded | Self::Reversed => DirectDebitState::Refunded,
        }
    }
}

/// Notes what the rail tells of a debit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportDirectDebit {
    /// Of which.
    pub end_to_end: String,
    /// What.
    pub outcome: DebitOutcome,
    /// Why.
    pub reason: Option<DebitReason>,
    /// The day on which it was so, and settled; today when absent.
    pub on: Option<NaiveDate>,
    /// For people.
    pub note: Option<String>,
}

impl Command for ReportDirectDebit {
    const OPERATION: &'static str = "reportDirectDebit";
    type Made = DirectDebit;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<DirectDebit>(&END_TO_END, &self.end_to_end);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, `INVALID_INPUT` for a reason that is missing or does not fit, and for the
    /// day, `NO_REFUND_RIGHT`, `REFUND_TOO_LATE`, in this order; and as the books refuse.
    fn decide(&self, work: &mut Work) -> Decision<Arc<DirectDebit>> {
        let debit = called(work, &self.end_to_end)?;
        report(work, &debit, self)
    }

    fn weight(&self) -> usize {
        24
    }
}

/// Does what an answer of the rail means.
///
/// # Errors
/// As [`ReportDirectDebit`]'s, but for the debit itself.
pub fn report(work: &mut Work, debit: &DirectDebit, told: &ReportDirectDebit) -> Decision<Arc<DirectDebit>> {
    debit.require(told.outcome.state())?;
    let mandate = work.get::<Mandate>(debit.mandate)?.ok_or_else(|| Stop::damaged("a debit without its mandate"))?;
    let today = work.today();
    let on = told.on.unwrap_or(today);
    let note = noted("note", told.note.as_deref())?;
    match told.reason {
        None if matches!(told.outcome, DebitOutcome::Accepted | DebitOutcome::Paid) => {}
        None => return Err(Refused::invalid("reason", "say why").into()),
        Some(reason) if !reason.explains(told.outcome) => {
            let message = format!("{} is no reason for that", reason.word());
            return Err(Refused::invalid("reason", message).into());
        }
        Some(_) => {}
    }
    let earliest = debit.settled_on.or(debit.sent_on).unwrap_or(debit.created_on);
    if on < earliest || on > today {
        let facts = Facts { earliest: Some(earliest), latest: Some(today), ..Facts::default() };
        let refused = Refused::invalid("date", format!("must lie between {earliest} and {today}"));
        return Err(Refused { facts: Box::new(facts), ..refused }.into());
    }
    if told.outcome == DebitOutcome::Refunded {
        require_refundable(debit, mandate.scheme, told.reason, on)?;
    }
    match told.outcome {
        DebitOutcome::Accepted => turn(work, debit.id, told, on, note),
        DebitOutcome::Paid => paid(work, debit, told, on, note),
        _ => came_back(work, debit, told, on, note),
    }
}

/// That a payer still has it back.
///
/// # Errors
/// `NO_REFUND_RIGHT`, `REFUND_TOO_LATE` with the last day.
pub fn require_refundable(
    debit: &DirectDebit,
    scheme: MandateScheme,
    reason: Option<DebitReason>,
    on: NaiveDate,
) -> Result<(), Refused> {
    let settled = debit.settled_on.unwrap_or(debit.collection_on);
    let is_unauthorised = reason == Some(DebitReason::Md01);
    if !is_unauthorised && scheme == MandateScheme::SepaB2b {
        let message = "the scheme gives no refund of what was allowed";
        return Err(Refused::of_field(NO_REFUND_RIGHT, "reason", message));
    }
    let latest = if is_unauthorised {
        settled.checked_add_months(UNAUTHORISED_MONTHS)
    } else {
        settled.checked_add_days(REFUND_DAYS)
    };
    match latest {
        Some(latest) if on > latest => {
            let facts = Box::new(Facts { latest: Some(latest), ..Facts::default() });
            let refused = Refused::of_field(REFUND_TOO_LATE, "date", format!("the last day for it was {latest}"));
            Err(Refused { facts, ..refused })
        }
        _ => Ok(()),
    }
}

fn turn(
    work: &mut Work,
    id: DirectDebitId,
    told: &ReportDirectDebit,
    on: NaiveDate,
    note: Option<String>,
) -> Decision<Arc<DirectDebit>> {
    let state = told.outcome.state();
    let debit = work.change::<DirectDebit, Refused>(id, |debit| {
        debit.turn(state, on)?;
        debit.reason = told.reason;
        debit.note = note.or(debit.note.take());
        // Whoever answers in the place of a sandbox's rail is not contradicted by it.
        debit.rail_on = debit.rail_on.filter(|_| state == DirectDebitState::Accepted);
        Ok(())
    })?;
    work.tell(events::of(events::event(state), &debit));
    Ok(debit)
}

/// Settled: it becomes the account's after the tenant's days, and with it where there are none.
fn paid(
    work: &mut Work,
    debit: &DirectDebit,
    told: &ReportDirectDebit,
    on: NaiveDate,
    note: Option<String>,
) -> Decision<Arc<DirectDebit>> {
    let settings = work.settings();
    let days = terms::days(settings.direct_debits.available_after_days);
    let available_on = if days == 0 { on } else { terms::after(&settings, on, days) };
    let collected = books::collect(work, debit, on)?;
    let debit = turn(work, debit.id, told, on, note)?;
    let debit = work.change::<DirectDebit, Refused>(debit.id, |debit| {
        debit.collected = Some(collected);
        debit.available_on = Some(available_on);
        Ok(())
    })?;
    // The last collection of its mandate is done with it.
    let mandate = work.get::<Mandate>(debit.mandate)?.ok_or_else(|| Stop::damaged("a debit without its mandate"))?;
    if mandate.last_debit == Some(debit.id) && mandate.status.next().contains(&MandateStatus::Expired) {
        turn_mandate(work, mandate.id, MandateStatus::Expired, None)?;
    }
    if available_on <= work.today() { release(work, &debit) } else { Ok(debit) }
}

/// Gives the account what was paid. Where it cannot be, because the account is closed or may hold no more, it stays where
/// it is and is tried again each business day.
///
/// # Errors
/// That something is not loaded yet.
pub fn release(work: &mut Work, debit: &DirectDebit) -> Decision<Arc<DirectDebit>> {
    let payment = work.attempt(|work| books::pay(work, debit))?;
    let debit = work.change::<DirectDebit, Refused>(debit.id, |debit| {
        match &payment {
            Ok(entry) => debit.payment = Some(*entry),
            Err(refused) => debit.note = Some(refused.message.clone()),
        }
        Ok(())
    })?;
    if debit.payment.is_some() {
        work.tell(events::of(DIRECT_DEBIT_AVAILABLE, &debit));
    }
    Ok(debit)
}

/// Rejected, returned, refunded or reversed: what was booked is taken back, and the reason decides the rest.
fn came_back(
    work: &mut Work,
    debit: &DirectDebit,
    told: &ReportDirectDebit,
    on: NaiveDate,
    note: Option<String>,
) -> Decision<Arc<DirectDebit>> {
    let reason = told.reason.ok_or_else(|| Stop::damaged("something came back without a reason"))?;
    // What the house gives back by itself is nobody's fault.
    let consequence = match told.outcome {
        DebitOutcome::Reversed => Consequence { retry: false, fee: false, mandate: None },
        _ => reason.consequence(),
    };
    let why = reason.word();
    let taken_back = books::take_back(work, debit, on, why)?;
    let fee = if consequence.fee { books::charge(work, debit, why)? } else { None };
    turn(work, debit.id, told, on, note)?;
    let debit = work.change::<DirectDebit, Refused>(debit.id, |debit| {
        (debit.taken_back, debit.fee) = (taken_back, fee);
        Ok(())
    })?;
    if debit.state == DirectDebitState::Rejected {
        give_back(work, &debit)?;
    }
    let mandate = work.get::<Mandate>(debit.mandate)?.ok_or_else(|| Stop::damaged("a debit without its mandate"))?;
    if let Some(status) = consequence.mandate
        && mandate.stands(work.today()).next().contains(&status)
    {
        turn_mandate(work, mandate.id, status, Some(format!("direct debit {}: {why}", debit.end_to_end)))?;
    }
    if consequence.retry { retry(work, &debit) } else { Ok(debit) }
}

/// Tries it again, as long as the tenant does and the mandate can be used.
fn retry(work: &mut Work, debit: &Arc<DirectDebit>) -> Decision<Arc<DirectDebit>> {
    let (settings, today) = (work.settings(), work.today());
    let terms = &settings.direct_debits;
    if debit.attempt > i64::from(terms.retries) {
        return Ok(debit.clone());
    }
    let mandate = work.get::<Mandate>(debit.mandate)?.ok_or_else(|| Stop::damaged("a debit without its mandate"))?;
    let wanted = terms::after(&settings, today, terms::days(terms.retry_after_days));
    let new = NewDebit {
        account: debit.account,
        currency: debit.currency,
        amount: debit.amount,
        collection_on: Some(wanted.max(terms::earliest(&settings, &mandate, today))),
        mandate,
        overpayment: debit.overpayment,
        remittance_info: debit.remittance_info.clone(),
        last: debit.sequence == crate::mandates::SequenceType::Fnal,
        source: DebitSource::Retry,
        retry: Some((debit.id, debit.attempt + 1)),
    };
    let made = work.attempt(|work| make(work, new))?;
    match made {
        // The mandate has ended meanwhile.
        Err(_) => Ok(debit.clone()),
        Ok(made) => work.change::<DirectDebit, Refused>(debit.id, |debit| {
            debit.retried_by = Some(made.id);
            Ok(())
        }),
    }
}
