//! Rows of custom actions, their versions and runs.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, Statement};
use serde::{Deserialize, Serialize};

use super::model::{
    ActionBinding, ActionKind, ActionRun, ActionRunState, ActionState, ActionVersion, CustomAction, Failure,
};
use crate::accounts::Family;
use crate::jobs::refusal::KeptRefusal;
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::ledger::rows::known;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, ActionRunId, ActionVersionId, CustomActionId, JobId, TenantId};
use crate::refused::Refused;
use crate::work::row::{Index, Row, Set, Table};
use crate::work::{Decision, Owned, Wants, Work, read};
use entity::{action_run, action_version, custom_action};

/// What an action is run by.
pub static CODE: Index = Index { table: Table::CustomAction, column: "code", field: "code", what: "the code" };

/// Runs on an account that are not over.
pub static UNDER_WAY: Set<ActionRun> = Set {
    name: "under_way",
    owner: "account_id",
    condition: "found.next_us IS NOT NULL",
    owner_of: |run| run.account.filter(|_| !run.state.is_over()).map(|account| account.0),
    order: |one, other| one.ordinal.cmp(&other.ordinal),
    bound: 10_000,
};

impl Row for CustomAction {
    type Id = CustomActionId;
    type Entity = custom_action::Entity;

    const TABLE: Table = Table::CustomAction;
    const WHAT: &'static str = "custom action";

    fn id(&self) -> CustomActionId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> custom_action::Model {
        let (previous_secret, previous_until_us) = self.previous.clone().unzip();
        custom_action::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            code: self.code.clone(),
            kind: self.kind.word().to_owned(),
            state: self.state.word().to_owned(),
            version: self.version,
            secret: self.secret.clone(),
            previous_secret,
            previous_until_us,
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: custom_action::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: CustomActionId(row.id),
            ordinal: row.ordinal,
            code: row.code,
            kind: known(ActionKind::from_word(&row.kind), "kind of an action")?,
            state: known(ActionState::from_word(&row.state), "state of an action")?,
            version: row.version,
            secret: row.secret,
            previous: row.previous_secret.zip(row.previous_until_us),
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&CODE, &self.code)]
    }

    fn changes(column: &str) -> bool {
        matches!(column, "state" | "version" | "secret" | "previous_secret" | "previous_until_us")
    }
}

impl Owned for CustomAction {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

impl Row for ActionVersion {
    type Id = ActionVersionId;
    type Entity = action_version::Entity;

    const TABLE: Table = Table::ActionVersion;
    const WHAT: &'static str = "version of a custom action";

    fn id(&self) -> ActionVersionId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> action_version::Model {
        let families: Vec<&str> = self.families.iter().map(|family| family.word()).collect();
        action_version::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            action_id: self.action.0,
            number: self.number,
            description: self.description.clone(),
            binding: self.binding.word().to_owned(),
            families: families.join(","),
            url: self.url.clone(),
            script: self.script.clone(),
            client: self.client.clone(),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: action_version::Model) -> Result<Self, LedgerFault> {
        let words = row.families.split(',').filter(|word| !word.is_empty());
        Ok(Self {
            id: ActionVersionId(row.id),
            action: CustomActionId(row.action_id),
            number: row.number,
            description: row.description,
            binding: known(ActionBinding::from_word(&row.binding), "binding of an action")?,
            families: words
                .map(|word| known(Family::from_word(word), "family of an action"))
                .collect::<Result<_, _>>()?,
            url: row.url,
            script: row.script,
            client: row.client,
            created_at: row.created_at_us,
        })
    }

    fn changes(_: &str) -> bool {
        false
    }
}

impl Row for ActionRun {
    type Id = ActionRunId;
    type Entity = action_run::Entity;

    const TABLE: Table = Table::ActionRun;
    const WHAT: &'static str = "run of a custom action";

    fn id(&self) -> ActionRunId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> action_run::Model {
        // Plain data: writing it cannot fail.
        let failure = self.failure.as_ref().map(|failure| serde_json::to_string(failure).unwrap_or_default());
        action_run::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            action_id: self.action.0,
            version: self.version,
            account_id: self.account.map(|account| account.0),
            state: self.state.word().to_owned(),
            dry_run: self.dry_run,
            input: self.input.clone(),
            output: self.output.clone(),
            refusal: self.refusal.as_ref().map(KeptRefusal::text),
            failure,
            commands: serde_json::to_string(&self.commands).unwrap_or_default(),
            steps: self.steps,
            attempts: self.attempts,
            next_us: self.next,
            job_id: self.job.map(|job| job.0),
            client: self.client.clone(),
            scopes: self.scopes.join(" "),
            request_id: self.request_id.clone(),
            created_at_us: self.created_at,
            started_at_us: self.started_at,
            ended_at_us: self.ended_at,
        }
    }

