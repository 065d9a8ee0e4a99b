//! A custom action, its versions, its runs.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::accounts::Family;
use crate::events::webhooks::{address, sign};
use crate::jobs::queue::JobKind;
use crate::jobs::refusal::KeptRefusal;
use crate::primitives::clock::Micros;
use crate::primitives::{
    AccountId, ActionRunId, ActionVersionId, CustomActionId, JobId, Origin, TenantId, card_number, text,
};
use crate::refused::{Facts, INVALID_STATE, Refused, check_reference};

/// Bytes of a script.
pub const LONGEST_SCRIPT: usize = 16 * 1024;
/// Bytes of what goes into a run, and of what comes out.
pub const LONGEST_JSON: usize = 16 * 1024;

crate::words! {
    /// What running a custom action means.
    ActionKind {
        /// Its input goes to an address, and the answer is the outcome.
        Webhook = "WEBHOOK",
        /// A script is run on it.
        Script = "SCRIPT",
    }

    /// Whether a custom action can be run.
    ActionState {
        /// It can.
        Enabled = "ENABLED",
        /// It cannot, until it is enabled again. What is under way goes on.
        Disabled = "DISABLED",
    }

    /// What a custom action is run on.
    ActionBinding {
        /// On an account, which has to be named.
        Account = "ACCOUNT",
        /// On none: no account is named.
        None = "NONE",
    }

    /// Where a run of a custom action stands.
    ActionRunState {
        /// It waits for its turn.
        Queued = "QUEUED",
        /// It is worked on.
        Running = "RUNNING",
        /// The receiver could not be reached or was busy: it is tried again.
        Waiting = "WAITING",
        /// It is done, and so is all that it asked for.
        Done = "DONE",
        /// It was refused, by the script itself or because one of its commands was: nothing of it was done.
        Refused = "REFUSED",
        /// It went wrong: nothing of it was done here, whatever a receiver may have done.
        Failed = "FAILED",
    }

    /// Why a run of a custom action failed.
    FailureKind {
        /// The script is none.
        ScriptInvalid = "SCRIPT_INVALID",
        /// The script took too many steps.
        ScriptTooManySteps = "SCRIPT_TOO_MANY_STEPS",
        /// The script took too long.
        ScriptTooSlow = "SCRIPT_TOO_SLOW",
        /// The script called itself, or nested what it made, too deep.
        ScriptTooDeep = "SCRIPT_TOO_DEEP",
        /// The script made a text, a list, an object or a number of variables that is too large.
        ScriptTooLarge = "SCRIPT_TOO_LARGE",
        /// The script asked for too many commands.
        ScriptTooManyCommands = "SCRIPT_TOO_MANY_COMMANDS",
        /// The script threw something.
        ScriptThrew = "SCRIPT_THREW",
        /// The script did something that cannot be done, such as dividing by zero.
        ScriptError = "SCRIPT_ERROR",
        /// What came out is too large, or no JSON.
        OutputInvalid = "OUTPUT_INVALID",
        /// A command that a script asked for could not be decided: a defect on our side.
        CommandFailed = "COMMAND_FAILED",
        /// The receiver's address is of a private network, or may not be called for another reason.
        AddressNotAllowed = "ADDRESS_NOT_ALLOWED",
        /// The receiver could not be reached, or did not answer in time.
        NoAnswer = "NO_ANSWER",
        /// The receiver answered with an error of its own.
        ReceiverFailed = "RECEIVER_FAILED",
        /// The receiver rejected what it was sent, or answered with a redirect, which is not followed.
        ReceiverRejected = "RECEIVER_REJECTED",
        /// The receiver's answer is too large, or no JSON.
        AnswerInvalid = "ANSWER_INVALID",
        /// Servers died while they worked on it.
        Interrupted = "INTERRUPTED",
    }
}

crate::open_words! { JobKind:
    /// Jobs of runs.
    KINDS {
        /// A run of a custom action, in the background.
        ACTION,
    }
}

