//! Mutations of contracts.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::contract_inputs::{
    ActivateInstalmentContractInput, CancelInstalmentContractInput, CreateInstalmentContractInput,
    RepayInstalmentContractEarlyInput, TerminateInstalmentContractInput, TerminateInstalmentContractsInput,
    UpdateInstalmentContractInput,
};
use super::contracts::InstalmentContract;
use crate::access::Scope;
use crate::api::call::{Call, Reach, Reply};
use crate::api::fault::Fault;
use crate::api::refusal::outcomes;

outcomes! {
    /// An instalment contract was made.
    CreateInstalmentContractResult = CreateInstalmentContractSuccess {
        /// The contract, as it is now.
        contract: InstalmentContract,
    }

    /// An instalment contract was changed.
    UpdateInstalmentContractResult = UpdateInstalmentContractSuccess {
        /// The contract, as it is now.
        contract: InstalmentContract,
    }

    /// An instalment contract was taken back.
    CancelInstalmentContractResult = CancelInstalmentContractSuccess {
        /// The contract, as it is now.
        contract: InstalmentContract,
    }

    /// An instalment contract was put into force.
    ActivateInstalmentContractResult = ActivateInstalmentContractSuccess {
        /// The contract, as it is now.
        contract: InstalmentContract,
    }

    /// A part of an instalment credit was repaid, or all of it.
    RepayInstalmentContractEarlyResult = RepayInstalmentContractEarlySuccess {
        /// The contract, as it is now.
        contract: InstalmentContract,
    }

    /// An instalment contract was ended.
    TerminateInstalmentContractResult = TerminateInstalmentContractSuccess {
        /// The contract, as it is now.
        contract: InstalmentContract,
    }

    /// The instalment contracts of a paying account were ended.
    TerminateInstalmentContractsResult = TerminateInstalmentContractsSuccess {
        /// The contracts that were ended, as they are now; none where the account paid for none.
        contracts: Vec<InstalmentContract>,
    }
}

/// The result of a mutation that gives a contract.
macro_rules! of_contract {
    ($reply:expr, $result:ident, $success:ident) => {
        Ok(Some(match $reply {
            Reply::Refused(refusal) => $result::Refused(refusal),
            Reply::Done(done) => $result::Done($success {
                contract: InstalmentContract::new(Arc::unwrap_or_clone(done.value)),
                receipt: done.receipt.into(),
            }),
        }))
    };
}

/// Mutations of contracts.
#[derive(Default)]
pub struct InstalmentContractMutation;

#[Object]
impl InstalmentContractMutation {
    /// Makes a contract: its plan is made, and nothing is paid out before it is put into force. Scope: admin.
    async fn create_instalment_contract(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to make.")] input: CreateInstalmentContractInput,
    ) -> Result<Option<CreateInstalmentContractResult>, Fault> {
        let call = Call::begin(ctx, "createInstalmentContract", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_contract!(
            call.run(&key, input.command()).await?,
            CreateInstalmentContractResult,
            CreateInstalmentContractSuccess
        )
    }

    /// Changes a contract: all of it before it is in force, and then only the account that pays. Scope: admin.
    async fn update_instalment_contract(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateInstalmentContractInput,
    ) -> Result<Option<UpdateInstalmentContractResult>, Fault> {
        let call = Call::begin(ctx, "updateInstalmentContract", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_contract!(
            call.run(&key, input.command()).await?,
            UpdateInstalmentContractResult,
            UpdateInstalmentContractSuccess
        )
    }

    /// Takes a contract back that is not in force. Scope: admin.
    async fn cancel_instalment_contract(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: CancelInstalmentContractInput,
    ) -> Result<Option<CancelInstalmentContractResult>, Fault> {
        let call = Call::begin(ctx, "cancelInstalmentContract", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_contract!(
            call.run(&key, input.command()).await?,
            CancelInstalmentContractResult,
            CancelInstalmentContractSuccess
        )
    }

    /// Puts a contract into force, once it is signed: its own account is opened, the credit paid out, and the plan runs. Scope: money.
    async fn activate_instalment_contract(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: ActivateInstalmentContractInput,
    ) -> Result<Option<ActivateInstalmentContractResult>, Fault> {
        let call = Call::begin(ctx, "activateInstalmentContract", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_contract!(
            call.run(&key, input.command()).await?,
            ActivateInstalmentContractResult,
            ActivateInstalmentContractSuccess
        )
    }

    /// Pays a part of what is owed beside the plan: the instalments keep their size, and fewer are left. All of what is owed ends the contract, with the interest of the days that have passed. Scope: money.
    async fn repay_instalment_contract_early(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How much, and who pays.")] input: RepayInstalmentContractEarlyInput,
    ) -> Result<Option<RepayInstalmentContractEarlyResult>, Fault> {
        let call = Call::begin(ctx, "repayInstalmentContractEarly", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_contract!(
            call.run(&key, input.command()).await?,
            RepayInstalmentContractEarlyResult,
            RepayInstalmentContractEarlySuccess
        )
    }

    /// Ends a contract before its last instalment: what is owed is charged to the account that pays, or borne by you. Scope: money.
    async fn terminate_instalment_contract(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and who bears it.")] input: TerminateInstalmentContractInput,
    ) -> Result<Option<TerminateInstalmentContractResult>, Fault> {
        let call = Call::begin(ctx, "terminateInstalmentContract", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_contract!(
            call.run(&key, input.command()).await?,
            TerminateInstalmentContractResult,
            TerminateInstalmentContractSuccess
        )
    }

    /// Ends every contract in force that an account pays for, all of them or none: what is owed is charged to the account,
    /// or borne by you. Scope: money.
    async fn terminate_instalment_contracts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which account, and who bears it.")] input: TerminateInstalmentContractsInput,
    ) -> Result<Option<TerminateInstalmentContractsResult>, Fault> {
        let call = Call::begin(ctx, "terminateInstalmentContracts", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => TerminateInstalmentContractsResult::Refused(refusal),
            Reply::Done(done) => TerminateInstalmentContractsResult::Done(TerminateInstalmentContractsSuccess {
                contracts: done.value.0.iter().map(|contract| InstalmentContract::new((**contract).clone())).collect(),
                receipt: done.receipt.into(),
            }),
        }))
    }
}
