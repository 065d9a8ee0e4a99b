//! Links to debtors' pages, and what debtors say there.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::NaiveDate;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::primitives::clock::Micros;
use crate::primitives::{ClaimId, Currency, DebtorAnswerId, Minor, PageLinkId, TenantId};

/// The longest text of a debtor, in characters.
pub const LONGEST_TEXT: usize = 2_000;
/// Answers to a claim in one of its lives, at most: a page is no place to fill the database from.
pub const MOST_ANSWERS: usize = 20;

crate::words! {
    /// What a debtor says on the page of a claim.
    AnswerKind {
        /// It will pay by a day.
        Promise = "PROMISE",
        /// It does not owe this, or not so.
        Dispute = "DISPUTE",
    }
}

/// Bytes of the secret in a link.
pub const SECRET: usize = 32;

/// The path of the page of a link with a secret.
#[must_use]
pub fn path(tenant: TenantId, secret: &[u8; SECRET]) -> String {
    format!("/c/{}", URL_SAFE_NO_PAD.encode([tenant.0.as_bytes(), secret.as_slice()].concat()))
}

/// What the last part of such a path has in it: whose it is, and the secret.
#[must_use]
pub fn parts(token: &str) -> Option<(TenantId, Vec<u8>)> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok().filter(|bytes| bytes.len() == 16 + SECRET)?;
    let (tenant, secret) = bytes.split_at(16);
    Some((TenantId(Uuid::from_slice(tenant).ok()?), secret.to_vec()))
}

/// A link to the page of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageLink {
    /// Its id.
    pub id: PageLinkId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Of which claim.
    pub claim: ClaimId,
    /// The SHA-256 of the secret in it, in hexadecimal digits; until there is one, what no secret has.
    pub token: String,
    /// The first moment at which it is over, in the tenant's time.
    pub expires_at: Micros,
    /// When it was made.
    pub created_at: Micros,
}

impl PageLink {
    /// What is kept of a secret.
    #[must_use]
    pub fn token_of(secret: &[u8]) -> String {
        Sha256::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What a debtor said on the page of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebtorAnswer {
    /// Its id.
    pub id: DebtorAnswerId,
    /// Its place in lists.
    pub ordinal: i64,
    /// About which claim.
    pub claim: ClaimId,
    /// In which of its lives: how often it had begun.
    pub life: i32,
    /// What.
    pub kind: AnswerKind,
    /// The claim's.
    pub currency: Currency,
    /// How much is promised.
    pub amount: Option<Minor>,
    /// By which day.
    pub promised_on: Option<NaiveDate>,
    /// Why it is disputed.
    pub text: Option<String>,
    /// When it was said.
    pub created_at: Micros,
}
