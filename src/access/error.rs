//! Why access was not set up, not given or not believed. No variant carries a secret or a token.

use std::collections::BTreeSet;

use sea_orm::DbErr;

use super::principal::{Scope, words_of};
use super::secrets::SecretError;
use crate::refused::Refused;

/// Why the access module could not start or change its own rows.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The configuration contradicts itself; the text says what to change.
    #[error("{0}")]
    Config(String),
    /// The address of an external issuer's keys is none that is asked.
    #[error("expected https://, or http:// on this machine, got '{0}'")]
    JwksUrl(String),
    /// The database's answer.
    #[error(transparent)]
    Database(#[from] DbErr),
    /// A signing key could not be made or read.
    #[error("a signing key is damaged: {0}")]
    Key(#[from] jsonwebtoken::errors::Error),
    /// No secret could be made or hashed.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The set-up of HTTPS for the external issuers.
    #[error("cannot set up HTTPS: {0}")]
    Https(#[from] reqwest::Error),
}

/// Why a tenant was refused.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// Not 2 to 40 of `a-z`, `0-9` and `-`.
    #[error("a tenant's code is 2 to 40 of a-z, 0-9 and -")]
    InvalidCode,
    /// They do not hold together.
    #[error("{}", .0.message)]
    InvalidSettings(Refused),
    /// Another tenant has it.
    #[error("a tenant with this code exists")]
    CodeTaken,
    /// Only a sandbox can be begun anew.
    #[error("only a sandbox tenant can be begun anew")]
    NotASandbox,
    /// The database's answer.
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Why a client was refused.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Not 3 to 64 of `A-Z`, `a-z`, `0-9`, `.`, `_` and `-`.
    #[error("a client id is 3 to 64 of A-Z, a-z, 0-9, '.', '_' and '-'")]
    InvalidClientId,
    /// Not 8 to 128 visible ASCII characters.
    #[error("a client secret is 8 to 128 visible ASCII characters")]
    InvalidSecret,
    /// No scope at all: such a client could do nothing.
    #[error("a client takes at least one scope")]
    NoScope,
    /// Scopes that a client of one customer does not take.
    #[error("a client that is bound to a customer does not take {}", words_of(.0).replace(' ', ", "))]
    BoundScopes(BTreeSet<Scope>),
    /// Another client has it, of this tenant or another.
    #[error("a client with this id exists")]
    ClientIdTaken,
    /// No such tenant.
    #[error("there is no such tenant")]
    UnknownTenant,
    /// The tenant has no such customer.
    #[error("the tenant has no such customer")]
    UnknownCustomer,
    /// The tenant has no such client.
    #[error("the tenant has no such client")]
    UnknownClient,
    /// The secret could not be hashed.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The database's answer.
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Why a `tenant:client_id:client_secret` could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// Not three parts. The text is not repeated, because it has a secret in it.
    #[error("expected tenant:client_id:client_secret")]
    Malformed,
    /// The client is there with another secret.
    #[error(
        "client '{0}' exists with another secret: expected the one that it was created with. Give that one, or another client id"
    )]
    OtherSecret(String),
    /// The client is there, and is another tenant's.
    #[error("client '{0}' exists and belongs to another tenant: expected the tenant that it was created in")]
    OtherTenant(String),
    /// The tenant was refused.
    #[error(transparent)]
    Tenant(#[from] TenantError),
    /// The client was refused.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The database's answer.
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Why a bearer token is not believed. The caller learns no more than "invalid"; the log may say which.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Not a JSON web token, or larger than any that is accepted.
    #[error("not a JSON web token")]
    Malformed,
    /// From an issuer that is not configured.
    #[error("unknown issuer")]
    UnknownIssuer,
    /// Signed with a key that the issuer does not (or no longer) have.
    #[error("unknown key")]
    UnknownKey,
    /// Not the algorithm of the key.
    #[error("the algorithm is not the key's")]
    WrongAlgorithm,
    /// Not an access token.
    #[error("not an access token")]
    WrongType,
    /// The signature does not belong to the content.
    #[error("forged signature")]
    BadSignature,
    /// Meant for somebody else.
    #[error("wrong audience")]
    WrongAudience,
    /// A claim is missing or is not of its form.
    #[error("the claim '{0}' is missing or wrong")]
    Claim(String),
    /// Its time is over.
    #[error("expired")]
    Expired,
    /// Its time has not come.
    #[error("not valid yet")]
    NotYetValid,
    /// Names a tenant that does not exist.
    #[error("unknown tenant")]
    UnknownTenant,
    /// The issuer's keys cannot be fetched: the token may be good, repeat later.
    #[error("the issuer's keys are unavailable")]
    KeysUnavailable,
    /// The database's answer: the token may be good, repeat later.
    #[error(transparent)]
    Access(#[from] AccessError),
}

impl TokenError {
    /// Whether the token is to blame (answer 401), or Konto and the issuer are (answer 503).
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        !matches!(self, Self::KeysUnavailable | Self::Access(_))
    }
}

impl From<DbErr> for TokenError {
    fn from(error: DbErr) -> Self {
        Self::Access(error.into())
    }
}

/// Why no token was issued, in the words of RFC 6749 where it has them.
#[derive(Debug, thiserror::Error)]
pub enum OAuthError {
    /// `invalid_request`: a parameter is missing, repeated or wrong.
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// `invalid_client`: unknown, disabled, or the wrong secret. Which one is not said.
    #[error("the client is unknown or its secret is wrong")]
    InvalidClient,
    /// `invalid_scope`: no scope of Konto's, or one that the client lacks.
    #[error("the scope is unknown or more than the client has")]
    InvalidScope,
    /// This client id failed too often of late.
    #[error("too many failed attempts for this client")]
    TooManyFailures {
        /// When to try again.
        retry_after_seconds: u64,
    },
    /// Too many token requests wait for their turn.
    #[error("too many token requests; repeat later")]
    Busy,
    /// The database does not answer: repeat later.
    #[error("the database does not answer; repeat later")]
    Unavailable(#[source] DbErr),
    /// A defect on our side.
    #[error("{0}")]
    Fault(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<AccessError> for OAuthError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Database(error) => error.into(),
            AccessError::Secret(error) => error.into(),
            other => Self::Fault(other.into()),
        }
    }
}

impl From<DbErr> for OAuthError {
    fn from(error: DbErr) -> Self {
        Self::Unavailable(error)
    }
}

impl From<SecretError> for OAuthError {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::Busy => Self::Busy,
            other => Self::Fault(other.into()),
        }
    }
}
