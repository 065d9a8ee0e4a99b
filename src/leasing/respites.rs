//! Respites: what is due of a credit, later.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events;
use super::model::{LeaseInstalment, MOST_DAYS, Respite, Termination, TerminationStatus, deferred, is_credit};
use super::refusals::NOT_A_CREDIT;
use super::store::INSTALMENTS;
use crate::accounts::{Account, AccountRef, Family};
use crate::billing::bills::move_open_bill;
use crate::dues::{self, DueSource};
use crate::primitives::LeaseInstalmentId;
use crate::refused::Refused;
use crate::work::{Command, Decision, Named as _, Stop, Wants, Work};

/// Grants a respite.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GrantRespite {
    /// To which account.
    pub account: AccountRef,
    /// How many days.
    pub days: u16,
}

/// That an account is one of a credit, open, and how far it is on its way to its termination.
///
/// # Errors
/// `NOT_A_CREDIT`, `ACCOUNT_NOT_OPEN`, in this order.
pub(super) fn require_credit(work: &mut Work, account: &Account) -> Decision<Option<Arc<Termination>>> {
    if !is_credit(account.family) {
        let message = "only accounts of the families LEASING and REVOLVING_CREDIT are given respites and terminated";
        return Err(Refused::of_field(NOT_A_CREDIT, "account", message).into());
    }
    let (position, termination) = (work.position(account.id), work.get::<Termination>(Termination::id_of(account.id)));
    let (position, termination) = (position?, termination?);
    position.require_not_closed().map_err(Stop::from).named(&[(account.id, "account")])?;
    Ok(termination)
}

impl Command for GrantRespite {
    const OPERATION: &'static str = "grantRespite";
    type Made = Respite;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
    }

    /// Refused as: `INVALID_INPUT` for the days, what the account is not found for, `NOT_A_CREDIT`, `ACCOUNT_NOT_OPEN`,
    /// `CREDIT_TERMINATED`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Respite>> {
        if !(1..=MOST_DAYS).contains(&self.days) {
            return Err(Refused::invalid("days", format!("is 1 to {MOST_DAYS}")).into());
        }
        let account = self.account.locate(work)?;
        let termination = require_credit(work, &account)?;
        if let Some(over) = termination.filter(|found| found.status == TerminationStatus::Terminated) {
            over.status.may_become(TerminationStatus::Normal)?;
        }
        let today = work.today();
        let calendar = work.settings().calendar.clone();
        let open = dues::open_on(work, account.id)?;
        let planned = match account.family {
            Family::Leasing => work.all::<LeaseInstalment, Account>(&INSTALMENTS, account.id)?,
            _ => Vec::new(),
        };
        let (mut moved, mut billed) = (0, Vec::new());
        for due in open.into_iter().filter(|due| due.due_on >= today) {
            dues::move_to(work, due.id, deferred(due.due_on, self.days, &calendar))?;
            moved += 1;
            if due.source == DueSource::Lease {
                billed.extend(due.reference.as_deref().and_then(|id| id.parse::<LeaseInstalmentId>().ok()));
            }
        }
        move_open_bill(work, account.id, today, |due_on| deferred(due_on, self.days, &calendar))?;
        let mut instalments = 0;
        for instalment in planned {
            let is_planned = instalment.is_planned();
            if !is_planned && !billed.contains(&instalment.id) {
                continue;
            }
            instalments += u32::from(is_planned);
            work.change::<LeaseInstalment, Refused>(instalment.id, |instalment| {
                instalment.defer(self.days, &calendar);
                Ok(())
            })?;
        }
        let respite = Respite {
            id: work.id(),
            ordinal: work.ordinal(),
            account: account.id,
            days: self.days,
            dues: moved,
            instalments,
            granted_on: today,
            client: work.origin().client.to_string(),
            created_at: work.now(),
        };
        let respite = work.insert(respite)?;
        work.tell(events::granted(&respite));
        Ok(respite)
    }

    fn weight(&self) -> usize {
        60
    }
}