    fn from_model(row: action_run::Model) -> Result<Self, LedgerFault> {
        let refusal = row.refusal.as_deref().map(|text| known(KeptRefusal::of(text), "refusal of a run"));
        let failure =
            row.failure.as_deref().map(|text| known(serde_json::from_str::<Failure>(text).ok(), "failure of a run"));
        Ok(Self {
            id: ActionRunId(row.id),
            ordinal: row.ordinal,
            action: CustomActionId(row.action_id),
            version: row.version,
            account: row.account_id.map(AccountId),
            state: known(ActionRunState::from_word(&row.state), "state of a run")?,
            dry_run: row.dry_run,
            input: row.input,
            output: row.output,
            refusal: refusal.transpose()?,
            failure: failure.transpose()?,
            commands: known(serde_json::from_str(&row.commands).ok(), "commands of a run")?,
            steps: row.steps,
            attempts: row.attempts,
            next: row.next_us,
            job: row.job_id.map(JobId),
            client: row.client,
            scopes: row.scopes.split_whitespace().map(str::to_owned).collect(),
            request_id: row.request_id,
            created_at: row.created_at_us,
            started_at: row.started_at_us,
            ended_at: row.ended_at_us,
        })
    }

    fn changes(column: &str) -> bool {
        !matches!(
            column,
            "ordinal"
                | "action_id"
                | "version"
                | "account_id"
                | "dry_run"
                | "input"
                | "job_id"
                | "client"
                | "scopes"
                | "request_id"
                | "created_at_us"
        )
    }

    fn sets() -> &'static [Set<Self>] {
        std::slice::from_ref(&UNDER_WAY)
    }
}

impl Owned for ActionRun {
    /// A token that is bound to a customer runs none, and sees none.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

/// How an action is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActionBy {
    /// By Konto's id.
    Id(CustomActionId),
    /// By what it is run by.
    Code(String),
}

impl ActionBy {
    /// What is looked up to find it.
    pub fn hint(&self, wants: &mut Wants) {
        match self {
            Self::Id(id) => wants.row::<CustomAction>(*id),
            Self::Code(code) => wants.unique::<CustomAction>(&CODE, code),
        }
    }

    /// The action that an input field names, if the origin sees it.
    ///
    /// # Errors
    /// `NOT_FOUND` for the field.
    pub fn locate(&self, work: &mut Work, field: &str) -> Decision<Arc<CustomAction>> {
        let found = match self {
            Self::Id(id) => work.get::<CustomAction>(*id)?,
            Self::Code(code) => work.find::<CustomAction>(&CODE, code)?,
        };
        match found {
            Some(found) if found.is_visible(work)? => Ok(found),
            _ => Err(Refused::not_found(field, "custom action").into()),
        }
    }
}

/// An action by any of its names.
///
/// # Errors
/// [`LedgerFault`].
pub async fn find(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    by: &ActionBy,
) -> Result<Option<CustomAction>, LedgerFault> {
    match by {
        ActionBy::Id(id) => read::by_id::<CustomAction>(db, tenant, *id).await,
        ActionBy::Code(code) => Ok(read::by_unique::<CustomAction>(db, tenant, &CODE, &[code.as_str()]).await?.pop()),
    }
}

/// A tenant's actions, in the order in which they were created.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    kinds: &[ActionKind],
    page: Page<i64>,
) -> Result<Vec<CustomAction>, LedgerFault> {
    let mut query = read::select::<CustomAction>(tenant);
    if !kinds.is_empty() {
        query.and_any("kind", kinds.iter().map(|kind| kind.word().into()).collect());
    }
    read::page(db, query, false, page).await
}

/// An action's versions, the newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn versions(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    action: CustomActionId,
    page: Page<i64>,
) -> Result<Vec<ActionVersion>, LedgerFault> {
    let mut query = read::select::<ActionVersion>(tenant);
    query.and("action_id = ", action.0.into());
    let (after, before) = (page.after.map(Into::into), page.before.map(Into::into));
    query.page("number", true, after, before, page.backward, page.limit);
    query.all(db).await?.iter().map(ActionVersion::of_result).collect()
}

/// Which runs to list.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    /// Only of this action.
    pub action: Option<CustomActionId>,
    /// Only on this account.
    pub account: Option<AccountId>,
    /// Only in these states; in all when empty.
    pub states: Vec<ActionRunState>,
    /// Only tries, or none of them.
    pub dry_run: Option<bool>,
}

/// Runs, the newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn runs(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &RunFilter,
    page: Page<i64>,
) -> Result<Vec<ActionRun>, LedgerFault> {
    let mut query = read::select::<ActionRun>(tenant);
    if let Some(action) = filter.action {
        query.and("action_id = ", action.0.into());
    }
    if let Some(account) = filter.account {
        query.and("account_id = ", account.0.into());
    }
    if !filter.states.is_empty() {
        query.and_any("state", filter.states.iter().map(|state| state.word().into()).collect());
    }
    if let Some(dry_run) = filter.dry_run {
        query.and("dry_run = ", dry_run.into());
    }
    read::page(db, query, true, page).await
}

/// Runs whose turn has come, of all tenants.
///
/// # Errors
/// [`LedgerFault`].
pub async fn due(
    db: &impl ConnectionTrait,
    now: Micros,
    most: u64,
) -> Result<Vec<(TenantId, ActionRunId)>, LedgerFault> {
    let sql = format!("SELECT tenant_id, id FROM action_run WHERE next_us <= $1 ORDER BY next_us LIMIT {most}");
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, vec![now.into()]);
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok((TenantId(row.try_get("", "tenant_id")?), ActionRunId(row.try_get("", "id")?)))).collect()
}
