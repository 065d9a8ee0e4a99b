//! What gives promises and takes them back, and what payments do to them.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::model::{LONGEST, MOST, PromiseStatus, PromiseToPay, counted, taken};
use super::store::OF_CLAIM;
use crate::collections::claims::commands::located;
use crate::collections::claims::content::same_currency;
use crate::collections::claims::store::REFERENCE;
use crate::collections::claims::{Claim, ClaimStatus};
use crate::collections::events::{self, PROMISE_CANCELLED, PROMISE_CREATED};
use crate::ledger::amounts::to_minor;
use crate::ledger::refusal::{AMOUNT_OUT_OF_RANGE, LIMIT_EXCEEDED};
use crate::primitives::{Minor, Money, PromiseToPayId};
use crate::refused::{Facts, Refused, check_reference};
use crate::work::{Command, Decision, Stop, Wants, Work};

/// The promises of a claim in its present life, in the order in which they were given.
///
/// # Errors
/// That they are not loaded yet.
pub fn of_claim(work: &mut Work, claim: &Claim) -> Decision<Vec<Arc<PromiseToPay>>> {
    let mut promises = work.all::<PromiseToPay, Claim>(&OF_CLAIM, claim.id)?;
    promises.retain(|promise| promise.life == claim.begun);
    Ok(promises)
}

/// Whether somebody is held to a promise about a claim.
///
/// # Errors
/// That something is not loaded yet.
pub fn live(work: &mut Work, claim: &Claim) -> Decision<bool> {
    Ok(of_claim(work, claim)?.iter().any(|promise| promise.status == PromiseStatus::Open))
}

/// Takes a promise about an active claim. `day_field` is what the input calls the day.
///
/// # Errors
/// `INVALID_STATE` unless the claim is active; `INVALID_INPUT` and `AMOUNT_OUT_OF_RANGE` for the amount: with what else is
/// promised it is at most what is owed (`facts.remaining`); `CURRENCY_MISMATCH`; `INVALID_INPUT` for a day that has passed or
/// is more than a year away; `LIMIT_EXCEEDED` for one of very many; in this order.
pub fn make(
    work: &mut Work,
    claim: &Claim,
    amount: Money,
    (due_date, day_field): (NaiveDate, &str),
    by_debtor: bool,
) -> Decision<Arc<PromiseToPay>> {
    if claim.status != ClaimStatus::Active {
        return Err(claim.is_in("claimReference").into());
    }
    let minor = to_minor("amount", amount)?;
    same_currency("amount.currency", Some(amount.currency), claim.currency)?;
    let promises = of_claim(work, claim)?;
    let open = promises.iter().filter(|promise| promise.status == PromiseStatus::Open);
    let promised: i64 = open.map(|promise| promise.open().0).sum();
    let left = claim.amount.0.saturating_add(claim.fees.0).saturating_sub(promised);
    if !(1..=left.max(0)).contains(&minor.0) {
        let message = "must be more than nothing, and with what else is promised no more than is owed";
        let facts =
            Box::new(Facts { remaining: Some(Minor(left.max(0)).in_currency(claim.currency)), ..Facts::default() });
        return Err(Refused { facts, ..Refused::of_field(AMOUNT_OUT_OF_RANGE, "amount", message) }.into());
    }
    let today = work.today();
    if !(0..=LONGEST).contains(&(due_date - today).num_days()) {
        return Err(Refused::invalid(day_field, "must be a day from today on, within a year").into());
    }
    if promises.len() >= MOST {
        let facts = Box::new(Facts { maximum_count: i32::try_from(MOST).ok(), ..Facts::default() });
        let refused =
            Refused::of_field(LIMIT_EXCEEDED, "claimReference", format!("a claim has at most {MOST} promises"));
        return Err(Refused { facts, ..refused }.into());
    }
    let promise = PromiseToPay {
        id: work.id(),
        ordinal: work.ordinal(),
        claim: claim.id,
        life: claim.begun,
        currency: claim.currency,
        amount: minor,
        paid: Minor::ZERO,
        counted: 0,
        due_date,
        by_debtor,
        status: PromiseStatus::Open,
        reason: None,
        judged_on: None,
        created_at: work.now(),
    };
    let promise = work.insert(promise)?;
    work.tell(events::of_promise(PROMISE_CREATED, claim, &promise));
    Ok(promise)
}

