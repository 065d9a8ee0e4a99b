//! Custom actions, their versions and runs, as they are shown.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::access::Scope;
use crate::actions::{self as domain, store};
use crate::api::accounts::{self, Account};
use crate::api::context::{Caller, allowed, caller};
use crate::api::enums::{AccountFamily, ActionBinding, ActionKind, ActionRunState, ActionState, FailureKind};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::inputs::{CustomActionBy, filter_id, filter_list};
use crate::api::jobs::{self, Job};
use crate::api::node::{self, Node};
use crate::api::pagination::{Connection, ItemNumber, Listed, Ordinal, PageArgs, Window};
use crate::api::refusal::Refusal;
use crate::api::scalars::{DateTime, Json};
use crate::events::history::HistoryOf;
use crate::ledger::LedgerFault;
use crate::primitives::{ActionRunId, ActionVersionId, CustomActionId};

/// A custom action in the API.
#[derive(Clone, Debug)]
pub struct CustomAction(domain::CustomAction);

impl CustomAction {
    /// Of an action that the token sees.
    #[must_use]
    pub fn new(action: domain::CustomAction) -> Self {
        Self(action)
    }
}

impl Listed for CustomAction {
    const LIST: &'static str = "CustomAction";
}

/// Something of your own that can be run by a name, on an account or on none: a webhook, whose answer is the outcome, or
/// a script in a sandbox.
#[Object]
impl CustomAction {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it is run by; unique in the tenant.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// What running it means.
    async fn kind(&self) -> ActionKind {
        self.0.kind
    }

    /// Whether it can be run.
    async fn state(&self) -> ActionState {
        self.0.state
    }

    /// How it is defined now: the version that is run.
    async fn current(&self, ctx: &Context<'_>) -> Result<CustomActionVersion, Fault> {
        let id = ActionVersionId::of_number(self.0.id, self.0.version);
        let found = caller(ctx)?.loaders.row::<domain::ActionVersion>(id).await?;
        let missing = LedgerFault::Inconsistent("an action without its version");
        Ok(CustomActionVersion(found.ok_or(missing)?))
    }

