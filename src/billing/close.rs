//! Closing a cycle: interest and fees are booked, and the statement is sealed, in one decision.

use std::sync::Arc;

use chrono::{Days, NaiveDate};

use super::bills::{self, is_billed};
use super::events::{self, STATEMENT_CLOSED};
use super::interest::{ClosedPeriod, InterestLine, REACH, corrections, interest, rounded};
use super::model::{BillingAccount, BillingPlan, BillingTerms, Statement, StatementState, next_closure};
use super::store::Seen;
use crate::accounts::Account;
use crate::dues::{self, DueSource, NewDue};
use crate::ledger::amounts::share_of;
use crate::ledger::entry::{Side, Spread};
use crate::ledger::{AccountStatus, Component, Draft, Entry, InternalRole, TransactionKind};
use crate::primitives::calendar::RollRule;
use crate::primitives::{AccountId, Minor, StatementId};
use crate::recurring::{PaymentScope, RecurringPayment};
use crate::refused::Refused;
use crate::work::{Decision, Stop, Work};

/// The plan by which an account is billed.
///
/// # Errors
/// That something is not loaded yet.
pub(super) fn plan_of(work: &mut Work, account: &Account) -> Decision<Option<Arc<BillingPlan>>> {
    work.get::<BillingPlan>(BillingPlan::id_of(account.product))
}

/// The account of a key.
///
/// # Errors
/// That it is not loaded yet, or not there.
pub(super) fn account_of(work: &mut Work, account: AccountId) -> Decision<Arc<Account>> {
    work.get::<Account>(account)?.ok_or_else(|| Stop::damaged("a billed account is not there"))
}

/// Begins the first cycle of an account.
///
/// # Errors
/// That something is not loaded yet.
pub(super) fn open(work: &mut Work, account: AccountId) -> Decision<()> {
    let account = account_of(work, account)?;
    let id = BillingAccount::id_of(account.id);
    let (plan, found) = (plan_of(work, &account), work.get::<BillingAccount>(id));
    let (Some(plan), None) = (plan?, found?) else { return Ok(()) };
    let opened_on = account.opened_on.max(plan.starts_on);
    // A cycle has a day at least.
    let before = opened_on.pred_opt().unwrap_or(opened_on);
    let billed = BillingAccount {
        account: account.id,
        opened_on: account.opened_on.min(opened_on),
        next_closure: next_closure(before, &plan.terms, &work.settings().calendar),
        last_closure: None,
        last_cut: 0,
        scan_from: 0,
        own_first: 0,
        own_last: 0,
        last_statement: None,
        statements: 0,
        balance: Minor::ZERO,
        memory: super::model::CycleMemory::default(),
        open_bill: None,
        delinquent_since: None,
        lifted_through: None,
    };
    work.insert(billed)?;
    Ok(())
}

/// What a closing books.
struct Booked {
    interest: Minor,
    fees: Minor,
    entries: Vec<Arc<Entry>>,
}

