//! What is done to custom actions, and running them.

use async_graphql::{Context, InputObject, MaybeUndefined, Object};

use super::types::{ActionRun, CustomAction};
use crate::access::Scope;
use crate::actions::{
    ActionBy, CreateCustomAction, Definition, DisableCustomAction, EnableCustomAction, RotateCustomActionSecret,
    StartRun, UpdateCustomAction, script,
};
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::caller;
use crate::api::enums::{AccountFamily, ActionBinding, ActionKind};
use crate::api::fault::Fault;
use crate::api::input::{named, set};
use crate::api::inputs::{AccountBy, CustomActionBy};
use crate::api::refusal::outcomes;
use crate::api::scalars::Json;
use crate::engine::Engine;
use crate::events::webhooks::address;
use crate::refused::{FieldProblem, INVALID_INPUT, Refused, said};
use crate::work::Priority;

/// How long the former secret is used as well, when nothing is said: a day.
const OVERLAP: i32 = 24 * 3_600;

/// A custom action to create.
#[derive(InputObject)]
pub struct CreateCustomActionInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// What it is run by; unique in the tenant. 1 to 64 characters.
    code: String,
    /// What running it means; for life.
    kind: ActionKind,
    /// For people; at most 500 characters.
    description: Option<String>,
    /// What it is run on.
    binding: ActionBinding,
    /// Only accounts of these families; of all when absent.
    #[graphql(validator(max_items = 20))]
    families: Option<Vec<AccountFamily>>,
    /// Where a webhook goes: an `https` address that is not of a private network.
    url: Option<String>,
    /// What a script does; at most 16 kB. It sees `input`, `account` and `today`; `run(operation, input)` asks for a
    /// mutation by its name, `refuse(message)` says no, and its last value is the output.
    script: Option<String>,
}

/// What to change on a custom action: a new version is made of it. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateCustomActionInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which custom action.
    action: CustomActionBy,
    /// For people; null empties it.
    description: MaybeUndefined<String>,
    /// What it is run on; cannot be emptied.
    binding: MaybeUndefined<ActionBinding>,
    /// Only accounts of these families; null makes it all.
    #[graphql(validator(max_items = 20))]
    families: MaybeUndefined<Vec<AccountFamily>>,
    /// Where a webhook goes; cannot be emptied.
    url: MaybeUndefined<String>,
    /// What a script does; cannot be emptied.
    script: MaybeUndefined<String>,
}

/// A custom action to let be run again.
#[derive(InputObject)]
pub struct EnableCustomActionInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which custom action.
    action: CustomActionBy,
}

/// A custom action to let be run no more.
#[derive(InputObject)]
pub struct DisableCustomActionInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which custom action.
    action: CustomActionBy,
}

/// A custom action, a webhook, to give a new secret.
#[derive(InputObject)]
pub struct RotateCustomActionSecretInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which custom action.
    action: CustomActionBy,
    /// How long calls are signed with the former secret as well, so that receivers can change over: a day when absent,
    /// at most a week, 0 when the former one is in wrong hands.
    overlap_seconds: Option<i32>,
}

/// A custom action to run.
#[derive(InputObject)]
pub struct RunActionInput {
    /// Makes the request safe to repeat: the same again is the same run.
    idempotency_key: String,
    /// Which custom action.
    action: CustomActionBy,
    /// On which account: of one that is bound to accounts, and of no other.
    account: Option<AccountBy>,
    /// What goes in; nothing when absent. For a script, a number with a fraction becomes a decimal with the digits that
    /// it is written with, and one of more than 15 digits is refused, for it may have been rounded on the way: write it as
    /// a text.
    input: Option<Json>,
    /// Whether it is done in the background: the answer comes at once, with a job to follow. A receiver that cannot be
    /// reached is tried again for three days then.
    #[graphql(name = "async", default)]
    background: bool,
    /// Whether it is only tried. The commands of a script are decided on the books as they stand, with everything that
    /// would refuse them, and taken back; a webhook is not called, and the output is what would be sent.
    #[graphql(default)]
    dry_run: bool,
}

