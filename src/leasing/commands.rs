//! What makes plans of leases, and adds to them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::books::bill;
use super::events::{self, LEASE_INSTALMENT_ADDED};
use super::model::{
    LeaseInstalment, LeaseParts, LeasePlan, LeasePrincipal, MOST_INSTALMENTS, MOST_PLANS, Termination,
    TerminationStatus,
};
use super::refusals::NOT_A_LEASE;
use super::store::{INSTALMENTS, PLANS};
use super::terms::{LeaseLine, NewLeaseInstalment, NewLeaseInstalments};
use crate::accounts::refusals::{AMBIGUOUS_LOOKUP, LOOKUP_MISMATCH};
use crate::accounts::{Account, AccountRef, Family};
use crate::dues;
use crate::ledger::Component;
use crate::ledger::refusal::{AMOUNT_OUT_OF_RANGE, LIMIT_EXCEEDED};
use crate::primitives::{LeasePlanId, Minor, Money};
use crate::refused::{Facts, Refused, check_reference};
use crate::work::{Command, Decision, Named as _, Owned as _, Stop, Wants, Work};

/// Makes a plan of a leasing account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateLeasePlan {
    /// Of which account.
    pub account: AccountRef,
    /// What the tenant calls it.
    pub reference: Option<String>,
    /// When the account comes to owe the principal.
    pub principal: LeasePrincipal,
    /// Its instalments.
    pub instalments: NewLeaseInstalments,
}

impl Command for CreateLeasePlan {
    const OPERATION: &'static str = "createLeasePlan";
    type Made = LeasePlan;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
    }

    /// Refused as: what the account is not found for, `NOT_A_LEASE`, `ACCOUNT_NOT_OPEN`, `CREDIT_TERMINATED`,
    /// `INVALID_INPUT` for an account that may not owe, and for the reference, `INVALID_INPUT` and `AMOUNT_OUT_OF_RANGE` for
    /// the instalments, `LIMIT_EXCEEDED`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<LeasePlan>> {
        let account = self.account.locate(work)?;
        require_lease(work, &account)?;
        check_reference("reference", self.reference.as_deref())?;
        let lines = self.instalments.lines(account.currency)?;
        if let NewLeaseInstalments::Terms(terms) = &self.instalments {
            terms.check_first(work.today())?;
        }
        require_room(work, &account, lines.len())?;
        let plan = new_plan(work, &account, (self.reference.clone(), self.principal))?;
        let mut made = Vec::with_capacity(lines.len());
        for (place, line) in lines.into_iter().enumerate() {
            let (path, amount) = self.instalments.path(place);
            made.push(add(work, plan.id, line, (&path, &amount))?);
        }
        let plan = work.get::<LeasePlan>(plan.id)?.ok_or_else(|| Stop::damaged("a plan is gone"))?;
        require_owed(work, &plan, &self.instalments.path(0).1)?;
        work.tell(events::planned(&plan));
        let today = work.today();
        for instalment in made.into_iter().filter(|instalment| instalment.bill_on() <= today) {
            bill(work, instalment.id)?;
        }
        Ok(plan)
    }

    fn weight(&self) -> usize {
        4 + match &self.instalments {
            NewLeaseInstalments::Terms(terms) => usize::try_from(terms.count).unwrap_or(usize::MAX).min(400),
            NewLeaseInstalments::Listed(listed) => listed.len(),
        }
    }
}

/// Adds an instalment to a plan; to a new one, where its account has none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddLeaseInstalment {
    /// Of which account. Without it the plan says so.
    pub account: AccountRef,
    /// To which plan; to the account's only one when absent.
    pub plan: Option<LeasePlanId>,
    /// The instalment.
    pub instalment: NewLeaseInstalment,
}

