//! What stands above single commands: whether somebody else has to say yes first, and how a stored command is read.

use std::fmt;

use super::cache::Wants;
use super::command::{AnyCommand, Command, Decision, Idempotency, Outcome};
use super::unit::Work;
use crate::ledger::Entry;
use crate::primitives::{AccountId, Minor, ProductId, TenantId};
use crate::refused::Refused;

/// Rules that every command of a tenant is decided under. Pure, as decisions are.
pub trait House: fmt::Debug + Send + Sync {
    /// What it looks at with every batch. Only speed hangs on it.
    fn looks_at(&self, tenant: TenantId, wants: &mut Wants);

    /// Decides a command, or puts it aside.
    ///
    /// # Errors
    /// The command's.
    fn decide(
        &self,
        work: &mut Work,
        command: &dyn AnyCommand,
        key: Option<&Idempotency>,
        atomic: bool,
    ) -> Decision<Decided>;

    /// A stored command; none of an operation that is not known (any more), or that cannot be read.
    fn read(&self, operation: &str, stored: &str) -> Option<Box<dyn AnyCommand>>;

    /// What a rule can ask about a command of an operation that can be stored, and so wait; none of the others.
    fn about(&self, operation: &str) -> Option<About>;

    /// What becomes of an account's open items when an entry brings this amount there, or takes it back: `original` is what
    /// it reverses.
    ///
    /// # Errors
    /// That something is not loaded yet.
    fn booked(
        &self,
        work: &mut Work,
        entry: &Entry,
        original: Option<&Entry>,
        brought: (AccountId, Minor),
    ) -> Decision<()>;

    /// Whether the tenant has such a product.
    ///
    /// # Errors
    /// That it is not loaded yet.
    fn has_product(&self, work: &mut Work, product: ProductId) -> Decision<bool>;

    /// Ends, with an account that has just been closed, what the domains have on it.
    ///
    /// # Errors
    /// That something is not loaded yet.
    fn closed(&self, work: &mut Work, account: AccountId) -> Decision<()>;
}

/// What came of a command under the rules of the house.
#[derive(Debug)]
pub enum Decided {
    /// It was done.
    Done(Outcome),
    /// It was not done, and is kept: the refusal says what it waits for. What the house has noted of it stays.
    Waits(Box<Refused>),
}

/// What a rule can ask about a command besides its operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Nothing: it is about no account and no amount.
    Nothing,
    /// The products of the accounts that it touches in the books.
    Accounts,
    /// How much it moves, or is about.
    Amount,
    /// Both.
    Money,
}

impl About {
    /// Whether it touches accounts.
    #[must_use]
    pub fn has_accounts(self) -> bool {
        matches!(self, Self::Accounts | Self::Money)
    }

    /// Whether it is about an amount.
    #[must_use]
    pub fn has_amount(self) -> bool {
        matches!(self, Self::Amount | Self::Money)
    }
}

/// How a command is read that was stored: each domain lists its own.
#[derive(Clone, Copy)]
pub struct Stored {
    /// The command's operation.
    pub operation: &'static str,
    /// What a rule can ask about it.
    pub about: About,
    /// Reads one.
    pub read: fn(&str) -> Option<Box<dyn AnyCommand>>,
}

impl Stored {
    /// Of a command that moves the money of accounts, or may.
    #[must_use]
    pub const fn of<C: Command>() -> Self {
        Self {
            operation: C::OPERATION,
            about: About::Money,
            read: |text| serde_json::from_str::<C>(text).ok().map(|command| Box::new(command) as Box<dyn AnyCommand>),
        }
    }

    /// The same, of one that is about less: a rule that asks for more is refused, for it would never ask.
    #[must_use]
    pub const fn about(self, about: About) -> Self {
        Self { about, ..self }
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.operation)
    }
}

impl Work {
    /// A stored command.
    #[must_use]
    pub fn read(&self, operation: &str, stored: &str) -> Option<Box<dyn AnyCommand>> {
        self.house.and_then(|house| house.read(operation, stored))
    }
}