/// Closes the cycle of an account.
///
/// # Errors
/// That something is not loaded yet, and what the books refuse.
pub(super) fn close(work: &mut Work, through: NaiveDate, seen: &Seen) -> Decision<()> {
    let account = account_of(work, seen.account)?;
    let id = BillingAccount::id_of(account.id);
    let (found, plan) = (work.get::<BillingAccount>(id), plan_of(work, &account));
    let position = work.position(account.id);
    let (Some(billed), Some(plan)) = (found?, plan?) else { return Ok(()) };
    // Somebody was faster.
    if billed.next_closure > through || billed.last_cut != seen.since {
        return Ok(());
    }
    let terms = &plan.terms;
    let closure = billed.next_closure;
    let is_closed = position?.status == AccountStatus::Closed;

    let before = billed.memory.principal.clone();
    let mut memory = billed.memory.clone();
    for (day, amount) in &seen.principal {
        memory.principal.add(*day, *amount);
    }
    let previous = previous_of(work, &billed)?;
    let is_free = is_free(terms, previous.as_deref(), &seen.payments);
    let period = ClosedPeriod { from: billed.opened_on, until: closure + Days::new(1), free: is_free };
    let lines = lines_of(terms, (&before, &memory.principal), &memory.periods, period, seen);

    let booked = if is_closed { None } else { Some(book(work, &account, terms, &billed, seen, closure, &lines)?) };
    let Booked { interest, fees, entries } =
        booked.unwrap_or(Booked { interest: Minor::ZERO, fees: Minor::ZERO, entries: Vec::new() });
    let mut balance = Minor(billed.balance.0 + seen.total);
    for entry in &entries {
        for line in entry.postings.iter().filter(|line| line.account == Some(account.id)) {
            balance.0 += line.amount.0;
            if line.component() == Some(Component::Principal) {
                memory.principal.add(entry.value_date, line.amount.0);
            }
        }
    }
    memory.periods.push(period);
    let reach = closure.checked_sub_days(REACH).unwrap_or(NaiveDate::MIN);
    memory.periods.retain(|period| period.until > reach);
    memory.principal.forget_before(reach);

    let id: StatementId = work.id();
    let calendar = work.settings().calendar.clone();
    let due_on = closure + Days::new(terms.payment_days.into());
    let due_on = calendar.roll(due_on, RollRule::Following).unwrap_or(due_on);
    let asked = ask(work, &account, terms, balance, (id, due_on))?;
    let (own_first, own_last) = match (entries.first(), entries.last()) {
        (Some(first), Some(last)) => (first.sequence, last.sequence),
        _ => (0, 0),
    };
    let next = next_closure(closure, terms, &calendar);
    let statement = Statement {
        id,
        ordinal: work.ordinal(),
        account: account.id,
        currency: account.currency,
        number: billed.statements + 1,
        from: billed.opened_on,
        closed_on: closure,
        previous_closed_on: billed.last_closure,
        next_closed_on: next,
        previous_cut: billed.last_cut,
        scan_from: billed.scan_from,
        previous_own_first: billed.own_first,
        previous_own_last: billed.own_last,
        cut: seen.cut,
        own_first,
        own_last,
        previous_balance: billed.balance,
        payments: Minor(seen.payments.iter().map(|(_, amount)| amount).sum()),
        interest,
        fees,
        balance,
        amount_due: asked.amount_due,
        remaining_due: asked.remaining,
        past_due: asked.past_due,
        theoretical_direct_debit: asked.theoretical,
        direct_debit: asked.direct_debit,
        due_on,
        issue_on: closure + Days::new(terms.issue_after_days.into()),
        state: StatementState::Closed,
        interest_free: is_free,
        lines,
        created_at: work.now(),
        issued_at: None,
        document: None,
    };
    let statement = work.insert(statement)?;
    work.change::<BillingAccount, Refused>(BillingAccount::id_of(account.id), |billed| {
        billed.opened_on = closure + Days::new(1);
        billed.last_closure = Some(closure);
        billed.next_closure = next;
        billed.last_cut = seen.cut;
        billed.scan_from = seen.later.map_or(seen.cut, |later| (later - 1).min(seen.cut));
        billed.own_first = own_first;
        billed.own_last = own_last;
        billed.last_statement = Some(statement.id);
        billed.statements += 1;
        billed.balance = balance;
        billed.memory = memory;
        Ok(())
    })?;
    work.tell(events::of_statement(STATEMENT_CLOSED, &statement));
    if statement.issue_on <= through {
        bills::issue(work, &statement)?;
    }
    Ok(())
}

/// The last statement of an account.
fn previous_of(work: &mut Work, billed: &BillingAccount) -> Decision<Option<Arc<Statement>>> {
    match billed.last_statement {
        Some(id) => work.get::<Statement>(id),
        None => Ok(None),
    }
}

/// Whether debt bears nothing in a cycle: what the statement before had as debt was paid by its due date.
fn is_free(terms: &BillingTerms, previous: Option<&Statement>, payments: &[(NaiveDate, i64)]) -> bool {
    if !terms.interest.as_ref().is_some_and(|interest| interest.free_when_paid) {
        return false;
    }
    let Some(previous) = previous else { return true };
    let paid: i64 = payments.iter().filter(|(day, _)| *day <= previous.due_on).map(|(_, amount)| amount).sum();
    paid >= -previous.balance.0
}

fn lines_of(
    terms: &BillingTerms,
    (before, after): (&super::interest::Timeline, &super::interest::Timeline),
    periods: &[ClosedPeriod],
    period: ClosedPeriod,
    seen: &Seen,
) -> Vec<InterestLine> {
    let Some(terms) = &terms.interest else { return Vec::new() };
    let mut lines = interest(terms, after, (period.from, period.until), period.free);
    if let Some((since, _)) = seen.principal.first().filter(|(day, _)| *day < period.from) {
        lines.extend(corrections(terms, (before, after), periods, *since));
    }
    lines
}