impl Command for AddLeaseInstalment {
    const OPERATION: &'static str = "addLeaseInstalment";
    type Made = LeaseInstalment;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
        if let Some(plan) = self.plan {
            wants.row::<LeasePlan>(plan);
        }
    }

    /// Refused as: what the account is not found for, `NOT_FOUND` for the plan, `LOOKUP_MISMATCH` for one of another account,
    /// `NOT_A_LEASE`, `ACCOUNT_NOT_OPEN`, `CREDIT_TERMINATED`, `INVALID_INPUT` for an account that may not owe,
    /// `AMBIGUOUS_LOOKUP` where it has several plans and none is named, `INVALID_INPUT` and `AMOUNT_OUT_OF_RANGE` for the
    /// instalment, `LIMIT_EXCEEDED`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<LeaseInstalment>> {
        let (account, plan) = located(work, &self.account, self.plan)?;
        require_lease(work, &account)?;
        let plan = match plan {
            Some(plan) => plan,
            None => {
                let mut plans = work.all::<LeasePlan, Account>(&PLANS, account.id)?;
                match plans.len() {
                    0 => new_plan(work, &account, (None, LeasePrincipal::WithInstalments))?,
                    1 => plans.swap_remove(0),
                    many => {
                        let message = format!("the account has {many} plans: say to which one it is added");
                        return Err(Refused::of_field(AMBIGUOUS_LOOKUP, "plan", message).into());
                    }
                }
            }
        };
        let line = self.instalment.line("instalment.", account.currency)?;
        require_room(work, &account, 1)?;
        let added = add(work, plan.id, line, ("instalment.", "instalment.principal"))?;
        require_owed(work, &plan, "instalment.principal")?;
        work.tell(events::of_instalment(LEASE_INSTALMENT_ADDED, &added));
        if added.bill_on() <= work.today() { bill(work, added.id) } else { Ok(added) }
    }

    fn weight(&self) -> usize {
        12
    }

    fn amount(&self, added: &LeaseInstalment) -> Option<Money> {
        Some(added.parts.total().in_currency(added.currency))
    }
}

/// The account and the plan that an input means.
///
/// # Errors
/// What the account is not found for, `NOT_FOUND` for the plan, `LOOKUP_MISMATCH` where they do not agree, in this order.
pub(super) fn located(
    work: &mut Work,
    account: &AccountRef,
    plan: Option<LeasePlanId>,
) -> Decision<(Arc<Account>, Option<Arc<LeasePlan>>)> {
    let says_account = account.account.is_some() || account.lookup.is_some();
    let named = if says_account || plan.is_none() { Some(account.locate(work)?) } else { None };
    let plan = match plan {
        None => None,
        Some(id) => match work.get::<LeasePlan>(id)? {
            Some(plan) if plan.is_visible(work)? => Some(plan),
            _ => return Err(Refused::not_found("plan", "lease plan").into()),
        },
    };
    let account = match (named, &plan) {
        (Some(account), Some(plan)) if plan.account != account.id => {
            return Err(mismatch("plan", "the plan is of another account").into());
        }
        (Some(account), _) => account,
        (None, Some(plan)) => super::books::account_of(work, plan.account)?,
        (None, None) => return Err(Stop::damaged("an account that nobody names")),
    };
    Ok((account, plan))
}

/// Two things that an input says do not agree.
pub(super) fn mismatch(field: &str, message: &str) -> Refused {
    Refused::of_field(LOOKUP_MISMATCH, field, message)
}

/// That an account is one of a lease that goes on.
///
/// # Errors
/// `NOT_A_LEASE`, `ACCOUNT_NOT_OPEN`, `CREDIT_TERMINATED`, `INVALID_INPUT` for one that may not owe, in this order.
pub(super) fn require_lease(work: &mut Work, account: &Account) -> Decision<()> {
    if account.family != Family::Leasing {
        let message = "only accounts of the family LEASING have lease plans";
        return Err(Refused::of_field(NOT_A_LEASE, "account", message).into());
    }
    let (position, termination) = (work.position(account.id), work.get::<Termination>(Termination::id_of(account.id)));
    let (position, termination) = (position?, termination?);
    position.require_not_closed().map_err(Stop::from).named(&[(account.id, "account")])?;
    if let Some(termination) = termination.filter(|found| found.status == TerminationStatus::Terminated) {
        termination.status.may_become(TerminationStatus::Normal)?;
    }
    if !position.may_owe() {
        return Err(Refused::invalid("account", "the account may not owe: its product gives no debt").into());
    }
    Ok(())
}

fn new_plan(
    work: &mut Work,
    account: &Account,
    (reference, principal): (Option<String>, LeasePrincipal),
) -> Decision<Arc<LeasePlan>> {
    if work.all::<LeasePlan, Account>(&PLANS, account.id)?.len() >= MOST_PLANS {
        return Err(too_many(MOST_PLANS, "plans").into());
    }
    let plan = LeasePlan {
        id: work.id(),
        ordinal: work.ordinal(),
        account: account.id,
        reference,
        principal,
        currency: account.currency,
        last_number: 0,
        parts: LeaseParts::default(),
        created_at: work.now(),
    };
    work.insert(plan)
}

