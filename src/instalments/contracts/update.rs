//! Changing a contract, and taking it back before it comes into force.

use std::sync::Arc;

use chrono::NaiveDate;
use rust_decimal::prelude::ToPrimitive as _;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use super::activate::{tie, untie};
use super::create::require_account;
use super::{ContractAction, ContractState, Instalment, InstalmentContract, InstalmentContractBy};
use crate::accounts::{Account, AccountBy};
use crate::instalments::events::{INSTALMENT_CONTRACT_CANCELLED, INSTALMENT_CONTRACT_UPDATED, of_contract};
use crate::instalments::models::{InstalmentModel, SMS};
use crate::instalments::schedule::{Line, Terms, schedule};
use crate::ledger::amounts::positive;
use crate::ledger::refusal::CURRENCY_MISMATCH;
use crate::primitives::{InstalmentContractId, Minor, Money};
use crate::refused::{INVALID_STATE, Refused};
use crate::work::{Command, Decision, Stop, Wants, Work};

/// Changes a contract: all of it before it is in force, and then only the account that pays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateInstalmentContract {
    /// Which.
    pub contract: InstalmentContractBy,
    /// How much is lent: the model's range does not bind it.
    pub credit: Option<Money>,
    /// In how many instalments.
    pub terms: Option<u32>,
    /// When the first one is due.
    pub first_due: Option<NaiveDate>,
    /// What pays the instalments.
    pub paying: Option<AccountBy>,
}

impl Command for UpdateInstalmentContract {
    const OPERATION: &'static str = "updateInstalmentContract";
    type Made = InstalmentContract;

    fn looks_at(&self, wants: &mut Wants) {
        self.contract.hint(wants);
        if let Some(paying) = &self.paying {
            paying.hint(wants);
        }
    }

    /// Refused as: `NOT_FOUND` (contract, then paying account), `INVALID_STATE` for one that is over, and for all but the
    /// paying account of one that is in force, `AMOUNT_OUT_OF_RANGE`, `CURRENCY_MISMATCH`, `INVALID_INPUT` for what the
    /// model does not offer and for accounts that take part in no instalments, `ACCOUNT_NOT_OPEN`, `LIMIT_EXCEEDED`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<InstalmentContract>> {
        let found = self.contract.locate(work, "contract")?;
        let paying = match &self.paying {
            None => None,
            Some(by) => Some(by.locate(work, "payingAccount")?),
        };
        found.can(ContractAction::Update)?;
        let is_active = found.state == ContractState::Active;
        let asked = [
            ("credit", self.credit.is_some()),
            ("terms", self.terms.is_some()),
            ("firstDueDate", self.first_due.is_some()),
        ];
        if let Some((field, _)) = asked.iter().find(|(_, asked)| *asked && is_active) {
            let message = "the contract is in force: only the account that pays can change";
            let mut refused = Refused::of_field(INVALID_STATE, field, message);
            refused.facts.status = Some(found.state.word());
            return Err(refused.into());
        }
        if asked.iter().any(|(_, asked)| *asked) {
            self.plan(work, &found)?;
        }
        if let Some(account) = paying.filter(|account| account.id != found.paying) {
            pay_from(work, &found, &account)?;
        }
        let contract = work.get::<InstalmentContract>(found.id)?.ok_or_else(|| Stop::damaged("a contract is gone"))?;
        work.tell(of_contract(INSTALMENT_CONTRACT_UPDATED, &contract));
        Ok(contract)
    }

    fn weight(&self) -> usize {
        6 + self.terms.unwrap_or(36) as usize
    }

    fn amount(&self, _contract: &InstalmentContract) -> Option<Money> {
        self.credit
    }
}

impl UpdateInstalmentContract {
    /// Makes the plan anew, of what the contract was made with and what is asked for now.
    fn plan(&self, work: &mut Work, found: &InstalmentContract) -> Decision<()> {
        let credit = match self.credit {
            None => found.terms.credit,
            Some(money) if money.currency != found.currency => {
                let message = format!("the contract is in {}", found.currency);
                return Err(Refused::of_field(CURRENCY_MISMATCH, "credit.currency", message).into());
            }
            Some(money) => positive("credit", money)?,
        };
        let model = work.get::<InstalmentModel>(found.model)?;
        let model = model.ok_or_else(|| Stop::damaged("a contract without its model"))?;
        let count = match self.terms {
            None => found.terms.count,
            asked => model.count(asked)?,
        };
        let first = match self.first_due {
            None => found.terms.first,
            asked => model.first_due(asked, found.contracted_on)?,
        };
        let terms = Terms { credit, count, first, balloon: scaled(&found.terms, credit)?, ..found.terms.clone() };
        let plan = schedule(&terms).map_err(|no| Refused::invalid("terms", no.to_string()))?;
        replace(work, found.id, found.last_number, &plan.lines)?;
        work.change::<InstalmentContract, Refused>(found.id, |contract| {
            contract.take(terms, &plan);
            Ok(())
        })?;
        Ok(())
    }
}

/// The same share of another credit, rounded half up.
fn scaled(terms: &Terms, credit: Minor) -> Result<Minor, Refused> {
    let share = Decimal::from(terms.balloon.0) / Decimal::from(terms.credit.0) * Decimal::from(credit.0);
    let share = share.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    share.to_i64().map(Minor).ok_or_else(|| Refused::invalid("credit", "is out of range"))
}

/// Puts the lines in the place of those that were planned.
fn replace(work: &mut Work, contract: InstalmentContractId, before: u32, lines: &[Line]) -> Decision<()> {
    let ids: Vec<_> = (1..=before).map(|number| Instalment::id_of(contract, number)).collect();
    work.get_all::<Instalment>(&ids)?;
    for line in lines {
        if line.number > before {
            work.insert(Instalment::planned(contract, *line))?;
            continue;
        }
        work.change::<Instalment, Refused>(Instalment::id_of(contract, line.number), |instalment| {
            instalment.line = *line;
            Ok(())
        })?;
    }
    for id in ids.into_iter().skip(lines.len()) {
        work.remove::<Instalment>(id)?;
    }
    Ok(())
}

/// Has another account pay from now on.
fn pay_from(work: &mut Work, found: &InstalmentContract, account: &Account) -> Decision<()> {
    if found.channel == SMS && found.state == ContractState::Created {
        let message = "by SMS, the account that pays is the receiving one";
        return Err(Refused::invalid("payingAccount", message).into());
    }
    require_account(work, account, found.customer, found.currency, "payingAccount")?;
    if found.state == ContractState::Active {
        tie(work, account.id, "payingAccount")?;
        untie(work, found.paying)?;
    }
    work.change::<InstalmentContract, Refused>(found.id, |contract| {
        contract.paying = account.id;
        Ok(())
    })?;
    Ok(())
}

/// Takes a contract back that is not in force.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CancelInstalmentContract {
    /// Which.
    pub contract: InstalmentContractBy,
}

impl Command for CancelInstalmentContract {
    const OPERATION: &'static str = "cancelInstalmentContract";
    type Made = InstalmentContract;

    fn looks_at(&self, wants: &mut Wants) {
        self.contract.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<InstalmentContract>> {
        let found = self.contract.locate(work, "contract")?;
        let state = found.can(ContractAction::Cancel)?;
        let today = work.today();
        let contract = work.change::<InstalmentContract, Refused>(found.id, |contract| {
            (contract.state, contract.ended_on) = (state, Some(today));
            Ok(())
        })?;
        work.tell(of_contract(INSTALMENT_CONTRACT_CANCELLED, &contract));
        Ok(contract)
    }

    fn weight(&self) -> usize {
        3
    }
}
