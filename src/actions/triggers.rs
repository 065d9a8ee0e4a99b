//! Triggers: custom actions that are run on claims, by their names.
//!
//! A trigger's name is the code of a custom action. One that is bound to accounts is run on the account on which the claim is
//! owed, one that is bound to none on none; the claim, as it stands, and the context go in with its input.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::model::{ActionBinding, ActionRun, ActionVersion, CustomAction};
use super::runs::StartRun;
use super::store::{ActionBy, CODE};
use crate::accounts::AccountBy;
use crate::collections::Claim;
use crate::collections::claims::store::REFERENCE;
use crate::primitives::{ActionVersionId, Minor};
use crate::refused::Refused;
use crate::work::{Command, Decision, Stop, Wants, Work};

/// Has the custom action of a name run on a claim, in the background.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExecuteClaimTrigger {
    /// On which claim, by what the creditor calls it.
    pub claim: String,
    /// The code of the custom action.
    pub trigger: String,
    /// What goes in besides: a JSON object, as text.
    pub context: String,
    /// What the caller's token can do: the run can do no more. Kept with the command, which may be decided later.
    pub scopes: Vec<String>,
}

impl ExecuteClaimTrigger {
    fn input(&self, claim: &Claim) -> String {
        let money = |minor: Minor| minor.in_currency(claim.currency).amount.to_string();
        let context: Value = serde_json::from_str(&self.context).unwrap_or_default();
        json!({
            "trigger": self.trigger,
            "claim": {
                "id": claim.id.to_string(),
                "reference": claim.reference,
                "status": claim.status.word(),
                "amount": money(claim.amount),
                "totalFees": money(claim.fees),
                "currency": claim.currency.code(),
                "currentDueDate": claim.current_due_date.to_string(),
            },
            "context": context,
        })
        .to_string()
    }
}

/// What the input calls the fields that a run is refused for.
fn renamed(mut refused: Refused) -> Refused {
    for field in &mut refused.fields {
        if let Some(name) = field.path.first_mut() {
            let told = match name.as_str() {
                "action" => "triggerName",
                "account" => "claimReference",
                "input" => "triggerContext",
                other => other,
            };
            *name = told.to_owned();
        }
    }
    refused
}

impl Command for ExecuteClaimTrigger {
    const OPERATION: &'static str = "executeClaimTrigger";
    type Made = ActionRun;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Claim>(&REFERENCE, &self.claim);
        wants.unique::<CustomAction>(&CODE, &self.trigger);
    }

    /// Refused as: `NOT_FOUND` for the claim, `INVALID_STATE` where it is deleted, `NOT_FOUND` for the trigger, then as a run of
    /// the custom action.
    fn decide(&self, work: &mut Work) -> Decision<Arc<ActionRun>> {
        let claim = work.find::<Claim>(&REFERENCE, &self.claim)?;
        let claim = claim.ok_or_else(|| Refused::not_found("claimReference", "claim"))?;
        claim.require_present()?;
        let action = work.find::<CustomAction>(&CODE, &self.trigger)?;
        let action = action.ok_or_else(|| Refused::not_found("triggerName", "custom action of this name"))?;
        let version = work
            .get::<ActionVersion>(ActionVersionId::of_number(action.id, action.version))?
            .ok_or_else(|| Stop::damaged("an action without its version"))?;
        let run = StartRun {
            action: ActionBy::Code(self.trigger.clone()),
            account: (version.binding == ActionBinding::Account).then_some(AccountBy::Id(claim.account)),
            input: self.input(&claim),
            dry_run: false,
            background: true,
            scopes: self.scopes.clone(),
        };
        run.decide(work).map_err(|stop| match stop {
            Stop::Refused(refused) => renamed(*refused).into(),
            stop => stop,
        })
    }
}