    /// How it was defined, the newest version first. Scope: read.
    async fn versions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<CustomActionVersion>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<ItemNumber>::new(&PageArgs::forward(first, after))?;
        let rows = store::versions(caller.db(), caller.tenant(), self.0.id, window.page(|key| key.0)).await?;
        Ok(window.connect(rows, |row| ItemNumber(row.number.into()), CustomActionVersion))
    }

    /// Every command that touched it, newest first. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        history::of_traces(ctx, &HistoryOf::Thing(self.0.id.to_string()), filter, first, after).await
    }

    /// Until when calls of a webhook are signed with the former secret as well.
    async fn former_secret_until(&self) -> Option<DateTime> {
        self.0.previous.as_ref().map(|(_, until)| DateTime(*until))
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// A version of a custom action in the API.
#[derive(Clone, Debug)]
pub struct CustomActionVersion(domain::ActionVersion);

impl Listed for CustomActionVersion {
    const LIST: &'static str = "CustomActionVersion";
}

/// How a custom action was defined from some time on. It never changes.
#[Object]
impl CustomActionVersion {
    /// Its number: 1 is the first.
    async fn number(&self) -> i32 {
        self.0.number
    }

    /// For people.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// What it is run on.
    async fn binding(&self) -> ActionBinding {
        self.0.binding
    }

    /// Only accounts of these families; of all when empty.
    async fn families(&self) -> &[AccountFamily] {
        &self.0.families
    }

    /// Where a webhook goes. Shown to tokens with the scope `admin`.
    async fn url(&self, ctx: &Context<'_>) -> Result<Option<&str>, Fault> {
        Ok(self.0.url.as_deref().filter(|_| caller(ctx).is_ok_and(|caller| caller.principal.may(Scope::Admin))))
    }

    /// What a script does. Shown to tokens with the scope `admin`.
    async fn script(&self, ctx: &Context<'_>) -> Result<Option<&str>, Fault> {
        Ok(self.0.script.as_deref().filter(|_| caller(ctx).is_ok_and(|caller| caller.principal.may(Scope::Admin))))
    }

    /// The client that made it.
    async fn client(&self) -> &str {
        &self.0.client
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// Which custom actions to list.
#[derive(Debug, Default, InputObject)]
pub struct CustomActionFilter {
    /// Only of these kinds; of all when absent.
    #[graphql(validator(max_items = 10))]
    kinds: Option<Vec<ActionKind>>,
}

/// A run in the API.
#[derive(Clone, Debug)]
pub struct ActionRun(domain::ActionRun);

impl ActionRun {
    /// Of a run that the token sees.
    #[must_use]
    pub fn new(run: domain::ActionRun) -> Self {
        Self(run)
    }
}

impl Listed for ActionRun {
    const LIST: &'static str = "ActionRun";
}

/// Why a run failed.
#[derive(Clone, Debug, SimpleObject)]
pub struct ActionFailure {
    /// Why.
    kind: FailureKind,
    /// For people.
    message: String,
    /// The line of the script, from 1.
    line: Option<i32>,
    /// The place in that line, from 1.
    column: Option<i32>,
    /// What the receiver answered, in HTTP.
    status: Option<i32>,
}

impl From<&domain::Failure> for ActionFailure {
    fn from(failure: &domain::Failure) -> Self {
        let domain::Failure { kind, message, line, column, status } = failure.clone();
        Self { kind, message, line, column, status }
    }
}

/// A command that a script asked for.
#[derive(Clone, Debug)]
pub struct ActionCommand(domain::model::Asked);

/// A command that a script asked for.
#[Object]
impl ActionCommand {
    /// The mutation's name.
    async fn operation(&self) -> &str {
        &self.0.operation
    }

    /// What it made, as it is now; nothing of a run that was not done, or only tried.
    async fn result(&self, ctx: &Context<'_>) -> Result<Option<Node>, Fault> {
        match &self.0.result {
            Some(id) => node::find(caller(ctx)?, &ID(id.clone())).await,
            None => Ok(None),
        }
    }
}

/// A run of a custom action: what went in, what came out.
#[Object]
impl ActionRun {
    /// Opaque, and unique across the API. A webhook is told it as the message's id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Of which custom action.
    async fn action(&self, ctx: &Context<'_>) -> Result<CustomAction, Fault> {
        let found = by_id(caller(ctx)?, self.0.action).await?;
        Ok(found.ok_or(LedgerFault::Inconsistent("a run without its action"))?)
    }

    /// Which of its versions was run.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// On which account.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        match self.0.account {
            Some(account) => accounts::by_id(caller(ctx)?, account).await,
            None => Ok(None),
        }
    }

    /// Where it stands.
    async fn state(&self) -> ActionRunState {
        self.0.state
    }

    /// Whether it only tried: then nothing was done.
    async fn dry_run(&self) -> bool {
        self.0.dry_run
    }

    /// What went in.
    async fn input(&self) -> Json {
        Json::stored(&self.0.input)
    }

    /// What came out, any JSON; decimals of a script are texts.
    async fn output(&self) -> Option<Json> {
        self.0.output.as_deref().map(Json::stored)
    }

    /// What it was refused for, by its script or for one of its commands: then the path of a field begins with
    /// `commands`, the place of the command from 0, and goes on below that command's input.
    async fn refusal(&self) -> Result<Option<Refusal>, Fault> {
        match &self.0.refusal {
            None => Ok(None),
            Some(kept) => {
                let shown = Refusal::kept(kept);
                shown.map(Some).ok_or_else(|| Fault::internal(&"a refusal with a code that nobody gives"))
            }
        }
    }

    /// Why it failed; while it waits, why it did the last time.
    async fn failure(&self) -> Option<ActionFailure> {
        self.0.failure.as_ref().map(Into::into)
    }

    /// The commands that its script asked for, in their order: all of them were done, or none.
    async fn commands(&self) -> Vec<ActionCommand> {
        self.0.commands.iter().cloned().map(ActionCommand).collect()
    }

    /// Steps that its script took, of 100,000 that it may.
    async fn steps(&self) -> Option<i32> {
        self.0.steps.and_then(|steps| i32::try_from(steps).ok())
    }

    /// How often it was worked on: more than once where a receiver was tried again, or a server has died.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// When its receiver is tried again.
    async fn next_attempt_at(&self) -> Option<DateTime> {
        self.0.next.filter(|_| self.0.state == ActionRunState::Waiting).map(DateTime)
    }

    /// The job that it is followed by, where it is done in the background.
    async fn job(&self, ctx: &Context<'_>) -> Result<Option<Job>, Fault> {
        match self.0.job {
            Some(job) => jobs::by_id(caller(ctx)?, job).await,
            None => Ok(None),
        }
    }

    /// The client that asked for it.
    async fn client(&self) -> &str {
        &self.0.client
    }

    /// The request that it came with, as the audit trail has it.
    async fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// Every command that touched it, newest first. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        history::of_traces(ctx, &HistoryOf::Thing(self.0.id.to_string()), filter, first, after).await
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was begun, the last time.
    async fn started_at(&self) -> Option<DateTime> {
        self.0.started_at.map(DateTime)
    }

    /// When it ended.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }
}

/// Which runs to list. All conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct ActionRunFilter {
    /// Only of this custom action.
    action: Option<ID>,
    /// Only on this account.
    account: Option<ID>,
    /// Only in these states; in all when absent.
    #[graphql(validator(max_items = 10))]
    states: Option<Vec<ActionRunState>>,
    /// Only tries, or none of them.
    dry_run: Option<bool>,
}