outcomes! {
    /// A custom action was created.
    CreateCustomActionResult = CreateCustomActionSuccess {
        /// The custom action.
        action: CustomAction,
        /// What the calls of a webhook are signed with. Shown here and never again, not even when the request is
        /// repeated: keep it, or ask for a new one.
        secret: Option<String>,
    }

    /// A custom action was changed.
    UpdateCustomActionResult = UpdateCustomActionSuccess {
        /// The custom action, as it is now.
        action: CustomAction,
    }

    /// A custom action can be run again.
    EnableCustomActionResult = EnableCustomActionSuccess {
        /// The custom action, as it is now.
        action: CustomAction,
    }

    /// A custom action can be run no more.
    DisableCustomActionResult = DisableCustomActionSuccess {
        /// The custom action, as it is now.
        action: CustomAction,
    }

    /// A custom action has a new secret.
    RotateCustomActionSecretResult = RotateCustomActionSecretSuccess {
        /// The custom action, as it is now.
        action: CustomAction,
        /// What its calls are signed with from now on. Shown here and never again, not even when the request is repeated.
        secret: Option<String>,
    }

    /// A custom action was run, or is going to be. Whether it was done is in the run: what it or one of its commands was
    /// refused for, and what went wrong, is there.
    RunActionResult = RunActionSuccess {
        /// The run. Of one that was asked for again, as it is now.
        run: ActionRun,
    }
}

/// Mutations of custom actions.
#[derive(Default)]
pub struct ActionMutation;

/// Begins a mutation that those of definitions are alike in: the tenant's, and of those who run it.
macro_rules! define {
    ($ctx:expr, $operation:literal, $key:expr, $command:expr, $result:ident, |$done:ident, $action:ident| $success:expr) => {{
        let call = Call::begin($ctx, $operation, Scope::Admin, Reach::Tenant).await?;
        let command = $command(call.engine).await;
        Ok(Some(match call.run(&$key, command).await? {
            Reply::Refused(refusal) => $result::Refused(refusal),
            Reply::Done($done) => {
                let $action = CustomAction::new((*$done.value).clone());
                $result::Done($success)
            }
        }))
    }};
}

#[Object]
impl ActionMutation {
    /// Creates a custom action, which can be run at once. Scope: admin.
    async fn create_custom_action(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to create.")] input: CreateCustomActionInput,
    ) -> Result<Option<CreateCustomActionResult>, Fault> {
        let key = input.idempotency_key.clone();
        let command = async |engine: &Engine| input.command(engine).await;
        define!(ctx, "createCustomAction", key, command, CreateCustomActionResult, |done, action| {
            let secret = done.value.secret.clone().filter(|_| !done.receipt.replayed);
            CreateCustomActionSuccess { action, secret, receipt: done.receipt.into() }
        })
    }

    /// Changes a custom action: what is run from now on is a new version of it. Scope: admin.
    async fn update_custom_action(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateCustomActionInput,
    ) -> Result<Option<UpdateCustomActionResult>, Fault> {
        let key = input.idempotency_key.clone();
        let command = async |engine: &Engine| input.command(engine).await;
        define!(ctx, "updateCustomAction", key, command, UpdateCustomActionResult, |done, action| {
            UpdateCustomActionSuccess { action, receipt: done.receipt.into() }
        })
    }

    /// Lets a custom action be run again. Scope: admin.
    async fn enable_custom_action(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: EnableCustomActionInput,
    ) -> Result<Option<EnableCustomActionResult>, Fault> {
        let command = async |_: &Engine| Ok(EnableCustomAction { action: by(&input.action)? });
        define!(ctx, "enableCustomAction", input.idempotency_key, command, EnableCustomActionResult, |done, action| {
            EnableCustomActionSuccess { action, receipt: done.receipt.into() }
        })
    }

    /// Lets a custom action be run no more. What is under way goes on. Scope: admin.
    async fn disable_custom_action(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: DisableCustomActionInput,
    ) -> Result<Option<DisableCustomActionResult>, Fault> {
        let command = async |_: &Engine| Ok(DisableCustomAction { action: by(&input.action)? });
        define!(
            ctx,
            "disableCustomAction",
            input.idempotency_key,
            command,
            DisableCustomActionResult,
            |done, action| DisableCustomActionSuccess { action, receipt: done.receipt.into() }
        )
    }

