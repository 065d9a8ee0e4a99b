//! What makes contracts with merchants, and ends them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events::{self, MERCHANT_CONTRACT_CREATED, MERCHANT_CONTRACT_ENDED};
use super::model::{MerchantContract, MerchantCycle};
use crate::accounts::bank::BankAccount;
use crate::ledger::amounts::to_minor;
use crate::parties::PartyBy;
use crate::primitives::{Amount, Currency, MerchantContractId, Minor, Money};
use crate::refused::{INVALID_STATE, Refused};
use crate::work::{Command, Decision, Wants, Work};

/// Makes a contract with a merchant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateMerchantContract {
    /// Who is paid.
    pub party: PartyBy,
    /// What acquirers call it.
    pub merchant: String,
    /// What people call it.
    pub name: String,
    /// What is paid to it.
    pub currency: Currency,
    /// What is kept of a purchase, in percent of it.
    pub fee_pct: Amount,
    /// What is kept of a purchase besides, in the contract's currency.
    pub fee_fixed: Option<Amount>,
    /// How often it is paid.
    pub cycle: MerchantCycle,
    /// Where to.
    pub bank_account: BankAccount,
}

impl Command for CreateMerchantContract {
    const OPERATION: &'static str = "createMerchantContract";
    type Made = MerchantContract;

    fn looks_at(&self, wants: &mut Wants) {
        self.party.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT` and `AMOUNT_OUT_OF_RANGE`, `DUPLICATE_REFERENCE` where the merchant has a
    /// contract in this currency, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<MerchantContract>> {
        let party = self.party.locate(work, "party")?;
        let fixed = self.fee_fixed.as_ref().map(|amount| Money { amount: amount.0, currency: self.currency });
        let fee_fixed = fixed.map(|money| to_minor("feeFixed", money)).transpose()?.unwrap_or(Minor::ZERO);
        let contract = MerchantContract {
            id: work.id(),
            ordinal: work.ordinal(),
            party: party.id,
            merchant: self.merchant.clone(),
            standing: Some(MerchantContract::standing_of(self.currency, &self.merchant)),
            name: self.name.clone(),
            currency: self.currency,
            fee_pct: self.fee_pct.0.normalize(),
            fee_fixed,
            cycle: self.cycle,
            // The day itself may be the first one that is paid.
            next_on: work.today().pred_opt().and_then(|day| self.cycle.next_after(day)),
            bank_account: self.bank_account.clone(),
            open: None,
            created_at: work.now(),
            ended_on: None,
        };
        let contract = work.insert(contract.checked()?)?;
        work.tell(events::of_contract(MERCHANT_CONTRACT_CREATED, &contract));
        Ok(contract)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Ends a contract with a merchant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndMerchantContract {
    /// Which.
    pub contract: MerchantContractId,
}

impl Command for EndMerchantContract {
    const OPERATION: &'static str = "endMerchantContract";
    type Made = MerchantContract;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<MerchantContract>(self.contract);
    }

    /// What is open is still paid, and what was cleared can still be reversed. Refused as: `NOT_FOUND`, `INVALID_STATE` for
    /// one that is ended, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<MerchantContract>> {
        let found = located(work, self.contract)?;
        if found.ended_on.is_some() {
            return Err(Refused::of_field(INVALID_STATE, "contract", "the contract is ended").into());
        }
        let today = work.today();
        let contract = work.change::<MerchantContract, Refused>(found.id, |contract| {
            contract.ended_on = Some(today);
            contract.standing = None;
            Ok(())
        })?;
        work.tell(events::of_contract(MERCHANT_CONTRACT_ENDED, &contract));
        Ok(contract)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// The contract that an input names.
pub(super) fn located(work: &mut Work, id: MerchantContractId) -> Decision<Arc<MerchantContract>> {
    let found = work.get::<MerchantContract>(id)?;
    found.ok_or_else(|| Refused::not_found("contract", "merchant contract").into())
}
