//! How a run begins, is taken up, and waits.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events::{self, ACTION_RUN_STARTED};
use super::json;
use super::model::{
    ACTION, ActionBinding, ActionKind, ActionRun, ActionRunState, ActionState, ActionVersion, CustomAction, Failure,
    LONGEST_JSON,
};
use super::refusals::{ACTION_DISABLED, ACTION_FAMILY_NOT_ALLOWED, ACTION_NEEDS_ACCOUNT, ACTION_TAKES_NO_ACCOUNT};
use super::store::ActionBy;
use crate::accounts::commands::require_owner;
use crate::accounts::{Account, AccountBy};
use crate::jobs::queue::events::{self as told_of_jobs, JOB_QUEUED, JOB_STARTED};
use crate::jobs::queue::{Job, JobItem, JobItemState, JobState};
use crate::primitives::clock::Micros;
use crate::primitives::{ActionRunId, ActionVersionId, JobId, JobItemId};
use crate::refused::{Facts, INVALID_STATE, Refused};
use crate::work::{Command, Decision, Stop, Wants, Work};

/// How long a server may be silent about a run that it works on: longer than any script, call and commit take.
pub const SILENCE: Micros = 60 * 1_000_000;

/// Notes that an action is to be run, before anything is done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StartRun {
    /// Which action.
    pub action: ActionBy,
    /// On which account.
    pub account: Option<AccountBy>,
    /// What goes in: a JSON object, as text.
    pub input: String,
    /// Whether it only tries.
    pub dry_run: bool,
    /// Whether it is done in the background, as a job.
    pub background: bool,
    /// What the caller's token can do. No part of the request: the same with another token is the same.
    #[serde(skip)]
    pub scopes: Vec<String>,
}

impl StartRun {
    fn account(&self, work: &mut Work, version: &ActionVersion) -> Decision<Option<Arc<Account>>> {
        let by = match (version.binding, &self.account) {
            (ActionBinding::None, None) => return Ok(None),
            (ActionBinding::None, Some(_)) => {
                let message = "the custom action is not run on an account";
                return Err(Refused::of_field(ACTION_TAKES_NO_ACCOUNT, "account", message).into());
            }
            (ActionBinding::Account, None) => {
                let message = "the custom action is run on an account: name one";
                return Err(Refused::of_field(ACTION_NEEDS_ACCOUNT, "account", message).into());
            }
            (ActionBinding::Account, Some(by)) => by,
        };
        let account = by.locate(work, "account")?;
        require_owner(work, &account, "account")?;
        if !version.families.is_empty() && !version.families.contains(&account.family) {
            let message = format!("the custom action is not for accounts of the family {}", account.family.word());
            let facts = Box::new(Facts { account: Some(account.id), ..Facts::default() });
            return Err(Refused { facts, ..Refused::of_field(ACTION_FAMILY_NOT_ALLOWED, "account", message) }.into());
        }
        Ok(Some(account))
    }

    fn check_input(&self, action: &CustomAction) -> Result<(), Refused> {
        if self.input.len() > LONGEST_JSON {
            return Err(Refused::invalid("input", "must be at most 16 kB"));
        }
        match action.kind {
            ActionKind::Webhook => Ok(()),
            ActionKind::Script => json::check(&self.input).map_err(|problem| Refused::invalid("input", problem)),
        }
    }

    /// The job that a run in the background is followed by: one item, whose result is the run.
    fn job(&self, work: &mut Work, run: ActionRunId) -> Decision<Option<JobId>> {
        if !self.background {
            return Ok(None);
        }
        let origin = work.origin().clone();
        let (id, ordinal, now) = (work.id(), work.ordinal(), work.now());
        let job = work.insert(Job {
            id,
            ordinal,
            kind: ACTION.word().to_owned(),
            operation: Self::OPERATION.to_owned(),
            scope: "money".to_owned(),
            mode: "EACH_ALONE".to_owned(),
            state: JobState::Queued,
            total: 1,
            done: 0,
            refused: 0,
            failed: 0,
            round: 0,
            next: 0,
            items_kept: true,
            client: origin.client.to_string(),
            customer: None,
            request_id: origin.request_id.to_string(),
            created_at: now,
            started_at: None,
            ended_at: None,
        })?;
        work.insert(JobItem {
            id: JobItemId::of_place(job.id, 0),
            job: job.id,
            number: 0,
            key: run.to_string(),
            command: None,
            state: JobItemState::Pending,
            round: 0,
            result: Some(run.to_string()),
            refusal: None,
        })?;
        work.tell(told_of_jobs::of(JOB_QUEUED, &job));
        Ok(Some(job.id))
    }
}

impl Command for StartRun {
    const OPERATION: &'static str = "runAction";
    type Made = ActionRun;

    fn looks_at(&self, wants: &mut Wants) {
        self.action.hint(wants);
        if let Some(account) = &self.account {
            account.hint(wants);
        }
    }