    /// Gives a custom action that is a webhook a new secret. Scope: admin.
    async fn rotate_custom_action_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RotateCustomActionSecretInput,
    ) -> Result<Option<RotateCustomActionSecretResult>, Fault> {
        let command = async |_: &Engine| {
            let overlap = u32::try_from(input.overlap_seconds.unwrap_or(OVERLAP));
            let overlap_seconds = overlap.map_err(|_| Refused::invalid("overlapSeconds", "must not be negative"))?;
            Ok(RotateCustomActionSecret { action: by(&input.action)?, overlap_seconds })
        };
        let (key, operation) = (&input.idempotency_key, command);
        define!(ctx, "rotateCustomActionSecret", key, operation, RotateCustomActionSecretResult, |done, action| {
            let secret = done.value.secret.clone().filter(|_| !done.receipt.replayed);
            RotateCustomActionSecretSuccess { action, secret, receipt: done.receipt.into() }
        })
    }

    /// Runs a custom action. What its script asks for takes the scopes that those mutations take, and is done as a whole
    /// or not at all. Scope: money.
    async fn run_action(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to run, and on what.")] input: RunActionInput,
    ) -> Result<Option<RunActionResult>, Fault> {
        let call = Call::begin(ctx, "runAction", Scope::Money, Reach::Tenant).await?;
        let caller = caller(ctx)?;
        let scopes = caller.principal.scopes.iter().map(|scope| scope.word().to_owned()).collect();
        let (key, background) = (input.idempotency_key.clone(), input.background);
        let done = match call.run(&key, input.command(scopes)).await? {
            Reply::Refused(refusal) => return Ok(Some(RunActionResult::Refused(refusal))),
            Reply::Done(done) => done,
        };
        let actions = &call.engine.actions;
        let run = match (background, done.receipt.replayed) {
            (false, false) => {
                // In a box: it is large, and hardly anybody waits for one.
                let worked = Box::pin(actions.work_on(caller.tenant(), &done.value, Priority::Front)).await;
                worked.map_err(|fault| Fault::from(fault).half_way())?
            }
            _ => {
                actions.wake();
                done.value
            }
        };
        Ok(Some(RunActionResult::Done(RunActionSuccess {
            run: ActionRun::new((*run).clone()),
            receipt: done.receipt.into(),
        })))
    }
}

fn by(action: &CustomActionBy) -> Result<ActionBy, Refused> {
    named("action", "custom action", action.to_domain())
}

/// An address that this server may call, as far as it shows.
fn check_url(engine: &Engine, url: &str) -> Result<(), Refused> {
    let refuse = |problem: address::AddressProblem| Refused::invalid("url", problem.to_string());
    let parsed = address::parse(url).map_err(refuse)?;
    match engine.outbound.allows_private() {
        true => Ok(()),
        false => address::check(&parsed).map_err(refuse),
    }
}

/// That a text is a script: which line is at fault, the message says.
async fn check_script(text: &str) -> Result<(), Refused> {
    if text.len() > crate::actions::model::LONGEST_SCRIPT {
        return Err(Refused::invalid("script", "must be at most 16 kB"));
    }
    script::check(text.to_owned()).await.map_err(|failure| {
        let place = failure.line.map(|line| format!("line {line}, column {}: ", failure.column.unwrap_or(1)));
        let message = format!("{}{}", place.unwrap_or_default(), failure.message);
        Refused {
            fields: vec![FieldProblem::new("script", message)],
            ..Refused::new(INVALID_INPUT, "the script cannot be read")
        }
    })
}

impl CreateCustomActionInput {
    async fn command(self, engine: &Engine) -> Result<CreateCustomAction, Refused> {
        if let Some(url) = &self.url {
            check_url(engine, url)?;
        }
        if let Some(script) = &self.script {
            check_script(script).await?;
        }
        Ok(CreateCustomAction {
            code: self.code,
            kind: self.kind,
            definition: Definition {
                description: said(self.description).unwrap_or_default(),
                binding: self.binding,
                families: self.families.unwrap_or_default(),
                url: self.url,
                script: self.script,
            },
        })
    }
}

impl UpdateCustomActionInput {
    async fn command(self, engine: &Engine) -> Result<UpdateCustomAction, Refused> {
        let action = by(&self.action)?;
        let (url, script) = (set("url", self.url)?, set("script", self.script)?);
        if let Some(url) = &url {
            check_url(engine, url)?;
        }
        if let Some(script) = &script {
            check_script(script).await?;
        }
        Ok(UpdateCustomAction {
            action,
            description: match self.description {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(String::new()),
                MaybeUndefined::Value(text) => Some(text),
            },
            binding: set("binding", self.binding)?,
            families: match self.families {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(Vec::new()),
                MaybeUndefined::Value(families) => Some(families),
            },
            url,
            script,
        })
    }
}

impl RunActionInput {
    fn command(self, scopes: Vec<String>) -> Result<StartRun, Refused> {
        let account = self.account.map(|account| named("account", "account", account.to_domain()));
        Ok(StartRun {
            action: by(&self.action)?,
            account: account.transpose()?,
            input: self.input.map_or_else(|| "{}".to_owned(), |input| input.text()),
            dry_run: self.dry_run,
            background: self.background,
            scopes,
        })
    }
}
