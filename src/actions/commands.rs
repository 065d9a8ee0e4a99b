//! What operators change about custom actions.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events::{
    self, CUSTOM_ACTION_CREATED, CUSTOM_ACTION_DISABLED, CUSTOM_ACTION_ENABLED, CUSTOM_ACTION_SECRET_ROTATED,
    CUSTOM_ACTION_UPDATED,
};
use super::model::{ActionBinding, ActionKind, ActionState, ActionVersion, CustomAction};
use super::store::ActionBy;
use crate::accounts::Family;
use crate::events::webhooks::commands::LONGEST_OVERLAP;
use crate::events::webhooks::sign;
use crate::ledger::event::EventType;
use crate::primitives::ActionVersionId;
use crate::primitives::clock::Micros;
use crate::refused::{Facts, INVALID_STATE, Refused};
use crate::work::{Command, Decision, Stop, Wants, Work};

/// What of an action makes a version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Definition {
    /// For people.
    pub description: String,
    /// What it is run on.
    pub binding: ActionBinding,
    /// Only accounts of these families; of all when empty.
    pub families: Vec<Family>,
    /// Where a webhook goes.
    pub url: Option<String>,
    /// What a script does.
    pub script: Option<String>,
}

impl Definition {
    fn version(&self, work: &Work, action: &CustomAction) -> Result<ActionVersion, Refused> {
        let version = ActionVersion {
            id: ActionVersionId::of_number(action.id, action.version),
            action: action.id,
            number: action.version,
            description: self.description.clone(),
            binding: self.binding,
            families: self.families.clone(),
            url: self.url.clone(),
            script: self.script.clone(),
            client: work.origin().client.to_string(),
            created_at: work.now(),
        };
        version.checked(action.kind)
    }
}

/// Creates an action, which can be run at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateCustomAction {
    /// What it is run by.
    pub code: String,
    /// What running it means.
    pub kind: ActionKind,
    /// The rest.
    pub definition: Definition,
}

impl Command for CreateCustomAction {
    const OPERATION: &'static str = "createCustomAction";
    type Made = CustomAction;

    /// Refused as: `INVALID_INPUT`, `DUPLICATE_REFERENCE` for the code, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<CustomAction>> {
        let action = CustomAction {
            id: work.id(),
            ordinal: work.ordinal(),
            code: self.code.clone(),
            kind: self.kind,
            state: ActionState::Enabled,
            version: 1,
            secret: (self.kind == ActionKind::Webhook).then(|| sign::secret(work.secret("action"))),
            previous: None,
            created_at: work.now(),
        }
        .checked()?;
        let version = self.definition.version(work, &action)?;
        let action = work.insert(action)?;
        work.insert(version)?;
        work.tell(events::of(CUSTOM_ACTION_CREATED, &action));
        Ok(action)
    }
}

/// Changes an action: what is run from now on is a new version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateCustomAction {
    /// Which.
    pub action: ActionBy,
    /// For people.
    pub description: Option<String>,
    /// What it is run on.
    pub binding: Option<ActionBinding>,
    /// Only accounts of these families; of all when empty.
    pub families: Option<Vec<Family>>,
    /// Where a webhook goes.
    pub url: Option<String>,
    /// What a script does.
    pub script: Option<String>,
}

impl Command for UpdateCustomAction {
    const OPERATION: &'static str = "updateCustomAction";
    type Made = CustomAction;

