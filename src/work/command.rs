//! Commands: what changes a tenant, as pure decisions.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::cache::Wants;
use super::row::Row;
use super::unit::Work;
use crate::ledger::{Entry, LedgerFault, Refusal};
use crate::primitives::{AccountId, AuditId, Money, Origin};
use crate::refused::{FieldProblem, Refused};
use crate::sealing;

/// Something that changes the tenant. It can be stored: then it waits as a job, or is called by its name.
pub trait Command: Serialize + DeserializeOwned + fmt::Debug + Send + Sync + 'static {
    /// The mutation's name, and the audit trail's word.
    const OPERATION: &'static str;
    /// What the caller gets; read again by its id on a replay.
    type Made: Made;

    /// What the input alone tells of what [`Command::decide`] will look at. Only speed hangs on it.
    fn looks_at(&self, _wants: &mut Wants) {}

    /// No await, no clock, no database, no chance: the same work gives the same decision. May run more than once.
    ///
    /// # Errors
    /// A refusal, or that something is not loaded yet.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Self::Made>>;

    /// Rows that it writes, at most: batches are filled by rows, not by commands.
    fn weight(&self) -> usize {
        8
    }

    /// Whether a second person is always asked, whatever the tenant's rules say.
    const NEEDS_APPROVAL: bool = false;

    /// How much a second person is asked about, where that is not what its entries move: a new limit, a hold.
    fn amount(&self, _made: &Self::Made) -> Option<Money> {
        None
    }
}

/// What a command gives: it is remembered under the command's key by a text, and found again by it.
pub trait Made: fmt::Debug + Send + Sync + Sized + 'static {
    /// What it is remembered by.
    fn result(&self) -> String;

    /// What a result stands for, as it is now.
    ///
    /// # Errors
    /// That it is not loaded yet, or a fault: what a key has made is never gone.
    fn again(work: &mut Work, result: &str) -> Decision<Arc<Self>>;

    /// Whether the origin may see it: a repetition shows nobody what they could not see.
    ///
    /// # Errors
    /// That something is not loaded yet.
    fn is_seen(&self, _work: &mut Work) -> Decision<bool> {
        Ok(true)
    }
}

/// A row that only an operator of the whole tenant makes, or that anyone may see.
impl<R: Row + Owned> Made for R {
    fn result(&self) -> String {
        self.id().to_string()
    }

    fn again(work: &mut Work, result: &str) -> Decision<Arc<Self>> {
        let id = result.parse().map_err(|_| Stop::damaged("the result of a key is no id"))?;
        work.get::<R>(id)?.ok_or_else(|| Stop::damaged("what a key has made is gone"))
    }

    fn is_seen(&self, work: &mut Work) -> Decision<bool> {
        self.is_visible(work)
    }
}

/// A row whose id has a text form, and which somebody may or may not see.
pub trait Owned: Row<Id: std::str::FromStr> {
    /// Whether the origin sees it.
    ///
    /// # Errors
    /// That something is not loaded yet.
    fn is_visible(&self, work: &mut Work) -> Decision<bool>;
}

impl Made for Entry {
    fn result(&self) -> String {
        self.id.to_string()
    }

    fn again(work: &mut Work, result: &str) -> Decision<Arc<Self>> {
        let id = result.parse().map_err(|_| Stop::damaged("the result of a key is no entry"))?;
        work.entry(id)?.ok_or_else(|| Stop::damaged("the entry that a key has booked is gone"))
    }
}

/// Why a decision was not taken.
#[derive(Debug)]
pub enum Stop {
    /// A business answer.
    Refused(Box<Refused>),
    /// The books': which field of the input is at fault, the command has yet to say ([`Named`]).
    Books(Refusal),
    /// Something is not loaded yet: the command is decided again when it is. Never reaches a caller.
    Missing(Missing),
    /// A row that no program of ours has written, or a defect: the command fails, and its neighbours do not.
    Damaged(&'static str),
}

/// That something is missing. Can't be made outside of this module.
#[derive(Debug)]
pub struct Missing(pub(super) ());

impl Stop {
    /// A row that cannot be.
    #[must_use]
    pub fn damaged(what: &'static str) -> Self {
        Self::Damaged(what)
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(Box::new(refused))
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Books(refusal)
    }
}

/// What a decision gives, or why there is none. `?` carries all of it.
pub type Decision<T> = Result<T, Stop>;

/// The books' refusals in the words of an input.
pub trait Named {
    /// Says which field named which account; what is not listed goes by the names that all movements share.
    #[must_use]
    fn named(self, fields: &[(AccountId, &str)]) -> Self;

