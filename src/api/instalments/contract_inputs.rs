//! Contracts, as inputs have them.

use async_graphql::{ID, InputObject, OneofObject};

use super::InstalmentModelBy;
use super::count;
use crate::api::cards::CardBy;
use crate::api::enums::InstalmentSettledBy;
use crate::api::input::{MoneyInput, named};
use crate::api::inputs::{AccountBy, CustomerBy, name};
use crate::api::scalars::Date;
use crate::instalments::contracts::{
    ActivateInstalmentContract, CancelInstalmentContract, CreateInstalmentContract, InstalmentContractBy as By,
    UpdateInstalmentContract,
};
use crate::instalments::early::{
    RepayInstalmentContractEarly, TerminateInstalmentContract, TerminateInstalmentContracts,
};
use crate::refused::{Refused, said};

/// Names one instalment contract.
#[derive(Clone, Debug, OneofObject)]
pub enum InstalmentContractBy {
    /// By its id.
    Id(ID),
    /// By its reference: twelve digits.
    Reference(String),
    /// By your own reference.
    ExternalReference(String),
}

impl InstalmentContractBy {
    /// The domain's form; a malformed id or name names nothing.
    #[must_use]
    pub fn to_domain(&self) -> Option<By> {
        Some(match self {
            Self::Id(id) => By::Id(id.parse().ok()?),
            Self::Reference(reference) => By::Reference(name(reference)?),
            Self::ExternalReference(reference) => By::ExternalReference(name(reference)?),
        })
    }

    fn named(&self) -> Result<By, Refused> {
        named("contract", "instalment contract", self.to_domain())
    }
}

/// An instalment contract to make.
#[derive(InputObject)]
pub struct CreateInstalmentContractInput {
    /// Makes the request safe to repeat.
    pub(super) idempotency_key: String,
    /// By which model. When absent, the oldest in use for the card's product that takes the credit and the channel.
    model: Option<InstalmentModelBy>,
    /// How much is lent: within the model's range.
    credit: MoneyInput,
    /// What the credit is paid out to: a card, revolving credit or deposit account of the customer's.
    receiving_account: AccountBy,
    /// What pays the instalments: another such account, or the same. By `SMS` it is the same.
    paying_account: AccountBy,
    /// Whose it is, and whose the accounts are; can be left out by `SMS` alone.
    customer: Option<CustomerBy>,
    /// By which channel it comes, as a word of your own; `SMS` is one that Konto knows.
    channel: String,
    /// In how many instalments: one of the model's numbers, and its default when absent.
    terms: Option<i32>,
    /// When the first one is due: within the model's days, and its default when absent.
    first_due_date: Option<Date>,
    /// The card that the model is derived from; the paying account's product when absent.
    card: Option<CardBy>,
    /// The telephone number that it comes from, with the country's; required by `SMS`.
    msisdn: Option<String>,
    /// Your own reference; unique in the tenant.
    external_reference: Option<String>,
}

/// What to change on an instalment contract. Absent fields stay as they are. Once it is in force, only the paying account
/// can change.
#[derive(InputObject)]
pub struct UpdateInstalmentContractInput {
    /// Makes the request safe to repeat.
    pub(super) idempotency_key: String,
    /// Which contract.
    contract: InstalmentContractBy,
    /// How much is lent. The model's range does not bind it.
    credit: Option<MoneyInput>,
    /// In how many instalments: one of the model's numbers.
    terms: Option<i32>,
    /// When the first one is due: within the model's days of the contract's date.
    first_due_date: Option<Date>,
    /// What pays the instalments.
    paying_account: Option<AccountBy>,
}

/// An instalment contract to take back.
#[derive(InputObject)]
pub struct CancelInstalmentContractInput {
    /// Makes the request safe to repeat.
    pub(super) idempotency_key: String,
    /// Which contract.
    contract: InstalmentContractBy,
}

/// An instalment contract to put into force.
#[derive(InputObject)]
pub struct ActivateInstalmentContractInput {
    /// Makes the request safe to repeat.
    pub(super) idempotency_key: String,
    /// Which contract. Beside the `msisdn`, the last four digits of its reference are enough, if they name one.
    contract: InstalmentContractBy,
    /// The telephone number that it came from.
    msisdn: Option<String>,
}