    /// Refused as: `NOT_FOUND` for the action, `ACTION_DISABLED`, `ACTION_NEEDS_ACCOUNT` or `ACTION_TAKES_NO_ACCOUNT`,
    /// `NOT_FOUND` for the account, `CUSTOMER_ERASED` of its owner, `ACTION_FAMILY_NOT_ALLOWED`, `INVALID_INPUT`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<ActionRun>> {
        let action = self.action.locate(work, "action")?;
        if action.state != ActionState::Enabled {
            let facts = Box::new(Facts { status: Some(action.state.word()), ..Facts::default() });
            let refused = Refused::of_field(ACTION_DISABLED, "action", "the custom action is disabled");
            return Err(Refused { facts, ..refused }.into());
        }
        let version = work
            .get::<ActionVersion>(ActionVersionId::of_number(action.id, action.version))?
            .ok_or_else(|| Stop::damaged("an action without its version"))?;
        let account = self.account(work, &version)?;
        self.check_input(&action)?;
        let id: ActionRunId = work.id();
        let origin = work.origin().clone();
        let job = self.job(work, id)?;
        let (state, next, started_at) = match self.background {
            true => (ActionRunState::Queued, work.clock(), None),
            false => (ActionRunState::Running, work.clock().saturating_add(SILENCE), Some(work.now())),
        };
        let (ordinal, now) = (work.ordinal(), work.now());
        let run = work.insert(ActionRun {
            id,
            ordinal,
            action: action.id,
            version: action.version,
            account: account.map(|account| account.id),
            state,
            dry_run: self.dry_run,
            input: self.input.clone(),
            output: None,
            refusal: None,
            failure: None,
            commands: Vec::new(),
            steps: None,
            attempts: i32::from(!self.background),
            next: Some(next),
            job,
            client: origin.client.to_string(),
            scopes: self.scopes.clone(),
            request_id: origin.request_id.to_string(),
            created_at: now,
            started_at,
            ended_at: None,
        })?;
        work.tell(events::of_run(ACTION_RUN_STARTED, &run));
        Ok(run)
    }
}

/// A run as it was read: whoever finds it otherwise has come too late.
fn standing(work: &mut Work, run: ActionRunId, attempts: i32) -> Decision<Arc<ActionRun>> {
    match work.get::<ActionRun>(run)? {
        Some(found) if !found.state.is_over() && found.attempts == attempts => Ok(found),
        _ => Err(Refused::new(INVALID_STATE, "the run has gone on").into()),
    }
}

/// Takes a run up: one that waits, or one whose server has fallen silent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TakeRun {
    /// Which.
    pub run: ActionRunId,
    /// How often somebody had worked on it.
    pub attempts: i32,
}

impl Command for TakeRun {
    const OPERATION: &'static str = "takeActionRun";
    type Made = ActionRun;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<ActionRun>(self.run);
    }

    /// Refused as `INVALID_STATE`: somebody else has it, or it is not due.
    fn decide(&self, work: &mut Work) -> Decision<Arc<ActionRun>> {
        let found = standing(work, self.run, self.attempts)?;
        let (clock, now) = (work.clock(), work.now());
        if found.next.is_none_or(|next| clock < next) {
            return Err(Refused::new(INVALID_STATE, "the run is not due").into());
        }
        let run = work.change::<ActionRun, Refused>(found.id, |run| {
            run.turn(ActionRunState::Running)?;
            run.attempts += 1;
            run.next = Some(clock.saturating_add(SILENCE));
            run.started_at = Some(now);
            Ok(())
        })?;
        if let Some(job) = run.job
            && let Some(job) = work.get::<Job>(job)?.filter(|job| job.state == JobState::Queued)
        {
            let job = work.change::<Job, Refused>(job.id, |job| {
                job.turn(JobState::Running)?;
                job.started_at = Some(now);
                Ok(())
            })?;
            work.tell(told_of_jobs::of(JOB_STARTED, &job));
        }
        Ok(run)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Lets a run wait: its receiver is tried again later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeferRun {
    /// Which.
    pub run: ActionRunId,
    /// As whoever worked on it knows it.
    pub attempts: i32,
    /// Why it failed this time.
    pub failure: Failure,
    /// When it is tried again, on the server's clock.
    pub next: Micros,
}

impl Command for DeferRun {
    const OPERATION: &'static str = "deferActionRun";
    type Made = ActionRun;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<ActionRun>(self.run);
    }

    /// Refused as `INVALID_STATE`: somebody else has gone on with it.
    fn decide(&self, work: &mut Work) -> Decision<Arc<ActionRun>> {
        let found = standing(work, self.run, self.attempts)?;
        work.change::<ActionRun, Refused>(found.id, |run| {
            run.turn(ActionRunState::Waiting)?;
            run.failure = Some(self.failure.clone());
            run.next = Some(self.next);
            Ok(())
        })
    }

    fn weight(&self) -> usize {
        2
    }
}