/// An action by its id, if the token sees it: one that is bound to a customer sees none.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: CustomActionId) -> Result<Option<CustomAction>, Fault> {
    if caller.customer().is_some() {
        return Ok(None);
    }
    Ok(caller.loaders.row::<domain::CustomAction>(id).await?.map(CustomAction))
}

/// A run by its id, if the token sees it: one that is bound to a customer sees none.
///
/// # Errors
/// The database's.
pub async fn run_by_id(caller: &Caller, id: ActionRunId) -> Result<Option<ActionRun>, Fault> {
    if caller.customer().is_some() {
        return Ok(None);
    }
    Ok(caller.loaders.row::<domain::ActionRun>(id).await?.map(ActionRun))
}

/// An action by any of its names, if the token sees it.
///
/// # Errors
/// The database's.
pub async fn find(caller: &Caller, by: &CustomActionBy) -> Result<Option<CustomAction>, Fault> {
    match by.to_domain() {
        Some(by) if caller.customer().is_none() => {
            Ok(store::find(caller.db(), caller.tenant(), &by).await?.map(CustomAction))
        }
        _ => Ok(None),
    }
}

/// The actions, in the order in which they were created.
///
/// # Errors
/// `BAD_REQUEST` for the page and the filter, and the database's.
pub async fn list(
    caller: &Caller,
    filter: Option<CustomActionFilter>,
    args: &PageArgs,
) -> Result<Connection<CustomAction>, Fault> {
    let window = Window::<Ordinal<domain::CustomAction>>::new(args)?;
    let kinds = filter_list("kinds", filter.unwrap_or_default().kinds)?.unwrap_or_default();
    if caller.customer().is_some() {
        return Ok(Connection::empty());
    }
    let rows = store::list(caller.db(), caller.tenant(), &kinds, window.page(Ordinal::place)).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), CustomAction))
}

/// The runs, the newest first.
///
/// # Errors
/// `BAD_REQUEST` for the page and the filter, and the database's.
pub async fn runs(
    caller: &Caller,
    filter: Option<ActionRunFilter>,
    args: &PageArgs,
) -> Result<Connection<ActionRun>, Fault> {
    let window = Window::<Ordinal<domain::ActionRun>>::new(args)?;
    let filter = filter.unwrap_or_default();
    let filter = store::RunFilter {
        action: filter.action.as_ref().map(filter_id),
        account: filter.account.as_ref().map(filter_id),
        states: filter_list("states", filter.states)?.unwrap_or_default(),
        dry_run: filter.dry_run,
    };
    if caller.customer().is_some() {
        return Ok(Connection::empty());
    }
    let rows = store::runs(caller.db(), caller.tenant(), &filter, window.page(Ordinal::place)).await?;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), ActionRun))
}
