//! What leases book and ask for: see the table in [`super`].

use std::sync::Arc;

use chrono::NaiveDate;

use super::events::{self, LEASE_INSTALMENT_BILLED, LEASE_INSTALMENT_CANCELLED};
use super::model::{LeaseInstalment, LeaseParts, LeasePlan, LeasePrincipal, rolled};
use crate::accounts::Account;
use crate::dues::{self, Due, DueSource, NewDue};
use crate::ledger::chart::{Component, InternalRole};
use crate::ledger::entry::{Side, Spread};
use crate::ledger::rows::Reversed;
use crate::ledger::{Draft, EntryFacts, TransactionKind};
use crate::primitives::{AccountId, EntryId, LeaseInstalmentId, Minor};
use crate::refused::Refused;
use crate::work::books::Reversal;
use crate::work::{Decision, Named as _, Stop, Work};

/// The account of something of a lease.
///
/// # Errors
/// That it is not loaded yet, or not there.
pub(super) fn account_of(work: &mut Work, account: AccountId) -> Decision<Arc<Account>> {
    work.get::<Account>(account)?.ok_or_else(|| Stop::damaged("a lease without its account"))
}

/// The plan of an instalment.
///
/// # Errors
/// That it is not loaded yet, or not there.
pub(super) fn plan_of(work: &mut Work, instalment: &LeaseInstalment) -> Decision<Arc<LeasePlan>> {
    work.get::<LeasePlan>(instalment.plan)?.ok_or_else(|| Stop::damaged("an instalment without its plan"))
}

/// What of an instalment's dues is open.
///
/// # Errors
/// That it is not loaded yet.
pub(super) fn open_of(work: &mut Work, instalment: &LeaseInstalment) -> Decision<Vec<Arc<Due>>> {
    let reference = instalment.id.to_string();
    let mut open = dues::open_on(work, instalment.account)?;
    open.retain(|due| due.source == DueSource::Lease && due.reference.as_deref() == Some(&reference));
    Ok(open)
}

fn draft(account: &Account, plan: &LeasePlan, title: String) -> Draft {
    let mut draft = Draft::new(TransactionKind::LeaseInstalment, account.currency, title);
    draft.facts.reference.clone_from(&plan.reference);
    draft
}

/// Charges the principal of a plan whose account does not owe it yet.
///
/// # Errors
/// The books'.
pub(super) fn charge_principal(
    work: &mut Work,
    account: &Account,
    plan: &LeasePlan,
    amount: Minor,
    title: &str,
) -> Decision<Option<EntryId>> {
    if amount <= Minor::ZERO || plan.principal == LeasePrincipal::OwedBefore {
        return Ok(None);
    }
    let own = Side::Account(account.id, Spread::Cleared, None);
    let draft = draft(account, plan, title.into());
    let draft = draft.moving(own, Side::Internal(InternalRole::LeasedAssets), amount);
    Ok(Some(work.post(&draft).named(&[(account.id, "account")])?.id))
}

/// What of parts is to be asked for: of each component no more than is owed, and was not asked for.
///
/// The order is that of dues: fees with taxes first, then interest, then principal.
#[must_use]
pub(super) fn to_ask(
    parts: LeaseParts,
    owed: impl Fn(Component) -> i64,
    asked: impl Fn(Component) -> i64,
) -> Vec<(Component, Minor)> {
    let wanted = [
        (Component::Fee, parts.fee.0 + parts.vat.0),
        (Component::Interest, parts.interest.0),
        (Component::Principal, parts.principal.0),
    ];
    let part = |(component, wanted): (Component, i64)| {
        let part = wanted.min(owed(component) - asked(component)).max(0);
        (component, Minor(part))
    };
    wanted.into_iter().map(part).filter(|(_, part)| part.0 > 0).collect()
}

/// Asks for what of parts is owed, and was not asked for.
///
/// # Errors
/// As [`dues::add`].
pub(super) fn ask(
    work: &mut Work,
    account: &Account,
    parts: LeaseParts,
    due_on: NaiveDate,
    (source, reference): (DueSource, String),
) -> Decision<()> {
    let position = work.position(account.id)?;
    let open = dues::open_on(work, account.id)?;
    let owed = |component: Component| -position.balances[component.index()].0;
    let asked = |component| open.iter().filter(|due| due.component == component).map(|due| due.open().0).sum();
    for (component, amount) in to_ask(parts, owed, asked) {
        let reference = Some(reference.clone());
        dues::add(work, account, NewDue { component, amount, due_on, source, reference })?;
    }
    Ok(())
}