/// That an account takes more instalments.
fn require_room(work: &mut Work, account: &Account, more: usize) -> Decision<()> {
    if work.all::<LeaseInstalment, Account>(&INSTALMENTS, account.id)?.len() + more > MOST_INSTALMENTS {
        return Err(too_many(MOST_INSTALMENTS, "instalments").into());
    }
    Ok(())
}

/// Refuses a plan OWED_BEFORE that asks for principal which the account does not owe, or which is asked for already: such an
/// instalment would be paid without a payment.
///
/// # Errors
/// `AMOUNT_OUT_OF_RANGE` for the field.
pub(super) fn require_owed(work: &mut Work, plan: &LeasePlan, field: &str) -> Decision<()> {
    if plan.principal != LeasePrincipal::OwedBefore {
        return Ok(());
    }
    let account = plan.account;
    let (plans, all) = (
        work.all::<LeasePlan, Account>(&PLANS, account)?,
        work.all::<LeaseInstalment, Account>(&INSTALMENTS, account)?,
    );
    let position = work.position(account)?;
    let asked: i64 = match position.items {
        Some(_) => dues::open_on(work, account)?
            .iter()
            .filter(|due| due.component == Component::Principal)
            .map(|due| due.open().0)
            .sum(),
        None => 0,
    };
    let owed = -position.balances[Component::Principal.index()].0;
    let is_such = |instalment: &LeaseInstalment| {
        let of = plans.iter().find(|plan| plan.id == instalment.plan);
        of.is_some_and(|plan| plan.principal == LeasePrincipal::OwedBefore)
    };
    let planned = all.iter().filter(|one| one.billed_on.is_none() && one.cancelled_on.is_none() && is_such(one));
    let planned: i64 = planned.map(|instalment| instalment.parts.principal.0).sum();
    if planned > owed - asked {
        let message =
            "is more than the account owes and is not asked for yet: of a plan OWED_BEFORE, principal is owed already";
        return Err(Refused::of_field(AMOUNT_OUT_OF_RANGE, field, message).into());
    }
    Ok(())
}

fn too_many(most: usize, what: &str) -> Refused {
    let facts = Box::new(Facts { maximum_count: i32::try_from(most).ok(), ..Facts::default() });
    let refused = Refused::of_field(LIMIT_EXCEEDED, "account", format!("an account has at most {most} {what}"));
    Refused { facts, ..refused }
}

/// Adds an instalment to a plan, and to its sums.
fn add(
    work: &mut Work,
    plan: LeasePlanId,
    line: LeaseLine,
    (path, amount): (&str, &str),
) -> Decision<Arc<LeaseInstalment>> {
    let found = work.get::<LeasePlan>(plan)?.ok_or_else(|| Stop::damaged("a plan is gone"))?;
    let instalment = LeaseInstalment {
        id: work.id(),
        ordinal: work.ordinal(),
        plan,
        account: found.account,
        number: found.last_number + 1,
        due_on: line.due_on,
        billing_on: line.billing_on,
        letter_at: line.letter_at,
        reminder_at: line.reminder_at,
        parts: line.parts,
        currency: found.currency,
        service: line.service,
        residual: line.residual,
        billed_on: None,
        entries: Vec::new(),
        cancelled_on: None,
        created_at: work.now(),
    };
    instalment.check_days(path, work.today())?;
    let added = work.insert(instalment)?;
    count_in(work, plan, LeaseParts::default(), added.parts, amount)?;
    work.change::<LeasePlan, Refused>(plan, |plan| {
        plan.last_number += 1;
        Ok(())
    })?;
    Ok(added)
}

/// Has a plan's sums follow from what an instalment was and is.
///
/// # Errors
/// `AMOUNT_OUT_OF_RANGE` for the field, where the plan comes to more than the books can say.
pub(super) fn count_in(
    work: &mut Work,
    plan: LeasePlanId,
    before: LeaseParts,
    after: LeaseParts,
    field: &str,
) -> Decision<()> {
    work.get::<LeasePlan>(plan)?;
    work.change::<LeasePlan, Refused>(plan, |plan| {
        plan.parts = plan.parts.minus(before).plus(after);
        if plan.parts.total().0 > Minor::LARGEST {
            let message = "the plan would come to more than the books can say";
            return Err(Refused::of_field(AMOUNT_OUT_OF_RANGE, field, message));
        }
        Ok(())
    })?;
    Ok(())
}