    /// Says that one field is at fault, whatever it is refused for.
    #[must_use]
    fn of_field(self, field: &str) -> Self;
}

impl<T> Named for Decision<T> {
    fn named(self, fields: &[(AccountId, &str)]) -> Self {
        self.map_err(|stop| match stop {
            Stop::Books(refusal) => in_the_words_of(&refusal, fields).into(),
            stop => stop,
        })
    }

    fn of_field(self, field: &str) -> Self {
        self.map_err(|stop| match stop {
            Stop::Books(refusal) => {
                let message = refusal.to_string();
                let fields = vec![FieldProblem::new(field, message.clone())];
                Refused { code: refusal.code(), message, fields, facts: refusal.facts() }.into()
            }
            stop => stop,
        })
    }
}

/// A refusal of the books in the words of an input: `fields` tells which field named which account.
#[must_use]
pub fn in_the_words_of(refusal: &Refusal, fields: &[(AccountId, &str)]) -> Refused {
    let field_of =
        |account: &AccountId| fields.iter().find(|(id, _)| id == account).map_or("account", |(_, name)| *name);
    let path = match refusal {
        Refusal::DuplicateExternalReference => "externalReference",
        Refusal::AmountOutOfRange { .. }
        | Refusal::HoldTooSmall { .. }
        | Refusal::ReversalTooLarge { .. }
        | Refusal::OnlyAsAWhole
        | Refusal::InsufficientFunds { .. } => "amount",
        Refusal::PeriodClosed { .. } | Refusal::PeriodNotOver { .. } | Refusal::ValueDateOutOfRange { .. } => {
            "valueDate"
        }
        Refusal::CurrencyMismatch(_) | Refusal::OtherCurrency => "amount.currency",
        Refusal::HoldNotFound | Refusal::HoldNotOpen { .. } => "hold",
        Refusal::AlreadyReversed { .. } | Refusal::ReversalOfReversal | Refusal::BookedByContract => "entry",
        Refusal::CreditLimitRaised { .. } => "creditLimit",
        Refusal::SameAccount => "to",
        Refusal::AccountNotFound(account)
        | Refusal::AccountNotOpen { account, .. }
        | Refusal::Itemised { account }
        | Refusal::AccountBlocked { account, .. }
        | Refusal::InvalidStatus { account, .. }
        | Refusal::BalanceRemains { account, .. }
        | Refusal::HoldsRemain { account, .. }
        | Refusal::ContractsRemain(account)
        | Refusal::OfContract(account)
        | Refusal::MaximumBalanceExceeded { account, .. } => field_of(account),
        Refusal::Unbalanced => "",
    };
    let message = refusal.to_string();
    let fields = if path.is_empty() { Vec::new() } else { vec![FieldProblem::new(path, message.clone())] };
    Refused { code: refusal.code(), message, fields, facts: refusal.facts() }
}

/// How the commands of one caller hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Each succeeds or fails by itself.
    EachAlone,
    /// One refusal takes the others with it. In one batch, so they are bounded.
    AllOrNothing,
    /// Each by itself, in the order in which they were given.
    Sequential,
}

/// The caller's key, with what identifies the request that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// Unique per client, and per customer whose tokens the client asks for.
    pub key: String,
    /// A digest of the operation and its input.
    pub request_hash: [u8; 32],
}

impl Idempotency {
    /// The key of a command. Two spellings of one request have one digest: it is of the command as it is stored.
    #[must_use]
    pub fn of<C: Command>(key: String, command: &C) -> Self {
        let mut digest = Writer(Sha256::new());
        digest.0.update(C::OPERATION.as_bytes());
        digest.0.update([0]);
        // Commands are plain data: the only failure would be the writer's, and this one has none.
        let _ = serde_json::to_writer(&mut digest, command);
        Self { key, request_hash: keyed(digest.0) }
    }
}

/// A request may name a person: where there are keys, its digest is of no use to whoever has the database alone.
fn keyed(digest: Sha256) -> [u8; 32] {
    let digest = digest.finalize().into();
    sealing::ring().map_or(digest, |ring| ring.digest(&digest))
}

impl Idempotency {
    /// The same, of a command that is stored.
    #[must_use]
    pub fn of_stored(key: String, operation: &str, stored: &str) -> Self {
        let mut digest = Sha256::new();
        digest.update(operation.as_bytes());
        digest.update([0]);
        digest.update(stored.as_bytes());
        Self { key, request_hash: keyed(digest) }
    }
}

struct Writer(Sha256);

impl std::io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Why a command did not do it.
#[derive(Debug)]
pub enum Failure {
    /// A business answer, and whether the audit trail has it.
    Refused(Box<Refused>, Audited),
    /// Nobody's decision.
    Fault(Arc<LedgerFault>),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refused, _) => write!(f, "{}: {}", refused.code.word(), refused.message),
            Self::Fault(fault) => write!(f, "{fault}"),
        }
    }
}

