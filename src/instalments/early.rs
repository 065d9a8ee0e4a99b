//! What is paid outside of the plan: extra payments, which shorten it, and its end before the last instalment.
//!
//! An extra payment repays; the instalments keep their size, and fewer are left. What ends a contract settles what is owed of
//! the credit, the interest and fees of the instalments that were due and are not posted, the interest of the period that
//! runs by the days that have passed of it, and the fee that is charged with the first instalment, where that is not posted.
//! Where the issuer bears it, what is owed of the credit is written off, and interest and fees are charged to nobody.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::contracts::store::PAID_BY;
use super::contracts::{
    ContractAction, ContractState, Instalment, InstalmentContract, InstalmentContractBy, InstalmentStatus, SettledBy,
    ids,
};
use super::events::{
    INSTALMENT_CONTRACT_CLOSED, INSTALMENT_CONTRACT_REPAID_EARLY, INSTALMENT_CONTRACT_TERMINATED, of_contract,
};
use super::postings::{Asked, Parts, collect};
use super::refusals::INSTALMENTS_OVERDUE;
use super::run::{end, note};
use super::schedule::{self, FeeTiming, Line, Shortening, shortened};
use crate::accounts::{Account, AccountBy};
use crate::ledger::amounts::positive;
use crate::ledger::refusal::{AMOUNT_OUT_OF_RANGE, CURRENCY_MISMATCH};
use crate::primitives::{Minor, Money};
use crate::refused::{Facts, Refused};
use crate::work::{Command, Decision, Made, Named as _, Stop, Wants, Work};

/// Pays a part of what is owed, or all of it, beside the plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RepayInstalmentContractEarly {
    /// Which.
    pub contract: InstalmentContractBy,
    /// How much of what is owed of the credit.
    pub amount: Money,
    /// Who pays it.
    pub settled_by: SettledBy,
}

impl Command for RepayInstalmentContractEarly {
    const OPERATION: &'static str = "repayInstalmentContractEarly";
    type Made = InstalmentContract;

    fn looks_at(&self, wants: &mut Wants) {
        self.contract.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, `CURRENCY_MISMATCH`,
    /// `INSTALMENTS_OVERDUE`, `AMOUNT_OUT_OF_RANGE` above what is owed, then the books', in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<InstalmentContract>> {
        let found = self.contract.locate(work, "contract")?;
        found.can(ContractAction::RepayEarly)?;
        let amount = positive("amount", self.amount)?;
        if self.amount.currency != found.currency {
            let message = format!("the contract is in {}", found.currency);
            return Err(Refused::of_field(CURRENCY_MISMATCH, "amount.currency", message).into());
        }
        let open = open_lines(work, &found)?;
        if open.iter().any(|instalment| instalment.status == InstalmentStatus::Overdue) {
            let message = "an instalment is overdue: it is collected before what comes after it";
            return Err(Refused::of_field(INSTALMENTS_OVERDUE, "contract", message).into());
        }
        let owed = found.owed();
        if amount > owed {
            let remaining = owed.in_currency(found.currency);
            let message = format!("no more than {remaining} is owed");
            let facts = Box::new(Facts { remaining: Some(remaining), ..Facts::default() });
            return Err(Refused { facts, ..Refused::of_field(AMOUNT_OUT_OF_RANGE, "amount", message) }.into());
        }
        if amount == owed {
            let closed = settle(work, &found, (self.settled_by, Asked::Willing), ContractState::Closed)?;
            work.tell(of_contract(INSTALMENT_CONTRACT_CLOSED, &closed));
            return Ok(closed);
        }
        let parts = Parts { principal: amount, ..Parts::default() };
        let by = (self.settled_by, Asked::Willing);
        collect(work, &found, parts, by, "Instalment credit, extra payment").of_field("amount")?;
        let lines: Vec<Line> = open.iter().map(|instalment| instalment.line).collect();
        let shortening = Shortening {
            owed,
            extra: amount,
            rate_annual_pct: found.terms.rate_annual_pct,
            method: found.terms.method,
            level: found.level,
            balloon: found.terms.balloon,
            grace: found.terms.grace,
            since: found.since(found.next_number),
            today: work.today(),
        };
        let left = shortened(&lines, &shortening).map_err(|no| Refused::invalid("amount", no.to_string()))?;
        for line in &left {
            work.change::<Instalment, Refused>(Instalment::id_of(found.id, line.number), |instalment| {
                instalment.line = *line;
                Ok(())
            })?;
        }
        let interest_left: i64 = left.iter().map(|line| line.interest.0).sum();
        let fee_left: i64 = left.iter().map(|line| line.fee.0).sum();
        let contract = work.change::<InstalmentContract, Refused>(found.id, |contract| {
            note(contract, parts);
            contract.last_number = left.last().map_or(contract.last_number, |line| line.number);
            contract.interest = Minor(contract.interest_posted.0 + interest_left);
            contract.terms.fee = Minor(contract.fee_posted.0 + fee_left);
            Ok(())
        })?;
        work.tell(of_contract(INSTALMENT_CONTRACT_REPAID_EARLY, &contract));
        Ok(contract)
    }

    fn weight(&self) -> usize {
        60
    }
}

/// Ends a contract before its last instalment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TerminateInstalmentContract {
    /// Which.
    pub contract: InstalmentContractBy,
    /// Who bears what is owed.
    pub settled_by: SettledBy,
}

