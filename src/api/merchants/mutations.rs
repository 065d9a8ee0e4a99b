//! `createMerchantContract`, `endMerchantContract`, `settleMerchant`.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};

use super::types::{MerchantContract, MerchantPayment};
use crate::access::Scope;
use crate::accounts::bank::BankAccountInput;
use crate::api::call::{Call, Reach, Reply};
use crate::api::enums::{BankAccountClass, MerchantCycle};
use crate::api::fault::Fault;
use crate::api::input::{amount, named};
use crate::api::parties::PartyBy;
use crate::api::refusal::outcomes;
use crate::api::scalars::{CurrencyCode, Decimal};
use crate::merchants::{CreateMerchantContract, EndMerchantContract, SettleMerchant};
use crate::primitives::{Amount, MerchantContractId};
use crate::refused::Refused;

/// A contract with a merchant to make.
#[derive(InputObject)]
pub struct CreateMerchantContractInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Who is paid.
    party: PartyBy,
    /// What acquirers call the merchant (`pointOfSale.merchant.id`): one contract in a currency at a time.
    merchant_id: String,
    /// What people call it.
    name: String,
    /// The currency of what is paid by it.
    currency: CurrencyCode,
    /// What is kept of a purchase, in percent of it: 0 to 100, with at most four decimals; rounded to the nearest minor unit.
    fee_pct: Decimal,
    /// What is kept of a purchase besides, in the contract's currency; nothing when absent.
    fee_fixed: Option<Decimal>,
    /// How often it is paid.
    #[graphql(default_with = "MerchantCycle::ByHand")]
    cycle: MerchantCycle,
    /// The bank account that it is paid on, international; either this or a domestic number.
    iban: Option<String>,
    /// The same, domestic.
    bank_account_number: Option<String>,
    /// Of which kind the domestic number is.
    bank_account_class: Option<BankAccountClass>,
}

/// A contract with a merchant to end.
#[derive(InputObject)]
pub struct EndMerchantContractInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which contract.
    contract: ID,
}

/// A merchant to pay.
#[derive(InputObject)]
pub struct SettleMerchantInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// By which contract.
    contract: ID,
}

outcomes! {
    /// A contract with a merchant was made.
    CreateMerchantContractResult = CreateMerchantContractSuccess {
        /// The contract.
        contract: MerchantContract,
    }

    /// A contract with a merchant was ended.
    EndMerchantContractResult = EndMerchantContractSuccess {
        /// The contract, as it is now.
        contract: MerchantContract,
    }

    /// A merchant was paid.
    SettleMerchantResult = SettleMerchantSuccess {
        /// The payment.
        payment: MerchantPayment,
    }
}

/// Mutations of merchants.
#[derive(Default)]
pub struct MerchantMutation;

#[Object]
impl MerchantMutation {
    /// Makes a contract with a merchant: what schemes clear with the merchant's id from now on is paid by it. Scope: admin.
    async fn create_merchant_contract(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to make.")] input: CreateMerchantContractInput,
    ) -> Result<Option<CreateMerchantContractResult>, Fault> {
        let call = Call::begin(ctx, "createMerchantContract", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => CreateMerchantContractResult::Refused(refusal),
            Reply::Done(done) => CreateMerchantContractResult::Done(CreateMerchantContractSuccess {
                contract: MerchantContract(Arc::unwrap_or_clone(done.value)),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Ends a contract with a merchant: what is cleared from now on is not paid by it; what was is. Scope: admin.
    async fn end_merchant_contract(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to end.")] input: EndMerchantContractInput,
    ) -> Result<Option<EndMerchantContractResult>, Fault> {
        let call = Call::begin(ctx, "endMerchantContract", Scope::Admin, Reach::Tenant).await?;
        let command = contract(&input.contract).map(|contract| EndMerchantContract { contract });
        Ok(Some(match call.run(&input.idempotency_key, command).await? {
            Reply::Refused(refusal) => EndMerchantContractResult::Refused(refusal),
            Reply::Done(done) => EndMerchantContractResult::Done(EndMerchantContractSuccess {
                contract: MerchantContract(Arc::unwrap_or_clone(done.value)),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Pays a merchant what was cleared for it and is not paid yet, less what is kept, before its cycle does. Scope: money.
    async fn settle_merchant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom to pay.")] input: SettleMerchantInput,
    ) -> Result<Option<SettleMerchantResult>, Fault> {
        let call = Call::begin(ctx, "settleMerchant", Scope::Money, Reach::Tenant).await?;
        let command = contract(&input.contract).map(|contract| SettleMerchant { contract });
        Ok(Some(match call.run(&input.idempotency_key, command).await? {
            Reply::Refused(refusal) => SettleMerchantResult::Refused(refusal),
            Reply::Done(done) => SettleMerchantResult::Done(SettleMerchantSuccess {
                payment: MerchantPayment(Arc::unwrap_or_clone(done.value)),
                receipt: done.receipt.into(),
            }),
        }))
    }
}

fn contract(id: &ID) -> Result<MerchantContractId, Refused> {
    named("contract", "merchant contract", id.parse().ok())
}

impl CreateMerchantContractInput {
    fn command(self) -> Result<CreateMerchantContract, Refused> {
        let bank_account =
            BankAccountInput { iban: self.iban, number: self.bank_account_number, class: self.bank_account_class };
        Ok(CreateMerchantContract {
            party: named("party", "party", self.party.to_domain())?,
            merchant: self.merchant_id,
            name: self.name,
            currency: self.currency.0,
            fee_pct: Amount(self.fee_pct.0),
            fee_fixed: amount(self.fee_fixed),
            cycle: self.cycle,
            bank_account: bank_account.checked()?,
        })
    }
}
