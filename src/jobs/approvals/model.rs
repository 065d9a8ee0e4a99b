//! A command that waits for a second person.

use sha2::{Digest as _, Sha256};

use super::{APPROVAL_EXPIRED, APPROVAL_NOT_GIVEN, APPROVAL_REQUIRED};
use crate::jobs::refusal::KeptRefusal;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, ApprovalId, Currency, CustomerId, Minor, Origin, ProductId, TenantId};
use crate::refused::{Facts, INVALID_STATE, Refused};

crate::words! {
    /// Where an approval stands.
    ApprovalState {
        /// It waits for somebody's yes or no.
        Pending = "PENDING",
        /// Somebody said yes, and it was done.
        Approved = "APPROVED",
        /// Somebody said no.
        Rejected = "REJECTED",
        /// Whoever asked for it took it back.
        Withdrawn = "WITHDRAWN",
        /// Nobody said anything in time.
        Expired = "EXPIRED",
        /// Somebody said yes, and it was refused when it was decided anew.
        Failed = "FAILED",
    }
}

/// A command that waits for a second person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// Its place in lists.
    pub ordinal: i64,
    /// The command's operation.
    pub operation: String,
    /// The command, as JSON; empty once it is over.
    pub command: String,
    /// The caller's key.
    pub key: Option<String>,
    /// A digest of whose key it is and of the key: the same request waits once.
    pub key_digest: Option<String>,
    /// The digest of the request, in hexadecimal digits.
    pub request_hash: Option<String>,
    /// Who asked: the client.
    pub client: String,
    /// The customer that the asker's token was bound to.
    pub customer: Option<CustomerId>,
    /// The request that it came with: what belongs together.
    pub request_id: String,
    /// How much it moves, of what a rule asks about or else of what it moves first.
    pub amount: Option<(Minor, Currency)>,
    /// The first account that it touches.
    pub account: Option<AccountId>,
    /// That account's product.
    pub product: Option<ProductId>,
    /// Where it stands.
    pub state: ApprovalState,
    /// When it was asked for.
    pub requested_at: Micros,
    /// Until when somebody may say yes.
    pub expires_at: Micros,
    /// When it ended.
    pub ended_at: Option<Micros>,
    /// Who ended it: the client.
    pub checker: Option<String>,
    /// What they said to it.
    pub comment: Option<String>,
    /// What the command made.
    pub result: Option<String>,
    /// The command's number in the journal of commands, once it was done: its item in the history of what it changed.
    pub done_by: Option<i64>,
    /// What the command was refused for when it was decided anew.
    pub refusal: Option<KeptRefusal>,
}

impl Approval {
    /// In whose name the command is decided.
    #[must_use]
    pub fn maker(&self, tenant: TenantId) -> Origin {
        Origin {
            tenant,
            client: self.client.as_str().into(),
            customer: self.customer,
            request_id: self.request_id.as_str().into(),
        }
    }

    /// Whether it is this one who asked for it: one client, and one customer where the token is bound to one. The clients
    /// of an external issuer are its subjects, so its users are told apart.
    #[must_use]
    pub fn is_by(&self, origin: &Origin) -> bool {
        *self.client == *origin.client && self.customer == origin.customer
    }

    /// Where it stands at a time: nobody's yes comes too late by having been looked at too late.
    #[must_use]
    pub fn stands(&self, now: Micros) -> ApprovalState {
        match self.state {
            ApprovalState::Pending if now >= self.expires_at => ApprovalState::Expired,
            state => state,
        }
    }

    /// Checks that it still waits.
    ///
    /// # Errors
    /// `APPROVAL_EXPIRED`, `INVALID_STATE`.
    pub fn require_pending(&self, now: Micros) -> Result<(), Refused> {
        let state = self.stands(now);
        let message = format!("the approval is {}", state.word());
        match state {
            ApprovalState::Pending => Ok(()),
            ApprovalState::Expired => Err(self.refused(APPROVAL_EXPIRED, message, state).of("approval")),
            _ => Err(self.refused(INVALID_STATE, message, state).of("approval")),
        }
    }

    /// What the caller of the command is told who asks for it again.
    #[must_use]
    pub fn answer(&self, now: Micros) -> Refused {
        let state = self.stands(now);
        let (code, message) = match state {
            ApprovalState::Pending => (APPROVAL_REQUIRED, "a second person has to say yes first"),
            ApprovalState::Expired => (APPROVAL_EXPIRED, "nobody said yes to it in time"),
            ApprovalState::Approved | ApprovalState::Rejected => (APPROVAL_NOT_GIVEN, "a second person said no to it"),
            ApprovalState::Withdrawn => (APPROVAL_NOT_GIVEN, "it was withdrawn before a second person said yes"),
            ApprovalState::Failed => (APPROVAL_NOT_GIVEN, "it was refused after a second person had said yes"),
        };
        self.refused(code, message.to_owned(), state).whole
    }

    fn refused(&self, code: crate::refused::RefusalCode, message: String, state: ApprovalState) -> Told {
        let facts = Facts { approval: Some(self.id), status: Some(state.word()), ..Facts::default() };
        Told { whole: Refused { facts: Box::new(facts), ..Refused::new(code, message) } }
    }
}

/// A refusal that may yet name a field.
struct Told {
    whole: Refused,
}

impl Told {
    fn of(self, field: &str) -> Refused {
        let fields = vec![crate::refused::FieldProblem::new(field, self.whole.message.clone())];
        Refused { fields, ..self.whole }
    }
}

/// A digest of whose key it is and of the key.
#[must_use]
pub fn key_digest(origin: &Origin, key: &str) -> String {
    let mut digest = Sha256::new();
    // Lengths first, so that no client's name and key read as another's.
    for part in
        [origin.client.as_bytes(), origin.customer.as_ref().map_or(&[], |id| &id.0.as_bytes()[..]), key.as_bytes()]
    {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    hex(&digest.finalize())
}

/// Bytes in hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