/// Bills an instalment: charges what it is made of, and asks for what of it funds have not paid.
///
/// # Errors
/// The books', and as [`dues::add`].
pub(super) fn bill(work: &mut Work, id: LeaseInstalmentId) -> Decision<Arc<LeaseInstalment>> {
    let instalment = found(work, id)?;
    let (account, plan) = (account_of(work, instalment.account), plan_of(work, &instalment));
    let (account, plan) = (account?, plan?);
    let parts = instalment.parts;
    let title = format!("Lease instalment {}", instalment.number);
    let mut entries = Vec::new();
    entries.extend(charge_principal(work, &account, &plan, parts.principal, &title)?);
    for (component, to) in [
        (
            Component::Interest,
            [(InternalRole::InterestIncome, parts.interest), (InternalRole::VatPayable, Minor::ZERO)],
        ),
        (Component::Fee, [(InternalRole::FeeIncome, parts.fee), (InternalRole::VatPayable, parts.vat)]),
    ] {
        if to.iter().all(|(_, part)| *part == Minor::ZERO) {
            continue;
        }
        let own = Side::Account(account.id, Spread::Charge(component), None);
        let to = to.map(|(role, part)| (Side::Internal(role), part));
        let draft = draft(&account, &plan, title.clone()).parting(own, to);
        entries.push(work.post(&draft).named(&[(account.id, "account")])?.id);
    }
    let due_on = rolled_of(work, instalment.due_on);
    ask(work, &account, parts, due_on, (DueSource::Lease, instalment.id.to_string()))?;
    let today = work.today();
    let billed = work.change::<LeaseInstalment, Refused>(id, |instalment| {
        instalment.billed_on = Some(today);
        instalment.entries.extend(entries);
        Ok(())
    })?;
    work.tell(events::of_instalment(LEASE_INSTALMENT_BILLED, &billed));
    Ok(billed)
}

/// Takes back what an instalment was billed with, so that it is planned again.
///
/// # Errors
/// The books'.
pub(super) fn unbill(work: &mut Work, instalment: &LeaseInstalment) -> Decision<()> {
    for due in open_of(work, instalment)? {
        dues::cancel(work, due.id, "INSTALMENT_ALTERED")?;
    }
    for id in &instalment.entries {
        let reversed = work.get::<Reversed>(*id);
        let entry = work.entry(*id);
        if reversed?.is_some_and(|reversed| reversed.complete) {
            continue;
        }
        let entry = entry?.ok_or_else(|| Stop::damaged("what an instalment was billed with is not there"))?;
        let reversal = Reversal {
            amount: None,
            value_date: None,
            description: "Lease instalment altered".into(),
            facts: EntryFacts::default(),
        };
        work.reverse(&entry, &reversal).named(&[(instalment.account, "account")])?;
    }
    work.change::<LeaseInstalment, Refused>(instalment.id, |instalment| {
        instalment.billed_on = None;
        instalment.entries.clear();
        Ok(())
    })?;
    Ok(())
}

/// Cancels an instalment that is still to be billed, and takes it out of its plan's sums.
///
/// # Errors
/// That something is not loaded yet.
pub(super) fn cancel(work: &mut Work, instalment: &LeaseInstalment) -> Decision<()> {
    let today = work.today();
    let parts = instalment.parts;
    let cancelled = work.change::<LeaseInstalment, Refused>(instalment.id, |instalment| {
        instalment.cancelled_on = Some(today);
        Ok(())
    })?;
    work.get::<LeasePlan>(instalment.plan)?;
    work.change::<LeasePlan, Refused>(instalment.plan, |plan| {
        plan.parts = plan.parts.minus(parts);
        Ok(())
    })?;
    work.tell(events::of_instalment(LEASE_INSTALMENT_CANCELLED, &cancelled));
    Ok(())
}

/// An instalment that is there.
///
/// # Errors
/// That it is not loaded yet, or not there.
pub(super) fn found(work: &mut Work, id: LeaseInstalmentId) -> Decision<Arc<LeaseInstalment>> {
    work.get::<LeaseInstalment>(id)?.ok_or_else(|| Stop::damaged("an instalment is not there"))
}

/// A day, or the business day after it where it is none, by the tenant's calendar.
pub(super) fn rolled_of(work: &Work, day: NaiveDate) -> NaiveDate {
    rolled(day, &work.settings().calendar)
}
