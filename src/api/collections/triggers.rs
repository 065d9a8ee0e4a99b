//! Custom actions that are run on claims by the names of triggers.

use async_graphql::{Context, InputObject, Object};

use crate::access::Scope;
use crate::actions::ExecuteClaimTrigger;
use crate::api::actions::ActionRun;
use crate::api::batch::batches;
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::{Caller, caller};
use crate::api::fault::Fault;
use crate::api::input::metadata;
use crate::api::refusal::outcomes;
use crate::api::scalars::Json;
use crate::refused::Refused;

/// A trigger to fire on a claim.
#[derive(InputObject)]
pub struct ExecuteClaimTriggerInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// On which claim; one that is not deleted.
    claim_reference: String,
    /// The code of the custom action that is run. One that is bound to accounts is run on the account on which the claim is owed.
    trigger_name: String,
    /// A JSON object of your own: `context` of the run's input, beside `trigger` and `claim`.
    trigger_context: Option<Json>,
}

impl ExecuteClaimTriggerInput {
    fn command(self, scopes: Vec<String>) -> Result<ExecuteClaimTrigger, Refused> {
        let context = metadata(self.trigger_context).map_err(|mut refused| {
            for field in &mut refused.fields {
                field.path = vec!["triggerContext".into()];
            }
            refused
        })?;
        Ok(ExecuteClaimTrigger { claim: self.claim_reference, trigger: self.trigger_name, context, scopes })
    }
}

outcomes! {
    /// A trigger was fired.
    ExecuteClaimTriggerResult = ExecuteClaimTriggerSuccess {
        /// The run of the custom action, which is worked on in the background.
        run: ActionRun,
    }
}

batches! {
    /// Triggers were fired.
    ExecuteClaimTriggerBatchInput of ExecuteClaimTriggerInput;
    ExecuteClaimTriggerBatchItem, ExecuteClaimTriggerBatchSuccess, ExecuteClaimTriggerBatchResult of ExecuteClaimTriggerResult;
}

/// What the caller's token can do, for a run in its name.
fn scopes(caller: &Caller) -> Vec<String> {
    caller.principal.scopes.iter().map(|scope| scope.word().to_owned()).collect()
}

/// Mutations that fire triggers.
#[derive(Default)]
pub struct TriggerMutation;

#[Object]
impl TriggerMutation {
    /// Fires a trigger on a claim: the custom action of that name is run on it, in the background, with the rights of whoever
    /// asks. A name that no custom action has is refused (`NOT_FOUND`). Scope: admin.
    async fn execute_claim_trigger(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and on what.")] input: ExecuteClaimTriggerInput,
    ) -> Result<Option<ExecuteClaimTriggerResult>, Fault> {
        let call = Call::begin(ctx, "executeClaimTrigger", Scope::Admin, Reach::Tenant).await?;
        let (key, scopes) = (input.idempotency_key.clone(), scopes(caller(ctx)?));
        Ok(Some(match call.run(&key, input.command(scopes)).await? {
            Reply::Refused(refusal) => ExecuteClaimTriggerResult::Refused(refusal),
            Reply::Done(done) => {
                call.engine.actions.wake();
                let run = ActionRun::new((*done.value).clone());
                ExecuteClaimTriggerResult::Done(ExecuteClaimTriggerSuccess { run, receipt: done.receipt.into() })
            }
        }))
    }

    /// Fires triggers on many claims. Scope: admin; large batches take the scope bulk.
    async fn execute_claim_trigger_batch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and on what.")] input: ExecuteClaimTriggerBatchInput,
    ) -> Result<Option<ExecuteClaimTriggerBatchResult>, Fault> {
        let call = Call::begin(ctx, "executeClaimTriggerBatch", Scope::Admin, Reach::Tenant).await?;
        let scopes = scopes(caller(ctx)?);
        let command = |item: ExecuteClaimTriggerInput| item.command(scopes.clone());
        let answers = ExecuteClaimTriggerBatchInput::run(&call, input, command, |done| {
            let run = ActionRun::new((*done.value).clone());
            ExecuteClaimTriggerResult::Done(ExecuteClaimTriggerSuccess { run, receipt: done.receipt.into() })
        })
        .await;
        call.engine.actions.wake();
        answers
    }
}
