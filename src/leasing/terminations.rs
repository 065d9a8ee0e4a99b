//! Terminations of credits: before, back and for good.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::books::{ask, cancel, charge_principal, plan_of};
use super::events::{self, CREDIT_BACK_TO_NORMAL, CREDIT_PRE_TERMINATED, CREDIT_TERMINATED};
use super::model::{LeaseInstalment, LeaseParts, LeasePlan, Termination, TerminationStatus};
use super::respites::require_credit;
use super::store::INSTALMENTS;
use crate::accounts::blocks::BlockOn;
use crate::accounts::{Account, AccountBy, AccountRef, Family, PlaceBlock};
use crate::billing::bills::move_open_bill;
use crate::dues::{self, DueSource};
use crate::ledger::amounts::positive;
use crate::ledger::refusal::CURRENCY_MISMATCH;
use crate::ledger::{BlockKind, Component, Entry, TransactionKind};
use crate::primitives::{AccountId, LeasePlanId, Minor, Money};
use crate::refused::{Facts, Refused};
use crate::work::{Command, Decision, Stop, Wants, Work};

/// How many days ahead the next check may lie.
const DAYS_AHEAD: u64 = 3_660;

/// Why the account is blocked, as the code of the block.
pub const BLOCKED: &str = "CREDIT_TERMINATED";

/// Has a credit be terminated: later, at once, or not.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetTermination {
    /// Which account's.
    pub account: AccountRef,
    /// What it is to be.
    pub status: TerminationStatus,
    /// The day by whose end enough is to be paid, of a pre-termination. Without one it is not looked at by itself.
    pub next_check_on: Option<NaiveDate>,
    /// What is enough, of a pre-termination. Without it no payment leads back.
    pub minimum: Option<Money>,
    /// The account that is to be credited: kept for the tenant, and nothing is booked on it.
    pub credit_account: Option<AccountBy>,
}

impl SetTermination {
    /// That what goes with a pre-termination is said of one.
    fn check(&self, today: NaiveDate) -> Result<(), Refused> {
        if self.status != TerminationStatus::PreTerminated {
            let message = "goes with PRE_TERMINATED alone";
            if self.next_check_on.is_some() {
                return Err(Refused::invalid("nextStatusCheck", message));
            }
            if self.minimum.is_some() {
                return Err(Refused::invalid("minAmountBackToNormal", message));
            }
        }
        let latest = today.checked_add_days(Days::new(DAYS_AHEAD)).unwrap_or(today);
        if self.next_check_on.is_some_and(|on| on < today || on > latest) {
            let facts = Box::new(Facts { earliest: Some(today), latest: Some(latest), ..Facts::default() });
            let message = format!("must lie between {today} and {latest}");
            return Err(Refused { facts, ..Refused::invalid("nextStatusCheck", message) });
        }
        Ok(())
    }

    fn minimum(&self, account: &Account) -> Result<Option<Minor>, Refused> {
        let Some(minimum) = self.minimum else { return Ok(None) };
        if minimum.currency != account.currency {
            let message = format!("the account is in {}", account.currency);
            return Err(Refused::of_field(CURRENCY_MISMATCH, "minAmountBackToNormal.currency", message));
        }
        positive("minAmountBackToNormal", minimum).map(Some)
    }

    fn credited(&self, work: &mut Work, account: &Account) -> Decision<Option<AccountId>> {
        let Some(by) = &self.credit_account else { return Ok(None) };
        let credited = by.locate(work, "creditAccount")?;
        if credited.id == account.id {
            return Err(Refused::invalid("creditAccount", "is another account than the one that is terminated").into());
        }
        if credited.currency != account.currency {
            let message = format!("the account is in {}", credited.currency);
            return Err(Refused::of_field(CURRENCY_MISMATCH, "creditAccount", message).into());
        }
        Ok(Some(credited.id))
    }
}

impl Command for SetTermination {
    const OPERATION: &'static str = "setTermination";
    type Made = Termination;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
        if let Some(by) = &self.credit_account {
            by.hint(wants);
        }
    }

    /// Refused as: `INVALID_INPUT` for what goes with a pre-termination alone and for the day, what the account is not found
    /// for, `NOT_A_CREDIT`, `ACCOUNT_NOT_OPEN`, `CREDIT_TERMINATED`, `ALREADY_PRE_TERMINATED`, `INVALID_STATE` for what is
    /// normal already, `CURRENCY_MISMATCH` and `AMOUNT_OUT_OF_RANGE` for the amount, `NOT_FOUND`, `INVALID_INPUT` and
    /// `CURRENCY_MISMATCH` for the account to credit, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Termination>> {
        let today = work.today();
        self.check(today)?;
        let account = self.account.locate(work)?;
        let found = require_credit(work, &account)?;
        let status = found.as_ref().map_or(TerminationStatus::Normal, |found| found.status);
        status.may_become(self.status)?;
        let minimum = self.minimum(&account)?;
        let credit_account = self.credited(work, &account)?;
        let id = Termination::id_of(account.id);
        if found.is_none() {
            let row = Termination {
                id,
                ordinal: work.ordinal(),
                status,
                currency: account.currency,
                next_check_on: None,
                minimum: None,
                paid: Minor::ZERO,
                credit_account: None,
                since: work.now(),
                pre_terminated_on: None,
                terminated_on: None,
                normal_on: None,
            };
            work.insert(row)?;
        }
        if credit_account.is_some() {
            work.change::<Termination, Refused>(id, |row| {
                row.credit_account = credit_account;
                Ok(())
            })?;
        }
        match self.status {
            TerminationStatus::Terminated => terminate(work, &account),
            TerminationStatus::Normal => back_to_normal(work, account.id),
            TerminationStatus::PreTerminated => {
                // What comes from now on is looked at.
                dues::itemise(work, &account)?;
                let now = work.now();
                let row = work.change::<Termination, Refused>(id, |row| {
                    row.status = TerminationStatus::PreTerminated;
                    row.next_check_on = self.next_check_on;
                    row.minimum = minimum;
                    row.paid = Minor::ZERO;
                    row.since = now;
                    row.pre_terminated_on = Some(today);
                    Ok(())
                })?;
                work.tell(events::of_termination(CREDIT_PRE_TERMINATED, &row));
                Ok(row)
            }
        }
    }

    fn weight(&self) -> usize {
        60
    }
}

