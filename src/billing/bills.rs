//! Bills: made with statements, followed by reminders, closed when they are paid; and whose minimum payment is overdue.

use std::sync::Arc;

use chrono::{Days, NaiveDate};

use super::close::{account_of, plan_of};
use super::events::{self, BILL_CLOSED, BILL_MADE, BILL_MOVED, DELINQUENCY_BEGUN, DELINQUENCY_ENDED, STATEMENT_ISSUED};
use super::model::{Bill, BillEnd, BillKind, BillingAccount, Statement, StatementState};
use crate::accounts::Account;
use crate::dues::{self, Due, DueSource, NewDue};
use crate::ledger::entry::{Side, Spread};
use crate::ledger::{AccountStatus, Component, Draft, InternalRole, TransactionKind};
use crate::primitives::calendar::RollRule;
use crate::primitives::{AccountId, BillId, Minor};
use crate::refused::Refused;
use crate::work::{Decision, Stop, Work};

/// Whether bills ask for a due: for what statements have asked for, and for what a termination has made due at once.
pub(super) fn is_billed(due: &Due) -> bool {
    matches!(due.source, DueSource::Bill | DueSource::Termination)
}

/// What of bills is open on an account.
///
/// # Errors
/// That it is not loaded yet.
pub(super) fn billed_open(work: &mut Work, account: AccountId) -> Decision<Vec<Arc<Due>>> {
    if work.position(account)?.items.is_none() {
        return Ok(Vec::new());
    }
    let mut open = dues::open_on(work, account)?;
    open.retain(|due| is_billed(due));
    Ok(open)
}

fn sum<'a>(dues: impl IntoIterator<Item = &'a Arc<Due>>) -> Minor {
    Minor(dues.into_iter().map(|due| due.open().0).sum())
}

fn billing_of(work: &mut Work, account: AccountId) -> Decision<Arc<BillingAccount>> {
    let found = work.get::<BillingAccount>(BillingAccount::id_of(account))?;
    found.ok_or_else(|| Stop::damaged("a statement of an account that is not billed"))
}

/// Issues a statement: with a bill, where something is to be paid.
///
/// # Errors
/// That something is not loaded yet.
pub(super) fn issue(work: &mut Work, statement: &Statement) -> Decision<()> {
    let account = account_of(work, statement.account)?;
    let (plan, billed) = (plan_of(work, &account), billing_of(work, account.id));
    let (plan, billed) = (plan?, billed?);
    let open = billed_open(work, account.id)?;
    let now = work.now();
    let statement = work.change::<Statement, Refused>(statement.id, |statement| {
        statement.state = StatementState::Issued;
        statement.issued_at = Some(now);
        Ok(())
    })?;
    work.tell(events::of_statement(STATEMENT_ISSUED, &statement));
    if let Some(before) = billed.open_bill {
        let end = if open.is_empty() { BillEnd::Paid } else { BillEnd::CarriedOver };
        end_bill(work, &account, before, end)?;
    }
    if open.is_empty() {
        return Ok(());
    }
    let follows = plan.and_then(|plan| BillKind::Bill.next(&plan.terms));
    let bill = Bill {
        id: work.id(),
        ordinal: work.ordinal(),
        account: account.id,
        currency: account.currency,
        statement: statement.id,
        number: format!("bill-{}-{}", account.number, statement.number),
        kind: BillKind::Bill,
        end: None,
        follows: None,
        amount: Minor((-statement.balance.0).max(0)),
        minimum: sum(&open),
        fee: Minor::ZERO,
        due_on: statement.due_on,
        made_on: work.today(),
        follow_on: follows.map(|next| statement.due_on + Days::new(next.after_days.into())),
        ended_on: None,
        created_at: now,
        document: None,
    };
    made(work, bill)
}

fn made(work: &mut Work, bill: Bill) -> Decision<()> {
    let bill = work.insert(bill)?;
    work.change::<BillingAccount, Refused>(BillingAccount::id_of(bill.account), |billed| {
        billed.open_bill = Some(bill.id);
        Ok(())
    })?;
    work.tell(events::of_bill(BILL_MADE, &bill));
    Ok(())
}

/// Closes a bill, if it is not closed: its account has none that is to be paid then.
fn end_bill(work: &mut Work, account: &Account, bill: BillId, end: BillEnd) -> Decision<()> {
    let found = work.get::<Bill>(bill)?.ok_or_else(|| Stop::damaged("the open bill of an account is not there"))?;
    if found.end.is_none() {
        let today = work.today();
        let bill = work.change::<Bill, Refused>(bill, |bill| bill.close(end, today))?;
        work.tell(events::of_bill(BILL_CLOSED, &bill));
    }
    work.change::<BillingAccount, Refused>(BillingAccount::id_of(account.id), |billed| {
        billed.open_bill = None;
        Ok(())
    })?;
    Ok(())
}

/// Moves the due date of an account's open bill that is due on a day or later, and with it the day on which it is reminded of.
/// The account's dues are moved by whoever asks for this.
///
/// # Errors
/// That something is not loaded yet.
pub fn move_open_bill(
    work: &mut Work,
    account: AccountId,
    from: NaiveDate,
    to: impl FnOnce(NaiveDate) -> NaiveDate,
) -> Decision<()> {
    let Some(billed) = work.get::<BillingAccount>(BillingAccount::id_of(account))? else { return Ok(()) };
    let Some(bill) = billed.open_bill else { return Ok(()) };
    let found = work.get::<Bill>(bill)?.ok_or_else(|| Stop::damaged("the open bill of an account is not there"))?;
    if found.end.is_some() || found.due_on < from {
        return Ok(());
    }
    let due_on = to(found.due_on);
    let by = due_on - found.due_on;
    let bill = work.change::<Bill, Refused>(bill, |bill| {
        bill.due_on = due_on;
        bill.follow_on = bill.follow_on.and_then(|on| on.checked_add_signed(by));
        Ok(())
    })?;
    work.tell(events::of_bill(BILL_MOVED, &bill));
    Ok(())
}