/// Takes back what is promised about a claim, for a reason.
///
/// # Errors
/// That something is not loaded yet.
pub fn cancel_open(work: &mut Work, claim: &Claim, reason: &str) -> Decision<()> {
    for promise in of_claim(work, claim)? {
        if promise.status == PromiseStatus::Open {
            cancel(work, claim, promise.id, Some(reason))?;
        }
    }
    Ok(())
}

fn cancel(
    work: &mut Work,
    claim: &Claim,
    promise: PromiseToPayId,
    reason: Option<&str>,
) -> Decision<Arc<PromiseToPay>> {
    let promise = work.change::<PromiseToPay, Refused>(promise, |row| {
        row.become_(PromiseStatus::Cancelled)?;
        row.reason = reason.map(str::to_owned);
        Ok(())
    })?;
    work.tell(events::of_promise(PROMISE_CANCELLED, claim, &promise));
    Ok(promise)
}

/// What was paid on a claim, for its promises. `place` is where the payment stands in the order of booking.
///
/// # Errors
/// That something is not loaded yet.
pub fn paid(work: &mut Work, claim: &Claim, amount: Minor, place: i64) -> Decision<()> {
    if amount.0 <= 0 {
        return Ok(());
    }
    let rows: Vec<PromiseToPay> = of_claim(work, claim)?.iter().map(|row| (**row).clone()).collect();
    for (at, part) in counted(&rows, amount, work.today()) {
        work.change::<PromiseToPay, Refused>(rows[at].id, |row| {
            row.paid.0 += part.0;
            row.counted = row.counted.max(place);
            Ok(())
        })?;
    }
    Ok(())
}

/// What of a payment bounced, for the promises that it had counted for. `payment` is where that stands in the order of
/// booking.
///
/// # Errors
/// That something is not loaded yet.
pub fn taken_back(work: &mut Work, claim: &Claim, amount: Minor, payment: i64) -> Decision<()> {
    if amount.0 <= 0 {
        return Ok(());
    }
    let rows: Vec<PromiseToPay> = of_claim(work, claim)?.iter().map(|row| (**row).clone()).collect();
    for (at, part) in taken(&rows, amount, payment) {
        work.change::<PromiseToPay, Refused>(rows[at].id, |row| {
            row.paid.0 -= part.0;
            Ok(())
        })?;
    }
    Ok(())
}

/// Takes a promise to pay some of a claim.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreatePromise {
    /// Of which claim.
    pub claim: String,
    /// How much, in the claim's currency.
    pub amount: Money,
    /// By which day, that day included.
    pub due_date: NaiveDate,
}

impl Command for CreatePromise {
    const OPERATION: &'static str = "createPromiseToPay";
    type Made = PromiseToPay;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Claim>(&REFERENCE, &self.claim);
    }

    /// Refused as: `NOT_FOUND`, then as [`make`].
    fn decide(&self, work: &mut Work) -> Decision<Arc<PromiseToPay>> {
        let claim = located(work, &self.claim)?;
        make(work, &claim, self.amount, (self.due_date, "dueDate"), false)
    }

    fn weight(&self) -> usize {
        2
    }

    fn amount(&self, _made: &PromiseToPay) -> Option<Money> {
        Some(self.amount)
    }
}

/// Takes a promise back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CancelPromise {
    /// Which.
    pub promise: PromiseToPayId,
    /// Why, as a word of the caller's own.
    pub reason: Option<String>,
}

impl Command for CancelPromise {
    const OPERATION: &'static str = "cancelPromiseToPay";
    type Made = PromiseToPay;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<PromiseToPay>(self.promise);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT` for the reason, `INVALID_STATE` unless it is open.
    fn decide(&self, work: &mut Work) -> Decision<Arc<PromiseToPay>> {
        let found = work.get::<PromiseToPay>(self.promise)?;
        let found = found.ok_or_else(|| Refused::not_found("promise", "promise to pay"))?;
        check_reference("reason", self.reason.as_deref())?;
        let claim = work.get::<Claim>(found.claim)?.ok_or_else(|| Stop::damaged("a promise without its claim"))?;
        cancel(work, &claim, found.id, self.reason.as_deref())
    }

    fn weight(&self) -> usize {
        2
    }
}