    fn looks_at(&self, wants: &mut Wants) {
        self.action.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, in this order. What changes nothing makes no version.
    fn decide(&self, work: &mut Work) -> Decision<Arc<CustomAction>> {
        let action = self.action.locate(work, "action")?;
        let former = work
            .get::<ActionVersion>(ActionVersionId::of_number(action.id, action.version))?
            .ok_or_else(|| Stop::damaged("an action without its version"))?;
        let definition = Definition {
            description: self.description.clone().unwrap_or_else(|| former.description.clone()),
            binding: self.binding.unwrap_or(former.binding),
            families: self.families.clone().unwrap_or_else(|| former.families.clone()),
            url: self.url.clone().or_else(|| former.url.clone()),
            script: self.script.clone().or_else(|| former.script.clone()),
        };
        let next = CustomAction { version: action.version + 1, ..(*action).clone() };
        let version = definition.version(work, &next)?;
        let says_the_same = ActionVersion {
            id: former.id,
            number: former.number,
            client: former.client.clone(),
            created_at: former.created_at,
            ..version.clone()
        } == *former;
        if says_the_same {
            return Ok(action);
        }
        work.insert(version)?;
        let action = work.change::<CustomAction, Refused>(action.id, |action| {
            action.version += 1;
            Ok(())
        })?;
        work.tell(events::of(CUSTOM_ACTION_UPDATED, &action));
        Ok(action)
    }
}

/// Turns an action to another state.
fn turn(work: &mut Work, by: &ActionBy, to: ActionState, told: EventType) -> Decision<Arc<CustomAction>> {
    let action = by.locate(work, "action")?;
    if action.state == to {
        let message = format!("the custom action is {} already", to.word());
        let facts = Box::new(Facts { status: Some(to.word()), ..Facts::default() });
        return Err(Refused { facts, ..Refused::of_field(INVALID_STATE, "action", message) }.into());
    }
    let action = work.change::<CustomAction, Refused>(action.id, |action| {
        action.state = to;
        Ok(())
    })?;
    work.tell(events::of(told, &action));
    Ok(action)
}

/// Lets an action be run again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnableCustomAction {
    /// Which.
    pub action: ActionBy,
}

impl Command for EnableCustomAction {
    const OPERATION: &'static str = "enableCustomAction";
    type Made = CustomAction;

    fn looks_at(&self, wants: &mut Wants) {
        self.action.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<CustomAction>> {
        turn(work, &self.action, ActionState::Enabled, CUSTOM_ACTION_ENABLED)
    }
}

/// Lets an action be run no more. What is under way goes on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DisableCustomAction {
    /// Which.
    pub action: ActionBy,
}

impl Command for DisableCustomAction {
    const OPERATION: &'static str = "disableCustomAction";
    type Made = CustomAction;

    fn looks_at(&self, wants: &mut Wants) {
        self.action.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<CustomAction>> {
        turn(work, &self.action, ActionState::Disabled, CUSTOM_ACTION_DISABLED)
    }
}

/// Gives an action that is a webhook a new secret. Until a moment it signs with the former one as well.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RotateCustomActionSecret {
    /// Which.
    pub action: ActionBy,
    /// How long both are used, in seconds.
    pub overlap_seconds: u32,
}

impl Command for RotateCustomActionSecret {
    const OPERATION: &'static str = "rotateCustomActionSecret";
    type Made = CustomAction;

    fn looks_at(&self, wants: &mut Wants) {
        self.action.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE` for a script, `INVALID_INPUT`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<CustomAction>> {
        let action = self.action.locate(work, "action")?;
        if action.kind != ActionKind::Webhook {
            return Err(Refused::of_field(INVALID_STATE, "action", "a script signs nothing").into());
        }
        if self.overlap_seconds > LONGEST_OVERLAP {
            let message = format!("must be at most {LONGEST_OVERLAP}, a week");
            return Err(Refused::invalid("overlapSeconds", message).into());
        }
        let secret = sign::secret(work.secret("action"));
        let until = work.clock().saturating_add(Micros::from(self.overlap_seconds) * 1_000_000);
        let action = work.change::<CustomAction, Refused>(action.id, |action| {
            let former = action.secret.replace(secret);
            action.previous = former.filter(|_| self.overlap_seconds > 0).map(|former| (former, until));
            Ok(())
        })?;
        work.tell(events::of(CUSTOM_ACTION_SECRET_ROTATED, &action));
        Ok(action)
    }
}
