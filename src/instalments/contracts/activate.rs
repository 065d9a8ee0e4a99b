//! Putting a contract into force: its account is opened, and the credit paid out.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::store::{OF_MSISDN, PAID_BY, not_found};
use super::{ContractAction, Instalment, InstalmentContract, InstalmentContractBy, MOST, msisdn, msisdn_id};
use crate::accounts::{Account, NewOwner, OpenAccount, ProductBy};
use crate::customers::{CustomerBy, visible};
use crate::instalments::events::{INSTALMENT_CONTRACT_ACTIVATED, of_contract};
use crate::instalments::models::InstalmentModel;
use crate::instalments::refusals::AMBIGUOUS_CONTRACT;
use crate::ledger::entry::Side;
use crate::ledger::{Draft, Position, Ties, TransactionKind};
use crate::primitives::{AccountId, Amount};
use crate::refused::{INVALID_STATE, Refused};
use crate::work::{Command, Decision, Named as _, Stop, Wants, Work};

/// How many digits of a reference are enough beside a telephone number.
const SHORT: usize = 4;

/// Puts a contract into force.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ActivateInstalmentContract {
    /// Which; the last four digits of its reference are enough beside the telephone number.
    pub contract: InstalmentContractBy,
    /// The telephone number that it came from.
    pub msisdn: Option<String>,
}

impl Command for ActivateInstalmentContract {
    const OPERATION: &'static str = "activateInstalmentContract";
    type Made = InstalmentContract;

    fn looks_at(&self, wants: &mut Wants) {
        self.contract.hint(wants);
    }

    /// Refused as: `INVALID_INPUT` for the telephone number, `NOT_FOUND`, `AMBIGUOUS_CONTRACT`, `INVALID_STATE` for one that
    /// is not CREATED, or whose first instalment is due before today, `LIMIT_EXCEEDED`, what its account is not opened for,
    /// then the books', all for the contract.
    fn decide(&self, work: &mut Work) -> Decision<Arc<InstalmentContract>> {
        let found = self.locate(work)?;
        let state = found.can(ContractAction::Activate)?;
        let today = work.today();
        if found.terms.first < today {
            let message = "its first instalment would have been due already: update the contract first";
            return Err(Refused::of_field(INVALID_STATE, "contract", message).into());
        }
        let model = work.get::<InstalmentModel>(found.model)?;
        let model = model.ok_or_else(|| Stop::damaged("a contract without its model"))?;
        work.get_all::<Position>(&[found.receiving, found.paying])?;
        work.position(found.paying)?.require_not_closed().map_err(Stop::from).of_field("contract")?;
        let account = open(work, &found, &model).map_err(|stop| match stop {
            Stop::Refused(refused) => Refused::of_field(refused.code, "contract", refused.message).into(),
            stop => stop,
        })?;
        let mut draft = Draft::new(TransactionKind::CreditPayout, found.currency, "Instalment credit paid out".into());
        draft.facts.reference = Some(found.reference.clone());
        draft.of_contract = true;
        let draft = draft.moving(Side::account(account.id), Side::account(found.receiving), found.terms.credit);
        let payout = work.post(&draft).of_field("contract")?;
        work.change::<Position, Refused>(account.id, |position| {
            position.ties = Ties::Contract;
            Ok(())
        })?;
        tie(work, found.paying, "contract")?;
        let contract = work.change::<InstalmentContract, Refused>(found.id, |contract| {
            contract.state = state;
            contract.account = Some(account.id);
            contract.activated_on = Some(today);
            contract.next_due = Some(contract.terms.first);
            contract.payout = Some(payout.id);
            Ok(())
        })?;
        work.tell(of_contract(INSTALMENT_CONTRACT_ACTIVATED, &contract));
        Ok(contract)
    }

    fn weight(&self) -> usize {
        16
    }
}

impl ActivateInstalmentContract {
    /// The one contract that is meant. A telephone number that is told has to be the contract's own.
    fn locate(&self, work: &mut Work) -> Decision<Arc<InstalmentContract>> {
        let Some(written) = &self.msisdn else { return self.contract.locate(work, "contract") };
        let number = msisdn(written)?;
        match &self.contract {
            InstalmentContractBy::Reference(short) if short.len() == SHORT => {
                let waiting = work.all::<InstalmentContract, InstalmentContract>(OF_MSISDN, msisdn_id(&number))?;
                let mut meant = waiting.into_iter().filter(|contract| {
                    contract.reference.ends_with(short) && visible(work.origin(), contract.customer)
                });
                let first = meant.next().ok_or_else(|| not_found("contract"))?;
                if meant.next().is_some() {
                    let message = "several contracts of the telephone number end with these digits: give all of them";
                    return Err(Refused::of_field(AMBIGUOUS_CONTRACT, "contract", message).into());
                }
                Ok(first)
            }
            by => {
                let found = by.locate(work, "contract")?;
                if found.msisdn.as_ref() == Some(&number) { Ok(found) } else { Err(not_found("contract")) }
            }
        }
    }
}

/// Opens the contract's account: it owes up to what is lent.
fn open(work: &mut Work, contract: &InstalmentContract, model: &InstalmentModel) -> Decision<Arc<Account>> {
    let opening = OpenAccount {
        product: ProductBy::Id(model.account_product),
        owner: NewOwner::Existing(CustomerBy::Id(contract.customer)),
        creditor: None,
        number: None,
        external_reference: None,
        credit_limit: Some(Amount(contract.terms.credit.in_currency(contract.currency).amount)),
        migrated_balance: None,
        metadata: "{}".into(),
    };
    opening.decide(work)
}

/// Notes on an account that one contract more is paid from it: it does not close as long as that is so.
///
/// # Errors
/// `LIMIT_EXCEEDED` for the field.
pub(in crate::instalments) fn tie(work: &mut Work, account: AccountId, field: &str) -> Decision<()> {
    let paid = work.all::<InstalmentContract, Account>(PAID_BY, account)?;
    if paid.len() >= MOST {
        return Err(super::create::too_many(field, MOST, "contracts are paid from one account").into());
    }
    work.change::<Position, Refused>(account, |position| {
        position.ties = position.ties.one_more();
        Ok(())
    })?;
    Ok(())
}

/// The same of one less. An account that waits to be closed may have waited for that alone.
///
/// # Errors
/// That something is not loaded yet.
pub(in crate::instalments) fn untie(work: &mut Work, account: AccountId) -> Decision<()> {
    work.position(account)?;
    work.change::<Position, Refused>(account, |position| {
        position.ties = position.ties.one_less();
        Ok(())
    })?;
    work.close_if_nothing_holds_it_back(account)
}

/// Ids of a contract's instalments, from one to another.
pub(in crate::instalments) fn ids(
    contract: &InstalmentContract,
    numbers: std::ops::RangeInclusive<u32>,
) -> Vec<crate::primitives::InstalmentId> {
    numbers.map(|number| Instalment::id_of(contract.id, number)).collect()
}