impl Command for TerminateInstalmentContract {
    const OPERATION: &'static str = "terminateInstalmentContract";
    type Made = InstalmentContract;

    fn looks_at(&self, wants: &mut Wants) {
        self.contract.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, then the books', in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<InstalmentContract>> {
        let found = self.contract.locate(work, "contract")?;
        let state = found.can(ContractAction::Terminate)?;
        terminate(work, &found, state, self.settled_by)
    }

    fn weight(&self) -> usize {
        14
    }
}

/// Ends every contract in force that an account pays for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TerminateInstalmentContracts {
    /// The account that pays.
    pub paying: AccountBy,
    /// Who bears what is owed.
    pub settled_by: SettledBy,
}

/// The contracts that were ended: none where the account paid for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminated(pub Vec<Arc<InstalmentContract>>);

impl Made for Terminated {
    fn result(&self) -> String {
        self.0.iter().map(|contract| contract.id.to_string()).collect::<Vec<_>>().join(",")
    }

    fn again(work: &mut Work, result: &str) -> Decision<Arc<Self>> {
        let ids = result.split(',').filter(|id| !id.is_empty()).map(str::parse);
        let ids: Vec<_> =
            ids.collect::<Result<_, _>>().map_err(|_| Stop::damaged("the result of a key is no contract"))?;
        Ok(Arc::new(Self(work.get_all::<InstalmentContract>(&ids)?.into_iter().flatten().collect())))
    }
}

impl Command for TerminateInstalmentContracts {
    const OPERATION: &'static str = "terminateInstalmentContracts";
    type Made = Terminated;

    fn looks_at(&self, wants: &mut Wants) {
        self.paying.hint(wants);
    }

    /// All of them or none. Refused as: `NOT_FOUND`, then the books', in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Terminated>> {
        let account = self.paying.locate(work, "payingAccount")?;
        let contracts = work.all::<InstalmentContract, Account>(PAID_BY, account.id)?;
        let mut ended = Vec::with_capacity(contracts.len());
        for contract in contracts {
            let state = contract.can(ContractAction::Terminate)?;
            let done = terminate(work, &contract, state, self.settled_by).map_err(|stop| match stop {
                Stop::Refused(mut refused) => {
                    refused.message = format!("contract {}: {}", contract.reference, refused.message);
                    for field in &mut refused.fields {
                        field.path = vec!["payingAccount".into()];
                    }
                    Stop::Refused(refused)
                }
                stop => stop,
            })?;
            ended.push(done);
        }
        Ok(Arc::new(Terminated(ended)))
    }

    fn weight(&self) -> usize {
        64
    }
}

fn terminate(
    work: &mut Work,
    contract: &InstalmentContract,
    state: ContractState,
    by: SettledBy,
) -> Decision<Arc<InstalmentContract>> {
    let ended = settle(work, contract, (by, Asked::Due), state)?;
    work.tell(of_contract(INSTALMENT_CONTRACT_TERMINATED, &ended));
    Ok(ended)
}

/// Collects all that is owed, and ends the contract.
fn settle(
    work: &mut Work,
    contract: &InstalmentContract,
    (by, asked): (SettledBy, Asked),
    state: ContractState,
) -> Decision<Arc<InstalmentContract>> {
    let parts = match by {
        SettledBy::Issuer => Parts { principal: contract.owed(), ..Parts::default() },
        SettledBy::PayingAccount => owed(work, contract)?,
    };
    collect(work, contract, parts, (by, asked), "Instalment credit settled").of_field("contract")?;
    let contract = work.change::<InstalmentContract, Refused>(contract.id, |contract| {
        note(contract, parts);
        contract.last_number = contract.next_number.saturating_sub(1);
        contract.interest = contract.interest_posted;
        contract.terms.fee = contract.fee_posted;
        Ok(())
    })?;
    end(work, &contract, state, Some(by))
}

/// What ends a contract today.
fn owed(work: &mut Work, contract: &InstalmentContract) -> Decision<Parts> {
    let today = work.today();
    let numbers = contract.next_number..=contract.last_number;
    // Those that were due, and the one whose period runs.
    let due_on = |number: u32| schedule::due(contract.terms.first, number);
    let running = numbers.clone().find(|number| due_on(*number).is_none_or(|due| due > today));
    let last = running.unwrap_or(contract.last_number);
    let found = work.get_all::<Instalment>(&ids(contract, contract.next_number..=last))?;
    let mut parts = Parts { principal: contract.owed(), ..Parts::default() };
    for instalment in found.into_iter().flatten() {
        let line = instalment.line;
        if line.due <= today {
            parts.interest.0 += line.interest.0;
            parts.fee.0 += line.fee.0;
            continue;
        }
        let since = contract.since(line.number);
        let accrued = schedule::accrued(line.interest, since, line.due, today);
        parts.interest.0 += accrued.map_err(|_| Stop::damaged("interest that is out of range"))?.0;
        if contract.terms.fee_timing == FeeTiming::First {
            parts.fee.0 += line.fee.0;
        }
    }
    Ok(parts)
}

/// The instalments that are still to be posted.
fn open_lines(work: &mut Work, contract: &InstalmentContract) -> Decision<Vec<Arc<Instalment>>> {
    let found = work.get_all::<Instalment>(&ids(contract, contract.next_number..=contract.last_number))?;
    found.into_iter().map(|line| line.ok_or_else(|| Stop::damaged("an instalment is gone"))).collect()
}