/// Puts a reminder in the place of a bill that was not paid: with its fee, which is a due as well.
///
/// # Errors
/// That something is not loaded yet, and what the books refuse.
pub(super) fn remind(work: &mut Work, day: NaiveDate, bill: BillId) -> Decision<()> {
    let found = work.get::<Bill>(bill)?.ok_or_else(|| Stop::damaged("a bill is not there"))?;
    if found.end.is_some() || found.follow_on.is_none_or(|on| on > day) {
        return Ok(());
    }
    let account = account_of(work, found.account)?;
    let (plan, position) = (plan_of(work, &account), work.position(account.id));
    let (plan, position) = (plan?, position?);
    let overdue = billed_open(work, account.id)?.iter().any(|due| due.due_on <= found.due_on);
    let next = plan.as_ref().and_then(|plan| found.kind.next(&plan.terms));
    let (Some(plan), Some(next)) = (plan, next.filter(|_| overdue && position.status != AccountStatus::Closed)) else {
        // It was paid, or there is nothing more to be said: nobody looks at it again.
        work.change::<Bill, Refused>(bill, |bill| {
            bill.follow_on = None;
            Ok(())
        })?;
        return Ok(());
    };
    let due_on = day + Days::new(u64::from(plan.terms.payment_days.max(1)));
    let due_on = work.settings().calendar.roll(due_on, RollRule::Following).unwrap_or(due_on);
    if next.fee.0 > 0 {
        let (kind, title) = match next.kind {
            BillKind::Collection => (TransactionKind::CollectionFee, "Collection fee"),
            _ => (TransactionKind::ReminderFee, "Reminder fee"),
        };
        let own = Side::Account(account.id, Spread::Charge(Component::Fee), None);
        let draft = Draft::new(kind, account.currency, title.into());
        work.post(&draft.moving(own, Side::Internal(InternalRole::FeeIncome), next.fee))?;
        let owed = -work.position(account.id)?.balances[Component::Fee.index()].0;
        let asked = sum(billed_open(work, account.id)?.iter().filter(|due| due.component == Component::Fee));
        // Funds may have paid for it.
        let amount = Minor(next.fee.0.min(owed - asked.0));
        if amount.0 > 0 {
            let reference = Some(found.statement.to_string());
            let due = NewDue { component: Component::Fee, amount, due_on, source: DueSource::Bill, reference };
            dues::add(work, &account, due)?;
        }
    }
    let minimum = sum(&billed_open(work, account.id)?);
    end_bill(work, &account, bill, BillEnd::Reminded)?;
    let position = work.position(account.id)?;
    let prefix = match next.kind {
        BillKind::Collection => "collection",
        BillKind::Reminder2 => "reminder-2",
        _ => "reminder",
    };
    let follows = next.kind.next(&plan.terms);
    let statement = work.get::<Statement>(found.statement)?;
    let number = statement.map_or(0, |statement| statement.number);
    let reminder = Bill {
        id: work.id(),
        ordinal: work.ordinal(),
        account: account.id,
        currency: account.currency,
        statement: found.statement,
        number: format!("{prefix}-{}-{number}", account.number),
        kind: next.kind,
        end: None,
        follows: Some(found.id),
        amount: position.debt(),
        minimum,
        fee: next.fee,
        due_on,
        made_on: work.today(),
        follow_on: follows.map(|next| due_on + Days::new(next.after_days.into())),
        ended_on: None,
        created_at: work.now(),
        document: None,
    };
    made(work, reminder)
}

/// Closes the bill of an account that is paid, and notes whether its minimum payment is overdue.
///
/// # Errors
/// That something is not loaded yet.
pub(super) fn age(work: &mut Work, next_day: NaiveDate, account: AccountId) -> Decision<()> {
    let account = account_of(work, account)?;
    let billed = billing_of(work, account.id)?;
    let open = billed_open(work, account.id)?;
    if let Some(bill) = billed.open_bill.filter(|_| open.is_empty()) {
        end_bill(work, &account, bill, BillEnd::Paid)?;
    }
    let overdue = open.iter().filter(|due| due.due_on < next_day);
    let overdue = overdue.filter(|due| billed.lifted_through.is_none_or(|lifted| due.due_on > lifted));
    let since = overdue.map(|due| due.due_on).min();
    if since == billed.delinquent_since {
        return Ok(());
    }
    let (began, was) = (since.is_some(), billed.delinquent_since.is_some());
    let billed = work.change::<BillingAccount, Refused>(BillingAccount::id_of(account.id), |billed| {
        billed.delinquent_since = since;
        Ok(())
    })?;
    match (was, began) {
        (false, true) => work.tell(events::of_delinquency(DELINQUENCY_BEGUN, &billed)),
        (true, false) => work.tell(events::of_delinquency(DELINQUENCY_ENDED, &billed)),
        _ => {}
    }
    Ok(())
}
