//! What the log tells of custom actions. Neither what goes in nor what comes out is told.

use serde_json::json;

use super::model::{ActionRun, CustomAction};
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of custom actions.
    TYPES {
        /// A custom action was created.
        CUSTOM_ACTION_CREATED,
        /// A custom action has a new version.
        CUSTOM_ACTION_UPDATED,
        /// A custom action was enabled.
        CUSTOM_ACTION_ENABLED,
        /// A custom action was disabled.
        CUSTOM_ACTION_DISABLED,
        /// A custom action that is a webhook got a new secret.
        CUSTOM_ACTION_SECRET_ROTATED,
        /// Somebody asked for a run of a custom action.
        ACTION_RUN_STARTED,
        /// A run of a custom action is over: done, refused or failed.
        ACTION_RUN_ENDED,
    }
}

/// Something happened to an action.
#[must_use]
pub fn of(type_: EventType, action: &CustomAction) -> NewEvent {
    let payload = json!({
        "action": action.id.to_string(),
        "kind": action.kind.word(),
        "state": action.state.word(),
        "version": action.version,
    });
    NewEvent::of(type_, action.id, payload)
}

/// Something happened to a run: on an account, it is in that account's history.
#[must_use]
pub fn of_run(type_: EventType, run: &ActionRun) -> NewEvent {
    let payload = json!({
        "run": run.id.to_string(),
        "action": run.action.to_string(),
        "version": run.version,
        "account": run.account.map(|account| account.to_string()),
        "state": run.state.word(),
        "dryRun": run.dry_run,
        "job": run.job.map(|job| job.to_string()),
    });
    NewEvent { account: run.account, ..NewEvent::of(type_, run.id, payload) }
}