/// An extra payment on an instalment contract.
#[derive(InputObject)]
pub struct RepayInstalmentContractEarlyInput {
    /// Makes the request safe to repeat.
    pub(super) idempotency_key: String,
    /// Which contract.
    contract: InstalmentContractBy,
    /// How much of what is owed of the credit; all of it ends the contract.
    amount: MoneyInput,
    /// Who pays it.
    settled_by: InstalmentSettledBy,
}

/// An instalment contract to end before its last instalment.
#[derive(InputObject)]
pub struct TerminateInstalmentContractInput {
    /// Makes the request safe to repeat.
    pub(super) idempotency_key: String,
    /// Which contract.
    contract: InstalmentContractBy,
    /// Who bears what is owed.
    settled_by: InstalmentSettledBy,
}

/// The account whose instalment contracts are to be ended.
#[derive(InputObject)]
pub struct TerminateInstalmentContractsInput {
    /// Makes the request safe to repeat.
    pub(super) idempotency_key: String,
    /// The account that pays.
    paying_account: AccountBy,
    /// Who bears what is owed.
    settled_by: InstalmentSettledBy,
}

impl CreateInstalmentContractInput {
    pub(super) fn command(self) -> Result<CreateInstalmentContract, Refused> {
        Ok(CreateInstalmentContract {
            receiving: named("receivingAccount", "account", self.receiving_account.to_domain())?,
            paying: named("payingAccount", "account", self.paying_account.to_domain())?,
            customer: self.customer.map(|by| named("customer", "customer", by.to_domain())).transpose()?,
            card: self.card.map(|by| named("card", "card", by.to_domain())).transpose()?,
            model: self.model.map(|by| named("model", "instalment model", by.to_domain())).transpose()?,
            credit: self.credit.into(),
            channel: self.channel,
            terms: self.terms.map(|terms| count("terms", terms)).transpose()?,
            first_due: self.first_due_date.map(|date| date.0),
            msisdn: said(self.msisdn),
            external_reference: said(self.external_reference),
        })
    }
}

impl UpdateInstalmentContractInput {
    pub(super) fn command(self) -> Result<UpdateInstalmentContract, Refused> {
        Ok(UpdateInstalmentContract {
            contract: self.contract.named()?,
            credit: self.credit.map(Into::into),
            terms: self.terms.map(|terms| count("terms", terms)).transpose()?,
            first_due: self.first_due_date.map(|date| date.0),
            paying: self.paying_account.map(|by| named("payingAccount", "account", by.to_domain())).transpose()?,
        })
    }
}

impl CancelInstalmentContractInput {
    pub(super) fn command(self) -> Result<CancelInstalmentContract, Refused> {
        Ok(CancelInstalmentContract { contract: self.contract.named()? })
    }
}

impl ActivateInstalmentContractInput {
    pub(super) fn command(self) -> Result<ActivateInstalmentContract, Refused> {
        Ok(ActivateInstalmentContract { contract: self.contract.named()?, msisdn: said(self.msisdn) })
    }
}

impl RepayInstalmentContractEarlyInput {
    pub(super) fn command(self) -> Result<RepayInstalmentContractEarly, Refused> {
        Ok(RepayInstalmentContractEarly {
            contract: self.contract.named()?,
            amount: self.amount.into(),
            settled_by: self.settled_by,
        })
    }
}

impl TerminateInstalmentContractInput {
    pub(super) fn command(self) -> Result<TerminateInstalmentContract, Refused> {
        Ok(TerminateInstalmentContract { contract: self.contract.named()?, settled_by: self.settled_by })
    }
}

impl TerminateInstalmentContractsInput {
    pub(super) fn command(self) -> Result<TerminateInstalmentContracts, Refused> {
        Ok(TerminateInstalmentContracts {
            paying: named("payingAccount", "account", self.paying_account.to_domain())?,
            settled_by: self.settled_by,
        })
    }
}