/// What is run by a name of the tenant's own.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomAction {
    /// Its id.
    pub id: CustomActionId,
    /// Its place in lists.
    pub ordinal: i64,
    /// What it is run by; unique in the tenant.
    pub code: String,
    /// What running it means; for life.
    pub kind: ActionKind,
    /// Whether it can be run.
    pub state: ActionState,
    /// The version that is run.
    pub version: i32,
    /// What calls are signed with, of a webhook.
    pub secret: Option<String>,
    /// What they were signed with before, and still are until then.
    pub previous: Option<(String, Micros)>,
    /// When it was created.
    pub created_at: Micros,
}

impl std::fmt::Debug for CustomAction {
    /// Without its secrets, wherever it is written.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("CustomAction");
        shown.field("id", &self.id).field("state", &self.state).field("version", &self.version).finish_non_exhaustive()
    }
}

impl CustomAction {
    /// Checks that it is whole.
    ///
    /// # Errors
    /// `INVALID_INPUT` for the code.
    pub fn checked(self) -> Result<Self, Refused> {
        check_reference("code", Some(&self.code))?;
        Ok(self)
    }

    /// What a call is signed with at a moment: while receivers change over, two signatures.
    #[must_use]
    pub fn signatures(&self, now: Micros, id: &str, timestamp: i64, body: &str) -> String {
        let previous = self.previous.as_ref().filter(|(_, until)| now < *until).map(|(secret, _)| secret.as_str());
        sign::signatures(self.secret.as_deref().into_iter().chain(previous), id, timestamp, body)
    }
}

/// How an action was defined at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionVersion {
    /// A digest of the action and the number.
    pub id: ActionVersionId,
    /// Of which action.
    pub action: CustomActionId,
    /// From 1.
    pub number: i32,
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
    /// Who made it: the client.
    pub client: String,
    /// When.
    pub created_at: Micros,
}

impl ActionVersionId {
    /// Of an action's version.
    #[must_use]
    pub fn of_number(action: CustomActionId, number: i32) -> Self {
        let mut digest = Sha256::new();
        digest.update(action.0.as_bytes());
        digest.update(number.to_be_bytes());
        let digest: [u8; 32] = digest.finalize().into();
        Self(Uuid::from_bytes(std::array::from_fn(|place| digest[place])))
    }
}

impl ActionVersion {
    /// Checks that it is whole, and of the action's kind.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the first field at fault.
    pub fn checked(mut self, kind: ActionKind) -> Result<Self, Refused> {
        text::optional(&self.description, 500)
            .map_err(|problem| Refused::invalid("description", problem.to_string()))?;
        self.families.sort_unstable();
        self.families.dedup();
        if self.binding == ActionBinding::None && !self.families.is_empty() {
            return Err(Refused::invalid("families", "an action that is run on no account has none"));
        }
        match (kind, &self.url, &self.script) {
            (ActionKind::Webhook, _, Some(_)) => Err(Refused::invalid("script", "a webhook has none")),
            (ActionKind::Webhook, None, _) => Err(Refused::invalid("url", "a webhook has one")),
            (ActionKind::Script, Some(_), _) => Err(Refused::invalid("url", "a script has none")),
            (ActionKind::Script, _, None) => Err(Refused::invalid("script", "a script has one")),
            (ActionKind::Webhook, Some(url), None) => {
                address::parse(url).map(|_| self).map_err(|problem| Refused::invalid("url", problem.to_string()))
            }
            (ActionKind::Script, None, Some(script)) => check_script(script).map(|()| self),
        }
    }
}

fn check_script(script: &str) -> Result<(), Refused> {
    if script.len() > LONGEST_SCRIPT {
        return Err(Refused::invalid("script", "must be at most 16 kB"));
    }
    if script.trim().is_empty() || script.contains('\0') {
        return Err(Refused::invalid("script", "must be a script"));
    }
    Ok(())
}