/// Books interest and the statement's fee, valued on the closure, or on the business day that ended where that lies before.
fn book(
    work: &mut Work,
    account: &Account,
    terms: &BillingTerms,
    billed: &BillingAccount,
    seen: &Seen,
    closure: NaiveDate,
    lines: &[InterestLine],
) -> Decision<Booked> {
    let mut entries = Vec::new();
    let value_date = Some(closure.min(work.today()));
    let (interest, _) = rounded(lines);
    if interest.0 != 0 {
        let draft = Draft::new(TransactionKind::Interest, account.currency, format!("Interest, {closure}"));
        let mut draft = if interest.0 > 0 {
            let own = Side::Account(account.id, Spread::Charge(Component::Interest), None);
            draft.moving(own, Side::Internal(InternalRole::InterestIncome), interest)
        } else {
            // Interest on funds; or interest on debt that is given back, as a cycle is computed anew.
            let is_expense = lines.iter().all(|line| line.side == super::interest::InterestSide::Credit);
            let role = if is_expense { InternalRole::InterestExpense } else { InternalRole::InterestIncome };
            draft.moving(Side::Internal(role), Side::account(account.id), interest.negated())
        };
        draft.value_date = value_date;
        entries.push(work.post(&draft)?);
    }
    let has_something = billed.balance.0 != 0 || seen.total != 0 || !seen.principal.is_empty();
    let fees = if has_something { terms.statement_fee } else { Minor::ZERO };
    if fees.0 > 0 {
        let own = Side::Account(account.id, Spread::Charge(Component::Fee), None);
        let draft = Draft::new(TransactionKind::BillingFee, account.currency, "Statement fee".into());
        let mut draft = draft.moving(own, Side::Internal(InternalRole::FeeIncome), fees);
        draft.value_date = value_date;
        entries.push(work.post(&draft)?);
    }
    Ok(Booked { interest, fees, entries })
}

/// What a statement asks for.
struct Asked {
    amount_due: Minor,
    remaining: Minor,
    past_due: Minor,
    theoretical: Minor,
    direct_debit: Option<Minor>,
}

/// Reckons what is to be paid, and makes dues of it: fees first, then interest, then principal.
fn ask(
    work: &mut Work,
    account: &Account,
    terms: &BillingTerms,
    balance: Minor,
    (statement, due_on): (StatementId, NaiveDate),
) -> Decision<Asked> {
    let position = work.position(account.id);
    let settings = work.get::<RecurringPayment>(RecurringPayment::id_of(account.id));
    let (position, settings) = (position?, settings?);
    let open = match position.items {
        Some(_) => dues::open_on(work, account.id)?,
        None => Vec::new(),
    };
    let debt = Minor((-balance.0).max(0));
    let past_due = Minor(open.iter().filter(|due| is_billed(due)).map(|due| due.open().0).sum());
    let share = share_of(debt, terms.minimum_share).0.max(terms.minimum_floor.0);
    let amount_due = Minor(share.min(debt.0 - past_due.0).max(0));
    // What has come since the closure is not asked for.
    let mut rest = amount_due.0;
    let mut remaining = 0;
    for component in [Component::Fee, Component::Interest, Component::Principal] {
        let owed = -position.balances[component.index()].0;
        let asked: i64 = open.iter().filter(|due| due.component == component).map(|due| due.open().0).sum();
        let part = rest.min(owed - asked).max(0);
        if part == 0 || position.status == AccountStatus::Closed {
            continue;
        }
        rest -= part;
        remaining += part;
        let (amount, reference) = (Minor(part), Some(statement.to_string()));
        dues::add(work, account, NewDue { component, amount, due_on, source: DueSource::Bill, reference })?;
    }
    let theoretical = Minor(share_of(debt, terms.direct_debit_share).0.max(amount_due.0).min(debt.0));
    let drawn = |settings: &RecurringPayment| match settings.scope {
        PaymentScope::TotalDebt => debt,
        PaymentScope::BilledAmount => Minor((amount_due.0 + past_due.0).min(debt.0)),
        PaymentScope::Fixed => Minor(settings.fixed.map_or(0, |fixed| fixed.0).min(debt.0)),
    };
    let direct_debit = settings.filter(|settings| settings.is_active()).map(|settings| drawn(&settings));
    Ok(Asked { amount_due, remaining: Minor(remaining), past_due, theoretical, direct_debit })
}
