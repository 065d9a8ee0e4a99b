//! What falls due: the step of the business day that posts instalments on the accounts that pay them.
//!
//! An instalment is posted when the business day of its due date has ended, on that day; where the date is no business day,
//! with the next one. An account that may owe is charged in any case. One that may not and lacks the funds leaves the
//! instalment overdue, whole: it is tried again each business day, and those after it wait for it. Which instalment is next
//! stands on the contract, so that whoever is killed anywhere posts none twice. The last one closes the contract, and the
//! contract's account.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::contracts::{ContractState, Instalment, InstalmentContract, InstalmentStatus, SettledBy, store, untie};
use super::events::{INSTALMENT_CONTRACT_CLOSED, INSTALMENT_OVERDUE, INSTALMENT_POSTED, of_contract, of_instalment};
use super::postings::{Asked, Parts, collect};
use super::schedule;
use crate::database::Database;
use crate::jobs::day::{BusinessDay, Step};
use crate::ledger::refusal::INSUFFICIENT_FUNDS;
use crate::ledger::{LedgerFault, Position, Ties};
use crate::primitives::{InstalmentContractId, Minor, TenantId};
use crate::refused::Refused;
use crate::work::{Decision, Stop, Wants, Work};

/// Posts the instalments that have fallen due.
#[derive(Debug)]
pub struct PostInstalments;

/// A contract and its next instalment, as the key of a step.
fn key_of(key: &str) -> Option<(InstalmentContractId, u32)> {
    let (contract, number) = key.split_once(':')?;
    Some((contract.parse().ok()?, number.parse().ok()?))
}

impl Step for PostInstalments {
    const NAME: &'static str = "postInstalments";

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let after = match after {
                None => None,
                Some(key) => Some(key_of(key).ok_or(LedgerFault::Inconsistent("cursor of a step"))?.0),
            };
            let due = store::due(db.reader(), tenant, day.day, after, Self::PAGE).await?;
            Ok(due.into_iter().map(|(contract, number)| format!("{contract}:{number}")).collect())
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        if let Some((contract, number)) = key_of(key) {
            wants.row::<InstalmentContract>(contract);
            wants.row::<Instalment>(Instalment::id_of(contract, number));
        }
    }

    fn act(work: &mut Work, day: &BusinessDay, key: &str) -> Decision<()> {
        let (id, _) = key_of(key).ok_or_else(|| Stop::damaged("the key of a step is no instalment"))?;
        loop {
            let contract = work.get::<InstalmentContract>(id)?;
            let contract = contract.ok_or_else(|| Stop::damaged("the key of a step is no contract"))?;
            let is_due = contract.next_due.is_some_and(|due| due <= day.day);
            // Somebody was faster, or nothing more is due.
            if contract.state != ContractState::Active || !is_due || !post_next(work, &contract)? {
                return Ok(());
            }
        }
    }
}

/// Posts a contract's next instalment. Whether it could be.
fn post_next(work: &mut Work, contract: &InstalmentContract) -> Decision<bool> {
    let id = Instalment::id_of(contract.id, contract.next_number);
    let instalment = work.get::<Instalment>(id)?.ok_or_else(|| Stop::damaged("an instalment is gone"))?;
    let line = instalment.line;
    let parts = Parts { principal: line.principal, interest: line.interest, fee: line.fee };
    let title = format!("Instalment {} of {}", line.number, contract.last_number);
    let by = (SettledBy::PayingAccount, Asked::Due);
    let entries = match work.attempt(|work| collect(work, contract, parts, by, &title))? {
        Ok(entries) => entries,
        Err(refused) if refused.code == INSUFFICIENT_FUNDS => {
            if instalment.status == InstalmentStatus::Planned {
                let overdue = work.change::<Instalment, Refused>(id, |instalment| {
                    instalment.status = InstalmentStatus::Overdue;
                    Ok(())
                })?;
                work.tell(of_instalment(INSTALMENT_OVERDUE, contract, &overdue));
            }
            return Ok(false);
        }
        Err(refused) => return Err(refused.into()),
    };
    let today = work.today();
    let posted = work.change::<Instalment, Refused>(id, |instalment| {
        (instalment.status, instalment.posted_on) = (InstalmentStatus::Posted, Some(today));
        instalment.entries = entries;
        Ok(())
    })?;
    let next = contract.next_number + 1;
    let contract = work.change::<InstalmentContract, Refused>(contract.id, |contract| {
        note(contract, parts);
        contract.next_number = next;
        contract.next_due = (next <= contract.last_number).then(|| schedule::due(contract.terms.first, next)).flatten();
        Ok(())
    })?;
    work.tell(of_instalment(INSTALMENT_POSTED, &contract, &posted));
    if next > contract.last_number {
        let closed = end(work, &contract, ContractState::Closed, None)?;
        work.tell(of_contract(INSTALMENT_CONTRACT_CLOSED, &closed));
    }
    Ok(true)
}

/// Counts what was collected.
pub(super) fn note(contract: &mut InstalmentContract, parts: Parts) {
    contract.principal_posted = Minor(contract.principal_posted.0 + parts.principal.0);
    contract.interest_posted = Minor(contract.interest_posted.0 + parts.interest.0);
    contract.fee_posted = Minor(contract.fee_posted.0 + parts.fee.0);
}

/// Ends a contract of which nothing is owed any more: its account is closed, and the one that paid is free of it.
pub(super) fn end(
    work: &mut Work,
    contract: &InstalmentContract,
    state: ContractState,
    settled_by: Option<SettledBy>,
) -> Decision<Arc<InstalmentContract>> {
    let account = contract.account.ok_or_else(|| Stop::damaged("a contract in force without its account"))?;
    work.position(account)?;
    work.change::<Position, Refused>(account, |position| {
        position.ties = Ties::None;
        Ok(())
    })?;
    work.close(account)?;
    untie(work, contract.paying)?;
    let today = work.today();
    work.change::<InstalmentContract, Refused>(contract.id, |contract| {
        (contract.state, contract.ended_on, contract.next_due) = (state, Some(today), None);
        contract.settled_by = settled_by;
        Ok(())
    })
}
