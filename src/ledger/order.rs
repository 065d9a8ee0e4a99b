//! Orders: what the posting path is asked to do.

use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::entry::{Draft, Entry, Side};
use super::hold::Hold;
use super::position::Position;
use super::refusal::{Refusal, RefusalCode};
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, CustomerId, HoldId, Minor, Origin};

/// The caller's key for an order, with what identifies the request that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// Unique per client.
    pub key: String,
    /// A digest of the operation and its input.
    pub request_hash: [u8; 32],
}

impl Idempotency {
    /// The key of an operation with this input, in a canonical text form.
    #[must_use]
    pub fn new(key: String, operation: &str, input: &str) -> Self {
        let mut digest = Sha256::new();
        digest.update(operation.as_bytes());
        digest.update([0]);
        digest.update(input.as_bytes());
        Self { key, request_hash: digest.finalize().into() }
    }
}

/// One thing to decide and apply.
#[derive(Clone, Debug)]
pub struct Order {
    /// Who asks.
    pub origin: Origin,
    /// The name of the operation, for the audit trail.
    pub operation: &'static str,
    /// The caller's key.
    pub idempotency: Option<Idempotency>,
    /// What to do.
    pub action: Action,
    /// Domain events that go into the log with it.
    pub events: Vec<NewEvent>,
    /// The id that the order is remembered by, where the action does not make one itself.
    pub result: Option<String>,
}

impl Order {
    /// An order without a key, events or a result of its own.
    #[must_use]
    pub fn new(origin: &Origin, operation: &'static str, action: Action) -> Self {
        Self { origin: origin.clone(), operation, idempotency: None, action, events: Vec::new(), result: None }
    }

    /// The client and its key.
    #[must_use]
    pub fn key(&self) -> Option<(&str, &str)> {
        Some((&*self.origin.client, self.idempotency.as_ref()?.key.as_str()))
    }
}

/// What an order does to the books.
#[derive(Clone, Debug)]
pub enum Action {
    /// Books an entry.
    Post(Draft),
    /// Books the mirror of an entry.
    Reverse {
        /// As it stands in the journal.
        original: Arc<Entry>,
        /// For people.
        description: String,
        /// A JSON object, as text.
        metadata: String,
    },
    /// Reserves available funds.
    PlaceHold(NewHold),
    /// Turns a hold, or a part of it, into an entry.
    CaptureHold {
        /// Which.
        hold: HoldId,
        /// Its account: tells what to lock before the hold is read.
        account: AccountId,
        /// A part; all that is left when absent.
        amount: Option<Minor>,
        /// Where the money goes.
        to: Side,
    },
    /// Gives back what a hold reserves.
    EndHold {
        /// Which.
        hold: HoldId,
        /// Its account.
        account: AccountId,
        /// By time, not by hand.
        expired: bool,
    },
    /// Puts a new account into the books.
    Open(Box<Position>),
    /// Lowers a credit limit.
    LowerCreditLimit(AccountId, Minor),
    /// OPEN -> PENDING_CLOSE (and CLOSED at once when nothing holds it back).
    RequestClosure(AccountId),
    /// -> CLOSED.
    Close(AccountId),
    /// Closes the books through a day.
    ClosePeriod(NaiveDate),
    /// Nothing in the books: the order's events, key and audit record are all there is.
    Record,
    /// Nothing but an audit record of what was turned away before the books were asked.
    TurnedAway(Verdict),
}

/// Why something was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A business refusal.
    Refused(RefusalCode),
    /// The token lacks the scope, or is bound to a customer.
    Denied,
}

/// A hold to place.
#[derive(Clone, Debug)]
pub struct NewHold {
    /// On which account.
    pub account: AccountId,
    /// How much; positive.
    pub amount: Minor,
    /// In which currency.
    pub currency: crate::primitives::Currency,
    /// When it lapses by itself.
    pub expires_at: Option<Micros>,
    /// For people.
    pub description: String,
    /// The caller's reference.
    pub reference: Option<String>,
}

/// An event to append. The log gives it its sequence and its time.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Dotted: `account.opened`.
    pub type_: &'static str,
    /// The account that it is about.
    pub account: Option<AccountId>,
    /// The customer that it is about.
    pub customer: Option<CustomerId>,
    /// A JSON object.
    pub payload: Json,
}

/// Orders of one caller. They are decided one after the other.
#[derive(Clone, Debug)]
pub struct Submission {
    /// In this order.
    pub orders: Vec<Order>,
    /// Whether one refusal takes the others with it.
    pub atomic: bool,
}

/// What an order did.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The id of what was made or changed; on a replay, that of the first time.
    pub result: String,
    /// The entry that was booked. Absent on a replay.
    pub entry: Option<Arc<Entry>>,
    /// The hold as it now stands. Absent on a replay.
    pub hold: Option<Hold>,
    /// Whether the key had been used before, for this request.
    pub replayed: bool,
}

/// One order's answer.
pub type Outcome = Result<Applied, Refusal>;

impl Action {
    /// The accounts that must be locked before it is decided.
    pub fn accounts(&self) -> Vec<AccountId> {
        match self {
            Self::Post(draft) => draft.accounts().collect(),
            Self::Reverse { original, .. } => original.postings.iter().filter_map(|posting| posting.account).collect(),
            Self::PlaceHold(hold) => vec![hold.account],
            Self::CaptureHold { account, to, .. } => {
                let mut accounts = vec![*account];
                if let Side::Account(to, ..) = to {
                    accounts.push(*to);
                }
                accounts
            }
            Self::EndHold { account, .. }
            | Self::LowerCreditLimit(account, _)
            | Self::RequestClosure(account)
            | Self::Close(account) => vec![*account],
            Self::Open(_) | Self::ClosePeriod(_) | Self::Record | Self::TurnedAway(_) => Vec::new(),
        }
    }

    /// Whether it may post on an internal account of the tenant.
    #[must_use]
    pub fn touches_internals(&self) -> bool {
        match self {
            Self::Post(draft) => draft.accounts().count() < draft.legs().len(),
            Self::Reverse { original, .. } => original.postings.iter().any(|posting| posting.account.is_none()),
            Self::CaptureHold { to, .. } => matches!(to, Side::Internal(_)),
            _ => false,
        }
    }

    /// The hold that it is about.
    #[must_use]
    pub fn hold(&self) -> Option<HoldId> {
        match self {
            Self::CaptureHold { hold, .. } | Self::EndHold { hold, .. } => Some(*hold),
            _ => None,
        }
    }
}