/// What a run says in words of a script or of a receiver, to be kept: whole numbers of cards are not.
#[must_use]
pub fn kept_text(text: String) -> String {
    if card_number::is_in(&text) { NUMBER_OF_A_CARD.to_owned() } else { text }
}

/// What is kept in the place of a text that holds one.
const NUMBER_OF_A_CARD: &str = "the text held the whole number of a card, which is never kept";

/// Why a run failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// From the list.
    pub kind: FailureKind,
    /// For people.
    pub message: String,
    /// Where in the script, from 1.
    pub line: Option<i32>,
    /// Where in that line, from 1.
    pub column: Option<i32>,
    /// What the receiver answered, in HTTP.
    pub status: Option<i32>,
}

impl Failure {
    /// One that has no place.
    #[must_use]
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: kept_text(message.into()), line: None, column: None, status: None }
    }
}

/// A command that a run asked for, and what it made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The mutation's name.
    pub operation: String,
    /// What it made; nothing of a run that was not done, or only tried.
    pub result: Option<String>,
}

/// A run of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionRun {
    /// Its id.
    pub id: ActionRunId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Of which action.
    pub action: CustomActionId,
    /// Of which of its versions.
    pub version: i32,
    /// On which account.
    pub account: Option<AccountId>,
    /// Where it stands.
    pub state: ActionRunState,
    /// Whether it only tries.
    pub dry_run: bool,
    /// What went in: a JSON object, as text.
    pub input: String,
    /// What came out: JSON, as text.
    pub output: Option<String>,
    /// What it was refused for.
    pub refusal: Option<KeptRefusal>,
    /// Why it failed; while it waits, why it did the last time.
    pub failure: Option<Failure>,
    /// The commands that it asked for.
    pub commands: Vec<Asked>,
    /// Steps that the script took.
    pub steps: Option<i64>,
    /// How often somebody has worked on it.
    pub attempts: i32,
    /// When it is taken up, on the server's clock; none once it is over.
    pub next: Option<Micros>,
    /// The job to follow it by, where it is done in the background.
    pub job: Option<JobId>,
    /// Who asked: the client.
    pub client: String,
    /// What the client's token could do.
    pub scopes: Vec<String>,
    /// The request that it came with: what belongs together.
    pub request_id: String,
    /// When it was asked for.
    pub created_at: Micros,
    /// When it was begun, the last time.
    pub started_at: Option<Micros>,
    /// When it ended.
    pub ended_at: Option<Micros>,
}

impl ActionRunState {
    /// Whether nothing more happens.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Refused | Self::Failed)
    }

    /// Whether a run may go from here to there.
    #[must_use]
    pub fn leads_to(self, next: Self) -> bool {
        match self {
            Self::Queued | Self::Waiting => next == Self::Running,
            // Taken up again where a server has died.
            Self::Running => next != Self::Queued,
            Self::Done | Self::Refused | Self::Failed => false,
        }
    }
}

impl ActionRun {
    /// Goes on to another state.
    ///
    /// # Errors
    /// `INVALID_STATE`.
    pub fn turn(&mut self, next: ActionRunState) -> Result<(), Refused> {
        if !self.state.leads_to(next) {
            let message = format!("the run is {}", self.state.word());
            let facts = Facts { status: Some(self.state.word()), ..Facts::default() };
            return Err(Refused { facts: Box::new(facts), ..Refused::of_field(INVALID_STATE, "run", message) });
        }
        self.state = next;
        Ok(())
    }

    /// In whose name its commands are decided.
    #[must_use]
    pub fn asker(&self, tenant: TenantId) -> Origin {
        Origin {
            tenant,
            client: self.client.as_str().into(),
            customer: None,
            request_id: self.request_id.as_str().into(),
        }
    }

    /// The key of one of its commands.
    #[must_use]
    pub fn key_of(&self, place: usize) -> String {
        format!("{}:{place}", self.id)
    }
}
