//! What makes and cancels dues.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::events::{self, DUE_ADDED, DUE_CANCELLED, DUE_MOVED};
use super::model::{Due, DueSource, DueStatus, MOST};
use super::settle::open_on;
use super::store::OPEN;
use crate::accounts::{Account, AccountBy, Product};
use crate::ledger::amounts::positive;
use crate::ledger::refusal::{CURRENCY_MISMATCH, LIMIT_EXCEEDED};
use crate::ledger::{Component, Position};
use crate::primitives::{DueId, Minor, Money};
use crate::refused::{Facts, Refused, check_reference};
use crate::work::{Command, Decision, Named as _, Owned as _, Stop, Wants, Work};

/// How far from the business date a due may lie, in days: ten years back, fifty ahead.
const BACK: u64 = 3_660;
const AHEAD: u64 = 18_300;

/// A due that is to be made.
#[derive(Clone, Debug)]
pub struct NewDue {
    /// For what it is owed.
    pub component: Component,
    /// How much: positive.
    pub amount: Minor,
    /// The day by which it is to be paid.
    pub due_on: NaiveDate,
    /// What makes it.
    pub source: DueSource,
    /// What it is a part of, as its source calls it.
    pub reference: Option<String>,
}

/// Makes a due of an account. From then on the account's debt is itemised: what comes settles its dues.
///
/// # Errors
/// `INVALID_INPUT` for a shortfall and for a day that is too far away, `ACCOUNT_NOT_OPEN` for a closed account,
/// `LIMIT_EXCEEDED` when 1,000 are open, in this order.
pub fn add(work: &mut Work, account: &Account, new: NewDue) -> Decision<Arc<Due>> {
    if new.component == Component::Shortfall {
        let message = "a shortfall comes about and is repaid by itself";
        return Err(Refused::invalid("component", message).into());
    }
    let today = work.today();
    if new.due_on < today - Days::new(BACK) || new.due_on > today + Days::new(AHEAD) {
        return Err(
            Refused::invalid("dueOn", "must lie within ten years before and fifty after the business date").into()
        );
    }
    let position = work.position(account.id)?;
    position.require_not_closed().map_err(Stop::from).named(&[(account.id, "account")])?;
    if open_on(work, account.id)?.len() >= MOST {
        let message = format!("at most {MOST} dues are open at once");
        let facts = Box::new(Facts { maximum_count: i32::try_from(MOST).ok(), ..Facts::default() });
        return Err(Refused { facts, ..Refused::of_field(LIMIT_EXCEEDED, "account", message) }.into());
    }
    itemise(work, account)?;
    let due = Due {
        id: work.id(),
        ordinal: work.ordinal(),
        account: account.id,
        component: new.component,
        currency: account.currency,
        source: new.source,
        reference: new.reference,
        due_on: new.due_on,
        amount: new.amount,
        settled: Minor::ZERO,
        cancelled: Minor::ZERO,
        status: DueStatus::Open,
        cancel_reason: None,
        created_at: work.now(),
        ended_at: None,
    };
    let due = work.insert(due)?;
    work.tell(events::of(DUE_ADDED, &due));
    Ok(due)
}

/// Has what comes to an account settle its dues.
///
/// # Errors
/// That something is not loaded yet.
pub fn itemise(work: &mut Work, account: &Account) -> Decision<()> {
    if work.position(account.id)?.items.is_some() {
        return Ok(());
    }
    let product = work.get::<Product>(account.product)?;
    let order = product.ok_or_else(|| Stop::damaged("an account without its product"))?.item_order;
    work.change::<Position, Refused>(account.id, |position| {
        position.items = Some(order);
        Ok(())
    })?;
    Ok(())
}

/// Has what is open of a due be paid by another day.
///
/// # Errors
/// `INVALID_STATE` when nothing is.
pub fn move_to(work: &mut Work, due: DueId, due_on: NaiveDate) -> Decision<Arc<Due>> {
    let due = work.change::<Due, Refused>(due, |due| due.move_to(due_on))?;
    work.tell(events::of(DUE_MOVED, &due));
    Ok(due)
}

/// Cancels what is open of a due.
///
/// # Errors
/// `INVALID_STATE` when nothing is.
pub fn cancel(work: &mut Work, due: DueId, reason: &str) -> Decision<Arc<Due>> {
    let now = work.now();
    let due = work.change::<Due, Refused>(due, |due| due.cancel(reason, now))?;
    work.tell(events::of(DUE_CANCELLED, &due));
    Ok(due)
}

/// Makes a due by hand.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddDue {
    /// Of which account.
    pub account: AccountBy,
    /// For what it is owed.
    pub component: Component,
    /// How much.
    pub amount: Money,
    /// The day by which it is to be paid.
    pub due_on: NaiveDate,
    /// What it is a part of.
    pub reference: Option<String>,
}

impl Command for AddDue {
    const OPERATION: &'static str = "addDue";
    type Made = Due;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
        if let AccountBy::Id(account) = self.account {
            wants.set(&OPEN, account.0);
        }
    }

    /// Refused as: `NOT_FOUND`, `AMOUNT_OUT_OF_RANGE`, `CURRENCY_MISMATCH`, `INVALID_INPUT` for the reference, then as
    /// [`add`], in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Due>> {
        let account = self.account.locate(work, "account")?;
        let amount = positive("amount", self.amount)?;
        if self.amount.currency != account.currency {
            let message = format!("the account is in {}", account.currency);
            return Err(Refused::of_field(CURRENCY_MISMATCH, "amount.currency", message).into());
        }
        check_reference("reference", self.reference.as_deref())?;
        let (component, due_on, reference) = (self.component, self.due_on, self.reference.clone());
        add(work, &account, NewDue { component, amount, due_on, source: DueSource::Manual, reference })
    }

    fn weight(&self) -> usize {
        4
    }

    fn amount(&self, _due: &Due) -> Option<Money> {
        Some(self.amount)
    }
}

/// Cancels a due, or what is still open of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CancelDue {
    /// Which.
    pub due: DueId,
    /// Why, as a code of the tenant's own.
    pub reason_code: String,
}

impl Command for CancelDue {
    const OPERATION: &'static str = "cancelDue";
    type Made = Due;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Due>(self.due);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT` for the code and for a due that was not made by hand, which whatever made it
    /// cancels, `INVALID_STATE` when nothing of it is open, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Due>> {
        let found = match work.get::<Due>(self.due)? {
            Some(due) if due.is_visible(work)? => due,
            _ => return Err(Refused::not_found("due", "due").into()),
        };
        check_reference("reasonCode", Some(&self.reason_code))?;
        if found.source != DueSource::Manual {
            let message = format!("it was made by a {}, and goes with it", found.source.word());
            return Err(Refused::invalid("due", message).into());
        }
        cancel(work, found.id, &self.reason_code)
    }

    fn weight(&self) -> usize {
        3
    }

    fn amount(&self, due: &Due) -> Option<Money> {
        Some(due.amount.in_currency(due.currency))
    }
}