/// Whether the audit trail has a refusal already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audited {
    /// The worker has written it.
    Yes,
    /// It never came so far.
    NotYet,
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::Refused(Box::new(refused), Audited::NotYet)
    }
}

impl From<LedgerFault> for Failure {
    fn from(fault: LedgerFault) -> Self {
        Self::Fault(Arc::new(fault))
    }
}

impl From<Arc<LedgerFault>> for Failure {
    fn from(fault: Arc<LedgerFault>) -> Self {
        Self::Fault(fault)
    }
}

impl From<sea_orm::DbErr> for Failure {
    fn from(error: sea_orm::DbErr) -> Self {
        LedgerFault::from(error).into()
    }
}

/// What was done, and whether it had been done before under the same key.
#[derive(Clone, Debug)]
pub struct Done<T> {
    /// What was made or changed.
    pub value: T,
    /// How it can be found again.
    pub receipt: Receipt,
}

/// What was noted of a command that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Whether this is the first result again.
    pub replayed: bool,
    /// The record of the command that did it, in the audit trail: for a repetition, the first one's.
    pub command: AuditId,
}

/// A command's answer.
pub type Answer<T> = Result<Done<Arc<T>>, Failure>;

/// A command whose type is forgotten, on its way through the worker.
pub trait AnyCommand: Send + Sync {
    /// The mutation's name.
    fn operation(&self) -> &'static str;
    /// As [`Command::looks_at`].
    fn looks_at(&self, wants: &mut Wants);
    /// As [`Command::decide`].
    ///
    /// # Errors
    /// The same.
    fn decide(&self, work: &mut Work) -> Decision<Outcome>;
    /// What the key has made, for a repetition.
    ///
    /// # Errors
    /// That something is not loaded yet, or that the origin may not see it.
    fn again(&self, work: &mut Work, result: &str) -> Decision<Outcome>;
    /// As [`Command::weight`].
    fn weight(&self) -> usize;
    /// What was turned away before, and only leaves its record.
    fn turned_away(&self) -> Option<Verdict> {
        None
    }
    /// As [`Command::amount`].
    fn amount(&self, _outcome: &Outcome) -> Option<Money> {
        None
    }
    /// As [`Command::NEEDS_APPROVAL`].
    fn needs_approval(&self) -> bool {
        false
    }
    /// Itself, as JSON; none of what is never stored.
    fn stored(&self) -> Option<String> {
        None
    }
}

/// What came of a command: what it made, and what that is remembered by.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What it made.
    pub made: Arc<dyn std::any::Any + Send + Sync>,
    /// What that is remembered by.
    pub result: String,
}

impl<C: Command> AnyCommand for C {
    fn operation(&self) -> &'static str {
        C::OPERATION
    }

    fn looks_at(&self, wants: &mut Wants) {
        Command::looks_at(self, wants);
    }

    fn decide(&self, work: &mut Work) -> Decision<Outcome> {
        let made = Command::decide(self, work)?;
        Ok(Outcome { result: made.result(), made })
    }

    fn again(&self, work: &mut Work, result: &str) -> Decision<Outcome> {
        let made = C::Made::again(work, result)?;
        if !made.is_seen(work)? {
            return Err(Refused::not_found("idempotencyKey", "result").into());
        }
        Ok(Outcome { result: result.to_owned(), made })
    }

    fn weight(&self) -> usize {
        Command::weight(self)
    }

    fn amount(&self, outcome: &Outcome) -> Option<Money> {
        outcome.made.downcast_ref::<C::Made>().and_then(|made| Command::amount(self, made))
    }

    fn needs_approval(&self) -> bool {
        C::NEEDS_APPROVAL
    }

    fn stored(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }
}

/// Why something was turned away before it came to a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A business refusal.
    Refused(crate::refused::RefusalCode),
    /// The token lacks the scope, or is bound to a customer.
    Denied,
}

/// Leaves a record of what was turned away, and does nothing else.
#[derive(Debug)]
pub(super) struct TurnedAway {
    pub operation: &'static str,
    pub verdict: Verdict,
}

impl AnyCommand for TurnedAway {
    fn operation(&self) -> &'static str {
        self.operation
    }

    fn looks_at(&self, _: &mut Wants) {}

    fn decide(&self, _: &mut Work) -> Decision<Outcome> {
        Ok(Outcome { made: Arc::new(()), result: String::new() })
    }

    fn again(&self, work: &mut Work, _: &str) -> Decision<Outcome> {
        self.decide(work)
    }

    fn weight(&self) -> usize {
        1
    }

    fn turned_away(&self) -> Option<Verdict> {
        Some(self.verdict)
    }
}

/// Who asks for a command, for those who ask in somebody's name.
pub(super) fn is_own(origin: &Origin) -> bool {
    *origin == Origin::system(origin.tenant)
}
