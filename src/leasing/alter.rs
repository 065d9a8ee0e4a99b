//! What alters an instalment of a lease.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::books::{account_of, bill, open_of, rolled_of, unbill};
use super::commands::{count_in, located, mismatch, require_lease, require_owed};
use super::events::{self, LEASE_INSTALMENT_ALTERED};
use super::model::{LeaseInstalment, LeaseInstalmentState, LeaseParts, LeasePlan, LeaseService};
use super::refusals::INSTALMENT_PAID;
use super::store::INSTALMENTS;
use super::terms::minor;
use crate::accounts::refusals::AMBIGUOUS_LOOKUP;
use crate::accounts::{Account, AccountRef};
use crate::dues;
use crate::ledger::Component;
use crate::primitives::clock::Micros;
use crate::primitives::{Amount, Currency, LeaseInstalmentId, LeasePlanId, Minor, Money};
use crate::refused::{Facts, INVALID_STATE, Refused};
use crate::work::{Change, Command, Decision, Owned as _, Wants, Work};

/// Which instalment an input means: by its id, by what it is, or both, which then have to agree.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LeaseInstalmentRef {
    /// By its id.
    pub id: Option<LeaseInstalmentId>,
    /// Of which account.
    pub account: AccountRef,
    /// Of which plan.
    pub plan: Option<LeasePlanId>,
    /// Its number in the plan.
    pub number: Option<u32>,
    /// The day by which it is to be paid, as it is now.
    pub due_on: Option<NaiveDate>,
}

impl LeaseInstalmentRef {
    fn hint(&self, wants: &mut Wants) {
        self.account.hint(wants);
        if let Some(id) = self.id {
            wants.row::<LeaseInstalment>(id);
        }
    }

    fn says_account(&self) -> bool {
        self.account.account.is_some() || self.account.lookup.is_some()
    }

    /// The first of its fields that does not hold for an instalment.
    #[must_use]
    pub fn differs_in(&self, instalment: &LeaseInstalment) -> Option<&'static str> {
        let fields = [
            ("plan", self.plan.is_some_and(|plan| plan != instalment.plan)),
            ("number", self.number.is_some_and(|number| number != instalment.number)),
            ("currentDueDate", self.due_on.is_some_and(|due_on| due_on != instalment.due_on)),
        ];
        fields.into_iter().find(|(_, differs)| *differs).map(|(field, _)| field)
    }

    /// The account and the instalment, if the origin sees them.
    ///
    /// # Errors
    /// `NOT_FOUND` for the instalment's id, what the account is not found for, `LOOKUP_MISMATCH` where they do not agree;
    /// without an id `INVALID_INPUT` where neither number nor day is said, `NOT_FOUND`, `AMBIGUOUS_LOOKUP`, in this order.
    fn locate(&self, work: &mut Work) -> Decision<(Arc<Account>, Arc<LeaseInstalment>)> {
        if let Some(id) = self.id {
            let instalment = match work.get::<LeaseInstalment>(id)? {
                Some(instalment) if instalment.is_visible(work)? => instalment,
                _ => return Err(Refused::not_found("instalment", "instalment of a lease").into()),
            };
            let account = match self.says_account() {
                true => self.account.locate(work)?,
                false => account_of(work, instalment.account)?,
            };
            if account.id != instalment.account {
                return Err(mismatch("instalment", "the instalment is of another account").into());
            }
            if let Some(field) = self.differs_in(&instalment) {
                return Err(mismatch(field, "the instalment that is named is not so").into());
            }
            return Ok((account, instalment));
        }
        let (account, _) = located(work, &self.account, self.plan)?;
        if self.number.is_none() && self.due_on.is_none() {
            let message = "name the instalment, or say its number or its due date";
            return Err(Refused::invalid("instalment", message).into());
        }
        let mut found = work.all::<LeaseInstalment, Account>(&INSTALMENTS, account.id)?;
        found.retain(|instalment| self.differs_in(instalment).is_none());
        if found.len() > 1 {
            let live: Vec<_> = found.iter().filter(|one| one.cancelled_on.is_none()).cloned().collect();
            found = if live.is_empty() { found } else { live };
        }
        match found.len() {
            0 => Err(Refused::not_found("instalment", "instalment of a lease").into()),
            1 => Ok((account, found.swap_remove(0))),
            many => {
                let message = format!("{many} instalments are so: say more of the one that is meant");
                Err(Refused::of_field(AMBIGUOUS_LOOKUP, "instalment", message).into())
            }
        }
    }
}

/// Alters an instalment of a lease: what is absent stays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AlterLeaseInstalment {
    /// Which.
    pub instalment: LeaseInstalmentRef,
    /// What repays, in the account's currency.
    pub principal: Option<Amount>,
    /// Interest.
    pub interest: Option<Amount>,
    /// A fee.
    pub fee: Option<Amount>,
    /// Value added tax.
    pub vat: Option<Amount>,
    /// The day by which it is to be paid.
    pub due_on: Option<NaiveDate>,
    /// The day on which it is billed; emptied, its due date.
    pub billing_on: Change<NaiveDate>,
    /// When the letter about it goes out.
    pub letter_at: Change<Micros>,
    /// When it is reminded of.
    pub reminder_at: Change<Micros>,
    /// What comes with it.
    pub service: Option<LeaseService>,
    /// Whether funds that lie on the account pay it now, and not on its billing date.
    pub trigger_settlement: bool,
}