fn back_to_normal(work: &mut Work, account: AccountId) -> Decision<Arc<Termination>> {
    let (today, now) = (work.today(), work.now());
    let row = work.change::<Termination, Refused>(Termination::id_of(account), |row| {
        row.status.may_become(TerminationStatus::Normal)?;
        row.status = TerminationStatus::Normal;
        row.next_check_on = None;
        row.since = now;
        row.normal_on = Some(today);
        Ok(())
    })?;
    work.tell(events::of_termination(CREDIT_BACK_TO_NORMAL, &row));
    Ok(row)
}

/// Terminates a credit: everything is due today, and nothing leaves the account any more.
///
/// # Errors
/// The books', and `LIMIT_EXCEEDED` where the account has as many blocks or dues as it can have.
pub(super) fn terminate(work: &mut Work, account: &Account) -> Decision<Arc<Termination>> {
    let (today, now) = (work.today(), work.now());
    let instalments = match account.family {
        Family::Leasing => work.all::<LeaseInstalment, Account>(&INSTALMENTS, account.id)?,
        _ => Vec::new(),
    };
    let mut rest: Vec<(LeasePlanId, Minor)> = Vec::new();
    for instalment in instalments.into_iter().filter(|instalment| instalment.is_planned()) {
        let principal = instalment.parts.principal;
        match rest.iter_mut().find(|(plan, _)| *plan == instalment.plan) {
            Some((_, sum)) => sum.0 += principal.0,
            None => rest.push((instalment.plan, principal)),
        }
        cancel(work, &instalment)?;
    }
    for (plan, principal) in rest {
        let plan = work.get::<LeasePlan>(plan)?.ok_or_else(|| Stop::damaged("an instalment without its plan"))?;
        charge_principal(work, account, &plan, principal, "Lease terminated: what was still to be billed")?;
    }
    for due in dues::open_on(work, account.id)?.into_iter().filter(|due| due.due_on > today) {
        dues::move_to(work, due.id, today)?;
    }
    let tomorrow = today.succ_opt().unwrap_or(today);
    move_open_bill(work, account.id, tomorrow, |_| today)?;
    let row = work.change::<Termination, Refused>(Termination::id_of(account.id), |row| {
        row.status.may_become(TerminationStatus::Terminated)?;
        row.status = TerminationStatus::Terminated;
        row.next_check_on = None;
        row.since = now;
        row.terminated_on = Some(today);
        Ok(())
    })?;
    let position = work.position(account.id)?;
    let owed = |component: Component| Minor((-position.balances[component.index()].0).max(0));
    let all = LeaseParts {
        principal: owed(Component::Principal),
        interest: owed(Component::Interest),
        fee: owed(Component::Fee),
        vat: Minor::ZERO,
    };
    ask(work, account, all, today, (DueSource::Termination, row.id.to_string()))?;
    let block = PlaceBlock {
        on: BlockOn::Account(AccountBy::Id(account.id)),
        kind: BlockKind::Debits,
        reason_code: BLOCKED.into(),
        reason: None,
        until: None,
        garnished: None,
    };
    block.decide(work)?;
    work.tell(events::of_termination(CREDIT_TERMINATED, &row));
    Ok(row)
}

/// Whether what is booked pays.
fn pays(kind: TransactionKind) -> bool {
    matches!(kind, TransactionKind::Payment | TransactionKind::Transfer | TransactionKind::Credit)
}

/// Counts what comes to a credit that is on its way to its termination, and what of that is taken back: with enough it is
/// normal again, at once.
///
/// # Errors
/// That something is not loaded yet.
pub fn booked(
    work: &mut Work,
    entry: &Entry,
    original: Option<&Entry>,
    (account, amount): (AccountId, Minor),
) -> Decision<()> {
    if !pays(original.unwrap_or(entry).kind) || (original.is_none() && amount.0 <= 0) {
        return Ok(());
    }
    let id = Termination::id_of(account);
    let Some(found) = work.get::<Termination>(id)? else { return Ok(()) };
    // What came before has not counted.
    let counted = original.is_none_or(|original| original.booked_at >= found.since && amount.0 < 0);
    if found.status != TerminationStatus::PreTerminated || !counted {
        return Ok(());
    }
    let mut enough = false;
    work.change::<Termination, Refused>(id, |row| {
        enough = row.count(amount);
        Ok(())
    })?;
    if enough {
        back_to_normal(work, account)?;
    }
    Ok(())
}

/// Cancels what was still to be billed on an account that has just been closed.
///
/// # Errors
/// That something is not loaded yet.
pub fn close_all(work: &mut Work, account: AccountId) -> Decision<()> {
    // What is no lease, or nobody's account, has no instalments.
    if work.get::<Account>(account)?.is_none_or(|account| account.family != Family::Leasing) {
        return Ok(());
    }
    let instalments = work.all::<LeaseInstalment, Account>(&INSTALMENTS, account)?;
    for instalment in instalments.into_iter().filter(|instalment| instalment.is_planned()) {
        plan_of(work, &instalment)?;
        cancel(work, &instalment)?;
    }
    Ok(())
}