impl AlterLeaseInstalment {
    fn parts(&self, before: LeaseParts, currency: Currency) -> Result<LeaseParts, Refused> {
        let part = |field: &str, amount: Option<Amount>, before: Minor| match amount {
            None => Ok(before),
            amount => minor(field, amount, currency),
        };
        LeaseParts {
            principal: part("principal", self.principal, before.principal)?,
            interest: part("interest", self.interest, before.interest)?,
            fee: part("fee", self.fee, before.fee)?,
            vat: part("vat", self.vat, before.vat)?,
        }
        .checked("")
    }
}

/// That an instalment can be altered: nothing of it is paid, and it is not cancelled.
///
/// # Errors
/// `INSTALMENT_PAID`, `INVALID_STATE`.
pub(super) fn require_unpaid(instalment: &LeaseInstalment, open: Minor) -> Result<(), Refused> {
    // A day before all others: what is overdue and partly paid is partly paid.
    let state = instalment.state(open, None, NaiveDate::MIN);
    let (code, message) = match state {
        LeaseInstalmentState::Cancelled => (INVALID_STATE, "the instalment is cancelled"),
        LeaseInstalmentState::Paid => (INSTALMENT_PAID, "the instalment is paid"),
        LeaseInstalmentState::PartlyPaid => (INSTALMENT_PAID, "a part of the instalment is paid"),
        _ => return Ok(()),
    };
    let facts = Box::new(Facts { status: Some(state.word()), ..Facts::default() });
    Err(Refused { facts, ..Refused::of_field(code, "instalment", message) })
}

impl Command for AlterLeaseInstalment {
    const OPERATION: &'static str = "alterLeaseInstalment";
    type Made = LeaseInstalment;

    fn looks_at(&self, wants: &mut Wants) {
        self.instalment.hint(wants);
    }

    /// Refused as: what the instalment is not found for, `NOT_A_LEASE`, `ACCOUNT_NOT_OPEN`, `CREDIT_TERMINATED`,
    /// `INVALID_STATE` for one that is cancelled, `INSTALMENT_PAID`, `INVALID_INPUT` and `AMOUNT_OUT_OF_RANGE` for amounts
    /// and days, `INVALID_INPUT` for the billing date of one that is billed, what the books refuse, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<LeaseInstalment>> {
        let (account, found) = self.instalment.locate(work)?;
        require_lease(work, &account)?;
        let dues = open_of(work, &found)?;
        require_unpaid(&found, Minor(dues.iter().map(|due| due.open().0).sum()))?;
        let parts = self.parts(found.parts, account.currency)?;
        let is_billed = found.billed_on.is_some();
        if is_billed && !matches!(self.billing_on, Change::Keep) {
            return Err(Refused::invalid("billingDate", "the instalment is billed already").into());
        }
        let mut altered = (*found).clone();
        altered.parts = parts;
        altered.due_on = self.due_on.unwrap_or(found.due_on);
        self.billing_on.apply(&mut altered.billing_on);
        self.letter_at.apply(&mut altered.letter_at);
        self.reminder_at.apply(&mut altered.reminder_at);
        altered.service = self.service.unwrap_or(found.service);
        if is_billed {
            // When it was billed is over; what is given is only when it is to be paid.
            altered.billing_on = found.billing_on.filter(|on| *on <= altered.due_on);
        }
        let today = work.today();
        // What is overdue may stay so.
        if altered.due_on != found.due_on || altered.billing_on != found.billing_on {
            altered.check_days("", today)?;
        }
        let bills_anew = is_billed && parts != found.parts;
        if bills_anew {
            unbill(work, &found)?;
        } else if is_billed && altered.due_on != found.due_on {
            let due_on = rolled_of(work, altered.due_on);
            for due in dues {
                dues::move_to(work, due.id, due_on)?;
            }
        }
        count_in(work, found.plan, found.parts, parts, "principal")?;
        let altered = work.change::<LeaseInstalment, Refused>(found.id, |instalment| {
            let (billed_on, entries) = (instalment.billed_on, std::mem::take(&mut instalment.entries));
            *instalment = LeaseInstalment { billed_on, entries, ..altered };
            Ok(())
        })?;
        if let Some(plan) = work.get::<LeasePlan>(found.plan)? {
            require_owed(work, &plan, "principal")?;
        }
        work.tell(events::of_instalment(LEASE_INSTALMENT_ALTERED, &altered));
        let has_funds = work.position(account.id)?.balances[Component::Principal.index()] > Minor::ZERO;
        let is_settled = self.trigger_settlement && has_funds;
        if altered.is_planned() && (bills_anew || altered.bill_on() <= today || is_settled) {
            return bill(work, altered.id);
        }
        Ok(altered)
    }

    fn weight(&self) -> usize {
        20
    }

    fn amount(&self, altered: &LeaseInstalment) -> Option<Money> {
        Some(altered.parts.total().in_currency(altered.currency))
    }
}
